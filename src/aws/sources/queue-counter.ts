/** What can be known of a queue's messages without taking them, and with a look that shows them again at once. */
import { S3evtError } from '../../core/errors.ts';
import type { EventRecord } from '../../core/event-record.ts';
import { recordsOf } from '../../core/event-record.ts';
import type { Aws } from '../clients.ts';
import { queueUrl } from '../read-destinations.ts';

/**
 * Messages in the queue, those that somebody works on included. Approximate: on AWS it settles within a minute
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html). Throws S3evtError.
 */
export async function countMessages(aws: Aws, arn: string): Promise<number> {
  const names = [
    'ApproximateNumberOfMessages',
    'ApproximateNumberOfMessagesNotVisible',
    'ApproximateNumberOfMessagesDelayed',
  ] as const;
  const values = await queueAttributes(aws, arn, names);
  return names.reduce((sum, name) => sum + Number(values[name] ?? 0), 0);
}

/** What a look costs the messages in the queue. */
export interface PeekRisk {
  /** Undefined without a redrive policy. */
  readonly maxReceiveCount: number | undefined;
  readonly messages: number;
}

export async function readPeekRisk(aws: Aws, arn: string): Promise<PeekRisk> {
  const values = await queueAttributes(aws, arn, ['RedrivePolicy', 'ApproximateNumberOfMessages']);
  return {
    maxReceiveCount: maxReceiveCount(values['RedrivePolicy']),
    messages: Number(values['ApproximateNumberOfMessages'] ?? 0),
  };
}

function maxReceiveCount(policy: string | undefined): number | undefined {
  if (policy === undefined) return undefined;
  try {
    const count = Number((JSON.parse(policy) as { maxReceiveCount?: unknown }).maxReceiveCount);
    return Number.isInteger(count) ? count : undefined;
  } catch {
    return undefined;
  }
}

async function queueAttributes<N extends PeekAttribute>(
  aws: Aws,
  arn: string,
  names: readonly N[],
): Promise<Partial<Record<N, string>>> {
  const [sqs, { GetQueueAttributesCommand }, url] = await Promise.all([
    aws.sqs(),
    import('@aws-sdk/client-sqs'),
    queueUrl(aws, arn),
  ]);
  const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [...names] });
  const what = { action: 'sqs:GetQueueAttributes', resource: arn };
  return (await aws.call((options) => sqs.send(command, options), what)).Attributes ?? {};
}

type PeekAttribute =
  | 'ApproximateNumberOfMessages'
  | 'ApproximateNumberOfMessagesNotVisible'
  | 'ApproximateNumberOfMessagesDelayed'
  | 'RedrivePolicy';

/** Messages of one look; each is received once, and shown again when the look is over. */
const MOST = 100;
const PAGE = 10;
/** Longer than a look takes, so that no message comes twice in it. */
const VISIBILITY_S = 20;
/** Giving messages back goes on after Ctrl-C, for this long. */
const GIVE_BACK_MS = 4_000;

/**
 * Looks at the first messages of a queue and gives them back. Each look counts as one receive of every message seen. Throws
 * S3evtError, after the messages were given back.
 */
export async function peekRecords(aws: Aws, arn: string): Promise<readonly EventRecord[]> {
  const [sqs, sdk, url] = await Promise.all([aws.sqs(), import('@aws-sdk/client-sqs'), queueUrl(aws, arn)]);
  const handles: string[] = [];
  const found: EventRecord[] = [];
  try {
    while (handles.length < MOST) {
      const command = new sdk.ReceiveMessageCommand({
        QueueUrl: url,
        MaxNumberOfMessages: PAGE,
        VisibilityTimeout: VISIBILITY_S,
        WaitTimeSeconds: 0,
      });
      const what = { action: 'sqs:ReceiveMessage', resource: arn };
      const { Messages = [] } = await aws.call((options) => sqs.send(command, options), what);
      if (Messages.length === 0) break;
      for (const { ReceiptHandle, Body } of Messages) {
        if (ReceiptHandle !== undefined) handles.push(ReceiptHandle);
        found.push(...recordsOf(Body === undefined ? undefined : { Body, MessageId: '' }).records);
      }
    }
  } finally {
    await giveBack(aws, arn, url, handles);
  }
  return found;
}

async function giveBack(aws: Aws, arn: string, url: string, handles: readonly string[]): Promise<void> {
  const [sqs, { ChangeMessageVisibilityBatchCommand }] = await Promise.all([
    aws.sqs(),
    import('@aws-sdk/client-sqs'),
  ]);
  const action = 'sqs:ChangeMessageVisibility';
  const what = { action, resource: arn, signal: AbortSignal.timeout(GIVE_BACK_MS) };
  for (let at = 0; at < handles.length; at += PAGE) {
    const Entries = handles
      .slice(at, at + PAGE)
      .map((ReceiptHandle, index) => ({ Id: String(index), ReceiptHandle, VisibilityTimeout: 0 }));
    const command = new ChangeMessageVisibilityBatchCommand({ QueueUrl: url, Entries });
    const { Failed = [] } = await aws.call((options) => sqs.send(command, options), what);
    if (Failed.length > 0) {
      throw new S3evtError(
        'AWS_ERROR',
        `${Failed.length} messages of ${arn} stay hidden for ${VISIBILITY_S} s`,
      );
    }
  }
}
