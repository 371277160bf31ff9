import { describe, expect, it } from 'vitest';
import { bodyText, BUCKET, createTestS3, type TestS3 } from './support.ts';

async function setUp(...statuses: ('Enabled' | 'Suspended')[]): Promise<TestS3> {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET });
  for (const status of statuses) await version(s3, status);
  return s3;
}

function version(s3: TestS3, Status: 'Enabled' | 'Suspended') {
  return s3.call('PutBucketVersioning', { Bucket: BUCKET, VersioningConfiguration: { Status } });
}

const put = (s3: TestS3, Body: string) => s3.call('PutObject', { Bucket: BUCKET, Key: 'k', Body });
const get = (s3: TestS3, VersionId?: string, ctx = {}) =>
  s3.call('GetObject', { Bucket: BUCKET, Key: 'k', ...(VersionId !== undefined && { VersionId }) }, ctx);
const remove = (s3: TestS3, VersionId?: string) =>
  s3.call('DeleteObject', { Bucket: BUCKET, Key: 'k', ...(VersionId !== undefined && { VersionId }) });

describe('Enabled', () => {
  it('keeps every version under an id of its own', async () => {
    const s3 = await setUp();
    await put(s3, 'null');
    await version(s3, 'Enabled');
    const { VersionId: one } = await put(s3, 'one');
    const { VersionId: two } = await put(s3, 'two');
    expect(one).toMatch(/^[A-Za-z0-9._]{32}$/);
    expect(bodyText(await get(s3))).toBe('two');
    expect(bodyText(await get(s3, one))).toBe('one');
    expect(await get(s3, 'null')).toMatchObject({ Body: Buffer.from('null'), VersionId: 'null' });
    await remove(s3, two);
    expect((await get(s3)).VersionId).toBe(one);
  });

  it('deletes with a marker, also a key that never existed, and undoes it by its id', async () => {
    const s3 = await setUp('Enabled');
    const { VersionId: marker, DeleteMarker } = await remove(s3);
    expect(DeleteMarker).toBe(true);
    await remove(s3, marker);
    const { VersionId: object } = await put(s3, 'x');
    const { VersionId: second } = await remove(s3);
    const response = { headers: {} };
    await expect(get(s3, undefined, { response })).rejects.toMatchObject({
      code: 'NoSuchKey',
      status: 404,
    });
    expect(response.headers).toEqual({ 'x-amz-delete-marker': 'true', 'x-amz-version-id': second });
    await expect(get(s3, second)).rejects.toMatchObject({
      code: 'MethodNotAllowed',
      status: 405,
      members: { Method: 'GET', ResourceType: 'DeleteMarker' },
    });
    expect(await remove(s3, second)).toEqual({ DeleteMarker: true, VersionId: second });
    expect((await get(s3)).VersionId).toBe(object);
  });

  it('tells malformed ids from unknown ones', async () => {
    const s3 = await setUp('Enabled');
    await put(s3, 'x');
    await expect(get(s3, 'nonsense')).rejects.toMatchObject({
      code: 'InvalidArgument',
      message: 'Invalid version id specified',
      status: 400,
      members: { ArgumentName: 'versionId', ArgumentValue: 'nonsense' },
    });
    await expect(get(s3, 'a'.repeat(32))).rejects.toMatchObject({ code: 'NoSuchVersion', status: 404 });
    expect(await remove(s3, 'a'.repeat(32))).toMatchObject({ VersionId: 'a'.repeat(32) });
  });
});

describe('Suspended', () => {
  it('writes the null version without telling its id, and a null marker', async () => {
    const s3 = await setUp('Enabled');
    const { VersionId: kept } = await put(s3, 'kept');
    await version(s3, 'Suspended');
    expect((await put(s3, 'first')).VersionId).toBeUndefined();
    await put(s3, 'second');
    expect(await get(s3)).toMatchObject({ Body: Buffer.from('second'), VersionId: 'null' });
    expect(await remove(s3)).toEqual({ DeleteMarker: true, VersionId: 'null' });
    const { Versions, DeleteMarkers } = await s3.call('ListObjectVersions', { Bucket: BUCKET });
    expect(Versions?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([[kept, false]]);
    expect(DeleteMarkers?.map(({ VersionId, IsLatest }) => [VersionId, IsLatest])).toEqual([['null', true]]);
  });
});

describe('DeleteObjects', () => {
  it('answers for every key, and with Quiet only for errors', async () => {
    const s3 = await setUp('Enabled');
    const { VersionId } = await put(s3, 'x');
    const Objects = [{ Key: 'k', VersionId: VersionId! }, { Key: 'other' }, { Key: 'k', VersionId: 'bad' }];
    const output = await s3.call('DeleteObjects', { Bucket: BUCKET, Delete: { Objects } });
    expect(output.Deleted).toEqual([
      { Key: 'k', VersionId },
      { Key: 'other', DeleteMarker: true, DeleteMarkerVersionId: expect.any(String) as string },
    ]);
    expect(output.Errors).toMatchObject([{ Key: 'k', VersionId: 'bad', Code: 'NoSuchVersion' }]);
    const quiet = await s3.call('DeleteObjects', { Bucket: BUCKET, Delete: { Objects, Quiet: true } });
    expect(quiet.Deleted).toEqual([]);
    expect(quiet.Errors?.map(({ Code }) => Code)).toEqual(['NoSuchVersion', 'NoSuchVersion']);
  });

  it('takes 1,000 keys and no more', async () => {
    const s3 = await setUp();
    const objects = (length: number) => Array.from({ length }, (_, i) => ({ Key: `k${i}` }));
    await s3.call('DeleteObjects', { Bucket: BUCKET, Delete: { Objects: objects(1000) } });
    for (const length of [0, 1001]) {
      await expect(
        s3.call('DeleteObjects', { Bucket: BUCKET, Delete: { Objects: objects(length) } }),
      ).rejects.toMatchObject({ code: 'MalformedXML' });
    }
  });
});

describe('ListObjectVersions', () => {
  it('pages by key and version', async () => {
    const s3 = await setUp('Enabled');
    for (const key of ['a', 'a', 'b/1', 'b/2', 'c']) {
      await s3.call('PutObject', { Bucket: BUCKET, Key: key, Body: key });
    }
    await s3.call('DeleteObject', { Bucket: BUCKET, Key: 'c' });
    const seen: string[] = [];
    let markers: { KeyMarker?: string; VersionIdMarker?: string } = {};
    for (let page = 0; page < 10; page++) {
      const output = await s3.call('ListObjectVersions', {
        Bucket: BUCKET,
        MaxKeys: 1,
        Delimiter: '/',
        ...markers,
      });
      for (const { Key } of output.Versions ?? []) seen.push(`version ${Key!}`);
      for (const { Key } of output.DeleteMarkers ?? []) seen.push(`marker ${Key!}`);
      for (const { Prefix } of output.CommonPrefixes ?? []) seen.push(`prefix ${Prefix!}`);
      if (!output.IsTruncated) break;
      markers = {
        KeyMarker: output.NextKeyMarker!,
        ...(output.NextVersionIdMarker !== undefined && { VersionIdMarker: output.NextVersionIdMarker }),
      };
    }
    expect(seen).toEqual(['version a', 'version a', 'prefix b/', 'marker c', 'version c']);
  });
});
