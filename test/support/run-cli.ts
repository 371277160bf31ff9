import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { onTestFinished } from 'vitest';
import { Interrupted, type Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { FakeInput, FakeOutput } from '../ui/fake-terminal.ts';

export interface CliOptions {
  /** Endpoint of a sandbox; without one no AWS can be reached at all. */
  readonly endpoint?: string;
  /** Beside what makes the run independent of this machine. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** A fresh folder by default, removed when the test ends. */
  readonly cwd?: string;
  /** Which streams are terminals; none by default. */
  readonly tty?: { readonly stdin?: boolean; readonly stdout?: boolean; readonly stderr?: boolean };
  readonly columns?: number;
  readonly clock?: Clock;
}

export interface CliRun {
  readonly stdin: FakeInput;
  readonly stdout: FakeOutput;
  readonly stderr: FakeOutput;
  /** Folder that the run sees as its own. */
  readonly cwd: string;
  readonly code: Promise<number>;
  /** As Ctrl-C outside of a question. */
  interrupt(exitCode?: number): void;
}

export interface CliResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly cwd: string;
}

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 's3evt-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts one command line in this process: the very function that the binary calls. */
export function startCli(argv: readonly string[], options: CliOptions = {}): CliRun {
  const cwd = options.cwd ?? temporaryFolder();
  const { tty = {} } = options;
  const stdin = new FakeInput(tty.stdin ?? false);
  const stdout = new FakeOutput(tty.stdout ?? false, options.columns);
  const stderr = new FakeOutput(tty.stderr ?? false, options.columns);
  const controller = new AbortController();
  const env = {
    HOME: cwd,
    XDG_STATE_HOME: join(cwd, 'state'),
    TERM: 'xterm',
    LANG: 'C.UTF-8',
    AWS_EC2_METADATA_DISABLED: 'true',
    ...(options.endpoint === undefined
      ? {}
      : { AWS_ENDPOINT_URL: options.endpoint, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }),
    ...options.env,
  };
  let random = 0;
  const host: Host = {
    env,
    cwd,
    stdin,
    stdout,
    stderr,
    signal: controller.signal,
    clock: options.clock ?? systemClock,
    randomHex: (length) => (++random).toString(16).padStart(length, '0'),
    self: [],
    packageRoot: process.cwd(),
    version: '0.0.0-test',
  };
  const code = main(argv, host);
  return {
    stdin,
    stdout,
    stderr,
    cwd,
    code,
    interrupt: (exitCode = 130) => controller.abort(new Interrupted(exitCode)),
  };
}

/** Runs one command line to its end. */
export async function runCli(argv: readonly string[], options: CliOptions = {}): Promise<CliResult> {
  const run = startCli(argv, options);
  const code = await run.code;
  const text = (output: FakeOutput) => stripVTControlCharacters(output.text);
  return { code, stdout: text(run.stdout), stderr: text(run.stderr), cwd: run.cwd };
}

/** The envelope of a run with --json. */
export function envelopeOf(result: Pick<CliResult, 'stdout'>): {
  schemaVersion: number;
  command: string;
  status: string;
  data: never;
  warnings: { code: string; message: string }[];
  error: { code: string; category: string; message: string; hint: string | null } | null;
} {
  return JSON.parse(result.stdout) as ReturnType<typeof envelopeOf>;
}
