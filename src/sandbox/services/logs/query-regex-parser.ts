/**
 * The regular expressions of Logs Insights, `/…/`: groups, named groups, lazy quantifiers and the flags i, m and s, unlike
 * those of filter patterns (filter-regex.ts). AWS publishes no list: look-around, back-references, possessive
 * quantifiers and Unicode classes are UNKNOWN and refused.
 */
import { QuerySyntaxError } from './query-error.ts';

export type CharTest = (code: number) => boolean;

export type Assertion = 'start' | 'end' | 'lineStart' | 'lineEnd' | 'boundary' | 'noBoundary';

export type RegexNode =
  | { readonly kind: 'char'; readonly accepts: CharTest }
  | { readonly kind: 'assert'; readonly assertion: Assertion }
  | { readonly kind: 'sequence' | 'choice'; readonly nodes: readonly RegexNode[] }
  /** `index` counts captures from 1. */
  | { readonly kind: 'capture'; readonly index: number; readonly node: RegexNode }
  | {
      readonly kind: 'repeat';
      readonly node: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    };

export interface ParsedRegex {
  readonly node: RegexNode;
  /** Name of each capture, the first at 0; undefined for one without a name. */
  readonly captures: readonly (string | undefined)[];
}

interface Reader {
  readonly text: string;
  at: number;
  depth: number;
  flags: { readonly i: boolean; readonly m: boolean; readonly s: boolean };
  readonly captures: (string | undefined)[];
}

const MAX_DEPTH = 50;

/** Throws `QuerySyntaxError`. */
export function parseRegex(source: string): ParsedRegex {
  const reader: Reader = {
    text: source,
    at: 0,
    depth: 0,
    flags: { i: false, m: false, s: false },
    captures: [],
  };
  const node = readChoice(reader);
  if (reader.at < source.length) throw invalid(reader);
  return { node, captures: reader.captures };
}

function readChoice(reader: Reader): RegexNode {
  if (++reader.depth > MAX_DEPTH) throw invalid(reader);
  const { flags } = reader;
  const nodes = [readSequence(reader)];
  while (accept(reader, '|')) nodes.push(readSequence(reader));
  reader.flags = flags;
  reader.depth--;
  const [only, ...others] = nodes;
  return only && others.length === 0 ? only : { kind: 'choice', nodes };
}

function readSequence(reader: Reader): RegexNode {
  const nodes: RegexNode[] = [];
  while (reader.at < reader.text.length && !')|'.includes(reader.text.charAt(reader.at))) {
    const atom = readAtom(reader);
    if (atom) nodes.push(readRepeat(reader, atom));
  }
  return { kind: 'sequence', nodes };
}

/** Undefined for a flag that stands alone: `(?i)`. */
function readAtom(reader: Reader): RegexNode | undefined {
  const char = take(reader);
  switch (char) {
    case '(':
      return readGroup(reader);
    case '^':
      return { kind: 'assert', assertion: reader.flags.m ? 'lineStart' : 'start' };
    case '$':
      return { kind: 'assert', assertion: reader.flags.m ? 'lineEnd' : 'end' };
    case '.': {
      // Whether `.` matches a line feed is UNKNOWN: as in Java it does with the flag s.
      return { kind: 'char', accepts: reader.flags.s ? () => true : (code) => code !== 10 && code !== 13 };
    }
    case '[':
      return { kind: 'char', accepts: readClass(reader) };
    case '\\': {
      if (accept(reader, 'b')) return { kind: 'assert', assertion: 'boundary' };
      if (accept(reader, 'B')) return { kind: 'assert', assertion: 'noBoundary' };
      return { kind: 'char', accepts: readEscape(reader).accepts };
    }
    case '*':
    case '+':
    case '?':
      throw invalid(reader);
    default:
      return { kind: 'char', accepts: equals(reader, takeRest(reader, char)) };
  }
}

function readGroup(reader: Reader): RegexNode | undefined {
  let index: number | undefined;
  const { flags } = reader;
  if (accept(reader, '?')) {
    const name = /^P?<([A-Za-z]\w*)>/.exec(reader.text.slice(reader.at));
    const setting = /^([ims]*)(?:-([ims]*))?([:)])/.exec(reader.text.slice(reader.at));
    if (name?.[1] !== undefined) {
      if (reader.captures.includes(name[1])) throw invalid(reader);
      reader.at += name[0].length;
      index = reader.captures.push(name[1]);
    } else if (setting) {
      const [all, on = '', off = '', end] = setting;
      reader.at += all.length;
      const flag = (letter: 'i' | 'm' | 's') =>
        (flags[letter] || on.includes(letter)) && !off.includes(letter);
      reader.flags = { i: flag('i'), m: flag('m'), s: flag('s') };
      if (end === ')') return undefined;
    } else throw invalid(reader);
  } else index = reader.captures.push(undefined);
  const node = readChoice(reader);
  if (!accept(reader, ')')) throw invalid(reader);
  reader.flags = flags;
  return index === undefined ? node : { kind: 'capture', index, node };
}

