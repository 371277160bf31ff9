import { bucketArn } from '../../core/arn.ts';
import { eventCovers } from '../../core/event-name.ts';
import { keyPasses, type KeyFilter } from '../../core/key-filter.ts';
import type { SandboxEnv } from '../env.ts';
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
  readonly key: string;
  readonly eventName: string;
  readonly message: string;
}

export function createEventPublisher(
  env: SandboxEnv,
  destinations: Destinations,
  eventVersion: EventVersion,
  eventBridge?: EventBridgeSink,
): EventPublisher {
  const nextSequencer = createSequencer(() => env.clock.now());

  async function deliver(parcel: Parcel): Promise<void> {
    const reason = await refusalOf(destinations, parcel);
    env.journal.record({
      type: 'delivery',
      bucket: parcel.source.bucketArn.slice(bucketArn('aws', '').length),
      key: parcel.key,
      eventName: parcel.eventName,
      configurationId: parcel.rule.id,
      destination: parcel.rule.arn,
      ...(reason === undefined ? { outcome: 'delivered' } : { outcome: 'refused', reason }),
    });
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
      if (toEventBridge && eventBridge) {
        const { version } = eventBridge;
        const id = env.ids.uuid();
        eventBridge.put(
          buildS3Event({ change, bucket, request, sequencer, time, id, eventVersion: version }),
          bucket.region,
        );
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
          key: change.key,
          eventName: change.eventName,
          // One record per message, as AWS documents.
          message: JSON.stringify({ Records: [record] }),
        };
        void env.work.track(afterResponse().then(() => deliver(parcel)));
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
        key: '',
        eventName: 's3:TestEvent',
        message,
      }));
      await env.work.track(Promise.all(parcels.map(deliver)));
    },
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

/** Why the message was dropped, or undefined when it arrived. S3 tells nobody: only the journal knows. */
async function refusalOf(destinations: Destinations, parcel: Parcel): Promise<string | undefined> {
  const destination = destinations[parcel.rule.service];
  if (!destination) return 'The destination does not exist';
  try {
    return (await destination.deliver(parcel.rule.arn, parcel.message, parcel.source))?.refused;
  } catch (error) {
    // A delivery runs outside any request: what it throws would end the process, and S3 would drop the event anyway.
    return error instanceof Error ? error.message : String(error);
  }
}
