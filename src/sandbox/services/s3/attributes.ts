import type { ServerSideEncryption, StorageClass } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { grantsOfUpload, type AclInput } from './acl.ts';
import type { Bucket, ObjectAttributes, ObjectHeaders, StoredObject } from './store.ts';
import { requestedLock, type LockInput } from './object-lock.ts';
import { tagsOfHeader } from './tags.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html, those of general purpose buckets. */
const STORAGE_CLASSES: readonly string[] = [
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER',
  'DEEP_ARCHIVE',
  'GLACIER_IR',
];

export interface UploadInput extends ObjectHeaders, AclInput, LockInput {
  readonly Metadata?: Record<string, string> | undefined;
  readonly StorageClass?: StorageClass | undefined;
  readonly ServerSideEncryption?: ServerSideEncryption | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly Tagging?: string | undefined;
}

/** What an upload or a copy says of the new object beside its bytes. `now` in milliseconds since the epoch. */
export function uploadAttributes(input: UploadInput, bucket: Bucket, now: number): ObjectAttributes {
  return {
    headers: uploadHeaders(input),
    metadata: input.Metadata ?? {},
    storageClass: storageClass(input.StorageClass),
    encryption: {
      ServerSideEncryption: input.ServerSideEncryption ?? 'AES256',
      ...(input.SSEKMSKeyId !== undefined && { SSEKMSKeyId: input.SSEKMSKeyId }),
    },
    tags: tagsOfHeader(input.Tagging),
    grants: grantsOfUpload(input, bucket),
    lock: requestedLock(input, bucket, now),
  };
}

function uploadHeaders(input: ObjectHeaders): ObjectHeaders {
  return {
    ContentType: input.ContentType ?? 'binary/octet-stream',
    CacheControl: input.CacheControl,
    ContentDisposition: input.ContentDisposition,
    ContentEncoding: withoutChunking(input.ContentEncoding),
    ContentLanguage: input.ContentLanguage,
    Expires: input.Expires,
    WebsiteRedirectLocation: input.WebsiteRedirectLocation,
  };
}

/** `aws-chunked` describes the request's framing, not the object, and is not stored. */
function withoutChunking(encoding: string | undefined): string | undefined {
  const kept = encoding
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== 'aws-chunked' && coding !== '');
  return kept && kept.length > 0 ? kept.join(',') : undefined;
}

function storageClass(requested: StorageClass | undefined): StorageClass {
  const name = requested ?? 'STANDARD';
  if (!STORAGE_CLASSES.includes(name)) {
    throw new AwsError('InvalidStorageClass', 'The storage class you specified is not valid', {
      status: 400,
      members: { StorageClassRequested: name },
    });
  }
  return name;
}

/** In responses the default storage class is left out. */
export function shownStorageClass(object: StoredObject): StorageClass | undefined {
  return object.storageClass === 'STANDARD' ? undefined : object.storageClass;
}
