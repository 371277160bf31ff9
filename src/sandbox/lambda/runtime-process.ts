import { spawn } from 'node:child_process';
import { killGroup, type Janitor } from './janitor.ts';
import { memoryReader, type MemoryUse } from './memory.ts';

export interface RuntimeCommand {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** How a process ended: `text` is AWS's wording (`Runtime exited with error: exit status 1`). */
export interface ProcessEnd {
  readonly text: string;
}

export interface RuntimeProcess {
  kill(): void;
  /** Undefined where the system does not tell. */
  memory(): MemoryUse | undefined;
}

export interface ProcessListener {
  readonly output: (chunk: Buffer, stream: 'stdout' | 'stderr') => void;
  /** After the last output; every process of its group is gone then. */
  readonly ended: (end: ProcessEnd) => void;
}

/** Go's names of signals, which is what Lambda prints. */
const SIGNAL_NAMES: Readonly<Record<string, string>> = {
  SIGABRT: 'aborted',
  SIGBUS: 'bus error',
  SIGFPE: 'floating point exception',
  SIGHUP: 'hangup',
  SIGILL: 'illegal instruction',
  SIGINT: 'interrupt',
  SIGKILL: 'killed',
  SIGPIPE: 'broken pipe',
  SIGQUIT: 'quit',
  SIGSEGV: 'segmentation fault',
  SIGTERM: 'terminated',
};

function endText(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal) return `Runtime exited with error: signal: ${SIGNAL_NAMES[signal] ?? signal}`;
  if (code === 0) return 'Runtime exited without providing a reason';
  return `Runtime exited with error: exit status ${code ?? 'unknown'}`;
}

/** A stranger that left the process group can hold the output open; nobody waits longer for it. */
const STRAY_OUTPUT_MS = 1000;

/**
 * Starts a runtime as the leader of its own session and process group: signals of the terminal do not reach it,
 * and its own children are killed with it.
 */
export function startProcess(
  command: RuntimeCommand,
  janitor: Janitor,
  listener: ProcessListener,
): RuntimeProcess {
  janitor.start();
  const child = spawn(command.command, command.args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid !== undefined) janitor.watch(pid);
  // The bootstraps wait for this line: code of a function runs only in a process that the janitor knows of.
  child.stdin.on('error', () => undefined).end('\n');

  let ended = false;
  let text = 'Runtime exited without providing a reason';
  const end = () => {
    if (ended) return;
    ended = true;
    listener.ended({ text });
  };
  child.stdout.on('data', (chunk: Buffer) => listener.output(chunk, 'stdout'));
  child.stderr.on('data', (chunk: Buffer) => listener.output(chunk, 'stderr'));
  child.on('error', (error) => {
    if (pid !== undefined) return;
    text = `Runtime exited with error: ${error.message}`;
    end();
  });
  child.on('exit', (code, signal) => {
    text = endText(code, signal);
    if (pid !== undefined) {
      killGroup(pid);
      janitor.forget(pid);
    }
    setTimeout(() => {
      child.stdout.destroy();
      child.stderr.destroy();
    }, STRAY_OUTPUT_MS).unref();
  });
  child.on('close', end);

  return {
    kill() {
      if (pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
      killGroup(pid);
    },
    memory: pid === undefined ? () => undefined : memoryReader(pid),
  };
}
