import { describe, expect, it } from 'vitest';
import { BUCKET, createTestS3, type TestS3 } from './support.ts';

const ALL = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*', 's3:ObjectAcl:Put'];

async function setUp(status?: 'Enabled' | 'Suspended', options = {}): Promise<TestS3> {
  const s3 = createTestS3(options);
  await s3.withRule(...ALL);
  if (status) {
    await s3.call('PutBucketVersioning', { Bucket: BUCKET, VersioningConfiguration: { Status: status } });
  }
  return s3;
}

/** Name, version id and the members of `object`, in order. */
async function shapes(s3: TestS3) {
  return (await s3.records()).map(({ eventName, s3: { object } }) => [
    eventName,
    object.versionId,
    Object.keys(object).join(),
  ]);
}

const object = { Bucket: BUCKET, Key: 'k' };

describe('records of', () => {
  it('a bucket without versioning', async () => {
    const s3 = await setUp();
    await s3.call('PutObject', { ...object, Body: 'x', Tagging: 'a=1' });
    await s3.call('CopyObject', { ...object, CopySource: `${BUCKET}/k`, StorageClass: 'STANDARD_IA' });
    await s3.call('PutObjectTagging', { ...object, Tagging: { TagSet: [{ Key: 'a', Value: 'b' }] } });
    await s3.call('DeleteObjectTagging', object);
    await s3.call('DeleteObject', object);
    await s3.call('DeleteObject', object);
    await s3.call('DeleteObjects', { Bucket: BUCKET, Delete: { Objects: [{ Key: 'never' }] } });
    expect(await shapes(s3)).toEqual([
      ['ObjectCreated:Put', undefined, 'key,size,eTag,sequencer'],
      ['ObjectCreated:Copy', undefined, 'key,size,eTag,sequencer,hasObjectAnnotation'],
      ['ObjectTagging:Put', undefined, 'key,eTag'],
      ['ObjectTagging:Delete', undefined, 'key,eTag'],
      ['ObjectRemoved:Delete', undefined, 'key,sequencer'],
      ['ObjectRemoved:Delete', undefined, 'key,sequencer'],
      ['ObjectRemoved:Delete', undefined, 'key,sequencer'],
    ]);
  });

  it('a bucket with versioning', async () => {
    const s3 = await setUp('Enabled');
    const { VersionId } = await s3.call('PutObject', { ...object, Body: 'x' });
    const { VersionId: marker } = await s3.call('DeleteObject', object);
    await s3.call('DeleteObject', { ...object, VersionId: marker! });
    await s3.call('DeleteObject', { ...object, VersionId: VersionId! });
    expect(await shapes(s3)).toEqual([
      ['ObjectCreated:Put', VersionId, 'key,size,eTag,versionId,sequencer'],
      ['ObjectRemoved:DeleteMarkerCreated', marker, 'key,eTag,versionId,sequencer'],
      ['ObjectRemoved:Delete', marker, 'key,versionId,sequencer'],
      ['ObjectRemoved:Delete', VersionId, 'key,versionId,sequencer'],
    ]);
  });

  it('a bucket with versioning suspended', async () => {
    const s3 = await setUp('Enabled');
    const { VersionId } = await s3.call('PutObject', { ...object, Body: 'x' });
    await s3.call('PutBucketVersioning', {
      Bucket: BUCKET,
      VersioningConfiguration: { Status: 'Suspended' },
    });
    await s3.call('PutObject', { ...object, Body: 'y' });
    await s3.call('DeleteObject', { ...object, VersionId: VersionId! });
    expect((await shapes(s3)).slice(1)).toEqual([
      ['ObjectCreated:Put', undefined, 'key,size,eTag,sequencer'],
      ['ObjectRemoved:Delete', VersionId, 'key,versionId,sequencer'],
    ]);
  });

  it('ACLs, only of those that change', async () => {
    const s3 = await setUp();
    await s3.call('PutObject', { ...object, Body: '' });
    await s3.call('PutBucketOwnershipControls', {
      Bucket: BUCKET,
      OwnershipControls: { Rules: [{ ObjectOwnership: 'ObjectWriter' }] },
    });
    await s3.call('DeletePublicAccessBlock', { Bucket: BUCKET });
    for (const ACL of ['private', 'public-read', 'public-read', 'private'] as const) {
      await s3.call('PutObjectAcl', { ...object, ACL });
    }
    expect((await shapes(s3)).slice(1)).toEqual([
      ['ObjectAcl:Put', undefined, 'key,eTag'],
      ['ObjectAcl:Put', undefined, 'key,eTag'],
    ]);
  });
});

it('correlates with the request', async () => {
  const s3 = await setUp();
  const put = (Key: string, ctx: object) => s3.call('PutObject', { Bucket: BUCKET, Key, Body: 'x' }, ctx);
  await put('a b', { requestId: 'REQ1', extendedRequestId: 'EXT1', sourceIp: '10.0.0.1' });
  await put('b', {});
  await put('c', { accessKeyId: 'OTHER' });
  const [first, second, third] = await s3.records();
  expect(first).toMatchObject({
    eventVersion: '2.6',
    awsRegion: 'us-east-1',
    eventTime: new Date(s3.clock.now()).toISOString(),
    requestParameters: { sourceIPAddress: '10.0.0.1' },
    responseElements: { 'x-amz-request-id': 'REQ1', 'x-amz-id-2': 'EXT1' },
    s3: { configurationId: 'rule', object: { key: 'a+b', size: 1 } },
  });
  expect(first!.userIdentity.principalId).toMatch(/^AWS:AIDA[A-Z2-7]{17}$/);
  expect(second!.userIdentity).toEqual(first!.userIdentity);
  expect(third!.userIdentity).not.toEqual(first!.userIdentity);
});

