import type { FilteredLogEvent } from '@aws-sdk/client-cloudwatch-logs';
import type { Clock } from '../../core/clock.ts';
import { createCursor } from '../../core/cursor.ts';
import { hasCode, S3evtError } from '../../core/errors.ts';
import type { Aws } from '../clients.ts';
import { readLogPages } from './log-page.ts';

/** One line of a log group, as CloudWatch Logs holds it. Times are epoch milliseconds. */
export interface LogLine {
  readonly group: string;
  readonly stream: string;
  readonly timestamp: number;
  readonly ingestionTime: number;
  readonly message: string;
}

export type LogSourceItem =
  | { readonly type: 'lines'; readonly lines: readonly LogLine[] }
  /** The end of what there is now: a follower is up to date after it. */
  | { readonly type: 'caught-up' }
  | { readonly type: 'no-group' }
  | { readonly type: 'throttled' }
  /** More lines came than the source passes on: some are missing. */
  | { readonly type: 'sampled' };

export interface LogSourceOptions {
  readonly group: string;
  /** Epoch ms of the first line wanted. */
  readonly start: number;
  /** Epoch ms of the last line wanted; a follower ends when the clock has passed it by the overlap. */
  readonly end?: number | undefined;
  readonly follow: boolean;
  /** Shortest wait between two looks, ms. The longest is `idleWaitMs`. */
  readonly activeWaitMs: number;
  readonly idleWaitMs: number;
}

/** Lines may become readable out of order: what is ingested up to this much later than a newer line still appears. */
export const OVERLAP_MS = 30_000;
/** Ids of the overlap that are remembered, so that nothing appears twice. */
const MAX_IDS = 50_000;
const MAX_WAIT_MS = 15_000;

/**
 * Polls FilterLogEvents: every page of a look is followed to its end (a page may be empty and still have a next one),
 * the next look begins an overlap before the newest line seen, and what was seen already is dropped by its event id.
 * The wait between looks grows while nothing comes and while AWS throttles.
 */
export async function* readLogs(
  env: { aws: Aws; clock: Clock; signal: AbortSignal },
  options: LogSourceOptions,
): AsyncGenerator<LogSourceItem> {
  const cursor = createCursor({ overlapMs: OVERLAP_MS, maxIds: MAX_IDS, start: options.start });
  let wait = options.activeWaitMs;
  for (;;) {
    let news = 0;
    try {
      const query = {
        logGroupName: options.group,
        startTime: Math.max(0, Math.floor(cursor.startTime())),
        ...(options.end === undefined ? {} : { endTime: options.end }),
      };
      for await (const events of readLogPages(env.aws, query)) {
        const now = env.clock.now();
        // One look brings nothing twice: only a second one has to know what was seen.
        const fresh = options.follow
          ? events.filter((event) => cursor.accept(event.eventId ?? '', event.timestamp ?? 0, now))
          : events;
        news += fresh.length;
        if (fresh.length > 0)
          yield { type: 'lines', lines: fresh.map((event) => lineOf(options.group, event)) };
      }
      yield { type: 'caught-up' };
      wait = news > 0 ? options.activeWaitMs : Math.min(wait * 1.5, options.idleWaitMs);
    } catch (error) {
      if (hasCode(error, 'NOT_FOUND')) {
        // Lambda makes the group with the first line it writes: until then its absence is the normal state.
        yield { type: 'no-group' };
        wait = Math.min(wait * 1.5, options.idleWaitMs);
      } else if (hasCode(error, 'THROTTLED') && options.follow) {
        yield { type: 'throttled' };
        wait = Math.min(Math.max(wait, 1_000) * 2, MAX_WAIT_MS);
      } else {
        throw explained(error);
      }
    }
    if (!options.follow) return;
    if (options.end !== undefined && env.clock.now() > options.end + OVERLAP_MS) return;
    await env.clock.sleep(wait, env.signal);
  }
}

/** What to do about the refusals that only CloudWatch Logs knows. Any other error comes back as it is. */
export function explained(error: unknown): unknown {
  if (!(error instanceof S3evtError) || error.aws === undefined) return error;
  const hint = HINTS[error.aws.name];
  if (hint === undefined) return error;
  return new S3evtError(error.code, error.message, { hint, aws: error.aws, cause: error });
}

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/logs/CloudWatch_Logs_Log_Classes.html */
const HINTS: Readonly<Record<string, string>> = {
  InvalidOperationException:
    'Only log groups of the class STANDARD can be followed. Query this one with CloudWatch Logs Insights, or let the function log to another group.',
  LimitExceededException:
    'The account has as many Live Tail sessions open as it may, 15 in a Region: close another one, or leave out --live.',
};

/** A line as FilterLogEvents and Live Tail both give it. */
export function lineOf(
  group: string,
  event: Pick<FilteredLogEvent, 'logStreamName' | 'timestamp' | 'ingestionTime' | 'message'>,
): LogLine {
  const timestamp = event.timestamp ?? 0;
  return {
    group,
    stream: event.logStreamName ?? '',
    timestamp,
    ingestionTime: event.ingestionTime ?? timestamp,
    message: event.message ?? '',
  };
}
