import { describe, expect, test } from 'vitest';
import type { EventRecord } from '../../src/core/event-record.ts';
import { compareSequencers, createOrderMarks } from '../../src/core/tap-order.ts';

test.each([
  ['1', '2', -1],
  ['2', '1', 1],
  ['0055AED6DCD90281E5', '0055aed6dcd90281e5', 0],
  // The shorter one is padded on its left: 0x9 comes before 0x10.
  ['9', '10', -1],
  ['00000A', 'a', 0],
  ['0a', '09', 1],
  ['ff', '0100', -1],
  ['617f08299329d189', '0055AED6DCD90281E5', 1],
])('%s against %s', (a, b, sign) => {
  expect(Math.sign(compareSequencers(a, b))).toBe(sign);
});

function record(key: string, sequencer?: string, more: Partial<EventRecord> = {}): EventRecord {
  return {
    eventName: 'ObjectCreated:Put',
    eventTime: undefined,
    bucket: 'photos',
    key,
    rawKey: key,
    via: [],
    raw: {},
    ...(sequencer === undefined ? {} : { sequencer }),
    ...more,
  };
}

describe('marks', () => {
  test('by key, version, event and sequencer', () => {
    const markOf = createOrderMarks(100);
    expect(
      [
        record('a', '10'),
        record('a', '10'),
        record('a', '0010'),
        record('a', '0f'),
        record('a', '0f'),
        record('a', '11'),
        // Another key has an order of its own.
        record('b', '01'),
        record('b', '01', { versionId: 'v2' }),
        record('b', '01', { eventName: 'ObjectRemoved:Delete' }),
        // No order without a sequencer.
        record('a'),
        record('a'),
        record('a', 'none'),
        record('a', '12', { bucket: 'other' }),
        record('a', '10', { bucket: 'other' }),
      ].map((one) => markOf(one) ?? null),
    ).toEqual([
      null,
      'duplicate',
      'duplicate',
      'out-of-order',
      'duplicate',
      null,
      null,
      null,
      null,
      null,
      null,
      null,
      null,
      'out-of-order',
    ]);
  });

  test('what lies too far back is forgotten, what comes again is not', () => {
    const markOf = createOrderMarks(3);
    for (const key of ['a', 'b', 'a', 'c', 'd']) markOf(record(key, '05'));
    // Four events with three places: b, which came only once, is out; a was seen again.
    expect(markOf(record('a', '05'))).toBe('duplicate');
    expect(markOf(record('b', '05'))).toBeUndefined();
    expect(markOf(record('a', '04'))).toBe('out-of-order');
  });
});
