/** Reads a query's text from left to right. The words and signs of the language; its grammar is in the parsers. */
import { QuerySyntaxError } from './query-error.ts';
import { compileQueryRegex } from './query-regex.ts';
import type { Pattern } from './query-syntax.ts';

export interface Reader {
  readonly text: string;
  at: number;
  /** How deep expressions lie in one another. */
  depth: number;
  operators: number;
}

/** A field's name without backticks has no other characters. */
const NAME = /[@A-Za-z_][\w.@]*/y;
const NUMBER = /\d+(?:\.\d+)?(?:[eE][-+]?\d{1,3})?/y;
const SPACE = /(?:\s|#[^\n]*)*/y;

/** Passes over white space and comments, and says what comes next: one character, '' at the end. */
export function peek(reader: Reader): string {
  SPACE.lastIndex = reader.at;
  reader.at += SPACE.exec(reader.text)?.[0].length ?? 0;
  return reader.text.charAt(reader.at);
}

function match(reader: Reader, pattern: RegExp): string | undefined {
  peek(reader);
  pattern.lastIndex = reader.at;
  return pattern.exec(reader.text)?.[0];
}

/** A sign that is not the beginning of a longer one. */
export function acceptSign(reader: Reader, sign: string): boolean {
  peek(reader);
  if (!reader.text.startsWith(sign, reader.at)) return false;
  reader.at += sign.length;
  return true;
}

export function expectSign(reader: Reader, sign: string): void {
  if (!acceptSign(reader, sign)) throw unexpected(reader);
}

/** A word of the language, in any case. */
export function acceptWord(reader: Reader, word: string): boolean {
  if (match(reader, NAME)?.toLowerCase() !== word) return false;
  reader.at += word.length;
  return true;
}

export function peekName(reader: Reader): string | undefined {
  return match(reader, NAME);
}

/** A field's name, bare or in backticks. */
export function acceptName(reader: Reader): string | undefined {
  if (peek(reader) === '`') {
    const end = reader.text.indexOf('`', reader.at + 1);
    if (end < 0) throw unexpected(reader);
    const quoted = reader.text.slice(reader.at + 1, end);
    reader.at = end + 1;
    return quoted;
  }
  const name = match(reader, NAME);
  if (name !== undefined) reader.at += name.length;
  return name;
}

export function expectName(reader: Reader): string {
  const name = acceptName(reader);
  if (name === undefined) throw unexpected(reader);
  return name;
}

export function acceptNumber(reader: Reader): number | undefined {
  const digits = match(reader, NUMBER);
  if (digits === undefined) return undefined;
  reader.at += digits.length;
  return Number(digits);
}

/** In single or double quotes; a backslash takes the next character as it is. */
export function acceptString(reader: Reader): string | undefined {
  const quote = peek(reader);
  if (quote !== '"' && quote !== "'") return undefined;
  const start = reader.at++;
  let value = '';
  for (;;) {
    const char = reader.text[reader.at++];
    if (char === undefined) {
      reader.at = start;
      throw unexpected(reader);
    }
    if (char === quote) return value;
    value += char === '\\' ? (reader.text[reader.at++] ?? '') : char;
  }
}

/** What stands after `like`: a text in quotes or an expression in slashes. */
export function expectPattern(reader: Reader): Pattern {
  const text = acceptString(reader);
  if (text !== undefined) return { text };
  if (peek(reader) !== '/') throw unexpected(reader);
  const start = reader.at++;
  let inClass = false;
  for (; ; reader.at++) {
    const char = reader.text[reader.at];
    if (char === undefined) {
      reader.at = start;
      throw unexpected(reader);
    }
    if (char === '\\') reader.at++;
    else if (char === '[') inClass = true;
    else if (char === ']') inClass = false;
    else if (char === '/' && !inClass) break;
  }
  return { regex: compileQueryRegex(reader.text.slice(start + 1, reader.at++)) };
}

/** The text is second-hand ("unexpected symbol found sort", seen in 2026); AWS's has a position behind it. */
export function unexpected(reader: Reader): QuerySyntaxError {
  peek(reader);
  const symbol = /^[\w@.]+|^./su.exec(reader.text.slice(reader.at, reader.at + 100))?.[0] ?? '<EOF>';
  const before = reader.text.slice(0, reader.at).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return new QuerySyntaxError(
    `unexpected symbol found ${symbol} at line ${before.length} and position ${column}`,
  );
}
