/**
 * The scalars of printed values: strings and numbers in the notations of JSON, Python and Node, and the reader that
 * `literal.ts` shares with them.
 */
export interface Reader {
  readonly text: string;
  pos: number;
  depth: number;
}

/** Returned through the recursion in place of a value: exceptions would cost more than the parse on lines that are no literals. */
export const FAILED = Symbol('no literal here');

export const SPACE = 32;
const DOUBLE_QUOTE = 34;
const SINGLE_QUOTE = 39;
export const OPEN_PAREN = 40;
export const CLOSE_PAREN = 41;
const PLUS = 43;
export const COMMA = 44;
export const MINUS = 45;
export const DOT = 46;
export const SLASH = 47;
export const COLON = 58;
export const LESS_THAN = 60;
export const GREATER_THAN = 62;
export const OPEN_BRACKET = 91;
export const CLOSE_BRACKET = 93;
const BACKSLASH = 92;
const BACKTICK = 96;
export const OPEN_BRACE = 123;
export const CLOSE_BRACE = 125;
const NO_BREAK_SPACE = 0xa0;

/** Moves to the next character that is not blank and returns its code; NaN at the end of the text. */
export function nextCode(r: Reader): number {
  const { text } = r;
  let code = text.charCodeAt(r.pos);
  while (code <= SPACE || code === NO_BREAK_SPACE) code = text.charCodeAt(++r.pos);
  return code;
}

export function isQuote(code: number): boolean {
  return code === DOUBLE_QUOTE || code === SINGLE_QUOTE || code === BACKTICK;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

export function isWordStart(code: number): boolean {
  return (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || code === 36;
}

/**
 * A string from its opening quote, with the parts it was printed in joined. FAILED when it is not closed.
 */
export function readString(r: Reader, quote: number): unknown {
  let value = readQuoted(r, quote);
  if (value === undefined) return FAILED;
  const code = r.text.charCodeAt(r.pos);
  if (code === COLON || code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET) return value;
  for (;;) {
    const end = r.pos;
    let next = nextCode(r);
    if (next === PLUS) {
      r.pos++;
      next = nextCode(r);
    } else if (next === DOT && r.text.startsWith('... ', r.pos)) {
      // Node cuts strings of more than 10,000 characters: `'...'... 5 more characters`.
      skipMoreCharacters(r);
      return value;
    }
    if (!isQuote(next)) {
      r.pos = end;
      return value;
    }
    // Node prints long strings as `'...' +\n '...'`, pprint as adjacent literals.
    const part = readQuoted(r, next);
    if (part === undefined) return FAILED;
    value += part;
  }
}

function skipMoreCharacters(r: Reader): void {
  r.pos += '... '.length;
  let code = r.text.charCodeAt(r.pos);
  while (isDigit(code) || isWordStart(code) || code === SPACE) code = r.text.charCodeAt(++r.pos);
}

/**
 * From the opening quote to past the closing one. Undefined when the string is not closed.
 *
 * The backslash is looked for in the piece alone. To remember where the text's next backslash is would look cheaper, but optimised code
 * may hoist a pure `indexOf` over the test that guards it, and then searches the rest of the text once for each string.
 */
function readQuoted(r: Reader, quote: number): string | undefined {
  const { text } = r;
  const start = r.pos + 1;
  const close = text.indexOf(quote === SINGLE_QUOTE ? "'" : quote === DOUBLE_QUOTE ? '"' : '`', start);
  if (close < 0) {
    r.pos = text.length;
    return undefined;
  }
  const piece = text.slice(start, close);
  if (piece.includes('\\')) return readEscaped(r, start, quote);
  r.pos = close + 1;
  return piece;
}

function readEscaped(r: Reader, start: number, quote: number): string | undefined {
  const { text } = r;
  let value = '';
  let from = start;
  r.pos = start;
  for (;;) {
    const code = text.charCodeAt(r.pos);
    if (code === BACKSLASH) {
      value += text.slice(from, r.pos) + readEscape(r);
      from = r.pos;
    } else if (code === quote) {
      return value + text.slice(from, r.pos++);
    } else if (Number.isNaN(code)) {
      return undefined;
    } else {
      r.pos++;
    }
  }
}

/** What one character after a backslash stands for; the rest (`x`, `u`, `U`) carries digits. */
const ESCAPES: ReadonlyMap<string, string> = new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['b', '\b'],
  ['f', '\f'],
  ['v', '\v'],
  ['a', '\x07'],
  ['0', '\0'],
  ['/', '/'],
  ['\\', '\\'],
  ['"', '"'],
  ["'", "'"],
  ['`', '`'],
  ['\n', ''],
]);

/** Digits of `\xHH`, `\uHHHH` and Python's `\UHHHHHHHH`. */
const ESCAPE_DIGITS: ReadonlyMap<string, number> = new Map([
  ['x', 2],
  ['u', 4],
  ['U', 8],
]);

/** An escape that is none keeps its backslash, as in Python. */
function readEscape(r: Reader): string {
  const letter = r.text.charAt(r.pos + 1);
  r.pos += 2;
  const simple = ESCAPES.get(letter);
  if (simple !== undefined) return simple;
  const digits = ESCAPE_DIGITS.get(letter);
  if (digits === undefined) return `\\${letter}`;
  const hex = r.text.slice(r.pos, r.pos + digits);
  const code = hex.length === digits && /^[0-9a-fA-F]+$/.test(hex) ? Number.parseInt(hex, 16) : Infinity;
  if (code > 0x10ffff) return `\\${letter}`;
  r.pos += digits;
  return String.fromCodePoint(code);
}

/** More digits than this may not fit a double exactly: `Number` then does the rounding. */
const MAX_PLAIN_DIGITS = 15;

/** A number of the three notations (`-inf` and `12n` too), or a date as Node prints it, unquoted: then a string. */
export function readNumber(r: Reader, first: number): unknown {
  const { text } = r;
  const start = r.pos;
  if (first === MINUS) r.pos++;
  const digits = r.pos;
  let value = 0;
  let code = text.charCodeAt(r.pos);
  while (isDigit(code)) {
    value = value * 10 + (code - 48);
    code = text.charCodeAt(++r.pos);
  }
  if (r.pos > digits && r.pos - digits <= MAX_PLAIN_DIGITS && !isNumberPart(code)) {
    return first === MINUS ? -value : value;
  }
  while (isNumberPart(code)) code = text.charCodeAt(++r.pos);
  return numberOf(text.slice(start, r.pos));
}

/** Colons too: `2026-10-05T09:15:02.417Z`. */
function isNumberPart(code: number): boolean {
  return (
    isDigit(code) || isWordStart(code) || code === DOT || code === PLUS || code === MINUS || code === COLON
  );
}

function numberOf(token: string): unknown {
  if (token === '-inf') return -Infinity;
  if (token === '-nan') return Number.NaN;
  const number = Number(token.endsWith('n') ? token.slice(0, -1) : token);
  if (!Number.isNaN(number)) return number;
  return token.length >= 10 && token.charAt(4) === '-' && token.charAt(7) === '-' ? token : FAILED;
}
