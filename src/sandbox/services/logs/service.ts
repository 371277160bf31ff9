/** CloudWatch Logs of the sandbox. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { groupHandlers } from './groups.ts';
import { createLiveTail } from './live-tail.ts';
import type { LogsState } from './parameters.ts';
import { readHandlers, type ReadOptions } from './read-events.ts';
import { createLogStore, type LogLine } from './store.ts';
import { streamHandlers } from './streams.ts';

export interface LogsService {
  readonly handlers: Handlers<typeof Client>;
  /**
   * Writes lines as a service of AWS does (Lambda): group and stream come into being with the first line, and none of
   * PutLogEvents' limits apply. Timestamps are milliseconds since the epoch and may lie in the past (late ingestion);
   * the ingestion time is the clock's.
   */
  append(region: string, group: string, stream: string, lines: readonly LogLine[]): void;
  /** Forgets all groups and ends Live Tail sessions. */
  reset(): void;
}

export function createLogsService(env: SandboxEnv, options: Partial<ReadOptions> = {}): LogsService {
  const store = createLogStore(env);
  const state: LogsState = { env, store };
  const liveTail = createLiveTail(state);
  return {
    handlers: {
      ...groupHandlers(state),
      ...streamHandlers(state),
      ...readHandlers(state, { scannedEventsPerPage: options.scannedEventsPerPage ?? 10_000 }),
      ...liveTail.handlers,
    },
    append(region, groupName, streamName, lines) {
      const group = store.group(region, groupName) ?? store.createGroup(region, groupName, 'STANDARD');
      const stream = group.streams.get(streamName) ?? store.createStream(group, streamName);
      store.append(group, stream, lines);
    },
    reset() {
      store.reset();
      liveTail.reset();
    },
  };
}
