import { describe, expect, it } from 'vitest';
import { callersOf, createMessaging, queueArn } from './harness.ts';

describe('the limit of messages in flight', () => {
  it('ends what a queue gives', async () => {
    const services = createMessaging();
    const { sqs } = callersOf(services);
    const { QueueUrl } = await sqs('CreateQueue', { QueueName: 'q' });
    const from = { roleArn: 'arn:aws:iam::111122223333:role/fn' };
    for (let i = 0; i < 120_001; i++) services.sqs.send(queueArn('q'), 'x', { from });
    const consumer = services.sqs.consume(queueArn('q'))!;
    const [first, ...others] = consumer.receive(200_000);
    expect(others).toHaveLength(119_999);
    await expect(sqs('ReceiveMessage', { QueueUrl })).rejects.toMatchObject({ code: 'OverLimit' });
    const polled = sqs('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 5 });
    await services.env.clock.waitForSleeper();
    await services.env.clock.advance(5000);
    expect(await polled).toEqual({});
    await sqs('DeleteMessage', { QueueUrl, ReceiptHandle: first?.ReceiptHandle });
    expect((await sqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 })).Messages).toHaveLength(1);
  });
});
