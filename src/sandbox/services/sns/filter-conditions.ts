/** The conditions that a filter policy lists for a key. */
import { BlockList, isIPv6 } from 'node:net';

export type Scalar = string | number | boolean | null;

export type Condition =
  | { readonly kind: 'literal'; readonly value: Scalar }
  | { readonly kind: 'exists'; readonly expected: boolean }
  | { readonly kind: 'test'; readonly test: (value: Scalar) => boolean };

export type Refuse = (reason: string) => never;

export function readConditions(list: readonly unknown[], refuse: Refuse): Condition[] {
  return list.map((item) => {
    if (isScalar(item)) return { kind: 'literal', value: item };
    if (Array.isArray(item)) return refuse('Match value must be String, number, true, false, or null');
    return readOperator(item as Readonly<Record<string, unknown>>, refuse);
  });
}

/** As AWS's parser would name the token. */
const shown = (value: unknown) =>
  value === undefined ? ']' : typeof value === 'string' ? value : JSON.stringify(value);

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function readOperator(item: Readonly<Record<string, unknown>>, refuse: Refuse): Condition {
  const [entry, second] = Object.entries(item);
  // UNKNOWN: the text for an empty expression.
  if (!entry || second) return refuse('Only one key allowed in match expression');
  const [operator, operand] = entry;
  switch (operator) {
    case 'exists':
      if (typeof operand !== 'boolean') return refuse('exists match pattern must be either true or false.');
      return { kind: 'exists', expected: operand };
    case 'numeric':
      return { kind: 'test', test: readNumeric(operand, refuse) };
    case 'anything-but':
      return { kind: 'test', test: readAnythingBut(operand, refuse) };
    case 'cidr':
      return { kind: 'test', test: readCidr(operand, refuse) };
    case 'prefix':
    case 'suffix':
    case 'equals-ignore-case':
      return { kind: 'test', test: readText(operator, operand, refuse) };
    default:
      return refuse(`Unrecognized match type ${operator}`);
  }
}

type Test = (value: Scalar) => boolean;
type TextOperator = 'prefix' | 'suffix' | 'equals-ignore-case';

function readText(operator: TextOperator, operand: unknown, refuse: Refuse): Test {
  if (typeof operand !== 'string') return refuse(`${operator} match pattern must be a string`);
  return (value) => {
    if (typeof value !== 'string') return false;
    switch (operator) {
      case 'prefix':
        return value.startsWith(operand);
      case 'suffix':
        return value.endsWith(operand);
      case 'equals-ignore-case':
        return value.toLowerCase() === operand.toLowerCase();
    }
  };
}

/** A value, a list of values, or an object with a prefix or suffix. The texts are UNKNOWN. */
function readAnythingBut(operand: unknown, refuse: Refuse): Test {
  if (isScalar(operand) && operand !== null) return (value) => value !== operand;
  if (Array.isArray(operand)) {
    const list = operand as readonly unknown[];
    if (list.length === 0 || !list.every((item) => isScalar(item) && item !== null)) {
      return refuse('Inside anything-but list, only scalar values are allowed');
    }
    return (value) => !list.some((item) => item === value);
  }
  if (typeof operand !== 'object' || operand === null) {
    return refuse('Value of anything-but must be an array or single string/number value.');
  }
  const [entry, second] = Object.entries(operand as Readonly<Record<string, unknown>>);
  const operator = entry?.[0];
  if (
    !entry ||
    second ||
    (operator !== 'prefix' && operator !== 'suffix' && operator !== 'equals-ignore-case')
  ) {
    return refuse(`Unsupported anything-but pattern: ${operator ?? ''}`);
  }
  const operands: readonly unknown[] = Array.isArray(entry[1]) ? entry[1] : [entry[1]];
  const tests = operands.map((item) => readText(operator, item, refuse));
  return (value) => typeof value === 'string' && !tests.some((test) => test(value));
}

const COMPARISONS: Readonly<Record<string, (value: number, bound: number) => boolean>> = {
  '=': (value, bound) => value === bound,
  '<': (value, bound) => value < bound,
  '<=': (value, bound) => value <= bound,
  '>': (value, bound) => value > bound,
  '>=': (value, bound) => value >= bound,
};

function readNumeric(operand: unknown, refuse: Refuse): Test {
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [];
  const [first, bound, second, secondBound, ...more] = list;
  if (typeof first !== 'string') return refuse(`Invalid member in numeric match: ${shown(first)}`);
  const compare = Object.hasOwn(COMPARISONS, first) ? COMPARISONS[first] : undefined;
  if (!compare) return refuse(`Unrecognized numeric range operator: ${first}`);
  if (typeof bound !== 'number')
    return refuse(`Value of ${first === '=' ? 'equals' : first} must be numeric`);
  if (second === undefined) return (value) => typeof value === 'number' && compare(value, bound);

  // A range goes from a lower bound to an upper one.
  if (!first.startsWith('>')) return refuse('Too many elements in numeric expression');
  if (typeof second !== 'string') return refuse(`Bad value in numeric range: ${shown(second)}`);
  const compareSecond = second === '<' || second === '<=' ? COMPARISONS[second] : undefined;
  if (!compareSecond) return refuse(`Bad numeric range operator: ${second}`);
  if (typeof secondBound !== 'number') return refuse(`Value of ${second} must be numeric`);
  if (bound >= secondBound) return refuse('Bottom must be less than top');
  if (more.length > 0) return refuse('Too many terms in numeric range expression');
  return (value) => typeof value === 'number' && compare(value, bound) && compareSecond(value, secondBound);
}

/** The text is UNKNOWN. */
function readCidr(operand: unknown, refuse: Refuse): Test {
  const match = typeof operand === 'string' ? /^([0-9a-fA-F.:]+)\/(\d{1,3})$/.exec(operand) : null;
  const [, network = '', prefix = ''] = match ?? [];
  const family = isIPv6(network) ? 'ipv6' : 'ipv4';
  const range = new BlockList();
  try {
    range.addSubnet(network, Number(prefix), family);
  } catch {
    return refuse(`Malformed CIDR: ${String(operand)}`);
  }
  return (value) => typeof value === 'string' && range.check(value, isIPv6(value) ? 'ipv6' : 'ipv4');
}
