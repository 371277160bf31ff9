import { describe, expect, it } from 'vitest';
import {
  MalformedInput,
  printHeader,
  printTimestamp,
  readHeader,
  readScalar,
  readTimestamp,
  setOwn,
} from '../../../src/sandbox/wire/scalars.ts';
import type { ScalarShape, Shape } from '../../../src/sandbox/wire/shape.ts';

const scalar = (kind: ScalarShape['kind']): ScalarShape => ({ kind, isStreaming: false, format: undefined });
const list = (item: Shape): Shape => ({
  kind: 'list',
  flattened: false,
  itemName: 'member',
  item: () => item,
});

describe('lists in headers', () => {
  const strings = list(scalar('string'));

  it.each([
    ['a,b , c', ['a', 'b', 'c']],
    ['"a, b", c', ['a, b', 'c']],
    ['"a \\"b\\" \\\\", ""', ['a "b" \\', '']],
    ['a', ['a']],
    ['', []],
  ])('%j has the items %j', (text, items) => {
    expect(readHeader(strings, text)).toEqual(items);
  });

  it('are quoted where an item would fall apart', () => {
    const items = ['a', 'b, c', 'd "e"'];
    expect(printHeader(strings, items)).toBe('a, "b, c", "d \\"e\\""');
    expect(readHeader(strings, printHeader(strings, items))).toEqual(items);
  });

  it('hold other types than text', () => {
    expect(readHeader(list(scalar('number')), '1, 2')).toEqual([1, 2]);
  });
});

describe('text as a value', () => {
  it.each([
    ['number', '12', 12],
    ['number', ' -1.5 ', -1.5],
    ['boolean', 'TRUE', true],
    ['boolean', 'false', false],
    ['string', ' 007 ', ' 007 '],
    ['blob', 'AQI=', Buffer.from([1, 2])],
  ] as const)('reads a %s from %j', (kind, text, value) => {
    expect(readScalar(scalar(kind), text)).toEqual(value);
  });

  it.each([
    ['number', 'many'],
    ['number', ''],
    ['boolean', 'yes'],
    ['timestamp', 'soon'],
    ['timestamp', ''],
  ] as const)('refuses a %s that is %j', (kind, text) => {
    expect(() => readScalar(scalar(kind), text)).toThrow(MalformedInput);
  });
});

describe('timestamps', () => {
  const date = new Date('2026-11-22T10:20:30.250Z');

  it('are read in all formats', () => {
    expect(readTimestamp('2026-11-22T10:20:30.250Z')).toEqual(date);
    expect(readTimestamp('2026-11-22T11:20:30.250+01:00')).toEqual(date);
    expect(readTimestamp(date.getTime() / 1000)).toEqual(date);
    expect(readTimestamp('1795342830.25')).toEqual(date);
    expect(readTimestamp('Sun, 22 Nov 2026 10:20:30 GMT')).toEqual(new Date('2026-11-22T10:20:30Z'));
  });

  it('are printed in each', () => {
    expect(printTimestamp(date, 'date-time')).toBe('2026-11-22T10:20:30.250Z');
    expect(printTimestamp(new Date('2026-11-22T10:20:30Z'), 'date-time')).toBe('2026-11-22T10:20:30Z');
    expect(printTimestamp(date, 'http-date')).toBe('Sun, 22 Nov 2026 10:20:30 GMT');
    expect(printTimestamp(date, 'epoch-seconds')).toBe(1795342830.25);
    expect(() => printTimestamp('2026', 'date-time')).toThrow(TypeError);
  });
});

it('setOwn never touches a prototype', () => {
  const target: Record<string, unknown> = {};
  setOwn(target, '__proto__', { polluted: true });
  expect(Object.keys(target)).toEqual(['__proto__']);
  expect(target['polluted']).toBeUndefined();
});
