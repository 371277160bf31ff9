import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CreateFunctionCommand, InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListBucketsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { DescribeLogGroupsCommand, StartLiveTailCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { build } from 'esbuild';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createSandbox } from '../../src/sandbox/index.ts';
import { findPython } from '../../src/sandbox/lambda/interpreter.ts';
import { isAlive } from '../../src/sandbox/state-file.ts';
import { LAMBDA_TRUST, PRINTING_HANDLERS, zipOf } from '../support/function-code.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { createPipeline, logMessages } from '../support/pipeline.ts';
import { startTestSandbox, testClients, destroyClients, type TestSandbox } from '../support/sandbox.ts';

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

function http(method: string, url: string, headers: IncomingHttpHeaders = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const req = request(url, { method, headers, agent: false }, (res) => {
      let body = '';
      res.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      res.on('end', () => resolve({ status: res.statusCode ?? 0, body }));
    });
    req.on('error', reject).end();
  });
}

const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Node.js writes time, request id and level before the text, Python does not. */
const eventLines = async (sandbox: TestSandbox, name: string) =>
  (await logMessages(sandbox, name, 'EVENT')).map((message) => message.slice(message.indexOf('EVENT')));

describe('the whole way of an event', () => {
  it.each(Object.entries(PRINTING_HANDLERS))('ends as a log line of a %s function', async (name, code) => {
    const sandbox = await startTestSandbox();
    const pipeline = `way-${name}`;
    await createPipeline(sandbox, pipeline, code);
    await sandbox.s3.send(new PutObjectCommand({ Bucket: pipeline, Key: 'in/a file+ä.txt', Body: 'hello' }));
    await sandbox.s3.send(new DeleteObjectCommand({ Bucket: pipeline, Key: 'in/a file+ä.txt' }));
    await sandbox.idle();
    expect(await eventLines(sandbox, pipeline)).toEqual(['EVENT ObjectCreated:Put in/a+file%2B%C3%A4.txt']);
    expect((await logMessages(sandbox, pipeline, 'REPORT')).length).toBe(1);
    const outcomes = sandbox.journal.entries().flatMap((entry) => (entry.type === 'request' ? [] : [entry]));
    expect(outcomes).toMatchObject([
      { type: 'delivery', bucket: pipeline, eventName: 'ObjectCreated:Put', outcome: 'delivered' },
      { type: 'invocation', functionName: pipeline, attempt: 1, outcome: 'ok' },
    ]);
  });

  it('runs code that was uploaded to a bucket, and names S3’s refusal', async () => {
    const sandbox = await startTestSandbox();
    const { Role } = await sandbox.iam.send(
      new CreateRoleCommand({ RoleName: 'role', AssumeRolePolicyDocument: LAMBDA_TRUST }),
    );
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'code-bucket' }));
    const body = zipOf('app.mjs', 'export const handler = async () => "from S3";');
    await sandbox.s3.send(new PutObjectCommand({ Bucket: 'code-bucket', Key: 'code.zip', Body: body }));
    const create = (S3Key: string) =>
      sandbox.lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'from-s3',
          Role: Role?.Arn,
          Runtime: 'nodejs22.x',
          Handler: 'app.handler',
          Code: { S3Bucket: 'code-bucket', S3Key },
        }),
      );
    await expect(create('missing.zip')).rejects.toThrow(
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    );
    await create('code.zip');
    const { Payload } = await sandbox.lambda.send(new InvokeCommand({ FunctionName: 'from-s3' }));
    expect(Buffer.from(Payload ?? []).toString()).toBe('"from S3"');
  });

  it('refuses a function whose role is not there yet', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock, iamPropagationMs: 8_000 });
    const attempt = createPipeline(sandbox, 'too-early', PRINTING_HANDLERS.node);
    const refusal = 'The role defined for the function cannot be assumed by Lambda.';
    await expect(attempt).rejects.toThrow(refusal);
    const retry = () =>
      sandbox.lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'too-early',
          Role: 'arn:aws:iam::000000000000:role/too-early-role',
          ...PRINTING_HANDLERS.node,
        }),
      );
    await clock.advance(7_999);
    await expect(retry()).rejects.toThrow(refusal);
    await clock.advance(1);
    expect((await retry()).FunctionName).toBe('too-early');
  });
});

