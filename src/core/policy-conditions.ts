import { globMatches } from './glob.ts';
import { parseIpAddress } from './ip-address.ts';

/**
 * Condition operators of IAM JSON policies
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html).
 */
export interface Condition {
  /** As written, with `ForAllValues:`/`ForAnyValue:` and `IfExists`. */
  readonly operator: string;
  readonly key: string;
  readonly values: readonly string[];
}

/** `unknown` is an operator that the evaluator does not have: neither a match nor a miss. */
export type ConditionOutcome = 'match' | 'miss' | 'unknown';

/** Five parts before the resource, the resource with its own colons last. */
function arnParts(arn: string): readonly string[] {
  const parts = arn.split(':');
  return parts.length <= 6 ? parts : [...parts.slice(0, 5), parts.slice(5).join(':')];
}

/** ArnLike and ArnEquals are the same: a glob per part, so that `arn:aws:s3:*:*:b` covers `arn:aws:s3:::b`. */
function arnMatches(pattern: string, arn: string): boolean {
  const wanted = arnParts(pattern);
  const actual = arnParts(arn);
  return wanted.length === actual.length && wanted.every((part, i) => globMatches(part, actual[i] ?? ''));
}

/** Seconds since the epoch; the core has no Date. Days are counted as in Hinnant's civil-calendar algorithm. */
function instant(text: string): number | undefined {
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  const match =
    /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}):(\d{2})(?::(\d{2}(?:\.\d+)?))?(?:Z|([+-])(\d{2}):?(\d{2})))?$/.exec(
      text,
    );
  if (!match) return undefined;
  const at = (i: number) => Number(match[i] ?? 0);
  const month = at(2);
  const year = at(1) - (month <= 2 ? 1 : 0);
  const era = Math.floor(year / 400);
  const yearOfEra = year - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + at(3) - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  const days = era * 146_097 + dayOfEra - 719_468;
  const offset = (match[7] === '-' ? -1 : 1) * (at(8) * 3600 + at(9) * 60);
  return days * 86_400 + at(4) * 3600 + at(5) * 60 + at(6) - offset;
}

function addressInRange(range: string, text: string): boolean {
  const [base = '', length] = range.split('/');
  const network = parseIpAddress(base);
  const address = parseIpAddress(text);
  if (!network || network.bits !== address?.bits) return false;
  const prefix = length === undefined ? network.bits : Number(length);
  if (!Number.isInteger(prefix) || prefix < 0 || prefix > network.bits) return false;
  const shift = BigInt(network.bits - prefix);
  return network.value >> shift === address.value >> shift;
}

type Comparison = (policyValue: string, requestValue: string) => boolean;

function ordered(
  read: (text: string) => number | undefined,
  test: (a: number, b: number) => boolean,
): Comparison {
  return (policyValue, requestValue) => {
    const wanted = read(policyValue);
    const actual = read(requestValue);
    return wanted !== undefined && actual !== undefined && test(actual, wanted);
  };
}

function number(text: string): number | undefined {
  const value = Number(text);
  return text.trim() === '' || Number.isNaN(value) ? undefined : value;
}

function orderedFamily(
  name: string,
  read: (text: string) => number | undefined,
): readonly [string, Comparison][] {
  return [
    [`${name}equals`, ordered(read, (a, b) => a === b)],
    [`${name}lessthan`, ordered(read, (a, b) => a < b)],
    [`${name}lessthanequals`, ordered(read, (a, b) => a <= b)],
    [`${name}greaterthan`, ordered(read, (a, b) => a > b)],
    [`${name}greaterthanequals`, ordered(read, (a, b) => a >= b)],
  ];
}

const equalFold: Comparison = (a, b) => a.toLowerCase() === b.toLowerCase();

const POSITIVE: ReadonlyMap<string, Comparison> = new Map<string, Comparison>([
  ['stringequals', (a, b) => a === b],
  ['stringequalsignorecase', equalFold],
  ['stringlike', globMatches],
  ['arnequals', arnMatches],
  ['arnlike', arnMatches],
  ['bool', equalFold],
  ['binaryequals', (a, b) => a === b],
  ['ipaddress', addressInRange],
  ...orderedFamily('numeric', number),
  ...orderedFamily('date', instant),
]);

/** Negated operators hold when none of the values matches, hence also when the key is absent. */
const NEGATED: ReadonlyMap<string, string> = new Map([
  ['stringnotequals', 'stringequals'],
  ['stringnotequalsignorecase', 'stringequalsignorecase'],
  ['stringnotlike', 'stringlike'],
  ['arnnotequals', 'arnequals'],
  ['arnnotlike', 'arnlike'],
  ['notipaddress', 'ipaddress'],
  ['numericnotequals', 'numericequals'],
  ['datenotequals', 'dateequals'],
]);

/**
 * One condition against the request's context. Keys compare without case (`AWS:SourceArn` is `aws:SourceArn`);
 * `context` must have its keys in lower case. The context is single-valued, so ForAnyValue and ForAllValues
 * differ only for an absent key: none of no values matches, all of no values do.
 * Values come with their policy variables filled in.
 */
export function conditionHolds(condition: Condition, context: ReadonlyMap<string, string>): ConditionOutcome {
  let operator = condition.operator.toLowerCase();
  const actual = context.get(condition.key.toLowerCase());
  const outcome = (holds: boolean): ConditionOutcome => (holds ? 'match' : 'miss');

  if (operator === 'null') {
    return outcome(
      condition.values.some((value) => (value.toLowerCase() === 'true') === (actual === undefined)),
    );
  }
  let quantifier: 'any' | 'all' | undefined;
  if (operator.startsWith('foranyvalue:')) quantifier = 'any';
  if (operator.startsWith('forallvalues:')) quantifier = 'all';
  if (quantifier) operator = operator.slice(operator.indexOf(':') + 1);
  const ifExists = operator.endsWith('ifexists');
  if (ifExists) operator = operator.slice(0, -'ifexists'.length);

  const positive = NEGATED.get(operator);
  const compare = POSITIVE.get(positive ?? operator);
  if (!compare) return 'unknown';
  if (actual === undefined) {
    if (ifExists || quantifier === 'all') return 'match';
    return outcome(quantifier === undefined && positive !== undefined);
  }
  return outcome(condition.values.some((value) => compare(value, actual)) === (positive === undefined));
}
