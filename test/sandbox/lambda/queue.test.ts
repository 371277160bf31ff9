import {
  GetFunctionEventInvokeConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  DeleteFunctionCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../support/manual-clock.ts';
import { failure, startLambda, zipOf } from './harness.ts';

/** The machine may be busy: only a condition that never comes true fails. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 15_000 });

const FAILING = { 'app.mjs': `export const handler = async () => { throw new Error('no'); };` };
const ECHO = { 'app.mjs': 'export const handler = async (e) => { console.log("GOT", e.n); return e.n; };' };

type Harness = Awaited<ReturnType<typeof startLambda>>;
const invocations = ({ env }: Harness) =>
  env.journal.entries().filter((entry) => entry.type === 'invocation');
const attemptDone = ({ env }: Harness, attempt: number) =>
  env.journal.waitFor((entry) => entry.type === 'invocation' && entry.attempt === attempt);

describe('asynchronous invocation', () => {
  test('a function error is retried after one and two minutes with the same request id', async () => {
    const clock = createManualClock();
    const harness = await startLambda({ clock });
    await harness.create('fn', {
      'app.mjs': `export const handler = async (e, c) => { throw new Error('no'); };`,
    });
    const accepted = await harness.invoke('fn', {}, { InvocationType: 'Event' });
    expect([accepted.status, accepted.text]).toEqual([202, '']);
    await attemptDone(harness, 1);
    await clock.waitForSleeper();
    // Sleeping before a retry is no work in progress.
    await harness.env.work.idle();
    await clock.advance(59_999);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    await attemptDone(harness, 2);
    await clock.waitForSleeper();
    await clock.advance(119_999);
    expect(clock.sleepers).toBe(1);
    await clock.advance(1);
    await attemptDone(harness, 3);
    await harness.env.work.idle();
    expect(clock.sleepers).toBe(0);
    expect(invocations(harness)).toEqual(
      [1, 2, 3].map(
        (attempt) =>
          expect.objectContaining({
            functionName: 'fn',
            requestId: accepted.requestId,
            attempt,
            outcome: 'error',
          }) as unknown,
      ),
    );
    expect(
      harness.messages().filter((m) => m === `START RequestId: ${accepted.requestId} Version: $LATEST\n`),
    ).toHaveLength(3);
  });

  test('MaximumRetryAttempts and MaximumEventAgeInSeconds are honoured', async () => {
    const clock = createManualClock();
    const harness = await startLambda({ clock });
    const { client, create, invoke, env } = harness;
    await create('none', FAILING);
    await create('young', FAILING);
    expect(
      await failure(client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName: 'none' }))),
    ).toMatchObject({
      code: 'ResourceNotFoundException',
      status: 404,
    });
    await client.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: 'none', MaximumRetryAttempts: 0 }),
    );
    await client.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: 'young', MaximumEventAgeInSeconds: 100 }),
    );
    await invoke('none', {}, { InvocationType: 'Event' });
    await invoke('young', {}, { InvocationType: 'Event' });
    await clock.waitForSleeper();
    await env.work.idle();
    await clock.advance(60_000);
    await attemptDone(harness, 2);
    await env.work.idle();
    expect(clock.sleepers).toBe(0);
    expect(invocations(harness).map((entry) => [entry.functionName, entry.attempt])).toEqual(
      expect.arrayContaining([
        ['none', 1],
        ['young', 1],
        ['young', 2],
      ]),
    );
    expect(invocations(harness)).toHaveLength(3);
  });

  test(
    '300 events: none lost, none twice, never more environments than allowed',
    { timeout: 120_000 },
    async () => {
      const clock = createManualClock();
      const harness = await startLambda({ clock, deps: { options: { maxEnvironmentsPerFunction: 2 } } });
      await harness.create('fn', ECHO, { Timeout: 60 });
      await Promise.all(
        Array.from({ length: 300 }, (_, n) => harness.invoke('fn', { n }, { InvocationType: 'Event' })),
      );
      await harness.env.work.idle();
      const got = harness.messages().flatMap((m) => /\tGOT (\d+)\n$/.exec(m)?.[1] ?? []);
      expect(got.map(Number).sort((a, b) => a - b)).toEqual(Array.from({ length: 300 }, (_, n) => n));
      expect(new Set(harness.lines.map((line) => line.stream)).size).toBeLessThanOrEqual(2);
      expect(invocations(harness).every((entry) => entry.outcome === 'ok')).toBe(true);
      // What has succeeded waits for no retry.
      expect(clock.sleepers).toBe(0);
    },
  );

  test('events of one environment keep their order', async () => {
    const harness = await startLambda({ deps: { options: { maxEnvironmentsPerFunction: 1 } } });
    await harness.create('fn', ECHO);
    for (let n = 0; n < 20; n++) await harness.invoke('fn', { n }, { InvocationType: 'Event' });
    await harness.env.work.idle();
    const got = harness.messages().flatMap((m) => /\tGOT (\d+)\n$/.exec(m)?.[1] ?? []);
    expect(got.map(Number)).toEqual(Array.from({ length: 20 }, (_, n) => n));
  });

  test('queued events of a function that cannot start each fail once', async () => {
    const harness = await startLambda({ clock: createManualClock() });
    await harness.create('fn', { 'app.mjs': 'import "./nowhere.mjs";' });
    for (let n = 0; n < 10; n++) await harness.invoke('fn', {}, { InvocationType: 'Event' });
    await harness.env.work.idle();
    expect(invocations(harness)).toHaveLength(10);
    expect(new Set(invocations(harness).map((entry) => entry.requestId)).size).toBe(10);
    // One process per invocation, and one more for each environment's first initialisation.
    const starts = harness.messages().filter((m) => m.startsWith('INIT_REPORT')).length;
    const environments = new Set(harness.lines.map((line) => line.stream)).size;
    expect(starts).toBeLessThanOrEqual(10 + environments);
  });
});

describe('concurrency', () => {
  test('parallel calls get environments of their own, up to the limit', async () => {
    const harness = await startLambda({ deps: { options: { maxEnvironmentsPerFunction: 3 } } });
    await harness.create(
      'fn',
      {
        'app.mjs': `export const handler = async (e) => { await new Promise((r) => setTimeout(r, 100)); return process.pid; };`,
      },
      { Timeout: 60 },
    );
    const pids = await Promise.all(Array.from({ length: 12 }, () => harness.invoke('fn')));
    expect(new Set(pids.map((result) => result.text)).size).toBeLessThanOrEqual(3);
    expect(new Set(pids.map((result) => result.text)).size).toBeGreaterThan(1);
  });

  test('reserved concurrency 0 refuses callers and drops events without an attempt', async () => {
    const harness = await startLambda();
    await harness.create('fn', ECHO);
    await harness.client.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'fn', ReservedConcurrentExecutions: 0 }),
    );
    expect(await failure(harness.invoke('fn'))).toEqual({
      code: 'TooManyRequestsException',
      status: 429,
      message: 'Rate Exceeded.',
    });
    const { requestId, status } = await harness.invoke('fn', {}, { InvocationType: 'Event' });
    expect(status).toBe(202);
    await harness.env.journal.waitFor((entry) => entry.type === 'invocation');
    expect(invocations(harness)).toEqual([
      expect.objectContaining({ requestId, attempt: 1, outcome: 'throttled' }),
    ]);
    expect(harness.messages()).toEqual([]);
  });

  test('a reserved share refuses the call beyond it', async () => {
    const harness = await startLambda();
    await harness.create(
      'fn',
      {
        'app.mjs': `export const handler = async () => { console.log('running'); await new Promise((r) => setTimeout(r, 1e6)); };`,
      },
      { Timeout: 60 },
    );
    await harness.client.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'fn', ReservedConcurrentExecutions: 1 }),
    );
    const first = failure(harness.invoke('fn'));
    await eventually(() => harness.messages().some((m) => m.includes('running'))).toBe(true);
    expect((await failure(harness.invoke('fn'))).status).toBe(429);
    await harness.service.reset();
    expect((await first).status).toBe(500);
  });
});

describe('life of environments', () => {
  const PID = { 'app.mjs': 'export const handler = async () => process.pid;' };
  const alive = (pid: number) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  };

  test('idle environments end by themselves', async () => {
    const harness = await startLambda({ deps: { options: { idleReapMs: 50 } } });
    await harness.create('fn', PID);
    const pid = Number((await harness.invoke('fn')).text);
    await eventually(() => alive(pid)).toBe(false);
    expect(Number((await harness.invoke('fn')).text)).not.toBe(pid);
  });

  test('new code runs in new environments, the old ones end', async () => {
    const harness = await startLambda();
    await harness.create('fn', PID);
    const pid = Number((await harness.invoke('fn')).text);
    const ZipFile = zipOf({ 'app.mjs': 'export const handler = async () => "new";' });
    await harness.client.send(new UpdateFunctionCodeCommand({ FunctionName: 'fn', ZipFile }));
    expect((await harness.invoke('fn')).text).toBe('"new"');
    await eventually(() => alive(pid)).toBe(false);
  });

  test('a deleted function lets its running invocation end', async () => {
    const harness = await startLambda();
    await harness.create('fn', {
      'app.mjs': `export const handler = async () => { console.log('running'); await new Promise((r) => setTimeout(r, 200)); return process.pid; };`,
    });
    const running = harness.invoke('fn');
    await eventually(() => harness.messages().some((m) => m.includes('running'))).toBe(true);
    await harness.client.send(new DeleteFunctionCommand({ FunctionName: 'fn' }));
    const pid = Number((await running).text);
    await eventually(() => alive(pid)).toBe(false);
  });

  test('reset kills what runs, its children too, and settles all that waits', async () => {
    const harness = await startLambda({ deps: { options: { maxEnvironmentsPerFunction: 1 } } });
    await harness.create(
      'fn',
      {
        'app.mjs': `import { spawn } from 'node:child_process';
        export const handler = async () => {
          const child = spawn('sleep', ['1000']);
          console.log('PIDS', process.pid, child.pid);
          for (;;);
        };`,
      },
      { Timeout: 60 },
    );
    const calls = [failure(harness.invoke('fn')), failure(harness.invoke('fn'))];
    await harness.invoke('fn', {}, { InvocationType: 'Event' });
    const pids = () => /PIDS (\d+) (\d+)/.exec(harness.messages().join(''))?.slice(1).map(Number) ?? [];
    await eventually(pids).toHaveLength(2);
    await harness.service.reset();
    await eventually(() => pids().some(alive)).toBe(false);
    for (const call of calls) expect((await call).status).toBe(500);
    await harness.env.work.idle();
    expect((await failure(harness.invoke('fn'))).code).toBe('ResourceNotFoundException');
  });
});
