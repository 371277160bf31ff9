/** As sandbox-sigkill.test.ts, at moments drawn at random. SEED in the environment repeats a run, which its name shows. */
import { setTimeout as pause } from 'node:timers/promises';
import { CreateFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { zipSync } from 'fflate';
import { describe, expect, onTestFinished, test } from 'vitest';
import { temporaryFolder } from '../support/run-cli.ts';
import {
  grandchildrenOf,
  hasProc,
  janitorOf,
  nothingIsLeft,
  prepareVictim,
  processesOf,
  startSandboxIn,
  until,
  type Victim,
} from '../support/sandbox-victim.ts';

const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000);

/** mulberry32: numbers from 0 up to 1. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const random = randomNumbers(SEED);
/** Where the moment falls: milliseconds that pass between a cause and the SIGKILL, not a wait for anything. */
const moments = (count: number, withinMs: number) =>
  Array.from({ length: count }, () => Math.round(random() * withinMs));

async function victimIn(folder: string): Promise<Victim> {
  const victim = await prepareVictim(startSandboxIn(folder), ['python', 'node']);
  onTestFinished(() => victim.destroy());
  return victim;
}

/** Requests that the kill cuts off may fail. */
const load = (requests: readonly Promise<unknown>[]): void => void Promise.allSettled(requests);

function uploads(victim: Victim, count: number, key: string): Promise<void>[] {
  return Array.from({ length: count }, (_, i) =>
    victim.upload(i % 2 === 0 ? 'python' : 'node', `${key}-${i}`),
  );
}

const ended = (victim: Victim) => new Promise((resolve) => victim.child.once('close', resolve));

describe.skipIf(!hasProc)(`nothing is left of a sandbox, seed ${SEED}`, () => {
  test.each(moments(5, 700))('killed while it starts, after %i ms', async (ms) => {
    const folder = temporaryFolder();
    const child = startSandboxIn(folder);
    let text = '';
    child.stdout?.on('data', (chunk) => (text += String(chunk)));
    await pause(ms);
    child.kill('SIGKILL');
    await nothingIsLeft(folder, Number(/127\.0\.0\.1:(\d+)/.exec(text)?.[1] ?? 0) || undefined);
    // The entry of the dead sandbox hinders no other.
    const next = await victimIn(folder);
    expect(await next.invoke('node')).toBeGreaterThan(0);
    next.child.kill('SIGKILL');
    await nothingIsLeft(folder, next.port);
  });

  test.each(moments(6, 250))(
    'killed while functions are launched and run, %i ms after the uploads',
    async (ms) => {
      const folder = temporaryFolder();
      const victim = await victimIn(folder);
      load(uploads(victim, 12, ms % 2 === 0 ? 'busy' : 'quick'));
      await pause(ms);
      victim.child.kill('SIGKILL');
      await nothingIsLeft(folder, victim.port);
    },
  );

  test.each(moments(4, 400))('killed while code is unpacked, after %i ms', async (ms) => {
    const folder = temporaryFolder();
    const victim = await victimIn(folder);
    const file = Buffer.from('export const handler = async () => 1;');
    const ZipFile = zipSync(
      Object.fromEntries(
        Array.from({ length: 3_000 }, (_, i) => [i === 0 ? 'app.mjs' : `lib/${i % 50}/${i}.mjs`, file]),
      ),
    );
    await victim.clients.lambda.send(
      new CreateFunctionCommand({
        FunctionName: 'victim-large',
        Runtime: 'nodejs22.x',
        Handler: 'app.handler',
        Role: 'arn:aws:iam::000000000000:role/victim-node-role',
        Code: { ZipFile },
      }),
    );
    load([victim.clients.lambda.send(new InvokeCommand({ FunctionName: 'victim-large' }))]);
    await pause(ms);
    victim.child.kill('SIGKILL');
    await nothingIsLeft(folder, victim.port);
  });

  test.each(moments(6, 60))('killed while it closes, %i ms after SIGTERM', async (ms) => {
    const folder = temporaryFolder();
    const victim = await victimIn(folder);
    await Promise.all(uploads(victim, 4, 'busy'));
    load(uploads(victim, 4, 'more'));
    await until(() => grandchildrenOf(folder).length >= 4);
    victim.child.kill('SIGTERM');
    await pause(ms);
    victim.child.kill('SIGKILL');
    await nothingIsLeft(folder, victim.port);
  });

  test.each(moments(4, 200))('its janitor killed %i ms after the uploads, itself afterwards', async (ms) => {
    const folder = temporaryFolder();
    const victim = await victimIn(folder);
    load(uploads(victim, 8, 'busy'));
    await until(() => janitorOf(folder) !== undefined);
    await pause(ms);
    const first = janitorOf(folder)?.pid ?? 0;
    process.kill(first, 'SIGKILL');
    await until(() => (janitorOf(folder)?.pid ?? first) !== first);
    // Still serves: both functions have room for more environments.
    await Promise.all([victim.upload('node', 'quick'), victim.upload('python', 'quick')]);
    victim.child.kill('SIGKILL');
    await nothingIsLeft(folder, victim.port);
  });

  test.each(['python', 'node'] as const)(
    'a %s function killed: its children go, the sandbox stays',
    async (language) => {
      const folder = temporaryFolder();
      const victim = await victimIn(folder);
      const warm = await victim.invoke(language);
      await victim.upload(language, 'busy');
      await until(() => grandchildrenOf(folder).length === 2);
      process.kill(warm, 'SIGKILL');
      // The child in the group goes at once; S3's event is retried, in time, by a new environment.
      const alive = (pid: number) => processesOf(folder).some((found) => found.pid === pid);
      await until(() => !alive(warm) && grandchildrenOf(folder).length === 1);
      const next = await victim.invoke(language);
      expect(next).not.toBe(warm);
      const closed = ended(victim);
      victim.child.kill('SIGTERM');
      expect(await closed).toBe(0);
      await nothingIsLeft(folder, victim.port);
    },
  );

  test('a second SIGTERM cuts the closing short', async () => {
    const folder = temporaryFolder();
    const victim = await victimIn(folder);
    await Promise.all(uploads(victim, 4, 'busy'));
    await until(() => grandchildrenOf(folder).length === 8);
    const before = processesOf(folder).length;
    victim.child.kill('SIGTERM');
    await until(() => processesOf(folder).length < before);
    victim.child.kill('SIGTERM');
    await nothingIsLeft(folder, victim.port);
  });
});
