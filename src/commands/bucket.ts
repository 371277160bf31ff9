import { listBuckets } from '../aws/list.ts';
import { getNotification } from '../aws/read-facts.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { hasCode, S3evtError } from '../core/errors.ts';
import type { NotificationDocument } from '../core/notification.ts';
import type { Context } from './context.ts';
import { rememberedOwner } from './project-home.ts';

/** The bucket that a command is about: its argument or flag, else the project file's. Throws INPUT_REQUIRED. */
export function requireBucket(given: string | undefined, ctx: Pick<Context, 'project'>): string {
  const bucket = given ?? ctx.project.settings?.bucket;
  if (bucket !== undefined) return bucket;
  throw new S3evtError('INPUT_REQUIRED', 'no bucket is named, and there is no s3evt.json from here upwards', {
    hint: 'Pass --bucket NAME, or set one up with "s3evt init".',
  });
}

/** The account that owns the bucket, if that is known without asking AWS. */
export async function knownOwner(
  bucket: string,
  { aws, project }: Pick<Context, 'aws' | 'project'>,
): Promise<string | undefined> {
  return rememberedOwner(project.settings, bucket, await aws.target());
}

/**
 * The bucket's configuration; for a bucket that does not exist, NOT_FOUND with the one that was probably meant. `account` must own it;
 * without one, the account that the project file remembers as its owner.
 */
export async function bucketDocument(
  bucket: string,
  ctx: Pick<Context, 'aws' | 'project'>,
  account?: string,
): Promise<NotificationDocument> {
  const owner = account ?? (await knownOwner(bucket, ctx));
  try {
    return await getNotification(ctx.aws, bucket, owner);
  } catch (error) {
    if (hasCode(error, 'ACCESS_DENIED') && owner !== undefined) throw maybeOfOthers(error, bucket, owner);
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

/** S3 answers alike who may not read and who expects another owner. */
function maybeOfOthers(error: S3evtError, bucket: string, owner: string): S3evtError {
  return new S3evtError(error.code, error.message, {
    hint: `${error.hint ?? ''} AWS answers the same when ${bucket} does not belong to account ${owner}.`.trim(),
    ...(error.aws === undefined ? {} : { aws: error.aws }),
    cause: error,
  });
}
