import type { Permission, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { call } from './step-call.ts';

export async function addPermission(permission: Permission, env: ApplyEnvironment): Promise<StepOutcome> {
  const [lambda, { AddPermissionCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const command = new AddPermissionCommand({
    FunctionName: permission.functionName,
    ...(permission.qualifier === undefined ? {} : { Qualifier: permission.qualifier }),
    StatementId: permission.statementId,
    Action: 'lambda:InvokeFunction',
    Principal: permission.principal,
    SourceArn: permission.sourceArn,
    // A bucket's ARN names no account: without this, whoever takes the name after a deletion could invoke the function.
    ...(permission.sourceAccount === undefined ? {} : { SourceAccount: permission.sourceAccount }),
  });
  return call(
    env,
    (options) => lambda.send(command, options),
    'lambda:AddPermission',
    permission.functionName,
    'ResourceConflictException',
  );
}

type Statement = Pick<Permission, 'functionName' | 'qualifier' | 'statementId'>;

export async function removePermission(permission: Statement, env: ApplyEnvironment): Promise<StepOutcome> {
  const [lambda, { RemovePermissionCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const command = new RemovePermissionCommand({
    FunctionName: permission.functionName,
    ...(permission.qualifier === undefined ? {} : { Qualifier: permission.qualifier }),
    StatementId: permission.statementId,
  });
  return call(
    env,
    (options) => lambda.send(command, options),
    'lambda:RemovePermission',
    permission.functionName,
    'ResourceNotFoundException',
  );
}
