import { describe, expect, it } from 'vitest';
import { bodyText, BUCKET, createTestS3, type TestS3 } from './support.ts';

async function setUp(): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET });
  return s3;
}

function put(s3: TestS3, Body: string | Buffer = 'hello', more: object = {}) {
  return s3.call('PutObject', { Bucket: BUCKET, Key: 'k', Body, ...more });
}

function get(s3: TestS3, more: object = {}, ctx = {}) {
  return s3.call('GetObject', { Bucket: BUCKET, Key: 'k', ...more }, ctx);
}

const HELLO_MD5 = '5d41402abc4b2a76b9719d911017c592';

describe('PutObject and GetObject', () => {
  it('round-trip bytes, headers, metadata and tags', async () => {
    const s3 = await setUp();
    expect(
      await put(s3, 'hello', {
        ContentType: 'text/plain',
        ContentEncoding: 'aws-chunked,gzip',
        CacheControl: 'no-cache',
        Metadata: { a: 'b' },
        Tagging: 'x=1&y=a%20b',
      }),
    ).toEqual({
      ETag: `"${HELLO_MD5}"`,
      VersionId: undefined,
      ServerSideEncryption: 'AES256',
      ChecksumCRC64NVME: expect.any(String) as string,
      ChecksumType: 'FULL_OBJECT',
    });
    expect(await get(s3)).toMatchObject({
      Body: Buffer.from('hello'),
      ContentLength: 5,
      ContentType: 'text/plain',
      ContentEncoding: 'gzip',
      CacheControl: 'no-cache',
      Metadata: { a: 'b' },
      TagCount: 2,
      ETag: `"${HELLO_MD5}"`,
      LastModified: new Date(s3.clock.now()),
    });
    expect((await s3.call('GetObjectTagging', { Bucket: BUCKET, Key: 'k' })).TagSet).toEqual([
      { Key: 'x', Value: '1' },
      { Key: 'y', Value: 'a b' },
    ]);
  });

  it('give the checksum only to those who ask, and only of the whole', async () => {
    const s3 = await setUp();
    // CRC-32 of "hello" is 3610a686.
    await put(s3, 'hello', { ChecksumCRC32: 'NhCmhg==' });
    expect(await get(s3)).not.toHaveProperty('ChecksumCRC32');
    expect(await get(s3, { ChecksumMode: 'ENABLED' })).toMatchObject({
      ChecksumCRC32: 'NhCmhg==',
      ChecksumType: 'FULL_OBJECT',
    });
    expect(await get(s3, { ChecksumMode: 'ENABLED', Range: 'bytes=0-1' })).not.toHaveProperty(
      'ChecksumCRC32',
    );
  });

  it('refuse a wrong checksum and store nothing', async () => {
    const s3 = await setUp();
    await expect(put(s3, 'hello', { ChecksumCRC32: 'AAAAAA==' })).rejects.toMatchObject({
      code: 'BadDigest',
    });
    await expect(get(s3)).rejects.toMatchObject({
      code: 'NoSuchKey',
      status: 404,
      members: { Key: 'k' },
    });
  });

  it('take keys of 1,024 bytes and no more', async () => {
    const s3 = await setUp();
    await put(s3, '', { Key: 'é'.repeat(512) });
    await expect(put(s3, '', { Key: 'é'.repeat(513) })).rejects.toMatchObject({
      code: 'KeyTooLongError',
      message: 'Your key is too long',
      members: { Size: '1026', MaxSizeAllowed: '1024' },
    });
  });

  it.each<[string, string | undefined, string]>([
    ['bytes=1-3', 'bytes 1-3/5', 'ell'],
    ['bytes=3-', 'bytes 3-4/5', 'lo'],
    ['bytes=-2', 'bytes 3-4/5', 'lo'],
    ['bytes=-9', 'bytes 0-4/5', 'hello'],
    ['bytes=1-99', 'bytes 1-4/5', 'ello'],
    ['bytes=3-1', undefined, 'hello'],
    ['bytes=0-1,3-4', undefined, 'hello'],
    ['lines=1-2', undefined, 'hello'],
  ])('Range %s', async (Range, ContentRange, text) => {
    const s3 = await setUp();
    await put(s3);
    const response: { headers: Record<string, string>; status?: number } = { headers: {} };
    const output = await get(s3, { Range }, { response });
    expect(output.ContentRange).toBe(ContentRange);
    expect(bodyText(output)).toBe(text);
    expect(output.ContentLength).toBe(text.length);
    expect(response.status).toBe(ContentRange === undefined ? undefined : 206);
  });

  it.each(['bytes=5-', 'bytes=-0'])('Range %s is not satisfiable', async (Range) => {
    const s3 = await setUp();
    await put(s3);
    await expect(get(s3, { Range })).rejects.toMatchObject({
      code: 'InvalidRange',
      status: 416,
      members: { RangeRequested: Range, ActualObjectSize: '5' },
    });
  });

  it('override response headers for signed requests', async () => {
    const s3 = await setUp();
    await put(s3);
    const more = { ResponseContentType: 'text/css' };
    expect((await get(s3, more)).ContentType).toBe('text/css');
    await expect(get(s3, more, { accessKeyId: undefined })).rejects.toMatchObject({
      code: 'InvalidRequest',
    });
  });
});

