/**
 * Key filters of a notification configuration and the key's form inside an event.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
export interface KeyFilter {
  /** Absent and empty mean the same: every key. Kept as AWS returned it, so that nothing is rewritten. */
  readonly prefix?: string;
  readonly suffix?: string;
}

/** AWS counts the value in bytes of UTF-8. */
export const MAX_FILTER_VALUE_BYTES = 1024;

/**
 * A key as it stands in an event's `s3.object.key`: form-urlencoded, `/` kept, a space as `+`.
 * `*` kept and `~` encoded are the reading of Java's URLEncoder; AWS's own behaviour there is UNKNOWN.
 */
export function encodeEventKey(key: string): string {
  // A lone surrogate is no text that S3 could hold; it must not end a search through other keys.
  return encodeURIComponent(key.replace(/\p{Surrogate}/gu, '\ufffd'))
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** The inverse: `unquote_plus`. A malformed escape is left as it is rather than thrown: the event must stay visible. */
export function decodeEventKey(raw: string): string {
  const spaced = raw.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}

/**
 * Characters that AWS documents as to be encoded in a filter's value
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html, "Characters that might require special handling").
 * Written as they are they match nothing, and a `+` means a space.
 */
const NEVER_RAW = /[&$@=;:+,? \u0000-\u001f\u007f]/;

/** A value as S3 compares it, with the key's form inside an event. */
function comparable(value: string): string {
  return value.replace(/%[0-9a-f]{2}|[^]/giu, (part) => {
    if (part.startsWith('%') && part.length > 1) return part.toUpperCase();
    // Of the other special characters AWS's treatment is UNKNOWN: they are taken as they were meant.
    return NEVER_RAW.test(part) ? part : encodeEventKey(part);
  });
}

/**
 * Whether a key passes a filter: prefix AND suffix, case-sensitive, no wildcards, compared in the key's encoded form. So a value
 * with one of the characters that AWS wants encoded passes no key.
 */
export function keyPasses(filter: KeyFilter, key: string): boolean {
  const encoded = encodeEventKey(key);
  return (
    encoded.startsWith(comparable(filter.prefix ?? '')) && encoded.endsWith(comparable(filter.suffix ?? ''))
  );
}

/** Whether the key would pass if the values meant what they say: then only their encoding is wrong. */
export function keyPassesDecoded(filter: KeyFilter, key: string): boolean {
  return key.startsWith(filter.prefix ?? '') && key.endsWith(filter.suffix ?? '');
}

/** Whether a value holds characters that have to be encoded. */
export function needsEncoding(value: string): boolean {
  return NEVER_RAW.test(value);
}

/**
 * A key that passes the filter, with `middle` in it. Special characters of a value are percent-encoded, so the key has them
 * decoded; a value that was not written so is taken as it is.
 */
export function keyIn(filter: KeyFilter, middle: string): string {
  const { prefix = '', suffix = '' } = filter;
  const key = `${decodeEventKey(prefix)}${middle}${decodeEventKey(suffix)}`;
  return keyPasses(filter, key) ? key : `${prefix}${middle}${suffix}`;
}

/**
 * S3's overlap test: one prefix begins the other AND one suffix ends the other; an absent value overlaps everything.
 */
export function filtersOverlap(a: KeyFilter, b: KeyFilter): boolean {
  const [p, q] = [a.prefix ?? '', b.prefix ?? ''];
  const [s, t] = [a.suffix ?? '', b.suffix ?? ''];
  return (p.startsWith(q) || q.startsWith(p)) && (s.endsWith(t) || t.endsWith(s));
}

export function isEmptyFilter(filter: KeyFilter): boolean {
  return (filter.prefix ?? '') === '' && (filter.suffix ?? '') === '';
}
