import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import { AwsError } from '../../wire/types.ts';
import { md5, readBody } from './body.ts';
import { checksumOutput, uploadChecksum } from './checksums.ts';
import {
  lastModifiedNow,
  openBucket,
  publish,
  type Output,
  type S3Context,
  type S3Handlers,
} from './context.ts';
import { invalidRequest, preconditionFailed } from './errors.ts';
import { decodeToken, encodeToken, pageSize } from './page.ts';
import { etagMatches } from './preconditions.ts';
import { compareKeys } from './sorted-keys.ts';
import type { Annotation, StoredObject } from './store.ts';
import { enabledVersionId, findObject, shownVersionId } from './versions.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/annotations-overview.html */
const MAX_ANNOTATIONS = 1000;
const MAX_NAME_BYTES = 512;
const MAX_PAYLOAD_BYTES = 1024 * 1024;

type Payload = NonNullable<Output<'GetObjectAnnotation'>['AnnotationPayload']>;

/** Named texts beside an object version. They send their own events, never ObjectCreated. */
export function annotationHandlers(s3: S3Context): S3Handlers {
  return {
    async PutObjectAnnotation(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const name = checkName(input.AnnotationName ?? '');
      // On a server a streamed payload is a stream, whatever a client may hand over.
      const payload = await readBody(input.AnnotationPayload as Readable | undefined);
      checkPayload(payload);
      const checksum = uploadChecksum(input, ctx, payload);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      checkObjectMatch(object, input.ObjectIfMatch);
      const annotations = (object.annotations ??= new Map<string, Annotation>());
      if (!annotations.has(name) && annotations.size >= MAX_ANNOTATIONS) {
        // AWS's text is UNKNOWN, as that of all errors here: these are the model's descriptions.
        throw new AwsError(
          'AnnotationLimitExceeded',
          'The request would exceed the maximum number of annotations allowed per object.',
          { status: 400 },
        );
      }
      const etag = md5(payload);
      annotations.set(name, { payload, etag, checksum, lastModified: lastModifiedNow(s3) });
      publish(s3, ctx, bucket, {
        eventName: 'ObjectAnnotation:Put',
        key: input.Key ?? '',
        eTag: object.etag,
        ...enabledVersionId(bucket, object),
        annotation: { name, size: payload.length, eTag: etag },
      });
      return {
        Key: input.Key,
        AnnotationName: name,
        ObjectVersionId: shownVersionId(bucket, object),
        ETag: `"${etag}"`,
        ServerSideEncryption: object.encryption.ServerSideEncryption,
        ...checksumOutput(checksum),
      };
    },

    GetObjectAnnotation(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      const annotation = find(object, input.AnnotationName);
      return {
        // The type is the client's, a stream; bytes are as good here.
        AnnotationPayload: annotation.payload as unknown as Payload,
        ObjectVersionId: shownVersionId(bucket, object),
        LastModified: annotation.lastModified,
        ContentLength: annotation.payload.length,
        ETag: `"${annotation.etag}"`,
        ServerSideEncryption: object.encryption.ServerSideEncryption,
        ...checksumOutput(input.ChecksumMode === 'ENABLED' ? annotation.checksum : undefined),
      };
    },

    ListObjectAnnotations(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      const max = pageSize(input.MaxAnnotationResults, MAX_ANNOTATIONS, 'max-annotation-results');
      const after = input.ContinuationToken ? decodeToken(input.ContinuationToken) : '';
      const rest = [...(object.annotations ?? [])]
        .filter(([name]) => name.startsWith(input.AnnotationPrefix ?? '') && compareKeys(name, after) > 0)
        .sort(([a], [b]) => compareKeys(a, b));
      const page = rest.slice(0, max);
      return {
        Bucket: bucket.name,
        Key: input.Key,
        ObjectVersionId: shownVersionId(bucket, object),
        AnnotationPrefix: input.AnnotationPrefix,
        MaxAnnotationResults: max,
        AnnotationCount: page.length,
        ContinuationToken: input.ContinuationToken,
        NextContinuationToken: rest.length > page.length ? encodeToken(page.at(-1)?.[0] ?? '') : undefined,
        Annotations: page.map(([AnnotationName, annotation]) => ({
          AnnotationName,
          LastModified: annotation.lastModified,
          ETag: `"${annotation.etag}"`,
          ChecksumAlgorithm: annotation.checksum && [annotation.checksum.algorithm],
          Size: annotation.payload.length,
        })),
      };
    },

    DeleteObjectAnnotation(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      checkObjectMatch(object, input.ObjectIfMatch);
      const name = input.AnnotationName ?? '';
      find(object, name);
      object.annotations?.delete(name);
      publish(s3, ctx, bucket, {
        eventName: 'ObjectAnnotation:Delete',
        key: input.Key ?? '',
        eTag: object.etag,
        ...enabledVersionId(bucket, object),
        annotation: { name },
      });
      return { ObjectVersionId: shownVersionId(bucket, object) };
    },
  };
}

function find(object: StoredObject, name: string | undefined): Annotation {
  const annotation = object.annotations?.get(name ?? '');
  if (annotation) return annotation;
  throw new AwsError('NoSuchAnnotation', 'The specified annotation does not exist.', {
    status: 404,
    members: { AnnotationName: name ?? '' },
  });
}

/** Letters and digits of any script, `_`, `.` and `-`; not the prefixes that AWS keeps for itself. */
function checkName(name: string): string {
  if (Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new AwsError('AnnotationNameTooLong', 'The annotation name exceeds 512 bytes.', { status: 400 });
  }
  if (!/^[\p{L}\p{M}\p{N}_.-]+$/u.test(name) || /^(?:aws|s3)/i.test(name)) {
    throw new AwsError('InvalidAnnotationName', 'The annotation name you provided is invalid.', {
      status: 400,
    });
  }
  return name;
}

function checkPayload(payload: Buffer): void {
  if (payload.length === 0 || payload.length > MAX_PAYLOAD_BYTES) {
    throw invalidRequest('The annotation payload must be between 1 byte and 1 MiB in size.');
  }
  if (!isUtf8(payload)) {
    throw new AwsError('UnsupportedMediaType', 'The annotation payload is not valid UTF-8 encoded text.', {
      status: 415,
    });
  }
}

function checkObjectMatch(object: StoredObject, etag: string | undefined): void {
  if (etag !== undefined && !etagMatches(etag, object.etag)) {
    throw preconditionFailed('x-amz-object-if-match');
  }
}
