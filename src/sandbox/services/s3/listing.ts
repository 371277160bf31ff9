import { encodeEventKey } from '../../../core/key-filter.ts';
import { invalidArgument } from './errors.ts';
import { compareKeys, lowerBound } from './sorted-keys.ts';

export interface ListingRequest {
  readonly prefix: string;
  readonly delimiter: string;
  /** Only keys and common prefixes after this one. */
  readonly after: string;
  readonly max: number;
}

export interface Listing {
  readonly keys: readonly string[];
  readonly commonPrefixes: readonly string[];
  readonly isTruncated: boolean;
  /** The last key or common prefix, where the next page goes on; empty for an empty page. */
  readonly last: string;
}

/**
 * One page of sorted keys, rolled up at the delimiter: a common prefix counts as one result. `isListed` leaves out keys that
 * have nothing to show.
 */
export function listPage(
  sorted: readonly string[],
  request: ListingRequest,
  isListed: (key: string) => boolean,
): Listing {
  const { prefix, delimiter, after, max } = request;
  const keys: string[] = [];
  const commonPrefixes: string[] = [];
  let last = '';
  const page = (isTruncated: boolean) => ({ keys, commonPrefixes, isTruncated, last });
  if (max === 0) return page(false);
  const start = compareKeys(prefix, after) > 0 ? prefix : after;
  for (let i = lowerBound(sorted, start); i < sorted.length; i++) {
    const key = sorted[i] ?? '';
    if (!key.startsWith(prefix)) break;
    const group = commonPrefix(key, prefix, delimiter);
    const shown = group ?? key;
    if (compareKeys(shown, after) <= 0 && after !== '') continue;
    if (group !== undefined && group === last) continue;
    if (!isListed(key)) continue;
    if (keys.length + commonPrefixes.length === max) return page(true);
    if (group === undefined) keys.push(key);
    else commonPrefixes.push(group);
    last = shown;
  }
  return page(false);
}

export function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}

/** How names are written in a listing: with `encoding-type=url` in the form that events use for keys. */
export function nameEncoder(encodingType: string | undefined): (name: string) => string {
  if (encodingType === undefined) return (name) => name;
  if (encodingType !== 'url') {
    throw invalidArgument('Invalid Encoding Method specified in Request', 'encoding-type', encodingType);
  }
  return encodeEventKey;
}
