/**
 * What S3 does not promise: that each event comes once, and in order
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html, "Event ordering and
 * duplicate events"). Events that come again, or after a later one of the same key, are recognised by their sequencers.
 */
import type { EventRecord } from './event-record.ts';

export type OrderMark = 'duplicate' | 'out-of-order';

/**
 * Compares two sequencers of one key: negative when `a` is the earlier one. They are hexadecimal numbers of different lengths, in
 * either case; the shorter one counts as padded with zeros on its left.
 */
export function compareSequencers(a: string, b: string): number {
  const [x, y] = [significant(a), significant(b)];
  if (x.length !== y.length) return x.length - y.length;
  return x < y ? -1 : x > y ? 1 : 0;
}

function significant(sequencer: string): string {
  return sequencer.toLowerCase().replace(/^0+/, '');
}

/**
 * Marks events in the order in which they come. Remembered are the newest `most` events and the newest `most` keys: what lies further
 * back is not recognised any more. An event without a sequencer (tags, ACLs) has no place in the order.
 */
export function createOrderMarks(most: number): (record: EventRecord) => OrderMark | undefined {
  const seen = new Map<string, true>();
  const latest = new Map<string, string>();
  return ({ bucket, key, sequencer, versionId, eventName }) => {
    if (sequencer === undefined || !/^[0-9a-f]+$/i.test(sequencer)) return undefined;
    const object = `${bucket}/${key}`;
    const event = JSON.stringify([object, significant(sequencer), versionId ?? '', eventName]);
    const isKnown = seen.has(event);
    keep(seen, event, true, most);
    const before = latest.get(object);
    const isLate = before !== undefined && compareSequencers(sequencer, before) < 0;
    keep(latest, object, isLate ? before : sequencer, most);
    if (isKnown) return 'duplicate';
    return isLate ? 'out-of-order' : undefined;
  };
}

/** Puts the entry at the end, and takes the first one out when there are too many. */
function keep<T>(map: Map<string, T>, key: string, value: T, most: number): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > most && oldest !== undefined) map.delete(oldest);
}
