import type { EventfulRequest } from '../aws/upload.ts';
import { defaultLogGroup } from '../core/names.ts';
import { readFunction } from '../aws/read-facts.ts';
import type { EventRecord } from '../core/event-record.ts';
import { ifKnown } from '../core/facts.ts';
import type { ReportMessage } from '../core/log-platform.ts';
import type { Rule } from '../core/notification.ts';
import { isEventOf, type AwaitedEvent } from '../core/verdict.ts';
import { parseFunctionReference } from '../core/arn.ts';
import type { Context } from './context.ts';
import { observe, type ObservedLine } from './observe.ts';

/** What became of one upload's event at one destination. Times in ms since the upload began; null when unknown. */
export interface Delivery {
  readonly ruleId: string;
  readonly destination: Rule['destination'];
  readonly status: 'delivered' | 'missing';
  /** Until the event was readable in the log. */
  readonly latencyMs: number | null;
  readonly hops: {
    /** S3's own time of the event. The clocks of this machine and of AWS may differ. */
    readonly eventMs: number | null;
    /** The invocation's START. */
    readonly invocationMs: number | null;
    readonly logVisibleMs: number | null;
  };
  readonly record: EventRecord | null;
  /** Of the invocation, not of the upload. */
  readonly requestId: string | null;
  readonly logGroup: string;
  readonly logStream: string | null;
  readonly invocation: 'ok' | 'error' | 'timeout' | null;
}

export interface Watch {
  readonly bucket: string;
  /** Without `s3:`. */
  readonly eventName: string;
  /** Rules for functions. */
  readonly rules: readonly Rule[];
  readonly requests: readonly { readonly key: string; readonly request: EventfulRequest }[];
  /** Epoch ms before the first upload. */
  readonly from: number;
  readonly timeoutMs: number;
}

/** AWS's clock may be behind this machine's. */
const SKEW_MS = 60_000;
/** After the event was seen, its REPORT line is waited for this long: it says whether the invocation went well. */
const REPORT_GRACE_MS = 3_000;

/** Follows the functions' logs until each event was seen, or the time ran out. Deliveries by key. */
export async function watchDeliveries(
  ctx: Context,
  watch: Watch,
): Promise<ReadonlyMap<string, readonly Delivery[]>> {
  const perRule = await Promise.all(watch.rules.map((rule) => watchFunction(ctx, watch, rule)));
  return new Map(watch.requests.map(({ key }) => [key, perRule.flatMap((found) => found.get(key) ?? [])]));
}

interface Seen {
  readonly record: EventRecord;
  readonly line: ObservedLine;
  readonly visibleAt: number;
}

async function watchFunction(ctx: Context, watch: Watch, rule: Rule): Promise<ReadonlyMap<string, Delivery>> {
  const name = parseFunctionReference(rule.destination.arn)?.name ?? rule.destination.arn;
  const fn = ifKnown(await readFunction(ctx.aws, name));
  const group = fn?.logGroup ?? defaultLogGroup(name);
  const task = { type: 'task', id: `watch-${rule.id}`, title: `Wait for the event in ${group}` } as const;
  ctx.emit({ ...task, state: 'running' });

  const awaited = watch.requests.map(({ key, request }): AwaitedEvent & { at: number } => ({
    bucket: watch.bucket,
    key,
    requestId: request.requestId,
    attempts: request.attempts,
    eTag: request.eTag,
    versionId: request.versionId,
    at: request.startedAt,
  }));
  const log = await followUntilSeen(ctx, { group, awaited, watch, task });

  const missing = awaited.filter(({ key }) => !log.seen.has(key)).length;
  ctx.emit({
    ...task,
    state: missing === 0 ? 'done' : 'failed',
    ...(missing === 0
      ? {}
      : {
          detail: `${missing} of ${awaited.length} not seen within ${Math.round(watch.timeoutMs / 1_000)} s`,
        }),
  });
  return new Map(
    awaited.map((event) => [event.key, delivery(rule, group, log, event.at, log.seen.get(event.key))]),
  );
}

interface WatchedLog {
  readonly seen: ReadonlyMap<string, Seen>;
  /** By the invocation's request id. */
  readonly reports: ReadonlyMap<string, ReportMessage>;
  readonly starts: ReadonlyMap<string, number>;
}

async function followUntilSeen(
  ctx: Context,
  given: {
    group: string;
    awaited: readonly AwaitedEvent[];
    watch: Watch;
    task: { type: 'task'; id: string; title: string };
  },
): Promise<WatchedLog> {
  const { group, awaited, watch, task } = given;
  const seen = new Map<string, Seen>();
  const reports = new Map<string, ReportMessage>();
  const starts = new Map<string, number>();
  const deadline = ctx.clock.now() + watch.timeoutMs;
  let graceEnds: number | undefined;
  let explained = false;
  for await (const item of observe(ctx, { group, start: watch.from - SKEW_MS, follow: true })) {
    const now = ctx.clock.now();
    if (item.type === 'lines') {
      for (const line of item.lines) {
        const { message } = line;
        if (message.kind === 'start') starts.set(message.requestId, line.line.timestamp);
        if (message.kind === 'report') reports.set(message.requestId, message);
        for (const record of line.records) {
          const match = awaited.find(
            (event) =>
              !seen.has(event.key) &&
              record.eventName.startsWith(eventFamily(watch.eventName)) &&
              isEventOf(record, event),
          );
          if (match) seen.set(match.key, { record, line, visibleAt: now });
        }
      }
      continue;
    }
    if (seen.size === awaited.length) {
      graceEnds ??= now + REPORT_GRACE_MS;
      const reported = [...seen.values()].every(
        ({ line }) => line.requestId !== undefined && reports.has(line.requestId),
      );
      if (reported || now >= graceEnds) break;
    }
    if (now >= deadline) break;
    if (item.type === 'no-group' && !explained) {
      explained = true;
      ctx.emit({
        ...task,
        state: 'waiting',
        detail: 'the log group does not exist yet: Lambda makes it when the function first runs',
      });
    }
  }
  return { seen, reports, starts };
}

/** A deletion in a versioned bucket makes a delete marker: another name of the same family. */
function eventFamily(eventName: string): string {
  return eventName.startsWith('ObjectRemoved:') ? 'ObjectRemoved:' : eventName;
}

function delivery(rule: Rule, group: string, log: WatchedLog, at: number, seen: Seen | undefined): Delivery {
  const base = { ruleId: rule.id, destination: rule.destination, logGroup: group };
  if (!seen) {
    const hops = { eventMs: null, invocationMs: null, logVisibleMs: null };
    return {
      ...base,
      status: 'missing',
      latencyMs: null,
      hops,
      record: null,
      requestId: null,
      logStream: null,
      invocation: null,
    };
  }
  const { record, line, visibleAt } = seen;
  const requestId = line.requestId ?? null;
  const started = requestId === null ? undefined : log.starts.get(requestId);
  const eventTime = record.eventTime === undefined ? undefined : Date.parse(record.eventTime);
  return {
    ...base,
    status: 'delivered',
    latencyMs: visibleAt - at,
    hops: {
      eventMs: eventTime === undefined || Number.isNaN(eventTime) ? null : eventTime - at,
      invocationMs: started === undefined ? null : started - at,
      logVisibleMs: visibleAt - at,
    },
    record,
    requestId,
    logStream: line.line.stream,
    invocation: (requestId === null ? undefined : log.reports.get(requestId)?.status) ?? null,
  };
}
