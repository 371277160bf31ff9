/** How EventBridge patterns find values in an event. */
import { isObject, type Scalar } from './event-pattern-value.ts';

/** All values under the path, those in arrays included. Objects are no values, and empty arrays have none. */
export function valuesAt(event: unknown, path: readonly string[]): readonly Scalar[] {
  let values: readonly unknown[] = [event];
  for (const name of path) {
    values = values.flatMap((value) => {
      const inner = isObject(value) ? memberOf(value, name) : undefined;
      return inner === undefined ? [] : elementsOf(inner);
    });
  }
  return values.filter(isScalar);
}

export function isScalar(value: unknown): value is Scalar {
  return value === null || typeof value !== 'object';
}

/** A value, or what an array holds, arrays within it opened too. Without recursion: events may nest deeper than the stack. */
export function elementsOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) return [value];
  if (!value.some(Array.isArray)) return value as readonly unknown[];
  const elements: unknown[] = [];
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (!Array.isArray(next)) elements.push(next);
    else for (let i = next.length - 1; i >= 0; i--) open.push(next[i] as unknown);
  }
  return elements;
}

/** The member `name`, together with those that the object writes flat: `{"a.b": 1}` has a member `a` that is `{"b": 1}`. */
export function memberOf(object: Readonly<Record<string, unknown>>, name: string): unknown {
  const own = Object.hasOwn(object, name) ? object[name] : undefined;
  const flat = Object.keys(object).filter((key) => key.startsWith(`${name}.`));
  if (flat.length === 0) return own;
  const joined = Object.fromEntries(flat.map((key) => [key.slice(name.length + 1), object[key]]));
  if (own === undefined) return joined;
  return isObject(own) ? { ...joined, ...own } : [own, joined];
}
