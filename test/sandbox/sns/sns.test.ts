import * as Sns from '@aws-sdk/client-sns';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { RefusedDelivery } from '../../../src/sandbox/services/sns/fan-out.ts';
import type { ConfirmationRequest } from '../../../src/sandbox/services/sns/subscriptions.ts';
import {
  ACCOUNT,
  admits,
  BUCKET,
  callersOf,
  createMessaging,
  policy,
  queueArn,
  REGION,
  serveMessaging,
  topicArn,
  type Messaging,
} from '../sqs/harness.ts';

const TOPIC = topicArn('t');
const FUNCTION = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:f`;
const URL = `http://127.0.0.1/${ACCOUNT}`;

interface Invocation {
  readonly arn: string;
  readonly event: unknown;
  readonly from: unknown;
}

let services: Messaging;
let calls: ReturnType<typeof callersOf>;
let refused: RefusedDelivery[];
let requests: ConfirmationRequest[];
let invocations: Invocation[];
let functionRefusal: { refused: string } | undefined;

beforeEach(() => {
  [refused, requests, invocations, functionRefusal] = [[], [], [], undefined];
  services = createMessaging({
    onRefused: (delivery) => refused.push(delivery),
    onConfirmationRequest: (request) => requests.push(request),
    lambda: {
      invokeAsync(arn, payload, from) {
        invocations.push({ arn, event: JSON.parse(payload), from });
        return functionRefusal;
      },
    },
  });
  calls = callersOf(services);
});

/** A queue that admits the topic, and its subscription. */
async function subscribeQueue(
  name: string,
  Attributes: Readonly<Record<string, string>> = {},
  topic = TOPIC,
): Promise<string> {
  const arn = queueArn(name);
  const fifo = name.endsWith('.fifo') ? { FifoQueue: 'true' } : {};
  const Policy = admits('sns.amazonaws.com', 'sqs:SendMessage', arn, topic);
  await calls.sqs('CreateQueue', { QueueName: name, Attributes: { ...fifo, Policy } });
  const { SubscriptionArn = '' } = await calls.sns('Subscribe', {
    TopicArn: topic,
    Protocol: 'sqs',
    Endpoint: arn,
    Attributes,
  });
  return SubscriptionArn;
}

async function received(name: string) {
  const { Messages = [] } = await calls.sqs('ReceiveMessage', {
    QueueUrl: `${URL}/${name}`,
    MaxNumberOfMessages: 10,
    MessageAttributeNames: ['All'],
    MessageSystemAttributeNames: ['All'],
  });
  return Messages;
}

const topicAttributes = async () =>
  (await calls.sns('GetTopicAttributes', { TopicArn: TOPIC })).Attributes ?? {};

