import type { DeleteMarkerEntry, ObjectVersion as VersionEntry } from '@aws-sdk/client-s3';
import { openBucket, type S3Context, type S3Handlers } from './context.ts';
import { invalidArgument } from './errors.ts';
import { canonicalUserId } from './identity.ts';
import { commonPrefix, nameEncoder } from './listing.ts';
import { pageSize } from './page.ts';
import { compareKeys, lowerBound } from './sorted-keys.ts';
import type { Bucket, ObjectVersion } from './store.ts';

const MAX_KEYS = 1000;

export function listVersionHandlers(s3: S3Context): S3Handlers {
  return {
    ListObjectVersions(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const encode = nameEncoder(input.EncodingType);
      const max = pageSize(input.MaxKeys, MAX_KEYS, 'max-keys');
      if (input.VersionIdMarker && !input.KeyMarker) {
        throw invalidArgument(
          'A version-id marker cannot be specified without a key marker.',
          'version-id-marker',
          input.VersionIdMarker,
        );
      }
      const owner = { ID: canonicalUserId(bucket.account) };
      const versions: VersionEntry[] = [];
      const deleteMarkers: DeleteMarkerEntry[] = [];
      const commonPrefixes: string[] = [];
      let last: Result | undefined;
      let isTruncated = false;
      for (const result of max === 0 ? [] : resultsAfter(bucket, input)) {
        if (versions.length + deleteMarkers.length + commonPrefixes.length === max) {
          isTruncated = true;
          break;
        }
        last = result;
        if (!result.version) {
          commonPrefixes.push(result.name);
          continue;
        }
        const entry = {
          Key: encode(result.name),
          VersionId: result.version.versionId,
          IsLatest: result.isLatest,
          LastModified: result.version.lastModified,
          Owner: owner,
        };
        if (result.version.kind === 'delete-marker') deleteMarkers.push(entry);
        else versions.push({ ...entry, ...describe(result.version) });
      }
      return {
        Name: bucket.name,
        Prefix: encode(input.Prefix ?? ''),
        Delimiter: input.Delimiter ? encode(input.Delimiter) : undefined,
        KeyMarker: encode(input.KeyMarker ?? ''),
        VersionIdMarker: input.VersionIdMarker ?? '',
        MaxKeys: max,
        EncodingType: input.EncodingType,
        IsTruncated: isTruncated,
        NextKeyMarker: isTruncated && last ? encode(last.name) : undefined,
        NextVersionIdMarker: isTruncated ? last?.version?.versionId : undefined,
        Versions: versions,
        DeleteMarkers: deleteMarkers,
        CommonPrefixes: commonPrefixes.map((prefix) => ({ Prefix: encode(prefix) })),
      };
    },
  };
}

/** A version of a key, or a common prefix when there is no version. */
interface Result {
  readonly name: string;
  readonly version?: ObjectVersion;
  readonly isLatest?: boolean;
}

interface ListingInput {
  readonly Prefix?: string | undefined;
  readonly Delimiter?: string | undefined;
  readonly KeyMarker?: string | undefined;
  readonly VersionIdMarker?: string | undefined;
}

/** Keys in order, the versions of each from the newest to the oldest, from behind the markers on. */
function* resultsAfter(bucket: Bucket, input: ListingInput): Generator<Result> {
  const prefix = input.Prefix ?? '';
  const marker = input.KeyMarker ?? '';
  const keys = bucket.objects.sortedKeys();
  let lastGroup: string | undefined;
  for (let i = lowerBound(keys, compareKeys(prefix, marker) > 0 ? prefix : marker); i < keys.length; i++) {
    const key = keys[i] ?? '';
    if (!key.startsWith(prefix)) return;
    const group = commonPrefix(key, prefix, input.Delimiter ?? '');
    if (group !== undefined) {
      if (group !== lastGroup && (marker === '' || compareKeys(group, marker) > 0)) yield { name: group };
      lastGroup = group;
      continue;
    }
    const newestFirst = bucket.objects.versions(key).toReversed();
    // A key marker alone skips all versions of its key; with a version marker the versions behind that one remain.
    const skip =
      key !== marker || marker === ''
        ? 0
        : input.VersionIdMarker
          ? newestFirst.findIndex((version) => version.versionId === input.VersionIdMarker) + 1
          : newestFirst.length;
    for (const [index, version] of newestFirst.entries()) {
      if (index >= skip) yield { name: key, version, isLatest: index === 0 };
    }
  }
}

function describe(version: Extract<ObjectVersion, { kind: 'object' }>): VersionEntry {
  return {
    ETag: `"${version.etag}"`,
    ChecksumAlgorithm: version.checksum && [version.checksum.algorithm],
    ChecksumType: version.checksum?.type,
    Size: version.body.length,
    // The API's enumeration here knows no other value.
    StorageClass: version.storageClass as 'STANDARD',
  };
}
