/** Logs are held in memory: a function that prints without end must not end the sandbox. */
import { indexOfPosition } from './event-list.ts';
import type { LogGroup } from './store.ts';

/** Of all events of a sandbox, counted as PutLogEvents does. */
export const MAX_HELD_BYTES = 256 * 1_048_576;

/** Dropped in blocks, down to this part of the limit: moving what is left takes time. */
const KEPT_PART = 0.75;

/** Drops the oldest events of the largest group, and so on, when the groups hold more. Returns the bytes held then. */
export function dropOldest(groups: readonly LogGroup[], maxBytes: number): number {
  const sizes = groups.map((group) => ({
    group,
    bytes: group.events.reduce((sum, event) => sum + event.bytes, 0),
  }));
  let held = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  if (held <= maxBytes) return held;
  sizes.sort((a, b) => b.bytes - a.bytes);
  for (const { group } of sizes) {
    let dropped = 0;
    for (; held > maxBytes * KEPT_PART && dropped < group.events.length; dropped++) {
      held -= group.events[dropped]?.bytes ?? 0;
    }
    group.events.splice(0, dropped);
    const first = group.events[0];
    for (const { events } of group.streams.values()) {
      events.splice(0, first ? indexOfPosition(events, first) : events.length);
    }
  }
  return held;
}
