/**
 * StartQuery, GetQueryResults, StopQuery and DescribeQueries: CloudWatch Logs Insights. A query is answered from the events
 * of the moment of StartQuery, and shown as scheduled, then running, for a while: a client has to poll, as on AWS.
 */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, oneOf, required, valueWithin } from '../constraints.ts';
import { EVENT_OVERHEAD_BYTES } from './event-list.ts';
import { readToken, writeToken } from '../page-token.ts';
import { checkNames, checkParameters, invalidParameter, invalidToken, type LogsState } from './parameters.ts';
import { QuerySyntaxError, QueryTimeout } from './query-error.ts';
import { parseQuery } from './query-parser.ts';
import { runQuery, type QueriedEvent, type QueryOutcome } from './query-run.ts';
import { eventsBetween, rejectTooEarly, selectGroups, withOrigin } from './query-groups.ts';
import type { Query } from './query-syntax.ts';

const SCHEDULED_MS = 20;
const RUNNING_MS = 100;
/** Some seconds of work: the sandbox does nothing else meanwhile. */
const MAX_STEPS = 20_000_000;
const MAX_KEPT_QUERIES = 200;
/** AWS-doc "CloudWatch Logs quotas". */
const MAX_CONCURRENT = 100;
const MAX_PAGE_ROWS = 10_000;
const MAX_QUERY_ROWS = 100_000;
const MAX_QUERY_LENGTH = 10_000;
const LANGUAGES = ['CWLI', 'SQL', 'PPL'];
const STATUSES = ['Scheduled', 'Running', 'Complete', 'Failed', 'Cancelled', 'Timeout', 'Unknown'];

interface StartedQuery {
  readonly id: string;
  readonly region: string;
  readonly createdAt: number;
  readonly groupNames: readonly string[];
  /** As DescribeQueries shows it. */
  readonly text: string;
  readonly scanned: { readonly events: number; readonly bytes: number };
  /** Undefined: it took too long. */
  readonly outcome: QueryOutcome | undefined;
  isCancelled: boolean;
}

export interface Insights {
  readonly handlers: Pick<
    Handlers<typeof Client>,
    'StartQuery' | 'GetQueryResults' | 'StopQuery' | 'DescribeQueries'
  >;
  /** Forgets all queries. */
  reset(): void;
}

export function createInsights(state: LogsState, maxSteps = MAX_STEPS): Insights {
  /** The oldest first. */
  const queries = new Map<string, StartedQuery>();
  const { env } = state;

  const status = (query: StartedQuery): Client.QueryStatus => {
    if (query.isCancelled) return 'Cancelled';
    const age = env.clock.now() - query.createdAt;
    if (age < SCHEDULED_MS) return 'Scheduled';
    if (age < RUNNING_MS) return 'Running';
    return query.outcome ? 'Complete' : 'Timeout';
  };
  const isRunning = (query: StartedQuery) => ['Scheduled', 'Running'].includes(status(query));

  const requireQuery = (ctx: RequestContext, id: string | undefined): StartedQuery => {
    checkParameters(required(id, 'queryId'), lengthWithin(id, 'queryId', 0, 256));
    const query = queries.get(id ?? '');
    // Code from the model, text UNKNOWN.
    if (query?.region !== ctx.region) {
      throw new AwsError('ResourceNotFoundException', 'The specified query does not exist.');
    }
    return query;
  };

  return {
    handlers: {
      StartQuery(input, ctx) {
        if ([...queries.values()].filter(isRunning).length >= MAX_CONCURRENT) {
          // Code from the model, text UNKNOWN.
          throw new AwsError('LimitExceededException', 'The number of concurrent queries exceeds the limit.');
        }
        const query = startQuery(state, input, ctx, maxSteps);
        queries.set(query.id, query);
        for (const id of [...queries.keys()].slice(0, -MAX_KEPT_QUERIES)) queries.delete(id);
        return { queryId: query.id };
      },

      GetQueryResults(input, ctx) {
        const query = requireQuery(ctx, input.queryId);
        checkParameters(valueWithin(input.maxItems, 'maxItems', 1, MAX_PAGE_ROWS));
        const now = env.clock.now();
        const token = input.nextToken;
        const [from] = token === undefined ? [0] : (readToken('GetQueryResults', query.id, now, token) ?? []);
        if (typeof from !== 'number') throw invalidToken();
        const shown = status(query);
        const outcome = shown === 'Complete' ? query.outcome : undefined;
        const rows = outcome?.rows ?? [];
        const to = from + (input.maxItems ?? MAX_PAGE_ROWS);
        return {
          queryLanguage: 'CWLI',
          results: rows.slice(from, to).map((row) => row.map((cell) => ({ ...cell }))),
          statistics: {
            recordsMatched: outcome?.matched ?? 0,
            recordsScanned: outcome ? query.scanned.events : 0,
            estimatedRecordsSkipped: 0,
            bytesScanned: outcome ? query.scanned.bytes : 0,
            estimatedBytesSkipped: 0,
            logGroupsScanned: outcome ? query.groupNames.length : 0,
            ...(outcome ? { resultCount: rows.length } : {}),
          },
          status: shown,
          ...(to < rows.length ? { nextToken: writeToken('GetQueryResults', query.id, now, [to]) } : {}),
        };
      },

      StopQuery(input, ctx) {
        const query = requireQuery(ctx, input.queryId);
        // "If the query has already ended, the operation returns an error indicating that the specified query is not
        // running" (API reference, StopQuery); code and text UNKNOWN.
        if (!isRunning(query)) throw invalidParameter('The specified query is not running.');
        query.isCancelled = true;
        return { success: true };
      },

      DescribeQueries: (input, ctx) =>
        describeQueries(input, ctx, env.clock.now(), [...queries.values()], status),
    },
    reset: () => queries.clear(),
  };
}

