import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import { type Aws, type AwsOptions, createAws } from '../../src/aws/clients.ts';
import type { Env } from '../../src/aws/shared-config.ts';
import { resolveTarget, type TargetInput } from '../../src/aws/target.ts';

export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly host: string;
  /** From the signature. */
  readonly accessKeyId: string | undefined;
  readonly region: string | undefined;
  readonly body: string;
}

export interface TestServer {
  readonly url: string;
  readonly seen: SeenRequest[];
  readonly sockets: Set<Socket>;
}

type Answer = (request: SeenRequest, response: ServerResponse, raw: IncomingMessage) => void;

/** A server on a free port that writes down what it gets; closed when the test ends. */
export async function startServer(answer: Answer, tls?: ServerOptions): Promise<TestServer> {
  const seen: SeenRequest[] = [];
  const sockets = new Set<Socket>();
  const listener: RequestListener = (request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const scope = /Credential=([^/]+)\/\d{8}\/([^/]+)\//.exec(request.headers.authorization ?? '');
      const entry: SeenRequest = {
        method: request.method ?? '',
        path: request.url ?? '',
        host: request.headers.host ?? '',
        accessKeyId: scope?.[1],
        region: scope?.[2],
        body,
      };
      seen.push(entry);
      answer(entry, response, request);
    });
  };
  const server = tls ? createTlsServer(tls, listener) : createServer(listener);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const { port } = server.address() as AddressInfo;
  return { url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`, seen, sockets };
}

export function sendXml(
  response: ServerResponse,
  status: number,
  body: string,
  headers: Record<string, string> = {},
) {
  response.writeHead(status, {
    'content-type': 'application/xml',
    'x-amz-request-id': 'REQUEST1',
    ...headers,
  });
  response.end(body);
}

export function callerIdentityXml(arn: string, account = '111122223333'): string {
  return (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>' +
    `<Arn>${arn}</Arn><UserId>AIDAEXAMPLE</UserId><Account>${account}</Account></GetCallerIdentityResult>` +
    '<ResponseMetadata><RequestId>REQUEST1</RequestId></ResponseMetadata></GetCallerIdentityResponse>'
  );
}

export interface Home {
  readonly path: string;
  /** HOME, and the metadata service switched off, so that no test depends on the machine. */
  readonly env: Record<string, string>;
}

/** A home folder with AWS's files, given by their paths below it. The SDK's own look at the environment goes there too. */
export function makeHome(files: Readonly<Record<string, string>> = {}): Home {
  const path = mkdtempSync(join(tmpdir(), 's3evt-home-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
    vi.unstubAllEnvs();
  });
  for (const [name, text] of Object.entries(files)) {
    const file = join(path, name);
    mkdirSync(join(file, '..'), { recursive: true });
    writeFileSync(file, text);
  }
  for (const name of Object.keys(process.env)) {
    if (name.startsWith('AWS_')) vi.stubEnv(name, undefined);
  }
  const env = { HOME: path, AWS_EC2_METADATA_DISABLED: 'true' };
  for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
  return { path, env };
}

export const KEYS = { AWS_ACCESS_KEY_ID: 'AKIAENVIRONMENT', AWS_SECRET_ACCESS_KEY: 'environment-secret' };

/** As the edge builds it: target from flags and environment, clients from the target. Destroyed when the test ends. */
export function makeAws(env: Env, target: Partial<TargetInput> = {}, options: Partial<AwsOptions> = {}): Aws {
  const aws = createAws({
    target: () => resolveTarget({ flags: {}, env, project: undefined, ...target }),
    env,
    clock: { now: () => Date.now(), sleep: () => Promise.reject(new Error('no client sleeps')) },
    signal: new AbortController().signal,
    ...options,
  });
  onTestFinished(() => {
    aws.destroy();
  });
  return aws;
}
