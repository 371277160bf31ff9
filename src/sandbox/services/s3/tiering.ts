import type { IntelligentTieringConfiguration } from '@aws-sdk/client-s3';
import { AwsError } from '../../wire/types.ts';
import { openBucket, publishAs, type S3Context, type S3Handlers } from './context.ts';
import { malformedXml } from './errors.ts';
import { DAY_MS, serviceRequest } from './service-request.ts';
import type { Bucket, StoredObject } from './store.ts';
import { enabledVersionId } from './versions.ts';

/** Smaller objects stay in the Frequent Access tier: https://docs.aws.amazon.com/AmazonS3/latest/userguide/intelligent-tiering-overview.html */
const MIN_SIZE = 128 * 1024;
const MAX_DAYS = 730;
const MIN_DAYS: Readonly<Record<string, number>> = { ARCHIVE_ACCESS: 90, DEEP_ARCHIVE_ACCESS: 180 };

export function tieringHandlers(s3: S3Context): S3Handlers {
  return {
    PutBucketIntelligentTieringConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const configuration = input.IntelligentTieringConfiguration;
      if (!configuration) throw malformedXml();
      checkConfiguration(configuration);
      bucket.tiering.set(input.Id ?? '', configuration);
      return {};
    },

    GetBucketIntelligentTieringConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const configuration = bucket.tiering.get(input.Id ?? '');
      if (!configuration) throw noSuchConfiguration();
      return { IntelligentTieringConfiguration: configuration };
    },

    ListBucketIntelligentTieringConfigurations(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      return { IsTruncated: false, IntelligentTieringConfigurationList: [...bucket.tiering.values()] };
    },

    DeleteBucketIntelligentTieringConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!bucket.tiering.delete(input.Id ?? '')) throw noSuchConfiguration();
      return {};
    },
  };
}

/** Moves an object that nobody has read for long enough to its archive tier; true when it moved. */
export function moveTiers(
  s3: S3Context,
  bucket: Bucket,
  key: string,
  object: StoredObject,
  now: number,
): boolean {
  if (object.body.length < MIN_SIZE || object.restore) return false;
  const idleDays = (now - (object.lastRead ?? object.lastModified.getTime())) / DAY_MS;
  const due = [...bucket.tiering.values()]
    .filter((configuration) => configuration.Status === 'Enabled' && isFor(configuration, key, object))
    .flatMap((configuration) => configuration.Tierings ?? [])
    .filter(({ Days = Infinity }) => idleDays >= Days)
    .map(({ AccessTier }) => AccessTier);
  const tier = due.includes('DEEP_ARCHIVE_ACCESS') ? 'DEEP_ARCHIVE_ACCESS' : due[0];
  const isFurther = tier !== object.archiveTier && object.archiveTier !== 'DEEP_ARCHIVE_ACCESS';
  if (tier === undefined || !isFurther) return false;
  object.archiveTier = tier;
  publishAs(s3, serviceRequest(s3), bucket, {
    eventName: 'IntelligentTiering',
    key,
    size: object.body.length,
    eTag: object.etag,
    ...enabledVersionId(bucket, object),
    destinationAccessTier: tier,
  });
  return true;
}

function isFor({ Filter }: IntelligentTieringConfiguration, key: string, { tags }: StoredObject): boolean {
  const wanted = Filter?.And?.Tags ?? (Filter?.Tag ? [Filter.Tag] : []);
  return (
    key.startsWith(Filter?.And?.Prefix ?? Filter?.Prefix ?? '') &&
    wanted.every((tag) => tags.some(({ Key, Value }) => Key === tag.Key && Value === tag.Value))
  );
}

function checkConfiguration({ Status, Tierings = [] }: IntelligentTieringConfiguration): void {
  if (Status !== 'Enabled' && Status !== 'Disabled') throw malformedXml();
  const areValid = Tierings.every(({ AccessTier = '', Days = 0 }) => {
    const min = Object.hasOwn(MIN_DAYS, AccessTier) ? MIN_DAYS[AccessTier] : undefined;
    return min !== undefined && Days >= min && Days <= MAX_DAYS;
  });
  if (Tierings.length === 0 || !areValid) throw malformedXml();
}

function noSuchConfiguration(): AwsError {
  return new AwsError('NoSuchConfiguration', 'The specified configuration does not exist.', { status: 404 });
}
