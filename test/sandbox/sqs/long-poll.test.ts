/** Clients that go away before they get their messages. */
import * as Sqs from '@aws-sdk/client-sqs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createMessaging, serveMessaging } from './harness.ts';

describe('a long poll', () => {
  it('takes nothing when its client has gone', async () => {
    const services = createMessaging();
    const served = await serveMessaging(services);
    onTestFinished(() => served.close());
    const { sqs } = served;
    const { QueueUrl } = await sqs.send(new Sqs.CreateQueueCommand({ QueueName: 'q' }));
    const client = new AbortController();
    const polled = sqs.send(new Sqs.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }), {
      abortSignal: client.signal,
    });
    await services.env.clock.waitForSleeper();
    client.abort();
    await expect(polled).rejects.toMatchObject({ name: 'AbortError' });
    // The server hears of it a moment later.
    await expect.poll(() => services.env.clock.sleepers, { interval: 1 }).toBe(0);
    await sqs.send(new Sqs.SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    const { Messages } = await sqs.send(
      new Sqs.ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ['All'] }),
    );
    expect(Messages).toMatchObject([{ Body: 'x', Attributes: { ApproximateReceiveCount: '1' } }]);
  });
});
