/** SendMessage and SendMessageBatch, and what they share with services that send. */
import { createHash } from 'node:crypto';
import type * as Client from '@aws-sdk/client-sqs';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { checkBatch, runBatch } from './batch.ts';
import { invalidParameter, invalidValue, missingParameter } from './errors.ts';
import {
  attributesMd5,
  attributesSize,
  checkAttributes,
  md5,
  type MessageAttributes,
} from './message-attributes.ts';
import { countMessage, touchQueue } from './metrics.ts';
import { duplicateOf, notify, numberAttribute, type Message, type Queue } from './queue.ts';
import type { SqsStore } from './store.ts';

export interface NewMessage {
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly delaySeconds?: number | undefined;
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
  readonly traceHeader?: string | undefined;
  readonly senderId: string;
}

const ID = /^[\x21-\x7e]{1,128}$/;
const MAX_BATCH_BYTES = 1_048_576;

// XML 1.0's characters, as SQS's text says.

const INVALID_CHARACTERS =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;

export function messageSize(message: Pick<NewMessage, 'body' | 'attributes'>): number {
  return Buffer.byteLength(message.body) + attributesSize(message.attributes);
}

/** Why the queue cannot take the message. The rules of a FIFO queue come first: they fail a whole batch. */
export function checkMessage(queue: Queue, message: NewMessage): void {
  checkQueueType(queue, message);
  const limit = numberAttribute(queue, 'MaximumMessageSize');
  if (messageSize(message) > limit) {
    throw invalidParameter(
      `One or more parameters are invalid. Reason: Message must be shorter than ${limit} bytes.`,
    );
  }
  if (message.body === '') throw missingParameter('MessageBody');
  if (INVALID_CHARACTERS.test(message.body)) {
    throw new AwsError(
      'InvalidMessageContents',
      'Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF',
    );
  }
  checkAttributes(message.attributes);
  const { delaySeconds } = message;
  if (delaySeconds !== undefined && (delaySeconds < 0 || delaySeconds > 900)) {
    throw invalidValue(delaySeconds, 'DelaySeconds', 'DelaySeconds must be >= 0 and <= 900.');
  }
}

function checkQueueType(queue: Queue, message: NewMessage): void {
  const { groupId, deduplicationId, delaySeconds } = message;
  const wrongType = 'The request include parameter that is not valid for this queue type.';
  if (queue.isFifo) {
    if (delaySeconds !== undefined && delaySeconds !== 0)
      throw invalidValue(delaySeconds, 'DelaySeconds', wrongType);
    if (groupId === undefined) throw missingParameter('MessageGroupId');
    if (deduplicationId === undefined && queue.attributes.get('ContentBasedDeduplication') !== 'true') {
      throw invalidParameter(
        'The queue should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
      );
    }
  } else if (deduplicationId !== undefined) {
    throw invalidValue(deduplicationId, 'MessageDeduplicationId', wrongType);
  }
  const rule = 'can only include alphanumeric and punctuation characters. 1 to 128 in length.';
  if (groupId !== undefined && !ID.test(groupId)) {
    throw invalidValue(groupId, 'MessageGroupId', `MessageGroupId ${rule}`);
  }
  if (deduplicationId !== undefined && !ID.test(deduplicationId)) {
    throw invalidValue(deduplicationId, 'MessageDeduplicationId', `MessageDeduplicationId ${rule}`);
  }
}

/** 20 digits that grow; the real ones are not consecutive either. */
function sequenceNumbers(): () => string {
  let next = 18_850_000_000_000_000_000n;
  return () => String((next += 256n));
}

export type Enqueue = (queue: Queue, message: NewMessage) => Message;

