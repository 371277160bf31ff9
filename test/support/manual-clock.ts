import type { Clock } from '../../src/core/clock.ts';

export interface ManualClock extends Clock {
  /**
   * Moves time by `ms` and wakes the sleepers that are due, in order. A sleeper that goes to sleep again at once and
   * is due within the same span is woken too; one that first waits for a socket is not: await `waitForSleeper`.
   */
  advance(ms: number): Promise<void>;
  /** How many sleep now. */
  readonly sleepers: number;
  /** Resolves as soon as at least `count` sleep. */
  waitForSleeper(count?: number): Promise<void>;
}

interface Sleeper {
  readonly due: number;
  wake(): void;
}

/** A clock that stands still until it is told to move. `start` in milliseconds since the epoch. */
export function createManualClock(start = Date.UTC(2026, 0, 2, 3, 4, 5)): ManualClock {
  let now = start;
  const sleepers = new Set<Sleeper>();
  const waiters = new Set<{ count: number; resolve: () => void }>();
  const nextDue = (until: number): Sleeper | undefined => {
    let first: Sleeper | undefined;
    for (const sleeper of sleepers) {
      if (sleeper.due <= until && (!first || sleeper.due < first.due)) first = sleeper;
    }
    return first;
  };

  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const onAbort = () => {
          sleepers.delete(sleeper);
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper: Sleeper = {
          due: now + Math.max(0, ms),
          wake() {
            sleepers.delete(sleeper);
            signal?.removeEventListener('abort', onAbort);
            resolve();
          },
        };
        if (signal?.aborted) {
          onAbort();
          return;
        }
        signal?.addEventListener('abort', onAbort, { once: true });
        sleepers.add(sleeper);
        for (const waiter of waiters) {
          if (sleepers.size < waiter.count) continue;
          waiters.delete(waiter);
          waiter.resolve();
        }
      }),
    async advance(ms) {
      const until = now + ms;
      for (let sleeper = nextDue(until); sleeper; sleeper = nextDue(until)) {
        now = Math.max(now, sleeper.due);
        sleeper.wake();
        await new Promise((resolve) => setImmediate(resolve));
      }
      now = until;
      await new Promise((resolve) => setImmediate(resolve));
    },
    get sleepers() {
      return sleepers.size;
    },
    waitForSleeper: (count = 1) =>
      sleepers.size >= count
        ? Promise.resolve()
        : new Promise((resolve) => {
            waiters.add({ count, resolve });
          }),
  };
}
