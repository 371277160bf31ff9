import { beforeEach, describe, expect, it } from 'vitest';
import { callersOf, createMessaging, queueArn, type Messaging } from './harness.ts';

let services: Messaging;
let sqs: ReturnType<typeof callersOf>['sqs'];

beforeEach(() => {
  services = createMessaging();
  sqs = callersOf(services).sqs;
});

const seconds = (n: number) => services.env.clock.advance(n * 1000);

async function queue(name: string, Attributes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { QueueUrl = '' } = await sqs('CreateQueue', { QueueName: name, Attributes });
  return QueueUrl;
}

async function bodies(QueueUrl: string, MaxNumberOfMessages = 10): Promise<(string | undefined)[]> {
  const { Messages = [] } = await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages });
  return Messages.map(({ Body }) => Body);
}

async function receiveOne(QueueUrl: string) {
  const { Messages } = await sqs('ReceiveMessage', { QueueUrl, MessageSystemAttributeNames: ['All'] });
  const [message] = Messages ?? [];
  if (!message) throw new Error('no message');
  return message;
}

async function counts(QueueUrl: string): Promise<string> {
  const { Attributes } = await sqs('GetQueueAttributes', { QueueUrl, AttributeNames: ['All'] });
  return ['', 'NotVisible', 'Delayed']
    .map((kind) => Attributes?.[`ApproximateNumberOfMessages${kind}` as 'ApproximateNumberOfMessages'])
    .join(' ');
}

describe('a standard queue', () => {
  it('hides a message for its visibility timeout, and counts its receipts', async () => {
    const url = await queue('q');
    const sentAt = services.env.clock.now();
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'hello' });
    expect(await counts(url)).toBe('1 0 0');
    await seconds(1);
    const first = await receiveOne(url);
    expect(first).toMatchObject({ Body: 'hello', MD5OfBody: '5d41402abc4b2a76b9719d911017c592' });
    expect(await counts(url)).toBe('0 1 0');
    await seconds(29);
    expect(await bodies(url)).toEqual([]);
    await seconds(1);
    expect((await receiveOne(url)).Attributes).toEqual({
      SenderId: expect.stringMatching(/^AIDA[A-Z0-9]{17}$/) as string,
      ApproximateFirstReceiveTimestamp: String(sentAt + 1000),
      ApproximateReceiveCount: '2',
      SentTimestamp: String(sentAt),
    });
  });

  it('deletes by the latest receipt only, and does not say so', async () => {
    const url = await queue('q', { VisibilityTimeout: '10' });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    const old = (await receiveOne(url)).ReceiptHandle;
    await seconds(10);
    const latest = (await receiveOne(url)).ReceiptHandle;
    expect(latest).not.toBe(old);
    await sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle: old });
    expect(await counts(url)).toBe('0 1 0');
    await sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle: latest });
    await sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle: latest });
    expect(await counts(url)).toBe('0 0 0');
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'y' });
    const late = (await receiveOne(url)).ReceiptHandle;
    await seconds(10);
    await sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle: late });
    expect(await counts(url)).toBe('0 0 0');
  });

  it('changes the visibility of a message in flight', async () => {
    const url = await queue('q');
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    const { ReceiptHandle } = await receiveOne(url);
    await sqs('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 100 });
    await seconds(99);
    expect(await bodies(url)).toEqual([]);
    await sqs('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 0 });
    expect(await bodies(url)).toEqual(['x']);
    await expect(
      sqs('ChangeMessageVisibility', { QueueUrl: url, ReceiptHandle, VisibilityTimeout: 1 }),
    ).rejects.toThrow('Message does not exist or is not available for visibility timeout change.');
  });

  it('refuses receipts of other queues and made-up ones', async () => {
    const [a, b] = [await queue('a'), await queue('b')];
    await sqs('SendMessage', { QueueUrl: a, MessageBody: 'x' });
    const { ReceiptHandle } = await receiveOne(a);
    for (const handle of [ReceiptHandle, 'AQEBxyz', 'bad', '']) {
      await expect(sqs('DeleteMessage', { QueueUrl: b, ReceiptHandle: handle })).rejects.toMatchObject({
        code: 'ReceiptHandleIsInvalid',
      });
    }
  });

  it('delays messages, by the queue or one by one', async () => {
    const url = await queue('q', { DelaySeconds: '5' });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'queue' });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'own', DelaySeconds: 2 });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'none', DelaySeconds: 0 });
    expect(await counts(url)).toBe('1 0 2');
    expect(await bodies(url)).toEqual(['none']);
    await seconds(2);
    expect(await bodies(url)).toEqual(['own']);
    await seconds(3);
    expect(await bodies(url)).toEqual(['queue']);
  });

  it('forgets messages after the retention period, in flight or not', async () => {
    const url = await queue('q', { MessageRetentionPeriod: '60', VisibilityTimeout: '300' });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    await bodies(url);
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'y' });
    await seconds(59);
    expect(await counts(url)).toBe('1 1 0');
    await seconds(1);
    expect(await counts(url)).toBe('0 0 0');
    expect(await bodies(url)).toEqual([]);
  });

  it('gives no more messages than were asked for', async () => {
    const url = await queue('q');
    for (const MessageBody of ['1', '2', '3']) await sqs('SendMessage', { QueueUrl: url, MessageBody });
    expect(await bodies(url, 2)).toEqual(['1', '2']);
    expect(await bodies(url, 2)).toEqual(['3']);
    await sqs('PurgeQueue', { QueueUrl: url });
    expect(await counts(url)).toBe('0 0 0');
  });
});

