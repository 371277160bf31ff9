import type { LifecycleRule, StorageClass } from '@aws-sdk/client-s3';
import { newVersionId, publishAs, type S3Context } from './context.ts';
import { noSuchBucket } from './errors.ts';
import { canMove, dueTime, matchesRule } from './lifecycle-due.ts';
import { ruleFilter } from './lifecycle-rules.ts';
import { isLocked } from './object-lock.ts';
import { settleRestore } from './restore.ts';
import { DAY_MS, serviceRequest } from './service-request.ts';
import { EMPTY_MD5, NULL_VERSION, type Bucket, type ObjectVersion, type StoredObject } from './store.ts';
import { moveTiers } from './tiering.ts';
import { enabledVersionId } from './versions.ts';

/** How many times each thing was done. */
export interface LifecycleRun {
  /** Objects, versions and lone delete markers that are gone for good. */
  readonly expired: number;
  readonly markersCreated: number;
  readonly transitioned: number;
  /** INTELLIGENT_TIERING objects moved to an archive tier. */
  readonly tiered: number;
  readonly uploadsAborted: number;
  readonly restoresCompleted: number;
  readonly restoresExpired: number;
}

type Counts = { -readonly [K in keyof LifecycleRun]: number };

/** One bucket with its enabled rules, seen at a time in milliseconds since the epoch. */
interface Pass {
  readonly s3: S3Context;
  readonly bucket: Bucket;
  readonly rules: readonly LifecycleRule[];
  readonly now: number;
  readonly counts: Counts;
}

/**
 * Does what S3 would have done by `now` (milliseconds since the epoch; default: the clock's time): finishes restores, moves
 * tiers, applies the lifecycle rules of one bucket or of all, and sends the events. Records carry the clock's time.
 *
 * @throws AwsError NoSuchBucket
 */
export function runLifecycle(
  s3: S3Context,
  options: { readonly bucket?: string; readonly now?: number } = {},
): LifecycleRun {
  const counts: Counts = {
    expired: 0,
    markersCreated: 0,
    transitioned: 0,
    tiered: 0,
    uploadsAborted: 0,
    restoresCompleted: 0,
    restoresExpired: 0,
  };
  const now = options.now ?? s3.env.clock.now();
  for (const bucket of bucketsOf(s3, options.bucket)) {
    const rules = (bucket.lifecycle?.rules ?? []).filter((rule) => rule.Status === 'Enabled');
    const pass: Pass = { s3, bucket, rules, now, counts };
    // A copy: what is deleted leaves the list.
    for (const key of [...bucket.objects.sortedKeys()]) visitKey(pass, key);
    abortUploads(pass);
  }
  return counts;
}

function bucketsOf(s3: S3Context, name: string | undefined): readonly Bucket[] {
  if (name === undefined) return [...s3.buckets.values()];
  const bucket = s3.buckets.get(name);
  if (!bucket) throw noSuchBucket(name);
  return [bucket];
}

/**
 * Permanent deletion comes before a transition, a transition before a delete marker:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-conflicts.html
 */
function visitKey(pass: Pass, key: string): void {
  const { s3, bucket, now, counts } = pass;
  const versions = [...bucket.objects.versions(key)];
  for (const version of versions) {
    if (version.kind !== 'object') continue;
    if (version.restore) {
      const { completed, expired } = settleRestore(s3, bucket, key, version, now);
      counts.restoresCompleted += Number(completed);
      counts.restoresExpired += Number(expired);
    }
    if (version.storageClass === 'INTELLIGENT_TIERING') {
      counts.tiered += Number(moveTiers(s3, bucket, key, version, now));
    }
  }
  for (const [index, version] of versions.entries()) {
    const successor = versions[index + 1];
    if (successor) {
      visitNoncurrent(pass, key, version, {
        since: successor.lastModified,
        newer: versions.length - 2 - index,
      });
    }
  }
  const current = bucket.objects.latest(key);
  if (current?.kind === 'delete-marker') visitMarker(pass, key, current);
  else if (current) visitCurrent(pass, key, current);
}

function visitCurrent(pass: Pass, key: string, object: StoredObject): void {
  const { bucket, now } = pass;
  const isDue = matching(pass, key, object).some(
    ({ Expiration }) => Expiration && isReached(dueTime(object.lastModified, Expiration), now),
  );
  if (isDue && bucket.versioning === undefined) {
    expire(pass, key, object);
    return;
  }
  transition(pass, key, object, (rule) =>
    (rule.Transitions ?? []).map((action) => ({
      to: action.StorageClass,
      time: dueTime(object.lastModified, action),
    })),
  );
  if (isDue) addMarker(pass, key);
}

