/** Whether a message passes a filter policy. */
import type { MessageAttributes } from '../sqs/message-attributes.ts';
import type { Condition, Scalar } from './filter-conditions.ts';
import type { FilterNode, FilterPolicy } from './filter-policy.ts';

type Json = Readonly<Record<string, unknown>>;

export function passesFilter(
  policy: FilterPolicy,
  message: { readonly body: string; readonly attributes: MessageAttributes },
): boolean {
  if (policy.scope === 'MessageAttributes') return nodeMatches(policy.root, attributeValues(message), true);
  // Only a body that is a JSON object can match.
  const body = parseObject(message.body);
  return body !== undefined && nodeMatches(policy.root, body, false);
}

/** `nullIsAbsent`: recorded for attributes, which are never null. */
function nodeMatches(node: FilterNode, value: Json | undefined, nullIsAbsent: boolean): boolean {
  for (const [key, conditions] of node.leaves) {
    const field = value && Object.hasOwn(value, key) ? value[key] : undefined;
    if (!conditions.some((condition) => conditionMatches(condition, field, nullIsAbsent))) return false;
  }
  for (const [key, child] of node.children) {
    const field = value && Object.hasOwn(value, key) ? value[key] : undefined;
    // Lists are entered: one element has to match as a whole.
    const elements = Array.isArray(field) ? (field.flat(Infinity) as unknown[]) : [field];
    const candidates = elements.filter((element) => element === undefined || isObject(element));
    const matches = candidates.some((element) =>
      nodeMatches(child, isObject(element) ? element : undefined, nullIsAbsent),
    );
    if (!matches) return false;
  }
  return node.alternatives.every((list) => list.some((item) => nodeMatches(item, value, nullIsAbsent)));
}

function conditionMatches(condition: Condition, field: unknown, nullIsAbsent: boolean): boolean {
  if (condition.kind === 'exists') return (field !== undefined) === condition.expected;
  if (field === undefined) return nullIsAbsent && condition.kind === 'literal' && condition.value === null;
  const values = (Array.isArray(field) ? field.flat(Infinity) : [field]) as unknown[];
  return values
    .filter((value): value is Scalar => value === null || typeof value !== 'object')
    .some((value) => (condition.kind === 'literal' ? value === condition.value : condition.test(value)));
}

/** Attributes as the fields of an object: numbers as such, the elements of a `String.Array`, nothing of binary ones. */
function attributeValues({ attributes }: { readonly attributes: MessageAttributes }): Json {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, { DataType = '', StringValue = '' }]): [string, unknown] => {
      if (DataType.startsWith('Binary')) return [name, []];
      if (DataType.startsWith('Number')) return [name, Number(StringValue)];
      return [name, DataType === 'String.Array' ? parseArray(StringValue) : StringValue];
    }),
  );
}

function parseArray(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value : text;
  } catch {
    return text;
  }
}

function parseObject(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
