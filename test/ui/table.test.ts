import { expect, it } from 'vitest';
import { formatTable } from '../../src/ui/table.ts';
import { createTheme } from '../../src/ui/theme.ts';
import { displayWidth } from '../../src/ui/width.ts';

const theme = createTheme({ color: false, unicode: true });
const columns = [{ header: 'Rule' }, { header: 'Size', align: 'right' as const }, { header: 'Destination' }];

it('aligns by cells, not by characters', () => {
  const rows = [
    ['a', '5', 'queue'],
    ['猫猫猫', '1000', 'topic'],
  ];
  expect(formatTable(rows, columns, { width: 80, theme })).toEqual([
    'Rule    Size  Destination',
    'a          5  queue',
    '猫猫猫  1000  topic',
  ]);
});

it('cuts the last column to the terminal', () => {
  const lines = formatTable([['a', '5', 'arn:aws:lambda:eu-north-1:123456789012:function:x']], columns, {
    width: 40,
    theme,
  });
  expect(lines[1]).toBe('a        5  arn:aws:lambda:eu-north-1:1…');
  expect(lines.map(displayWidth).every((width) => width <= 40)).toBe(true);
});

it('keeps some of the last column on a terminal that is far too narrow', () => {
  expect(formatTable([['a', '5', 'arn:aws:lambda:eu-north-1']], columns, { width: 5, theme })[1]).toBe(
    'a        5  arn:aws:lam…',
  );
});

it('puts tabs between the cells for a pipe', () => {
  const rows = [[{ text: 'a\tb\u001b[31m', style: () => 'styled' }, '5', 'x'.repeat(200)], ['c']];
  expect(formatTable(rows, columns, { width: 40, theme, plain: true })).toEqual([
    `a\\tb\t5\t${'x'.repeat(200)}`,
    'c\t\t',
  ]);
});

it('styles after it has measured, and sanitises what it shows', () => {
  const colored = createTheme({ color: true, unicode: true });
  const rows = [[{ text: 'ok\u001b[2J', style: colored.good }, '1', 'x']];
  expect(formatTable(rows, columns, { width: 80, theme: colored })[1]).toBe(
    '\u001b[32mok\u001b[39m       1  x',
  );
});

it('has headers without rows', () => {
  expect(formatTable([], columns, { width: 80, theme })).toEqual(['Rule  Size  Destination']);
});
