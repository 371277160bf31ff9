import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { UndoResult } from '../../src/commands/undo.ts';
import { notificationOf, putNotification } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { meanwhile } from '../support/meanwhile.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { CTRL_C, ENTER, startTyping, tooWide } from '../support/typing.ts';

const somebody = meanwhile();
const sandbox = shareSandbox({ faults: somebody });

const THEIRS = { EventBridgeConfiguration: {} };
const ids = async () =>
  (await notificationOf(sandbox(), 'photos')).LambdaFunctionConfigurations?.map(({ Id }) => Id) ?? [];

let cwd = '';
beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await putNotification(sandbox(), 'photos', THEIRS);
});

async function init(line: string): Promise<void> {
  const { code } = await runInitJson(`photos --function Demo-S3 ${line} --yes`, {
    endpoint: sandbox().url,
    cwd,
  });
  expect(code).toBe(0);
  sandbox().journal.clear();
}

async function undo(line = '--yes', endpoint = sandbox().url) {
  const result = await runCli(['undo', ...line.split(' '), '--json'], { endpoint, cwd });
  const envelope = envelopeOf(result);
  const data: UndoResult = envelope.data;
  return { code: result.code, envelope, data, error: envelope.error };
}

test('puts the former document back, exactly, and says what that means', async () => {
  await init('--id ours');
  const { code, envelope, data } = await undo();
  expect(code).toBe(0);
  expect(envelope).toMatchObject({ schemaVersion: 1, command: 'undo', status: 'ok', error: null });
  expect(data).toMatchObject({
    bucket: 'photos',
    changedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    backup: expect.stringContaining(join(cwd, '.s3evt/backups/photos')),
    removed: [{ id: 'ours', events: ['s3:ObjectCreated:*'], prefix: null, suffix: null }],
    restored: [],
    steps: [{ id: 'notification', change: 'update', outcome: 'applied' }],
  });
  expect(await notificationOf(sandbox(), 'photos')).toEqual(THEIRS);
  expect(writesOf(sandbox())).toEqual(['s3.PutBucketNotificationConfiguration']);
});

test('the same facts stand in the form for people, the difference before the question', async () => {
  await init('--id ours');
  const { stdout, stderr } = await runCli(['undo', '--yes'], { endpoint: sandbox().url, cwd });
  expect(stderr).toContain('account 000000000000, region us-east-1');
  expect(stderr).toContain('- ours: s3:ObjectCreated:* * -> arn:aws:lambda');
  expect(stdout).toMatch(/photos: the configuration from before \S+Z is back\n {2}without ours\n/);
});

test('the ledger forgets the rule, destroy still removes the rest', async () => {
  await init('--id ours');
  await undo();
  expect(readFileSync(join(cwd, 's3evt.json'), 'utf8')).not.toContain('"kind": "rule"');
  const destroyed = await runCli(['destroy', '--yes'], { endpoint: sandbox().url, cwd });
  expect(destroyed.code).toBe(0);
  expect(await notificationOf(sandbox(), 'photos')).toEqual(THEIRS);
});

test('--dry-run shows and writes nothing', async () => {
  await init('--id ours');
  const { code, data } = await undo('--dry-run');
  expect(code).toBe(0);
  expect(data).toMatchObject({ removed: [{ id: 'ours' }], steps: [{ outcome: 'planned' }] });
  const shown = await runCli(['undo', '--dry-run'], { endpoint: sandbox().url, cwd });
  expect(shown.stdout).toContain('would come back');
  expect(writesOf(sandbox())).toEqual([]);
  expect(readdirSync(join(cwd, '.s3evt/backups/photos'))).toHaveLength(1);
});

test('twice goes one step further back, a third time there is nothing left', async () => {
  await init('--id first --prefix a/');
  await init('--id second --prefix b/');
  expect(await ids()).toEqual(['first', 'second']);
  expect((await undo()).data.removed.map(({ id }) => id)).toEqual(['second']);
  expect(await ids()).toEqual(['first']);
  expect((await undo()).data.removed.map(({ id }) => id)).toEqual(['first']);
  expect(await notificationOf(sandbox(), 'photos')).toEqual(THEIRS);
  const third = await undo();
  expect([third.code, third.error?.code]).toEqual([2, 'NOTHING_TO_DO']);
});

test('a rule that was changed comes back as it was', async () => {
  await init('--id ours --prefix a/');
  await init('--id ours --prefix b/');
  const { data } = await undo();
  expect(data).toMatchObject({ removed: [], restored: [{ id: 'ours', prefix: 'a/' }] });
  expect((await notificationOf(sandbox(), 'photos')).LambdaFunctionConfigurations).toMatchObject([
    { Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'a/' }] } } },
  ]);
});

