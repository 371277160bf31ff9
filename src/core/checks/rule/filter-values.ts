/** What the values of a filter may have been meant to say. */
import { globMatches } from '../../glob.ts';
import {
  encodeEventKey,
  keyPasses,
  keyPassesDecoded,
  needsEncoding,
  type KeyFilter,
} from '../../key-filter.ts';

export const SIDES = ['prefix', 'suffix'] as const;
type Side = (typeof SIDES)[number];

/** A value as S3 wants it. */
export function written(value: string): string {
  return needsEncoding(value) ? encodeEventKey(value) : value;
}

/** Patterns of globs, or of regular expressions, and no text of a key. */
export function hasWildcard(value: string): boolean {
  return /[*?^|]|\$$/.test(value);
}

/** Globs that the value may stand for: as it is, and as a simple regular expression (`.*\.csv$`, `^in/`, `(jpg|png)`). */
function globsOf(value: string): readonly string[] {
  const plain = value.replace(/^\^/, '').replace(/\$$/, '');
  const parts = plain.includes('|') ? plain.replace(/[()]/g, '').split('|') : [plain];
  return [value, ...parts.map((part) => part.replace(/\.[*+]/g, '*').replace(/\\(.)/g, '$1'))];
}

/** Whether the key would pass if S3 knew wildcards, and does not hold those very characters. */
export function passesAsPattern(filter: KeyFilter, key: string): boolean {
  if (keyPasses(filter, key) || keyPassesDecoded(filter, key)) return false;
  return SIDES.every((side) => {
    const value = filter[side] ?? '';
    if (keyPasses({ [side]: value }, key)) return true;
    return (
      hasWildcard(value) &&
      globsOf(value).some((glob) => globMatches(side === 'prefix' ? `${glob}*` : `*${glob}`, key))
    );
  });
}

/** The value without the stars at its open end; undefined where wildcards are left in it. */
export function withoutStars(side: Side, value: string): string | undefined {
  const plain =
    side === 'prefix'
      ? value.replace(/^\^/, '').replace(/\*+$/, '')
      : value.replace(/\$$/, '').replace(/^\*+/, '');
  return plain === value || hasWildcard(plain) || plain.includes('\\') ? undefined : written(plain);
}

/** The filter that takes the key, of those that differ in what people get wrong: a leading slash, blanks, upper and lower case. */
export function nearFilter(filter: KeyFilter, key: string): KeyFilter | undefined {
  const { prefix = '', suffix = '' } = filter;
  for (const one of variantsOf('prefix', prefix, key)) {
    for (const other of variantsOf('suffix', suffix, key)) {
      const near = { prefix: one, suffix: other };
      if (keyPasses(near, key)) return near;
    }
  }
  return undefined;
}

/** The value itself first. */
function variantsOf(side: Side, value: string, key: string): readonly string[] {
  const plain = side === 'prefix' ? value.trim().replace(/^\/+/, '') : value.trim();
  const variants = [value, value.trim(), plain].flatMap((one) => {
    const there = side === 'prefix' ? key.slice(0, one.length) : key.slice(key.length - one.length);
    return one !== '' && there.toLowerCase() === one.toLowerCase() ? [one, written(there)] : [one];
  });
  // A value that was all blanks or slashes would take every key.
  return [...new Set(variants)].filter((one) => one !== '' || value === '' || /^[\s/]+$/.test(value));
}

/** Where the value and the key part: for a suffix counted from the end. */
export function difference(side: Side, value: string, key: string): string {
  const there = encodeEventKey(key);
  const [mine, theirs] = side === 'prefix' ? [value, there] : [reversed(value), reversed(there)];
  let at = 0;
  while (at < mine.length && mine[at] === theirs[at]) at++;
  const shown = (text: string): string => (at < text.length ? `"${text[at] ?? ''}"` : 'nothing');
  return `character ${at + 1}${side === 'suffix' ? ' from the end' : ''}: ${shown(mine)} in the filter, ${shown(theirs)} in the key`;
}

function reversed(text: string): string {
  return Array.from(text).reverse().join('');
}
