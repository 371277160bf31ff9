import { spawn, type ChildProcess } from 'node:child_process';
import { join, resolve } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryFolder } from './run-cli.ts';

/** The binary as users start it; `dist` is built by `npm test` before the tests run. */
export const BINARY = resolve('bin/s3evt.js');

export interface BinaryOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: readonly string[];
}

export interface BinaryResult {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts the binary with a HOME and AWS settings of its own. It is killed when the test ends. */
export function startBinary(args: readonly string[], options: BinaryOptions = {}): ChildProcess {
  const cwd = options.cwd ?? temporaryFolder();
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), BINARY, ...args], {
    cwd,
    env: {
      PATH: process.env['PATH'],
      HOME: cwd,
      XDG_STATE_HOME: join(cwd, 'state'),
      XDG_CACHE_HOME: join(cwd, 'state', 'cache'),
      TMPDIR: cwd,
      AWS_EC2_METADATA_DISABLED: 'true',
      ...options.env,
    },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

/** Runs the binary to its end. */
export async function runBinary(args: readonly string[], options: BinaryOptions = {}): Promise<BinaryResult> {
  const child = startBinary(args, options);
  child.stdin?.end();
  const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
  const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((done) =>
    child.on('close', (...end) => done(end)),
  );
  return { code, signal, stdout: stdout(), stderr: stderr() };
}

function collect(stream: NodeJS.ReadableStream | null): () => string {
  let text = '';
  stream?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

/** The first line of stdout; rejects when the process ends before. */
export function firstLine(child: ChildProcess): Promise<string> {
  return new Promise((done, fail) => {
    let text = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      const end = text.indexOf('\n');
      if (end >= 0) done(text.slice(0, end));
    });
    child.once('exit', (code) => fail(new Error(`ended with ${String(code)} before its first line`)));
  });
}
