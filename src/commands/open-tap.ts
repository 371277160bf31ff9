/** The tap as commands use it: noted in the user's state folder, and what former runs left swept away first. */
import { callerIdentity } from '../aws/identity.ts';
import { openTap, tapEndpoint, type Tap } from '../aws/tap/open.ts';
import { removeTap } from '../aws/tap/remove.ts';
import { expiredTaps } from '../aws/tap/sweep.ts';
import type { ConfigurationWrites } from '../aws/tap/switch-eventbridge.ts';
import { formatInstant } from '../core/duration.ts';
import { hasCode } from '../core/errors.ts';
import type { TapPlan } from '../core/tap-plan.ts';
import type { TapRecord } from '../core/tap.ts';
import { saveBackup } from '../project/backups.ts';
import { areTapsNoted, registerTap, tapsLeft } from '../project/tap-state.ts';
import { takeWriteTurn } from '../project/write-turn.ts';
import type { Context } from './context.ts';

type TapContext = Pick<Context, 'aws' | 'clock' | 'signal' | 'env' | 'randomHex' | 'project' | 'emit'>;

/** Whose taps and where: the caller's account, and the Region and partition that the bucket is in. */
export interface TapPlace {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
}

/**
 * Removes what former runs left: taps of this machine whose process is gone, and taps of anybody that have expired. To be called
 * before the bucket's configuration is read, since it may change it. What cannot be removed is told and tried again next time.
 */
export async function sweepTaps(ctx: TapContext, place: TapPlace): Promise<void> {
  await sweepLeft(ctx, place);
  const found = await expiredTaps(ctx.aws, place, ctx.clock);
  const removals = await Promise.all(
    found.map(async (tap) => ({
      tap,
      removal: await removeTap(ctx.aws, tap, { clock: ctx.clock, writes: writesOf(ctx, place) }),
    })),
  );
  for (const { tap, removal } of removals) {
    if (removal.isComplete) ctx.emit({ type: 'note', text: `Removed ${tap.name}, which had expired.` });
    // Somebody else's: who may not remove it is not warned at each start.
  }
}

/** As `sweepTaps`, for this machine's taps alone, and without a call of AWS when none is noted. */
export async function sweepNotedTaps(ctx: TapContext): Promise<void> {
  if (!areTapsNoted(ctx.env)) return;
  const [identity, target] = await Promise.all([callerIdentity(ctx.aws), ctx.aws.target()]);
  const { account, partition } = identity;
  await sweepLeft(ctx, { account, partition, region: target.region.value });
}

/** Only those of this machine, by their files. */
async function sweepLeft(ctx: TapContext, place: TapPlace): Promise<void> {
  const home = { account: place.account, region: place.region, endpoint: await tapEndpoint(ctx.aws) };
  // One after the other: two of them may have to do with one bucket.
  for (const { record, forget } of tapsLeft(ctx.env, home)) {
    const removal = await removeTap(ctx.aws, record, { clock: ctx.clock, writes: writesOf(ctx, place) });
    if (removal.isComplete) forget();
    if (removal.isComplete && removal.left.length === 0) {
      ctx.emit({
        type: 'note',
        text: `Removed what an earlier run left: ${record.name} on ${record.bucket}.`,
      });
    }
    warnLeft(ctx, removal.left);
  }
}

/** Opens the tap that was planned and shown. Throws S3evtError. */
export async function openPlannedTap(ctx: TapContext, plan: TapPlan, ttlMs: number): Promise<Tap> {
  const { aws, clock, signal, randomHex } = ctx;
  return openTap(aws, plan, {
    clock,
    signal,
    randomHex,
    ttlMs,
    register: (record) => register(ctx, record, plan.changesBucket),
    writes: writesOf(ctx, plan),
  });
}

/**
 * Removes the tap, after Ctrl-C too, and warns of what was left. When EventBridge had to be left on for this one by another run that
 * has ended since, it is turned off now.
 */
export async function closeTap(ctx: TapContext, tap: Tap): Promise<void> {
  const { left } = await tap.close();
  warnLeft(ctx, left);
  if (tap.record.source.kind !== 'eventbridge') return;
  await sweepLeft(ctx, tap.record);
}

function register(ctx: TapContext, record: TapRecord, mustBeNoted: boolean): () => void {
  try {
    return registerTap(ctx.env, record);
  } catch (error) {
    // Without a note, queue and rule are still found by their names once they have expired; a changed bucket would not be.
    if (mustBeNoted || !hasCode(error, 'FILE_UNWRITABLE')) throw error;
    return () => undefined;
  }
}

function warnLeft(ctx: TapContext, left: readonly string[]): void {
  for (const message of left) ctx.emit({ type: 'warning', warning: { code: 'TAP_LEFT', message } });
}

function writesOf(
  ctx: TapContext,
  { account, region }: Pick<TapPlace, 'account' | 'region'>,
): ConfigurationWrites {
  return {
    save(bucket, before, after) {
      // The tap takes back what it changed: "undo" has to go on to the change before it.
      const at = formatInstant(ctx.clock.now());
      const change = { bucket, account, region, at, command: 'watch', undone: true };
      saveBackup(ctx.project.root, change, { before, after });
    },
    async takeTurn(bucket, signal) {
      const { endpointUrl } = await ctx.aws.target();
      return takeWriteTurn([endpointUrl?.value ?? '', account, bucket].join(' '), { ...ctx, signal });
    },
  };
}
