/** Log groups, streams and events in memory, per region. No rules of the API here: the handlers know those. */
import { logGroupArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { Alarms } from '../../alarms.ts';
import { dropOldest, MAX_HELD_BYTES } from './event-cap.ts';
import { EVENT_OVERHEAD_BYTES, indexOfPosition, insertEvent, type StoredEvent } from './event-list.ts';

export interface LogLine {
  /** Milliseconds since the epoch. */
  readonly timestamp: number;
  readonly message: string;
}

export interface LogStream {
  readonly name: string;
  readonly createdAt: number;
  readonly events: StoredEvent[];
  lastIngestionTime: number | undefined;
}

export type LogGroupClass = 'STANDARD' | 'INFREQUENT_ACCESS' | 'ESSENTIALS' | 'DELIVERY';

export interface LogGroup {
  readonly name: string;
  readonly region: string;
  /** Without the trailing `:*`. */
  readonly arn: string;
  readonly createdAt: number;
  readonly logGroupClass: LogGroupClass;
  readonly tags: Map<string, string>;
  readonly streams: Map<string, LogStream>;
  /** Of all streams. */
  readonly events: StoredEvent[];
  retentionInDays: number | undefined;
}

type AppendListener = (group: LogGroup, events: readonly StoredEvent[]) => void;

export interface LogStore {
  group(region: string, name: string): LogGroup | undefined;
  /** By name. */
  groups(region: string): readonly LogGroup[];
  createGroup(region: string, name: string, logGroupClass: LogGroupClass): LogGroup;
  deleteGroup(group: LogGroup): void;
  createStream(group: LogGroup, name: string): LogStream;
  deleteStream(group: LogGroup, stream: LogStream): void;
  append(group: LogGroup, stream: LogStream, lines: readonly LogLine[]): void;
  /** Returns the function that ends the subscription. */
  onAppend(listener: AppendListener): () => void;
  reset(): void;
}

const DAY_MS = 86_400_000;

/** Events of a group older than this are gone for readers. Zero when the group keeps them for ever. */
export function expiryTime(group: LogGroup, now: number): number {
  const days = group.logGroupClass === 'DELIVERY' ? 1 : group.retentionInDays;
  return days === undefined ? 0 : now - days * DAY_MS;
}

/** The part of a list that is not expired, first and last event. */
export function unexpired(
  group: LogGroup,
  list: readonly StoredEvent[],
  now: number,
): { first?: StoredEvent; last?: StoredEvent } {
  const first = list[indexOfPosition(list, { timestamp: expiryTime(group, now), seq: 0 })];
  const last = list.at(-1);
  return first && last ? { first, last } : {};
}

/**
 * `ingestionDelay`: milliseconds until the lines of one batch appear, with the timestamps that they have. Beyond `maxBytes`
 * of events the oldest of the largest group are dropped.
 */
export function createLogStore(
  env: SandboxEnv,
  ingestionDelay: (logGroup: string) => number = () => 0,
  maxBytes = MAX_HELD_BYTES,
): LogStore {
  const regions = new Map<string, Map<string, LogGroup>>();
  const listeners = new Set<AppendListener>();
  let seq = 0;
  /** At least what is held: deleted groups are subtracted when it is counted again. */
  let heldBytes = 0;
  const alarms = new Alarms(env.clock);

  const ingest = (group: LogGroup, stream: LogStream, lines: readonly LogLine[]): void => {
    const ingestionTime = env.clock.now();
    const events = lines.map(({ timestamp, message }): StoredEvent => {
      const bytes = Buffer.byteLength(message) + EVENT_OVERHEAD_BYTES;
      const whole = Math.max(0, Math.trunc(timestamp));
      return { timestamp: whole, ingestionTime, seq: ++seq, stream: stream.name, message, bytes };
    });
    for (const event of events) {
      insertEvent(group.events, event);
      insertEvent(stream.events, event);
    }
    stream.lastIngestionTime = ingestionTime;
    for (const listener of listeners) listener(group, events);
    heldBytes += events.reduce((sum, { bytes }) => sum + bytes, 0);
    if (heldBytes > maxBytes) {
      heldBytes = dropOldest(
        [...regions.values()].flatMap((groups) => [...groups.values()]),
        maxBytes,
      );
    }
  };
  const isThere = (group: LogGroup, stream: LogStream): boolean =>
    regions.get(group.region)?.get(group.name) === group && group.streams.get(stream.name) === stream;

  return {
    group: (region, name) => regions.get(region)?.get(name),
    groups: (region) => [...(regions.get(region)?.values() ?? [])].sort((a, b) => (a.name < b.name ? -1 : 1)),
    createGroup(region, name, logGroupClass) {
      const group: LogGroup = {
        name,
        region,
        arn: logGroupArn('aws', region, env.account, name),
        createdAt: env.clock.now(),
        logGroupClass,
        tags: new Map(),
        streams: new Map(),
        events: [],
        retentionInDays: undefined,
      };
      const groups = regions.get(region) ?? new Map<string, LogGroup>();
      regions.set(region, groups.set(name, group));
      return group;
    },
    deleteGroup: (group) => void regions.get(group.region)?.delete(group.name),
    createStream(group, name) {
      const stream: LogStream = {
        name,
        createdAt: env.clock.now(),
        events: [],
        lastIngestionTime: undefined,
      };
      group.streams.set(name, stream);
      return stream;
    },
    deleteStream(group, stream) {
      group.streams.delete(stream.name);
      const kept = group.events.filter((event) => event.stream !== stream.name);
      group.events.length = 0;
      for (const event of kept) group.events.push(event);
    },
    append(group, stream, lines) {
      if (lines.length === 0) return;
      const delayMs = ingestionDelay(group.name);
      if (delayMs === 0) {
        ingest(group, stream, lines);
        return;
      }
      alarms.set(env.clock.now() + delayMs, () => {
        if (isThere(group, stream)) ingest(group, stream, lines);
      });
    },
    onAppend(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    reset() {
      regions.clear();
      alarms.clear();
    },
  };
}
