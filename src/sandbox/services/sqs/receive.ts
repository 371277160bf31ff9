/** ReceiveMessage with long polling, and what is done with a receipt: delete, change of visibility. */
import type * as Client from '@aws-sdk/client-sqs';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { checkBatch, runBatch } from './batch.ts';
import { expiredReceiptHandle, invalidReceiptHandle, invalidValue, overLimit } from './errors.ts';
import { attributesMd5, md5, selectAttributes } from './message-attributes.ts';
import { countMessage, touchQueue } from './metrics.ts';
import {
  nextVisibleAt,
  notify,
  numberAttribute,
  receive,
  roomInFlight,
  type Message,
  type Queue,
} from './queue.ts';
import { deadLetterQueue, type SqsStore } from './store.ts';

const HANDLE_PREFIX = 'AQEB';
const MAX_VISIBILITY_SECONDS = 43_200;

/** Opaque to clients: which receipt of which message it was. */
function receiptHandle(env: SandboxEnv, queue: Queue, message: Message): string {
  const text = JSON.stringify([queue.arn, message.id, env.ids.uuid()]);
  return HANDLE_PREFIX + Buffer.from(text).toString('base64');
}

/** The id of the message that a handle of this queue belongs to. Throws SQS's error for anything else. */
function messageIdOf(queue: Queue, handle: string): string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(handle.slice(HANDLE_PREFIX.length), 'base64').toString());
  } catch {
    throw invalidReceiptHandle(handle);
  }
  const [arn, id] = Array.isArray(parsed) ? (parsed as unknown[]) : [];
  if (arn !== queue.arn || typeof id !== 'string') throw invalidReceiptHandle(handle);
  return id;
}

/** Takes messages that are available now into flight. */
export function takeMessages(
  env: SandboxEnv,
  store: SqsStore,
  queue: Queue,
  max: number,
  visibilitySeconds = numberAttribute(queue, 'VisibilityTimeout'),
): Message[] {
  const deadLetter = deadLetterQueue(store, queue);
  touchQueue(env, queue);
  if (deadLetter) touchQueue(env, deadLetter.queue);
  const taken = receive(queue, {
    max,
    visibilityMs: visibilitySeconds * 1000,
    now: env.clock.now(),
    newHandle: (message) => receiptHandle(env, queue, message),
    deadLetter,
  });
  countMessage(env, queue, 'NumberOfMessagesReceived', taken.length);
  return taken;
}

/** Resolves when a message may have become available, the queue is deleted, `ms` are over, or `signal` is aborted. */
export async function waitForMessage(
  env: SandboxEnv,
  queue: Queue,
  ms: number,
  signal?: AbortSignal,
): Promise<void> {
  const arrived = new AbortController();
  const wake = () => arrived.abort();
  const now = env.clock.now();
  const next = nextVisibleAt(queue, now) ?? Number.POSITIVE_INFINITY;
  queue.listeners.add(wake);
  signal?.addEventListener('abort', wake, { once: true });
  if (signal?.aborted) wake();
  try {
    await env.clock.sleep(Math.min(ms, next - now), arrived.signal);
  } catch (error) {
    if (!arrived.signal.aborted) throw error;
  } finally {
    queue.listeners.delete(wake);
    signal?.removeEventListener('abort', wake);
  }
}

/**
 * A message that is already gone, or received again since (standard queue), is not deleted, and the answer is the same
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html).
 */
export function deleteMessage(env: SandboxEnv, queue: Queue, handle: string): void {
  const message = queue.messages.get(messageIdOf(queue, handle));
  const isCurrent = message?.receiptHandle === handle;
  if (message && queue.isFifo && (!isCurrent || message.visibleAt <= env.clock.now()))
    throw expiredReceiptHandle(handle);
  touchQueue(env, queue);
  countMessage(env, queue, 'NumberOfMessagesDeleted');
  if (!isCurrent) return;
  queue.messages.delete(message.id);
  // The next one of its group may be available now.
  notify(queue);
}

export function changeVisibility(env: SandboxEnv, queue: Queue, handle: string, seconds: number): void {
  if (!Number.isInteger(seconds) || seconds < 0 || seconds > MAX_VISIBILITY_SECONDS) {
    throw invalidValue(
      seconds,
      'VisibilityTimeout',
      `VisibilityTimeout must be an integer between 0 and ${MAX_VISIBILITY_SECONDS}.`,
    );
  }
  const now = env.clock.now();
  const message = queue.messages.get(messageIdOf(queue, handle));
  if (message?.receiptHandle !== handle) {
    throw invalidValue(
      handle,
      'ReceiptHandle',
      'Message does not exist or is not available for visibility timeout change.',
    );
  }
  if (queue.isFifo && message.visibleAt <= now) throw expiredReceiptHandle(handle);
  touchQueue(env, queue);
  message.visibleAt = now + seconds * 1000;
  notify(queue);
}

