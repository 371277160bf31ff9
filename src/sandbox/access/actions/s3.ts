/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html */
import { isObject, list, text, type Input, type Permission, type Permissions } from '../permission.ts';

/** Operations on a bucket whose action has another name; all others are named like their operation. */
const BUCKET_ACTIONS: Readonly<Record<string, string>> = {
  HeadBucket: 'ListBucket',
  ListObjects: 'ListBucket',
  ListObjectsV2: 'ListBucket',
  ListObjectVersions: 'ListBucketVersions',
  ListMultipartUploads: 'ListBucketMultipartUploads',
  DeleteBucketTagging: 'PutBucketTagging',
  DeleteBucketOwnershipControls: 'PutBucketOwnershipControls',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  DeletePublicAccessBlock: 'PutBucketPublicAccessBlock',
  GetBucketEncryption: 'GetEncryptionConfiguration',
  PutBucketEncryption: 'PutEncryptionConfiguration',
  DeleteBucketEncryption: 'PutEncryptionConfiguration',
  GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
  PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
  DeleteBucketLifecycle: 'PutLifecycleConfiguration',
  GetBucketReplication: 'GetReplicationConfiguration',
  PutBucketReplication: 'PutReplicationConfiguration',
  DeleteBucketReplication: 'PutReplicationConfiguration',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  GetBucketIntelligentTieringConfiguration: 'GetIntelligentTieringConfiguration',
  PutBucketIntelligentTieringConfiguration: 'PutIntelligentTieringConfiguration',
  DeleteBucketIntelligentTieringConfiguration: 'PutIntelligentTieringConfiguration',
  ListBucketIntelligentTieringConfigurations: 'GetIntelligentTieringConfiguration',
};

/** Operations on an object; those with `Version` have an action of their own when the request names a version. */
const OBJECT_ACTIONS: Readonly<Record<string, string>> = {
  HeadObject: 'GetObject',
  CreateMultipartUpload: 'PutObject',
  UploadPart: 'PutObject',
  UploadPartCopy: 'PutObject',
  CompleteMultipartUpload: 'PutObject',
  CopyObject: 'PutObject',
  PostObject: 'PutObject',
  ListParts: 'ListMultipartUploadParts',
};

const VERSION_ACTIONS: Readonly<Record<string, string>> = {
  GetObject: 'GetObjectVersion',
  DeleteObject: 'DeleteObjectVersion',
  GetObjectAcl: 'GetObjectVersionAcl',
  PutObjectAcl: 'PutObjectVersionAcl',
  GetObjectTagging: 'GetObjectVersionTagging',
  PutObjectTagging: 'PutObjectVersionTagging',
  DeleteObjectTagging: 'DeleteObjectVersionTagging',
  GetObjectAttributes: 'GetObjectVersionAttributes',
};

const PREFIX = 'arn:aws:s3:::';

/** `arn:aws:s3:::bucket/key` -> `bucket` */
export function bucketOf(resource: string): string {
  return resource.slice(PREFIX.length).split('/', 1)[0] ?? '';
}

/** What DeleteObjects needs for one of its keys. */
export function deletePermission(bucket: string, key: string, versionId: string | undefined): Permission {
  return objectPermission('DeleteObject', bucket, key, versionId);
}

/** Without this one a missing key is refused, not missing. */
export function listPermission(bucket: string): Permission {
  return { action: 's3:ListBucket', resource: PREFIX + bucket };
}

function objectPermission(
  action: string,
  bucket: string,
  key: string,
  versionId: string | undefined,
): Permission {
  const versioned = versionId === undefined ? undefined : VERSION_ACTIONS[action];
  return {
    action: `s3:${versioned ?? action}`,
    resource: `${PREFIX}${bucket}/${key}`,
    ...(versioned !== undefined && versionId !== undefined && { context: { 's3:VersionId': versionId } }),
  };
}

/** `bucket/key?versionId=…`, URL-encoded: what CopyObject and UploadPartCopy read. Undefined when it is malformed. */
function copySource(input: Input): Permission | undefined {
  const [, path = '', versionId] =
    /^\/?(.*?)(?:\?versionId=(.*))?$/s.exec(text(input, 'CopySource') ?? '') ?? [];
  try {
    const [, bucket, key] = /^([^/]+)\/(.+)$/s.exec(decodeURIComponent(path)) ?? [];
    if (bucket === undefined || key === undefined) return undefined;
    return objectPermission('GetObject', bucket, key, versionId);
  } catch {
    return undefined;
  }
}

