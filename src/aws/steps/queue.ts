import { OWNER_TAG } from '../../core/names.ts';
import type { StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { queueUrl } from '../read-destinations.ts';
import { call } from './step-call.ts';

/** With its policy from the start: an attribute that is set later takes up to a minute to be seen everywhere. */
export async function createQueue(
  name: string,
  policy: string | undefined,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const [sqs, { CreateQueueCommand }] = await Promise.all([env.aws.sqs(), import('@aws-sdk/client-sqs')]);
  const command = new CreateQueueCommand({
    QueueName: name,
    ...(policy === undefined ? {} : { Attributes: { Policy: policy } }),
    tags: { [OWNER_TAG.key]: OWNER_TAG.value },
  });
  return call(env, (options) => sqs.send(command, options), 'sqs:CreateQueue', name);
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
