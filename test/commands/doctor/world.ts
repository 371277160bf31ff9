/** Buckets that work, for tests that break them: made through the SDK, as somebody else than s3evt would. */
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  PublishVersionCommand,
} from '@aws-sdk/client-lambda';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import type { NotificationDocument } from '../../../src/core/notification.ts';
import { putNotification } from '../../support/foreign.ts';
import { PRINTING_HANDLERS, type FunctionCode } from '../../support/function-code.ts';
import { createFunction } from '../../support/pipeline.ts';
import type { TestClients } from '../../support/test-clients.ts';

export const BUCKET = 'photos';
export const BUCKET_ARN = `arn:aws:s3:::${BUCKET}`;
export const ACCOUNT = '000000000000';
export const REGION = 'us-east-1';
export const fnArn = (name = 'thumbs') => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
export const queueArn = (name = 'jobs') => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const topicArn = (name = 'uploads') => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
export const ruleArn = (name = 'all-objects') => `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;
export const queueUrl = (endpoint: string, name = 'jobs') => `${endpoint}/${ACCOUNT}/${name}`;

/** A policy of one statement that admits a service for a source. */
export function admits(service: string, Action: string, Resource: string, sourceArn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'sender',
        Effect: 'Allow',
        Principal: { Service: service },
        Action,
        Resource,
        Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
      },
    ],
  });
}

/** The permission for S3, as the console gives it. */
export async function permitS3(
  { lambda }: Pick<TestClients, 'lambda'>,
  name = 'thumbs',
  Qualifier?: string,
): Promise<void> {
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      Qualifier,
      StatementId: 'from-s3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: BUCKET_ARN,
      SourceAccount: ACCOUNT,
    }),
  );
}

export const lambdaRule = (over: object = {}) => ({
  Id: 'thumbs',
  LambdaFunctionArn: fnArn(),
  Events: ['s3:ObjectCreated:*'],
  ...over,
});

export const filterOf = (filter: { readonly prefix?: string; readonly suffix?: string }) => ({
  Filter: { Key: { FilterRules: Object.entries(filter).map(([Name, Value]) => ({ Name, Value })) } },
});

/** Puts the document as it is: AWS checks it as it checks everybody's. */
export async function put(clients: TestClients, document: NotificationDocument): Promise<void> {
  await putNotification(clients, BUCKET, document as never);
}

/** S3 -> function. */
export async function directFunction(
  clients: TestClients,
  code: FunctionCode = PRINTING_HANDLERS.node,
): Promise<void> {
  await createFunction(clients, 'thumbs', code);
  await permitS3(clients);
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(clients, { LambdaFunctionConfigurations: [lambdaRule()] });
}

/** S3 -> alias `live` of a function, which has the permission, and leads to version 1. */
export async function aliasedFunction(clients: TestClients): Promise<void> {
  await directFunction(clients);
  const { Version } = await clients.lambda.send(new PublishVersionCommand({ FunctionName: 'thumbs' }));
  await clients.lambda.send(
    new CreateAliasCommand({ FunctionName: 'thumbs', Name: 'live', FunctionVersion: Version }),
  );
  await permitS3(clients, 'thumbs', 'live');
  await put(clients, {
    LambdaFunctionConfigurations: [lambdaRule({ LambdaFunctionArn: `${fnArn()}:live` })],
  });
}

/** The role of a function that `createFunction` made may read queues too. */
export async function allowQueue({ iam }: TestClients, name = 'thumbs', queue = 'jobs'): Promise<void> {
  const Action = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
  const Statement = [{ Effect: 'Allow', Action, Resource: queueArn(queue) }];
  await iam.send(
    new PutRolePolicyCommand({
      RoleName: `${name}-role`,
      PolicyName: 'queue',
      PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
    }),
  );
}

export async function createQueue(
  { sqs }: TestClients,
  name = 'jobs',
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  const Policy = admits('s3.amazonaws.com', 'sqs:SendMessage', queueArn(name), BUCKET_ARN);
  await sqs.send(
    new CreateQueueCommand({
      QueueName: name,
      Attributes: { Policy, VisibilityTimeout: '180', ...attributes },
    }),
  );
}

/** S3 -> queue -> function, or the queue alone. */
export async function queueChain(clients: TestClients, withFunction = true): Promise<void> {
  await createQueue(clients);
  if (withFunction) {
    await createFunction(clients, 'thumbs', PRINTING_HANDLERS.node);
    await allowQueue(clients);
    await clients.lambda.send(
      new CreateEventSourceMappingCommand({
        FunctionName: 'thumbs',
        EventSourceArn: queueArn(),
        BatchSize: 1,
      }),
    );
  }
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(clients, {
    QueueConfigurations: [{ Id: 'jobs', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
  });
}

/** S3 -> topic -> function. */
export async function topicChain(clients: TestClients): Promise<void> {
  await createFunction(clients, 'thumbs', PRINTING_HANDLERS.node);
  const Policy = admits('s3.amazonaws.com', 'sns:Publish', topicArn(), BUCKET_ARN);
  await clients.sns.send(new CreateTopicCommand({ Name: 'uploads', Attributes: { Policy } }));
  await clients.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'thumbs',
      StatementId: 'from-topic',
      Action: 'lambda:InvokeFunction',
      Principal: 'sns.amazonaws.com',
      SourceArn: topicArn(),
    }),
  );
  await clients.sns.send(
    new SubscribeCommand({ TopicArn: topicArn(), Protocol: 'lambda', Endpoint: fnArn() }),
  );
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(clients, {
    TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
}

export const pattern = (over: object = {}) =>
  JSON.stringify({
    source: ['aws.s3'],
    'detail-type': ['Object Created'],
    detail: { bucket: { name: [BUCKET] } },
    ...over,
  });

/** S3 -> EventBridge -> function. */
export async function busChain(clients: TestClients): Promise<void> {
  await createFunction(clients, 'thumbs', PRINTING_HANDLERS.node);
  await clients.events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern() }));
  await clients.events.send(
    new PutTargetsCommand({ Rule: 'all-objects', Targets: [{ Id: 'fn', Arn: fnArn() }] }),
  );
  await clients.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'thumbs',
      StatementId: 'from-events',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: ruleArn(),
    }),
  );
  await clients.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(clients, { EventBridgeConfiguration: {} });
}
