/** Rules for KMS's parameters, and its paging. */
import { rejectViolations, valueWithin, type Check } from '../constraints.ts';
import { readToken, writeToken } from '../page-token.ts';
import { invalidMarker, validation } from './errors.ts';

export function checkParameters(...checks: readonly Check[]): void {
  rejectViolations('ValidationException', checks);
}

/** An alias as operations on aliases take it: the name, never an ARN. */
export function checkAliasName(name: string): void {
  if (!name.startsWith('alias/') || name === 'alias/') {
    throw validation(
      'Alias must start with the prefix "alias/". Please see https://docs.aws.amazon.com/kms/latest/developerguide/kms-alias.html',
    );
  }
  if (!/^alias\/[a-zA-Z0-9/_-]+$/.test(name)) {
    throw validation(
      `1 validation error detected: Value '${name}' at 'aliasName' failed to satisfy constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9:/_-]+$`,
    );
  }
}

interface PageRequest {
  readonly Marker?: string | undefined;
  readonly Limit?: number | undefined;
}

/** One page of a list that is in the order of its keys. `operation` binds the marker to its list. */
export function pageOf<T>(
  operation: string,
  items: readonly T[],
  keyOf: (item: T) => string,
  { Marker, Limit }: PageRequest,
  limits: { readonly default: number; readonly max: number },
): { page: T[]; paging: { Truncated: boolean; NextMarker?: string } } {
  checkParameters(valueWithin(Limit, 'limit', 1, limits.max));
  const after = Marker === undefined ? undefined : readToken(operation, '', 0, Marker)?.[0];
  if (Marker !== undefined && typeof after !== 'string') throw invalidMarker();
  const rest = typeof after === 'string' ? items.filter((item) => keyOf(item) > after) : items;
  const page = rest.slice(0, Limit ?? limits.default);
  const last = page.at(-1);
  if (last === undefined || page.length === rest.length) return { page, paging: { Truncated: false } };
  return { page, paging: { Truncated: true, NextMarker: writeToken(operation, '', 0, [keyOf(last)]) } };
}
