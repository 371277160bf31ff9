/** FilterLogEvents and GetLogEvents. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, valueWithin } from '../constraints.ts';
import {
  after,
  indexOfPosition,
  parsePositionDigits,
  positionDigits,
  type Position,
  type StoredEvent,
} from './event-list.ts';
import { readToken, writeToken } from '../page-token.ts';
import {
  checkParameters,
  compilePattern,
  invalidParameter,
  invalidToken,
  requireReferredGroup,
  requireStream,
  type LogsState,
} from './parameters.ts';
import { expiryTime, type LogGroup } from './store.ts';

const MAX_PAGE_EVENTS = 10_000;
const MAX_PAGE_BYTES = 1_048_576;
/** Model of FilterLogEvents: the newest-first direction is only for searches from here on. */
const DESCENDING_SINCE = Date.UTC(2024, 0, 1);

export interface ReadOptions {
  /**
   * Events that FilterLogEvents looks at for one page. When they are used up the page ends, partial or empty, with a
   * token, as AWS's pages do; AWS's own figure is not published.
   */
  readonly scannedEventsPerPage: number;
}

export function readHandlers(
  state: LogsState,
  options: ReadOptions,
): Pick<Handlers<typeof Client>, 'FilterLogEvents' | 'GetLogEvents'> {
  return {
    FilterLogEvents: (input, ctx) => filterLogEvents(state, options, input, ctx),
    GetLogEvents: (input, ctx) => getLogEvents(state, input, ctx),
  };
}

interface Page {
  /** In the order of reading. */
  readonly events: readonly StoredEvent[];
  /** Where the next page begins; undefined when nothing is left between the bounds. */
  readonly next: Position | undefined;
}

interface PageRequest {
  readonly list: readonly StoredEvent[];
  /** Bounds of the events to read; `to` is exclusive. */
  readonly from: Position;
  readonly to: Position;
  readonly forward: boolean;
  readonly limit: number;
  readonly scanLimit: number;
  readonly accepts: (event: StoredEvent) => boolean;
}

/** Takes time in proportion to the page: two binary searches and at most `scanLimit` events. */
function readPage({ list, from, to, forward, limit, scanLimit, accepts }: PageRequest): Page {
  const first = indexOfPosition(list, from);
  const end = indexOfPosition(list, to);
  const events: StoredEvent[] = [];
  let bytes = 0;
  let scanned = 0;
  let next: Position | undefined;
  for (; scanned < end - first; scanned++) {
    const event = list[forward ? first + scanned : end - 1 - scanned];
    if (!event) break;
    if (scanned === scanLimit || events.length === limit) return { events, next };
    if (accepts(event)) {
      if (events.length > 0 && bytes + event.bytes > MAX_PAGE_BYTES) return { events, next };
      bytes += event.bytes;
      events.push(event);
    }
    // The place is after the last event seen, not before the next: what is ingested between the two is found.
    next = forward ? after(event) : { timestamp: event.timestamp, seq: event.seq };
  }
  return { events, next: undefined };
}

function filterLogEvents(
  state: LogsState,
  options: ReadOptions,
  input: Client.FilterLogEventsCommandInput,
  ctx: RequestContext,
): Client.FilterLogEventsResponse {
  checkRange(input);
  checkParameters(
    lengthWithin(input.logStreamNames, 'logStreamNames', 1, 100),
    lengthWithin(input.logStreamNamePrefix, 'logStreamNamePrefix', 1, 512),
  );
  const pattern = compilePattern(input.filterPattern, 'filterPattern');
  if (input.logStreamNames && input.logStreamNamePrefix !== undefined) {
    // Code from the model, text UNKNOWN.
    throw invalidParameter('LogStream names and LogStream name prefix are mutually exclusive parameters.');
  }
  const group = requireReferredGroup(state, ctx, input);
  if (group.logGroupClass === 'INFREQUENT_ACCESS' || group.logGroupClass === 'ESSENTIALS') {
    throw new AwsError(
      'InvalidOperationException',
      `The log group ${group.name} is of log-group-class ${group.logGroupClass}. FilterLogEvents is not supported for this log class.`,
    );
  }
  if ('invalid' in pattern) throw invalidParameter(pattern.invalid);
  const { list, accepts } = searchedStreams(group, input);

  const now = state.env.clock.now();
  const token = input.nextToken === undefined ? undefined : readFilterToken(group, now, input.nextToken);
  const forward = token?.forward ?? input.startFromHead ?? true;
  if (!token && !forward && (input.startTime ?? 0) < DESCENDING_SINCE) {
    // Text UNKNOWN.
    throw invalidParameter(
      'startFromHead can be false only if startTime is on or after 2024-01-01T00:00:00Z.',
    );
  }
  const lowest: Position = { timestamp: Math.max(input.startTime ?? 0, expiryTime(group, now)), seq: 0 };
  const highest: Position = { timestamp: (input.endTime ?? Number.POSITIVE_INFINITY) + 1, seq: 0 };
  const { events, next } = readPage({
    list,
    from: token?.forward ? later(token.position, lowest) : lowest,
    to: token && !token.forward ? earlier(token.position, highest) : highest,
    forward,
    limit: input.limit ?? MAX_PAGE_EVENTS,
    scanLimit: options.scannedEventsPerPage,
    accepts: (event) => accepts(event) && pattern.matches(event.message),
  });
  return {
    events: events.map((event) => ({
      logStreamName: event.stream,
      timestamp: event.timestamp,
      message: event.message,
      ingestionTime: event.ingestionTime,
      eventId: positionDigits(event),
    })),
    searchedLogStreams: [],
    ...(next
      ? { nextToken: writeToken('FilterLogEvents', group.arn, now, [forward, next.timestamp, next.seq]) }
      : {}),
  };
}

