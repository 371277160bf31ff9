import { systemClock } from './clock.ts';

interface EntryBase {
  /** One more than the entry before, across a reset too. */
  readonly seq: number;
  /** Milliseconds since the epoch of the sandbox's clock, at the moment of recording. */
  readonly at: number;
}

export interface RequestEntry extends EntryBase {
  readonly type: 'request';
  readonly service: string;
  readonly operation: string;
  /** 0 when the connection was cut without an answer. */
  readonly status: number;
  /** Error code of a refused request. */
  readonly errorCode?: string;
  readonly requestId: string;
  /** Milliseconds of the monotonic clock. */
  readonly startedAt: number;
  readonly endedAt: number;
  /** What made it fail or wait on purpose: `throttle`. */
  readonly fault?: string;
}

export interface DeliveryEntry extends EntryBase {
  readonly type: 'delivery';
  /**
   * Who delivers: S3 to a destination of a bucket's configuration or to EventBridge, a rule of EventBridge to a target, a
   * topic to a subscriber, Lambda to a destination or a dead-letter queue.
   */
  readonly via: 's3' | 'eventbridge' | 'sns' | 'lambda';
  /** Of the object, where the event is one of S3. */
  readonly bucket?: string;
  /** Not encoded; empty for a test event. */
  readonly key?: string;
  /** `ObjectCreated:Put`, or the detail type of another event. */
  readonly eventName: string;
  /** What asked for it: id of the configuration, name of the rule, ARN of the topic, name of the function. */
  readonly configurationId: string;
  /** ARN, or the endpoint of a subscription that has none. */
  readonly destination: string;
  /** `dropped`: never handed over, on purpose. */
  readonly outcome: 'delivered' | 'refused' | 'dropped';
  /** Why it was refused. */
  readonly reason?: string;
  /** What made it go missing, come twice or come late on purpose: `duplicate`. */
  readonly fault?: string;
}

export interface InvocationEntry extends EntryBase {
  readonly type: 'invocation';
  readonly functionName: string;
  readonly requestId: string;
  readonly attempt: number;
  /** `dropped`: given up without an attempt. */
  readonly outcome: 'ok' | 'error' | 'timeout' | 'throttled' | 'dropped';
  /** Why it was not `ok`. */
  readonly reason?: string;
}

/** What was asked of the sandbox, what it delivered and what it ran, in order. */
export type JournalEntry = RequestEntry | DeliveryEntry | InvocationEntry;

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;
/** An entry before it is recorded. */
export type NewJournalEntry = DistributiveOmit<JournalEntry, 'seq' | 'at'>;

/** Append-only and bounded: the oldest entries are dropped beyond `capacity`. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #waiters = new Set<{ test: (e: JournalEntry) => boolean; resolve: (e: JournalEntry) => void }>();
  readonly #capacity: number;
  readonly #now: () => number;
  #seq = 0;

  constructor(options: { readonly now?: () => number; readonly capacity?: number } = {}) {
    this.#now = options.now ?? (() => systemClock.now());
    this.#capacity = options.capacity ?? 20_000;
  }

  record(entry: NewJournalEntry): void {
    const full = { ...entry, seq: ++this.#seq, at: this.#now() } as JournalEntry;
    this.#entries.push(full);
    // Trimmed in blocks: shifting one entry at a time would make every record O(capacity).
    if (this.#entries.length > this.#capacity * 1.5)
      this.#entries.splice(0, this.#entries.length - this.#capacity);
    for (const waiter of this.#waiters) {
      if (!waiter.test(full)) continue;
      this.#waiters.delete(waiter);
      waiter.resolve(full);
    }
  }

  entries(): readonly JournalEntry[] {
    return this.#entries;
  }

  /** The oldest `limit` entries whose `seq` is greater, those that are no longer kept aside. */
  after(seq: number, limit: number): readonly JournalEntry[] {
    // Numbers of kept entries have no gaps.
    const start = Math.max(0, seq + 1 - (this.#entries[0]?.seq ?? 0));
    return this.#entries.slice(start, start + limit);
  }

  /** The first entry, past or future, that passes the test. Rejects with the signal's reason. */
  waitFor(test: (entry: JournalEntry) => boolean, signal?: AbortSignal): Promise<JournalEntry> {
    const past = this.#entries.find(test);
    if (past) return Promise.resolve(past);
    return new Promise((resolve, reject) => {
      const waiter = {
        test,
        resolve(entry: JournalEntry) {
          signal?.removeEventListener('abort', onAbort);
          resolve(entry);
        },
      };
      const onAbort = () => {
        this.#waiters.delete(waiter);
        reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
      };
      if (signal?.aborted) {
        onAbort();
        return;
      }
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
    });
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
