import { basename } from 'node:path';
import { callerIdentity } from '../aws/identity.ts';
import { makesDeleteMarkers } from '../aws/operations.ts';
import { contentTypeOf, fileBody, type UploadBody } from '../aws/upload.ts';
import { formatInstant } from '../core/duration.ts';
import { S3evtError } from '../core/errors.ts';
import { generatedKey, keyFor, matchRules, type Miss } from '../core/match.ts';
import { rulesOf, type NotificationDocument } from '../core/notification.ts';
import { eventOf, type Operation } from '../core/operation.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import { sweepNotedTaps } from './open-tap.ts';
import type { Context } from './context.ts';
import type { Delivery, Place, Route } from './delivery.ts';
import type { DoctorVerdict } from './doctor-verdict.ts';
import { EVENTBRIDGE, findPlaces, readRouting, routesOf, warn } from './find-places.ts';
import { observeJobs, type RoutedJob } from './observe-jobs.ts';
import { agreeToPeek } from './peek-risk.ts';
import { targetShown } from './show-target.ts';
import { targetFlags } from './target-flags.ts';
import { planTestTap, type TapMode } from './test-tap.ts';
import { lateAbort, type Run, type Upload } from './upload-objects.ts';

export interface TestUploadInput {
  /** A file; a small object is generated when absent. */
  readonly file?: string | undefined;
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly operation: Operation;
  readonly count: number;
  readonly timeoutMs: number;
  /** Keep a generated object. A file's object is kept always. */
  readonly keep: boolean;
  /** With a key of the caller's: an object of that key may be replaced. With `peek`: the risk is taken. */
  readonly yes: boolean;
  /** Whether a temporary queue of our own may listen in. */
  readonly tap?: TapMode;
  /** Look into queues that no function reads. */
  readonly peek?: boolean;
  /** False when account and region were shown a moment ago. */
  readonly announce?: boolean;
}

export interface UploadReport {
  readonly bucket: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly eTag: string | null;
  readonly versionId: string | null;
  /** ISO 8601, this machine's clock: when S3's answer was here. */
  readonly uploadedAt: string;
  readonly requestId: string | null;
  readonly deliveries: readonly Delivery[];
}

export interface TestUploadResult extends UploadReport {
  /** `negative` when an event did not arrive in time. */
  readonly status: 'ok' | 'negative';
  /** All of them with --count; the first one stands above. */
  readonly uploads?: readonly UploadReport[];
  /** Whether the object was removed again. */
  readonly removed: boolean;
  /** Why an event did not arrive; null when all did, or when the doctor could not look. */
  readonly doctor: DoctorVerdict | null;
}

/**
 * Uploads, and looks at every place where the event should come by until that very event was seen.
 * Throws S3evtError: EVENT_NOT_SEEN when no rule takes the event (nothing is uploaded then).
 */
