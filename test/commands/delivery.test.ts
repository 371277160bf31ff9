import { expect, test } from 'vitest';
import { eventMs, hopMs } from '../../src/commands/delivery.ts';

const startedAt = Date.parse('2026-01-02T03:04:05.678Z');
const watched = { request: { startedAt } };

test.each([
  ["S3's own, in ms", '2026-01-02T03:04:05.690Z', 12],
  ['at once', '2026-01-02T03:04:05.678Z', 0],
  ["EventBridge's whole second, before the upload", '2026-01-02T03:04:05Z', null],
  ["EventBridge's whole second, after the upload", '2026-01-02T03:04:06Z', null],
  ['whole seconds with an offset', '2026-01-02T04:04:06+01:00', null],
  ['of a clock that is behind', '2026-01-02T03:04:05.600Z', null],
  ['none', undefined, null],
  ['what is no time', 'yesterday.5', null],
])('the time of an event: %s', (_what, eventTime, ms) => {
  expect(eventMs({ eventTime }, watched)).toBe(ms);
});

test('a hop never ends before the upload began', () => {
  expect(hopMs(startedAt + 650, watched)).toBe(650);
  expect(hopMs(startedAt - 1, watched)).toBeNull();
  expect(hopMs(Number.NaN, watched)).toBeNull();
});
