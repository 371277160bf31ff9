import { callerIdentity } from '../aws/identity.ts';
import { readEventInvokeConfig, readMaySend } from '../aws/read-function-destination.ts';
import { readQueue } from '../aws/read-destinations.ts';
import { readFunction, readRole } from '../aws/read-facts.ts';
import { parseArn, queueArn } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import { valueOf } from '../core/facts.ts';
import {
  withFunctionDeadLetter,
  withQueueDeadLetter,
  type DeadLetterQueue,
  type ExecutionRole,
} from '../core/init-dead-letter.ts';
import type { InitPlan } from '../core/init-plan.ts';
import type { Context } from './context.ts';
import { expectedCaller, readAsCaller } from './expected-caller.ts';
import type { InitAnswers, InitInput, WantedDestination } from './init.ts';
import { destinationFault, functionReference } from './init-checks.ts';

/** Refuses --dead-letter where S3's events know none, or by a name that no queue has. Throws USAGE or INVALID_ARGUMENT. */
export function refuseDeadLetter(
  { deadLetter }: Pick<InitInput, 'deadLetter'>,
  destination: WantedDestination,
): void {
  if (deadLetter === undefined) return;
  if (destination.kind === 'sns') {
    throw new S3evtError(
      'USAGE',
      '--dead-letter does not go with a topic: each of its subscriptions has its own',
      {
        hint: 'Give the subscription one: aws sns set-subscription-attributes --attribute-name RedrivePolicy.',
      },
    );
  }
  if (destination.kind === 'eventbridge') {
    throw new S3evtError(
      'USAGE',
      '--dead-letter does not go with EventBridge: each target of a rule has its own',
      {
        hint: 'Give the target one: DeadLetterConfig of "aws events put-targets".',
      },
    );
  }
  if (deadLetter === true) return;
  const fault = destinationFault({ kind: 'sqs', reference: deadLetter });
  if (fault !== undefined) throw new S3evtError('INVALID_ARGUMENT', `--dead-letter: ${fault}`);
  if (!deadLetter.endsWith('.fifo')) return;
  throw new S3evtError('INVALID_ARGUMENT', `--dead-letter: "${deadLetter}" is a FIFO queue`, {
    hint: 'A standard queue and a function need a standard one.',
  });
}

/** Puts the dead-letter queue into a plan. */
type DeadLetterPlanner = (plan: InitPlan) => InitPlan;

/**
 * Reads what --dead-letter needs beside the rest; what it returns decides, and throws S3evtError when what is wanted cannot be. One round
 * trip where the account is known, else two; one more for the role of a function that is there.
 */
export async function readDeadLetter(
  input: InitInput,
  { bucket, destination }: Pick<InitAnswers, 'bucket' | 'destination'>,
  ctx: Context,
): Promise<DeadLetterPlanner> {
  const { deadLetter } = input;
  if (deadLetter === undefined) return (plan) => plan;
  const reference = deadLetter === true ? defaultName(destination) : deadLetter;
  const [expected, target] = await Promise.all([expectedCaller(bucket, ctx), ctx.aws.target()]);
  return readAsCaller(expected, callerIdentity(ctx.aws), async (caller): Promise<DeadLetterPlanner> => {
    const byName = !reference.startsWith('arn:');
    const inAccount = (name: string) => queueArn(caller.partition, target.region.value, caller.account, name);
    const arn = byName ? inAccount(reference) : reference;
    refuseQueueElsewhere(arn, caller.account, target.region.value);
    const named = { arn, mayCreate: byName };
    if (destination.kind !== 'sqs') return readForFunction(named, destination, input.roleArn, ctx);
    const own = destination.reference;
    const [queue, source] = await Promise.all([
      readQueue(ctx.aws, arn),
      readQueue(ctx.aws, own.startsWith('arn:') ? own : inAccount(own)),
    ]);
    return (plan) => withQueueDeadLetter(plan, { ...named, queue, present: valueOf(source)?.deadLetterArn });
  });
}

async function readForFunction(
  named: Omit<DeadLetterQueue, 'queue'>,
  destination: WantedDestination,
  givenRole: string | undefined,
  ctx: Context,
): Promise<DeadLetterPlanner> {
  const { aws } = ctx;
  const { name, qualifier } = functionReference(destination.reference);
  const readRoleOf = async () => {
    const roleArn = valueOf(await readFunction(aws, name))?.roleArn ?? givenRole;
    return roleArn === undefined ? undefined : readExecutionRole(roleArn, named.arn, ctx);
  };
  const [queue, role, config] = await Promise.all([
    readQueue(aws, named.arn),
    readRoleOf(),
    readEventInvokeConfig(aws, name, qualifier),
  ]);
  const present = valueOf(config)?.DestinationConfig?.OnFailure?.Destination;
  return (plan) =>
    withFunctionDeadLetter(plan, { ...named, queue, functionName: name, qualifier, present, role });
}

async function readExecutionRole(arn: string, queue: string, { aws }: Context): Promise<ExecutionRole> {
  const name = arn.split('/').at(-1) ?? '';
  const [maySend, role] = await Promise.all([readMaySend(aws, arn, queue), readRole(aws, name)]);
  return { arn, tags: role.state === 'known' ? role.value.tags : {}, maySend };
}

function defaultName({ kind, reference }: WantedDestination): string {
  const base =
    kind === 'lambda' ? functionReference(reference).name : (parseArn(reference)?.resource ?? reference);
  const name = `${base}-dead-letter`;
  const fault = destinationFault({ kind: 'sqs', reference: name });
  if (fault === undefined) return name;
  throw new S3evtError('INVALID_ARGUMENT', `--dead-letter: ${fault}`, {
    hint: 'Give a name: --dead-letter NAME.',
  });
}

function refuseQueueElsewhere(arn: string, account: string, region: string): void {
  const parsed = parseArn(arn);
  if (parsed?.region === region && parsed.account === account) return;
  throw new S3evtError(
    parsed?.region === region ? 'WRONG_ACCOUNT' : 'WRONG_REGION',
    `dead-letter queue ${arn} is not in account ${account} and Region ${region}`,
    { hint: 'A dead-letter queue belongs to the account and the Region of what it serves.' },
  );
}
