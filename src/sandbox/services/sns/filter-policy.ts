/**
 * Filter policies of subscriptions, read and checked
 * (https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html). The texts are as recorded, without the
 * position of AWS's JSON parser that follows them.
 */
import { readConditions, type Condition, type Refuse } from './filter-conditions.ts';

export type FilterScope = 'MessageAttributes' | 'MessageBody';

export interface FilterNode {
  /** Keys whose value must meet one of the conditions. */
  readonly leaves: ReadonlyMap<string, readonly Condition[]>;
  readonly children: ReadonlyMap<string, FilterNode>;
  /** `$or`: one node of each list must match. */
  readonly alternatives: readonly (readonly FilterNode[])[];
}

export interface FilterPolicy {
  readonly scope: FilterScope;
  readonly root: FilterNode;
}

const MAX_KEYS = 5;
const MAX_COMBINATIONS = 150;

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Undefined for an empty policy, which filters nothing. `refuse` throws SNS's error with the given reason. */
export function readFilterPolicy(
  text: string,
  scope: FilterScope,
  refuse: Refuse,
  refuseNesting: () => never,
): FilterPolicy | undefined {
  if (text === '') return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return refuse('failed to parse JSON.');
  }
  // UNKNOWN: the text for JSON that is no object.
  if (!isObject(json)) return refuse('Filter is not an object');
  if (Object.keys(json).length === 0) return undefined;
  const root = readNode(json, refuse);
  if (scope === 'MessageAttributes' && isNested(root)) refuseNesting();
  if (keys(root).size > MAX_KEYS) refuse(`Filter policy can not have more than ${MAX_KEYS} keys`);
  if (combinations(root, 1) > MAX_COMBINATIONS) refuse('Filter policy is too complex');
  return { scope, root };
}

function readNode(policy: Json, refuse: Refuse): FilterNode {
  const leaves = new Map<string, readonly Condition[]>();
  const children = new Map<string, FilterNode>();
  const alternatives: FilterNode[][] = [];
  for (const [key, value] of Object.entries(policy)) {
    // Only a list of at least two objects makes `$or` an operator; else it is a key like any other.
    if (key === '$or' && Array.isArray(value) && value.length > 1 && value.every(isObject)) {
      alternatives.push(value.map((item) => readNode(item, refuse)));
    } else if (Array.isArray(value)) {
      // UNKNOWN: the text for a list of nothing.
      if (value.length === 0) refuse('Empty arrays are not allowed');
      leaves.set(key, readConditions(value, refuse));
    } else if (isObject(value)) {
      if (Object.keys(value).length === 0) refuse('Empty objects are not allowed');
      children.set(key, readNode(value, refuse));
    } else refuse(`"${key}" must be an object or an array`);
  }
  return { leaves, children, alternatives };
}

function isNested(node: FilterNode): boolean {
  return node.children.size > 0 || node.alternatives.flat().some(isNested);
}

/** Paths to all leaves, each once. */
function keys(node: FilterNode, path = ''): Set<string> {
  const found = new Set([...node.leaves.keys()].map((key) => `${path}/${key}`));
  for (const [key, child] of node.children) {
    for (const leaf of keys(child, `${path}/${key}`)) found.add(leaf);
  }
  for (const leaf of node.alternatives.flat().flatMap((item) => [...keys(item, path)])) found.add(leaf);
  return found;
}

/**
 * The product of the numbers of values, each times the depth of its key; alternatives add up
 * (https://docs.aws.amazon.com/sns/latest/dg/subscription-filter-policy-constraints.html).
 */
function combinations(node: FilterNode, depth: number): number {
  let product = 1;
  for (const conditions of node.leaves.values()) product *= conditions.length * depth;
  for (const child of node.children.values()) product *= combinations(child, depth + 1);
  for (const list of node.alternatives) {
    product *= list.reduce((sum, item) => sum + combinations(item, depth), 0);
  }
  return product;
}
