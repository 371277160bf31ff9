import type { Tap } from '../aws/tap/open.ts';
import type { TappedEvent } from '../core/tap.ts';
import type { Context } from './context.ts';
import {
  cameBy,
  eventMs,
  isRecordOf,
  unexpectedRule,
  unseen,
  type Delivery,
  type Place,
  type Route,
  type WatchedRequest,
} from './delivery.ts';
import { pace } from './observe.ts';
import { watchLog } from './watch-log.ts';
import { watchQueue, type QueueBaseline } from './watch-queue.ts';

export type { Delivery } from './delivery.ts';

export interface WatchInput {
  readonly bucket: string;
  readonly places: readonly Place[];
  readonly requests: readonly WatchedRequest[];
  /** The ways of the events that come of what had to be put first: they are counted too, and not awaited. */
  readonly beforehand: readonly Route[];
  /** By ARN. */
  readonly baselines: ReadonlyMap<string, QueueBaseline>;
  readonly tap: Tap | undefined;
  /** Whether queues may be looked into. */
  readonly peek: boolean;
  /** Epoch ms before the first upload. */
  readonly from: number;
  readonly timeoutMs: number;
}

export interface Watch extends WatchInput {
  /** What the tap has seen so far, by key. */
  readonly tapped: ReadonlyMap<string, TappedEvent>;
}

export interface Found {
  readonly key: string;
  readonly delivery: Delivery;
}

/** Watches every place until each event was seen there, or the time ran out. Deliveries by key, places in their order. */
export async function watchDeliveries(
  ctx: Context,
  input: WatchInput,
): Promise<ReadonlyMap<string, readonly Delivery[]>> {
  const tapped = new Map<string, TappedEvent>();
  const strays: Found[] = [];
  const watch: Watch = { ...input, tapped };
  const over = new AbortController();
  const tap = followTap(watch, AbortSignal.any([ctx.signal, over.signal]));
  try {
    const watchers = { log: watchLog, queue: watchQueue, tap: watchTap };
    const failed = tap.then(() => never());
    const all = Promise.all(input.places.map((place) => watchers[place.via](ctx, watch, place)));
    const found = [...(await Promise.race([all, failed])).flat(), ...strays];
    return new Map(
      input.requests.map(({ key }) => [
        key,
        found.filter((one) => one.key === key).map(({ delivery }) => delivery),
      ]),
    );
  } finally {
    over.abort();
    await tap.catch(() => undefined);
  }

  async function followTap(watched: Watch, signal: AbortSignal): Promise<void> {
    if (!watched.tap) return;
    const place = watched.places.find(({ via }) => via === 'tap');
    for await (const event of watched.tap.receive(signal)) {
      const { record } = event;
      const one = watched.requests.find((request) => isRecordOf(record, request, watched.bucket));
      if (!one) continue;
      const ruleId = unexpectedRule(record, one);
      if (ruleId === undefined) {
        if (!tapped.has(one.key)) tapped.set(one.key, event);
      } else if (place) {
        const detail = `it came through rule "${ruleId}", which should not take it`;
        strays.push({
          key: one.key,
          delivery: { ...tapDelivery(place, one, event), ruleId, status: 'unexpected', detail },
        });
      }
    }
  }
}

/** A tap that ends is no reason to end the watch: only one that fails is. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

async function watchTap(ctx: Context, watch: Watch, place: Place): Promise<readonly Found[]> {
  const awaited = watch.requests.filter(({ routes }) => routes.some(({ id }) => id === place.route.id));
  const title = `Wait for the event from ${place.route.destination.arn}`;
  const task = { type: 'task', id: `tap-${place.route.id}`, title } as const;
  ctx.emit({ ...task, state: 'running' });
  const { activeWaitMs } = await pace(ctx.aws);
  const deadline = ctx.clock.now() + watch.timeoutMs;
  const seenBy = (one: WatchedRequest): TappedEvent | undefined => {
    const event = watch.tapped.get(one.key);
    return event && cameBy(event.record, place.route) ? event : undefined;
  };
  while (!awaited.every((one) => seenBy(one)) && ctx.clock.now() < deadline) {
    await ctx.clock.sleep(activeWaitMs, ctx.signal);
  }
  const found = awaited.map((one): Found => {
    const event = seenBy(one);
    return { key: one.key, delivery: event ? tapDelivery(place, one, event) : unseen(place, 'tap') };
  });
  const missing = found.filter(({ delivery }) => delivery.status === 'missing').length;
  const detail = `${missing} of ${awaited.length} not seen`;
  ctx.emit({ ...task, state: missing === 0 ? 'done' : 'failed', ...(missing === 0 ? {} : { detail }) });
  return found;
}

function tapDelivery(place: Place, one: WatchedRequest, { record, receivedAt }: TappedEvent): Delivery {
  const base = unseen(place, 'tap');
  return {
    ...base,
    status: 'delivered',
    latencyMs: receivedAt - one.request.startedAt,
    hops: { ...base.hops, eventMs: eventMs(record, one) },
    record,
  };
}
