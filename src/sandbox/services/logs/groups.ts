/** Log groups, their retention and their tags. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, oneOf, required, valueWithin } from '../constraints.ts';
import { readToken, writeToken } from '../page-token.ts';
import {
  checkNames,
  checkParameters,
  findGroup,
  groupNotFound,
  invalidParameter,
  invalidToken,
  requireGroup,
  type LogsState,
} from './parameters.ts';
import type { LogGroup, LogGroupClass } from './store.ts';

const GROUP_CLASSES: readonly LogGroupClass[] = ['STANDARD', 'INFREQUENT_ACCESS', 'ESSENTIALS', 'DELIVERY'];

const RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

const MAX_TAGS = 50;

type GroupHandlers = Pick<
  Handlers<typeof Client>,
  | 'CreateLogGroup'
  | 'DeleteLogGroup'
  | 'DescribeLogGroups'
  | 'PutRetentionPolicy'
  | 'DeleteRetentionPolicy'
  | 'TagResource'
  | 'UntagResource'
  | 'ListTagsForResource'
  | 'TagLogGroup'
  | 'UntagLogGroup'
  | 'ListTagsLogGroup'
>;

export function groupHandlers(state: LogsState): GroupHandlers {
  const { store } = state;
  return {
    /** `kmsKeyId` and deletion protection are accepted and have no effect. */
    CreateLogGroup(input, ctx) {
      checkNames({ logGroupName: input.logGroupName });
      checkParameters(oneOf(input.logGroupClass, 'logGroupClass', GROUP_CLASSES));
      const name = input.logGroupName ?? '';
      // The prefix is reserved (API reference, CreateLogGroup); the text is second-hand.
      if (/^aws\//i.test(name)) throw invalidParameter('Log groups starting with AWS/ are reserved for AWS.');
      if (store.group(ctx.region, name)) {
        throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
      }
      const group = store.createGroup(ctx.region, name, input.logGroupClass ?? 'STANDARD');
      addTags(group, input.tags);
    },
    DeleteLogGroup: (input, ctx) => store.deleteGroup(requireGroup(state, ctx, input.logGroupName)),
    DescribeLogGroups: (input, ctx) => describeGroups(state, input, ctx),

    PutRetentionPolicy(input, ctx) {
      checkParameters(required(input.retentionInDays, 'retentionInDays'));
      const group = requireGroup(state, ctx, input.logGroupName);
      const days = input.retentionInDays ?? 0;
      if (!RETENTION_DAYS.includes(days)) {
        // The set is the model's; the text is UNKNOWN and follows the generated ones.
        checkParameters(oneOf(String(days), 'retentionInDays', RETENTION_DAYS.map(String)));
      }
      group.retentionInDays = days;
    },
    DeleteRetentionPolicy(input, ctx) {
      requireGroup(state, ctx, input.logGroupName).retentionInDays = undefined;
    },

    TagResource: (input, ctx) => addTags(taggedGroup(state, ctx, input.resourceArn), input.tags),
    UntagResource: (input, ctx) => removeTags(taggedGroup(state, ctx, input.resourceArn), input.tagKeys),
    ListTagsForResource: (input, ctx) => ({
      tags: Object.fromEntries(taggedGroup(state, ctx, input.resourceArn).tags),
    }),
    TagLogGroup: (input, ctx) => addTags(requireGroup(state, ctx, input.logGroupName), input.tags),
    UntagLogGroup: (input, ctx) => removeTags(requireGroup(state, ctx, input.logGroupName), input.tags),
    ListTagsLogGroup: (input, ctx) => ({
      tags: Object.fromEntries(requireGroup(state, ctx, input.logGroupName).tags),
    }),
  };
}

