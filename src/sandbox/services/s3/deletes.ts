import { AwsError, type RequestContext } from '../../wire/types.ts';
import { lastModifiedNow, openBucket, publish, type S3Context, type S3Handlers } from './context.ts';
import { malformedXml, preconditionFailed } from './errors.ts';
import { etagMatches } from './preconditions.ts';
import { type Bucket } from './store.ts';
import { checkKey, checkVersionId, nextVersionId } from './versions.ts';

const MAX_KEYS = 1000;
/** A delete marker has no bytes: its record carries the MD5 of nothing. */
const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

export function deleteHandlers(s3: S3Context): S3Handlers {
  return {
    DeleteObject(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const key = checkKey(input.Key);
      if (input.VersionId !== undefined) checkVersionId(input.VersionId);
      checkDeleteCondition(bucket, key, input.VersionId, input.IfMatch);
      const outcome = deleteOne(s3, ctx, bucket, key, input.VersionId);
      return {
        DeleteMarker: outcome.marker === undefined ? undefined : true,
        VersionId: outcome.marker ?? input.VersionId,
      };
    },

    DeleteObjects(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const objects = input.Delete?.Objects ?? [];
      if (objects.length === 0 || objects.length > MAX_KEYS || objects.some(({ Key }) => !Key)) {
        throw malformedXml();
      }
      const deleted = [];
      const errors = [];
      for (const { Key = '', VersionId, ETag } of objects) {
        try {
          checkKey(Key);
          if (VersionId !== undefined) checkVersionId(VersionId);
          checkDeleteCondition(bucket, Key, VersionId, ETag);
          const { marker } = deleteOne(s3, ctx, bucket, Key, VersionId);
          deleted.push({
            Key,
            VersionId,
            ...(marker !== undefined && { DeleteMarker: true, DeleteMarkerVersionId: marker }),
          });
        } catch (error) {
          if (!(error instanceof AwsError)) throw error;
          errors.push({ Key, VersionId, Code: error.code, Message: error.message });
        }
      }
      return { Deleted: input.Delete?.Quiet ? [] : deleted, Errors: errors };
    },
  };
}

/**
 * One delete and its record. `marker` is the id of the delete marker that was made or removed for good.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeletingObjectVersions.html
 */
function deleteOne(
  s3: S3Context,
  ctx: RequestContext,
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
): { readonly marker: string | undefined } {
  if (versionId !== undefined) {
    const removed = bucket.objects.remove(key, versionId);
    if (removed) {
      publish(s3, ctx, bucket, {
        eventName: 'ObjectRemoved:Delete',
        key,
        ...(bucket.versioning !== undefined && { versionId }),
      });
    }
    return { marker: removed?.kind === 'delete-marker' ? versionId : undefined };
  }
  if (bucket.versioning === undefined) {
    const latest = bucket.objects.latest(key);
    if (latest) bucket.objects.remove(key, latest.versionId);
    // Also for a key that never existed.
    publish(s3, ctx, bucket, { eventName: 'ObjectRemoved:Delete', key });
    return { marker: undefined };
  }
  const marker = nextVersionId(s3, bucket);
  bucket.objects.add(key, {
    kind: 'delete-marker',
    versionId: marker,
    lastModified: lastModifiedNow(s3),
  });
  publish(s3, ctx, bucket, {
    eventName: 'ObjectRemoved:DeleteMarkerCreated',
    key,
    eTag: EMPTY_MD5,
    versionId: marker,
  });
  return { marker };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html */
function checkDeleteCondition(
  bucket: Bucket,
  key: string,
  versionId: string | undefined,
  etag: string | undefined,
): void {
  if (etag === undefined) return;
  const version = versionId === undefined ? bucket.objects.latest(key) : bucket.objects.find(key, versionId);
  if (version?.kind !== 'object' || !etagMatches(etag, version.etag)) throw preconditionFailed('If-Match');
}
