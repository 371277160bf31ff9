/** test-upload for queues, topics and EventBridge, with one function for all that has one behind it. */
import { PutRuleCommand, PutTargetsCommand, ListRulesCommand } from '@aws-sdk/client-eventbridge';
import { AddPermissionCommand, CreateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  ListObjectVersionsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketOwnershipControlsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type Event as S3EventName,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateTopicCommand,
  ListSubscriptionsByTopicCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestUploadResult } from '../../src/commands/test-upload.ts';
import { zipOf } from '../support/function-code.ts';
import { requestsOf } from '../support/journal.ts';
import { createFunction } from '../support/pipeline.ts';
import { envelopeOf, runCli, startCli, type CliResult } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const REGION = 'us-east-1';
const ACCOUNT = '000000000000';
const CREATED: S3EventName[] = ['s3:ObjectCreated:*'];
const FN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:reader`;

let sandbox: TestSandbox;
let made = 0;

beforeAll(async () => {
  sandbox = await startTestSandbox();
  await createFunction(sandbox, 'reader', {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf('app.mjs', 'export const handler = async (e) => console.log(JSON.stringify(e));'),
    },
  });
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }],
  });
  await sandbox.iam.send(
    new PutRolePolicyCommand({ RoleName: 'reader-role', PolicyName: 'read-queues', PolicyDocument }),
  );
  for (const service of ['sns', 'events']) {
    await sandbox.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'reader',
        StatementId: service,
        Action: 'lambda:InvokeFunction',
        Principal: `${service}.amazonaws.com`,
      }),
    );
  }
});
afterAll(() => sandbox.close());

function policyFor(service: string, action: string, resource: string): string {
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: action, Resource: resource };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

async function queue(service = 's3.amazonaws.com', more: Record<string, string> = {}): Promise<string> {
  const name = `jobs-${++made}`;
  const arn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  const Attributes = { Policy: policyFor(service, 'sqs:SendMessage', arn), ...more };
  await sandbox.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes }));
  return arn;
}

async function topic(): Promise<string> {
  const { TopicArn = '' } = await sandbox.sns.send(new CreateTopicCommand({ Name: `alerts-${++made}` }));
  const AttributeValue = policyFor('s3.amazonaws.com', 'sns:Publish', TopicArn);
  await sandbox.sns.send(
    new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }),
  );
  return TopicArn;
}

const urlOf = (arn: string) => `${sandbox.url}/${ACCOUNT}/${arn.split(':').at(-1) ?? ''}`;

async function bucket(configuration: NotificationConfiguration, versioned = false): Promise<string> {
  const Bucket = `bucket-${++made}`;
  await sandbox.s3.send(new CreateBucketCommand({ Bucket }));
  if (versioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await sandbox.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  await configure(Bucket, configuration);
  return Bucket;
}

async function configure(
  Bucket: string,
  NotificationConfiguration: NotificationConfiguration,
): Promise<void> {
  await sandbox.s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));
}

const toQueue = (QueueArn: string, Events = CREATED) => ({
  QueueConfigurations: [{ Id: 'jobs', QueueArn, Events }],
});
const toTopic = (TopicArn: string) => ({
  TopicConfigurations: [{ Id: 'alerts', TopicArn, Events: CREATED }],
});

/** Each with a lifetime of its own: a tap's name has its second, and a queue's name may not come again within a minute. */
const patience = () => ['--timeout', `${5 + ++made}s`];

const upload = (name: string, ...flags: string[]): Promise<CliResult> =>
  runCli(['test-upload', '--bucket', name, '--json', ...patience(), ...flags], { endpoint: sandbox.url });

function dataOf(result: CliResult): TestUploadResult {
  return envelopeOf(result).data;
}

async function arrived(name: string, ...flags: string[]): Promise<TestUploadResult> {
  const result = await upload(name, ...flags);
  expect(result.code, result.stdout + result.stderr).toBe(0);
  return dataOf(result);
}

async function receive(arn: string) {
  const command = new ReceiveMessageCommand({
    QueueUrl: urlOf(arn),
    MaxNumberOfMessages: 10,
    MessageSystemAttributeNames: ['ApproximateReceiveCount'],
  });
  return (await sandbox.sqs.send(command)).Messages ?? [];
}

/** Nothing of a tap is there any more. */
async function expectNoTap(): Promise<void> {
  const { QueueUrls = [] } = await sandbox.sqs.send(new ListQueuesCommand({ QueueNamePrefix: 's3evt-tap-' }));
  expect(QueueUrls).toEqual([]);
  const { Rules = [] } = await sandbox.events.send(new ListRulesCommand({ NamePrefix: 's3evt-tap-' }));
  expect(Rules).toEqual([]);
}

describe('a queue', () => {
  it('that nobody reads is counted, and its messages are not received', async () => {
    const arn = await queue();
    const name = await bucket(toQueue(arn));
    sandbox.journal.clear();
    const { deliveries } = await arrived(name);
    expect(deliveries).toMatchObject([
      {
        ruleId: 'jobs',
        destination: { kind: 'sqs', arn },
        consumer: null,
        via: 'counter',
        status: 'delivered',
        latencyMs: expect.any(Number) as number,
        record: null,
        logGroup: null,
      },
    ]);
    expect(requestsOf(sandbox)).not.toContain('sqs.ReceiveMessage');
    // The test event that S3 sends when a configuration is put, and ours.
    expect((await receive(arn)).map(({ Attributes }) => Attributes?.['ApproximateReceiveCount'])).toEqual([
      '1',
      '1',
    ]);
  });

  it('is counted for each of --count 5', async () => {
    const name = await bucket(toQueue(await queue()));
    const { uploads = [] } = await arrived(name, '--count', '5');
    expect(uploads.map(({ deliveries }) => deliveries[0]?.status)).toEqual(Array(5).fill('delivered'));
  });

  it('that S3 may no longer send to is missing: exit 3', async () => {
    const arn = await queue();
    const name = await bucket(toQueue(arn));
    const Attributes = { Policy: '' };
    await sandbox.sqs.send(new SetQueueAttributesCommand({ QueueUrl: urlOf(arn), Attributes }));
    const result = await upload(name, '--timeout', '300ms');
    expect(result.code).toBe(3);
    expect(dataOf(result).deliveries).toMatchObject([
      { via: 'counter', status: 'missing', detail: expect.stringContaining('did not rise') as string },
    ]);
    const human = await runCli(['test-upload', '--bucket', name, '--timeout', '300ms'], {
      endpoint: sandbox.url,
    });
    expect(human.stdout).toContain('the event was not seen: rule jobs');
  });

  it('is looked into with --peek once the risk was shown, and its messages are given back', async () => {
    const deadLetters = await queue();
    const arn = await queue('s3.amazonaws.com', {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: deadLetters, maxReceiveCount: 7 }),
    });
    const name = await bucket(toQueue(arn));
    const unasked = await upload(name, '--peek');
    expect(unasked.code).toBe(2);
    expect(envelopeOf(unasked).error).toMatchObject({ code: 'CONFIRMATION_REQUIRED' });
    const { key, deliveries } = await arrived(name, '--peek', '--yes');
    expect(deliveries).toMatchObject([
      { via: 'peek', status: 'delivered', record: { key, configurationId: 'jobs', via: ['sqs'] } },
    ]);
    const human = await runCli(['test-upload', '--bucket', name, '--peek', '--yes'], {
      endpoint: sandbox.url,
    });
    expect(human.stderr).toContain('moves a message away after 7 receives');
    const messages = await receive(arn);
    expect(messages).toHaveLength(3);
  });

  it('with a function behind it: that log is followed', async () => {
    const arn = await queue();
    const mapping = { FunctionName: 'reader', EventSourceArn: arn };
    await sandbox.lambda.send(new CreateEventSourceMappingCommand(mapping));
    const name = await bucket(toQueue(arn));
    const { key, deliveries } = await arrived(name);
    expect(deliveries).toMatchObject([
      {
        ruleId: 'jobs',
        destination: { kind: 'sqs', arn },
        consumer: { kind: 'lambda', arn: FN },
        via: 'log',
        status: 'delivered',
        record: { key, via: ['sqs'] },
        logGroup: '/aws/lambda/reader',
        invocation: 'ok',
      },
    ]);
    await expectNoTap();
  });
});

describe('a topic', () => {
  it('is tapped by a subscription that is named before and gone after', async () => {
    const arn = await topic();
    const name = await bucket(toTopic(arn));
    const result = await runCli(['test-upload', '--bucket', name, ...patience()], {
      endpoint: sandbox.url,
    });
    expect(result, result.stderr).toMatchObject({ code: 0 });
    expect(result.stderr).toContain(`a subscription of that queue to ${arn}`);
    expect(result.stdout).toContain('seen by the tap');
    const { key, deliveries } = await arrived(name);
    expect(deliveries).toMatchObject([
      { ruleId: 'alerts', via: 'tap', status: 'delivered', record: { key, configurationId: 'alerts' } },
    ]);
    await expectNoTap();
    const left = await sandbox.sns.send(new ListSubscriptionsByTopicCommand({ TopicArn: arn }));
    expect(left.Subscriptions).toEqual([]);
  });

  it('and its subscribers: a function by its log, a queue by its counters', async () => {
    const arn = await topic();
    const jobs = await queue('sns.amazonaws.com');
    for (const [Protocol, Endpoint] of [
      ['lambda', FN],
      ['sqs', jobs],
    ]) {
      await sandbox.sns.send(new SubscribeCommand({ TopicArn: arn, Protocol, Endpoint }));
    }
    const name = await bucket(toTopic(arn));
    const { key, deliveries } = await arrived(name, '--no-tap');
    expect(deliveries).toHaveLength(2);
    expect(deliveries.find(({ via }) => via === 'log')).toMatchObject({
      consumer: { kind: 'lambda', arn: FN },
      record: { key, via: ['sns'] },
    });
    expect(deliveries.find(({ via }) => via === 'counter')).toMatchObject({
      consumer: { kind: 'sqs', arn: jobs },
      status: 'delivered',
    });
  });

  it('without subscribers and without a tap cannot be watched: nothing is uploaded', async () => {
    const name = await bucket(toTopic(await topic()));
    sandbox.journal.clear();
    const result = await upload(name, '--no-tap');
    expect(result.code).toBe(3);
    expect(envelopeOf(result).error).toMatchObject({ code: 'EVENT_NOT_SEEN' });
    expect(requestsOf(sandbox)).not.toContain('s3.PutObject');
  });

  it('leaves no tap behind after Ctrl-C', async () => {
    const arn = await topic();
    const name = await bucket(toTopic(arn));
    await sandbox.sns.send(
      new SetTopicAttributesCommand({ TopicArn: arn, AttributeName: 'Policy', AttributeValue: denied(arn) }),
    );
    const seq = sandbox.journal.entries().at(-1)?.seq ?? 0;
    const run = startCli(['test-upload', '--bucket', name, '--timeout', '10m'], { endpoint: sandbox.url });
    await sandbox.journal.waitFor(
      (entry) => entry.seq > seq && entry.type === 'request' && entry.operation === 'PutObject',
    );
    run.interrupt();
    expect(await run.code).toBe(130);
    await expectNoTap();
  });
});

/** Lets the account do everything, and S3 nothing. */
function denied(arn: string): string {
  const statement = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'SNS:*',
    Resource: arn,
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

describe('EventBridge', () => {
  const ON = { EventBridgeConfiguration: {} };

  it('without a rule that takes the event is tapped', async () => {
    const name = await bucket(ON);
    const { key, deliveries } = await arrived(name);
    expect(deliveries).toMatchObject([
      {
        ruleId: 'EventBridge',
        destination: { kind: 'eventbridge', arn: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default` },
        via: 'tap',
        status: 'delivered',
        // Its time has whole seconds, which say nothing about so short a way.
        hops: { eventMs: null },
        record: { key, via: ['eventbridge'], eventName: 'ObjectCreated:Put' },
      },
    ]);
    await expectNoTap();
  });

  it('with a function behind a rule that takes the event: that log is followed', async () => {
    const name = await bucket(ON);
    for (const [Name, bucketName] of [
      [`takes-${name}`, name],
      [`other-${name}`, 'another'],
    ] as const) {
      const EventPattern = JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [bucketName] } } });
      await sandbox.events.send(new PutRuleCommand({ Name, EventPattern }));
      await sandbox.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'fn', Arn: FN }] }));
    }
    const { key, deliveries } = await arrived(name);
    expect(deliveries).toMatchObject([
      {
        ruleId: 'EventBridge',
        consumer: { kind: 'lambda', arn: FN },
        via: 'log',
        record: { key, via: ['eventbridge'] },
      },
    ]);
  });

  it('proves beside a queue that S3 sent the event', async () => {
    const arn = await queue();
    const name = await bucket({ ...ON, ...toQueue(arn) });
    const { key, deliveries } = await arrived(name);
    expect(deliveries.find(({ ruleId }) => ruleId === 'jobs')).toMatchObject({
      via: 'counter',
      status: 'delivered',
    });
    expect(deliveries.find(({ ruleId }) => ruleId === 'EventBridge')).toMatchObject({
      via: 'tap',
      record: { key },
    });
    await expectNoTap();
  });
});

