/** Two writers on one bucket: S3 has no version check, so each looks again right before its put, and reads back after it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { configurationOf } from '../../src/aws/notification-codec.ts';
import { diffDocuments, rulesOf, type NotificationDocument } from '../../src/core/notification.ts';
import { foreignQueue, notificationOf, putNotification } from '../support/foreign.ts';
import { words } from '../support/init.ts';
import { meanwhile } from '../support/meanwhile.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const somebody = meanwhile();
const sandbox = shareSandbox({ faults: somebody });

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

/** The only one that the run left. */
function backupOf(cwd: string): {
  readonly before: NotificationDocument;
  readonly after: NotificationDocument;
} {
  const folder = join(cwd, '.s3evt/backups/photos');
  const [name = '', ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  const document = (file: string) =>
    JSON.parse(readFileSync(join(folder, name, file), 'utf8')) as NotificationDocument;
  return { before: document('before.json'), after: document('after.json') };
}

/** Each call a little slower than in the round before: that moves two runs against each other. */
const slower = (ms: number) =>
  sandbox().faults.add({
    match: { service: 's3', operation: 'GetBucketNotificationConfiguration' },
    effect: { kind: 'latency', ms },
  });

test('two runs of add at the same time, with room for both: both rules are there, and both end with 0', async () => {
  await putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });
  const state = temporaryFolder();
  const kept: string[] = [];
  for (let round = 0; round < 8; round++) {
    const faster = slower(round * 3);
    const before = await ids();
    const names = [`left-${round}`, `right-${round}`];
    const runs = await Promise.all(names.map((id) => add(`--queue jobs --id ${id} --prefix ${id}/`, state)));
    faster();
    expect(runs.map(({ code }) => code)).toEqual([0, 0]);
    const after = await ids();
    expect(after).toHaveLength(before.length + 2);
    expect(after).toEqual(expect.arrayContaining([...before, ...names]));
    expect(await notificationOf(sandbox(), 'photos')).toMatchObject({ EventBridgeConfiguration: {} });
    for (const [index, run] of runs.entries()) {
      const { warnings } = envelopeOf(run);
      const found = warnings.filter(({ code }) => code === 'CHANGE_KEPT').map(({ message }) => message);
      // Said once, and only of the other one.
      const other = names[1 - index] ?? '';
      const message = `the configuration of photos was changed meanwhile (rule ${other} added); that change is kept`;
      expect([[], [message]]).toContainEqual(found);
      kept.push(...found);
      const backup = backupOf(run.cwd);
      expect(rulesOf(backup.before).map(({ id }) => id)).toEqual(
        found.length === 0 ? before : expect.arrayContaining([...before, other]),
      );
      expect(diffDocuments(backup.before, backup.after)).toMatchObject({
        added: [{ id: names[index] }],
        removed: [],
        changed: [],
        eventBridge: 'unchanged',
      });
    }
  }
  // The runs did get into each other's way: otherwise this would show nothing.
  expect(kept.length).toBeGreaterThan(0);
});

test('two runs of add at the same time whose rules overlap: one ends with 0, the other with 5 and names the rule', async () => {
  const state = temporaryFolder();
  let meanwhileFound = 0;
  for (let round = 0; round < 6; round++) {
    const faster = slower(round * 3);
    const filters: Readonly<Record<string, string>> = {
      [`left-${round}`]: `${round}/`,
      [`right-${round}`]: `${round}/a/`,
    };
    const names = Object.keys(filters);
    const runs = await Promise.all(
      names.map((id) => add(`--queue jobs --id ${id} --prefix ${filters[id] ?? ''}`, state)),
    );
    faster();
    expect(runs.map(({ code }) => code).sort()).toEqual([0, 5]);
    const winner = runs.findIndex(({ code }) => code === 0);
    const [there = '', refused = ''] = winner === 0 ? names : [...names].reverse();
    const after = await ids();
    expect(after).toContain(there);
    expect(after).not.toContain(refused);
    const { error } = envelopeOf(runs[1 - winner] ?? { stdout: '' });
    // One that began to plan late sees the other rule there already.
    expect(['CONFIGURATION_CHANGED', 'RULES_OVERLAP']).toContain(error?.code);
    expect(error?.message).toContain(
      `rule "${refused}" (${filters[refused] ?? ''}*) and rule "${there}" (${filters[there] ?? ''}*)`,
    );
    if (error?.code !== 'CONFIGURATION_CHANGED') continue;
    meanwhileFound++;
    expect(error.message).toContain('changed meanwhile; nothing was written: ');
    expect(error.hint).toContain(`"${refused}"`);
  }
  expect(meanwhileFound).toBeGreaterThan(0);
});

