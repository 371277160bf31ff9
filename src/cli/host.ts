import type { Clock } from '../core/clock.ts';
import type { InputStream, OutputStream } from '../ui/io.ts';

/** The process as an argument: tests hand in another one. */
export interface Host {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly stdin: InputStream;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP; the reason is an `Interrupted`. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly randomHex: (length: number) => string;
  /** How this program is started again in the background: program and script. */
  readonly self: readonly string[];
  /** Folder of the package: the picture that `demo` uploads lies there. */
  readonly packageRoot: string;
  readonly version: string;
}

/** Why the run was stopped from outside. */
export class Interrupted extends Error {
  /** 130 for SIGINT, 143 for SIGTERM, 129 for SIGHUP. */
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('interrupted');
    this.name = 'AbortError';
    this.exitCode = exitCode;
  }
}
