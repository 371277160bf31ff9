/** Queues that rows watch for what S3 sends. */
import {
  PutRuleCommand,
  PutTargetsCommand,
  DeleteRuleCommand,
  RemoveTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, type Event, type QueueConfiguration } from '@aws-sdk/client-s3';
import { DeleteMessageBatchCommand, ReceiveMessageCommand, type Message } from '@aws-sdk/client-sqs';
import { BY_S3, bucket, configure, queue, type BucketOptions, type QueueRef } from './resources.ts';
import { eventually, TARGET_KIND, type Clients, type Target } from './target.ts';

/** A notification record as it came; what a row looks at it compares with `toEqual`. */
export interface S3Record {
  readonly eventName: string;
  readonly eventVersion: string;
  readonly eventTime: string;
  readonly responseElements: Readonly<Record<string, string>>;
  readonly s3: {
    readonly configurationId: string;
    readonly bucket: Readonly<Record<string, unknown>>;
    readonly object: Readonly<Record<string, unknown>> & {
      readonly key: string;
      readonly sequencer?: string;
    };
  };
  readonly [member: string]: unknown;
}

export interface BusEvent {
  readonly 'detail-type': string;
  readonly detail: Readonly<Record<string, unknown>> & {
    readonly object: Readonly<Record<string, unknown>> & { readonly key: string };
  };
  readonly [member: string]: unknown;
}

export interface Mailbox extends QueueRef {
  /** Waits until `count` of all messages ever received satisfy `wanted`, and resolves with all that do, as received. */
  readonly messages: (
    wanted: (body: string, message: Message) => boolean,
    count?: number,
    emptyPolls?: number,
  ) => Promise<readonly Message[]>;
}

const WAIT = TARGET_KIND === 'aws' ? { polls: 60, seconds: 10 } : { polls: 2, seconds: 5 };

export function mailbox(t: Target, from: QueueRef, { sqs }: Pick<Clients, 'sqs'> = t): Mailbox {
  const received: Message[] = [];
  const receive = async (WaitTimeSeconds: number) => {
    const { Messages = [] } = await sqs.send(
      new ReceiveMessageCommand({
        QueueUrl: from.url,
        WaitTimeSeconds,
        MaxNumberOfMessages: 10,
        MessageSystemAttributeNames: ['All'],
        MessageAttributeNames: ['All'],
      }),
    );
    if (Messages.length === 0) return 0;
    await sqs.send(
      new DeleteMessageBatchCommand({
        QueueUrl: from.url,
        Entries: Messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle })),
      }),
    );
    received.push(...Messages);
    return Messages.length;
  };
  return {
    ...from,
    async messages(wanted, count = 1, emptyPolls = WAIT.polls) {
      await t.sandbox?.idle();
      for (let empty = 0; ;) {
        const found = received.filter((message) => wanted(message.Body ?? '', message));
        if (found.length >= count) return found;
        if (empty >= emptyPolls) {
          const bodies = received.map(({ Body }) => Body).join('\n');
          throw new Error(`${found.length} of ${count} messages came; all messages of the queue:\n${bodies}`);
        }
        if ((await receive(WAIT.seconds)) === 0) empty++;
      }
    },
  };
}

/** The records of a message of S3's; none of a test event. */
export function recordsOf(body: string): readonly S3Record[] {
  return (JSON.parse(body) as { Records?: readonly S3Record[] }).Records ?? [];
}

/** The key as it stands in records: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html */
export function decodeKey(key: string): string {
  return decodeURIComponent(key.replaceAll('+', ' '));
}

export interface Watched<E> {
  readonly bucket: string;
  readonly mailbox: Mailbox;
  /** Waits for `count` events of this (raw) key, and resolves with all there are, in the order of arrival. */
  readonly of: (key: string, count?: number) => Promise<readonly E[]>;
  /** Events of this key that are there once an event that was caused after all others has come. */
  readonly soFar: (key: string) => Promise<readonly E[]>;
}