function readRepeat(reader: Reader, node: RegexNode): RegexNode {
  const bounds = /^(?:([*+?])|\{(\d{1,4})(?:(,)(\d{0,4}))?\})(\??)/.exec(
    reader.text.slice(reader.at, reader.at + 12),
  );
  if (!bounds) return node;
  reader.at += bounds[0].length;
  const [, sign, low, comma, high] = bounds;
  const min = sign === undefined ? Number(low) : sign === '+' ? 1 : 0;
  let max = sign === '?' ? 1 : Number.POSITIVE_INFINITY;
  if (sign === undefined) max = comma === undefined ? min : high === '' ? max : Number(high);
  if (max < min || '*+'.includes(reader.text.charAt(reader.at) || ' ')) throw invalid(reader);
  return { kind: 'repeat', node, min, max, lazy: bounds[5] === '?' };
}

function readClass(reader: Reader): CharTest {
  const negated = accept(reader, '^');
  const tests: CharTest[] = [];
  while (tests.length === 0 || !accept(reader, ']')) {
    const low = readClassItem(reader);
    const next = reader.text[reader.at + 1];
    if (low.code === undefined || reader.text[reader.at] !== '-' || next === ']' || next === undefined) {
      tests.push(low.accepts);
      continue;
    }
    reader.at++;
    const [from, to] = [low.code, readClassItem(reader).code];
    if (to === undefined || to < from) throw invalid(reader);
    const inRange: CharTest = (code) => code >= from && code <= to;
    tests.push(reader.flags.i ? (code) => inRange(lower(code)) || inRange(upper(code)) : inRange);
  }
  return (code) => tests.some((test) => test(code)) !== negated;
}

interface ClassItem {
  readonly code: number | undefined;
  readonly accepts: CharTest;
}

function readClassItem(reader: Reader): ClassItem {
  const char = take(reader);
  if (char === '\\') return readEscape(reader);
  if (char === '[') throw invalid(reader);
  const code = takeRest(reader, char);
  return { code, accepts: equals(reader, code) };
}

const isDigit: CharTest = (code) => code >= 48 && code <= 57;
const isSpace: CharTest = (code) => code === 32 || (code >= 9 && code <= 13);
export const isWord: CharTest = (code) =>
  isDigit(code) || code === 95 || (code >= 65 && code <= 90) || (code >= 97 && code <= 122);

const CLASSES: Readonly<Record<string, CharTest>> = { d: isDigit, s: isSpace, w: isWord };
const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, r: 13, f: 12 };

function readEscape(reader: Reader): ClassItem {
  const char = take(reader);
  const known = CLASSES[char.toLowerCase()];
  if (known) {
    return { code: undefined, accepts: char === char.toLowerCase() ? known : (code) => !known(code) };
  }
  let code = CONTROLS[char];
  if (code === undefined && (char === 'x' || char === 'u')) {
    const digits = reader.text.slice(reader.at, reader.at + (char === 'x' ? 2 : 4));
    if (!(char === 'x' ? /^[0-9A-Fa-f]{2}$/ : /^[0-9A-Fa-f]{4}$/).test(digits)) throw invalid(reader);
    reader.at += digits.length;
    code = Number.parseInt(digits, 16);
  }
  if (code === undefined && /[A-Za-z0-9]/.test(char)) throw invalid(reader);
  const wanted = code ?? takeRest(reader, char);
  return { code: wanted, accepts: equals(reader, wanted) };
}

function equals(reader: Reader, expected: number): CharTest {
  if (!reader.flags.i) return (code) => code === expected;
  const [low, high] = [lower(expected), upper(expected)];
  return (code) => code === low || code === high;
}

function lower(code: number): number {
  return String.fromCodePoint(code).toLowerCase().codePointAt(0) ?? code;
}

function upper(code: number): number {
  return String.fromCodePoint(code).toUpperCase().codePointAt(0) ?? code;
}

/** The code point that begins with a character already taken. */
function takeRest(reader: Reader, char: string): number {
  const code = reader.text.codePointAt(reader.at - char.length) ?? 0;
  if (code > 0xffff) reader.at++;
  return code;
}

function take(reader: Reader): string {
  const char = reader.text[reader.at++];
  if (char === undefined) throw invalid(reader);
  return char;
}

function accept(reader: Reader, char: string): boolean {
  if (reader.text[reader.at] !== char) return false;
  reader.at++;
  return true;
}

function invalid({ text }: Reader): QuerySyntaxError {
  return new QuerySyntaxError(`Invalid regular expression /${text}/`);
}
