/** Which log groups a query reads, and their events. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { lengthWithin } from '../constraints.ts';
import { indexOfPosition, positionDigits } from './event-list.ts';
import { checkNames, checkParameters, findGroup, invalidParameter, type LogsState } from './parameters.ts';
import type { QueriedEvent } from './query-run.ts';
import type { SourceSelection } from './query-syntax.ts';
import { expiryTime, type LogGroup } from './store.ts';

const MAX_GROUPS = 50;

/** Exactly one way of naming them. Throws what StartQuery answers. */
export function selectGroups(
  state: LogsState,
  input: Client.StartQueryCommandInput,
  source: SourceSelection | undefined,
  ctx: RequestContext,
): readonly LogGroup[] {
  const { logGroupName, logGroupNames, logGroupIdentifiers } = input;
  const ways = [logGroupName, logGroupNames, logGroupIdentifiers, source].filter((way) => way !== undefined);
  if (ways.length !== 1) {
    // The rule is the model's; the text is UNKNOWN.
    throw invalidParameter(
      'Exactly one of logGroupName, logGroupNames, logGroupIdentifiers and SOURCE in the query must be specified.',
    );
  }
  checkParameters(
    lengthWithin(logGroupNames, 'logGroupNames', 1, MAX_GROUPS),
    lengthWithin(logGroupIdentifiers, 'logGroupIdentifiers', 1, MAX_GROUPS),
  );
  for (const name of logGroupNames ?? (logGroupName === undefined ? [] : [logGroupName]))
    checkNames({ logGroupName: name });
  if (source) return sourceGroups(state, source, ctx);
  const named = logGroupIdentifiers ?? logGroupNames ?? [logGroupName ?? ''];
  const groups = [...new Set(named)].map((identifier) => {
    const group = findGroup(state, ctx, identifier);
    if (!group) throw missing(identifier, ctx);
    // "DELIVERY log groups have no Insights" (log classes); the text is UNKNOWN.
    if (group.logGroupClass === 'DELIVERY') {
      throw invalidParameter(
        `The log group ${group.name} is of log-group-class DELIVERY. StartQuery is not supported for this log class.`,
      );
    }
    return group;
  });
  return [...new Set(groups)];
}

/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_QuerySyntax-Source.html. None found is no error here. */
function sourceGroups(
  { env, store }: LogsState,
  source: SourceSelection,
  ctx: RequestContext,
): readonly LogGroup[] {
  if (source.accounts.length > 0 && !source.accounts.includes(env.account)) return [];
  return store
    .groups(ctx.region)
    .filter(
      ({ name, logGroupClass }) =>
        logGroupClass !== 'DELIVERY' &&
        source.classes.includes(logGroupClass) &&
        source.namePrefixes.some((prefix) => name.startsWith(prefix)),
    );
}

/** Recorded for `logGroupName`. */
function missing(name: string, ctx: RequestContext): AwsError {
  const code = 'ResourceNotFoundException';
  return new AwsError(
    code,
    withOrigin(`Log group '${name}' does not exist for account ID '${ctx.account}'`, code, ctx),
  );
}

/** As the service behind StartQuery ends the texts of its errors (recorded for a missing group). */
export function withOrigin(message: string, code: string, ctx: RequestContext): string {
  return `${message} (Service: AWSLogs; Status Code: 400; Error Code: ${code}; Request ID: ${ctx.requestId}; Proxy: null)`;
}

/**
 * Refuses a query that ends before any of its groups has events. The text is second-hand (many copies); what its
 * numbers count is UNKNOWN: here the query's length.
 */
export function rejectTooEarly(
  groups: readonly LogGroup[],
  to: number,
  query: string,
  env: SandboxEnv,
  ctx: RequestContext,
): void {
  const now = env.clock.now();
  if (groups.length === 0 || groups.some((group) => to >= Math.max(group.createdAt, expiryTime(group, now))))
    return;
  const code = 'MalformedQueryException';
  const text = `Query's end date and time is either before the log groups creation time or exceeds the log groups log retention settings ([0,${query.length}])`;
  throw new AwsError(code, withOrigin(text, code, ctx));
}

/** Events with timestamps from `from` to `to`, both included, in milliseconds; the newest first. */
export function eventsBetween(
  groups: readonly LogGroup[],
  from: number,
  to: number,
  env: SandboxEnv,
): readonly QueriedEvent[] {
  const lists = groups.map((group): QueriedEvent[] => {
    const lowest = Math.max(from, expiryTime(group, env.clock.now()));
    const start = indexOfPosition(group.events, { timestamp: lowest, seq: 0 });
    const end = indexOfPosition(group.events, { timestamp: to + 1, seq: 0 });
    return group.events.slice(start, end).map((event) => ({
      event,
      log: `${env.account}:${group.name}`,
      pointer: Buffer.from(`${group.name}/${positionDigits(event)}`).toString('base64'),
      discovers: group.logGroupClass === 'STANDARD',
    }));
  });
  return lists.flat().sort(({ event: a }, { event: b }) => b.timestamp - a.timestamp || b.seq - a.seq);
}
