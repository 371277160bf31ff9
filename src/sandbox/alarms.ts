import { setMaxListeners } from 'node:events';
import type { Clock } from '../core/clock.ts';

/** Timers take no more than 2^31 - 1 milliseconds, and a restored copy may be kept for years. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/** What services do by themselves at a later time. Nothing of it counts as work in progress until it is due. */
export class Alarms {
  readonly #clock: Clock;
  #generation = newGeneration();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `ring` at a time in milliseconds since the epoch, unless `clear` comes first. `ring` must not throw. */
  set(at: number, ring: () => void): void {
    // Only an abort rejects, and then nobody waits.
    void this.#wait(at, ring, this.#generation.signal).catch(() => undefined);
  }

  clear(): void {
    this.#generation.abort(new Error('the sandbox was reset'));
    this.#generation = newGeneration();
  }

  async #wait(at: number, ring: () => void, signal: AbortSignal): Promise<void> {
    for (let left = at - this.#clock.now(); left > 0; left = at - this.#clock.now()) {
      await this.#clock.sleep(Math.min(left, LONGEST_SLEEP_MS), signal);
    }
    ring();
  }
}

/** Every alarm listens: Node.js warns of more than ten otherwise. */
function newGeneration(): AbortController {
  const generation = new AbortController();
  setMaxListeners(0, generation.signal);
  return generation;
}
