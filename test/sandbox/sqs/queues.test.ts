import { beforeEach, describe, expect, it } from 'vitest';
import { ACCOUNT, callersOf, createMessaging, policy, queueArn, type Messaging } from './harness.ts';

let services: Messaging;
let sqs: ReturnType<typeof callersOf>['sqs'];

beforeEach(() => {
  services = createMessaging();
  sqs = callersOf(services).sqs;
});

async function create(QueueName: string, Attributes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { QueueUrl = '' } = await sqs('CreateQueue', { QueueName, Attributes });
  return QueueUrl;
}

async function attribute(QueueUrl: string, name: 'Policy' | 'RedrivePolicy' | 'SqsManagedSseEnabled') {
  const { Attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: [name] });
  return Attributes?.[name];
}

const PURGED = 'Only one PurgeQueue operation on q is allowed every 60 seconds.';

describe('queues', () => {
  it('have the attributes of a new queue on AWS', async () => {
    const url = await create('q');
    const now = String(Math.floor(services.env.clock.now() / 1000));
    expect(await sqs('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['All'] })).toEqual({
      Attributes: {
        QueueArn: queueArn('q'),
        ApproximateNumberOfMessages: '0',
        ApproximateNumberOfMessagesNotVisible: '0',
        ApproximateNumberOfMessagesDelayed: '0',
        CreatedTimestamp: now,
        LastModifiedTimestamp: now,
        VisibilityTimeout: '30',
        MaximumMessageSize: '1048576',
        MessageRetentionPeriod: '345600',
        DelaySeconds: '0',
        ReceiveMessageWaitTimeSeconds: '0',
        SqsManagedSseEnabled: 'true',
      },
    });
    const some = await sqs('GetQueueAttributes', { QueueUrl: url, AttributeNames: ['Policy', 'QueueArn'] });
    expect(some.Attributes).toEqual({ QueueArn: queueArn('q') });
    await create('q.fifo', { FifoQueue: 'true' });
    const fifo = await sqs('GetQueueAttributes', { QueueUrl: `${url}.fifo`, AttributeNames: ['All'] });
    expect(fifo.Attributes).toMatchObject({
      FifoQueue: 'true',
      ContentBasedDeduplication: 'false',
      DeduplicationScope: 'queue',
      FifoThroughputLimit: 'perQueue',
    });
  });

  it('are created again only alike', async () => {
    const url = await create('q', { DelaySeconds: '1' });
    expect(await create('q')).toBe(url);
    expect(await create('q', { DelaySeconds: '1', VisibilityTimeout: '30' })).toBe(url);
    await expect(create('q', { DelaySeconds: '2' })).rejects.toMatchObject({
      code: 'QueueNameExists',
      message: 'A queue already exists with the same name and a different value for attribute DelaySeconds',
    });
  });

  it('are named by a URL of any host', async () => {
    const url = await create('q');
    expect(url).toBe(`http://127.0.0.1/${ACCOUNT}/q`);
    for (const host of ['https://sqs.eu-west-1.amazonaws.com', 'http://localhost:4566', '']) {
      const QueueUrl = `${host}/${ACCOUNT}/q`;
      expect(
        (await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['QueueArn'] })).Attributes,
      ).toEqual({ QueueArn: queueArn('q') });
    }
    const elsewhere = sqs('GetQueueAttributes', { QueueUrl: url }, { region: 'us-east-1' });
    await expect(elsewhere).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
      message: 'The specified queue does not exist.',
    });
    await expect(sqs('DeleteQueue', { QueueUrl: 'q' })).rejects.toMatchObject({ code: 'InvalidAddress' });
    await expect(
      sqs('GetQueueUrl', { QueueName: 'q', QueueOwnerAWSAccountId: '999999999999' }),
    ).rejects.toMatchObject({ code: 'QueueDoesNotExist' });
  });

  it('are listed by prefix and page', async () => {
    for (const name of ['b2', 'a', 'b1', 'b3']) await create(name);
    const names: (string | undefined)[] = [];
    let NextToken: string | undefined;
    do {
      const page = await sqs('ListQueues', { QueueNamePrefix: 'b', MaxResults: 2, NextToken });
      names.push(...(page.QueueUrls ?? []).map((url) => url.split('/').at(-1)));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(names).toEqual(['b1', 'b2', 'b3']);
    expect(await sqs('ListQueues', { QueueNamePrefix: 'c' })).toEqual({});
  });

  it('cannot come back within a minute of their deletion', async () => {
    const url = await create('q');
    await sqs('DeleteQueue', { QueueUrl: url });
    await expect(sqs('GetQueueUrl', { QueueName: 'q' })).rejects.toMatchObject({ code: 'QueueDoesNotExist' });
    await services.env.clock.advance(59_999);
    await expect(create('q')).rejects.toMatchObject({ code: 'QueueDeletedRecently' });
    await services.env.clock.advance(1);
    expect(await create('q')).toBe(url);
  });

  it('are purged once a minute', async () => {
    const url = await create('q');
    await sqs('PurgeQueue', { QueueUrl: url });
    await expect(sqs('PurgeQueue', { QueueUrl: url })).rejects.toMatchObject({
      code: 'PurgeQueueInProgress',
      message: PURGED,
    });
    await services.env.clock.advance(60_000);
    await sqs('PurgeQueue', { QueueUrl: url });
  });

  it('keep tags', async () => {
    const { QueueUrl } = await sqs('CreateQueue', { QueueName: 'q', tags: { a: '1' } });
    await sqs('TagQueue', { QueueUrl, Tags: { b: '2', c: '' } });
    await sqs('UntagQueue', { QueueUrl, TagKeys: ['a'] });
    expect(await sqs('ListQueueTags', { QueueUrl })).toEqual({ Tags: { b: '2', c: '' } });
  });
});

