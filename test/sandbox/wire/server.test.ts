import { CreateFunctionCommand, InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Agent, request as httpRequest } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished } from 'vitest';
import { AwsError, ConnectionReset } from '../../../src/sandbox/wire/types.ts';
import { ask, clientConfig, drain, rawExchange, readAll, startServer } from './support.ts';

const LOGS = { 'x-amz-target': 'Logs_20140328.CreateLogGroup' };
const CREATE_GROUP = { method: 'POST', headers: LOGS, body: '{"logGroupName":"g"}' };

describe('responses', () => {
  it('have no body for HEAD, also as errors', async () => {
    const server = await startServer({
      s3: {
        HeadObject: ({ Key }) => {
          if (Key === 'missing') throw new AwsError('NoSuchKey', 'gone');
          return { ContentLength: 1234, ETag: '"e"' };
        },
      },
    });
    const found = await ask(server, { method: 'HEAD', path: '/b/k' });
    expect([found.status, found.text, found.headers['content-length']]).toEqual([200, '', '1234']);
    const client = new S3Client(clientConfig(server));
    const command = new HeadObjectCommand({ Bucket: 'b', Key: 'missing' });
    await expect(client.send(command)).rejects.toMatchObject({ name: 'NotFound' });
    client.destroy();
  });

  it('have no length for 204 and no body for 304', async () => {
    const server = await startServer({
      s3: {
        DeleteObject: () => ({ DeleteMarker: true }),
        GetObject: (_input, ctx) => {
          ctx.response.headers['ETag'] = '"e"';
          throw new AwsError('NotModified', 'Not Modified', { status: 304 });
        },
      },
    });
    const deleted = await ask(server, { method: 'DELETE', path: '/b/k' });
    expect([deleted.status, deleted.headers['content-length']]).toEqual([204, undefined]);
    expect(deleted.headers['x-amz-delete-marker']).toBe('true');
    const unchanged = await ask(server, { path: '/b/k' });
    expect([unchanged.status, unchanged.text, unchanged.headers['etag']]).toEqual([304, '', '"e"']);
  });

  it('follow the overrides of the handler', async () => {
    const server = await startServer({
      s3: {
        GetObject: (_input, ctx) => {
          ctx.response.status = 206;
          ctx.response.headers['Content-Type'] = 'text/plain';
          return {
            Body: Buffer.from('ell'),
            ContentRange: 'bytes 1-3/5',
            ContentType: 'replaced/by-override',
          };
        },
        GetBucketLocation: (_input, ctx) => {
          ctx.response.rawXml = '<LocationConstraint>eu-west-1</LocationConstraint>';
        },
      },
      lambda: { GetFunction: () => ({}) },
    });
    const range = await ask(server, { path: '/b/k' });
    expect([range.status, range.text, range.headers['content-range']]).toEqual([206, 'ell', 'bytes 1-3/5']);
    expect(range.headers['content-type']).toBe('text/plain');
    const location = await ask(server, { path: '/b?location' });
    expect(location.text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint>eu-west-1</LocationConstraint>',
    );
  });

  it('stream an object and cut the connection when the source fails', async () => {
    const server = await startServer({
      s3: {
        GetObject: ({ Key }) => {
          const parts = async function* (): AsyncGenerator<Buffer> {
            yield Buffer.from('one ');
            if (Key === 'broken') throw new Error('disk');
            yield Buffer.from('two');
          };
          return { Body: Readable.from(parts()), ContentLength: 7 };
        },
      },
    });
    const whole = await ask(server, { path: '/b/k' });
    expect([whole.text, whole.headers['content-length']]).toEqual(['one two', '7']);
    await expect(ask(server, { path: '/b/broken' })).rejects.toThrow();
    expect(server.errors).toEqual([expect.objectContaining({ message: 'disk' })]);
  });

  it('turn a header that Node refuses into a 500', async () => {
    const server = await startServer({ s3: { GetObject: () => ({ ContentType: 'text/plain\r\nx: y' }) } });
    expect((await ask(server, { path: '/b/k' })).status).toBe(500);
    expect(server.errors).toHaveLength(1);
    const badStatus = await startServer({
      s3: { GetObject: (_input, ctx) => void (ctx.response.status = 42) },
    });
    expect((await ask(badStatus, { path: '/b/k' })).status).toBe(500);
  });

  it('turn what a handler throws into a 500 of the service', async () => {
    const server = await startServer({
      s3: { GetObject: () => Promise.reject(new TypeError('bug')) },
      logs: { CreateLogGroup: () => Promise.reject(new TypeError('bug')) },
    });
    const s3 = await ask(server, { path: '/b/k' });
    expect([s3.status, s3.text]).toEqual([500, expect.stringContaining('<Code>InternalError</Code>')]);
    const logs = await ask(server, CREATE_GROUP);
    expect([logs.status, JSON.parse(logs.text)]).toEqual([
      500,
      expect.objectContaining({ __type: 'InternalFailure' }),
    ]);
    expect(server.errors).toHaveLength(2);
    expect(s3.text).not.toContain('bug');
  });
});

