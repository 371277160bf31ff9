/** What the three kinds of filter pattern share: quoted text, `%regex%`, comparison values, `&&`, `||` and parentheses. */
import { compileRegex } from './filter-regex.ts';
import { FilterSyntaxError } from './filter-syntax-error.ts';

/** A place in a pattern. Every function below only moves it forward, so that parsing is linear. */
export interface Scanner {
  readonly text: string;
  at: number;
  regexes: number;
}

/** Quota of the filter pattern page. */
const MAX_REGEXES = 2;

export function scan(text: string): Scanner {
  return { text, at: 0, regexes: 0 };
}

export function skipSpace(scanner: Scanner): void {
  takeWhile(scanner, /\s/y);
}

export function atEnd(scanner: Scanner): boolean {
  return scanner.at >= scanner.text.length;
}

export function accept(scanner: Scanner, literal: string): boolean {
  if (!scanner.text.startsWith(literal, scanner.at)) return false;
  scanner.at += literal.length;
  return true;
}

export function expect(scanner: Scanner, literal: string): void {
  if (!accept(scanner, literal)) throw syntaxError(scanner);
}

/** `char` matches one character and is sticky. */
export function takeWhile(scanner: Scanner, char: RegExp): string {
  const start = scanner.at;
  for (char.lastIndex = start; char.test(scanner.text); char.lastIndex = scanner.at) scanner.at++;
  return scanner.text.slice(start, scanner.at);
}

/** Text between double quotes; `\"` and `\\` stand for the character itself. */
export function takeQuoted(scanner: Scanner): string {
  expect(scanner, '"');
  let value = '';
  while (!accept(scanner, '"')) {
    if (accept(scanner, '\\"')) value += '"';
    else if (accept(scanner, '\\\\')) value += '\\';
    else if (atEnd(scanner)) throw syntaxError(scanner);
    else value += scanner.text[scanner.at++] ?? '';
  }
  return value;
}

/** An expression cannot hold a percent sign, so the next one ends it. */
export function takeRegex(scanner: Scanner): (text: string) => boolean {
  expect(scanner, '%');
  const end = scanner.text.indexOf('%', scanner.at);
  if (end < 0) throw syntaxError(scanner);
  if (++scanner.regexes > MAX_REGEXES)
    throw new FilterSyntaxError('A filter pattern can have at most 2 regexes');
  const source = scanner.text.slice(scanner.at, end);
  scanner.at = end + 1;
  return compileRegex(source);
}

/** A value of a log event: its text, and its number where it is one. */
export interface Value {
  readonly text: string;
  readonly number: number | undefined;
}

export type Comparison = (value: Value) => boolean;

const NUMBER = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

export function numberIn(text: string): number | undefined {
  return NUMBER.test(text) ? Number(text) : undefined;
}

/** An operator and what follows it: `= "text"`, `!= 4*`, `>= 1e3`, `= %regex%`. */
export function takeComparison(scanner: Scanner): Comparison {
  const operator = ['!=', '<=', '>=', '=', '<', '>'].find((candidate) => accept(scanner, candidate));
  if (operator === undefined) throw syntaxError(scanner);
  skipSpace(scanner);
  const operand = takeOperand(scanner);
  const equal: Comparison = ({ text, number }) =>
    operand.number !== undefined && number !== undefined ? number === operand.number : operand.matches(text);
  if (operator === '=') return equal;
  if (operator === '!=') return (value) => !equal(value);
  const bound = operand.number;
  if (bound === undefined) throw syntaxError(scanner);
  const holds: (n: number) => boolean =
    operator === '<'
      ? (n) => n < bound
      : operator === '>'
        ? (n) => n > bound
        : operator === '<='
          ? (n) => n <= bound
          : (n) => n >= bound;
  return ({ number }) => number !== undefined && holds(number);
}

interface Operand {
  /** Set when the operand is an unquoted number. */
  readonly number: number | undefined;
  matches(text: string): boolean;
}

function takeOperand(scanner: Scanner): Operand {
  const next = scanner.text[scanner.at];
  if (next === '%') return { number: undefined, matches: takeRegex(scanner) };
  if (next === '"') return { number: undefined, matches: wildcard(takeQuoted(scanner)) };
  // Beyond letters, digits and `_`, the page's own examples leave `.`, `*`, `+` and `-` unquoted.
  const word = takeWhile(scanner, /[\w.*+-]/y);
  if (word === '') throw syntaxError(scanner);
  return { number: numberIn(word), matches: wildcard(word) };
}

/** The asterisk stands for any text at either end; in the middle it is itself (user guide up to 2022; later silent). */
function wildcard(pattern: string): (text: string) => boolean {
  const open = pattern.startsWith('*');
  const close = pattern.endsWith('*') && pattern.length > 1;
  const body = pattern.slice(open ? 1 : 0, close ? -1 : undefined);
  if (open && close) return (text) => text.includes(body);
  if (open) return (text) => text.endsWith(body);
  if (close) return (text) => text.startsWith(body);
  return (text) => text === body;
}

/** Conditions with the page's order of operations: `()`, then `&&`, then `||`. */
export function takeExpression<T>(
  scanner: Scanner,
  takeCondition: (scanner: Scanner) => (subject: T) => boolean,
): (subject: T) => boolean {
  const takeSeries = (
    separator: string,
    takeOne: () => (subject: T) => boolean,
  ): ((subject: T) => boolean)[] => {
    const series: ((subject: T) => boolean)[] = [];
    do {
      skipSpace(scanner);
      series.push(takeOne());
      skipSpace(scanner);
    } while (accept(scanner, separator));
    return series;
  };
  const takePrimary = (): ((subject: T) => boolean) => {
    if (!accept(scanner, '(')) return takeCondition(scanner);
    const inner = takeExpression(scanner, takeCondition);
    expect(scanner, ')');
    return inner;
  };
  const takeConjunction = (): ((subject: T) => boolean) => {
    const terms = takeSeries('&&', takePrimary);
    return (subject) => terms.every((term) => term(subject));
  };
  const alternatives = takeSeries('||', takeConjunction);
  return (subject) => alternatives.some((alternative) => alternative(subject));
}

export function syntaxError(scanner: Scanner): FilterSyntaxError {
  return new FilterSyntaxError(`Invalid character(s) in term '${scanner.text.slice(scanner.at)}'`);
}
