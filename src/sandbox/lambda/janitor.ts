/**
 * Nothing may outlive the sandbox, not even after SIGKILL, when no code of this process runs any more. A small
 * watcher process in its own session reads a pipe that only this process holds open. When the pipe ends, for
 * whatever reason, it kills every process group it was told of and removes the state folder.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import { isAbsolute, parse } from 'node:path';

export interface Janitor {
  /** Starts the watcher, so that the state folder is covered before anything is written to it. */
  start(): void;
  /** `pid` leads a process group that must not survive. */
  watch(pid: number): void;
  forget(pid: number): void;
  /** Kills what is still watched and removes the folder; resolves when that is done. */
  close(): Promise<void>;
}

// `kill -s KILL -- -PID` is the form that every POSIX shell's built-in takes. A process that made a session of its own
// is in no group that is known here: where there is /proc, the environment that only functions have tells it. A dying
// process may still write a file while its folder is removed, and folders may be read-only: hence the second try.
const SHELL_WATCHER = `
trap '' HUP INT TERM QUIT
dir=$1
watched=' '
while read -r verb pid; do
  case $verb in
    watch) watched="$watched$pid " ;;
    forget) case $watched in *" $pid "*) watched="\${watched%% $pid *} \${watched#* $pid }" ;; esac ;;
  esac
done
for pid in $watched; do kill -s KILL -- "-$pid" 2>/dev/null; done
real=$(cd -P -- "$dir" 2>/dev/null && pwd -P) || real=$dir
# Again while there are any: one may have been started by another that was still running.
for round in 1 2 3 4 5; do
  strays=$(grep -lsF -- "LAMBDA_TASK_ROOT=$real/" /proc/[0-9]*/environ 2>/dev/null)
  [ -n "$strays" ] || break
  for file in $strays; do
    pid=\${file#/proc/}
    kill -s KILL "\${pid%/environ}" 2>/dev/null
  done
done
rm -rf -- "$dir" 2>/dev/null || { sleep 1; chmod -R u+rwx -- "$dir" 2>/dev/null; rm -rf -- "$dir"; }
`;

const WINDOWS_WATCHER = `
const dir = process.argv[1], watched = new Set();
const { spawnSync } = require('node:child_process');
require('node:readline').createInterface({ input: process.stdin })
  .on('line', (line) => { const [verb, pid] = line.split(' '); watched[verb === 'watch' ? 'add' : 'delete'](pid); })
  .on('close', () => {
    for (const pid of watched) spawnSync('taskkill', ['/PID', pid, '/T', '/F']);
    require('node:fs').rmSync(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
`;

function startWatcher(stateDir: string): ChildProcess {
  const [command, args]: [string, string[]] =
    process.platform === 'win32'
      ? [process.execPath, ['-e', WINDOWS_WATCHER, stateDir]]
      : ['/bin/sh', ['-c', SHELL_WATCHER, 'janitor', stateDir]];
  // Detached is a session of its own: Ctrl-C in the terminal must not reach it. It holds no folder and no stream.
  const child = spawn(command, args, {
    cwd: parse(process.cwd()).root,
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { PATH: process.env['PATH'] },
  });
  child.unref();
  return child;
}

/** Watches over `stateDir` (absolute). The watcher process starts with the first `start` or `watch`. */
export function startJanitor(stateDir: string): Janitor {
  if (!isAbsolute(stateDir) || parse(stateDir).root === stateDir) {
    throw new Error(`a state folder must be an absolute path below the root: ${stateDir}`);
  }
  const watched = new Set<number>();
  let watcher: ChildProcess | undefined;
  let closed = false;

  function say(line: string): void {
    watcher?.stdin?.write(`${line}\n`);
  }

  function start(): void {
    if (watcher || closed) return;
    const child = startWatcher(stateDir);
    watcher = child;
    const lost = (signal: NodeJS.Signals | null) => {
      if (watcher !== child) return;
      watcher = undefined;
      // Somebody killed it: another is told of all, at once. One that could not start, or ended by itself, would do so
      // again: that is tried with the next launch only.
      if (signal !== null) start();
    };
    child.on('exit', (_code, signal) => lost(signal)).on('error', () => lost(null));
    // The pipe alone must not keep this process alive; its errors are the exit above.
    child.stdin?.on('error', () => undefined);
    if (child.stdin instanceof Socket) child.stdin.unref();
    for (const pid of watched) say(`watch ${pid}`);
  }

  return {
    start,
    watch(pid) {
      start();
      watched.add(pid);
      say(`watch ${pid}`);
    },
    forget(pid) {
      if (watched.delete(pid)) say(`forget ${pid}`);
    },
    close() {
      closed = true;
      const child = watcher;
      watcher = undefined;
      if (!child) return Promise.resolve();
      child.ref();
      return new Promise((resolve) => {
        if (child.exitCode !== null || child.signalCode !== null) resolve();
        else child.once('exit', () => resolve()).once('error', () => resolve());
        child.stdin?.end();
      });
    },
  };
}

/** Kills a process group led by `pid`, or the process tree on Windows. A group that is gone is no error. */
export function killGroup(pid: number): void {
  try {
    if (process.platform === 'win32') {
      spawn('taskkill', ['/PID', String(pid), '/T', '/F'], { stdio: 'ignore' }).on('error', () => undefined);
    } else process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: nobody is left.
  }
}