describe('headers', () => {
  it('are read as UTF-8 where they are UTF-8, else as latin1', async () => {
    const seen: unknown[] = [];
    const server = await startServer({ s3: { PutObject: (input) => void seen.push(input.Metadata) } });
    const put = (value: Buffer): Promise<string> =>
      rawExchange(
        server,
        Buffer.concat([
          Buffer.from(
            'PUT /b/k HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\nx-amz-meta-name: ',
          ),
          value,
          Buffer.from('\r\n\r\n'),
        ]),
        { end: false },
      );
    expect(await put(Buffer.from('né€', 'utf8'))).toContain('200 OK');
    expect(await put(Buffer.from('né', 'latin1'))).toContain('200 OK');
    expect(seen).toEqual([{ name: 'né€' }, { name: 'né' }]);
  });

  it('go out as latin1, or as UTF-8 where that is too small', async () => {
    const server = await startServer({ s3: { GetObject: () => ({ Metadata: { a: 'é', b: '€' } }) } });
    const { headers } = await ask(server, { path: '/b/k' });
    expect(headers['x-amz-meta-a']).toBe('é');
    expect(headers['x-amz-meta-b']).toBe(Buffer.from('€').toString('latin1'));
  });

  it('keep a metadata name that is no name for a plain object', async () => {
    let seen: unknown;
    const server = await startServer({ s3: { PutObject: (input) => void (seen = input.Metadata) } });
    await ask(server, { method: 'PUT', path: '/b/k', headers: { 'x-amz-meta-__proto__': 'v' } });
    expect(Object.entries(seen as object)).toEqual([['__proto__', 'v']]);
  });
});

describe('connections', () => {
  it('survive a body that nobody read', async () => {
    const server = await startServer({
      s3: { PutObject: () => ({}), GetObject: () => ({}), UploadPart: (input) => void input.Body?.destroy() },
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const body = Buffer.alloc(3_000_000);
    const ports = new Set<number>();
    agent.on('free', (socket: { localPort: number }) => ports.add(socket.localPort));
    const chunked = { 'content-encoding': 'aws-chunked', 'transfer-encoding': 'chunked' };
    expect((await ask(server, { method: 'PUT', path: '/b/k', body, agent })).status).toBe(200);
    expect((await ask(server, { method: 'PUT', path: '/b/k?cors', body, agent })).status).toBe(200);
    expect((await ask(server, { method: 'PUT', path: '/b?cors', body, agent })).status).toBe(501);
    expect((await ask(server, { method: 'PUT', path: '/b/k', body, agent, headers: chunked })).status).toBe(
      200,
    );
    expect(
      (await ask(server, { method: 'PUT', path: '/b/k?partNumber=1&uploadId=1', body, agent })).status,
    ).toBe(200);
    expect((await ask(server, { path: '/b/k', agent })).status).toBe(200);
    expect(ports.size).toBe(1);
  });

  it('get 100 Continue', async () => {
    const server = await startServer({
      s3: { PutObject: (input) => drain(input.Body) },
    });
    const steps: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const headers = { expect: '100-continue', 'content-length': '5' };
      const request = httpRequest({
        host: '127.0.0.1',
        port: server.port,
        method: 'PUT',
        path: '/b/k',
        headers,
      });
      request.on('continue', () => {
        steps.push('continue');
        request.end('hello');
      });
      request.on('response', (response) => {
        steps.push(String(response.statusCode));
        response.resume().once('end', resolve);
      });
      request.once('error', reject);
      request.flushHeaders();
    });
    expect(steps).toEqual(['continue', '200']);
  });

  it('do not time out between requests', async () => {
    const server = await startServer({ s3: { GetObject: () => ({}) } });
    const { headers } = await ask(server, {
      path: '/b/k',
      agent: new Agent({ keepAlive: true, maxSockets: 1 }),
    });
    expect(headers['keep-alive']).toBeUndefined();
  });

  it('end the read of a handler whose client went away', async () => {
    let started!: () => void;
    const start = new Promise<void>((resolve) => (started = resolve));
    let failed!: (error: unknown) => void;
    const failure = new Promise<unknown>((resolve) => (failed = resolve));
    const server = await startServer({
      s3: {
        PutObject: async (input) => {
          started();
          await readAll(input.Body).catch((error: unknown) => {
            failed(error);
            throw error;
          });
        },
      },
    });
    const request = httpRequest({
      host: '127.0.0.1',
      port: server.port,
      method: 'PUT',
      path: '/b/k',
      headers: { 'content-length': '100' },
    });
    request.on('error', () => undefined);
    request.write('part');
    await start;
    request.destroy();
    expect(await failure).toMatchObject({ name: 'ClientAborted' });
    expect(await server.journal.waitFor((entry) => entry.type === 'request')).toMatchObject({
      status: 0,
      errorCode: 'ClientAborted',
    });
    expect(server.errors).toEqual([]);
  });
});

