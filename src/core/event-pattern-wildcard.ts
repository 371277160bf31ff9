/**
 * `wildcard` of EventBridge patterns: `*` stands for any run of characters, `\*` and `\\` for themselves
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html#eb-filtering-wildcard-matching).
 */
import { EventPatternError } from './event-pattern-error.ts';

/** Text between two wildcards, with the table that lets the search never step back in the value. */
interface Literal {
  readonly text: string;
  /** Per position: length of the longest proper prefix of `text` that ends there (Knuth, Morris, Pratt). */
  readonly borders: readonly number[];
}

/**
 * AWS refuses patterns that could keep many alternatives alive at once. Where it draws the line is UNKNOWN; recorded is
 * a refusal of `*:*:*:*:*:event-bus/*`, where five wildcards are followed by the same character.
 */
const MAX_WILDCARDS_BEFORE_SAME_CHARACTER = 4;

/** Time in proportion to the value's length, whatever the pattern. Throws EventPatternError. */
export function compileWildcard(pattern: string): (value: string) => boolean {
  const literals = splitAtWildcards(pattern);
  refuseComplex(literals);
  const [first = '', ...others] = literals;
  const last = others.pop();
  if (last === undefined) return (value) => value === first;
  const middle = others.map(prepare);
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last)) {
      return false;
    }
    const end = value.length - last.length;
    let position = first.length;
    // The first place is as good as any: what follows only needs room after it.
    for (const literal of middle) {
      position = endOfFirst(literal, value, position, end);
      if (position < 0) return false;
    }
    return true;
  };
}

/** One text more than there are wildcards. */
function splitAtWildcards(pattern: string): readonly string[] {
  const literals: string[] = [];
  let literal = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern.charAt(i);
    const next = pattern.charAt(i + 1);
    if (character === '*') {
      if (next === '*')
        throw new EventPatternError(`Consecutive wildcard characters at pos ${place(pattern, i)}`);
      literals.push(literal);
      literal = '';
    } else if (character !== '\\') {
      literal += character;
    } else if (next === '*' || next === '\\') {
      literal += next;
      i++;
    } else {
      throw new EventPatternError(`Invalid escape character at pos ${place(pattern, i)}`);
    }
  }
  return [...literals, literal];
}

/** AWS counts UTF-8 bytes and the quotation mark before the pattern (recorded: 26 for the 26th character). */
function place(pattern: string, index: number): number {
  let bytes = 1;
  for (const character of pattern.slice(0, index)) {
    const code = character.codePointAt(0) ?? 0;
    bytes += code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x1_0000 ? 3 : 4;
  }
  return bytes;
}

function refuseComplex(literals: readonly string[]): void {
  const followers = new Map<string, number>();
  for (const literal of literals.slice(1)) {
    if (literal === '') continue;
    const count = (followers.get(literal.charAt(0)) ?? 0) + 1;
    followers.set(literal.charAt(0), count);
    if (count > MAX_WILDCARDS_BEFORE_SAME_CHARACTER) {
      throw new EventPatternError(
        'Rule is too complex - try using fewer wildcard characters or fewer repeating character sequences after a wildcard character',
      );
    }
  }
}

function prepare(text: string): Literal {
  const borders = [0];
  for (let i = 1, length = 0; i < text.length; i++) {
    while (length > 0 && text[i] !== text[length]) length = borders[length - 1] ?? 0;
    if (text[i] === text[length]) length++;
    borders.push(length);
  }
  return { text, borders };
}

/** Where the literal's first occurrence within [from, to) ends; -1 without one. */
function endOfFirst({ text, borders }: Literal, value: string, from: number, to: number): number {
  if (text === '') return from;
  for (let i = from, length = 0; i < to; i++) {
    while (length > 0 && value[i] !== text[length]) length = borders[length - 1] ?? 0;
    if (value[i] === text[length]) length++;
    if (length === text.length) return i + 1;
  }
  return -1;
}
