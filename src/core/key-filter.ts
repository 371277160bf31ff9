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
  return encodeURIComponent(key)
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
 * Whether a key passes a filter. AWS wants special characters in the value percent-encoded, so a value is compared both as it is
 * and in its decoded form. No wildcards, case-sensitive, prefix AND suffix.
 */
export function keyPasses(filter: KeyFilter, key: string): boolean {
  const encoded = encodeEventKey(key);
  const starts = (value: string) => key.startsWith(value) || encoded.startsWith(value);
  const ends = (value: string) => key.endsWith(value) || encoded.endsWith(value);
  return starts(filter.prefix ?? '') && ends(filter.suffix ?? '');
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