describe('limits', () => {
  it('refuse a body that is too large, announced or not, and keep the connection', async () => {
    const server = await startServer(
      {
        s3: {
          PutBucketPolicy: () => undefined,
          PutObject: (input) => drain(input.Body),
        },
      },
      { maxBodyBytes: 1000 },
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    onTestFinished(() => agent.destroy());
    const request = { method: 'PUT', path: '/b?policy', body: 'x'.repeat(200_000), agent };
    const announced = await ask(server, request);
    expect([announced.status, announced.text]).toEqual([
      413,
      expect.stringContaining('<Code>EntityTooLarge</Code>'),
    ]);
    const chunked = await ask(server, { ...request, headers: { 'transfer-encoding': 'chunked' } });
    expect(chunked.status).toBe(413);
    const lambda = await ask(server, { method: 'POST', headers: LOGS, body: 'x'.repeat(2000), agent });
    expect(lambda.status).toBe(501);
    expect((await ask(server, { ...request, body: '{}' })).status).toBe(200);
    expect((await ask(server, { method: 'PUT', path: '/b/k', body: request.body, agent })).status).toBe(200);
    expect(server.errors).toEqual([]);
  });
});

describe('the server', () => {
  it('records every request before its answer is complete', async () => {
    const server = await startServer({
      s3: { GetObject: () => ({ Body: Readable.from([Buffer.from('x')]) }) },
      logs: { CreateLogGroup: () => Promise.reject(new AwsError('ResourceAlreadyExistsException', 'm')) },
    });
    const first = await ask(server, { path: '/b/k' });
    const second = await ask(server, CREATE_GROUP);
    await ask(server, { path: '/b?cors' });
    await ask(server, { method: 'PATCH', path: '/b' });
    const entries = server.journal.entries();
    expect(entries).toMatchObject([
      { service: 's3', operation: 'GetObject', status: 200, requestId: first.headers['x-amz-request-id'] },
      {
        service: 'logs',
        operation: 'CreateLogGroup',
        status: 400,
        errorCode: 'ResourceAlreadyExistsException',
        requestId: second.headers['x-amzn-requestid'],
      },
      { service: 's3', operation: 'GetBucketCors', status: 501, errorCode: 'NotImplemented' },
      { service: 's3', operation: '?', status: 405, errorCode: 'MethodNotAllowed' },
    ]);
    for (const entry of entries) {
      if (entry.type === 'request') expect(entry.endedAt).toBeGreaterThanOrEqual(entry.startedAt);
    }
    expect(entries[0]).not.toHaveProperty('errorCode');
  });

  it('lets intercept refuse, delay and reset calls', async () => {
    const calls: string[] = [];
    let handled = 0;
    const count = (): void => {
      handled++;
    };
    const server = await startServer(
      {
        s3: {
          GetObject: () => count(),
          HeadObject: () => count(),
          PutObject: () => count(),
        },
      },
      {
        intercept: async ({ service, operation, ctx }) => {
          calls.push(`${service}:${operation} ${ctx.method}`);
          await Promise.resolve();
          if (operation === 'GetObject') throw new AwsError('SlowDown', 'Reduce your rate', { status: 503 });
          if (operation === 'HeadObject') throw new ConnectionReset();
        },
      },
    );
    const refused = await ask(server, { path: '/b/k' });
    expect([refused.status, refused.text]).toEqual([503, expect.stringContaining('<Code>SlowDown</Code>')]);
    await expect(ask(server, { method: 'HEAD', path: '/b/k' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(handled).toBe(0);
    expect((await ask(server, { method: 'PUT', path: '/b/k' })).status).toBe(200);
    expect(handled).toBe(1);
    expect(calls).toEqual(['s3:GetObject GET', 's3:HeadObject HEAD', 's3:PutObject PUT']);
    expect(server.journal.entries()).toMatchObject([
      { status: 503, errorCode: 'SlowDown' },
      { status: 0, errorCode: 'ConnectionReset' },
      { status: 200 },
    ]);
  });

  it('hands raw routes over, before all services', async () => {
    const server = await startServer({});
    server.wire.route('/_sandbox/', (request, response, rest) => response.end(`${request.method} ${rest}`));
    server.wire.route('/_broken', () => {
      throw new Error('bug');
    });
    expect((await ask(server, { path: '/_sandbox/runtime/../x?y=%zz' })).text).toBe('GET runtime/../x?y=%zz');
    await expect(ask(server, { path: '/_broken' })).rejects.toThrow();
    expect(server.errors).toHaveLength(1);
    expect(server.journal.entries()).toEqual([]);
  });

  it('listens on the loopback address only, and says when the port is taken', async () => {
    const server = await startServer({});
    const other = await startServer({});
    await other.wire.close();
    await expect(other.wire.listen(server.port)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(await other.wire.listen(0)).toBeGreaterThan(0);
  });

  it('closes while a handler still waits', async () => {
    const server = await startServer({ s3: { GetObject: () => new Promise<never>(() => undefined) } });
    const pending = ask(server, { path: '/b/k' });
    const settled = expect(pending).rejects.toThrow();
    await ask(server, { path: '/b?cors' });
    await server.wire.close();
    await server.wire.close();
    await settled;
  });
});

describe('the SDK', () => {
  it('puts and gets an object with metadata and checksum', async () => {
    let stored: { body: Buffer; metadata: Record<string, string> | undefined } | undefined;
    const server = await startServer({
      s3: {
        PutObject: async (input) => {
          stored = { body: await readAll(input.Body), metadata: input.Metadata };
          return { ETag: '"e"' };
        },
        GetObject: () => ({ Body: stored?.body, Metadata: stored?.metadata }),
      },
    });
    const client = new S3Client(clientConfig(server));
    const where = { Bucket: 'b', Key: 'a b/../é' };
    const put = await client.send(new PutObjectCommand({ ...where, Body: 'text', Metadata: { name: 'é' } }));
    expect(put.ETag).toBe('"e"');
    const got = await client.send(new GetObjectCommand(where));
    expect([await got.Body?.transformToString(), got.Metadata]).toEqual(['text', { name: 'é' }]);
    client.destroy();
  });

  it('invokes a function and uploads its code', async () => {
    let code: Uint8Array | undefined;
    const server = await startServer({
      lambda: {
        CreateFunction: (input) => {
          code = input.Code?.ZipFile;
          return { FunctionName: input.FunctionName, LastModified: '2026-11-22T00:00:00.000+0000' };
        },
        Invoke: (input) => ({ StatusCode: 200, FunctionError: 'Unhandled', Payload: input.Payload }),
      },
    });
    const client = new LambdaClient(clientConfig(server));
    await client.send(
      new CreateFunctionCommand({
        FunctionName: 'f',
        Role: 'r',
        Code: { ZipFile: Buffer.from([1, 2, 255]) },
      }),
    );
    expect(code).toEqual(Buffer.from([1, 2, 255]));
    const invoked = await client.send(new InvokeCommand({ FunctionName: 'f', Payload: '{"a":"é"}' }));
    expect([invoked.StatusCode, invoked.FunctionError, invoked.Payload?.transformToString()]).toEqual([
      200,
      'Unhandled',
      '{"a":"é"}',
    ]);
    client.destroy();
  });
});
