import { describe, expect, it } from 'vitest';
import { compareKeys, SortedKeys } from '../../../src/sandbox/services/s3/sorted-keys.ts';
import { BUCKET, createTestS3 } from './support.ts';

async function setUp(...keys: string[]) {
  const s3 = createTestS3();
  await s3.call('CreateBucket', { Bucket: BUCKET });
  for (const Key of keys) await s3.call('PutObject', { Bucket: BUCKET, Key, Body: Key });
  return s3;
}

describe('order of keys', () => {
  it('is that of UTF-8 bytes', () => {
    const keys = ['b', 'a', 'é', '\uffee', '😀', 'A', 'a/b', 'a.b', '', '~'];
    const byBytes = [...keys].sort((x, y) => Buffer.compare(Buffer.from(x), Buffer.from(y)));
    expect([...keys].sort(compareKeys)).toEqual(byBytes);
  });

  it('follows additions and removals', () => {
    const keys = new SortedKeys();
    for (const key of ['c', 'a', 'b']) keys.add(key);
    expect(keys.list()).toEqual(['a', 'b', 'c']);
    keys.remove('b');
    keys.add('d');
    keys.remove('d');
    keys.add('b');
    keys.remove('a');
    expect(keys.list()).toEqual(['b', 'c']);
  });
});

describe('ListObjectsV2', () => {
  it('rolls up at the delimiter and pages without loss or repetition', async () => {
    const keys = ['a', 'b/1', 'b/2', 'b/x/3', 'c/1', 'd', 'e/'];
    const s3 = await setUp(...keys);
    const seen: (string | undefined)[] = [];
    let token: string | undefined;
    do {
      const page = await s3.call('ListObjectsV2', {
        Bucket: BUCKET,
        Delimiter: '/',
        MaxKeys: 2,
        ...(token !== undefined && { ContinuationToken: token }),
      });
      expect(page.KeyCount).toBeLessThanOrEqual(2);
      seen.push(...page.Contents!.map(({ Key }) => Key), ...page.CommonPrefixes!.map(({ Prefix }) => Prefix));
      token = page.NextContinuationToken;
    } while (token !== undefined);
    expect(seen.sort()).toEqual(['a', 'b/', 'c/', 'd', 'e/']);
  });

  it('honours prefix, StartAfter and MaxKeys 0', async () => {
    const s3 = await setUp('a/1', 'a/2', 'b/1');
    const list = async (more: object) =>
      (await s3.call('ListObjectsV2', { Bucket: BUCKET, ...more })).Contents!.map(({ Key }) => Key);
    expect(await list({ Prefix: 'a/' })).toEqual(['a/1', 'a/2']);
    expect(await list({ StartAfter: 'a/1' })).toEqual(['a/2', 'b/1']);
    expect(await list({ MaxKeys: 0 })).toEqual([]);
    await expect(list({ ContinuationToken: 'zzz' })).rejects.toMatchObject({
      code: 'InvalidArgument',
      message: 'The continuation token provided is incorrect',
    });
    await expect(list({ MaxKeys: -1 })).rejects.toMatchObject({ code: 'InvalidArgument' });
  });

  it('encodes names on request', async () => {
    const s3 = await setUp('in box/é+.txt');
    const page = await s3.call('ListObjectsV2', { Bucket: BUCKET, Prefix: 'in ', EncodingType: 'url' });
    expect([page.Prefix, page.Contents?.[0]?.Key]).toEqual(['in+', 'in+box/%C3%A9%2B.txt']);
    await expect(
      s3.call('ListObjectsV2', { Bucket: BUCKET, EncodingType: 'x' as 'url' }),
    ).rejects.toMatchObject({ message: 'Invalid Encoding Method specified in Request' });
  });

  it('lists 20,000 keys in pages of 1,000, each once', async () => {
    const s3 = await setUp();
    for (let i = 0; i < 20_000; i++) {
      await s3.call('PutObject', { Bucket: BUCKET, Key: `k${(i * 7919) % 20_000}`, Body: '' });
    }
    const seen = new Set<string>();
    let token: string | undefined;
    let pages = 0;
    do {
      const page = await s3.call('ListObjectsV2', {
        Bucket: BUCKET,
        ...(token !== undefined && { ContinuationToken: token }),
      });
      for (const { Key } of page.Contents ?? []) seen.add(Key!);
      token = page.NextContinuationToken;
      pages++;
    } while (token !== undefined);
    expect([seen.size, pages]).toEqual([20_000, 20]);
  });
});

describe('ListObjects', () => {
  it('names the next marker only with a delimiter', async () => {
    const s3 = await setUp('a/1', 'a/2', 'b', 'c');
    const plain = await s3.call('ListObjects', { Bucket: BUCKET, MaxKeys: 1 });
    expect([plain.IsTruncated, plain.NextMarker]).toEqual([true, undefined]);
    const rolled = await s3.call('ListObjects', { Bucket: BUCKET, MaxKeys: 1, Delimiter: '/' });
    expect([rolled.CommonPrefixes?.[0]?.Prefix, rolled.NextMarker]).toEqual(['a/', 'a/']);
    const next = await s3.call('ListObjects', { Bucket: BUCKET, Delimiter: '/', Marker: 'a/' });
    expect([next.CommonPrefixes, next.Contents?.map(({ Key }) => Key)]).toEqual([[], ['b', 'c']]);
  });

  it('does not list deleted keys of a versioned bucket', async () => {
    const s3 = await setUp('a', 'b');
    await s3.call('PutBucketVersioning', { Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } });
    await s3.call('DeleteObject', { Bucket: BUCKET, Key: 'a' });
    const { Contents } = await s3.call('ListObjects', { Bucket: BUCKET });
    expect(Contents?.map(({ Key }) => Key)).toEqual(['b']);
  });
});
