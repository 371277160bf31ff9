/**
 * A new configuration is read back at once, and acts a while later: "usually about five minutes"
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ways-to-add-notification-config-to-bucket.html). What acts in the
 * meantime is UNKNOWN; here it is the former configuration, so that a client that does not wait sees its events missing.
 */
import type { BucketNotification } from './store.ts';

/** The configuration that acts at this moment, in milliseconds since the epoch. */
export function actingNotification(latest: BucketNotification, now: number): BucketNotification {
  let acting = latest;
  while (acting.pending && now < acting.pending.until) acting = acting.pending.former;
  return acting;
}

/** `next` in the place of `latest`, acting after `delayMs`. */
export function replaceNotification(
  latest: BucketNotification,
  next: BucketNotification,
  now: number,
  delayMs: number,
): BucketNotification {
  if (delayMs === 0) return next;
  // Whatever acts already needs no memory of what came before it.
  const { pending, ...rest } = latest;
  const former = pending && now < pending.until ? latest : rest;
  return { ...next, pending: { until: now + delayMs, former } };
}
