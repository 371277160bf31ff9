import type { ObjectVersion } from '../core/plan.ts';
import type { Aws } from './clients.ts';
import { eachOf } from './read-destination-state.ts';

/**
 * Deletes the named versions, then the bucket. Nothing else is deleted: an object that came meanwhile makes AWS refuse
 * the bucket's deletion (BucketNotEmpty), which is what should happen.
 */
export async function emptyAndDeleteBucket(
  aws: Aws,
  bucket: string,
  owner: string,
  objects: readonly ObjectVersion[],
): Promise<void> {
  const [s3, { DeleteBucketCommand, DeleteObjectCommand }] = await Promise.all([
    aws.s3(),
    import('@aws-sdk/client-s3'),
  ]);
  await eachOf(objects, async ({ key, versionId }) => {
    const command = new DeleteObjectCommand({
      Bucket: bucket,
      Key: key,
      ExpectedBucketOwner: owner,
      ...(versionId === undefined ? {} : { VersionId: versionId }),
    });
    await aws.call((options) => s3.send(command, options), {
      action: 's3:DeleteObject',
      resource: `${bucket}/${key}`,
    });
  });
  await aws.call(
    (options) => s3.send(new DeleteBucketCommand({ Bucket: bucket, ExpectedBucketOwner: owner }), options),
    {
      action: 's3:DeleteBucket',
      resource: bucket,
    },
  );
}
