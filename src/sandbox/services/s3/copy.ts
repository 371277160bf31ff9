import type { RequestContext } from '../../wire/types.ts';
import { uploadAttributes } from './attributes.ts';
import { md5 } from './body.ts';
import { checksumOutput, computedChecksum } from './checksums.ts';
import {
  openBucket,
  openBucketFromAnywhere,
  type Input,
  type S3Context,
  type S3Handlers,
} from './context.ts';
import { invalidArgument, invalidRequest } from './errors.ts';
import {
  checkCopySourceConditions,
  checkWriteConditions,
  type CopySourceConditions,
} from './preconditions.ts';
import { checkActive } from './restore.ts';
import type { Bucket, ObjectAttributes, StoredObject } from './store.ts';
import { checkKey, enabledVersionId, findObject, shownVersionId, writeObject } from './versions.ts';

export function copyHandlers(s3: S3Context): S3Handlers {
  return {
    CopyObject(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const key = checkKey(input.Key);
      const source = openCopySource(s3, ctx, input);
      if (source.bucket === bucket && source.key === key) checkInPlace(bucket, key, source.object, input);
      const attributes = copiedAttributes(input, bucket, source.object, s3.env.clock.now());
      const checksum = computedChecksum(
        input.ChecksumAlgorithm ?? source.object.checksum?.algorithm,
        source.object.body,
      );
      checkWriteConditions(input, bucket, key);
      const object = writeObject(
        s3,
        ctx,
        { bucket, key, eventName: 'ObjectCreated:Copy' },
        {
          ...attributes,
          body: source.object.body,
          etag: md5(source.object.body),
          checksum,
          parts: undefined,
          ...copiedAnnotations(input, source.object),
        },
      );
      return {
        CopyObjectResult: {
          ETag: `"${object.etag}"`,
          LastModified: object.lastModified,
          ...checksumOutput(checksum),
        },
        CopySourceVersionId: shownVersionId(source.bucket, source.object),
        VersionId: enabledVersionId(bucket, object).versionId,
        ...object.encryption,
      };
    },
  };
}

/** They come along unless the request excludes them, even where it replaces the metadata. */
function copiedAnnotations(
  input: Input<'CopyObject'>,
  { annotations }: StoredObject,
): Pick<StoredObject, 'annotations'> {
  if (!annotations?.size || input.AnnotationDirective === 'EXCLUDE') return {};
  return { annotations: new Map(annotations) };
}

interface CopySourceInput extends CopySourceConditions {
  readonly CopySource: string | undefined;
  readonly ExpectedSourceBucketOwner?: string | undefined;
}

export interface CopySource {
  readonly bucket: Bucket;
  readonly key: string;
  readonly object: StoredObject;
}

/** The object that `x-amz-copy-source` names, in any Region, once its conditions hold. */
export function openCopySource(s3: S3Context, ctx: RequestContext, input: CopySourceInput): CopySource {
  const { bucketName, key, versionId } = parseCopySource(input.CopySource ?? '');
  const bucket = openBucketFromAnywhere(s3, {
    Bucket: bucketName,
    ExpectedBucketOwner: input.ExpectedSourceBucketOwner,
  });
  if (versionId !== undefined && bucket.objects.find(key, versionId)?.kind === 'delete-marker') {
    throw invalidRequest(
      'The source of a copy request may not specifically refer to a delete marker by version id.',
    );
  }
  const object = findObject(ctx, bucket, key, versionId);
  checkCopySourceConditions(input, object);
  checkActive(object, 'copy');
  return { bucket, key, object };
}

/** `bucket/key` or `/bucket/key`, URL-encoded, with `?versionId=` at the end when a version is meant. */
function parseCopySource(text: string): {
  readonly bucketName: string;
  readonly key: string;
  readonly versionId: string | undefined;
} {
  const [, path = '', versionId] = /^\/?(.*?)(?:\?versionId=(.*))?$/s.exec(text) ?? [];
  const decoded = decodePath(path);
  const slash = decoded.indexOf('/');
  if (slash < 1 || slash === decoded.length - 1) {
    throw invalidArgument('Invalid copy source object key', 'x-amz-copy-source', text);
  }
  return { bucketName: decoded.slice(0, slash), key: decoded.slice(slash + 1), versionId };
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    throw invalidArgument('Invalid copy source encoding.', 'x-amz-copy-source', path);
  }
}

/** Copying an object onto itself has to change something; an older version is something else. */
function checkInPlace(bucket: Bucket, key: string, source: StoredObject, input: Input<'CopyObject'>): void {
  const changes =
    input.MetadataDirective === 'REPLACE' ||
    input.StorageClass !== undefined ||
    input.WebsiteRedirectLocation !== undefined ||
    input.ServerSideEncryption !== undefined ||
    bucket.objects.latest(key) !== source;
  if (!changes) {
    throw invalidRequest(
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.",
    );
  }
}

/**
 * The ACL, the storage class and the encryption are the request's own; metadata and tags come from the source unless the
 * directives say REPLACE (https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html).
 */
function copiedAttributes(
  input: Input<'CopyObject'>,
  bucket: Bucket,
  source: StoredObject,
  now: number,
): ObjectAttributes {
  const requested = uploadAttributes(input, bucket, now);
  const replaces = input.MetadataDirective === 'REPLACE';
  return {
    ...requested,
    headers: replaces
      ? requested.headers
      : { ...source.headers, WebsiteRedirectLocation: input.WebsiteRedirectLocation },
    metadata: replaces ? requested.metadata : source.metadata,
    tags: input.TaggingDirective === 'REPLACE' ? requested.tags : source.tags,
  };
}
