import { expect, it } from 'vitest';
import type { FaultRule } from '../../../src/sandbox/fault-rules.ts';
import { createFaults } from '../../../src/sandbox/faults.ts';
import { createLogsService } from '../../../src/sandbox/services/logs/service.ts';
import { callerOf, createTestEnv, REGION } from './harness.ts';

const GROUP = '/aws/lambda/demo';

function withFault(...rules: FaultRule[]) {
  const env = createTestEnv();
  const faults = createFaults();
  for (const rule of rules) faults.add(rule);
  const logs = createLogsService(env, { faults });
  const call = callerOf(logs.handlers);
  const write = (message: string) =>
    logs.append(REGION, GROUP, 's', [{ timestamp: env.clock.now(), message }]);
  const read = async () => (await call('FilterLogEvents', { logGroupName: GROUP })).events ?? [];
  const messages = async () => (await read()).map(({ message }) => message);
  return { env, logs, call, write, read, messages };
}

it('shows lines late, between newer ones, with the time that they were written', async () => {
  const { env, write, read, messages } = withFault({ effect: { kind: 'late-logs', ms: 30_000 }, times: 1 });
  const written = env.clock.now();
  write('late');
  await env.clock.advance(1_000);
  write('prompt');
  await env.work.idle();
  expect(await messages()).toEqual(['prompt']);
  await env.clock.advance(29_000);
  expect(await messages()).toEqual(['late', 'prompt']);
  expect((await read())[0]).toMatchObject({ timestamp: written, ingestionTime: written + 30_000 });
});

it('ingests batches out of order, PutLogEvents’ too', async () => {
  const { env, call, write, read } = withFault({ effect: { kind: 'log-disorder', ms: 10_000 } });
  const written = Array.from({ length: 10 }, (_, i) => String(i));
  for (const text of written) write(text);
  await call('PutLogEvents', {
    logGroupName: GROUP,
    logStreamName: 's',
    logEvents: [{ timestamp: env.clock.now(), message: 'put' }],
  });
  expect(await read()).toEqual([]);
  await env.clock.advance(10_000);
  const events = await read();
  expect(events).toHaveLength(11);
  const times = events.map(({ ingestionTime }) => ingestionTime);
  expect(new Set(times).size).toBeGreaterThan(5);
  // Of one timestamp they are read as they came, which is not as they were written.
  expect(events.map(({ message }) => message)).not.toEqual([...written, 'put']);
});

it('holds back the groups that match, and nothing once they are gone', async () => {
  const late: FaultRule = { match: { group: '/aws/*/demo' }, effect: { kind: 'late-logs', ms: 1_000 } };
  const { env, logs, call, write, messages } = withFault(late);
  logs.append(REGION, '/other', 's', [{ timestamp: env.clock.now(), message: 'other' }]);
  expect((await call('FilterLogEvents', { logGroupName: '/other' })).events).toHaveLength(1);
  write('lost');
  await call('DeleteLogGroup', { logGroupName: GROUP });
  await call('CreateLogGroup', { logGroupName: GROUP });
  await env.clock.advance(1_000);
  expect(await messages()).toEqual([]);
  write('forgotten');
  expect(env.clock.sleepers).toBe(1);
  logs.reset();
  expect(env.clock.sleepers).toBe(0);
});