describe('what subscribers get', () => {
  beforeEach(() => calls.sns('CreateTopic', { Name: 't' }));

  it('is an envelope with the fields of AWS in their order', async () => {
    const subscription = await subscribeQueue('q');
    const { MessageId } = await calls.sns('Publish', {
      TopicArn: TOPIC,
      Message: 'hello',
      Subject: 'Greeting',
    });
    const [message] = await received('q');
    const body = JSON.parse(message?.Body ?? '') as Readonly<Record<string, unknown>>;
    expect(Object.keys(body)).toEqual([
      'Type',
      'MessageId',
      'TopicArn',
      'Subject',
      'Message',
      'Timestamp',
      'SignatureVersion',
      'Signature',
      'SigningCertURL',
      'UnsubscribeURL',
    ]);
    expect(body).toMatchObject({
      Type: 'Notification',
      MessageId,
      TopicArn: TOPIC,
      Subject: 'Greeting',
      Message: 'hello',
      Timestamp: new Date(services.env.clock.now()).toISOString(),
      SignatureVersion: '1',
      UnsubscribeURL: `https://sns.${REGION}.amazonaws.com/?Action=Unsubscribe&SubscriptionArn=${subscription}`,
    });
    expect(body['SigningCertURL']).toMatch(
      /^https:\/\/sns\.eu-west-1\.amazonaws\.com\/SimpleNotificationService-[0-9a-f]{32}\.pem$/,
    );
    expect(message?.MessageAttributes).toBeUndefined();
  });

  it('has attributes inside of the envelope, or outside of a raw message', async () => {
    await subscribeQueue('q');
    await subscribeQueue('raw', { RawMessageDelivery: 'True' });
    const MessageAttributes = {
      n: { DataType: 'Number', StringValue: '99' },
      b: { DataType: 'Binary', BinaryValue: Buffer.from('x') },
    };
    await calls.sns('Publish', { TopicArn: TOPIC, Message: 'hello', Subject: 'lost', MessageAttributes });
    const [wrapped] = await received('q');
    expect(JSON.parse(wrapped?.Body ?? '')).toMatchObject({
      MessageAttributes: { n: { Type: 'Number', Value: '99' }, b: { Type: 'Binary', Value: 'eA==' } },
    });
    const [raw] = await received('raw');
    expect(raw?.Body).toBe('hello');
    expect(raw?.MessageAttributes).toEqual(MessageAttributes);
  });

  it('is an event for a function', async () => {
    const { SubscriptionArn } = await calls.sns('Subscribe', {
      TopicArn: TOPIC,
      Protocol: 'lambda',
      Endpoint: FUNCTION,
    });
    const { MessageId } = await calls.sns('Publish', { TopicArn: TOPIC, Message: 'hello' });
    expect(invocations).toHaveLength(1);
    expect(invocations[0]).toMatchObject({
      arn: FUNCTION,
      from: { service: 'sns.amazonaws.com', sourceArn: TOPIC, sourceAccount: ACCOUNT },
    });
    const { Records } = invocations[0]?.event as { Records: Record<string, Record<string, unknown>>[] };
    expect(Object.keys(Records[0] ?? {})).toEqual([
      'EventSource',
      'EventVersion',
      'EventSubscriptionArn',
      'Sns',
    ]);
    expect(Records[0]).toMatchObject({
      EventSource: 'aws:sns',
      EventVersion: '1.0',
      EventSubscriptionArn: SubscriptionArn,
    });
    const { Sns = {} } = Records[0] ?? {};
    expect(Object.keys(Sns)).toEqual([
      'Type',
      'MessageId',
      'TopicArn',
      'Subject',
      'Message',
      'Timestamp',
      'SignatureVersion',
      'Signature',
      'SigningCertUrl',
      'UnsubscribeUrl',
      'MessageAttributes',
    ]);
    expect(Sns).toMatchObject({ MessageId, Subject: null, Message: 'hello', MessageAttributes: {} });
  });

  it('depends on the protocol, if the message says so', async () => {
    await subscribeQueue('q', { RawMessageDelivery: 'true' });
    await calls.sns('Subscribe', { TopicArn: TOPIC, Protocol: 'lambda', Endpoint: FUNCTION });
    const Message = JSON.stringify({ default: 'all', sqs: 'queues', lambda: 1 });
    await calls.sns('Publish', { TopicArn: TOPIC, Message, MessageStructure: 'json' });
    expect((await received('q')).map(({ Body }) => Body)).toEqual(['queues']);
    expect(invocations[0]?.event).toMatchObject({ Records: [{ Sns: { Message: 'all' } }] });
  });

  it('passes the filter', async () => {
    const filter = { FilterPolicy: JSON.stringify({ kind: ['a'] }), RawMessageDelivery: 'true' };
    await subscribeQueue('attributes', filter);
    await subscribeQueue('body', { ...filter, FilterPolicyScope: 'MessageBody' });
    const kind = (StringValue: string) => ({ kind: { DataType: 'String', StringValue } });
    await calls.sns('Publish', { TopicArn: TOPIC, Message: '{"kind":"a"}' });
    await calls.sns('Publish', { TopicArn: TOPIC, Message: '1', MessageAttributes: kind('a') });
    await calls.sns('Publish', { TopicArn: TOPIC, Message: '2', MessageAttributes: kind('b') });
    expect((await received('attributes')).map(({ Body }) => Body)).toEqual(['1']);
    expect((await received('body')).map(({ Body }) => Body)).toEqual(['{"kind":"a"}']);
    expect(refused).toEqual([]);
  });

  it('is lost when the subscriber refuses it', async () => {
    const SubscriptionArn = await subscribeQueue('q');
    await calls.sqs('SetQueueAttributes', { QueueUrl: `${URL}/q`, Attributes: { Policy: '' } });
    const { MessageId } = await calls.sns('Publish', { TopicArn: TOPIC, Message: 'x' });
    expect(refused).toEqual([
      {
        topicArn: TOPIC,
        subscriptionArn: SubscriptionArn,
        endpoint: queueArn('q'),
        messageId: MessageId,
        reason: 'the queue does not admit sns.amazonaws.com: it has no resource policy',
        deadLettered: false,
      },
    ]);
  });

  it('goes to the dead-letter queue of the subscription', async () => {
    await subscribeQueue('dead');
    await calls.sns('Unsubscribe', {
      SubscriptionArn: (await calls.sns('ListSubscriptions', {})).Subscriptions?.[0]?.SubscriptionArn,
    });
    functionRefusal = { refused: 'no permission' };
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead') });
    await calls.sns('Subscribe', {
      TopicArn: TOPIC,
      Protocol: 'lambda',
      Endpoint: FUNCTION,
      Attributes: { RedrivePolicy },
    });
    await calls.sns('Publish', { TopicArn: TOPIC, Message: 'x' });
    expect(refused).toMatchObject([{ reason: 'no permission', deadLettered: true }]);
    expect(await received('dead')).toHaveLength(1);
  });

  it('needs the key of the queue', async () => {
    await subscribeQueue('q');
    const { KeyMetadata } = await calls.kms('CreateKey', {});
    const KmsMasterKeyId = KeyMetadata?.KeyId ?? '';
    await calls.sqs('SetQueueAttributes', { QueueUrl: `${URL}/q`, Attributes: { KmsMasterKeyId } });
    await calls.sns('Publish', { TopicArn: TOPIC, Message: 'x' });
    expect(refused).toMatchObject([
      { reason: `the key ${KmsMasterKeyId} of the queue does not admit sns.amazonaws.com` },
    ]);
  });
});

