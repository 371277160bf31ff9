import { describe, expect, test } from 'vitest';
import {
  decodeEventKey,
  encodeEventKey,
  filtersOverlap,
  isEmptyFilter,
  keyIn,
  keyPasses,
  type KeyFilter,
} from '../../src/core/key-filter.ts';
import { seededRandom } from './seeded-random.ts';

describe('the key in an event', () => {
  test.each([
    ['in/box.jpg', 'in/box.jpg'],
    ['summer trip/beach 1.jpeg', 'summer+trip/beach+1.jpeg'],
    ['a+b', 'a%2Bb'],
    ['naïve/ключ', 'na%C3%AFve/%D0%BA%D0%BB%D1%8E%D1%87'],
    ['a=b&c?d#e', 'a%3Db%26c%3Fd%23e'],
    ["(it's)!~", '%28it%27s%29%21%7E'],
    ['a*b_c-d.e', 'a*b_c-d.e'],
    ['100%', '100%25'],
    ['line\nbreak', 'line%0Abreak'],
  ])('%j is %s', (key, raw) => {
    expect(encodeEventKey(key)).toBe(raw);
    expect(decodeEventKey(raw)).toBe(key);
  });

  test('a malformed escape stays visible', () => {
    expect(decodeEventKey('50%+off')).toBe('50% off');
    expect(decodeEventKey('%FF')).toBe('%FF');
  });
});

describe('keyPasses', () => {
  test.each<[KeyFilter, string, boolean]>([
    [{}, 'anything', true],
    [{ prefix: '', suffix: '' }, 'anything', true],
    [{ prefix: 'in/' }, 'in/a', true],
    [{ prefix: 'in/' }, 'In/a', false],
    [{ prefix: 'in/' }, 'a/in/', false],
    [{ suffix: '.jpg' }, 'a.jpg', true],
    [{ suffix: '.jpg' }, 'a.JPG', false],
    [{ suffix: '.jpg' }, '.jpg.png', false],
    [{ prefix: 'in/', suffix: '.jpg' }, 'in/a.png', false],
    [{ prefix: 'in/', suffix: '.jpg' }, 'out/a.jpg', false],
    [{ prefix: 'in/', suffix: '.jpg' }, 'in/a.jpg', true],
    [{ prefix: '*' }, 'anything', false],
    [{ prefix: '*' }, '*thing', true],
    [{ prefix: 'in+box/' }, 'in box/a', true],
    [{ prefix: 'caf%C3%A9/' }, 'café/a', true],
    [{ prefix: 'café/' }, 'café/a', true],
    [{ prefix: 'caf%c3%a9/' }, 'café/a', true],
    [{ prefix: '(draft)/' }, '(draft)/a', true],
    [{ prefix: 'dt%3D1/' }, 'dt=1/a', true],
    // What AWS wants encoded matches nothing as it is, and a plus is a space.
    [{ prefix: 'dt=1/' }, 'dt=1/a', false],
    [{ prefix: 'in box/' }, 'in box/a', false],
    [{ prefix: 'a+b/' }, 'a+b/x', false],
    [{ suffix: '@2x.png' }, 'logo@2x.png', false],
    // Another encoding than S3's own.
    [{ suffix: '%20.jpg' }, 'a .jpg', false],
    [{ prefix: 'a%2Fb' }, 'a/b', false],
  ])('%j, %s: %s', (filter, key, passes) => {
    expect(keyPasses(filter, key)).toBe(passes);
  });
});

describe('keyIn', () => {
  test.each<[KeyFilter, string]>([
    [{}, 'x'],
    [{ prefix: 'in/', suffix: '.jpg' }, 'in/x.jpg'],
    [{ prefix: 'in+box/' }, 'in box/x'],
    [{ suffix: '%28copy%29.jpg' }, 'x(copy).jpg'],
    // Not as AWS wants it: small letters in an escape, a bare per cent sign.
    [{ prefix: 'caf%c3%a9' }, 'caféx'],
    [{ prefix: '100%/' }, '100%/x'],
  ])('%j', (filter, key) => {
    expect(keyIn(filter, 'x')).toBe(key);
    expect(keyPasses(filter, key)).toBe(true);
  });

  test('always passes, unless a character should have been encoded', () => {
    const random = seededRandom(7);
    const value = () =>
      Array.from({ length: random.below(5) }, () => random.pick(Array.from('xy+%/ 2zé*~'))).join('');
    for (let i = 0; i < 2_000; i++) {
      const filter = { prefix: value(), suffix: value() };
      const impossible = `${filter.prefix}${filter.suffix}`.includes(' ');
      expect([filter, keyPasses(filter, keyIn(filter, 'm'))]).toEqual([filter, !impossible]);
    }
  });
});

test.each<[KeyFilter, KeyFilter, boolean]>([
  [{}, {}, true],
  [{}, { prefix: 'images' }, true],
  [{ prefix: 'images' }, { prefix: 'images/' }, true],
  [{ prefix: 'images' }, { prefix: 'image' }, true],
  [{ prefix: 'images' }, { prefix: 'videos' }, false],
  [{ suffix: 'jpg' }, { suffix: 'pg' }, true],
  [{ suffix: 'jpg' }, { suffix: 'png' }, false],
  [{ prefix: 'a' }, { suffix: 'b' }, true],
  [{ prefix: 'a', suffix: 'x' }, { prefix: 'ab', suffix: 'y' }, false],
  [{ prefix: 'a', suffix: 'x' }, { prefix: 'b', suffix: 'x' }, false],
])('filtersOverlap: %j and %j: %s', (a, b, overlap) => {
  expect([filtersOverlap(a, b), filtersOverlap(b, a)]).toEqual([overlap, overlap]);
});

test('isEmptyFilter', () => {
  expect([{}, { prefix: '' }, { prefix: '', suffix: '' }].map(isEmptyFilter)).toEqual([true, true, true]);
  expect([{ prefix: 'a' }, { suffix: 'a' }].map(isEmptyFilter)).toEqual([false, false]);
});
