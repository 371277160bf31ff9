import { listBuckets } from '../aws/list.ts';
import { getNotification } from '../aws/read-facts.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { S3evtError } from '../core/errors.ts';
import type { NotificationDocument } from '../core/notification.ts';
import type { Context } from './context.ts';

/** The bucket that a command is about: its argument or flag, else the project file's. Throws INPUT_REQUIRED. */
export function requireBucket(given: string | undefined, ctx: Pick<Context, 'project'>): string {
  const bucket = given ?? ctx.project.settings?.bucket;
  if (bucket !== undefined) return bucket;
  throw new S3evtError('INPUT_REQUIRED', 'no bucket is named, and there is no s3evt.json from here upwards', {
    hint: 'Pass --bucket NAME, or set one up with "s3evt init".',
  });
}

/** The bucket's configuration; for a bucket that does not exist, NOT_FOUND with the one that was probably meant. */
export async function bucketDocument(
  bucket: string,
  ctx: Pick<Context, 'aws'>,
  owner?: string,
): Promise<NotificationDocument> {
  try {
    return await getNotification(ctx.aws, bucket, owner);
  } catch (error) {
    if (!(error instanceof S3evtError) || error.aws?.name !== 'NoSuchBucket') throw error;
    // Who may not list buckets gets the plain error.
    const names = await listBuckets(ctx.aws).then(
      (buckets) => buckets.map(({ name }) => name),
      () => [],
    );
    const near = didYouMean(bucket, names);
    if (near === undefined) throw error;
    throw new S3evtError('NOT_FOUND', `there is no bucket ${bucket}`, {
      hint: `Did you mean ${near}?`,
      aws: error.aws,
      cause: error,
    });
  }
}
