import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { bodyText, BUCKET, createTestS3, type TestS3 } from './support.ts';

const PART_SIZE = 5 * 1024 * 1024;
const big = Buffer.alloc(PART_SIZE, 'a');
const small = Buffer.from('end');
const md5 = (data: Buffer) => createHash('md5').update(data).digest();

async function setUp(more: object = {}) {
  const s3 = createTestS3();
  await s3.withRule('s3:ObjectCreated:*');
  const { UploadId = '' } = await s3.call('CreateMultipartUpload', { Bucket: BUCKET, Key: 'k', ...more });
  return { s3, upload: { Bucket: BUCKET, Key: 'k', UploadId } };
}
type Upload = Awaited<ReturnType<typeof setUp>>['upload'];

function uploadPart(s3: TestS3, upload: Upload, PartNumber: number, Body: Buffer, more: object = {}) {
  return s3.call('UploadPart', { ...upload, PartNumber, Body, ...more });
}

function complete(s3: TestS3, upload: Upload, Parts: object[], more: object = {}) {
  return s3.call('CompleteMultipartUpload', { ...upload, MultipartUpload: { Parts }, ...more });
}

describe('multipart upload', () => {
  it('makes one object with a composite entity tag and one event', async () => {
    const { s3, upload } = await setUp({ ContentType: 'text/plain', Tagging: 'a=1' });
    const one = await uploadPart(s3, upload, 1, big);
    const two = await uploadPart(s3, upload, 7, small);
    const output = await complete(s3, upload, [
      { PartNumber: 1, ETag: one.ETag },
      { PartNumber: 7, ETag: two.ETag },
    ]);
    const etag = `${md5(Buffer.concat([md5(big), md5(small)])).toString('hex')}-2`;
    expect(output).toMatchObject({ Bucket: BUCKET, Key: 'k', ETag: `"${etag}"` });
    expect(await s3.call('HeadObject', { Bucket: BUCKET, Key: 'k' })).toMatchObject({
      ContentLength: PART_SIZE + 3,
      ContentType: 'text/plain',
    });
    const part = await s3.call('GetObject', { Bucket: BUCKET, Key: 'k', PartNumber: 2 });
    expect([bodyText(part), part.PartsCount, part.ContentRange]).toEqual([
      'end',
      2,
      `bytes ${PART_SIZE}-${PART_SIZE + 2}/${PART_SIZE + 3}`,
    ]);
    const records = await s3.records();
    expect(records.map(({ eventName, s3: { object } }) => [eventName, object.size, object.eTag])).toEqual([
      ['ObjectCreated:CompleteMultipartUpload', PART_SIZE + 3, etag],
    ]);
    await expect(uploadPart(s3, upload, 1, small)).rejects.toMatchObject({
      code: 'NoSuchUpload',
      status: 404,
    });
  });

  it('refuses unknown parts, wrong tags, wrong order, small parts and an empty list', async () => {
    const { s3, upload } = await setUp();
    const one = { PartNumber: 1, ETag: (await uploadPart(s3, upload, 1, small)).ETag };
    const two = { PartNumber: 2, ETag: (await uploadPart(s3, upload, 2, small)).ETag };
    await expect(complete(s3, upload, [])).rejects.toMatchObject({ code: 'MalformedXML' });
    await expect(complete(s3, upload, [{ PartNumber: 3, ETag: one.ETag }])).rejects.toMatchObject({
      code: 'InvalidPart',
      message: expect.stringContaining('could not be found.  The part') as string,
    });
    await expect(complete(s3, upload, [{ PartNumber: 1, ETag: 'x' }])).rejects.toMatchObject({
      code: 'InvalidPart',
    });
    await expect(complete(s3, upload, [two, one])).rejects.toMatchObject({ code: 'InvalidPartOrder' });
    await expect(complete(s3, upload, [one, two])).rejects.toMatchObject({
      code: 'EntityTooSmall',
      members: { PartNumber: '1', ProposedSize: '3', MinSizeAllowed: String(PART_SIZE) },
    });
    await expect(uploadPart(s3, upload, 10_001, small)).rejects.toMatchObject({
      message: 'Part number must be an integer between 1 and 10000, inclusive',
    });
    await expect(complete(s3, upload, [one], { IfMatch: 'x' })).rejects.toMatchObject({ code: 'NoSuchKey' });
    await complete(s3, upload, [one]);
  });

  it('computes the checksum of checksums', async () => {
    const { s3, upload } = await setUp({ ChecksumAlgorithm: 'SHA256' });
    const sha = (data: Buffer) => createHash('sha256').update(data).digest();
    const part = { ChecksumSHA256: sha(small).toString('base64') };
    await expect(uploadPart(s3, upload, 1, small)).rejects.toMatchObject({
      message: 'Checksum Type mismatch occurred, expected checksum Type: sha256, actual checksum Type: null',
    });
    const { ETag, ChecksumSHA256 } = await uploadPart(s3, upload, 1, small, part);
    expect(ChecksumSHA256).toBe(part.ChecksumSHA256);
    await expect(complete(s3, upload, [{ PartNumber: 1, ETag }])).rejects.toMatchObject({
      message: expect.stringContaining('It was missing for part 1') as string,
    });
    expect(await complete(s3, upload, [{ PartNumber: 1, ETag, ...part }])).toMatchObject({
      ChecksumSHA256: `${sha(sha(small)).toString('base64')}-1`,
      ChecksumType: 'COMPOSITE',
    });
    expect(
      await s3.call('GetObjectAttributes', {
        Bucket: BUCKET,
        Key: 'k',
        ObjectAttributes: ['ObjectParts', 'ObjectSize', 'ETag'],
      }),
    ).toMatchObject({
      ObjectSize: 3,
      ETag: expect.stringMatching(/^[0-9a-f]{32}-1$/) as string,
      ObjectParts: { TotalPartsCount: 1, Parts: [{ PartNumber: 1, Size: 3, ...part }] },
    });
  });

  it('copies parts from objects', async () => {
    const { s3, upload } = await setUp();
    await s3.call('PutObject', { Bucket: BUCKET, Key: 'src', Body: 'hello' });
    const copy = (CopySourceRange: string) =>
      s3.call('UploadPartCopy', { ...upload, PartNumber: 1, CopySource: `${BUCKET}/src`, CopySourceRange });
    await expect(copy('1-2')).rejects.toMatchObject({ code: 'InvalidArgument' });
    await expect(copy('bytes=0-5')).rejects.toMatchObject({
      message: 'Range specified is not valid for source object of size: 5',
    });
    const { CopyPartResult } = await copy('bytes=1-3');
    await complete(s3, upload, [{ PartNumber: 1, ETag: CopyPartResult?.ETag }]);
    expect(bodyText(await s3.call('GetObject', { Bucket: BUCKET, Key: 'k' }))).toBe('ell');
  });

  it('lists parts and uploads, and aborts', async () => {
    const { s3, upload } = await setUp();
    await uploadPart(s3, upload, 2, small);
    await uploadPart(s3, upload, 1, small);
    const first = await s3.call('ListParts', { ...upload, MaxParts: 1 });
    expect([first.Parts?.map((p) => p.PartNumber), first.IsTruncated, first.NextPartNumberMarker]).toEqual([
      [1],
      true,
      '1',
    ]);
    const rest = await s3.call('ListParts', { ...upload, PartNumberMarker: '1' });
    expect(rest.Parts?.map((p) => p.PartNumber)).toEqual([2]);
    for (const Key of ['k', 'a', 'dir/1', 'dir/2']) {
      await s3.call('CreateMultipartUpload', { Bucket: BUCKET, Key });
    }
    const seen: string[] = [];
    let markers = {};
    for (let page = 0; page < 10; page++) {
      const output = await s3.call('ListMultipartUploads', {
        Bucket: BUCKET,
        Delimiter: '/',
        MaxUploads: 1,
        ...markers,
      });
      seen.push(...output.Uploads!.map(({ Key }) => Key!), ...output.CommonPrefixes!.map((p) => p.Prefix!));
      if (!output.IsTruncated) break;
      markers = { KeyMarker: output.NextKeyMarker, UploadIdMarker: output.NextUploadIdMarker };
    }
    expect(seen).toEqual(['a', 'dir/', 'k', 'k']);
    await s3.call('AbortMultipartUpload', upload);
    await expect(s3.call('ListParts', upload)).rejects.toMatchObject({
      code: 'NoSuchUpload',
      members: { UploadId: upload.UploadId },
    });
    expect(await s3.records()).toEqual([]);
  });
});
