import { callerIdentity } from '../aws/identity.ts';
import { readBucket } from '../aws/read-facts.ts';
import { formatInstant } from '../core/duration.ts';
import { eventCovers } from '../core/event-name.ts';
import { S3evtError } from '../core/errors.ts';
import type { EventRecord } from '../core/event-record.ts';
import { ifKnown } from '../core/facts.ts';
import { globMatches } from '../core/glob.ts';
import { nativeMessage } from '../core/tap-native.ts';
import { createOrderMarks, type OrderMark } from '../core/tap-order.ts';
import { planTap, type TapPlan } from '../core/tap-plan.ts';
import type { TapSource, TappedEvent } from '../core/tap.ts';
import type { Tap } from '../aws/tap/open.ts';
import { bucketDocument, knownOwner, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { closeTap, openPlannedTap, sweepTaps, type TapPlace } from './open-tap.ts';
import { targetShown } from './show-target.ts';
import { tailRecord, type TailRecord } from './tail.ts';
import { forward, forwardUrl, runCommand } from './watch-consumers.ts';

export interface WatchInput {
  readonly bucket?: string | undefined;
  /** Glob of decoded keys. */
  readonly key?: string | undefined;
  /** AWS's names, `s3:` included. */
  readonly events: readonly string[];
  /** URL that each record is posted to. */
  readonly forwardTo?: string | undefined;
  /** Program and arguments, run once for each record; empty for none. */
  readonly command: readonly string[];
  /** Ends after so many events. */
  readonly limit?: number | undefined;
  readonly timeoutMs?: number | undefined;
  /** Lifetime of what is made. */
  readonly ttlMs: number;
  readonly yes: boolean;
}

export type WatchEnd = 'limit' | 'timeout' | 'expired' | 'interrupted';

export type WatchItem =
  | {
      readonly type: 'event';
      /** ISO 8601, UTC; this machine's clock: when the event was received. */
      readonly time: string;
      readonly record: TailRecord;
      readonly mark: OrderMark | null;
      /** What brought it here. */
      readonly via: TapSource['kind'];
      /** The event as it came: an EventBridge event, or S3's record. */
      readonly raw: unknown;
    }
  | {
      readonly type: 'state';
      readonly time: string;
      readonly state: 'opening' | 'watching' | 'ended';
      readonly bucket: string;
      readonly via: TapSource['kind'];
      /** What is made, as it is shown before. */
      readonly creates?: readonly string[];
      readonly expiresAt?: string;
      readonly reason?: WatchEnd;
      /** Events shown. */
      readonly shown?: number;
    }
  | {
      readonly type: 'forwarded';
      readonly time: string;
      readonly key: string;
      /** HTTP status; null without an answer. */
      readonly status: number | null;
      readonly error: string | null;
    }
  | { readonly type: 'output'; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly type: 'command'; readonly time: string; readonly key: string; readonly exitCode: number };

export interface WatchResult {
  readonly status: 'ok';
  readonly bucket: string;
  readonly shown: number;
  readonly ended: WatchEnd;
  /** Of the last command that failed. */
  readonly exitCode?: number;
}

/** Events and keys that are remembered to recognise duplicates: some megabytes. */
const REMEMBERED = 20_000;

/** A temporary tap on the bucket's events, until somebody ends it. Ctrl-C is a normal end. Throws S3evtError. */
export async function runWatch(input: WatchInput, ctx: Context<WatchItem>): Promise<WatchResult> {
  const url = input.forwardTo === undefined ? undefined : forwardUrl(input.forwardTo);
  const bucket = requireBucket(input.bucket, ctx);
  const place = await placeOf(bucket, ctx);
  await sweepTaps(ctx, place);
  const document = await bucketDocument(bucket, ctx, place.account);
  const interest = { events: input.events, keys: input.key === undefined ? [] : [input.key] };
  const plan = planTap({ bucket, document, ...place }, interest);
  await confirmPlan(plan, input, ctx);
  const tap = await openPlannedTap(ctx, plan, input.ttlMs);
  try {
    return await follow(tap, plan, { ...input, url }, ctx);
  } finally {
    await closeTap(ctx, tap);
  }
}

/** S3 sends events to the bus and the topics of the bucket's own Region and account. */
async function placeOf(bucket: string, ctx: Context<WatchItem>): Promise<TapPlace> {
  const [identity, target, facts] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    knownOwner(bucket, ctx).then((owner) => readBucket(ctx.aws, bucket, owner)),
  ]);
  ctx.emit(targetShown(target, identity.account));
  const region = ifKnown(facts)?.region ?? target.region.value;
  if (region !== target.region.value) {
    throw new S3evtError(
      'WRONG_REGION',
      `${bucket} is in ${region}, this call is for ${target.region.value}`,
      {
        hint: `Pass --region ${region}.`,
      },
    );
  }
  return { account: identity.account, partition: identity.partition, region };
}

