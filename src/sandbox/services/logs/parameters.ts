/** How requests name groups and streams, and how CloudWatch Logs refuses them. */
import type { SandboxEnv } from '../../env.ts';
import { parseArn } from '../../../core/arn.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, matches, rejectViolations, required, type Check } from '../constraints.ts';
import { compileFilterPattern, type CompiledPattern } from './filter-pattern.ts';
import type { LogGroup, LogStore, LogStream } from './store.ts';

/** Everything that a handler works on. */
export interface LogsState {
  readonly env: SandboxEnv;
  readonly store: LogStore;
}

export function invalidParameter(message: string): AwsError {
  return new AwsError('InvalidParameterException', message);
}

export function groupNotFound(): AwsError {
  return new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
}

function streamNotFound(): AwsError {
  return new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
}

export function invalidToken(): AwsError {
  return invalidParameter('The specified nextToken is invalid.');
}

export function checkParameters(...checks: readonly Check[]): void {
  rejectViolations('InvalidParameterException', checks);
}

const MAX_NAME_LENGTH = 512;
const GROUP_NAME = String.raw`[\.\-_/#A-Za-z0-9]+`;
const STREAM_NAME = '[^:*]*';

/** The length has a text of its own, whereas the other rules have generated ones. */
export function checkNames(names: {
  logGroupName?: string | undefined;
  logStreamName?: string | undefined;
}): void {
  const given = Object.values(names).filter((name) => name !== undefined);
  if (given.some((name) => name.length > MAX_NAME_LENGTH)) {
    throw invalidParameter(
      `Invalid LogGroup or LogStream, both must have length less than or equal to ${MAX_NAME_LENGTH}.`,
    );
  }
  checkParameters(
    ...Object.entries(names).flatMap(([member, name]) => [
      required(name, member),
      lengthWithin(name, member, 1, MAX_NAME_LENGTH),
      name === '' ? undefined : matches(name, member, member === 'logGroupName' ? GROUP_NAME : STREAM_NAME),
    ]),
  );
}

export function requireGroup({ store }: LogsState, ctx: RequestContext, name: string | undefined): LogGroup {
  checkNames({ logGroupName: name });
  const group = store.group(ctx.region, name ?? '');
  if (!group) throw groupNotFound();
  return group;
}

export function requireStream(group: LogGroup, name: string | undefined): LogStream {
  checkNames({ logStreamName: name });
  const stream = group.streams.get(name ?? '');
  if (!stream) throw streamNotFound();
  return stream;
}

interface GroupReference {
  readonly logGroupName?: string | undefined;
  readonly logGroupIdentifier?: string | undefined;
}

/** The group of a request that names it either way. */
export function requireReferredGroup(state: LogsState, ctx: RequestContext, input: GroupReference): LogGroup {
  if (input.logGroupName !== undefined && input.logGroupIdentifier !== undefined) {
    throw new AwsError(
      'ValidationException',
      'LogGroup name and LogGroup ARN are mutually exclusive parameters.',
      { status: 400 },
    );
  }
  if (input.logGroupIdentifier === undefined) return requireGroup(state, ctx, input.logGroupName);
  // The model's pattern has no asterisk: the `arn` of DescribeLogGroups is refused, `logGroupArn` is the one to give.
  checkParameters(
    lengthWithin(input.logGroupIdentifier, 'logGroupIdentifier', 1, 2048),
    matches(input.logGroupIdentifier, 'logGroupIdentifier', String.raw`[\w#+=/:,.@\-]*`),
  );
  const group = findGroup(state, ctx, input.logGroupIdentifier);
  if (!group) throw groupNotFound();
  return group;
}

/** By name or by ARN of this account and region; another account's groups are out of the sandbox's reach. */
export function findGroup(
  { env, store }: LogsState,
  ctx: RequestContext,
  identifier: string,
): LogGroup | undefined {
  const arn = parseArn(identifier);
  if (!arn) return store.group(ctx.region, identifier);
  const name = /^log-group:([^:]+)$/.exec(arn.resource)?.[1];
  if (arn.service !== 'logs' || arn.region !== ctx.region || arn.account !== env.account) return undefined;
  return name === undefined ? undefined : store.group(ctx.region, name);
}

const MAX_PATTERN_LENGTH = 1_024;

/** `member` is the pattern's name in the request. An absent pattern matches all. */
export function compilePattern(pattern: string | undefined, member: string): CompiledPattern {
  checkParameters(lengthWithin(pattern, member, 0, MAX_PATTERN_LENGTH));
  return compileFilterPattern(pattern ?? '');
}
