/** Finds where the events of a test can be seen: behind each rule that takes them, and behind EventBridge. */
import type { CallerIdentity } from '../aws/identity.ts';
import { putsFirst } from '../aws/operations.ts';
import { readQueue } from '../aws/read-destinations.ts';
import { readBusRules, readConsumers, readTargets } from '../aws/sources/consumers.ts';
import { countMessages } from '../aws/sources/queue-counter.ts';
import { bucketArn } from '../core/arn.ts';
import { sampleEvent } from '../core/eventbridge-sample.ts';
import { matchRules, type Miss } from '../core/match.ts';
import { hasEventBridge, rulesOf, type NotificationDocument, type Rule } from '../core/notification.ts';
import { OPERATIONS, type Operation } from '../core/operation.ts';
import { s3Decision } from '../core/s3-access.ts';
import { TAP_PREFIX } from '../core/tap.ts';
import { busRulesFor, type BusRuleFacts, type Consumers } from '../core/trace-destination.ts';
import type { Context } from './context.ts';
import type { Place, Route } from './delivery.ts';
import type { QueueBaseline } from './watch-queue.ts';

/** What stands for the bucket's EventBridge in `ruleId`. */
export const EVENTBRIDGE = 'EventBridge';

/** What is asked for: an event of a key. */
export interface Wanted {
  readonly key: string;
  /** `s3:` included. */
  readonly eventName: string;
}

/** The bucket, and what is known of the rules on its bus. */
export interface Routing {
  readonly bucket: string;
  readonly document: NotificationDocument;
  readonly identity: CallerIdentity;
  readonly region: string;
  /** Of the default bus, those of taps aside; empty where the bucket sends nothing there. */
  readonly busRules: readonly BusRuleFacts[];
}

export async function readRouting(known: Omit<Routing, 'busRules'>, ctx: Context): Promise<Routing> {
  if (!hasEventBridge(known.document)) return { ...known, busRules: [] };
  const { rules, notes } = await readBusRules(ctx.aws);
  for (const message of notes) warn(ctx, message);
  return { ...known, busRules: rules.filter(({ name }) => !name.startsWith(TAP_PREFIX)) };
}

/** The ways that an event takes, rules of the bucket first; and why the other rules do not take it. */
export function routesOf(
  routing: Routing,
  { key, eventName }: Wanted,
): { readonly routes: readonly Route[]; readonly misses: readonly Miss[] } {
  const { bucket, document, identity, region, busRules } = routing;
  const { matches, misses } = matchRules(rulesOf(document), key, eventName);
  const routes = matches.map(routeOf);
  if (!hasEventBridge(document)) return { routes, misses };
  const event = sampleEvent({ bucket, key, eventName, account: identity.account, region });
  // S3 sends some events to queues, topics and functions alone.
  if (event === undefined) return { routes, misses };
  const kind = 'eventbridge';
  const arn = `arn:${identity.partition}:events:${region}:${identity.account}:event-bus/default`;
  const onBus = busRulesFor(busRules, event).map(({ name }) => ({
    id: `${EVENTBRIDGE}/${name}`,
    ruleId: EVENTBRIDGE,
    destination: { kind, arn } as const,
  }));
  const bus: Route = { id: EVENTBRIDGE, ruleId: EVENTBRIDGE, destination: { kind, arn } };
  return { routes: [...routes, bus, ...onBus], misses };
}

/** The ways of the event of the PutObject that some operations begin with. */
export function routesBeforehand(
  routing: Routing,
  { operation, key }: { readonly operation: Operation; readonly key: string },
): readonly Route[] {
  if (operation === 'put' || !putsFirst(operation)) return [];
  return routesOf(routing, { key, eventName: OPERATIONS.put }).routes;
}

function routeOf({ id, destination }: Rule): Route {
  return { id, ruleId: id, destination };
}

/**
 * The places behind the routes, without taps: the log of each function, the counters of each queue that no function reads. Notes
 * of what cannot be watched are emitted as warnings.
 */
export async function findPlaces(
  routing: Routing,
  routes: readonly Route[],
  ctx: Context,
): Promise<readonly Place[]> {
  const perRoute = await Promise.all(
    routes.map(async (route): Promise<readonly Place[]> => {
      const { found, notes } = await consumersOf(routing, route, ctx);
      for (const note of notes) warn(ctx, `rule ${route.ruleId}: ${note}`);
      return found.map((consumer) => ({
        via: consumer.kind === 'lambda' ? 'log' : 'queue',
        route,
        consumer,
      }));
    }),
  );
  return perRoute.flat();
}

async function consumersOf(
  { busRules }: Routing,
  { id, destination }: Route,
  ctx: Context,
): Promise<Consumers> {
  const { kind, arn } = destination;
  if (kind !== 'eventbridge') return readConsumers(ctx.aws, { kind, arn });
  const rule = busRules.find(({ name }) => id === `${EVENTBRIDGE}/${name}`);
  return rule ? readTargets(ctx.aws, rule) : { found: [], notes: [] };
}

/** How many messages are in each queue before the test, and whether it admits S3. Throws when that may not be read. */
export async function readBaselines(
  { bucket, identity }: Routing,
  places: readonly Place[],
  ctx: Context,
): Promise<ReadonlyMap<string, QueueBaseline>> {
  const queues = places.flatMap(({ via, route, consumer }) =>
    via === 'queue' && consumer
      ? [{ arn: consumer.arn, direct: route.destination.arn === consumer.arn }]
      : [],
  );
  const sending = { arn: bucketArn(identity.partition, bucket), account: identity.account };
  const entries = queues.map(async ({ arn, direct }): Promise<[string, QueueBaseline]> => {
    const [messages, queue] = await Promise.all([
      countMessages(ctx.aws, arn),
      direct ? readQueue(ctx.aws, arn) : undefined,
    ]);
    const decision =
      queue?.state === 'known' && queue.value.kmsKeyId === undefined
        ? s3Decision(queue.value.policy, 'sqs:SendMessage', arn, sending)
        : undefined;
    return [arn, { messages, admitsS3: decision === undefined ? undefined : decision.effect === 'allow' }];
  });
  return new Map(await Promise.all(entries));
}

export function warn(ctx: Context, message: string, code = 'DESTINATION_NOT_WATCHED'): void {
  ctx.emit({ type: 'warning', warning: { code, message } });
}