describe('an operation', () => {
  const EVENTS: S3EventName[] = [
    's3:ObjectCreated:*',
    's3:ObjectRemoved:*',
    's3:ObjectTagging:*',
    's3:ObjectAcl:Put',
    's3:ObjectAnnotation:*',
    's3:ObjectRestore:*',
  ];

  it.each([
    ['post', 'ObjectCreated:Post'],
    ['untag', 'ObjectTagging:Delete'],
    ['annotate', 'ObjectAnnotation:Put'],
    ['acl', 'ObjectAcl:Put'],
    ['delete-marker', 'ObjectRemoved:DeleteMarkerCreated'],
  ])('%s makes %s, and nothing is left', async (operation, eventName) => {
    const arn = await queue();
    const name = await bucket(toQueue(arn, EVENTS), true);
    const OwnershipControls = { Rules: [{ ObjectOwnership: 'ObjectWriter' as const }] };
    await sandbox.s3.send(new PutBucketOwnershipControlsCommand({ Bucket: name, OwnershipControls }));
    // Only the event of the operation itself, or the put before it would be counted.
    await configure(name, toQueue(arn, [`s3:${eventName}` as S3EventName]));
    const { removed, deliveries } = await arrived(name, '--operation', operation, '--peek', '--yes');
    expect(removed).toBe(true);
    expect(deliveries[0]?.record?.eventName).toBe(eventName);
    const { Versions = [], DeleteMarkers = [] } = await sandbox.s3.send(
      new ListObjectVersionsCommand({ Bucket: name }),
    );
    expect([...Versions, ...DeleteMarkers]).toEqual([]);
  });

  it('is not taken for the put that it begins with', async () => {
    const arn = await queue();
    const name = await bucket(toQueue(arn));
    const { deliveries } = await arrived(name, '--operation', 'copy', '--peek', '--yes');
    expect(deliveries).toMatchObject([{ record: { eventName: 'ObjectCreated:Copy' } }]);
    await arrived(name, '--operation', 'copy');
    const command = new GetQueueAttributesCommand({
      QueueUrl: urlOf(arn),
      AttributeNames: ['ApproximateNumberOfMessages'],
    });
    // A test event, and two events of each copy.
    expect((await sandbox.sqs.send(command)).Attributes?.['ApproximateNumberOfMessages']).toBe('5');
  });

  it('post keeps awkward keys and never replaces an object', async () => {
    const name = await bucket(toQueue(await queue()));
    const key = 'a b+c=%41 é/(x).txt';
    const data = await arrived(name, '--operation', 'post', '--key', key, '--keep', '--peek', '--yes');
    expect(data.deliveries[0]?.record?.key).toBe(key);
    const again = await upload(name, '--operation', 'post', '--key', key);
    expect(again.code).toBe(5);
    expect(envelopeOf(again).error).toMatchObject({ code: 'OBJECT_EXISTS' });
  });

  it('delete-marker needs versions', async () => {
    const name = await bucket(toQueue(await queue(), EVENTS));
    const result = await upload(name, '--operation', 'delete-marker');
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error?.message).toContain('keeps no versions');
  });

  it('acl says that the bucket has them disabled', async () => {
    const name = await bucket(toQueue(await queue(), EVENTS));
    const result = await upload(name, '--operation', 'acl');
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error?.message).toContain('ACLs disabled');
  });

  it('restore is of an archived object, which stays', async () => {
    const name = await bucket(toQueue(await queue(), ['s3:ObjectRestore:*']));
    const put = (Key: string, StorageClass: 'GLACIER' | 'STANDARD') =>
      sandbox.s3.send(new PutObjectCommand({ Bucket: name, Key, Body: 'x', StorageClass }));
    await put('old', 'GLACIER');
    await put('new', 'STANDARD');
    expect((await upload(name, '--operation', 'restore')).code).toBe(2);
    const plain = await upload(name, '--operation', 'restore', '--key', 'new');
    expect(plain.code).toBe(2);
    expect(envelopeOf(plain).error?.message).toContain('is not archived');
    const restored = await arrived(name, '--operation', 'restore', '--key', 'old', '--peek', '--yes');
    expect(restored.removed).toBe(false);
    expect(restored.deliveries[0]?.record?.eventName).toBe('ObjectRestore:Post');
    const again = await upload(name, '--operation', 'restore', '--key', 'old');
    expect(again.code).toBe(2);
    const { Versions = [] } = await sandbox.s3.send(new ListObjectVersionsCommand({ Bucket: name }));
    expect(Versions.map(({ Key }) => Key)).toEqual(['new', 'old']);
  });
});

it('an event through a rule that should not take it is unexpected: exit 3', async () => {
  const name = await bucket({});
  const group = `liar-${++made}`;
  await createFunction(sandbox, group, {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.mjs',
        `export const handler = async (e) => {
          const other = structuredClone(e);
          other.Records[0].s3.configurationId = 'old';
          console.log(JSON.stringify(other));
          console.log(JSON.stringify(e));
        };`,
      ),
    },
  });
  await sandbox.lambda.send(
    new AddPermissionCommand({
      FunctionName: group,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
    }),
  );
  const LambdaFunctionArn = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${group}`;
  await configure(name, {
    LambdaFunctionConfigurations: [{ Id: 'now', LambdaFunctionArn, Events: CREATED }],
  });
  const result = await upload(name);
  expect(result.code).toBe(3);
  expect(dataOf(result).deliveries).toMatchObject([
    { ruleId: 'now', status: 'delivered' },
    { ruleId: 'old', status: 'unexpected', detail: expect.stringContaining('"old"') as string },
  ]);
});
