/** A queue as a poller of AWS reads it: Lambda's event source mappings. */
import type * as Client from '@aws-sdk/client-sqs';
import type { SandboxEnv } from '../../env.ts';
import { numberAttribute, type Queue } from './queue.ts';
import { changeVisibility, deleteMessage, showMessage, takeMessages, waitForMessage } from './receive.ts';
import type { SqsStore } from './store.ts';

export interface QueueConsumer {
  /** Up to `max` messages that are available now, in flight from now on, with all their attributes. */
  receive(max: number): Client.Message[];
  /** Resolves when `receive` may give something, or after `ms` on the clock; also when the signal is aborted. */
  wait(ms: number, signal?: AbortSignal): Promise<void>;
  delete(receiptHandle: string): void;
  /** Makes the message visible again after so many seconds. */
  release(receiptHandle: string, seconds: number): void;
  /** Seconds. */
  visibilityTimeout(): number;
  isDeleted(): boolean;
}

export function queueConsumer(env: SandboxEnv, store: SqsStore, queue: Queue): QueueConsumer {
  return {
    receive: (max) =>
      takeMessages(env, store, queue, max).map((message) =>
        showMessage(message, { systemAttributes: ['All'], attributes: ['All'] }),
      ),
    wait: (ms, signal) => waitForMessage(env, queue, ms, signal),
    delete: (handle) => deleteMessage(env, queue, handle),
    release: (handle, seconds) => changeVisibility(env, queue, handle, seconds),
    visibilityTimeout: () => numberAttribute(queue, 'VisibilityTimeout'),
    isDeleted: () => queue.isDeleted,
  };
}
