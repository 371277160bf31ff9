import { describe, expect, it } from 'vitest';
import { globMatches } from '../../src/core/glob.ts';
import { seededRandom } from './seeded-random.ts';

describe('globMatches', () => {
  it.each<[string, string, boolean]>([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'in/a.jpg', true],
    ['in/*.jpg', 'in/a.jpg', true],
    ['in/*.jpg', 'in/deep/er/a.jpg', true],
    ['in/*.jpg', 'in/a.JPG', false],
    ['in/*.jpg', 'out/in/a.jpg', false],
    ['in/*.jpg', 'in/a.jpg.bak', false],
    ['in/**/*.jpg', 'in/a/b.jpg', true],
    ['in/**', 'in/', true],
    ['?.txt', 'a.txt', true],
    ['?.txt', '.txt', false],
    ['?.txt', 'ab.txt', false],
    ['?.txt', '\u{1F600}.txt', true],
    ['??.txt', '\u{1F600}.txt', false],
    ['*?', '', false],
    ['*?*', 'a', true],
    ['*ab*ab', 'abab', true],
    ['*ab*ab', 'aab', false],
    ['a[1].txt', 'a[1].txt', true],
    ['a[1].txt', 'a1.txt', false],
    ['a.c', 'abc', false],
    ['a\\*', 'a\\b', true],
    ['a\nb', 'a\nb', true],
    ['*b', 'a\nb', true],
  ])('%j and %j: %s', (pattern, key, matches) => {
    expect(globMatches(pattern, key)).toBe(matches);
  });

  it('agrees with a regular expression on random patterns', () => {
    const random = seededRandom(11);
    const word = (letters: readonly string[], length: number) =>
      Array.from({ length: random.below(length) }, () => random.pick(letters)).join('');
    let matched = 0;
    for (let i = 0; i < 20_000; i++) {
      const pattern = word(['a', 'b', '/', '*', '?', '\u{1F600}'], 7);
      const key = word(['a', 'b', '/', '\u{1F600}'], 9);
      const expression = new RegExp(`^${pattern.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'su');
      const expected = expression.test(key);
      if (expected) matched++;
      expect(globMatches(pattern, key), `${pattern} ${key}`).toBe(expected);
    }
    expect(matched).toBeGreaterThan(1000);
  });

  it('does not backtrack into earlier stars', () => {
    // 2^500 ways to share the letters between the stars.
    expect(globMatches('*a'.repeat(500) + 'b', 'a'.repeat(1024))).toBe(false);
  });
});
