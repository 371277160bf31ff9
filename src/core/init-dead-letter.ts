/**
 * Plans of `--dead-letter`: a second queue for what a queue's consumer or a function could not handle. S3 itself has none.
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
 * https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html
 */
import { parseArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import { ifKnown, valueOf, type Fact, type QueueFacts } from './facts.ts';
import type { InitPlan } from './init-plan.ts';
import { isOurs, roleNameFor } from './names.ts';
import type { FunctionDestination, Step } from './plan.ts';
import type { Warning } from './progress.ts';

/** How often a message is received before the queue gives it up. */
export const MAX_RECEIVE_COUNT = 5;

export const FAILURES_POLICY_NAME = 's3evt-send-failures';

export interface DeadLetterQueue {
  readonly arn: string;
  /** By name, so that it may be created; an ARN names one that has to exist. */
  readonly mayCreate: boolean;
  readonly queue: Fact<QueueFacts>;
}

/** Of a queue as the destination. */
export interface QueueDeadLetter extends DeadLetterQueue {
  /** ARN of the dead-letter queue that the destination has already. */
  readonly present: string | undefined;
}

/** Of a function as the destination. */
export interface FunctionDeadLetter extends DeadLetterQueue {
  readonly functionName: string;
  readonly qualifier: string | undefined;
  /** ARN of the OnFailure destination that the function has already. */
  readonly present: string | undefined;
  /** The execution role of a function that is there; undefined for one that is to be created. */
  readonly role: ExecutionRole | undefined;
}

export interface ExecutionRole {
  readonly arn: string;
  readonly tags: Readonly<Record<string, string>>;
  /** Whether it may send to the queue; absent and denied when that cannot be told. */
  readonly maySend: Fact<boolean>;
}

/** Pure. Throws S3evtError when what is wanted cannot be. */
export function withQueueDeadLetter(plan: InitPlan, wanted: QueueDeadLetter): InitPlan {
  const queue = plan.steps.find(({ id }) => id === 'queue');
  if (queue?.action.kind !== 'create-queue') throw new TypeError('the plan has no queue');
  const { name, arn } = queue.action;
  if (arn === wanted.arn) {
    throw new S3evtError('INVALID_ARGUMENT', `queue ${name} cannot be its own dead-letter queue`);
  }
  if (wanted.present !== undefined && wanted.present !== wanted.arn) {
    return withWarning(plan, kept(`queue ${name} has the dead-letter queue ${wanted.present}`));
  }
  const deadLetter = queueStep(wanted);
  if (queue.change === 'create') {
    const made: Step = {
      ...queue,
      title: `${queue.title}, and gives up a message after ${MAX_RECEIVE_COUNT} receives`,
      after: [...queue.after, deadLetter.id],
      action: { ...queue.action, deadLetterArn: wanted.arn },
    };
    const steps = plan.steps.flatMap((step) => {
      if (step === queue) return [deadLetter, made];
      return [step.lookAfter ? { ...step, lookAfter: [...step.lookAfter, deadLetter.id] } : step];
    });
    return { ...plan, steps };
  }
  const isSet = wanted.present === wanted.arn;
  const redrive: Step = {
    id: 'redrive',
    title: isSet
      ? `Keep the redrive policy of queue ${name}`
      : `Move messages of queue ${name} to ${nameOf(wanted.arn)} after ${MAX_RECEIVE_COUNT} receives`,
    change: isSet ? 'none' : 'create',
    after: ['queue', deadLetter.id],
    action: { kind: 'put-redrive', queue: arn, deadLetterArn: wanted.arn },
  };
  return beforeNotification(plan, [deadLetter, redrive]);
}

/** Pure. Throws S3evtError when what is wanted cannot be. */
export function withFunctionDeadLetter(plan: InitPlan, wanted: FunctionDeadLetter): InitPlan {
  const { functionName, qualifier, present, arn } = wanted;
  const where = qualifier === undefined ? functionName : `${functionName}:${qualifier}`;
  if (present !== undefined && present !== arn) {
    return withWarning(plan, kept(`function ${where} sends failures to ${present}`));
  }
  const deadLetter = queueStep(wanted);
  const role = rolePolicyStep(plan, wanted);
  const destination: FunctionDestination = { functionName, qualifier, deadLetterArn: arn };
  const onFailure: Step = {
    id: 'on-failure',
    title:
      present === arn
        ? `Keep ${nameOf(arn)} as the failure destination of ${where}`
        : `Send the record of events that ${where} fails on to ${nameOf(arn)}`,
    change: present === arn ? 'none' : 'create',
    after: ['function', deadLetter.id, ...(role ? [role.id] : [])],
    action: { kind: 'put-on-failure', destination },
  };
  return beforeNotification(plan, [deadLetter, ...(role ? [role] : []), onFailure]);
}

function queueStep({ arn, mayCreate, queue }: DeadLetterQueue): Step {
  const name = nameOf(arn);
  const existing = valueOf(queue);
  if (!existing && !mayCreate) {
    throw new S3evtError('DESTINATION_NOT_FOUND', `dead-letter queue ${arn} does not exist`, {
      hint: 'Name one that exists, or give its name alone (--dead-letter NAME) to have it created.',
    });
  }
  return {
    id: 'dead-letter',
    title: existing ? `Use queue ${name} for dead letters` : `Create queue ${name} for dead letters`,
    change: existing ? 'none' : 'create',
    after: [],
    action: { kind: 'create-queue', name, arn, policy: undefined },
  };
}

/** The role sends the records: only one that s3evt made is given the permission. Throws OWNED_BY_OTHERS for another that lacks it. */
function rolePolicyStep(plan: InitPlan, wanted: FunctionDeadLetter): Step | undefined {
  const { functionName, arn, role } = wanted;
  const roleName = roleNameFor(functionName);
  const makes = plan.steps.some(({ action }) => action.kind === 'create-role');
  const may = role && ifKnown(role.maySend);
  // A failure destination that stands there was checked by Lambda when it was set.
  if (may === true || (may === undefined && wanted.present === arn)) return undefined;
  const statement = { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: arn };
  const isMade = role ? isOurs(role.tags) && role.arn.endsWith(`/${roleName}`) : makes;
  if (isMade) {
    return {
      id: 'dead-letter-policy',
      title: `Let ${roleName} send to queue ${nameOf(arn)}`,
      change: 'create',
      after: makes ? ['role'] : [],
      action: {
        kind: 'put-role-policy',
        role: roleName,
        policy: FAILURES_POLICY_NAME,
        document: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      },
    };
  }
  // Where it cannot be told, Lambda tells: it checks the role when the destination is set.
  if (role && may === undefined) return undefined;
  throw new S3evtError(
    'OWNED_BY_OTHERS',
    `the execution role of ${functionName} may not send to ${nameOf(arn)}, and s3evt did not make that role`,
    {
      hint: `Add this statement to a policy of ${role?.arn ?? 'the role of --role-arn'}, then run the command again: ${JSON.stringify(statement)}`,
    },
  );
}

function kept(what: string): Warning {
  return { code: 'DEAD_LETTER_KEPT', message: `${what} already, which stays; --dead-letter changes nothing` };
}

function withWarning(plan: InitPlan, warning: Warning): InitPlan {
  return { ...plan, warnings: [...plan.warnings, warning] };
}

/** The rules are written last: no event comes before there is a place for its failure. */
function beforeNotification(plan: InitPlan, added: readonly Step[]): InitPlan {
  const last = added.at(-1)?.id ?? '';
  const steps = plan.steps.flatMap((step) =>
    step.id === 'notification' ? [...added, { ...step, after: [...step.after, last] }] : [step],
  );
  return { ...plan, steps };
}

function nameOf(arn: string): string {
  return parseArn(arn)?.resource ?? arn;
}
