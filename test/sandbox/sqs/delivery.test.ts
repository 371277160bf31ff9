/** Queues as S3 and other services see them, and as pollers do. */
import { beforeEach, describe, expect, it } from 'vitest';
import {
  ACCOUNT,
  admits,
  BUCKET,
  callersOf,
  createMessaging,
  policy,
  queueArn,
  REGION,
  type Messaging,
} from './harness.ts';

const ARN = queueArn('q');
const S3_POLICY = admits('s3.amazonaws.com', 'SQS:SendMessage', ARN, 'arn:aws:s3:*:*:photos');
const DENIED =
  'Permissions on the destination queue do not allow S3 to publish notifications from this bucket';

let services: Messaging;
let calls: ReturnType<typeof callersOf>;

beforeEach(() => {
  services = createMessaging();
  calls = callersOf(services);
});

async function create(attributes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { QueueUrl = '' } = await calls.sqs('CreateQueue', { QueueName: 'q', Attributes: attributes });
  return QueueUrl;
}

const check = () => services.sqs.destination.check(ARN, BUCKET);
const deliver = (message: string) => services.sqs.destination.deliver(ARN, message, BUCKET);

describe('S3 as sender', () => {
  it('delivers the message as it is', async () => {
    const QueueUrl = await create({ Policy: S3_POLICY });
    expect(check()).toBeUndefined();
    expect(await deliver('{"Records":[]}')).toBeUndefined();
    const { Messages } = await calls.sqs('ReceiveMessage', { QueueUrl, MessageAttributeNames: ['All'] });
    expect(Messages?.[0]?.Body).toBe('{"Records":[]}');
    expect(Messages?.[0]?.MessageAttributes).toBeUndefined();
  });

  it('finds no queue', async () => {
    expect(check()).toEqual({ name: ARN, value: 'The destination queue does not exist' });
    expect(await deliver('x')).toEqual({ refused: 'The specified queue does not exist.' });
  });

  const statement = {
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: ARN,
  };
  it.each([
    ['no policy', {}],
    ['another bucket', { Policy: admits('s3.amazonaws.com', 'sqs:SendMessage', ARN, 'arn:aws:s3:::other') }],
    ['another service', { Policy: policy({ ...statement, Principal: { Service: 'sns.amazonaws.com' } }) }],
    ['another action', { Policy: policy({ ...statement, Action: 'sqs:ReceiveMessage' }) }],
    ['another queue', { Policy: policy({ ...statement, Resource: queueArn('other') }) }],
    [
      'another account',
      {
        Policy: policy({
          ...statement,
          Condition: { StringEquals: { 'aws:SourceAccount': '999999999999' } },
        }),
      },
    ],
    ['the account as principal', { Policy: policy({ ...statement, Principal: { AWS: ACCOUNT } }) }],
    ['the key of AWS', { Policy: S3_POLICY, KmsMasterKeyId: 'alias/aws/sqs' }],
    ['a key that is not there', { Policy: S3_POLICY, KmsMasterKeyId: 'alias/none' }],
  ])('is refused by %s', async (_, attributes) => {
    const QueueUrl = await create(attributes);
    expect(check()).toEqual({ name: ARN, value: DENIED });
    expect(await deliver('x')).toEqual({ refused: expect.stringContaining('s3.amazonaws.com') as string });
    expect(await calls.sqs('ReceiveMessage', { QueueUrl })).toEqual({});
  });

  it('is told the reason, also when the policy changed after the check', async () => {
    const QueueUrl = await create({ Policy: S3_POLICY });
    expect(check()).toBeUndefined();
    const Policy = admits('s3.amazonaws.com', 'sqs:SendMessage', ARN, 'arn:aws:s3:::other');
    await calls.sqs('SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
    expect((await deliver('x'))?.refused).toMatch(/ArnLike aws:SourceArn wants arn:aws:s3:::other/);
  });

  it('is refused a message that is too large', async () => {
    await create({ Policy: S3_POLICY, MaximumMessageSize: '1024' });
    expect(check()).toBeUndefined();
    expect(await deliver('x'.repeat(1025))).toEqual({
      refused: 'One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.',
    });
  });

  it('needs the key too', async () => {
    const { KeyMetadata } = await calls.kms('CreateKey', {});
    const KeyId = KeyMetadata?.KeyId ?? '';
    await create({ Policy: S3_POLICY, KmsMasterKeyId: KeyId });
    expect(check()).toEqual({ name: ARN, value: DENIED });
    const root = { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'kms:*', Resource: '*' };
    const s3 = { ...root, Principal: { Service: 's3.amazonaws.com' } };
    await calls.kms('PutKeyPolicy', { KeyId, Policy: JSON.stringify({ Statement: [root, s3] }) });
    expect(check()).toBeUndefined();
    expect(await deliver('x')).toBeUndefined();
    await calls.kms('DisableKey', { KeyId });
    expect(check()).toEqual({ name: ARN, value: DENIED });
  });
});

describe('other senders', () => {
  const RULE = `arn:aws:events:${REGION}:${ACCOUNT}:rule/r`;
  const EVENTS = { service: 'events.amazonaws.com', sourceArn: RULE, sourceAccount: ACCOUNT };

  it('passes attributes and the trace on', async () => {
    const QueueUrl = await create({ Policy: admits('events.amazonaws.com', 'sqs:SendMessage', ARN, RULE) });
    const attributes = { a: { DataType: 'String', StringValue: 'b' } };
    expect(services.sqs.send(ARN, 'x', { from: EVENTS, attributes, traceHeader: 'Root=1' })).toBeUndefined();
    expect(services.sqs.send(ARN, 'x', { from: { ...EVENTS, sourceArn: `${RULE}2` } })?.refused).toMatch(
      /events\.amazonaws\.com/,
    );
    const { Messages } = await calls.sqs('ReceiveMessage', {
      QueueUrl,
      MessageSystemAttributeNames: ['AWSTraceHeader'],
      MessageAttributeNames: ['All'],
    });
    expect(Messages).toMatchObject([
      { MessageAttributes: attributes, Attributes: { AWSTraceHeader: 'Root=1' } },
    ]);
  });

  it('needs a group for a FIFO queue', async () => {
    const arn = queueArn('q.fifo');
    const Policy = admits('events.amazonaws.com', 'sqs:SendMessage', arn, RULE);
    const Attributes = { FifoQueue: 'true', ContentBasedDeduplication: 'true', Policy };
    await calls.sqs('CreateQueue', { QueueName: 'q.fifo', Attributes });
    expect(services.sqs.send(arn, 'x', { from: EVENTS })).toEqual({
      refused: 'The request must contain the parameter MessageGroupId.',
    });
    expect(services.sqs.send(arn, 'x', { from: EVENTS, groupId: 'g' })).toBeUndefined();
  });

  it('lets a role of the account send, unless the policy denies it', async () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/worker`;
    const QueueUrl = await create();
    expect(services.sqs.send(ARN, 'x', { from: { roleArn } })).toBeUndefined();
    const Policy = policy({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: '*' });
    await calls.sqs('SetQueueAttributes', { QueueUrl, Attributes: { Policy } });
    expect(services.sqs.send(ARN, 'x', { from: { roleArn } })).toEqual({
      refused: 'the queue policy denies it',
    });
  });
});

describe('a consumer', () => {
  it('receives, deletes and gives back', async () => {
    const QueueUrl = await create();
    const consumer = services.sqs.consume(ARN);
    if (!consumer) throw new Error('no consumer');
    const waited = consumer.wait(20_000);
    await services.env.clock.waitForSleeper();
    for (const MessageBody of ['1', '2']) await calls.sqs('SendMessage', { QueueUrl, MessageBody });
    await waited;
    const [first, second] = consumer.receive(10);
    expect(first).toMatchObject({ Body: '1', Attributes: { ApproximateReceiveCount: '1' } });
    consumer.delete(first?.ReceiptHandle ?? '');
    consumer.release(second?.ReceiptHandle ?? '', 0);
    expect(consumer.receive(10)).toMatchObject([{ Body: '2', Attributes: { ApproximateReceiveCount: '2' } }]);
    expect(consumer.visibilityTimeout()).toBe(30);
    await calls.sqs('DeleteQueue', { QueueUrl });
    expect(consumer.isDeleted()).toBe(true);
    expect(services.sqs.consume(ARN)).toBeUndefined();
  });

  it('ends its wait with its signal', async () => {
    await create();
    const ended = new AbortController();
    const waited = services.sqs.consume(ARN)?.wait(20_000, ended.signal);
    await services.env.clock.waitForSleeper();
    ended.abort();
    await waited;
    expect(services.env.clock.sleepers).toBe(0);
  });
});
