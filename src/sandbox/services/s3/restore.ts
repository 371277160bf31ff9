import type { Tier } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { openBucket, publish, publishAs, type S3Context, type S3Handlers } from './context.ts';
import { invalidArgument, malformedXml } from './errors.ts';
import { DAY_MS, nextMidnight, ownerRequest, serviceRequest } from './service-request.ts';
import type { Bucket, Restore, StoredObject } from './store.ts';
import { enabledVersionId, findObject } from './versions.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * The longest time that each option is said to take.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html
 */
const DURATIONS: Readonly<Record<'flexible' | 'deep', Readonly<Record<Tier, number | undefined>>>> = {
  flexible: { Expedited: 5 * MINUTE_MS, Standard: 5 * HOUR_MS, Bulk: 12 * HOUR_MS },
  deep: { Expedited: undefined, Standard: 12 * HOUR_MS, Bulk: 48 * HOUR_MS },
};

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html */
export function restoreHandlers(s3: S3Context): S3Handlers {
  return {
    RestoreObject(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      const key = input.Key ?? '';
      const request = input.RestoreRequest;
      if (!request) throw new AwsError('MissingRequestBodyError', 'Request Body is empty', { status: 400 });
      if (!isArchived(object)) {
        throw invalidState("Restore is not allowed for the object's current storage class", object);
      }
      const days = daysOf(object, request.Days);
      const tier = request.GlacierJobParameters?.Tier ?? request.Tier ?? 'Standard';
      const duration = durationOf(object, tier);
      const now = s3.env.clock.now();
      const { restore } = object;
      if (restore?.expires !== undefined) {
        // The copy is there already and is kept from now on. Whether that is an event is UNKNOWN: nothing is restored.
        object.restore = { ...restore, days, expires: nextMidnight(now + (days ?? 0) * DAY_MS) };
        setAlarm(s3, bucket, key, object);
        return {};
      }
      // A request for a faster option takes the place of the one that runs.
      if (restore && now + duration >= restore.completesAt) {
        throw new AwsError('RestoreAlreadyInProgress', 'Object restore is already in progress', {
          status: 409,
        });
      }
      object.restore = { tier, days, completesAt: now + duration, expires: undefined };
      setAlarm(s3, bucket, key, object);
      if (!restore) {
        publish(s3, ctx, bucket, {
          eventName: 'ObjectRestore:Post',
          ...restoredObject(bucket, key, object),
        });
      }
      ctx.response.status = 202;
      return {};
    },
  };
}

/** Whether the object's bytes can only be had through RestoreObject. */
function isArchived(object: StoredObject): boolean {
  return (
    object.storageClass === 'GLACIER' ||
    object.storageClass === 'DEEP_ARCHIVE' ||
    object.archiveTier !== undefined
  );
}

/** Throws for an archived object without a restored copy. `message` differs between reads and copies. */
export function checkActive(object: StoredObject, use: 'read' | 'copy'): void {
  if (!isArchived(object) || object.restore?.expires !== undefined) return;
  const what = object.archiveTier === undefined ? 'storage class' : 'access tier';
  throw invalidState(
    use === 'read'
      ? `The operation is not valid for the object's ${what}`
      : `Operation is not valid for the source object's ${what}`,
    object,
  );
}

/** The `x-amz-restore` header. */
export function shownRestore({ restore }: StoredObject): string | undefined {
  if (!restore) return undefined;
  return restore.expires === undefined
    ? 'ongoing-request="true"'
    : `ongoing-request="false", expiry-date="${new Date(restore.expires).toUTCString()}"`;
}

/**
 * Takes a restore as far as it is at `now`, in milliseconds since the epoch, and reports what happened. Returns how many of
 * the two steps were due.
 */
export function settleRestore(
  s3: S3Context,
  bucket: Bucket,
  key: string,
  object: StoredObject,
  now: number,
): { readonly completed: boolean; readonly expired: boolean } {
  const completed = object.restore?.expires === undefined && (object.restore?.completesAt ?? Infinity) <= now;
  if (completed && object.restore) complete(s3, bucket, key, object, object.restore);
  const expired = (object.restore?.expires ?? Infinity) <= now;
  if (expired) {
    const change = { eventName: 'ObjectRestore:Delete' as const, ...restoredObject(bucket, key, object) };
    delete object.restore;
    publishAs(s3, serviceRequest(s3), bucket, change);
  }
  return { completed, expired };
}

function complete(s3: S3Context, bucket: Bucket, key: string, object: StoredObject, restore: Restore): void {
  const { days } = restore;
  if (days === undefined) {
    // Back in the Frequent Access tier, for good.
    delete object.restore;
    delete object.archiveTier;
  } else {
    restore.expires = nextMidnight(restore.completesAt + days * DAY_MS);
    setAlarm(s3, bucket, key, object);
  }
  publishAs(s3, ownerRequest(s3, bucket), bucket, {
    eventName: 'ObjectRestore:Completed',
    ...restoredObject(bucket, key, object),
    ...(restore.expires !== undefined && { restoreExpires: restore.expires }),
  });
}

function setAlarm(s3: S3Context, bucket: Bucket, key: string, object: StoredObject): void {
  const { restore } = object;
  if (!restore) return;
  s3.alarms.set(restore.expires ?? restore.completesAt, () => {
    // Meanwhile the bucket may be gone, the version deleted, or the restore another one, which has its own alarm.
    const isThere = s3.buckets.get(bucket.name) === bucket;
    if (!isThere || bucket.objects.find(key, object.versionId) !== object) return;
    if (object.restore === restore) settleRestore(s3, bucket, key, object, s3.env.clock.now());
  });
}

function restoredObject(bucket: Bucket, key: string, object: StoredObject) {
  return {
    key,
    size: object.body.length,
    eTag: object.etag,
    ...enabledVersionId(bucket, object),
    sourceStorageClass: object.storageClass,
  };
}

/** INTELLIGENT_TIERING objects come back for good, so they take no days. */
function daysOf(object: StoredObject, days: number | undefined): number | undefined {
  const needsDays = object.archiveTier === undefined;
  if (needsDays !== (days !== undefined) || (days !== undefined && days < 1)) throw malformedXml();
  return days;
}

function durationOf(object: StoredObject, tier: Tier): number {
  const isDeep = object.storageClass === 'DEEP_ARCHIVE' || object.archiveTier === 'DEEP_ARCHIVE_ACCESS';
  const durations = DURATIONS[isDeep ? 'deep' : 'flexible'];
  if (!Object.hasOwn(durations, tier)) throw malformedXml();
  const duration = durations[tier];
  // AWS's code and text are UNKNOWN.
  if (duration === undefined) {
    throw invalidArgument('Retrieval option is not supported by this storage class', 'Tier', tier);
  }
  return duration;
}

function invalidState(message: string, object: StoredObject): AwsError {
  return new AwsError('InvalidObjectState', message, {
    status: 403,
    members: {
      StorageClass: object.storageClass,
      ...(object.archiveTier !== undefined && { AccessTier: object.archiveTier }),
    },
  });
}
