import type { Rule } from '../../notification.ts';
import { listsFamily, takes } from './ways.ts';

const CREATED_BY_OTHERS = new Set([
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:Post',
]);

const REMOVALS = ['s3:ObjectRemoved:Delete', 's3:ObjectRemoved:DeleteMarkerCreated'];

/** Whether a check of its own says why rules that take its kin do not take this event. */
export function isOfFinerCheck(event: string, rules: readonly Rule[]): boolean {
  if (event.startsWith('s3:ObjectRestore:')) return true;
  if (CREATED_BY_OTHERS.has(event)) return rules.some((rule) => listsFamily(rule, 'ObjectCreated'));
  if (REMOVALS.includes(event)) return rules.some((rule) => REMOVALS.some((one) => takes(rule, one)));
  return false;
}
