/** What rows work with. All of it is removed with the target. */
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type CreateBucketCommandInput,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import {
  AttachRolePolicyCommand,
  CreateRoleCommand,
  DeleteRoleCommand,
  DetachRolePolicyCommand,
} from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
} from '@aws-sdk/client-lambda';
import { CreateTopicCommand, DeleteTopicCommand, SetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand, GetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { DeleteLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { expect } from 'vitest';
import { LAMBDA_TRUST, PRINTING_HANDLERS } from '../../support/function-code.ts';
import { eventually, type Clients, type Target } from './target.ts';

/** Who may send to a queue or publish to a topic: a service, for this account's or one resource's sake. */
export interface Admitted {
  /** `s3.amazonaws.com` */
  readonly service: string;
  /** Any of the account when absent. */
  readonly sourceArn?: string;
}

export const BY_S3: Admitted = { service: 's3.amazonaws.com' };

/** A resource-based policy with one statement. */
export function admitting(
  t: Target,
  { service, sourceArn }: Admitted,
  action: string,
  resource: string,
): string {
  const Condition =
    sourceArn === undefined
      ? { StringEquals: { 'aws:SourceAccount': t.account } }
      : { ArnLike: { 'aws:SourceArn': sourceArn } };
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: service }, Action: action, Resource: resource, Condition },
    ],
  });
}

export interface BucketOptions extends Partial<CreateBucketCommandInput> {
  /** Waits until versioning shows in answers. */
  readonly versioned?: boolean;
}

export async function bucket(t: Target, options: BucketOptions = {}, clients: Clients = t): Promise<string> {
  const { versioned = false, ...input } = options;
  const Bucket = input.Bucket ?? t.name('b');
  await clients.s3.send(new CreateBucketCommand({ Bucket, ...input }));
  t.cleanUp(() => removeBucket(clients, Bucket));
  if (versioned) {
    await clients.s3.send(
      new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
    );
    await eventually(async () => {
      const { VersionId } = await clients.s3.send(
        new PutObjectCommand({ Bucket, Key: 'versioned?', Body: 'x' }),
      );
      expect(VersionId).toBeDefined();
    });
  }
  return Bucket;
}

async function removeBucket({ s3 }: Clients, Bucket: string): Promise<void> {
  await configure({ s3 }, Bucket, {});
  const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
  for (const { Key, UploadId } of Uploads) {
    await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
  }
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
    const found = [...Versions, ...DeleteMarkers];
    if (found.length === 0) break;
    for (const { Key, VersionId } of found) await removeVersion({ s3 }, { Bucket, Key, VersionId });
  }
  await s3.send(new DeleteBucketCommand({ Bucket }));
}

/** Rows lock objects in governance mode only, so that this can undo it; in other buckets S3 refuses the header. */
async function removeVersion(
  { s3 }: Pick<Clients, 's3'>,
  version: { Bucket: string; Key: string | undefined; VersionId: string | undefined },
): Promise<void> {
  const bypassed = new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true });
  await s3.send(bypassed).catch(() => s3.send(new DeleteObjectCommand(version)));
}

/** Puts the notification document; asks again while a fresh permission may not have been seen yet. */
export async function configure(
  { s3 }: Pick<Clients, 's3'>,
  Bucket: string,
  NotificationConfiguration: NotificationConfiguration,
): Promise<void> {
  const put = new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration });
  await eventually(() => s3.send(put), isUnableToValidate);
}

const isUnableToValidate = (error: unknown) =>
  error instanceof Error && error.message.startsWith('Unable to validate');
const isNotAssumable = (error: unknown) =>
  error instanceof Error && error.message.includes('cannot be assumed');

export interface QueueRef {
  readonly url: string;
  readonly arn: string;
  readonly name: string;
}

/** A queue; without `admits` it has no policy. */
export async function queue(
  t: Target,
  options: {
    readonly admits?: Admitted;
    readonly attributes?: Record<string, string>;
    readonly fifo?: boolean;
  } = {},
  clients: Clients = t,
): Promise<QueueRef> {
  const name = `${t.name('q')}${options.fifo ? '.fifo' : ''}`;
  const region = await clients.sqs.config.region();
  const Policy =
    options.admits &&
    admitting(t, options.admits, 'sqs:SendMessage', `arn:${t.partition}:sqs:${region}:${t.account}:${name}`);
  const { QueueUrl: url = '' } = await clients.sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: {
        ...(options.fifo && { FifoQueue: 'true' }),
        ...(Policy !== undefined && { Policy }),
        ...options.attributes,
      },
    }),
  );
  t.cleanUp(() => clients.sqs.send(new DeleteQueueCommand({ QueueUrl: url })));
  const { Attributes } = await clients.sqs.send(
    new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['QueueArn'] }),
  );
  return { url, name, arn: Attributes?.QueueArn ?? '' };
}

/** A topic; without `admits` it has the default policy, which admits its owner alone. Resolves with its ARN. */
export async function topic(
  t: Target,
  options: { readonly admits?: Admitted; readonly fifo?: boolean } = {},
): Promise<string> {
  const { TopicArn = '' } = await t.sns.send(
    new CreateTopicCommand({
      Name: `${t.name('t')}${options.fifo ? '.fifo' : ''}`,
      ...(options.fifo && { Attributes: { FifoTopic: 'true' } }),
    }),
  );
  t.cleanUp(() => t.sns.send(new DeleteTopicCommand({ TopicArn })));
  if (options.admits) {
    const AttributeValue = admitting(t, options.admits, 'sns:Publish', TopicArn);
    await t.sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
  }
  return TopicArn;
}

const BASIC_EXECUTION = 'service-role/AWSLambdaBasicExecutionRole';

/** A role that Lambda can assume and that may write logs. Resolves with its ARN. */
export async function executionRole(t: Target): Promise<string> {
  const RoleName = t.name('role');
  const { Role } = await t.iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: LAMBDA_TRUST }),
  );
  t.cleanUp(() => t.iam.send(new DeleteRoleCommand({ RoleName })));
  const PolicyArn = `arn:${t.partition}:iam::aws:policy/${BASIC_EXECUTION}`;
  await t.iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  t.cleanUp(() => t.iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  return Role?.Arn ?? '';
}

export interface FunctionRef {
  readonly name: string;
  readonly arn: string;
}

/** An active function, by default one that prints the events it gets; with a role of its own unless `input` names one. */
export async function lambdaFunction(
  t: Target,
  input: Partial<CreateFunctionCommandInput> = {},
): Promise<FunctionRef> {
  const name = input.FunctionName ?? t.name('f');
  const Role = input.Role ?? (await executionRole(t));
  // Lambda cannot assume a new role at once.
  const { FunctionArn = '' } = await eventually(
    () =>
      t.lambda.send(
        new CreateFunctionCommand({
          Timeout: 30,
          ...PRINTING_HANDLERS.node,
          ...input,
          Role,
          FunctionName: name,
        }),
      ),
    isNotAssumable,
  );
  // Lambda makes it, and leaves it.
  t.cleanUp(() => t.logs.send(new DeleteLogGroupCommand({ logGroupName: `/aws/lambda/${name}` })));
  t.cleanUp(() => t.lambda.send(new DeleteFunctionCommand({ FunctionName: name })));
  await waitUntilFunctionActiveV2({ client: t.lambda, maxWaitTime: 300 }, { FunctionName: name });
  return { name, arn: FunctionArn };
}