function startQuery(
  state: LogsState,
  input: Client.StartQueryCommandInput,
  ctx: RequestContext,
  maxSteps: number,
): StartedQuery {
  checkParameters(
    required(input.startTime, 'startTime'),
    required(input.endTime, 'endTime'),
    required(input.queryString, 'queryString'),
    valueWithin(input.startTime, 'startTime', 0, Number.POSITIVE_INFINITY),
    valueWithin(input.endTime, 'endTime', 0, Number.POSITIVE_INFINITY),
    lengthWithin(input.queryString, 'queryString', 0, MAX_QUERY_LENGTH),
    valueWithin(input.limit, 'limit', 1, MAX_QUERY_ROWS),
    oneOf(input.queryLanguage, 'queryLanguage', LANGUAGES),
  );
  if ((input.queryLanguage ?? 'CWLI') !== 'CWLI') {
    throw new AwsError(
      'NotImplemented',
      'logs:StartQuery in another language than CWLI is not implemented by the sandbox',
      {
        status: 501,
      },
    );
  }
  const { startTime = 0, endTime = 0, queryString = '' } = input;
  const query = parse(queryString, ctx);
  const groups = selectGroups(state, input, query.source, ctx);
  // Text UNKNOWN.
  if (startTime > endTime) throw invalidParameter('The start time is after the end time.');

  rejectTooEarly(groups, endTime * 1_000 + 999, queryString, state.env, ctx);

  // The recorded text shows how the end is inclusive: `END=<endTime>999`.
  const events = eventsBetween(groups, startTime * 1_000, endTime * 1_000 + 999, state.env);
  const names = groups.map(({ name }) => name);
  // Recorded for one group; for several UNKNOWN.
  const sources = names.map((name) => `"${name}"`).join(' ');
  return {
    id: state.env.ids.uuid(),
    region: ctx.region,
    createdAt: state.env.clock.now(),
    groupNames: names,
    text: query.source
      ? queryString
      : `SOURCE ${sources} START=${startTime}000 END=${endTime}999 | ${queryString}`,
    scanned: {
      events: events.length,
      bytes: events.reduce((sum, { event }) => sum + event.bytes - EVENT_OVERHEAD_BYTES, 0),
    },
    outcome: answer(query, events, input.limit, maxSteps),
    isCancelled: false,
  };
}

/** The texts of the language's errors are the sandbox's own where nothing else is said; what follows them is AWS's. */
function parse(text: string, ctx: RequestContext): Query {
  try {
    return parseQuery(text);
  } catch (error) {
    if (!(error instanceof QuerySyntaxError)) throw error;
    throw new AwsError('MalformedQueryException', withOrigin(error.message, 'MalformedQueryException', ctx));
  }
}

function answer(
  query: Query,
  events: readonly QueriedEvent[],
  limit: number | undefined,
  maxSteps: number,
): QueryOutcome | undefined {
  try {
    return runQuery(query, events, limit, { left: maxSteps });
  } catch (error) {
    if (error instanceof QueryTimeout) return undefined;
    throw error;
  }
}

/** The newest first; the order is UNKNOWN. Recorded answers have none of the later members (duration, bytes, identity). */
function describeQueries(
  input: Client.DescribeQueriesCommandInput,
  ctx: RequestContext,
  now: number,
  queries: readonly StartedQuery[],
  status: (query: StartedQuery) => Client.QueryStatus,
): Client.DescribeQueriesResponse {
  if (input.logGroupName !== undefined) checkNames({ logGroupName: input.logGroupName });
  checkParameters(
    valueWithin(input.maxResults, 'maxResults', 1, 1_000),
    oneOf(input.status, 'status', STATUSES),
    oneOf(input.queryLanguage, 'queryLanguage', LANGUAGES),
  );
  const found = queries
    .filter(
      (query) =>
        query.region === ctx.region &&
        (input.logGroupName === undefined || query.groupNames.includes(input.logGroupName)) &&
        (input.status === undefined || status(query) === input.status) &&
        (input.queryLanguage ?? 'CWLI') === 'CWLI',
    )
    .toReversed();
  const token = input.nextToken;
  const [last] = token === undefined ? [''] : (readToken('DescribeQueries', ctx.region, now, token) ?? []);
  if (typeof last !== 'string') throw invalidToken();
  const from = found.findIndex(({ id }) => id === last) + 1;
  const page = found.slice(from, from + (input.maxResults ?? 1_000));
  const lastOfPage = page.at(-1);
  return {
    queries: page.map((query) => ({
      queryLanguage: 'CWLI',
      queryId: query.id,
      queryString: query.text,
      status: status(query),
      createTime: query.createdAt,
      ...(query.groupNames.length === 1 ? { logGroupName: query.groupNames[0] } : {}),
    })),
    ...(lastOfPage && from + page.length < found.length
      ? { nextToken: writeToken('DescribeQueries', ctx.region, now, [lastOfPage.id]) }
      : {}),
  };
}
