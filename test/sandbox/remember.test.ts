import { expect, test } from 'vitest';
import { remember } from '../../src/sandbox/remember.ts';

test('makes a value once for each text, and again after many others', () => {
  const made: string[] = [];
  const twice = remember((text) => {
    made.push(text);
    return text + text;
  });
  expect([twice('a'), twice('b'), twice('a')]).toEqual(['aa', 'bb', 'aa']);
  expect(made).toEqual(['a', 'b']);
  for (let i = 0; i < 1000; i++) twice(`other-${i}`);
  expect(twice('a')).toBe('aa');
  expect(made.filter((text) => text === 'a')).toHaveLength(2);
});
