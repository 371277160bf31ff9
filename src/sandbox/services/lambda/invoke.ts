import type * as LambdaSdk from '@aws-sdk/client-lambda';
import type { SandboxEnv } from '../../env.ts';
import { InvocationAborted } from '../../lambda/execution.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { conflict, functionNotFound, recursiveInvocation, requestTooLarge, throttled } from './errors.ts';
import type { Invocations } from './invocations.ts';
import { countFunction } from './metrics.ts';
import { failureOf, isPending, type FunctionStore } from './store.ts';

type Operations = Pick<Handlers<typeof LambdaSdk>, 'Invoke'>;

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html */
const MAX_SYNC_BYTES = 6_291_456;
const MAX_ASYNC_BYTES = 1_048_576;

/** The parser's own words differ from AWS's, which come from its Java library. */
function checkJson(payload: Uint8Array): void {
  try {
    JSON.parse(Buffer.from(payload).toString('utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AwsError(
      'InvalidRequestContentException',
      `Could not parse request body into json: Could not parse payload into json: ${reason}`,
      { status: 400 },
    );
  }
}

function readClientContext(encoded: string | undefined): string | undefined {
  return encoded === undefined ? undefined : Buffer.from(encoded, 'base64').toString('utf8');
}

function readTraceHeader(ctx: RequestContext): string | undefined {
  const header = ctx.headers['x-amzn-trace-id'];
  return typeof header === 'string' && header !== '' ? header : undefined;
}

export function invokeOperation(env: SandboxEnv, store: FunctionStore, invocations: Invocations): Operations {
  return {
    async Invoke(input, ctx) {
      const target = store.require(input.FunctionName, input.Qualifier, ctx);
      const { record, qualifier, qualifiedArn } = target;
      const version = invocations.choose(record, qualifier);
      if (!version) throw functionNotFound(qualifiedArn);
      const isEvent = input.InvocationType === 'Event';
      const payload = input.Payload && input.Payload.byteLength > 0 ? input.Payload : Buffer.from('{}');
      const limit = isEvent ? MAX_ASYNC_BYTES : MAX_SYNC_BYTES;
      if (payload.byteLength > limit)
        throw requestTooLarge('RequestTooLargeException', limit, 'InvokeFunction');
      checkJson(payload);
      if (isPending(version, env.clock.now())) {
        throw conflict(
          'The operation cannot be performed at this time. The function is currently in the following state: Pending',
        );
      }
      if (failureOf(version, env.clock.now())) {
        // Code and text UNKNOWN, after those for Pending.
        throw conflict(
          'The operation cannot be performed at this time. The function is currently in the following state: Failed',
        );
      }
      if (input.InvocationType === 'DryRun') {
        ctx.response.status = 204;
        return { StatusCode: 204, ExecutedVersion: version.version };
      }
      const clientContext = readClientContext(input.ClientContext);
      const traceHeader = readTraceHeader(ctx);
      const event = { requestId: ctx.requestId, payload, arn: qualifiedArn, clientContext, traceHeader };
      if (isEvent) {
        invocations.submit(event);
        ctx.response.status = 202;
        return { StatusCode: 202 };
      }
      if (invocations.isStopped(record, event)) {
        countFunction(env, qualifiedArn, 'RecursiveInvocationsDropped');
        throw recursiveInvocation();
      }
      if (invocations.isFull(record)) {
        countFunction(env, qualifiedArn, 'Throttles');
        throw throttled();
      }
      try {
        const result = await invocations.run(record, version, event, 1);
        return {
          StatusCode: 200,
          Payload: result.payload,
          ExecutedVersion: result.executedVersion,
          ...(result.outcome !== 'ok' && { FunctionError: 'Unhandled' }),
          ...(input.LogType === 'Tail' && { LogResult: Buffer.from(result.logTail).toString('base64') }),
        };
      } catch (error) {
        if (!(error instanceof InvocationAborted)) throw error;
        throw new AwsError('ServiceException', error.message, { status: 500 });
      }
    },
  };
}
