/**
 * Whether a key matches a pattern as `--key 'in/*.jpg'` has it. `*` stands for any run of characters, `/` included, as with
 * `--exclude` and `--include` of `aws s3`: a key has no folders, `/` is a character like any other. So `**` means the same as `*`.
 * `?` stands for one character. All else stands for itself (brackets too, which occur in keys), and case counts.
 * https://docs.aws.amazon.com/cli/latest/reference/s3/#use-of-exclude-and-include-filters
 *
 * Each `*` is settled at the first place where what follows it matches: only the last one is ever reconsidered, so the work is
 * bounded by pattern length times key length.
 */
export function globMatches(pattern: string, key: string): boolean {
  let p = 0;
  let k = 0;
  /** After the last `*`, and where the rest of the key was tried against it; -1 before there is one. */
  let star = -1;
  let retry = 0;
  while (k < key.length) {
    const wanted = pattern[p];
    if (wanted === '*') {
      star = ++p;
      retry = k;
      if (star === pattern.length) return true;
    } else if (wanted === '?') {
      p++;
      k += characterLength(key, k);
    } else if (wanted === key[k]) {
      p++;
      k++;
    } else if (star >= 0) {
      p = star;
      retry += characterLength(key, retry);
      k = retry;
    } else {
      return false;
    }
  }
  while (pattern[p] === '*') p++;
  return p === pattern.length;
}

/** Two code units for a character outside of the Basic Multilingual Plane, such as an emoji. */
function characterLength(text: string, at: number): number {
  return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}
