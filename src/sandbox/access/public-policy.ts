/**
 * Whether a bucket policy is public: some Allow for everyone that no condition ties to fixed values
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status).
 */
import type { PolicyStatement } from '../../core/policy-document.ts';
import { readDocument } from './documents.ts';

/** Keys that make a statement private when each of their values is fixed. */
const PRIVATE_KEYS: ReadonlySet<string> = new Set([
  'aws:sourceip',
  'aws:sourcearn',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceowner',
  'aws:sourceaccount',
  'aws:userid',
  'aws:principalarn',
  'aws:principalaccount',
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:calledvia',
  's3:x-amz-server-side-encryption-aws-kms-key-id',
  's3:dataaccesspointarn',
  's3:dataaccesspointaccount',
]);

/** `policy` is JSON text. */
export function isPublic(policy: string): boolean {
  return readDocument(policy).document?.statements.some(isPublicStatement) ?? false;
}

function isPublicStatement({ effect, principal, conditions }: PolicyStatement): boolean {
  if (effect !== 'Allow' || !principal) return false;
  if (!principal.negated && principal.element.kind !== 'any') return false;
  return !conditions.some(
    ({ operator, key, values }) =>
      /^(?:ForAnyValue:)?(?:String(?:Equals|Like)|Arn(?:Equals|Like)|IpAddress)/i.test(operator) &&
      !/IfExists$/i.test(operator) &&
      PRIVATE_KEYS.has(key.toLowerCase()) &&
      values.every((value) => isFixed(key, value)),
  );
}

/** No wildcards, no variables; of addresses no range larger than S3 takes for a network of one's own. */
function isFixed(key: string, value: string): boolean {
  if (key.toLowerCase() === 'aws:sourceip') {
    const length = /\/(\d+)$/.exec(value)?.[1];
    const smallest = value.includes(':') ? 32 : 8;
    return length === undefined || Number(length) >= smallest;
  }
  // A pattern after the account still names the account.
  if (key.toLowerCase() === 'aws:sourcearn' || key.toLowerCase() === 'aws:principalarn') {
    return /^\d{12}$/.test(value.split(':')[4] ?? '') || /^arn:[^:]+:s3:::[^*?$]/.test(value);
  }
  return !/[*?]|\$\{/.test(value);
}
