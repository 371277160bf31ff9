import type { FunctionEventInvokeConfig } from '@aws-sdk/client-lambda';
import { S3evtError } from '../../core/errors.ts';
import { valueOf } from '../../core/facts.ts';
import type { FunctionDestination, Step, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { readEventInvokeConfig } from '../read-function-destination.ts';
import { retry } from '../retry.ts';
import { call, waiting } from './step-call.ts';

/** IAM is eventually consistent: what a role was just allowed is not seen at once. */
const CEILING_MS = 60_000;
const WAITS = [1_000, 1_000, 2_000, 2_000, 4_000] as const;

/**
 * PutFunctionEventInvokeConfig replaces everything and has no version check. So what is there is read right before, and goes back.
 * Throws S3evtError.
 */
export async function putOnFailure(
  step: Step,
  destination: FunctionDestination,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const { deadLetterArn, functionName, qualifier } = destination;
  const before = valueOf(await readEventInvokeConfig(env.aws, functionName, qualifier));
  const onWait = waiting(step, env, CEILING_MS);
  return retry(() => write(destination, { ...membersOf(before), onFailure: deadLetterArn }, env), {
    clock: env.clock,
    signal: env.signal,
    retries: isRoleNotSeen,
    waits: WAITS,
    ceilingMs: CEILING_MS,
    onWait: (_error, elapsed) => onWait('Lambda does not see the permission of the role yet', elapsed),
  }).catch((error: unknown) => {
    throw isRoleNotSeen(error) ? roleMayNot(destination, error) : error;
  });
}

/** Takes the destination away while it is ours; a configuration that says nothing else goes with it. */
export async function removeOnFailure(
  destination: FunctionDestination,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const { deadLetterArn, functionName, qualifier } = destination;
  const before = valueOf(await readEventInvokeConfig(env.aws, functionName, qualifier));
  const members = membersOf(before);
  if (members.onFailure !== deadLetterArn) return 'unchanged';
  const rest = { ...members, onFailure: undefined };
  if (Object.values(rest).some((value) => value !== undefined)) return write(destination, rest, env);
  const [lambda, { DeleteFunctionEventInvokeConfigCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const command = new DeleteFunctionEventInvokeConfigCommand(subject(destination));
  return call(
    env,
    (options) => lambda.send(command, options),
    'lambda:DeleteFunctionEventInvokeConfig',
    functionName,
    'ResourceNotFoundException',
  );
}

interface Members {
  readonly retries: number | undefined;
  readonly ageSeconds: number | undefined;
  readonly onSuccess: string | undefined;
  readonly onFailure: string | undefined;
}

function membersOf(config: FunctionEventInvokeConfig | undefined): Members {
  return {
    retries: config?.MaximumRetryAttempts,
    ageSeconds: config?.MaximumEventAgeInSeconds,
    onSuccess: config?.DestinationConfig?.OnSuccess?.Destination,
    onFailure: config?.DestinationConfig?.OnFailure?.Destination,
  };
}

function subject({ functionName, qualifier }: FunctionDestination) {
  return { FunctionName: functionName, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) };
}

async function write(
  destination: FunctionDestination,
  { retries, ageSeconds, onSuccess, onFailure }: Members,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [lambda, { PutFunctionEventInvokeConfigCommand }] = await Promise.all([
    env.aws.lambda(),
    import('@aws-sdk/client-lambda'),
  ]);
  const command = new PutFunctionEventInvokeConfigCommand({
    ...subject(destination),
    ...(retries === undefined ? {} : { MaximumRetryAttempts: retries }),
    ...(ageSeconds === undefined ? {} : { MaximumEventAgeInSeconds: ageSeconds }),
    DestinationConfig: {
      ...(onSuccess === undefined ? {} : { OnSuccess: { Destination: onSuccess } }),
      ...(onFailure === undefined ? {} : { OnFailure: { Destination: onFailure } }),
    },
  });
  const action = 'lambda:PutFunctionEventInvokeConfig';
  return call(env, (options) => lambda.send(command, options), action, destination.functionName);
}

/** Lambda says it in words only; the code is the one of every other bad parameter. */
function isRoleNotSeen(error: unknown): error is S3evtError {
  return (
    error instanceof S3evtError &&
    /execution role does not have permissions to call SendMessage/i.test(error.message)
  );
}

function roleMayNot({ functionName, deadLetterArn }: FunctionDestination, cause: S3evtError): S3evtError {
  const statement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: deadLetterArn };
  return new S3evtError(
    'DESTINATION_REFUSED',
    `the execution role of ${functionName} may not send to ${deadLetterArn}, so Lambda refuses it as a failure destination`,
    {
      hint: `Add this statement to a policy of the role, then run the command again: ${JSON.stringify(statement)}`,
      ...(cause.aws === undefined ? {} : { aws: cause.aws }),
      cause,
    },
  );
}
