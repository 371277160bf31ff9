/** S3's own ways of refusing: unsigned requests, keys one by one, and missing keys that must not be told. */
import type * as S3 from '@aws-sdk/client-s3';
import type { AnyHandler } from '../wire/dispatch.ts';
import { AwsError, type RequestContext } from '../wire/types.ts';
import {
  bucketOf,
  deletePermission,
  keyOf,
  keysToDelete,
  listPermission,
  s3Permissions,
} from './actions/s3.ts';
import { ANONYMOUS, type Caller } from './caller.ts';
import { accessDenied } from './denial.ts';
import { authorise, refused, type Authority, type ResourceSide, type ServiceGuard } from './guard.ts';
import { text, type Input } from './permission.ts';
import { isPublic } from './public-policy.ts';

export interface GuardedBucket {
  readonly account: string;
  readonly region: string;
  /** JSON text. */
  readonly policy: string | undefined;
  readonly publicAccessBlock: S3.PublicAccessBlockConfiguration | undefined;
}

/** The customer's key, by id, ARN or alias, that encrypts an object of the bucket. */
export type ObjectKeys = (
  bucket: GuardedBucket,
  keyId: string,
) => { readonly arn: string; readonly side: ResourceSide } | undefined;

/** Operations of the owner's root that no bucket policy can deny: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html */
const NEVER_LOCKED = /^(?:Get|Put|Delete)BucketPolicy$/;

export function guardS3(
  authority: Authority,
  bucket: (name: string) => GuardedBucket | undefined,
  handlers: Readonly<Record<string, AnyHandler | undefined>>,
  keys: ObjectKeys,
): Record<string, AnyHandler> {
  const guard: ServiceGuard = {
    service: 's3',
    permissions: s3Permissions,
    resource: (arn) => {
      const found = bucket(bucketOf(arn));
      return found && { owner: found.account, policy: found.policy };
    },
  };
  const mayList = (caller: Caller, name: string, ctx: RequestContext) =>
    refused(authority, guard, caller, [listPermission(name)], ctx);

  return Object.fromEntries(
    Object.entries(handlers).flatMap(([operation, handler]) =>
      handler ? [[operation, decrypting(operation, guarded(operation, handler))] as const] : [],
    ),
  );

  /**
   * S3 decrypts for whoever reads, with his own right to the key. Keys of AWS itself admit all who may read.
   * https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, Permissions
   */
  function decrypting(operation: string, handler: AnyHandler): AnyHandler {
    if (operation !== 'GetObject') return handler;
    return async (input: Input, ctx: RequestContext) => {
      const output: unknown = await handler(input as never, ctx);
      const keyId = (output as S3.GetObjectOutput).SSEKMSKeyId;
      const target = bucket(text(input, 'Bucket') ?? '');
      const key = keyId === undefined || !target ? undefined : keys(target, keyId);
      if (!target || !key) return output;
      const { region } = target;
      const caller = ctx.accessKeyId === undefined ? ANONYMOUS : authority.caller('s3', ctx.accessKeyId);
      const context = { 'kms:ViaService': `s3.${region}.amazonaws.com`, 'kms:CallerAccount': caller.account };
      const permission = { action: 'kms:Decrypt', resource: key.arn, context };
      authorise(authority, { ...guard, resource: () => key.side }, caller, [permission], ctx);
      return output;
    };
  }

  function guarded(operation: string, handler: AnyHandler): AnyHandler {
    return (input: Input, ctx: RequestContext) => {
      const caller = ctx.accessKeyId === undefined ? ANONYMOUS : authority.caller('s3', ctx.accessKeyId);
      const name = text(input, 'Bucket') ?? '';
      // A new bucket is the caller's own affair; that the name is taken is the handler's to say.
      const isNew = operation === 'CreateBucket';
      const target = isNew ? undefined : bucket(name);
      const isOwn = caller.kind === 'root' && (target === undefined || target.account === caller.account);
      const isPlain = isOwn && target?.policy === undefined && input['CopySource'] === undefined;
      if (isPlain || (isOwn && NEVER_LOCKED.test(operation))) return handler(input as never, ctx);
      // A bucket that does not exist is nobody's secret: anyone may learn it.
      if (!target && name !== '' && !isNew) return handler(input as never, ctx);
      if (caller.kind === 'anonymous' && !target)
        throw new AwsError('AccessDenied', 'Access Denied', { status: 403 });
      // Whatever the permissions: https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html
      if (target && operation === 'HeadBucket') {
        ctx.response.headers['x-amz-bucket-region'] = target.region;
      }
      if (target && caller.account !== target.account) checkRestriction(target);
      if (operation === 'DeleteObjects') return deleteObjects(caller, input, ctx, handler);
      const permissions = s3Permissions(operation, input, {
        region: ctx.region,
        account: caller.account,
        ctx,
      });
      authorise(authority, isNew ? { ...guard, resource: () => undefined } : guard, caller, permissions, ctx);
      if (isOwn || keyOf(operation, input) === undefined) return handler(input as never, ctx);
      return hidingMissing(caller, input, ctx, handler);
    };
  }

  /** Who may not list a bucket does not learn which keys are missing: 403 instead of 404. */
  async function hidingMissing(
    caller: Caller,
    input: Input,
    ctx: RequestContext,
    handler: AnyHandler,
  ): Promise<unknown> {
    try {
      return await handler(input as never, ctx);
    } catch (error) {
      if (!(error instanceof AwsError) || error.code !== 'NoSuchKey') throw error;
      const hidden = mayList(caller, text(input, 'Bucket') ?? '', ctx);
      throw hidden ? accessDenied('s3', caller, hidden.permission, hidden.denial, hidden.owner) : error;
    }
  }

  async function deleteObjects(
    caller: Caller,
    input: Input,
    ctx: RequestContext,
    handler: AnyHandler,
  ): Promise<unknown> {
    const name = text(input, 'Bucket') ?? '';
    const denied: S3._Error[] = [];
    const allowed = keysToDelete(input).filter(({ Key, VersionId }) => {
      const found = refused(authority, guard, caller, [deletePermission(name, Key, VersionId)], ctx);
      if (found) {
        const { code, message } = accessDenied('s3', caller, found.permission, found.denial, found.owner);
        denied.push({ Key, ...(VersionId !== undefined && { VersionId }), Code: code, Message: message });
      }
      return !found;
    });
    if (denied.length === 0) return handler(input as never, ctx);
    if (allowed.length === 0) return { Errors: denied };
    const request = input['Delete'] as S3.Delete;
    const objects = request.Objects?.filter(({ Key, VersionId }) =>
      allowed.some((kept) => kept.Key === Key && kept.VersionId === VersionId),
    );
    const output = (await handler(
      { ...input, Delete: { ...request, Objects: objects } } as never,
      ctx,
    )) as S3.DeleteObjectsOutput;
    return { ...output, Errors: [...(output.Errors ?? []), ...denied] };
  }
}

/**
 * RestrictPublicBuckets leaves a bucket with a public policy to its own account and to services
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html).
 */
function checkRestriction({ policy, publicAccessBlock }: GuardedBucket): void {
  if (publicAccessBlock?.RestrictPublicBuckets !== true || policy === undefined || !isPublic(policy)) return;
  throw new AwsError('AccessDenied', 'Access Denied', { status: 403 });
}