function describeGroups(
  state: LogsState,
  input: Client.DescribeLogGroupsCommandInput,
  ctx: RequestContext,
): Client.DescribeLogGroupsResponse {
  const {
    logGroupNamePrefix: prefix,
    logGroupNamePattern: pattern,
    logGroupIdentifiers: identifiers,
  } = input;
  checkParameters(
    valueWithin(input.limit, 'limit', 1, 50),
    lengthWithin(prefix, 'logGroupNamePrefix', 1, 512),
    lengthWithin(pattern, 'logGroupNamePattern', 0, 512),
    lengthWithin(identifiers, 'logGroupIdentifiers', 1, 50),
    oneOf(input.logGroupClass, 'logGroupClass', GROUP_CLASSES),
  );
  if (prefix !== undefined && pattern !== undefined) {
    throw invalidParameter(
      'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    );
  }
  if (identifiers && (prefix ?? pattern ?? input.logGroupClass) !== undefined) {
    // "the only other filter that you can choose to specify is includeLinkedAccounts"; text UNKNOWN.
    throw invalidParameter('LogGroup identifiers and other filters are mutually exclusive parameters.');
  }
  const named = identifiers?.map((identifier) => findGroup(state, ctx, identifier));
  const groups = state.store
    .groups(ctx.region)
    .filter(
      (group) =>
        group.name.startsWith(prefix ?? '') &&
        group.name.includes(pattern ?? '') &&
        (!named || named.includes(group)) &&
        classMatches(group, input.logGroupClass),
    );
  const scope = `${ctx.region}/${prefix ?? ''}/${pattern ?? ''}`;
  const now = state.env.clock.now();
  const last = input.nextToken === undefined ? '' : readName(scope, now, input.nextToken);
  const following = groups.filter((group) => group.name > last);
  const page = following.slice(0, input.limit ?? 50);
  const lastOfPage = page.at(-1);
  return {
    logGroups: page.map((group) => (pattern === undefined ? describe(group) : describeBriefly(group))),
    ...(lastOfPage && page.length < following.length
      ? { nextToken: writeToken('DescribeLogGroups', scope, now, [lastOfPage.name]) }
      : {}),
  };
}

function readName(scope: string, now: number, token: string): string {
  const name = readToken('DescribeLogGroups', scope, now, token)?.[0];
  if (typeof name !== 'string') throw invalidToken();
  return name;
}

/** Asked for one of the two cheaper classes, AWS returns groups of both (model, `logGroupClass`). */
function classMatches(group: LogGroup, wanted: string | undefined): boolean {
  const cheaper = ['INFREQUENT_ACCESS', 'ESSENTIALS'];
  if (wanted === undefined) return true;
  return cheaper.includes(wanted) ? cheaper.includes(group.logGroupClass) : group.logGroupClass === wanted;
}

/** Of a query by pattern the model says that only these three come back. */
function describeBriefly(group: LogGroup): Client.LogGroup {
  return { logGroupName: group.name, creationTime: group.createdAt, arn: `${group.arn}:*` };
}

function describe(group: LogGroup): Client.LogGroup {
  return {
    ...describeBriefly(group),
    ...(group.retentionInDays === undefined ? {} : { retentionInDays: group.retentionInDays }),
    metricFilterCount: 0,
    storedBytes: group.events.reduce((sum, event) => sum + event.bytes, 0),
    logGroupClass: group.logGroupClass,
    logGroupArn: group.arn,
  };
}

function taggedGroup(state: LogsState, ctx: RequestContext, arn: string | undefined): LogGroup {
  checkParameters(required(arn, 'resourceArn'), lengthWithin(arn, 'resourceArn', 1, 1011));
  const group = findGroup(state, ctx, arn ?? '');
  if (!group) throw groupNotFound();
  return group;
}

function addTags(group: LogGroup, tags: Readonly<Record<string, string>> | undefined): void {
  const merged = new Map([...group.tags, ...Object.entries(tags ?? {})]);
  if (merged.size > MAX_TAGS) {
    // Error from the model; text UNKNOWN.
    throw new AwsError('TooManyTagsException', `A log group can have no more than ${MAX_TAGS} tags.`);
  }
  for (const [key, value] of merged) group.tags.set(key, value);
}

function removeTags(group: LogGroup, keys: readonly string[] | undefined): void {
  for (const key of keys ?? []) group.tags.delete(key);
}