export async function runTestUpload(input: TestUploadInput, ctx: Context): Promise<TestUploadResult> {
  refuseBadKey(input.key);
  refuseBadRestore(input);
  const bucket = requireBucket(input.bucket, ctx);
  // A tap that was killed may have changed the configuration that is read next.
  await sweepNotedTaps(ctx);
  const [identity, target, document, body] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    bucketDocument(bucket, ctx),
    input.file === undefined ? undefined : fileBody(input.file),
  ]);
  const eventName = await eventNameOf(input.operation, bucket, ctx);
  const key = wantedKey(input, document, eventName, ctx);
  const routing = await readRouting({ bucket, document, identity, region: target.region.value }, ctx);
  const { routes, misses } = routesOf(routing, { key, eventName });
  if (routes.length === 0) {
    throw new S3evtError('EVENT_NOT_SEEN', noRule(bucket, key, eventName, misses), {
      hint: 'Nothing was uploaded. Look at the rules with "s3evt ls", or name a key that one of them takes: --key KEY.',
    });
  }
  const seen = await findPlaces(routing, routes, ctx);
  const planned = planTestTap(routing, routes, seen, input.tap ?? 'auto');
  const places = [...(planned?.places ?? []), ...seen];
  refuseUnwatched(routes, places, key, ctx);

  if (input.announce !== false) ctx.emit(targetShown(target, identity.account));
  const peek = input.peek === true && (await agreeToPeek(places, input.yes, ctx));
  const generates = body === undefined;
  const run: Run = {
    keyGiven: input.key !== undefined,
    mayReplace: input.key !== undefined && input.yes,
    bucket,
    beside: (one, mark) => keyBeside(one, mark, document, eventName),
    // What is small is finished after Ctrl-C: what became of an upload that was cut off would not be known.
    signal: generates ? lateAbort(ctx.signal) : ctx.signal,
    made: [],
  };
  const jobs = Array.from({ length: input.count }, (_, index): RoutedJob => ({
    operation: input.operation,
    key: index === 0 ? key : run.beside(key, String(index + 1)),
    body: body ?? generated(ctx, key),
    eventName,
    routes,
  }));
  const { timeoutMs } = input;
  // A generated object is temporary; a file's object is what the caller wanted to have there.
  const temporary = generates && !input.keep;
  const { settled, deliveries, removed } = await observeJobs(
    { routing, run, jobs, places, tap: planned?.plan, peek, timeoutMs, temporary, goesOn: false },
    ctx,
  );
  const uploads = settled.flatMap((one) => (one?.status === 'fulfilled' ? [one.value] : []));
  const reports = uploads.map((upload) => reportOf(bucket, upload, deliveries));
  const [first] = reports;
  if (first === undefined) throw new TypeError('an upload without a report');
  const arrived = reports.every((report) => report.deliveries.every(({ status }) => status === 'delivered'));
  if (!arrived && places.some(({ via }) => via === 'log')) {
    const flags = targetFlags(target);
    ctx.emit({
      type: 'note',
      text: `What the function writes can be followed with: s3evt tail --since 10m${flags.length > 0 ? ` ${flags.join(' ')}` : ''}`,
    });
  }
  return {
    status: arrived ? 'ok' : 'negative',
    ...first,
    removed,
    doctor: arrived ? null : await whyMissing(reports, { removed, operation: input.operation }, ctx),
    ...(reports.length > 1 ? { uploads: reports } : {}),
  };
}

/** The doctor's word on the first way by which nothing arrived. An object that is gone again is no longer asked about. */
async function whyMissing(
  reports: readonly UploadReport[],
  { removed, operation }: { readonly removed: boolean; readonly operation: Operation },
  ctx: Context,
): Promise<DoctorVerdict | null> {
  const report = reports.find(({ deliveries }) => deliveries.some(({ status }) => status !== 'delivered'));
  if (!report) return null;
  const missing = report.deliveries.find(({ status }) => status !== 'delivered');
  const ruleId = missing === undefined || missing.ruleId === EVENTBRIDGE ? undefined : missing.ruleId;
  const object = removed || operation === 'delete' ? {} : { key: report.key, operation };
  const { doctorVerdict } = await import('./doctor-verdict.ts');
  return doctorVerdict({ bucket: report.bucket, ruleId, ...object }, ctx);
}

function reportOf(
  bucket: string,
  { key, request, size }: Upload,
  deliveries: ReadonlyMap<string, readonly Delivery[]>,
): UploadReport {
  return {
    bucket,
    key,
    size,
    eTag: request.eTag ?? null,
    versionId: request.versionId ?? null,
    uploadedAt: formatInstant(request.finishedAt),
    requestId: request.requestId ?? null,
    deliveries: deliveries.get(key) ?? [],
  };
}

/** The event of the operation in this bucket. Throws USAGE for a delete marker where a deletion makes none. */
async function eventNameOf(operation: Operation, bucket: string, ctx: Context): Promise<string> {
  const deletes = operation === 'delete' || operation === 'delete-marker';
  const markers = deletes && (await makesDeleteMarkers(ctx.aws, bucket));
  if (operation === 'delete-marker' && !markers) {
    throw new S3evtError('USAGE', `${bucket} keeps no versions, so a deletion makes no delete marker there`, {
      hint: 'Test the deletion itself with "--operation delete", or turn versioning on first.',
    });
  }
  return eventOf(operation, markers);
}

