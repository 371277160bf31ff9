import type { BucketLocationConstraint } from '@aws-sdk/client-s3';
import { bucketArn } from '../../../core/arn.ts';
import { AwsError, type RequestContext } from '../../wire/types.ts';
import { isBucketName } from './bucket-name.ts';
import {
  DEFAULT_REGION,
  openBucket,
  openBucketFromAnywhere,
  type Input,
  type S3Context,
  type S3Handlers,
} from './context.ts';
import { invalidArgument } from './errors.ts';
import { canonicalUserId } from './identity.ts';
import { decodeToken, encodeToken } from './page.ts';
import { compareKeys } from './sorted-keys.ts';
import { ObjectTable, type Bucket } from './store.ts';
import { bucketTags } from './tags.ts';

const MAX_BUCKETS = 10_000;

export function bucketHandlers(s3: S3Context): S3Handlers {
  return {
    CreateBucket(input, ctx) {
      const name = input.Bucket ?? '';
      const location = requestedLocation(ctx, input.CreateBucketConfiguration?.LocationConstraint);
      const accountRegional = input.BucketNamespace === 'account-regional';
      if (!isBucketName(name, { accountRegional, account: ctx.account, region: location.region })) {
        throw new AwsError('InvalidBucketName', 'The specified bucket is not valid.', {
          status: 400,
          members: { BucketName: name },
        });
      }
      const tags = input.CreateBucketConfiguration?.Tags ?? [];
      const existing = s3.buckets.get(name);
      if (existing) checkRecreation(existing, ctx, tags.length > 0);
      else s3.buckets.set(name, newBucket(s3, ctx, input, location));
      return {
        Location: location.region === DEFAULT_REGION ? `/${name}` : `http://${name}.s3.amazonaws.com/`,
        BucketArn: bucketArn('aws', name),
      };
    },

    HeadBucket(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      ctx.response.headers['content-type'] = 'application/xml';
      return {
        BucketRegion: bucket.region,
        BucketArn: bucketArn('aws', bucket.name),
        AccessPointAlias: false,
      };
    },

    DeleteBucket(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!bucket.objects.isEmpty) {
        const versions = bucket.versioning ? '. You must delete all versions in the bucket.' : '';
        throw new AwsError('BucketNotEmpty', `The bucket you tried to delete is not empty${versions}`, {
          status: 409,
          members: { BucketName: bucket.name },
        });
      }
      s3.buckets.delete(bucket.name);
      return {};
    },

    GetBucketLocation(input, ctx) {
      const { locationConstraint } = openBucketFromAnywhere(s3, input);
      // The answer is one element, not the structure of the model:
      // https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketLocation.html
      ctx.response.rawXml = `<?xml version="1.0" encoding="UTF-8"?>\n<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${locationConstraint ?? ''}</LocationConstraint>`;
      return { LocationConstraint: locationConstraint };
    },

    ListBuckets(input, ctx) {
      const max = input.MaxBuckets ?? MAX_BUCKETS;
      if (!Number.isInteger(max) || max < 1 || max > MAX_BUCKETS) {
        throw invalidArgument(
          `Argument max-buckets must be an integer between 1 and ${MAX_BUCKETS}`,
          'max-buckets',
          String(max),
        );
      }
      const after = input.ContinuationToken ? decodeToken(input.ContinuationToken) : '';
      const found = [...s3.buckets.values()]
        .filter(
          (bucket) =>
            bucket.account === ctx.account &&
            bucket.name.startsWith(input.Prefix ?? '') &&
            (input.BucketRegion === undefined || bucket.region === input.BucketRegion) &&
            compareKeys(bucket.name, after) > 0,
        )
        .sort((a, b) => compareKeys(a.name, b.name));
      const page = found.slice(0, max);
      // A bucket's Region is told only to requests that use one of the newer parameters.
      const paged = [input.MaxBuckets, input.ContinuationToken, input.Prefix, input.BucketRegion].some(
        (parameter) => parameter !== undefined,
      );
      return {
        Buckets: page.map((bucket) => ({
          Name: bucket.name,
          CreationDate: bucket.created,
          ...(paged && { BucketRegion: bucket.region }),
        })),
        Owner: { ID: canonicalUserId(ctx.account) },
        Prefix: input.Prefix,
        ContinuationToken: found.length > max ? encodeToken(page.at(-1)?.name ?? '') : undefined,
      };
    },
  };
}

