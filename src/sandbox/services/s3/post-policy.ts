import { AwsError } from '../../wire/types.ts';

/** What a policy is checked against. */
export interface PostedForm {
  /** By name in lower case; `key` with its file name filled in, `bucket` from the URL. */
  readonly fields: ReadonlyMap<string, { readonly name: string; readonly value: string }>;
  /** Of the file, in bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Fields that no condition has to name, those with `x-ignore-` aside. */
const UNCHECKED = new Set(['file', 'policy', 'x-amz-signature', 'signature', 'awsaccesskeyid', 'bucket']);

/**
 * Checks the base64 policy of a browser upload. Throws InvalidPolicyDocument for what it cannot read, AccessDenied for what
 * does not hold, EntityTooSmall and EntityTooLarge.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-HTTPPOSTConstructPolicy.html
 */
export function checkPolicy(encoded: string, form: PostedForm): void {
  const policy = readPolicy(encoded);
  if (policy.expires <= form.now) throw refused('Policy expired.');
  const named = new Set<string>();
  for (const condition of policy.conditions) {
    if (condition.operator === 'content-length-range') {
      checkRange(condition, form.size);
      continue;
    }
    named.add(condition.field.replace(/^\$/, '').toLowerCase());
    checkCondition(condition, form);
  }
  const extra = [...form.fields]
    .filter(([name]) => !named.has(name) && !UNCHECKED.has(name) && !name.startsWith('x-ignore-'))
    .map(([, field]) => field.name);
  if (extra.length > 0) throw refused(`Extra input fields: ${extra.join(', ')}`);
}

type Condition =
  | { readonly operator: 'eq' | 'starts-with'; readonly field: string; readonly value: string }
  | { readonly operator: 'content-length-range'; readonly min: Bound; readonly max: Bound };
type Bound = string | number;

function readPolicy(encoded: string): {
  readonly expires: number;
  readonly conditions: readonly Condition[];
} {
  const policy = parseJson(Buffer.from(encoded, 'base64').toString('utf8'));
  if (typeof policy !== 'object' || policy === null || Array.isArray(policy)) throw invalid('Invalid JSON.');
  const { expiration, conditions, ...others } = policy as Record<string, unknown>;
  const [unexpected] = Object.keys(others);
  if (unexpected !== undefined) throw invalid(`Unexpected: '${unexpected.toLowerCase()}'`);
  if (expiration === undefined) throw invalid('Policy missing expiration.');
  if (conditions === undefined) throw invalid('Policy missing conditions.');
  if (!Array.isArray(conditions)) throw invalid("Invalid 'conditions' value: must be a List.");
  const expires =
    typeof expiration === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/.test(expiration)
      ? Date.parse(expiration)
      : NaN;
  if (Number.isNaN(expires))
    throw invalid(
      `Invalid 'expiration' value: '${typeof expiration === 'string' ? expiration : JSON.stringify(expiration)}'`,
    );
  return { expires, conditions: conditions.map(readCondition) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw invalid('Invalid JSON.');
  }
}

function readCondition(condition: unknown): Condition {
  if (Array.isArray(condition)) return readList(condition);
  if (typeof condition !== 'object' || condition === null) {
    throw invalid('Invalid condition: must be a List or Object.');
  }
  const [property, second] = Object.entries(condition as Record<string, unknown>);
  if (!property || second) {
    throw invalid('Invalid Simple-Condition: Simple-Conditions must have exactly one property specified.');
  }
  const [field, value] = property;
  if (typeof value !== 'string') throw invalid('Invalid Simple-Condition: value must be a string.');
  return { operator: 'eq', field: `$${field}`, value };
}

function readList(list: readonly unknown[]): Condition {
  const [operator, a, b] = list;
  if (typeof operator !== 'string') {
    throw invalid('Invalid Condition: missing operation identifier.');
  }
  const name = operator.toLowerCase();
  if (name === 'eq' || name === 'starts-with') {
    if (list.length !== 3) throw invalid(`Invalid ${operator}: wrong number of arguments.`);
    if (typeof a !== 'string' || typeof b !== 'string') throw invalid('Invalid JSON.');
    return { operator: name, field: a, value: b };
  }
  if (name === 'content-length-range') {
    if (list.length !== 3) throw invalid(`Invalid ${operator}: wrong number of arguments.`);
    if (!isBound(a) || !isBound(b)) throw invalid('Invalid JSON.');
    return { operator: name, min: a, max: b };
  }
  throw invalid(`Invalid Condition: unknown operation '${operator}'.`);
}

function isBound(value: unknown): value is Bound {
  return typeof value === 'string' || (Number.isInteger(value) && (value as number) >= 0);
}

/** Names match in any case, values exactly. A field that is absent meets no condition, not even the empty prefix. */
function checkCondition(condition: Exclude<Condition, { min: Bound }>, form: PostedForm): void {
  const { operator, field, value } = condition;
  const name = field.slice(1).toLowerCase();
  const given = field.startsWith('$') ? form.fields.get(name)?.value : undefined;
  const holds = (text: string) => (operator === 'eq' ? text === value : text.startsWith(value));
  // Of content types a list is checked item by item.
  const items =
    operator === 'starts-with' && name === 'content-type' ? given?.split(',').map(trim) : [given ?? ''];
  if (given === undefined || !items?.every(holds)) {
    throw failed([operator, field, value]);
  }
}

function checkRange({ min, max }: { readonly min: Bound; readonly max: Bound }, size: number): void {
  const [least, most] = [Number(min), Number(max)];
  if (Number.isNaN(least) || Number.isNaN(most)) throw failed(['content-length-range', min, max]);
  if (size < least) {
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      status: 400,
      members: { ProposedSize: String(size), MinSizeAllowed: String(least) },
    });
  }
  if (size > most) {
    throw new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
      status: 400,
      members: { ProposedSize: String(size), MaxSizeAllowed: String(most) },
    });
  }
}

function trim(text: string): string {
  return text.trim();
}

function failed(condition: readonly Bound[]): AwsError {
  return refused(`Policy Condition failed: [${condition.map((item) => JSON.stringify(item)).join(', ')}]`);
}

function refused(reason: string): AwsError {
  return new AwsError('AccessDenied', `Invalid according to Policy: ${reason}`, { status: 403 });
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidPolicyDocument', `Invalid Policy: ${reason}`, { status: 400 });
}
