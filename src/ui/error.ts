import { S3evtError } from '../core/errors.ts';
import { redact } from '../core/redact.ts';
import { sanitizeBlock } from './sanitize.ts';
import type { Theme } from './theme.ts';
import { wrap } from './width.ts';

const MAX_CAUSES = 8;
const LABEL = 'error:';

/**
 * What went wrong, what to do, and the commands to copy: three parts, one below the other, as lines without line ends. With
 * `debug`, AWS's own error and the chain of causes follow. Nothing in it can steer the terminal or carries a secret.
 */
export function formatError(
  error: unknown,
  theme: Theme,
  options: {
    readonly debug: boolean;
    /** Columns of the terminal; without it, in a pipe, lines are as long as they are. */
    readonly width?: number;
  },
): string[] {
  const { width } = options;
  const folded = (text: string) => (width === undefined ? [text] : wrap(text, width));
  // Folded with its label, which is styled only afterwards: an escape sequence has no width.
  const [what = '', ...more] = safeLines(`${LABEL} ${messageOf(error)}`).flatMap(folded);
  const lines = [theme.bad(LABEL) + what.slice(LABEL.length), ...more.map((line) => `  ${line}`)];
  const hint = hintOf(error, options.debug);
  if (hint !== undefined) lines.push(...safeLines(hint).flatMap(folded));
  if (error instanceof S3evtError) {
    for (const command of error.commands) {
      lines.push(...safeLines(command).map((line) => `  ${theme.accent(line)}`));
    }
  }
  if (options.debug) lines.push(...debugLines(error).map((line) => theme.dim(line)));
  return lines;
}

function hintOf(error: unknown, debug: boolean): string | undefined {
  if (error instanceof S3evtError && (error.hint !== undefined || error.code !== 'INTERNAL'))
    return error.hint;
  return debug
    ? 'This is a bug in s3evt.'
    : 'This is a bug in s3evt; run again with --debug to see where it happened.';
}

function debugLines(error: unknown): string[] {
  const lines: string[] = [];
  if (error instanceof S3evtError) {
    lines.push(`code: ${error.code}`);
    if (error.aws !== undefined) {
      const { name, message, status, requestId, region } = error.aws;
      const facts = [name, status === undefined ? '' : `HTTP ${status}`, requestId ?? '', region ?? ''];
      lines.push(...safeLines(`AWS: ${facts.filter((fact) => fact !== '').join(', ')}: ${message}`));
      for (const { name: argument, value } of error.aws.arguments ?? []) {
        lines.push(...safeLines(`  ${argument}: ${value}`));
      }
    }
  }
  let cause: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && cause !== undefined; depth += 1) {
    const text = cause instanceof Error && cause.stack !== undefined ? cause.stack : messageOf(cause);
    lines.push(...safeLines(depth === 0 ? text : `caused by: ${text}`));
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}

/** Never empty: a refused connection is an AggregateError without a message, and anything at all may be thrown. */
function messageOf(error: unknown): string {
  if (error instanceof Error) {
    const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
    return [error.message, code, error.name].find((text) => text !== '') ?? 'unknown error';
  }
  return typeof error === 'string' && error !== '' ? error : `unknown error (${typeof error})`;
}

function safeLines(text: string): string[] {
  return sanitizeBlock(redact(text)).split('\n');
}
