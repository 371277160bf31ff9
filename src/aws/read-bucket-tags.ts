import { S3evtError } from '../core/errors.ts';
import type { Fact } from '../core/facts.ts';
import type { Aws } from './clients.ts';
import { expecting, fact } from './read-facts.ts';

/** A bucket's tags; none is none. AWS answers an error for that (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketTagging.html). */
export async function readBucketTags(
  aws: Aws,
  bucket: string,
  owner?: string,
): Promise<Fact<Readonly<Record<string, string>>>> {
  const action = 's3:GetBucketTagging';
  return fact(action, async () => {
    const [s3, { GetBucketTaggingCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
    const command = new GetBucketTaggingCommand({ Bucket: bucket, ...expecting(owner) });
    try {
      const { TagSet = [] } = await aws.call((options) => s3.send(command, options), {
        action,
        resource: bucket,
      });
      return Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
    } catch (error) {
      if (error instanceof S3evtError && error.aws?.name === 'NoSuchTagSet') return {};
      throw error;
    }
  });
}
