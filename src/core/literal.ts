/**
 * Reads a value as programs print it: JSON, Python's `repr` (`print(event)`) and Node's `util.inspect` (`console.log(event)`).
 * https://docs.python.org/3/library/functions.html#repr, https://nodejs.org/api/util.html#utilinspectobject-options
 *
 * One grammar covers the three: no text is valid in two of them with different meanings, and a handler's own text is often none of
 * them exactly. It is a recursive descent over char codes; strings are cut out between quotes found with `indexOf`. Every character
 * is looked at a bounded number of times, whatever the text.
 *
 * What cannot be rebuilt is read as `undefined`: `[Object]`, `[Function: f]`, `<Buffer 7b>`, `Decimal('1')`, `LambdaContext([...])`.
 * Maps and sets are not read.
 */
import {
  CLOSE_BRACE,
  CLOSE_BRACKET,
  CLOSE_PAREN,
  COLON,
  COMMA,
  DOT,
  FAILED,
  GREATER_THAN,
  LESS_THAN,
  MINUS,
  OPEN_BRACE,
  OPEN_BRACKET,
  OPEN_PAREN,
  SLASH,
  SPACE,
  isDigit,
  isQuote,
  isWordStart,
  nextCode,
  readNumber,
  readString,
  type Reader,
} from './literal-scalar.ts';

export interface Literal {
  readonly value: unknown;
  /** Index just after the literal. */
  readonly end: number;
}

/** Deeper than any event; keeps the recursion off the stack's limit. */
export const MAX_LITERAL_DEPTH = 200;

/** The literal that starts at `start` (blanks may precede it), or undefined when none is complete there. Never throws. */
export function parseLiteral(text: string, start: number): Literal | undefined {
  const scan = scanLiteral(text, start);
  return scan.complete ? { value: scan.value, end: scan.end } : undefined;
}

/** Like `parseLiteral`, but says of a failure how far the text was read: `end - start` bounds the work done, to a constant factor. */
export function scanLiteral(text: string, start: number): Literal & { readonly complete: boolean } {
  const reader: Reader = { text, pos: start, depth: 0 };
  const value = readValue(reader);
  if (value === FAILED) return { complete: false, value: undefined, end: Math.min(reader.pos, text.length) };
  return { complete: true, value, end: reader.pos };
}

function isOpening(code: number): boolean {
  return code === OPEN_BRACE || code === OPEN_BRACKET;
}

function readValue(r: Reader): unknown {
  const code = nextCode(r);
  if (isQuote(code)) return readString(r, code);
  if (code === OPEN_BRACE) return readObject(r);
  if (code === OPEN_BRACKET) return readArray(r);
  if (isDigit(code) || code === MINUS) return readNumber(r, code);
  if (isWordStart(code)) return readWord(r);
  if (code === OPEN_PAREN) return readTuple(r);
  if (code === LESS_THAN) return readAngle(r);
  return FAILED;
}

function readObject(r: Reader): unknown {
  if (++r.depth > MAX_LITERAL_DEPTH) return FAILED;
  r.pos++;
  const object: Record<string, unknown> = {};
  for (;;) {
    let code = nextCode(r);
    if (code === CLOSE_BRACE) break;
    const key = isQuote(code) ? readString(r, code) : readBareKey(r, code);
    if (typeof key !== 'string' || nextCode(r) !== COLON) return FAILED;
    r.pos++;
    const value = readValue(r);
    if (value === FAILED) return FAILED;
    // A plain assignment would change the prototype; JSON.parse makes an own property of it too.
    if (key === '__proto__') defineOwn(object, key, value);
    else object[key] = value;
    code = nextCode(r);
    if (code === COMMA) r.pos++;
    else if (code !== CLOSE_BRACE) return FAILED;
  }
  r.pos++;
  r.depth--;
  return object;
}

function defineOwn(object: object, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Node's unquoted keys, Python's numbers as keys, and Node's `[Symbol(x)]`. */
function readBareKey(r: Reader, code: number): unknown {
  const start = r.pos;
  if (code === OPEN_BRACKET) {
    if (!skipPast(r, CLOSE_BRACKET)) return FAILED;
  } else {
    skipWord(r);
    if (r.pos === start) return FAILED;
  }
  return r.text.slice(start, r.pos);
}

/** Moves to the next `mark`; false, at the end of the text, when there is none. */
function skipTo(r: Reader, mark: number): boolean {
  while (r.pos < r.text.length) {
    if (r.text.charCodeAt(r.pos) === mark) return true;
    r.pos++;
  }
  return false;
}

function skipPast(r: Reader, mark: number): boolean {
  if (!skipTo(r, mark)) return false;
  r.pos++;
  return true;
}

/** Moves past letters, digits, `_`, `$`, `.` (qualified Python names) and `-` (negative keys). */
function skipWord(r: Reader): void {
  let code = r.text.charCodeAt(r.pos);
  while (isWordStart(code) || isDigit(code) || code === DOT || code === MINUS)
    code = r.text.charCodeAt(++r.pos);
}

function readArray(r: Reader): unknown {
  if (++r.depth > MAX_LITERAL_DEPTH) return FAILED;
  const start = r.pos++;
  const value =
    isWordStart(r.text.charCodeAt(r.pos)) && isPlaceholder(r)
      ? readAfterPlaceholder(r)
      : readItems(r, start + 1, CLOSE_BRACKET);
  r.depth--;
  return value;
}

/** Words that are values, so that `[None]` is a list while `[Object]` is a placeholder. */
const WORDS: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ['null', null],
  ['None', null],
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['undefined', undefined],
  ['NaN', Number.NaN],
  ['nan', Number.NaN],
  ['Infinity', Infinity],
  ['inf', Infinity],
]);

