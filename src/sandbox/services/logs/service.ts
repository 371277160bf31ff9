/** CloudWatch Logs of the sandbox. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { groupHandlers } from './groups.ts';
import { createLiveTail } from './live-tail.ts';
import type { LogsState } from './parameters.ts';
import { readHandlers, type ReadOptions } from './read-events.ts';
import { createLogStore, type LogLine } from './store.ts';
import { streamHandlers } from './streams.ts';

const EVENTS_STREAM = 'events';

export interface LogsService {
  readonly handlers: Handlers<typeof Client>;
  /**
   * Writes lines as a service of AWS does (Lambda): group and stream come into being with the first line, and none of
   * PutLogEvents' limits apply. Timestamps are milliseconds since the epoch and may lie in the past (late ingestion);
   * the ingestion time is the clock's.
   */
  append(region: string, group: string, stream: string, lines: readonly LogLine[]): void;
  /** Writes one line for EventBridge to a group that exists; says why it cannot. The stream's name is opaque on AWS. */
  put(logGroupArn: string, message: string): { readonly refused: string } | undefined;
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
    put(logGroupArn, message) {
      const arn = parseArn(logGroupArn);
      const group =
        arn && store.group(arn.region, arn.resource.replace(/^log-group:/, '').replace(/:\*$/, ''));
      if (!group) return { refused: `there is no log group ${logGroupArn}` };
      const stream = group.streams.get(EVENTS_STREAM) ?? store.createStream(group, EVENTS_STREAM);
      store.append(group, stream, [{ timestamp: env.clock.now(), message }]);
      return undefined;
    },
    reset() {
      store.reset();
      liveTail.reset();
    },
  };
}
