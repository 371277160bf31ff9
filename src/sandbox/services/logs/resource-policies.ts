/** Policies that let services of AWS write to log groups: of the account in a Region, or of one group. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { parsePolicy, type PolicyStatement } from '../../../core/policy-document.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, oneOf, required, valueWithin } from '../constraints.ts';
import { readToken, writeToken } from '../page-token.ts';
import {
  checkParameters,
  findGroup,
  groupNotFound,
  invalidParameter,
  invalidToken,
  type LogsState,
} from './parameters.ts';
import type { LogGroup } from './store.ts';

/** https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html */
const MAX_POLICIES = 10;
const MAX_ACCOUNT_DOCUMENT = 5120;
/** https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/AWS-logs-and-resource-policy.html */
const MAX_GROUP_DOCUMENT = 51_200;

interface AccountPolicy {
  readonly name: string;
  /** JSON text, as it was put. */
  readonly document: string;
  /** Milliseconds since the epoch. */
  readonly updatedAt: number;
}

interface GroupPolicy extends Omit<AccountPolicy, 'name'> {
  readonly revisionId: string;
}

export interface ResourcePolicies {
  readonly handlers: Pick<
    Handlers<typeof Client>,
    'PutResourcePolicy' | 'DescribeResourcePolicies' | 'DeleteResourcePolicy'
  >;
  /** JSON texts of all that say something about the group. */
  documentsFor(group: LogGroup): readonly string[];
  reset(): void;
}

export function createResourcePolicies(state: LogsState): ResourcePolicies {
  const { env } = state;
  const regions = new Map<string, Map<string, AccountPolicy>>();
  /** Goes with its group. */
  let ofGroups = new WeakMap<LogGroup, GroupPolicy>();

  const policiesOf = (region: string): Map<string, AccountPolicy> => {
    const policies = regions.get(region) ?? new Map<string, AccountPolicy>();
    regions.set(region, policies);
    return policies;
  };
  const groupOf = (arn: string, ctx: RequestContext): LogGroup => {
    const group = findGroup(state, ctx, arn);
    if (!group) throw groupNotFound();
    return group;
  };
  /** The group of a request about its policy, whose revision must be the one that the caller has seen. */
  const revisedGroup = (arn: string, ctx: RequestContext, expected: string | undefined): LogGroup => {
    const group = groupOf(arn, ctx);
    if (ofGroups.get(group)?.revisionId !== expected) {
      // Code and rule are the model's; which text belongs to it is UNKNOWN.
      throw new AwsError(
        'OperationAbortedException',
        'Multiple concurrent requests to update the same resource were in conflict.',
      );
    }
    return group;
  };

  return {
    handlers: {
      PutResourcePolicy(input, ctx) {
        const { policyName: name, policyDocument: document = '', resourceArn } = input;
        checkTarget(name, resourceArn);
        const most = resourceArn === undefined ? MAX_ACCOUNT_DOCUMENT : MAX_GROUP_DOCUMENT;
        checkParameters(
          required(input.policyDocument, 'policyDocument'),
          lengthWithin(input.policyDocument, 'policyDocument', 1, most),
        );
        checkDocument(document);
        const updatedAt = env.clock.now();
        if (resourceArn !== undefined) {
          const group = revisedGroup(resourceArn, ctx, input.expectedRevisionId);
          const policy = { document, updatedAt, revisionId: env.ids.uuid() };
          ofGroups.set(group, policy);
          return {
            resourcePolicy: describeOfGroup(group, policy, document),
            revisionId: policy.revisionId,
          };
        }
        const policies = policiesOf(ctx.region);
        const policy = { name: name ?? '', document, updatedAt };
        if (!policies.has(policy.name) && policies.size >= MAX_POLICIES) {
          throw new AwsError('LimitExceededException', 'Resource limit exceeded.');
        }
        policies.set(policy.name, policy);
        // The answer has the document as it was put, unlike DescribeResourcePolicies (recorded).
        return { resourcePolicy: describeOfAccount(policy, document) };
      },

      DescribeResourcePolicies(input, ctx) {
        const { resourceArn, limit, nextToken } = input;
        checkParameters(
          valueWithin(limit, 'limit', 1, 50),
          oneOf(input.policyScope, 'policyScope', ['ACCOUNT', 'RESOURCE']),
        );
        // That an ARN alone asks for policies of groups is UNKNOWN: the scope's default is ACCOUNT.
        const scope = input.policyScope ?? (resourceArn === undefined ? 'ACCOUNT' : 'RESOURCE');
        const groups =
          resourceArn === undefined ? state.store.groups(ctx.region) : [groupOf(resourceArn, ctx)];
        const all: { readonly key: string; readonly policy: Client.ResourcePolicy }[] =
          scope === 'ACCOUNT'
            ? [...policiesOf(ctx.region).values()].map((policy) => ({
                key: policy.name,
                policy: describeOfAccount(policy, normalised(policy.document)),
              }))
            : groups.flatMap((group) => {
                const policy = ofGroups.get(group);
                if (!policy) return [];
                const described = describeOfGroup(group, policy, normalised(policy.document));
                return [{ key: group.name, policy: described }];
              });
        const place = `${ctx.region}/${scope}`;
        const now = env.clock.now();
        const [after] =
          nextToken === undefined
            ? ['']
            : (readToken('DescribeResourcePolicies', place, now, nextToken) ?? []);
        if (typeof after !== 'string') throw invalidToken();
        // AWS's order is UNKNOWN.
        const following = all.filter(({ key }) => key > after).sort((a, b) => (a.key < b.key ? -1 : 1));
        const page = following.slice(0, limit ?? 50);
        const last = page.at(-1);
        return {
          resourcePolicies: page.map(({ policy }) => policy),
          ...(last &&
            page.length < following.length && {
              nextToken: writeToken('DescribeResourcePolicies', place, now, [last.key]),
            }),
        };
      },

      DeleteResourcePolicy(input, ctx) {
        const { policyName: name, resourceArn } = input;
        checkTarget(name, resourceArn);
        if (resourceArn !== undefined) {
          const group = revisedGroup(resourceArn, ctx, input.expectedRevisionId);
          // Text UNKNOWN, after the one for a name.
          if (!ofGroups.delete(group)) throw policyNotFound(`Policy for resource [${resourceArn}]`);
          return;
        }
        if (!policiesOf(ctx.region).delete(name ?? ''))
          throw policyNotFound(`Policy with name [${name ?? ''}]`);
      },
    },
    documentsFor(group) {
      const own = ofGroups.get(group);
      const ofAccount = [...policiesOf(group.region).values()].map(({ document }) => document);
      return own ? [...ofAccount, own.document] : ofAccount;
    },
    reset() {
      regions.clear();
      ofGroups = new WeakMap();
    },
  };
}

