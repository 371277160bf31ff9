import { AwsError, type RequestContext } from '../../wire/types.ts';
import { shownStorageClass, uploadAttributes } from './attributes.ts';
import { md5, readBody } from './body.ts';
import { checksumOutput, uploadChecksum } from './checksums.ts';
import { openBucket, type Input, type Output, type S3Context, type S3Handlers } from './context.ts';
import { invalidRequest } from './errors.ts';
import { checkReadConditions, checkWriteConditions } from './preconditions.ts';
import { shownExpiration } from './lifecycle.ts';
import { shownLock } from './object-lock.ts';
import { checkActive, shownRestore } from './restore.ts';
import { parseRange, type ByteRange } from './range.ts';
import type { Bucket, StoredObject } from './store.ts';
import { checkKey, enabledVersionId, findObject, shownVersionId, writeObject } from './versions.ts';

export function objectHandlers(s3: S3Context): S3Handlers {
  return {
    async PutObject(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const key = checkKey(input.Key);
      const attributes = uploadAttributes(input, bucket, s3.env.clock.now());
      const body = await readBody(input.Body);
      const checksum = uploadChecksum(input, ctx, body);
      // Nothing is awaited from here on: the conditions still hold when the object is written.
      checkWriteConditions(input, bucket, key);
      const object = writeObject(
        s3,
        ctx,
        { bucket, key, eventName: 'ObjectCreated:Put' },
        { ...attributes, body, etag: md5(body), checksum, parts: undefined },
      );
      return {
        ETag: `"${object.etag}"`,
        VersionId: enabledVersionId(bucket, object).versionId,
        Expiration: shownExpiration(bucket, key, object),
        ...object.encryption,
        ...checksumOutput(checksum),
      };
    },

    GetObject(input, ctx) {
      const { object, head, range } = read(s3, input, ctx);
      checkActive(object, 'read');
      if (object.storageClass === 'INTELLIGENT_TIERING') object.lastRead = s3.env.clock.now();
      const body = range ? object.body.subarray(range.first, range.last + 1) : object.body;
      return {
        ...head,
        TagCount: object.tags.length > 0 ? object.tags.length : undefined,
        Body: body,
      };
    },

    HeadObject(input, ctx) {
      return read(s3, input, ctx).head;
    },

    GetObjectAttributes(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      const wanted = new Set<string>(input.ObjectAttributes);
      return {
        LastModified: object.lastModified,
        VersionId: shownVersionId(bucket, object),
        ...(wanted.has('ETag') && { ETag: object.etag }),
        ...(wanted.has('Checksum') && object.checksum && { Checksum: checksumOutput(object.checksum) }),
        ...(wanted.has('ObjectParts') && object.parts && { ObjectParts: partList(object, input) }),
        ...(wanted.has('StorageClass') && { StorageClass: object.storageClass }),
        ...(wanted.has('ObjectSize') && { ObjectSize: object.body.length }),
      };
    },
  };
}

type ReadInput = Input<'GetObject'> | Input<'HeadObject'>;

function read(s3: S3Context, input: ReadInput, ctx: RequestContext) {
  const bucket = openBucket(s3, ctx, input);
  const overrides = responseOverrides(input, ctx);
  const object = findObject(ctx, bucket, input.Key, input.VersionId);
  checkReadConditions(input, object, ctx);
  const range = requestedRange(input, object);
  if (range) ctx.response.status = 206;
  return { object, range, head: { ...describe(bucket, object, input, range), ...overrides } };
}

function requestedRange(input: ReadInput, object: StoredObject): ByteRange | undefined {
  if (input.PartNumber === undefined) return parseRange(input.Range, object.body.length);
  if (input.Range !== undefined) {
    throw invalidRequest('Cannot specify both Range header and partNumber query parameter');
  }
  const parts = object.parts ?? [{ number: 1, size: object.body.length }];
  let first = 0;
  for (const [index, part] of parts.entries()) {
    if (index + 1 === input.PartNumber) return { first, last: first + part.size - 1 };
    first += part.size;
  }
  throw new AwsError('InvalidPartNumber', 'The requested partnumber is not satisfiable', {
    status: 416,
    members: { ActualPartCount: String(parts.length), PartNumberRequested: String(input.PartNumber) },
  });
}

function describe(
  bucket: Bucket,
  object: StoredObject,
  input: ReadInput,
  range: ByteRange | undefined,
): Output<'HeadObject'> {
  const size = object.body.length;
  const length = range ? range.last - range.first + 1 : size;
  // A checksum of the whole object says nothing about a part of it.
  const checksum = input.ChecksumMode === 'ENABLED' && length === size ? object.checksum : undefined;
  return {
    ...object.headers,
    AcceptRanges: 'bytes',
    LastModified: object.lastModified,
    ContentLength: length,
    ContentRange: range && length > 0 ? `bytes ${range.first}-${range.last}/${size}` : undefined,
    ETag: `"${object.etag}"`,
    VersionId: shownVersionId(bucket, object),
    Metadata: { ...object.metadata },
    StorageClass: shownStorageClass(object),
    ArchiveStatus: object.archiveTier,
    Restore: shownRestore(object),
    // Recorded: a request that names the version is not told.
    Expiration: input.VersionId === undefined ? shownExpiration(bucket, input.Key ?? '', object) : undefined,
    ...shownLock(object),
    PartsCount: input.PartNumber === undefined ? undefined : object.parts?.length,
    ...object.encryption,
    ...checksumOutput(checksum),
  };
}

/** The `response-*` parameters, which only signed requests may use. */
function responseOverrides(input: ReadInput, ctx: RequestContext): Output<'HeadObject'> {
  const overrides = Object.entries({
    CacheControl: input.ResponseCacheControl,
    ContentDisposition: input.ResponseContentDisposition,
    ContentEncoding: input.ResponseContentEncoding,
    ContentLanguage: input.ResponseContentLanguage,
    ContentType: input.ResponseContentType,
    Expires: input.ResponseExpires,
  }).filter(([, value]) => value !== undefined);
  if (overrides.length > 0 && ctx.accessKeyId === undefined) {
    throw invalidRequest('Request specific response headers cannot be used for anonymous GET requests.');
  }
  return Object.fromEntries(overrides);
}

function partList(object: StoredObject, input: Input<'GetObjectAttributes'>) {
  const parts = object.parts ?? [];
  const marker = Number(input.PartNumberMarker ?? 0);
  const max = input.MaxParts ?? 1000;
  const rest = parts.filter((part) => part.number > marker);
  const page = rest.slice(0, max);
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker: String(marker),
    NextPartNumberMarker: String(page.at(-1)?.number ?? marker),
    MaxParts: max,
    IsTruncated: rest.length > max,
    // S3 lists the parts only of objects whose upload was made with checksums.
    Parts: object.parts?.some((part) => part.checksum)
      ? page.map((part) => ({
          PartNumber: part.number,
          Size: part.size,
          ...checksumOutput(part.checksum, { type: false }),
        }))
      : undefined,
  };
}
