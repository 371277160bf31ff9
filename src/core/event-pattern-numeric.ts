/** `numeric` of EventBridge patterns. */
import { EventPatternError } from './event-pattern-error.ts';

/** The documented bounds of numeric comparison, in both directions. */
const MAX_COMPARABLE = 5e9;

/** Numbers outside of the bounds or with more than six decimals are no match for a comparison. */
function isComparable(number: number): boolean {
  return Math.abs(number) <= MAX_COMPARABLE && Number(number.toFixed(6)) === number;
}

/** Throws EventPatternError for a number that AWS cannot compare. */
export function checkComparable(number: number): void {
  if (Math.abs(number) > MAX_COMPARABLE) {
    throw new EventPatternError('Value must be between -5.0E9 and 5.0E9, inclusive');
  }
  // AWS goes on with its own notations of the number.
  if (!isComparable(number)) throw new EventPatternError('Only values upto 6 decimals are supported');
}

type Bound = (actual: number, wanted: number) => boolean;

const BOUNDS: ReadonlyMap<unknown, Bound> = new Map<unknown, Bound>([
  ['=', (actual, wanted) => actual === wanted],
  ['<', (actual, wanted) => actual < wanted],
  ['<=', (actual, wanted) => actual <= wanted],
  ['>', (actual, wanted) => actual > wanted],
  ['>=', (actual, wanted) => actual >= wanted],
]);

/** `["=", 5]`, `["<", 10]`, `[">=", 0, "<", 5]`: the lower bound first. Throws EventPatternError. */
export function compileNumeric(operand: unknown): (value: unknown) => boolean {
  if (!Array.isArray(operand)) throw new EventPatternError('Value of numeric must be an array.');
  const [operator, wanted, second, top] = operand as readonly unknown[];
  if (typeof operator !== 'string') {
    throw new EventPatternError(`Invalid member in numeric match: ${shown(operand, 0)}`);
  }
  const bound = BOUNDS.get(operator);
  if (!bound) throw new EventPatternError(`Unrecognized numeric range operator: ${operator}`);
  const first = numberAfter(operator === '=' ? 'equals' : operator, wanted);
  if (operand.length === 2) {
    checkComparable(first);
    return (actual) => typeof actual === 'number' && isComparable(actual) && bound(actual, first);
  }
  if (!operator.startsWith('>')) throw new EventPatternError('Too many elements in numeric expression');
  if (typeof second !== 'string') {
    throw new EventPatternError(`Bad value in numeric range: ${shown(operand, 2)}`);
  }
  const upper = second.startsWith('<') ? BOUNDS.get(second) : undefined;
  if (!upper) throw new EventPatternError(`Bad numeric range operator: ${second}`);
  const last = numberAfter(second, top);
  if (operand.length > 4) throw new EventPatternError('Too many terms in numeric range expression');
  checkComparable(first);
  checkComparable(last);
  if (first >= last) throw new EventPatternError('Bottom must be less than top');
  return (actual) =>
    typeof actual === 'number' && isComparable(actual) && bound(actual, first) && upper(actual, last);
}

function numberAfter(operator: string, operand: unknown): number {
  if (typeof operand !== 'number') throw new EventPatternError(`Value of ${operator} must be numeric`);
  return operand;
}

/** The member as the reason quotes it: the list's end where there is none, only the bracket of a list or object. */
function shown(list: readonly unknown[], index: number): string {
  if (index >= list.length) return ']';
  const member = list[index];
  if (Array.isArray(member)) return '[';
  return typeof member === 'object' && member !== null ? '{' : String(member);
}
