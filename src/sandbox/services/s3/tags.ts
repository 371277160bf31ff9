import { AwsError } from '../../wire/types.ts';
import { invalidArgument } from './errors.ts';
import type { Tag } from './store.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html and CostAllocTagging.html */
const MAX_OBJECT_TAGS = 10;
const MAX_BUCKET_TAGS = 50;

interface SubmittedTag {
  readonly Key: string | undefined;
  readonly Value: string | undefined;
}

export function bucketTags(tags: readonly SubmittedTag[]): readonly Tag[] {
  if (tags.length > MAX_BUCKET_TAGS) {
    throw new AwsError('BadRequest', `Bucket tag count cannot be greater than ${MAX_BUCKET_TAGS}`, {
      status: 400,
    });
  }
  return checked(tags);
}

export function objectTags(tags: readonly SubmittedTag[]): readonly Tag[] {
  if (tags.length > MAX_OBJECT_TAGS) {
    throw new AwsError('BadRequest', `Object tags cannot be greater than ${MAX_OBJECT_TAGS}`, {
      status: 400,
    });
  }
  return checked(tags);
}

/** Tags of an upload, in the form of a query string. */
export function tagsOfHeader(header: string | undefined): readonly Tag[] {
  if (header === undefined) return [];
  const pairs = [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
  if (new Set(pairs.map((tag) => tag.Key)).size !== pairs.length) {
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      'x-amz-tagging',
      header,
    );
  }
  return objectTags(pairs);
}

function checked(tags: readonly SubmittedTag[]): readonly Tag[] {
  const seen = new Set<string>();
  return tags.map(({ Key = '', Value = '' }) => {
    if (seen.has(Key)) throw invalidTag('Cannot provide multiple Tags with the same key', Key);
    seen.add(Key);
    if (Key.startsWith('aws:')) {
      throw invalidTag('System tags cannot be added/updated by requester', Key);
    }
    if (Key.length < 1 || Key.length > 128) throw invalidTag('The TagKey you have provided is invalid', Key);
    if (Value.length > 256) {
      throw new AwsError('InvalidTag', 'The TagValue you have provided is invalid', {
        status: 400,
        members: { TagKey: Key, TagValue: Value },
      });
    }
    return { Key, Value };
  });
}

function invalidTag(message: string, key: string): AwsError {
  return new AwsError('InvalidTag', message, { status: 400, members: { TagKey: key } });
}
