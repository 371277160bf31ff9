import { expect, it } from 'vitest';
import { cut, displayWidth, wrap } from '../../src/ui/width.ts';

it.each([
  ['', 0],
  ['abc', 3],
  ['é', 1],
  ['e\u0301', 1],
  ['猫.jpg', 6],
  ['ｆｕｌｌ', 8],
  ['한글', 4],
  ['✔ … →', 5],
  ['\u{1f600}', 2],
  ['\u{1f1eb}\u{1f1ee}', 2],
  ['नमस्ते', 4],
  ['की', 2],
])('the width of %s', (text, cells) => {
  // Devanagari vowel signs with their own width (Mc) count one cell, as in wcwidth.
  expect(displayWidth(text)).toBe(cells);
});

it.each([
  ['abcdef', 6, 'abcdef'],
  ['abcdefg', 6, 'abcde…'],
  ['猫猫猫猫', 6, '猫猫…'],
  ['abc', 0, ''],
])('cuts %s to %i cells', (text, cells, expected) => {
  expect(cut(text, cells, '…')).toBe(expected);
  expect(displayWidth(cut(text, cells, '…'))).toBeLessThanOrEqual(cells);
});

it('drops an ellipsis that has no room', () => {
  expect(cut('abcdef', 2, '...')).toBe('ab');
});

it('wraps between words and leaves long ones whole', () => {
  expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
  expect(wrap('see arn:aws:s3:::bucket now', 8)).toEqual(['see', 'arn:aws:s3:::bucket', 'now']);
  expect(wrap('  kept   as is', 20)).toEqual(['  kept   as is']);
});
