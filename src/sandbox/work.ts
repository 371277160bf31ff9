import type { WorkTracker } from './env.ts';

export interface CountingWorkTracker extends WorkTracker {
  /** Tasks in progress at this moment. */
  readonly pending: number;
}

/** Counts deliveries and invocations in progress. A failed task is its owner's business: here it only ends. */
export function createWorkTracker(): CountingWorkTracker {
  let pending = 0;
  let waiters: (() => void)[] = [];

  const wakeWaiters = () => {
    if (pending > 0) return;
    const woken = waiters;
    waiters = [];
    for (const wake of woken) wake();
  };
  const done = () => {
    pending--;
    // A task's end often begins the next one (a delivery, then an invocation): its continuations come first.
    if (pending === 0) setImmediate(wakeWaiters);
  };

  return {
    get pending() {
      return pending;
    },
    track(task) {
      pending++;
      task.then(done, done);
      return task;
    },
    idle: () =>
      new Promise((resolve) => {
        waiters.push(resolve);
        setImmediate(wakeWaiters);
      }),
  };
}
