/** What became of one event at one place where it can be seen. */
import type { EventfulRequest } from '../aws/upload.ts';
import type { EventRecord } from '../core/event-record.ts';
import type { Consumer, DeliveryDestination } from '../core/trace-destination.ts';
import { isEventOf, type AwaitedEvent } from '../core/verdict.ts';

/** Times in ms since the upload began; null when unknown. */
export interface Delivery {
  /** `EventBridge` for what goes there: it has no rule in the bucket's configuration. */
  readonly ruleId: string;
  readonly destination: DeliveryDestination;
  /** Who gets the event behind the destination, where that is watched; null for the destination itself. */
  readonly consumer: Pick<Consumer, 'kind' | 'arn'> | null;
  /** How it was looked for: a function's log, a tap of our own, the counters of a queue, or a look into it. */
  readonly via: 'log' | 'tap' | 'counter' | 'peek';
  /** `unexpected`: it came through a rule that should not take it. */
  readonly status: 'delivered' | 'missing' | 'unexpected';
  /** Until the event was readable there. */
  readonly latencyMs: number | null;
  readonly hops: {
    /** S3's own time of the event; null where it comes in whole seconds, as from EventBridge, or the clocks differ visibly. */
    readonly eventMs: number | null;
    /** The invocation's START; null, too, where the clocks differ visibly. */
    readonly invocationMs: number | null;
    readonly logVisibleMs: number | null;
  };
  readonly record: EventRecord | null;
  /** Of the invocation, not of the upload. */
  readonly requestId: string | null;
  /** Null where no log is looked at. */
  readonly logGroup: string | null;
  readonly logStream: string | null;
  readonly invocation: 'ok' | 'error' | 'timeout' | null;
  /** What the status rests on, or what may be wrong, in words; null when there is nothing to add. */
  readonly detail: string | null;
}

/** Where an event of the bucket goes: a rule's destination, or a rule of the default event bus. */
export interface Route {
  readonly id: string;
  /** As `Delivery.ruleId`. */
  readonly ruleId: string;
  readonly destination: DeliveryDestination;
}

/** Somewhere an event can be seen on its way. */
export interface Place {
  readonly via: 'log' | 'queue' | 'tap';
  readonly route: Route;
  /** The function or queue to look at; null for a tap. */
  readonly consumer: Consumer | null;
}

/** A request whose event is awaited. */
export interface WatchedRequest {
  readonly key: string;
  /** Without `s3:`. */
  readonly eventName: string;
  readonly request: EventfulRequest;
  readonly routes: readonly Route[];
}

/**
 * Whether the record is this very request's event, whichever way it came. The request id says so even if a program on the way has
 * made something else of the key.
 */
export function isRecordOf(record: EventRecord, watched: WatchedRequest, bucket: string): boolean {
  const { key, request, eventName } = watched;
  const awaited: AwaitedEvent = {
    bucket,
    key,
    requestId: request.requestId,
    attempts: request.attempts,
    eTag: request.eTag,
    versionId: request.versionId,
  };
  if (!record.eventName.startsWith(eventFamily(eventName))) return false;
  if (isEventOf(record, awaited)) return true;
  const named = record.requestId !== undefined && record.requestId === request.requestId;
  return named && isEventOf({ ...record, key }, awaited);
}

/** A deletion in a versioned bucket makes a delete marker: another name of the same family. */
function eventFamily(eventName: string): string {
  return eventName.startsWith('ObjectRemoved:') ? 'ObjectRemoved:' : eventName;
}

/** Whether a record that is the request's event came by this route: S3's own form names the rule, EventBridge's has one of its own. */
export function cameBy(record: EventRecord, { ruleId, destination }: Route): boolean {
  const overBus = record.via.includes('eventbridge');
  if (destination.kind === 'eventbridge' || overBus) return overBus === (destination.kind === 'eventbridge');
  return record.configurationId === undefined || record.configurationId === ruleId;
}

/** The rule that should not have taken it, when the record says that it did. */
export function unexpectedRule(record: EventRecord, { routes }: WatchedRequest): string | undefined {
  const { configurationId } = record;
  if (configurationId === undefined) return undefined;
  return routes.some(({ ruleId }) => ruleId === configurationId) ? undefined : configurationId;
}

/** A delivery of which nothing is known but the place. */
export function unseen(place: Place, via: Delivery['via']): Delivery {
  const { route, consumer } = place;
  // A rule's own function or queue is the destination.
  const isDestination = consumer === null || consumer.arn === route.destination.arn;
  return {
    ruleId: route.ruleId,
    destination: route.destination,
    consumer: isDestination ? null : { kind: consumer.kind, arn: consumer.arn },
    via,
    status: 'missing',
    latencyMs: null,
    hops: { eventMs: null, invocationMs: null, logVisibleMs: null },
    record: null,
    requestId: null,
    logGroup: null,
    logStream: null,
    invocation: null,
    detail: null,
  };
}

/**
 * Ms from the upload to S3's own time of the event. Null for a time in whole seconds: an upload takes less than one, so its figure
 * would be invented (EventBridge's `time`: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
 */
export function eventMs(
  { eventTime = '' }: Pick<EventRecord, 'eventTime'>,
  watched: { readonly request: Pick<EventfulRequest, 'startedAt'> },
): number | null {
  return /:\d\d\.\d+/.test(eventTime) ? hopMs(Date.parse(eventTime), watched) : null;
}

/** Ms from the upload to a time that AWS tells; null when that lies before it: the clocks of this machine and of AWS differ. */
export function hopMs(
  at: number,
  { request }: { readonly request: Pick<EventfulRequest, 'startedAt'> },
): number | null {
  const ms = at - request.startedAt;
  return ms >= 0 ? ms : null;
}
