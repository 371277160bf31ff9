/** Targets of rules. */
import type * as Client from '@aws-sdk/client-eventbridge';
import { parseArn } from '../../../core/arn.ts';
import type { Handlers } from '../../wire/types.ts';
import { lengthWithin, matches, valueWithin, type Check } from '../constraints.ts';
import { undefinedPlaceholder } from './input.ts';
import {
  checkParameters,
  limitExceeded,
  malformedArn,
  MAX_ARN_LENGTH,
  MAX_NAME_LENGTH,
  NAME_PATTERN,
  page,
  requireBus,
  requireRule,
  validation,
  type EventsState,
} from './parameters.ts';

const MAX_TARGETS_PER_RULE = 5;

type TargetHandlers = Pick<Handlers<typeof Client>, 'PutTargets' | 'RemoveTargets' | 'ListTargetsByRule'>;

export function targetHandlers(state: EventsState): TargetHandlers {
  return {
    PutTargets(input, ctx) {
      const added = input.Targets ?? [];
      checkParameters(
        lengthWithin(
          added.map((target) => target.Id),
          'targets',
          1,
          100,
        ),
        ...added.flatMap((target, index) => targetChecks(target, `targets.${index + 1}.member`)),
      );
      const rule = requireRule(requireBus(state, ctx, input.EventBusName), input.Rule, 'rule');
      for (const target of added) refuseUnusable(target);
      const targets = new Map(rule.targets);
      for (const target of added) targets.set(target.Id ?? '', target);
      if (targets.size > MAX_TARGETS_PER_RULE) throw limitExceeded();
      rule.targets.clear();
      for (const target of sorted([...targets.values()])) rule.targets.set(target.Id ?? '', target);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },

    /** That an id without a target is no failure is UNKNOWN; it is gone, as was asked. */
    RemoveTargets(input, ctx) {
      checkParameters(lengthWithin(input.Ids, 'ids', 1, 100));
      const rule = requireRule(requireBus(state, ctx, input.EventBusName), input.Rule, 'rule');
      for (const id of input.Ids ?? []) rule.targets.delete(id);
      return { FailedEntryCount: 0, FailedEntries: [] };
    },

    ListTargetsByRule(input, ctx) {
      const rule = requireRule(requireBus(state, ctx, input.EventBusName), input.Rule, 'rule');
      const all = [...rule.targets.values()];
      const { items, token } = page(
        state,
        'ListTargetsByRule',
        rule.arn,
        all,
        (target) => target.Id ?? '',
        input,
      );
      return { Targets: [...items], ...token };
    },
  };
}

function sorted(targets: readonly Client.Target[]): readonly Client.Target[] {
  return [...targets].sort((a, b) => ((a.Id ?? '') < (b.Id ?? '') ? -1 : 1));
}

function targetChecks(target: Client.Target, member: string): readonly Check[] {
  const { Id, Arn, InputTransformer: transformer, RetryPolicy: retry } = target;
  return [
    lengthWithin(Id, `${member}.id`, 1, MAX_NAME_LENGTH),
    Id === '' ? undefined : matches(Id, `${member}.id`, NAME_PATTERN),
    lengthWithin(Arn, `${member}.arn`, 1, MAX_ARN_LENGTH),
    lengthWithin(target.RoleArn, `${member}.roleArn`, 1, MAX_ARN_LENGTH),
    lengthWithin(target.Input, `${member}.input`, 0, 8192),
    lengthWithin(target.InputPath, `${member}.inputPath`, 0, 256),
    lengthWithin(transformer?.InputTemplate, `${member}.inputTransformer.inputTemplate`, 1, 8192),
    lengthWithin(target.DeadLetterConfig?.Arn, `${member}.deadLetterConfig.arn`, 1, MAX_ARN_LENGTH),
    valueWithin(retry?.MaximumRetryAttempts, `${member}.retryPolicy.maximumRetryAttempts`, 0, 185),
    valueWithin(
      retry?.MaximumEventAgeInSeconds,
      `${member}.retryPolicy.maximumEventAgeInSeconds`,
      60,
      86_400,
    ),
  ];
}

/** Whether the target exists and admits EventBridge shows only when an event is delivered, as on AWS. */
function refuseUnusable(target: Client.Target): void {
  const { Id: id = '', Arn: arn = '', Input: input, InputTransformer: transformer } = target;
  const parsed = parseArn(arn);
  if (!parsed) throw malformedArn(arn);
  const dlq = target.DeadLetterConfig?.Arn;
  if (dlq !== undefined && parseArn(dlq)?.service !== 'sqs') throw malformedArn(dlq);
  const ways = [input, target.InputPath, transformer].filter((way) => way !== undefined);
  if (ways.length > 1) {
    throw validation(`Only one of Input, InputPath, or InputTransformer must be provided for target ${id}.`);
  }
  // Second-hand text.
  if (parsed.service === 'sqs' && arn.endsWith('.fifo') && !target.SqsParameters) {
    throw validation(`Parameter(s) SqsParameters must be specified for target: ${id}.`);
  }
  if (input !== undefined && !isJson(input)) {
    // AWS goes on with what its JSON parser says.
    throw validation(`JSON syntax error in input for target ${id}`);
  }
  if (!transformer) return;
  const reserved = Object.keys(transformer.InputPathsMap ?? {}).find((name) => /^aws\./i.test(name));
  // The rule is the model's, the text UNKNOWN.
  if (reserved !== undefined)
    throw validation(`InputPathsMap for target ${id} contains reserved key ${reserved}.`);
  const placeholder = undefinedPlaceholder(transformer);
  if (placeholder !== undefined) {
    throw validation(`InputTemplate for target ${id} contains invalid placeholder ${placeholder}.`);
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
