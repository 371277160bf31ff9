/** What SQS tells CloudWatch of a queue (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html). */
import type { SandboxEnv } from '../../env.ts';
import { MINUTE_MS } from '../monitoring/store.ts';
import { numberAttribute, type Queue } from './queue.ts';

type Counted = 'NumberOfMessagesSent' | 'NumberOfMessagesReceived' | 'NumberOfMessagesDeleted';

const COUNTED: readonly Counted[] = [
  'NumberOfMessagesSent',
  'NumberOfMessagesReceived',
  'NumberOfMessagesDeleted',
];

/** A queue reports for six hours after the last call, and for as long as it has messages. */
const ACTIVE_MS = 6 * 3_600_000;

/** A longer silence than this is not filled from its beginning. */
const FILLED_MINUTES = 24 * 60;

type MetricsEnv = Pick<SandboxEnv, 'clock' | 'metrics'>;

interface Sampled {
  /** The minute that is not over yet. */
  minute: number;
  activeAt: number;
}

const sampled = new WeakMap<Queue, Sampled>();

function metricOf(queue: Queue, name: string, unit = 'Count') {
  return { region: queue.region, namespace: 'AWS/SQS', name, dimensions: { QueueName: queue.name }, unit };
}

/** Called before messages come and go: what a past minute says must not know of it. Does something once a minute. */
export function touchQueue(env: MetricsEnv, queue: Queue): void {
  const now = env.clock.now();
  const minute = Math.floor(now / MINUTE_MS);
  const state = sampled.get(queue);
  if (state?.minute !== minute) fillMinutes(env, queue, now);
  sampled.set(queue, { minute, activeAt: now });
}

/** After `touchQueue`. */
export function countMessage(env: MetricsEnv, queue: Queue, name: Counted, count = 1): void {
  if (count > 0) env.metrics.add(metricOf(queue, name), count);
}

/** Before the metrics are read: the minutes since the last call, and this one as it is now. */
export function sampleQueue(env: MetricsEnv, queue: Queue): void {
  const now = env.clock.now();
  fillMinutes(env, queue, now);
  const state = sampled.get(queue);
  sampled.set(queue, { minute: Math.floor(now / MINUTE_MS), activeAt: state?.activeAt ?? queue.createdAt });
  if (isActive(queue, now)) sample(env, queue, now);
}

/** Nothing has changed since the last call, so what was there at the end of each minute follows from the messages' times. */
function fillMinutes(env: MetricsEnv, queue: Queue, now: number): void {
  const current = Math.floor(now / MINUTE_MS);
  const last = sampled.get(queue)?.minute ?? Math.floor(queue.createdAt / MINUTE_MS);
  for (let minute = Math.max(last, current - FILLED_MINUTES); minute < current; minute++) {
    const end = (minute + 1) * MINUTE_MS - 1;
    if (!isActive(queue, end)) continue;
    sample(env, queue, end);
    for (const name of COUNTED) env.metrics.fill(metricOf(queue, name), end);
  }
}

function isActive(queue: Queue, at: number): boolean {
  const activeAt = sampled.get(queue)?.activeAt ?? queue.createdAt;
  return at - activeAt < ACTIVE_MS || present(queue, at).length > 0;
}

function present(queue: Queue, at: number) {
  const retention = numberAttribute(queue, 'MessageRetentionPeriod') * 1000;
  return [...queue.messages.values()].filter(({ retainedSince }) => at - retainedSince < retention);
}

function sample(env: MetricsEnv, queue: Queue, at: number): void {
  const messages = present(queue, at);
  const visible = messages.filter(({ visibleAt }) => visibleAt <= at).length;
  const oldest = messages.reduce((min, { sentAt }) => Math.min(min, sentAt), at);
  env.metrics.set(metricOf(queue, 'ApproximateNumberOfMessagesVisible'), visible, at);
  const age = Math.floor((at - oldest) / 1000);
  env.metrics.set(metricOf(queue, 'ApproximateAgeOfOldestMessage', 'Seconds'), age, at);
}
