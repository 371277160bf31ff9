import { Chalk } from 'chalk';
import { describe, expect, it } from 'vitest';
import { createTheme, type Style } from '../../src/ui/theme.ts';

it('colours only when told to, whatever the environment says', () => {
  expect(createTheme({ color: true, unicode: true }).good('x')).toBe('\u001b[32mx\u001b[39m');
  expect(createTheme({ color: false, unicode: true }).good('x')).toBe('x');
});

it('has ASCII symbols for terminals without more', () => {
  const { symbols } = createTheme({ color: false, unicode: false });
  expect(Object.values(symbols).flat().join('')).toMatch(/^[ -~]+$/);
});

describe('what Chalk would give', () => {
  const chalk = new Chalk({ level: 1 });
  const theme = createTheme({ color: true, unicode: true });
  const styles: [string, Style, Style][] = [
    ['title', theme.title, chalk.bold],
    ['strong', theme.strong, chalk.bold],
    ['dim', theme.dim, chalk.dim],
    ['good', theme.good, chalk.green],
    ['bad', theme.bad, chalk.red],
    ['warn', theme.warn, chalk.yellow],
    ['accent', theme.accent, chalk.cyan],
    ['key', theme.key, chalk.magenta],
    ['added', theme.added, chalk.green],
    ['removed', theme.removed, chalk.red],
    ['changed', theme.changed, chalk.yellow],
  ];
  const texts = [
    '',
    ' ',
    'photos/a|b.jpg',
    'two\nlines',
    'two\r\nlines\n',
    'h\u00e9 \u{1f600}',
    // The same close code inside, one of another kind, and one left open.
    `a ${chalk.red('b')} c`,
    `a ${chalk.dim('b')} c`,
    `a ${chalk.bold('b')} c\nd`,
    'a \u001b[31m b',
  ];

  it.each(styles)('%s', (_name, own, theirs) => {
    expect(texts.map(own)).toEqual(texts.map((text) => theirs(text)));
  });
});
