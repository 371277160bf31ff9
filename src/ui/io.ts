import type { Readable } from 'node:stream';
import { createWriter, type Writer } from './output.ts';

/** What is used of a stream of Node's, `process.stdout` above all. */
export interface OutputStream {
  readonly isTTY?: boolean;
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  readonly destroyed: boolean;
  readonly writableEnded: boolean;
  on(event: 'drain' | 'close' | 'error', listener: (error: Error) => void): unknown;
  write(text: string | Uint8Array, done?: (error?: Error | null) => void): boolean;
}

export type InputStream = Readable & {
  readonly isTTY?: boolean;
  readonly isRaw?: boolean;
  setRawMode?(mode: boolean): unknown;
};

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * One of stdout and stderr, judged for itself. `write` resolves when the stream can take more and never rejects; after the
 * reader has gone it does nothing. `flush` resolves when everything has been handed over, and rejects with
 * FILE_UNWRITABLE when the stream failed for another reason than a reader that went away.
 */
export interface Output extends Omit<Writer, 'push'> {
  readonly isTTY: boolean;
  /** A terminal whose lines may be drawn again: neither TERM=dumb nor CI, where each frame would be a new line. */
  readonly canRedraw: boolean;
  readonly color: boolean;
  readonly unicode: boolean;
  /** Of the terminal now, 80 if unknown. */
  readonly columns: number;
  /** For what draws by itself (spinner, prompts). Everything else goes through `write`. */
  readonly stream: OutputStream;
}

export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdinIsTTY: boolean;
}

export type ColorChoice = 'auto' | 'always' | 'never';

export function createIo(
  streams: { readonly stdin: InputStream; readonly stdout: OutputStream; readonly stderr: OutputStream },
  options: { readonly env: Environment; readonly color: ColorChoice },
): Io {
  // Only results come in such numbers that batching pays.
  const stdout = createWriter(streams.stdout, 'stdout', { batched: true });
  const oneTerminal = streams.stdout.isTTY === true && streams.stderr.isTTY === true;
  const stderr = createWriter(streams.stderr, 'stderr', {
    batched: false,
    // What was said first stands first.
    ...(oneTerminal ? { before: stdout.push } : {}),
  });
  return {
    stdout: createOutput(streams.stdout, stdout, options),
    stderr: createOutput(streams.stderr, stderr, options),
    // Read when it is asked for: a mistake in the command line is told without opening stdin.
    get stdinIsTTY() {
      return streams.stdin.isTTY === true;
    },
  };
}

function createOutput(
  stream: OutputStream,
  writer: Writer,
  options: { readonly env: Environment; readonly color: ColorChoice },
): Output {
  const { env } = options;
  const isTTY = stream.isTTY === true;
  return {
    isTTY,
    canRedraw: isTTY && env['TERM'] !== 'dumb' && !runsInCi(env),
    color: wantsColor(options.color, env, isTTY),
    unicode: showsUnicode(env),
    stream,
    get columns() {
      return stream.columns !== undefined && stream.columns > 0 ? stream.columns : 80;
    },
    get closed() {
      return writer.closed;
    },
    write: (text) => writer.write(text),
    flush: () => writer.flush(),
    onClosed: (callback) => writer.onClosed(callback),
  };
}

/**
 * The flag wins over the environment (no-color.org says so), FORCE_COLOR over NO_COLOR (as in Node's own
 * `getColorDepth`), and empty variables count as unset (no-color.org, force-color.org).
 */
function wantsColor(choice: ColorChoice, env: Environment, isTTY: boolean): boolean {
  if (choice !== 'auto') return choice === 'always';
  const forced = env['FORCE_COLOR'];
  if (isSet(forced)) return forced !== '0' && forced !== 'false';
  if (isSet(env['NO_COLOR'])) return false;
  return isTTY && env['TERM'] !== 'dumb';
}

function runsInCi(env: Environment): boolean {
  const ci = env['CI'];
  return isSet(ci) && ci !== '0' && ci !== 'false';
}

/** The first of LC_ALL, LC_CTYPE and LANG that is set names the character set (POSIX, "Environment Variables" 8.2). */
function showsUnicode(env: Environment): boolean {
  const term = env['TERM'];
  if (term === 'linux' || term === 'dumb') return false;
  if (isSet(env['WT_SESSION'])) return true;
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(isSet);
  return locale !== undefined && /utf-?8/i.test(locale);
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
