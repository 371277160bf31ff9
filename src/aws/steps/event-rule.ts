import type { RuleState } from '@aws-sdk/client-eventbridge';
import { S3evtError } from '../../core/errors.ts';
import { EVENT_TARGET_ID } from '../../core/event-rule.ts';
import { valueOf } from '../../core/facts.ts';
import { isOurs, OWNER_TAG } from '../../core/names.ts';
import type { StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import type { Aws } from '../clients.ts';
import { readEventRule } from '../read-eventbridge.ts';
import { call } from './step-call.ts';

async function load(aws: Aws) {
  return Promise.all([aws.events(), import('@aws-sdk/client-eventbridge')]);
}

/**
 * PutRule replaces a rule of that name without asking. So one that appeared since the plan was made is looked for right before.
 * Throws OWNED_BY_OTHERS.
 */
export async function putEventRule(
  { rule, keeps }: Extract<StepAction, { kind: 'put-event-rule' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const existing = valueOf(await readEventRule(env.aws, rule.name));
  if (existing && !isOurs(existing.tags)) {
    throw new S3evtError('OWNED_BY_OTHERS', `somebody else made an event rule ${rule.name} meanwhile`, {
      hint: 'Choose another name: --event-rule NAME.',
    });
  }
  const [events, { PutRuleCommand }] = await load(env.aws);
  const command = new PutRuleCommand({
    Name: rule.name,
    EventPattern: rule.pattern,
    // Tags are taken at creation only; what is left out of an update becomes empty.
    ...(existing
      ? {
          ...(keeps?.state === undefined ? {} : { State: keeps.state as RuleState }),
          ...(keeps?.description === undefined ? {} : { Description: keeps.description }),
          ...(keeps?.roleArn === undefined ? {} : { RoleArn: keeps.roleArn }),
        }
      : {
          Description: `Events of bucket ${rule.bucket}`,
          Tags: [{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }],
        }),
  });
  return call(env, (options) => events.send(command, options), 'events:PutRule', rule.name);
}

export async function putEventTarget(
  { rule, target }: Extract<StepAction, { kind: 'put-event-target' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [events, { PutTargetsCommand }] = await load(env.aws);
  const command = new PutTargetsCommand({
    Rule: rule,
    Targets: [
      {
        Id: EVENT_TARGET_ID,
        Arn: target.arn,
        ...(target.messageGroupId === undefined
          ? {}
          : { SqsParameters: { MessageGroupId: target.messageGroupId } }),
      },
    ],
  });
  const action = 'events:PutTargets';
  const send = async (options: { abortSignal: AbortSignal }) => {
    const answer = await events.send(command, options);
    // A refused target is no error of the call.
    const [failed] = answer.FailedEntries ?? [];
    if (failed) {
      throw new S3evtError(
        'DESTINATION_REFUSED',
        `EventBridge refuses ${target.arn} as a target: ${failed.ErrorMessage ?? failed.ErrorCode ?? 'no reason given'}`,
      );
    }
  };
  return call(env, send, action, rule);
}

/** Our target and, unless others have theirs on it, the rule: one with targets cannot be deleted. */
export async function removeEventRule(
  { rule, withRule }: Extract<StepAction, { kind: 'remove-event-rule' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [events, { DeleteRuleCommand, RemoveTargetsCommand }] = await load(env.aws);
  const removal = new RemoveTargetsCommand({ Rule: rule, Ids: [EVENT_TARGET_ID] });
  const gone = 'ResourceNotFoundException';
  const removed = await call(
    env,
    (options) => events.send(removal, options),
    'events:RemoveTargets',
    rule,
    gone,
  );
  if (!withRule) return removed;
  const deletion = new DeleteRuleCommand({ Name: rule });
  return call(env, (options) => events.send(deletion, options), 'events:DeleteRule', rule, gone);
}
