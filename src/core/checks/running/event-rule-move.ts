/** The calls that make a rule of another bus anew on the default bus. */
import { parseArn } from '../../arn.ts';
import type { Look } from '../../doctor/check.ts';
import type { EventRuleNode, TargetNode } from '../../doctor/facts.ts';
import type { Fix, FixAction } from '../../doctor/finding.ts';
import { addPermission, ask, call } from '../../doctor/fixes.ts';
import type { Sender } from '../../doctor/admission.ts';
import { valueOf } from '../../doctor/reading.ts';
import { kindOf } from '../../doctor/routes.ts';
import { admitSenders } from '../permission/whole-policy.ts';
import { isDefaultBus } from './s3-patterns.ts';

/**
 * Undefined when it cannot be done from what is known: a target that rewrites the event, or one that is no function, queue or topic
 * here, or a rule of that name that is there already.
 */
export function movedToDefaultBus(
  look: Look,
  rule: EventRuleNode,
  rules: readonly EventRuleNode[],
): Fix | undefined {
  const { name, arn, pattern } = rule;
  const place = parseArn(arn);
  const targets = valueOf(rule.targets);
  if (!place || !targets || pattern === undefined) return undefined;
  if (rules.some((one) => isDefaultBus(one) && one.name === name)) return undefined;
  const { partition, region, account } = place;
  const sender: Sender = {
    service: 'events.amazonaws.com',
    sourceArn: `arn:${partition}:events:${region}:${account}:rule/${name}`,
    sourceAccount: undefined,
  };
  const permissions = targets.map((target) =>
    target.rewritten ? undefined : admitted(look, target, sender),
  );
  if (!permissions.every((one) => one !== undefined)) return undefined;
  return {
    ...ask(
      call('events', 'PutRule', { Name: name, EventPattern: pattern, State: 'ENABLED' }),
      ...permissions,
      call('events', 'PutTargets', { Rule: name, Targets: targets.map(targetInput) }),
    ),
    advice: 'The rule on the other bus stays; remove it when the new one works.',
  };
}

function admitted(look: Look, { arn }: TargetNode, sender: Sender): FixAction | undefined {
  const fn = look.facts.functions[arn];
  return fn
    ? addPermission(fn, sender, valueOf(look.facts.identity)?.account)
    : admitSenders(look, { kind: kindOf(arn), arn }, sender);
}

function targetInput(target: TargetNode): Readonly<Record<string, unknown>> {
  const { id, arn, roleArn, deadLetterArn, retries, maximumAgeSeconds, messageGroupId } = target;
  const policy = {
    ...(retries === undefined ? {} : { MaximumRetryAttempts: retries }),
    ...(maximumAgeSeconds === undefined ? {} : { MaximumEventAgeInSeconds: maximumAgeSeconds }),
  };
  return {
    Id: id,
    Arn: arn,
    ...(roleArn === undefined ? {} : { RoleArn: roleArn }),
    ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { Arn: deadLetterArn } }),
    ...(Object.keys(policy).length === 0 ? {} : { RetryPolicy: policy }),
    ...(messageGroupId === undefined ? {} : { SqsParameters: { MessageGroupId: messageGroupId } }),
  };
}
