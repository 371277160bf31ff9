import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import type { Runtime } from '@aws-sdk/client-lambda';
import { S3evtError } from '../core/errors.ts';
import { OWNER_TAG } from '../core/names.ts';
import type { Permission, Step, StepAction, StepOutcome } from '../core/plan.ts';
import type { ApplyEnvironment } from './apply-plan.ts';
import { emptyAndDeleteBucket } from './delete-bucket.ts';
import { functionCode } from './function-code.ts';
import { retry } from './retry.ts';
import { lookAgain, putNotification } from './write-notification.ts';

/** The look at AWS just before a step: whether the world is still the one that the plan was made for. */
export async function look(action: StepAction, env: ApplyEnvironment): Promise<void> {
  if (action.kind === 'put-notification') await lookAgain(env.aws, { ...action, owner: env.account });
}

/** Does one step. `unchanged` when somebody else did the same a moment ago. Throws S3evtError. */
export async function execute(step: Step, env: ApplyEnvironment): Promise<StepOutcome> {
  const { action } = step;
  switch (action.kind) {
    case 'create-bucket':
      return createBucket(action.bucket, action.region, env);
    case 'create-log-group':
      return createLogGroup(action, env);
    case 'create-role':
      return createRole(action.role, action.trust, env);
    case 'put-role-policy':
      return putRolePolicy(action.role, action.policy, action.document, env);
    case 'create-function':
      return createFunction(step, action, env);
    case 'add-permission':
      if (action.replaces) await removePermission(action.permission, env);
      return addPermission(action.permission, env);
    case 'put-notification': {
      const save = () => env.saveBackup(action.bucket, action.before, action.after);
      const onWait = waiting(step, env, 60_000);
      await putNotification({ ...env, onWait }, { ...action, owner: env.account, save });
      return 'applied';
    }
    case 'remove-permission':
      return removePermission(action.permission, env);
    case 'delete-function':
      return deleteFunction(action.name, env);
    case 'delete-log-group':
      return deleteLogGroup(action.group, env);
    case 'delete-role':
      return deleteRole(action.role, action.inlinePolicies, env);
    case 'delete-bucket':
      await emptyAndDeleteBucket(env.aws, action.bucket, env.account, action.objects);
      return 'applied';
  }
}

function waiting(
  step: Step,
  env: ApplyEnvironment,
  ceilingMs: number,
): (why: string, elapsedMs: number) => void {
  return (why, elapsedMs) => {
    const detail = `${why}: ${Math.round(elapsedMs / 1_000)} s of at most ${ceilingMs / 1_000} s`;
    env.emit({ type: 'task', id: step.id, title: step.title, state: 'waiting', detail });
  };
}

/** `unless` names AWS's own error for "this is so already". */
async function call<T>(
  env: ApplyEnvironment,
  send: (options: { abortSignal: AbortSignal }) => Promise<T>,
  action: string,
  resource: string,
  unless?: string,
): Promise<StepOutcome> {
  try {
    await env.aws.call(send, { action, resource });
    return 'applied';
  } catch (error) {
    if (unless !== undefined && error instanceof S3evtError && error.aws?.name === unless) return 'unchanged';
    throw error;
  }
}

async function createBucket(bucket: string, region: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [s3, { CreateBucketCommand }] = await Promise.all([env.aws.s3(), import('@aws-sdk/client-s3')]);
  const command = new CreateBucketCommand({
    Bucket: bucket,
    CreateBucketConfiguration: {
      // us-east-1 refuses its own name as a constraint; the tag goes in with the creation, so that no killed run leaves it off.
      ...(region === 'us-east-1' ? {} : { LocationConstraint: region as BucketLocationConstraint }),
      Tags: [{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }],
    },
  });
  return call(
    env,
    (options) => s3.send(command, options),
    's3:CreateBucket',
    bucket,
    'BucketAlreadyOwnedByYou',
  );
}