describe('conditional reads', () => {
  const past = new Date(0);
  const future = new Date(Date.UTC(2100, 0));
  it.each<[object, number | undefined]>([
    [{ IfMatch: `"${HELLO_MD5}"` }, undefined],
    [{ IfMatch: '*' }, undefined],
    [{ IfMatch: '"x"' }, 412],
    [{ IfNoneMatch: '"x"' }, undefined],
    [{ IfNoneMatch: HELLO_MD5 }, 304],
    [{ IfModifiedSince: past }, undefined],
    [{ IfModifiedSince: future }, 304],
    [{ IfUnmodifiedSince: past }, 412],
    [{ IfMatch: HELLO_MD5, IfUnmodifiedSince: past }, undefined],
    [{ IfNoneMatch: '"x"', IfModifiedSince: future }, undefined],
  ])('%j', async (conditions, status) => {
    const s3 = await setUp();
    await put(s3);
    for (const operation of ['GetObject', 'HeadObject'] as const) {
      const response = s3.call(operation, { Bucket: BUCKET, Key: 'k', ...conditions });
      if (status === undefined) expect(await response).toHaveProperty('ETag');
      else await expect(response).rejects.toMatchObject({ status });
    }
  });
});

describe('conditional writes', () => {
  const failed = 'At least one of the pre-conditions you specified did not hold';
  it.each<[object, object | undefined]>([
    [
      { IfNoneMatch: '*' },
      { code: 'PreconditionFailed', message: failed, status: 412, members: { Condition: 'If-None-Match' } },
    ],
    [{ IfNoneMatch: 'x' }, { code: 'NotImplemented', status: 501, members: { Header: 'If-None-Match' } }],
    [{ IfMatch: `"${HELLO_MD5}"` }, undefined],
    [{ IfMatch: 'x' }, { code: 'PreconditionFailed', status: 412, members: { Condition: 'If-Match' } }],
    [{ IfMatch: '*' }, { code: 'NotImplemented', status: 501 }],
    [
      { IfMatch: 'x', IfNoneMatch: '*' },
      { code: 'NotImplemented', status: 501 },
    ],
    [
      { IfMatch: 'x', Key: 'missing' },
      { code: 'NoSuchKey', status: 404 },
    ],
    [{ IfNoneMatch: '*', Key: 'missing' }, undefined],
  ])('%j', async (conditions, error) => {
    const s3 = createTestS3();
    await s3.withRule('s3:ObjectCreated:*');
    await put(s3);
    const before = (await s3.records()).length;
    if (!error) await put(s3, 'new', conditions);
    else await expect(put(s3, 'new', conditions)).rejects.toMatchObject(error);
    // A refused write is no event.
    expect((await s3.records()).length - before).toBe(error ? 0 : 1);
  });
});

