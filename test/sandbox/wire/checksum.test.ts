import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { verifyChecksums } from '../../../src/sandbox/wire/checksum.ts';
import { crc32c, crc64nvme } from '../../../src/sandbox/wire/crc.ts';
import { AwsError, type RequestContext } from '../../../src/sandbox/wire/types.ts';

const body = Buffer.from('123456789');
const md5 = createHash('md5').update(body).digest('base64');

/** Check values of the CRC catalogue (reveng), and digests by node:crypto. */
const CORRECT = {
  ChecksumCRC32: 'y/Q5Jg==',
  ChecksumCRC32C: '4waSgw==',
  ChecksumCRC64NVME: 'rosUhgp5mIg=',
  ChecksumSHA1: createHash('sha1').update(body).digest('base64'),
  ChecksumSHA256: createHash('sha256').update(body).digest('base64'),
  ChecksumSHA512: createHash('sha512').update(body).digest('base64'),
  ChecksumMD5: md5,
} as const;

function context(
  trailers: Record<string, string> = {},
  headers: Record<string, string> = {},
): RequestContext {
  return { trailers: () => trailers, headers } as unknown as RequestContext;
}

function errorOf(run: () => unknown): AwsError {
  try {
    run();
  } catch (error) {
    if (error instanceof AwsError) return error;
    throw error;
  }
  throw new Error('expected an AwsError');
}

describe('the algorithms', () => {
  it('give the catalogued check values', () => {
    expect(crc32c(body).toString(16)).toBe('e3069283');
    expect(crc64nvme(body).toString('hex')).toBe('ae8b14860a799888');
    expect(crc32c(Buffer.alloc(0))).toBe(0);
    expect(crc64nvme(Buffer.alloc(0)).toString('hex')).toBe('0000000000000000');
  });

  it('agree with a bit-by-bit computation on any bytes', () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 131 + (i >> 3)) & 0xff));
    expect(crc64nvme(bytes).readBigUInt64BE()).toBe(slowCrc64(bytes));
  });
});

describe('verifyChecksums', () => {
  it.each(Object.entries(CORRECT))('accepts the right %s', (member, value) => {
    expect(verifyChecksums({ [member]: value }, context(), body)).toEqual({ [member]: value });
  });

  it.each(Object.entries(CORRECT))('refuses a wrong %s', (member, value) => {
    const name = member.slice('Checksum'.length);
    expect(errorOf(() => verifyChecksums({ [member]: value }, context(), Buffer.from('x')))).toMatchObject({
      code: 'BadDigest',
      status: 400,
      message: `The ${name} you specified did not match the calculated checksum.`,
    });
  });

  it('takes a trailer', () => {
    const trailers = { 'x-amz-checksum-crc32': CORRECT.ChecksumCRC32 };
    expect(verifyChecksums({}, context(trailers), body)).toEqual({ ChecksumCRC32: CORRECT.ChecksumCRC32 });
    expect(errorOf(() => verifyChecksums({}, context(trailers), Buffer.from('x'))).code).toBe('BadDigest');
  });

  it('computes CRC64NVME where the client sent nothing', () => {
    expect(verifyChecksums({}, context(), body)).toEqual({ ChecksumCRC64NVME: CORRECT.ChecksumCRC64NVME });
  });

  it('refuses two checksums, and a value that cannot be one', () => {
    const two = { ChecksumCRC32: CORRECT.ChecksumCRC32, ChecksumSHA1: CORRECT.ChecksumSHA1 };
    expect(errorOf(() => verifyChecksums(two, context(), body))).toMatchObject({
      code: 'InvalidRequest',
      message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
    });
    expect(errorOf(() => verifyChecksums({ ChecksumSHA256: 'abc' }, context(), body))).toMatchObject({
      code: 'InvalidRequest',
      message: 'Value for x-amz-checksum-sha256 header is invalid.',
    });
  });

  it('refuses an algorithm that it cannot verify', () => {
    const headers = { 'x-amz-checksum-xxhash64': 'AAAAAAAAAAA=', 'x-amz-checksum-mode': 'ENABLED' };
    expect(errorOf(() => verifyChecksums({}, context({}, headers), body))).toMatchObject({
      code: 'NotImplemented',
      status: 501,
      members: { Header: 'x-amz-checksum-xxhash64' },
    });
  });

  it('verifies Content-MD5', () => {
    expect(Object.keys(verifyChecksums({ ContentMD5: md5 }, context(), body))).toEqual(['ChecksumCRC64NVME']);
    expect(errorOf(() => verifyChecksums({ ContentMD5: md5 }, context(), Buffer.from('x'))).code).toBe(
      'BadDigest',
    );
    expect(errorOf(() => verifyChecksums({ ContentMD5: 'x' }, context(), body)).code).toBe('InvalidDigest');
  });
});

function slowCrc64(bytes: Uint8Array): bigint {
  let crc = 0xffffffffffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x9a6c9329ac4bc9b5n : crc >> 1n;
  }
  return crc ^ 0xffffffffffffffffn;
}
