import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Context } from '../../src/commands/context.ts';
import {
  runSandboxEnv,
  runSandboxReset,
  runSandboxStart,
  runSandboxStatus,
  runSandboxStop,
  type SandboxStartInput,
  type SandboxStartItem,
  type SandboxStartResult,
} from '../../src/commands/sandbox.ts';
import { backgroundArguments } from '../../src/commands/sandbox-arguments.ts';
import { environmentLines } from '../../src/commands/sandbox-env.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { stateFile } from '../../src/sandbox/state-file.ts';
import { createManualClock } from '../support/manual-clock.ts';

const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));

let home: string;
let env: Record<string, string>;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 's3evt-command-'));
  env = { HOME: home, PATH: process.env.PATH ?? '' };
});
afterEach(async () => {
  await runSandboxStop(context());
  rmSync(home, { recursive: true, force: true });
});

/** Only what these commands may touch: anything else of the context fails the test. */
function context<Item = never>(
  changes: { clock?: Clock; signal?: AbortSignal; item?: (item: Item) => Promise<void> } = {},
): Context<Item> {
  return {
    clock: systemClock,
    signal: new AbortController().signal,
    cwd: home,
    env,
    ...changes,
  } as Context<Item>;
}

interface Foreground {
  readonly ready: Extract<SandboxStartItem, { type: 'ready' }>;
  readonly result: Promise<SandboxStartResult>;
  readonly interrupt: () => void;
}

/** `sandbox start` up to its ready line. Interrupted at the end of the test. */
async function foreground(
  input: Partial<SandboxStartInput> = {},
  clock: Clock = systemClock,
): Promise<Foreground> {
  const abort = new AbortController();
  let item: (item: SandboxStartItem) => Promise<void> = async () => undefined;
  const first = new Promise<SandboxStartItem>((resolve) => {
    item = async (one) => resolve(one);
  });
  const result = runSandboxStart({ detach: false, ...input }, context({ clock, signal: abort.signal, item }));
  const ready = await Promise.race([first, result]);
  if (!('type' in ready) || ready.type !== 'ready') throw new Error('not ready');
  onTestFinished(async () => {
    abort.abort();
    await result.catch(() => undefined);
  });
  return { ready, result, interrupt: () => abort.abort() };
}

