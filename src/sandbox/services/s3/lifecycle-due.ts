import type { LifecycleRule, StorageClass, TransitionDefaultMinimumObjectSize } from '@aws-sdk/client-s3';
import { ruleFilter } from './lifecycle-rules.ts';
import { DAY_MS, nextMidnight } from './service-request.ts';
import type { ObjectVersion, StoredObject } from './store.ts';

/** Below this many bytes most transitions leave an object alone. */
const SMALL_OBJECT = 128 * 1024;

/** Objects only ever move on in this order: https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html */
const WATERFALL: readonly StorageClass[] = [
  'STANDARD',
  'STANDARD_IA',
  'INTELLIGENT_TIERING',
  'ONEZONE_IA',
  'GLACIER_IR',
  'GLACIER',
  'DEEP_ARCHIVE',
];

/** When an action by age or by date falls due, in milliseconds since the epoch; undefined when it names neither. */
export function dueTime(
  from: Date,
  action: { readonly Days?: number | undefined; readonly Date?: Date | undefined },
): number | undefined {
  if (action.Date) return action.Date.getTime();
  return action.Days === undefined ? undefined : nextMidnight(from.getTime() + action.Days * DAY_MS);
}

/** Whether the rule's filter takes the version. A delete marker has no bytes and no tags. */
export function matchesRule(rule: LifecycleRule, key: string, version: ObjectVersion): boolean {
  const { prefix, tags, greaterThan, lessThan } = ruleFilter(rule);
  const size = version.kind === 'object' ? version.body.length : 0;
  const own = version.kind === 'object' ? version.tags : [];
  return (
    key.startsWith(prefix) &&
    (greaterThan === undefined || size > greaterThan) &&
    (lessThan === undefined || size < lessThan) &&
    tags.every((tag) => own.some(({ Key, Value }) => Key === tag.Key && Value === (tag.Value ?? '')))
  );
}

/** Whether a transition that is due can take the object to the class. */
export function canMove(
  object: StoredObject,
  to: StorageClass,
  rule: LifecycleRule,
  minimumSize: TransitionDefaultMinimumObjectSize,
): boolean {
  const from = object.storageClass === 'REDUCED_REDUNDANCY' ? 'STANDARD' : object.storageClass;
  if (WATERFALL.indexOf(to) <= WATERFALL.indexOf(from)) return false;
  if (from === 'ONEZONE_IA' && to === 'GLACIER_IR') return false;
  const { greaterThan, lessThan } = ruleFilter(rule);
  // A filter by size is the rule's own word on small objects.
  if (object.body.length >= SMALL_OBJECT || greaterThan !== undefined || lessThan !== undefined) return true;
  return minimumSize === 'varies_by_storage_class' && (to === 'GLACIER' || to === 'DEEP_ARCHIVE');
}
