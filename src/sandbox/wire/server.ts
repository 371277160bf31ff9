import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Ids } from '../env.ts';
import type { Journal } from '../journal.ts';
import {
  answer,
  type AnsweredCall,
  type AnswerOptions,
  type CallerAccount,
  type Intercept,
} from './answer.ts';
import { readCredential } from './credential.ts';
import { type AnyHandlers, createDispatcher, type Dispatcher } from './dispatch.ts';
import { RequestBody } from './request-body.ts';
import type { ServiceDefinition } from './schema.ts';

export interface WireServerOptions {
  readonly account: string;
  /** Who is behind an access key; without it every caller belongs to `account`. */
  readonly identify?: (accessKeyId: string | undefined) => CallerAccount;
  /** Region of requests that carry no signature scope. */
  readonly region: string;
  readonly ids: Ids;
  readonly journal: Journal;
  readonly intercept?: Intercept;
  /** What a handler threw beside `AwsError`; the client sees a 500. */
  readonly onError?: (error: unknown) => void;
  /** Of bodies that are read as a whole, in bytes; 256 MiB by default. Streamed objects have no limit here. */
  readonly maxBodyBytes?: number;
}

type RawRoute = (request: IncomingMessage, response: ServerResponse, rest: string) => void;

export interface WireServer {
  readonly mount: (service: ServiceDefinition, handlers: AnyHandlers) => void;
  readonly mountLater: Dispatcher['mountLater'];
  /** Takes over every request whose path begins with `prefix`; `rest` is what follows, with the query string. */
  readonly route: (prefix: string, handler: RawRoute) => void;
  /** Binds 127.0.0.1 and resolves with the port. Rejects with Node's error (`EADDRINUSE`). */
  readonly listen: (port: number) => Promise<number>;
  /** Cuts all connections. */
  readonly close: () => Promise<void>;
}

const MAX_BODY_BYTES = 256 * 1024 * 1024;

/** All services on one port: raw routes first, then `dispatch.ts`. */
export function createWireServer(options: WireServerOptions): WireServer {
  const dispatcher = createDispatcher();
  const routes: { readonly prefix: string; readonly handler: RawRoute }[] = [];
  const reportError = options.onError ?? (() => undefined);
  const answerOptions: AnswerOptions = { ...options, reportError, dispatcher };

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    response.on('error', () => undefined); // The client is gone; nobody is left to be told.
    const url = pathOf(request.url ?? '/');
    const route = routes.find(({ prefix }) => url.startsWith(prefix));
    if (route !== undefined) {
      try {
        route.handler(request, response, url.slice(route.prefix.length));
      } catch (error) {
        reportError(error);
        response.destroy();
      }
      return;
    }
    serve(request, response, url).catch((error: unknown) => {
      reportError(error);
      response.destroy();
    });
  };

  const serve = async (request: IncomingMessage, response: ServerResponse, url: string): Promise<void> => {
    const startedAt = performance.now();
    const queryStart = url.indexOf('?');
    const path = queryStart < 0 ? url : url.slice(0, queryStart);
    const rawQuery = queryStart < 0 ? '' : url.slice(queryStart + 1);
    const body = new RequestBody(request, options.maxBodyBytes ?? MAX_BODY_BYTES);
    const { headers } = request;
    const gone = new AbortController();
    response.once('close', () => {
      if (!response.writableEnded) gone.abort();
    });
    const call = await answer(answerOptions, {
      method: request.method ?? 'GET',
      path,
      rawQuery,
      headers,
      body,
      credential: readCredential(headers, rawQuery),
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
      signal: gone.signal,
    });
    const record = (status: number): void =>
      options.journal.record({
        type: 'request',
        service: call.service,
        operation: call.operation,
        status,
        ...(call.errorCode === undefined ? {} : { errorCode: call.errorCode }),
        requestId: call.requestId,
        startedAt,
        endedAt: performance.now(),
      });
    body.drain();
    send(request, response, call, record, reportError);
  };

  const server = createServer({ keepAliveTimeout: 0 }, onRequest);
  return {
    mount: dispatcher.mount,
    mountLater: dispatcher.mountLater,
    route: (prefix, handler) => void routes.push({ prefix, handler }),
    listen: (port) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', () => {
          server.off('error', reject);
          resolve((server.address() as AddressInfo).port);
        });
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Proxies send the absolute form `http://host/path`. The path itself is never normalised: `..` is part of a key. */
function pathOf(url: string): string {
  return url.startsWith('/') ? url : url.replace(/^https?:\/\/[^/]*(?=\/)/i, '');
}

/** `record` is called before the last byte is handed over: who has the answer finds the request in the journal. */
function send(
  request: IncomingMessage,
  response: ServerResponse,
  call: AnsweredCall,
  record: (status: number) => void,
  reportError: (error: unknown) => void,
): void {
  if (call.response === 'reset') {
    record(0);
    request.socket.resetAndDestroy();
    return;
  }
  const { status, headers, body } = call.response;
  const isEmpty = request.method === 'HEAD' || status === 204 || status === 304;
  if (status === 204 || (isEmpty && status >= 300)) delete headers['content-length'];
  else if (!isEmpty && !(body instanceof Readable)) headers['content-length'] = String(body?.byteLength ?? 0);
  try {
    response.writeHead(status, headers);
  } catch (error) {
    // A header that Node refuses (a line break in a value) must not look like a broken connection.
    reportError(error);
    if (body instanceof Readable) body.destroy();
    record(500);
    response.writeHead(500, { 'content-length': '0' }).end();
    return;
  }
  if (body instanceof Readable && !isEmpty) {
    stream(response, body, () => record(status), reportError);
    return;
  }
  if (body instanceof Readable) body.destroy();
  record(status);
  response.end(isEmpty ? undefined : body);
}

function stream(
  response: ServerResponse,
  body: Readable,
  record: () => void,
  reportError: (error: unknown) => void,
): void {
  let isRecorded = false;
  const recordOnce = (): void => {
    if (isRecorded) return;
    isRecorded = true;
    record();
  };
  body.once('end', recordOnce);
  body.once('error', reportError);
  body.once('close', () => {
    // The status is long sent: a cut connection is the only way to say that the body is incomplete.
    if (!body.readableEnded) response.destroy();
  });
  response.once('close', () => {
    recordOnce();
    body.destroy();
  });
  // At once: a client of an event stream waits for the head before it hands the stream to its user.
  response.flushHeaders();
  body.pipe(response);
}
