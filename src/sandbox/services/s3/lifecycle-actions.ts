import type { LifecycleRule } from '@aws-sdk/client-s3';
import { invalidArgument, invalidRequest, malformedXml } from './errors.ts';
import type { RuleFilter } from './lifecycle-rules.ts';
import { DAY_MS } from './service-request.ts';

const TRANSITION_CLASSES: readonly string[] = [
  'GLACIER',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const MIN_DAYS: Readonly<Record<string, number>> = { STANDARD_IA: 30, ONEZONE_IA: 30 };

/** Expiration, NoncurrentVersionExpiration and AbortIncompleteMultipartUpload. */
export function checkAgeActions(rule: LifecycleRule, filter: RuleFilter): void {
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload } = rule;
  const hasTransition =
    (rule.Transitions?.length ?? 0) + (rule.NoncurrentVersionTransitions?.length ?? 0) > 0;
  if (!Expiration && !NoncurrentVersionExpiration && !AbortIncompleteMultipartUpload && !hasTransition) {
    throw invalidRequest('At least one action needs to be specified in a rule');
  }
  if (Expiration) {
    const { Days, Date: date, ExpiredObjectDeleteMarker } = Expiration;
    const given = [Days, date, ExpiredObjectDeleteMarker].filter((value) => value !== undefined);
    if (given.length !== 1) throw malformedXml();
    checkPositive(Days, 'Days', 'Expiration');
    checkDate(date);
    if (ExpiredObjectDeleteMarker !== undefined) refuseTagsAndSizes('ExpiredObjectDeleteMarker', filter);
  }
  if (NoncurrentVersionExpiration) {
    const { NoncurrentDays, NewerNoncurrentVersions } = NoncurrentVersionExpiration;
    if (NoncurrentDays === undefined) throw malformedXml();
    checkPositive(NoncurrentDays, 'NoncurrentDays', 'NoncurrentVersionExpiration');
    if (NewerNoncurrentVersions !== undefined && !rule.Filter) {
      throw invalidRequest('NewerNoncurrentVersions element can only be used in Lifecycle V2.');
    }
  }
  if (AbortIncompleteMultipartUpload) {
    const { DaysAfterInitiation } = AbortIncompleteMultipartUpload;
    if (DaysAfterInitiation === undefined) throw malformedXml();
    checkPositive(DaysAfterInitiation, 'DaysAfterInitiation', 'AbortIncompleteMultipartUpload');
    refuseTagsAndSizes('AbortIncompleteMultipartUpload', filter);
  }
}

export function checkTransitions(rule: LifecycleRule, filter: RuleFilter): void {
  const where = `filter '(prefix=${filter.prefix})'`;
  const transitions = rule.Transitions ?? [];
  const noncurrent = rule.NoncurrentVersionTransitions ?? [];
  for (const { Days, Date: date, StorageClass } of transitions) {
    if ((Days === undefined) === (date === undefined)) throw malformedXml();
    checkDate(date);
    checkClass('Transition', 'Days', StorageClass, Days);
  }
  for (const { NoncurrentDays, StorageClass } of noncurrent) {
    if (NoncurrentDays === undefined) throw malformedXml();
    checkClass('NoncurrentVersionTransition', 'NoncurrentDays', StorageClass, NoncurrentDays);
  }
  for (const [name, list] of [
    ['Transition', transitions],
    ['NoncurrentVersionTransition', noncurrent],
  ] as const) {
    if (new Set(list.map((action) => action.StorageClass)).size === list.length) continue;
    throw invalidRequest(
      `'StorageClass' must be different for '${name}' actions in same 'Rule' with ${where}`,
    );
  }
  const timed = rule.Expiration ? [...transitions, rule.Expiration] : transitions;
  if (timed.some(({ Days }) => Days !== undefined) && timed.some(({ Date: date }) => date !== undefined)) {
    throw invalidRequest(
      `Found mixed 'Date' and 'Days' based Expiration and Transition actions in lifecycle rule for ${where}`,
    );
  }
  const expires = rule.Expiration?.Days;
  if (expires !== undefined && transitions.some(({ Days = 0 }) => Days >= expires)) {
    throw invalidArgument(
      `'Days' in the Expiration action for ${where} must be greater than 'Days' in the Transition action`,
    );
  }
}

function checkClass(
  action: string,
  member: string,
  storageClass: string | undefined,
  days: number | undefined,
): void {
  if (storageClass === undefined || !TRANSITION_CLASSES.includes(storageClass)) throw malformedXml();
  if (days === undefined) return;
  const min = MIN_DAYS[storageClass];
  if (min !== undefined && days < min) {
    throw invalidArgument(
      `'${member}' in ${action} action must be greater than or equal to ${min} for storageClass '${storageClass}'`,
    );
  }
  if (days < 0) throw invalidArgument(`'${member}' in ${action} action must be nonnegative`);
}

function checkPositive(days: number | undefined, member: string, action: string): void {
  if (days !== undefined && days < 1) {
    throw invalidArgument(`'${member}' for ${action} action must be a positive integer`);
  }
}

function checkDate(date: Date | undefined): void {
  if (date && date.getTime() % DAY_MS !== 0) throw invalidArgument("'Date' must be at midnight GMT");
}

function refuseTagsAndSizes(action: string, { tags, greaterThan, lessThan }: RuleFilter): void {
  if (tags.length > 0) throw invalidRequest(`${action} cannot be specified with Tags.`);
  if (greaterThan !== undefined || lessThan !== undefined) {
    throw invalidRequest(`${action} cannot be specified with Object Size.`);
  }
}
