/** Two writers on one bucket: S3 has no version check, so each looks again right before its put, and reads back after it. */
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
