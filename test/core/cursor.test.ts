import { describe, expect, it } from 'vitest';
import { createCursor } from '../../src/core/cursor.ts';
import { seededRandom } from './seeded-random.ts';

const NOW = 1_791_191_703_000;
const options = { overlapMs: 10_000, maxIds: 1000, start: NOW - 60_000 };

describe('one cursor', () => {
  it('asks from the start until something was seen, then from the newest less the overlap', () => {
    const cursor = createCursor(options);
    expect(cursor.startTime()).toBe(options.start);
    cursor.accept('a', NOW - 20_000, NOW);
    expect(cursor.startTime()).toBe(NOW - 30_000);
    cursor.accept('b', NOW - 25_000, NOW);
    expect(cursor.startTime()).toBe(NOW - 30_000);
  });

  it('never asks from before the start', () => {
    const cursor = createCursor(options);
    cursor.accept('a', options.start + 1, NOW);
    expect(cursor.startTime()).toBe(options.start);
    expect(cursor.accept('b', options.start - 1, NOW)).toBe(false);
  });

  it('takes each id once', () => {
    const cursor = createCursor(options);
    expect(cursor.accept('a', NOW, NOW)).toBe(true);
    expect(cursor.accept('a', NOW, NOW)).toBe(false);
    cursor.startTime();
    expect(cursor.accept('a', NOW, NOW + 1)).toBe(false);
  });

  it('takes what is ingested late within the overlap, and refuses what is older', () => {
    const cursor = createCursor(options);
    cursor.accept('a', NOW, NOW);
    cursor.startTime();
    expect(cursor.accept('late', NOW - 10_000, NOW + 1)).toBe(true);
    expect(cursor.accept('too late', NOW - 10_001, NOW + 1)).toBe(false);
  });

  it('keeps the window of a round while its pages come in', () => {
    const cursor = createCursor(options);
    cursor.startTime();
    expect(cursor.accept('new', NOW, NOW)).toBe(true);
    expect(cursor.accept('old', NOW - 50_000, NOW)).toBe(true);
  });

  it('forgets ids that have left the window', () => {
    const cursor = createCursor(options);
    for (let i = 0; i < 60; i++) cursor.accept(`e${i}`, options.start + i * 1000, NOW);
    expect(cursor.remembered()).toBe(60);
    cursor.startTime();
    expect(cursor.remembered()).toBe(11);
  });

  it('an event from the future does not hide what comes next', () => {
    const cursor = createCursor(options);
    expect(cursor.accept('future', NOW + 3_600_000, NOW)).toBe(true);
    expect(cursor.startTime()).toBe(NOW - options.overlapMs);
    expect(cursor.accept('next', NOW + 5, NOW + 10)).toBe(true);
    expect(cursor.accept('future', NOW + 3_600_000, NOW + 10)).toBe(false);
  });

  it('more events than ids: the window is narrowed, nothing is taken twice', () => {
    const cursor = createCursor({ ...options, maxIds: 10 });
    const at = (i: number) => NOW - 1000 + i;
    for (let i = 0; i < 30; i++) expect(cursor.accept(`e${i}`, at(i), NOW)).toBe(true);
    expect(cursor.remembered()).toBe(10);
    expect(cursor.startTime()).toBe(at(20));
    for (let i = 0; i < 30; i++) expect(cursor.accept(`e${i}`, at(i), NOW)).toBe(false);
    expect(cursor.accept('late', at(19), NOW)).toBe(false);
  });

  it('too many events from the future wait for their time', () => {
    const cursor = createCursor({ ...options, maxIds: 10 });
    const taken = Array.from({ length: 8 }, (_, i) => cursor.accept(`f${i}`, NOW + 1000 + i, NOW));
    expect(taken).toEqual([true, true, true, true, true, false, false, false]);
    expect(cursor.accept('present', NOW, NOW)).toBe(true);
    cursor.startTime();
    expect(cursor.accept('f7', NOW + 1007, NOW + 2000)).toBe(true);
    expect(cursor.accept('f0', NOW + 1000, NOW + 2000)).toBe(false);
  });

  it('a burst in the present millisecond does not move the window past now', () => {
    const cursor = createCursor({ ...options, maxIds: 4 });
    expect(Array.from({ length: 6 }, (_, i) => cursor.accept(`e${i}`, NOW, NOW))).toEqual([
      true,
      true,
      true,
      true,
      false,
      false,
    ]);
    expect(cursor.startTime()).toBeLessThanOrEqual(NOW);
  });

  it('refuses a time that is none', () => {
    expect(createCursor(options).accept('a', Number.NaN, NOW)).toBe(false);
  });
});

/** A log group as FilterLogEvents shows it: what has been ingested so far, from `startTime` on, in the order of time. */
interface LogEvent {
  readonly id: string;
  readonly timestamp: number;
  readonly ingested: number;
}

function simulate(seed: number, maxIds: number, latest: number, future: boolean) {
  const random = seededRandom(seed);
  const events: LogEvent[] = Array.from({ length: 400 }, (_, i) => {
    const ingested = NOW + random.below(120_000);
    const ahead = future && random.below(20) === 0 ? random.below(600_000) : 0;
    return { id: `e${i}`, timestamp: ingested - random.below(latest) + ahead, ingested };
  });
  const cursor = createCursor({ overlapMs: 10_000, maxIds, start: NOW - 20_000 });
  const shown: string[] = [];
  let mostRemembered = 0;
  let lastStart = Number.NEGATIVE_INFINITY;
  for (let now = NOW; now < NOW + 900_000; now += 500 + random.below(3000)) {
    const start = cursor.startTime();
    expect(start).toBeLessThanOrEqual(now);
    expect(start).toBeGreaterThanOrEqual(lastStart);
    lastStart = start;
    const page = events
      .filter((event) => event.ingested <= now && event.timestamp >= start)
      .sort((a, b) => a.timestamp - b.timestamp);
    for (const event of page) {
      if (cursor.accept(event.id, event.timestamp, now)) shown.push(event.id);
      mostRemembered = Math.max(mostRemembered, cursor.remembered());
    }
  }
  return { events, shown, mostRemembered };
}

describe('any log group', () => {
  const seeds = Array.from({ length: 40 }, (_, i) => i + 1);

  it('what is ingested within the overlap is shown once', () => {
    for (const seed of seeds) {
      const { events, shown } = simulate(seed, 1000, 10_000, false);
      expect(shown.toSorted(), `seed ${seed}`).toEqual(events.map((event) => event.id).toSorted());
    }
  });

  it('also when some lines carry times from the future', () => {
    for (const seed of seeds) {
      const { events, shown } = simulate(seed, 1000, 10_000, true);
      expect(shown.toSorted(), `seed ${seed}`).toEqual(events.map((event) => event.id).toSorted());
    }
  });

  it('nothing is shown twice and memory is bounded, however small and however late', () => {
    for (const seed of seeds) {
      const maxIds = 2 + (seed % 30);
      const { shown, mostRemembered } = simulate(seed, maxIds, 40_000, true);
      expect(new Set(shown).size, `seed ${seed}`).toBe(shown.length);
      expect(shown.length).toBeGreaterThan(0);
      expect(mostRemembered).toBeLessThanOrEqual(maxIds);
    }
  });
});
