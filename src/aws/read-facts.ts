import { unqualifiedFunctionArn } from '../core/arn.ts';
import { parsePolicy } from '../core/policy-document.ts';
import { hasCode, S3evtError } from '../core/errors.ts';
import {
  ABSENT,
  known,
  type BucketFacts,
  type Fact,
  type FunctionFacts,
  type LogGroupFacts,
  type RoleFacts,
} from '../core/facts.ts';
import { isOurs } from '../core/names.ts';
import type { NotificationDocument } from '../core/notification.ts';
import type { Aws } from './clients.ts';
import { documentOf } from './notification-codec.ts';

/**
 * Reads of single things, each as a fact: absent and denied are answers. Nothing here depends on anything else
 * here, so callers read in parallel.
 */
export async function fact<T>(action: string, read: () => Promise<T | undefined>): Promise<Fact<T>> {
  try {
    const value = await read();
    return value === undefined ? ABSENT : known(value);
  } catch (error) {
    if (hasCode(error, 'NOT_FOUND')) return ABSENT;
    if (hasCode(error, 'ACCESS_DENIED')) return { state: 'denied', action, error };
    // Without credentials or a network nothing can be read at all: that ends the run at once.
    if (hasCode(error, 'AWS_ERROR', 'AWS_UNAVAILABLE', 'THROTTLED', 'WRONG_REGION'))
      return { state: 'failed', error };
    throw error;
  }
}

/** The account that must own a bucket, as S3's calls take it: without one nothing is checked. */
export function expecting(owner: string | undefined): { readonly ExpectedBucketOwner?: string } {
  return owner === undefined ? {} : { ExpectedBucketOwner: owner };
}

