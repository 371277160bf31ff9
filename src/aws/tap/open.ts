import type { Clock } from '../../core/clock.ts';
import { S3evtError } from '../../core/errors.ts';
import { OWNER_TAG } from '../../core/names.ts';
import {
  tapName,
  tapQueueArn,
  tapRuleArn,
  type TapRecord,
  type TapSource,
  type TappedEvent,
} from '../../core/tap.ts';
import type { TapPlan } from '../../core/tap-plan.ts';
import { tapPattern, tapPolicy } from '../../core/tap-policy.ts';
import type { Aws } from '../clients.ts';
import { endpointFor } from '../endpoints.ts';
import { receiveEvents } from './receive.ts';
import { removeTap, TARGET_ID, TOPIC_TAG, type Removal } from './remove.ts';
import { withSignal } from './with-signal.ts';
import { turnOn, type ConfigurationWrites } from './switch-eventbridge.ts';

/** Live events of one bucket. */
export interface Tap {
  readonly record: TapRecord;
  /**
   * Every event of the bucket from now on, in the order in which they come. Ends when the signal is aborted or the tap has expired;
   * throws S3evtError when the queue cannot be read.
   */
  receive(signal: AbortSignal): AsyncIterable<TappedEvent>;
  /**
   * Removes all that the tap made, within seconds and after Ctrl-C too. Never throws: what could not be removed is in the answer,
   * and its file stays for the next start. Further calls answer the same.
   */
  close(): Promise<Removal>;
}

export interface TapEnvironment {
  readonly clock: Clock;
  /** Of the run: nothing more is made once it is aborted. */
  readonly signal: AbortSignal;
  readonly randomHex: (length: number) => string;
  /** Lifetime: the queue takes nothing after it. A minute at least. */
  readonly ttlMs: number;
  /** Called before anything is made, so that a crash leaves a trace; the answer forgets it again. */
  readonly register: (record: TapRecord) => () => void;
  readonly writes: ConfigurationWrites;
}

/** Identifies the AWS that a tap lives in: never is one of another endpoint touched. */
export async function tapEndpoint(aws: Aws): Promise<string> {
  return endpointFor(await aws.target(), 'SQS')?.value ?? 'AWS';
}

/** Makes what the plan says. When that fails, what was made is removed again. Throws S3evtError. */
export async function openTap(aws: Aws, plan: TapPlan, env: TapEnvironment): Promise<Tap> {
  env.signal.throwIfAborted();
  const now = env.clock.now();
  // In whole seconds, as the name has it.
  const expiresAt = Math.floor((now + env.ttlMs) / 1_000) * 1_000;
  const { bucket, account, partition, region, source } = plan;
  const name = tapName(env.randomHex(8), expiresAt);
  const record: TapRecord = {
    name,
    bucket,
    account,
    partition,
    region,
    endpoint: await tapEndpoint(aws),
    expiresAt,
    source,
  };
  const forget = env.register(record);
  let closing: Promise<Removal> | undefined;
  const close = () =>
    (closing ??= removeTap(aws, record, env).then((removal) => {
      if (removal.isComplete) forget();
      return removal;
    }));
  const late = lateAbort(env);
  const made = await Promise.allSettled(
    makeAll(withSignal(aws, late.signal), record, Math.ceil(env.ttlMs / 1_000), {
      ...env,
      signal: late.signal,
    }),
  );
  late.dispose();
  const failure = made.find((one) => one.status === 'rejected');
  if (failure) {
    await close();
    throw failure.reason;
  }
  return {
    record,
    receive: (signal) => receiveEvents(aws, record, { clock: env.clock, signal, openedAt: now }),
    close,
  };
}

/** A request that is cut off on the way may be carried out after all, behind the removal: each is let finish, for so long. */
const LATE_MS = 1_000;