export const s3Permissions: Permissions = (operation, input, { ctx }) => {
  if (operation === 'ListBuckets') return [{ action: 's3:ListAllMyBuckets', resource: `${PREFIX}*` }];
  const bucket = text(input, 'Bucket') ?? '';
  const key = keyOf(operation, input);
  // Each key for itself: one that may not be deleted does not fail the others.
  if (operation === 'DeleteObjects') return [];
  if (key === undefined) {
    const context = bucketContext(operation, input, ctx.headers);
    return [{ action: `s3:${BUCKET_ACTIONS[operation] ?? operation}`, resource: PREFIX + bucket, context }];
  }
  const action = OBJECT_ACTIONS[operation] ?? operation;
  const base = objectPermission(action, bucket, key, text(input, 'VersionId'));
  const main = { ...base, context: { ...base.context, ...headerContext(ctx.headers) } };
  const also = (name: string) => objectPermission(name, bucket, key, undefined);
  switch (operation) {
    case 'CopyObject':
    case 'UploadPartCopy': {
      const source = copySource(input);
      return [...(source ? [source] : []), main, ...writeExtras(input, also)];
    }
    case 'PutObject':
    case 'CreateMultipartUpload':
      return [main, ...writeExtras(input, also)];
    case 'GetObjectAttributes':
      return [objectPermission('GetObject', bucket, key, text(input, 'VersionId')), main];
    default:
      return [main];
  }
};

/** Undefined for operations on a bucket. A form upload names its key in a field. */
export function keyOf(operation: string, input: Input): string | undefined {
  if (operation !== 'PostObject') return text(input, 'Key');
  const form = input['Form'];
  const fields = isObject(form) ? form['fields'] : undefined;
  const field: unknown = fields instanceof Map ? fields.get('key') : undefined;
  // What `${filename}` becomes is the handler's to say; no policy can tell the names of files apart here.
  return isObject(field) ? text(field, 'value') : '';
}

/** Keys that DeleteObjects names. */
export function keysToDelete(input: Input): readonly { readonly Key: string; readonly VersionId?: string }[] {
  const request = input['Delete'];
  return list(isObject(request) ? request : {}, 'Objects')
    .filter(isObject)
    .map((object) => {
      const version = text(object, 'VersionId');
      return { Key: text(object, 'Key') ?? '', ...(version !== undefined && { VersionId: version }) };
    });
}

/** Tags, an ACL and a lock that come with an upload want rights of their own. */
function writeExtras(input: Input, also: (action: string) => Permission): readonly Permission[] {
  return [
    ...(text(input, 'Tagging') ? [also('PutObjectTagging')] : []),
    ...(text(input, 'ACL') ? [also('PutObjectAcl')] : []),
    ...(text(input, 'ObjectLockMode') ? [also('PutObjectRetention')] : []),
    ...(text(input, 'ObjectLockLegalHoldStatus') ? [also('PutObjectLegalHold')] : []),
  ];
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Listings have their parameters as keys; one that the request leaves out is no key. */
function bucketContext(operation: string, input: Input, headers: Headers): Record<string, string> {
  const context = headerContext(headers);
  if (!operation.startsWith('List')) return context;
  for (const [member, key] of [
    ['Prefix', 's3:prefix'],
    ['Delimiter', 's3:delimiter'],
    ['MaxKeys', 's3:max-keys'],
  ] as const) {
    const value = input[member];
    if (typeof value === 'string' || typeof value === 'number') context[key] = String(value);
  }
  return context;
}

const HEADER_KEYS = [
  'x-amz-acl',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-metadata-directive',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-storage-class',
] as const;

function headerContext(headers: Headers): Record<string, string> {
  const context: Record<string, string> = {};
  for (const name of HEADER_KEYS) {
    const value = headers[name];
    if (typeof value === 'string') context[`s3:${name}`] = value;
  }
  return context;
}
