/** Log events in the order in which they are read: by timestamp, then by arrival. */
export interface StoredEvent {
  /** Milliseconds since the epoch, as the writer said. */
  readonly timestamp: number;
  /** Milliseconds since the epoch of the sandbox's clock. */
  readonly ingestionTime: number;
  /** Order of arrival in the whole service: ingestion time, then request, then place in the request. */
  readonly seq: number;
  readonly stream: string;
  readonly message: string;
  /** Size as PutLogEvents counts it: UTF-8 bytes and 26 of overhead. */
  readonly bytes: number;
}

/** A place between events: those that sort below it lie before, those that sort equal or above lie after. */
export interface Position {
  readonly timestamp: number;
  readonly seq: number;
}

export const EVENT_OVERHEAD_BYTES = 26;

function sortsBefore(a: Position, b: Position): boolean {
  return a.timestamp < b.timestamp || (a.timestamp === b.timestamp && a.seq < b.seq);
}

/** Constant time for an event that is the newest so far; a late one is moved to its place. */
export function insertEvent(list: StoredEvent[], event: StoredEvent): void {
  const last = list.at(-1);
  if (last && sortsBefore(event, last)) list.splice(indexOfPosition(list, event), 0, event);
  else list.push(event);
}

/** Index of the first event at or after the position: binary search. */
export function indexOfPosition(list: readonly StoredEvent[], position: Position): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const event = list[middle];
    if (event && sortsBefore(event, position)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The position just after an event. */
export function after(event: Position): Position {
  return { timestamp: event.timestamp, seq: event.seq + 1 };
}

/**
 * 56 digits that sort like the position, as AWS's event ids do. The leading 3 is the one that AWS's carry; the
 * digits mean nothing to clients.
 */
export function positionDigits(position: Position): string {
  return `3${String(position.timestamp).padStart(16, '0')}${String(position.seq).padStart(39, '0')}`;
}

export function parsePositionDigits(digits: string): Position | undefined {
  const match = /^3(\d{16})(\d{39})$/.exec(digits);
  if (!match) return undefined;
  const position = { timestamp: Number(match[1]), seq: Number(match[2]) };
  return Number.isSafeInteger(position.timestamp) && Number.isSafeInteger(position.seq)
    ? position
    : undefined;
}
