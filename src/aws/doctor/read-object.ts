/** Reads of the one object that a question is about. */
import { nearKeys } from '../../core/doctor/near-keys.ts';
import type { ObjectHead, ObjectNode } from '../../core/doctor/facts.ts';
import { isAbsent, read, type Reading } from '../../core/doctor/reading.ts';
import { S3evtError } from '../../core/errors.ts';
import type { Reader } from './reader.ts';
import { readVersions } from './read-bucket.ts';

const MOST_VERSIONS = 50;
const MOST_NEAR = 200;

const sdk = () => import('@aws-sdk/client-s3');

/** The object, its versions, and when it is not there the keys that look like it: two round trips at most. */
export async function readObject(
  reader: Reader,
  bucket: string,
  key: string,
  versionId: string | undefined,
): Promise<ObjectNode> {
  const [head, versions] = await Promise.all([
    readObjectHead(reader, bucket, key, versionId),
    readVersions(reader, bucket, { prefix: key, most: MOST_VERSIONS }),
  ]);
  const own: ObjectNode['versions'] =
    versions.state === 'known'
      ? read(
          versions.call,
          versions.value.entries.filter((entry) => entry.key === key).sort((a, b) => b.modified - a.modified),
        )
      : versions;
  const near = isAbsent(head) ? await readNear(reader, bucket, key) : undefined;
  return { key, head, versions: own, near };
}

function readObjectHead(
  { aws, ...reader }: Reader,
  Bucket: string,
  Key: string,
  VersionId: string | undefined,
): Promise<Reading<ObjectHead>> {
  const action = 's3:GetObject';
  const resource = `${Bucket}/${Key}`;
  return reader.read(action, resource, async () => {
    const [s3, { HeadObjectCommand }] = await Promise.all([aws.s3(), sdk()]);
    const command = new HeadObjectCommand({ Bucket, Key, ...(VersionId === undefined ? {} : { VersionId }) });
    const head = await aws
      .call((options) => s3.send(command, options), { action, resource })
      .catch((error: unknown) => {
        throw withCauses(error, VersionId);
      });
    return {
      size: head.ContentLength ?? 0,
      modified: head.LastModified?.getTime() ?? 0,
      eTag: (head.ETag ?? '').replaceAll('"', ''),
      versionId: head.VersionId,
      storageClass: head.StorageClass,
      archiveStatus: head.ArchiveStatus,
      restore: head.Restore,
      replicationStatus: head.ReplicationStatus,
      kmsKeyId: head.SSEKMSKeyId,
      expiration: head.Expiration,
    };
  });
}

/**
 * What S3 says of an object has no body to say why it refuses (400).
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
 */
function withCauses(error: unknown, versionId: string | undefined): unknown {
  if (!(error instanceof S3evtError) || error.aws?.status !== 400) return error;
  const causes = [
    ...(versionId === undefined ? [] : [`"${versionId}" may be no version id`]),
    "the object may be encrypted with a key of the client's own (SSE-C)",
  ];
  return new S3evtError(error.code, `${error.message}: ${causes.join(', or ')}`, {
    aws: error.aws,
    cause: error,
  });
}

/** Keys of the same folder, and of the whole bucket's first page: a leading slash or another case changes the folder. */
async function readNear(
  { aws, ...reader }: Reader,
  Bucket: string,
  key: string,
): Promise<Reading<readonly string[]>> {
  const action = 's3:ListBucket';
  return reader.read(action, Bucket, async () => {
    const [s3, { ListObjectsV2Command }] = await Promise.all([aws.s3(), sdk()]);
    const folder = key.slice(0, key.lastIndexOf('/') + 1);
    const pages = await Promise.all(
      [...new Set([folder, ''])].map((Prefix) =>
        aws.call(
          (options) => s3.send(new ListObjectsV2Command({ Bucket, Prefix, MaxKeys: MOST_NEAR }), options),
          {
            action,
            resource: Bucket,
          },
        ),
      ),
    );
    const keys = pages.flatMap(({ Contents = [] }) => Contents.map(({ Key = '' }) => Key));
    return nearKeys(key, [...new Set(keys)]);
  });
}

/** Canonical user ids of the object's owner and of the bucket's. */
export function readObjectOwner(
  { aws, ...reader }: Reader,
  Bucket: string,
  Key: string,
): Promise<Exclude<ObjectNode['owner'], undefined>> {
  const action = 's3:GetObjectAcl';
  return reader.read(action, `${Bucket}/${Key}`, async () => {
    const [s3, { GetBucketAclCommand, GetObjectAclCommand }] = await Promise.all([aws.s3(), sdk()]);
    const [object, bucket] = await Promise.all([
      aws.call((options) => s3.send(new GetObjectAclCommand({ Bucket, Key }), options), {
        action,
        resource: Bucket,
      }),
      aws.call((options) => s3.send(new GetBucketAclCommand({ Bucket }), options), {
        action: 's3:GetBucketAcl',
        resource: Bucket,
      }),
    ]);
    const [own, whole] = [object.Owner?.ID, bucket.Owner?.ID];
    return own === undefined || whole === undefined ? undefined : { object: own, bucket: whole };
  });
}