describe('FIFO topics', () => {
  const FIFO = topicArn('t.fifo');
  const create = (Attributes: Readonly<Record<string, string>> = {}) =>
    calls.sns('CreateTopic', { Name: 't.fifo', Attributes: { FifoTopic: 'true', ...Attributes } });

  it('keep group, order and deduplication', async () => {
    await create({ ContentBasedDeduplication: 'true' });
    await subscribeQueue('q.fifo', {}, FIFO);
    await subscribeQueue('q', {}, FIFO);
    const publish = (Message: string) =>
      calls.sns('Publish', { TopicArn: FIFO, Message, MessageGroupId: 'g' });
    const first = await publish('1');
    expect(await publish('1')).toEqual(first);
    await publish('2');
    const messages = await received('q.fifo');
    expect(messages.map(({ Attributes }) => Attributes?.MessageGroupId)).toEqual(['g', 'g']);
    const bodies = messages.map(({ Body }) => JSON.parse(Body ?? '') as Readonly<Record<string, string>>);
    expect(bodies.map(({ Message }) => Message)).toEqual(['1', '2']);
    expect(bodies[0]?.['SequenceNumber']).toBe(first.SequenceNumber);
    expect(await received('q')).toHaveLength(2);
    await services.env.clock.advance(300_000);
    expect((await publish('1')).MessageId).not.toBe(first.MessageId);
  });

  it.each([
    [{}, 'Invalid parameter: The MessageGroupId parameter is required for FIFO topics'],
    [
      { MessageGroupId: 'g' },
      'Invalid parameter: The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    ],
  ])('refuse a message with %j', async (members, message) => {
    await create();
    await expect(calls.sns('Publish', { TopicArn: FIFO, Message: 'x', ...members })).rejects.toMatchObject({
      code: 'InvalidParameter',
      message,
    });
  });
});

describe('S3 as publisher', () => {
  const S3_POLICY = admits('s3.amazonaws.com', 'SNS:Publish', TOPIC, 'arn:aws:s3:::photos');
  const DENIED = {
    name: TOPIC,
    value: 'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
  };
  const check = () => services.sns.destination.check(TOPIC, BUCKET);
  const deliver = (message: string) => services.sns.destination.deliver(TOPIC, message, BUCKET);
  const create = (Attributes: Readonly<Record<string, string>>) =>
    calls.sns('CreateTopic', { Name: 't', Attributes });

  it('names its messages', async () => {
    await create({ Policy: S3_POLICY });
    await subscribeQueue('q');
    expect(check()).toBeUndefined();
    const event = '{"Service":"Amazon S3","Event":"s3:TestEvent"}';
    expect(await deliver(event)).toBeUndefined();
    expect(JSON.parse((await received('q'))[0]?.Body ?? '')).toMatchObject({
      Subject: 'Amazon S3 Notification',
      Message: event,
    });
  });

  it('is not admitted by a topic that does not exist', async () => {
    expect(check()).toEqual(DENIED);
    expect(await deliver('x')).toEqual({ refused: 'Topic does not exist' });
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['the policy of a new topic', {}],
    ['another bucket', { Policy: admits('s3.amazonaws.com', 'SNS:Publish', TOPIC, 'arn:aws:s3:::other') }],
    [
      'a condition on SourceOwner',
      {
        Policy: policy({
          Principal: '*',
          Action: 'SNS:Publish',
          Resource: TOPIC,
          Condition: { StringEquals: { 'aws:SourceOwner': ACCOUNT } },
        }),
      },
    ],
    ['the key of AWS', { Policy: S3_POLICY, KmsMasterKeyId: 'alias/aws/sns' }],
  ])('is refused by %s', async (_, attributes) => {
    await create(attributes);
    await subscribeQueue('q');
    expect(check()).toEqual(DENIED);
    expect((await deliver('x'))?.refused).toMatch(/does not admit s3\.amazonaws\.com/);
    expect(await received('q')).toEqual([]);
  });

  it('is refused a message that is too long', async () => {
    await create({ Policy: S3_POLICY });
    expect(await deliver('x'.repeat(262_145))).toEqual({ refused: 'Invalid parameter: Message too long' });
  });
});

describe('topics', () => {
  it('have the attributes of a new topic on AWS', async () => {
    await calls.sns('CreateTopic', { Name: 't' });
    const { Policy = '', EffectiveDeliveryPolicy = '', ...attributes } = await topicAttributes();
    expect(attributes).toEqual({
      DisplayName: '',
      Owner: ACCOUNT,
      SubscriptionsConfirmed: '0',
      SubscriptionsDeleted: '0',
      SubscriptionsPending: '0',
      TopicArn: TOPIC,
    });
    expect(JSON.parse(EffectiveDeliveryPolicy)).toHaveProperty(
      'http.defaultHealthyRetryPolicy.numRetries',
      3,
    );
    expect(JSON.parse(Policy)).toMatchObject({
      Version: '2008-10-17',
      Id: '__default_policy_ID',
      Statement: [
        {
          Sid: '__default_statement_ID',
          Principal: { AWS: '*' },
          Condition: { StringEquals: { 'AWS:SourceOwner': ACCOUNT } },
        },
      ],
    });
  });

  it('are created again only alike', async () => {
    const tags = (...keys: string[]) => keys.map((Key) => ({ Key, Value: 'v' }));
    const create = (input: object) => calls.sns('CreateTopic', { Name: 't', ...input });
    const first = await create({ Attributes: { DisplayName: 'T' }, Tags: tags('a', 'b') });
    expect(await create({})).toEqual(first);
    expect(await create({ Attributes: { DisplayName: 'T' }, Tags: tags('a') })).toEqual(first);
    await expect(create({ Tags: tags('c') })).rejects.toThrow(
      'Invalid parameter: Tags Reason: Topic already exists with different tags',
    );
    await expect(create({ Attributes: { DisplayName: 'U' } })).rejects.toThrow(
      'Invalid parameter: Attributes Reason: Topic already exists with different attributes',
    );
  });

  it.each([
    [
      'topic',
      'InvalidParameter',
      'Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1',
    ],
    [
      'a:b',
      'InvalidParameter',
      'Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 2',
    ],
    [topicArn('none'), 'NotFound', 'Topic does not exist'],
    ['arn:aws:sns:us-east-1:111122223333:t', 'InvalidParameter', 'Invalid parameter: TopicArn'],
  ])('are not found by %s', async (arn, code, message) => {
    await calls.sns('CreateTopic', { Name: 't' });
    await expect(calls.sns('GetTopicAttributes', { TopicArn: arn })).rejects.toMatchObject({ code, message });
  });

  it.each([
    ['a b', {}, 'Invalid parameter: Topic Name'],
    ['t.fifo', {}, 'Invalid parameter: Topic Name'],
    ['t', { Foo: 'x' }, 'Invalid parameter: AttributeName'],
    ['t', { Policy: '{' }, 'Invalid parameter: Policy Error: null'],
    ['t', { ContentBasedDeduplication: 'true' }, 'Invalid parameter: AttributeName'],
  ])('are refused as %s with %j', async (Name, Attributes, message) => {
    await expect(calls.sns('CreateTopic', { Name, Attributes })).rejects.toMatchObject({ message });
  });

  it('take permissions beside those they have', async () => {
    await calls.sns('CreateTopic', { Name: 't' });
    const label = { TopicArn: TOPIC, Label: 'other' };
    await calls.sns('AddPermission', { ...label, AWSAccountId: ['999999999999'], ActionName: ['Publish'] });
    const statements = async () =>
      (JSON.parse((await topicAttributes())['Policy'] ?? '') as { Statement: { Sid: string }[] }).Statement;
    expect((await statements())[1]).toEqual({
      Sid: 'other',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::999999999999:root' },
      Action: 'SNS:Publish',
      Resource: TOPIC,
    });
    await calls.sns('RemovePermission', label);
    expect((await statements()).map(({ Sid }) => Sid)).toEqual(['__default_statement_ID']);
  });
});

describe('subscriptions', () => {
  beforeEach(() => calls.sns('CreateTopic', { Name: 't' }));
  const subscribe = (Protocol: string, Endpoint: string, Attributes: Readonly<Record<string, string>> = {}) =>
    calls.sns('Subscribe', { TopicArn: TOPIC, Protocol, Endpoint, Attributes });

  it('of queues are confirmed at once', async () => {
    const arn = await subscribeQueue('q', { FilterPolicyScope: 'MessageBody' });
    const attributes = {
      SubscriptionPrincipal: `arn:aws:iam::${ACCOUNT}:root`,
      Owner: ACCOUNT,
      RawMessageDelivery: 'false',
      TopicArn: TOPIC,
      Endpoint: queueArn('q'),
      Protocol: 'sqs',
      PendingConfirmation: 'false',
      ConfirmationWasAuthenticated: 'true',
      SubscriptionArn: arn,
    };
    const get = async () =>
      (await calls.sns('GetSubscriptionAttributes', { SubscriptionArn: arn })).Attributes;
    expect(await get()).toEqual(attributes);
    const FilterPolicy = JSON.stringify({ object: { key: [{ prefix: 'auto-' }] } });
    await calls.sns('SetSubscriptionAttributes', {
      SubscriptionArn: arn,
      AttributeName: 'FilterPolicy',
      AttributeValue: FilterPolicy,
    });
    expect(await get()).toEqual({ ...attributes, FilterPolicy, FilterPolicyScope: 'MessageBody' });
    expect(await subscribe('sqs', queueArn('q'))).toEqual({ SubscriptionArn: arn });
    await expect(subscribe('sqs', queueArn('q'), { RawMessageDelivery: 'true' })).rejects.toThrow(
      'Invalid parameter: Attributes Reason: Subscription already exists with different attributes',
    );
  });

  it('of mail wait for their confirmation', async () => {
    expect(await subscribe('email', 'a@example.com')).toEqual({ SubscriptionArn: 'pending confirmation' });
    const list = async () =>
      (await calls.sns('ListSubscriptionsByTopic', { TopicArn: TOPIC })).Subscriptions?.map(
        ({ SubscriptionArn }) => SubscriptionArn,
      );
    expect(await list()).toEqual(['PendingConfirmation']);
    await calls.sns('Publish', { TopicArn: TOPIC, Message: 'x' });
    expect(refused).toEqual([]);
    expect(await topicAttributes()).toMatchObject({ SubscriptionsPending: '1', SubscriptionsConfirmed: '0' });
    const confirm = (Token: string) => calls.sns('ConfirmSubscription', { TopicArn: TOPIC, Token });
    await expect(confirm('bad')).rejects.toThrow('Invalid parameter: Token');
    const { SubscriptionArn } = await confirm(requests[0]?.token ?? '');
    expect(await list()).toEqual([SubscriptionArn]);
    await calls.sns('Unsubscribe', { SubscriptionArn });
    await calls.sns('Unsubscribe', { SubscriptionArn });
    expect(await topicAttributes()).toMatchObject({ SubscriptionsConfirmed: '0', SubscriptionsDeleted: '1' });
  });

  it.each([
    ['pigeon', 'x', {}, 'Invalid parameter: Amazon SNS does not support this protocol string: pigeon'],
    ['sqs', 'http://q', {}, 'Invalid parameter: SQS endpoint ARN'],
    ['https', 'http://x', {}, 'Invalid parameter: Endpoint must match the specified protocol'],
    [
      'sqs',
      queueArn('q.fifo'),
      {},
      'Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics',
    ],
    ['sqs', queueArn('q'), { Foo: 'x' }, 'Invalid parameter: Attributes Reason: AttributeName'],
    [
      'sqs',
      queueArn('q'),
      { FilterPolicy: '{"a":{"b":["x"]}}' },
      'Invalid parameter: Filter policy scope MessageAttributes does not support nested filter policy',
    ],
    [
      'sqs',
      queueArn('q'),
      { FilterPolicy: '{"key":[{"suffix":100}]}' },
      'Invalid parameter: Attributes Reason: FilterPolicy: suffix match pattern must be a string',
    ],
    [
      'sqs',
      queueArn('q'),
      { FilterPolicy: '{' },
      'Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.',
    ],
    [
      'sqs',
      queueArn('q'),
      { RedrivePolicy: '{"deadLetterTargetArn":"x"}' },
      'Invalid parameter: Attributes Reason: RedrivePolicy: deadLetterTargetArn is an invalid arn',
    ],
  ])('are refused: %s %s %j', async (protocol, endpoint, attributes, message) => {
    await expect(subscribe(protocol, endpoint, attributes)).rejects.toMatchObject({
      code: 'InvalidParameter',
      message,
    });
    expect((await calls.sns('ListSubscriptions', {})).Subscriptions).toEqual([]);
  });

  it('refuse a value and keep the one before', async () => {
    const SubscriptionArn = await subscribeQueue('q', { FilterPolicy: '{"a":["x"]}' });
    const set = (AttributeName: string, AttributeValue: string) =>
      calls.sns('SetSubscriptionAttributes', { SubscriptionArn, AttributeName, AttributeValue });
    await expect(set('FilterPolicyScope', 'RandomValue')).rejects.toThrow(
      'Invalid parameter: FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or MessageAttributes',
    );
    await expect(set('FilterPolicy', '{"key_a":"value_one"}')).rejects.toThrow(
      'Invalid parameter: FilterPolicy: "key_a" must be an object or an array',
    );
    const { Attributes } = await calls.sns('GetSubscriptionAttributes', { SubscriptionArn });
    expect(Attributes).toMatchObject({ FilterPolicy: '{"a":["x"]}', FilterPolicyScope: 'MessageAttributes' });
    await set('FilterPolicy', '{}');
    const cleared = await calls.sns('GetSubscriptionAttributes', { SubscriptionArn });
    expect(cleared.Attributes).not.toHaveProperty('FilterPolicy');
    await expect(
      calls.sns('GetSubscriptionAttributes', { SubscriptionArn: `${TOPIC}:none` }),
    ).rejects.toMatchObject({ code: 'NotFound', message: 'Subscription does not exist' });
  });
});

describe('publishing', () => {
  beforeEach(() => calls.sns('CreateTopic', { Name: 't' }));

  it.each<[object, string]>([
    [{ Message: '' }, 'Invalid parameter: Empty message'],
    [{ Message: 'x', Subject: '' }, 'Invalid parameter: Subject'],
    [{ Message: 'x', Subject: 'x'.repeat(101) }, 'Invalid parameter: Subject'],
    [{ Message: 'x'.repeat(262_145) }, 'Invalid parameter: Message too long'],
    [
      { Message: '{}', MessageStructure: 'json' },
      'Invalid parameter: Message Structure - No default entry in JSON message body',
    ],
    [
      { Message: '{', MessageStructure: 'json' },
      'Invalid parameter: Message Structure - JSON message body failed to parse',
    ],
    [
      { Message: 'x', MessageDeduplicationId: 'd' },
      'Invalid parameter: MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    ],
    [
      { Message: 'x', TopicArn: undefined },
      'Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter',
    ],
    [
      { Message: 'x', MessageAttributes: { a: { DataType: 'Binary', StringValue: 'x' } } },
      "The message attribute 'a' with type 'Binary' must use field 'Binary'.",
    ],
  ])('refuses a bad message (%#)', async (input, message) => {
    await expect(
      calls.sns('Publish', { TopicArn: TOPIC, Message: undefined, ...input }),
    ).rejects.toMatchObject({ message });
  });

  it('takes a batch whole or not at all', async () => {
    await subscribeQueue('q', { RawMessageDelivery: 'true' });
    const batch = (...messages: readonly (readonly [string, string])[]) =>
      calls.sns('PublishBatch', {
        TopicArn: TOPIC,
        PublishBatchRequestEntries: messages.map(([Id, Message]) => ({ Id, Message })),
      });
    await expect(batch(['a', 'x'], ['b', ''])).rejects.toThrow('Invalid parameter: Empty message');
    await expect(batch(['a', 'x'], ['a', 'y'])).rejects.toMatchObject({ code: 'BatchEntryIdsNotDistinct' });
    await expect(batch()).rejects.toMatchObject({ code: 'EmptyBatchRequest' });
    expect((await batch(['a', 'x'], ['b', 'y'])).Successful?.map(({ Id }) => Id)).toEqual(['a', 'b']);
    expect((await received('q')).map(({ Body }) => Body)).toEqual(['x', 'y']);
  });
});

describe('through the SDK', () => {
  let served: Awaited<ReturnType<typeof serveMessaging>>;
  beforeEach(async () => {
    served = await serveMessaging(services);
  });
  afterEach(() => served.close());

  it('goes from a topic to a message, and forgets all with a reset', async () => {
    const { sns } = served;
    const Tags = [{ Key: 'made-by', Value: 'test' }];
    const { TopicArn } = await sns.send(new Sns.CreateTopicCommand({ Name: 't', Tags }));
    expect(TopicArn).toBe(TOPIC);
    expect(await sns.send(new Sns.ListTagsForResourceCommand({ ResourceArn: TOPIC }))).toMatchObject({
      Tags,
    });
    const SubscriptionArn = await subscribeQueue('q');
    await sns.send(
      new Sns.SetSubscriptionAttributesCommand({
        SubscriptionArn,
        AttributeName: 'FilterPolicy',
        AttributeValue: '{"size":[{"numeric":[">",1]}]}',
      }),
    );
    const MessageAttributes = { size: { DataType: 'Number', StringValue: '2' } };
    await sns.send(new Sns.PublishCommand({ TopicArn, Message: '<x> & "ü"', MessageAttributes }));
    await sns.send(new Sns.PublishCommand({ TopicArn, Message: 'filtered' }));
    const messages = await received('q');
    expect(messages.map(({ Body }) => (JSON.parse(Body ?? '') as { Message: string }).Message)).toEqual([
      '<x> & "ü"',
    ]);
    const { Subscriptions } = await sns.send(new Sns.ListSubscriptionsCommand({}));
    expect(Subscriptions).toMatchObject([{ SubscriptionArn, Protocol: 'sqs' }]);
    services.sns.reset();
    const attempt = sns.send(new Sns.GetTopicAttributesCommand({ TopicArn }));
    await expect(attempt).rejects.toBeInstanceOf(Sns.NotFoundException);
    await expect(attempt).rejects.toMatchObject({
      message: 'Topic does not exist',
      $metadata: { httpStatusCode: 404 },
    });
    await expect(sns.send(new Sns.CreateTopicCommand({ Name: 'a b' }))).rejects.toBeInstanceOf(
      Sns.InvalidParameterException,
    );
  });

  it('pages through topics, each once', async () => {
    for (let i = 0; i < 101; i++) await calls.sns('CreateTopic', { Name: `t${i}` });
    const seen: (string | undefined)[] = [];
    for await (const { Topics = [] } of Sns.paginateListTopics({ client: served.sns }, {})) {
      seen.push(...Topics.map(({ TopicArn }) => TopicArn));
    }
    expect(seen).toHaveLength(101);
    expect(new Set(seen).size).toBe(101);
  });
});
