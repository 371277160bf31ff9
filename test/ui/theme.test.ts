import { expect, it } from 'vitest';
import { createTheme } from '../../src/ui/theme.ts';

it('colours only when told to, whatever the environment says', () => {
  expect(createTheme({ color: true, unicode: true }).good('x')).toBe('\u001b[32mx\u001b[39m');
  expect(createTheme({ color: false, unicode: true }).good('x')).toBe('x');
});

it('has ASCII symbols for terminals without more', () => {
  const { symbols } = createTheme({ color: false, unicode: false });
  expect(Object.values(symbols).flat().join('')).toMatch(/^[ -~]+$/);
});
