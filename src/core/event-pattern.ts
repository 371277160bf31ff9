/**
 * EventBridge event patterns: compiled once, then matched against events
 * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns.html).
 */
import { EventPatternError } from './event-pattern-error.ts';
import { elementsOf, isScalar, memberOf, valuesAt } from './event-pattern-event.ts';
import { compileMatcher, isObject, type ValueTest } from './event-pattern-value.ts';

/** The service model's limit, in characters. (The quota of a rule's pattern is 2,048 unless AWS raised it.) */
export const MAX_EVENT_PATTERN_LENGTH = 4096;

/** Quota "rule combinations" of `$or`: each combination is a pattern of its own. */
const MAX_COMBINATIONS = 1000;

/** Opaque: made by `compileEventPattern`. One member per combination of `$or` branches. */
export interface EventPattern {
  readonly alternatives: readonly Alternative[];
}

interface Alternative {
  readonly fields: readonly Field[];
  /** The fields again, by path: fields below one array have to match in the same element. */
  readonly root: Node;
}

interface Field {
  /** Names from the event's root; AWS does not tell `a.b` from `b` in `a`. */
  readonly path: readonly string[];
  readonly tests: readonly ValueTest[];
  /** Holds for an event without the field (`exists: false`). */
  readonly mayBeAbsent: boolean;
}

interface Node {
  readonly children: Map<string, Node>;
  field: Field | undefined;
}

type Json = Readonly<Record<string, unknown>>;

export type CompiledEventPattern =
  | { readonly ok: true; readonly pattern: EventPattern }
  /** The text after `Event pattern is not valid. Reason: `. AWS adds the place in the pattern (`line: 1, column: 11`). */
  | { readonly ok: false; readonly reason: string };

export function compileEventPattern(text: string): CompiledEventPattern {
  if (text.length > MAX_EVENT_PATTERN_LENGTH) {
    return { ok: false, reason: `The pattern is longer than ${MAX_EVENT_PATTERN_LENGTH} characters` };
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // AWS quotes its own JSON parser here.
    return { ok: false, reason: 'The pattern is not valid JSON' };
  }
  try {
    if (!isObject(json)) throw new EventPatternError('Filter is not an object');
    const combinations = readObject(json, [], [new Map()], false);
    const alternatives = combinations.map((fields) => alternative([...fields.values()]));
    return { ok: true, pattern: { alternatives } };
  } catch (error) {
    if (error instanceof EventPatternError) return { ok: false, reason: error.message };
    throw error;
  }
}

/** Fields by joined path. A path that stands twice keeps the later value, as in AWS's matcher. */
type Combination = Map<string, Field>;

/** Names that AWS keeps for operators, present and future ones: no fields within `$or`. */
const RESERVED_WITHIN_OR = new Set([
  ...[
    'exactly',
    'equals-ignore-case',
    'prefix',
    'suffix',
    'anything-but',
    'exists',
    'wildcard',
    'numeric',
    'cidr',
  ],
  ...['=', '<', '<=', '>', '>=', 'regex', 'not-wildcard', 'not-equals-ignore-case', 'date-after'],
  ...['date-on-or-after', 'date-before', 'date-on-or-before', 'in-date-range', 'ip-address-in-range'],
  'ip-address-not-in-range',
]);

/** Adds the object's fields to the combinations (which it changes) and returns these, or those that `$or` made of them. */
function readObject(
  object: Json,
  path: readonly string[],
  before: readonly Combination[],
  isWithinOr: boolean,
): readonly Combination[] {
  const entries = Object.entries(object);
  if (entries.length === 0) throw new EventPatternError('Empty objects are not allowed');
  let combinations = before;
  for (const [name, written] of entries) {
    const inner = [...path, ...name.split('.')];
    if (name === '$or') {
      combinations = readOr(written, path, combinations);
    } else if (isWithinOr && RESERVED_WITHIN_OR.has(name)) {
      throw new EventPatternError(`${name} is Ruler reserved fieldName which cannot be used inside $or.`);
    } else if (Array.isArray(written)) {
      const field = readField(written, inner);
      for (const fields of combinations) fields.set(inner.join('.'), field);
    } else if (isObject(written)) {
      combinations = readObject(written, inner, combinations, isWithinOr);
    } else {
      throw new EventPatternError(`"${name}" must be an object or an array`);
    }
  }
  return combinations;
}

