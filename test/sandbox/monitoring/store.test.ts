import { expect, it } from 'vitest';
import { createMetricStore } from '../../../src/sandbox/services/monitoring/store.ts';

const MINUTE = 60_000;
const metric = (name: string) => ({
  region: 'us-east-1',
  namespace: 'N',
  name,
  dimensions: { B: '1', A: '2' },
});

it('keeps the minutes of 15 days', () => {
  const store = createMetricStore(() => 0);
  const kept = 15 * 24 * 60;
  for (let minute = 0; minute <= kept; minute++) store.add(metric('m'), 1, minute * MINUTE);
  const minutes = store.find(metric('m'))?.minutes;
  expect(minutes?.size).toBe(kept);
  expect(minutes?.has(0)).toBe(false);
});

it('gives up the metric that has been silent for longest when there are too many', () => {
  const store = createMetricStore(() => 0);
  for (let index = 0; index < 5_000; index++) store.add(metric(`m${index}`), 1, index === 7 ? 0 : MINUTE);
  store.add(metric('one more'), 1, 2 * MINUTE);
  expect(store.series('us-east-1')).toHaveLength(5_000);
  expect(store.find(metric('m7'))).toBeUndefined();
  expect(store.find(metric('m0'))).toBeDefined();
});

it('does not mind the order of dimensions', () => {
  const store = createMetricStore(() => 0);
  store.add({ ...metric('m'), dimensions: { A: '2', B: '1' } }, 1);
  store.add(metric('m'), 1);
  expect(store.find(metric('m'))?.minutes.get(0)).toEqual({ sum: 2, count: 2, min: 1, max: 1 });
});
