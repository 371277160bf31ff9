import type { DefaultRetention, EventHoldDuration, ObjectLockRetention } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { openBucket, publish, type S3Context, type S3Handlers } from './context.ts';
import { invalidArgument, malformedXml } from './errors.ts';
import {
  after,
  checkFuture,
  checkLockEnabled,
  checkRetentionChange,
  isLegalHold,
  isRetentionMode,
} from './object-lock.ts';
import type { ObjectRetention, StoredObject } from './store.ts';
import { enabledVersionId, findObject } from './versions.ts';

const MAX_DAYS = 36_500;
const MAX_YEARS = 100;

/** Object Lock of buckets and of object versions. A legal hold sends no event. */
export function objectLockHandlers(s3: S3Context): S3Handlers {
  return {
    PutObjectLockConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (bucket.versioning !== 'Enabled') {
        throw new AwsError(
          'InvalidBucketState',
          "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration",
          { status: 409 },
        );
      }
      const configuration = input.ObjectLockConfiguration;
      if (configuration?.ObjectLockEnabled !== 'Enabled') throw malformedXml();
      if (configuration.Rule) checkDefaultRetention(configuration.Rule.DefaultRetention);
      bucket.objectLock = configuration;
      return {};
    },

    GetObjectLockConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!bucket.objectLock) {
        throw new AwsError(
          'ObjectLockConfigurationNotFoundError',
          'Object Lock configuration does not exist for this bucket',
          { status: 404, members: { BucketName: bucket.name } },
        );
      }
      return { ObjectLockConfiguration: bucket.objectLock };
    },

    PutObjectRetention(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      checkLockEnabled(bucket);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      if (!input.Retention) throw emptyBody();
      const now = s3.env.clock.now();
      const retention = requestedRetention(input.Retention, object, now);
      const bypassGovernance = input.BypassGovernanceRetention === true;
      checkRetentionChange(object, retention, { bypassGovernance, now });
      object.lock = { retention, legalHold: object.lock?.legalHold };
      // What the record of a removal would hold is UNKNOWN; none is sent.
      if (retention) {
        publish(s3, ctx, bucket, {
          eventName: 'ObjectRetention:Put',
          key: input.Key ?? '',
          eTag: object.etag,
          ...enabledVersionId(bucket, object),
          retention: {
            mode: retention.mode,
            until: retention.until.getTime(),
            eventHold: retention.eventHold,
            eventHoldDuration: eventDuration(retention.eventHoldDuration),
          },
        });
      }
      return {};
    },

    GetObjectRetention(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      checkLockEnabled(bucket);
      const { lock } = findObject(ctx, bucket, input.Key, input.VersionId);
      const retention = lock?.retention;
      if (!retention) throw noLock(input.Key);
      return {
        Retention: {
          Mode: retention.mode,
          RetainUntilDate: retention.until,
          EventHold: retention.eventHold,
          EventHoldDuration: retention.eventHoldDuration,
        },
      };
    },

    PutObjectLegalHold(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      checkLockEnabled(bucket);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      if (!input.LegalHold) throw emptyBody();
      const status = input.LegalHold.Status;
      if (status === undefined || !isLegalHold(status)) throw malformedXml();
      object.lock = { retention: object.lock?.retention, legalHold: status };
      return {};
    },

    GetObjectLegalHold(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      checkLockEnabled(bucket);
      const { lock } = findObject(ctx, bucket, input.Key, input.VersionId);
      if (lock?.legalHold === undefined) throw noLock(input.Key);
      return { LegalHold: { Status: lock.legalHold } };
    },
  };
}

/**
 * Undefined for an empty document, which removes the retention. With an event hold the date follows from its duration: from
 * now on while the hold is on, and again from its release. What S3 does where both are given is UNKNOWN: the date counts.
 */
function requestedRetention(
  input: ObjectLockRetention,
  object: StoredObject,
  now: number,
): ObjectRetention | undefined {
  const { Mode: mode, EventHold: eventHold } = input;
  const isEmpty = mode === undefined && input.RetainUntilDate === undefined && eventHold === undefined;
  if (isEmpty) return undefined;
  const duration = input.EventHoldDuration ?? object.lock?.retention?.eventHoldDuration;
  const until = input.RetainUntilDate ?? (eventHold && duration && after(now, duration));
  if (mode === undefined || !isRetentionMode(mode) || !until) throw malformedXml();
  if (eventHold !== undefined && !isLegalHold(eventHold)) throw malformedXml();
  checkFuture(until, now);
  return { mode, until, eventHold, eventHoldDuration: eventHold && duration };
}

function checkDefaultRetention(retention: DefaultRetention | undefined): void {
  const { Mode, Days, Years, DefaultEventHold } = retention ?? {};
  const hasPeriod = Days !== undefined || Years !== undefined;
  if (Mode === undefined ? hasPeriod || !DefaultEventHold : !isRetentionMode(Mode)) throw malformedXml();
  if (Mode !== undefined && (Days === undefined) === (Years === undefined)) throw malformedXml();
  checkPeriod('Days', Days, MAX_DAYS);
  checkPeriod('Years', Years, MAX_YEARS);
}

function checkPeriod(name: string, value: number | undefined, max: number): void {
  if (value === undefined) return;
  if (value < 1) {
    throw invalidArgument('Default retention period must be a positive integer value.', name, String(value));
  }
  if (value > max) throw invalidArgument('Default retention period too large.', name, String(value));
}

/** In records the units have a small first letter. */
function eventDuration(
  duration: EventHoldDuration | undefined,
): Readonly<Record<string, number>> | undefined {
  if (!duration) return undefined;
  return {
    ...(duration.Days !== undefined && { days: duration.Days }),
    ...(duration.Years !== undefined && { years: duration.Years }),
  };
}

function emptyBody(): AwsError {
  return new AwsError('MissingRequestBodyError', 'Request Body is empty', { status: 400 });
}

function noLock(key: string | undefined): AwsError {
  return new AwsError(
    'NoSuchObjectLockConfiguration',
    'The specified object does not have a ObjectLock configuration',
    { status: 404, members: { Key: key ?? '' } },
  );
}
