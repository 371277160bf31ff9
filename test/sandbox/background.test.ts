import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  findSandbox,
  registerSandbox,
  resetSandbox,
  startBackground,
  stopSandbox,
  unregisterSandbox,
  type RunningSandbox,
} from '../../src/sandbox/background.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { NoAnswer } from '../../src/sandbox/control-client.ts';
import { isAlive, stateFile, stateFolder, tryStartLock } from '../../src/sandbox/state-file.ts';
import { createManualClock } from '../support/manual-clock.ts';

const support = (name: string) => fileURLToPath(new URL(`../support/${name}`, import.meta.url));
const fake = (mode: string) => [
  process.execPath,
  '--import',
  support('ts-loader.mjs'),
  support('fake-sandbox.ts'),
  mode,
];
/** No process has it: above the largest id that Linux gives. */
const DEAD_PID = 2 ** 22 + 1;

let home: string;
let env: Record<string, string>;
const pids = new Set<number>();
const servers: Server[] = [];

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 's3evt-background-'));
  env = { HOME: home, PATH: process.env.PATH ?? '', FAKE_SANDBOX_JOURNAL: join(home, 'journal') };
});
afterEach(async () => {
  for (const pid of startedPids()) pids.add(pid);
  for (const pid of pids) if (isAlive(pid)) process.kill(pid, 'SIGKILL');
  pids.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
  rmSync(home, { recursive: true, force: true });
});

const journal = () => (existsSync(join(home, 'journal')) ? readFileSync(join(home, 'journal'), 'utf8') : '');
const startedPids = () => [...journal().matchAll(/^started (\d+)$/gm)].map((match) => Number(match[1]));
const running = (changes: Partial<RunningSandbox> = {}): RunningSandbox => ({
  pid: process.pid,
  endpoint: 'http://127.0.0.1:1',
  account: '000000000000',
  region: 'us-east-1',
  instance: 'one',
  startedAt: '2026-01-02T03:04:05.000Z',
  ...changes,
});
const start = (mode: string, options: { timeoutMs?: number; signal?: AbortSignal } = {}) =>
  startBackground(env, {
    command: fake(mode),
    timeoutMs: options.timeoutMs ?? 15_000,
    clock: systemClock,
    signal: options.signal ?? new AbortController().signal,
  });
const waitOptions = { timeoutMs: 15_000, clock: systemClock, signal: new AbortController().signal };
const untilGone = async (pid: number) => {
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 10));
};