/** Puts a message into a queue, unchecked. Within five minutes a FIFO queue answers a duplicate with the first message. */
export function createEnqueue(env: SandboxEnv): Enqueue {
  const nextSequenceNumber = sequenceNumbers();
  return (queue, message) => {
    const now = env.clock.now();
    const deduplicationId = queue.isFifo
      ? (message.deduplicationId ?? createHash('sha256').update(message.body).digest('hex'))
      : undefined;
    const scope = queue.attributes.get('DeduplicationScope') === 'messageGroup' ? message.groupId : '';
    const key = JSON.stringify([scope, deduplicationId]);
    const duplicate = queue.isFifo ? duplicateOf(queue, key, now) : undefined;
    if (duplicate) return duplicate;

    const delay = message.delaySeconds ?? numberAttribute(queue, 'DelaySeconds');
    const stored: Message = {
      id: env.ids.uuid(),
      body: message.body,
      attributes: message.attributes,
      senderId: message.senderId,
      sentAt: now,
      traceHeader: message.traceHeader,
      groupId: message.groupId,
      deduplicationId,
      sequenceNumber: queue.isFifo ? nextSequenceNumber() : undefined,
      retainedSince: now,
      visibleAt: now + (queue.isFifo ? numberAttribute(queue, 'DelaySeconds') : delay) * 1000,
      receiveCount: 0,
      receivesHere: 0,
      firstReceivedAt: undefined,
      receiptHandle: undefined,
      deadLetterSource: undefined,
    };
    touchQueue(env, queue);
    queue.messages.set(stored.id, stored);
    countMessage(env, queue, 'NumberOfMessagesSent');
    if (queue.isFifo) queue.recentlySent.set(key, { message: stored, at: now });
    notify(queue);
    return stored;
  };
}

interface SendInput {
  readonly MessageBody: string | undefined;
  readonly DelaySeconds?: number | undefined;
  readonly MessageAttributes?: MessageAttributes | undefined;
  readonly MessageSystemAttributes?: MessageAttributes | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

export function sendHandlers(
  store: SqsStore,
  enqueue: Enqueue,
  senderOf: (caller: string) => string,
): Handlers<typeof Client> {
  const read = (input: SendInput, ctx: RequestContext): NewMessage => {
    const { AWSTraceHeader: trace } = input.MessageSystemAttributes ?? {};
    // Instrumented clients send the trace as a header only
    // (https://docs.aws.amazon.com/xray/latest/devguide/xray-services-sqs.html).
    const header = ctx.headers['x-amzn-trace-id'];
    return {
      body: input.MessageBody ?? '',
      attributes: input.MessageAttributes ?? {},
      delaySeconds: input.DelaySeconds,
      groupId: input.MessageGroupId,
      deduplicationId: input.MessageDeduplicationId,
      traceHeader: trace?.StringValue ?? (typeof header === 'string' ? header : undefined),
      senderId: senderOf(ctx.accessKeyId ?? ''),
    };
  };
  const sent = (message: Message, input: SendInput) => {
    const attributes = attributesMd5(message.attributes);
    const systemAttributes = attributesMd5(input.MessageSystemAttributes ?? {});
    return {
      MessageId: message.id,
      MD5OfMessageBody: md5(message.body),
      ...(attributes !== undefined && { MD5OfMessageAttributes: attributes }),
      ...(systemAttributes !== undefined && { MD5OfMessageSystemAttributes: systemAttributes }),
      ...(message.sequenceNumber !== undefined && { SequenceNumber: message.sequenceNumber }),
    };
  };

  return {
    SendMessage(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const message = read(input, ctx);
      checkMessage(queue, message);
      return sent(enqueue(queue, message), input);
    },

    SendMessageBatch(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const entries = checkBatch(input.Entries, 'SendMessageBatchRequestEntry');
      const messages = new Map(entries.map((entry) => [entry, read(entry, ctx)]));
      const bytes = [...messages.values()].reduce((sum, message) => sum + messageSize(message), 0);
      if (bytes > MAX_BATCH_BYTES) {
        throw new AwsError(
          'BatchRequestTooLong',
          `Batch requests cannot be longer than ${MAX_BATCH_BYTES} bytes. You have sent ${bytes} bytes.`,
        );
      }
      for (const message of messages.values()) {
        try {
          checkQueueType(queue, message);
        } catch (error) {
          // In a batch even a missing group id has this code, as recorded.
          throw error instanceof AwsError ? invalidParameter(error.message) : error;
        }
      }
      return runBatch(entries, (entry, id) => {
        const message = messages.get(entry) ?? read(entry, ctx);
        checkMessage(queue, message);
        return { Id: id, ...sent(enqueue(queue, message), entry) };
      });
    },
  };
}