describe('attributes', () => {
  const redrive = (value: unknown) => ({ RedrivePolicy: JSON.stringify(value) });
  const RANGE = (name: string) =>
    ['InvalidAttributeValue', `Invalid value for the parameter ${name}.`] as const;

  it.each<[Readonly<Record<string, string>>, string, string]>([
    [{ Foo: '1' }, 'InvalidAttributeName', 'Unknown Attribute Foo.'],
    [{ FifoQueue: 'true' }, 'InvalidAttributeName', 'Unknown Attribute FifoQueue.'],
    [
      { ContentBasedDeduplication: 'true' },
      'InvalidAttributeName',
      'Unknown Attribute ContentBasedDeduplication.',
    ],
    [{ VisibilityTimeout: '43201' }, ...RANGE('VisibilityTimeout')],
    [{ DelaySeconds: '-1' }, ...RANGE('DelaySeconds')],
    [{ MaximumMessageSize: '1023' }, ...RANGE('MaximumMessageSize')],
    [{ Policy: '{' }, ...RANGE('Policy')],
    [
      { KmsMasterKeyId: 'alias/a', SqsManagedSseEnabled: 'true' },
      'InvalidAttributeName',
      'You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.',
    ],
    [
      { RedrivePolicy: '{"deadLetterTargetArn": "dummy", "maxReceiveCount": 42}' },
      'InvalidParameterValueException',
      'Value {"deadLetterTargetArn": "dummy", "maxReceiveCount": 42} for parameter RedrivePolicy is invalid. Reason: Invalid value for deadLetterTargetArn.',
    ],
    [
      redrive({ deadLetterTargetArn: queueArn('none'), maxReceiveCount: 1 }),
      'InvalidParameterValueException',
      `Value {"deadLetterTargetArn":"${queueArn('none')}","maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.`,
    ],
    [
      redrive({ deadLetterTargetArn: queueArn('x.fifo'), maxReceiveCount: 1 }),
      'InvalidParameterValueException',
      `Value {"deadLetterTargetArn":"${queueArn('x.fifo')}","maxReceiveCount":1} for parameter RedrivePolicy is invalid. Reason: Dead-letter queue must be same type of queue as the source..`,
    ],
  ])('refuses %j', async (Attributes, code, message) => {
    const QueueUrl = await create('q');
    await expect(sqs('SetQueueAttributes', { QueueUrl, Attributes })).rejects.toMatchObject({
      code,
      message,
    });
  });

  it('cannot make a FIFO queue a standard one', async () => {
    const QueueUrl = await create('q.fifo', { FifoQueue: 'true' });
    await expect(
      sqs('SetQueueAttributes', { QueueUrl, Attributes: { FifoQueue: 'false' } }),
    ).rejects.toMatchObject({
      code: 'InvalidAttributeValue',
      message: 'Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.',
    });
  });

  it.each([
    ['a b', {}, 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length'],
    ['q.fifo', {}, 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length'],
    [
      'q',
      { FifoQueue: 'true' },
      'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
    ],
  ])('refuses the name %s with %j', async (name, attributes, message) => {
    await expect(create(name, attributes)).rejects.toThrow(message);
    await expect(sqs('GetQueueUrl', { QueueName: name })).rejects.toMatchObject({
      code: 'QueueDoesNotExist',
    });
  });

  it('ends encryption by SQS when a key is set', async () => {
    const QueueUrl = await create('q');
    await sqs('SetQueueAttributes', { QueueUrl, Attributes: { KmsMasterKeyId: 'alias/a' } });
    expect(await attribute(QueueUrl, 'SqsManagedSseEnabled')).toBe('false');
    await expect(
      sqs('SetQueueAttributes', { QueueUrl, Attributes: { SqsManagedSseEnabled: 'true' } }),
    ).rejects.toMatchObject({ code: 'InvalidAttributeName' });
    await sqs('SetQueueAttributes', {
      QueueUrl,
      Attributes: { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' },
    });
    expect(await attribute(QueueUrl, 'SqsManagedSseEnabled')).toBe('true');
  });

  it('loses a policy that is set to nothing', async () => {
    const Policy = policy({ Principal: '*', Action: 'sqs:*', Resource: '*' });
    const QueueUrl = await create('q', { Policy });
    expect(await attribute(QueueUrl, 'Policy')).toBe(Policy);
    await sqs('SetQueueAttributes', { QueueUrl, Attributes: { Policy: '' } });
    expect(await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['Policy'] })).toEqual({});
  });

  it('lets a dead-letter queue choose its sources', async () => {
    const deny = JSON.stringify({ redrivePermission: 'denyAll' });
    const only = JSON.stringify({ redrivePermission: 'byQueue', sourceQueueArns: [queueArn('b')] });
    await create('denied', { RedriveAllowPolicy: deny });
    await create('dead', { RedriveAllowPolicy: only });
    const to = (name: string) => redrive({ deadLetterTargetArn: queueArn(name), maxReceiveCount: 3 });
    await expect(create('a', to('denied'))).rejects.toThrow('does not allow this source queue');
    await expect(create('a', to('dead'))).rejects.toThrow('does not allow this source queue');
    await create('b', to('dead'));
  });
});

describe('permissions', () => {
  it('come and go by label', async () => {
    const QueueUrl = await create('q');
    const add = (Label: string, AWSAccountIds: string[], Actions = ['ReceiveMessage']) =>
      sqs('AddPermission', { QueueUrl, Label, AWSAccountIds, Actions });
    await add('one', ['999999999999', ACCOUNT]);
    expect(JSON.parse((await attribute(QueueUrl, 'Policy')) ?? '')).toEqual({
      Version: '2008-10-17',
      Id: `${queueArn('q')}/SQSDefaultPolicy`,
      Statement: [
        {
          Sid: 'one',
          Effect: 'Allow',
          Principal: { AWS: ['arn:aws:iam::999999999999:root', `arn:aws:iam::${ACCOUNT}:root`] },
          Action: 'SQS:ReceiveMessage',
          Resource: queueArn('q'),
        },
      ],
    });
    await expect(add('one', [ACCOUNT])).rejects.toThrow(
      'Value one for parameter Label is invalid. Reason: Already exists.',
    );
    await expect(add('two', [ACCOUNT], ['CreateQueue'])).rejects.toThrow(
      'Value SQS:CreateQueue for parameter ActionName is invalid. Reason: Only the queue owner is allowed to invoke this action.',
    );
    await sqs('RemovePermission', { QueueUrl, Label: 'one' });
    expect(await attribute(QueueUrl, 'Policy')).toBeUndefined();
    await expect(sqs('RemovePermission', { QueueUrl, Label: 'one' })).rejects.toThrow(
      "Value one for parameter Label is invalid. Reason: can't find label.",
    );
  });
});
