/**
 * Filter patterns of FilterLogEvents and StartLiveTail
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html). Three kinds: terms, `{ JSON }`
 * and `[fields]`. The caller bounds the pattern's length (1,024 characters); parsing is linear in it, and matching is
 * bounded by the message's length times the pattern's.
 */
import { takeFieldsPattern } from './filter-fields.ts';
import { takeJsonPattern } from './filter-json.ts';
import {
  accept,
  atEnd,
  scan,
  skipSpace,
  syntaxError,
  takeQuoted,
  takeRegex,
  takeWhile,
  type Scanner,
} from './filter-scanner.ts';
import { FilterSyntaxError } from './filter-syntax-error.ts';

export type CompiledPattern =
  { readonly matches: (message: string) => boolean } | { readonly invalid: string; readonly reason: string };

/**
 * `invalid` is FilterLogEvents' message (mostly the bare `Invalid filter pattern`), `reason` what StartLiveTail adds to it;
 * both as reported by users of AWS.
 */
export function compileFilterPattern(pattern: string): CompiledPattern {
  const text = pattern.trim();
  const bracket = BRACKETS.find(({ open, close }) => text.startsWith(open) && !text.endsWith(close));
  if (bracket) {
    const message = `If a filter pattern starts with '${bracket.open}' it must end with '${bracket.close}'`;
    return { invalid: message, reason: message };
  }
  try {
    return { matches: takePattern(scan(text)) };
  } catch (error) {
    if (!(error instanceof FilterSyntaxError)) throw error;
    return { invalid: 'Invalid filter pattern', reason: error.message };
  }
}

const BRACKETS = [
  { open: '{', close: '}' },
  { open: '[', close: ']' },
];

function takePattern(scanner: Scanner): (message: string) => boolean {
  const kind = accept(scanner, '{') ? takeJsonPattern : accept(scanner, '[') ? takeFieldsPattern : undefined;
  if (!kind) return takeTerms(scanner);
  const matches = kind(scanner);
  if (!atEnd(scanner)) throw syntaxError(scanner);
  return matches;
}

type Term = (message: string) => boolean;

function takeTerms(scanner: Scanner): Term {
  const required: Term[] = [];
  const optional: Term[] = [];
  const excluded: Term[] = [];
  while (!atEnd(scanner)) {
    const list = accept(scanner, '-') ? excluded : accept(scanner, '?') ? optional : required;
    list.push(takeTerm(scanner));
    const before = scanner.at;
    skipSpace(scanner);
    if (!atEnd(scanner) && scanner.at === before) throw syntaxError(scanner);
  }
  if (required.length + excluded.length === 0) {
    return (message) => optional.length === 0 || optional.some((term) => term(message));
  }
  // "If you combine ? with other filter patterns, all question mark terms will be ignored."
  return (message) => required.every((term) => term(message)) && !excluded.some((term) => term(message));
}

/** A term is found anywhere, also inside a word: `ERROR` matches `ERRORCODE`. */
function takeTerm(scanner: Scanner): Term {
  const next = scanner.text[scanner.at];
  if (next === '%') return takeRegex(scanner);
  if (next === '"') {
    const phrase = takeQuoted(scanner);
    // `""` and `" "` match everything.
    return phrase.trim() === '' ? () => true : (message) => message.includes(phrase);
  }
  // Letters beyond ASCII are UNKNOWN; quoted they are certain.
  const word = takeWhile(scanner, /\w/y);
  if (word === '') throw syntaxError(scanner);
  return (message) => message.includes(word);
}
