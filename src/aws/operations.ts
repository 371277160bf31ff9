import { hasCode, S3evtError } from '../core/errors.ts';
import type { Operation } from '../core/operation.ts';
import { OBJECT_MARK } from '../core/names.ts';
import type { Aws } from './clients.ts';
import { postObject } from './post-object.ts';
import { restoreObject } from './restore-object.ts';
import { callOf, objectExists, timed, type EventfulRequest, type PutRequest } from './upload.ts';

/**
 * Whether a deletion in the bucket makes a delete marker, which is another event; false when that may not be read.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/DeleteMarker.html
 */
export async function makesDeleteMarkers(aws: Aws, bucket: string): Promise<boolean> {
  const [s3, { GetBucketVersioningCommand }] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const command = new GetBucketVersioningCommand({ Bucket: bucket });
  const what = { action: 's3:GetBucketVersioning', resource: bucket };
  try {
    // Suspended ones make a marker too, with the version id "null".
    return (await aws.call((options) => s3.send(command, options), what)).Status !== undefined;
  } catch (error) {
    if (hasCode(error, 'ACCESS_DENIED')) return false;
    throw error;
  }
}

/** Whether the operation needs an object that a PutObject makes first. */
export function putsFirst(operation: Operation): boolean {
  return operation !== 'post' && operation !== 'multipart' && operation !== 'restore';
}

/** The last of the requests that an operation takes: the one whose event is awaited. */
export async function operate(
  aws: Aws,
  now: () => number,
  operation: Operation,
  put: PutRequest,
  first: EventfulRequest | undefined,
): Promise<EventfulRequest> {
  const [s3, sdk] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const object = { Bucket: put.bucket, Key: put.key };
  switch (operation) {
    case 'copy': {
      // In place: the metadata has to be replaced, or S3 refuses to copy an object onto itself.
      const command = new sdk.CopyObjectCommand({
        ...object,
        CopySource: `${put.bucket}/${put.key.split('/').map(encodeURIComponent).join('/')}`,
        MetadataDirective: 'REPLACE',
        ContentType: put.body.contentType,
        Metadata: { [OBJECT_MARK.key]: OBJECT_MARK.value },
      });
      return timed(now, async () => {
        const what = callOf(put, 's3:PutObject');
        const output = await aws.call((options) => s3.send(command, options), what);
        return { ...output, ETag: output.CopyObjectResult?.ETag };
      });
    }
    case 'multipart':
      return multipart(aws, now, put);
    case 'post':
      return postObject(aws, now, put);
    case 'restore':
      return restoreObject(aws, now, put);
    case 'delete':
    case 'delete-marker': {
      const command = new sdk.DeleteObjectCommand(object);
      return timed(now, async () => {
        const what = callOf(put, 's3:DeleteObject');
        const output = await aws.call((options) => s3.send(command, options), what);
        return { ...output, ETag: undefined };
      });
    }
    case 'tag': {
      const command = new sdk.PutObjectTaggingCommand({
        ...object,
        Tagging: { TagSet: [{ Key: OBJECT_MARK.key, Value: OBJECT_MARK.value }] },
      });
      return timed(now, async () => {
        const what = callOf(put, 's3:PutObjectTagging');
        const output = await aws.call((options) => s3.send(command, options), what);
        return { ...output, ETag: first?.eTag };
      });
    }
    case 'untag': {
      const command = new sdk.DeleteObjectTaggingCommand(object);
      return timed(now, async () => {
        const what = callOf(put, 's3:DeleteObjectTagging');
        const output = await aws.call((options) => s3.send(command, options), what);
        return { ...output, ETag: first?.eTag };
      });
    }
    case 'acl': {
      // One that changes nothing is no event, and this one lets no person read: it is for EC2's own service.
      const command = new sdk.PutObjectAclCommand({ ...object, ACL: 'aws-exec-read' });
      return timed(now, async () => {
        const what = callOf(put, 's3:PutObjectAcl');
        try {
          const output = await aws.call((options) => s3.send(command, options), what);
          return { ...output, ETag: first?.eTag, VersionId: first?.versionId };
        } catch (error) {
          throw aclsDisabled(error, put.bucket) ?? error;
        }
      });
    }
    case 'annotate': {
      const command = new sdk.PutObjectAnnotationCommand({
        ...object,
        AnnotationName: OBJECT_MARK.value,
        AnnotationPayload: new TextEncoder().encode('An annotation of s3evt.'),
      });
      return timed(now, async () => {
        const what = callOf(put, 's3:PutObjectAnnotation');
        const output = await aws.call((options) => s3.send(command, options), what);
        // The answer's ETag is the annotation's.
        return { ...output, ETag: first?.eTag, VersionId: first?.versionId };
      });
    }
    case 'put':
      throw new TypeError('a put is made by putObject');
  }
}

/** What the refusal means in a bucket whose owner owns everything, as new buckets are. */
function aclsDisabled(error: unknown, bucket: string): S3evtError | undefined {
  if (!(error instanceof S3evtError) || error.aws?.name !== 'AccessControlListNotSupported') return undefined;
  return new S3evtError('USAGE', `${bucket} has ACLs disabled (Object Ownership: bucket owner enforced)`, {
    hint: 'No ACL can be set there, so no s3:ObjectAcl:Put can come of it; choose another --operation.',
    aws: error.aws,
    cause: error,
  });
}

/** Cleaning up goes on after Ctrl-C, for this long. */
const CLEAN_UP_MS = 4_000;

/** One part is enough for the event; the upload is given up whole when anything fails. */
async function multipart(aws: Aws, now: () => number, put: PutRequest): Promise<EventfulRequest> {
  const [s3, sdk] = await Promise.all([aws.s3(), import('@aws-sdk/client-s3')]);
  const object = { Bucket: put.bucket, Key: put.key };
  const what = callOf(put, 's3:PutObject');
  const create = new sdk.CreateMultipartUploadCommand({
    ...object,
    ContentType: put.body.contentType,
    Metadata: { [OBJECT_MARK.key]: OBJECT_MARK.value },
  });
  const { UploadId } = await aws.call((options) => s3.send(create, options), what);
  const upload = { ...object, UploadId };
  try {
    const part = new sdk.UploadPartCommand({
      ...upload,
      PartNumber: 1,
      Body: put.body.open(),
      ContentLength: put.body.size,
    });
    const { ETag } = await aws.call((options) => s3.send(part, options), what);
    const complete = new sdk.CompleteMultipartUploadCommand({
      ...upload,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      ...(put.create ? { IfNoneMatch: '*' } : {}),
    });
    return await timed(now, () => aws.call((options) => s3.send(complete, options), what));
  } catch (error) {
    // Parts of an upload that nobody completes are charged for ever.
    const signal = AbortSignal.timeout(CLEAN_UP_MS);
    await aws
      .call((options) => s3.send(new sdk.AbortMultipartUploadCommand(upload), options), { ...what, signal })
      .catch(() => undefined);
    throw objectExists(error, what.resource) ?? error;
  }
}
