import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { OWNER_TAG } from '../../core/names.ts';
import type { StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { call } from './step-call.ts';

export async function createBucket(
  bucket: string,
  region: string,
  env: ApplyEnvironment,
): Promise<StepOutcome> {
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
