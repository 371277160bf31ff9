import { beforeEach, describe, expect, it } from 'vitest';
import { callersOf, createMessaging, queueArn, type Messaging } from './harness.ts';

let services: Messaging;
let sqs: ReturnType<typeof callersOf>['sqs'];

beforeEach(async () => {
  services = createMessaging();
  sqs = callersOf(services).sqs;
  await create('dead');
});

async function create(name: string, Attributes: Readonly<Record<string, string>> = {}): Promise<string> {
  const { QueueUrl = '' } = await sqs('CreateQueue', { QueueName: name, Attributes });
  return QueueUrl;
}

/** A queue whose messages go to `dead` after one receipt. */
const source = (name: string) =>
  create(name, {
    VisibilityTimeout: '1',
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 1 }),
  });

async function letDie(url: string, bodies: readonly string[]): Promise<void> {
  for (const MessageBody of bodies) await sqs('SendMessage', { QueueUrl: url, MessageBody });
  for (let i = 0; i < 2; i++) {
    await sqs('ReceiveMessage', { QueueUrl: url, MaxNumberOfMessages: 10 });
    await services.env.clock.advance(1000);
  }
}

async function bodies(name: string): Promise<(string | undefined)[]> {
  const { Messages = [] } = await sqs('ReceiveMessage', {
    QueueUrl: `/111122223333/${name}`,
    MaxNumberOfMessages: 10,
    VisibilityTimeout: 0,
  });
  return Messages.map(({ Body }) => Body);
}

const start = (input: { DestinationArn?: string; MaxNumberOfMessagesPerSecond?: number } = {}) =>
  sqs('StartMessageMoveTask', { SourceArn: queueArn('dead'), ...input });
const list = async (MaxResults = 10) =>
  (await sqs('ListMessageMoveTasks', { SourceArn: queueArn('dead'), MaxResults })).Results ?? [];

