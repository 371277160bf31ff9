import { OWNER_TAG } from '../../core/names.ts';
import type { StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { call } from './step-call.ts';

export async function createTopic(name: string, policy: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [sns, { CreateTopicCommand }] = await Promise.all([env.aws.sns(), import('@aws-sdk/client-sns')]);
  const command = new CreateTopicCommand({
    Name: name,
    Attributes: { Policy: policy },
    Tags: [{ Key: OWNER_TAG.key, Value: OWNER_TAG.value }],
  });
  return call(env, (options) => sns.send(command, options), 'sns:CreateTopic', name);
}

export async function deleteTopic(arn: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [sns, { DeleteTopicCommand }] = await Promise.all([env.aws.sns(), import('@aws-sdk/client-sns')]);
  const command = new DeleteTopicCommand({ TopicArn: arn });
  return call(env, (options) => sns.send(command, options), 'sns:DeleteTopic', arn);
}
