import { AwsError, type RequestContext } from '../../wire/types.ts';

const MAX_SECONDS = 604_800;

/**
 * Refuses a presigned URL that is past its time. `now` in milliseconds since the epoch.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
 */
export function checkPresigned({ presigned }: RequestContext, now: number): void {
  if (!presigned) return;
  const { expires, seconds } = presigned;
  if (seconds !== undefined && seconds > MAX_SECONDS) {
    throw new AwsError(
      'AuthorizationQueryParametersError',
      `X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than ${MAX_SECONDS} seconds`,
      { status: 400 },
    );
  }
  if (now <= expires) return;
  throw new AwsError('AccessDenied', 'Request has expired', {
    status: 403,
    members: {
      ...(seconds !== undefined && { 'X-Amz-Expires': String(seconds) }),
      Expires: wholeSeconds(expires),
      ServerTime: wholeSeconds(now),
    },
  });
}

function wholeSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}
