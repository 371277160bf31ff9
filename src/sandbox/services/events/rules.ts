/** Rules: patterns on a bus, and whether they are enabled. */
import type * as Client from '@aws-sdk/client-eventbridge';
import {
  compileEventPattern,
  matchesEventPattern,
  MAX_EVENT_PATTERN_LENGTH,
  type EventPattern,
} from '../../../core/event-pattern.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { lengthWithin, oneOf } from '../constraints.ts';
import {
  addTags,
  checkParameters,
  limitExceeded,
  MAX_ARN_LENGTH,
  nameChecks,
  page,
  requireBus,
  requireRule,
  validation,
  type EventsState,
} from './parameters.ts';
import { isSchedule } from './schedule.ts';
import { byName, DEFAULT_BUS, type Rule, type RuleState } from './store.ts';

const STATES: readonly RuleState[] = ['ENABLED', 'DISABLED', 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS'];

/** Default quotas per account and Region (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-quota.html). */
const MAX_RULES_PER_BUS = 300;
const MAX_RULE_PATTERN_LENGTH = 2048;

type RuleHandlers = Pick<
  Handlers<typeof Client>,
  | 'PutRule'
  | 'DescribeRule'
  | 'ListRules'
  | 'DeleteRule'
  | 'EnableRule'
  | 'DisableRule'
  | 'ListRuleNamesByTarget'
  | 'TestEventPattern'
>;

export function ruleHandlers(state: EventsState): RuleHandlers {
  const { env, store } = state;

  const setState = (ctx: RequestContext, input: Partial<Client.EnableRuleRequest>, to: RuleState): void => {
    requireRule(requireBus(state, ctx, input.EventBusName), input.Name).state = to;
  };

  return {
    PutRule(input, ctx) {
      const { Name: name = '', EventPattern: text, Description: description, RoleArn: roleArn } = input;
      checkParameters(
        ...nameChecks(name, 'name'),
        lengthWithin(input.ScheduleExpression, 'scheduleExpression', 0, 256),
        lengthWithin(text, 'eventPattern', 0, MAX_EVENT_PATTERN_LENGTH),
        oneOf(input.State, 'state', STATES),
        lengthWithin(description, 'description', 0, 512),
        lengthWithin(roleArn, 'roleArn', 1, MAX_ARN_LENGTH),
      );
      const bus = requireBus(state, ctx, input.EventBusName);
      // Clients send an empty text for what they leave out.
      const [eventPattern, schedule] = [text || undefined, input.ScheduleExpression || undefined];
      if (schedule !== undefined && bus.name !== DEFAULT_BUS) {
        throw validation('ScheduleExpression is supported only on the default event bus.');
      }
      if (schedule !== undefined && !isSchedule(schedule)) {
        throw validation('Parameter ScheduleExpression is not valid.');
      }
      if (eventPattern === undefined && schedule === undefined) {
        throw validation('Parameter(s) EventPattern or ScheduleExpression must be specified.');
      }
      const pattern = eventPattern === undefined ? undefined : compile(eventPattern);
      // The quota is documented, the error UNKNOWN; this is the one of the other quotas.
      if (eventPattern !== undefined && eventPattern.length > MAX_RULE_PATTERN_LENGTH) throw limitExceeded();
      // Left out, each of these becomes empty again: AWS keeps no former value but the targets and tags.
      const definition = { eventPattern, pattern, schedule, description, roleArn };
      const ruleState = input.State ?? 'ENABLED';
      const existing = bus.rules.get(name);
      if (existing) {
        existing.definition = definition;
        existing.state = ruleState;
        return { RuleArn: existing.arn };
      }
      if (bus.rules.size >= MAX_RULES_PER_BUS) throw limitExceeded();
      const tags = new Map<string, string>();
      addTags(tags, input.Tags);
      return { RuleArn: store.createRule(bus, name, { definition, state: ruleState, tags }).arn };
    },

    DescribeRule(input, ctx) {
      const rule = requireRule(requireBus(state, ctx, input.EventBusName), input.Name);
      return { ...summary(rule), CreatedBy: env.account };
    },

    ListRules(input, ctx) {
      const prefix = input.NamePrefix ?? '';
      checkParameters(...nameChecks(input.NamePrefix, 'namePrefix'));
      const bus = requireBus(state, ctx, input.EventBusName);
      const all = byName([...bus.rules.values()].filter((rule) => rule.name.startsWith(prefix)));
      const { items, token } = page(
        state,
        'ListRules',
        `${bus.arn}/${prefix}`,
        all,
        (rule) => rule.name,
        input,
      );
      return { Rules: items.map(summary), ...token };
    },

    DeleteRule(input, ctx) {
      checkParameters(...nameChecks(input.Name, 'name'));
      const bus = requireBus(state, ctx, input.EventBusName);
      const rule = bus.rules.get(input.Name ?? '');
      // Deleting a rule that does not exist succeeds.
      if (!rule) return;
      if (rule.targets.size > 0) throw validation("Rule can't be deleted since it has targets.");
      bus.rules.delete(rule.name);
    },

    EnableRule: (input, ctx) => setState(ctx, input, 'ENABLED'),
    DisableRule: (input, ctx) => setState(ctx, input, 'DISABLED'),

    ListRuleNamesByTarget(input, ctx) {
      checkParameters(lengthWithin(input.TargetArn, 'targetArn', 1, MAX_ARN_LENGTH));
      const bus = requireBus(state, ctx, input.EventBusName);
      const all = byName(
        [...bus.rules.values()].filter((rule) =>
          [...rule.targets.values()].some((target) => target.Arn === input.TargetArn),
        ),
      ).map((rule) => rule.name);
      const scope = `${bus.arn}/${input.TargetArn ?? ''}`;
      const { items, token } = page(state, 'ListRuleNamesByTarget', scope, all, (name) => name, input);
      return { RuleNames: [...items], ...token };
    },

    TestEventPattern(input) {
      checkParameters(lengthWithin(input.EventPattern, 'eventPattern', 0, MAX_EVENT_PATTERN_LENGTH));
      const event = readEvent(input.Event ?? '');
      return { Result: matchesEventPattern(compile(input.EventPattern ?? ''), event) };
    },
  };
}

function compile(text: string): EventPattern {
  const result = compileEventPattern(text);
  if (result.ok) return result.pattern;
  throw new AwsError('InvalidEventPatternException', `Event pattern is not valid. Reason: ${result.reason}`);
}

const REQUIRED_FIELDS = ['id', 'account', 'source', 'time', 'region', 'detail-type'];

/** The documentation asks for `resources` too, yet AWS takes events without them (recorded). */
function readEvent(text: string): object {
  let event: unknown;
  try {
    event = JSON.parse(text);
  } catch {
    event = undefined;
  }
  const isComplete =
    typeof event === 'object' &&
    event !== null &&
    REQUIRED_FIELDS.every((field) => Object.hasOwn(event, field));
  if (!isComplete) throw validation('Parameter Event is not valid.');
  return event as object;
}

function summary(rule: Rule): Client.Rule {
  const { eventPattern, schedule, description, roleArn } = rule.definition;
  return {
    Name: rule.name,
    Arn: rule.arn,
    ...(eventPattern === undefined ? {} : { EventPattern: eventPattern }),
    ...(schedule === undefined ? {} : { ScheduleExpression: schedule }),
    State: rule.state,
    ...(description === undefined ? {} : { Description: description }),
    ...(roleArn === undefined ? {} : { RoleArn: roleArn }),
    EventBusName: rule.busName,
  };
}
