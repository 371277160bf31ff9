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

export async function readQueueReport(
  queue: QueueState,
  { aws }: Pick<Context, 'aws'>,
): Promise<QueueReport> {
  const { arn, waiting, inFlight, deadLetterArn } = queue;
  const [mappings, dead] = await Promise.all([
    settled(fact('lambda:ListEventSourceMappings', () => listMappings(aws, arn))),
    deadLetterArn === undefined ? undefined : settled(readQueueAttributes(aws, deadLetterArn)),
  ]);
  const waits = dead && ifKnown(dead)?.['ApproximateNumberOfMessages'];
  return {
    waiting,
    inFlight,
    deadLetters:
      deadLetterArn === undefined
        ? null
        : { arn: deadLetterArn, waiting: waits === undefined ? null : Number(waits) },
    readBy: ifKnown(mappings)?.map(({ functionArn, state }) => ({ function: functionArn, state })) ?? null,
  };
}

export async function readTopicReport(arn: string, { aws }: Pick<Context, 'aws'>): Promise<TopicReport> {
  const read = await settled(fact('sns:ListSubscriptionsByTopic', () => listSubscriptions(aws, arn)));
  return { subscriptions: ifKnown(read) ?? null };
}
