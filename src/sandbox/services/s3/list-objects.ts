import type { _Object } from '@aws-sdk/client-s3';
import { openBucket, type S3Context, type S3Handlers } from './context.ts';
import { canonicalUserId } from './identity.ts';
import { listPage, nameEncoder, type Listing } from './listing.ts';
import { decodeToken, encodeToken, pageSize } from './page.ts';
import type { Bucket } from './store.ts';

const MAX_KEYS = 1000;

export function listObjectHandlers(s3: S3Context): S3Handlers {
  return {
    ListObjectsV2(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const encode = nameEncoder(input.EncodingType);
      const max = pageSize(input.MaxKeys, MAX_KEYS, 'max-keys');
      const token = input.ContinuationToken;
      const listing = list(bucket, {
        prefix: input.Prefix,
        delimiter: input.Delimiter,
        after: token === undefined ? input.StartAfter : decodeToken(token),
        max,
      });
      return {
        Name: bucket.name,
        Prefix: encode(input.Prefix ?? ''),
        Delimiter: input.Delimiter ? encode(input.Delimiter) : undefined,
        MaxKeys: max,
        EncodingType: input.EncodingType,
        StartAfter: input.StartAfter === undefined ? undefined : encode(input.StartAfter),
        ContinuationToken: token,
        NextContinuationToken: listing.isTruncated ? encodeToken(listing.last) : undefined,
        KeyCount: listing.keys.length + listing.commonPrefixes.length,
        ...results(bucket, listing, encode, input.FetchOwner === true),
      };
    },

    ListObjects(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const encode = nameEncoder(input.EncodingType);
      const max = pageSize(input.MaxKeys, MAX_KEYS, 'max-keys');
      const listing = list(bucket, {
        prefix: input.Prefix,
        delimiter: input.Delimiter,
        after: input.Marker,
        max,
      });
      return {
        Name: bucket.name,
        Prefix: encode(input.Prefix ?? ''),
        Delimiter: input.Delimiter ? encode(input.Delimiter) : undefined,
        MaxKeys: max,
        EncodingType: input.EncodingType,
        Marker: encode(input.Marker ?? ''),
        // Only with a delimiter; otherwise the last key is the next marker
        // (https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html).
        NextMarker: listing.isTruncated && input.Delimiter ? encode(listing.last) : undefined,
        ...results(bucket, listing, encode, true),
      };
    },
  };
}

function list(
  bucket: Bucket,
  request: {
    readonly prefix: string | undefined;
    readonly delimiter: string | undefined;
    readonly after: string | undefined;
    readonly max: number;
  },
): Listing {
  return listPage(
    bucket.objects.sortedKeys(),
    {
      prefix: request.prefix ?? '',
      delimiter: request.delimiter ?? '',
      after: request.after ?? '',
      max: request.max,
    },
    (key) => bucket.objects.latest(key)?.kind === 'object',
  );
}

function results(bucket: Bucket, listing: Listing, encode: (name: string) => string, withOwner: boolean) {
  return {
    IsTruncated: listing.isTruncated,
    Contents: listing.keys.map((key) => describe(bucket, key, encode, withOwner)),
    CommonPrefixes: listing.commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
  };
}

function describe(
  bucket: Bucket,
  key: string,
  encode: (name: string) => string,
  withOwner: boolean,
): _Object {
  const object = bucket.objects.latest(key);
  if (object?.kind !== 'object') return { Key: encode(key) };
  return {
    Key: encode(key),
    LastModified: object.lastModified,
    ETag: `"${object.etag}"`,
    ChecksumAlgorithm: object.checksum && [object.checksum.algorithm],
    ChecksumType: object.checksum?.type,
    Size: object.body.length,
    // The listing's own enumeration of the same names.
    StorageClass: object.storageClass,
    Owner: withOwner ? { ID: canonicalUserId(bucket.account) } : undefined,
  };
}
