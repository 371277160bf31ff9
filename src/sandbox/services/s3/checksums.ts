import type { ChecksumAlgorithm, ChecksumType } from '@aws-sdk/client-s3';
import { CHECKSUMS, verifyChecksums, type ChecksumMember, type ChecksumName } from '../../wire/checksum.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import type { ObjectChecksum } from './store.ts';

export type ChecksumInput = Parameters<typeof verifyChecksums>[0];

export type ChecksumOutput = Partial<Record<ChecksumMember, string>> & { ChecksumType?: ChecksumType };

/**
 * The checksum of an upload that was read to its end: the client's, verified, or a CRC64NVME that S3 computes itself.
 * Throws what verifyChecksums throws.
 */
export function uploadChecksum(
  input: ChecksumInput,
  ctx: RequestContext,
  body: Buffer,
): ObjectChecksum | undefined {
  const [member] = Object.entries(verifyChecksums(input, ctx, body));
  if (!member) return undefined;
  const [name, value] = member;
  return { algorithm: name.slice('Checksum'.length) as ChecksumName, value, type: 'FULL_OBJECT' };
}

/** The checksum of bytes that S3 already has; CRC64NVME unless an algorithm is asked for. */
export function computedChecksum(algorithm: ChecksumAlgorithm | undefined, body: Buffer): ObjectChecksum {
  const name = known(algorithm ?? 'CRC64NVME');
  return { algorithm: name, value: CHECKSUMS[name].compute(body).toString('base64'), type: 'FULL_OBJECT' };
}

/**
 * The checksum of the parts' checksums, with their number behind it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
 */
export function compositeChecksum(
  algorithm: ChecksumAlgorithm,
  parts: readonly ObjectChecksum[],
): ObjectChecksum {
  const name = known(algorithm);
  const digests = Buffer.concat(parts.map((part) => Buffer.from(part.value, 'base64')));
  return {
    algorithm: name,
    value: `${CHECKSUMS[name].compute(digests).toString('base64')}-${parts.length}`,
    type: 'COMPOSITE',
  };
}

/** `type: false` for parts, which have none. */
export function checksumOutput(
  checksum: ObjectChecksum | undefined,
  options: { readonly type: boolean } = { type: true },
): ChecksumOutput {
  if (!checksum) return {};
  return {
    [memberOf(checksum.algorithm)]: checksum.value,
    ...(options.type && { ChecksumType: checksum.type }),
  };
}

/** `ChecksumCRC32`, the name of the algorithm's member in inputs and outputs. */
export function memberOf(algorithm: ChecksumAlgorithm): ChecksumMember {
  return `Checksum${known(algorithm)}`;
}

function known(algorithm: ChecksumAlgorithm): ChecksumName {
  if (Object.hasOwn(CHECKSUMS, algorithm)) return algorithm as ChecksumName;
  throw new AwsError(
    'NotImplemented',
    'A header you provided implies functionality that is not implemented',
    {
      status: 501,
      members: { Header: 'x-amz-checksum-algorithm' },
    },
  );
}
