/** Values of Logs Insights: texts, numbers, points in time; undefined is an absent field. Booleans are 1 and 0. */

export interface Instant {
  /** Milliseconds since the epoch. */
  readonly ms: number;
}

export type Value = string | number | Instant | undefined;

/** As in `ResultField.value`; undefined fields are left out of a row. */
export function renderValue(value: string | number | Instant): string {
  if (typeof value === 'object') return renderInstant(value.ms);
  return String(value);
}

/** `2026-11-04 10:00:00.000`, UTC. */
function renderInstant(ms: number): string {
  const date = new Date(ms);
  // Beyond what a date can say there is only the number.
  return Number.isNaN(date.getTime()) ? String(ms) : date.toISOString().replace('T', ' ').replace('Z', '');
}

export function toText(value: Value): string | undefined {
  return value === undefined ? undefined : renderValue(value);
}

/** A text that looks like a number is one: fields that `parse` made are texts. */
export function toNumber(value: Value): number | undefined {
  if (typeof value === 'object') return value.ms;
  if (typeof value === 'string') {
    return /^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?\s*$/.test(value) ? Number(value) : undefined;
  }
  return value;
}

/** Numbers by size when both are, else texts by code unit; absent ones come last in an ascending order. */
export function compareValues(a: Value, b: Value): number {
  if (a === undefined || b === undefined) return (a === undefined ? 1 : 0) - (b === undefined ? 1 : 0);
  const [x, y] = [toNumber(a), toNumber(b)];
  if (x !== undefined && y !== undefined) return x - y;
  const [s, t] = [renderValue(a), renderValue(b)];
  return s < t ? -1 : s > t ? 1 : 0;
}

/** Whether a condition holds: a function's answer or a bare field. */
export function isTrue(value: Value): boolean {
  return value !== undefined && value !== 0 && value !== '' && value !== 'false';
}