/** Where nothing can be looked at, nothing is uploaded; what is beside that is a warning. */
export function refuseUnwatched(
  routes: readonly Route[],
  places: readonly Place[],
  key: string,
  ctx: Context,
): void {
  if (places.length === 0) {
    throw new S3evtError(
      'EVENT_NOT_SEEN',
      `nothing behind the rules that take ${key} can be watched without a tap`,
      {
        hint: 'Nothing was uploaded. With --tap a temporary queue listens in: what it needs is said first.',
      },
    );
  }
  const watched = new Set(places.map(({ route }) => route.ruleId));
  for (const { id, ruleId, destination } of routes) {
    // EventBridge gets everything: beside other destinations that is no news.
    if (id !== ruleId || id === EVENTBRIDGE || watched.has(ruleId)) continue;
    warn(ctx, `rule ${ruleId} sends to ${destination.arn}: what arrives there is not watched`);
  }
}

/** A key that a rule takes, where the caller leaves it open; that of a function before others. */
function wantedKey(
  input: TestUploadInput,
  document: NotificationDocument,
  eventName: string,
  ctx: Context,
): string {
  if (input.key !== undefined) return input.key;
  if (input.file === undefined) return generatedKey(document, eventName, ctx.randomHex(8));
  return keyFor(document, basename(input.file), eventName);
}

function noRule(bucket: string, key: string, eventName: string, misses: readonly Miss[]): string {
  if (misses.length === 0)
    return `${bucket} has no rule for a function, a queue or a topic, so no event would be sent`;
  const reasons = misses.slice(0, 3).map(({ rule, detail }) => `"${rule.id}": ${detail}`);
  return `no rule of ${bucket} takes ${eventName} of ${key}. ${reasons.join('; ')}`;
}

/** What is uploaded where no file is named. */
export function generated(ctx: Pick<Context, 'clock'>, key: string): UploadBody {
  const bytes = new TextEncoder().encode(`A test object of s3evt, ${formatInstant(ctx.clock.now())}.\n`);
  return { size: bytes.byteLength, open: () => bytes, contentType: contentTypeOf(key) };
}

/**
 * Another key that the same rules take: `beach.jpeg` -> `beach-2.jpeg`, which keeps the extension that a rule may ask for; where
 * that does not do, `2-beach.jpeg`.
 */
function keyBeside(key: string, mark: string, document: NotificationDocument, eventName: string): string {
  const [, stem = '', extension = ''] = /^(.*?)(\.[^./]*)?$/s.exec(key) ?? [];
  const base = key.lastIndexOf('/') + 1;
  const behind = `${stem}-${mark}${extension}`;
  const before = `${key.slice(0, base)}${mark}-${key.slice(base)}`;
  const rules = (one: string) => matchRules(rulesOf(document), one, eventName).matches.map(({ id }) => id);
  const wanted = rules(key).join();
  return rules(behind).join() !== wanted && rules(before).join() === wanted ? before : behind;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;

function refuseBadKey(key: string | undefined): void {
  const bytes = key === undefined ? 1 : new TextEncoder().encode(key).length;
  if (bytes >= 1 && bytes <= MAX_KEY_BYTES) return;
  throw new S3evtError(
    'INVALID_ARGUMENT',
    `--key: a key has 1 to ${MAX_KEY_BYTES} bytes, this one has ${bytes}`,
  );
}

/** An archived object is not made in a moment: it has to be there. */
function refuseBadRestore({ operation, key, file, count }: TestUploadInput): void {
  if (operation !== 'restore') return;
  if (key !== undefined && file === undefined && count === 1) return;
  throw new S3evtError(
    'USAGE',
    'a restore is of one archived object that is there already: name it with --key',
    {
      hint: 'Without FILE and --count: s3evt test-upload --operation restore --key KEY.',
    },
  );
}
