import type { ChecksumAlgorithm, ChecksumType } from '@aws-sdk/client-s3';
import type { RequestContext } from '../../wire/types.ts';
import { uploadAttributes } from './attributes.ts';
import { md5, readBody } from './body.ts';
import { checksumOutput, computedChecksum, uploadChecksum } from './checksums.ts';
import { lastModifiedNow, openBucket, type BucketInput, type S3Context, type S3Handlers } from './context.ts';
import { openCopySource } from './copy.ts';
import { invalidArgument, invalidRequest, noSuchUpload } from './errors.ts';
import type { Bucket, MultipartUpload, ObjectChecksum, StoredPart } from './store.ts';
import { checkKey, shownVersionId } from './versions.ts';

const MAX_PART_NUMBER = 10_000;

/** Starting, filling and aborting an upload in parts; none of it sends an event. */
export function multipartHandlers(s3: S3Context): S3Handlers {
  return {
    CreateMultipartUpload(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const key = checkKey(input.Key);
      const upload: MultipartUpload = {
        // 128 opaque characters.
        id: Buffer.from(s3.env.ids.hex(192), 'hex').toString('base64url').replaceAll('-', '.'),
        key,
        initiated: lastModifiedNow(s3),
        attributes: uploadAttributes(input, bucket, s3.env.clock.now()),
        checksum: requestedChecksum(input.ChecksumAlgorithm, input.ChecksumType),
        parts: new Map(),
      };
      bucket.uploads.set(upload.id, upload);
      return {
        Bucket: bucket.name,
        Key: key,
        UploadId: upload.id,
        ...upload.attributes.encryption,
        ChecksumAlgorithm: upload.checksum?.algorithm,
        ChecksumType: upload.checksum?.type,
      };
    },

    async UploadPart(input, ctx) {
      const { upload } = openUpload(s3, ctx, input);
      const number = checkPartNumber(input.PartNumber);
      const body = await readBody(input.Body);
      const checksum = partChecksum(upload, input, uploadChecksum(input, ctx, body), body);
      const part = addPart(s3, upload, number, body, checksum);
      return {
        ETag: `"${part.etag}"`,
        ...upload.attributes.encryption,
        ...checksumOutput(part.checksum, { type: false }),
      };
    },

    UploadPartCopy(input, ctx) {
      const { upload } = openUpload(s3, ctx, input);
      const number = checkPartNumber(input.PartNumber);
      const source = openCopySource(s3, ctx, input);
      const body = copiedRange(source.object.body, input.CopySourceRange);
      const part = addPart(s3, upload, number, body, computedChecksum(upload.checksum?.algorithm, body));
      return {
        CopySourceVersionId: shownVersionId(source.bucket, source.object),
        CopyPartResult: {
          ETag: `"${part.etag}"`,
          LastModified: part.lastModified,
          ...checksumOutput(upload.checksum && part.checksum, { type: false }),
        },
        ...upload.attributes.encryption,
      };
    },

    AbortMultipartUpload(input, ctx) {
      const { bucket, upload } = openUpload(s3, ctx, input);
      bucket.uploads.delete(upload.id);
      return {};
    },
  };
}

interface UploadInput extends BucketInput {
  readonly Key: string | undefined;
  readonly UploadId: string | undefined;
}

export function openUpload(
  s3: S3Context,
  ctx: RequestContext,
  input: UploadInput,
): { readonly bucket: Bucket; readonly upload: MultipartUpload } {
  const bucket = openBucket(s3, ctx, input);
  const upload = bucket.uploads.get(input.UploadId ?? '');
  if (upload?.key !== input.Key || !upload) throw noSuchUpload(input.UploadId ?? '');
  return { bucket, upload };
}

/**
 * The checksum type that follows from the algorithm when none is given, and the pairs that S3 refuses.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
function requestedChecksum(
  algorithm: ChecksumAlgorithm | undefined,
  type: ChecksumType | undefined,
): MultipartUpload['checksum'] {
  if (algorithm === undefined) {
    if (type === undefined) return undefined;
    throw invalidRequest(
      'The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm header.',
    );
  }
  const isCrc = algorithm.startsWith('CRC');
  const refused = (type === 'COMPOSITE' && algorithm === 'CRC64NVME') || (type === 'FULL_OBJECT' && !isCrc);
  if (refused) {
    throw invalidRequest(
      `The ${type} checksum type cannot be used with the ${algorithm.toLowerCase()} checksum algorithm.`,
    );
  }
  return { algorithm, type: type ?? (algorithm === 'CRC64NVME' ? 'FULL_OBJECT' : 'COMPOSITE') };
}

function checkPartNumber(number: number | undefined): number {
  if (number === undefined || !Number.isInteger(number) || number < 1 || number > MAX_PART_NUMBER) {
    throw invalidArgument(
      `Part number must be an integer between 1 and ${MAX_PART_NUMBER}, inclusive`,
      'partNumber',
      String(number),
    );
  }
  return number;
}

/** What is kept for a part: a checksum of the upload's algorithm. A composite checksum needs the client's own. */
function partChecksum(
  upload: MultipartUpload,
  input: object,
  checksum: ObjectChecksum | undefined,
  body: Buffer,
): ObjectChecksum | undefined {
  const expected = upload.checksum;
  if (!expected || checksum?.algorithm === expected.algorithm) return checksum;
  const given = checksum && wasSent(input, checksum) ? checksum.algorithm.toLowerCase() : 'null';
  if (given === 'null' && expected.type === 'FULL_OBJECT') return computedChecksum(expected.algorithm, body);
  throw invalidRequest(
    `Checksum Type mismatch occurred, expected checksum Type: ${expected.algorithm.toLowerCase()}, actual checksum Type: ${given}`,
  );
}

/** S3 computes a CRC64NVME for a part that came without a checksum. */
function wasSent(input: object, checksum: ObjectChecksum): boolean {
  return checksum.algorithm !== 'CRC64NVME' || 'ChecksumCRC64NVME' in input;
}

function addPart(
  s3: S3Context,
  upload: MultipartUpload,
  number: number,
  body: Buffer,
  checksum: ObjectChecksum | undefined,
): StoredPart {
  const part = { number, body, etag: md5(body), lastModified: lastModifiedNow(s3), checksum };
  upload.parts.set(number, part);
  return part;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html, x-amz-copy-source-range */
function copiedRange(body: Buffer, range: string | undefined): Buffer {
  if (range === undefined) return body;
  const match = /^bytes=(\d+)-(\d+)$/.exec(range);
  if (!match || Number(match[2]) < Number(match[1])) {
    throw invalidArgument(
      'The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the zero-based offsets of the first and last bytes to copy',
      'x-amz-copy-source-range',
      range,
    );
  }
  const last = Number(match[2]);
  if (last >= body.length) {
    throw invalidArgument(
      `Range specified is not valid for source object of size: ${body.length}`,
      'x-amz-copy-source-range',
      range,
    );
  }
  return body.subarray(Number(match[1]), last + 1);
}
