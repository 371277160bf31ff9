import { setMaxListeners } from 'node:events';
import { setTimeout as timer } from 'node:timers/promises';
import type { Clock } from '../../src/core/clock.ts';

export interface JumpingClock extends Clock {
  /** Moves time by `ms` at once; sleepers that are due wake. */
  jump(ms: number): void;
}

/** The system's clock, which goes on by itself, and can be moved: for what AWS does minutes or hours later. */
export function createJumpingClock(): JumpingClock {
  let offset = 0;
  const jumps = new EventTarget();
  setMaxListeners(0, jumps);
  const now = () => Date.now() + offset;
  return {
    now,
    async sleep(ms, signal) {
      const due = now() + ms;
      while (now() < due) {
        signal?.throwIfAborted();
        const awake = new AbortController();
        const wake = () => awake.abort();
        jumps.addEventListener('jump', wake, { once: true });
        signal?.addEventListener('abort', wake, { once: true });
        await timer(Math.min(due - now(), 2 ** 31 - 1), undefined, { signal: awake.signal }).catch(
          () => undefined,
        );
        jumps.removeEventListener('jump', wake);
        signal?.removeEventListener('abort', wake);
      }
      signal?.throwIfAborted();
    },
    jump(ms) {
      offset += ms;
      jumps.dispatchEvent(new Event('jump'));
    },
  };
}
