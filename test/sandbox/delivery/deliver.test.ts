import { describe, expect, it } from 'vitest';
import { createEventPublisher, type NotificationRule } from '../../../src/sandbox/delivery/deliver.ts';
import type { ObjectRecord } from '../../../src/sandbox/delivery/object-event.ts';
import { createTestEnv, fakeDestination, FUNCTION_ARN, QUEUE_ARN, TOPIC_ARN } from '../s3/support.ts';

const BUCKET = {
  name: 'b',
  region: 'us-east-1',
  account: '111122223333',
  ownerPrincipalId: 'A1',
  awsGeneratedTags: {},
};
const REQUEST = { requestId: 'R', extendedRequestId: 'H', sourceIp: '127.0.0.1', principalId: 'AWS:X' };

function rule(overrides: Partial<NotificationRule>): NotificationRule {
  return {
    id: 'rule',
    service: 'sqs',
    arn: QUEUE_ARN,
    events: ['s3:ObjectCreated:*'],
    filter: {},
    ...overrides,
  };
}

function setUp() {
  const env = createTestEnv();
  const [lambda, sqs, sns] = [fakeDestination(), fakeDestination(), fakeDestination()];
  const publisher = createEventPublisher(env, { lambda, sqs, sns }, '2.6');
  const put = (rules: readonly NotificationRule[], key = 'k') =>
    publisher.publish(
      BUCKET,
      rules,
      REQUEST,
      { eventName: 'ObjectCreated:Put', key, size: 1, eTag: 'e' },
      false,
    );
  return { env, lambda, sqs, sns, publisher, put };
}

describe('publish', () => {
  it('delivers one record to each matching rule, with the configuration that matched', async () => {
    const { env, lambda, sqs, put } = setUp();
    put(
      [
        rule({ id: 'queue', filter: { prefix: 'in/', suffix: '.jpg' } }),
        rule({ id: 'function', service: 'lambda', arn: FUNCTION_ARN, filter: { prefix: 'in/' } }),
        rule({ id: 'other-key', filter: { prefix: 'out/' } }),
        rule({ id: 'other-event', events: ['s3:ObjectRemoved:*', 's3:ObjectCreated:Copy'] }),
      ],
      'in/a b.jpg',
    );
    await env.work.idle();
    const message = JSON.parse(sqs.received[0]!.message) as { Records: ObjectRecord[] };
    expect(message.Records.map(({ s3 }) => [s3.configurationId, s3.object.key])).toEqual([
      ['queue', 'in/a+b.jpg'],
    ]);
    expect(sqs.received).toHaveLength(1);
    expect(lambda.received).toEqual([
      {
        arn: FUNCTION_ARN,
        message: expect.any(String) as string,
        source: { bucketArn: 'arn:aws:s3:::b', account: '111122223333', region: 'us-east-1' },
      },
    ]);
    expect(env.journal.entries()).toEqual([
      expect.objectContaining({
        type: 'delivery',
        bucket: 'b',
        key: 'in/a b.jpg',
        eventName: 'ObjectCreated:Put',
        configurationId: 'queue',
        destination: QUEUE_ARN,
        outcome: 'delivered',
      }),
      expect.objectContaining({ configurationId: 'function', outcome: 'delivered' }),
    ]);
  });

  it('sends one message for a configuration whose own events overlap', async () => {
    const { env, sqs, put } = setUp();
    put([rule({ events: ['s3:ObjectCreated:*', 's3:ObjectCreated:Put'] })]);
    await env.work.idle();
    expect(sqs.received).toHaveLength(1);
  });

  it('counts as work at once but starts after the caller is done', async () => {
    const { env, sqs, put } = setUp();
    put([rule({})]);
    await Promise.resolve();
    expect(sqs.received).toHaveLength(0);
    await env.work.idle();
    expect(sqs.received).toHaveLength(1);
  });

  it('gives every rule of a change the same sequencer and the next change a greater one', async () => {
    const { env, sqs, put } = setUp();
    const rules = [rule({ id: 'a' }), rule({ id: 'b' })];
    put(rules);
    put(rules);
    await env.work.idle();
    const [first, second, third] = sqs.received.map(
      ({ message }) => (JSON.parse(message) as { Records: ObjectRecord[] }).Records[0]!.s3.object.sequencer!,
    );
    expect(first).toBe(second);
    expect(third! > first!).toBe(true);
  });

  it.each([
    ['refuses', (sqs: ReturnType<typeof fakeDestination>) => (sqs.refusal = 'gone'), 'gone'],
    ['fails', (sqs: ReturnType<typeof fakeDestination>) => (sqs.failure = new Error('bug')), 'bug'],
  ])('drops a message that the destination %s, with a note in the journal', async (_, prepare, reason) => {
    const { env, sqs, put } = setUp();
    prepare(sqs);
    put([rule({})]);
    await env.work.idle();
    expect(env.journal.entries()).toEqual([expect.objectContaining({ outcome: 'refused', reason })]);
  });

  it('drops a message for a service that is not there', async () => {
    const env = createTestEnv();
    createEventPublisher(env, {}, '2.6').publish(
      BUCKET,
      [rule({})],
      REQUEST,
      {
        eventName: 'ObjectCreated:Put',
        key: 'k',
      },
      false,
    );
    await env.work.idle();
    expect(env.journal.entries()).toEqual([
      expect.objectContaining({ outcome: 'refused', reason: 'The destination does not exist' }),
    ]);
  });
});

describe('sendTestEvents', () => {
  it('goes to each queue and topic once, never to a function', async () => {
    const { env, lambda, sqs, sns, publisher } = setUp();
    await publisher.sendTestEvents(
      BUCKET,
      [
        rule({ id: 'a' }),
        rule({ id: 'b' }),
        rule({ id: 'c', service: 'sns', arn: TOPIC_ARN }),
        rule({ id: 'd', service: 'lambda', arn: FUNCTION_ARN }),
      ],
      REQUEST,
    );
    expect([sqs.received.length, sns.received.length, lambda.received.length]).toEqual([1, 1, 0]);
    expect(JSON.parse(sqs.received[0]!.message)).toMatchObject({
      Event: 's3:TestEvent',
      Bucket: 'b',
      RequestId: 'R',
      HostId: 'H',
    });
    expect(env.journal.entries()).toEqual([
      expect.objectContaining({ eventName: 's3:TestEvent', configurationId: 'a', outcome: 'delivered' }),
      expect.objectContaining({ eventName: 's3:TestEvent', configurationId: 'c', outcome: 'delivered' }),
    ]);
  });
});