/** Says what will be made. Things of our own need no consent where nobody can be asked; the bucket's configuration does. */
async function confirmPlan(plan: TapPlan, input: WatchInput, ctx: Context<WatchItem>): Promise<void> {
  ctx.emit({ type: 'show', title: `To watch ${plan.bucket}, until it ends`, lines: plan.lines });
  for (const text of plan.notes) ctx.emit({ type: 'note', text });
  await ctx.item({
    type: 'state',
    time: formatInstant(ctx.clock.now()),
    state: 'opening',
    bucket: plan.bucket,
    via: plan.source.kind,
    creates: plan.lines.map(({ text }) => text),
  });
  if (!ctx.ask.interactive && !plan.changesBucket) return;
  const confirmed = await ctx.ask.confirm({
    message: plan.changesBucket
      ? `Turn EventBridge on for ${plan.bucket}, and watch?`
      : 'Make these, and watch?',
    flag: '--yes',
    initial: true,
    assumeYes: input.yes,
  });
  if (!confirmed) throw new S3evtError('CANCELLED', 'nothing was done');
}

async function follow(
  tap: Tap,
  plan: TapPlan,
  input: WatchInput & { readonly url: string | undefined },
  ctx: Context<WatchItem>,
): Promise<WatchResult> {
  const { bucket, partition } = plan;
  const via = plan.source.kind;
  const state = { type: 'state', bucket, via } as const;
  const time = () => formatInstant(ctx.clock.now());
  const expiresAt = formatInstant(tap.record.expiresAt);
  const over = new AbortController();
  const timeout = startTimeout(input.timeoutMs, over, ctx);
  const signal = AbortSignal.any([ctx.signal, over.signal]);
  const markOf = createOrderMarks(REMEMBERED);
  const limit = input.limit ?? Number.POSITIVE_INFINITY;
  let shown = 0;
  let exitCode: number | undefined;
  try {
    await ctx.item({ ...state, time: time(), state: 'watching', expiresAt });
    for await (const event of tap.receive(signal)) {
      const { record } = event;
      const mark = markOf(record) ?? null;
      if (!passes(record, input)) continue;
      await ctx.item(eventItem(event, mark, via));
      shown++;
      const text = `${JSON.stringify(nativeMessage(record, partition))}\n`;
      const key = record.key;
      if (input.url !== undefined) {
        const outcome = await forward(input.url, text, signal);
        await ctx.item({ type: 'forwarded', time: time(), key, ...outcome });
      }
      if (input.command.length > 0) {
        const line = (stream: 'stdout' | 'stderr', output: string) =>
          ctx.item({ type: 'output', stream, text: output });
        const outcome = await runCommand(input.command, text, { cwd: ctx.cwd, env: ctx.env, signal, line });
        // What the end of the watch stopped has not failed.
        if (signal.aborted) break;
        if (outcome.exitCode !== 0) exitCode = outcome.exitCode;
        await ctx.item({ type: 'command', time: time(), key, ...outcome });
      }
      if (shown >= limit) break;
    }
  } catch (error) {
    // Ctrl-C and the end of the time end a watch as it should end: quietly.
    if (!signal.aborted) throw error;
  } finally {
    over.abort();
    await timeout;
  }
  const ended = endOf(ctx.signal.aborted, shown >= limit, ctx.clock.now() >= tap.record.expiresAt);
  await ctx.item({ ...state, time: time(), state: 'ended', reason: ended, shown });
  return { status: 'ok', bucket, shown, ended, ...(exitCode === undefined ? {} : { exitCode }) };
}

function endOf(isInterrupted: boolean, isLimit: boolean, isExpired: boolean): WatchEnd {
  if (isInterrupted) return 'interrupted';
  if (isLimit) return 'limit';
  return isExpired ? 'expired' : 'timeout';
}

/** Aborts `over` when the time is up. Resolves as soon as `over` is aborted, whoever did it. */
async function startTimeout(
  ms: number | undefined,
  over: AbortController,
  { clock }: Pick<Context, 'clock'>,
): Promise<void> {
  if (ms === undefined) return;
  await clock.sleep(ms, over.signal).catch(() => undefined);
  over.abort();
}

function passes(record: EventRecord, input: WatchInput): boolean {
  return (
    (input.key === undefined || globMatches(input.key, record.key)) &&
    (input.events.length === 0 || input.events.some((event) => eventCovers(event, record.eventName)))
  );
}

function eventItem(
  { record, receivedAt }: TappedEvent,
  mark: OrderMark | null,
  via: TapSource['kind'],
): WatchItem {
  return {
    type: 'event',
    time: formatInstant(receivedAt),
    record: tailRecord(record),
    mark,
    via,
    raw: record.raw,
  };
}
