import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { takeWriteTurn } from '../../src/project/write-turn.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { temporaryFolder } from '../support/run-cli.ts';

const environment = (folder: string) => ({
  env: { XDG_STATE_HOME: folder },
  clock: systemClock,
  signal: new AbortController().signal,
});

test('one after the other, and the later one learns that somebody wrote', async () => {
  const env = environment(temporaryFolder());
  const begun = systemClock.now();
  const first = await takeWriteTurn('photos', env);
  expect(first.othersWroteSince(begun)).toBe(false);
  const order: string[] = [];
  const second = takeWriteTurn('photos', env).then((turn) => {
    order.push('second');
    return turn;
  });
  const other = await takeWriteTurn('films', env);
  order.push('other bucket', 'first ends');
  other.release();
  first.release();
  const turn = await second;
  expect(order).toEqual(['other bucket', 'first ends', 'second']);
  expect(turn.othersWroteSince(begun)).toBe(true);
  turn.release();
});

test('the lock of a process that is gone is nobody’s', async () => {
  const folder = temporaryFolder();
  const env = environment(folder);
  (await takeWriteTurn('photos', env)).release();
  const writes = join(folder, 's3evt', 'writes');
  const [last = ''] = readdirSync(writes);
  // No process has this number: Linux's largest is 4,194,304.
  writeFileSync(join(writes, last.replace('.last', '.lock')), '999999999');
  const turn = await takeWriteTurn('photos', env);
  turn.release();
  expect(readdirSync(writes)).toEqual([last]);
});

test('an interrupt ends the wait', async () => {
  const folder = temporaryFolder();
  const held = await takeWriteTurn('photos', environment(folder));
  const controller = new AbortController();
  const waiting = takeWriteTurn('photos', { ...environment(folder), signal: controller.signal });
  controller.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  held.release();
});

test('without a folder for it the turn is given at once', async () => {
  const turn = await takeWriteTurn('photos', { ...environment(''), env: {} });
  expect(turn.othersWroteSince(0)).toBe(false);
  turn.release();
});
