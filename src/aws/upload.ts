import { createReadStream } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { S3evtError, type ErrorDetails } from '../core/errors.ts';
import { OBJECT_MARK } from '../core/names.ts';
import type { Aws, Call } from './clients.ts';

/** What a request that makes an event left behind: enough to know its event among others. */
export interface EventfulRequest {
  readonly requestId: string | undefined;
  /** More than one: an earlier try may have made the event, under another request id. */
  readonly attempts: number;
  readonly eTag: string | undefined;
  readonly versionId: string | undefined;
  /** Epoch ms of this machine's clock. */
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface UploadBody {
  readonly size: number;
  /** A fresh body for each try. */
  readonly open: () => Uint8Array | Readable;
  readonly contentType: string;
}

/** Bodies up to this size are held in memory, so that a failed try can be repeated. */
const BUFFERED = 8 * 1024 * 1024;
/** One PutObject takes no more. */
const LARGEST = 5 * 1024 ** 3;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  jpeg: 'image/jpeg',
  jpg: 'image/jpeg',
  png: 'image/png',
  gif: 'image/gif',
  json: 'application/json',
  txt: 'text/plain',
  csv: 'text/csv',
  html: 'text/html',
  pdf: 'application/pdf',
};

export function contentTypeOf(name: string): string {
  return CONTENT_TYPES[name.split('.').at(-1)?.toLowerCase() ?? ''] ?? 'application/octet-stream';
}

/** A file as an upload's body. Throws FILE_UNREADABLE. */
export async function fileBody(path: string): Promise<UploadBody> {
  const unreadable = (why: string, cause?: unknown) =>
    new S3evtError('FILE_UNREADABLE', `${path} cannot be read: ${why}`, {
      hint: 'Without FILE a small object is generated and uploaded.',
      cause,
    });
  try {
    const info = await stat(path);
    if (!info.isFile()) throw unreadable('it is not a file');
    if (info.size > LARGEST) throw unreadable('it is larger than the 5 GiB that one upload takes');
    const contentType = contentTypeOf(path);
    if (info.size > BUFFERED) return { size: info.size, contentType, open: () => createReadStream(path) };
    const bytes = await readFile(path);
    return { size: bytes.byteLength, contentType, open: () => bytes };
  } catch (error) {
    if (error instanceof S3evtError) throw error;
    throw unreadable((error as NodeJS.ErrnoException).code ?? String(error), error);
  }
}

export interface PutRequest {
  readonly bucket: string;
  readonly key: string;
  readonly body: UploadBody;
  /** Refuse to replace an object: S3 checks it in the same request, so nothing slips in between. */
  readonly create: boolean;
  /** With the tag of a test, so that there is one to take away. Tags of an upload make no event of their own. */
  readonly tagged?: boolean | undefined;
  /** In place of the signal of the run: a small object is finished after Ctrl-C, so that it can be removed. */
  readonly signal?: AbortSignal | undefined;
}

/** What `Aws.call` needs to know of a request for this object. */
export function callOf(put: PutRequest, action: string): Call & { readonly resource: string } {
  const resource = `${put.bucket}/${put.key}`;
  return { action, resource, ...(put.signal === undefined ? {} : { signal: put.signal }) };
}

interface ObjectOutput {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly $metadata: { readonly requestId?: string | undefined; readonly attempts?: number | undefined };
}

export async function timed<T extends ObjectOutput>(
  now: () => number,
  send: () => Promise<T>,
): Promise<EventfulRequest> {
  const startedAt = now();
  const output = await send();
  return {
    requestId: output.$metadata.requestId,
    attempts: output.$metadata.attempts ?? 1,
    eTag: output.ETag?.replaceAll('"', ''),
    versionId: output.VersionId,
    startedAt,
    finishedAt: now(),
  };
}

/** PutObject. Throws OBJECT_EXISTS when `create` is asked for and the key is taken. */
export async function putObject(aws: Aws, now: () => number, put: PutRequest): Promise<EventfulRequest> {
  const [s3, { PutObjectCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const command = new PutObjectCommand({
    Bucket: put.bucket,
    Key: put.key,
    Body: put.body.open(),
    ContentLength: put.body.size,
    ContentType: put.body.contentType,
    Metadata: { [OBJECT_MARK.key]: OBJECT_MARK.value },
    ...(put.tagged === true ? { Tagging: `${OBJECT_MARK.key}=${OBJECT_MARK.value}` } : {}),
    ...(put.create ? { IfNoneMatch: '*' } : {}),
  });
  const what = callOf(put, 's3:PutObject');
  try {
    return await timed(now, () => aws.call((options) => s3.send(command, options), what));
  } catch (error) {
    throw objectExists(error, what.resource) ?? error;
  }
}

/** What the failure of a request with `If-None-Match: *` means when the key is taken; undefined for any other failure. */
export function objectExists(error: unknown, resource: string): S3evtError | undefined {
  if (!(error instanceof S3evtError) || error.aws?.name !== 'PreconditionFailed') return undefined;
  return keyTaken(resource, { aws: error.aws, cause: error });
}

export function keyTaken(resource: string, details: Pick<ErrorDetails, 'aws' | 'cause'> = {}): S3evtError {
  return new S3evtError('OBJECT_EXISTS', `s3://${resource} exists already`, {
    hint: 'Choose another key with --key, or pass --key KEY --yes to replace the object.',
    ...details,
  });
}

/** Deletes what a test left: the very version where there is one. The signal is its own: it also runs after Ctrl-C. */
export async function deleteObject(
  aws: Aws,
  bucket: string,
  key: string,
  versionId: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const [s3, { DeleteObjectCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const command = new DeleteObjectCommand({
    Bucket: bucket,
    Key: key,
    ...(versionId === undefined ? {} : { VersionId: versionId }),
  });
  const what = { action: 's3:DeleteObject', resource: `${bucket}/${key}`, signal };
  await aws.call((options) => s3.send(command, options), what);
}
