/** Which event rules are about a bucket, though their patterns may be wrong. */
import type { EventRuleNode } from '../../doctor/facts.ts';
import { leavesOf, parsePattern, textsOf, type Leaf } from './pattern-leaves.ts';

const CLOUDTRAIL_TYPE = 'AWS API Call via CloudTrail';

export function isDefaultBus({ bus }: Pick<EventRuleNode, 'bus'>): boolean {
  return bus === 'default' || bus.endsWith(':event-bus/default');
}

export function leavesIn({ pattern }: Pick<EventRuleNode, 'pattern'>): readonly Leaf[] {
  const written = pattern === undefined ? undefined : parsePattern(pattern);
  return written ? leavesOf(written) : [];
}

/** Fields in which patterns name a bucket, the wrong ones among them. */
const BUCKET_FIELD = /bucket|(?:^|\.)(?:resources|arn)(?:\.|$)/i;

/** Whether it names the bucket, in whatever field and case. Names of buckets have no capitals. */
export function namesBucket(rule: Pick<EventRuleNode, 'pattern'>, bucket: string): boolean {
  return leavesIn(rule).some(
    ({ path, operands }) =>
      BUCKET_FIELD.test(path) &&
      textsOf(operands).some((text) => {
        const lower = text.toLowerCase();
        return lower === bucket || lower.endsWith(`:::${bucket}`) || lower.endsWith(`:::${bucket}/*`);
      }),
  );
}

/** Whether it has a condition on the bucket at all. */
export function limitsBucket(rule: Pick<EventRuleNode, 'pattern'>): boolean {
  return leavesIn(rule).some(({ path }) => BUCKET_FIELD.test(path));
}

/** Whether it asks for what CloudTrail writes about calls of S3: other events, which only a trail for data events brings. */
export function isForCloudTrail(rule: Pick<EventRuleNode, 'pattern'>): boolean {
  const texts = (wanted: string) =>
    leavesIn(rule).flatMap(({ path, operands }) => (path === wanted ? textsOf(operands) : []));
  return (
    texts('detail-type').includes(CLOUDTRAIL_TYPE) ||
    (texts('detail.eventSource').includes('s3.amazonaws.com') && texts('detail-type').length === 0)
  );
}
