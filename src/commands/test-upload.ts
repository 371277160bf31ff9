import { basename } from 'node:path';
import {
  contentTypeOf,
  deleteObject,
  fileBody,
  putObject,
  type EventfulRequest,
  type UploadBody,
} from '../aws/upload.ts';
import { operate } from '../aws/operations.ts';
import { formatInstant } from '../core/duration.ts';
import { S3evtError } from '../core/errors.ts';
import { generatedKey, keyFor, matchRules } from '../core/match.ts';
import type { NotificationDocument } from '../core/notification.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { targetFlags } from './target-flags.ts';
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

/** Uploads in flight together, with --count. */
const IN_FLIGHT = 8;

/**
 * Uploads, and follows the log of every function that should get the event until that very event was seen.
 * Throws S3evtError: EVENT_NOT_SEEN when no rule takes the event (nothing is uploaded then).
 */
export async function runTestUpload(input: TestUploadInput, ctx: Context): Promise<TestUploadResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const [document, body] = await Promise.all([
    bucketDocument(bucket, ctx),
    input.file === undefined ? undefined : fileBody(input.file),
  ]);
  const eventName = OPERATIONS[input.operation];
  const wanted = wantedKey(input, document, ctx);
  const { matches, misses } = matchRules(document, wanted, eventName);
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

  const from = ctx.clock.now();
  const uploads: Upload[] = [];
  let deliveries: ReadonlyMap<string, readonly Delivery[]>;
  let removed: boolean;
  try {
    await uploadAll(input, { bucket, key: wanted, body: body ?? generated(ctx, wanted) }, uploads, ctx);
    deliveries = await watchDeliveries(ctx, {
      bucket,
      eventName: eventName.slice(3),
      rules: functions,
      requests: uploads.map(({ key, request }) => ({ key, request })),
      from,
      timeoutMs: input.timeoutMs,
    });
  } finally {
    removed = await cleanUp(input, bucket, uploads, ctx);
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
    const flags = targetFlags(await ctx.aws.target());
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

function wantedKey(input: TestUploadInput, document: NotificationDocument, ctx: Context): string {
  const eventName = OPERATIONS[input.operation];
  if (input.key !== undefined) return input.key;
  if (input.file !== undefined) return keyFor(document, basename(input.file), eventName);
  return generatedKey(document, eventName, ctx.randomHex(8));
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

interface Upload {
  readonly key: string;
  readonly size: number;
  readonly request: EventfulRequest;
  /** Versions that were made; undefined in a bucket without versions, where the key names all there is. */
  readonly versions: readonly (string | undefined)[];
}

/** Fills `uploads` as they succeed: what was uploaded is known even when a later one fails. */
async function uploadAll(
  input: TestUploadInput,
  object: { bucket: string; key: string; body: UploadBody },
  uploads: Upload[],
  ctx: Context,
): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < input.count && !ctx.signal.aborted) {
      const index = next++;
      const key = index === 0 ? object.key : numbered(object.key, String(index + 1));
      uploads.push(await uploadOne(input, { ...object, key }, ctx));
    }
  };
  await Promise.all(Array.from({ length: Math.min(IN_FLIGHT, input.count) }, worker));
  ctx.signal.throwIfAborted();
}

/** `beach.jpeg` -> `beach-2.jpeg`: the suffix, which a rule may ask for, stays. */
function numbered(key: string, mark: string): string {
  const [, stem = '', extension = ''] = /^(.*?)(\.[^./]*)?$/s.exec(key) ?? [];
  return `${stem}-${mark}${extension}`;
}

/** An object that is there already is not replaced, unless key and --yes were given: a file then goes beside it. */
async function uploadOne(
  input: TestUploadInput,
  object: { bucket: string; key: string; body: UploadBody },
  ctx: Context,
): Promise<Upload> {
  const now = () => ctx.clock.now();
  const replace = input.key !== undefined && input.yes;
  const task = { type: 'task', id: `upload-${object.key}` } as const;
  let key = object.key;
  for (let attempt = 0; ; attempt++) {
    const title = `Upload s3://${object.bucket}/${key}`;
    ctx.emit({ ...task, title, state: 'running' });
    try {
      const put = { ...object, key, create: !replace };
      const first = input.operation === 'multipart' ? undefined : await putObject(ctx.aws, now, put);
      const request =
        input.operation === 'put' && first ? first : await operate(ctx.aws, now, input.operation, put, first);
      ctx.emit({ ...task, title, state: 'done' });
      const versions =
        first === undefined || first === request ? [request.versionId] : [first.versionId, request.versionId];
      return { key, size: object.body.size, request, versions };
    } catch (error) {
      const taken = error instanceof S3evtError && error.code === 'OBJECT_EXISTS';
      if (!taken || input.key !== undefined || attempt >= 3) {
        ctx.emit({ ...task, title, state: 'failed' });
        throw error;
      }
      key = numbered(object.key, ctx.randomHex(6));
    }
  }
}

/** Cleaning up goes on after Ctrl-C, for this long. */
const CLEAN_UP_MS = 4_000;

/** A generated object is temporary; a file's object is what the caller wanted to have there. */
async function cleanUp(
  input: TestUploadInput,
  bucket: string,
  uploads: readonly Upload[],
  ctx: Context,
): Promise<boolean> {
  if (input.keep || input.file !== undefined || uploads.length === 0) return false;
  const signal = AbortSignal.timeout(CLEAN_UP_MS);
  const left = [...uploads];
  try {
    for (const { key, versions } of uploads) {
      for (const version of new Set(versions)) await deleteObject(ctx.aws, bucket, key, version, signal);
      left.shift();
    }
    return true;
  } catch (error) {
    const keys = left.map(({ key }) => `s3://${bucket}/${key}`).join(', ');
    const why = error instanceof Error ? error.message : String(error);
    const message = `${keys} could not be removed: ${why}`;
    ctx.emit({ type: 'warning', warning: { code: 'OBJECT_LEFT', message } });
    return false;
  }
}
