import type { Clock } from '../../src/core/clock.ts';

export interface LeapingClock extends Clock {
  /** Moves time ahead by `ms`: sleepers that are due then wake at once. */
  leap(ms: number): void;
}

interface Sleeper {
  readonly due: number;
  readonly resolve: () => void;
  timer: NodeJS.Timeout;
}

/** The machine's clock, ahead by what it has leapt: for worlds where processes really run, and something waits for minutes. */
export function createLeapingClock(): LeapingClock {
  let ahead = 0;
  const now = () => Date.now() + ahead;
  const sleepers = new Set<Sleeper>();
  return {
    now,
    leap(ms) {
      ahead += ms;
      for (const sleeper of sleepers) {
        clearTimeout(sleeper.timer);
        sleeper.timer = setTimeout(sleeper.resolve, Math.max(0, sleeper.due - now()));
      }
    },
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(sleeper.timer);
          sleepers.delete(sleeper);
          signal?.removeEventListener('abort', onAbort);
        };
        const wake = () => {
          end();
          resolve();
        };
        const onAbort = () => {
          end();
          reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
        };
        const sleeper: Sleeper = { due: now() + ms, resolve: wake, timer: setTimeout(wake, ms) };
        sleepers.add(sleeper);
        if (signal?.aborted) onAbort();
        else signal?.addEventListener('abort', onAbort, { once: true });
      }),
  };
}
