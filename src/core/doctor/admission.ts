/**
 * May this sender deliver there? One question for functions, queues, topics and keys, and for S3, SNS and EventBridge alike.
 * What a service presents: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
 */
import { parsePolicy } from '../policy-document.ts';
import { policyVerdict, type PolicyVerdict } from '../policy-verdict.ts';
import { evaluatePolicy } from '../policy.ts';
import { nearestMiss } from './near-miss.ts';

export interface Sender {
  readonly service: 's3.amazonaws.com' | 'sns.amazonaws.com' | 'events.amazonaws.com';
  /** ARN of the bucket, topic or event rule. */
  readonly sourceArn: string;
  /** Account of the bucket; undefined when it is not known, or not known to be presented. */
  readonly sourceAccount: string | undefined;
}

/** Never part of a service's own delivery: a positive condition on them always fails, a negated one always holds. */
const NEVER_PRESENTED = new Set([
  'aws:principalorgid',
  'aws:principalorgpaths',
  'aws:principalaccount',
  'aws:principalarn',
  'aws:sourceip',
  'aws:sourcevpc',
  'aws:sourcevpce',
  'aws:sourceowner',
  'aws:username',
  'lambda:functionurlauthtype',
  'lambda:eventsourcetoken',
]);

/** Whether a condition on that key can never hold for a delivery. */
export function isNeverPresented(key: string): boolean {
  return NEVER_PRESENTED.has(key.toLowerCase());
}

/**
 * `policy` is JSON text; without one nothing is allowed. In a key's policy `*` is the key itself, and whether the source's ARN
 * reaches KMS is UNKNOWN.
 */
export function admission(
  policy: string | undefined,
  action: string,
  resource: string,
  { service, sourceArn, sourceAccount }: Sender,
): PolicyVerdict {
  const context: Readonly<Record<string, string>> = {
    ...(action.startsWith('kms:') ? {} : { 'aws:SourceArn': sourceArn }),
    ...(sourceAccount === undefined ? {} : { 'aws:SourceAccount': sourceAccount }),
    'aws:PrincipalIsAWSService': 'true',
    'aws:PrincipalServiceName': service,
    'aws:SecureTransport': 'true',
  };
  const decide = (text: string) => {
    const document = parsePolicy(text);
    return document && evaluatePolicy(document, { principal: { service }, action, resource, context });
  };
  const presented = new Set(Object.keys(context).map((key) => key.toLowerCase()));
  const judge = (text: string | undefined) =>
    policyVerdict(text, decide, (key) => presented.has(key) || NEVER_PRESENTED.has(key));
  const verdict = judge(policy);
  return verdict.kind === 'refused' && policy !== undefined
    ? { kind: 'refused', nearest: nearestMiss(policy, judge) }
    : verdict;
}
