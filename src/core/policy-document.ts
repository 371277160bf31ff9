/** Reads the JSON of policies (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html). */
import type { Condition } from './policy-conditions.ts';

export interface PolicyDocument {
  readonly version: string | undefined;
  readonly id: string | undefined;
  readonly statements: readonly PolicyStatement[];
}

/** `any` is `"*"` or `{"AWS":"*"}`; otherwise the listed values per kind (`AWS`, `Service`, `Federated`, …). */
export type PrincipalElement =
  | { readonly kind: 'any' }
  | { readonly kind: 'listed'; readonly values: Readonly<Record<string, readonly string[]>> };

/** A positive element or its negation (`NotAction`). */
export interface Matcher {
  readonly negated: boolean;
  readonly patterns: readonly string[];
}

export interface PolicyStatement {
  readonly sid: string | undefined;
  readonly effect: 'Allow' | 'Deny';
  /** Undefined in identity-based policies, where the holder is meant. */
  readonly principal: { readonly negated: boolean; readonly element: PrincipalElement } | undefined;
  readonly action: Matcher;
  /** Undefined in trust policies, where the role itself is meant. */
  readonly resource: Matcher | undefined;
  readonly conditions: readonly Condition[];
}

type Json = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A string or a list of strings; booleans and numbers count as their text, as in `{"Bool": {"k": true}}`. */
function texts(value: unknown): readonly string[] | undefined {
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const result: string[] = [];
  for (const item of list) {
    if (typeof item !== 'string' && typeof item !== 'boolean' && typeof item !== 'number') return undefined;
    result.push(String(item));
  }
  return result;
}

function readPrincipal(value: unknown): PrincipalElement | undefined {
  if (value === '*') return { kind: 'any' };
  if (!isObject(value)) return undefined;
  const values: Record<string, readonly string[]> = {};
  for (const [kind, entry] of Object.entries(value)) {
    const list = texts(entry);
    if (!list) return undefined;
    if (kind === 'AWS' && list.includes('*')) return { kind: 'any' };
    values[kind] = list;
  }
  return { kind: 'listed', values };
}

/** `X` or `NotX` of a statement; `absent` when neither stands there, undefined when malformed. */
function readMatcher(statement: Json, name: string): Matcher | 'absent' | undefined {
  const negated = statement[name] === undefined;
  const value = negated ? statement[`Not${name}`] : statement[name];
  if (value === undefined) return 'absent';
  const patterns = texts(value);
  return patterns && { negated, patterns };
}

function readConditions(value: unknown): readonly Condition[] | undefined {
  if (value === undefined) return [];
  if (!isObject(value)) return undefined;
  const conditions: Condition[] = [];
  for (const [operator, keys] of Object.entries(value)) {
    if (!isObject(keys)) return undefined;
    for (const [key, entry] of Object.entries(keys)) {
      const values = texts(entry);
      if (!values) return undefined;
      conditions.push({ operator, key, values });
    }
  }
  return conditions;
}

function readStatement(value: unknown): PolicyStatement | undefined {
  if (!isObject(value)) return undefined;
  const effect = value['Effect'];
  if (effect !== 'Allow' && effect !== 'Deny') return undefined;
  const action = readMatcher(value, 'Action');
  const resource = readMatcher(value, 'Resource');
  const conditions = readConditions(value['Condition']);
  if (!action || action === 'absent' || !resource || !conditions) return undefined;

  const negated = value['Principal'] === undefined;
  const written = negated ? value['NotPrincipal'] : value['Principal'];
  const element = written === undefined ? undefined : readPrincipal(written);
  if (written !== undefined && !element) return undefined;
  return {
    sid: typeof value['Sid'] === 'string' ? value['Sid'] : undefined,
    effect,
    principal: element && { negated, element },
    action,
    resource: resource === 'absent' ? undefined : resource,
    conditions,
  };
}

/** Undefined when the text is not a policy: no JSON, no statements, or a statement that IAM would not accept. */
export function parsePolicy(text: string): PolicyDocument | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(json)) return undefined;
  const written = json['Statement'];
  const list: readonly unknown[] = Array.isArray(written) ? written : [written];
  const statements: PolicyStatement[] = [];
  for (const item of list) {
    const statement = readStatement(item);
    if (!statement) return undefined;
    statements.push(statement);
  }
  const { Version: version, Id: id } = json;
  return {
    version: typeof version === 'string' ? version : undefined,
    id: typeof id === 'string' ? id : undefined,
    statements,
  };
}
