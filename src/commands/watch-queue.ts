import { countMessages, peekRecords } from '../aws/sources/queue-counter.ts';
import type { EventRecord } from '../core/event-record.ts';
import type { Context } from './context.ts';
import {
  cameBy,
  eventMs,
  isRecordOf,
  unseen,
  type Delivery,
  type Place,
  type Route,
  type WatchedRequest,
} from './delivery.ts';
import { pace } from './observe.ts';
import type { Found, Watch } from './watch-deliveries.ts';

/** A queue before the uploads. */
export interface QueueBaseline {
  readonly messages: number;
  /** Whether its policy lets S3 send there; undefined when that is unknown, or when S3 is not who sends. */
  readonly admitsS3: boolean | undefined;
}

/** Looks into a queue at most so often: each one counts as a receive. */
const MOST_PEEKS = 3;
/** What the tap has seen should be in the queue after this long; its counters may lag behind, or a consumer was quicker. */
const COUNTER_GRACE_MS = { local: 1_000, aws: 20_000 };

/**
 * Watches the counters of a queue that nobody's function reads until they have risen by the events awaited, or the time ran out.
 * With `peek` it also looks into the queue, which was agreed to before. No message is ever taken away.
 */
export async function watchQueue(ctx: Context, watch: Watch, place: Place): Promise<readonly Found[]> {
  const arn = place.consumer?.arn ?? place.route.destination.arn;
  const awaited = watch.requests.filter(({ routes }) => routes.some(({ id }) => id === place.route.id));
  const task = {
    type: 'task',
    id: `watch-${place.route.id}-${arn}`,
    title: `Wait for the counters of ${arn}`,
  } as const;
  ctx.emit({ ...task, state: 'running' });
  const needed = eventsInto(arn, watch);
  const base = unseen(place, 'counter');
  const baseline = watch.baselines.get(arn);
  const found = new Map<string, Delivery>();
  const { activeWaitMs } = await pace(ctx.aws);
  const graceMs = activeWaitMs < 100 ? COUNTER_GRACE_MS.local : COUNTER_GRACE_MS.aws;
  const deadline = ctx.clock.now() + watch.timeoutMs;
  let graceEnds: number | undefined;
  let peeks = 0;
  for (;;) {
    const risen = baseline === undefined ? 0 : (await countMessages(ctx.aws, arn)) - baseline.messages;
    const now = ctx.clock.now();
    if (watch.peek && risen >= needed && peeks < MOST_PEEKS) {
      peeks++;
      for (const record of await peekRecords(ctx.aws, arn)) takePeeked(record, now);
    } else if (risen >= needed) {
      for (const one of awaited) if (!found.has(one.key)) found.set(one.key, counted(base, watch, one, now));
    }
    if (found.size === awaited.length) break;
    const tapped = awaited.every((one) => found.has(one.key) || tapSaw(watch, one));
    if (tapped) graceEnds ??= now + graceMs;
    if (now >= deadline || (graceEnds !== undefined && now >= graceEnds)) {
      // Of several uploads it cannot be said which ones the counters have counted.
      for (const one of awaited)
        if (!found.has(one.key)) found.set(one.key, uncounted(base, watch, one, risen));
      break;
    }
    await ctx.clock.sleep(activeWaitMs, ctx.signal);
  }
  const missing = [...found.values()].filter(({ status }) => status === 'missing').length;
  const detail = `${missing} of ${awaited.length} not counted`;
  ctx.emit({ ...task, state: missing === 0 ? 'done' : 'failed', ...(missing === 0 ? {} : { detail }) });
  return [...found].map(([key, delivery]) => ({ key, delivery }));

  function takePeeked(record: EventRecord, now: number): void {
    const one = awaited.find((request) => isRecordOf(record, request, watch.bucket));
    if (!one || found.has(one.key) || !cameBy(record, place.route)) return;
    const seen = deliveredAt({ ...base, via: 'peek' }, one, now);
    found.set(one.key, { ...seen, record, hops: { ...seen.hops, eventMs: eventMs(record, one) } });
  }

  function uncounted(at: Delivery, seenBy: Watch, one: WatchedRequest, risen: number): Delivery {
    const event = seenBy.tapped.get(one.key);
    if (!event) {
      const detail =
        risen > 0
          ? `its counters rose by ${risen}, not by ${needed}`
          : 'its counters did not rise: S3 did not send there, or a consumer took the message at once';
      return { ...at, detail };
    }
    const tapped = { ...at, via: 'tap' as const, record: event.record };
    // S3 sends to EventBridge and to the queue alike, and the queue lets it in.
    if (baseline?.admitsS3 === true) {
      const detail =
        'S3 sent it and the queue admits S3; its counters did not show it, so a consumer may have taken it';
      return { ...deliveredAt(tapped, one, event.receivedAt), detail };
    }
    return { ...tapped, detail: 'S3 sent it, but the counters of the queue did not rise' };
  }
}

/** How many messages the test brings to a queue, by whatever rules. */
function eventsInto(arn: string, { places, requests, beforehand }: Watch): number {
  const ways = places.filter(({ via, consumer }) => via === 'queue' && consumer?.arn === arn);
  const along = (routes: readonly Route[]) =>
    routes.filter(({ id }) => ways.some(({ route }) => route.id === id)).length;
  return along(beforehand) + requests.reduce((sum, { routes }) => sum + along(routes), 0);
}

function tapSaw(watch: Watch, { key }: WatchedRequest): boolean {
  return watch.tapped.has(key);
}

function counted(base: Delivery, watch: Watch, one: WatchedRequest, now: number): Delivery {
  const record = watch.tapped.get(one.key)?.record ?? null;
  const seen = deliveredAt(base, one, now);
  if (record === null) return { ...seen, detail: 'counted: the message itself was not looked at' };
  return { ...seen, record, hops: { ...seen.hops, eventMs: eventMs(record, one) } };
}

function deliveredAt(base: Delivery, { request }: WatchedRequest, now: number): Delivery {
  return { ...base, status: 'delivered', latencyMs: now - request.startedAt };
}
