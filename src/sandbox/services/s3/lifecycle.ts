import { AwsError } from '../../wire/types.ts';
import { openBucket, type S3Context, type S3Handlers } from './context.ts';
import { invalidRequest, malformedXml } from './errors.ts';
import { dueTime, matchesRule } from './lifecycle-due.ts';
import { validateLifecycle } from './lifecycle-rules.ts';
import type { Bucket, StoredObject } from './store.ts';

/** The documents only: nothing is done before `runLifecycle`. */
export function lifecycleHandlers(s3: S3Context): S3Handlers {
  return {
    PutBucketLifecycleConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const rules = input.LifecycleConfiguration?.Rules;
      if (!rules) throw malformedXml();
      const minimumSize = input.TransitionDefaultMinimumObjectSize ?? 'all_storage_classes_128K';
      if (!isMinimumSize(minimumSize)) {
        throw invalidRequest(`Invalid TransitionDefaultMinimumObjectSize found: ${minimumSize}`);
      }
      // Assigned IDs are base64 of a UUID's text, 48 characters.
      const newId = () => Buffer.from(s3.env.ids.uuid()).toString('base64');
      bucket.lifecycle = { rules: validateLifecycle(rules, newId), minimumSize };
      return { TransitionDefaultMinimumObjectSize: minimumSize };
    },

    GetBucketLifecycleConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!bucket.lifecycle) {
        throw new AwsError('NoSuchLifecycleConfiguration', 'The lifecycle configuration does not exist', {
          status: 404,
          members: { BucketName: bucket.name },
        });
      }
      const { rules, minimumSize } = bucket.lifecycle;
      return { Rules: [...rules], TransitionDefaultMinimumObjectSize: minimumSize };
    },

    DeleteBucketLifecycle(input, ctx) {
      openBucket(s3, ctx, input).lifecycle = undefined;
      return {};
    },
  };
}

/** The `x-amz-expiration` header of a current version: the first of the rules that expire it soonest. */
export function shownExpiration(bucket: Bucket, key: string, object: StoredObject): string | undefined {
  let soonest: { readonly time: number; readonly id: string } | undefined;
  for (const rule of bucket.lifecycle?.rules ?? []) {
    if (rule.Status !== 'Enabled' || !matchesRule(rule, key, object)) continue;
    const time = rule.Expiration && dueTime(object.lastModified, rule.Expiration);
    if (time !== undefined && (!soonest || time < soonest.time)) soonest = { time, id: rule.ID ?? '' };
  }
  return soonest && `expiry-date="${new Date(soonest.time).toUTCString()}", rule-id="${soonest.id}"`;
}

function isMinimumSize(value: string): boolean {
  return value === 'all_storage_classes_128K' || value === 'varies_by_storage_class';
}
