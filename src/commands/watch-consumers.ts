/** Where `watch` hands events on to: an HTTP endpoint, or a command that is run for each. */
import { spawn } from 'node:child_process';
import { StringDecoder } from 'node:string_decoder';
import type { Readable } from 'node:stream';
import { S3evtError } from '../core/errors.ts';

export interface ForwardOutcome {
  /** HTTP status; null when there was no answer. */
  readonly status: number | null;
  /** Why there was none. */
  readonly error: string | null;
}

/** An endpoint that keeps a watch waiting for longer has failed. */
const FORWARD_MS = 30_000;

/** The URL that events are posted to. Throws USAGE for anything but http and https. Messages never repeat a password. */
export function forwardUrl(text: string): string {
  const hint = 'Write a URL such as http://127.0.0.1:9000/events.';
  let url: URL;
  try {
    url = new URL(text);
  } catch (error) {
    throw new S3evtError('USAGE', '--forward-to is not a URL', { hint, cause: error });
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new S3evtError('USAGE', `--forward-to takes http and https, not ${url.protocol}`, { hint });
  }
  if (url.username !== '' || url.password !== '') {
    throw new S3evtError('USAGE', '--forward-to holds a user name or password', { hint });
  }
  return url.href;
}

/** Posts once: no retries, and a redirection is an answer like any other. Rejects only when the signal is aborted. */
export async function forward(url: string, body: string, signal: AbortSignal): Promise<ForwardOutcome> {
  const limit = AbortSignal.timeout(FORWARD_MS);
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      redirect: 'manual',
      signal: AbortSignal.any([signal, limit]),
    });
    await response.body?.cancel();
    return { status: response.status, error: null };
  } catch (error) {
    signal.throwIfAborted();
    if (limit.aborted) return { status: null, error: `no answer within ${FORWARD_MS / 1_000} s` };
    // What fetch throws says "fetch failed"; why stands in its cause.
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (cause as { code?: unknown } | null)?.code;
    return { status: null, error: typeof code === 'string' ? code : String(cause) };
  }
}

export interface CommandOutcome {
  /** As a shell tells it: 128 and the signal's number for a child that a signal ended; 127 and 126 when it could not be started. */
  readonly exitCode: number;
}

export interface CommandRun {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly signal: AbortSignal;
  /** A whole line of what the child printed, without its end. */
  readonly line: (stream: 'stdout' | 'stderr', text: string) => Promise<void>;
}

/** A child that does not end with SIGTERM has this long, within the five seconds of a Ctrl-C. */
const TERM_MS = 500;

const NUMBERS: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGKILL: 9,
  SIGTERM: 15,
};

/** Runs the command to its end with `input` on its stdin; no shell. Never rejects: a child that was stopped has an exit code too. */
export async function runCommand(
  [program = '', ...args]: readonly string[],
  input: string,
  { cwd, env, signal, line }: CommandRun,
): Promise<CommandOutcome> {
  const child = spawn(program, args, { cwd, env, stdio: ['pipe', 'pipe', 'pipe'] });
  let killing: NodeJS.Timeout | undefined;
  const stop = () => {
    child.kill('SIGTERM');
    killing = setTimeout(() => child.kill('SIGKILL'), TERM_MS);
  };
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  // A command that does not read its stdin closes it: no failure of ours.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const ended = new Promise<number>((resolve) => {
    child.on('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'ENOENT' ? 127 : 126));
    child.on('close', (code, by) => resolve(code ?? 128 + (NUMBERS[by ?? 'SIGTERM'] ?? 0)));
  });
  const shown = Promise.all([
    eachLine(child.stdout, (text) => line('stdout', text)),
    eachLine(child.stderr, (text) => line('stderr', text)),
  ]);
  try {
    const exitCode = await ended;
    await shown;
    return { exitCode };
  } finally {
    clearTimeout(killing);
    signal.removeEventListener('abort', stop);
  }
}

/** A line that never ends is not gathered for ever. */
const MAX_LINE = 65_536;

async function eachLine(stream: Readable, tell: (text: string) => Promise<void>): Promise<void> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  try {
    for await (const chunk of stream) {
      const lines = (rest + decoder.write(chunk as Buffer)).split('\n');
      rest = lines.pop() ?? '';
      for (const text of lines) await tell(text.replace(/\r$/, ''));
      if (rest.length > MAX_LINE) {
        await tell(rest);
        rest = '';
      }
    }
  } catch {
    // The child could not be started, or was killed.
  }
  if (rest !== '') await tell(rest);
}
