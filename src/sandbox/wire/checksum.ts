import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { crc32c, crc64nvme } from './crc.ts';
import { AwsError, type RequestContext } from './types.ts';

/** As in messages and, in lower case, in the header `x-amz-checksum-<name>`. The XXHASH family cannot be computed here. */
export type ChecksumName = 'CRC32' | 'CRC32C' | 'CRC64NVME' | 'SHA1' | 'SHA256' | 'SHA512' | 'MD5';

export type ChecksumMember = `Checksum${ChecksumName}`;

/** base64 values under the names that S3's inputs and outputs give them. */
export type Checksums = Readonly<Partial<Record<ChecksumMember, string>>>;

type ChecksumInput = Readonly<Partial<Record<ChecksumMember | 'ContentMD5', string | undefined>>>;

interface Algorithm {
  /** Of its result. */
  readonly bytes: number;
  readonly compute: (body: Uint8Array) => Buffer;
}

export const CHECKSUMS: Readonly<Record<ChecksumName, Algorithm>> = {
  CRC32: { bytes: 4, compute: (body) => uint32(crc32(body)) },
  CRC32C: { bytes: 4, compute: (body) => uint32(crc32c(body)) },
  CRC64NVME: { bytes: 8, compute: crc64nvme },
  SHA1: { bytes: 20, compute: (body) => digest('sha1', body) },
  SHA256: { bytes: 32, compute: (body) => digest('sha256', body) },
  SHA512: { bytes: 64, compute: (body) => digest('sha512', body) },
  MD5: { bytes: 16, compute: (body) => digest('md5', body) },
};
const NAMES = Object.keys(CHECKSUMS) as readonly ChecksumName[];

const HEADER_PREFIX = 'x-amz-checksum-';
const BY_HEADER = new Map(NAMES.map((name) => [HEADER_PREFIX + name.toLowerCase(), name]));
/** Headers of the family that carry no checksum. */
const OTHER_HEADERS = new Set(['algorithm', 'mode', 'type'].map((name) => HEADER_PREFIX + name));

/**
 * Compares a body, read to its end, with the checksum that came as a header or as a trailer, and with Content-MD5.
 * Returns the checksum that S3 stores with the object: the client's, or a CRC64NVME that S3 computes itself when
 * there was none. Throws `BadDigest`, `InvalidDigest` or `InvalidRequest` (all 400).
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
 */
export function verifyChecksums(input: ChecksumInput, ctx: RequestContext, body: Uint8Array): Checksums {
  verifyContentMd5(input.ContentMD5, body);
  const given = givenChecksums(input, ctx);
  if (given.length > 1) {
    throw invalidRequest(
      'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    );
  }
  const [checksum] = given;
  if (checksum === undefined) return { ChecksumCRC64NVME: crc64nvme(body).toString('base64') };
  const { name, value } = checksum;
  if (Buffer.from(value, 'base64').byteLength !== CHECKSUMS[name].bytes) {
    throw invalidRequest(`Value for ${HEADER_PREFIX}${name.toLowerCase()} header is invalid.`);
  }
  const computed = CHECKSUMS[name].compute(body).toString('base64');
  if (computed !== value) {
    throw badDigest(`The ${name} you specified did not match the calculated checksum.`);
  }
  return { [`Checksum${name}`]: computed };
}

function givenChecksums(input: ChecksumInput, ctx: RequestContext): { name: ChecksumName; value: string }[] {
  const values = new Map<ChecksumName, string>();
  for (const name of NAMES) {
    const value = input[`Checksum${name}`];
    if (value !== undefined) values.set(name, value);
  }
  for (const [header, value] of Object.entries(ctx.trailers())) {
    const name = BY_HEADER.get(header);
    if (name) values.set(name, value);
  }
  refuseUnknownAlgorithms([...Object.keys(ctx.headers), ...Object.keys(ctx.trailers())]);
  return [...values].map(([name, value]) => ({ name, value }));
}

/** A checksum that cannot be verified must not look verified (the XXHASH family). */
function refuseUnknownAlgorithms(names: readonly string[]): void {
  const unknown = names.find(
    (name) => name.startsWith(HEADER_PREFIX) && !BY_HEADER.has(name) && !OTHER_HEADERS.has(name),
  );
  if (unknown === undefined) return;
  throw new AwsError(
    'NotImplemented',
    'A header you provided implies functionality that is not implemented',
    {
      status: 501,
      members: { Header: unknown },
    },
  );
}

function verifyContentMd5(value: string | undefined, body: Uint8Array): void {
  if (value === undefined) return;
  if (Buffer.from(value, 'base64').byteLength !== 16) {
    throw new AwsError('InvalidDigest', 'The Content-MD5 you specified was invalid.', {
      status: 400,
      members: { 'Content-MD5': value },
    });
  }
  const computed = digest('md5', body).toString('base64');
  if (computed !== value) throw badDigest('The Content-MD5 you specified did not match what we received.');
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(value);
  return out;
}

function digest(algorithm: string, body: Uint8Array): Buffer {
  return createHash(algorithm).update(body).digest();
}

function badDigest(message: string): AwsError {
  return new AwsError('BadDigest', message, { status: 400 });
}

function invalidRequest(message: string): AwsError {
  return new AwsError('InvalidRequest', message, { status: 400 });
}
