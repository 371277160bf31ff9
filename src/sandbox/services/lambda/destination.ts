/** Lambda as other services see it: may they invoke this ARN, and the asynchronous invocation itself. */
import type { Destination } from '../../delivery/destinations.ts';
import type { SandboxEnv } from '../../env.ts';
import { policyRefusal, s3Caller, type ServiceCaller } from '../service-access.ts';
import type { Invocations } from './invocations.ts';
import { policyText } from './permissions.ts';
import { versionOf, type FunctionStore } from './store.ts';

/** Invokes a function for another service, or says why it refuses. */
export type InvokeAsync = (
  arn: string,
  payload: string,
  from: ServiceCaller,
  options?: { readonly traceHeader?: string | undefined },
) => { refused: string } | undefined;

export function serviceInvoker(
  env: SandboxEnv,
  store: FunctionStore,
  invocations: Invocations,
): { readonly invokeAsync: InvokeAsync; readonly destination: Destination } {
  /** Why the service may not invoke the ARN; undefined when it may. */
  function refusal(arn: string, from: ServiceCaller): string | undefined {
    const found = store.byArn(arn);
    if (!found || !versionOf(found.record, found.qualifier)) return `there is no function ${arn}`;
    const text = policyText(found.record, found.qualifier);
    if (text === undefined) return 'it has no resource policy';
    return policyRefusal(text, from, 'lambda:InvokeFunction', arn, env.clock.now());
  }

  const invokeAsync: InvokeAsync = (arn, payload, from, { traceHeader } = {}) => {
    const reason = refusal(arn, from);
    if (reason !== undefined) return { refused: `Not authorized to invoke function [${arn}]: ${reason}` };
    invocations.submit({ requestId: env.ids.uuid(), payload: Buffer.from(payload), arn, traceHeader });
    return undefined;
  };
  return {
    invokeAsync,
    destination: {
      check(arn, source) {
        if (refusal(arn, s3Caller(source)) === undefined) return undefined;
        return { name: `${arn}, null`, value: `Not authorized to invoke function [${arn}]` };
      },
      deliver: (arn, message, source) =>
        Promise.resolve(invokeAsync(arn, message, s3Caller(source), { traceHeader: source.traceHeader })),
    },
  };
}
