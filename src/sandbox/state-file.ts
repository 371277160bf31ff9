import { randomUUID } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import { S3evtError } from '../core/errors.ts';
import { stateFolderOf } from '../core/state-folder.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the state file says of the sandbox that a user's commands share. */
export interface RunningSandbox {
  readonly pid: number;
  /** Always `http://127.0.0.1:PORT`. */
  readonly endpoint: string;
  readonly account: string;
  readonly region: string;
  /** Drawn anew by each sandbox: tells it from another process that got the same port later. */
  readonly instance: string;
  /** ISO 8601. */
  readonly startedAt: string;
}

/** Throws SANDBOX_FAILED when there is no place for it. */
export function stateFolder(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const folder = stateFolderOf(env, platform);
  if (folder !== undefined) return normalize(folder);
  throw new S3evtError(
    'SANDBOX_FAILED',
    'there is no place for the state of the shared sandbox: HOME is not set',
    { hint: 'Set HOME or XDG_STATE_HOME.' },
  );
}

export const stateFile = (env: Environment): string => join(stateFolder(env), 'sandbox.json');
export const sandboxLog = (env: Environment): string => join(stateFolder(env), 'sandbox.log');

/** Makes the folder if need be: others must not read what stands there, nor put a file of theirs in its place. */
export function makeStateFolder(env: Environment): string {
  const folder = stateFolder(env);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** The registered sandbox, whether it still runs or not; `invalid` for a file that no sandbox can have written. */
export function readState(env: Environment): RunningSandbox | 'absent' | 'invalid' {
  const text = readIfPresent(stateFile(env));
  if (text === undefined) return 'absent';
  return parseState(text) ?? 'invalid';
}

function parseState(text: string): RunningSandbox | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { pid, endpoint, account, region, instance, startedAt } = value as Record<string, unknown>;
  if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return undefined;
  // Commands send what they have to this address: nothing but this machine is believed.
  if (typeof endpoint !== 'string' || !/^http:\/\/127\.0\.0\.1:\d{1,5}$/.test(endpoint)) return undefined;
  if (typeof account !== 'string' || typeof region !== 'string') return undefined;
  if (typeof instance !== 'string' || instance === '' || typeof startedAt !== 'string') return undefined;
  return { pid, endpoint, account, region, instance, startedAt };
}

/** Writes the state file unless there is one. Returns whether it did. */
export function writeState(env: Environment, sandbox: RunningSandbox): boolean {
  makeStateFolder(env);
  return createExclusively(stateFile(env), `${JSON.stringify(sandbox)}\n`);
}

/**
 * Removes the state file if it still speaks of that sandbox (or is still `invalid`). Between the look and the removal lie
 * microseconds; who loses that race runs unregistered and ends by itself when idle.
 */
export function removeState(env: Environment, which: RunningSandbox | 'invalid'): void {
  const now = readState(env);
  const same =
    typeof now === 'string' ? now === which : which !== 'invalid' && now.instance === which.instance;
  if (same) rmSync(stateFile(env), { force: true });
}

/**
 * Lets one process at a time start the shared sandbox. Undefined while another one that still lives holds the lock.
 * `now` and `ttlMs` in milliseconds: a lock older than `ttlMs` is stale even if its process id lives (it may be another
 * process by now).
 */
export function tryStartLock(env: Environment, now: number, ttlMs: number): (() => void) | undefined {
  const path = join(makeStateFolder(env), 'start.lock');
  const content = JSON.stringify({ pid: process.pid, until: now + ttlMs, token: randomUUID() });
  const release = () => {
    if (readIfPresent(path) === content) rmSync(path, { force: true });
  };
  if (createExclusively(path, content)) return release;
  const holder = readIfPresent(path);
  if (holder !== undefined && (lockHolds(holder, now) || !stealLock(path, holder))) return undefined;
  return createExclusively(path, content) ? release : undefined;
}

function lockHolds(content: string, now: number): boolean {
  try {
    const { pid, until } = JSON.parse(content) as { pid?: unknown; until?: unknown };
    return typeof pid === 'number' && typeof until === 'number' && now <= until && isAlive(pid);
  } catch {
    return false;
  }
}

/** Moves the stale lock away. Someone else may have replaced it since: then it is put back. */
function stealLock(path: string, stale: string): boolean {
  const aside = `${path}.${randomUUID()}`;
  try {
    renameSync(path, aside);
  } catch {
    return false;
  }
  const taken = readIfPresent(aside);
  const right = taken === stale;
  if (!right && taken !== undefined) createExclusively(path, taken);
  rmSync(aside, { force: true });
  return right;
}

/** Whether a process of that id lives. One of another user (EPERM) lives too. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Creates the file with its whole content at once, so that no reader sees half of it; false if it exists already. */
function createExclusively(path: string, content: string): boolean {
  const draft = `${path}.${randomUUID()}`;
  writeFileSync(draft, content, { mode: 0o600, flag: 'wx' });
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    // A file system without hard links: exclusive all the same, but not at once.
    return writeIfAbsent(path, content);
  } finally {
    unlinkSync(draft);
  }
}

function writeIfAbsent(path: string, content: string): boolean {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function readIfPresent(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
