/** Keys that somebody may have meant instead of one that is not there. */
import { editDistance } from '../did-you-mean.ts';

const MOST = 5;

/** The nearest first, five at most; none that has little in common with the key. */
export function nearKeys(key: string, candidates: readonly string[]): readonly string[] {
  const wanted = simplified(key);
  const limit = Math.max(1, Math.floor(wanted.length / 4));
  return candidates
    .filter((one) => one !== key && Math.abs(one.length - key.length) <= limit + 3)
    .map((one) => ({ one, distance: editDistance(wanted, simplified(one)) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, MOST)
    .map(({ one }) => one);
}

/** What people get wrong first: the case, slashes, blanks and their encodings. */
function simplified(key: string): string {
  return key
    .toLowerCase()
    .replaceAll('%20', ' ')
    .replaceAll('+', ' ')
    .replace(/^\/+/, '')
    .replace(/\/{2,}/g, '/')
    .trim();
}
