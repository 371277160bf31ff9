/** How long another process may take, in real time. */
export interface TimeLimit {
  clear(): void;
}

const TICK_MS = 100;

/**
 * Calls `reached` after `ms` milliseconds, unless it is cleared before. Time in which this process got nothing done does not
 * count: on an overloaded machine an answer may lie unread for seconds, and its sender must not be killed for that. So time is
 * counted in ticks, of which a late one counts as two. What has come in by the last one is read before it: Node.js runs timers
 * after sockets.
 */
export function startTimeLimit(ms: number, reached: () => void): TimeLimit {
  let left = ms;
  let timer: NodeJS.Timeout;
  const next = () => {
    const began = performance.now();
    timer = setTimeout(
      () => {
        left -= Math.min(performance.now() - began, 2 * TICK_MS);
        if (left > 0) next();
        else reached();
      },
      Math.min(left, TICK_MS),
    );
  };
  next();
  return {
    clear: () => clearTimeout(timer),
  };
}
