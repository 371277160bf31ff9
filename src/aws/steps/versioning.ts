import type { StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { call } from './step-call.ts';

export async function enableVersioning(bucket: string, env: ApplyEnvironment): Promise<StepOutcome> {
  const [s3, { PutBucketVersioningCommand }] = await Promise.all([
    env.aws.s3(),
    import('@aws-sdk/client-s3'),
  ]);
  const command = new PutBucketVersioningCommand({
    Bucket: bucket,
    ExpectedBucketOwner: env.account,
    VersioningConfiguration: { Status: 'Enabled' },
  });
  return call(env, (options) => s3.send(command, options), 's3:PutBucketVersioning', bucket);
}
