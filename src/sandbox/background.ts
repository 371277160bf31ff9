import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Clock } from '../core/clock.ts';
import { S3evtError } from '../core/errors.ts';
import { askControl, healthOf, instanceIn, NoAnswer, type FetchHealth } from './control-client.ts';
import {
  isAlive,
  makeStateFolder,
  readState,
  removeState,
  sandboxLog,
  stateFile,
  tryStartLock,
  writeState,
  type Environment,
  type RunningSandbox,
} from './state-file.ts';

export type { Environment, RunningSandbox } from './state-file.ts';

/** How often a condition that another process brings about is looked at. */
const POLL_MS = 50;

/**
 * The shared sandbox of this user, if it runs. What the state file says is believed only when the process at that
 * address answers with the same instance; otherwise the file is stale and is removed.
 *
 * @throws S3evtError SANDBOX_FAILED when its process lives but does not answer.
 */
export async function findSandbox(
  env: Environment,
  fetchHealth: FetchHealth = healthOf,
): Promise<RunningSandbox | undefined> {
  const state = readState(env);
  if (state === 'absent') return undefined;
  if (state === 'invalid') {
    removeState(env, state);
    return undefined;
  }
  try {
    if (instanceIn(await fetchHealth(state.endpoint)) === state.instance) return state;
  } catch (error) {
    // Busy is not gone: removing its file would leave a sandbox that nobody can stop.
    if (error instanceof NoAnswer && isAlive(state.pid)) {
      throw new S3evtError('SANDBOX_FAILED', `the sandbox at ${state.endpoint} does not answer`, {
        hint: `End process ${state.pid} if it is the sandbox, or remove ${stateFile(env)}.`,
        cause: error,
      });
    }
  }
  removeState(env, state);
  return undefined;
}

/** Makes the sandbox the shared one of this user. Returns the other one if there is one already. */
export async function registerSandbox(
  env: Environment,
  sandbox: RunningSandbox,
): Promise<RunningSandbox | undefined> {
  for (;;) {
    if (writeState(env, sandbox)) return undefined;
    const other = await findSandbox(env);
    if (other) return other;
  }
}

export function unregisterSandbox(env: Environment, sandbox: RunningSandbox): void {
  removeState(env, sandbox);
}

export interface StartOptions {
  /** What to run: the program, then its arguments. It must register its sandbox once that listens. */
  readonly command: readonly string[];
  /** For all of it: waiting for another starter included. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export interface StartedSandbox extends RunningSandbox {
  /** False when one ran already, or another caller has just started it. */
  readonly started: boolean;
}

/**
 * Starts the shared sandbox in a process of its own that outlives this one, and waits until it answers. Of several callers
 * at once one starts it and the others wait for it. Its output goes to a log file beside the state file.
 *
 * @throws S3evtError SANDBOX_FAILED when it ended or did not answer in time (with the end of its log).
 */
export async function startBackground(env: Environment, options: StartOptions): Promise<StartedSandbox> {
  const { clock, signal, timeoutMs } = options;
  const deadline = clock.now() + timeoutMs;
  for (;;) {
    signal.throwIfAborted();
    const running = await findSandbox(env);
    if (running) return { ...running, started: false };
    const release = tryStartLock(env, clock.now(), timeoutMs);
    if (release) {
      try {
        return await startLocked(env, options, deadline);
      } finally {
        release();
      }
    }
    if (clock.now() >= deadline) throw notReady(env, timeoutMs, ': another process is starting it');
    await clock.sleep(POLL_MS, signal);
  }
}

async function startLocked(
  env: Environment,
  options: StartOptions,
  deadline: number,
): Promise<StartedSandbox> {
  // Whoever held the lock before may have finished between the look and the lock.
  const running = await findSandbox(env);
  if (running) return { ...running, started: false };
  const { clock, signal } = options;
  const child = spawnDetached(env, options.command);
  let ended: string | undefined;
  const wake = new AbortController();
  const end = (how: string) => {
    ended ??= how;
    wake.abort();
  };
  child.once('error', (error) => end(error.message));
  child.once('exit', (code, by) => end(by ? `signal ${by}` : `exit code ${code ?? 0}`));
  const either = AbortSignal.any([signal, wake.signal]);
  try {
    for (;;) {
      const ready = await findSandbox(env);
      if (ready) return { ...ready, started: ready.pid === child.pid };
      signal.throwIfAborted();
      if (ended !== undefined) throw failed(env, `the sandbox ended before it was ready (${ended})`);
      if (clock.now() >= deadline) throw notReady(env, options.timeoutMs, '');
      await clock.sleep(POLL_MS, either).catch((error: unknown) => {
        if (!wake.signal.aborted) throw error;
      });
    }
  } catch (error) {
    child.kill('SIGTERM');
    throw error;
  } finally {
    child.removeAllListeners();
    child.unref();
  }
}

function spawnDetached(env: Environment, command: readonly string[]): ChildProcess {
  const [program = process.execPath, ...args] = command;
  const folder = makeStateFolder(env);
  const log = openSync(sandboxLog(env), 'w', 0o600);
  try {
    // The working folder is the state folder: the caller's own may be removed or unmounted while the sandbox runs.
    return spawn(program, args, {
      cwd: folder,
      env,
      detached: true,
      stdio: ['ignore', log, log],
      windowsHide: true,
    });
  } finally {
    closeSync(log);
  }
}

function notReady(env: Environment, timeoutMs: number, detail: string): S3evtError {
  return failed(env, `the sandbox was not ready after ${timeoutMs / 1000} s${detail}`);
}

function failed(env: Environment, message: string): S3evtError {
  let log = '';
  try {
    log = readFileSync(sandboxLog(env), 'utf8').trim().split('\n').slice(-5).join('\n');
  } catch {
    // There is none when the process could not be started at all.
  }
  return new S3evtError('SANDBOX_FAILED', log === '' ? message : `${message}\n${log}`, {
    hint: `All of its output stands in ${sandboxLog(env)}.`,
  });
}

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Ends the shared sandbox and waits until it no longer answers. Returns the one that ran, if any did. */
export async function stopSandbox(
  env: Environment,
  options: WaitOptions,
): Promise<RunningSandbox | undefined> {
  const running = await findSandbox(env);
  if (!running) return undefined;
  await askControl('POST', running.endpoint, '/_sandbox/stop');
  const deadline = options.clock.now() + options.timeoutMs;
  while (await answers(running)) {
    if (options.clock.now() >= deadline) {
      throw new S3evtError('SANDBOX_FAILED', `the sandbox at ${running.endpoint} did not end`, {
        hint: `End process ${running.pid}.`,
      });
    }
    await options.clock.sleep(POLL_MS, options.signal);
  }
  removeState(env, running);
  return running;
}

/** Empties the shared sandbox. Returns undefined when none runs. */
export async function resetSandbox(env: Environment): Promise<RunningSandbox | undefined> {
  const running = await findSandbox(env);
  if (running) await askControl('POST', running.endpoint, '/_sandbox/reset');
  return running;
}

async function answers(sandbox: RunningSandbox): Promise<boolean> {
  try {
    return instanceIn(await healthOf(sandbox.endpoint)) === sandbox.instance;
  } catch (error) {
    return error instanceof NoAnswer;
  }
}
