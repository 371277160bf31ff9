import type { Clock } from '../core/clock.ts';

export interface RetryOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Whether this error may pass by itself. Anything else is thrown at once. */
  readonly retries: (error: unknown) => boolean;
  /** Waits between tries, in ms; the last one repeats. */
  readonly waits: readonly number[];
  /** No try begins later than this many ms after the first. */
  readonly ceilingMs: number;
  /** Called before each wait. */
  readonly onWait?: (error: unknown, elapsedMs: number) => void;
}

/** Runs `work` until it succeeds, fails for good, or the ceiling is reached: then the last error is thrown. */
export async function retry<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const start = options.clock.now();
  for (let attempt = 0; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      const elapsed = options.clock.now() - start;
      const wait = options.waits[Math.min(attempt, options.waits.length - 1)] ?? 1_000;
      if (!options.retries(error) || elapsed + wait > options.ceilingMs) throw error;
      options.onWait?.(error, elapsed);
      await options.clock.sleep(wait, options.signal);
    }
  }
}
