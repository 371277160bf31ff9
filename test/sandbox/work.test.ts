import { describe, expect, it } from 'vitest';
import { createWorkTracker } from '../../src/sandbox/work.ts';

function deferred() {
  let resolve: () => void = () => undefined;
  let reject: (error: Error) => void = () => undefined;
  const promise = new Promise<void>((ok, fail) => {
    resolve = ok;
    reject = fail;
  });
  return { promise, resolve, reject };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the work tracker', () => {
  it('is idle from the start', async () => {
    await createWorkTracker().idle();
  });

  it('waits for all that is in progress', async () => {
    const work = createWorkTracker();
    const [a, b] = [deferred(), deferred()];
    void work.track(a.promise);
    void work.track(b.promise);
    let idle = false;
    const waiting = work.idle().then(() => (idle = true));
    a.resolve();
    await turn();
    await turn();
    expect([idle, work.pending]).toEqual([false, 1]);
    b.resolve();
    await waiting;
    expect(work.pending).toBe(0);
  });

  it('waits for work that begins when other work ends', async () => {
    const work = createWorkTracker();
    const [delivery, invocation] = [deferred(), deferred()];
    void work.track(delivery.promise).then(() => work.track(invocation.promise));
    let idle = false;
    const waiting = work.idle().then(() => (idle = true));
    delivery.resolve();
    await turn();
    await turn();
    expect(idle).toBe(false);
    invocation.resolve();
    await waiting;
  });

  it('ends with failed work, and hands the failure to its owner alone', async () => {
    const work = createWorkTracker();
    const task = deferred();
    const tracked = work.track(task.promise);
    task.reject(new Error('boom'));
    await expect(tracked).rejects.toThrow('boom');
    await work.idle();
    expect(work.pending).toBe(0);
  });
});
