import type { EventHoldDuration, ObjectLockLegalHoldStatus, ObjectLockMode } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import { DAY_MS } from './service-request.ts';
import type { Bucket, ObjectLock, ObjectRetention, ObjectVersion, StoredObject } from './store.ts';

export interface LockInput {
  readonly ObjectLockMode?: ObjectLockMode | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: ObjectLockLegalHoldStatus | undefined;
}

const MODE = 'x-amz-object-lock-mode';
const UNTIL = 'x-amz-object-lock-retain-until-date';
const IN_THE_PAST = 'The retain until date must be in the future!';

/** The lock that an upload asks for. `now` in milliseconds since the epoch. */
export function requestedLock(input: LockInput, bucket: Bucket, now: number): ObjectLock | undefined {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = input;
  if (mode === undefined && until === undefined && hold === undefined) return undefined;
  checkLockEnabled(bucket);
  if ((mode === undefined) !== (until === undefined)) {
    const absent = mode === undefined ? MODE : UNTIL;
    throw invalidArgument(`${UNTIL} and ${MODE} must both be supplied`, absent, '');
  }
  if (mode !== undefined && !isRetentionMode(mode)) {
    throw invalidArgument('Unknown wormMode directive.', MODE, mode);
  }
  if (until && until.getTime() <= now) throw invalidArgument(IN_THE_PAST, UNTIL, until.toISOString());
  if (hold !== undefined && !isLegalHold(hold)) {
    throw invalidArgument("Legal hold must be either of 'ON' or 'OFF'", 'x-amz-object-lock-legal-hold', hold);
  }
  const retention =
    mode && until ? { mode, until, eventHold: undefined, eventHoldDuration: undefined } : undefined;
  return { retention, legalHold: hold };
}

/** The lock of a new version: where the upload asks for no retention, the bucket's default. */
export function lockOfNewVersion(
  bucket: Bucket,
  requested: ObjectLock | undefined,
  now: number,
): ObjectLock | undefined {
  const period = bucket.objectLock?.Rule?.DefaultRetention;
  if (!period?.Mode || requested?.retention) return requested;
  return {
    legalHold: requested?.legalHold,
    retention: {
      mode: period.Mode,
      until: after(now, period),
      eventHold: undefined,
      eventHoldDuration: undefined,
    },
  };
}

export function checkLockEnabled(bucket: Bucket): void {
  if (!bucket.objectLock) throw invalidRequest('Bucket is missing Object Lock Configuration');
}

/** Throws when the version must not be deleted for good: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html */
export function checkUnlocked(
  version: ObjectVersion | undefined,
  options: { readonly bypassGovernance: boolean; readonly now: number },
): void {
  if (version?.kind === 'object' && isLocked(version, options)) throw protectedByLock();
}

export function isLocked(
  { lock }: StoredObject,
  { bypassGovernance, now }: { readonly bypassGovernance: boolean; readonly now: number },
): boolean {
  if (lock?.legalHold === 'ON') return true;
  const retention = lock?.retention;
  if (!retention || !isActive(retention, now)) return false;
  return !(retention.mode === 'GOVERNANCE' && bypassGovernance);
}

/** Throws when the change would weaken a retention that still holds; `undefined` removes it. */
export function checkRetentionChange(
  { lock }: StoredObject,
  wanted: ObjectRetention | undefined,
  { bypassGovernance, now }: { readonly bypassGovernance: boolean; readonly now: number },
): void {
  const current = lock?.retention;
  if (!current || !isActive(current, now)) return;
  const weakens = wanted?.mode !== current.mode || wanted.until < current.until;
  if (weakens && (current.mode === 'COMPLIANCE' || !bypassGovernance)) throw protectedByLock();
}

export function checkFuture(until: Date, now: number): void {
  if (until.getTime() <= now) throw invalidArgument(IN_THE_PAST);
}

/** `now` and a number of days or years, in which leap years count. */
export function after(now: number, period: EventHoldDuration): Date {
  const date = new Date(now + (period.Days ?? 0) * DAY_MS);
  date.setUTCFullYear(date.getUTCFullYear() + (period.Years ?? 0));
  return date;
}

export function isRetentionMode(mode: string): boolean {
  return mode === 'GOVERNANCE' || mode === 'COMPLIANCE';
}

export function isLegalHold(status: string): boolean {
  return status === 'ON' || status === 'OFF';
}

/** The members that answers to GetObject and HeadObject have. */
export function shownLock({ lock }: StoredObject) {
  const retention = lock?.retention;
  return {
    ObjectLockMode: retention?.mode,
    ObjectLockRetainUntilDate: retention?.until,
    ObjectLockLegalHoldStatus: lock?.legalHold,
    ObjectLockEventHold: retention?.eventHold,
    ObjectLockEventHoldDurationDays: retention?.eventHoldDuration?.Days,
    ObjectLockEventHoldDurationYears: retention?.eventHoldDuration?.Years,
  };
}

function isActive(retention: ObjectRetention, now: number): boolean {
  return retention.eventHold === 'ON' || retention.until.getTime() > now;
}

function protectedByLock(): AwsError {
  return new AwsError('AccessDenied', 'Access Denied because object protected by object lock.', {
    status: 403,
  });
}
