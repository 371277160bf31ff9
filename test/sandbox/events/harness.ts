/** EventBridge with targets that take what they are told to take. */
import { createEventsService, type EventsService } from '../../../src/sandbox/services/events/service.ts';
import type { EventTargets, QueueMessageOptions } from '../../../src/sandbox/services/events/deliver.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION, type TestEnv } from '../logs/harness.ts';

export { ACCOUNT, REGION } from '../logs/harness.ts';

export const QUEUE_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT}:queue`;
export const FIFO_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT}:queue.fifo`;
export const DEAD_LETTER_ARN = `arn:aws:sqs:${REGION}:${ACCOUNT}:dead-letters`;
export const TOPIC_ARN = `arn:aws:sns:${REGION}:${ACCOUNT}:topic`;
export const FUNCTION_ARN = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:fn`;
export const LOG_GROUP_ARN = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:/aws/events/all`;

export interface Delivered {
  readonly arn: string;
  readonly text: string;
  readonly options?: unknown;
}

export interface TestEvents {
  readonly env: TestEnv;
  readonly service: EventsService;
  readonly call: ReturnType<typeof callerOf<EventsService['handlers']>>;
  /** In the order of delivery. */
  readonly delivered: Delivered[];
  /** Per ARN: why it refuses, or the error that it throws. */
  readonly refusals: Map<string, string | Error>;
  readonly refused: { ruleArn: string; targetArn: string; reason: string }[];
  /** A rule named `rule` for all events of source `app`, on the default bus, with the targets. */
  readonly withTargets: (...targets: ({ Id: string } & Record<string, unknown>)[]) => Promise<void>;
  /** One event of source `app`, and what reached the targets. */
  readonly send: (entry?: {
    Detail?: string;
    DetailType?: string;
    Resources?: string[];
  }) => Promise<readonly Delivered[]>;
}

export function createTestEvents(targets?: EventTargets): TestEvents {
  const env = createTestEnv();
  const delivered: Delivered[] = [];
  const refusals: TestEvents['refusals'] = new Map();
  const refused: TestEvents['refused'] = [];
  const take = (arn: string, text: string, options?: unknown) => {
    const refusal = refusals.get(arn);
    if (refusal instanceof Error) throw refusal;
    if (refusal !== undefined) return { refused: refusal };
    delivered.push({ arn, text, ...(options === undefined ? {} : { options }) });
    return undefined;
  };
  const service = createEventsService(
    env,
    targets ?? {
      sqs: { send: (arn, body, options: QueueMessageOptions) => take(arn, body, options) },
      sns: { publish: (arn, message, options) => take(arn, message, options) },
      lambda: { invokeAsync: (arn, payload, from) => take(arn, payload, { from }) },
      logs: { put: (arn, message, from) => take(arn, message, { from }) },
      onRefused: (refusal) => void refused.push(refusal),
    },
  );
  const call = callerOf(service.handlers);
  return {
    env,
    service,
    call,
    delivered,
    refusals,
    refused,
    async withTargets(...list) {
      await call('PutRule', { Name: 'rule', EventPattern: '{"source":["app"]}' });
      await call('PutTargets', { Rule: 'rule', Targets: list as never });
    },
    async send(entry = {}) {
      const before = delivered.length;
      await call('PutEvents', {
        Entries: [{ Source: 'app', DetailType: 'type', Detail: '{"a":1}', ...entry }],
      });
      await env.work.idle();
      return delivered.slice(before);
    },
  };
}
