import type { Message } from '@aws-sdk/client-sqs';
import type { Clock } from '../../core/clock.ts';
import { hasCode, S3evtError } from '../../core/errors.ts';
import { recordsOf } from '../../core/event-record.ts';
import { tapQueueArn, type TapRecord, type TappedEvent } from '../../core/tap.ts';
import type { Aws } from '../clients.ts';
import { queueUrl } from '../read-destinations.ts';
import { retry } from '../retry.ts';

export interface Receiving {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Epoch ms: when the queue was made. */
  readonly openedAt: number;
}

/** The longest that SQS waits for a message. */
const WAIT_SECONDS = 20;
/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html: a queue is not there at once. */
const FRESH_MS = 10_000;
/** A network that is gone for a moment does not end a watch. */
const RETRY_MS = 60_000;
/** SQS may deliver a message twice: ids of the newest ones. */
const REMEMBERED = 5_000;

/** Events of the tap's bucket, as they come; see `Tap.receive`. */
export async function* receiveEvents(
  aws: Aws,
  tap: TapRecord,
  { clock, signal, openedAt }: Receiving,
): AsyncGenerator<TappedEvent, void> {
  const arn = tapQueueArn(tap);
  const [sqs, { ReceiveMessageCommand, DeleteMessageBatchCommand }, QueueUrl] = await Promise.all([
    aws.sqs(),
    import('@aws-sdk/client-sqs'),
    queueUrl(aws, arn),
  ]);
  const poll = async (): Promise<readonly Message[]> => {
    const left = Math.ceil((tap.expiresAt - clock.now()) / 1_000);
    const command = new ReceiveMessageCommand({
      QueueUrl,
      MaxNumberOfMessages: 10,
      WaitTimeSeconds: Math.max(0, Math.min(WAIT_SECONDS, left)),
    });
    const what = { action: 'sqs:ReceiveMessage', resource: arn, signal };
    return (await aws.call((options) => sqs.send(command, options), what)).Messages ?? [];
  };
  const discard = async (messages: readonly Message[]): Promise<void> => {
    const Entries = messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
    const what = { action: 'sqs:DeleteMessage', resource: arn, signal };
    const command = new DeleteMessageBatchCommand({ QueueUrl, Entries });
    await aws.call((options) => sqs.send(command, options), what);
  };
  const passes = (error: unknown) =>
    error instanceof S3evtError &&
    (error.retryable || (hasCode(error, 'NOT_FOUND') && clock.now() - openedAt < FRESH_MS));
  const seen = new Set<string>();
  let discarding = Promise.resolve();
  try {
    while (!signal.aborted && clock.now() < tap.expiresAt) {
      const messages = await retry(poll, {
        clock,
        signal,
        retries: passes,
        waits: [500, 1_000, 2_000, 5_000],
        ceilingMs: RETRY_MS,
      });
      const receivedAt = clock.now();
      await discarding;
      // A message that stays comes again, and is known by its id then.
      if (messages.length > 0) discarding = discard(messages).catch(() => undefined);
      for (const { MessageId = '', Body = '' } of messages) {
        if (seen.has(MessageId)) continue;
        remember(seen, MessageId);
        // A topic may carry events of other buckets too.
        for (const record of recordsOf(Body).records) {
          if (record.bucket === tap.bucket) yield { record, receivedAt, raw: Body };
        }
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    if (!hasCode(error, 'NOT_FOUND')) throw error;
    throw new S3evtError('NOT_FOUND', `the temporary queue ${tap.name} is gone: somebody removed it`, {
      cause: error,
    });
  }
}

function remember(seen: Set<string>, id: string): void {
  seen.add(id);
  const [oldest] = seen;
  if (seen.size > REMEMBERED && oldest !== undefined) seen.delete(oldest);
}
