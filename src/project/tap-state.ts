import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { S3evtError } from '../core/errors.ts';
import { stateFolderOf } from '../core/state-folder.ts';
import { tapExpiry, type TapRecord } from '../core/tap.ts';
import { writeWhole } from './project-file.ts';

/**
 * Taps that this user's processes opened, one file each in the user's state folder, so that one whose process was killed is removed
 * by the next start.
 */
type Env = Readonly<Record<string, string | undefined>>;

/** A process; its id alone may be another one's by now. */
export interface ProcessMark {
  readonly pid: number;
  readonly host: string;
  /** Where the system tells it: when the process began, in a form of its own. */
  readonly started?: string;
}

export interface LeftTap {
  readonly record: TapRecord;
  readonly forget: () => void;
}

/** What is told apart by account, Region and endpoint: those of the record. */
export type TapHome = Pick<TapRecord, 'account' | 'region' | 'endpoint'>;

/** Writes the tap's file; the answer removes it. Throws FILE_UNWRITABLE. */
export function registerTap(
  env: Env,
  record: TapRecord,
  owner: ProcessMark = markOf(process.pid),
): () => void {
  const folder = tapFolder(env);
  if (folder === undefined) {
    throw new S3evtError('FILE_UNWRITABLE', 'there is no place to note the tap: HOME is not set', {
      hint: 'Set HOME or XDG_STATE_HOME.',
    });
  }
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new S3evtError('FILE_UNWRITABLE', `the folder ${folder} cannot be made (${code})`, {
      cause: error,
    });
  }
  const path = join(folder, `${record.name}.json`);
  writeWhole(path, `${JSON.stringify({ version: 1, owner, record })}\n`);
  return () => rmSync(path, { force: true });
}

/** Whether any tap is noted at all, of a living process or not: without one there is nothing to look after. */
export function areTapsNoted(env: Env): boolean {
  const folder = tapFolder(env);
  try {
    return folder !== undefined && readdirSync(folder).length > 0;
  } catch {
    return false;
  }
}

/** The taps of this home whose process is gone. Files that nobody could have written are passed over. */
export function tapsLeft(env: Env, home: TapHome): readonly LeftTap[] {
  const folder = tapFolder(env);
  if (folder === undefined) return [];
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    return [];
  }
  return names.flatMap((name) => {
    const path = join(folder, name);
    const entry = readEntry(path);
    if (!entry || !isGone(entry.owner)) return [];
    const { record } = entry;
    if (record.account !== home.account || record.region !== home.region) return [];
    if (record.endpoint !== home.endpoint) return [];
    return [{ record, forget: () => rmSync(path, { force: true }) }];
  });
}

function tapFolder(env: Env): string | undefined {
  const folder = stateFolderOf(env, process.platform);
  return folder === undefined ? undefined : join(folder, 'taps');
}

interface Entry {
  readonly owner: ProcessMark;
  readonly record: TapRecord;
}

function readEntry(path: string): Entry | undefined {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
  const { version, owner, record } = (value ?? {}) as Record<string, unknown>;
  if (version !== 1 || typeof owner !== 'object' || typeof record !== 'object') return undefined;
  const { pid, host } = (owner ?? {}) as Partial<Record<string, unknown>>;
  const { name, source } = (record ?? {}) as Partial<Record<string, unknown>>;
  // Whatever is removed because of this file has a name that only a tap has.
  if (typeof name !== 'string' || tapExpiry(name) === undefined) return undefined;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1 || typeof host !== 'string')
    return undefined;
  if (typeof source !== 'object' || source === null) return undefined;
  return { owner, record } as Entry;
}

/** How a process of this machine is recognised later. */
export function markOf(pid: number): ProcessMark {
  const started = startOf(pid);
  return { pid, host: hostname(), ...(started === undefined ? {} : { started }) };
}

/** Of another machine that shares the folder nothing is known: its taps are found by their names once they have expired. */
function isGone(owner: ProcessMark): boolean {
  if (owner.host !== hostname()) return false;
  if (!isAlive(owner.pid)) return true;
  const started = startOf(owner.pid);
  return owner.started !== undefined && started !== undefined && owner.started !== started;
}

/** One of another user (EPERM) lives too. */
function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Linux: field 22 of `/proc/PID/stat`, in ticks since the boot (proc_pid_stat(5)); the name before it may hold anything. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
