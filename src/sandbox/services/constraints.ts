/** The checks that AWS derives from a service's model, with their generated texts (`1 validation error detected: …`). */
import { AwsError } from '../wire/types.ts';

/** The text of a violation, or undefined. */
export type Check = string | undefined;

function violation(value: unknown, member: string, rule: string): string {
  const shown = value === undefined || value === null ? 'null' : `'${show(value)}'`;
  return `Value ${shown} at '${member}' failed to satisfy constraint: Member must ${rule}`;
}

function show(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(show).join(', ')}]` : String(value);
}

export function required(value: unknown, member: string): Check {
  return value === undefined || value === null ? violation(value, member, 'not be null') : undefined;
}

/** Length of a string in characters or of a list in members. An absent value passes. */
export function lengthWithin(
  value: string | readonly unknown[] | undefined,
  member: string,
  min: number,
  max: number,
): Check {
  if (value === undefined) return undefined;
  if (value.length < min) return violation(value, member, `have length greater than or equal to ${min}`);
  if (value.length > max) return violation(value, member, `have length less than or equal to ${max}`);
  return undefined;
}

export function valueWithin(value: number | undefined, member: string, min: number, max: number): Check {
  if (value === undefined) return undefined;
  if (value < min) return violation(value, member, `have value greater than or equal to ${min}`);
  if (value > max) return violation(value, member, `have value less than or equal to ${max}`);
  return undefined;
}

/** `pattern` is printed as it is and applied to the whole value. */
export function matches(value: string | undefined, member: string, pattern: string): Check {
  if (value === undefined || new RegExp(`^(?:${pattern})$`, 'su').test(value)) return undefined;
  return violation(value, member, `satisfy regular expression pattern: ${pattern}`);
}

export function oneOf(value: string | undefined, member: string, allowed: readonly string[]): Check {
  if (value === undefined || allowed.includes(value)) return undefined;
  return violation(value, member, `satisfy enum value set: [${allowed.join(', ')}]`);
}

/** Refuses the request when a check failed. `code` differs by service: `ValidationError`, `InvalidParameterException`. */
export function rejectViolations(code: string, checks: readonly Check[]): void {
  const failed = checks.filter((check) => check !== undefined);
  if (failed.length === 0) return;
  const noun = failed.length === 1 ? 'error' : 'errors';
  throw new AwsError(code, `${failed.length} validation ${noun} detected: ${failed.join('; ')}`, {
    status: 400,
  });
}
