import type { Runtime } from '@aws-sdk/client-lambda';
import { S3evtError } from '../../core/errors.ts';
import { OWNER_TAG } from '../../core/names.ts';
import type { Step, StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { functionCode } from '../function-code.ts';
import { retry } from '../retry.ts';
import { call, waiting } from './step-call.ts';

/** IAM is eventually consistent: a role that was just made cannot be assumed for some 5 to 30 s. */
const ROLE_CEILING_MS = 60_000;
const ROLE_WAITS = [1_000, 1_000, 2_000, 2_000, 4_000] as const;

export async function createFunction(
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

export async function deleteFunction(name: string, env: ApplyEnvironment): Promise<StepOutcome> {
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
