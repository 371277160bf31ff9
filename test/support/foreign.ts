import { GetRoleCommand, ListRoleTagsCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateFunctionCommand,
  GetFunctionCommand,
  GetPolicyCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueUrlCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { documentOf } from '../../src/aws/notification-codec.ts';
import type { NotificationDocument } from '../../src/core/notification.ts';
import { PRINTING_HANDLERS } from './function-code.ts';
import { createExecutionRole } from './pipeline.ts';
import type { TestClients } from './test-clients.ts';

/** What others than s3evt made: through the SDK, with tags of their own. */

/** A function with a role of its own and, if named, an alias for its first version. Returns its ARN without a qualifier. */
export async function foreignFunction(clients: TestClients, name: string, alias?: string): Promise<string> {
  const { lambda } = clients;
  const Role = await createExecutionRole(clients, `${name}-execution`, [{ Key: 'team', Value: 'media' }]);
  const { FunctionArn = '' } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role,
      Timeout: 30,
      Tags: { team: 'media' },
      ...PRINTING_HANDLERS.node,
    }),
  );
  if (alias !== undefined) {
    const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName: name }));
    await lambda.send(new CreateAliasCommand({ FunctionName: name, Name: alias, FunctionVersion: Version }));
  }
  return FunctionArn;
}

/** Everything of such a function that s3evt must not touch; its resource-based policy aside. */
export async function foreignState({ iam, lambda }: TestClients, name: string): Promise<unknown> {
  const role = { RoleName: `${name}-execution` };
  const [fn, made, tags] = await Promise.all([
    lambda.send(new GetFunctionCommand({ FunctionName: name })),
    iam.send(new GetRoleCommand(role)),
    iam.send(new ListRoleTagsCommand(role)),
  ]);
  return { configuration: fn.Configuration, tags: fn.Tags, role: made.Role, roleTags: tags.Tags };
}

/** Statement ids of a resource-based policy; none when there is no policy. */
export async function statementIds(
  { lambda }: TestClients,
  name: string,
  qualifier?: string,
): Promise<string[]> {
  try {
    const { Policy = '{}' } = await lambda.send(
      new GetPolicyCommand({ FunctionName: name, Qualifier: qualifier }),
    );
    return (JSON.parse(Policy) as { Statement: { Sid: string }[] }).Statement.map(({ Sid }) => Sid);
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return [];
    throw error;
  }
}

/** Lets every bucket of the account invoke the function. */
export async function admitS3({ lambda }: TestClients, name: string): Promise<void> {
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 'any-bucket',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceAccount: '000000000000',
    }),
  );
}

const admitting = (Action: string, Resource: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'any-bucket',
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action,
        Resource,
        Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } },
      },
    ],
  });

/** A queue that every bucket of the account may send to. Returns its ARN. */
export async function foreignQueue(
  { sqs }: TestClients,
  name: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
  const Attributes = { Policy: admitting('sqs:SendMessage', arn), ...attributes };
  await sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  return arn;
}

/** A topic that every bucket of the account may send to. Returns its ARN. */
export async function foreignTopic({ sns }: TestClients, name: string): Promise<string> {
  const Policy = admitting('sns:Publish', `arn:aws:sns:us-east-1:000000000000:${name}`);
  const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: name, Attributes: { Policy } }));
  return TopicArn;
}

/** From now on nobody may send to the queue: S3 refuses every document that names it. */
export async function shutQueue({ sqs }: TestClients, name: string): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: '' } }));
}

export async function deleteQueue({ sqs }: TestClients, name: string): Promise<void> {
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: name }));
  await sqs.send(new DeleteQueueCommand({ QueueUrl }));
}

export async function notificationOf({ s3 }: TestClients, bucket: string): Promise<NotificationDocument> {
  return documentOf(await s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket })));
}

export async function putNotification(
  { s3 }: TestClients,
  bucket: string,
  NotificationConfiguration: NotificationConfiguration,
): Promise<void> {
  await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }));
}
