/** What an expression is worth in one row, or in a group of rows. */
import { spend, type StepBudget } from './query-error.ts';
import { finite, truth } from './query-functions.ts';
import type { Arithmetic, Comparison, Expression, Pattern, Period } from './query-syntax.ts';
import { compareValues, isTrue, toNumber, toText, type Value } from './query-value.ts';

export interface Row {
  /** A discovered field, or one that the query made. */
  get(field: string): Value;
}

/** `group` is what aggregates are of. Throws `QueryTimeout`. */
export function evaluate(
  expression: Expression,
  row: Row,
  budget: StepBudget,
  group: readonly Row[] = [],
): Value {
  const inner = (part: Expression) => evaluate(part, row, budget, group);
  spend(budget, 1);
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'field':
      return row.get(expression.name);
    case 'and':
      return truth(isTrue(inner(expression.left)) && isTrue(inner(expression.right)));
    case 'or':
      return truth(isTrue(inner(expression.left)) || isTrue(inner(expression.right)));
    case 'not':
      return truth(!isTrue(inner(expression.operand)));
    case 'compare':
      return truth(compare(expression.operator, inner(expression.left), inner(expression.right)));
    case 'calculate':
      return calculate(expression.operator, inner(expression.left), inner(expression.right));
    case 'like':
      return truth(like(toText(inner(expression.operand)), expression.pattern, budget));
    case 'in': {
      const value = inner(expression.operand);
      return truth(expression.list.some((member) => compare('=', value, inner(member))));
    }
    case 'call':
      return expression.run(expression.args.map(inner));
    case 'bin': {
      const ms = toNumber(inner(expression.operand));
      return ms === undefined ? undefined : { ms: floorTo(ms, expression.period) };
    }
    case 'aggregate':
      return aggregate(expression, budget, group);
  }
}

/** How an absent field compares is UNKNOWN; here it differs from everything and is neither less nor more. */
function compare(operator: Comparison, a: Value, b: Value): boolean {
  if (a === undefined || b === undefined) return operator === '!=';
  const order = compareValues(a, b);
  switch (operator) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function calculate(operator: Arithmetic, left: Value, right: Value): Value {
  const [a, b] = [toNumber(left), toNumber(right)];
  if (a === undefined || b === undefined) return undefined;
  switch (operator) {
    case '+':
      return finite(a + b);
    case '-':
      return finite(a - b);
    case '*':
      return finite(a * b);
    case '/':
      return finite(a / b);
    case '%':
      return finite(a % b);
    case '^':
      return finite(a ** b);
  }
}

function like(text: string | undefined, pattern: Pattern, budget: StepBudget): boolean {
  if (text === undefined) return false;
  return 'text' in pattern ? text.includes(pattern.text) : pattern.regex.test(text, budget);
}

function floorTo(ms: number, period: Period): number {
  if ('ms' in period) return Math.floor(ms / period.ms) * period.ms;
  const date = new Date(ms);
  const months = (date.getUTCFullYear() - 1970) * 12 + date.getUTCMonth();
  const first = Math.floor(months / period.months) * period.months;
  return Date.UTC(1970, first, 1);
}

function aggregate(
  { name, argument, percent }: Extract<Expression, { kind: 'aggregate' }>,
  budget: StepBudget,
  group: readonly Row[],
): Value {
  if (!argument) return group.length;
  const values = group
    .map((member) => evaluate(argument, member, budget))
    .filter((value) => value !== undefined);
  switch (name) {
    case 'count':
      return values.length;
    // AWS's is an estimate for many values.
    case 'count_distinct':
      return new Set(values.map(toText)).size;
    case 'earliest':
    case 'latest': {
      // A time is seen as a number of milliseconds in the result of these two.
      const found = byTime(group, name === 'latest', (member) => evaluate(argument, member, budget));
      return typeof found === 'object' ? found.ms : found;
    }
    case 'min':
    case 'max':
      return values.reduce<Value>((best, value) => {
        const order = best === undefined ? -1 : compareValues(value, best);
        return best === undefined || (name === 'min' ? order < 0 : order > 0) ? value : best;
      }, undefined);
    case 'sum':
    case 'avg':
    case 'pct':
    case 'stddev':
      return ofNumbers(
        name,
        percent,
        values.map(toNumber).filter((number) => number !== undefined),
      );
  }
}

function ofNumbers(
  name: 'sum' | 'avg' | 'pct' | 'stddev',
  percent: number,
  numbers: readonly number[],
): Value {
  if (numbers.length === 0) return name === 'sum' ? 0 : undefined;
  const sum = numbers.reduce((total, number) => total + number, 0);
  const mean = sum / numbers.length;
  switch (name) {
    case 'sum':
      return sum;
    case 'avg':
      return mean;
    case 'pct': {
      // The nearest rank; AWS's way between two values is UNKNOWN.
      const sorted = numbers.toSorted((a, b) => a - b);
      return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
    }
    case 'stddev':
      return Math.sqrt(numbers.reduce((total, number) => total + (number - mean) ** 2, 0) / numbers.length);
  }
}

function byTime(group: readonly Row[], last: boolean, valueOf: (row: Row) => Value): Value {
  let best: Value;
  let bestTime: number | undefined;
  for (const member of group) {
    const value = valueOf(member);
    const time = toNumber(member.get('@timestamp')) ?? 0;
    if (value === undefined || (bestTime !== undefined && (last ? time <= bestTime : time >= bestTime)))
      continue;
    best = value;
    bestTime = time;
  }
  return best;
}
