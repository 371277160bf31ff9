/**
 * One queue and its messages. Nothing here waits or ticks: whether a message is delayed, in flight, visible or expired follows
 * from the time that is asked about. All times in milliseconds since the epoch.
 */
import type { MessageAttributes } from './message-attributes.ts';

export interface Message {
  readonly id: string;
  readonly body: string;
  readonly attributes: MessageAttributes;
  readonly senderId: string;
  readonly sentAt: number;
  readonly traceHeader: string | undefined;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly sequenceNumber: string | undefined;
  /** From when its retention is counted. */
  retainedSince: number;
  /** Invisible before: by a delay while it was never received here, else in flight. */
  visibleAt: number;
  receiveCount: number;
  /** Since it came into this queue: what `maxReceiveCount` is compared with. */
  receivesHere: number;
  firstReceivedAt: number | undefined;
  /** Of the latest receipt. */
  receiptHandle: string | undefined;
  /** Queue that it was moved from. */
  deadLetterSource: string | undefined;
}

export interface Queue {
  readonly name: string;
  readonly arn: string;
  readonly region: string;
  readonly isFifo: boolean;
  readonly createdAt: number;
  readonly tags: Map<string, string>;
  /** As in GetQueueAttributes, without those that are computed. */
  readonly attributes: Map<string, string>;
  /** By id, oldest first. A message keeps its place until it is deleted, so that a FIFO group keeps its order. */
  readonly messages: Map<string, Message>;
  /** FIFO: what was sent in the last five minutes, by deduplication id. */
  readonly recentlySent: Map<string, { readonly message: Message; readonly at: number }>;
  /** Called when a message may have become available. */
  readonly listeners: Set<() => void>;
  modifiedAt: number;
  purgedAt: number | undefined;
  isDeleted: boolean;
}

/**
 * Messages in flight that one queue may have
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html; FIFO queues had 20,000 before
 * November 2024).
 */
export const MAX_IN_FLIGHT = 120_000;

export const DEDUPLICATION_MS = 5 * 60_000;

/** A numeric attribute; all of them have a default, so none is ever missing. */
export function numberAttribute(queue: Queue, name: string): number {
  return Number(queue.attributes.get(name) ?? 0);
}

export function notify(queue: Queue): void {
  for (const listener of queue.listeners) listener();
}

export function dropExpired(queue: Queue, now: number): void {
  const retention = retentionMs(queue);
  for (const message of queue.messages.values()) {
    if (now - message.retainedSince >= retention) queue.messages.delete(message.id);
  }
}

function retentionMs(queue: Queue): number {
  return numberAttribute(queue, 'MessageRetentionPeriod') * 1000;
}

export interface Counts {
  readonly visible: number;
  readonly inFlight: number;
  readonly delayed: number;
}

export function countMessages(queue: Queue, now: number): Counts {
  dropExpired(queue, now);
  const counts = { visible: 0, inFlight: 0, delayed: 0 };
  for (const message of queue.messages.values()) {
    if (message.visibleAt <= now) counts.visible++;
    else if (message.receivesHere > 0) counts.inFlight++;
    else counts.delayed++;
  }
  return counts;
}

/** How many may be taken into flight. A queue with fewer messages than that is not counted, which takes a look at each. */
export function roomInFlight(queue: Queue, now: number): number {
  return MAX_IN_FLIGHT - (queue.messages.size < MAX_IN_FLIGHT ? 0 : countMessages(queue, now).inFlight);
}

/** When the next invisible message becomes visible; undefined when none is invisible. */
export function nextVisibleAt(queue: Queue, now: number): number | undefined {
  let next: number | undefined;
  for (const { visibleAt } of queue.messages.values()) {
    if (visibleAt > now && (next === undefined || visibleAt < next)) next = visibleAt;
  }
  return next;
}

/** A message within five minutes of one with the same deduplication id is taken, but not delivered. */
export function duplicateOf(queue: Queue, key: string, now: number): Message | undefined {
  for (const [other, { at }] of queue.recentlySent) {
    if (now - at < DEDUPLICATION_MS) break;
    queue.recentlySent.delete(other);
  }
  return queue.recentlySent.get(key)?.message;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly visibilityMs: number;
  readonly now: number;
  readonly newHandle: (message: Message) => string;
  /** Where messages go that were received too often already; undefined without a redrive policy or without its queue. */
  readonly deadLetter: { readonly queue: Queue; readonly maxReceiveCount: number } | undefined;
}

/**
 * Takes up to `max` messages into flight. In a FIFO queue a group whose earlier message is in flight gives nothing, though one
 * call may take several of a group
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html).
 */
export function receive(queue: Queue, options: ReceiveOptions): Message[] {
  const { now, deadLetter } = options;
  const max = Math.min(options.max, roomInFlight(queue, now));
  const retention = retentionMs(queue);
  const taken: Message[] = [];
  const blockedGroups = new Set<string>();
  for (const message of queue.messages.values()) {
    if (taken.length >= max) break;
    if (now - message.retainedSince >= retention) {
      queue.messages.delete(message.id);
      continue;
    }
    const group = queue.isFifo ? message.groupId : undefined;
    if (message.visibleAt > now) {
      if (group !== undefined) blockedGroups.add(group);
      continue;
    }
    if (group !== undefined && blockedGroups.has(group)) continue;
    if (deadLetter && message.receivesHere >= deadLetter.maxReceiveCount) {
      moveToDeadLetterQueue(queue, message, deadLetter.queue, now);
      continue;
    }
    message.receiveCount++;
    message.receivesHere++;
    message.firstReceivedAt ??= now;
    message.visibleAt = now + options.visibilityMs;
    message.receiptHandle = options.newHandle(message);
    taken.push(message);
  }
  return taken;
}

/**
 * The message keeps its id, the time it was sent and how often it was received. In a standard queue its retention goes on from
 * when it was first sent, in a FIFO queue it starts again
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html).
 */
function moveToDeadLetterQueue(source: Queue, message: Message, target: Queue, now: number): void {
  source.messages.delete(message.id);
  message.visibleAt = now;
  message.receivesHere = 0;
  message.receiptHandle = undefined;
  message.deadLetterSource = source.arn;
  if (target.isFifo) message.retainedSince = now;
  target.messages.set(message.id, message);
  notify(target);
}
