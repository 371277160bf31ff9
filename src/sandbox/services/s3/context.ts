import type * as S3 from '@aws-sdk/client-s3';
import type { EventPublisher } from '../../delivery/deliver.ts';
import type { Destinations } from '../../delivery/destinations.ts';
import type { EventRequest, ObjectChange } from '../../delivery/object-event.ts';
import type { SandboxEnv } from '../../env.ts';
import type { Faults } from '../../faults.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import type { Alarms } from '../../alarms.ts';
import { accessDenied, noSuchBucket } from './errors.ts';
import { legacyCustomerId, principalId } from './identity.ts';
import { actingNotification } from './notification-propagation.ts';
import { checkPresigned } from './presigned.ts';
import type { Bucket } from './store.ts';

export type S3Handlers = Handlers<typeof S3>;
export type Input<K extends keyof S3Handlers> = Parameters<NonNullable<S3Handlers[K]>>[0];
export type Output<K extends keyof S3Handlers> = Exclude<
  Awaited<ReturnType<NonNullable<S3Handlers[K]>>>,
  void
>;

/** What every S3 handler shares. */
export interface S3Context {
  readonly env: SandboxEnv;
  readonly destinations: Destinations;
  readonly events: EventPublisher;
  readonly faults: Pick<Faults, 'propagation'> | undefined;
  /** What S3 does by itself later. */
  readonly alarms: Alarms;
  /** By name: bucket names are global. */
  readonly buckets: Map<string, Bucket>;
}

/** The Region a request without LocationConstraint means. */
export const DEFAULT_REGION = 'us-east-1';

export interface BucketInput {
  readonly Bucket?: string | undefined;
  readonly ExpectedBucketOwner?: string | undefined;
}

/**
 * The bucket that a request names, after the checks that every bucket operation makes: it exists, it is in the Region that
 * the request was signed for, and it has the expected owner.
 */
export function openBucket(s3: S3Context, ctx: RequestContext, input: BucketInput): Bucket {
  checkPresigned(ctx, s3.env.clock.now());
  const bucket = findBucket(s3, input);
  if (ctx.accessKeyId !== undefined && ctx.region !== bucket.region) throw wrongRegion(s3, ctx, bucket);
  checkOwner(bucket, input.ExpectedBucketOwner);
  return bucket;
}

/** The same for what may be asked from any Region (GetBucketLocation, the source of a copy). */
export function openBucketFromAnywhere(s3: S3Context, input: BucketInput): Bucket {
  const bucket = findBucket(s3, input);
  checkOwner(bucket, input.ExpectedBucketOwner);
  return bucket;
}

function findBucket(s3: S3Context, input: BucketInput): Bucket {
  const expected = input.ExpectedBucketOwner;
  if (expected !== undefined && !/^\d{12}$/.test(expected)) {
    throw new AwsError(
      'InvalidBucketOwnerAWSAccountID',
      `The value of the expected bucket owner parameter must be an AWS Account ID... [${expected}]`,
      { status: 400 },
    );
  }
  const bucket = s3.buckets.get(input.Bucket ?? '');
  if (!bucket) throw noSuchBucket(input.Bucket ?? '');
  return bucket;
}

function checkOwner(bucket: Bucket, expected: string | undefined): void {
  if (expected !== undefined && expected !== bucket.account) throw accessDenied();
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html */
function wrongRegion(s3: S3Context, ctx: RequestContext, bucket: Bucket): AwsError {
  ctx.response.headers['x-amz-bucket-region'] = bucket.region;
  if (ctx.region === 'aws-global') {
    return new AwsError(
      'AuthorizationHeaderMalformed',
      `The authorization header is malformed; the region 'aws-global' is wrong; expecting '${bucket.region}'`,
      { status: 400, members: { Region: bucket.region } },
    );
  }
  return new AwsError(
    'PermanentRedirect',
    'The bucket you are attempting to access must be addressed using the specified endpoint. Please send all future requests to this endpoint.',
    {
      status: 301,
      // AWS names the bucket's regional host; here every Region lives at one address, and no client may be sent away from it.
      members: { Endpoint: s3.env.address(), Bucket: bucket.name },
    },
  );
}

/** Tells the bucket's notification rules, and EventBridge where it is enabled, what happened to an object. */
export function publish(s3: S3Context, ctx: RequestContext, bucket: Bucket, change: ObjectChange): void {
  publishAs(s3, eventRequest(ctx), bucket, change);
}

/** The same for what no request did: lifecycle, restores. */
export function publishAs(s3: S3Context, request: EventRequest, bucket: Bucket, change: ObjectChange): void {
  const { rules, document } = actingNotification(bucket.notification, s3.env.clock.now());
  const toEventBridge = document.EventBridgeConfiguration !== undefined;
  if (rules.length === 0 && !toEventBridge) return;
  s3.events.publish(eventBucket(bucket), rules, request, change, toEventBridge);
}

export function eventBucket(bucket: Bucket) {
  return {
    name: bucket.name,
    region: bucket.region,
    account: bucket.account,
    ownerPrincipalId: legacyCustomerId(bucket.account),
    awsGeneratedTags: Object.fromEntries(
      bucket.tags.filter((tag) => tag.Key.startsWith('aws:')).map((tag) => [tag.Key, tag.Value]),
    ),
  };
}

export function eventRequest(ctx: RequestContext) {
  const trace = ctx.headers['x-amzn-trace-id'];
  return {
    traceHeader: typeof trace === 'string' ? trace : undefined,
    requestId: ctx.requestId,
    extendedRequestId: ctx.extendedRequestId,
    sourceIp: ctx.sourceIp,
    principalId: principalId(ctx),
  };
}

/** Now, in the whole seconds that S3 keeps. */
export function lastModifiedNow(s3: S3Context): Date {
  return new Date(Math.floor(s3.env.clock.now() / 1000) * 1000);
}

/** 32 characters, opaque. */
export function newVersionId(s3: S3Context): string {
  return Buffer.from(s3.env.ids.hex(48), 'hex').toString('base64url').replaceAll('-', '.');
}
