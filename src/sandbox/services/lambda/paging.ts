import { readToken, writeToken } from '../page-token.ts';
import { invalidParameter } from './errors.ts';

const DEFAULT_ITEMS = 50;

/** One page of a list that is kept in order; the marker is opaque to clients. */
export function page<T>(
  all: readonly T[],
  marker: string | undefined,
  maxItems: number | undefined,
): { items: T[]; next: string | undefined } {
  const [start] = marker === undefined ? [0] : (readToken('lambda', '', 0, marker) ?? []);
  // AWS's text for a made-up marker is UNKNOWN.
  if (typeof start !== 'number') throw invalidParameter('Invalid pagination token.');
  // AWS shows at most 50 functions a page, whatever MaxItems asks for
  // (https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html).
  const end = start + Math.min(maxItems ?? DEFAULT_ITEMS, DEFAULT_ITEMS);
  const next = end < all.length ? writeToken('lambda', '', 0, [end]) : undefined;
  return { items: all.slice(start, end), next };
}