function policyNotFound(what: string): AwsError {
  return new AwsError('ResourceNotFoundException', `${what} does not exist.`);
}

/** A policy is the account's, with a name, or a group's, without one. The texts are UNKNOWN. */
function checkTarget(name: string | undefined, resourceArn: string | undefined): void {
  if (name !== undefined && resourceArn !== undefined) {
    throw invalidParameter('Policy name and resource ARN are mutually exclusive parameters.');
  }
  if (resourceArn === undefined) checkParameters(required(name, 'policyName'));
}

/**
 * The text is the recorded one of a principal that is no principal; that it answers every document which cannot be stored is
 * UNKNOWN.
 */
function checkDocument(document: string): void {
  if (parsePolicy(document)?.statements.every(isStorable)) return;
  throw invalidParameter('Could not convert to persistable policy.');
}

/** Callers are named by account number: Logs takes no ARNs as principals (reports of refused policies). */
function isStorable({ principal, resource }: PolicyStatement): boolean {
  if (!principal || !resource) return false;
  if (principal.element.kind === 'any') return true;
  return (principal.element.values['AWS'] ?? []).every((name) => /^\d{12}$/.test(name));
}

/** As DescribeResourcePolicies shows a document: with a version, members in this order, one-element lists without the list (recorded). */
function normalised(document: string): string {
  type Json = Readonly<Record<string, unknown>>;
  const { Version = '2008-10-17', Id, Statement } = JSON.parse(document) as Json;
  const unlisted = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.length === 1 ? (value[0] as unknown) : value;
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, unlisted(entry)]));
  };
  const members = ['Sid', 'Effect', 'Principal', 'NotPrincipal', 'Action', 'NotAction', 'Resource'];
  const statements = [Statement].flat().map((item) => {
    const statement = unlisted(item) as Json;
    const all = [...members, 'NotResource', 'Condition'].map((name) => [name, statement[name]]);
    return Object.fromEntries(all) as Json;
  });
  return JSON.stringify({ Version, Id, Statement: statements });
}

function describeOfAccount({ name, updatedAt }: AccountPolicy, document: string): Client.ResourcePolicy {
  return {
    policyName: name,
    policyDocument: document,
    lastUpdatedTime: updatedAt,
    policyScope: 'ACCOUNT',
  };
}

function describeOfGroup(
  group: LogGroup,
  { updatedAt, revisionId }: GroupPolicy,
  document: string,
): Client.ResourcePolicy {
  return {
    policyDocument: document,
    lastUpdatedTime: updatedAt,
    policyScope: 'RESOURCE',
    resourceArn: group.arn,
    revisionId,
  };
}
