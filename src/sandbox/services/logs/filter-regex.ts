/**
 * The regular expressions of filter patterns, `%…%`
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, "Supported regular
 * expressions"). There are no groups, so an expression is a list of alternatives, each a row of steps. It is
 * run as a set of states that moves along the text once: time is bounded by text length times number of steps, whatever
 * the expression. A backtracking engine is not safe here, even without groups (`a*a*a*a*b`).
 */
import { FilterSyntaxError } from './filter-syntax-error.ts';

/** Counted repetition is unrolled, `a{500}` is 500 steps; AWS's own bound is UNKNOWN. */
const MAX_STEPS = 2_000;

const SYMBOLS = ':_#=@/;,-';
const OPERATORS = '^$?[]{}|\\*+.';

type CharTest = (code: number) => boolean;

type Step =
  /** Consumes one character: exactly once, at most once, or any number of times. */
  | { readonly kind: 'once' | 'optional' | 'many'; readonly accepts: CharTest }
  | { readonly kind: 'start' | 'end' | 'match' };

interface Reader {
  readonly text: string;
  at: number;
}

/** Whether the expression occurs anywhere in the text. Throws `FilterSyntaxError`. */
export function compileRegex(source: string): (text: string) => boolean {
  if (source === '') throw invalid(source);
  const reader: Reader = { text: source, at: 0 };
  const program: Step[] = [];
  const starts: number[] = [];
  do {
    starts.push(program.length);
    readAlternative(reader, program);
    program.push({ kind: 'match' });
    if (program.length > MAX_STEPS) throw invalid(source);
  } while (acceptChar(reader, '|'));
  return (text) => run(program, starts, text);
}

function run(program: readonly Step[], starts: readonly number[], text: string): boolean {
  const reached = new Int32Array(program.length).fill(-1);
  let states: number[] = [];

  /** Adds a state and all that it reaches without a character; true when one of them is the end of an alternative. */
  const add = (from: number, position: number): boolean => {
    for (let state = from; reached[state] !== position; state++) {
      reached[state] = position;
      const step = program[state];
      if (!step) return false;
      if (step.kind === 'match') return true;
      if (step.kind === 'start') {
        if (position !== 0) return false;
      } else if (step.kind === 'end') {
        // UNKNOWN whether `$` also matches before a final line feed; the page says "end of a string".
        if (position !== text.length) return false;
      } else {
        states.push(state);
        if (step.kind === 'once') return false;
      }
    }
    return false;
  };

  for (let position = 0; ;) {
    for (const start of starts) if (add(start, position)) return true;
    if (position >= text.length) return false;
    const code = text.codePointAt(position) ?? 0;
    position += code > 0xffff ? 2 : 1;
    const current = states;
    states = [];
    for (const state of current) {
      const step = program[state];
      if (!step || !('accepts' in step) || !step.accepts(code)) continue;
      if (add(step.kind === 'many' ? state : state + 1, position)) return true;
    }
  }
}

function readAlternative(reader: Reader, program: Step[]): void {
  const before = program.length;
  while (reader.at < reader.text.length && reader.text[reader.at] !== '|') {
    if (acceptChar(reader, '^')) program.push({ kind: 'start' });
    else if (acceptChar(reader, '$')) program.push({ kind: 'end' });
    else repeat(program, readAtom(reader), readCount(reader), reader);
  }
  if (program.length === before) throw invalid(reader.text);
}

interface Count {
  readonly min: number;
  /** Undefined: no upper bound. */
  readonly max: number | undefined;
}

function repeat(program: Step[], accepts: CharTest, { min, max }: Count, reader: Reader): void {
  if (program.length + (max ?? min + 1) > MAX_STEPS) throw invalid(reader.text);
  for (let i = 0; i < min; i++) program.push({ kind: 'once', accepts });
  if (max === undefined) program.push({ kind: 'many', accepts });
  else for (let i = min; i < max; i++) program.push({ kind: 'optional', accepts });
}

function readCount(reader: Reader): Count {
  const count = readQuantifier(reader);
  if (!count) return { min: 1, max: 1 };
  // A lazy quantifier finds the same events as a greedy one. Whether AWS takes it is UNKNOWN.
  acceptChar(reader, '?');
  return count;
}