it('numbers records as the setting says', async () => {
  const s3 = await setUp(undefined, { eventVersion: 'legacy' });
  await s3.call('PutObject', { ...object, Body: '' });
  await s3.call('DeleteObjectTagging', object);
  expect((await s3.records()).map(({ eventVersion }) => eventVersion)).toEqual(['2.1', '2.3']);
});

it('goes to the rule that matches at the time of the upload', async () => {
  const s3 = await setUp();
  await s3.call('PutObject', { ...object, Body: '' });
  await s3.call('PutBucketNotificationConfiguration', { Bucket: BUCKET, NotificationConfiguration: {} });
  await s3.call('PutObject', { ...object, Body: '' });
  expect(await s3.records()).toHaveLength(1);
});

describe('DeleteObjects', () => {
  it('sends a record for each key, existing or not, in the order of the request, also when it is quiet', async () => {
    const s3 = await setUp();
    await s3.call('PutObject', { ...object, Body: 'x' });
    const Objects = ['z', 'k', 'a', 'k'].map((Key) => ({ Key }));
    await s3.call(
      'DeleteObjects',
      { Bucket: BUCKET, Delete: { Objects, Quiet: true } },
      { requestId: 'REQ' },
    );
    const removed = (await s3.records()).slice(1);
    expect(removed.map((record) => record.s3.object.key)).toEqual(['z', 'k', 'a', 'k']);
    expect(new Set(removed.map((record) => record.responseElements['x-amz-request-id']))).toEqual(
      new Set(['REQ']),
    );
    const sequencers = removed.map((record) => record.s3.object.sequencer ?? '');
    expect([...sequencers].sort()).toEqual(sequencers);
    expect(new Set(sequencers).size).toBe(4);
  });

  it('sends what each key of a versioned bucket gets, and nothing for those that fail', async () => {
    const s3 = await setUp('Enabled');
    const { VersionId } = await s3.call('PutObject', { ...object, Body: 'x' });
    const { Errors } = await s3.call('DeleteObjects', {
      Bucket: BUCKET,
      Delete: {
        Objects: [
          { Key: 'never' },
          { Key: 'k', VersionId: 'a'.repeat(32) },
          { Key: 'k', ETag: '"other"' },
          { Key: 'k', VersionId: VersionId! },
        ],
      },
    });
    expect(Errors?.map(({ Code }) => Code)).toEqual(['NoSuchVersion', 'PreconditionFailed']);
    expect((await shapes(s3)).slice(1)).toEqual([
      ['ObjectRemoved:DeleteMarkerCreated', expect.stringMatching(/^.{32}$/), 'key,eTag,versionId,sequencer'],
      ['ObjectRemoved:Delete', VersionId, 'key,versionId,sequencer'],
    ]);
  });
});

it('says null of the marker of a bucket with versioning suspended', async () => {
  const s3 = await setUp('Suspended');
  await s3.call('DeleteObject', object);
  expect(await shapes(s3)).toEqual([
    ['ObjectRemoved:DeleteMarkerCreated', 'null', 'key,eTag,versionId,sequencer'],
  ]);
});

it.each([
  ['a b/c.txt', 'a+b/c.txt'],
  ['a+b', 'a%2Bb'],
  ['100%', '100%25'],
  ['é/漢/😀', '%C3%A9/%E6%BC%A2/%F0%9F%98%80'],
  ['a@b=c:d', 'a%40b%3Dc%3Ad'],
  ["(1)!'", '%281%29%21%27'],
  ['a*b~c', 'a*b%7Ec'],
  ['A.z-0_9', 'A.z-0_9'],
])('writes the key %s as %s', async (Key, expected) => {
  const s3 = await setUp();
  await s3.call('PutObject', { Bucket: BUCKET, Key, Body: '' });
  const [record] = await s3.records();
  expect(record!.s3.object.key).toBe(expected);
  expect(decodeURIComponent(expected.replaceAll('+', ' '))).toBe(Key);
});

it('sends nothing for what is refused', async () => {
  const s3 = await setUp();
  await s3.call('PutObject', { ...object, Body: 'x' });
  const upload = await s3.call('CreateMultipartUpload', object);
  const refused = [
    s3.call('PutObject', { ...object, Body: 'y', IfNoneMatch: '*' }),
    s3.call('PutObject', { ...object, Body: 'y', IfMatch: '"other"' }),
    s3.call('PutObject', { ...object, Body: 'y', ContentMD5: 'AAAAAAAAAAAAAAAAAAAAAA==' }),
    s3.call('CopyObject', { ...object, CopySource: `${BUCKET}/missing` }),
    s3.call('CopyObject', { ...object, CopySource: `${BUCKET}/k` }),
    s3.call('DeleteObject', { ...object, IfMatch: '"other"' }),
    s3.call('PutObjectTagging', { Bucket: BUCKET, Key: 'missing', Tagging: { TagSet: [] } }),
    s3.call('CompleteMultipartUpload', { ...object, UploadId: upload.UploadId! }),
  ];
  for (const outcome of await Promise.allSettled(refused)) expect(outcome.status).toBe('rejected');
  await s3.call('AbortMultipartUpload', { ...object, UploadId: upload.UploadId! });
  await s3.call('GetObject', object);
  expect(await s3.records()).toHaveLength(1);
});
