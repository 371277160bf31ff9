import { systemClock } from '../sandbox/clock.ts';
import { Interrupted, type Host } from './host.ts';

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

/** The real process as a host. The first signal aborts the run, the second ends the process at once. */
export function processHost({ script, packageRoot, version }: Installation): Host {
  const controller = new AbortController();
  for (const [name, code] of Object.entries(SIGNALS)) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(code);
      controller.abort(new Interrupted(code));
      setTimeout(() => process.exit(code), CLEAN_UP_MS).unref();
    });
  }
  return {
    env: process.env,
    cwd: process.cwd(),
    get stdin() {
      return process.stdin;
    },
    get stdout() {
      return process.stdout;
    },
    get stderr() {
      return process.stderr;
    },
    signal: controller.signal,
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
