import { eventCovers } from '../core/event-name.ts';
import { S3evtError } from '../core/errors.ts';
import type { EventRecord } from '../core/event-record.ts';
import { formatInstant } from '../core/duration.ts';
import { globMatches } from '../core/glob.ts';
import { withoutLineEnd } from '../core/log-record.ts';
import type { LogLine } from '../aws/sources/logs.ts';
import type { Context } from './context.ts';
import { observeGroups } from './observe-groups.ts';
import type { Observation, ObservedLine } from './observe.ts';
import { tailGroups } from './tail-groups.ts';

export interface TailInput {
  readonly function?: string | undefined;
  /** Records of this bucket only. */
  readonly bucket?: string | undefined;
  /** Glob of decoded keys. */
  readonly key?: string | undefined;
  /** AWS's names, `s3:` included. */
  readonly events: readonly string[];
  /** Epoch ms; a follower begins ten seconds ago without it, a reader one hour ago. */
  readonly since?: number | undefined;
  readonly until?: number | undefined;
  /** Ends after so many items. */
  readonly limit?: number | undefined;
  /** Ends with the first item that passes; needs `timeoutMs` to ever give up. */
  readonly untilMatch: boolean;
  readonly timeoutMs?: number | undefined;
  readonly follow: boolean;
  /** Every log line as it is. */
  readonly raw: boolean;
  readonly requestId?: string | undefined;
  readonly errorsOnly: boolean;
  /** StartLiveTail in place of polling; for following only. */
  readonly live: boolean;
}

interface ItemBase {
  /** ISO 8601, UTC; the log event's time. */
  readonly time: string;
  readonly logGroup: string;
  readonly logStream: string;
  /** Of the invocation, where it is known. */
  readonly requestId: string | null;
  readonly message: string;
  /** Where several logs are followed: the function whose log it is. */
  readonly function?: string;
}

export type TailItem =
  | (ItemBase & { readonly type: 'record'; readonly record: TailRecord })
  | (ItemBase & {
      readonly type: 'log';
      readonly level: string | null;
      readonly error: { type: string; message: string } | null;
    })
  | (ItemBase & { readonly type: 'report'; readonly report: TailReport })
  | {
      readonly type: 'state';
      readonly time: string;
      /** `no-group`: there is none, and nobody waits for it. */
      readonly state: 'waiting-for-group' | 'no-group' | 'following' | 'throttled';
      readonly logGroup: string;
    }
  | { readonly type: 'warning'; readonly time: string; readonly code: string; readonly message: string };

/** What comes of a log line. */
type LineItem = Extract<TailItem, ItemBase>;

export type TailRecord = Pick<EventRecord, 'eventName' | 'bucket' | 'key' | 'rawKey'> & {
  readonly eventTime: string | null;
  readonly size: number | null;
  readonly eTag: string | null;
  readonly versionId: string | null;
  readonly sequencer: string | null;
  readonly configurationId: string | null;
};

export interface TailReport {
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  readonly initMs: number | null;
  readonly status: 'ok' | 'error' | 'timeout';
}

export interface TailResult {
  readonly status: 'ok' | 'negative';
  /** Items shown, states aside. */
  readonly shown: number;
  readonly logGroup: string;
  /** All of them, when the events go to several functions. */
  readonly logGroups?: readonly string[];
}

const FOLLOW_BACK_MS = 10_000;
const READ_BACK_MS = 3_600_000;
/** What loggers call a line that reports a failure. */
const ERROR_LEVELS: readonly string[] = ['ERROR', 'FATAL', 'CRITICAL'];

/** Follows or reads a function's log. Ctrl-C is a normal end. Throws S3evtError. */
export async function runTail(input: TailInput, ctx: Context<TailItem>): Promise<TailResult> {
  if (input.live && !input.follow) {
    throw new S3evtError('USAGE', '--live only follows: it cannot be used with --no-follow', {
      hint: 'Leave out --live to read what is there.',
    });
  }
  const begun = ctx.clock.now();
  const deadline = input.timeoutMs === undefined ? undefined : begun + input.timeoutMs;
  const start =
    input.since ?? Math.min(begun, input.until ?? begun) - (input.follow ? FOLLOW_BACK_MS : READ_BACK_MS);
  if (input.until !== undefined && input.until < start)
    throw new S3evtError('USAGE', '--until lies before --since', { hint: 'Exchange the two times.' });
  const groups = await tailGroups(input, ctx);
  const names = new Map(groups.map(({ group, name }) => [group, name]));
  const options = { start, end: input.until, follow: input.follow, live: input.live };
  const tellers = new Map(groups.map(({ group }) => [group, stateReporter(group, input.follow, ctx)]));
  let shown = 0;
  const limit = input.untilMatch ? Math.min(1, input.limit ?? 1) : (input.limit ?? Number.POSITIVE_INFINITY);
  const [first] = groups;
  const result = (status: TailResult['status']): TailResult => ({
    status,
    shown,
    logGroup: first?.group ?? '',
    ...(groups.length > 1 ? { logGroups: [...names.keys()] } : {}),
  });
  if (limit <= 0) return result('ok');
  try {
    for await (const { group, observation } of observeGroups(ctx, [...names.keys()], options)) {
      if (observation.type === 'lines') {
        const found = observation.lines.flatMap((line) => itemsOf(line, input)).slice(0, limit - shown);
        await ctx.items(
          groups.length > 1 ? found.map((item) => ({ ...item, function: names.get(group) ?? group })) : found,
        );
        shown += found.length;
        if (shown >= limit) return result('ok');
        continue;
      }
      await tellers.get(group)?.(observation.type);
      if (deadline !== undefined && ctx.clock.now() >= deadline) break;
    }
  } catch (error) {
    // The first Ctrl-C ends a tail as it should end: quietly.
    if (!ctx.signal.aborted) throw error;
  }
  return result(input.untilMatch && !ctx.signal.aborted ? 'negative' : 'ok');
}

