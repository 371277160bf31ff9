import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { S3evtError } from '../core/errors.ts';
import type { NotificationDocument } from '../core/notification.ts';
import { writeWhole } from './project-file.ts';

/**
 * What a write to a bucket's notification configuration replaced. One folder per write:
 * `.s3evt/backups/<bucket>/<time>-<command>/{before,after,change}.json`; `before.json` and `after.json` are plain documents that
 * `aws s3api put-bucket-notification-configuration --notification-configuration file://…` takes.
 */
export interface Backup {
  readonly folder: string;
  readonly before: NotificationDocument;
  /** What was about to be written: `undo` refuses when the bucket says something else by then. */
  readonly after: NotificationDocument;
  readonly change: ChangeRecord;
}

export interface ChangeRecord {
  readonly bucket: string;
  readonly account: string;
  readonly region: string;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly command: string;
  /** Set by `undo`, so that the next `undo` goes one step further back. */
  readonly undone?: boolean;
}

function bucketFolder(root: string, bucket: string): string {
  return join(root, '.s3evt', 'backups', bucket);
}

function json(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}

/** Saves what is about to be replaced and by what, before the write. Throws FILE_UNWRITABLE: then nothing may be written. */
export function saveBackup(
  root: string,
  change: ChangeRecord,
  documents: { readonly before: NotificationDocument; readonly after: NotificationDocument },
): void {
  const stamp = change.at.replaceAll(/[-:]/g, '').replace('.', '');
  const parent = bucketFolder(root, change.bucket);
  let folder = join(parent, `${stamp}-${change.command}`);
  try {
    mkdirSync(parent, { recursive: true });
    // Two writes in one millisecond: neither backup may replace the other.
    for (let count = 2; existsSync(folder); count++)
      folder = join(parent, `${stamp}-${change.command}-${count}`);
    mkdirSync(folder);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new S3evtError(
      'FILE_UNWRITABLE',
      `the backup folder ${folder} cannot be made (${code}); nothing was written to the bucket`,
      { cause: error },
    );
  }
  writeWhole(join(folder, 'before.json'), json(documents.before));
  writeWhole(join(folder, 'after.json'), json(documents.after));
  writeWhole(join(folder, 'change.json'), json(change));
}

export function markUndone(backup: Backup): void {
  writeWhole(join(backup.folder, 'change.json'), json({ ...backup.change, undone: true }));
}

/** The writes to the bucket that were not undone, newest first. Folders that are not whole are passed over. */
export function backupsOf(root: string, bucket: string): readonly Backup[] {
  const parent = bucketFolder(root, bucket);
  let names: string[];
  try {
    names = readdirSync(parent);
  } catch {
    return [];
  }
  return names
    .sort()
    .reverse()
    .flatMap((name) => {
      const folder = join(parent, name);
      const change = readChange(join(folder, 'change.json'));
      const before = readJson(join(folder, 'before.json')) as NotificationDocument | undefined;
      const after = readJson(join(folder, 'after.json')) as NotificationDocument | undefined;
      if (!change || !before || !after || change.undone === true || change.command === 'undo') return [];
      return [{ folder, change, before, after }];
    });
}

function readChange(path: string): ChangeRecord | undefined {
  const change = readJson(path) as Partial<Record<keyof ChangeRecord, unknown>> | undefined;
  const whole = (['bucket', 'account', 'region', 'at', 'command'] as const).every(
    (name) => typeof change?.[name] === 'string',
  );
  return whole ? (change as ChangeRecord) : undefined;
}

function readJson(path: string): object | undefined {
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
