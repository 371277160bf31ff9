import { S3evtError } from '../../core/errors.ts';
import { valueOf } from '../../core/facts.ts';
import { MAX_RECEIVE_COUNT } from '../../core/init-dead-letter.ts';
import { OWNER_TAG } from '../../core/names.ts';
import type { StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { queueUrl, readQueue } from '../read-destinations.ts';
import { call } from './step-call.ts';

/** With its policy from the start: an attribute that is set later takes up to a minute to be seen everywhere. */
export async function createQueue(
  { name, policy, deadLetterArn }: Extract<StepAction, { kind: 'create-queue' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [sqs, { CreateQueueCommand }] = await Promise.all([env.aws.sqs(), import('@aws-sdk/client-sqs')]);
  const command = new CreateQueueCommand({
    QueueName: name,
    Attributes: {
      ...(policy === undefined ? {} : { Policy: policy }),
      ...(deadLetterArn === undefined ? {} : { RedrivePolicy: redrivePolicy(deadLetterArn) }),
    },
    tags: { [OWNER_TAG.key]: OWNER_TAG.value },
  });
  return call(env, (options) => sqs.send(command, options), 'sqs:CreateQueue', name);
}

function redrivePolicy(deadLetterTargetArn: string): string {
  return JSON.stringify({ deadLetterTargetArn, maxReceiveCount: MAX_RECEIVE_COUNT });
}

/** One that appeared since the plan was made stays. Throws OWNED_BY_OTHERS. */
export async function putRedrive(
  { queue, deadLetterArn }: Extract<StepAction, { kind: 'put-redrive' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const present = valueOf(await readQueue(env.aws, queue))?.deadLetterArn;
  if (present === deadLetterArn) return 'unchanged';
  if (present !== undefined) {
    throw new S3evtError('OWNED_BY_OTHERS', `somebody else gave ${queue} the dead-letter queue ${present}`, {
      hint: 'Run the same command again: it keeps that one.',
    });
  }
  return setRedrive(queue, redrivePolicy(deadLetterArn), env);
}

/** Takes the redrive policy away while it leads to that queue. */
export async function removeRedrive(
  { queue, deadLetterArn }: Extract<StepAction, { kind: 'remove-redrive' }>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const present = valueOf(await readQueue(env.aws, queue))?.deadLetterArn;
  // An empty text takes the attribute away.
  return present === deadLetterArn ? setRedrive(queue, '', env) : 'unchanged';
}

async function setRedrive(arn: string, policy: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [sqs, { SetQueueAttributesCommand }, url] = await Promise.all([
    env.aws.sqs(),
    import('@aws-sdk/client-sqs'),
    queueUrl(env.aws, arn),
  ]);
  const command = new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { RedrivePolicy: policy } });
  return call(env, (options) => sqs.send(command, options), 'sqs:SetQueueAttributes', arn);
}

export async function deleteQueue(arn: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [sqs, { DeleteQueueCommand }, url] = await Promise.all([
    env.aws.sqs(),
    import('@aws-sdk/client-sqs'),
    queueUrl(env.aws, arn),
  ]);
  const command = new DeleteQueueCommand({ QueueUrl: url });
  return call(env, (options) => sqs.send(command, options), 'sqs:DeleteQueue', arn, 'QueueDoesNotExist');
}
