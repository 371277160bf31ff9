/** One upload on its way through every kind of destination, by the real SDK: S3 -> … -> what a consumer sees. */
import {
  CreateLogGroupCommand,
  FilterLogEventsCommand,
  PutResourcePolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { AddPermissionCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import {
  CreateTopicCommand,
  SetTopicAttributesCommand,
  SNSClient,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PRINTING_HANDLERS } from '../support/function-code.ts';
import { createFunction } from '../support/pipeline.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

let sandbox: TestSandbox;
let sqs: SQSClient;
let sns: SNSClient;
let events: EventBridgeClient;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  const settings = {
    endpoint: sandbox.url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
  };
  [sqs, sns, events] = [new SQSClient(settings), new SNSClient(settings), new EventBridgeClient(settings)];
});
afterAll(async () => {
  for (const client of [sqs, sns, events]) client.destroy();
  await sandbox.close();
});

const ACCOUNT = '000000000000';
const arnOf = (service: string, name: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${name}`;

function admits(service: string, action: string, resource: string, sourceArn: string): string {
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: service },
        Action: action,
        Resource: resource,
        Condition: { ArnLike: { 'aws:SourceArn': sourceArn } },
      },
    ],
  });
}

/** A queue that admits one service for one source. Resolves with its URL. */
async function queue(name: string, service: string, sourceArn: string): Promise<string> {
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: name }));
  const Policy = admits(service, 'sqs:SendMessage', arnOf('sqs', name), sourceArn);
  await sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  return QueueUrl!;
}

async function topic(name: string, bucket: string): Promise<string> {
  const { TopicArn } = await sns.send(new CreateTopicCommand({ Name: name }));
  const AttributeValue = admits('s3.amazonaws.com', 'sns:Publish', TopicArn!, `arn:aws:s3:::${bucket}`);
  await sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
  return TopicArn!;
}

async function printer(name: string, service: string, SourceArn: string): Promise<string> {
  const arn = await createFunction(sandbox, name, PRINTING_HANDLERS.node);
  await sandbox.lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 'source',
      Action: 'lambda:InvokeFunction',
      Principal: service,
      SourceArn,
    }),
  );
  return arn;
}

async function configure(bucket: string, NotificationConfiguration: NotificationConfiguration) {
  await sandbox.s3.send(
    new PutBucketNotificationConfigurationCommand({ Bucket: bucket, NotificationConfiguration }),
  );
}

/** The next message of a queue that is no test event, as text. Long polling waits for it. */
async function nextMessage(QueueUrl: string): Promise<string> {
  for (;;) {
    const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 10 }));
    const body = Messages[0]?.Body;
    if (body === undefined) throw new Error('no message came');
    if (!body.includes('s3:TestEvent')) return body;
  }
}

const EVENTS = ['s3:ObjectCreated:*' as const];
const put = (Bucket: string, Key = 'in/a b.txt') =>
  sandbox.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));

interface Message {
  Records: { eventName: string; s3: { object: { key: string } } }[];
}

describe('S3 ->', () => {
  test('queue', async () => {
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'to-queue' }));
    const url = await queue('plain', 's3.amazonaws.com', 'arn:aws:s3:::to-queue');
    await configure('to-queue', {
      QueueConfigurations: [{ QueueArn: arnOf('sqs', 'plain'), Events: EVENTS }],
    });
    await put('to-queue');
    const { Records } = JSON.parse(await nextMessage(url)) as Message;
    expect(Records).toHaveLength(1);
    expect(Records[0]).toMatchObject({
      eventName: 'ObjectCreated:Put',
      s3: { object: { key: 'in/a+b.txt' } },
    });
  });

  test('topic -> queue, and topic -> function', async () => {
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'to-topic' }));
    const TopicArn = await topic('news', 'to-topic');
    const url = await queue('subscriber', 'sns.amazonaws.com', TopicArn);
    await configure('to-topic', { TopicConfigurations: [{ TopicArn, Events: EVENTS }] });
    const functionArn = await printer('reader', 'sns.amazonaws.com', TopicArn);
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arnOf('sqs', 'subscriber') }));
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'lambda', Endpoint: functionArn }));
    await put('to-topic');
    const envelope = JSON.parse(await nextMessage(url)) as { Type: string; Subject: string; Message: string };
    expect(envelope).toMatchObject({ Type: 'Notification', Subject: 'Amazon S3 Notification', TopicArn });
    expect((JSON.parse(envelope.Message) as Message).Records[0]?.eventName).toBe('ObjectCreated:Put');
    await sandbox.idle();
    expect(sandbox.journal.entries()).toContainEqual(
      expect.objectContaining({ type: 'invocation', functionName: 'reader' }),
    );
  });

  test('EventBridge -> queue, function and log group', async () => {
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'to-bus' }));
    await configure('to-bus', { EventBridgeConfiguration: {} });
    const pattern = {
      source: ['aws.s3'],
      detail: { bucket: { name: ['to-bus'] }, object: { key: [{ prefix: 'in/' }] } },
    };
    const { RuleArn } = await events.send(
      new PutRuleCommand({ Name: 'all', EventPattern: JSON.stringify(pattern) }),
    );
    const url = await queue('bus', 'events.amazonaws.com', RuleArn!);
    const functionArn = await printer('bus-reader', 'events.amazonaws.com', RuleArn!);
    await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName: '/aws/events/all' }));
    const { FailedEntryCount } = await events.send(
      new PutTargetsCommand({
        Rule: 'all',
        Targets: [
          { Id: 'queue', Arn: arnOf('sqs', 'bus') },
          { Id: 'function', Arn: functionArn },
          { Id: 'log', Arn: arnOf('logs', 'log-group:/aws/events/all') },
        ],
      }),
    );
    expect(FailedEntryCount).toBe(0);
    await put('to-bus', 'in/before the log admits it.txt');
    await nextMessage(url);
    await sandbox.idle();
    const inLog = async () => {
      const { events: lines = [] } = await sandbox.logs.send(
        new FilterLogEventsCommand({ logGroupName: '/aws/events/all' }),
      );
      return lines.map(({ message }) => JSON.parse(message ?? '') as unknown);
    };
    expect(await inLog()).toEqual([]);
    expect(sandbox.journal.entries()).toContainEqual(
      expect.objectContaining({
        type: 'delivery',
        outcome: 'refused',
        destination: arnOf('logs', 'log-group:/aws/events/all'),
        reason:
          'the log group does not admit events.amazonaws.com (logs:CreateLogStream): it has no resource policy',
      }),
    );
    await sandbox.logs.send(
      new PutResourcePolicyCommand({
        policyName: 'TrustEventsToStoreLogEvents',
        policyDocument: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            {
              Effect: 'Allow',
              Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
              Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
              Resource: arnOf('logs', 'log-group:/aws/events/*:*'),
            },
          ],
        }),
      }),
    );
    await put('to-bus', 'out/ignored.txt');
    await put('to-bus');
    const event: unknown = JSON.parse(await nextMessage(url));
    expect(event).toMatchObject({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: { bucket: { name: 'to-bus' }, object: { key: 'in/a b.txt' }, reason: 'PutObject' },
    });
    await sandbox.idle();
    expect(sandbox.journal.entries()).toContainEqual(
      expect.objectContaining({ type: 'invocation', functionName: 'bus-reader' }),
    );
    expect(await inLog()).toEqual([event]);
  });
});

describe('a destination that does not admit S3 is refused, by name', () => {
  test.each([
    ['queue that is missing', 'sqs', 'The destination queue does not exist'],
    [
      'topic that is missing',
      'sns',
      'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
    ],
  ])('%s', async (_what, service, value) => {
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: `shut-${service}` }));
    const arn = arnOf(service, 'nobody');
    const configuration =
      service === 'sqs'
        ? { QueueConfigurations: [{ QueueArn: arn, Events: EVENTS }] }
        : { TopicConfigurations: [{ TopicArn: arn, Events: EVENTS }] };
    await expect(configure(`shut-${service}`, configuration)).rejects.toMatchObject({
      name: 'InvalidArgument',
      message: 'Unable to validate the following destination configurations',
      ArgumentName1: arn,
      ArgumentValue1: value,
    });
  });

  test('queue whose policy admits another bucket only', async () => {
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'other-bucket' }));
    await queue('guarded', 's3.amazonaws.com', 'arn:aws:s3:::somebody-elses');
    const QueueArn = arnOf('sqs', 'guarded');
    await expect(
      configure('other-bucket', { QueueConfigurations: [{ QueueArn, Events: EVENTS }] }),
    ).rejects.toMatchObject({
      ArgumentName1: QueueArn,
      ArgumentValue1:
        'Permissions on the destination queue do not allow S3 to publish notifications from this bucket',
    });
  });
});
