import { AwsError, type RequestContext } from '../../wire/types.ts';
import { lastModifiedNow, openBucket, publish, type S3Context, type S3Handlers } from './context.ts';
import { malformedXml, noSuchVersion, preconditionFailed } from './errors.ts';
import { checkUnlocked } from './object-lock.ts';
import { etagMatches } from './preconditions.ts';
import { EMPTY_MD5, type Bucket } from './store.ts';
import { checkKey, checkVersionId, nextVersionId } from './versions.ts';

const MAX_KEYS = 1000;

export function deleteHandlers(s3: S3Context): S3Handlers {
  return {
    DeleteObject(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const key = checkKey(input.Key);
      if (input.VersionId !== undefined) checkVersionId(input.VersionId);
      checkDeleteCondition(bucket, key, input.VersionId, input.IfMatch);
      const bypassGovernance = input.BypassGovernanceRetention === true;
      const outcome = deleteOne(s3, ctx, { bucket, key, versionId: input.VersionId, bypassGovernance });
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
      const bypassGovernance = input.BypassGovernanceRetention === true;
      const deleted = [];
      const errors = [];
      for (const { Key = '', VersionId, ETag } of objects) {
        try {
          checkKey(Key);
          // Recorded: unlike DeleteObject it finds every version that is not there missing, well-formed or not.
          if (VersionId !== undefined && !bucket.objects.find(Key, VersionId)) {
            throw noSuchVersion(Key, VersionId);
          }
          checkDeleteCondition(bucket, Key, VersionId, ETag);
          const target = { bucket, key: Key, versionId: VersionId, bypassGovernance };
          const { marker } = deleteOne(s3, ctx, target);
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
  target: {
    readonly bucket: Bucket;
    readonly key: string;
    readonly versionId: string | undefined;
    readonly bypassGovernance: boolean;
  },
): { readonly marker: string | undefined } {
  const { bucket, key, versionId, bypassGovernance } = target;
  if (versionId !== undefined) {
    checkUnlocked(bucket.objects.find(key, versionId), { bypassGovernance, now: s3.env.clock.now() });
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
  if (bucket.objects.latest(key)?.kind === 'object') noteInUploads(bucket, key);
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

/** A conditional upload that was under way loses to the delete. */
function noteInUploads(bucket: Bucket, key: string): void {
  for (const upload of bucket.uploads.values()) {
    if (upload.key === key) upload.isKeyDeleted = true;
  }
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