function readQuantifier(reader: Reader): Count | undefined {
  if (acceptChar(reader, '?')) return { min: 0, max: 1 };
  if (acceptChar(reader, '*')) return { min: 0, max: undefined };
  if (acceptChar(reader, '+')) return { min: 1, max: undefined };
  if (!acceptChar(reader, '{')) return undefined;
  const end = reader.text.indexOf('}', reader.at);
  const bounds = /^(\d{0,4})(, *)?(\d{0,4})$/.exec(end < 0 ? '' : reader.text.slice(reader.at, end));
  if (!bounds) throw invalid(reader.text);
  reader.at = end + 1;
  const [, low = '', comma, high = ''] = bounds;
  if (low === '' && high === '') throw invalid(reader.text);
  const min = Number(low);
  const max = comma === undefined ? min : high === '' ? undefined : Number(high);
  if (max !== undefined && max < min) throw invalid(reader.text);
  return { min, max };
}

function readAtom(reader: Reader): CharTest {
  const char = takeChar(reader);
  if (char === '.') return () => true;
  if (char === '[') return readClass(reader);
  if (char === '\\') return readEscape(reader).accepts;
  if (!isLiteral(char)) throw invalid(reader.text);
  return equals(char.charCodeAt(0));
}

function readClass(reader: Reader): CharTest {
  const negated = acceptChar(reader, '^');
  const tests: CharTest[] = [];
  while (!acceptChar(reader, ']')) {
    const low = readClassItem(reader);
    const isRange =
      low.code !== undefined && reader.text[reader.at] === '-' && reader.text[reader.at + 1] !== ']';
    if (!isRange) {
      tests.push(low.accepts);
      continue;
    }
    reader.at++;
    const high = readClassItem(reader);
    const [from, to] = [low.code, high.code];
    if (to === undefined || to < from) throw invalid(reader.text);
    tests.push((code) => code >= from && code <= to);
  }
  if (tests.length === 0) throw invalid(reader.text);
  return tabled((code) => tests.some((test) => test(code)) !== negated);
}

interface ClassItem {
  /** Undefined for a class such as `\d`, which begins no range. */
  readonly code: number | undefined;
  readonly accepts: CharTest;
}

function readClassItem(reader: Reader): ClassItem {
  const char = takeChar(reader);
  if (char === '\\') return readEscape(reader);
  if (!isLiteral(char) && !OPERATORS.includes(char)) throw invalid(reader.text);
  return { code: char.charCodeAt(0), accepts: equals(char.charCodeAt(0)) };
}

const isDigit: CharTest = (code) => code >= 48 && code <= 57;
const isSpace: CharTest = (code) => code === 32 || (code >= 9 && code <= 13);
const isWord: CharTest = (code) =>
  isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

const CLASSES: Readonly<Record<string, CharTest>> = { d: isDigit, s: isSpace, w: isWord };

function readEscape(reader: Reader): ClassItem {
  const char = takeChar(reader);
  const lower = CLASSES[char.toLowerCase()];
  if (lower) {
    return { code: undefined, accepts: char === char.toLowerCase() ? lower : (code) => !lower(code) };
  }
  let code = char.charCodeAt(0);
  if (char === 'x') {
    const digits = reader.text.slice(reader.at, reader.at + 2);
    if (!/^[0-7][0-9A-Fa-f]$/.test(digits)) throw invalid(reader.text);
    reader.at += 2;
    code = Number.parseInt(digits, 16);
  } else if (!OPERATORS.includes(char) && !SYMBOLS.includes(char)) {
    // AWS refuses an escaped parenthesis too: it has to be written `\x28`.
    throw invalid(reader.text);
  }
  return { code, accepts: equals(code) };
}

function equals(expected: number): CharTest {
  return (code) => code === expected;
}

/** Classes are asked once per character: a table for ASCII, and one answer for all the rest (patterns are ASCII). */
function tabled(test: CharTest): CharTest {
  const ascii = Array.from({ length: 128 }, (_, code) => test(code));
  const beyond = test(0x10ffff);
  return (code) => (code < 128 ? ascii[code] === true : beyond);
}

/** The page's own example `%^starting|^shutting down%` holds a space, though its list of characters does not. */
function isLiteral(char: string): boolean {
  return /^[A-Za-z0-9 ]$/.test(char) || SYMBOLS.includes(char);
}

function takeChar(reader: Reader): string {
  const char = reader.text[reader.at++];
  if (char === undefined) throw invalid(reader.text);
  return char;
}

function acceptChar(reader: Reader, char: string): boolean {
  if (reader.text[reader.at] !== char) return false;
  reader.at++;
  return true;
}

function invalid(source: string): FilterSyntaxError {
  return new FilterSyntaxError(`Invalid character(s) in term '%${source}%'`);
}