/** HeadBucket names the Region from any Region's endpoint, so a bucket elsewhere is known and not an error. */
export async function readBucket(aws: Aws, name: string, owner?: string): Promise<Fact<BucketFacts>> {
  const action = 's3:ListBucket';
  return fact(action, async () => {
    const [s3, { HeadBucketCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
    try {
      const command = new HeadBucketCommand({ Bucket: name, ...expecting(owner) });
      const head = await aws.call((options) => s3.send(command, options), { action, resource: name });
      const region = head.BucketRegion ?? (await aws.target()).region.value;
      return { name, region };
    } catch (error) {
      const region = error instanceof S3evtError ? error.aws?.region : undefined;
      if (hasCode(error, 'WRONG_REGION') && region !== undefined) return { name, region };
      throw error;
    }
  });
}

/** `Enabled` or `Suspended`; absent where versioning was never turned on. */
export async function readVersioning(aws: Aws, bucket: string, owner?: string): Promise<Fact<string>> {
  const action = 's3:GetBucketVersioning';
  return fact(action, async () => {
    const [s3, { GetBucketVersioningCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
    const command = new GetBucketVersioningCommand({ Bucket: bucket, ...expecting(owner) });
    return (await aws.call((options) => s3.send(command, options), { action, resource: bucket })).Status;
  });
}

export async function readNotification(
  aws: Aws,
  bucket: string,
  owner?: string,
): Promise<Fact<NotificationDocument>> {
  return fact('s3:GetBucketNotification', () => getNotification(aws, bucket, owner));
}

/** The bucket's notification configuration as a plain document. Throws S3evtError. `owner` is the account that must own the bucket. */
export async function getNotification(
  aws: Aws,
  bucket: string,
  owner?: string,
): Promise<NotificationDocument> {
  const [s3, { GetBucketNotificationConfigurationCommand }] = await Promise.all([
    aws.s3(),
    import('@aws-sdk/client-s3'),
  ]);
  const input = { Bucket: bucket, ...expecting(owner) };
  const output = await aws.call(
    (options) => s3.send(new GetBucketNotificationConfigurationCommand(input), options),
    {
      action: 's3:GetBucketNotification',
      resource: bucket,
    },
  );
  return documentOf(output);
}

/** A function by name or ARN, without its code. */
export async function readFunction(aws: Aws, name: string): Promise<Fact<FunctionFacts>> {
  const action = 'lambda:GetFunction';
  return fact(action, async () => {
    const [lambda, { GetFunctionCommand }] = await Promise.all([
      aws.lambda(),
      import('@aws-sdk/client-lambda'),
    ]);
    const output = await aws.call(
      (options) => lambda.send(new GetFunctionCommand({ FunctionName: name }), options),
      {
        action,
        resource: name,
      },
    );
    const configuration = output.Configuration;
    if (!configuration) return undefined;
    const plainName = configuration.FunctionName ?? name;
    return {
      name: plainName,
      arn: unqualifiedFunctionArn(configuration.FunctionArn ?? ''),
      runtime: configuration.Runtime,
      roleArn: configuration.Role ?? '',
      // Old functions are answered without a state: they are active.
      state: configuration.State ?? 'Active',
      stateReason: configuration.StateReason,
      logGroup: configuration.LoggingConfig?.LogGroup ?? `/aws/lambda/${plainName}`,
      tags: output.Tags ?? {},
    };
  });
}

/** Text of the resource-based policy of the function, or of one version or alias of it. */
export async function readFunctionPolicy(aws: Aws, name: string, qualifier?: string): Promise<Fact<string>> {
  const action = 'lambda:GetPolicy';
  return fact(action, async () => {
    const [lambda, { GetPolicyCommand }] = await Promise.all([
      aws.lambda(),
      import('@aws-sdk/client-lambda'),
    ]);
    const input = { FunctionName: name, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) };
    const output = await aws.call((options) => lambda.send(new GetPolicyCommand(input), options), {
      action,
      resource: name,
    });
    if (output.Policy !== undefined && parsePolicy(output.Policy) === undefined) {
      throw new S3evtError('AWS_ERROR', `the resource-based policy of ${name} cannot be read`);
    }
    return output.Policy;
  });
}

/** The role with its tags, and the names of its inline policies: two reads at once. */
export async function readRole(aws: Aws, name: string): Promise<Fact<RoleFacts>> {
  const load = () => Promise.all([aws.iam(), import('@aws-sdk/client-iam')]);
  const [role, policies] = await Promise.all([
    fact('iam:GetRole', async () => {
      const [iam, { GetRoleCommand }] = await load();
      const command = new GetRoleCommand({ RoleName: name });
      const what = { action: 'iam:GetRole', resource: name };
      return (await aws.call((options) => iam.send(command, options), what)).Role;
    }),
    fact('iam:ListRolePolicies', async () => {
      const [iam, { ListRolePoliciesCommand }] = await load();
      const command = new ListRolePoliciesCommand({ RoleName: name });
      const what = { action: 'iam:ListRolePolicies', resource: name };
      return (await aws.call((options) => iam.send(command, options), what)).PolicyNames;
    }),
  ]);
  if (role.state !== 'known') return role;
  if (policies.state === 'denied' || policies.state === 'failed') return policies;
  return known({
    name,
    arn: role.value.Arn ?? '',
    tags: Object.fromEntries((role.value.Tags ?? []).map((tag) => [tag.Key ?? '', tag.Value ?? ''])),
    inlinePolicies: policies.state === 'known' ? policies.value : [],
  });
}

/** The log group. Its tags are read only when it has no retention, which those of s3evt have. */
export async function readLogGroup(aws: Aws, group: string): Promise<Fact<LogGroupFacts>> {
  const action = 'logs:DescribeLogGroups';
  return fact(action, async () => {
    const [logs, { DescribeLogGroupsCommand }] = await Promise.all([
      aws.logs(),
      import('@aws-sdk/client-cloudwatch-logs'),
    ]);
    const output = await aws.call(
      // Groups come in the order of their names, so the one of this very name is the first with this prefix.
      (options) => logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: group, limit: 1 }), options),
      { action, resource: group },
    );
    const [first] = output.logGroups ?? [];
    if (first?.logGroupName !== group) return undefined;
    const arn = first.logGroupArn ?? first.arn?.replace(/:\*$/, '') ?? group;
    if (first.retentionInDays !== undefined) return { arn, unfinished: false };
    const tags = await readLogGroupTags(aws, { group, arn });
    return { arn, unfinished: tags.state === 'known' && isOurs(tags.value) };
  });
}

export async function readLogGroupTags(
  aws: Aws,
  { group, arn }: { readonly group: string; readonly arn: string },
): Promise<Fact<Readonly<Record<string, string>>>> {
  const action = 'logs:ListTagsForResource';
  return fact(action, async () => {
    const [logs, { ListTagsForResourceCommand }] = await Promise.all([
      aws.logs(),
      import('@aws-sdk/client-cloudwatch-logs'),
    ]);
    const command = new ListTagsForResourceCommand({ resourceArn: arn });
    const output = await aws.call((options) => logs.send(command, options), { action, resource: group });
    return output.tags ?? {};
  });
}
