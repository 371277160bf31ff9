import { createHash } from 'node:crypto';
import type { LiveTailSessionLogEvent, StartLiveTailResponseStream } from '@aws-sdk/client-cloudwatch-logs';
import type { Clock } from '../../core/clock.ts';
import { hasCode, S3evtError } from '../../core/errors.ts';
import type { Aws } from '../clients.ts';
import { readLogGroup } from '../read-facts.ts';
import {
  explained,
  lineOf,
  OVERLAP_MS,
  readLogs,
  type LogLine,
  type LogSourceItem,
  type LogSourceOptions,
} from './logs.ts';

interface LiveEnv {
  readonly aws: Aws;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Lines that are remembered, so that none appears twice. A session passes on 500 lines a second at most. */
const MAX_REMEMBERED = 50_000;
/** A session that breaks without a single update is opened anew so many times. */
const MAX_FAILURES = 5;
const MAX_WAIT_MS = 15_000;

/**
 * Follows a log group through StartLiveTail, which shows a line about a second after it was ingested, and only what is ingested
 * while the session is open. So each session comes after a look with FilterLogEvents (the history, which may be long), and is
 * followed by a second look for what came before it was open. Live Tail has no event ids: what is known from a look is
 * recognised by stream, time and message.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html
 *
 * Never ends by itself without `end`. Throws S3evtError.
 */
export async function* readLiveTail(env: LiveEnv, options: LogSourceOptions): AsyncGenerator<LogSourceItem> {
  const merge = createMerge(options.start);
  let wait = options.activeWaitMs;
  let failures = 0;
  for (;;) {
    try {
      yield* past(env, options, merge);
      const session = await openSession(env, options.group);
      if (session === undefined) {
        yield { type: 'no-group' };
        wait = Math.min(wait * 1.5, options.idleWaitMs);
      } else {
        try {
          yield* past(env, options, merge);
          yield { type: 'caught-up' };
          merge.nextPass();
          for (;;) {
            const update = await nextUpdate(session);
            if (update.ended) {
              failures = update.timedOut ? 0 : failures + 1;
              if (failures > MAX_FAILURES) throw update.error;
              break;
            }
            failures = 0;
            const lines = update.events
              .map((event) => lineOf(options.group, event))
              .filter((line) => isWanted(line, options) && merge.accept(line, env.clock.now()));
            if (lines.length > 0) yield { type: 'lines', lines };
            if (update.sampled) yield { type: 'sampled' };
            yield { type: 'caught-up' };
            if (isOver(env, options)) return;
          }
        } finally {
          session.close();
        }
        wait = failures === 0 ? options.activeWaitMs : Math.min(wait * 2, MAX_WAIT_MS);
      }
    } catch (error) {
      // Its group may have been deleted between two calls: then it is waited for like one that never was.
      if (hasCode(error, 'NOT_FOUND')) {
        yield { type: 'no-group' };
        wait = Math.min(wait * 1.5, options.idleWaitMs);
      } else if (hasCode(error, 'THROTTLED')) {
        yield { type: 'throttled' };
        wait = Math.min(Math.max(wait, 1_000) * 2, MAX_WAIT_MS);
      } else {
        throw explained(error);
      }
    }
    if (isOver(env, options)) return;
    await env.clock.sleep(wait, env.signal);
  }
}

function isOver(env: LiveEnv, options: LogSourceOptions): boolean {
  return options.end !== undefined && env.clock.now() > options.end + OVERLAP_MS;
}

function isWanted({ timestamp }: LogLine, { start, end }: LogSourceOptions): boolean {
  return timestamp >= start && (end === undefined || timestamp <= end);
}

/** All that can be read now and was not shown before. */
async function* past(
  env: LiveEnv,
  options: LogSourceOptions,
  merge: Merge,
): AsyncGenerator<LogSourceItem & { type: 'lines' }> {
  const start = merge.nextPass();
  for await (const item of readLogs(env, { ...options, start, follow: false })) {
    if (item.type !== 'lines') continue;
    const now = env.clock.now();
    const lines = item.lines.filter((line) => merge.accept(line, now));
    if (lines.length > 0) yield { type: 'lines', lines };
  }
}

type Update =
  | { readonly ended: false; readonly events: readonly LiveTailSessionLogEvent[]; readonly sampled: boolean }
  | { readonly ended: true; readonly timedOut: boolean; readonly error: unknown };

interface Session {
  next(): Promise<IteratorResult<StartLiveTailResponseStream, unknown>>;
  close(): void;
}

/** A session that has begun: what is ingested from now on is in its updates. Undefined when there is no such group. */
async function openSession({ aws, signal }: LiveEnv, group: string): Promise<Session | undefined> {
  const found = await readLogGroup(aws, group);
  if (found.state === 'absent') return undefined;
  if (found.state !== 'known') throw found.error;
  const [logs, { StartLiveTailCommand }] = await Promise.all([
    aws.logs(),
    import('@aws-sdk/client-cloudwatch-logs'),
  ]);
  const closed = new AbortController();
  // The response streams until its request is aborted: ending the iteration alone leaves the session open, and charged.
  const what = {
    action: 'logs:StartLiveTail',
    resource: group,
    signal: AbortSignal.any([signal, closed.signal]),
  };
  const close = () => {
    closed.abort();
  };
  try {
    const command = new StartLiveTailCommand({ logGroupIdentifiers: [found.value.arn] });
    const { responseStream } = await aws.call((options) => logs.send(command, options), what);
    const iterator = responseStream?.[Symbol.asyncIterator]();
    if (!iterator) throw new S3evtError('AWS_ERROR', `logs:StartLiveTail on ${group} answered no stream`);
    const next = () => aws.call(() => iterator.next(), what);
    const first = await next();
    if (first.done === true || first.value.sessionStart === undefined) {
      throw new S3evtError('AWS_ERROR', `logs:StartLiveTail on ${group} did not begin with a session`);
    }
    return { next, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** A session ends after three hours, and whenever its connection does; nobody is told, the next one takes its place. */
async function nextUpdate(session: Session): Promise<Update> {
  try {
    const { done, value } = await session.next();
    if (done === true) {
      const error = new S3evtError(
        'AWS_UNAVAILABLE',
        'the Live Tail session ended by itself, again and again',
      );
      return { ended: true, timedOut: false, error };
    }
    const { sessionMetadata, sessionResults } = value.sessionUpdate ?? {};
    return { ended: false, events: sessionResults ?? [], sampled: sessionMetadata?.sampled === true };
  } catch (error) {
    // Anything else is Ctrl-C.
    if (!(error instanceof S3evtError)) throw error;
    return { ended: true, timedOut: error.aws?.name === 'SessionTimeoutException', error };
  }
}

interface Merge {
  /** Begins another pass over the lines, and says from when on they should be read, in epoch ms. */
  nextPass(): number;
  /** Whether the line is new; it is then taken as shown. */
  accept(line: LogLine, now: number): boolean;
}

interface Remembered {
  readonly timestamp: number;
  shown: number;
  /** In this pass so far. */
  met: number;
  pass: number;
}

/**
 * Each pass meets a line once, so of lines that look the same as many are shown as the pass with the most of them has had.
 * Of what is remembered the oldest goes first; a later look then begins after it.
 */
function createMerge(start: number): Merge {
  const lines = new Map<string, Remembered>();
  let newest: number | undefined;
  let floor = start;
  let pass = 0;
  return {
    nextPass() {
      pass++;
      return newest === undefined ? start : Math.max(floor, newest - OVERLAP_MS);
    },
    accept(line, now) {
      const key = createHash('sha1')
        .update(`${line.stream}\0${line.timestamp}\0${line.message}`)
        .digest('base64');
      newest = Math.max(newest ?? start, Math.min(line.timestamp, now));
      const known = lines.get(key);
      if (known === undefined) {
        lines.set(key, { timestamp: line.timestamp, shown: 1, met: 1, pass });
        if (lines.size > MAX_REMEMBERED) forgetOldest(now);
        return true;
      }
      known.met = known.pass === pass ? known.met + 1 : 1;
      known.pass = pass;
      if (known.met <= known.shown) return false;
      known.shown = known.met;
      return true;
    },
  };

  function forgetOldest(now: number): void {
    for (const [key, { timestamp }] of lines) {
      lines.delete(key);
      floor = Math.max(floor, Math.min(timestamp + 1, now));
      return;
    }
  }
}
