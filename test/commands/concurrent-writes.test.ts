/** Two writers on one bucket: S3 has no version check, so each looks again right before its put, and reads back after it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, expect, test } from 'vitest';
import { rulesOf } from '../../src/core/notification.ts';
import { notificationOf, putNotification } from '../support/foreign.ts';
import { words } from '../support/init.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();

beforeEach(async () => {
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

/** Both runs are of one user. */
const add = (flags: string, state: string) =>
  runCli([...words(`add photos ${flags} --yes`), '--json'], {
    endpoint: sandbox().url,
    cwd: temporaryFolder(),
    env: { XDG_STATE_HOME: state },
  });
const ids = async () => rulesOf(await notificationOf(sandbox(), 'photos')).map(({ id }) => id);

test('two runs of add at the same time: both rules are there, or one ends with 5 and nothing is lost', async () => {
  await putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });
  const state = temporaryFolder();
  let conflicts = 0;
  for (let round = 0; round < 8; round++) {
    // Each call a little slower than the one before moves the two runs against each other.
    const slower = sandbox().faults.add({
      match: { service: 's3', operation: 'GetBucketNotificationConfiguration' },
      effect: { kind: 'latency', ms: round * 3 },
    });
    const before = await ids();
    const names = [`left-${round}`, `right-${round}`];
    const runs = await Promise.all(names.map((id) => add(`--queue jobs --id ${id} --prefix ${id}/`, state)));
    slower();
    const after = await ids();
    expect(after).toEqual(expect.arrayContaining(before));
    for (const [index, run] of runs.entries()) {
      const isThere = after.includes(names[index] ?? '');
      if (run.code === 0) {
        expect(isThere).toBe(true);
        continue;
      }
      conflicts++;
      expect([run.code, envelopeOf(run).error?.code]).toEqual([5, 'CONFIGURATION_CHANGED']);
      expect(isThere).toBe(false);
    }
    expect(await notificationOf(sandbox(), 'photos')).toMatchObject({ EventBridgeConfiguration: {} });
  }
  // The runs did get into each other's way: otherwise this would show nothing.
  expect(conflicts).toBeGreaterThan(0);
});

test('runs in one folder: what each of them made stands in the project file', async () => {
  const cwd = temporaryFolder();
  const run = (flags: string) =>
    runCli([...words(`${flags} --yes`), '--json'], { endpoint: sandbox().url, cwd });
  await run('init photos --queue jobs --id first --prefix first/');
  const runs = await Promise.all(
    ['a', 'b', 'c'].map((id) => run(`add photos --queue jobs-${id} --id ${id} --prefix ${id}/`)),
  );
  const made = JSON.parse(readFileSync(join(cwd, 's3evt.json'), 'utf8')) as {
    readonly made: readonly { readonly kind: string; readonly name: string }[];
  };
  const standing = await ids();
  expect(runs.some(({ code }) => code === 0)).toBe(true);
  for (const id of standing)
    expect(made.made).toContainEqual(expect.objectContaining({ kind: 'rule', name: id }));
  // Queues are made before the write that may find the bucket changed.
  for (const id of ['a', 'b', 'c']) {
    expect(made.made).toContainEqual({
      kind: 'queue',
      name: `arn:aws:sqs:us-east-1:000000000000:jobs-${id}`,
    });
  }
});
