import type { CompletedPart } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { md5 } from './body.ts';
import { checksumOutput, compositeChecksum, computedChecksum, memberOf } from './checksums.ts';
import type { Input, S3Context, S3Handlers } from './context.ts';
import { invalidPart, invalidRequest, malformedXml } from './errors.ts';
import { openUpload } from './multipart.ts';
import { checkWriteConditions, unquoted } from './preconditions.ts';
import type { MultipartUpload, ObjectChecksum, StoredPart } from './store.ts';
import { enabledVersionId, writeObject } from './versions.ts';

/** Of every part but the last, in bytes. */
const MIN_PART_SIZE = 5 * 1024 * 1024;

export function multipartCompleteHandlers(s3: S3Context): S3Handlers {
  return {
    CompleteMultipartUpload(input, ctx) {
      const { bucket, upload } = openUpload(s3, ctx, input);
      const parts = chosenParts(upload, input.MultipartUpload?.Parts ?? []);
      const body = Buffer.concat(parts.map((part) => part.body));
      if (input.MpuObjectSize !== undefined && input.MpuObjectSize !== body.length) {
        throw invalidRequest(
          `The provided 'x-amz-mp-object-size' header does not match what was computed: expected ${input.MpuObjectSize}, actual ${body.length}`,
        );
      }
      const checksum = objectChecksum(upload, parts, body);
      checkObjectChecksum(input, checksum);
      checkWriteConditions(input, bucket, upload.key);
      if (input.IfNoneMatch !== undefined && upload.isKeyDeleted) {
        // Recorded: the whole upload has to begin anew, although the key is free now.
        throw new AwsError(
          'ConditionalRequestConflict',
          'The conditional request cannot succeed due to a conflicting operation against this resource.',
          { status: 409 },
        );
      }
      const object = writeObject(
        s3,
        ctx,
        { bucket, key: upload.key, eventName: 'ObjectCreated:CompleteMultipartUpload' },
        {
          ...upload.attributes,
          body,
          // The MD5 of the parts' MD5s and their number.
          etag: `${md5(Buffer.from(parts.map((part) => part.etag).join(''), 'hex'))}-${parts.length}`,
          checksum,
          parts: parts.map((part) => ({
            number: part.number,
            size: part.body.length,
            checksum: upload.checksum && part.checksum,
          })),
        },
      );
      bucket.uploads.delete(upload.id);
      return {
        Location: `http://${ctx.host}/${bucket.name}/${encodeURIComponent(upload.key)}`,
        Bucket: bucket.name,
        Key: upload.key,
        ETag: `"${object.etag}"`,
        VersionId: enabledVersionId(bucket, object).versionId,
        ...object.encryption,
        ...checksumOutput(checksum),
      };
    },
  };
}

/** The parts that the request names, in its order, each checked against what was uploaded. */
function chosenParts(upload: MultipartUpload, named: readonly CompletedPart[]): readonly StoredPart[] {
  if (named.length === 0) throw malformedXml();
  let previous = 0;
  const parts = named.map((completed) => {
    const number = completed.PartNumber ?? 0;
    if (number <= previous) {
      throw new AwsError(
        'InvalidPartOrder',
        'The list of parts was not in ascending order. Parts must be ordered by part number.',
        { status: 400, members: { UploadId: upload.id } },
      );
    }
    previous = number;
    return chosenPart(upload, completed, number);
  });
  for (const part of parts.slice(0, -1)) {
    if (part.body.length >= MIN_PART_SIZE) continue;
    throw new AwsError('EntityTooSmall', 'Your proposed upload is smaller than the minimum allowed size', {
      status: 400,
      members: {
        ProposedSize: String(part.body.length),
        MinSizeAllowed: String(MIN_PART_SIZE),
        PartNumber: String(part.number),
        ETag: part.etag,
      },
    });
  }
  return parts;
}

function chosenPart(upload: MultipartUpload, completed: CompletedPart, number: number): StoredPart {
  const part = upload.parts.get(number);
  const etag = unquoted(completed.ETag ?? '');
  const checksum = part?.checksum && completed[memberOf(part.checksum.algorithm)];
  if (part?.etag !== etag || (checksum !== undefined && checksum !== part.checksum?.value)) {
    throw invalidPart({ UploadId: upload.id, PartNumber: String(number), ETag: etag });
  }
  if (upload.checksum?.type === 'COMPOSITE' && checksum === undefined) {
    throw invalidRequest(
      `The upload was created using a ${upload.checksum.algorithm.toLowerCase()} checksum. The complete request must include the checksum for each part. It was missing for part ${number} in the request.`,
    );
  }
  return part;
}

function objectChecksum(upload: MultipartUpload, parts: readonly StoredPart[], body: Buffer): ObjectChecksum {
  const checksums = parts.flatMap((part) => (part.checksum ? [part.checksum] : []));
  return upload.checksum?.type === 'COMPOSITE'
    ? compositeChecksum(upload.checksum.algorithm, checksums)
    : computedChecksum(upload.checksum?.algorithm, body);
}

/** The checksum of the whole that the client may send along. */
function checkObjectChecksum(input: Input<'CompleteMultipartUpload'>, checksum: ObjectChecksum): void {
  const given = input[memberOf(checksum.algorithm)];
  if (given === undefined || unnumbered(given) === unnumbered(checksum.value)) return;
  throw new AwsError(
    'BadDigest',
    `The ${checksum.algorithm.toLowerCase()} you specified did not match the calculated checksum.`,
    { status: 400 },
  );
}

/** Composite checksums may be given without their number of parts. */
function unnumbered(checksum: string): string {
  return checksum.replace(/-\d+$/, '');
}
