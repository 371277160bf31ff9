/** Reads the expressions of Logs Insights, loosest binding first: or, and, not, comparison, sum, product, power. */
import { QuerySyntaxError } from './query-error.ts';
import { findFunction } from './query-functions.ts';
import {
  acceptName,
  acceptNumber,
  acceptSign,
  acceptString,
  acceptWord,
  expectName,
  expectPattern,
  expectSign,
  peek,
  peekName,
  unexpected,
  type Reader,
} from './query-reader.ts';
import type { AggregateName, Arithmetic, Comparison, Expression, Period } from './query-syntax.ts';

const MAX_DEPTH = 100;
/** A chain `a + a + …` is a tree as deep as it is long, and is walked by recursion. */
const MAX_OPERATORS = 1_000;
const COMPARISONS: readonly Comparison[] = ['!=', '<=', '>=', '=', '<', '>'];
const AGGREGATES: readonly AggregateName[] = [
  'count',
  'count_distinct',
  'min',
  'max',
  'avg',
  'sum',
  'pct',
  'stddev',
  'earliest',
  'latest',
];

/** Words that end an expression or join two: no field has such a name without backticks. */
const RESERVED = ['and', 'or', 'not', 'like', 'in', 'as', 'by', 'asc', 'desc'];

export function readExpression(reader: Reader): Expression {
  if (++reader.depth > MAX_DEPTH) throw new QuerySyntaxError('The expression is too deep');
  let left = readAnd(reader);
  while (acceptWord(reader, 'or') || acceptSign(reader, '||')) {
    countOperator(reader);
    left = { kind: 'or', left, right: readAnd(reader) };
  }
  reader.depth--;
  return left;
}

function readAnd(reader: Reader): Expression {
  let left = readNot(reader);
  while (acceptWord(reader, 'and') || acceptSign(reader, '&&')) {
    countOperator(reader);
    left = { kind: 'and', left, right: readNot(reader) };
  }
  return left;
}

function countOperator(reader: Reader): void {
  if (++reader.operators > MAX_OPERATORS) throw new QuerySyntaxError('The query has too many operators');
}

function readNot(reader: Reader): Expression {
  let negations = 0;
  while (acceptWord(reader, 'not')) negations++;
  const operand = readComparison(reader);
  return negations % 2 === 1 ? { kind: 'not', operand } : operand;
}

function readComparison(reader: Reader): Expression {
  const left = readSum(reader);
  if (acceptSign(reader, '=~')) return { kind: 'like', operand: left, pattern: expectPattern(reader) };
  const operator = COMPARISONS.find((sign) => acceptSign(reader, sign));
  if (operator) return { kind: 'compare', operator, left, right: readSum(reader) };
  const start = reader.at;
  const negated = acceptWord(reader, 'not');
  const result = readMembership(reader, left);
  if (!result) {
    reader.at = start;
    return left;
  }
  return negated ? { kind: 'not', operand: result } : result;
}

function readMembership(reader: Reader, operand: Expression): Expression | undefined {
  if (acceptWord(reader, 'like')) return { kind: 'like', operand, pattern: expectPattern(reader) };
  if (!acceptWord(reader, 'in')) return undefined;
  expectSign(reader, '[');
  const list: Expression[] = [];
  if (!acceptSign(reader, ']')) {
    do list.push(readSum(reader));
    while (acceptSign(reader, ','));
    expectSign(reader, ']');
  }
  return { kind: 'in', operand, list };
}

function readSum(reader: Reader): Expression {
  return readLeftToRight(reader, ['+', '-'], readProduct);
}

function readProduct(reader: Reader): Expression {
  return readLeftToRight(reader, ['*', '/', '%'], readPower);
}

function readLeftToRight(
  reader: Reader,
  operators: readonly Arithmetic[],
  readOperand: (reader: Reader) => Expression,
): Expression {
  let left = readOperand(reader);
  for (;;) {
    const operator = operators.find((sign) => acceptSign(reader, sign));
    if (!operator) return left;
    countOperator(reader);
    left = { kind: 'calculate', operator, left, right: readOperand(reader) };
  }
}

