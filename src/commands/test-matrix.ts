import { callerIdentity } from '../aws/identity.ts';
import { makesDeleteMarkers } from '../aws/operations.ts';
import { hasCode, S3evtError } from '../core/errors.ts';
import { matrixCases, type MatrixCase, type SkippedCase } from '../core/matrix.ts';
import { hasEventBridge, rulesOf } from '../core/notification.ts';
import { eventOf, OPERATION_NAMES, type Operation } from '../core/operation.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import { sweepNotedTaps } from './open-tap.ts';
import type { Context } from './context.ts';
import type { Delivery, Route } from './delivery.ts';
import { findPlaces, readRouting, routesOf } from './find-places.ts';
import { observeJobs, type RoutedJob } from './observe-jobs.ts';
import { agreeToPeek } from './peek-risk.ts';
import { targetShown } from './show-target.ts';
import { planTestTap, type TapMode } from './test-tap.ts';
import { generated, refuseUnwatched } from './test-upload.ts';
import { lateAbort, type Run, type Upload } from './upload-objects.ts';

export interface MatrixCommandInput {
  readonly bucket?: string | undefined;
  readonly timeoutMs: number;
  readonly tap: TapMode;
  readonly peek: boolean;
  /** With `peek`: the risk is taken. */
  readonly yes: boolean;
}

export interface MatrixRow {
  readonly operation: Operation;
  readonly keyKind: MatrixCase['keyKind'];
  readonly key: string;
  /** `s3:` included. */
  readonly eventName: string;
  /** Ids of the rules that should take it; `EventBridge` for what goes there. */
  readonly expected: readonly string[];
  /** `failed`: the operation itself, so no event is to be expected. */
  readonly status: 'delivered' | 'missing' | 'unexpected' | 'failed';
  /** Ms until it was seen at the last of its places; null when it was not. */
  readonly latencyMs: number | null;
  /** Whether the key that arrived is the key that was sent; null where only a count arrived. */
  readonly keyDecoded: boolean | null;
  /** Why the operation failed. */
  readonly error: string | null;
  readonly deliveries: readonly Delivery[];
}

export interface MatrixResult {
  readonly status: 'ok' | 'negative';
  readonly bucket: string;
  readonly matrix: readonly MatrixRow[];
  readonly skipped: readonly SkippedCase[];
  /** Whether all objects were removed again. */
  readonly removed: boolean;
}

