import type { ErrorCategory, ErrorCode, S3evtError } from '../core/errors.ts';
import type { Warning } from '../core/progress.ts';
import { redact } from '../core/redact.ts';
import { INVISIBLE } from './sanitize.ts';

/** What a command that ends prints with --json. */
export interface Envelope {
  /** Set for the last line of a stream, whose lines all have a type. */
  readonly type?: 'error' | undefined;
  readonly command: string;
  readonly status: 'ok' | 'negative' | 'error';
  /** Anything JSON can hold; without a result, what the error says about how far the command got, else null. */
  readonly data: unknown;
  readonly warnings: readonly Warning[];
  readonly error: S3evtError | null;
}

/** How an error stands in JSON. */
export interface ErrorJson {
  readonly code: ErrorCode;
  readonly category: ErrorCategory;
  readonly message: string;
  readonly retryable: boolean;
  readonly hint: string | null;
  readonly commands: readonly string[];
}

/**
 * JSON.stringify leaves raw what a terminal obeys (DEL, C1 controls) or cannot show (bidirectional controls), and the line
 * separators that some readers of line-wise JSON break at. All of them can only stand inside strings, where an escape means
 * the same. Half surrogate pairs and C0 controls are escaped by JSON.stringify itself (ECMA-262, QuoteJSONString).
 */
const RAW = new RegExp(`[\\u007f-\\u009f\\u2028\\u2029${INVISIBLE}]`, 'gu');

/**
 * The envelope as text with a line end: indented for a person at a terminal (`pretty`), one line for a pipe. Remote text
 * comes out escaped and unchanged; only the texts of the error lose secrets.
 */
export function envelope(content: Envelope, pretty: boolean): string {
  const document = {
    ...(content.type === undefined ? {} : { type: content.type }),
    schemaVersion: 1,
    command: content.command,
    status: content.status,
    data: content.data ?? content.error?.data ?? null,
    warnings: content.warnings.map(({ code, message }) => ({ code, message })),
    error: content.error === null ? null : errorJson(content.error),
  };
  return `${stringify(document, pretty ? 2 : undefined)}\n`;
}

/** One item of a stream: a compact object and its line end. */
export function ndjson(item: object): string {
  return `${stringify(item, undefined)}\n`;
}

function errorJson(error: S3evtError): ErrorJson {
  return {
    code: error.code,
    category: error.category,
    message: redact(error.message),
    retryable: error.retryable,
    hint: error.hint === undefined ? null : redact(error.hint),
    commands: error.commands.map(redact),
  };
}

function stringify(value: object, indent: number | undefined): string {
  return JSON.stringify(value, undefined, indent).replace(RAW, escape);
}

function escape(character: string): string {
  let escaped = '';
  for (let at = 0; at < character.length; at += 1) {
    escaped += `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }
  return escaped;
}