describe('long polling', () => {
  it('answers as soon as a message arrives', async () => {
    const url = await queue('q');
    const polled = sqs('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20 });
    await services.env.clock.waitForSleeper();
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    expect((await polled).Messages?.[0]?.Body).toBe('x');
    expect(services.env.clock.sleepers).toBe(0);
  });

  it('answers when a delay or a visibility timeout ends', async () => {
    const url = await queue('q', { ReceiveMessageWaitTimeSeconds: '20' });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x', DelaySeconds: 5 });
    const polled = sqs('ReceiveMessage', { QueueUrl: url });
    await services.env.clock.waitForSleeper();
    await seconds(5);
    expect((await polled).Messages?.[0]?.Body).toBe('x');
  });

  it('gives up after the time it was given', async () => {
    const url = await queue('q');
    const polled = sqs('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 3 });
    await services.env.clock.waitForSleeper();
    await seconds(3);
    expect(await polled).toEqual({});
  });

  it('hands a message to one of several pollers', async () => {
    const url = await queue('q');
    const polled = [1, 2].map(() => sqs('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 3 }));
    await services.env.clock.waitForSleeper(2);
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    await services.env.clock.waitForSleeper(1);
    await seconds(3);
    const answers = await Promise.all(polled);
    expect(answers.flatMap(({ Messages }) => Messages ?? [])).toHaveLength(1);
  });

  it('ends with the queue, and with a reset', async () => {
    const url = await queue('q');
    const first = sqs('ReceiveMessage', { QueueUrl: url, WaitTimeSeconds: 20 });
    await services.env.clock.waitForSleeper();
    await sqs('DeleteQueue', { QueueUrl: url });
    expect(await first).toEqual({});
    const second = sqs('ReceiveMessage', { QueueUrl: await queue('r'), WaitTimeSeconds: 20 });
    await services.env.clock.waitForSleeper();
    services.sqs.reset();
    expect(await second).toEqual({});
    expect(services.env.clock.sleepers).toBe(0);
  });
});

describe('a FIFO queue', () => {
  const FIFO = { FifoQueue: 'true', ContentBasedDeduplication: 'true' };
  const send = (QueueUrl: string, MessageGroupId: string, MessageBody: string) =>
    sqs('SendMessage', { QueueUrl, MessageGroupId, MessageBody });

  it('keeps the order within each group', async () => {
    const url = await queue('q.fifo', FIFO);
    const sent = [await send(url, 'a', 'a1'), await send(url, 'b', 'b1'), await send(url, 'a', 'a2')];
    const numbers = sent.map(({ SequenceNumber }) => SequenceNumber ?? '');
    expect(numbers).toEqual([...numbers].sort());
    expect(new Set(numbers).size).toBe(3);
    const { ReceiptHandle, Attributes } = await receiveOne(url);
    expect(Attributes).toMatchObject({ MessageGroupId: 'a', SequenceNumber: numbers[0] });
    // The group of the message in flight waits; the other does not.
    expect(await bodies(url)).toEqual(['b1']);
    await sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle });
    expect(await bodies(url)).toEqual(['a2']);
    await seconds(30);
    expect(await bodies(url)).toEqual(['b1', 'a2']);
  });

  it('gives several messages of a group at once, again in order after they time out', async () => {
    const url = await queue('q.fifo', FIFO);
    for (const body of ['1', '2', '3']) await send(url, 'g', body);
    expect(await bodies(url, 2)).toEqual(['1', '2']);
    expect(await bodies(url)).toEqual([]);
    await seconds(30);
    expect(await bodies(url)).toEqual(['1', '2', '3']);
  });

  it('takes a duplicate within five minutes without delivering it', async () => {
    const url = await queue('q.fifo', FIFO);
    const first = await send(url, 'g', 'x');
    expect(await send(url, 'other', 'x')).toEqual(first);
    const own = { QueueUrl: url, MessageGroupId: 'g', MessageDeduplicationId: 'id' };
    await sqs('SendMessage', { ...own, MessageBody: 'y' });
    await sqs('SendMessage', { ...own, MessageBody: 'z' });
    expect(await counts(url)).toBe('2 0 0');
    await seconds(300);
    await send(url, 'g', 'x');
    expect(await counts(url)).toBe('3 0 0');
  });

  it('can tell duplicates apart by group', async () => {
    const url = await queue('q.fifo', { ...FIFO, DeduplicationScope: 'messageGroup' });
    await send(url, 'a', 'x');
    await send(url, 'b', 'x');
    await send(url, 'b', 'x');
    expect(await counts(url)).toBe('2 0 0');
  });

  it('refuses a receipt that has expired', async () => {
    const url = await queue('q.fifo', FIFO);
    await send(url, 'g', 'x');
    const { ReceiptHandle = '' } = await receiveOne(url);
    await seconds(30);
    await expect(sqs('DeleteMessage', { QueueUrl: url, ReceiptHandle })).rejects.toThrow(
      `Value ${ReceiptHandle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired.`,
    );
  });

  it.each([
    [{}, 'MissingRequiredParameterException', 'The request must contain the parameter MessageGroupId.'],
    [
      { MessageGroupId: 'g' },
      'InvalidParameterValueException',
      'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
    ],
    [
      { MessageGroupId: 'g', MessageDeduplicationId: 'd', DelaySeconds: 2 },
      'InvalidParameterValueException',
      'Value 2 for parameter DelaySeconds is invalid. Reason: The request include parameter that is not valid for this queue type.',
    ],
  ])('refuses a message with %j', async (members, code, message) => {
    const url = await queue('q.fifo', { FifoQueue: 'true' });
    await expect(sqs('SendMessage', { QueueUrl: url, MessageBody: 'x', ...members })).rejects.toMatchObject({
      code,
      message,
    });
  });
});

describe('redrive', () => {
  const redrive = (name: string, maxReceiveCount: number) => ({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn(name), maxReceiveCount }),
  });

  it('moves a message that was received too often', async () => {
    const dead = await queue('dead');
    const url = await queue('q', { ...redrive('dead', 2), VisibilityTimeout: '1' });
    const { MessageId } = await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    for (let i = 0; i < 2; i++) {
      expect(await bodies(url)).toEqual(['x']);
      await seconds(1);
    }
    const polled = sqs('ReceiveMessage', { QueueUrl: dead, WaitTimeSeconds: 20 });
    await services.env.clock.waitForSleeper();
    expect(await bodies(url)).toEqual([]);
    expect((await polled).Messages?.[0]).toMatchObject({ MessageId, Body: 'x' });
    expect(await counts(url)).toBe('0 0 0');
    await seconds(30);
    expect((await receiveOne(dead)).Attributes).toMatchObject({ DeadLetterQueueSourceArn: queueArn('q') });
    const sources = await sqs('ListDeadLetterSourceQueues', { QueueUrl: dead });
    expect(sources.queueUrls).toEqual([url]);
  });

  it('goes on in the group of a FIFO queue', async () => {
    await queue('dead.fifo', { FifoQueue: 'true' });
    const fifo = { FifoQueue: 'true', ContentBasedDeduplication: 'true', VisibilityTimeout: '1' };
    const url = await queue('q.fifo', { ...fifo, ...redrive('dead.fifo', 1) });
    for (const MessageBody of ['1', '2'])
      await sqs('SendMessage', { QueueUrl: url, MessageBody, MessageGroupId: 'g' });
    expect(await bodies(url, 1)).toEqual(['1']);
    await seconds(1);
    expect(await bodies(url, 1)).toEqual(['2']);
  });

  it('keeps a message whose dead-letter queue is gone', async () => {
    const dead = await queue('dead');
    const url = await queue('q', { ...redrive('dead', 1), VisibilityTimeout: '1' });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' });
    await sqs('DeleteQueue', { QueueUrl: dead });
    for (let i = 0; i < 3; i++) {
      expect(await bodies(url)).toEqual(['x']);
      await seconds(1);
    }
  });
});

