import { expect, it } from 'vitest';
import { createLogStore } from '../../../src/sandbox/services/logs/store.ts';
import { createTestEnv, REGION } from './harness.ts';

/** 100 bytes with the overhead that is counted for each event. */
const MESSAGE = 'x'.repeat(74);

function createFilled() {
  const env = createTestEnv();
  const store = createLogStore(env, () => 0, 2_000);
  const large = store.createGroup(REGION, 'large', 'STANDARD');
  const small = store.createGroup(REGION, 'small', 'STANDARD');
  const [a, b] = [store.createStream(large, 'a'), store.createStream(large, 'b')];
  const only = store.createStream(small, 'only');
  const line = (timestamp: number) => [{ timestamp, message: MESSAGE }];
  return { store, large, small, a, b, only, line };
}

it('drops the oldest events of the largest group, in a block', () => {
  const { store, large, small, a, b, only, line } = createFilled();
  for (let i = 0; i < 4; i++) store.append(small, only, line(i));
  for (let i = 0; i < 16; i++) store.append(large, i % 2 === 0 ? a : b, line(i));
  expect(large.events).toHaveLength(16);

  store.append(large, a, line(16));
  // 2100 bytes held: down to 1500.
  expect(large.events.map(({ timestamp }) => timestamp)).toEqual([6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]);
  expect(a.events.map(({ timestamp }) => timestamp)).toEqual([6, 8, 10, 12, 14, 16]);
  expect(b.events.map(({ timestamp }) => timestamp)).toEqual([7, 9, 11, 13, 15]);
  expect(small.events).toHaveLength(4);
});

it('does not count what is deleted', () => {
  const { store, large, small, a, only, line } = createFilled();
  for (let i = 0; i < 15; i++) store.append(large, a, line(i));
  store.deleteGroup(large);
  for (let i = 0; i < 20; i++) store.append(small, only, line(i));
  expect(small.events).toHaveLength(20);
});

it('takes from the next group when one is not enough', () => {
  const { store, large, small, a, only } = createFilled();
  store.append(large, a, [{ timestamp: 1, message: 'y'.repeat(1_400) }]);
  store.append(
    small,
    only,
    Array.from({ length: 19 }, (_, i) => ({ timestamp: i, message: MESSAGE })),
  );
  expect([large.events.length, small.events.length]).toEqual([1, 0]);
});
