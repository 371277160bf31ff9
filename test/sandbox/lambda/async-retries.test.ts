import { describe, expect, test } from 'vitest';
import { failing, functionArn, queueArn, startAsync } from './async-harness.ts';

const MINUTE = 60_000;
const OTHER = queueArn('failed');

describe('throttled events', () => {
  test('wait in the queue, from one second doubled to five minutes, and run when there is room', async () => {
    let full = true;
    const { env, submit, journal, pass, addFunction, runs } = startAsync({ isThrottled: () => full });
    addFunction('fn', () => 'done');
    submit('fn');
    await env.work.idle();
    const waits = [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300];
    for (const [index, seconds] of waits.entries()) {
      await pass(seconds * 1000 - 1);
      expect(journal()).toHaveLength(index + 1);
      await pass(1);
    }
    expect(runs).toHaveLength(0);
    expect(new Set(journal().map((entry) => entry.slice(0, 2).join()))).toEqual(new Set(['1,throttled']));
    full = false;
    await pass(300_000);
    expect(journal().at(-1)).toEqual([1, 'ok', undefined]);
    expect(env.clock.sleepers).toBe(0);
  });

  test('reserved concurrency holds the second event back until the first has ended', async () => {
    let end: (value: unknown) => void = () => undefined;
    const { env, submit, journal, pass, addFunction } = startAsync();
    const record = addFunction('fn', (payload) =>
      payload === 1 ? new Promise((done) => (end = done)) : 'ok',
    );
    record.reservedConcurrency = 1;
    submit('fn', 1);
    submit('fn', 2);
    await env.clock.waitForSleeper();
    expect(journal().map(([, outcome]) => outcome)).toEqual(['throttled']);
    end('ok');
    await env.work.idle();
    await pass(1000);
    expect(journal().map(([, outcome]) => outcome)).toEqual(['throttled', 'ok', 'ok']);
  });

  test('an event that gets too old is given up before its next attempt', async () => {
    const { env, call, submit, journal, pass, addFunction, addQueue, received } = startAsync({
      isThrottled: () => true,
    });
    addFunction('fn', failing);
    await addQueue('failed');
    const MaximumEventAgeInSeconds = 60;
    const DestinationConfig = { OnFailure: { Destination: OTHER } };
    await call('PutFunctionEventInvokeConfig', {
      FunctionName: 'fn',
      MaximumEventAgeInSeconds,
      DestinationConfig,
    });
    submit('fn');
    await env.work.idle();
    // 1 + 2 + 4 + 8 + 16: the next wait of 32 seconds would go beyond the 60.
    await pass(31_000);
    expect(journal().at(-1)).toEqual([1, 'throttled', 'EventAgeExceeded']);
    expect(env.clock.sleepers).toBe(0);
    const record = JSON.parse(received('failed')[0]?.Body ?? '') as { requestContext: object };
    expect(record.requestContext).toMatchObject({ condition: 'EventAgeExceeded', approximateInvokeCount: 0 });
    expect(record).not.toHaveProperty('responseContext');
  });

  test('callers get 429 with the reason', async () => {
    const { call, addFunction } = startAsync();
    addFunction('fn', failing).reservedConcurrency = 0;
    await expect(call('Invoke', { FunctionName: 'fn' })).rejects.toMatchObject({
      code: 'TooManyRequestsException',
      status: 429,
      message: 'Rate Exceeded.',
      members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
    });
  });
});

describe('retries', () => {
  test('the config is that of the qualifier which the event names', async () => {
    const { env, call, submit, journal, pass, addFunction } = startAsync();
    const record = addFunction('fn', failing);
    record.aliases.set('live', {
      name: 'live',
      version: '1',
      description: '',
      weights: undefined,
      revisionId: '',
    });
    await call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', MaximumRetryAttempts: 0 });
    await call('PutFunctionEventInvokeConfig', {
      FunctionName: 'fn',
      Qualifier: 'live',
      MaximumRetryAttempts: 1,
    });
    submit('fn:live');
    await env.work.idle();
    await pass(MINUTE);
    submit('fn');
    submit('fn:1');
    await env.work.idle();
    await pass(3 * MINUTE);
    expect(journal()).toEqual([
      [1, 'error', undefined],
      [2, 'error', 'RetriesExhausted'],
      [1, 'error', 'RetriesExhausted'],
      [1, 'error', undefined],
      [2, 'error', undefined],
      [3, 'error', 'RetriesExhausted'],
    ]);
  });

  test('an alias that was deleted before the retry leaves a dropped event', async () => {
    const { env, submit, journal, pass, addFunction } = startAsync();
    const record = addFunction('fn', failing);
    record.aliases.set('live', {
      name: 'live',
      version: '1',
      description: '',
      weights: undefined,
      revisionId: '',
    });
    submit('fn:live');
    await env.work.idle();
    record.aliases.delete('live');
    await pass(MINUTE);
    expect(journal().at(-1)).toEqual([
      2,
      'dropped',
      `there is no function ${functionArn('fn:live')} any more`,
    ]);
    expect(env.clock.sleepers).toBe(0);
  });

  test('waiting is no work in progress, and abort ends it', async () => {
    const { env, submit, journal, addFunction, invocations } = startAsync();
    addFunction('fn', failing);
    submit('fn');
    await env.work.idle();
    expect(env.clock.sleepers).toBe(1);
    invocations.abort();
    expect(env.clock.sleepers).toBe(0);
    await env.work.idle();
    expect(journal()).toEqual([[1, 'error', undefined]]);
  });
});