describe('CopyObject', () => {
  const copy = (s3: TestS3, more: object = {}) =>
    s3.call('CopyObject', { Bucket: BUCKET, Key: 'copy', CopySource: `${BUCKET}/k`, ...more });

  it('takes bytes, metadata and tags along, or replaces them', async () => {
    const s3 = await setUp();
    await put(s3, 'hello', { Metadata: { a: 'b' }, ContentType: 'text/plain', Tagging: 'x=1' });
    expect((await copy(s3)).CopyObjectResult?.ETag).toBe(`"${HELLO_MD5}"`);
    expect(await get(s3, { Key: 'copy' })).toMatchObject({
      Body: Buffer.from('hello'),
      Metadata: { a: 'b' },
      ContentType: 'text/plain',
      TagCount: 1,
    });
    await copy(s3, { MetadataDirective: 'REPLACE', TaggingDirective: 'REPLACE', Metadata: { c: 'd' } });
    expect(await get(s3, { Key: 'copy' })).toMatchObject({
      Metadata: { c: 'd' },
      ContentType: 'binary/octet-stream',
      TagCount: undefined,
    });
  });

  it('decodes the source', async () => {
    const s3 = await setUp();
    await put(s3, 'x', { Key: 'a b?c' });
    await copy(s3, { CopySource: `/${BUCKET}/a%20b%3Fc` });
    expect(bodyText(await get(s3, { Key: 'copy' }))).toBe('x');
  });

  it('in place has to change something', async () => {
    const s3 = await setUp();
    await put(s3);
    await expect(copy(s3, { Key: 'k' })).rejects.toMatchObject({
      code: 'InvalidRequest',
      message: expect.stringContaining('copy an object to itself without changing') as string,
    });
    await copy(s3, { Key: 'k', MetadataDirective: 'REPLACE', Metadata: { new: '1' } });
    expect((await get(s3)).Metadata).toEqual({ new: '1' });
  });

  it('checks the source', async () => {
    const s3 = await setUp();
    await put(s3);
    await expect(copy(s3, { CopySource: `${BUCKET}/missing` })).rejects.toMatchObject({ code: 'NoSuchKey' });
    await expect(copy(s3, { CopySource: 'missing/k' })).rejects.toMatchObject({ code: 'NoSuchBucket' });
    await expect(copy(s3, { CopySource: 'nokey' })).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(copy(s3, { CopySource: `${BUCKET}/%E0%A4` })).rejects.toMatchObject({
      code: 'InvalidArgument',
    });
    await expect(copy(s3, { CopySourceIfNoneMatch: HELLO_MD5 })).rejects.toMatchObject({
      code: 'PreconditionFailed',
      status: 412,
      members: { Condition: 'x-amz-copy-source-If-None-Match' },
    });
  });
});

describe('ACLs', () => {
  it('are disabled in a new bucket', async () => {
    const s3 = await setUp();
    await put(s3, '', { ACL: 'bucket-owner-full-control' });
    const error = { code: 'AccessControlListNotSupported', message: 'The bucket does not allow ACLs' };
    await expect(put(s3, '', { ACL: 'private' })).rejects.toMatchObject(error);
    await expect(s3.call('PutObjectAcl', { Bucket: BUCKET, Key: 'k', ACL: 'private' })).rejects.toMatchObject(
      error,
    );
  });

  it('cannot be public while public access is blocked', async () => {
    const s3 = await setUp();
    await put(s3);
    await s3.call('PutBucketOwnershipControls', {
      Bucket: BUCKET,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
    });
    const acl = { Bucket: BUCKET, Key: 'k', ACL: 'public-read' } as const;
    await expect(s3.call('PutObjectAcl', acl)).rejects.toMatchObject({ code: 'AccessDenied', status: 403 });
    await s3.call('DeletePublicAccessBlock', { Bucket: BUCKET });
    await s3.call('PutObjectAcl', acl);
    const { Grants } = await s3.call('GetObjectAcl', { Bucket: BUCKET, Key: 'k' });
    expect(Grants?.map(({ Permission }) => Permission)).toEqual(['FULL_CONTROL', 'READ']);
  });
});
