import { basename } from 'node:path';
import { contentTypeOf, fileBody, type UploadBody } from '../aws/upload.ts';
import { makesDeleteMarkers } from '../aws/operations.ts';
import { formatInstant } from '../core/duration.ts';
import { S3evtError } from '../core/errors.ts';
import { generatedKey, keyFor, matchRules } from '../core/match.ts';
import { rulesOf, type NotificationDocument } from '../core/notification.ts';
import { callerIdentity } from '../aws/identity.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { targetShown } from './show-target.ts';
import { targetFlags } from './target-flags.ts';
import { cleanUp, lateAbort, uploadAll, type Run, type Upload } from './upload-objects.ts';
import { watchDeliveries, type Delivery } from './watch-deliveries.ts';

/** What makes the event. The object is put first where the operation needs one. */
export const OPERATIONS = {
  put: 's3:ObjectCreated:Put',
  copy: 's3:ObjectCreated:Copy',
  multipart: 's3:ObjectCreated:CompleteMultipartUpload',
  delete: 's3:ObjectRemoved:Delete',
  tag: 's3:ObjectTagging:Put',
} as const;

export type Operation = keyof typeof OPERATIONS;

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
  /** With a key of the caller's: an object of that key may be replaced. */
  readonly yes: boolean;
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
}

/**
 * Uploads, and follows the log of every function that should get the event until that very event was seen.
 * Throws S3evtError: EVENT_NOT_SEEN when no rule takes the event (nothing is uploaded then).
 */
export async function runTestUpload(input: TestUploadInput, ctx: Context): Promise<TestUploadResult> {
  refuseBadKey(input.key);
  const bucket = requireBucket(input.bucket, ctx);
  const [identity, target, document, body] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    bucketDocument(bucket, ctx),
    input.file === undefined ? undefined : fileBody(input.file),
  ]);
  const eventName =
    input.operation === 'delete' && (await makesDeleteMarkers(ctx.aws, bucket))
      ? 's3:ObjectRemoved:DeleteMarkerCreated'
      : OPERATIONS[input.operation];
  const wanted = wantedKey(input, document, eventName, ctx);
  const { matches, misses } = matchRules(rulesOf(document), wanted, eventName);
  if (matches.length === 0) {
    throw new S3evtError('EVENT_NOT_SEEN', noRule(bucket, wanted, eventName, misses), {
      hint: 'Nothing was uploaded. Look at the rules with "s3evt ls", or name a key that one of them takes: --key KEY.',
    });
  }
  for (const rule of matches.filter(({ destination }) => destination.kind !== 'lambda')) {
    const message = `rule ${rule.id} sends to ${rule.destination.arn}: what arrives there is not watched`;
    ctx.emit({ type: 'warning', warning: { code: 'DESTINATION_NOT_WATCHED', message } });
  }
  const functions = matches.filter(({ destination }) => destination.kind === 'lambda');
  if (functions.length === 0) {
    throw new S3evtError(
      'EVENT_NOT_SEEN',
      `no function is behind the rules that take ${wanted}; only functions can be watched`,
      {
        hint: 'Nothing was uploaded.',
      },
    );
  }

  if (input.announce !== false) ctx.emit(targetShown(target, identity.account));
  const from = ctx.clock.now();
  const generates = body === undefined;
  const run: Run = {
    operation: input.operation,
    count: input.count,
    keyGiven: input.key !== undefined,
    mayReplace: input.key !== undefined && input.yes,
    bucket,
    body: body ?? generated(ctx, wanted),
    beside: (key, mark) => keyBeside(key, mark, document, eventName),
    // What is small is finished after Ctrl-C: what became of an upload that was cut off would not be known.
    signal: generates ? lateAbort(ctx.signal) : ctx.signal,
    made: [],
  };
  let uploads: readonly Upload[];
  let deliveries: ReadonlyMap<string, readonly Delivery[]>;
  let removed = false;
  try {
    uploads = await uploadAll(run, wanted, ctx);
    deliveries = await watchDeliveries(ctx, {
      bucket,
      eventName: eventName.slice(3),
      rules: functions,
      requests: uploads.map(({ key, request }) => ({ key, request })),
      from,
      timeoutMs: input.timeoutMs,
    });
  } finally {
    // A generated object is temporary; a file's object is what the caller wanted to have there.
    if (generates && !input.keep) removed = await cleanUp(run, ctx);
  }
  const reports = uploads.map(({ key, request, size }): UploadReport => ({
    bucket,
    key,
    size,
    eTag: request.eTag ?? null,
    versionId: request.versionId ?? null,
    uploadedAt: formatInstant(request.finishedAt),
    requestId: request.requestId ?? null,
    deliveries: deliveries.get(key) ?? [],
  }));
  const [first] = reports;
  if (first === undefined) throw new TypeError('an upload without a report');
  const arrived = reports.every((report) => report.deliveries.every(({ status }) => status === 'delivered'));
  if (!arrived) {
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
    ...(reports.length > 1 ? { uploads: reports } : {}),
  };
}

/** A key that a rule for a function takes, where the caller leaves it open: only functions can be watched. */
function wantedKey(
  input: TestUploadInput,
  document: NotificationDocument,
  eventName: string,
  ctx: Context,
): string {
  if (input.key !== undefined) return input.key;
  const { LambdaFunctionConfigurations = [] } = document;
  const watched = LambdaFunctionConfigurations.length > 0 ? { LambdaFunctionConfigurations } : document;
  if (input.file === undefined) return generatedKey(watched, eventName, ctx.randomHex(8));
  return keyFor(watched, basename(input.file), eventName);
}

function noRule(
  bucket: string,
  key: string,
  eventName: string,
  misses: ReturnType<typeof matchRules>['misses'],
): string {
  if (misses.length === 0)
    return `${bucket} has no rule for a function, a queue or a topic, so no event would be sent`;
  const reasons = misses.slice(0, 3).map(({ rule, detail }) => `"${rule.id}": ${detail}`);
  return `no rule of ${bucket} takes ${eventName} of ${key}. ${reasons.join('; ')}`;
}

function generated(ctx: Context, key: string): UploadBody {
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
