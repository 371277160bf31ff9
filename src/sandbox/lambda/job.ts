import type { ServerResponse } from 'node:http';
import { failurePayload, type ExecutionSpec, type Invocation, type RuntimeFailure } from './execution.ts';
import { startTimeLimit, type TimeLimit } from './time-limit.ts';

/** An invocation inside an environment. */
export interface Job {
  readonly invocation: Invocation;
  /** performance.now(). */
  readonly startedAt: number;
  readonly limit: TimeLimit;
  delivered: boolean;
  /** The mark of output-reader.ts was read: no line of this invocation can follow. */
  outputEnded: boolean;
  timedOut: boolean;
  result: { readonly payload: Uint8Array; readonly errorType: string | undefined } | undefined;
}

/** The function's timeout begins here. */
export function createJob(invocation: Invocation, spec: ExecutionSpec, onTimeout: () => void): Job {
  return {
    invocation,
    startedAt: performance.now(),
    limit: startTimeLimit(spec.timeoutSeconds * 1000, onTimeout),
    delivered: false,
    outputEnded: false,
    timedOut: false,
    result: undefined,
  };
}

/** Answers `GET /runtime/invocation/next` (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). */
export function sendJob(job: Job, spec: ExecutionSpec, response: ServerResponse): void {
  const { requestId, invocationId, invokedArn, traceId, clientContext, payload } = job.invocation;
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Content-Length': payload.byteLength,
    'Lambda-Runtime-Aws-Request-Id': requestId,
    'Lambda-Runtime-Invocation-Id': invocationId,
    // The child reads the machine's clock, so the deadline is in the machine's time.
    'Lambda-Runtime-Deadline-Ms': Date.now() + spec.timeoutSeconds * 1000,
    'Lambda-Runtime-Invoked-Function-Arn': invokedArn,
    'Lambda-Runtime-Trace-Id': traceId,
    ...(clientContext !== undefined && { 'Lambda-Runtime-Client-Context': asciiJson(clientContext) }),
  });
  response.end(payload);
}

/** Headers carry bytes: JSON outside ASCII has to go as escapes. */
function asciiJson(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

export function timeoutFailure(job: Job, spec: ExecutionSpec): RuntimeFailure {
  const seconds = spec.timeoutSeconds.toFixed(2);
  const { requestId } = job.invocation;
  return failurePayload(
    'Sandbox.Timedout',
    `RequestId: ${requestId} Error: Task timed out after ${seconds} seconds`,
  );
}

/** `endText` is the wording of runtime-process.ts. */
export function exitFailure(requestId: string, endText: string): RuntimeFailure {
  return failurePayload('Runtime.ExitError', `RequestId: ${requestId} Error: ${endText}`);
}

export function outOfMemoryFailure(requestId: string): RuntimeFailure {
  return failurePayload(
    'Runtime.OutOfMemory',
    `RequestId: ${requestId} Error: Runtime exited with error: signal: killed`,
  );
}
