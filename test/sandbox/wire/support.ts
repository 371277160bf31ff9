import * as logs from '@aws-sdk/client-cloudwatch-logs';
import * as iam from '@aws-sdk/client-iam';
import * as lambda from '@aws-sdk/client-lambda';
import * as s3 from '@aws-sdk/client-s3';
import { type Agent, type IncomingHttpHeaders, request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { onTestFinished } from 'vitest';
import { createIds } from '../../../src/sandbox/ids.ts';
import { Journal } from '../../../src/sandbox/journal.ts';
import { defineService, SERVICE_SPECS, type ServiceDefinition } from '../../../src/sandbox/wire/schema.ts';
import {
  createWireServer,
  type WireServer,
  type WireServerOptions,
} from '../../../src/sandbox/wire/server.ts';
import type { Handlers } from '../../../src/sandbox/wire/types.ts';

export const services = {
  s3: defineService(SERVICE_SPECS.s3, s3),
  lambda: defineService(SERVICE_SPECS.lambda, lambda),
  logs: defineService(SERVICE_SPECS.logs, logs),
  iam: defineService(SERVICE_SPECS.iam, iam),
};

export interface TestHandlers {
  readonly s3?: Handlers<typeof s3>;
  readonly lambda?: Handlers<typeof lambda>;
  readonly logs?: Handlers<typeof logs>;
  readonly iam?: Handlers<typeof iam>;
}

export interface TestServer {
  readonly wire: WireServer;
  readonly port: number;
  readonly url: string;
  readonly journal: Journal;
  /** What the server reported through `onError`. */
  readonly errors: unknown[];
}

/** A wire server with the given handlers on all four services; closed with the test. */
export async function startServer(
  handlers: TestHandlers,
  options: Partial<WireServerOptions> = {},
): Promise<TestServer> {
  const errors: unknown[] = [];
  const journal = new Journal();
  const wire = createWireServer({
    account: '111122223333',
    region: 'us-east-1',
    ids: createIds(1),
    journal,
    onError: (error) => errors.push(error),
    ...options,
  });
  for (const [id, definition] of Object.entries(services) as [keyof TestHandlers, ServiceDefinition][]) {
    wire.mount(definition, { ...handlers[id] });
  }
  const port = await wire.listen(0);
  onTestFinished(() => wire.close());
  return { wire, port, url: `http://127.0.0.1:${port}`, journal, errors };
}

/** What every SDK client needs to speak to the server. */
export function clientConfig(server: TestServer): {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  maxAttempts: number;
  disableHostPrefix: boolean;
} {
  return {
    endpoint: server.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    disableHostPrefix: true,
  };
}

export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Ask {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  readonly agent?: Agent;
}

/** One request without any AWS client: the path goes out as it is. */
export function ask(
  server: TestServer,
  { method = 'GET', path = '/', headers = {}, body, agent }: Ask,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port: server.port, method, path, headers, ...(agent ? { agent } : {}) },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.once('error', reject);
        response.once('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            text: Buffer.concat(chunks).toString('utf8'),
          }),
        );
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}

/** Writes bytes to a socket of their own and resolves with all that comes back until the server closes it. */
export function rawExchange(
  server: TestServer,
  bytes: Uint8Array | string,
  { end = true } = {},
): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(server.port, '127.0.0.1');
    const chunks: Buffer[] = [];
    socket.on('data', (chunk) => chunks.push(chunk));
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString('latin1')));
    socket.once('connect', () => {
      if (end) socket.end(bytes);
      else socket.write(bytes);
    });
  });
}

export const signedFor = (service: string, region = 'eu-west-1'): string =>
  `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261122/${region}/${service}/aws4_request, SignedHeaders=host, Signature=0`;

export async function readAll(stream: AsyncIterable<Uint8Array> | undefined): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream ?? []) chunks.push(chunk);
  return Buffer.concat(chunks);
}

export async function drain(stream: AsyncIterable<Uint8Array> | undefined): Promise<void> {
  await readAll(stream);
}