async function serve(answer: () => { status: number; body: string }): Promise<string> {
  const server = createServer((_req, res) => {
    const { status, body } = answer();
    res.writeHead(status).end(body);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the state folder', () => {
  it.each([
    [{ HOME: '/home/ann' }, 'linux', '/home/ann/.local/state/s3evt'],
    [{ HOME: '/home/ann', XDG_STATE_HOME: '/state' }, 'linux', '/state/s3evt'],
    [{ HOME: '/home/ann', XDG_STATE_HOME: 'relative' }, 'linux', '/home/ann/.local/state/s3evt'],
    [{ LOCALAPPDATA: '/AppData', HOME: '/home/ann' }, 'win32', '/AppData/s3evt'],
    [{ LOCALAPPDATA: '/AppData', HOME: '/home/ann' }, 'linux', '/home/ann/.local/state/s3evt'],
  ] as const)('of %j on %s is %s', (environment, platform, folder) => {
    expect(stateFolder(environment, platform)).toBe(folder);
  });

  it('cannot be guessed without a home', () => {
    expect(() => stateFolder({}, 'linux')).toThrow(/HOME is not set/);
  });
});

describe('registering and finding', () => {
  it('finds the registered sandbox when it answers with its instance', async () => {
    const endpoint = await serve(() => ({ status: 200, body: JSON.stringify({ instance: 'one' }) }));
    const sandbox = running({ endpoint });
    expect(await findSandbox(env)).toBeUndefined();
    expect(await registerSandbox(env, sandbox)).toBeUndefined();
    expect(await findSandbox(env)).toEqual(sandbox);
    if (process.platform !== 'win32') {
      expect(statSync(stateFile(env)).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(stateFile(env))).mode & 0o777).toBe(0o700);
    }
  });

  it.each([
    ['another instance answers', { status: 200, body: '{"instance":"two"}' }],
    ['something else answers', { status: 404, body: '<html>' }],
    ['it answers with null', { status: 200, body: 'null' }],
  ])('removes the file when %s', async (_what, answer) => {
    const sandbox = running({ endpoint: await serve(() => answer) });
    await registerSandbox(env, sandbox);
    expect(await findSandbox(env)).toBeUndefined();
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it('removes the file when nobody listens', async () => {
    await registerSandbox(env, running());
    expect(await findSandbox(env)).toBeUndefined();
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it.each([
    ['no JSON', 'not json'],
    ['null', 'null'],
    ['a list', '[]'],
    ['another host', JSON.stringify(running({ endpoint: 'http://203.0.113.1:80' }))],
    ['a name', JSON.stringify(running({ endpoint: 'http://localhost:4566' }))],
    ['https', JSON.stringify(running({ endpoint: 'https://127.0.0.1:4566' }))],
    ['user info', JSON.stringify(running({ endpoint: 'http://127.0.0.1:80@203.0.113.1' }))],
    ['a path', JSON.stringify(running({ endpoint: 'http://127.0.0.1:80/x' }))],
    ['no process id', JSON.stringify({ ...running(), pid: 'x' })],
    ['no instance', JSON.stringify({ ...running(), instance: undefined })],
  ])('asks nobody and removes the file when it holds %s', async (_what, content) => {
    mkdirSync(dirname(stateFile(env)), { recursive: true });
    writeFileSync(stateFile(env), content);
    const asked: string[] = [];
    const health = async (endpoint: string) => {
      asked.push(endpoint);
      return { instance: 'one' };
    };
    expect(await findSandbox(env, health)).toBeUndefined();
    expect(asked).toEqual([]);
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it('keeps the file of a process that lives but is too busy to answer, and says so', async () => {
    await registerSandbox(env, running());
    const busy = () => Promise.reject(new NoAnswer('busy'));
    await expect(findSandbox(env, busy)).rejects.toMatchObject({
      code: 'SANDBOX_FAILED',
      hint: expect.stringContaining(String(process.pid)),
    });
    expect(existsSync(stateFile(env))).toBe(true);
  });

  it('removes the file when its process is dead and another one holds the port silently', async () => {
    await registerSandbox(env, running({ pid: DEAD_PID }));
    expect(await findSandbox(env, () => Promise.reject(new NoAnswer('busy')))).toBeUndefined();
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it('registers only one, and lets only that one unregister itself', async () => {
    const endpoint = await serve(() => ({ status: 200, body: '{"instance":"one"}' }));
    const [first, second] = [running({ endpoint }), running({ endpoint, instance: 'two' })];
    expect(await registerSandbox(env, first)).toBeUndefined();
    expect(await registerSandbox(env, second)).toEqual(first);
    unregisterSandbox(env, second);
    expect(await findSandbox(env)).toEqual(first);
    unregisterSandbox(env, first);
    expect(existsSync(stateFile(env))).toBe(false);
  });

  it('replaces a stale registration', async () => {
    await registerSandbox(env, running({ instance: 'stale' }));
    expect(await registerSandbox(env, running({ instance: 'new' }))).toBeUndefined();
    expect(readFileSync(stateFile(env), 'utf8')).toContain('"instance":"new"');
  });
});

describe('the start lock', () => {
  it('is held by one and can be taken again after release', () => {
    const release = tryStartLock(env, 1_000, 5_000);
    expect(release).toBeDefined();
    expect(tryStartLock(env, 1_001, 5_000)).toBeUndefined();
    release?.();
    expect(tryStartLock(env, 1_002, 5_000)).toBeDefined();
  });

  it('is taken over when it is too old, and its old holder cannot release the new one', () => {
    const old = tryStartLock(env, 1_000, 5_000);
    expect(tryStartLock(env, 6_001, 5_000)).toBeDefined();
    old?.();
    expect(tryStartLock(env, 6_002, 5_000)).toBeUndefined();
  });

  it.each([
    ['its process is dead', JSON.stringify({ pid: DEAD_PID, until: 1e15 })],
    ['it is no lock', 'nonsense'],
  ])('is taken over when %s', (_what, content) => {
    mkdirSync(dirname(stateFile(env)), { recursive: true });
    writeFileSync(join(dirname(stateFile(env)), 'start.lock'), content);
    expect(tryStartLock(env, 1_000, 5_000)).toBeDefined();
  });
});

describe('starting in the background', () => {
  it('starts a process that goes on alone, is found, reset and stopped', async () => {
    const started = await start('ok');
    expect(started.started).toBe(true);
    expect(started.pid).not.toBe(process.pid);
    const { started: _, ...sandbox } = started;
    expect(await findSandbox(env)).toEqual(sandbox);
    expect(await start('ok')).toEqual({ ...sandbox, started: false });

    expect(await resetSandbox(env)).toEqual(sandbox);
    expect(journal()).toContain('POST /_sandbox/reset');

    expect(await stopSandbox(env, waitOptions)).toEqual(sandbox);
    await untilGone(sandbox.pid);
    expect(existsSync(stateFile(env))).toBe(false);
    expect(await stopSandbox(env, waitOptions)).toBeUndefined();
    expect(await resetSandbox(env)).toBeUndefined();
  });

  it('starts only one for many callers at once', async () => {
    const all = await Promise.all(Array.from({ length: 6 }, () => start('ok')));
    expect(new Set(all.map((one) => one.endpoint)).size).toBe(1);
    expect(all.filter((one) => one.started)).toHaveLength(1);
    expect(startedPids()).toHaveLength(1);
  });

  it('fails with the end of the log when the process ends, and leaves no lock', async () => {
    const error: unknown = await start('exit').catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'SANDBOX_FAILED',
      message: 'the sandbox ended before it was ready (exit code 7)\nthe fake sandbox refuses to start',
      hint: expect.stringContaining('sandbox.log'),
    });
    expect(existsSync(join(dirname(stateFile(env)), 'start.lock'))).toBe(false);
  });

  it('fails when the program does not exist', async () => {
    const command = [join(home, 'no-such-program')];
    const signal = new AbortController().signal;
    await expect(
      startBackground(env, { command, timeoutMs: 15_000, clock: systemClock, signal }),
    ).rejects.toMatchObject({
      code: 'SANDBOX_FAILED',
      message: expect.stringContaining('ENOENT'),
    });
  });

  it('gives up after its time and ends what it started', async () => {
    const clock = createManualClock();
    const signal = new AbortController().signal;
    const outcome = startBackground(env, { command: fake('hang'), timeoutMs: 1_000, clock, signal }).catch(
      (error: unknown) => error,
    );
    while (startedPids().length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await clock.waitForSleeper();
    await clock.advance(1_000);
    expect(await outcome).toMatchObject({
      code: 'SANDBOX_FAILED',
      message: 'the sandbox was not ready after 1 s',
    });
    await untilGone(startedPids()[0]!);
  });

  it('ends what it started when it is interrupted', async () => {
    const abort = new AbortController();
    const outcome = start('hang', { signal: abort.signal }).catch((error: unknown) => error);
    while (startedPids().length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    abort.abort(new Error('Ctrl-C'));
    expect(await outcome).toMatchObject({ message: 'Ctrl-C' });
    await untilGone(startedPids()[0]!);
  });
});