/** One named stream is read from its own list; several, or a prefix, are picked out of the group's. */
function searchedStreams(
  group: LogGroup,
  input: { logStreamNames?: string[] | undefined; logStreamNamePrefix?: string | undefined },
): { list: readonly StoredEvent[]; accepts: (event: StoredEvent) => boolean } {
  const { logStreamNames: names, logStreamNamePrefix: prefix } = input;
  if (names) {
    const [only, ...others] = [...new Set(names)].map((name) => requireStream(group, name));
    if (only && others.length === 0) return { list: only.events, accepts: () => true };
    const wanted = new Set(names);
    return { list: group.events, accepts: ({ stream }) => wanted.has(stream) };
  }
  return { list: group.events, accepts: ({ stream }) => stream.startsWith(prefix ?? '') };
}

function readFilterToken(
  group: LogGroup,
  now: number,
  text: string,
): { forward: boolean; position: Position } {
  const [forward, timestamp, seq] = readToken('FilterLogEvents', group.arn, now, text) ?? [];
  if (typeof forward !== 'boolean' || typeof timestamp !== 'number' || typeof seq !== 'number')
    throw invalidToken();
  return { forward, position: { timestamp, seq } };
}

/**
 * A page and a token for each direction. The token that was sent comes back when nothing more lies in its direction,
 * and it finds what is ingested later. A token's own direction counts, whatever `startFromHead` says; the model wants
 * `true` with a forward token, what AWS does otherwise is UNKNOWN.
 */
function getLogEvents(
  state: LogsState,
  input: Client.GetLogEventsCommandInput,
  ctx: RequestContext,
): Client.GetLogEventsResponse {
  checkRange(input);
  const group = requireReferredGroup(state, ctx, input);
  const stream = requireStream(group, input.logStreamName);
  const token = input.nextToken === undefined ? undefined : readStreamToken(input.nextToken);
  const forward = token?.forward ?? input.startFromHead ?? false;
  const lowest: Position = {
    timestamp: Math.max(input.startTime ?? 0, expiryTime(group, state.env.clock.now())),
    seq: 0,
  };
  const highest: Position = { timestamp: input.endTime ?? Number.POSITIVE_INFINITY, seq: 0 };
  const page = readPage({
    list: stream.events,
    from: token?.forward ? later(token.position, lowest) : lowest,
    to: token && !token.forward ? earlier(token.position, highest) : highest,
    forward,
    limit: input.limit ?? MAX_PAGE_EVENTS,
    scanLimit: Number.POSITIVE_INFINITY,
    accepts: () => true,
  });
  const events = forward ? page.events : page.events.toReversed();
  const [first, last] = [events[0], events.at(-1)];
  // Without events both tokens mark the same place: the one sent, or the beginning of what was asked for.
  const place = token?.position ?? lowest;
  return {
    events: events.map(({ timestamp, message, ingestionTime }) => ({ timestamp, message, ingestionTime })),
    nextForwardToken: `f/${positionDigits(last ? after(last) : place)}/s`,
    nextBackwardToken: `b/${positionDigits(first ?? place)}/s`,
  };
}

function readStreamToken(text: string): { forward: boolean; position: Position } {
  const [, direction, digits = ''] = /^([fb])\/(\d{56})\/s$/.exec(text) ?? [];
  const position = parsePositionDigits(digits);
  if (!position) throw invalidToken();
  return { forward: direction === 'f', position };
}

function checkRange(input: {
  startTime?: number | undefined;
  endTime?: number | undefined;
  limit?: number | undefined;
}): void {
  checkParameters(
    valueWithin(input.startTime, 'startTime', 0, Number.POSITIVE_INFINITY),
    valueWithin(input.endTime, 'endTime', 0, Number.POSITIVE_INFINITY),
    valueWithin(input.limit, 'limit', 1, MAX_PAGE_EVENTS),
  );
}

function later(a: Position, b: Position): Position {
  return a.timestamp > b.timestamp || (a.timestamp === b.timestamp && a.seq > b.seq) ? a : b;
}

function earlier(a: Position, b: Position): Position {
  return later(a, b) === a ? b : a;
}
