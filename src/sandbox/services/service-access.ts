/** May a service of AWS use this queue, topic or key? The resource's policy alone decides: a service has no other rights. */
import { evaluatePolicy } from '../../core/policy.ts';
import { readDocument } from '../access/documents.ts';
import type { EventSource } from '../delivery/destinations.ts';

/** A service that acts by itself, for one of its resources. */
export interface ServiceCaller {
  /** `s3.amazonaws.com` */
  readonly service: string;
  /** Value of `aws:SourceArn`. */
  readonly sourceArn?: string | undefined;
  /** Value of `aws:SourceAccount`. Not every service sends it with every request. */
  readonly sourceAccount?: string | undefined;
}

/** S3, which tells of a bucket's events. */
export const s3Caller = ({ bucketArn, account }: EventSource): ServiceCaller => ({
  service: 's3.amazonaws.com',
  sourceArn: bucketArn,
  sourceAccount: account,
});

/**
 * Whether the policy (JSON text) takes an action from a role of its own account. What the role may do else is its own policies'
 * business.
 */
export function deniesRole(
  policy: string | undefined,
  roleArn: string,
  action: string,
  resource: string,
): boolean {
  const document = policy === undefined ? undefined : readDocument(policy).document;
  if (!document) return false;
  const context = { 'aws:PrincipalArn': roleArn, 'aws:SecureTransport': 'true' };
  const request = { principal: { aws: roleArn }, action, resource, context };
  return evaluatePolicy(document, request).effect === 'explicit-deny';
}

/**
 * Why the policy (JSON text) does not let the service do it at `now` (epoch ms); undefined when it does. Of several policies a
 * Deny of one wins over an Allow of another.
 */
export function policyRefusal(
  policy: string | readonly string[] | undefined,
  caller: ServiceCaller,
  action: string,
  resource: string,
  now: number,
): string | undefined {
  const documents = [policy ?? []].flat().flatMap((text) => readDocument(text).document ?? []);
  if (documents.length === 0) return 'it has no resource policy';
  const decisions = documents.map((document) =>
    evaluatePolicy(document, {
      principal: { service: caller.service },
      action,
      resource,
      // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
      context: {
        ...(caller.sourceArn !== undefined && { 'aws:SourceArn': caller.sourceArn }),
        ...(caller.sourceAccount !== undefined && { 'aws:SourceAccount': caller.sourceAccount }),
        'aws:PrincipalIsAWSService': 'true',
        'aws:PrincipalServiceName': caller.service,
        'aws:SecureTransport': 'true',
        'aws:CurrentTime': new Date(now).toISOString(),
        'aws:EpochTime': String(Math.floor(now / 1_000)),
      },
    }),
  );
  const denied = decisions.find(({ effect }) => effect === 'explicit-deny');
  if (denied) {
    return denied.sid === undefined
      ? 'its resource policy denies it'
      : `statement ${denied.sid} of its resource policy denies it`;
  }
  if (decisions.some(({ effect }) => effect === 'allow')) return undefined;
  const nearMiss = decisions.find((decision) => decision.nearMiss)?.nearMiss;
  return nearMiss?.detail ?? 'no statement of its resource policy allows it';
}