describe('contents', () => {
  it.each([
    ['', 'MissingRequiredParameterException', 'The request must contain the parameter MessageBody.'],
    [
      'bad \u0008',
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    ],
    [
      'x'.repeat(1025),
      'InvalidParameterValueException',
      'One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.',
    ],
  ])('refuses %j', async (MessageBody, code, message) => {
    const url = await queue('q', { MaximumMessageSize: '1024' });
    await expect(sqs('SendMessage', { QueueUrl: url, MessageBody })).rejects.toMatchObject({ code, message });
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'ok \u{1f600} \t' });
    expect(await counts(url)).toBe('1 0 0');
  });

  const GREETING = {
    Hello: { DataType: 'String', StringValue: 'There' },
    General: { DataType: 'String', StringValue: 'Kenobi' },
    'Help.Me': { DataType: 'String', StringValue: 'Me' },
  };

  // Digests as recorded from SQS.
  it.each([
    [['All'], ['General', 'Hello', 'Help.Me'], '4c360f3fdafd970e05fae2f149d997f5'],
    [['.*'], ['General', 'Hello', 'Help.Me'], '4c360f3fdafd970e05fae2f149d997f5'],
    [['General', 'Hello', 'None'], ['General', 'Hello'], 'fca026605781cb4126a1e9044df24232'],
    [['Hel.*'], ['Hello', 'Help.Me'], '83fee93c1bcd8b9a5a923ffacdc636c7'],
    [['None'], [], undefined],
    [[], [], undefined],
  ])('gives the attributes %j', async (MessageAttributeNames, names, digest) => {
    const url = await queue('q');
    const sent = await sqs('SendMessage', {
      QueueUrl: url,
      MessageBody: 'msg',
      MessageAttributes: GREETING,
    });
    expect(sent.MD5OfMessageAttributes).toBe('4c360f3fdafd970e05fae2f149d997f5');
    const { Messages } = await sqs('ReceiveMessage', { QueueUrl: url, MessageAttributeNames });
    expect(Object.keys(Messages?.[0]?.MessageAttributes ?? {}).sort()).toEqual(names);
    expect(Messages?.[0]?.MD5OfMessageAttributes).toBe(digest);
  });

  it('digests binary attributes', async () => {
    const value = 'traceparent\u001e00-774062d6c37081a5a0b9b5b88e30627c-2d2482211f6489da-01';
    const { MD5OfMessageAttributes } = await sqs('SendMessage', {
      QueueUrl: await queue('q'),
      MessageBody: 'test',
      MessageAttributes: { attr1: { DataType: 'Binary', BinaryValue: Buffer.from(value) } },
    });
    expect(MD5OfMessageAttributes).toBe('8cbe4db156db8a94db8b801b7addb984');
  });

  it.each([
    [
      { DataType: 'String', StringValue: '' },
      "Message (user) attribute 'a' must contain a non-empty value of type 'String'.",
    ],
    [
      { DataType: 'Text', StringValue: 'x' },
      "The message attribute 'a' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.",
    ],
  ])('refuses the attribute %j', async (attribute, message) => {
    const url = await queue('q');
    await expect(
      sqs('SendMessage', { QueueUrl: url, MessageBody: 'x', MessageAttributes: { a: attribute } }),
    ).rejects.toThrow(message);
  });

  it('keeps the trace of a header or a system attribute', async () => {
    const url = await queue('q');
    const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1';
    const headers = { 'x-amzn-trace-id': trace };
    await sqs('SendMessage', { QueueUrl: url, MessageBody: 'x' }, { headers });
    expect((await receiveOne(url)).Attributes?.AWSTraceHeader).toBe(trace);
    await sqs('SendMessage', {
      QueueUrl: url,
      MessageBody: 'y',
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
    });
    expect((await receiveOne(url)).Attributes?.AWSTraceHeader).toBe(trace);
  });
});

