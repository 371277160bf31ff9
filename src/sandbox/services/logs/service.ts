/** CloudWatch Logs of the sandbox. */
import type * as Client from '@aws-sdk/client-cloudwatch-logs';
import { parseArn } from '../../../core/arn.ts';
import { streamArn } from '../../access/actions/compute.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Faults } from '../../faults.ts';
import type { Handlers } from '../../wire/types.ts';
import { policyRefusal, type ServiceCaller } from '../service-access.ts';
import { groupHandlers } from './groups.ts';
import { createLiveTail } from './live-tail.ts';
import { createInsights } from './query-handlers.ts';
import type { LogsState } from './parameters.ts';
import { readHandlers, type ReadOptions } from './read-events.ts';
import { createResourcePolicies } from './resource-policies.ts';
import { createLogStore, type LogGroup, type LogLine } from './store.ts';
import { streamHandlers } from './streams.ts';

const EVENTS_STREAM = 'events';

/** Whether the writer may do it; `resource` is the ARN that the right is checked with. */
export type LogRights = (action: string, resource: string) => boolean;

export interface LogsService {
  readonly handlers: Handlers<typeof Client>;
  /**
   * Writes lines as a service of AWS does (Lambda): group and stream come into being with the first line, and none of
   * PutLogEvents' limits apply. Timestamps are milliseconds since the epoch and may lie in the past (late ingestion);
   * the ingestion time is the clock's. What `may` does not let happen (`logs:CreateLogGroup` and so on, on the ARN of the
   * group or stream) does not happen, and nobody is told.
   */
  append(region: string, group: string, stream: string, lines: readonly LogLine[], may?: LogRights): void;
  /**
   * Writes one line for another service to a group that exists, as far as resource policies let it; says why it cannot. The
   * stream's name is opaque on AWS.
   */
  put(logGroupArn: string, message: string, from: ServiceCaller): { readonly refused: string } | undefined;
  /** Forgets all groups and policies and ends Live Tail sessions. */
  reset(): void;
}

export function createLogsService(
  env: SandboxEnv,
  options: Partial<ReadOptions> & { readonly faults?: Pick<Faults, 'ingestionDelay'> } = {},
): LogsService {
  const { faults } = options;
  const store = createLogStore(env, (logGroup) => faults?.ingestionDelay(logGroup) ?? 0);
  const state: LogsState = { env, store };
  const liveTail = createLiveTail(state);
  const insights = createInsights(state);
  const policies = createResourcePolicies(state);

  /**
   * EventBridge makes a stream and writes to it. The documented policy admits two services, events.amazonaws.com and
   * delivery.logs.amazonaws.com, for both actions
   * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-cloudwatchlogs-permissions).
   * Policies that admit the first alone are known to work, policies for the second alone are not.
   */
  const refusalOf = (group: LogGroup, from: ServiceCaller): string | undefined => {
    const documents = policies.documentsFor(group);
    const resource = streamArn({ region: group.region, account: env.account }, group.name, EVENTS_STREAM);
    const calls = [
      // Whether this call names the rule is UNKNOWN; policies with a condition on it have the condition for the other action only.
      ['logs:CreateLogStream', { service: from.service }],
      ['logs:PutLogEvents', from],
    ] as const;
    for (const [action, caller] of calls) {
      const refused = policyRefusal(documents, caller, action, resource, env.clock.now());
      if (refused !== undefined)
        return `the log group does not admit ${from.service} (${action}): ${refused}`;
    }
    return undefined;
  };

  return {
    handlers: {
      ...groupHandlers(state),
      ...streamHandlers(state),
      ...readHandlers(state, { scannedEventsPerPage: options.scannedEventsPerPage ?? 10_000 }),
      ...liveTail.handlers,
      ...insights.handlers,
      ...policies.handlers,
    },
    append(region, groupName, streamName, lines, may = () => true) {
      const right = (action: string, name: string) =>
        may(`logs:${action}`, streamArn({ region, account: env.account }, groupName, name));
      let group = store.group(region, groupName);
      if (!group && right('CreateLogGroup', '')) group = store.createGroup(region, groupName, 'STANDARD');
      let stream = group?.streams.get(streamName);
      if (group && !stream && right('CreateLogStream', streamName))
        stream = store.createStream(group, streamName);
      if (group && stream && right('PutLogEvents', streamName)) store.append(group, stream, lines);
    },
    put(logGroupArn, message, from) {
      const arn = parseArn(logGroupArn);
      const group =
        arn && store.group(arn.region, arn.resource.replace(/^log-group:/, '').replace(/:\*$/, ''));
      if (!group) return { refused: `there is no log group ${logGroupArn}` };
      const refused = refusalOf(group, from);
      if (refused !== undefined) return { refused };
      const stream = group.streams.get(EVENTS_STREAM) ?? store.createStream(group, EVENTS_STREAM);
      store.append(group, stream, [{ timestamp: env.clock.now(), message }]);
      return undefined;
    },
    reset() {
      store.reset();
      liveTail.reset();
      insights.reset();
      policies.reset();
    },
  };
}
