/** The tap of a test upload: whether one is needed, what is said before it is opened, and that it is closed. */
import type { Tap } from '../aws/tap/open.ts';
import { hasEventBridge } from '../core/notification.ts';
import { planTap, type TapPlan } from '../core/tap-plan.ts';
import type { Context } from './context.ts';
import type { Place, Route } from './delivery.ts';
import { EVENTBRIDGE, type Routing } from './find-places.ts';
import { pace } from './observe.ts';
import { closeTap, openPlannedTap } from './open-tap.ts';

/** `auto`: where logs and counters do not show the event, and nothing of the bucket has to be changed for it. */
export type TapMode = 'auto' | 'always' | 'never';

/** The tap that shows most of these routes, and the places it adds; undefined when none is needed or allowed. */
export function planTestTap(
  routing: Routing,
  routes: readonly Route[],
  places: readonly Place[],
  mode: TapMode,
): { readonly plan: TapPlan; readonly places: readonly Place[] } | undefined {
  if (mode === 'never') return undefined;
  const { bucket, document, identity, region } = routing;
  const where = { bucket, account: identity.account, partition: identity.partition, region };
  const topics = new Map(
    routes
      .filter(({ destination }) => destination.kind === 'sns')
      .map((route) => [route.destination.arn, route]),
  );
  const [topic] = topics.values();
  if (topic && topics.size === 1) {
    // Alone in the document it is what the tap is put on, whether or not EventBridge is on.
    const TopicConfigurations = (document.TopicConfigurations ?? []).filter(
      ({ TopicArn }) => TopicArn === topic.destination.arn,
    );
    const plan = planTap({ ...where, document: { TopicConfigurations } });
    const tapped = routes.filter(({ destination }) => destination.arn === topic.destination.arn);
    if (plan.source.kind === 'topic') return { plan, places: tapped.map(tapPlace) };
  }
  const bus = routes.find(({ id }) => id === EVENTBRIDGE);
  const seenOnBus = places.some(({ route }) => route.destination.kind === 'eventbridge');
  const counted = places.some(({ via }) => via === 'queue');
  if (mode !== 'always' && (!hasEventBridge(document) || (seenOnBus && !counted))) return undefined;
  // Beside a function's log it would only prove what the log shows.
  if (mode !== 'always' && places.length > 0 && !counted) return undefined;
  return { plan: planTap({ ...where, document }), places: bus && !seenOnBus ? [tapPlace(bus)] : [] };
}

function tapPlace(route: Route): Place {
  return { via: 'tap', route, consumer: null };
}

/** Beyond the time that is waited for events: the queue takes nothing after it. */
const MARGIN_MS = 120_000;
/** A rule that was just made takes a while to act on AWS; how long is UNKNOWN. */
const SETTLE_MS = 10_000;

/** Says what is made, and makes it. Throws S3evtError, with nothing left. */
export async function openTestTap(plan: TapPlan, timeoutMs: number, ctx: Context): Promise<Tap> {
  ctx.emit({ type: 'show', title: 'For the time of the test', lines: plan.lines });
  for (const text of plan.notes) ctx.emit({ type: 'note', text });
  const tap = await openPlannedTap(ctx, plan, timeoutMs + MARGIN_MS);
  try {
    const { activeWaitMs } = await pace(ctx.aws);
    if (plan.source.kind !== 'topic' && activeWaitMs >= 100) await ctx.clock.sleep(SETTLE_MS, ctx.signal);
  } catch (error) {
    await closeTap(ctx, tap);
    throw error;
  }
  return tap;
}