describe('batches', () => {
  it('reports each entry', async () => {
    const url = await queue('q', { MaximumMessageSize: '1024' });
    const sent = await sqs('SendMessageBatch', {
      QueueUrl: url,
      Entries: [
        { Id: 'ok', MessageBody: 'x' },
        { Id: 'long', MessageBody: 'x'.repeat(1025) },
      ],
    });
    expect(sent.Successful?.map(({ Id }) => Id)).toEqual(['ok']);
    expect(sent.Failed).toEqual([
      {
        Id: 'long',
        SenderFault: true,
        Code: 'InvalidParameterValue',
        Message: 'One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.',
      },
    ]);
    const { ReceiptHandle } = await receiveOne(url);
    const Entries = [{ Id: '1', ReceiptHandle, VisibilityTimeout: 0 }];
    expect((await sqs('ChangeMessageVisibilityBatch', { QueueUrl: url, Entries })).Failed).toEqual([]);
    const deleted = await sqs('DeleteMessageBatch', {
      QueueUrl: url,
      Entries: [
        { Id: '1', ReceiptHandle },
        { Id: '2', ReceiptHandle: 'bad' },
      ],
    });
    expect(deleted.Successful).toEqual([{ Id: '1' }]);
    expect(deleted.Failed?.[0]).toMatchObject({ Id: '2', Code: 'ReceiptHandleIsInvalid' });
  });

  const entry = (Id: string) => ({ Id, MessageBody: 'x' });
  it.each([
    [[], 'EmptyBatchRequest', 'There should be at least one SendMessageBatchRequestEntry in the request.'],
    [
      Array.from({ length: 20 }, (_, i) => entry(String(i))),
      'TooManyEntriesInBatchRequest',
      'Maximum number of entries per request are 10. You have sent 20.',
    ],
    [[entry('a'), entry('a')], 'BatchEntryIdsNotDistinct', 'Id a repeated.'],
    [
      [entry('invalid:id')],
      'InvalidBatchEntryId',
      'A batch entry id can only contain alphanumeric characters, hyphens and underscores. It can be at most 80 letters long.',
    ],
    [
      [{ Id: 'a', MessageBody: 'x'.repeat(1_048_577) }],
      'BatchRequestTooLong',
      'Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.',
    ],
  ])('refuses a bad batch (%#)', async (Entries, code, message) => {
    const url = await queue('q');
    await expect(sqs('SendMessageBatch', { QueueUrl: url, Entries })).rejects.toMatchObject({
      code,
      message,
    });
  });

  it('fails as a whole when a message has no group', async () => {
    const url = await queue('q.fifo', { FifoQueue: 'true', ContentBasedDeduplication: 'true' });
    await expect(
      sqs('SendMessageBatch', {
        QueueUrl: url,
        Entries: [{ ...entry('a'), MessageGroupId: 'g' }, entry('b')],
      }),
    ).rejects.toMatchObject({
      code: 'InvalidParameterValueException',
      message: 'The request must contain the parameter MessageGroupId.',
    });
    expect(await counts(url)).toBe('0 0 0');
  });
});
