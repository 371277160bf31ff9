/**
 * A tap: a temporary queue that gets a copy of every event of a bucket, so that events can be watched without receiving from
 * anyone's queue. Names say until when a tap lives, so that one of a process that was killed is recognised by anybody.
 */
import { queueArn } from './arn.ts';
import type { EventRecord } from './event-record.ts';
import { eventRuleArn } from './event-rule.ts';
import type { NotificationDocument } from './notification.ts';

export const TAP_PREFIX = 's3evt-tap-';

/** What is needed to remove a tap again, without any further look. Kept in a file while the tap lives. */
export interface TapRecord {
  /** Name of the queue, and of the rule where there is one. */
  readonly name: string;
  readonly bucket: string;
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  /** Where its queue lives: an endpoint's URL, or `AWS`. */
  readonly endpoint: string;
  /** Epoch ms; whole seconds. */
  readonly expiresAt: number;
  readonly source: TapSource;
}

/** Where the queue gets its events from. */
export type TapSource =
  | { readonly kind: 'eventbridge' }
  | { readonly kind: 'topic'; readonly topicArn: string }
  /** EventBridge was off: the configuration before, and with it on. See `planSwitchOff` for when it is turned off again. */
  | {
      readonly kind: 'enable-eventbridge';
      readonly bucket: string;
      readonly before: NotificationDocument;
      readonly after: NotificationDocument;
    };

export interface TappedEvent {
  readonly record: EventRecord;
  /** Epoch ms of this machine's clock. */
  readonly receivedAt: number;
  /** The message as it came: JSON text of an EventBridge event or of `{"Records":[…]}`. */
  readonly raw: string;
}

/** Queue and rule of one tap have the same name: at most 32 characters of the 64 that a rule may have. */
export function tapName(hex: string, expiresAt: number): string {
  return `${TAP_PREFIX}${hex}-${Math.floor(expiresAt / 1_000)}`;
}

/** When the tap of that name expires, in epoch ms; undefined for other names. */
export function tapExpiry(name: string): number | undefined {
  const match = /^s3evt-tap-[0-9a-f]{8}-(\d{10})$/.exec(name);
  return match ? Number(match[1]) * 1_000 : undefined;
}

/** A tap by its name: enough to find its queue and its rule. */
export type TapPlace = Pick<TapRecord, 'name' | 'partition' | 'region' | 'account'>;

export function tapQueueArn({ name, partition, region, account }: TapPlace): string {
  return queueArn(partition, region, account, name);
}

export function tapRuleArn({ name, partition, region, account }: TapPlace): string {
  return eventRuleArn(partition, region, account, name);
}
