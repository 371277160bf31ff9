import { Readable } from 'node:stream';
import { beforeEach, describe, expect, it } from 'vitest';
import { BUCKET, createTestS3, type TestS3 } from './support.ts';

const object = { Bucket: BUCKET, Key: 'in/a b.jpg' };
let s3: TestS3;

beforeEach(async () => {
  s3 = createTestS3();
  await s3.withRule('s3:ObjectAnnotation:*', 's3:ObjectCreated:Copy');
  await s3.call('PutObject', { ...object, Body: 'image' });
});

const annotate = (AnnotationName: string, payload: string | Buffer, more: object = {}) =>
  s3.call('PutObjectAnnotation', {
    ...object,
    AnnotationName,
    AnnotationPayload: Readable.from([Buffer.from(payload)]) as never,
    ...more,
  });
const read = async (AnnotationName: string, more: object = {}) => {
  const output = await s3.call('GetObjectAnnotation', { ...object, AnnotationName, ...more });
  return Buffer.from(output.AnnotationPayload as unknown as Uint8Array).toString();
};

describe('an annotation', () => {
  it('is written, read, listed and removed, with its own events only', async () => {
    const before = await s3.call('HeadObject', object);
    expect(await annotate('labels', '{"a":1}')).toMatchObject({
      AnnotationName: 'labels',
      ETag: '"bb6cb5c68df4652941caf652a366f2d8"',
    });
    await annotate('alt', 'ein Wald');
    expect(await read('labels')).toBe('{"a":1}');
    expect(await s3.call('HeadObject', object)).toEqual(before);
    expect(await s3.call('ListObjectAnnotations', object)).toMatchObject({
      AnnotationCount: 2,
      Annotations: [
        { AnnotationName: 'alt', Size: 8 },
        { AnnotationName: 'labels', Size: 7 },
      ],
    });
    await s3.call('DeleteObjectAnnotation', { ...object, AnnotationName: 'alt' });
    await expect(read('alt')).rejects.toMatchObject({ code: 'NoSuchAnnotation', status: 404 });
    const records = await s3.records();
    expect(records.map((record) => [record.eventName, record['objectAnnotation']])).toEqual([
      ['ObjectAnnotation:Put', [{ name: 'labels', size: 7, eTag: 'bb6cb5c68df4652941caf652a366f2d8' }]],
      ['ObjectAnnotation:Put', [expect.objectContaining({ name: 'alt', size: 8 })]],
      ['ObjectAnnotation:Delete', [{ name: 'alt' }]],
    ]);
    expect(records[0]!.s3.object).toEqual({ key: 'in/a+b.jpg', eTag: before.ETag?.replaceAll('"', '') });
  });

  it('pages a list and filters it by prefix', async () => {
    for (const name of ['b2', 'a1', 'b1', 'b3']) await annotate(name, 'x');
    const list = { ...object, AnnotationPrefix: 'b', MaxAnnotationResults: 2 };
    const first = await s3.call('ListObjectAnnotations', list);
    const rest = await s3.call('ListObjectAnnotations', {
      ...list,
      ContinuationToken: first.NextContinuationToken!,
    });
    expect([first, rest].map((page) => page.Annotations?.map((entry) => entry.AnnotationName))).toEqual([
      ['b1', 'b2'],
      ['b3'],
    ]);
    expect(rest.NextContinuationToken).toBeUndefined();
  });

  it('belongs to one version', async () => {
    await s3.call('PutBucketVersioning', { Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } });
    const { VersionId } = await s3.call('PutObject', { ...object, Body: '1' });
    expect(await annotate('a', 'one')).toMatchObject({ ObjectVersionId: VersionId });
    await s3.call('PutObject', { ...object, Body: '2' });
    await expect(read('a')).rejects.toMatchObject({ code: 'NoSuchAnnotation' });
    expect(await read('a', { VersionId })).toBe('one');
    expect((await s3.records())[0]!.s3.object.versionId).toBe(VersionId);
  });

  it('goes along with a copy unless it is excluded', async () => {
    await annotate('a', 'one');
    const copy = { Bucket: BUCKET, CopySource: `${BUCKET}/in/a%20b.jpg` };
    await s3.call('CopyObject', { ...copy, Key: 'with' });
    await s3.call('CopyObject', { ...copy, Key: 'without', AnnotationDirective: 'EXCLUDE' });
    expect(await read('a', { Key: 'with' })).toBe('one');
    await expect(read('a', { Key: 'without' })).rejects.toMatchObject({ code: 'NoSuchAnnotation' });
    expect((await s3.records()).slice(1).map((record) => record.s3.object.hasObjectAnnotation)).toEqual([
      true,
      false,
    ]);
  });

  it.each([
    ['has space', 'x', 'InvalidAnnotationName', 400],
    ['aws.x', 'x', 'InvalidAnnotationName', 400],
    ['S3', 'x', 'InvalidAnnotationName', 400],
    ['n'.repeat(513), 'x', 'AnnotationNameTooLong', 400],
    ['ok', '', 'InvalidRequest', 400],
    ['ok', 'x'.repeat(1024 * 1024 + 1), 'InvalidRequest', 400],
    ['ok', Buffer.from([0xff, 0xfe]), 'UnsupportedMediaType', 415],
  ])('named %.12s is refused', async (name, payload, code, status) => {
    await expect(annotate(name, payload)).rejects.toMatchObject({ code, status });
    expect(await s3.records()).toEqual([]);
  });

  it('waits for its condition, its object and its place among a thousand', async () => {
    await expect(annotate('a', 'x', { ObjectIfMatch: '"other"' })).rejects.toMatchObject({ status: 412 });
    await expect(annotate('a', 'x', { Key: 'missing' })).rejects.toMatchObject({ code: 'NoSuchKey' });
    for (let i = 0; i < 1000; i++) await annotate(`n${i}`, 'x');
    await expect(annotate('one-more', 'x')).rejects.toMatchObject({ code: 'AnnotationLimitExceeded' });
    await annotate('n7', 'again');
    expect(await read('n7')).toBe('again');
  });
});
