/**
 * The Lambda Runtime API (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html), one address per
 * environment: `<environment id>/2018-06-01/runtime/…` below the sandbox's own prefix.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { finished } from 'node:stream';
import type { Environment } from './environment.ts';
import { failurePayload, type RuntimeFailure } from './execution.ts';

/** 6 MB and the room that AWS leaves above it; the number stands in AWS's own message. */
const MAX_RESPONSE_BYTES = 6_291_556;

function reply(response: ServerResponse, status: number, body: object): void {
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(text),
  });
  response.end(text);
}

function refuse(response: ServerResponse, status: number, errorType: string, errorMessage: string): void {
  reply(response, status, { errorMessage, errorType });
}

/** The whole body, or `too-large` once it passes the limit (the rest is read and dropped). */
function readBody(request: IncomingMessage): Promise<Uint8Array | 'too-large'> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.byteLength;
      if (size <= MAX_RESPONSE_BYTES) chunks.push(chunk);
    });
    finished(request, { writable: false }, (error) => {
      if (error) reject(error);
      else resolve(size > MAX_RESPONSE_BYTES ? 'too-large' : Buffer.concat(chunks));
    });
  });
}

function errorTypeOf(request: IncomingMessage, body: Uint8Array): string {
  const header = request.headers['lambda-runtime-function-error-type'];
  if (typeof header === 'string' && header !== '') return header;
  try {
    const value: unknown = JSON.parse(Buffer.from(body).toString('utf8'));
    if (
      typeof value === 'object' &&
      value !== null &&
      'errorType' in value &&
      typeof value.errorType === 'string'
    ) {
      return value.errorType;
    }
  } catch {
    // Not JSON: the type stays unknown.
  }
  return 'Function.Unknown';
}

const TOO_LARGE: RuntimeFailure = failurePayload(
  'Function.ResponseSizeTooLarge',
  `Response payload size exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
);

/** Serves one request; `rest` is the path below the prefix. Rejects only when the connection breaks. */
export async function serveRuntimeApi(
  environments: ReadonlyMap<string, Environment>,
  request: IncomingMessage,
  response: ServerResponse,
  rest: string,
): Promise<void> {
  const [id = '', version, area, ...path] = rest.replace(/^\//, '').replace(/\?.*$/, '').split('/');
  const environment = environments.get(id);
  const route = path.join('/');
  if (!environment || environment.state === 'dead') {
    refuse(response, 403, 'InvalidStateTransition', 'State transition is not allowed');
    return;
  }
  if (version !== '2018-06-01' || area !== 'runtime') {
    refuse(response, 404, 'NotFound', 'There is no such Runtime API call');
    return;
  }
  if (request.method === 'GET' && route === 'invocation/next') {
    environment.next(response);
    return;
  }
  const [scope, requestId = '', action = ''] = path;
  const body = await readBody(request);
  if (request.method === 'POST' && route === 'init/error') {
    const payload = body === 'too-large' ? TOO_LARGE.payload : body;
    environment.failInit({ errorType: errorTypeOf(request, payload), payload });
    reply(response, 202, { status: 'OK' });
    return;
  }
  if (request.method !== 'POST' || scope !== 'invocation' || (action !== 'response' && action !== 'error')) {
    refuse(response, 404, 'NotFound', 'There is no such Runtime API call');
    return;
  }
  const large = body === 'too-large';
  const payload = large ? TOO_LARGE.payload : body;
  const failed = large || action === 'error';
  const problem = environment.answer(
    request,
    requestId,
    payload,
    failed ? errorTypeOf(request, payload) : undefined,
  );
  if (problem)
    refuse(
      response,
      400,
      problem,
      problem === 'InvalidRequestID' ? 'Invalid request ID' : 'Invalid invocation ID',
    );
  else if (large)
    refuse(
      response,
      413,
      'RequestEntityTooLarge',
      `Exceeded maximum allowed payload size (${MAX_RESPONSE_BYTES} bytes).`,
    );
  else reply(response, 202, { status: 'OK' });
}
