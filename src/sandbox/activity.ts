import type { Clock } from '../core/clock.ts';
import { Journal } from './journal.ts';

/** Tells when nobody has asked the sandbox for anything for a while. */
export interface Activity {
  /** A service request has begun; it is over when the journal has recorded it. */
  begin(requestId: string): void;
  /** A fault of this kind hit the request. */
  faulted(requestId: string, kind: string): void;
  /** A control request came. */
  touch(): void;
  /** Milliseconds since the epoch of the last sign of life; now while a request (a Live Tail session) is open. */
  last(): number;
  /** The journal that the server must write to. */
  readonly journal: Journal;
}

export function createActivity(clock: Clock): Activity {
  /** Requests in progress, and what hit them last. */
  const open = new Map<string, string | undefined>();
  let last = clock.now();
  const touch = () => {
    last = clock.now();
  };
  const journal = new (class extends Journal {
    override record(entry: Parameters<Journal['record']>[0]): void {
      if (entry.type !== 'request' || !open.has(entry.requestId)) {
        super.record(entry);
        return;
      }
      const fault = open.get(entry.requestId);
      open.delete(entry.requestId);
      touch();
      super.record(fault === undefined ? entry : { ...entry, fault });
    }
  })({ now: () => clock.now() });
  return {
    begin(requestId) {
      open.set(requestId, undefined);
      touch();
    },
    faulted: (requestId, kind) => void open.set(requestId, kind),
    touch,
    last: () => (open.size > 0 ? clock.now() : last),
    journal,
  };
}

/** Resolves when there has been no activity and no work for `idleMs`. Rejects with the signal's reason. */
export async function untilIdle(
  activity: Pick<Activity, 'last' | 'touch'>,
  work: { readonly pending: number },
  options: { readonly idleMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  const { idleMs, clock, signal } = options;
  for (;;) {
    // Work counts as activity to its end: what it leaves behind is there to be read for a while.
    if (work.pending > 0) activity.touch();
    const left = activity.last() + idleMs - clock.now();
    if (left <= 0) return;
    await clock.sleep(left, signal);
  }
}
