/**
 * Reads a queue for a function: batches, filters, invocations, deletions
 * (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html and services-sqs-errorhandling.html).
 */
import type { SandboxEnv } from '../../env.ts';
import type { QueueConsumer } from '../sqs/consumer.ts';
import type { EventSourceMapping } from './event-source-mapping.ts';
import { passesFilters, payloadsOf, recordOf, type Payload, type SqsRecord } from './event-source-record.ts';
import { failedItems } from './event-source-response.ts';

/** What came of one synchronous invocation. Without a response it failed, or there was none at all. */
export type BatchOutcome =
  | { readonly kind: 'ok'; readonly response: string }
  | { readonly kind: 'failed' }
  | { readonly kind: 'throttled' };

export interface PollerDeps {
  readonly env: SandboxEnv;
  /** The queue as it is now; it may be deleted and made again under the same name. */
  readonly queue: (queueArn: string) => QueueConsumer | undefined;
  /** Milliseconds until it is worth asking again whether the function can be invoked; 0 when it can. */
  readonly waitFor: (mapping: EventSourceMapping) => number;
  readonly invoke: (
    functionArn: string,
    payload: string,
    traceHeader: string | undefined,
  ) => Promise<BatchOutcome>;
}

/** Batches at a time with which Lambda begins. The sandbox stays there: more would only wait for an environment. */
const CONCURRENT_BATCHES = 5;

/** A long poll, and how long a missing function or queue is left alone. */
export const POLL_MS = 20_000;

/** Between attempts at a throttled batch; doubled each time. AWS's delays are UNKNOWN. */
const FIRST_BACKOFF_MS = 1000;
const LAST_BACKOFF_MS = 60_000;

/** Polls until the signal is aborted; what has been received by then is still handed over. Never rejects. */
export async function pollQueue(
  deps: PollerDeps,
  mapping: EventSourceMapping,
  signal: AbortSignal,
): Promise<void> {
  const { clock } = deps.env;
  const running = new Set<Promise<void>>();
  while (!signal.aborted) {
    const limit = Math.min(mapping.settings.maximumConcurrency ?? CONCURRENT_BATCHES, CONCURRENT_BATCHES);
    if (running.size >= limit) {
      await Promise.race(running);
      continue;
    }
    const queue = deps.queue(mapping.queueArn);
    const wait = queue ? deps.waitFor(mapping) : POLL_MS;
    if (!queue || wait > 0) {
      await clock.sleep(wait, signal).catch(() => undefined);
      continue;
    }
    const records = await collect(deps, mapping, queue, signal);
    if (records.length === 0) continue;
    const task = handOver(deps, mapping, queue, records, signal).finally(() => running.delete(task));
    running.add(task);
  }
}

/**
 * Waits for a first message, then until the batch is full or its window is over. Empty when the function or the queue should
 * be looked at again.
 */
async function collect(
  { env: { clock } }: PollerDeps,
  mapping: EventSourceMapping,
  queue: QueueConsumer,
  signal: AbortSignal,
): Promise<SqsRecord[]> {
  const records: SqsRecord[] = [];
  const take = () => {
    const { filters, batchSize } = mapping.settings;
    for (let dropped = true; dropped && records.length < batchSize;) {
      dropped = false;
      for (const message of queue.receive(batchSize - records.length)) {
        const record = recordOf(message, mapping.queueArn);
        if (passesFilters(record, filters)) {
          records.push(record);
          continue;
        }
        // As AWS does: a message that no filter wants is not left for anybody else.
        forget(queue, record.receiptHandle);
        dropped = true;
      }
    }
  };
  take();
  if (records.length === 0) {
    await queue.wait(POLL_MS, signal);
    // The function may have gone while nothing came.
    return [];
  }
  const deadline = clock.now() + mapping.settings.windowSeconds * 1000;
  while (records.length < mapping.settings.batchSize && !signal.aborted && !queue.isDeleted()) {
    const left = deadline - clock.now();
    if (left <= 0) break;
    await queue.wait(left, signal);
    take();
  }
  return records;
}

async function handOver(
  deps: PollerDeps,
  mapping: EventSourceMapping,
  queue: QueueConsumer,
  records: readonly SqsRecord[],
  signal: AbortSignal,
): Promise<void> {
  const { clock, work } = deps.env;
  const giveUpAt = clock.now() + queue.visibilityTimeout() * 1000;
  for (const payload of payloadsOf(records)) {
    let isThrottled = await work.track(attempt(deps, mapping, queue, payload));
    // Lambda holds a throttled batch until its messages become visible again by themselves.
    for (let delay = FIRST_BACKOFF_MS; isThrottled && clock.now() + delay < giveUpAt;) {
      try {
        await clock.sleep(delay, signal);
      } catch {
        return;
      }
      delay = Math.min(delay * 2, LAST_BACKOFF_MS);
      isThrottled = await work.track(attempt(deps, mapping, queue, payload));
    }
  }
}

/** One invocation, and the deletion of what succeeded. Whether the function was throttled. */
async function attempt(
  deps: PollerDeps,
  { settings }: EventSourceMapping,
  queue: QueueConsumer,
  { records, text }: Payload,
): Promise<boolean> {
  const traceHeader = records.find((record) => record.attributes['AWSTraceHeader'] !== undefined)?.attributes;
  const outcome = await deps.invoke(settings.functionArn, text, traceHeader?.['AWSTraceHeader']);
  if (outcome.kind !== 'ok') return outcome.kind === 'throttled';
  const failed = settings.reportsItemFailures
    ? failedItems(outcome.response, new Set(records.map((record) => record.messageId)))
    : new Set<string>();
  if (failed === 'all') return false;
  for (const { messageId, receiptHandle } of records) {
    if (!failed.has(messageId)) forget(queue, receiptHandle);
  }
  return false;
}

function forget(queue: QueueConsumer, receiptHandle: string): void {
  try {
    queue.delete(receiptHandle);
  } catch {
    // In a FIFO queue the receipt may have expired: the message comes again.
  }
}
