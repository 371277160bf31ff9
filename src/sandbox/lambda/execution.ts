/** What an execution environment runs, one invocation of it, and what comes out. */
export interface CodePackage {
  readonly zip: Uint8Array;
  /** Base64, as `CodeSha256`. */
  readonly sha256: string;
}

export type LogLevel = 'TRACE' | 'DEBUG' | 'INFO' | 'WARN' | 'ERROR' | 'FATAL';

export interface LogSettings {
  readonly format: 'Text' | 'JSON';
  readonly group: string;
  /** Only with JSON. */
  readonly applicationLevel: LogLevel | undefined;
  readonly systemLevel: LogLevel | undefined;
}

/** One deployed state of a function version; replaced as a whole by an update, never changed. */
export interface ExecutionSpec {
  readonly region: string;
  readonly functionName: string;
  /** ARN of the execution role. */
  readonly role: string;
  /** `$LATEST` or a version number. */
  readonly version: string;
  readonly runtime: string;
  readonly handler: string;
  readonly memoryMb: number;
  readonly timeoutSeconds: number;
  readonly variables: Readonly<Record<string, string>>;
  readonly logging: LogSettings;
  readonly code: CodePackage;
}

export interface InvocationRequest {
  /** The same on every attempt at one event. */
  readonly requestId: string;
  /** One per attempt: `Lambda-Runtime-Invocation-Id`. */
  readonly invocationId: string;
  readonly payload: Uint8Array;
  /** With the qualifier that the caller used. */
  readonly invokedArn: string;
  readonly traceId: string;
  /** JSON text. */
  readonly clientContext: string | undefined;
}

export interface InvocationResult {
  readonly outcome: 'ok' | 'error' | 'timeout';
  readonly payload: Uint8Array;
  /** The last 4 KB of what the invocation logged, as in `X-Amz-Log-Result` before base64. */
  readonly logTail: Uint8Array;
}

/** An invocation that waits or runs, with its caller. */
export interface Invocation extends InvocationRequest {
  readonly resolve: (result: InvocationResult) => void;
  readonly reject: (reason: InvocationAborted) => void;
}

/** The environment was taken away (reset, shutdown, deleted function): there is no result and no retry. */
export class InvocationAborted extends Error {
  constructor(reason: string) {
    super(reason);
    this.name = 'InvocationAborted';
  }
}

export interface RuntimeFailure {
  readonly errorType: string;
  readonly payload: Uint8Array;
}

export function failurePayload(errorType: string, errorMessage: string): RuntimeFailure {
  return { errorType, payload: Buffer.from(JSON.stringify({ errorType, errorMessage })) };
}