interface Wanted {
  readonly systemAttributes: readonly string[];
  readonly attributes: readonly string[] | undefined;
}

export function showMessage(message: Message, wanted: Wanted): Client.Message {
  const system: readonly (readonly [string, string | undefined])[] = [
    ['SenderId', message.senderId],
    ['ApproximateFirstReceiveTimestamp', String(message.firstReceivedAt)],
    ['ApproximateReceiveCount', String(message.receiveCount)],
    ['SentTimestamp', String(message.sentAt)],
    ['SequenceNumber', message.sequenceNumber],
    ['MessageGroupId', message.groupId],
    ['MessageDeduplicationId', message.deduplicationId],
    ['AWSTraceHeader', message.traceHeader],
    ['DeadLetterQueueSourceArn', message.deadLetterSource],
  ];
  const asked = wanted.systemAttributes;
  const shown = system.filter(
    ([name, value]) => value !== undefined && (asked.includes('All') || asked.includes(name)),
  );
  const attributes = selectAttributes(message.attributes, wanted.attributes);
  const hasAttributes = Object.keys(attributes).length > 0;
  return {
    MessageId: message.id,
    ReceiptHandle: message.receiptHandle,
    MD5OfBody: md5(message.body),
    Body: message.body,
    ...(shown.length > 0 && { Attributes: Object.fromEntries(shown) }),
    ...(hasAttributes && {
      MD5OfMessageAttributes: attributesMd5(attributes),
      MessageAttributes: attributes,
    }),
  };
}

export function receiveHandlers(env: SandboxEnv, store: SqsStore): Handlers<typeof Client> {
  const between = (value: number | undefined, name: string, min: number, max: number, reason: string) => {
    if (value !== undefined && (value < min || value > max)) throw invalidValue(value, name, reason);
  };

  return {
    async ReceiveMessage(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const { MaxNumberOfMessages: max, VisibilityTimeout: visibility, WaitTimeSeconds: wait } = input;
      between(max, 'MaxNumberOfMessages', 1, 10, 'Must be between 1 and 10, if provided.');
      between(visibility, 'VisibilityTimeout', 0, 43_200, 'Must be between 0 and 43200, if provided.');
      between(wait, 'WaitTimeSeconds', 0, 20, 'Must be >= 0 and <= 20, if provided.');
      const waitMs = (wait ?? numberAttribute(queue, 'ReceiveMessageWaitTimeSeconds')) * 1000;
      const deadline = env.clock.now() + waitMs;
      // A long poll and a FIFO queue give nothing instead, says the page of the quota.
      const isFull = roomInFlight(queue, env.clock.now()) <= 0;
      if (isFull && waitMs === 0 && !queue.isFifo) throw overLimit();
      for (;;) {
        // Nobody would get them: they stay for the next one who asks.
        if (ctx.signal?.aborted) return {};
        const taken = takeMessages(env, store, queue, max ?? 1, visibility);
        const left = deadline - env.clock.now();
        if (taken.length === 0 && left > 0 && !queue.isDeleted) {
          await waitForMessage(env, queue, left, ctx.signal);
          continue;
        }
        const wanted = {
          // eslint-disable-next-line @typescript-eslint/no-deprecated -- older clients ask with this name only
          systemAttributes: [...(input.MessageSystemAttributeNames ?? []), ...(input.AttributeNames ?? [])],
          attributes: input.MessageAttributeNames,
        };
        return taken.length > 0 ? { Messages: taken.map((message) => showMessage(message, wanted)) } : {};
      }
    },

    DeleteMessage(input, ctx) {
      deleteMessage(env, store.byUrl(ctx, input.QueueUrl), input.ReceiptHandle ?? '');
    },

    DeleteMessageBatch(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const entries = checkBatch(input.Entries, 'DeleteMessageBatchRequestEntry');
      return runBatch(entries, (entry, id) => {
        deleteMessage(env, queue, entry.ReceiptHandle ?? '');
        return { Id: id };
      });
    },

    ChangeMessageVisibility(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      changeVisibility(env, queue, input.ReceiptHandle ?? '', input.VisibilityTimeout ?? 0);
    },

    ChangeMessageVisibilityBatch(input, ctx) {
      const queue = store.byUrl(ctx, input.QueueUrl);
      const entries = checkBatch(input.Entries, 'ChangeMessageVisibilityBatchRequestEntry');
      return runBatch(entries, (entry, id) => {
        changeVisibility(env, queue, entry.ReceiptHandle ?? '', entry.VisibilityTimeout ?? 0);
        return { Id: id };
      });
    },
  };
}
