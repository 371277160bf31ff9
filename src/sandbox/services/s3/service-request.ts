import type { EventRequest } from '../../delivery/object-event.ts';
import type { S3Context } from './context.ts';
import { legacyCustomerId } from './identity.ts';
import type { Bucket } from './store.ts';

export const DAY_MS = 86_400_000;

/** Who stands in the records of what S3 does by itself: lifecycle, tiering, the end of a restored copy. */
export function serviceRequest(s3: S3Context): EventRequest {
  return {
    requestId: s3.env.ids.upper(16),
    // 56 bytes are the 76 characters of the ids that S3 sends.
    extendedRequestId: Buffer.from(s3.env.ids.hex(112), 'hex').toString('base64'),
    sourceIp: 's3.amazonaws.com',
    principalId: 's3.amazonaws.com',
  };
}

/** Recorded: a finished restore is the owner's, from an address inside AWS. */
export function ownerRequest(s3: S3Context, bucket: Bucket): EventRequest {
  return {
    ...serviceRequest(s3),
    sourceIp: '10.0.0.1',
    principalId: `AmazonCustomer:${legacyCustomerId(bucket.account)}`,
  };
}

/**
 * Midnight UTC at or after a time, in milliseconds since the epoch. How S3 rounds a time that is midnight already is
 * UNKNOWN: it stays.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html, "Lifecycle rules: Based on an object's age"
 */
export function nextMidnight(ms: number): number {
  return Math.ceil(ms / DAY_MS) * DAY_MS;
}