function readPower(reader: Reader): Expression {
  return readLeftToRight(reader, ['^'], readPrimary);
}

function readPrimary(reader: Reader): Expression {
  if (acceptSign(reader, '(')) {
    const inner = readExpression(reader);
    expectSign(reader, ')');
    return inner;
  }
  if (acceptSign(reader, '-')) {
    const number = acceptNumber(reader);
    if (number === undefined) throw unexpected(reader);
    return { kind: 'literal', value: -number };
  }
  const value = acceptString(reader) ?? acceptNumber(reader);
  if (value !== undefined) return { kind: 'literal', value };
  const start = reader.at;
  const quoted = peek(reader) === '`';
  const name = acceptName(reader);
  if (name === undefined) throw unexpected(reader);
  if (!quoted) {
    if (acceptSign(reader, '(')) return readCall(reader, name, start);
    if (name === 'true' || name === 'false') return { kind: 'literal', value: name === 'true' ? 1 : 0 };
    if (RESERVED.includes(name.toLowerCase())) {
      reader.at = start;
      throw unexpected(reader);
    }
  }
  return { kind: 'field', name };
}

function readCall(reader: Reader, name: string, start: number): Expression {
  const key = name.toLowerCase();
  const aggregate = AGGREGATES.find((candidate) => candidate === key);
  if (aggregate) return readAggregate(reader, aggregate);
  if (key === 'bin') return readBin(reader, { kind: 'field', name: '@timestamp' });
  if (key === 'datefloor') {
    const operand = readExpression(reader);
    expectSign(reader, ',');
    return readBin(reader, operand);
  }
  const args: Expression[] = [];
  if (!acceptSign(reader, ')')) {
    do args.push(readExpression(reader));
    while (acceptSign(reader, ','));
    expectSign(reader, ')');
  }
  const run = findFunction(name, args.length);
  if (run) return { kind: 'call', run, args };
  reader.at = start;
  throw unexpected(reader);
}

function readAggregate(reader: Reader, name: AggregateName): Expression {
  const base = { kind: 'aggregate', name, percent: 0 } as const;
  if (name === 'count' && (acceptSign(reader, '*') || peek(reader) === ')')) {
    expectSign(reader, ')');
    return { ...base, argument: undefined };
  }
  const argument = readExpression(reader);
  let percent = 0;
  if (name === 'pct') {
    expectSign(reader, ',');
    percent = acceptNumber(reader) ?? Number.NaN;
    if (!(percent >= 0 && percent <= 100)) throw unexpected(reader);
  }
  expectSign(reader, ')');
  return { ...base, argument, percent };
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  msec: 1,
  millisecond: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  h: 3_600_000,
  hr: 3_600_000,
  hour: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
};
const UNITS_MONTHS: Readonly<Record<string, number>> = {
  mo: 1,
  mon: 1,
  month: 1,
  q: 3,
  qtr: 3,
  quarter: 3,
  y: 12,
  yr: 12,
  year: 12,
};

function readBin(reader: Reader, operand: Expression): Expression {
  const start = reader.at;
  const count = acceptNumber(reader);
  const unit = peekName(reader) === undefined ? '' : expectName(reader);
  const period = count === undefined ? undefined : findPeriod(count, unit);
  if (!period) {
    reader.at = start;
    throw unexpected(reader);
  }
  expectSign(reader, ')');
  return { kind: 'bin', operand, period };
}

/** Units of more than one character also in the plural. */
function findPeriod(count: number, unit: string): Period | undefined {
  const single = unit.length > 2 && unit.endsWith('s') ? unit.slice(0, -1) : unit;
  const known = (table: Readonly<Record<string, number>>) =>
    Object.hasOwn(table, single) ? (table[single] ?? 0) * count : 0;
  const ms = known(UNITS_MS);
  if (ms >= 1) return { ms };
  const months = known(UNITS_MONTHS);
  return months >= 1 ? { months: Math.floor(months) } : undefined;
}