async function createLogGroup(
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

async function createRole(role: string, trust: string, env: ApplyEnvironment): Promise<StepOutcome> {
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

async function putRolePolicy(
  role: string,
  policy: string,
  document: string,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [iam, { PutRolePolicyCommand }] = await Promise.all([env.aws.iam(), import('@aws-sdk/client-iam')]);
  const command = new PutRolePolicyCommand({ RoleName: role, PolicyName: policy, PolicyDocument: document });
  return call(env, (options) => iam.send(command, options), 'iam:PutRolePolicy', role);
}

/** IAM is eventually consistent: a role that was just made cannot be assumed for some 5 to 30 s. */
const ROLE_CEILING_MS = 60_000;
const ROLE_WAITS = [1_000, 1_000, 2_000, 2_000, 4_000] as const;

async function createFunction(
  step: Step,
  action: Extract<StepAction, { kind: 'create-function' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [lambda, { CreateFunctionCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const code = functionCode(action.runtime);
  const command = new CreateFunctionCommand({
    FunctionName: action.name,
    Description: 'Prints the S3 events it receives',
    Runtime: action.runtime as Runtime,
    Role: action.roleArn,
    Handler: code.handler,
    Code: { ZipFile: code.zip },
    Timeout: 10,
    MemorySize: 128,
    Tags: { [OWNER_TAG.key]: OWNER_TAG.value },
  });
  const onWait = waiting(step, env, ROLE_CEILING_MS);
  return retry(
    () =>
      call(
        env,
        (options) => lambda.send(command, options),
        'lambda:CreateFunction',
        action.name,
        'ResourceConflictException',
      ),
    {
      clock: env.clock,
      signal: env.signal,
      retries: isRoleNotReady,
      waits: ROLE_WAITS,
      ceilingMs: ROLE_CEILING_MS,
      onWait: (_error, elapsed) => onWait('Lambda cannot assume the new role yet', elapsed),
    },
  ).catch((error: unknown) => {
    throw isRoleNotReady(error) ? roleNotAssumable(action.roleArn, error) : error;
  });
}

/** Lambda says it in words only; the code is the one of every other bad parameter. */
function isRoleNotReady(error: unknown): error is S3evtError {
  return (
    error instanceof S3evtError &&
    /role defined for the function cannot be assumed by Lambda/i.test(error.message)
  );
}

function roleNotAssumable(role: string, cause: S3evtError): S3evtError {
  return new S3evtError(
    'ROLE_NOT_ASSUMABLE',
    `Lambda could not assume ${role} within ${ROLE_CEILING_MS / 1_000} s`,
    {
      hint: 'Check that its trust policy lets lambda.amazonaws.com do sts:AssumeRole; a new role needs up to a minute, so run the command again.',
      ...(cause.aws === undefined ? {} : { aws: cause.aws }),
      cause,
    },
  );
}

async function addPermission(permission: Permission, env: ApplyEnvironment): Promise<StepOutcome> {
  const [lambda, { AddPermissionCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const command = new AddPermissionCommand({
    FunctionName: permission.functionName,
    ...(permission.qualifier === undefined ? {} : { Qualifier: permission.qualifier }),
    StatementId: permission.statementId,
    Action: 'lambda:InvokeFunction',
    Principal: 's3.amazonaws.com',
    SourceArn: permission.sourceArn,
    // A bucket's ARN names no account: without this, whoever takes the name after a deletion could invoke the function.
    SourceAccount: permission.sourceAccount,
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

async function removePermission(permission: Statement, env: ApplyEnvironment): Promise<StepOutcome> {
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

async function deleteFunction(name: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [lambda, { DeleteFunctionCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const command = new DeleteFunctionCommand({ FunctionName: name });
  return call(
    env,
    (options) => lambda.send(command, options),
    'lambda:DeleteFunction',
    name,
    'ResourceNotFoundException',
  );
}

async function deleteLogGroup(group: string, env: ApplyEnvironment): Promise<StepOutcome> {
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

async function deleteRole(
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
