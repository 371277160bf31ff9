/**
 * What stands in the arrays of an EventBridge pattern, compiled to tests of one value
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html).
 * The reasons are those of AWS's own matcher (github.com/aws/event-ruler), as recorded from the service.
 */
import { EventPatternError } from './event-pattern-error.ts';
import { checkComparable, compileNumeric } from './event-pattern-numeric.ts';
import { compileWildcard } from './event-pattern-wildcard.ts';
import { parseIpAddress, type IpAddress } from './ip-address.ts';

export type Scalar = string | number | boolean | null;

/** A test of a value that is there. */
export type ValueTest = (value: Scalar) => boolean;

/** `absent` holds for events without the field. */
export type ValueMatcher = { readonly kind: 'value'; readonly test: ValueTest } | { readonly kind: 'absent' };

type Json = Readonly<Record<string, unknown>>;

/** One member of an array in the pattern. Throws EventPatternError. */
export function compileMatcher(written: unknown): ValueMatcher {
  if (isObject(written)) return compileExpression(written);
  if (typeof written === 'string') return value(exactString(written));
  if (typeof written === 'number') return value((actual) => actual === written);
  if (written === null || typeof written === 'boolean') return value((actual) => actual === written);
  throw new EventPatternError('Match value must be String, number, true, false, or null');
}

export function isObject(json: unknown): json is Json {
  return typeof json === 'object' && json !== null && !Array.isArray(json);
}

const value = (test: ValueTest): ValueMatcher => ({ kind: 'value', test });

const onStrings =
  (test: (text: string) => boolean): ValueTest =>
  (actual) =>
    typeof actual === 'string' && test(actual);

function compileExpression(expression: Json): ValueMatcher {
  const [name] = Object.keys(expression);
  if (name === undefined) throw new EventPatternError('Match expression name not found');
  const operand = expression[name];
  const matcher = compileOperator(name, operand);
  if (Object.keys(expression).length > 1) {
    throw new EventPatternError(
      name === 'numeric' || name === 'anything-but'
        ? 'Too many elements in numeric expression'
        : 'Only one key allowed in match expression',
    );
  }
  return matcher;
}

function compileOperator(name: string, operand: unknown): ValueMatcher {
  switch (name) {
    case 'exactly':
      return value(exactString(text(operand, 'exact match pattern must be a string')));
    case 'prefix':
    case 'suffix':
      return value(affix(name, operand));
    case 'equals-ignore-case':
      return value(equalsIgnoreCase(text(operand, IGNORE_CASE_REASON)));
    case 'wildcard':
      return value(onStrings(compileWildcard(text(operand, WILDCARD_REASON))));
    case 'numeric':
      return value(compileNumeric(operand));
    case 'anything-but':
      return value(anythingBut(operand));
    case 'cidr':
      // The text names the prefix operator; that is how AWS words it.
      return value(cidr(text(operand, 'prefix match pattern must be a string')));
    case 'exists':
      if (operand === false) return { kind: 'absent' };
      if (operand === true) return value(() => true);
      throw new EventPatternError('exists match pattern must be either true or false.');
    default:
      throw new EventPatternError(`Unrecognized match type ${name}`);
  }
}

const IGNORE_CASE_REASON = 'equals-ignore-case match pattern must be a string';
const WILDCARD_REASON = 'wildcard match pattern must be a string';

function text(operand: unknown, reason: string): string {
  if (typeof operand !== 'string') throw new EventPatternError(reason);
  return operand;
}

/** An address also matches its other spellings (`::1` and `0:0:0:0:0:0:0:1`). */
function exactString(wanted: string): ValueTest {
  const address = parseIpAddress(wanted);
  if (!address) return (actual) => actual === wanted;
  return onStrings((actual) => actual === wanted || inRange(actual, address, address.value));
}

function equalsIgnoreCase(wanted: string): ValueTest {
  const folded = wanted.toLowerCase();
  return onStrings((actual) => actual.toLowerCase() === folded);
}

function affix(name: 'prefix' | 'suffix', operand: unknown): ValueTest {
  if (isObject(operand)) return foldedAffix(name, operand);
  const wanted = text(operand, `${name} match pattern must be a string`);
  return hasAffix(name, wanted);
}

function foldedAffix(name: 'prefix' | 'suffix', operand: Json): ValueTest {
  const [inner] = Object.keys(operand);
  const title = name === 'prefix' ? 'Prefix' : 'Suffix';
  if (inner === undefined) throw new EventPatternError(`${title} expression name not found`);
  if (inner !== 'equals-ignore-case') throw new EventPatternError(`Unsupported ${name} pattern: ${inner}`);
  const test = hasAffix(name, text(operand[inner], IGNORE_CASE_REASON).toLowerCase());
  if (Object.keys(operand).length > 1)
    throw new EventPatternError('Only one key allowed in match expression');
  return onStrings((actual) => test(actual.toLowerCase()));
}

