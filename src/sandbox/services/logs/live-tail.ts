/**
 * StartLiveTail: a stream of events ingested from now on
 * (https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_StartLiveTail.html).
 * The second between two updates begins when the client takes the first: one that reads slowly gets fewer and fuller
 * updates, where AWS would buffer ten.
 */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, required } from '../constraints.ts';
import {
  checkParameters,
  compilePattern,
  findGroup,
  groupNotFound,
  invalidParameter,
  type LogsState,
} from './parameters.ts';
import type { LogGroup } from './store.ts';

const UPDATE_INTERVAL_MS = 1_000;
const SESSION_MS = 3 * 3_600_000;
const MAX_UPDATE_EVENTS = 500;
/** What is kept for a client that reads too slowly; beyond it the oldest are dropped. */
const MAX_BUFFERED_EVENTS = 5_000;
const MAX_SESSIONS = 15;

export interface LiveTail {
  readonly handlers: Pick<Handlers<typeof Client>, 'StartLiveTail'>;
  /** Ends all sessions. */
  reset(): void;
}

export function createLiveTail(state: LogsState): LiveTail {
  const sessions = new Set<AbortController>();
  return {
    handlers: {
      StartLiveTail(input, ctx) {
        const groups = checkedGroups(state, input, ctx);
        const accepts = eventTest(input);
        if (sessions.size >= MAX_SESSIONS) {
          // Code from the API page, text UNKNOWN.
          throw new AwsError(
            'LimitExceededException',
            'The number of concurrent Live Tail sessions exceeds the limit.',
          );
        }
        return { responseStream: openSession(state, sessions, input, ctx, groups, accepts) };
      },
    },
    reset() {
      for (const session of sessions) session.abort();
    },
  };
}

function checkedGroups(
  state: LogsState,
  input: Client.StartLiveTailCommandInput,
  ctx: RequestContext,
): ReadonlySet<LogGroup> {
  const identifiers = input.logGroupIdentifiers;
  checkParameters(
    required(identifiers, 'logGroupIdentifiers'),
    lengthWithin(identifiers, 'logGroupIdentifiers', 1, 10),
    lengthWithin(input.logStreamNames, 'logStreamNames', 1, 100),
    lengthWithin(input.logStreamNamePrefixes, 'logStreamNamePrefixes', 1, 100),
  );
  // The texts of the three rules below are UNKNOWN.
  if (input.logStreamNames && input.logStreamNamePrefixes) {
    throw invalidParameter('LogStream names and LogStream name prefixes are mutually exclusive parameters.');
  }
  if ((input.logStreamNames ?? input.logStreamNamePrefixes) && identifiers?.length !== 1) {
    throw invalidParameter('LogStreams can be specified only for a single LogGroup.');
  }
  return new Set(
    (identifiers ?? []).map((identifier) => {
      if (!/^arn:[^*]+$/.test(identifier)) throw invalidParameter(`Invalid LogGroup ARN: ${identifier}`);
      const group = findGroup(state, ctx, identifier);
      if (!group) throw groupNotFound();
      if (group.logGroupClass !== 'STANDARD') {
        // By analogy with FilterLogEvents; the text is UNKNOWN.
        throw new AwsError(
          'InvalidOperationException',
          `The log group ${group.name} is of log-group-class ${group.logGroupClass}. StartLiveTail is not supported for this log class.`,
        );
      }
      return group;
    }),
  );
}

interface EventFilter {
  (event: { stream: string; message: string }): boolean;
}

function eventTest(input: Client.StartLiveTailCommandInput): EventFilter {
  const { logStreamNames: names, logStreamNamePrefixes: prefixes, logEventFilterPattern: text } = input;
  const pattern = compilePattern(text, 'logEventFilterPattern');
  // Unlike FilterLogEvents, Live Tail was seen to refuse a pair of quotes.
  const reason =
    text === '""' ? `Invalid character(s) in term '""'` : 'invalid' in pattern ? pattern.reason : undefined;
  if (reason !== undefined || 'invalid' in pattern)
    throw invalidParameter(`Invalid filter pattern: ${reason ?? ''}`);
  return ({ stream, message }) =>
    (!names || names.includes(stream)) &&
    (!prefixes || prefixes.some((prefix) => stream.startsWith(prefix))) &&
    pattern.matches(message);
}

function openSession(
  { env, store }: LogsState,
  sessions: Set<AbortController>,
  input: Client.StartLiveTailCommandInput,
  ctx: RequestContext,
  groups: ReadonlySet<LogGroup>,
  accepts: EventFilter,
): AsyncIterable<Client.StartLiveTailResponseStream> {
  const ended = new AbortController();
  let pending: Client.LiveTailSessionLogEvent[] = [];
  const unsubscribe = store.onAppend((group, events) => {
    if (!groups.has(group)) return;
    for (const event of events) {
      if (!accepts(event)) continue;
      pending.push({
        logGroupIdentifier: `${env.account}:${group.name}`,
        logStreamName: event.stream,
        message: event.message,
        timestamp: event.timestamp,
        ingestionTime: event.ingestionTime,
      });
    }
    // Trimmed in blocks, not one by one.
    if (pending.length > 2 * MAX_BUFFERED_EVENTS) pending = pending.slice(-MAX_BUFFERED_EVENTS);
  });
  sessions.add(ended);
  ended.signal.addEventListener('abort', () => {
    unsubscribe();
    sessions.delete(ended);
  });

  async function* updates(): AsyncGenerator<Client.StartLiveTailResponseStream> {
    const deadline = env.clock.now() + SESSION_MS;
    yield {
      sessionStart: {
        requestId: ctx.requestId,
        sessionId: env.ids.uuid(),
        logGroupIdentifiers: input.logGroupIdentifiers,
        logStreamNames: input.logStreamNames ?? [],
        logStreamNamePrefixes: input.logStreamNamePrefixes ?? [],
        logEventFilterPattern: input.logEventFilterPattern ?? '',
      },
    };
    while (env.clock.now() < deadline) {
      try {
        await env.clock.sleep(UPDATE_INTERVAL_MS, ended.signal);
      } catch (error) {
        if (ended.signal.aborted) return;
        throw error;
      }
      const events = pending.slice(-MAX_BUFFERED_EVENTS);
      pending = [];
      const sampled = events.length > MAX_UPDATE_EVENTS;
      yield {
        sessionUpdate: { sessionMetadata: { sampled }, sessionResults: sampled ? sample(events) : events },
      };
    }
    // The wire layer sends it as an exception message of the stream.
    throw new AwsError('SessionTimeoutException', 'Session has timed out.');
  }

  const iterator = updates();
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        try {
          const result = await iterator.next();
          if (result.done === true) ended.abort();
          return result;
        } catch (error) {
          ended.abort();
          throw error;
        }
      },
      /** A generator asleep answers `return` only when it wakes: the signal wakes it. */
      async return() {
        ended.abort();
        return iterator.return(undefined);
      },
    }),
  };
}

/** Evenly spread over the second. */
function sample<T>(events: readonly T[]): T[] {
  return events.filter((_, i) => {
    const place = (n: number): number => Math.floor((n * MAX_UPDATE_EVENTS) / events.length);
    return place(i + 1) > place(i);
  });
}