function lateAbort({ clock, signal }: Pick<TapEnvironment, 'clock' | 'signal'>): {
  readonly signal: AbortSignal;
  dispose(): void;
} {
  const late = new AbortController();
  const abort = () => void clock.sleep(LATE_MS).then(() => late.abort(signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  return { signal: late.signal, dispose: () => signal.removeEventListener('abort', abort) };
}

/** At once what does not wait for anything else. */
function makeAll(
  aws: Aws,
  record: TapRecord,
  lifetimeSeconds: number,
  env: TapEnvironment,
): readonly Promise<unknown>[] {
  const queue = createQueue(aws, record, lifetimeSeconds);
  const { source } = record;
  switch (source.kind) {
    case 'topic':
      return [queue, queue.then(() => subscribe(aws, record, source.topicArn))];
    case 'eventbridge':
      return [queue, makeRule(aws, record, queue)];
    case 'enable-eventbridge':
      return [queue, makeRule(aws, record, queue), turnOn(aws, record, source, env)];
  }
}

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const RETENTION_SECONDS = { least: 60, most: 1_209_600 };

/** With its policy from the start: an attribute that is set later takes up to a minute to be seen everywhere. */
async function createQueue(aws: Aws, record: TapRecord, lifetimeSeconds: number): Promise<void> {
  const [sqs, { CreateQueueCommand }] = await Promise.all([aws.sqs(), import('@aws-sdk/client-sqs')]);
  const retention = Math.min(Math.max(lifetimeSeconds, RETENTION_SECONDS.least), RETENTION_SECONDS.most);
  const command = new CreateQueueCommand({
    QueueName: record.name,
    Attributes: { Policy: tapPolicy(record), MessageRetentionPeriod: String(retention) },
    tags: tagsOf(record),
  });
  const what = { action: 'sqs:CreateQueue', resource: tapQueueArn(record) };
  await aws.call((options) => sqs.send(command, options), what);
}

/** The topic is in the tags, so that a start on another machine finds the subscription of a tap that was left. */
function tagsOf({ source }: { readonly source: TapSource }): Record<string, string> {
  const owner = { [OWNER_TAG.key]: OWNER_TAG.value };
  return source.kind === 'topic' ? { ...owner, [TOPIC_TAG]: source.topicArn } : owner;
}

async function makeRule(aws: Aws, record: TapRecord, queue: Promise<void>): Promise<void> {
  const [events, { PutRuleCommand, PutTargetsCommand }] = await Promise.all([
    aws.events(),
    import('@aws-sdk/client-eventbridge'),
  ]);
  const resource = tapRuleArn(record);
  const rule = new PutRuleCommand({
    Name: record.name,
    EventPattern: JSON.stringify(tapPattern(record.bucket)),
    Description: `Temporary: s3evt watches ${record.bucket}.`,
    Tags: [{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }],
  });
  await aws.call((options) => events.send(rule, options), { action: 'events:PutRule', resource });
  await queue;
  const targets = new PutTargetsCommand({
    Rule: record.name,
    Targets: [{ Id: TARGET_ID, Arn: tapQueueArn(record) }],
  });
  const action = 'events:PutTargets';
  const answer = await aws.call((options) => events.send(targets, options), { action, resource });
  const [refused] = answer.FailedEntries ?? [];
  if (refused)
    throw new S3evtError('AWS_ERROR', `${action}: ${refused.ErrorMessage ?? refused.ErrorCode ?? 'refused'}`);
}

async function subscribe(aws: Aws, record: TapRecord, topicArn: string): Promise<void> {
  const [sns, { SubscribeCommand }] = await Promise.all([aws.sns(), import('@aws-sdk/client-sns')]);
  const command = new SubscribeCommand({
    TopicArn: topicArn,
    Protocol: 'sqs',
    Endpoint: tapQueueArn(record),
    Attributes: { RawMessageDelivery: 'true' },
    ReturnSubscriptionArn: true,
  });
  const what = { action: 'sns:Subscribe', resource: topicArn };
  await aws.call((options) => sns.send(command, options), what);
}
