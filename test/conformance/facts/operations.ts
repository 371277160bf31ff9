/** Everything that S3 reports, done once to one key. */
import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectAnnotationCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  DeleteObjectTaggingCommand,
  PutBucketIntelligentTieringConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectAclCommand,
  PutObjectAnnotationCommand,
  PutObjectCommand,
  PutObjectRetentionCommand,
  PutObjectTaggingCommand,
  RestoreObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type LifecycleRule,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { postForm, presignedPut } from './signing.ts';
import type { Target } from './target.ts';

export type Operation = (t: Target, Bucket: string, Key: string) => Promise<unknown>;

const DAY_MS = 86_400_000;

export const putObject: Operation = (t, Bucket, Key) =>
  t.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));

const putAs =
  (more: Partial<PutObjectCommandInput>): Operation =>
  (t, Bucket, Key) =>
    t.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello', ...more }));

export const presigned: Operation = async (t, bucket, key) => {
  const { status } = await fetch(await presignedPut(t, bucket, key), { method: 'PUT', body: 'hello' });
  if (status !== 200) throw new Error(`the presigned upload was answered with ${status}`);
};

export const formPost: Operation = async (t, bucket, key) => {
  const response = await postForm(t, bucket, key, 'hello');
  if (!response.ok)
    throw new Error(`the form was answered with ${response.status}: ${await response.text()}`);
};

/** From another key, whose own event is not of interest. */
export const copyObject: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, `source/${Key}`);
  await t.s3.send(new CopyObjectCommand({ Bucket, Key, CopySource: `${Bucket}/source/${Key}` }));
};

export const copyInPlace: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, Key);
  const CopySource = `${Bucket}/${Key}`;
  await t.s3.send(
    new CopyObjectCommand({
      Bucket,
      Key,
      CopySource,
      MetadataDirective: 'REPLACE',
      Metadata: { again: '1' },
    }),
  );
};

async function multipart(
  t: Target,
  Bucket: string,
  Key: string,
  part: (UploadId: string) => Promise<string | undefined>,
): Promise<void> {
  const { UploadId = '' } = await t.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const ETag = await part(UploadId);
  const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
  await t.s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload }));
}

export const multipartUpload: Operation = (t, Bucket, Key) =>
  multipart(t, Bucket, Key, async (UploadId) => {
    const { ETag } = await t.s3.send(
      new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'hello' }),
    );
    return ETag;
  });

export const multipartCopy: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, `source/${Key}`);
  await multipart(t, Bucket, Key, async (UploadId) => {
    const CopySource = `${Bucket}/source/${Key}`;
    const { CopyPartResult } = await t.s3.send(
      new UploadPartCopyCommand({ Bucket, Key, UploadId, PartNumber: 1, CopySource }),
    );
    return CopyPartResult?.ETag;
  });
};

export const deleteObject: Operation = (t, Bucket, Key) =>
  t.s3.send(new DeleteObjectCommand({ Bucket, Key }));

export const deleteObjects: Operation = (t, Bucket, Key) =>
  t.s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key }] } }));

/** Uploads a version and deletes just that. */
export const deleteVersion: Operation = async (t, Bucket, Key) => {
  const { VersionId } = await t.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'hello' }));
  await t.s3.send(new DeleteObjectCommand({ Bucket, Key, VersionId }));
};

const TagSet = [{ Key: 'team', Value: 'media' }];

export const putTagging: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, Key);
  await t.s3.send(new PutObjectTaggingCommand({ Bucket, Key, Tagging: { TagSet } }));
};

export const deleteTagging: Operation = async (t, Bucket, Key) => {
  await putAs({ Tagging: 'team=media' })(t, Bucket, Key);
  await t.s3.send(new DeleteObjectTaggingCommand({ Bucket, Key }));
};

export const putTagged: Operation = putAs({ Tagging: 'team=media' });

/** Grants something to somebody; not to the public, which a new bucket refuses. */
export const putAcl: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, Key);
  await t.s3.send(new PutObjectAclCommand({ Bucket, Key, ACL: 'aws-exec-read' }));
};

export const putSameAcl: Operation = async (t, Bucket, Key) => {
  await putAs({ ACL: 'private' })(t, Bucket, Key);
  await t.s3.send(new PutObjectAclCommand({ Bucket, Key, ACL: 'private' }));
};

export const restoreObject: Operation = async (t, Bucket, Key) => {
  await putAs({ StorageClass: 'GLACIER' })(t, Bucket, Key);
  const RestoreRequest = { Days: 1, GlacierJobParameters: { Tier: 'Standard' as const } };
  await t.s3.send(new RestoreObjectCommand({ Bucket, Key, RestoreRequest }));
};

/** What S3 does by itself, days later: rows that use it need a sandbox. */
async function later(t: Target, bucket: string, days: number): Promise<void> {
  t.local().runLifecycle({ bucket, now: t.local().clock.now() + days * DAY_MS });
  await t.local().idle();
}

export const restoreCompleted: Operation = async (t, bucket, key) => {
  await restoreObject(t, bucket, key);
  await later(t, bucket, 1);
};

export const restoreExpired: Operation = async (t, bucket, key) => {
  await restoreCompleted(t, bucket, key);
  await later(t, bucket, 4);
};

async function lifecycle(
  t: Target,
  Bucket: string,
  key: string,
  action: Partial<LifecycleRule>,
): Promise<void> {
  const rule: LifecycleRule = { ID: 'row', Status: 'Enabled', Filter: { Prefix: key }, ...action };
  await t.s3.send(
    new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: { Rules: [rule] } }),
  );
  await putAs({ Body: Buffer.alloc(128 * 1024) })(t, Bucket, key);
  await later(t, Bucket, 60);
}

export const lifecycleExpiration: Operation = (t, bucket, key) =>
  lifecycle(t, bucket, key, { Expiration: { Days: 1 } });

export const lifecycleTransition: Operation = (t, bucket, key) =>
  lifecycle(t, bucket, key, { Transitions: [{ Days: 30, StorageClass: 'STANDARD_IA' }] });

export const intelligentTiering: Operation = async (t, Bucket, Key) => {
  const Id = 'row';
  await t.s3.send(
    new PutBucketIntelligentTieringConfigurationCommand({
      Bucket,
      Id,
      IntelligentTieringConfiguration: {
        Id,
        Status: 'Enabled',
        Tierings: [{ Days: 90, AccessTier: 'ARCHIVE_ACCESS' }],
      },
    }),
  );
  await putAs({ StorageClass: 'INTELLIGENT_TIERING', Body: Buffer.alloc(128 * 1024) })(t, Bucket, Key);
  await later(t, Bucket, 91);
};

export const putAnnotation: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, Key);
  await t.s3.send(
    new PutObjectAnnotationCommand({
      Bucket,
      Key,
      AnnotationName: 'summary',
      AnnotationPayload: Buffer.from('short'),
    }),
  );
};

export const deleteAnnotation: Operation = async (t, Bucket, Key) => {
  await putAnnotation(t, Bucket, Key);
  await t.s3.send(new DeleteObjectAnnotationCommand({ Bucket, Key, AnnotationName: 'summary' }));
};

/** In a bucket with Object Lock. Governance mode, so that the object can be removed. */
export const putRetention: Operation = async (t, Bucket, Key) => {
  await putObject(t, Bucket, Key);
  const RetainUntilDate = new Date(Date.now() + DAY_MS);
  await t.s3.send(
    new PutObjectRetentionCommand({ Bucket, Key, Retention: { Mode: 'GOVERNANCE', RetainUntilDate } }),
  );
};
