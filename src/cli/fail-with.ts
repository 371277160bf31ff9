import { S3evtError } from '../core/errors.ts';
import { formatError } from '../ui/error.ts';
import type { Io } from '../ui/io.ts';
import { envelope } from '../ui/json.ts';
import { createTheme } from '../ui/theme.ts';

export interface Failing {
  readonly name: string;
  readonly json: boolean;
  readonly debug: boolean;
  readonly warnings?: readonly { readonly code: string; readonly message: string }[];
  readonly streams?: boolean;
}

/** The one place that prints errors. Returns the exit code. */
export async function failWith(
  error: unknown,
  { name, json, debug, warnings, streams }: Failing,
  io: Io,
): Promise<number> {
  const failure =
    error instanceof S3evtError
      ? error
      : new S3evtError('INTERNAL', error instanceof Error ? error.message || error.name : String(error), {
          cause: error,
        });
  if (json) {
    const status = failure.category === 'negative' ? 'negative' : 'error';
    const content = { command: name, status, data: null, warnings: warnings ?? [], error: failure } as const;
    const text =
      streams === true ? envelope({ type: 'error', ...content }, false) : envelope(content, io.stdout.isTTY);
    await io.stdout.write(text);
  }
  if (!json || debug)
    await io.stderr.write(
      lines(
        formatError(error, createTheme(io.stderr), {
          debug,
          ...(io.stderr.isTTY ? { width: io.stderr.columns - 2 } : {}),
        }),
      ),
    );
  await io.stdout.flush();
  await io.stderr.flush();
  return failure.exitCode;
}

/** As they are written: each with its newline. */
export function lines(content: readonly string[]): string {
  let text = '';
  for (const line of content) text += `${line}\n`;
  return text;
}