/** Everything that does not need a setting of its own. */
export const ALL_EVENTS: readonly Event[] = [
  's3:ObjectCreated:*',
  's3:ObjectRemoved:*',
  's3:ObjectRestore:*',
  's3:LifecycleExpiration:*',
  's3:LifecycleTransition',
  's3:ObjectTagging:*',
  's3:ObjectAcl:Put',
];

export interface WatchOptions extends BucketOptions {
  readonly events?: readonly Event[];
  /** In place of one configuration for `events`; one of them has to report `probe/`, which shows that they work. */
  readonly configurations?: readonly Omit<QueueConfiguration, 'QueueArn'>[];
  /** Everything made in this Region. */
  readonly clients?: Clients;
}

/** A bucket that notifies a queue (rule `watch`). Resolves once events arrive: a change may take five minutes to take effect. */
export async function watched(t: Target, options: WatchOptions = {}): Promise<Watched<S3Record>> {
  const { events = ALL_EVENTS, clients = t, configurations, ...made } = options;
  const name = await bucket(t, made, clients);
  const box = mailbox(t, await queue(t, { admits: BY_S3 }, clients), clients);
  await configure(clients, name, {
    QueueConfigurations: (configurations ?? [{ Id: 'watch', Events: [...events] }]).map((configuration) => ({
      ...configuration,
      QueueArn: box.arn,
    })),
  });
  return watch(
    clients,
    name,
    box,
    (body) => recordsOf(body),
    (record) => decodeKey(record.s3.object.key),
  );
}

/** A bucket that notifies EventBridge, and a rule of the default bus that sends its events to a queue. */
export async function watchedByBus(
  t: Target,
  options: BucketOptions = {},
  clients: Clients = t,
): Promise<Watched<BusEvent> & { readonly rule: string }> {
  const { events } = clients;
  const name = await bucket(t, options, clients);
  const rule = t.name('rule');
  const { RuleArn = '' } = await events.send(
    new PutRuleCommand({
      Name: rule,
      EventPattern: JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [name] } } }),
    }),
  );
  t.cleanUp(() => events.send(new DeleteRuleCommand({ Name: rule })));
  const admits = { service: 'events.amazonaws.com', sourceArn: RuleArn };
  const box = mailbox(t, await queue(t, { admits }, clients), clients);
  await events.send(new PutTargetsCommand({ Rule: rule, Targets: [{ Id: 'queue', Arn: box.arn }] }));
  t.cleanUp(() => events.send(new RemoveTargetsCommand({ Rule: rule, Ids: ['queue'] })));
  await configure(clients, name, { EventBridgeConfiguration: {} });
  const watching = await watch(
    clients,
    name,
    box,
    (body) => [JSON.parse(body) as BusEvent],
    (event) => event.detail.object.key,
  );
  return { ...watching, rule };
}

async function watch<E>(
  { s3 }: Pick<Clients, 's3'>,
  bucketName: string,
  box: Mailbox,
  eventsOf: (body: string) => readonly E[],
  keyOf: (event: E) => string,
): Promise<Watched<E>> {
  const isOf = (key: string) => (body: string) => eventsOf(body).some((event) => keyOf(event) === key);
  const events = async (key: string, count: number) => {
    const messages = await box.messages(isOf(key), count);
    return messages.flatMap(({ Body = '' }) => eventsOf(Body)).filter((event) => keyOf(event) === key);
  };
  let probes = 0;
  const probe = async (emptyPolls?: number): Promise<void> => {
    const Key = `probe/${++probes}`;
    await s3.send(new PutObjectCommand({ Bucket: bucketName, Key, Body: 'probe' }));
    await box.messages(isOf(Key), 1, emptyPolls);
  };
  // What is uploaded before the change takes effect is never reported.
  await eventually(() => probe(1));
  return {
    bucket: bucketName,
    mailbox: box,
    of: (key, count = 1) => events(key, count),
    soFar: async (key) => {
      await probe();
      return events(key, 0);
    },
  };
}
