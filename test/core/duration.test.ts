import { describe, expect, it } from 'vitest';
import {
  formatBytes,
  formatDuration,
  formatInstant,
  parseDuration,
  parseInstant,
} from '../../src/core/duration.ts';
import { damaged, seededRandom } from './seeded-random.ts';

const NOW = Date.UTC(2026, 9, 5, 9, 15, 2, 417);

describe('parseDuration', () => {
  it.each<[string, number]>([
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['2d', 172_800_000],
    ['90s', 90_000],
    ['500ms', 500],
    ['1d2h3m4s5ms', 93_784_005],
    ['0s', 0],
    ['1.5h', 5_400_000],
    ['0.25s', 250],
    [' 10M ', 600_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each([
    '',
    ' ',
    '10',
    'm',
    '-5m',
    '10m1h',
    '5m5m',
    '1h 30m',
    '1,5h',
    '.5h',
    '5.h',
    '1e3s',
    '10min',
    '2026-10-05',
    '٣m',
    `${'9'.repeat(12)}d`,
    '9'.repeat(400) + 's',
  ])('%j is none', (text) => {
    expect(parseDuration(text)).toBeUndefined();
  });
});

describe('formatDuration', () => {
  it.each<[number, string]>([
    [0, '0ms'],
    [0.4, '0ms'],
    [850, '850ms'],
    [999.6, '1s'],
    [1000, '1s'],
    [12_345, '12.3s'],
    [59_949, '59.9s'],
    [59_950, '1m'],
    [125_000, '2m5s'],
    [3_599_499, '59m59s'],
    [3_599_500, '1h'],
    [5_400_000, '1h30m'],
    [86_369_999, '23h59m'],
    [86_399_999, '1d'],
    [183_600_000, '2d3h'],
    [-1500, '-1.5s'],
    [Number.NaN, 'unknown'],
    [Infinity, 'unknown'],
  ])('%d', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  it('is read back to within what it leaves out', () => {
    const random = seededRandom(5);
    for (let i = 0; i < 5000; i++) {
      const ms = random.below(10 ** (1 + random.below(10)));
      const back = parseDuration(formatDuration(ms));
      expect(back, formatDuration(ms)).toBeDefined();
      expect(Math.abs((back ?? 0) - ms)).toBeLessThanOrEqual(Math.max(50, ms * 0.021));
    }
  });
});

describe('parseInstant', () => {
  it.each([
    '2026-10-05',
    '2026-10-05T09:15:02.417Z',
    '2026-10-05T09:15:02Z',
    '2026-10-05T09:15:02+02:00',
    '2026-10-05T09:15:02.4-23:59',
    '2024-02-29',
    '2000-02-29T23:59:59.999Z',
    '1969-12-31T23:59:59.999Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
  ])('%s, as Date reads it', (text) => {
    expect(parseInstant(text, NOW)).toBe(Date.parse(text));
  });

  it.each<[string, string]>([
    ['2026-10-05T09:15', '2026-10-05T09:15:00Z'],
    ['2026-10-05 09:15:02', '2026-10-05T09:15:02Z'],
    ['2026-10-05t09:15:02z', '2026-10-05T09:15:02Z'],
    ['2026-10-05T09:15:02+0200', '2026-10-05T07:15:02Z'],
    ['2026-10-05T09:15:02-05', '2026-10-05T14:15:02Z'],
    ['2026-10-05T09:15:02,5Z', '2026-10-05T09:15:02.500Z'],
    ['2026-10-05T09:15:02.417999999Z', '2026-10-05T09:15:02.417Z'],
  ])('%s is %s', (text, same) => {
    expect(parseInstant(text, NOW)).toBe(Date.parse(same));
  });

  it('a duration is so long ago', () => {
    expect(parseInstant('1h30m', NOW)).toBe(NOW - 5_400_000);
    expect(parseInstant('0s', NOW)).toBe(NOW);
  });

  it.each([
    '',
    'now',
    'yesterday',
    '2026',
    '2026-10',
    '2026-13-01',
    '2026-00-01',
    '2026-10-00',
    '2026-02-29',
    '1900-02-29',
    '2026-04-31',
    '2026-10-05T24:00',
    '2026-10-05T09:60',
    '2026-10-05T23:59:60Z',
    '2026-10-05T9:15',
    '2026-10-05Z',
    '2026-10-05T09:15+24:00',
    '2026-10-05T09:15:02.Z',
    '20261005',
    '1791191703400',
    '2026-10-05T09:15:02Z x',
  ])('%j is none', (text) => {
    expect(parseInstant(text, NOW)).toBeUndefined();
  });
});

describe('formatInstant', () => {
  it('writes what Date writes, and reads it back', () => {
    const random = seededRandom(6);
    const edges = [0, -1, 1, 951_782_400_000, 4_107_542_400_000, -62_135_596_800_000, 8.64e15, -8.64e15];
    const others = Array.from(
      { length: 5000 },
      () => (random.below(2 ** 32) - 2 ** 31) * 1000 + random.below(100_000),
    );
    for (const ms of [...edges, ...others]) {
      const text = formatInstant(ms);
      expect(text).toBe(new Date(ms).toISOString());
      if (/^\d{4}-/.test(text)) expect(parseInstant(text, NOW)).toBe(ms);
    }
  });

  it('every day of four centuries', () => {
    const start = Date.UTC(1899, 11, 31);
    for (let day = 0; day < 146_100; day++) {
      const ms = start + day * 86_400_000;
      const text = formatInstant(ms).slice(0, 10);
      if (parseInstant(text, NOW) !== ms) expect.fail(text);
    }
    expect(formatInstant(start + 146_097 * 86_400_000)).toBe('2299-12-31T00:00:00.000Z');
  });

  it('says unknown of what is no instant', () => {
    for (const ms of [Number.NaN, Infinity, 8.64e15 + 1]) expect(formatInstant(ms)).toBe('unknown');
  });
});

describe('formatBytes', () => {
  it.each<[number, string]>([
    [0, '0 B'],
    [1, '1 B'],
    [1023, '1023 B'],
    [1024, '1 KiB'],
    [2048, '2 KiB'],
    [1536, '1.5 KiB'],
    [1_048_575, '1 MiB'],
    [52_428_800, '50 MiB'],
    [5 * 2 ** 40, '5 TiB'],
    [2 ** 60, '1 EiB'],
    [2 ** 75, '32768 EiB'],
    [-2048, '-2 KiB'],
    [Number.NaN, 'unknown'],
  ])('%d', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('damaged times', () => {
  it('are read or refused, never NaN', () => {
    const random = seededRandom(8);
    const samples = ['1d2h3m4s5ms', '2026-10-05T09:15:02.417Z', '2026-10-05T09:15:02+02:00', '90s'];
    for (let i = 0; i < 5000; i++) {
      const text = damaged(random, random.pick(samples), [
        '0',
        '9',
        '-',
        ':',
        'T',
        'm',
        '.',
        '+',
        ' ',
        '٣',
        '\n',
      ]);
      const instant = parseInstant(text, NOW);
      expect(instant === undefined || Number.isSafeInteger(instant), text).toBe(true);
    }
  });
});
