/** The function behind a mapping, and one synchronous invocation of it with a batch. */
import type { SandboxEnv } from '../../env.ts';
import type { BatchOutcome } from './event-source-poller.ts';
import type { Invocations } from './invocations.ts';
import { countFunction } from './metrics.ts';
import {
  failureOf,
  isPending,
  type FunctionRecord,
  type FunctionStore,
  type VersionRecord,
} from './store.ts';

export interface BatchTarget {
  readonly record: FunctionRecord;
  readonly version: VersionRecord;
}

export interface BatchInvoker {
  /** The version behind the ARN at this moment. */
  find(functionArn: string): BatchTarget | undefined;
  /** Never rejects. */
  invoke(functionArn: string, payload: string, traceHeader: string | undefined): Promise<BatchOutcome>;
}

export function createBatchInvoker(
  env: SandboxEnv,
  store: FunctionStore,
  invocations: Pick<Invocations, 'choose' | 'run' | 'isThrottled' | 'isStopped'>,
): BatchInvoker {
  const find = (functionArn: string): BatchTarget | undefined => {
    const found = store.byArn(functionArn);
    const version = found && invocations.choose(found.record, found.qualifier);
    return version && { record: found.record, version };
  };
  const refuse = (
    { name }: FunctionRecord,
    requestId: string,
    outcome: 'throttled' | 'dropped',
    reason: string,
  ) => {
    env.journal.record({ type: 'invocation', functionName: name, requestId, attempt: 1, outcome, reason });
  };

  return {
    find,
    async invoke(arn, payload, traceHeader) {
      const found = find(arn);
      const now = env.clock.now();
      if (!found || isPending(found.version, now) || failureOf(found.version, now)) return { kind: 'failed' };
      const { record, version } = found;
      const requestId = env.ids.uuid();
      const event = { requestId, payload: Buffer.from(payload), arn, traceHeader };
      if (invocations.isStopped(record, event)) {
        // The messages stay in the queue, for its redrive policy
        // (https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html).
        refuse(record, requestId, 'dropped', 'recursive loop detected');
        countFunction(env, arn, 'RecursiveInvocationsDropped');
        return { kind: 'failed' };
      }
      if (invocations.isThrottled(record)) {
        refuse(record, requestId, 'throttled', 'the concurrency of the function is used up');
        countFunction(env, arn, 'Throttles');
        return { kind: 'throttled' };
      }
      try {
        const result = await invocations.run(record, version, event, 1);
        if (result.outcome !== 'ok') return { kind: 'failed' };
        return { kind: 'ok', response: Buffer.from(result.payload).toString('utf8') };
      } catch {
        // Aborted: the function is gone, or the sandbox was reset.
        return { kind: 'failed' };
      }
    },
  };
}
