/** Log streams and what is written to them. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, oneOf, required, valueWithin } from '../constraints.ts';
import { EVENT_OVERHEAD_BYTES } from './event-list.ts';
import { readToken, writeToken } from '../page-token.ts';
import {
  checkNames,
  checkParameters,
  invalidParameter,
  invalidToken,
  requireGroup,
  requireReferredGroup,
  requireStream,
  type LogsState,
} from './parameters.ts';
import { expiryTime, unexpired, type LogGroup, type LogLine, type LogStream } from './store.ts';

const HOUR_MS = 3_600_000;
const MAX_BATCH_BYTES = 1_048_576;
const MAX_BATCH_EVENTS = 10_000;

type StreamHandlers = Pick<
  Handlers<typeof Client>,
  'CreateLogStream' | 'DeleteLogStream' | 'DescribeLogStreams' | 'PutLogEvents'
>;

export function streamHandlers(state: LogsState): StreamHandlers {
  const { env, store } = state;
  return {
    CreateLogStream(input, ctx) {
      checkNames({ logGroupName: input.logGroupName, logStreamName: input.logStreamName });
      const group = requireGroup(state, ctx, input.logGroupName);
      if (group.streams.has(input.logStreamName ?? '')) {
        throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
      }
      store.createStream(group, input.logStreamName ?? '');
    },
    DeleteLogStream(input, ctx) {
      const group = requireGroup(state, ctx, input.logGroupName);
      store.deleteStream(group, requireStream(group, input.logStreamName));
    },
    DescribeLogStreams: (input, ctx) => describeStreams(state, input, ctx),

    PutLogEvents(input, ctx) {
      checkNames({ logGroupName: input.logGroupName, logStreamName: input.logStreamName });
      const lines = checkedBatch(input.logEvents);
      const group = requireGroup(state, ctx, input.logGroupName);
      const stream = requireStream(group, input.logStreamName);
      const { accepted, rejected } = triage(group, lines, env.clock.now());
      store.append(group, stream, accepted);
      return {
        nextSequenceToken: sequenceToken(stream),
        ...(rejected ? { rejectedLogEventsInfo: rejected } : {}),
      };
    },
  };
}

/** The rules that refuse the whole batch (API reference, PutLogEvents). */
function checkedBatch(input: readonly Client.InputLogEvent[] | undefined): readonly LogLine[] {
  const events = input ?? [];
  checkParameters(required(input, 'logEvents'));
  if (events.length === 0 || events.length > MAX_BATCH_EVENTS) {
    checkParameters(lengthWithin(events, 'logEvents', 1, MAX_BATCH_EVENTS));
  }
  checkParameters(
    ...events.flatMap(({ timestamp, message }, i) => [
      required(timestamp, `logEvents.${i + 1}.member.timestamp`),
      valueWithin(timestamp, `logEvents.${i + 1}.member.timestamp`, 0, Number.MAX_SAFE_INTEGER),
      required(message, `logEvents.${i + 1}.member.message`),
      lengthWithin(message, `logEvents.${i + 1}.member.message`, 1, Number.POSITIVE_INFINITY),
    ]),
  );
  const lines = events.map(({ timestamp = 0, message = '' }) => ({ timestamp, message }));
  const sizes = lines.map(({ message }) => Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES);
  const largest = Math.max(...sizes);
  // Both texts are second-hand, from reports of refused uploads.
  if (largest > MAX_BATCH_BYTES) {
    throw invalidParameter(`Log event too large: ${largest} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  }
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_BATCH_BYTES) {
    throw invalidParameter(`Upload too large: ${total} bytes exceeds limit of ${MAX_BATCH_BYTES}`);
  }
  if (lines.some(({ timestamp }, i) => timestamp < (lines[i - 1]?.timestamp ?? 0))) {
    throw invalidParameter('Log events in a single PutLogEvents request must be in chronological order.');
  }
  if ((lines.at(-1)?.timestamp ?? 0) - (lines[0]?.timestamp ?? 0) > 24 * HOUR_MS) {
    // Text second-hand.
    throw invalidParameter(
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    );
  }
  return lines;
}

/** Events too old, expired or too new are left out of an otherwise successful answer. */
function triage(
  group: LogGroup,
  lines: readonly LogLine[],
  now: number,
): { accepted: readonly LogLine[]; rejected: Client.RejectedLogEventsInfo | undefined } {
  const firstFrom = (time: number): number => {
    const index = lines.findIndex(({ timestamp }) => timestamp >= time);
    return index < 0 ? lines.length : index;
  };
  const tooOld = firstFrom(now - 14 * 24 * HOUR_MS);
  const expired = firstFrom(expiryTime(group, now));
  const tooNew = firstFrom(now + 2 * HOUR_MS + 1);
  const accepted = lines.slice(Math.max(tooOld, expired), tooNew);
  if (accepted.length === lines.length) return { accepted, rejected: undefined };
  return {
    accepted,
    rejected: {
      ...(tooOld > 0 ? { tooOldLogEventEndIndex: tooOld } : {}),
      ...(expired > 0 ? { expiredLogEventEndIndex: expired } : {}),
      ...(tooNew < lines.length ? { tooNewLogEventStartIndex: tooNew } : {}),
    },
  };
}

function describeStreams(
  state: LogsState,
  input: Client.DescribeLogStreamsCommandInput,
  ctx: RequestContext,
): Client.DescribeLogStreamsResponse {
  const byTime = input.orderBy === 'LastEventTime';
  checkParameters(
    valueWithin(input.limit, 'limit', 1, 50),
    lengthWithin(input.logStreamNamePrefix, 'logStreamNamePrefix', 1, 512),
    oneOf(input.orderBy, 'orderBy', ['LogStreamName', 'LastEventTime']),
  );
  const group = requireReferredGroup(state, ctx, input);
  if (byTime && input.logStreamNamePrefix !== undefined) {
    // Text second-hand.
    throw invalidParameter('Cannot order by LastEventTime with a logStreamNamePrefix.');
  }
  const now = state.env.clock.now();
  // Streams without events sort as if theirs were at 0; AWS's place for them is UNKNOWN.
  const keyOf = (stream: LogStream): SortKey => [
    byTime ? (unexpired(group, stream.events, now).last?.timestamp ?? 0) : 0,
    stream.name,
  ];
  const sign = input.descending === true ? -1 : 1;
  const keyed = [...group.streams.values()]
    .filter((stream) => stream.name.startsWith(input.logStreamNamePrefix ?? ''))
    .map((stream) => ({ stream, key: keyOf(stream) }))
    .sort((a, b) => sign * compareKeys(a.key, b.key));
  const scope = `${group.arn}/${String(byTime)}/${sign}/${input.logStreamNamePrefix ?? ''}`;
  const last = input.nextToken === undefined ? undefined : readKey(scope, now, input.nextToken);
  const following = last ? keyed.filter(({ key }) => sign * compareKeys(key, last) > 0) : keyed;
  const page = following.slice(0, input.limit ?? 50);
  const lastOfPage = page.at(-1);
  return {
    logStreams: page.map(({ stream }) => describe(group, stream, now)),
    ...(lastOfPage && page.length < following.length
      ? { nextToken: writeToken('DescribeLogStreams', scope, now, lastOfPage.key) }
      : {}),
  };
}

type SortKey = readonly [number, string];

function compareKeys(a: SortKey, b: SortKey): number {
  if (a[0] !== b[0]) return a[0] - b[0];
  return a[1] < b[1] ? -1 : a[1] > b[1] ? 1 : 0;
}

function readKey(scope: string, now: number, token: string): SortKey {
  const [time, name] = readToken('DescribeLogStreams', scope, now, token) ?? [];
  if (typeof time !== 'number' || typeof name !== 'string') throw invalidToken();
  return [time, name];
}

/** AWS's `lastEventTimestamp` lags by up to an hour or more; here it is exact. A stream without events lacks the times. */
function describe(group: LogGroup, stream: LogStream, now: number): Client.LogStream {
  const { first, last } = unexpired(group, stream.events, now);
  return {
    logStreamName: stream.name,
    creationTime: stream.createdAt,
    ...(first && last && stream.lastIngestionTime !== undefined
      ? {
          firstEventTimestamp: first.timestamp,
          lastEventTimestamp: last.timestamp,
          lastIngestionTime: stream.lastIngestionTime,
          uploadSequenceToken: sequenceToken(stream),
        }
      : {}),
    arn: `${group.arn}:log-stream:${stream.name}`,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- deprecated since 2019, and still sent
    storedBytes: 0,
  };
}

/** Still sent, long ignored. */
function sequenceToken(stream: LogStream): string {
  return String(stream.events.length).padStart(56, '4');
}