interface Location {
  readonly region: string;
  readonly constraint: BucketLocationConstraint | undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html, LocationConstraint */
function requestedLocation(ctx: RequestContext, constraint: BucketLocationConstraint | undefined): Location {
  const named: string | undefined = constraint === 'EU' ? 'eu-west-1' : constraint;
  if (ctx.region === DEFAULT_REGION) {
    if (named === undefined) return { region: DEFAULT_REGION, constraint: undefined };
    // us-east-1 is also the global endpoint, which creates buckets in any other Region.
    if (named === DEFAULT_REGION || !/^[a-z]{2}(-[a-z]+)+-\d$/.test(named)) {
      throw new AwsError('InvalidLocationConstraint', 'The specified location-constraint is not valid', {
        status: 400,
        members: { LocationConstraint: String(constraint) },
      });
    }
    return { region: named, constraint };
  }
  if (named !== ctx.region) {
    throw new AwsError(
      'IllegalLocationConstraintException',
      `The ${constraint ?? 'unspecified'} location constraint is incompatible for the region specific endpoint this request was sent to.`,
      { status: 400 },
    );
  }
  return { region: named, constraint };
}

/** In us-east-1 creating one's own bucket again succeeds and changes nothing, unless the request has tags. */
function checkRecreation(existing: Bucket, ctx: RequestContext, withTags: boolean): void {
  const members = { BucketName: existing.name };
  if (existing.account !== ctx.account) {
    throw new AwsError(
      'BucketAlreadyExists',
      'The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.',
      { status: 409, members },
    );
  }
  if (existing.region !== DEFAULT_REGION || ctx.region !== DEFAULT_REGION || withTags) {
    throw new AwsError(
      'BucketAlreadyOwnedByYou',
      'Your previous request to create the named bucket succeeded and you already own it.',
      { status: 409, members },
    );
  }
}

function newBucket(
  s3: S3Context,
  ctx: RequestContext,
  input: Input<'CreateBucket'>,
  location: Location,
): Bucket {
  const ownership = input.ObjectOwnership ?? 'BucketOwnerEnforced';
  if (ownership === 'BucketOwnerEnforced' && input.ACL !== undefined && input.ACL !== 'private') {
    throw new AwsError(
      'InvalidBucketAclWithObjectOwnership',
      "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
      { status: 400 },
    );
  }
  return {
    name: input.Bucket ?? '',
    region: location.region,
    locationConstraint: location.constraint,
    account: ctx.account,
    created: new Date(s3.env.clock.now()),
    objects: new ObjectTable(),
    uploads: new Map(),
    // Object Lock works on versions: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
    versioning: input.ObjectLockEnabledForBucket ? 'Enabled' : undefined,
    tags: bucketTags(input.CreateBucketConfiguration?.Tags ?? []),
    policy: undefined,
    // Since April 2023 new buckets block public access and have ACLs disabled:
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/create-bucket-faq.html
    publicAccessBlock: {
      BlockPublicAcls: true,
      IgnorePublicAcls: true,
      BlockPublicPolicy: true,
      RestrictPublicBuckets: true,
    },
    ownership,
    notification: { document: {}, rules: [] },
    lifecycle: undefined,
    objectLock: input.ObjectLockEnabledForBucket ? { ObjectLockEnabled: 'Enabled' } : undefined,
    tiering: new Map(),
  };
}
