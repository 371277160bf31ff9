import { bucketArn } from '../../core/arn.ts';
import { eventCovers } from '../../core/event-name.ts';
import { keyPasses, type KeyFilter } from '../../core/key-filter.ts';
import type { SandboxEnv } from '../env.ts';
import type { DeliveryCopy, Faults } from '../faults.ts';
import type { DeliveryEntry } from '../journal.ts';
import { Alarms } from '../alarms.ts';
import type { Destinations, EventSource } from './destinations.ts';
import { buildS3Event, type EventBridgeEvent, type EventBridgeVersion } from './eventbridge-event.ts';
import {
  buildObjectRecord,
  buildTestEvent,
  type EventBucket,
  type EventRequest,
  type EventVersion,
  type ObjectChange,
} from './object-event.ts';
import { createSequencer } from './sequencer.ts';

export type DestinationService = keyof Destinations;

/** One configuration of a bucket's notification document, ready for matching. */
export interface NotificationRule {
  readonly id: string;
  readonly service: DestinationService;
  /** The destination's ARN. */
  readonly arn: string;
  /** Configured names, `s3:ObjectCreated:*`. */
  readonly events: readonly string[];
  readonly filter: KeyFilter;
}

export interface EventPublisher {
  /** Hands the change to every rule that matches. Returns at once: deliveries start after the response was handed over. */
  publish(
    bucket: EventBucket,
    rules: readonly NotificationRule[],
    request: EventRequest,
    change: ObjectChange,
    /** Whether the bucket's configuration enables EventBridge. */
    toEventBridge: boolean,
  ): void;
  /** `s3:TestEvent` to each queue and topic of the rules, once per destination; resolves when all were handed over. */
  sendTestEvents(
    bucket: EventBucket,
    rules: readonly NotificationRule[],
    request: EventRequest,
  ): Promise<void>;
  /** Forgets the messages that wait because of a fault. */
  reset(): void;
}

/** The default event bus of each Region, as S3 reaches it. */
export interface EventBridgeSink {
  /** Puts the event on the default bus; rules deliver it in a later turn of the event loop. */
  put(event: EventBridgeEvent, region: string): void;
  readonly version: EventBridgeVersion;
}

interface Parcel {
  readonly rule: NotificationRule;
  readonly source: EventSource;
  readonly draft: Draft;
  readonly message: string;
}

/** What the journal says of a delivery before it is known what became of it. */
type Draft = Pick<
  Required<DeliveryEntry>,
  'type' | 'via' | 'bucket' | 'key' | 'eventName' | 'configurationId' | 'destination'
>;

/** What an enabled EventBridge has in place of a configuration's id. */
const EVENTBRIDGE_ID = 'EventBridgeConfiguration';
const ONCE: readonly DeliveryCopy[] = [{ delayMs: 0 }];

export function createEventPublisher(
  env: SandboxEnv,
  destinations: Destinations,
  eventVersion: EventVersion,
  eventBridge?: EventBridgeSink,
  faults?: Pick<Faults, 'deliveries'>,
): EventPublisher {
  const nextSequencer = createSequencer(() => env.clock.now());
  const alarms = new Alarms(env.clock);

  async function deliver({ rule, source, draft, message }: Parcel, fault?: string): Promise<void> {
    const reason = await refusalOf(destinations, rule, message, source);
    env.journal.record({
      ...draft,
      ...(reason === undefined ? { outcome: 'delivered' } : { outcome: 'refused', reason }),
      ...(fault !== undefined && { fault }),
    });
  }

  /**
   * Hands a message over as often and as late as the faults say. The wait is no work in progress: who waits for the sandbox to
   * be idle must not wait for a clock that he moves himself.
   */
  function handOver(entry: Draft, hand: (fault: string | undefined) => void): void {
    const copies = faults?.deliveries(entry) ?? ONCE;
    if (copies.length === 0) env.journal.record({ ...entry, outcome: 'dropped', fault: 'drop' });
    for (const { delayMs, fault } of copies) {
      if (delayMs === 0) hand(fault);
      else alarms.set(env.clock.now() + delayMs, () => hand(fault));
    }
  }

  return {
    publish(bucket, rules, request, change, toEventBridge) {
      const matching = rules.filter(
        (rule) =>
          rule.events.some((event) => eventCovers(event, change.eventName)) &&
          keyPasses(rule.filter, change.key),
      );
      // Drawn for every change, matched or not: the sequencer orders changes, not messages.
      const sequencer = nextSequencer();
      const time = env.clock.now();
      const { key, eventName } = change;
      if (toEventBridge && eventBridge) {
        const { version } = eventBridge;
        const id = env.ids.uuid();
        const event = buildS3Event({ change, bucket, request, sequencer, time, id, eventVersion: version });
        const destination = `arn:aws:events:${bucket.region}:${bucket.account}:event-bus/default`;
        const draft = draftOf(bucket.name, key, eventName, EVENTBRIDGE_ID, destination);
        handOver(draft, (fault) => {
          eventBridge.put(event, bucket.region);
          env.journal.record({ ...draft, outcome: 'delivered', ...(fault !== undefined && { fault }) });
        });
      }
      for (const rule of matching) {
        const record = buildObjectRecord({
          change,
          bucket,
          request,
          configurationId: rule.id,
          sequencer,
          time,
          eventVersion,
        });
        const parcel = {
          rule,
          source: sourceOf(bucket, request),
          draft: draftOf(bucket.name, key, eventName, rule.id, rule.arn),
          // One record per message, as AWS documents.
          message: JSON.stringify({ Records: [record] }),
        };
        handOver(parcel.draft, (fault) => {
          void env.work.track(afterResponse().then(() => deliver(parcel, fault)));
        });
      }
    },

    async sendTestEvents(bucket, rules, request) {
      const message = JSON.stringify(buildTestEvent({ bucket: bucket.name, request, time: env.clock.now() }));
      // A function gets no test message: S3 only checks that it may invoke it.
      const firstOfEach = rules.filter(
        (rule, index) =>
          rule.service !== 'lambda' && rules.findIndex((other) => other.arn === rule.arn) === index,
      );
      const source = sourceOf(bucket, request);
      const parcels = firstOfEach.map((rule) => ({
        rule,
        source,
        draft: draftOf(bucket.name, '', 's3:TestEvent', rule.id, rule.arn),
        message,
      }));
      await env.work.track(Promise.all(parcels.map((parcel) => deliver(parcel))));
    },

    reset: () => alarms.clear(),
  };
}

/** The turn of the event loop after this one: by then the handler's answer is on its way. */
function afterResponse(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function sourceOf(bucket: EventBucket, { traceHeader }: EventRequest): EventSource {
  return {
    bucketArn: bucketArn('aws', bucket.name),
    account: bucket.account,
    region: bucket.region,
    traceHeader,
  };
}

function draftOf(
  bucket: string,
  key: string,
  eventName: string,
  configurationId: string,
  destination: string,
): Draft {
  return { type: 'delivery', via: 's3', bucket, key, eventName, configurationId, destination };
}

/** Why the message was dropped, or undefined when it arrived. S3 tells nobody: only the journal knows. */
async function refusalOf(
  destinations: Destinations,
  { service, arn }: NotificationRule,
  message: string,
  source: EventSource,
): Promise<string | undefined> {
  const destination = destinations[service];
  if (!destination) return 'The destination does not exist';
  try {
    return (await destination.deliver(arn, message, source))?.refused;
  } catch (error) {
    // A delivery runs outside any request: what it throws would end the process, and S3 would drop the event anyway.
    return error instanceof Error ? error.message : String(error);
  }
}
