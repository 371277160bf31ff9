import type { Rule } from './notification.ts';

/** Who wrote a rule, as far as its id and the bucket's tags tell. */
export type RuleOwner = 's3evt' | 'cdk' | 'serverless' | 'terraform' | 'cloudformation' | 'others';

/** An id that S3 assigned: base64 of a UUID's text. */
const ASSIGNED = /^[A-Za-z0-9+/]{48}$/;

/** Whether S3 gave the id: then only the bucket's tags may tell whose rule it is. */
export function isAssignedId(id: string): boolean {
  return ASSIGNED.test(id);
}

/**
 * The tools that give ids of their own kind: Terraform `tf-s3-lambda-…`, CDK on imported buckets the stack's ARN,
 * Serverless `<function>-<md5>` and its older plugin `exS3-v2--…`. CloudFormation and CDK leave the id of their own
 * buckets' rules to S3, like any program that gives none: then the bucket's tags decide.
 */
export function ownerOf(
  rule: Rule,
  bucketTags: Readonly<Record<string, string>>,
): Exclude<RuleOwner, 's3evt'> {
  const { id } = rule;
  if (/^tf-s3-(?:lambda|queue|topic)-/.test(id)) return 'terraform';
  if (/^arn:[^:]+:cloudformation:/.test(id)) return 'cdk';
  if (id.startsWith('exS3-') || /^[A-Za-z0-9_-]+-[0-9a-f]{32}$/.test(id)) return 'serverless';
  if (!isAssignedId(id)) return 'others';
  const tags = Object.keys(bucketTags);
  if (tags.some((tag) => tag.startsWith('aws-cdk:'))) return 'cdk';
  return tags.includes('aws:cloudformation:stack-name') ? 'cloudformation' : 'others';
}
