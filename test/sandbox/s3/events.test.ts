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
