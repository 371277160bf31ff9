/** Plans of `init` and `add` for EventBridge: the switch of the bucket, and a rule of the default bus with its target. */
import { parseArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import {
  MAX_PATTERN,
  eventPatternFor,
  eventRuleArn,
  EVENT_TARGET_ID,
  takesEventsOf,
  type EventSelection,
} from './event-rule.ts';
import { admitRule, type EventTargetFacts } from './event-target.ts';
import { valueOf, type EventRuleFacts, type Fact } from './facts.ts';
import { planBucket, type BucketInitFacts, type DesiredRules, type InitPlan } from './init-plan.ts';
import { isOurs } from './names.ts';
import { describeFilter, hasEventBridge } from './notification.ts';
import type { Step } from './plan.ts';
import type { Warning } from './progress.ts';
import { shellCommand } from './shell.ts';

export interface DesiredEventBridge extends DesiredRules {
  /** Undefined when only the bucket is to send its events there. */
  readonly eventRule: DesiredEventRule | undefined;
  /** ARN of what is to receive the rule's events. */
  readonly target: string | undefined;
  /** Whether the policy of a customer managed key may be changed. */
  readonly allowKey: boolean;
}

interface DesiredEventRule {
  readonly name: string;
  readonly selection: EventSelection;
  /** The call says nothing about events and keys: a rule of s3evt that is there stays what it is. */
  readonly keepsPattern: boolean;
}

export interface EventBridgeFacts extends BucketInitFacts {
  /** The rule of that name on the default bus. */
  readonly eventRule: Fact<EventRuleFacts>;
  readonly target: EventTargetFacts | undefined;
}

/** Pure. Throws S3evtError when what is wanted cannot be. */
export function planEventBridgeInit(desired: DesiredEventBridge, facts: EventBridgeFacts): InitPlan {
  const warnings: Warning[] = [];
  const steps: Step[] = [planBucket(desired, facts)];
  const after = ['bucket'];
  const { eventRule } = desired;
  const existing = eventRule && valueOf(facts.eventRule);
  if (eventRule) {
    const { name } = eventRule;
    steps.push(ruleStep(eventRule, existing, desired, warnings));
    after.push('event-rule');
    if (facts.target) {
      const arn = eventRuleArn(desired.partition, desired.region, desired.account, name);
      const admitting = admitRule(
        { name, arn, account: desired.account },
        facts.target,
        desired.allowKey,
        warnings,
      );
      const needs = ['event-rule', ...admitting.map(({ id }) => id)];
      steps.push(...admitting, targetStep(name, existing, desired, facts.target, needs));
      after.push('event-target');
    }
  }
  const { step, document } = switchStep(desired, facts, after);
  return {
    steps: [...steps, step],
    rules: [],
    document,
    destination: null,
    function: null,
    eventBridge: {
      enabled: true,
      rule: eventRule?.name ?? null,
      target: facts.target?.arn ?? ourTarget(existing),
    },
    awaitActive: false,
    warnings,
  };
}

function ourTarget(rule: EventRuleFacts | undefined): string | null {
  return rule?.targets.find(({ id }) => id === EVENT_TARGET_ID)?.arn ?? null;
}

/** The write of the document: EventBridge is added, all else goes back as it came. */
function switchStep(desired: DesiredEventBridge, facts: EventBridgeFacts, after: readonly string[]) {
  const before = valueOf(facts.bucket) ? (valueOf(facts.notification) ?? {}) : {};
  const isOn = hasEventBridge(before);
  const document = isOn ? before : { ...before, EventBridgeConfiguration: {} };
  const { bucket } = desired;
  const step: Step = {
    id: 'notification',
    title: isOn
      ? `Keep EventBridge on for ${bucket}`
      : `Turn EventBridge on for ${bucket}: every event goes to the default bus; rules of the bucket stay`,
    change: isOn ? 'none' : 'create',
    after,
    lookAfter: ['bucket'],
    action: { kind: 'put-notification', bucket, before, after: document },
  };
  return { step, document };
}

function ruleStep(
  wanted: DesiredEventRule,
  existing: EventRuleFacts | undefined,
  desired: DesiredEventBridge,
  warnings: Warning[],
): Step {
  const { name } = wanted;
  const { bucket } = desired;
  if (existing) refuseForeignRule(existing, desired);
  const kept = wanted.keepsPattern ? existing?.pattern : undefined;
  const pattern = kept ?? wantedPattern(wanted.selection, bucket, warnings);
  if (existing?.state === 'DISABLED') {
    const enable = shellCommand([
      ...'aws events enable-rule --name'.split(' '),
      name,
      ...(desired.flags?.aws ?? []),
    ]);
    warnings.push({
      code: 'EVENT_RULE_DISABLED',
      message: `event rule ${name} is disabled: it sends nothing until "${enable}"`,
    });
  }
  const { events, prefix, suffixes } = wanted.selection;
  const keys = suffixes.length === 0 ? [''] : suffixes;
  const what = `${events.join(', ')} ${keys.map((suffix) => describeFilter({ prefix, suffix })).join(' ')}`;
  const isSame = existing !== undefined && sameJson(existing.pattern, pattern);
  return {
    id: 'event-rule',
    title: isSame
      ? `Use event rule ${name} of the default bus`
      : existing
        ? `Change the pattern of event rule ${name} to ${what}`
        : `Create event rule ${name} on the default bus: ${what} of ${bucket}`,
    change: isSame ? 'none' : existing ? 'update' : 'create',
    after: [],
    action: {
      kind: 'put-event-rule',
      rule: { name, pattern, bucket },
      keeps: existing && {
        state: existing.state,
        description: existing.description,
        roleArn: existing.roleArn,
      },
    },
  };
}

function refuseForeignRule(existing: EventRuleFacts, { bucket, partition }: DesiredEventBridge): void {
  const { name } = existing;
  if (!isOurs(existing.tags)) {
    throw new S3evtError(
      'OWNED_BY_OTHERS',
      `the default event bus has a rule ${name} already, and s3evt did not make it`,
      { hint: 'Choose another name: --event-rule NAME.' },
    );
  }
  if (takesEventsOf(existing.pattern, bucket, partition)) return;
  throw new S3evtError('RULE_ID_TAKEN', `event rule ${name} takes the events of another bucket`, {
    hint: 'Choose another name: --event-rule NAME.',
  });
}

/** Throws INVALID_ARGUMENT. */
function wantedPattern(selection: EventSelection, bucket: string, warnings: Warning[]): string {
  const selected = eventPatternFor(bucket, selection);
  if (!selected) {
    throw new S3evtError(
      'INVALID_ARGUMENT',
      `S3 does not send ${selection.events.join(', ')} to EventBridge`,
      {
        hint: 'Send these events to a function, a queue or a topic.',
      },
    );
  }
  const { pattern, unsent } = selected;
  if (unsent.length > 0) {
    warnings.push({
      code: 'EVENTS_NOT_SENT',
      message: `S3 does not send ${unsent.join(', ')} to EventBridge: the rule goes without`,
    });
  }
  if (pattern.length > MAX_PATTERN) {
    throw new S3evtError(
      'INVALID_ARGUMENT',
      `the pattern of the event rule would have ${pattern.length} characters; EventBridge takes ${MAX_PATTERN}`,
      { hint: 'Give fewer suffixes or events, or shorter ones, and make a second rule for the rest.' },
    );
  }
  return pattern;
}

function sameJson(a: string | undefined, b: string): boolean {
  if (a === undefined) return false;
  return JSON.stringify(JSON.parse(a)) === JSON.stringify(JSON.parse(b));
}

function targetStep(
  rule: string,
  existing: EventRuleFacts | undefined,
  { bucket }: DesiredEventBridge,
  { arn }: EventTargetFacts,
  after: readonly string[],
): Step {
  const isThere = existing?.targets.some((target) => target.arn === arn) ?? false;
  const former = ourTarget(existing);
  const instead = former === null ? '' : ` instead of ${former}`;
  return {
    id: 'event-target',
    title: isThere
      ? `Keep ${arn} as a target of event rule ${rule}`
      : `Send what event rule ${rule} takes to ${arn}${instead}`,
    change: isThere ? 'none' : former === null ? 'create' : 'update',
    after,
    action: {
      kind: 'put-event-target',
      rule,
      target: {
        arn,
        // Events of one bucket stay in order. https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_SqsParameters.html
        messageGroupId: parseArn(arn)?.resource.endsWith('.fifo') === true ? bucket : undefined,
      },
    },
  };
}
