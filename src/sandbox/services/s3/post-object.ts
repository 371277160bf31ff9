import type { ObjectCannedACL, ServerSideEncryption, StorageClass } from '@aws-sdk/client-s3';
import type { FormData, FormFields } from '../../wire/form-data.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { uploadAttributes, type UploadInput } from './attributes.ts';
import { md5 } from './body.ts';
import { uploadChecksum, type ChecksumInput } from './checksums.ts';
import { openBucket, type S3Context } from './context.ts';
import { invalidArgument } from './errors.ts';
import { formAnswer } from './post-answer.ts';
import { formTags } from './post-tags.ts';
import { checkPolicy } from './post-policy.ts';
import type { Bucket } from './store.ts';
import { checkKey, enabledVersionId, writeObject } from './versions.ts';

/** A POST of multipart/form-data to a bucket. */
export interface PostObjectInput {
  readonly Bucket: string;
  /** Undefined when the body is no form. */
  readonly Form: FormData | undefined;
}

export type PostObjectHandler = (input: PostObjectInput, ctx: RequestContext) => object;

const MAX_FIELD_BYTES = 20_480;
const SIGNATURE_V4 = ['X-Amz-Algorithm', 'X-Amz-Credential', 'X-Amz-Date', 'X-Amz-Signature'];

/** Uploads by browser form: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html. Signatures are not verified. */
export function postObjectHandler(s3: S3Context): PostObjectHandler {
  return (input, ctx) => {
    const { fields: named, file } = checkedForm(input.Form);
    const key = formKey(named, file);
    if (!file) throw invalidArgument('POST requires exactly one file upload per request.', 'file', '0');
    // The form has its own answer for another Region.
    const bucket = openBucket(s3, { ...ctx, accessKeyId: undefined }, input);
    checkSigned(named, ctx, bucket);
    const fields: FormFields = new Map([
      ...named,
      ['key', { name: 'key', value: key }],
      ['bucket', { name: 'bucket', value: bucket.name }],
    ]);
    const now = s3.env.clock.now();
    const policy = fields.get('policy')?.value;
    if (policy !== undefined) checkPolicy(policy, { fields, size: file.data.length, now });
    const text = (name: string) => fields.get(name)?.value;
    const attributes = {
      ...uploadAttributes(uploadInput(fields), bucket, now),
      tags: formTags(text('tagging')),
    };
    const checksum = uploadChecksum(checksumInput(fields), { ...ctx, headers: {} }, file.data);
    const object = writeObject(
      s3,
      ctx,
      { bucket, key, eventName: 'ObjectCreated:Post' },
      { ...attributes, body: file.data, etag: md5(file.data), checksum, parts: undefined },
    );
    formAnswer(ctx, {
      bucket: bucket.name,
      key,
      object,
      versionId: enabledVersionId(bucket, object).versionId,
      status: text('success_action_status'),
      redirect: text('success_action_redirect') ?? text('redirect'),
    });
    return {};
  };
}

function checkedForm(form: FormData | undefined): FormData {
  if (!form) {
    throw new AwsError(
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
      { status: 400 },
    );
  }
  if (form.fieldBytes > MAX_FIELD_BYTES) {
    // The code lacks the documentation's `Error`, and the spelling is S3's.
    throw new AwsError(
      'MaxPostPreDataLengthExceeded',
      'Your POST request fields preceeding the upload file was too large.',
      { status: 400, members: { MaxPostPreDataLengthBytes: String(MAX_FIELD_BYTES) } },
    );
  }
  return form;
}

/** `${filename}` becomes the last part of the file's name; of a file without a name it stays as it is. */
function formKey(fields: FormFields, file: FormData['file']): string {
  const key = fields.get('key')?.value;
  if (key === undefined) throw missingField('key');
  const filename = file?.filename?.replace(/^.*[/\\]/s, '');
  return checkKey(filename === undefined ? key : key.replaceAll('${filename}', () => filename));
}

/** All the fields of a signature, or none: that is an anonymous upload. */
function checkSigned(fields: FormFields, ctx: RequestContext, bucket: Bucket): void {
  const isOld = fields.has('awsaccesskeyid') || fields.has('signature');
  const needed = isOld && !fields.has('x-amz-credential') ? ['AWSAccessKeyId', 'Signature'] : SIGNATURE_V4;
  const missing = needed.find((name) => !fields.has(name.toLowerCase()));
  if (missing !== undefined) {
    if (needed.some((name) => fields.has(name.toLowerCase()))) throw missingField(missing);
    return;
  }
  const credential = fields.get('x-amz-credential')?.value;
  if (credential === undefined || ctx.region === bucket.region) return;
  throw new AwsError('InvalidArgument', `the region '${ctx.region}' is wrong; expecting '${bucket.region}'`, {
    status: 400,
    members: { ArgumentName: 'X-Amz-Credential', ArgumentValue: credential, Region: bucket.region },
  });
}

function missingField(name: string): AwsError {
  // The two spaces are AWS's.
  return invalidArgument(
    `Bucket POST must contain a field named '${name}'.  If it is specified, please check the order of the fields.`,
    name,
    '',
  );
}

/** Fields have the names of the headers of PutObject, `acl` aside. The values are checked where those are. */
function uploadInput(fields: FormFields): UploadInput {
  // Unlike a header a field can hold line ends, which no answer could carry.
  const oneLine = (value: string) => value.replace(/\p{Cc}+/gu, ' ');
  const text = (name: string) => {
    const value = fields.get(name)?.value;
    return value === undefined ? undefined : oneLine(value);
  };
  const date = (name: string) => {
    const time = Date.parse(text(name) ?? '');
    return Number.isNaN(time) ? undefined : new Date(time);
  };
  const metadata: Record<string, string> = {};
  for (const [name, { value }] of fields) {
    if (name.startsWith('x-amz-meta-')) metadata[name.slice('x-amz-meta-'.length)] = oneLine(value);
  }
  return {
    ACL: text('acl') as ObjectCannedACL | undefined,
    ContentType: text('content-type'),
    CacheControl: text('cache-control'),
    ContentDisposition: text('content-disposition'),
    ContentEncoding: text('content-encoding'),
    ContentLanguage: text('content-language'),
    Expires: date('expires'),
    WebsiteRedirectLocation: text('x-amz-website-redirect-location'),
    StorageClass: text('x-amz-storage-class') as StorageClass | undefined,
    ServerSideEncryption: text('x-amz-server-side-encryption') as ServerSideEncryption | undefined,
    SSEKMSKeyId: text('x-amz-server-side-encryption-aws-kms-key-id'),
    ObjectLockMode: text('x-amz-object-lock-mode') as UploadInput['ObjectLockMode'],
    ObjectLockRetainUntilDate: date('x-amz-object-lock-retain-until-date'),
    ObjectLockLegalHoldStatus: text(
      'x-amz-object-lock-legal-hold',
    ) as UploadInput['ObjectLockLegalHoldStatus'],
    Metadata: metadata,
  };
}

function checksumInput(fields: FormFields): ChecksumInput {
  const text = (name: string) => fields.get(name)?.value;
  return {
    ContentMD5: text('content-md5'),
    ChecksumCRC32: text('x-amz-checksum-crc32'),
    ChecksumCRC32C: text('x-amz-checksum-crc32c'),
    ChecksumCRC64NVME: text('x-amz-checksum-crc64nvme'),
    ChecksumSHA1: text('x-amz-checksum-sha1'),
    ChecksumSHA256: text('x-amz-checksum-sha256'),
  };
}
