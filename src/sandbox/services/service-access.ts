/** May a service of AWS use this queue, topic or key? The resource's policy alone decides: a service has no other rights. */
import { evaluatePolicy, parsePolicy } from '../../core/policy.ts';

/** A service that acts by itself, for one of its resources. */
export interface ServiceCaller {
  /** `s3.amazonaws.com` */
  readonly service: string;
  /** Value of `aws:SourceArn`. */
  readonly sourceArn?: string | undefined;
  /** Value of `aws:SourceAccount`. Not every service sends it with every request. */
  readonly sourceAccount?: string | undefined;
}

/** Why the policy (JSON text) does not let the service do it; undefined when it does. */
export function policyRefusal(
  policy: string | undefined,
  caller: ServiceCaller,
  action: string,
  resource: string,
): string | undefined {
  const document = policy === undefined ? undefined : parsePolicy(policy);
  if (!document) return 'it has no resource policy';
  const decision = evaluatePolicy(document, {
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
    },
  });
  switch (decision.effect) {
    case 'allow':
      return undefined;
    case 'explicit-deny':
      return decision.sid === undefined
        ? 'its resource policy denies it'
        : `statement ${decision.sid} of its resource policy denies it`;
    case 'implicit-deny':
      return decision.nearMiss?.detail ?? 'no statement of its resource policy allows it';
  }
}