function visitNoncurrent(
  pass: Pass,
  key: string,
  version: ObjectVersion,
  { since, newer }: { readonly since: Date; readonly newer: number },
): void {
  const isDue = matching(pass, key, version).some(({ NoncurrentVersionExpiration: action }) => {
    if (!action || newer < (action.NewerNoncurrentVersions ?? 0)) return false;
    return isReached(dueTime(since, { Days: action.NoncurrentDays }), pass.now);
  });
  const isKept = version.kind === 'object' && isLocked(version, { bypassGovernance: false, now: pass.now });
  if (isDue && !isKept) {
    expire(pass, key, version);
    return;
  }
  if (version.kind !== 'object') return;
  transition(pass, key, version, (rule) =>
    (rule.NoncurrentVersionTransitions ?? [])
      .filter((action) => newer >= (action.NewerNoncurrentVersions ?? 0))
      .map((action) => ({
        to: action.StorageClass,
        time: dueTime(since, { Days: action.NoncurrentDays }),
      })),
  );
}

/** A delete marker that hides nothing any more goes by its own action, or by age with the other one. */
function visitMarker(pass: Pass, key: string, marker: ObjectVersion): void {
  if (pass.bucket.objects.versions(key).length > 1) return;
  const isDue = matching(pass, key, marker).some(
    ({ Expiration }) =>
      Expiration?.ExpiredObjectDeleteMarker === true ||
      (Expiration && isReached(dueTime(marker.lastModified, Expiration), pass.now)),
  );
  if (isDue) expire(pass, key, marker);
}

function expire({ s3, bucket, counts }: Pass, key: string, version: ObjectVersion): void {
  bucket.objects.remove(key, version.versionId);
  counts.expired++;
  publishAs(s3, serviceRequest(s3), bucket, {
    eventName: 'LifecycleExpiration:Delete',
    key,
    ...(bucket.versioning !== undefined && { versionId: version.versionId }),
  });
}

function addMarker({ s3, bucket, now, counts }: Pass, key: string): void {
  const versionId = bucket.versioning === 'Enabled' ? newVersionId(s3) : NULL_VERSION;
  // Lifecycle dates its markers to the beginning of the day:
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-configure-notification.html
  const lastModified = new Date(Math.floor(now / DAY_MS) * DAY_MS);
  bucket.objects.add(key, { kind: 'delete-marker', versionId, lastModified });
  counts.markersCreated++;
  publishAs(s3, serviceRequest(s3), bucket, {
    eventName: 'LifecycleExpiration:DeleteMarkerCreated',
    key,
    eTag: EMPTY_MD5,
    versionId,
  });
}

/** Takes the object to the furthest class among the transitions that are due. */
function transition(
  pass: Pass,
  key: string,
  object: StoredObject,
  actionsOf: (
    rule: LifecycleRule,
  ) => readonly { readonly to: StorageClass | undefined; readonly time: number | undefined }[],
): void {
  const { s3, bucket, now, counts } = pass;
  const minimumSize = bucket.lifecycle?.minimumSize ?? 'all_storage_classes_128K';
  const before = object.storageClass;
  for (const rule of matching(pass, key, object)) {
    for (const { to, time } of actionsOf(rule)) {
      if (to !== undefined && isReached(time, now) && canMove(object, to, rule, minimumSize)) {
        object.storageClass = to;
      }
    }
  }
  if (object.storageClass === before) return;
  delete object.archiveTier;
  counts.transitioned++;
  publishAs(s3, serviceRequest(s3), bucket, {
    eventName: 'LifecycleTransition',
    key,
    size: object.body.length,
    eTag: object.etag,
    ...enabledVersionId(bucket, object),
    destinationStorageClass: object.storageClass,
  });
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpu-abort-incomplete-mpu-lifecycle-config.html; no event. */
function abortUploads({ bucket, rules, now, counts }: Pass): void {
  for (const upload of [...bucket.uploads.values()]) {
    const isDue = rules.some((rule) => {
      const { AbortIncompleteMultipartUpload: action } = rule;
      if (!action || !upload.key.startsWith(ruleFilter(rule).prefix)) return false;
      return isReached(dueTime(upload.initiated, { Days: action.DaysAfterInitiation }), now);
    });
    if (isDue && bucket.uploads.delete(upload.id)) counts.uploadsAborted++;
  }
}

function matching({ rules }: Pass, key: string, version: ObjectVersion): readonly LifecycleRule[] {
  return rules.filter((rule) => matchesRule(rule, key, version));
}

function isReached(time: number | undefined, now: number): boolean {
  return time !== undefined && time <= now;
}
