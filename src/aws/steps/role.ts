import { OWNER_TAG } from '../../core/names.ts';
import type { StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { call } from './step-call.ts';

export async function createRole(role: string, trust: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [iam, { CreateRoleCommand }] = await Promise.all([env.aws.iam(), import('@aws-sdk/client-iam')]);
  const command = new CreateRoleCommand({
    RoleName: role,
    AssumeRolePolicyDocument: trust,
    Description: 'Execution role of a function that prints S3 events',
    Tags: [{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }],
  });
  return call(
    env,
    (options) => iam.send(command, options),
    'iam:CreateRole',
    role,
    'EntityAlreadyExistsException',
  );
}

export async function putRolePolicy(
  role: string,
  policy: string,
  document: string,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [iam, { PutRolePolicyCommand }] = await Promise.all([env.aws.iam(), import('@aws-sdk/client-iam')]);
  const command = new PutRolePolicyCommand({ RoleName: role, PolicyName: policy, PolicyDocument: document });
  return call(env, (options) => iam.send(command, options), 'iam:PutRolePolicy', role);
}

export async function deleteRole(
  role: string,
  inlinePolicies: readonly string[],
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [iam, { DeleteRoleCommand, DeleteRolePolicyCommand }] = await Promise.all([
    env.aws.iam(),
    import('@aws-sdk/client-iam'),
  ]);
  for (const policy of inlinePolicies) {
    const command = new DeleteRolePolicyCommand({ RoleName: role, PolicyName: policy });
    await call(
      env,
      (options) => iam.send(command, options),
      'iam:DeleteRolePolicy',
      role,
      'NoSuchEntityException',
    );
  }
  const command = new DeleteRoleCommand({ RoleName: role });
  return call(env, (options) => iam.send(command, options), 'iam:DeleteRole', role, 'NoSuchEntityException');
}
