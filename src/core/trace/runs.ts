/** What a function made of an event: every invocation that got it, with its attempts. */
import { isStreamOf } from '../doctor/log-summary.ts';
import type { FunctionNode, LogSeen, SeenError, SeenInvocation, SeenRecord } from '../doctor/facts.ts';
import { valueOf } from '../doctor/reading.ts';
import type { Hop } from '../doctor/routes.ts';
import { eventIdOf, timeOf } from './write.ts';

export interface Run {
  /** Lambda's request id. */
  readonly id: string | undefined;
  /** The first line of this invocation that shows the event. */
  readonly record: SeenRecord;
  readonly invocation: SeenInvocation | undefined;
  /** Of its last attempt; oldest first. */
  readonly errors: readonly SeenError[];
  /** Of its last attempt. */
  readonly state: 'ok' | 'failed' | 'unknown';
}

/** A way's path, from what the rule names (or the event rule) to its end. */
export interface Path {
  readonly ruleId: string | null;
  readonly steps: readonly Hop[];
}

/** Invocations at the end of the path that show an event of the write that came by it, oldest first; of several events the newest one's. */
export function runsAt(
  node: FunctionNode | undefined,
  path: Path,
  records: readonly SeenRecord[],
): readonly Run[] {
  const seen = valueOf(node?.log?.seen);
  if (!node || !seen) return [];
  const own = seen.records.filter(
    (record) => records.includes(record) && isStreamOf(record.stream, node.name) && cameBy(record, path),
  );
  const newest = own.reduce<SeenRecord | undefined>(
    (best, one) => (best && timeOf(best) >= timeOf(one) ? best : one),
    undefined,
  );
  if (!newest) return [];
  const byInvocation = new Map<string, SeenRecord>();
  for (const record of own) {
    const id = record.invocation ?? `${record.stream} ${record.time}`;
    if (eventIdOf(record) === eventIdOf(newest) && !byInvocation.has(id)) byInvocation.set(id, record);
  }
  return [...byInvocation.values()]
    .map((record) => runOf(seen, record))
    .sort((a, b) => a.record.time - b.record.time);
}

/** Envelopes and the rule's id tell the ways to one function apart; those of two event rules look alike. */
function cameBy({ configurationId, via }: SeenRecord, { ruleId, steps }: Path): boolean {
  const passes = (kind: Hop['kind']) => steps.some((step) => step.kind === kind);
  if (via.includes('sqs') !== passes('sqs') || via.includes('eventbridge') !== passes('event-rule'))
    return false;
  // A topic's envelope is left out where its subscription says so.
  if (via.includes('sns') && !passes('sns')) return false;
  return ruleId === null || configurationId === undefined || configurationId === ruleId;
}

function runOf({ invocations, errors }: LogSeen, record: SeenRecord): Run {
  const id = record.invocation;
  const invocation = id === undefined ? undefined : invocations.find(({ requestId }) => requestId === id);
  const lastStart = invocation?.starts.at(-1) ?? -Infinity;
  const own = errors.filter(
    (error) => id !== undefined && error.invocation === id && error.time >= lastStart,
  );
  const report = invocation?.report;
  const isReported = report !== undefined && report.time >= lastStart;
  // A line without a type is one that the function wrote about an error which it had caught.
  const isFailed = own.some(({ type }) => type !== '') || (isReported && report.status !== 'ok');
  return { id, record, invocation, errors: own, state: isFailed ? 'failed' : isReported ? 'ok' : 'unknown' };
}
