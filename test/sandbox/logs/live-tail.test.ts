import type { StartLiveTailResponseStream } from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { createLogsService, type LogsService } from '../../../src/sandbox/services/logs/service.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION, type TestEnv } from './harness.ts';

const GROUP = '/aws/lambda/demo';
const ARN = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`;

let env: TestEnv;
let logs: LogsService;
let call: ReturnType<typeof callerOf<LogsService['handlers']>>;

beforeEach(async () => {
  env = createTestEnv();
  logs = createLogsService(env);
  call = callerOf(logs.handlers);
  await call('CreateLogGroup', { logGroupName: GROUP });
});

type StartInput = Partial<Parameters<typeof call<'StartLiveTail'>>[1]>;

async function start(input: StartInput = {}): Promise<AsyncIterator<StartLiveTailResponseStream>> {
  const { responseStream } = await call('StartLiveTail', { logGroupIdentifiers: [ARN], ...input });
  const iterator = responseStream?.[Symbol.asyncIterator]();
  if (!iterator) throw new Error('no stream');
  await iterator.next();
  return iterator;
}

/** Asks for the next message and lets its second pass. */
async function nextUpdate(iterator: AsyncIterator<StartLiveTailResponseStream>) {
  const next = iterator.next();
  await env.clock.waitForSleeper();
  await env.clock.advance(1_000);
  const result = await next;
  if (result.done === true) throw new Error('the session has ended');
  return result.value.sessionUpdate;
}

function write(stream: string, ...messages: readonly string[]): void {
  const timestamp = env.clock.now() - 1_000;
  logs.append(
    REGION,
    GROUP,
    stream,
    messages.map((message) => ({ timestamp, message })),
  );
}

it('says first what it was asked for', async () => {
  const { responseStream } = await call('StartLiveTail', { logGroupIdentifiers: [ARN] });
  const first = await responseStream?.[Symbol.asyncIterator]().next();
  expect(first?.value).toEqual({
    sessionStart: {
      requestId: '9e8d7c6b-5a49-4838-a726-1504f3e2d1c0',
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      logGroupIdentifiers: [ARN],
      logStreamNames: [],
      logStreamNamePrefixes: [],
      logEventFilterPattern: '',
    },
  });
});

it('sends each second what was ingested since, with no history', async () => {
  write('s', 'before');
  const session = await start();
  write('s', 'one');
  logs.append(REGION, 'another', 's', [{ timestamp: 0, message: 'elsewhere' }]);
  const ingestionTime = env.clock.now();
  expect(await nextUpdate(session)).toEqual({
    sessionMetadata: { sampled: false },
    sessionResults: [
      {
        logGroupIdentifier: `${ACCOUNT}:${GROUP}`,
        logStreamName: 's',
        message: 'one',
        timestamp: ingestionTime - 1_000,
        ingestionTime,
      },
    ],
  });
  expect(await nextUpdate(session)).toEqual({ sessionMetadata: { sampled: false }, sessionResults: [] });
});

it('filters by pattern and stream', async () => {
  const messages = async (input: StartInput) => {
    const session = await start(input);
    write('a1', 'ERROR one');
    write('b', 'ERROR two', 'fine');
    const update = await nextUpdate(session);
    return update?.sessionResults?.map(({ message }) => message);
  };
  expect(await messages({ logEventFilterPattern: 'ERROR' })).toEqual(['ERROR one', 'ERROR two']);
  expect(await messages({ logStreamNames: ['b'], logEventFilterPattern: '%^ERR%' })).toEqual(['ERROR two']);
  expect(await messages({ logStreamNamePrefixes: ['a', 'x'] })).toEqual(['ERROR one']);
});

it('samples above 500 events', async () => {
  const session = await start();
  write('s', ...Array.from({ length: 1_250 }, (_, i) => String(i)));
  const update = await nextUpdate(session);
  expect(update?.sessionMetadata).toEqual({ sampled: true });
  const numbers = update?.sessionResults?.map(({ message }) => Number(message)) ?? [];
  expect(numbers).toHaveLength(500);
  expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  expect(numbers.at(-1)).toBeGreaterThan(1_200);
});

it('ends after three hours with the exception of the model', async () => {
  const session = await start();
  await env.clock.advance(3 * 3_600_000);
  await expect(session.next()).rejects.toMatchObject({ code: 'SessionTimeoutException' });
});

it('ends at once when the client goes or the sandbox is reset', async () => {
  const session = await start();
  const next = session.next();
  await env.clock.waitForSleeper();
  await session.return?.();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(env.clock.sleepers).toBe(0);

  const other = await start();
  const update = other.next();
  await env.clock.waitForSleeper();
  logs.reset();
  expect(await update).toEqual({ done: true, value: undefined });
});

it('allows 15 sessions at a time', async () => {
  const sessions = await Promise.all(Array.from({ length: 15 }, () => start()));
  await expect(start()).rejects.toMatchObject({ code: 'LimitExceededException' });
  await sessions[0]?.return?.();
  await start();
});

describe('refuses', () => {
  it.each<[string, StartInput, string, RegExp?]>([
    [
      'a missing group',
      { logGroupIdentifiers: [`${ARN}x`] },
      'ResourceNotFoundException',
      /^The specified log group does not exist\.$/,
    ],
    ['an asterisk', { logGroupIdentifiers: [`${ARN}:*`] }, 'InvalidParameterException'],
    ['a plain name', { logGroupIdentifiers: [GROUP] }, 'InvalidParameterException'],
    ['no group', { logGroupIdentifiers: [] }, 'InvalidParameterException'],
    [
      '11 groups',
      { logGroupIdentifiers: Array.from({ length: 11 }, () => ARN) },
      'InvalidParameterException',
    ],
    [
      'names and prefixes',
      { logStreamNames: ['a'], logStreamNamePrefixes: ['a'] },
      'InvalidParameterException',
    ],
    [
      'streams of two groups',
      { logGroupIdentifiers: [ARN, ARN], logStreamNames: ['a'] },
      'InvalidParameterException',
    ],
    [
      'a bad pattern',
      { logEventFilterPattern: 'a@b' },
      'InvalidParameterException',
      /^Invalid filter pattern: Invalid character/,
    ],
    [
      'a pair of quotes',
      { logEventFilterPattern: '""' },
      'InvalidParameterException',
      /^Invalid filter pattern: Invalid character\(s\) in term '""'$/,
    ],
  ])('%s', async (_name, input, code, message = /./) => {
    await expect(start(input)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('an infrequent access group', async () => {
    await call('CreateLogGroup', { logGroupName: 'rare', logGroupClass: 'INFREQUENT_ACCESS' });
    await expect(start({ logGroupIdentifiers: [ARN.replace(GROUP, 'rare')] })).rejects.toMatchObject({
      code: 'InvalidOperationException',
    });
  });
});
