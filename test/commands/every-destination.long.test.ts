/** The whole life of a set-up, for each kind of destination: one line, the same again, a matrix of uploads, undo, destroy. */
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { expect, test } from 'vitest';
import type { InitResult } from '../../src/commands/init.ts';
import type { MatrixResult } from '../../src/commands/test-matrix.ts';
import { notificationOf } from '../support/foreign.ts';
import { words } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:arrivals';

test.each([
  ['lambda', '--function printer'],
  ['sqs', '--queue jobs'],
  ['sns', '--topic alerts'],
  ['eventbridge', `--event-rule photos-events --target ${QUEUE}`],
])('%s', async (kind, destination) => {
  const sandbox = await startTestSandbox();
  const cwd = temporaryFolder();
  const run = (line: string) => runCli([...words(line), '--json'], { endpoint: sandbox.url, cwd });
  const init = async (line: string) => {
    const result = await run(line);
    expect(result, result.stdout).toMatchObject({ code: 0 });
    const data: InitResult = envelopeOf(result).data;
    return data;
  };
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await sandbox.sqs.send(new CreateQueueCommand({ QueueName: 'arrivals' }));
  const before = await notificationOf(sandbox, 'photos');
  const line = `init photos ${destination} --event create,remove,tagging --prefix in/ --yes`;

  const { doctor } = await init(line);
  // A new topic has nobody to send to yet.
  const expected = kind === 'sns' ? 'sns-no-subscription' : null;
  expect(doctor, JSON.stringify(doctor)).toMatchObject({ rootCause: expected, notChecked: [] });
  const standing = await notificationOf(sandbox, 'photos');
  expect(standing).not.toEqual(before);

  sandbox.journal.clear();
  const again = await init(line);
  expect(again.steps.map(({ outcome }) => outcome)).toEqual(again.steps.map(() => 'unchanged'));
  expect(writesOf(sandbox)).toEqual([]);

  const matrix = await run('test-upload --matrix --timeout 60s --yes');
  const data: MatrixResult = envelopeOf(matrix).data;
  expect(matrix, JSON.stringify(data)).toMatchObject({ code: 0 });
  expect(data.matrix.length).toBeGreaterThan(5);
  expect(data.removed).toBe(true);

  const undone = await run('undo photos --yes');
  expect(undone, undone.stdout).toMatchObject({ code: 0 });
  expect(await notificationOf(sandbox, 'photos')).toEqual(before);

  const destroyed = await run('destroy --yes');
  expect(destroyed, destroyed.stdout).toMatchObject({ code: 0 });
  expect(await notificationOf(sandbox, 'photos')).toEqual(before);
});
