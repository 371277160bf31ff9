/** Messages that services of AWS put into queues (S3, SNS, EventBridge, Lambda): allowed by the queue's policy and its key. */
import type { Clock } from '../../../core/clock.ts';
import type { Destination } from '../../delivery/destinations.ts';
import { AwsError } from '../../wire/types.ts';
import { MESSAGE_ACTIONS, type KmsGate } from '../kms/gate.ts';
import { deniesRole, policyRefusal, s3Caller, type ServiceCaller } from '../service-access.ts';
import type { MessageAttributes } from './message-attributes.ts';
import type { Queue } from './queue.ts';
import { checkMessage, type Enqueue } from './send.ts';
import type { SqsStore } from './store.ts';

/**
 * Who sends: a service by itself, or a service with a role of the queue's account (Lambda's destinations). What the role may do
 * is its own policies' business, so of the queue's policy only a Deny counts.
 */
export type Sender = ServiceCaller | { readonly roleArn: string };

export interface SendOptions {
  readonly from: Sender;
  readonly attributes?: MessageAttributes | undefined;
  /** Becomes the system attribute AWSTraceHeader. */
  readonly traceHeader?: string | undefined;
  /** FIFO queues require it. */
  readonly groupId?: string | undefined;
  readonly deduplicationId?: string | undefined;
}

export type Refusal = { readonly refused: string } | undefined;

export type Send = (queueArn: string, body: string, options: SendOptions) => Refusal;

const ACTION = 'sqs:SendMessage';

function refusalOf(queue: Queue, from: Sender, kms: KmsGate | undefined, now: number): string | undefined {
  const policy = queue.attributes.get('Policy');
  if ('roleArn' in from) {
    if (deniesRole(policy, from.roleArn, ACTION, queue.arn)) return 'the queue policy denies it';
    const key = queue.attributes.get('KmsMasterKeyId');
    const use = { ...from, via: 'sqs', actions: MESSAGE_ACTIONS, region: queue.region } as const;
    if (key === undefined || kms?.allows(key, use)) return undefined;
    return `the key ${key} of the queue does not admit ${from.roleArn}`;
  }
  const refused = policyRefusal(policy, from, ACTION, queue.arn, now);
  if (refused !== undefined) return `the queue does not admit ${from.service}: ${refused}`;
  const key = queue.attributes.get('KmsMasterKeyId');
  if (key === undefined) return undefined;
  const mayUseKey = kms?.allows(key, { ...from, actions: MESSAGE_ACTIONS, region: queue.region }) ?? false;
  return mayUseKey ? undefined : `the key ${key} of the queue does not admit ${from.service}`;
}

export function createSend(
  clock: Clock,
  store: SqsStore,
  enqueue: Enqueue,
  senderOf: (caller: string) => string,
  kms: KmsGate | undefined,
): Send {
  return (queueArn, body, { from, attributes = {}, traceHeader, groupId, deduplicationId }) => {
    const queue = store.byArn(queueArn);
    if (!queue) return { refused: 'The specified queue does not exist.' };
    const refused = refusalOf(queue, from, kms, clock.now());
    if (refused !== undefined) return { refused };
    const senderId = senderOf('roleArn' in from ? from.roleArn : from.service);
    const message = { body, attributes, traceHeader, groupId, deduplicationId, senderId };
    try {
      checkMessage(queue, message);
    } catch (error) {
      if (error instanceof AwsError) return { refused: error.message };
      throw error;
    }
    enqueue(queue, message);
    return undefined;
  };
}

/** Queues as S3 sees them. */
export function queueDestination(
  clock: Clock,
  store: SqsStore,
  send: Send,
  kms: KmsGate | undefined,
): Destination {
  return {
    check(arn, source) {
      const queue = store.byArn(arn);
      if (!queue) return { name: arn, value: 'The destination queue does not exist' };
      if (refusalOf(queue, s3Caller(source), kms, clock.now()) === undefined) return undefined;
      return {
        name: arn,
        value:
          'Permissions on the destination queue do not allow S3 to publish notifications from this bucket',
      };
    },
    deliver: (arn, message, source) =>
      Promise.resolve(send(arn, message, { from: s3Caller(source), traceHeader: source.traceHeader })),
  };
}
