import { encodeEventKey, needsEncoding, type KeyFilter } from './key-filter.ts';
import type { Warning } from './progress.ts';

export interface FilterReading {
  /** As it goes to AWS. */
  readonly filter: KeyFilter;
  readonly warnings: readonly Warning[];
}

/** Escapes, or a plus in a text that has nothing else to encode: written for AWS already. */
function isEncoded(value: string): boolean {
  return /%[0-9a-f]{2}/i.test(value) || (value.includes('+') && !needsEncoding(value.replaceAll('+', '')));
}

/**
 * A filter as a person types it, in the form that AWS wants: special characters percent-encoded, a space as `+`
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html). What is encoded already stays.
 * What can hardly be meant (wildcards, a leading slash) is taken as it stands, with a warning.
 */
export function readFilter(typed: { readonly prefix?: string; readonly suffix?: string }): FilterReading {
  const filter: { prefix?: string; suffix?: string } = {};
  const warnings: Warning[] = [];
  for (const side of ['prefix', 'suffix'] as const) {
    const value = typed[side];
    if (value === undefined || value === '') continue;
    const read = readSide(side, value);
    filter[side] = read.value;
    warnings.push(...read.warnings);
  }
  return { filter, warnings };
}

function readSide(
  side: 'prefix' | 'suffix',
  typed: string,
): { readonly value: string; readonly warnings: readonly Warning[] } {
  const warnings: Warning[] = [];
  if (/[*?]/.test(typed)) {
    const plain = side === 'prefix' ? typed.replace(/[*?]+$/, '') : typed.replace(/^[*?]+/, '');
    const way = plain !== typed && !/[*?]/.test(plain) ? `; "${plain}" is meant, perhaps` : '';
    warnings.push({
      code: 'FILTER_WILDCARD',
      message: `S3 knows no wildcards: the ${side} "${typed}" stands for these very characters${way}`,
    });
  }
  if (side === 'prefix' && typed.startsWith('/')) {
    warnings.push({
      code: 'FILTER_LEADING_SLASH',
      message: `keys rarely begin with a slash: the prefix "${typed}" takes no key like "${typed.replace(/^\/+/, '')}x"`,
    });
  }
  if (isEncoded(typed)) {
    const meaning = decoded(typed);
    if (meaning !== typed) {
      warnings.push({
        code: 'FILTER_ENCODED',
        message: `the ${side} "${typed}" is encoded: it takes keys with "${meaning}"`,
      });
    }
    return { value: typed, warnings };
  }
  if (!needsEncoding(typed)) return { value: typed, warnings };
  const value = encodeEventKey(typed);
  warnings.push({
    code: 'FILTER_ENCODED',
    message: `the ${side} "${typed}" is written "${value}", as S3 wants it`,
  });
  return { value, warnings };
}

function decoded(value: string): string {
  try {
    return decodeURIComponent(value.replaceAll('+', ' '));
  } catch {
    return value;
  }
}
