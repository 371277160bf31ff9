import { describe, expect, it } from 'vitest';
import { QuerySyntaxError, QueryTimeout } from '../../../src/sandbox/services/logs/query-error.ts';
import { compileQueryRegex } from '../../../src/sandbox/services/logs/query-regex.ts';
import { createRandom } from './harness.ts';

const enough = () => ({ left: 1_000_000 });
const exec = (source: string, text: string) => compileQueryRegex(source).exec(text, enough());

describe('captures as a backtracking engine finds them', () => {
  it.each([
    ['(a*)(a*)', 'aaa'],
    ['(a*?)(a*)', 'aaa'],
    ['(a|ab)(c|bcd)(d*)', 'xabcd'],
    ['user=(?<u>.*?), method:(?<m>\\w+)', 'x user=me, you, method:GET y'],
    ['(?<n>\\d{2,3})(\\d?)', 'a12345'],
    ['(x)?y(z)?', 'ayz'],
    ['(\\bfoo\\b)', 'afoo foo'],
    ['([^\\]]+)\\]', '[abc]'],
    ['(?<x>[a-c]{1,3}?)c', 'abcc'],
    ['^(\\S+)\\s+(\\S+)$', 'one  two'],
    ['(\\$\\.\\x41\\/)', '$.A/'],
    ['(a{2})(a{,2}|a{1,})', 'aaaa'],
    ['(nothing)', 'something'],
  ])('%s in %s', (source, text) => {
    const expected = new RegExp(source).exec(text);
    expect(exec(source, text)).toEqual(expected ? [...expected].slice(1) : undefined);
  });
});

it('keeps flags within their group, and takes `.` for no line feed', () => {
  expect(exec('(?i)(error)', 'an ERROR')).toEqual(['ERROR']);
  expect(exec('(?i:e)(RROR)', 'eRROR')).toEqual(['RROR']);
  expect(exec('(?i:e)(RROR)', 'errOR')).toBeUndefined();
  expect(exec('(?i)([a-c]+)x', 'ABCX')).toEqual(['ABC']);
  expect(exec('a(.*)', 'ab\nc')).toEqual(['b']);
  expect(exec('(?s)a(.*)', 'ab\nc')).toEqual(['b\nc']);
  expect(exec('(?m)^(c)$', 'ab\nc\nd')).toEqual(['c']);
  expect(exec('(end)$', 'end\n')).toEqual(['end']);
});

it.each([
  '(',
  ')',
  'a)',
  '[',
  '[]',
  '[z-a]',
  '*a',
  'a**',
  'a{3,2}',
  '\\',
  '(?=a)',
  '(?!a)',
  '(?<=a)b',
  '(a)\\1',
  'a++',
  '\\p{L}',
  '(?<a>x)(?<a>y)',
  '\\xzz',
])('refuses %s', (source) => {
  expect(() => compileQueryRegex(source)).toThrow(QuerySyntaxError);
});

it.each(['(a{1000}){1000}', '(?:){9999}', '(?:(?:(?:){9999}){9999}){9999}', '('.repeat(60) + ')'.repeat(60)])(
  'refuses what would take too much room: %s',
  (source) => {
    expect(() => compileQueryRegex(source)).toThrow(QuerySyntaxError);
  },
);

it('takes time in proportion to the text, and ends with the budget', () => {
  const evil = compileQueryRegex('^(a+)+(a|a)*(a*)*b$');
  const text = 'a'.repeat(5_000);
  expect(evil.test(text, { left: 200_000 })).toBe(false);
  expect(() => evil.test(text, { left: 1_000 })).toThrow(QueryTimeout);
});

it('answers any expression with a matcher or a refusal, and agrees with the engine of the language', () => {
  const random = createRandom(7);
  const alphabet = [
    'a',
    'b',
    '.',
    '*',
    '+',
    '?',
    '(',
    ')',
    '[',
    ']',
    '|',
    '^',
    '$',
    '\\d',
    '\\b',
    '{1,2}',
    '(?:',
    '-',
  ];
  const texts = ['', 'a', 'ab', 'aab-b', 'b.a1', '12 ab', 'ba\nab'];
  let compared = 0;
  for (let i = 0; i < 4_000; i++) {
    const length = 1 + Math.floor(random() * 8);
    const source = Array.from({ length }, () => alphabet[Math.floor(random() * alphabet.length)]).join('');
    let own;
    try {
      own = compileQueryRegex(source);
    } catch (error) {
      if (!(error instanceof QuerySyntaxError)) throw error;
      continue;
    }
    let other: RegExp;
    try {
      other = new RegExp(source, 'u');
    } catch {
      continue;
    }
    for (const text of texts) {
      compared++;
      // Ours takes the end before a last line feed too: none of the texts ends with one.
      expect([source, text, own.test(text, enough())]).toEqual([source, text, other.test(text)]);
    }
  }
  expect(compared).toBeGreaterThan(3_000);
});