describe('somebody writes from elsewhere', () => {
  const read = 'GetBucketNotificationConfiguration';
  const theirs = (Prefix: string): NotificationDocument => ({
    QueueConfigurations: [
      {
        Id: 'theirs',
        QueueArn: 'arn:aws:sqs:us-east-1:000000000000:others',
        Events: ['s3:ObjectCreated:*'],
        Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: Prefix }] } },
      },
    ],
  });
  /** What they do before the call of that number among those that read the configuration. */
  const beforeReads = (tasks: Readonly<Record<number, () => Promise<unknown>>>) => {
    let reads = 0;
    const count = async (): Promise<void> => {
      const task = tasks[++reads];
      await task?.();
      somebody.before(read, count);
    };
    somebody.before(read, count);
  };
  const write = (prefix: string) => () =>
    putNotification(sandbox(), 'photos', configurationOf(theirs(prefix)));

  beforeEach(() => foreignQueue(sandbox(), 'others'));

  // The first read is the plan's, the second the look before the write, the third the one that is merged into.
  test.each([
    ['the look before the write', { 2: write('in/') }],
    ['that look, and again before the one that is merged into', { 2: write('old/'), 3: write('in/') }],
  ])('before %s: their rule stays, ours comes beside it', async (_name, tasks) => {
    beforeReads(tasks);
    const run = await add('--queue jobs --id ours --prefix out/', temporaryFolder());
    expect(run.code).toBe(0);
    expect(rulesOf(await notificationOf(sandbox(), 'photos'))).toMatchObject([
      { id: 'theirs', filter: { prefix: 'in/' } },
      { id: 'ours', filter: { prefix: 'out/' } },
    ]);
  });

  test('a rule that overlaps: nothing is written', async () => {
    beforeReads({ 2: write('in/') });
    const run = await add('--queue jobs --id ours --prefix in/a/', temporaryFolder());
    expect(run.code).toBe(5);
    expect(envelopeOf(run).error).toMatchObject({ code: 'CONFIGURATION_CHANGED' });
    expect(envelopeOf(run).error?.message).toContain('rule "ours" (in/a/*) and rule "theirs" (in/*)');
    expect(await ids()).toEqual(['theirs']);
    expect(existsSync(join(run.cwd, '.s3evt/backups'))).toBe(false);
    // What was made before stands in the project file; the rule does not.
    const made = readFileSync(join(run.cwd, 's3evt.json'), 'utf8');
    expect(made).toContain(':jobs"');
    expect(made).not.toContain('"ours"');
  });

  test('once more after it was merged: that is not overwritten either', async () => {
    beforeReads({
      async 2() {
        await write('in/')();
        sandbox().faults.add({
          match: { operation: 'PutBucketNotificationConfiguration' },
          effect: { kind: 'error', status: 409, code: 'OperationAborted', message: 'under way' },
          times: 1,
        });
      },
      4: write('new/'),
    });
    const run = await add('--queue jobs --id ours --prefix out/', temporaryFolder());
    expect([run.code, envelopeOf(run).error?.code]).toEqual([5, 'CONFIGURATION_CHANGED']);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(theirs('new/'));
  });

  test('removing a rule is not merged: rm ends with 5', async () => {
    const state = temporaryFolder();
    expect((await add('--queue jobs --id ours --prefix out/', state)).code).toBe(0);
    const before = await notificationOf(sandbox(), 'photos');
    const changed = { ...before, EventBridgeConfiguration: {} };
    beforeReads({ 2: () => putNotification(sandbox(), 'photos', configurationOf(changed)) });
    const run = await runCli([...words('rm ours --bucket photos --yes'), '--json'], {
      endpoint: sandbox().url,
    });
    expect([run.code, envelopeOf(run).error?.code]).toEqual([5, 'CONFIGURATION_CHANGED']);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(changed);
  });

  test('init that turns EventBridge on keeps their rule too', async () => {
    beforeReads({ 2: write('in/') });
    const run = await runCli([...words('init photos --destination eventbridge --yes'), '--json'], {
      endpoint: sandbox().url,
    });
    expect(run.code).toBe(0);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({
      ...theirs('in/'),
      EventBridgeConfiguration: {},
    });
  });
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
  expect(runs.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(standing).toHaveLength(4);
  for (const id of standing)
    expect(made.made).toContainEqual(expect.objectContaining({ kind: 'rule', name: id }));
  for (const id of ['a', 'b', 'c']) {
    expect(made.made).toContainEqual({
      kind: 'queue',
      name: `arn:aws:sqs:us-east-1:000000000000:jobs-${id}`,
    });
  }
});