function hasAffix(name: 'prefix' | 'suffix', wanted: string): ValueTest {
  return onStrings((actual) => (name === 'prefix' ? actual.startsWith(wanted) : actual.endsWith(wanted)));
}

/** Holds for any value that is there and matches none: null and values of other types included. */
function anythingBut(operand: unknown): ValueTest {
  const tests = isObject(operand) ? forbiddenTexts(operand) : forbiddenValues(operand);
  return (actual) => !tests.some((test) => test(actual));
}

function forbiddenValues(operand: unknown): readonly ValueTest[] {
  if (!Array.isArray(operand)) {
    if (typeof operand !== 'string' && typeof operand !== 'number') {
      throw new EventPatternError('Value of anything-but must be an array or single string/number value.');
    }
    return [forbiddenValue(operand)];
  }
  const items: readonly unknown[] = operand;
  const tests = items.map((item) => {
    if (typeof item === 'string' || typeof item === 'number') return forbiddenValue(item);
    throw new EventPatternError('Inside anything but list, start|null|boolean is not supported.');
  });
  if (new Set(items.map((item) => typeof item)).size !== 1) {
    throw new EventPatternError(
      'Inside anything but list, either all values are number or string, mixed type is not supported',
    );
  }
  return tests;
}

function forbiddenValue(item: string | number): ValueTest {
  if (typeof item === 'number') checkComparable(item);
  return (actual) => actual === item;
}

/** `{"anything-but": {"prefix": "a"}}` and its like, each with one text or a list. */
function forbiddenTexts(operand: Json): readonly ValueTest[] {
  const [name] = Object.keys(operand);
  if (name === undefined) throw new EventPatternError('Anything-But expression name not found');
  const compile = FORBIDDEN_TEXT.get(name);
  if (!compile) throw new EventPatternError(`Unsupported anything-but pattern: ${name}`);
  const inner = operand[name];
  if (!Array.isArray(inner) && typeof inner !== 'string' && typeof inner !== 'number') {
    throw new EventPatternError('Value of anything-but must be an array or single string/number value.');
  }
  const items: readonly unknown[] = Array.isArray(inner) ? inner : [inner];
  const tests = items.map(compile);
  if (Object.keys(operand).length > 1) throw new EventPatternError('Too many elements in numeric expression');
  return tests;
}

const forbiddenAffix = (name: 'prefix' | 'suffix') => (item: unknown) => {
  const wanted = text(item, 'prefix/suffix match pattern must be a string');
  if (wanted === '') throw new EventPatternError('Null prefix/suffix not allowed');
  return hasAffix(name, wanted);
};

const FORBIDDEN_TEXT: ReadonlyMap<string, (item: unknown) => ValueTest> = new Map([
  ['prefix', forbiddenAffix('prefix')],
  ['suffix', forbiddenAffix('suffix')],
  ['wildcard', (item: unknown) => onStrings(compileWildcard(text(item, WILDCARD_REASON)))],
  [
    'equals-ignore-case',
    (item: unknown) =>
      equalsIgnoreCase(
        text(
          item,
          'Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported.',
        ),
      ),
  ],
]);

function cidr(written: string): ValueTest {
  const [base = '', mask, ...others] = written.replace(/\/+$/, '').split('/');
  if (mask === undefined || others.length > 0)
    throw new EventPatternError("Malformed CIDR, one '/' required");
  if (!/^[+-]?\d+$/.test(mask)) throw new EventPatternError('Malformed CIDR, mask bits must be an integer');
  const bits = Number(mask);
  if (bits < 0) throw new EventPatternError('Malformed CIDR, mask bits must not be negative');
  const address = parseIpAddress(base);
  if (!address) {
    const looksRight = /^[0-9]+(\.[0-9]+){3}$|^[0-9a-f:]*:[0-9a-f:]*$/i.test(base);
    throw new EventPatternError(`${looksRight ? 'Invalid' : 'Nonstandard'} IP address: ${base}`);
  }
  if (bits >= address.bits) {
    throw new EventPatternError(`IPv${address.bits === 32 ? 4 : 6} mask bits must be < ${address.bits}`);
  }
  // The range starts at the address as written, not at its network's first: so AWS reads it.
  const hostMask = (1n << BigInt(address.bits - bits)) - 1n;
  return onStrings((actual) => inRange(actual, address, address.value | hostMask));
}

function inRange(actual: string, from: IpAddress, to: bigint): boolean {
  const address = parseIpAddress(actual);
  return address?.bits === from.bits && address.value >= from.value && address.value <= to;
}
