import { OWNER_TAG } from '../../core/names.ts';
import type { StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { call } from './step-call.ts';

export async function createLogGroup(
  { group, retentionDays, exists }: Extract<StepAction, { kind: 'create-log-group' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [logs, { CreateLogGroupCommand, PutRetentionPolicyCommand }] = await Promise.all([
    env.aws.logs(),
    import('@aws-sdk/client-cloudwatch-logs'),
  ]);
  const tags = { [OWNER_TAG.key]: OWNER_TAG.value };
  const create = new CreateLogGroupCommand({ logGroupName: group, tags });
  if (!exists) {
    const outcome = await call(
      env,
      (options) => logs.send(create, options),
      'logs:CreateLogGroup',
      group,
      'ResourceAlreadyExistsException',
    );
    if (outcome === 'unchanged') return outcome;
  }
  const retention = new PutRetentionPolicyCommand({ logGroupName: group, retentionInDays: retentionDays });
  return call(env, (options) => logs.send(retention, options), 'logs:PutRetentionPolicy', group);
}

export async function deleteLogGroup(group: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [logs, { DeleteLogGroupCommand }] = await Promise.all([
    env.aws.logs(),
    import('@aws-sdk/client-cloudwatch-logs'),
  ]);
  const command = new DeleteLogGroupCommand({ logGroupName: group });
  return call(
    env,
    (options) => logs.send(command, options),
    'logs:DeleteLogGroup',
    group,
    'ResourceNotFoundException',
  );
}