describe('moving messages out of a dead-letter queue', () => {
  it('brings each back to where it came from, as a new message', async () => {
    await letDie(await source('a'), ['a1', 'a2']);
    await letDie(await source('b'), ['b1']);
    const old = await sqs('ReceiveMessage', { QueueUrl: '/111122223333/dead', VisibilityTimeout: 0 });
    const startedAt = services.env.clock.now();
    await start();
    expect(await list()).toEqual([
      {
        Status: 'COMPLETED',
        SourceArn: queueArn('dead'),
        ApproximateNumberOfMessagesMoved: 3,
        ApproximateNumberOfMessagesToMove: 3,
        StartedTimestamp: startedAt,
      },
    ]);
    expect(await bodies('dead')).toEqual([]);
    expect(await bodies('b')).toEqual(['b1']);
    const { Messages } = await sqs('ReceiveMessage', {
      QueueUrl: '/111122223333/a',
      MaxNumberOfMessages: 10,
      MessageSystemAttributeNames: ['All'],
    });
    expect(Messages?.map(({ Body }) => Body)).toEqual(['a1', 'a2']);
    expect(Messages?.[0]?.MessageId).not.toBe(old.Messages?.[0]?.MessageId);
    expect(Messages?.[0]?.Attributes).toMatchObject({
      ApproximateReceiveCount: '1',
      SentTimestamp: String(startedAt),
    });
  });

  it('moves to another queue at a given rate, and can be cancelled', async () => {
    await letDie(await source('a'), ['1', '2', '3', '4', '5']);
    await create('other');
    const { TaskHandle } = await start({
      DestinationArn: queueArn('other'),
      MaxNumberOfMessagesPerSecond: 2,
    });
    expect(await list()).toMatchObject([
      { TaskHandle, Status: 'RUNNING', MaxNumberOfMessagesPerSecond: 2, ApproximateNumberOfMessagesMoved: 0 },
    ]);
    await expect(start()).rejects.toMatchObject({
      message:
        'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
    });
    await services.env.clock.advance(1000);
    expect(await bodies('other')).toEqual(['1', '2']);
    expect(await sqs('CancelMessageMoveTask', { TaskHandle })).toEqual({
      ApproximateNumberOfMessagesMoved: 2,
    });
    await services.env.clock.advance(5000);
    expect(services.env.clock.sleepers).toBe(0);
    expect(await bodies('dead')).toEqual(['3', '4', '5']);
    expect(await list()).toMatchObject([
      { Status: 'CANCELLED', DestinationArn: queueArn('other'), ApproximateNumberOfMessagesToMove: 5 },
    ]);
    await expect(sqs('CancelMessageMoveTask', { TaskHandle })).rejects.toMatchObject({
      message: 'Only active tasks can be cancelled.',
    });
    await start({ DestinationArn: queueArn('other'), MaxNumberOfMessagesPerSecond: 2 });
    await services.env.clock.advance(2000);
    expect((await list()).map(({ Status }) => Status)).toEqual(['COMPLETED', 'CANCELLED']);
    expect((await list(1)).map(({ Status }) => Status)).toEqual(['COMPLETED']);
  });

  it('fails where the target is gone, or where a message has none', async () => {
    const url = await source('a');
    await source('b');
    await letDie(url, ['1', '2']);
    await create('other');
    await start({ DestinationArn: queueArn('other'), MaxNumberOfMessagesPerSecond: 1 });
    await services.env.clock.advance(1000);
    await sqs('DeleteQueue', { QueueUrl: '/111122223333/other' });
    await services.env.clock.advance(1000);
    expect(await list()).toMatchObject([
      {
        Status: 'FAILED',
        FailureReason: 'AWS.SimpleQueueService.NonExistentQueue',
        ApproximateNumberOfMessagesMoved: 1,
      },
    ]);
    await sqs('PurgeQueue', { QueueUrl: '/111122223333/dead' });
    await sqs('SendMessage', { QueueUrl: '/111122223333/dead', MessageBody: 'direct' });
    await start();
    expect((await list())[0]).toMatchObject({
      Status: 'FAILED',
      FailureReason: 'CouldNotDetermineMessageSource',
    });
    expect(await bodies('dead')).toEqual(['direct']);
  });

  const missing = (member: string) => ({
    code: 'ResourceNotFoundException',
    status: 404,
    message: `The resource that you specified for the ${member} parameter doesn't exist.`,
  });
  const handleOf = (identity: object) => Buffer.from(JSON.stringify(identity)).toString('base64');

  it('refuses what is not there', async () => {
    await expect(start()).rejects.toMatchObject({
      message: 'Source queue must be configured as a Dead Letter Queue.',
    });
    await source('a');
    await expect(start({ DestinationArn: queueArn('none') })).rejects.toMatchObject(
      missing('DestinationArn'),
    );
    const none = { SourceArn: queueArn('none') };
    await expect(sqs('StartMessageMoveTask', none)).rejects.toMatchObject(missing('SourceArn'));
    await expect(sqs('ListMessageMoveTasks', none)).rejects.toMatchObject(missing('SourceArn'));
    const cancel = (TaskHandle: string) => sqs('CancelMessageMoveTask', { TaskHandle });
    await expect(cancel('invalid')).rejects.toMatchObject({
      message: 'Value for parameter TaskHandle is invalid.',
    });
    await expect(cancel(handleOf({ taskId: 'x', sourceArn: queueArn('none') }))).rejects.toMatchObject(
      missing('SourceArn'),
    );
    await expect(cancel(handleOf({ taskId: 'x', sourceArn: queueArn('dead') }))).rejects.toMatchObject({
      status: 404,
      message: 'Task does not exist.',
    });
  });

  it('ends with a reset', async () => {
    await letDie(await source('a'), ['1', '2']);
    await start({ MaxNumberOfMessagesPerSecond: 1 });
    expect(services.env.clock.sleepers).toBe(1);
    services.sqs.reset();
    await services.env.clock.advance(0);
    expect(services.env.clock.sleepers).toBe(0);
  });
});
