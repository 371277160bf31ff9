/**
 * Edits between two words: insert, delete, replace, or swap of neighbours (optimal string alignment, the restricted form
 * of Damerau-Levenshtein). Swaps count as one edit because they are the commonest slip of the fingers.
 */
export function editDistance(left: string, right: string): number {
  const from = Array.from(left);
  const to = Array.from(right);
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [row, mine] of from.entries()) {
    const current = [row + 1];
    for (const [column, theirs] of to.entries()) {
      const replace = (last[column] ?? 0) + (mine === theirs ? 0 : 1);
      const insertOrDelete = Math.min(last[column + 1] ?? 0, current[column] ?? 0) + 1;
      const swapped = row > 0 && column > 0 && mine === to[column - 1] && theirs === from[row - 1];
      const swap = swapped ? (beforeLast[column - 1] ?? 0) + 1 : Infinity;
      current.push(Math.min(replace, insertOrDelete, swap));
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
}

/**
 * The candidate that was probably meant, or undefined when none is near: at most one edit for every three characters
 * (one for words shorter than that), case aside. The first of equally near candidates wins.
 */
export function didYouMean(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  const limit = Math.max(1, Math.floor(Array.from(word).length / 3));
  let best: { readonly candidate: string; readonly distance: number } | undefined;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - word.length) > limit) continue;
    const distance = editDistance(wanted, candidate.toLowerCase());
    if (distance <= limit && distance < (best?.distance ?? Infinity)) best = { candidate, distance };
  }
  return best?.candidate;
}
