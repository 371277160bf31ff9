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
import type { InitInput, Prepared, WantedDestination } from './init.ts';
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

/** The plan with the dead-letter queue in it. Up to two round trips more. Throws S3evtError. */
export async function withDeadLetter(
  { plan, desired, target }: Prepared,
  input: InitInput,
  destination: WantedDestination,
  ctx: Context,
): Promise<InitPlan> {
  const { deadLetter } = input;
  if (deadLetter === undefined) return plan;
  const { aws } = ctx;
  const { account, partition, region } = desired;
  const reference = deadLetter === true ? defaultName(destination) : deadLetter;
  const byName = !reference.startsWith('arn:');
  const arn = byName ? queueArn(partition, region, account, reference) : reference;
  refuseQueueElsewhere(arn, account, target.region.value);
  if (destination.kind === 'sqs') {
    const own = plan.destination?.arn ?? '';
    const [queue, source] = await Promise.all([readQueue(aws, arn), readQueue(aws, own)]);
    const wanted = { arn, mayCreate: byName, queue, present: valueOf(source)?.deadLetterArn };
    return withQueueDeadLetter(plan, wanted);
  }
  const { name, qualifier } = functionReference(destination.reference);
  const [queue, fn, config] = await Promise.all([
    readQueue(aws, arn),
    readFunction(aws, name),
    readEventInvokeConfig(aws, name, qualifier),
  ]);
  const wanted: DeadLetterQueue = { arn, mayCreate: byName, queue };
  const roleArn = valueOf(fn)?.roleArn ?? input.roleArn;
  return withFunctionDeadLetter(plan, {
    ...wanted,
    functionName: name,
    qualifier,
    present: valueOf(config)?.DestinationConfig?.OnFailure?.Destination,
    role: roleArn === undefined ? undefined : await readExecutionRole(roleArn, arn, ctx),
  });
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
