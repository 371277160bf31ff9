import { S3evtError } from '../core/errors.ts';
import type { Aws } from './clients.ts';
import { callOf, timed, type EventfulRequest, type PutRequest } from './upload.ts';

/** How long the restored copy is kept. */
const DAYS = 1;

/**
 * Asks for a temporary copy of an archived object, at the cheapest and slowest tier: the event that is awaited says that the
 * request was accepted, not that the copy is there. Throws USAGE for an object that is not archived, or is restored already.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_RestoreObject.html
 */
export async function restoreObject(aws: Aws, now: () => number, put: PutRequest): Promise<EventfulRequest> {
  const [s3, { HeadObjectCommand, RestoreObjectCommand }] = await Promise.all([
    aws.s3(),
    import('@aws-sdk/client-s3'),
  ]);
  const object = { Bucket: put.bucket, Key: put.key };
  const head = await aws.call(
    (options) => s3.send(new HeadObjectCommand(object), options),
    callOf(put, 's3:GetObject'),
  );
  const storage = head.StorageClass ?? 'STANDARD';
  const tiered = storage === 'INTELLIGENT_TIERING';
  if (tiered ? head.ArchiveStatus === undefined : !['GLACIER', 'DEEP_ARCHIVE'].includes(storage)) {
    throw notRestorable(put, `is not archived (storage class ${storage})`);
  }
  // While a copy is made or is there, S3 takes the request and sends no event, or refuses it.
  if (head.Restore !== undefined) throw notRestorable(put, 'is being restored already, or was');
  const command = new RestoreObjectCommand({
    ...object,
    RestoreRequest: { ...(tiered ? {} : { Days: DAYS }), GlacierJobParameters: { Tier: 'Bulk' } },
  });
  return timed(now, async () => {
    const what = callOf(put, 's3:RestoreObject');
    const output = await aws.call((options) => s3.send(command, options), what);
    return { ...output, ETag: head.ETag, VersionId: head.VersionId };
  });
}

function notRestorable(put: PutRequest, why: string): S3evtError {
  return new S3evtError('USAGE', `s3://${put.bucket}/${put.key} ${why}, so no restore can begin`, {
    hint: 'Name an object in an archive class with --key: GLACIER, DEEP_ARCHIVE, or an archive tier of INTELLIGENT_TIERING.',
  });
}
