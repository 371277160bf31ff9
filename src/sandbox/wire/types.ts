import type { IncomingHttpHeaders } from 'node:http';
import type { Readable } from 'node:stream';
import type { Presigned } from './credential.ts';

/** What a handler knows of the request beside its parsed input, and what it may say of the response. */
export interface RequestContext {
  /** As in the response header (`x-amzn-requestid`; for S3 16 characters, `x-amz-request-id`). */
  readonly requestId: string;
  /** S3's `x-amz-id-2`. */
  readonly extendedRequestId: string;
  /** From the signature's credential scope, else the sandbox's own. */
  readonly region: string;
  /** The caller's; for anonymous requests the sandbox's own. */
  readonly account: string;
  /** Of the session of a role: `AROA…:session`. */
  readonly sessionId?: string | undefined;
  /** From the signature; undefined for anonymous requests. */
  readonly accessKeyId: string | undefined;
  readonly sourceIp: string;
  /** Of a presigned URL: how long it is good. */
  readonly presigned?: Presigned | undefined;
  /** `Host` header. */
  readonly host: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client goes away without its answer. */
  readonly signal?: AbortSignal | undefined;
  /** Trailers of an aws-chunked body; complete only after the body was read. */
  trailers(): Readonly<Record<string, string>>;
  readonly response: ResponseOverrides;
}

export interface ResponseOverrides {
  readonly headers: Record<string, string>;
  status?: number;
  /** Replaces the serialised output (GetBucketLocation is not what its schema says). */
  rawXml?: string;
}

/**
 * An error answer. `code` is the error's name in the service model, or any code that the service returns without
 * modelling it (S3 `InvalidArgument`). `status` defaults to the modelled one, else 400. `members` are further
 * members of the error, printed as elements or JSON members in the given order (`ArgumentName1`, `BucketName`).
 */
export class AwsError extends Error {
  readonly code: string;
  readonly status: number | undefined;
  readonly members: Readonly<Record<string, string>>;

  constructor(
    code: string,
    message: string,
    options: { status?: number; members?: Record<string, string> } = {},
  ) {
    super(message);
    this.name = 'AwsError';
    this.code = code;
    this.status = options.status;
    this.members = options.members ?? {};
  }
}

/** Thrown by a handler or by the server's `intercept`: the connection is reset and nothing is answered. */
export class ConnectionReset extends Error {
  constructor() {
    super('the connection was reset');
    this.name = 'ConnectionReset';
  }
}

type MaybePromise<T> = T | Promise<T>;
/* eslint-disable @typescript-eslint/no-explicit-any -- conditional types over command classes need `any` to infer */
type InputOutput<C> = C extends abstract new (...args: any[]) => {
  input: infer I;
  resolveMiddleware(...args: any[]): (...args: any[]) => Promise<{ output: infer O }>;
}
  ? [I, O]
  : never;
/* eslint-enable @typescript-eslint/no-explicit-any */

/** The SDK types describe the client side: a body is a stream or bytes on a server. */
type ServerInput<I> = {
  [K in keyof I]: K extends 'Body'
    ? Readable | undefined
    : K extends 'Payload'
      ? Uint8Array | undefined
      : I[K];
};
type ServerOutput<O> = {
  [K in keyof Omit<O, '$metadata'>]: K extends 'Body'
    ? Readable | Uint8Array | undefined
    : K extends 'Payload'
      ? Uint8Array | undefined
      : Omit<O, '$metadata'>[K];
};

/** `{ PutObject(input, ctx) { … } }`, typed from a client package's namespace; absent operations answer 501. */
export type Handlers<M> = {
  [K in keyof M as K extends `${infer N}Command` ? (N extends '' | '$' ? never : N) : never]?: (
    input: ServerInput<InputOutput<M[K]>[0]>,
    ctx: RequestContext,
    // eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most operations without output return nothing
  ) => MaybePromise<ServerOutput<InputOutput<M[K]>[1]> | void>;
};