describe('the options', () => {
  it('name account and region', async () => {
    const sandbox = await startTestSandbox({ account: '123456789012', region: 'eu-west-1' });
    expect(sandbox).toMatchObject({ account: '123456789012', region: 'eu-west-1' });
    expect(await sandbox.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '123456789012',
    });
  });

  it('make identifiers repeatable by a seed', async () => {
    const idOf = async (seed: number) => {
      const sandbox = await startTestSandbox({ seed });
      return (await sandbox.s3.send(new ListBucketsCommand({}))).$metadata.requestId;
    };
    expect(await idOf(5)).toBe(await idOf(5));
    expect(await idOf(5)).not.toBe(await idOf(6));
  });

  it('refuse a port that is taken, and name the flag', async () => {
    const first = await startTestSandbox();
    await expect(createSandbox({ port: first.port })).rejects.toMatchObject({
      code: 'PORT_IN_USE',
      exitCode: 5,
      message: `port ${first.port} of 127.0.0.1 is in use`,
      hint: expect.stringContaining('--port'),
    });
  });

  it('keep two sandboxes of one process apart', async () => {
    const [one, two] = await Promise.all([startTestSandbox(), startTestSandbox()]);
    await one.s3.send(new CreateBucketCommand({ Bucket: 'only-in-one' }));
    expect((await two.s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  });

  it('end an unused sandbox by its clock', async () => {
    const clock = createManualClock();
    let idle = false;
    const sandbox = await startTestSandbox({ clock, idleMs: 60_000, onIdle: () => (idle = true) });
    await clock.advance(59_999);
    await sandbox.s3.send(new ListBucketsCommand({}));
    await clock.advance(59_999);
    expect(idle).toBe(false);
    expect((await http('GET', `${sandbox.url}/_sandbox/health`)).status).toBe(200);
    await clock.advance(59_999);
    expect(idle).toBe(false);
    await clock.advance(1);
    expect(idle).toBe(true);
  });

  it('do not end a sandbox with an open Live Tail session', async () => {
    const clock = createManualClock();
    let idle = false;
    const sandbox = await startTestSandbox({ clock, idleMs: 60_000, onIdle: () => (idle = true) });
    await createPipeline(sandbox, 'tailed', PRINTING_HANDLERS.node);
    await sandbox.lambda.send(new InvokeCommand({ FunctionName: 'tailed', Payload: '{}' }));
    const arn = 'arn:aws:logs:us-east-1:000000000000:log-group:/aws/lambda/tailed';
    const { responseStream } = await sandbox.logs.send(
      new StartLiveTailCommand({ logGroupIdentifiers: [arn] }),
    );
    await clock.advance(600_000);
    expect(idle).toBe(false);
    const recorded = sandbox.journal.waitFor(
      (entry) => entry.type === 'request' && entry.operation === 'StartLiveTail',
    );
    await sandbox.reset();
    const updates: unknown[] = [];
    for await (const event of responseStream ?? []) updates.push(event);
    expect(updates.length).toBeGreaterThan(0);
    await recorded;
    await clock.advance(120_000);
    expect(idle).toBe(true);
  });
});

describe('the control routes', () => {
  it('tell who answers', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 22));
    const sandbox = await startTestSandbox({ clock });
    const { status, body } = await http('GET', `${sandbox.url}/_sandbox/health`);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({
      name: 's3evt-sandbox',
      version: 1,
      pid: process.pid,
      account: '000000000000',
      region: 'us-east-1',
      endpoint: sandbox.url,
      startedAt: '2026-11-22T00:00:00.000Z',
      instance: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
  });

  it('empty every service', async () => {
    const sandbox = await startTestSandbox();
    await createPipeline(sandbox, 'emptied', PRINTING_HANDLERS.node);
    await sandbox.lambda.send(new InvokeCommand({ FunctionName: 'emptied', Payload: '{}' }));
    expect((await http('POST', `${sandbox.url}/_sandbox/reset`)).status).toBe(200);
    expect(sandbox.journal.entries()).toEqual([]);
    expect((await sandbox.s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
    expect((await sandbox.lambda.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    expect((await sandbox.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
    expect((await sandbox.logs.send(new DescribeLogGroupsCommand({}))).logGroups).toEqual([]);
    await createPipeline(sandbox, 'emptied', PRINTING_HANDLERS.node);
  });

  it('list what was asked', async () => {
    const sandbox = await startTestSandbox();
    await sandbox.s3.send(new ListBucketsCommand({}));
    const { body } = await http('GET', `${sandbox.url}/_sandbox/journal`);
    expect(JSON.parse(body)).toMatchObject([{ service: 's3', operation: 'ListBuckets', status: 200 }]);
  });

  it('ask for the end after the answer', async () => {
    let stopped: () => void = () => undefined;
    const asked = new Promise<void>((resolve) => (stopped = resolve));
    const sandbox = await startTestSandbox({ onStop: () => stopped() });
    expect((await http('POST', `${sandbox.url}/_sandbox/stop`)).status).toBe(202);
    await asked;
  });

  it.each([
    ['a page', { origin: 'https://example.com' }],
    ['a page of this machine', { origin: 'http://localhost:3000' }],
    ['a page without an origin', { origin: 'null' }],
    ['a rebound name', { host: 'attacker.example:80' }],
    ['a name that only begins like this machine', { host: 'localhost.attacker.example' }],
    ['a name that holds the address', { host: '127.0.0.1.attacker.example' }],
  ])('do not answer %s', async (_who, headers) => {
    let stopped = false;
    const sandbox = await startTestSandbox({ onStop: () => (stopped = true) });
    for (const [method, path] of [
      ['GET', 'health'],
      ['GET', 'journal'],
      ['POST', 'reset'],
      ['POST', 'stop'],
    ] as const) {
      const { status, body } = await http(method, `${sandbox.url}/_sandbox/${path}`, headers);
      expect([status, body.includes('pid')]).toEqual([403, false]);
    }
    expect(stopped).toBe(false);
  });

  it('know no other paths and methods', async () => {
    const sandbox = await startTestSandbox();
    expect((await http('GET', `${sandbox.url}/_sandbox/nothing`)).status).toBe(404);
    expect((await http('GET', `${sandbox.url}/_sandbox/stop`)).status).toBe(404);
    expect((await http('GET', `${sandbox.url}/_sandbox/health?x=1`, { host: 'localhost' })).status).toBe(200);
  });

  it('leave services to pages of this machine, not to those of other sites', async () => {
    const sandbox = await startTestSandbox();
    const list = async (origin: string) =>
      (await http('GET', `${sandbox.url}/2015-03-31/functions`, { origin })).status;
    for (const origin of [
      'http://localhost:3000',
      'http://127.0.0.1',
      'https://app.localhost',
      'http://[::1]:80',
    ]) {
      expect([origin, await list(origin)]).toEqual([origin, 200]);
    }
    for (const origin of [
      'https://example.com',
      'null',
      'http://localhost.example.com',
      'http://127.0.0.1@x.com',
    ]) {
      expect([origin, await list(origin)]).toEqual([origin, 403]);
    }
  });
});

describe('the end', () => {
  const pidsOf = async (sandbox: TestSandbox) => {
    const pids: number[] = [];
    for (const [name, code] of Object.entries(PRINTING_HANDLERS)) {
      await createPipeline(sandbox, `end-${name}`, code);
      const call = new InvokeCommand({ FunctionName: `end-${name}`, Payload: '{}' });
      const { Payload } = await sandbox.lambda.send(call);
      pids.push((JSON.parse(Buffer.from(Payload ?? []).toString()) as { pid: number }).pid);
    }
    return pids;
  };

  it('leaves no process, no port and no folder, and comes only once', async () => {
    const stateDir = join(temporaryFolder(), 'state');
    const sandbox = await startTestSandbox({ stateDir });
    expect(existsSync(stateDir)).toBe(false);
    const pids = await pidsOf(sandbox);
    expect(pids.map(isAlive)).toEqual([true, true]);
    expect(existsSync(stateDir)).toBe(true);
    await Promise.all([sandbox.close(), sandbox.close()]);
    await sandbox.close();
    expect(pids.map(isAlive)).toEqual([false, false]);
    expect(existsSync(stateDir)).toBe(false);
    expect(await accepts(sandbox.port)).toBe(false);
    const again = await createSandbox({ port: sandbox.port });
    await again.close();
  });

  it('comes in the middle of uploads and invocations', async () => {
    const stateDir = join(temporaryFolder(), 'state');
    const sandbox = await startTestSandbox({ stateDir });
    await createPipeline(sandbox, 'cut', PRINTING_HANDLERS.python);
    const uploads = Array.from({ length: 50 }, (_, i) =>
      sandbox.s3.send(new PutObjectCommand({ Bucket: 'cut', Key: `${i}`, Body: 'x' })).catch(() => undefined),
    );
    await Promise.race(uploads);
    await sandbox.close();
    await Promise.all(uploads);
    await sandbox.idle();
    expect(sandbox.errors).toEqual([]);
    // A launch that was looking for the interpreter at the close has found it by the time another search has.
    await findPython();
    expect(existsSync(stateDir)).toBe(false);
  });

  it('needs no folder as long as there is no function', async () => {
    const stateDir = join(temporaryFolder(), 'state');
    const sandbox = await startTestSandbox({ stateDir });
    await sandbox.s3.send(new ListBucketsCommand({}));
    await sandbox.lambda.send(new ListFunctionsCommand({}));
    expect(existsSync(stateDir)).toBe(false);
  });

  it('leaves nothing either when the process is killed', async () => {
    const stateDir = join(temporaryFolder(), 'state');
    const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
    const child = spawn(
      process.execPath,
      ['--import', support('ts-loader.mjs'), support('sandbox-process.ts'), stateDir],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    onTestFinished(() => void child.kill('SIGKILL'));
    const line = await new Promise<string>((resolve, reject) => {
      child.stdout.setEncoding('utf8').once('data', resolve);
      child.once('exit', (code) => reject(new Error(`exit code ${code ?? 'none'}`)));
    });
    const { port, pids } = JSON.parse(line) as { port: number; pids: number[] };
    expect(pids.map(isAlive)).toEqual([true, true]);
    expect(await accepts(port)).toBe(true);
    child.kill('SIGKILL');
    await until(() => !pids.some(isAlive));
    await until(() => !existsSync(stateDir));
    await until(async () => !(await accepts(port)));
  });
});

describe('loading the module', () => {
  it('does not load the SDK', async () => {
    const root = fileURLToPath(new URL('../..', import.meta.url));
    const { metafile } = await build({
      entryPoints: [join(root, 'src/sandbox/index.ts')],
      absWorkingDir: root,
      bundle: true,
      write: false,
      splitting: true,
      outdir: 'unused',
      format: 'esm',
      platform: 'node',
      packages: 'external',
      metafile: true,
    });
    const seen = new Set<string>();
    const follow = (path: string) => {
      if (seen.has(path)) return;
      seen.add(path);
      for (const { path: next, kind } of metafile.inputs[path]?.imports ?? []) {
        if (kind === 'import-statement') follow(next);
      }
    };
    follow(relative(root, join(root, 'src/sandbox/index.ts')));
    expect([...seen].filter((path) => /^@(aws-sdk|smithy)\//.test(path))).toEqual([]);
    expect(seen.size).toBeGreaterThan(5);
  });
});

describe('clients of other kinds', () => {
  it('are served by name as well as by address', async () => {
    const sandbox = await startTestSandbox();
    const clients = testClients(`http://localhost:${sandbox.port}`);
    onTestFinished(() => destroyClients(clients));
    await clients.s3.send(new CreateBucketCommand({ Bucket: 'by-name' }));
    await clients.s3.send(new PutObjectCommand({ Bucket: 'by-name', Key: 'k', Body: 'v' }));
    const { Body } = await clients.s3.send(new GetObjectCommand({ Bucket: 'by-name', Key: 'k' }));
    expect(await Body?.transformToString()).toBe('v');
  });
});
