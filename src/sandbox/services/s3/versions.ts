import { AwsError, type RequestContext } from '../../wire/types.ts';
import { lastModifiedNow, newVersionId, publish, type S3Context } from './context.ts';
import type { ObjectEventName } from '../../delivery/object-event.ts';
import { invalidArgument, noSuchKey, noSuchVersion } from './errors.ts';
import { lockOfNewVersion } from './object-lock.ts';
import { NULL_VERSION, type Bucket, type StoredObject } from './store.ts';

const MAX_KEY_BYTES = 1024;

export function checkKey(key: string | undefined): string {
  const size = Buffer.byteLength(key ?? '');
  if (size > MAX_KEY_BYTES) {
    throw new AwsError('KeyTooLongError', 'Your key is too long', {
      status: 400,
      members: { Size: String(size), MaxSizeAllowed: String(MAX_KEY_BYTES) },
    });
  }
  return key ?? '';
}

export function checkVersionId(versionId: string): void {
  if (versionId === '') {
    throw invalidArgument('Version id cannot be the empty string', 'versionId', versionId);
  }
  if (versionId !== NULL_VERSION && !/^[A-Za-z0-9._-]{32}$/.test(versionId)) {
    throw invalidArgument('Invalid version id specified', 'versionId', versionId);
  }
}

/** The object that a read or a change of tags or ACL means. Throws what S3 answers for what is absent or deleted. */
export function findObject(
  ctx: RequestContext,
  bucket: Bucket,
  keyInput: string | undefined,
  versionId: string | undefined,
): StoredObject {
  const key = checkKey(keyInput);
  if (versionId !== undefined) checkVersionId(versionId);
  const version = versionId === undefined ? bucket.objects.latest(key) : bucket.objects.find(key, versionId);
  if (!version) throw versionId === undefined ? noSuchKey(key) : noSuchVersion(key, versionId);
  if (version.kind === 'object') return version;
  ctx.response.headers['x-amz-delete-marker'] = 'true';
  ctx.response.headers['x-amz-version-id'] = version.versionId;
  if (versionId === undefined) throw noSuchKey(key);
  ctx.response.headers['allow'] = 'DELETE';
  throw new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    status: 405,
    members: { Method: ctx.method, ResourceType: 'DeleteMarker' },
  });
}

/** A version id as responses carry it: a bucket that never had versioning shows none. */
export function shownVersionId(bucket: Bucket, version: { readonly versionId: string }): string | undefined {
  return bucket.versioning === undefined ? undefined : version.versionId;
}

/** A version id as writes and events carry it: only while versioning is enabled. */
export function enabledVersionId(
  bucket: Bucket,
  version: { readonly versionId: string },
): { versionId?: string } {
  return bucket.versioning === 'Enabled' ? { versionId: version.versionId } : {};
}

export function nextVersionId(s3: S3Context, bucket: Bucket): string {
  return bucket.versioning === 'Enabled' ? newVersionId(s3) : NULL_VERSION;
}

/** Stores a new object as the key's newest version and reports it. */
export function writeObject(
  s3: S3Context,
  ctx: RequestContext,
  target: { readonly bucket: Bucket; readonly key: string; readonly eventName: ObjectEventName },
  content: Omit<StoredObject, 'kind' | 'versionId' | 'lastModified'>,
): StoredObject {
  const { bucket, key, eventName } = target;
  const object: StoredObject = {
    ...content,
    kind: 'object',
    versionId: nextVersionId(s3, bucket),
    lastModified: lastModifiedNow(s3),
    lock: lockOfNewVersion(bucket, content.lock, s3.env.clock.now()),
  };
  bucket.objects.add(key, object);
  publish(s3, ctx, bucket, {
    eventName,
    key,
    size: object.body.length,
    eTag: object.etag,
    ...enabledVersionId(bucket, object),
    hasAnnotation: (object.annotations?.size ?? 0) > 0,
  });
  return object;
}
