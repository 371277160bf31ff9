/** Each read refused in turn: the doctor comes to an end, says what it could not see, and blames nothing for it. */
import { RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { doctor, summary } from './scenario.ts';
import { BUCKET, busChain, directFunction, queueChain, topicChain } from './world.ts';

const sandbox = shareSandbox();

interface Call {
  readonly service: string;
  readonly operation: string;
}

/** The operations that one run of the doctor calls. */
async function callsOf(world: TestSandbox, argv: readonly string[]): Promise<readonly Call[]> {
  world.journal.clear();
  await doctor(world, argv);
  const calls = new Map<string, Call>();
  for (const entry of world.journal.entries()) {
    if (entry.type !== 'request') continue;
    const { service, operation } = entry;
    // Nobody can be kept from asking who they are: https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    if (operation === 'GetCallerIdentity') continue;
    calls.set(`${service} ${operation}`, { service, operation });
  }
  return [...calls.values()];
}

/** Denies each of the calls in turn. */
async function denyEach(
  world: TestSandbox,
  argv: readonly string[],
  judge: (denied: Call, result: Awaited<ReturnType<typeof doctor>>) => void,
): Promise<number> {
  const calls = await callsOf(world, argv);
  for (const call of calls) {
    const lift = world.faults.add({ match: call, effect: { kind: 'deny' } });
    judge(call, await doctor(world, argv));
    lift();
  }
  return calls.length;
}

const KEY = ['--key', 'in/a.txt'];

describe('on a world that works', () => {
  test.each([
    ['a function', directFunction, 17],
    ['a queue and a function', queueChain, 18],
    ['a topic and a function', topicChain, 19],
    ['EventBridge and a function', busChain, 18],
  ] as const)('%s', async (_name, setUp, least) => {
    await setUp(sandbox());
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/a.txt', Body: 'a' }));
    await sandbox().idle();
    const count = await denyEach(sandbox(), KEY, ({ service, operation }, { code, data }) => {
      const what = `${service} ${operation}\n${summary(data)}`;
      // The two smaller calls answer in its place.
      if (operation === 'GetFunction') {
        expect(data.verdict, what).toBe('healthy');
        return;
      }
      expect(data.verdict, what).toBe('unknown');
      expect(data.rootCause, what).toBeNull();
      expect(data.notChecked.length, what).toBeGreaterThan(0);
      expect([3, 4], what).toContain(code);
    });
    expect(count).toBeGreaterThanOrEqual(least);
  });
});

test('on a broken one: the cause itself, or that it is not known', async () => {
  await directFunction(sandbox());
  await sandbox().lambda.send(
    new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }),
  );
  const count = await denyEach(sandbox(), [], ({ service, operation }, { data }) => {
    const what = `${service} ${operation}\n${summary(data)}`;
    expect(data.verdict, what).not.toBe('healthy');
    expect([null, 'lambda-permission-missing'], what).toContain(data.rootCause);
    if (operation !== 'GetFunction') expect(data.notChecked.length, what).toBeGreaterThan(0);
  });
  expect(count).toBeGreaterThanOrEqual(16);
});

test('without both calls that describe a function', async () => {
  await directFunction(sandbox());
  for (const operation of ['GetFunction', 'GetFunctionConfiguration']) {
    sandbox().faults.add({ match: { service: 'lambda', operation }, effect: { kind: 'deny' } });
  }
  const { code, data } = await doctor(sandbox());
  expect(data.verdict, summary(data)).toBe('unknown');
  expect(data.rootCause).toBeNull();
  expect(code).toBe(4);
  expect(data.notChecked.map(({ action }) => action)).toContain('lambda:GetFunctionConfiguration');
});
