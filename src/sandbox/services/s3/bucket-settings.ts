import { AwsError } from '../../wire/types.ts';
import { isPublic } from '../../access/public-policy.ts';
import { ownerGrants } from './acl.ts';
import { checkBucketPolicy } from './bucket-policy.ts';
import { openBucket, type S3Context, type S3Handlers } from './context.ts';
import { malformedXml } from './errors.ts';
import { canonicalUserId } from './identity.ts';
import type { Bucket, Tag } from './store.ts';
import { bucketTags } from './tags.ts';

export function bucketSettingHandlers(s3: S3Context): S3Handlers {
  return {
    PutBucketVersioning(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const status = input.VersioningConfiguration?.Status;
      if (status === undefined) {
        throw new AwsError(
          'IllegalVersioningConfigurationException',
          'The Versioning element must be specified',
          { status: 400 },
        );
      }
      if (!isVersioningStatus(status)) throw malformedXml();
      if (status === 'Suspended' && bucket.objectLock) {
        throw new AwsError(
          'InvalidBucketState',
          'An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.',
          { status: 409 },
        );
      }
      bucket.versioning = status;
      return {};
    },

    GetBucketVersioning(input, ctx) {
      return { Status: openBucket(s3, ctx, input).versioning };
    },

    PutBucketTagging(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!input.Tagging?.TagSet) throw malformedXml();
      bucket.tags = [...systemTags(bucket), ...bucketTags(input.Tagging.TagSet)];
      return {};
    },

    GetBucketTagging(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (bucket.tags.length === 0) throw absent('NoSuchTagSet', 'The TagSet does not exist', bucket);
      return { TagSet: [...bucket.tags] };
    },

    DeleteBucketTagging(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      bucket.tags = systemTags(bucket);
      return {};
    },

    PutBucketPolicy(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      checkBucketPolicy(input.Policy ?? '', bucket);
      bucket.policy = input.Policy;
      return {};
    },

    GetBucketPolicy(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (bucket.policy === undefined) {
        throw absent('NoSuchBucketPolicy', 'The bucket policy does not exist', bucket);
      }
      return { Policy: bucket.policy };
    },

    GetBucketPolicyStatus(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (bucket.policy === undefined) {
        throw absent('NoSuchBucketPolicy', 'The bucket policy does not exist', bucket);
      }
      return { PolicyStatus: { IsPublic: isPublic(bucket.policy) } };
    },

    DeleteBucketPolicy(input, ctx) {
      openBucket(s3, ctx, input).policy = undefined;
      return {};
    },

    GetBucketEncryption(input, ctx) {
      openBucket(s3, ctx, input);
      // Every bucket has this since January 2023:
      // https://docs.aws.amazon.com/AmazonS3/latest/userguide/default-encryption-faq.html
      return {
        ServerSideEncryptionConfiguration: {
          Rules: [
            { ApplyServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' }, BucketKeyEnabled: false },
          ],
        },
      };
    },

    PutPublicAccessBlock(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const block = input.PublicAccessBlockConfiguration;
      if (!block) throw malformedXml();
      bucket.publicAccessBlock = {
        BlockPublicAcls: block.BlockPublicAcls ?? false,
        IgnorePublicAcls: block.IgnorePublicAcls ?? false,
        BlockPublicPolicy: block.BlockPublicPolicy ?? false,
        RestrictPublicBuckets: block.RestrictPublicBuckets ?? false,
      };
      return {};
    },

    GetPublicAccessBlock(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!bucket.publicAccessBlock) {
        throw absent(
          'NoSuchPublicAccessBlockConfiguration',
          'The public access block configuration was not found',
          bucket,
        );
      }
      return { PublicAccessBlockConfiguration: bucket.publicAccessBlock };
    },

    DeletePublicAccessBlock(input, ctx) {
      openBucket(s3, ctx, input).publicAccessBlock = undefined;
      return {};
    },

    PutBucketOwnershipControls(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const ownership = input.OwnershipControls?.Rules?.[0]?.ObjectOwnership;
      if (ownership === undefined) throw malformedXml();
      bucket.ownership = ownership;
      return {};
    },

    GetBucketOwnershipControls(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (bucket.ownership === undefined) {
        throw absent(
          'OwnershipControlsNotFoundError',
          'The bucket ownership controls were not found',
          bucket,
        );
      }
      return { OwnershipControls: { Rules: [{ ObjectOwnership: bucket.ownership }] } };
    },

    DeleteBucketOwnershipControls(input, ctx) {
      openBucket(s3, ctx, input).ownership = undefined;
      return {};
    },

    // There is no replication here; of a bucket without it AWS says this.
    GetBucketReplication(input, ctx) {
      throw absent(
        'ReplicationConfigurationNotFoundError',
        'The replication configuration was not found',
        openBucket(s3, ctx, input),
      );
    },

    GetBucketAcl(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      return {
        Owner: { ID: canonicalUserId(bucket.account) },
        Grants: [...ownerGrants(bucket.account)],
      };
    },
  };
}

function absent(code: string, message: string, bucket: Bucket): AwsError {
  return new AwsError(code, message, { status: 404, members: { BucketName: bucket.name } });
}

/** Tags that AWS services set; requests can neither set nor remove them. */
function systemTags(bucket: Bucket): readonly Tag[] {
  return bucket.tags.filter((tag) => tag.Key.startsWith('aws:'));
}

/** The type says so already; what came over the wire may say anything. */
function isVersioningStatus(status: string): status is 'Enabled' | 'Suspended' {
  return status === 'Enabled' || status === 'Suspended';
}
