/** What was asked of the sandbox and what it delivered, in order. Tests and `--debug` read it. */
export type JournalEntry =
  | {
      readonly type: 'request';
      readonly seq: number;
      readonly service: string;
      readonly operation: string;
      readonly status: number;
      /** Error code of a refused request. */
      readonly errorCode?: string;
      readonly requestId: string;
      /** Milliseconds of the monotonic clock. */
      readonly startedAt: number;
      readonly endedAt: number;
    }
  | {
      readonly type: 'delivery';
      readonly seq: number;
      readonly bucket: string;
      readonly key: string;
      readonly eventName: string;
      readonly configurationId: string;
      readonly destination: string;
      readonly outcome: 'delivered' | 'refused';
      readonly reason?: string;
    }
  | {
      readonly type: 'invocation';
      readonly seq: number;
      readonly functionName: string;
      readonly requestId: string;
      readonly attempt: number;
      readonly outcome: 'ok' | 'error' | 'timeout' | 'throttled';
    };

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

/** Append-only and bounded: the oldest entries are dropped beyond `capacity`. */
export class Journal {
  readonly #entries: JournalEntry[] = [];
  readonly #waiters = new Set<{ test: (e: JournalEntry) => boolean; resolve: (e: JournalEntry) => void }>();
  readonly #capacity: number;
  #seq = 0;

  constructor(capacity = 20_000) {
    this.#capacity = capacity;
  }

  record(entry: DistributiveOmit<JournalEntry, 'seq'>): void {
    const full = { ...entry, seq: ++this.#seq } as JournalEntry;
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

  /** The first entry, past or future, that passes the test. */
  waitFor(test: (entry: JournalEntry) => boolean): Promise<JournalEntry> {
    const past = this.#entries.find(test);
    if (past) return Promise.resolve(past);
    return new Promise((resolve) => this.#waiters.add({ test, resolve }));
  }

  clear(): void {
    this.#entries.length = 0;
  }
}
