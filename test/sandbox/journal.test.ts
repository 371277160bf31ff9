import { expect, test } from 'vitest';
import { Journal } from '../../src/sandbox/journal.ts';

const invocation = (functionName: string) =>
  ({ type: 'invocation', functionName, requestId: 'r', attempt: 1, outcome: 'ok' }) as const;

test('entries are numbered and have the time of the clock', () => {
  let now = 5;
  const journal = new Journal({ now: () => now++ });
  journal.record(invocation('a'));
  journal.record(invocation('b'));
  expect(journal.entries().map(({ seq, at }) => [seq, at])).toEqual([
    [1, 5],
    [2, 6],
  ]);
});

test('the oldest entries go, and pages skip nothing that is kept', () => {
  const journal = new Journal({ capacity: 10 });
  for (let i = 1; i <= 100; i++) journal.record(invocation(String(i)));
  expect(journal.entries().length).toBeLessThanOrEqual(15);
  expect(journal.entries().at(-1)).toMatchObject({ seq: 100 });
  const oldest = journal.entries()[0]!.seq;
  expect(journal.after(0, 2).map(({ seq }) => seq)).toEqual([oldest, oldest + 1]);
  expect(journal.after(97, Infinity).map(({ seq }) => seq)).toEqual([98, 99, 100]);
  expect(journal.after(100, Infinity)).toEqual([]);
  // Numbers go on after a reset: a follower misses nothing.
  journal.clear();
  expect(journal.after(0, 10)).toEqual([]);
  journal.record(invocation('x'));
  expect(journal.after(100, 10)).toMatchObject([{ seq: 101, functionName: 'x' }]);
});

test('who waits gets the first entry that passes, or the reason why not', async () => {
  const journal = new Journal();
  const abort = new AbortController();
  const wanted = journal.waitFor(({ seq }) => seq === 2, abort.signal);
  const other = journal.waitFor(({ seq }) => seq === 3, abort.signal);
  journal.record(invocation('a'));
  journal.record(invocation('b'));
  expect(await wanted).toMatchObject({ functionName: 'b' });
  abort.abort(new Error('enough'));
  await expect(other).rejects.toThrow('enough');
  await expect(journal.waitFor(() => false, abort.signal)).rejects.toThrow('enough');
});