/**
 * After `[`: whether Node printed a stand-in, such as `[Object]`, `[Circular *1]`, `[Function: f]`, `[Getter/Setter]`. Real elements
 * that start with a letter have a blank before them in Node, and in Python are keywords, `b'...'` or calls.
 */
function isPlaceholder(r: Reader): boolean {
  const start = r.pos;
  skipWord(r);
  const code = r.text.charCodeAt(r.pos);
  const standIn =
    (code === CLOSE_BRACKET || code === COLON || code === SPACE || code === SLASH) &&
    !WORDS.has(r.text.slice(start, r.pos));
  r.pos = start;
  return standIn;
}

/** `[Object: null prototype] { a: 1 }` is the object; any other stand-in is undefined. */
function readAfterPlaceholder(r: Reader): unknown {
  if (!skipPast(r, CLOSE_BRACKET)) return FAILED;
  return r.text.charCodeAt(r.pos) === SPACE && isOpening(r.text.charCodeAt(r.pos + 1))
    ? readValue(r)
    : undefined;
}

function readTuple(r: Reader): unknown {
  if (++r.depth > MAX_LITERAL_DEPTH) return FAILED;
  r.pos++;
  const items = readItems(r, r.pos, CLOSE_PAREN);
  r.depth--;
  // `('a' 'b')` is only grouping, which pprint uses for long strings; `('a',)` is a tuple.
  const grouped = Array.isArray(items) && items.length === 1 && r.text.charCodeAt(r.pos - 2) !== COMMA;
  return grouped ? (items as readonly unknown[])[0] : items;
}

function readItems(r: Reader, from: number, close: number): unknown {
  r.pos = from;
  const items: unknown[] = [];
  for (;;) {
    let code = nextCode(r);
    if (code === DOT) {
      // `... 3 more items` ends Node's long arrays, `...` Python's recursive lists.
      skipTo(r, close);
      code = r.text.charCodeAt(r.pos);
    }
    if (code === close) break;
    const value = readValue(r);
    if (value === FAILED) return FAILED;
    items.push(value);
    code = nextCode(r);
    if (code === COMMA) r.pos++;
    else if (code !== close) return FAILED;
  }
  r.pos++;
  return items;
}

/** A keyword, a string with Python's prefix, or a class's name before what it holds. */
function readWord(r: Reader): unknown {
  const { text } = r;
  const start = r.pos;
  skipWord(r);
  const word = text.slice(start, r.pos);
  if (WORDS.has(word)) return WORDS.get(word);
  const code = text.charCodeAt(r.pos);
  if ((word === 'b' || word === 'u') && isQuote(code)) return readString(r, code);
  if (code === OPEN_PAREN) {
    if (!skipBrackets(r)) return FAILED;
    const size = text.charCodeAt(r.pos) === SPACE && isOpening(text.charCodeAt(r.pos + 1));
    return size ? readValue(r) : undefined; // Node's `Rows(2) [`; else a call, which stays closed.
  }
  if (code === SPACE && isOpening(text.charCodeAt(r.pos + 1))) return readValue(r);
  return FAILED;
}

/** Moves past a bracket and all it holds, strings included, without reading it. */
function skipBrackets(r: Reader): boolean {
  let open = 0;
  for (;;) {
    const code = nextCode(r);
    if (Number.isNaN(code)) return false;
    if (isQuote(code)) {
      if (readString(r, code) === FAILED) return false;
      continue;
    }
    r.pos++;
    if (code === OPEN_PAREN || isOpening(code)) open++;
    else if (code === CLOSE_PAREN || code === CLOSE_BRACKET || code === CLOSE_BRACE) open--;
    if (open === 0) return true;
  }
}

/** Node's `<ref *1> {...}`, `<Buffer 7b>`, `<1 empty item>`; Python's `<object at 0x7f>`. */
function readAngle(r: Reader): unknown {
  const reference = r.text.startsWith('<ref *', r.pos);
  if (!skipPast(r, GREATER_THAN)) return FAILED;
  if (!reference) return undefined;
  if (++r.depth > MAX_LITERAL_DEPTH) return FAILED;
  const value = readValue(r);
  r.depth--;
  return value;
}
