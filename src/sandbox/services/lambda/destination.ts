/** Lambda as S3 sees it: may S3 invoke this ARN, and the asynchronous invocation itself. */
import { evaluatePolicy, parsePolicy } from '../../../core/policy.ts';
import type { Destination, EventSource } from '../../delivery/destinations.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Invocations } from './invocations.ts';
import { policyText } from './permissions.ts';
import { versionOf, type FunctionStore } from './store.ts';

export function lambdaDestination(
  env: SandboxEnv,
  store: FunctionStore,
  invocations: Invocations,
): Destination {
  /** Why S3 may not invoke the ARN; undefined when it may. */
  function refusal(arn: string, source: EventSource): string | undefined {
    const found = store.byArn(arn);
    if (!found || !versionOf(found.record, found.qualifier)) return `there is no function ${arn}`;
    const text = policyText(found.record, found.qualifier);
    const document = text === undefined ? undefined : parsePolicy(text);
    if (!document) return 'it has no resource policy';
    const decision = evaluatePolicy(document, {
      principal: { service: 's3.amazonaws.com' },
      action: 'lambda:InvokeFunction',
      resource: arn,
      context: {
        'aws:SourceArn': source.bucketArn,
        'aws:SourceAccount': source.account,
        'aws:PrincipalIsAWSService': 'true',
        'aws:PrincipalServiceName': 's3.amazonaws.com',
        'aws:SecureTransport': 'true',
      },
    });
    if (decision.effect === 'allow') return undefined;
    return decision.nearMiss?.detail ?? 'its resource policy denies it';
  }

  return {
    check(arn, source) {
      if (refusal(arn, source) === undefined) return undefined;
      return { name: `${arn}, null`, value: `Not authorized to invoke function [${arn}]` };
    },

    async deliver(arn, message, source) {
      const reason = refusal(arn, source);
      if (reason !== undefined) return { refused: `Not authorized to invoke function [${arn}]: ${reason}` };
      invocations.submit({ requestId: env.ids.uuid(), payload: Buffer.from(message), arn });
      return undefined;
    },
  };
}