describe('sandbox start', () => {
  it('says where it listens, is the shared one, and ends on the signal', async () => {
    const { ready, result, interrupt } = await foreground({ region: 'eu-west-1', account: '123456789012' });
    expect(ready).toEqual({
      type: 'ready',
      endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      account: '123456789012',
      region: 'eu-west-1',
    });
    const { type: _, ...address } = ready;
    expect(await runSandboxStatus(context())).toEqual({
      status: 'ok',
      running: true,
      pid: process.pid,
      startedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      ...address,
    });
    interrupt();
    expect(await result).toEqual({ status: 'ok', state: 'interrupted', ...address });
    expect(existsSync(stateFile(env))).toBe(false);
    await expect(fetch(address.endpoint)).rejects.toThrow();
  });

  it('ends at once when the signal came before it was ready', async () => {
    const signal = AbortSignal.abort();
    const item = async () => undefined;
    const result = await runSandboxStart({ detach: false }, context({ signal, item }));
    expect(result.state).toBe('interrupted');
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it('refuses to be a second one', async () => {
    const { ready } = await foreground();
    const port = Number(ready.endpoint.split(':').pop());
    for (const input of [{}, { port }]) {
      await expect(foreground(input)).rejects.toMatchObject({
        code: 'SANDBOX_RUNNING',
        exitCode: 5,
        message: expect.stringContaining(ready.endpoint),
      });
    }
    expect(await runSandboxStatus(context())).toMatchObject({ endpoint: ready.endpoint });
  });

  it('runs a private one beside it on a port of its own', async () => {
    const shared = await foreground();
    const port = await freePort();
    const own = await foreground({ port });
    expect(own.ready.endpoint).toBe(`http://127.0.0.1:${port}`);
    expect(await runSandboxStatus(context())).toMatchObject({ endpoint: shared.ready.endpoint });
    own.interrupt();
    expect((await own.result).state).toBe('interrupted');
    expect(await runSandboxStatus(context())).toMatchObject({ endpoint: shared.ready.endpoint });
  });

  it('refuses a port that is taken', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(foreground({ port })).rejects.toMatchObject({ code: 'PORT_IN_USE', exitCode: 5 });
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it('ends by itself after its idle time', async () => {
    const clock = createManualClock();
    const { result } = await foreground({ idleMs: 60_000 }, clock);
    await clock.advance(60_000);
    expect((await result).state).toBe('idle');
    expect(existsSync(stateFile(env))).toBe(false);
  });
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('sandbox start --detach', () => {
  const detached = (input: Partial<SandboxStartInput> = {}) =>
    runSandboxStart(
      {
        detach: true,
        command: [process.execPath, '--import', support('ts-loader.mjs'), support('sandbox-command.ts')],
        ...input,
      },
      context({ item: async () => undefined }),
    );

  it('starts one that others find, empty and stop', async () => {
    const started = await detached({ region: 'eu-central-1' });
    expect(started).toMatchObject({ status: 'ok', state: 'background', region: 'eu-central-1' });
    expect(await detached()).toEqual({ ...started, state: 'already-running' });
    const { state: _, status: __, ...address } = started;
    const status = await runSandboxStatus(context());
    expect(status).toMatchObject({ running: true, ...address });
    expect(await runSandboxReset(context())).toEqual({ status: 'ok', ...address });
    expect(await runSandboxStop(context())).toEqual({ status: 'ok', stopped: address });
    expect(await runSandboxStatus(context())).toEqual({ status: 'negative', running: false });
  }, 60_000);

  it('says why it did not start', async () => {
    const server = createServer();
    onTestFinished(() => void server.close());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await expect(detached({ port })).rejects.toMatchObject({
      code: 'SANDBOX_FAILED',
      message: expect.stringContaining(`port ${port} of 127.0.0.1 is in use`),
    });
  }, 60_000);

  it('refuses another port while one runs', async () => {
    await foreground();
    await expect(detached({ port: await freePort() })).rejects.toMatchObject({ code: 'SANDBOX_RUNNING' });
  });

  it('hands its settings on', () => {
    expect(backgroundArguments({ port: 4566, region: 'eu-west-1', account: '123456789012' })).toEqual(
      'sandbox start --idle-minutes 30 --port 4566 --region eu-west-1 --account 123456789012'.split(' '),
    );
    const special = { faults: ['deny:s3', 'late-logs:30s'], seed: 7, eventVersion: '2.5' } as const;
    expect(backgroundArguments(special)).toEqual(
      'sandbox start --idle-minutes 30 --fault deny:s3 --fault late-logs:30s --seed 7 --event-version 2.5'.split(
        ' ',
      ),
    );
    expect(backgroundArguments({}, 5)).toEqual(['sandbox', 'start', '--idle-minutes', '5']);
  });
});

describe('without a running sandbox', () => {
  it('stop is done already, status says no, reset and env fail', async () => {
    expect(await runSandboxStop(context())).toEqual({ status: 'ok', stopped: null });
    expect(await runSandboxStatus(context())).toEqual({ status: 'negative', running: false });
    const missing = { code: 'NOT_FOUND', commands: ['s3evt sandbox start --detach'] };
    await expect(runSandboxReset(context())).rejects.toMatchObject(missing);
    await expect(runSandboxEnv({ shell: 'posix' }, context())).rejects.toMatchObject(missing);
  });
});

describe('sandbox stop', () => {
  it('ends the one in the foreground of another terminal', async () => {
    const { ready, result } = await foreground();
    const { type: _, ...address } = ready;
    expect(await runSandboxStop(context())).toEqual({ status: 'ok', stopped: address });
    expect((await result).state).toBe('stopped');
  });
});

describe('sandbox env', () => {
  const sandbox = { endpoint: 'http://127.0.0.1:4566', region: 'eu-west-1' };

  it('is for the running one', async () => {
    const { ready } = await foreground();
    expect(await runSandboxEnv({ shell: 'posix' }, context())).toMatchObject({
      status: 'ok',
      shell: 'posix',
      endpoint: ready.endpoint,
      variables: { AWS_ENDPOINT_URL: ready.endpoint, AWS_REGION: 'us-east-1' },
    });
  });

  it('prints POSIX lines', () => {
    expect(environmentLines(sandbox, 'posix', { AWS_PROFILE: 'work', PATH: '/bin' })).toMatchInlineSnapshot(`
      {
        "lines": [
          "# AWS CLI version 1 ignores AWS_ENDPOINT_URL for some services (sqs): give it the endpoint yourself,",
          "# aws --endpoint-url http://127.0.0.1:4566 sqs ...",
          "unset AWS_PROFILE",
          "export AWS_ENDPOINT_URL=http://127.0.0.1:4566",
          "export AWS_ACCESS_KEY_ID=test",
          "export AWS_SECRET_ACCESS_KEY=test",
          "export AWS_REGION=eu-west-1",
          "export AWS_DEFAULT_REGION=eu-west-1",
          "export AWS_DISABLE_HOST_PREFIX_INJECTION=true",
        ],
        "unset": [
          "AWS_PROFILE",
        ],
        "variables": {
          "AWS_ACCESS_KEY_ID": "test",
          "AWS_DEFAULT_REGION": "eu-west-1",
          "AWS_DISABLE_HOST_PREFIX_INJECTION": "true",
          "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
          "AWS_REGION": "eu-west-1",
          "AWS_SECRET_ACCESS_KEY": "test",
        },
      }
    `);
  });

  it('prints fish and PowerShell lines', () => {
    const lines = (shell: 'fish' | 'powershell') =>
      environmentLines(sandbox, shell, { AWS_ENDPOINT_URL_S3: 'https://example.com' }).lines.slice(2, 4);
    expect([lines('fish'), lines('powershell')]).toMatchInlineSnapshot(`
      [
        [
          "set -e AWS_ENDPOINT_URL_S3",
          "set -gx AWS_ENDPOINT_URL 'http://127.0.0.1:4566'",
        ],
        [
          "Remove-Item Env:AWS_ENDPOINT_URL_S3",
          "$env:AWS_ENDPOINT_URL = 'http://127.0.0.1:4566'",
        ],
      ]
    `);
  });

  it('quotes what a shell would run, and passes on no strange names', () => {
    const evil = { endpoint: sandbox.endpoint, region: `eu'$(touch pwned)` };
    const environment = { 'AWS_ENDPOINT_URL_X;touch pwned': 'x', AWS_PROFILE: 'work' };
    const { lines, unset } = environmentLines(evil, 'posix', environment);
    expect(unset).toEqual(['AWS_PROFILE']);
    const printed = execFileSync('/bin/sh', ['-c', `${lines.join('\n')}\nprintf %s "$AWS_REGION"`], {
      cwd: home,
      encoding: 'utf8',
      env: { PATH: process.env.PATH ?? '', AWS_PROFILE: 'work' },
    });
    expect(printed).toBe(evil.region);
    expect(existsSync(join(home, 'pwned'))).toBe(false);
    expect(environmentLines(evil, 'fish', {}).lines).toContain(
      String.raw`set -gx AWS_REGION 'eu\'$(touch pwned)'`,
    );
    expect(environmentLines(evil, 'powershell', {}).lines).toContain(
      `$env:AWS_REGION = 'eu''$(touch pwned)'`,
    );
  });
});
