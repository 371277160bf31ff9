import { expect, test } from 'vitest';
import { readFilter } from '../../src/core/filter-input.ts';
import { keyPasses, type KeyFilter } from '../../src/core/key-filter.ts';

test.each<[KeyFilter, KeyFilter, readonly string[]]>([
  [{}, {}, []],
  [{ prefix: '', suffix: '' }, {}, []],
  [{ prefix: 'in/', suffix: '.jpg' }, { prefix: 'in/', suffix: '.jpg' }, []],
  [{ prefix: 'dt=1/' }, { prefix: 'dt%3D1/' }, ['the prefix "dt=1/" is written "dt%3D1/", as S3 wants it']],
  [
    { prefix: 'my folder/' },
    { prefix: 'my+folder/' },
    ['the prefix "my folder/" is written "my+folder/", as S3 wants it'],
  ],
  [
    { suffix: '@2x.png' },
    { suffix: '%402x.png' },
    ['the suffix "@2x.png" is written "%402x.png", as S3 wants it'],
  ],
  // Written for S3 already: shown as what it means, and left alone.
  [
    { prefix: 'dt%3D1/' },
    { prefix: 'dt%3D1/' },
    ['the prefix "dt%3D1/" is encoded: it takes keys with "dt=1/"'],
  ],
  [
    { prefix: 'my+folder/' },
    { prefix: 'my+folder/' },
    ['the prefix "my+folder/" is encoded: it takes keys with "my folder/"'],
  ],
  [
    { prefix: 'a+b=c/' },
    { prefix: 'a%2Bb%3Dc/' },
    ['the prefix "a+b=c/" is written "a%2Bb%3Dc/", as S3 wants it'],
  ],
  [
    { prefix: 'in/*' },
    { prefix: 'in/*' },
    ['S3 knows no wildcards: the prefix "in/*" stands for these very characters; "in/" is meant, perhaps'],
  ],
  [
    { suffix: '*.jpg' },
    { suffix: '*.jpg' },
    ['S3 knows no wildcards: the suffix "*.jpg" stands for these very characters; ".jpg" is meant, perhaps'],
  ],
  [
    { prefix: 'a*b' },
    { prefix: 'a*b' },
    ['S3 knows no wildcards: the prefix "a*b" stands for these very characters'],
  ],
  [
    { prefix: '/in/' },
    { prefix: '/in/' },
    ['keys rarely begin with a slash: the prefix "/in/" takes no key like "in/x"'],
  ],
  // Documented as safe: S3 takes them as they are.
  [{ prefix: "it's(1)!/" }, { prefix: "it's(1)!/" }, []],
])('%j is %j', (typed, filter, warnings) => {
  const read = readFilter(typed);
  expect(read.filter).toEqual(filter);
  expect(read.warnings.map(({ message }) => message)).toEqual(warnings);
});

test('an encoded prefix takes the keys that were meant, and reading it again changes nothing', () => {
  for (const prefix of ['dt=1/', 'a b/', 'a+b=/', 'x@y/', 'q?/', '50% off, $5/', 'é = ü/']) {
    const { filter } = readFilter({ prefix });
    expect([prefix, keyPasses(filter, `${prefix}file`)]).toEqual([prefix, true]);
    expect(readFilter(filter).filter).toEqual(filter);
  }
});
