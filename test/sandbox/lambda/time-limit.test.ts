import { createServer, connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startTimeLimit } from '../../../src/sandbox/lambda/time-limit.ts';

const limit = (ms: number) => new Promise<void>((resolve) => void startTimeLimit(ms, resolve));

/** As an overloaded machine does: this process gets nothing done. */
const stall = (ms: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

test('is reached, unless it is cleared', async () => {
  const reached: string[] = [];
  startTimeLimit(10, () => void reached.push('cleared')).clear();
  const late = startTimeLimit(10, () => void reached.push('cleared later'));
  await limit(5);
  late.clear();
  await limit(130);
  expect(reached).toEqual([]);
});

test('does not count time in which this process stood still', async () => {
  let isReached = false;
  const reached = limit(250).then(() => (isReached = true));
  stall(600);
  // The timer is due, and the first tick counts as two.
  await nextTurn();
  await nextTurn();
  expect(isReached).toBe(false);
  await reached;
});

test('is not reached when the answer was there in time, only unread', async () => {
  const server = createServer((socket) => void socket.end('answer'));
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  const events: string[] = [];
  const timeLimit = startTimeLimit(50, () => void events.push('reached'));
  const socket = connect(port, '127.0.0.1');
  await new Promise((resolve) => socket.once('connect', resolve));
  await new Promise((resolve) => {
    socket.once('data', () => {
      timeLimit.clear();
      events.push('answer');
      resolve(undefined);
    });
    server.once('connection', () => void setImmediate(stall, 100));
  });
  await limit(60);
  server.close();
  expect(events).toEqual(['answer']);
});
