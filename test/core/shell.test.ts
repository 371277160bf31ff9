import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { shellCommand, shellQuote } from '../../src/core/shell.ts';
import { seededRandom } from './seeded-random.ts';

describe('shellQuote', () => {
  test.each([
    ['init', 'init'],
    ['--event', '--event'],
    ['a/b.c:d=e@f%g+h,i-j_k', 'a/b.c:d=e@f%g+h,i-j_k'],
    ['', "''"],
    ['s3:ObjectCreated:*', "'s3:ObjectCreated:*'"],
    ['in box/', "'in box/'"],
    ["it's", "'it'\\''s'"],
    ['$HOME', "'$HOME'"],
    ['~', "'~'"],
    ['a\nb', "'a\nb'"],
    ['é', "'é'"],
  ])('%j', (word, quoted) => {
    expect(shellQuote(word)).toBe(quoted);
  });
});

test('a shell reads back every word', () => {
  const random = seededRandom(11);
  const alphabet = Array.from('ab \'"\\$`*?[]{}()<>|&;#~!^%=-\n\té');
  const words = Array.from({ length: 200 }, () =>
    Array.from({ length: random.below(8) }, () => random.pick(alphabet)).join(''),
  );
  const output = execFileSync('/bin/sh', ['-c', shellCommand(['printf', '%s\\0', ...words])], {
    encoding: 'utf8',
  });
  expect(output.split('\0').slice(0, -1)).toEqual(words);
});
