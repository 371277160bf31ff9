/**
 * Filter patterns over the words of a line, `[ip, user, ..., status = 4*]`
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html, "space-delimited log events").
 */
import {
  accept,
  expect,
  numberIn,
  skipSpace,
  syntaxError,
  takeComparison,
  takeExpression,
  takeWhile,
  type Scanner,
  type Value,
} from './filter-scanner.ts';

type Field = 'rest' | ((value: Value) => boolean);

interface Word {
  readonly text: string;
  /** Where the word begins in the message, its bracket or quote included. */
  readonly start: number;
}

/** Reads the pattern from after its opening bracket to its closing one. */
export function takeFieldsPattern(scanner: Scanner): (message: string) => boolean {
  const fields: Field[] = [];
  do {
    skipSpace(scanner);
    fields.push(takeField(scanner));
    skipSpace(scanner);
  } while (accept(scanner, ','));
  expect(scanner, ']');
  const ellipsis = fields.indexOf('rest');
  if (ellipsis >= 0 && fields.includes('rest', ellipsis + 1)) throw syntaxError(scanner);
  if (ellipsis < 0) return (message) => matchesAll(fields, message);
  const head = fields.slice(0, ellipsis);
  const tail = fields.slice(ellipsis + 1);
  return (message) => {
    const words = splitWords(message);
    return (
      words.length >= head.length + tail.length &&
      matchesWords(head, words) &&
      matchesWords(tail, words.slice(words.length - tail.length))
    );
  };
}

/**
 * Without an ellipsis the last field takes all that is left: `[w1=ERROR, w2]` of the page matches lines of many words,
 * and needs two. How a condition on such a last field reads is UNKNOWN; here it sees the rest of the line.
 */
function matchesAll(fields: readonly Field[], message: string): boolean {
  const words = splitWords(message);
  if (words.length < fields.length) return false;
  const last = words[fields.length - 1];
  if (!last || words.length === fields.length) return matchesWords(fields, words);
  const rest = { ...last, text: message.slice(last.start).trimEnd() };
  return matchesWords(fields, [...words.slice(0, fields.length - 1), rest]);
}

function matchesWords(fields: readonly Field[], words: readonly Word[]): boolean {
  return fields.every((field, i) => {
    const text = words[i]?.text ?? '';
    return field === 'rest' || field({ text, number: numberIn(text) });
  });
}

function takeField(scanner: Scanner): Field {
  if (accept(scanner, '...')) return 'rest';
  const next = scanner.text[scanner.at];
  // An unnamed field stands in an example of the page: `[..., status_code=4*,]`.
  if (next === ',' || next === ']') return () => true;
  const start = scanner.at;
  takeName(scanner);
  skipSpace(scanner);
  if (scanner.text[scanner.at] === ',' || scanner.text[scanner.at] === ']') return () => true;
  scanner.at = start;
  let fieldName: string | undefined;
  return takeExpression<Value>(scanner, () => {
    const name = takeName(scanner);
    fieldName ??= name;
    // UNKNOWN whether AWS takes the name of another field here.
    if (name !== fieldName) throw syntaxError(scanner);
    skipSpace(scanner);
    return takeComparison(scanner);
  });
}

function takeName(scanner: Scanner): string {
  const name = takeWhile(scanner, /[\w-]/y);
  if (name === '' && scanner.text[scanner.at] !== '(') throw syntaxError(scanner);
  return name;
}

/**
 * Words between white space (tabs too: Node's Lambda lines are split by them); text between brackets or double quotes is one
 * word without them. An opening character that nothing closes is an ordinary one.
 */
export function splitWords(message: string): readonly Word[] {
  const words: Word[] = [];
  // Where the closing characters end: looked up once, so that many unclosed openings do not search the line again.
  const lastOf = { '"': message.lastIndexOf('"'), ']': message.lastIndexOf(']') };
  let at = 0;
  while (at < message.length) {
    const char = message[at] ?? '';
    if (/\s/.test(char)) {
      at++;
      continue;
    }
    const close = char === '[' ? ']' : char === '"' ? '"' : undefined;
    if (close && lastOf[close] > at) {
      const end = message.indexOf(close, at + 1);
      words.push({ text: message.slice(at + 1, end), start: at });
      at = end + 1;
      continue;
    }
    const start = at;
    const space = /\s/g;
    space.lastIndex = at;
    at = space.exec(message)?.index ?? message.length;
    words.push({ text: message.slice(start, at), start });
  }
  return words;
}
