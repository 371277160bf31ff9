/** What `status` tells of queues and topics beyond whether S3 may send there: who takes the events, and what waits. */
import { readQueueAttributes } from '../aws/read-destinations.ts';
import { settled } from '../aws/read-destination-state.ts';
import { fact } from '../aws/read-facts.ts';
import { listMappings, listSubscriptions } from '../aws/sources/consumers.ts';
import type { QueueState } from '../core/destination-state.ts';
import { ifKnown } from '../core/facts.ts';
import type { Context } from './context.ts';

export interface QueueReport {
  /** About how many messages wait, and how many were handed out and are not deleted yet. */
  readonly waiting: number;
  readonly inFlight: number;
  /** Null without a redrive policy; `waiting` is null when it may not be read. */
  readonly deadLetters: { readonly arn: string; readonly waiting: number | null } | null;
  /** Functions that poll the queue; null when that may not be read. Other readers cannot be seen. */
  readonly readBy: readonly { readonly function: string; readonly state: string }[] | null;
}

export interface TopicReport {
  /** Null when they may not be read. */
  readonly subscriptions:
    readonly { readonly protocol: string; readonly endpoint: string; readonly confirmed: boolean }[] | null;
}

/** One read more for a queue with dead letters. */
export async function readQueueReport(
  queue: QueueState,
  readBy: QueueReport['readBy'],
  { aws }: Pick<Context, 'aws'>,
): Promise<QueueReport> {
  const { waiting, inFlight, deadLetterArn } = queue;
  const dead =
    deadLetterArn === undefined ? undefined : await settled(readQueueAttributes(aws, deadLetterArn));
  const waits = dead && ifKnown(dead)?.['ApproximateNumberOfMessages'];
  return {
    waiting,
    inFlight,
    deadLetters:
      deadLetterArn === undefined
        ? null
        : { arn: deadLetterArn, waiting: waits === undefined ? null : Number(waits) },
    readBy,
  };
}

export async function readReaders(
  queueArn: string,
  { aws }: Pick<Context, 'aws'>,
): Promise<QueueReport['readBy']> {
  const read = await settled(fact('lambda:ListEventSourceMappings', () => listMappings(aws, queueArn)));
  return ifKnown(read)?.map(({ functionArn, state }) => ({ function: functionArn, state })) ?? null;
}

export async function readSubscriptions(
  topicArn: string,
  { aws }: Pick<Context, 'aws'>,
): Promise<TopicReport['subscriptions']> {
  const read = await settled(fact('sns:ListSubscriptionsByTopic', () => listSubscriptions(aws, topicArn)));
  return ifKnown(read) ?? null;
}
