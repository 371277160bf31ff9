import * as Sqs from '@aws-sdk/client-sqs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import {
  ACCOUNT,
  createMessaging,
  queueArn,
  REGION,
  serveMessaging,
  type Messaging,
  type ServedMessaging,
} from './harness.ts';

let services: Messaging;
let served: ServedMessaging;

beforeEach(async () => {
  services = createMessaging();
  served = await serveMessaging(services);
});

afterEach(() => served.close());

it('sends, receives and deletes, with the digests that the client verifies', async () => {
  const { sqs } = served;
  const { QueueUrl } = await sqs.send(new Sqs.CreateQueueCommand({ QueueName: 'q' }));
  expect(QueueUrl).toBe(`http://127.0.0.1:${served.port}/${ACCOUNT}/q`);
  const MessageAttributes = {
    text: { DataType: 'String', StringValue: 'Ünï' },
    bytes: { DataType: 'Binary', BinaryValue: Uint8Array.of(0, 1, 255) },
  };
  await sqs.send(new Sqs.SendMessageCommand({ QueueUrl, MessageBody: 'Ünï "x"', MessageAttributes }));
  const { Messages } = await sqs.send(
    new Sqs.ReceiveMessageCommand({
      QueueUrl,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
  );
  expect(Messages).toMatchObject([{ Body: 'Ünï "x"', Attributes: { ApproximateReceiveCount: '1' } }]);
  expect(Messages?.[0]?.MessageAttributes?.['text']?.StringValue).toBe('Ünï');
  expect([...(Messages?.[0]?.MessageAttributes?.['bytes']?.BinaryValue ?? [])]).toEqual([0, 1, 255]);
  const { ReceiptHandle } = Messages?.[0] ?? {};
  await sqs.send(new Sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  const { Attributes } = await sqs.send(
    new Sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  expect(Attributes).toMatchObject({
    QueueArn: queueArn('q'),
    ApproximateNumberOfMessagesNotVisible: '0',
  });
});

it('wakes a long poll', async () => {
  const { sqs } = served;
  const { QueueUrl } = await sqs.send(new Sqs.CreateQueueCommand({ QueueName: 'q' }));
  const polled = sqs.send(new Sqs.ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 20 }));
  await services.env.clock.waitForSleeper();
  await sqs.send(new Sqs.SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: 'a', MessageBody: 'x' }] }));
  expect((await polled).Messages?.[0]?.Body).toBe('x');
});

it('sends errors as the classes of the client', async () => {
  const { sqs } = served;
  const QueueUrl = `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/none`;
  const attempt = sqs.send(new Sqs.GetQueueUrlCommand({ QueueName: 'none' }));
  await expect(attempt).rejects.toBeInstanceOf(Sqs.QueueDoesNotExist);
  await expect(sqs.send(new Sqs.PurgeQueueCommand({ QueueUrl }))).rejects.toMatchObject({
    message: 'The specified queue does not exist.',
    $metadata: { httpStatusCode: 400 },
  });
});

async function raw(operation: string, body: object) {
  const response = await fetch(`http://127.0.0.1:${served.port}/`, {
    method: 'POST',
    headers: { 'x-amz-target': `AmazonSQS.${operation}`, 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify(body),
  });
  const answer = (await response.json()) as Readonly<Record<string, unknown>>;
  return { code: response.headers.get('x-amzn-query-error'), type: answer['__type'] };
}

it('names errors for the new protocol and for the old one', async () => {
  expect(await raw('GetQueueUrl', { QueueName: 'none' })).toEqual({
    code: 'AWS.SimpleQueueService.NonExistentQueue;Sender',
    type: 'com.amazonaws.sqs#QueueDoesNotExist',
  });
  expect(await raw('CreateQueue', { QueueName: 'a b' })).toEqual({
    code: 'InvalidParameterValue;Sender',
    type: expect.stringMatching(/InvalidParameterValueException$/) as string,
  });
});