describe('somebody else wrote meanwhile', () => {
  test('since the change: refused, nothing is written', async () => {
    await init('--id ours');
    await putNotification(sandbox(), 'photos', {});
    sandbox().journal.clear();
    const { code, error } = await undo();
    expect(code).toBe(5);
    expect(error).toMatchObject({
      code: 'CONFIGURATION_CHANGED',
      hint: expect.stringMatching(/\.s3evt\/backups\/.*before\.json/),
    });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('between the look and the write: refused as well', async () => {
    await init('--id ours');
    let reads = 0;
    const onSecondRead = (): Promise<unknown> => {
      if (++reads === 2) return putNotification(sandbox(), 'photos', {});
      somebody.before('GetBucketNotificationConfiguration', onSecondRead);
      return Promise.resolve();
    };
    somebody.before('GetBucketNotificationConfiguration', onSecondRead);
    const { code, error } = await undo();
    expect([code, error?.code]).toEqual([5, 'CONFIGURATION_CHANGED']);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });
});

test('a run that was killed before its write is passed over', async () => {
  await init('--id first --prefix a/');
  const current = await notificationOf(sandbox(), 'photos');
  const folder = join(cwd, '.s3evt/backups/photos/29991231T000000000Z-init');
  mkdirSync(folder);
  const change = {
    bucket: 'photos',
    account: '000000000000',
    region: 'us-east-1',
    at: '2999-12-31T00:00:00.000Z',
    command: 'init',
  };
  for (const [name, value] of Object.entries({ before: current, after: { QueueConfigurations: [] }, change }))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(value));
  // One that was killed earlier still, while it saved.
  mkdirSync(join(cwd, '.s3evt/backups/photos/29991231T000000001Z-init'));
  expect((await undo()).code).toBe(0);
  expect(await notificationOf(sandbox(), 'photos')).toEqual(THEIRS);
});

test('a change of another account is not undone here', async () => {
  await init('--id ours');
  const other = await startTestSandbox({ account: '111122223333' });
  await other.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  const { code, error } = await undo('--yes', other.url);
  expect(code).toBe(5);
  expect(error).toMatchObject({
    code: 'WRONG_ACCOUNT',
    message: expect.stringMatching(/000000000000.*111122223333/),
  });
  expect(writesOf(other)).toEqual(['s3.CreateBucket']);
});

test('a change that the same folder made in another account is no hindrance', async () => {
  await init('--id ours');
  const folder = join(cwd, '.s3evt/backups/photos/29991231T000000000Z-init');
  mkdirSync(folder);
  const change = {
    bucket: 'photos',
    account: '111122223333',
    region: 'us-east-1',
    at: '2999',
    command: 'init',
  };
  for (const [name, value] of Object.entries({ before: {}, after: {}, change }))
    writeFileSync(join(folder, `${name}.json`), JSON.stringify(value));
  expect((await undo()).code).toBe(0);
  expect(await notificationOf(sandbox(), 'photos')).toEqual(THEIRS);
});

describe('nothing happens', () => {
  test('without a change that was made from this folder', async () => {
    const { code, error } = await undo('photos --yes');
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'NOTHING_TO_DO', message: expect.stringContaining('photos') });
  });

  test('without a bucket', async () => {
    const { code, error } = await undo();
    expect([code, error?.code]).toEqual([2, 'INPUT_REQUIRED']);
    expect(error?.hint).toContain('--bucket NAME');
  });

  test('without --yes where nobody can be asked', async () => {
    await init('--id ours');
    const { code, error } = await undo('--bucket photos');
    expect(code).toBe(2);
    expect(error).toMatchObject({ code: 'CONFIRMATION_REQUIRED', message: expect.stringContaining('--yes') });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('without the right to write: the backup stays to be undone', async () => {
    await init('--id ours');
    somebody.add({
      match: { operation: 'PutBucketNotificationConfiguration' },
      effect: { kind: 'deny' },
      times: 1,
    });
    expect((await undo()).error?.code).toBe('ACCESS_DENIED');
    expect((await undo()).code).toBe(0);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(THEIRS);
  });
});

describe('at a terminal', () => {
  test.each([
    ['n', 2, ['ours']],
    [CTRL_C, 130, ['ours']],
    ['', 0, []],
  ])('the answer %j ends with %i', async (keys, code, left) => {
    await init('--id ours');
    const run = startTyping(['undo'], { endpoint: sandbox().url, cwd });
    await run.answer('Put this configuration back?', keys === CTRL_C ? keys : `${keys}${ENTER}`);
    expect(await run.code).toBe(code);
    expect(tooWide(run).filter((line) => !line.includes('arn:aws:lambda'))).toEqual([]);
    expect(await ids()).toEqual(left);
    expect(writesOf(sandbox())).toHaveLength(code === 0 ? 1 : 0);
  });
});