function readOr(
  branches: unknown,
  path: readonly string[],
  before: readonly Combination[],
): readonly Combination[] {
  if (!Array.isArray(branches)) throw new EventPatternError('It must be an Array followed with $or.');
  const combinations: Combination[] = [];
  for (const branch of branches as readonly unknown[]) {
    if (!isObject(branch)) {
      throw new EventPatternError('Only JSON object is allowed in array of $or relationship.');
    }
    const copies = before.map((fields) => new Map(fields));
    combinations.push(...readObject(branch, path, copies, true));
    if (combinations.length > MAX_COMBINATIONS) {
      // The quota is documented, its text is UNKNOWN.
      throw new EventPatternError(`More than ${MAX_COMBINATIONS} rule combinations`);
    }
  }
  if (branches.length < 2) {
    throw new EventPatternError('There must have at least 2 Objects in $or relationship.');
  }
  return combinations;
}

function readField(list: readonly unknown[], path: readonly string[]): Field {
  if (list.length === 0) throw new EventPatternError('Empty arrays are not allowed');
  const matchers = list.map(compileMatcher);
  return {
    path,
    tests: matchers.flatMap((matcher) => (matcher.kind === 'value' ? [matcher.test] : [])),
    mayBeAbsent: matchers.some((matcher) => matcher.kind === 'absent'),
  };
}

function alternative(fields: readonly Field[]): Alternative {
  const root: Node = { children: new Map(), field: undefined };
  for (const field of fields) {
    let node = root;
    for (const name of field.path) {
      const child: Node = node.children.get(name) ?? { children: new Map(), field: undefined };
      node.children.set(name, child);
      node = child;
    }
    node.field = field;
  }
  return { fields, root };
}

/** `event` as parsed from JSON. */
export function matchesEventPattern(pattern: EventPattern, event: unknown): boolean {
  return pattern.alternatives.some(({ fields, root }) =>
    nodeMatches(root, event, absentFields(fields, event)),
  );
}

/**
 * Why an event does not match: dotted paths of the fields that no value of the event satisfies, of the combination
 * that comes closest. Empty when it matches, or when each field matches but not within one element of an array.
 */
export function unmatchedFields(pattern: EventPattern, event: unknown): readonly string[] {
  const perAlternative = pattern.alternatives.map(({ fields }) =>
    fields
      .filter((field) => {
        const values = valuesAt(event, field.path);
        if (values.length === 0) return !field.mayBeAbsent;
        return !values.some((value) => field.tests.some((test) => test(value)));
      })
      .map((field) => field.path.join('.')),
  );
  return perAlternative.reduce((best, paths) => (paths.length < best.length ? paths : best));
}

/** Absence is of the whole event: a field that stands in one element of an array is not absent from the others. */
function absentFields(fields: readonly Field[], event: unknown): ReadonlySet<Field> {
  return new Set(fields.filter((field) => field.mayBeAbsent && valuesAt(event, field.path).length === 0));
}

function nodeMatches({ field, children }: Node, value: unknown, absent: ReadonlySet<Field>): boolean {
  const elements = elementsOf(value);
  const hasValue = (field: Field) =>
    elements.some((element) => isScalar(element) && field.tests.some((test) => test(element)));
  if (field && !absent.has(field) && !hasValue(field)) return false;
  const asked = [...children].filter(([, child]) => !isAbsent(child, absent));
  if (asked.length === 0) return true;
  return elements.some(
    (element) =>
      isObject(element) &&
      asked.every(([name, child]) => {
        const inner = memberOf(element, name);
        return inner !== undefined && nodeMatches(child, inner, absent);
      }),
  );
}

/** Whether nothing below the node is asked of the event any more. */
function isAbsent(node: Node, absent: ReadonlySet<Field>): boolean {
  if (node.field && !absent.has(node.field)) return false;
  for (const child of node.children.values()) if (!isAbsent(child, absent)) return false;
  return true;
}
