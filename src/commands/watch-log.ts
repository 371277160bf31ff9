import { readFunction } from '../aws/read-facts.ts';
import { parseFunctionReference } from '../core/arn.ts';
import type { EventRecord } from '../core/event-record.ts';
import { ifKnown } from '../core/facts.ts';
import type { ReportMessage } from '../core/log-platform.ts';
import { defaultLogGroup } from '../core/names.ts';
import type { Context } from './context.ts';
import {
  cameBy,
  eventMs,
  hopMs,
  isRecordOf,
  unexpectedRule,
  unseen,
  type Delivery,
  type Place,
  type WatchedRequest,
} from './delivery.ts';
import { observe, type ObservedLine } from './observe.ts';
import type { Found, Watch } from './watch-deliveries.ts';

/** AWS's clock may be behind this machine's. */
const SKEW_MS = 60_000;
/** After the event was seen, its REPORT line is waited for this long: it says whether the invocation went well. */
const REPORT_GRACE_MS = 3_000;

interface Seen {
  readonly record: EventRecord;
  readonly line: ObservedLine;
  readonly visibleAt: number;
}

interface WatchedLog {
  /** By key. */
  readonly seen: ReadonlyMap<string, Seen>;
  readonly strays: readonly { readonly key: string; readonly ruleId: string; readonly seen: Seen }[];
  /** By the invocation's request id. */
  readonly reports: ReadonlyMap<string, ReportMessage>;
  readonly starts: ReadonlyMap<string, number>;
}

/** Follows the log of a place's function until each of its events was seen, or the time ran out. */
export async function watchLog(ctx: Context, watch: Watch, place: Place): Promise<readonly Found[]> {
  const arn = place.consumer?.arn ?? place.route.destination.arn;
  const name = parseFunctionReference(arn)?.name ?? arn;
  const fn = ifKnown(await readFunction(ctx.aws, name));
  const group = fn?.logGroup ?? defaultLogGroup(name);
  const awaited = watch.requests.filter(({ routes }) => routes.some(({ id }) => id === place.route.id));
  const task = {
    type: 'task',
    id: `watch-${place.route.id}-${name}`,
    title: `Wait for the event in ${group}`,
  } as const;
  ctx.emit({ ...task, state: 'running' });
  const explain = () => {
    const detail = 'the log group does not exist yet: Lambda makes it when the function first runs';
    ctx.emit({ ...task, state: 'waiting', detail });
  };
  const log = await followUntilSeen(ctx, { group, awaited, watch, place, explain });
  const missing = awaited.filter(({ key }) => !log.seen.has(key)).length;
  const detail = `${missing} of ${awaited.length} not seen within ${Math.round(watch.timeoutMs / 1_000)} s`;
  ctx.emit({ ...task, state: missing === 0 ? 'done' : 'failed', ...(missing === 0 ? {} : { detail }) });
  const base = { ...unseen(place, 'log'), logGroup: group };
  const expected = awaited.map((one): Found => {
    const seen = log.seen.get(one.key);
    return { key: one.key, delivery: seen ? delivered(base, log, one, seen) : base };
  });
  const unexpected = log.strays.flatMap(({ key, ruleId, seen }): readonly Found[] => {
    const one = watch.requests.find((request) => request.key === key);
    if (!one) return [];
    const detail = `it came through rule "${ruleId}", which should not take it`;
    return [{ key, delivery: { ...delivered(base, log, one, seen), ruleId, status: 'unexpected', detail } }];
  });
  return [...expected, ...unexpected];
}

async function followUntilSeen(
  ctx: Context,
  given: {
    readonly group: string;
    readonly awaited: readonly WatchedRequest[];
    readonly watch: Watch;
    readonly place: Place;
    /** Called once, when there is no log group yet. */
    readonly explain: () => void;
  },
): Promise<WatchedLog> {
  const { group, awaited, watch, place } = given;
  const seen = new Map<string, Seen>();
  const strays = new Map<string, { key: string; ruleId: string; seen: Seen }>();
  const reports = new Map<string, ReportMessage>();
  const starts = new Map<string, number>();
  const deadline = ctx.clock.now() + watch.timeoutMs;
  let graceEnds: number | undefined;
  let explained = false;
  const take = (record: EventRecord, line: ObservedLine, visibleAt: number): void => {
    const match = watch.requests.find((request) => isRecordOf(record, request, watch.bucket));
    if (!match) return;
    const { key } = match;
    const ruleId = unexpectedRule(record, match);
    if (ruleId !== undefined) {
      const id = `${ruleId} ${key}`;
      if (!strays.has(id)) strays.set(id, { key, ruleId, seen: { record, line, visibleAt } });
    } else if (awaited.includes(match) && !seen.has(key) && cameBy(record, place.route)) {
      seen.set(key, { record, line, visibleAt });
    }
  };
  for await (const item of observe(ctx, { group, start: watch.from - SKEW_MS, follow: true })) {
    const now = ctx.clock.now();
    if (item.type === 'lines') {
      for (const line of item.lines) {
        const { message } = line;
        if (message.kind === 'start') starts.set(message.requestId, line.line.timestamp);
        if (message.kind === 'report') reports.set(message.requestId, message);
        for (const record of line.records) take(record, line, now);
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
      given.explain();
    }
  }
  return { seen, strays: [...strays.values()], reports, starts };
}

function delivered(base: Delivery, log: WatchedLog, watched: WatchedRequest, seen: Seen): Delivery {
  const { record, line, visibleAt } = seen;
  const at = watched.request.startedAt;
  const requestId = line.requestId ?? null;
  const started = requestId === null ? undefined : log.starts.get(requestId);
  return {
    ...base,
    status: 'delivered',
    latencyMs: visibleAt - at,
    hops: {
      eventMs: eventMs(record, watched),
      invocationMs: started === undefined ? null : hopMs(started, watched),
      logVisibleMs: visibleAt - at,
    },
    record,
    requestId,
    logStream: line.line.stream,
    invocation: (requestId === null ? undefined : log.reports.get(requestId)?.status) ?? null,
  };
}