/** Each state is told when it begins, not at every look; a warning once. */
function stateReporter(
  group: string,
  follow: boolean,
  ctx: Context<TailItem>,
): (type: Exclude<Observation['type'], 'lines'>) => Promise<void> {
  let last: string | undefined;
  let warned = false;
  return async (type) => {
    const time = formatInstant(ctx.clock.now());
    if (type === 'sampled') {
      if (warned) return;
      warned = true;
      const message =
        'the function logs more than the 500 lines a second that Live Tail passes on: some are missing here, but not without --live';
      await ctx.item({ type: 'warning', time, code: 'LOGS_SAMPLED', message });
      return;
    }
    // Who only reads what is there follows nothing.
    if (type === last || (type === 'caught-up' && !follow)) return;
    last = type;
    const noGroup = follow ? 'waiting-for-group' : 'no-group';
    const state = ({ 'caught-up': 'following', 'no-group': noGroup, throttled: 'throttled' } as const)[type];
    await ctx.item({ type: 'state', time, state, logGroup: group });
  };
}

/** What a line becomes on screen: nothing, one item, or one for each record in it. */
export function itemsOf(observed: ObservedLine, input: TailInput): readonly LineItem[] {
  const { line, parts, message, records } = observed;
  if (input.requestId !== undefined && observed.requestId !== input.requestId) return [];
  const level = message.kind === 'app' ? (message.level ?? null) : null;
  const error = message.kind === 'app' ? (message.error ?? null) : null;
  const failed =
    error !== null ||
    (level !== null && ERROR_LEVELS.includes(level)) ||
    (message.kind === 'report' && message.status !== 'ok');
  if (input.errorsOnly && !failed) return [];
  const filtered = input.bucket !== undefined || input.key !== undefined || input.events.length > 0;
  const wanted = filtered ? records.filter((record) => recordPasses(record, input)) : records;
  if (filtered && wanted.length === 0) return [];
  // Most lines end here: START, END and what else the service says.
  const nothing = records.length === 0 && message.kind !== 'app' && message.kind !== 'report';
  if (nothing && !input.raw) return [];
  const logs = () => parts.map((part) => logItem(part, observed, level, error));
  if (input.raw) return logs();
  if (wanted.length > 0) {
    const message = parts.length === 1 ? textOf(line) : parts.map(textOf).join('\n');
    const shown = wanted.map((record): LineItem => ({
      type: 'record',
      ...whereAndWhen(line, observed.requestId, message),
      record: tailRecord(record),
    }));
    // A failure that names the event is still a failure.
    return error === null ? shown : [...logs(), ...shown];
  }
  if (message.kind !== 'report') return logs();
  return [
    {
      type: 'report',
      ...whereAndWhen(line, observed.requestId, textOf(line)),
      report: tailReport(message),
    },
  ];
}

function logItem(
  part: LogLine,
  { requestId }: ObservedLine,
  level: string | null,
  error: { type: string; message: string } | null,
): LineItem {
  return {
    type: 'log',
    time: formatInstant(part.timestamp),
    logGroup: part.group,
    logStream: part.stream,
    requestId: requestId ?? null,
    message: textOf(part),
    level,
    error,
  };
}

function whereAndWhen(line: LogLine, requestId: string | undefined, message: string): ItemBase {
  return {
    time: formatInstant(line.timestamp),
    logGroup: line.group,
    logStream: line.stream,
    requestId: requestId ?? null,
    message,
  };
}

function textOf({ message }: LogLine): string {
  return withoutLineEnd(message);
}

function recordPasses(record: EventRecord, input: TailInput): boolean {
  return (
    (input.bucket === undefined || record.bucket === input.bucket) &&
    (input.key === undefined || globMatches(input.key, record.key)) &&
    (input.events.length === 0 || input.events.some((event) => eventCovers(event, record.eventName)))
  );
}

/** A record as streams print it. */
export function tailRecord(record: EventRecord): TailRecord {
  return {
    eventName: record.eventName,
    eventTime: record.eventTime ?? null,
    bucket: record.bucket,
    key: record.key,
    rawKey: record.rawKey,
    size: record.size ?? null,
    eTag: record.eTag ?? null,
    versionId: record.versionId ?? null,
    sequencer: record.sequencer ?? null,
    configurationId: record.configurationId ?? null,
  };
}

function tailReport(report: Extract<ObservedLine['message'], { kind: 'report' }>): TailReport {
  const { durationMs, billedMs, memoryMb, maxMemoryMb, initMs, status } = report;
  return { durationMs, billedMs, memoryMb, maxMemoryMb, initMs: initMs ?? null, status };
}
