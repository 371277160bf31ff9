/** May S3 do this, and how sure is the answer? For what is refused or taken on the strength of it. */
import { policyVerdict, type PolicyVerdict } from './policy-verdict.ts';
import { s3Decision, type SendingBucket } from './s3-access.ts';

/** What S3 is known to present with a delivery; see `s3Decision`. */
const PRESENTED = new Set([
  'aws:sourcearn',
  'aws:sourceaccount',
  'aws:principalisawsservice',
  'aws:principalservicename',
  'aws:securetransport',
]);

/** Without a policy nothing is allowed. */
export function s3Verdict(
  policy: string | undefined,
  action: string,
  resource: string,
  bucket: SendingBucket,
): PolicyVerdict {
  const decide = (text: string) => s3Decision(text, action, resource, bucket);
  return policyVerdict(policy, decide, (key) => PRESENTED.has(key));
}
