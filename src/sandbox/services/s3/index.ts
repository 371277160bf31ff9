import { createEventPublisher, type EventBridgeSink } from '../../delivery/deliver.ts';
import type { Destinations } from '../../delivery/destinations.ts';
import type { EventVersion } from '../../delivery/object-event.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Faults } from '../../faults.ts';
import { Alarms } from '../../alarms.ts';
import { annotationHandlers } from './annotations.ts';
import { bucketHandlers } from './buckets.ts';
import { bucketSettingHandlers } from './bucket-settings.ts';
import type { S3Context, S3Handlers } from './context.ts';
import { copyHandlers } from './copy.ts';
import { deleteHandlers } from './deletes.ts';
import { runLifecycle, type LifecycleRun } from './lifecycle-run.ts';
import { lifecycleHandlers } from './lifecycle.ts';
import { listObjectHandlers } from './list-objects.ts';
import { listUploadHandlers } from './list-uploads.ts';
import { listVersionHandlers } from './list-versions.ts';
import { multipartCompleteHandlers } from './multipart-complete.ts';
import { multipartHandlers } from './multipart.ts';
import { notificationHandlers } from './notification.ts';
import { objectLockHandlers } from './object-lock-settings.ts';
import { objectSettingHandlers } from './object-settings.ts';
import { objectHandlers } from './objects.ts';
import { postObjectHandler, type PostObjectHandler } from './post-object.ts';
import { restoreHandlers } from './restore.ts';
import type { Bucket } from './store.ts';
import { tieringHandlers } from './tiering.ts';

export interface S3Service {
  readonly handlers: S3Handlers & { readonly PostObject: PostObjectHandler };
  bucket(name: string): Bucket | undefined;
  /**
   * Does what S3 would have done by `now` (milliseconds since the epoch; default: the clock's time) in one bucket or in all:
   * lifecycle rules, INTELLIGENT_TIERING, restores. Throws AwsError NoSuchBucket.
   */
  runLifecycle(options?: { readonly bucket?: string; readonly now?: number }): LifecycleRun;
  /** Forgets every bucket, and the restores that are under way. */
  reset(): void;
}

export interface S3Options {
  /** Numbering of the event records; default `2.6`. */
  readonly eventVersion?: EventVersion;
  /** Without it, buckets keep their EventBridgeConfiguration and nothing comes of it. */
  readonly eventBridge?: EventBridgeSink;
  /** Without it nothing goes wrong on purpose. */
  readonly faults?: Pick<Faults, 'deliveries' | 'propagation'>;
}

/** Amazon S3 in memory. Objects live in buffers, so the machine's memory is the limit. */
export function createS3Service(
  env: SandboxEnv,
  destinations: Destinations,
  options: S3Options = {},
): S3Service {
  const s3: S3Context = {
    env,
    destinations,
    events: createEventPublisher(
      env,
      destinations,
      options.eventVersion ?? '2.6',
      options.eventBridge,
      options.faults,
    ),
    faults: options.faults,
    alarms: new Alarms(env.clock),
    buckets: new Map(),
  };
  return {
    handlers: {
      ...bucketHandlers(s3),
      ...bucketSettingHandlers(s3),
      ...listObjectHandlers(s3),
      ...listVersionHandlers(s3),
      ...objectHandlers(s3),
      ...objectSettingHandlers(s3),
      ...copyHandlers(s3),
      ...deleteHandlers(s3),
      ...multipartHandlers(s3),
      ...multipartCompleteHandlers(s3),
      ...listUploadHandlers(s3),
      ...notificationHandlers(s3),
      ...lifecycleHandlers(s3),
      ...tieringHandlers(s3),
      ...restoreHandlers(s3),
      ...objectLockHandlers(s3),
      ...annotationHandlers(s3),
      PostObject: postObjectHandler(s3),
    },
    runLifecycle: (lifecycle) => runLifecycle(s3, lifecycle),
    bucket: (name) => s3.buckets.get(name),
    reset() {
      s3.alarms.clear();
      s3.buckets.clear();
      s3.events.reset();
    },
  };
}
