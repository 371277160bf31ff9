import { AwsError, type RequestContext } from '../../wire/types.ts';
import { noSuchKey, preconditionFailed } from './errors.ts';
import type { Bucket, StoredObject } from './store.ts';

export interface ReadConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
  readonly IfModifiedSince?: Date | undefined;
  readonly IfUnmodifiedSince?: Date | undefined;
}

/** The first condition that does not hold, by the precedence of RFC 9110, section 13.2.2, which S3 follows. */
function failedCondition(conditions: ReadConditions, object: StoredObject): string | undefined {
  const { IfMatch, IfNoneMatch, IfModifiedSince, IfUnmodifiedSince } = conditions;
  if (IfMatch !== undefined) {
    if (!etagMatches(IfMatch, object.etag)) return 'If-Match';
  } else if (IfUnmodifiedSince !== undefined && object.lastModified > IfUnmodifiedSince) {
    return 'If-Unmodified-Since';
  }
  if (IfNoneMatch !== undefined) {
    if (etagMatches(IfNoneMatch, object.etag)) return 'If-None-Match';
  } else if (IfModifiedSince !== undefined && object.lastModified <= IfModifiedSince) {
    return 'If-Modified-Since';
  }
  return undefined;
}

/** For GetObject and HeadObject: 412, or 304 when the client already has this object. */
export function checkReadConditions(
  conditions: ReadConditions,
  object: StoredObject,
  ctx: RequestContext,
): void {
  const failed = failedCondition(conditions, object);
  if (failed === undefined) return;
  if (failed === 'If-Match' || failed === 'If-Unmodified-Since') throw preconditionFailed(failed);
  ctx.response.headers['etag'] = `"${object.etag}"`;
  ctx.response.headers['last-modified'] = object.lastModified.toUTCString();
  throw new AwsError('NotModified', 'Not Modified', { status: 304 });
}

export interface CopySourceConditions {
  readonly CopySourceIfMatch?: string | undefined;
  readonly CopySourceIfNoneMatch?: string | undefined;
  readonly CopySourceIfModifiedSince?: Date | undefined;
  readonly CopySourceIfUnmodifiedSince?: Date | undefined;
}

/** For copies: every condition that does not hold is a 412. */
export function checkCopySourceConditions(conditions: CopySourceConditions, object: StoredObject): void {
  const failed = failedCondition(
    {
      IfMatch: conditions.CopySourceIfMatch,
      IfNoneMatch: conditions.CopySourceIfNoneMatch,
      IfModifiedSince: conditions.CopySourceIfModifiedSince,
      IfUnmodifiedSince: conditions.CopySourceIfUnmodifiedSince,
    },
    object,
  );
  if (failed !== undefined) throw preconditionFailed(`x-amz-copy-source-${failed}`);
}

export interface WriteConditions {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html */
export function checkWriteConditions(conditions: WriteConditions, bucket: Bucket, key: string): void {
  const { IfMatch, IfNoneMatch } = conditions;
  if (IfMatch !== undefined && IfNoneMatch !== undefined) {
    throw notImplemented(
      'If-Match,If-None-Match',
      'Multiple conditional request headers present in the request',
    );
  }
  const latest = bucket.objects.latest(key);
  const current = latest?.kind === 'object' ? latest : undefined;
  if (IfNoneMatch !== undefined) {
    if (IfNoneMatch !== '*') throw notImplemented('If-None-Match', unacceptable('If-None-Match'));
    if (current) throw preconditionFailed('If-None-Match');
  }
  if (IfMatch !== undefined) {
    if (IfMatch === '*') throw notImplemented('If-Match', unacceptable('If-Match'));
    if (!current) throw noSuchKey(key);
    if (!etagMatches(IfMatch, current.etag)) throw preconditionFailed('If-Match');
  }
}

/** `*`, or a list of entity tags with or without quotes. */
export function etagMatches(header: string, etag: string): boolean {
  return header.split(',').some((part) => part.trim() === '*' || unquoted(part) === etag);
}

export function unquoted(etag: string): string {
  return etag.trim().replace(/^"|"$/g, '');
}

function unacceptable(header: string): string {
  return `We don't accept the provided value of ${header} header for this API`;
}

function notImplemented(header: string, additionalMessage: string): AwsError {
  return new AwsError(
    'NotImplemented',
    'A header you provided implies functionality that is not implemented',
    { status: 501, members: { Header: header, additionalMessage } },
  );
}
