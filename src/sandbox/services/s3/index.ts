import { createEventPublisher, type EventBridgeSink } from '../../delivery/deliver.ts';
import type { Destinations } from '../../delivery/destinations.ts';
import type { EventVersion } from '../../delivery/object-event.ts';
import type { SandboxEnv } from '../../env.ts';
import { bucketHandlers } from './buckets.ts';
import { bucketSettingHandlers } from './bucket-settings.ts';
import type { S3Context, S3Handlers } from './context.ts';
import { copyHandlers } from './copy.ts';
import { deleteHandlers } from './deletes.ts';
import { listObjectHandlers } from './list-objects.ts';
import { listUploadHandlers } from './list-uploads.ts';
import { listVersionHandlers } from './list-versions.ts';
import { multipartCompleteHandlers } from './multipart-complete.ts';
import { multipartHandlers } from './multipart.ts';
import { notificationHandlers } from './notification.ts';
import { objectSettingHandlers } from './object-settings.ts';
import { objectHandlers } from './objects.ts';

export interface S3Service {
  readonly handlers: S3Handlers;
  /** Forgets every bucket. */
  reset(): void;
}

export interface S3Options {
  /** Numbering of the event records; default `2.6`. */
  readonly eventVersion?: EventVersion;
  /** Without it, buckets keep their EventBridgeConfiguration and nothing comes of it. */
  readonly eventBridge?: EventBridgeSink;
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
    events: createEventPublisher(env, destinations, options.eventVersion ?? '2.6', options.eventBridge),
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
    },
    reset: () => s3.buckets.clear(),
  };
}
