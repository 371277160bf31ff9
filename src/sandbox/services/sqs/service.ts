/** SQS of the sandbox: standard and FIFO queues, for clients and as a destination of other services. */
import type * as Client from '@aws-sdk/client-sqs';
import type { Destination } from '../../delivery/destinations.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import type { KmsGate } from '../kms/gate.ts';
import { queueConsumer, type QueueConsumer } from './consumer.ts';
import { withQueryCodes } from './errors.ts';
import { sampleQueue } from './metrics.ts';
import { createMoveTasks } from './move-tasks.ts';
import { permissionHandlers } from './permissions.ts';
import { queueHandlers } from './queues.ts';
import { receiveHandlers } from './receive.ts';
import { createEnqueue, sendHandlers } from './send.ts';
import { createSend, queueDestination, type Send } from './service-send.ts';
import { createSqsStore } from './store.ts';

export interface SqsService {
  readonly handlers: Handlers<typeof Client>;
  /** For S3. */
  readonly destination: Destination;
  /** For other services: checked against the queue's policy, its key and its limits. Synchronous. */
  readonly send: Send;
  /** The queue's policy, JSON text. */
  policyOf(queueArn: string): string | undefined;
  /** The key of KMS that encrypts the queue, as the queue names it. */
  keyOf(queueArn: string): string | undefined;
  /** undefined when there is no such queue. */
  consume(queueArn: string): QueueConsumer | undefined;
  /** Forgets all queues; whoever waits for a message gets an empty answer. */
  reset(): void;
}

/** Without `kms` a queue with a key of KMS admits no service. */
export function createSqsService(env: SandboxEnv, deps: { readonly kms?: KmsGate } = {}): SqsService {
  const store = createSqsStore(env);
  const enqueue = createEnqueue(env);
  const senderIds = new Map<string, string>();
  /** Opaque, and the same for all messages of a caller. */
  const senderOf = (caller: string): string => {
    const id = senderIds.get(caller) ?? `AIDA${env.ids.upper(17)}`;
    senderIds.set(caller, id);
    return id;
  };
  const send = createSend(env.clock, store, enqueue, senderOf, deps.kms);
  const moveTasks = createMoveTasks(env, store);
  env.metrics.beforeRead(() => {
    for (const queue of store.all()) sampleQueue(env, queue);
  });

  return {
    handlers: withQueryCodes({
      ...queueHandlers(env, store),
      ...permissionHandlers(env, store),
      ...sendHandlers(store, enqueue, senderOf),
      ...receiveHandlers(env, store),
      ...moveTasks.handlers,
    }),
    destination: queueDestination(env.clock, store, send, deps.kms),
    send,
    policyOf: (queueArn) => store.byArn(queueArn)?.attributes.get('Policy'),
    keyOf: (queueArn) => store.byArn(queueArn)?.attributes.get('KmsMasterKeyId'),
    consume(queueArn) {
      const queue = store.byArn(queueArn);
      return queue && queueConsumer(env, store, queue);
    },
    reset() {
      moveTasks.reset();
      store.reset();
      senderIds.clear();
    },
  };
}
