import type { Tap } from '../aws/tap/open.ts';
import type { TapPlan } from '../core/tap-plan.ts';
import type { Context } from './context.ts';
import type { Delivery, Place, Route } from './delivery.ts';
import { readBaselines, routesBeforehand, type Routing } from './find-places.ts';
import { closeTap } from './open-tap.ts';
import { openTestTap } from './test-tap.ts';
import { cleanUp, settleAll, type Job, type Run, type Upload } from './upload-objects.ts';
import { watchDeliveries } from './watch-deliveries.ts';

/** An upload and the ways that its event takes. */
export interface RoutedJob extends Job {
  /** `s3:` included. */
  readonly eventName: string;
  readonly routes: readonly Route[];
}

export interface JobsInput {
  readonly routing: Routing;
  readonly run: Run;
  readonly jobs: readonly RoutedJob[];
  readonly places: readonly Place[];
  readonly tap: TapPlan | undefined;
  /** Whether queues may be looked into. */
  readonly peek: boolean;
  readonly timeoutMs: number;
  /** Whether what was made is removed again. */
  readonly temporary: boolean;
  /** Whether other jobs go on when one fails. */
  readonly goesOn: boolean;
}

export interface JobsResult {
  /** In the order of the jobs; undefined for those that were not begun. */
  readonly settled: readonly (PromiseSettledResult<Upload> | undefined)[];
  /** By key. */
  readonly deliveries: ReadonlyMap<string, readonly Delivery[]>;
  readonly removed: boolean;
}

/**
 * Opens the tap, does the jobs, watches for their events, and removes what was temporary, after Ctrl-C too. Throws the failure of a
 * job unless `goesOn`.
 */
export async function observeJobs(input: JobsInput, ctx: Context): Promise<JobsResult> {
  const { routing, run, jobs, places, timeoutMs, peek } = input;
  let tap: Tap | undefined;
  let watched: Omit<JobsResult, 'removed'>;
  let removed: boolean;
  try {
    if (input.tap) tap = await openTestTap(input.tap, timeoutMs, ctx);
    const baselines = await readBaselines(routing, places, ctx);
    const from = ctx.clock.now();
    const settled = await settleAll(run, jobs, { ctx, goesOn: input.goesOn });
    const failed = settled.find((one) => one?.status === 'rejected');
    if (failed?.status === 'rejected' && !input.goesOn) throw failed.reason;
    ctx.signal.throwIfAborted();
    const requests = jobs.flatMap(({ eventName, routes }, index) => {
      const one = settled[index];
      return one?.status === 'fulfilled' ? [{ ...one.value, eventName: eventName.slice(3), routes }] : [];
    });
    const beforehand = jobs.flatMap((job) => routesBeforehand(routing, job));
    const { bucket } = routing;
    const deliveries = await watchDeliveries(ctx, {
      ...{ bucket, places, requests, beforehand, baselines },
      ...{ tap, peek, from, timeoutMs },
    });
    watched = { settled, deliveries };
  } finally {
    // At once: both have to be over soon after Ctrl-C.
    [removed] = await Promise.all([input.temporary ? cleanUp(run, ctx) : false, tap && closeTap(ctx, tap)]);
  }
  return { ...watched, removed };
}
