import type { AccessControlPolicy, Grant, ObjectCannedACL, Permission } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { accessDenied, invalidArgument, invalidRequest } from './errors.ts';
import { canonicalUserId } from './identity.ts';
import type { Bucket } from './store.ts';

const ALL_USERS = 'http://acs.amazonaws.com/groups/global/AllUsers';
const AUTHENTICATED_USERS = 'http://acs.amazonaws.com/groups/global/AuthenticatedUsers';
/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html#canned-acl, aws-exec-read */
const EC2_CANONICAL_ID = '6aa5a366c34c1cbe25dc49211496e913e0351eb0e8c37aa3477e40942ec6b97c';

export interface AclInput {
  readonly ACL?: ObjectCannedACL | undefined;
  readonly GrantFullControl?: string | undefined;
  readonly GrantRead?: string | undefined;
  readonly GrantReadACP?: string | undefined;
  readonly GrantWriteACP?: string | undefined;
  readonly AccessControlPolicy?: AccessControlPolicy | undefined;
}

export function ownerGrants(account: string): readonly Grant[] {
  return [user(canonicalUserId(account), 'FULL_CONTROL')];
}

/** The ACL of a new object: what the upload asks for, else the owner alone. */
export function grantsOfUpload(input: AclInput, bucket: Bucket): readonly Grant[] {
  // Without ACLs this one is still taken, so that uploads across accounts need no change:
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html
  if (bucket.ownership === 'BucketOwnerEnforced' && input.ACL === 'bucket-owner-full-control') {
    return ownerGrants(bucket.account);
  }
  return requestedGrants(input, bucket) ?? ownerGrants(bucket.account);
}

/** The ACL that a request asks for; undefined when it asks for none. Throws when the bucket has ACLs disabled. */
export function requestedGrants(input: AclInput, bucket: Bucket): readonly Grant[] | undefined {
  const headers = [
    ...granted('FULL_CONTROL', input.GrantFullControl),
    ...granted('READ', input.GrantRead),
    ...granted('READ_ACP', input.GrantReadACP),
    ...granted('WRITE_ACP', input.GrantWriteACP),
  ];
  if (input.ACL === undefined && headers.length === 0 && !input.AccessControlPolicy) return undefined;
  if (bucket.ownership === 'BucketOwnerEnforced') {
    throw new AwsError('AccessControlListNotSupported', 'The bucket does not allow ACLs', { status: 400 });
  }
  if (input.ACL !== undefined && headers.length > 0) {
    throw invalidRequest('Specifying both Canned ACLs and Header Grants is not allowed');
  }
  const grants =
    input.ACL !== undefined
      ? cannedGrants(input.ACL, bucket.account)
      : headers.length > 0
        ? headers
        : (input.AccessControlPolicy?.Grants ?? []);
  const isPublic = grants.some(
    ({ Grantee }) => Grantee?.URI === ALL_USERS || Grantee?.URI === AUTHENTICATED_USERS,
  );
  if (isPublic && bucket.publicAccessBlock?.BlockPublicAcls) throw accessDenied();
  return grants;
}

/** Whether two ACLs grant the same, whatever the order. */
export function sameGrants(a: readonly Grant[], b: readonly Grant[]): boolean {
  const text = (grants: readonly Grant[]) =>
    grants
      .map(({ Grantee, Permission }) => `${Grantee?.ID ?? Grantee?.URI ?? ''} ${Permission ?? ''}`)
      .sort()
      .join('\n');
  return text(a) === text(b);
}

function cannedGrants(acl: string, account: string): readonly Grant[] {
  const owner = ownerGrants(account);
  switch (acl) {
    // The bucket's owner owns every object here, so the last two add nothing.
    case 'private':
    case 'bucket-owner-read':
    case 'bucket-owner-full-control':
      return owner;
    case 'public-read':
      return [...owner, group(ALL_USERS, 'READ')];
    case 'public-read-write':
      return [...owner, group(ALL_USERS, 'READ'), group(ALL_USERS, 'WRITE')];
    case 'authenticated-read':
      return [...owner, group(AUTHENTICATED_USERS, 'READ')];
    case 'aws-exec-read':
      return [...owner, user(EC2_CANONICAL_ID, 'READ')];
    default:
      // AWS's text is UNKNOWN.
      throw invalidArgument('Argument format not recognized', 'x-amz-acl', acl);
  }
}

/** `id="…", uri="…"` of an x-amz-grant header. */
function granted(permission: Permission, header: string | undefined): readonly Grant[] {
  if (header === undefined) return [];
  return header.split(',').map((part) => {
    const [, kind, value = ''] = /^\s*(id|uri|emailAddress)\s*=\s*"?([^"]*)"?\s*$/.exec(part) ?? [];
    if (kind === 'id') return user(value, permission);
    if (kind === 'uri') return group(value, permission);
    throw invalidArgument('Argument format not recognized', `x-amz-grant-${headerName(permission)}`, header);
  });
}

function headerName(permission: Permission): string {
  return permission.toLowerCase().replace('_', '-');
}

function user(ID: string, Permission: Permission): Grant {
  return { Grantee: { Type: 'CanonicalUser', ID }, Permission };
}

function group(URI: string, Permission: Permission): Grant {
  return { Grantee: { Type: 'Group', URI }, Permission };
}
