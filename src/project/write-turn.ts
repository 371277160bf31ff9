import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../core/clock.ts';
import { stateFolderOf } from '../core/state-folder.ts';

export interface TurnEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const POLL_MS = 50;
/** Longer than a write with all its retries. */
const MOST_WAIT_MS = 90_000;

/**
 * Takes the turn to write under this name: a lock file in the user's state folder, which a process that was killed does not
 * keep. When there is no such folder, or the holder never ends, the turn is given all the same: the looks before and after
 * a write guard against other machines in any case. Rejects with the signal's reason.
 */
export async function takeWriteTurn(
  name: string,
  { env, clock, signal }: TurnEnvironment,
): Promise<{ othersWroteSince(time: number): boolean; release(): void }> {
  const folder = makeFolder(env);
  if (folder === undefined) return { othersWroteSince: () => false, release: () => undefined };
  const base = join(folder, createHash('sha256').update(name).digest('hex').slice(0, 32));
  const lock = `${base}.lock`;
  const last = `${base}.last`;
  const deadline = clock.now() + MOST_WAIT_MS;
  let held = tryLock(lock);
  while (!held && clock.now() < deadline) {
    await clock.sleep(POLL_MS, signal);
    held = tryLock(lock);
  }
  return {
    othersWroteSince: (time) => writtenAt(last) >= time,
    release() {
      try {
        writeFileSync(last, String(clock.now()), { mode: 0o600 });
      } finally {
        if (held) rmSync(lock, { force: true });
      }
    },
  };
}

function makeFolder(env: TurnEnvironment['env']): string | undefined {
  const state = stateFolderOf(env, process.platform);
  if (state === undefined) return undefined;
  const folder = join(state, 'writes');
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return folder;
  } catch {
    return undefined;
  }
}

function tryLock(lock: string): boolean {
  try {
    writeFileSync(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') return false;
    if (isAbandoned(lock)) rmSync(lock, { force: true });
    return false;
  }
}

/** Its process is gone. A file without a number may be one that is just being written. */
function isAbandoned(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (!Number.isInteger(pid) || pid <= 0) return Date.now() - statSync(lock).mtimeMs > MOST_WAIT_MS;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function writtenAt(last: string): number {
  try {
    return Number(readFileSync(last, 'utf8'));
  } catch {
    return 0;
  }
}
