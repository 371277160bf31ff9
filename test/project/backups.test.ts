import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { backupsOf, markUndone, saveBackup, type ChangeRecord } from '../../src/project/backups.ts';
import { temporaryFolder } from '../support/run-cli.ts';

const BEFORE = { EventBridgeConfiguration: {} };

function change(at: string, command = 'init'): ChangeRecord {
  return { bucket: 'demo', account: '111122223333', region: 'eu-west-1', at, command };
}

function after(id: string) {
  return { QueueConfigurations: [{ Id: id, QueueArn: 'arn', Events: ['s3:ObjectCreated:*'] }] };
}

function save(root: string, at: string, id: string, command?: string): void {
  saveBackup(root, change(at, command), { before: BEFORE, after: after(id) });
}

function idsOf(root: string): readonly (string | undefined)[] {
  return backupsOf(root, 'demo').map((backup) => backup.after.QueueConfigurations?.[0]?.Id);
}

test('a backup holds plain documents, as the AWS CLI takes them', () => {
  const root = temporaryFolder();
  save(root, '2026-01-02T03:04:05.678Z', 'a');
  const folder = join(root, '.s3evt/backups/demo/20260102T030405678Z-init');
  expect(readdirSync(folder).sort()).toEqual(['after.json', 'before.json', 'change.json']);
  expect(JSON.parse(readFileSync(join(folder, 'before.json'), 'utf8'))).toEqual(BEFORE);
  expect(backupsOf(root, 'demo')).toEqual([
    { folder, before: BEFORE, after: after('a'), change: change('2026-01-02T03:04:05.678Z') },
  ]);
});

test('newest first, whatever the command; other buckets apart', () => {
  const root = temporaryFolder();
  save(root, '2026-01-02T03:04:05.999Z', 'second', 'destroy');
  save(root, '2026-01-02T03:04:06.000Z', 'third', 'add');
  save(root, '2026-01-02T03:04:05.000Z', 'first', 'init');
  saveBackup(root, { ...change('2027-01-01T00:00:00.000Z'), bucket: 'other' }, { before: {}, after: {} });
  expect(idsOf(root)).toEqual(['third', 'second', 'first']);
});

test('two writes in one millisecond are two backups', () => {
  const root = temporaryFolder();
  const at = '2026-01-02T03:04:05.678Z';
  for (const id of ['first', 'second', 'third']) save(root, at, id);
  expect(idsOf(root)).toEqual(['third', 'second', 'first']);
});

test('what was undone, and what undid it, is not undone again', () => {
  const root = temporaryFolder();
  save(root, '2026-01-01T00:00:00.000Z', 'first');
  save(root, '2026-01-02T00:00:00.000Z', 'second');
  save(root, '2026-01-03T00:00:00.000Z', 'back', 'undo');
  const [newest] = backupsOf(root, 'demo');
  if (newest) markUndone(newest);
  expect(idsOf(root)).toEqual(['first']);
});

describe('folders that are not whole are passed over', () => {
  test.each<[string, (folder: string) => void]>([
    ['no change.json', (folder) => rmSync(join(folder, 'change.json'))],
    ['no before.json', (folder) => rmSync(join(folder, 'before.json'))],
    ['no after.json', (folder) => rmSync(join(folder, 'after.json'))],
    ['cut off', (folder) => writeFileSync(join(folder, 'after.json'), '{"Queue')],
    ['empty', (folder) => writeFileSync(join(folder, 'before.json'), '')],
    ['null', (folder) => writeFileSync(join(folder, 'before.json'), 'null')],
    ['a list', (folder) => writeFileSync(join(folder, 'before.json'), '[]')],
    ['a change that says nothing', (folder) => writeFileSync(join(folder, 'change.json'), '{}')],
    [
      'a file in place of the folder',
      (folder) => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, '');
      },
    ],
  ])('%s', (_, damage) => {
    const root = temporaryFolder();
    save(root, '2026-01-01T00:00:00.000Z', 'whole');
    save(root, '2026-01-02T00:00:00.000Z', 'broken');
    damage(join(root, '.s3evt/backups/demo/20260102T000000000Z-init'));
    expect(idsOf(root)).toEqual(['whole']);
  });

  test('there is none', () => {
    expect(backupsOf(temporaryFolder(), 'demo')).toEqual([]);
  });
});

test('a folder that cannot be made is an error, so that nothing is written', () => {
  const root = temporaryFolder();
  writeFileSync(join(root, '.s3evt'), 'a file');
  const run = () => save(root, '2026-01-01T00:00:00.000Z', 'a');
  expect(run).toThrow(S3evtError);
  expect(run).toThrow(/cannot be made \(\w+\); nothing was written to the bucket/);
});

test('a file that cannot be written is one, too', () => {
  const root = temporaryFolder();
  const parent = join(root, '.s3evt/backups');
  mkdirSync(parent, { recursive: true });
  writeFileSync(join(parent, 'demo'), '');
  expect(() => save(root, '2026-01-01T00:00:00.000Z', 'a')).toThrow(
    expect.objectContaining({ code: 'FILE_UNWRITABLE' }),
  );
});
