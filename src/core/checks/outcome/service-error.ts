/**
 * Errors of S3 and KMS as the SDKs' exceptions print them.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html (the policy that refused)
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/troubleshoot-403-errors.html
 */
import { parseArn } from '../../arn.ts';
import type { SeenError } from '../../doctor/facts.ts';

type DenyingPolicy = 'identity' | 'resource' | 'boundary' | 'organization' | 'endpoint' | 'session';

export interface ServiceError {
  readonly kind: 'missing' | 'denied' | 'archived';
  /** As the service or the SDK calls it: `NoSuchKey`, `404`, `Forbidden`. */
  readonly code: string;
  /** `GetObject`, where the text says it. */
  readonly operation: string | undefined;
  /** `s3:GetObject`, of a refusal in its long form. */
  readonly action: string | undefined;
  /** ARN, as the text has it. */
  readonly resource: string | undefined;
  readonly policy: DenyingPolicy | undefined;
  /** A Deny statement, not a missing Allow. */
  readonly explicit: boolean;
}

const CODES: readonly (readonly [RegExp, ServiceError['kind']])[] = [
  [/^(?:InvalidObjectState)/, 'archived'],
  [/^(?:NoSuchKey|NotFound|404$)/, 'missing'],
  [/^(?:AccessDenied|Forbidden|403$|KMS\.AccessDenied)/, 'denied'],
];

const POLICIES: readonly (readonly [RegExp, DenyingPolicy])[] = [
  [/identity-based policy/, 'identity'],
  [/resource-based policy/, 'resource'],
  [/permissions boundary/, 'boundary'],
  [/(?:service|resource) control policy/, 'organization'],
  [/VPC endpoint policy/i, 'endpoint'],
  [/session policy/, 'session'],
];

/** Undefined for other errors. */
export function serviceErrorOf({ type, message }: SeenError): ServiceError | undefined {
  // boto3; the SDK for Go; the SDK for Java; the rest say only the code, as the exception's name.
  const boto = /An error occurred \(([\w.]{1,100})\) when calling the (\w{1,100}) operation/.exec(message);
  const go = /operation error \w{1,50}: (\w{1,100}),/.exec(message);
  const codes = [
    boto?.[1],
    /api error (\w{1,100})/.exec(message)?.[1],
    /Status ?Code: (\d{3})/.exec(message)?.[1],
    type.split('.').at(-1),
    type === '' ? /NoSuchKey|AccessDenied|InvalidObjectState/.exec(message)?.[0] : undefined,
    message.includes('is not authorized to perform:') ? 'AccessDenied' : undefined,
  ];
  const [found] = codes.flatMap((code) =>
    code === undefined
      ? []
      : CODES.flatMap(([pattern, kind]) => (pattern.test(code) ? [{ kind, code }] : [])),
  );
  if (!found) return undefined;
  const refused =
    /not authorized to perform: ([\w-]{1,50}:\w{1,100})(?: on resource: (?:"([^"]*)"|(\S+)))?/.exec(message);
  const reason = /(with an explicit deny in|because no) .{0,60}/.exec(message)?.[0] ?? '';
  return {
    ...found,
    operation: boto?.[2] ?? go?.[1],
    action: refused?.[1],
    resource: refused?.[2] ?? refused?.[3],
    policy: POLICIES.find(([pattern]) => pattern.test(reason))?.[1],
    explicit: reason.startsWith('with'),
  };
}

/** Whether it is about reading an object of the bucket: `unsure` when the text says neither call nor resource. */
export function readsObject(
  { kind, code, operation, action, resource }: ServiceError,
  bucket: string,
): 'yes' | 'no' | 'unsure' {
  if (resource !== undefined && !isOfBucket(resource, bucket)) return 'no';
  if (operation !== undefined) return /^(?:Get|Head)Object|^SelectObject/.test(operation) ? 'yes' : 'no';
  if (action === undefined) return kind === 'archived' || code.startsWith('NoSuchKey') ? 'yes' : 'unsure';
  if (action === 's3:ListBucket') return 'unsure';
  return /^s3:GetObject/.test(action) ? 'yes' : 'no';
}

function isOfBucket(arn: string, bucket: string): boolean {
  const parsed = parseArn(arn);
  return parsed?.service === 's3' && (parsed.resource === bucket || parsed.resource.startsWith(`${bucket}/`));
}

/** The key that was asked for, where the text names it. */
export function askedKey({ resource }: ServiceError, bucket: string): string | undefined {
  const named = resource === undefined ? undefined : parseArn(resource)?.resource;
  return named?.startsWith(`${bucket}/`) ? named.slice(bucket.length + 1) : undefined;
}

/**
 * S3 tells only those who may list the bucket that a key does not exist; to the others it refuses s3:ListBucket.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, Permissions
 */
export function speaksOfMissingKey(error: ServiceError): boolean {
  return error.kind === 'missing' || (error.kind === 'denied' && error.action === 's3:ListBucket');
}
