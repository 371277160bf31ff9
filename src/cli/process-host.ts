import { systemClock } from '../sandbox/clock.ts';
import type { OutputStream } from '../ui/io.ts';
import { Interrupted, type Host } from './host.ts';
import { standardOutput } from './standard-output.ts';

/** Exit codes of signals, as shells know them: 128 and the signal's number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

/** How long a first Ctrl-C may take to clean up before the process ends all the same. */
const CLEAN_UP_MS = 5_000;

export interface Installation {
  /** The script that starts this program. */
  readonly script: string;
  readonly packageRoot: string;
  readonly version: string;
}

/** The real process as a host. Once a command listens, the first signal aborts it; the second ends the process at once. */
export function processHost({ script, packageRoot, version }: Installation): Host {
  let signal: AbortSignal | undefined;
  let stdout: OutputStream | undefined;
  let stderr: OutputStream | undefined;
  return {
    env: process.env,
    cwd: process.cwd(),
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return (stdout ??= standardOutput(1, () => process.stdout));
    },
    get stderr() {
      return (stderr ??= standardOutput(2, () => process.stderr));
    },
    get signal() {
      return (signal ??= abortedBySignals());
    },
    clock: systemClock,
    // Loaded when it is asked for: what ends before a call to AWS needs no cryptography.
    randomHex: (length) =>
      process
        .getBuiltinModule('node:crypto')
        .randomBytes(Math.ceil(length / 2))
        .toString('hex')
        .slice(0, length),
    self: [process.execPath, script],
    packageRoot,
    version,
  };
}

function abortedBySignals(): AbortSignal {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(new Interrupted(code));
      setTimeout(() => process.exit(code), CLEAN_UP_MS).unref();
    });
  }
  return controller.signal;
}
