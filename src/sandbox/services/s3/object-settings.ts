import { requestedGrants, sameGrants } from './acl.ts';
import { openBucket, publish, type S3Context, type S3Handlers } from './context.ts';
import { malformedXml } from './errors.ts';
import { canonicalUserId } from './identity.ts';
import { objectTags } from './tags.ts';
import { enabledVersionId, findObject, shownVersionId } from './versions.ts';
import { AwsError } from '../../wire/types.ts';

/** Tags and ACLs of objects. */
export function objectSettingHandlers(s3: S3Context): S3Handlers {
  return {
    PutObjectTagging(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      if (!input.Tagging?.TagSet) throw malformedXml();
      object.tags = objectTags(input.Tagging.TagSet);
      publish(s3, ctx, bucket, {
        eventName: 'ObjectTagging:Put',
        key: input.Key ?? '',
        eTag: object.etag,
        ...enabledVersionId(bucket, object),
      });
      return { VersionId: shownVersionId(bucket, object) };
    },

    GetObjectTagging(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      return { VersionId: shownVersionId(bucket, object), TagSet: [...object.tags] };
    },

    DeleteObjectTagging(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      object.tags = [];
      publish(s3, ctx, bucket, {
        eventName: 'ObjectTagging:Delete',
        key: input.Key ?? '',
        eTag: object.etag,
        ...enabledVersionId(bucket, object),
      });
      return { VersionId: shownVersionId(bucket, object) };
    },

    PutObjectAcl(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      const grants = requestedGrants(input, bucket);
      if (!grants) {
        throw new AwsError('MissingSecurityHeader', 'Your request was missing a required header', {
          status: 400,
          members: { MissingHeaderName: 'x-amz-acl' },
        });
      }
      // An ACL that stays the same is no event.
      if (sameGrants(grants, object.grants)) return {};
      object.grants = grants;
      publish(s3, ctx, bucket, {
        eventName: 'ObjectAcl:Put',
        key: input.Key ?? '',
        eTag: object.etag,
        ...enabledVersionId(bucket, object),
      });
      return {};
    },

    GetObjectAcl(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const object = findObject(ctx, bucket, input.Key, input.VersionId);
      return { Owner: { ID: canonicalUserId(bucket.account) }, Grants: [...object.grants] };
    },
  };
}
