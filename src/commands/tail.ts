import { eventCovers } from '../core/event-name.ts';
import { S3evtError } from '../core/errors.ts';
import type { EventRecord } from '../core/event-record.ts';
import { formatInstant } from '../core/duration.ts';
import { globMatches } from '../core/glob.ts';
import { ifKnown } from '../core/facts.ts';
import { defaultLogGroup } from '../core/names.ts';
import { parseFunctionReference } from '../core/arn.ts';
import { rulesOf } from '../core/notification.ts';
import { readFunction, readNotification } from '../aws/read-facts.ts';
import type { LogLine } from '../aws/sources/logs.ts';
import type { Context } from './context.ts';
import { observe, type Observation, type ObservedLine } from './observe.ts';

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
  const group = await logGroupOf(input, ctx);
  const options = { group, start, end: input.until, follow: input.follow, live: input.live };
  const tell = stateReporter(group, input.follow, ctx);
  let shown = 0;
  const limit = input.untilMatch ? Math.min(1, input.limit ?? 1) : (input.limit ?? Number.POSITIVE_INFINITY);
  const result = (status: TailResult['status']): TailResult => ({ status, shown, logGroup: group });
  if (limit <= 0) return result('ok');
  try {
    for await (const observation of observe(ctx, options)) {
      if (observation.type === 'lines') {
        for (const line of observation.lines) {
          for (const item of itemsOf(line, input)) {
            await ctx.item(item);
            if (++shown >= limit) return result('ok');
          }
        }
        continue;
      }
      await tell(observation.type);
      if (deadline !== undefined && ctx.clock.now() >= deadline) break;
    }
  } catch (error) {
    // The first Ctrl-C ends a tail as it should end: quietly.
    if (!ctx.signal.aborted) throw error;
  }
  return result(input.untilMatch && !ctx.signal.aborted ? 'negative' : 'ok');
}

async function logGroupOf(input: TailInput, ctx: Context<TailItem>): Promise<string> {
  const name = input.function ?? ctx.project.settings?.function ?? (await functionOfBucket(input, ctx));
  if (name === undefined) {
    throw new S3evtError(
      'INPUT_REQUIRED',
      'no function is named, and there is no s3evt.json from here upwards',
      {
        hint: 'Pass the function: s3evt tail FUNCTION.',
      },
    );
  }
  if (name.startsWith('/')) return name;
  const reference = parseFunctionReference(name);
  if (!reference) {
    throw new S3evtError('INVALID_ARGUMENT', `"${name}" names no function`, {
      hint: 'Pass a function name, a function ARN, or a log group that begins with "/".',
    });
  }
  // Who may not read the function may still be allowed to read its log.
  const fn = ifKnown(await readFunction(ctx.aws, reference.name));
  return fn?.logGroup ?? defaultLogGroup(reference.name);
}

/** The function behind a bucket, when its rules name one and no more. */
async function functionOfBucket(input: TailInput, ctx: Context<TailItem>): Promise<string | undefined> {
  const bucket = input.bucket ?? ctx.project.settings?.bucket;
  if (bucket === undefined) return undefined;
  const rules = rulesOf(ifKnown(await readNotification(ctx.aws, bucket)) ?? {});
  const names = new Set(
    rules
      .filter(({ destination }) => destination.kind === 'lambda')
      .map((rule) => parseFunctionReference(rule.destination.arn)?.name),
  );
  const [only] = names;
  return names.size === 1 ? only : undefined;
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
export function itemsOf(observed: ObservedLine, input: TailInput): readonly TailItem[] {
  const { line, parts, message, records } = observed;
  if (input.requestId !== undefined && observed.requestId !== input.requestId) return [];
  const base: ItemBase = {
    time: formatInstant(line.timestamp),
    logGroup: line.group,
    logStream: line.stream,
    requestId: observed.requestId ?? null,
    message: parts.map(textOf).join('\n'),
  };
  const level = message.kind === 'app' ? (message.level ?? null) : null;
  const error = message.kind === 'app' ? (message.error ?? null) : null;
  const log = (part: LogLine): TailItem => ({
    type: 'log',
    ...base,
    time: formatInstant(part.timestamp),
    message: textOf(part),
    level,
    error,
  });
  const failed =
    error !== null ||
    (level !== null && ERROR_LEVELS.includes(level)) ||
    (message.kind === 'report' && message.status !== 'ok');
  if (input.errorsOnly && !failed) return [];
  const filtered = input.bucket !== undefined || input.key !== undefined || input.events.length > 0;
  const wanted = filtered ? records.filter((record) => recordPasses(record, input)) : records;
  if (filtered && wanted.length === 0) return [];
  if (input.raw) return parts.map(log);
  const shown = wanted.map((record): TailItem => ({ type: 'record', ...base, record: tailRecord(record) }));
  // A failure that names the event is still a failure.
  if (shown.length > 0) return error === null ? shown : [...parts.map(log), ...shown];
  if (message.kind === 'report') return [{ type: 'report', ...base, report: tailReport(message) }];
  return message.kind === 'app' ? parts.map(log) : [];
}

function textOf({ message }: LogLine): string {
  return message.replace(/[\r\n]+$/, '');
}

function recordPasses(record: EventRecord, input: TailInput): boolean {
  return (
    (input.bucket === undefined || record.bucket === input.bucket) &&
    (input.key === undefined || globMatches(input.key, record.key)) &&
    (input.events.length === 0 || input.events.some((event) => eventCovers(event, record.eventName)))
  );
}

function tailRecord(record: EventRecord): TailRecord {
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
