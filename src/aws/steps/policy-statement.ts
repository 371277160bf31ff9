import { S3evtError } from '../../core/errors.ts';
import type { PolicyTarget, StepOutcome } from '../../core/plan.ts';
import { withoutStatement, withStatement } from '../../core/s3-access.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { queueUrl } from '../read-destinations.ts';
import { call } from './step-call.ts';

/**
 * Queues, topics and keys have one policy document each, replaced as a whole and without a version check. So it is read right
 * before, and everything in it but the one statement goes back as it came.
 */
export async function putStatement(
  target: PolicyTarget,
  statement: Readonly<Record<string, unknown>>,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const before = await readPolicy(target, env);
  const after = withStatement(before, statement);
  if (after === undefined) {
    throw new S3evtError(
      'AWS_ERROR',
      `the policy of ${target.arn} cannot be read, so nothing is merged into it`,
    );
  }
  return after === before ? 'unchanged' : writePolicy(target, after, env);
}

export async function removeStatement(
  target: PolicyTarget,
  sid: string,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const before = await readPolicy(target, env).catch((error: unknown) => {
    if (error instanceof S3evtError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  });
  if (before === undefined) return 'unchanged';
  const after = withoutStatement(before, sid);
  if (after === before) return 'unchanged';
  // An empty text takes a queue's policy away; a topic and a key always keep a statement of their owner's.
  return after === undefined && target.kind !== 'sqs' ? 'unchanged' : writePolicy(target, after ?? '', env);
}

async function readPolicy(target: PolicyTarget, { aws }: ApplyEnvironment): Promise<string | undefined> {
  const { arn } = target;
  switch (target.kind) {
    case 'sqs': {
      const [sqs, { GetQueueAttributesCommand }, url] = await Promise.all([
        aws.sqs(),
        import('@aws-sdk/client-sqs'),
        queueUrl(aws, arn),
      ]);
      const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['Policy'] });
      const what = { action: 'sqs:GetQueueAttributes', resource: arn };
      return (await aws.call((options) => sqs.send(command, options), what)).Attributes?.['Policy'];
    }
    case 'sns': {
      const [sns, { GetTopicAttributesCommand }] = await Promise.all([
        aws.sns(),
        import('@aws-sdk/client-sns'),
      ]);
      const command = new GetTopicAttributesCommand({ TopicArn: arn });
      const what = { action: 'sns:GetTopicAttributes', resource: arn };
      return (await aws.call((options) => sns.send(command, options), what)).Attributes?.['Policy'];
    }
    case 'kms': {
      const [kms, { GetKeyPolicyCommand }] = await Promise.all([aws.kms(), import('@aws-sdk/client-kms')]);
      const command = new GetKeyPolicyCommand({ KeyId: arn });
      const what = { action: 'kms:GetKeyPolicy', resource: arn };
      return (await aws.call((options) => kms.send(command, options), what)).Policy;
    }
  }
}

async function writePolicy(
  target: PolicyTarget,
  policy: string,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
  const { aws } = env;
  const { arn } = target;
  switch (target.kind) {
    case 'sqs': {
      const [sqs, { SetQueueAttributesCommand }, url] = await Promise.all([
        aws.sqs(),
        import('@aws-sdk/client-sqs'),
        queueUrl(aws, arn),
      ]);
      const command = new SetQueueAttributesCommand({ QueueUrl: url, Attributes: { Policy: policy } });
      return call(env, (options) => sqs.send(command, options), 'sqs:SetQueueAttributes', arn);
    }
    case 'sns': {
      const [sns, { SetTopicAttributesCommand }] = await Promise.all([
        aws.sns(),
        import('@aws-sdk/client-sns'),
      ]);
      const command = new SetTopicAttributesCommand({
        TopicArn: arn,
        AttributeName: 'Policy',
        AttributeValue: policy,
      });
      return call(env, (options) => sns.send(command, options), 'sns:SetTopicAttributes', arn);
    }
    case 'kms': {
      const [kms, { PutKeyPolicyCommand }] = await Promise.all([aws.kms(), import('@aws-sdk/client-kms')]);
      const command = new PutKeyPolicyCommand({ KeyId: arn, Policy: policy });
      return call(env, (options) => kms.send(command, options), 'kms:PutKeyPolicy', arn);
    }
  }
}