/** Runs every operation that the bucket's rules take, with awkward keys, and says what arrived. Throws S3evtError. */
export async function runTestMatrix(input: MatrixCommandInput, ctx: Context): Promise<MatrixResult> {
  const bucket = requireBucket(input.bucket, ctx);
  // A tap that was killed may have changed the configuration that is read next.
  await sweepNotedTaps(ctx);
  const [identity, target, document, markers] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    bucketDocument(bucket, ctx),
    makesDeleteMarkers(ctx.aws, bucket),
  ]);
  const eventBridge = hasEventBridge(document);
  const { cases, skipped } = matrixCases({
    rules: rulesOf(document),
    eventBridge,
    operations: operationsOf(markers),
    unique: ctx.randomHex(8),
  });
  if (cases.length === 0) {
    throw new S3evtError('EVENT_NOT_SEEN', `no rule of ${bucket} takes an event that a test could make`, {
      hint: 'Nothing was uploaded. Look at the rules with "s3evt ls".',
    });
  }
  const routing = await readRouting({ bucket, document, identity, region: target.region.value }, ctx);
  const all = cases.map((one): RoutedJob => {
    const { operation, key, eventName } = one;
    const body = one.empty
      ? { ...generated(ctx, key), size: 0, open: () => new Uint8Array() }
      : generated(ctx, key);
    return { operation, key, body, eventName, routes: routesOf(routing, one).routes };
  });
  const routes = [...new Map(all.flatMap((job) => job.routes).map((route) => [route.id, route])).values()];
  const seen = await findPlaces(routing, routes, ctx);
  const planned = planTestTap(routing, routes, seen, input.tap);
  const places = [...(planned?.places ?? []), ...seen];
  refuseUnwatched(routes, places, 'these keys', ctx);
  const watched = new Set(places.map(({ route }) => route.id));
  // What nobody looks for would be neither there nor missing.
  const jobs = all.map((job) => ({ ...job, routes: job.routes.filter(({ id }) => watched.has(id)) }));
  const tried = jobs.filter(({ routes: ways }) => ways.length > 0);

  ctx.emit(targetShown(target, identity.account));
  const operations = [...new Set(tried.map(({ operation }) => operation))].join(', ');
  ctx.emit({
    type: 'show',
    title: `The matrix uploads ${tried.length} small objects to ${bucket}, and removes them`,
    lines: [{ mark: ' ', text: operations }],
  });
  const peek = input.peek && (await agreeToPeek(places, input.yes, ctx));
  const run: Run = {
    // A key of the matrix stands for its kind: another one would be another case.
    keyGiven: true,
    mayReplace: false,
    bucket,
    beside: (key) => key,
    signal: lateAbort(ctx.signal),
    made: [],
  };
  const { timeoutMs } = input;
  const { settled, deliveries, removed } = await observeJobs(
    { routing, run, jobs: tried, places, tap: planned?.plan, peek, timeoutMs, temporary: true, goesOn: true },
    ctx,
  );
  const [first] = settled;
  if (first?.status === 'rejected' && settled.every((one) => one?.status === 'rejected')) throw first.reason;
  const outcomes = cases.map((one): Outcome => {
    const at = tried.findIndex(({ key }) => key === one.key);
    const job = tried[at];
    if (job)
      return outcomeOf(one, settled[at], { routes: job.routes, deliveries: deliveries.get(one.key) ?? [] });
    const { operation, keyKind } = one;
    return { skipped: { operation, keyKind, reason: 'what is behind its rule is not watched' } };
  });
  const matrix = outcomes.flatMap((one) => ('row' in one ? [one.row] : []));
  return {
    status: matrix.every(({ status, keyDecoded }) => status === 'delivered' && keyDecoded !== false)
      ? 'ok'
      : 'negative',
    bucket,
    matrix,
    skipped: [...skipped, ...outcomes.flatMap((one) => ('skipped' in one ? [one.skipped] : []))],
    removed,
  };
}

/** Those whose event a test can make here: a restore needs an archived object, and a deletion makes one of two events. */
function operationsOf(markers: boolean) {
  const unfit: readonly Operation[] = ['restore', markers ? 'delete' : 'delete-marker'];
  return OPERATION_NAMES.filter((operation) => !unfit.includes(operation)).map((operation) => ({
    operation,
    eventName: eventOf(operation, markers),
  }));
}

type Outcome = { readonly row: MatrixRow } | { readonly skipped: SkippedCase };

function outcomeOf(
  one: MatrixCase,
  settled: PromiseSettledResult<Upload> | undefined,
  { routes, deliveries }: { readonly routes: readonly Route[]; readonly deliveries: readonly Delivery[] },
): Outcome {
  const { operation, keyKind, key, eventName } = one;
  const expected = [...new Set(routes.map(({ ruleId }) => ruleId))];
  const base = { operation, keyKind, key, eventName, expected, deliveries };
  if (settled?.status !== 'fulfilled') {
    const reason: unknown = settled?.reason;
    const error = reason instanceof Error ? reason.message : 'it was not begun';
    // What the bucket does not allow is no fault of its rules.
    if (hasCode(reason, 'USAGE')) return { skipped: { operation, keyKind: null, reason: error } };
    return { row: { ...base, status: 'failed', latencyMs: null, keyDecoded: null, error } };
  }
  const records = deliveries.flatMap(({ record }) => (record === null ? [] : [record]));
  const status = deliveries.some((delivery) => delivery.status === 'unexpected')
    ? 'unexpected'
    : deliveries.every((delivery) => delivery.status === 'delivered')
      ? 'delivered'
      : 'missing';
  const times = deliveries.flatMap(({ latencyMs }) => (latencyMs === null ? [] : [latencyMs]));
  return {
    row: {
      ...base,
      status,
      latencyMs: times.length === 0 ? null : Math.max(...times),
      keyDecoded: records.length === 0 ? null : records.every((record) => record.key === key),
      error: null,
    },
  };
}
