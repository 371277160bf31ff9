/** Patterns as JSON: their fields one by one. */
type Json = Readonly<Record<string, unknown>>;

export interface Leaf {
  /** Names from the root, joined by dots, as AWS reads them; `$or` is no name. */
  readonly path: string;
  readonly operands: readonly unknown[];
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function parsePattern(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export function leavesOf(pattern: Json, before = ''): readonly Leaf[] {
  return Object.entries(pattern).flatMap(([name, value]): readonly Leaf[] => {
    const path = before === '' ? name : `${before}.${name}`;
    if (Array.isArray(value)) {
      const list = value as readonly unknown[];
      return isOr(name, list)
        ? list.flatMap((branch) => leavesOf(branch, before))
        : [{ path, operands: list }];
    }
    return isObject(value) ? leavesOf(value, path) : [];
  });
}

function isOr(name: string, list: readonly unknown[]): list is readonly Json[] {
  return name === '$or' && list.length > 1 && list.every(isObject);
}

/** The pattern with other operands. A field whose operands become undefined asks for nothing any more. */
export function mapLeaves(
  pattern: Json,
  map: (leaf: Leaf) => readonly unknown[] | undefined,
  before = '',
): Json {
  const kept: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(pattern)) {
    const path = before === '' ? name : `${before}.${name}`;
    if (Array.isArray(value) && isOr(name, value)) {
      const branches = (value as readonly Json[]).map((branch) => mapLeaves(branch, map, before));
      // A branch that asks for nothing holds, and the alternative with it.
      if (branches.every((branch) => Object.keys(branch).length > 0)) kept[name] = branches;
    } else if (Array.isArray(value)) {
      const operands = map({ path, operands: value });
      if (operands !== undefined) kept[name] = operands;
    } else if (isObject(value)) {
      const inner = mapLeaves(value, map, path);
      if (Object.keys(inner).length > 0) kept[name] = inner;
    } else {
      kept[name] = value;
    }
  }
  return kept;
}

const TEXT_OPERATORS = ['prefix', 'suffix', 'equals-ignore-case', 'wildcard'];

/** The operands with `change` done to each text that values are compared with; other operands stay. */
export function mapTexts(operands: readonly unknown[], change: (text: string) => string): readonly unknown[] {
  return operands.map((operand) => {
    if (typeof operand === 'string') return change(operand);
    if (!isObject(operand)) return operand;
    return Object.fromEntries(
      Object.entries(operand).map(([operator, value]) => [
        operator,
        TEXT_OPERATORS.includes(operator) && typeof value === 'string' ? change(value) : value,
      ]),
    );
  });
}

/** Texts that values are compared with. */
export function textsOf(operands: readonly unknown[]): readonly string[] {
  const texts: string[] = [];
  mapTexts(operands, (text) => {
    texts.push(text);
    return text;
  });
  return texts;
}
