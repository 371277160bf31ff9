/** From an event on a bus to the targets of the rules that match it. */
import type { Target } from '@aws-sdk/client-eventbridge';
import { parseArn } from '../../../core/arn.ts';
import { matchesEventPattern } from '../../../core/event-pattern.ts';
import { eventBridgeName } from '../../../core/eventbridge-name.ts';
import type { EventBridgeEvent } from '../../delivery/eventbridge-event.ts';
import type { SandboxEnv } from '../../env.ts';
import { targetInput, type Dispatch } from './input.ts';
import { countRule } from './metrics.ts';
import type { EventBus, Rule } from './store.ts';

/** EventBridge as its targets see it. `sourceArn` is the rule's, which resource policies name as aws:SourceArn. */
export interface EventsCaller {
  readonly service: 'events.amazonaws.com';
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

export type Refusal = { readonly refused: string } | undefined;

export interface QueueMessageOptions {
  readonly from: EventsCaller;
  readonly groupId?: string | undefined;
  /** Message attributes: a dead-letter message says in them where it comes from. */
  readonly attributes?: Readonly<Record<string, { readonly DataType: string; readonly StringValue: string }>>;
}

/** Who receives events. A service that is left out refuses all. Each one checks its resource policy. */
export interface EventTargets {
  readonly sqs?: { send(queueArn: string, body: string, options: QueueMessageOptions): Refusal };
  readonly sns?: { publish(topicArn: string, message: string, options: { from: EventsCaller }): Refusal };
  readonly lambda?: { invokeAsync(functionArn: string, payload: string, from: EventsCaller): Refusal };
  readonly logs?: { put(logGroupArn: string, message: string, from: EventsCaller): Refusal };
  /** Buses of other accounts. `roleArn` is the target's. */
  readonly buses?: { receive(busArn: string, event: EventBridgeEvent, roleArn: string | undefined): Refusal };
  /** Told of every delivery that failed, and of dead letters that did. */
  readonly onRefused?: (refusal: {
    readonly ruleArn: string;
    readonly targetArn: string;
    readonly reason: string;
  }) => void;
}

export interface EventDelivery {
  /** Matches now, delivers in the next turn of the event loop: the answer to the request goes out first. */
  publish(bus: EventBus, event: EventBridgeEvent, options?: { readonly isForwarded: boolean }): void;
  /** Drops what is not delivered yet. */
  reset(): void;
}

/** `busOf` finds a bus by its ARN. */
export function createEventDelivery(
  env: SandboxEnv,
  targets: EventTargets,
  busOf: (arn: string) => EventBus | undefined,
): EventDelivery {
  let generation = 0;

  /**
   * To a bus of any Region and account; an event that came from another bus is not sent on to a third
   * (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html). It keeps its account, Region and time; its
   * id is a new one (recorded).
   */
  const forward: Forward = (target, { event, isForwarded }) => {
    const { Arn: busArn = '', RoleArn: roleArn } = target;
    const isOwn = parseArn(busArn)?.account === env.account;
    const bus = busOf(busArn);
    if (isOwn && !bus) return { refused: `there is no event bus ${busArn}` };
    if (isForwarded) return { refused: 'an event that came from another bus is not sent on to a third' };
    const forwarded = { ...event, id: env.ids.uuid() };
    if (!bus) {
      return targets.buses
        ? targets.buses.receive(busArn, forwarded, roleArn)
        : { refused: 'the sandbox does not deliver to buses of other accounts' };
    }
    delivery.publish(bus, forwarded, { isForwarded: true });
    return undefined;
  };

  const deliver = (rule: Rule, target: Target, dispatch: Dispatch): void => {
    const targetArn = target.Arn ?? '';
    const from: EventsCaller = {
      service: 'events.amazonaws.com',
      sourceArn: rule.arn,
      sourceAccount: env.account,
    };
    const failure = attempt(targets, forward, target, dispatch, from);
    record(env, rule, targetArn, dispatch.event, failure?.message);
    countRule(env, rule, 'Invocations');
    if (!failure) return;
    countRule(env, rule, 'FailedInvocations');
    const refused = (arn: string, reason: string) =>
      targets.onRefused?.({ ruleArn: rule.arn, targetArn: arn, reason });
    refused(targetArn, failure.message);
    const deadLetterArn = target.DeadLetterConfig?.Arn;
    if (deadLetterArn === undefined) return;
    const lost = guarded(() => sendDeadLetter(targets, deadLetterArn, targetArn, dispatch, from, failure));
    countRule(env, rule, lost ? 'InvocationsFailedToBeSentToDlq' : 'InvocationsSentToDlq');
    if (lost) refused(deadLetterArn, lost.refused);
  };

  const delivery: EventDelivery = {
    publish(bus, event, { isForwarded } = { isForwarded: false }) {
      const matching = [...bus.rules.values()].filter(
        (rule) =>
          // CloudTrail's management events are no events of the sandbox: both states of an enabled rule are alike.
          rule.state !== 'DISABLED' &&
          rule.definition.pattern !== undefined &&
          matchesEventPattern(rule.definition.pattern, event),
      );
      if (matching.length === 0) return;
      const json = JSON.stringify(event);
      const receivedAt = env.clock.now();
      const began = generation;
      for (const rule of matching) {
        countRule(env, rule, 'MatchedEvents');
        countRule(env, rule, 'TriggeredRules');
        const dispatch: Dispatch = {
          event,
          json,
          ruleArn: rule.arn,
          ruleName: rule.name,
          receivedAt,
          isForwarded,
        };
        for (const target of rule.targets.values()) {
          const task = nextTurn().then(() => {
            if (began === generation) deliver(rule, target, dispatch);
          });
          void env.work.track(task);
        }
      }
    },
    reset() {
      generation++;
    },
  };
  return delivery;
}

type Forward = (target: Target, dispatch: Dispatch) => Refusal;

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

interface Failure {
  readonly code: string;
  readonly message: string;
}

/**
 * One attempt, and no other: what targets of the sandbox refuse lacks a permission or does not exist, which AWS does not
 * retry either (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html).
 */
function attempt(
  targets: EventTargets,
  forward: Forward,
  target: Target,
  dispatch: Dispatch,
  from: EventsCaller,
): Failure | undefined {
  const { Arn: arn = '' } = target;
  const isBus = /^arn:[^:]+:events:[^:]*:\d{12}:event-bus\//.test(arn);
  const input = targetInput(target, dispatch);
  if (!input.ok) return { code: 'INVALID_JSON', message: input.reason };
  const refusal = guarded(() =>
    isBus ? forward(target, dispatch) : hand(targets, target, input.text, from),
  );
  if (!refusal) return undefined;
  // A documented code each; that AWS tells them apart like this is UNKNOWN.
  const isMissing = /\b(?:does not exist|there is no)\b/i.test(refusal.refused);
  return { code: isMissing ? 'NO_RESOURCE' : 'NO_PERMISSIONS', message: refusal.refused };
}

/** A delivery runs outside of any request: what it throws would end the process. */
function guarded(task: () => Refusal): Refusal {
  try {
    return task();
  } catch (error) {
    return { refused: error instanceof Error ? error.message : String(error) };
  }
}

function hand(targets: EventTargets, target: Target, text: string, from: EventsCaller): Refusal {
  const { Arn: arn = '' } = target;
  const service = parseArn(arn)?.service ?? '';
  const absent: Refusal = { refused: `the sandbox does not deliver to ${service} targets` };
  switch (service) {
    case 'sqs': {
      const groupId = target.SqsParameters?.MessageGroupId;
      if (!targets.sqs) return absent;
      return targets.sqs.send(arn, text, { from, ...(groupId === undefined ? {} : { groupId }) });
    }
    case 'sns':
      return targets.sns ? targets.sns.publish(arn, text, { from }) : absent;
    case 'lambda':
      return targets.lambda ? targets.lambda.invokeAsync(arn, text, from) : absent;
    case 'logs':
      return targets.logs ? targets.logs.put(arn.replace(/:\*$/, ''), logLine(target, text), from) : absent;
    default:
      return absent;
  }
}

/** A template for a log group is `{"timestamp": …, "message": …}`, of which the message is the line. */
function logLine(target: Target, text: string): string {
  if (!target.InputTransformer) return text;
  try {
    const line = (JSON.parse(text) as { message?: unknown } | null)?.message;
    return typeof line === 'string' ? line : text;
  } catch {
    return text;
  }
}

/** The event as it came, and in its attributes what became of it. */
function sendDeadLetter(
  targets: EventTargets,
  queueArn: string,
  targetArn: string,
  dispatch: Dispatch,
  from: EventsCaller,
  failure: Failure,
): Refusal {
  if (!targets.sqs) return { refused: 'the sandbox does not deliver to sqs targets' };
  const text = (value: string) => ({ DataType: 'String', StringValue: value });
  return targets.sqs.send(queueArn, dispatch.json, {
    from,
    attributes: {
      RULE_ARN: text(dispatch.ruleArn),
      TARGET_ARN: text(targetArn),
      ERROR_CODE: text(failure.code),
      ERROR_MESSAGE: text(failure.message),
    },
  });
}

/** For events of S3 with the bucket, key and name that its notifications have. */
function record(
  env: SandboxEnv,
  rule: Rule,
  destination: string,
  { source, 'detail-type': detailType, detail }: EventBridgeEvent,
  reason: string | undefined,
): void {
  const isS3 = source === 'aws.s3';
  const { bucket, object } = detail as { bucket?: { name?: string }; object?: { key?: string } };
  env.journal.record({
    type: 'delivery',
    via: 'eventbridge',
    ...(isS3 && { bucket: bucket?.name ?? '', key: object?.key ?? '' }),
    eventName: isS3 ? eventBridgeName(detailType, detail['reason'], detail['deletion-type']) : detailType,
    configurationId: rule.name,
    destination,
    ...(reason === undefined ? { outcome: 'delivered' } : { outcome: 'refused', reason }),
  });
}
