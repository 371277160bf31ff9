import { describe, expect, test } from 'vitest';
import { didYouMean, editDistance } from '../../src/core/did-you-mean.ts';

describe('editDistance', () => {
  test.each([
    ['', '', 0],
    ['', 'abc', 3],
    ['abc', '', 3],
    ['abc', 'abc', 0],
    ['abc', 'abd', 1],
    ['abc', 'ab', 1],
    ['abc', 'abcd', 1],
    ['abcd', 'abdc', 1],
    ['ab', 'ba', 1],
    ['kitten', 'sitting', 3],
    ['ca', 'abc', 3],
    ['naïve', 'naive', 1],
  ])('%j to %j is %i', (left, right, distance) => {
    expect(editDistance(left, right)).toBe(distance);
    expect(editDistance(right, left)).toBe(distance);
  });
});

describe('didYouMean', () => {
  const commands = ['init', 'add', 'ls', 'rm', 'doctor', 'tail', 'test-upload'];

  test.each([
    ['int', 'init'],
    ['INIT', 'init'],
    ['dcotor', 'doctor'],
    ['docter', 'doctor'],
    ['tial', 'tail'],
    ['testupload', 'test-upload'],
    ['lss', 'ls'],
    ['zzz', undefined],
    ['watch', undefined],
    ['', undefined],
  ])('%j suggests %j', (word, suggestion) => {
    expect(didYouMean(word, commands)).toBe(suggestion);
  });

  test('takes the nearest, and the first of equals', () => {
    expect(didYouMean('staging', ['stagin', 'staging2', 'stagign'])).toBe('stagin');
    expect(didYouMean('production', ['productoin', 'production-eu', 'produktion'])).toBe('productoin');
  });

  test('suggests nothing without candidates', () => {
    expect(didYouMean('init', [])).toBeUndefined();
  });
});
