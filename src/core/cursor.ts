/**
 * Where a tail of CloudWatch Logs stands. Events are ingested late and out of order, so asking from the newest timestamp on would
 * lose some: each round of FilterLogEvents asks again from a little earlier, and what was shown already is recognised by its id.
 * https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html
 */
export interface CursorOptions {
  /** How late an event may be ingested, in ms, and still be shown. */
  readonly overlapMs: number;
  /** Ids that are remembered at most; two or more. Events of one overlap beyond that narrow the window, see `createCursor`. */
  readonly maxIds: number;
  /** Nothing before it is asked for or accepted. Milliseconds since the epoch, like all times here. */
  readonly start: number;
}

export interface Cursor {
  /**
   * `startTime` of the next round: the newest time seen less the overlap, never before `start`. Call it once for each round, before
   * its first page: it also fixes what the round accepts, and forgets ids that can no longer come.
   */
  startTime(): number;
  /** Whether an event is new; it is then taken as shown. `now` is the current time. */
  accept(eventId: string, timestamp: number, now: number): boolean;
  /** Ids held in memory. */
  remembered(): number;
}

/**
 * A cursor over one log group.
 *
 * - No event is accepted twice, whatever the order and however often it comes.
 * - An event is accepted once if it comes while its time is not before the window. The window only moves forwards.
 * - Memory is bounded: when a round brings more than `maxIds` events, the one taken first is forgotten and the window is narrowed to
 *   begin after it. Late events from before that are lost; duplicates would be worse, they would make the count of events wrong.
 *   Pages come in the order of time, so it is the overlap that shrinks, not the new end that suffers.
 * - A log line may carry any time. One from the future counts as `now` for the window, so that it does not hide what comes next.
 *   Its id is kept until the window has passed it, in half of the room at most; when that is full, further ones wait: they are
 *   refused without being taken as shown, and come again in a later round.
 */
export function createCursor({ overlapMs, maxIds, start }: CursorOptions): Cursor {
  const seen = new Map<string, number>();
  const fromFuture = new Map<string, number>();
  let newest = Number.NEGATIVE_INFINITY;
  /** Events before it are refused. */
  let floor = start;

  /** Goes on where it was: each new iterator would first pass over all that has been deleted. */
  let oldest = seen.entries();
  /** What it gave last, while that is still kept. */
  let candidate: readonly [string, number] | undefined;

  /** Narrows the window by the id that has been kept longest. False when that would move the window past `now`. */
  function makeRoom(now: number): boolean {
    candidate ??= oldest.next().value;
    if (candidate === undefined || candidate[1] >= now) return false;
    const [id, timestamp] = candidate;
    candidate = undefined;
    seen.delete(id);
    floor = Math.max(floor, timestamp + 1);
    return true;
  }

  return {
    startTime() {
      floor = Math.max(floor, newest - overlapMs);
      for (const ids of [seen, fromFuture]) {
        for (const [id, timestamp] of ids) {
          if (timestamp < floor) ids.delete(id);
        }
      }
      oldest = seen.entries();
      candidate = undefined;
      return floor;
    },

    accept(eventId, timestamp, now) {
      if (!(timestamp >= floor) || seen.has(eventId) || fromFuture.has(eventId)) return false;
      const future = timestamp > now;
      if (future && fromFuture.size >= Math.floor(maxIds / 2)) return false;
      if (seen.size + fromFuture.size >= maxIds && !makeRoom(now)) return false;
      // The room may have been made by moving the window past this very event.
      if (timestamp < floor) return false;
      (future ? fromFuture : seen).set(eventId, timestamp);
      newest = Math.max(newest, Math.min(timestamp, now));
      return true;
    },

    remembered: () => seen.size + fromFuture.size,
  };
}
