/** What is likely of the caller saves a round trip; when it was wrong, nothing of it counts. */
import { GetQueueUrlCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { CallerIdentity } from '../../src/aws/identity.ts';
import { readAsCaller, type Caller } from '../../src/commands/expected-caller.ts';
import { notificationOf } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const OURS: Caller = { account: '000000000000', partition: 'aws' };
const OTHERS: Caller = { account: '111122223333', partition: 'aws' };
const identity = { ...OURS, arn: 'arn:aws:iam::000000000000:root', userId: 'x' } satisfies CallerIdentity;

/** Reads that note who they were made as; those as `OTHERS` fail. */
function reads() {
  const asked: string[] = [];
  const read = ({ account }: Caller): Promise<string> => {
    asked.push(account);
    return account === OURS.account
      ? Promise.resolve(`of ${account}`)
      : Promise.reject(new Error('denied to them'));
  };
  return { asked, read };
}

test('who is expected and calls is asked for once, before it is known', async () => {
  const { asked, read } = reads();
  const result = readAsCaller(OURS, Promise.resolve(identity), read);
  expect(asked).toEqual(['000000000000']);
  expect(await result).toBe('of 000000000000');
  expect(asked).toHaveLength(1);
});

test.each([
  ['another account', OTHERS],
  ['another partition', { ...OURS, partition: 'aws-cn' }],
  ['nobody', undefined],
])('%s was expected: what is read is of the caller', async (_who, expected) => {
  const { asked, read } = reads();
  expect(await readAsCaller(expected, Promise.resolve(identity), read)).toBe('of 000000000000');
  expect(asked).toHaveLength(expected ? 2 : 1);
  expect(asked.at(-1)).toBe('000000000000');
});

test('the failure of an expected read is told when the caller is the expected one', async () => {
  const { read } = reads();
  const caller = Promise.resolve({ ...identity, ...OTHERS });
  await expect(readAsCaller(OTHERS, caller, read)).rejects.toThrow('denied to them');
});

test('who cannot be known ends it, whatever became of the read', async () => {
  const { read } = reads();
  const caller = Promise.reject<CallerIdentity>(new Error('no credentials'));
  await expect(readAsCaller(OTHERS, caller, read)).rejects.toThrow('no credentials');
});

test('credentials that name another account lead nowhere else', async () => {
  const env = { AWS_ACCOUNT_ID: OTHERS.account };
  const options = { endpoint: sandbox().url, cwd: temporaryFolder(), env };
  const made = await runInitJson('photos --queue jobs --dead-letter --yes', options);
  expect(made).toMatchObject({ code: 0, data: { account: OURS.account } });
  const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:jobs';
  expect(await notificationOf(sandbox(), 'photos')).toMatchObject({ QueueConfigurations: [{ QueueArn }] });
  const { QueueUrl } = await sandbox().sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs-dead-letter' }));
  expect(QueueUrl).toContain('/000000000000/');
  const again = await runInitJson('photos --queue jobs --dead-letter --yes', options);
  expect(again.data.steps.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
});
