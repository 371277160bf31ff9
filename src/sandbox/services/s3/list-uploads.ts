import { openBucket, type S3Context, type S3Handlers } from './context.ts';
import { checksumOutput } from './checksums.ts';
import { canonicalUserId } from './identity.ts';
import { commonPrefix, nameEncoder } from './listing.ts';
import { openUpload } from './multipart.ts';
import { pageSize } from './page.ts';
import { compareKeys } from './sorted-keys.ts';
import type { Bucket, MultipartUpload } from './store.ts';

const MAX_UPLOADS = 1000;
const MAX_PARTS = 1000;

export function listUploadHandlers(s3: S3Context): S3Handlers {
  return {
    ListParts(input, ctx) {
      const { bucket, upload } = openUpload(s3, ctx, input);
      const max = pageSize(input.MaxParts, MAX_PARTS, 'max-parts');
      const marker = Number(input.PartNumberMarker ?? 0);
      const rest = [...upload.parts.values()]
        .filter((part) => part.number > marker)
        .sort((a, b) => a.number - b.number);
      const page = rest.slice(0, max);
      return {
        Bucket: bucket.name,
        Key: upload.key,
        UploadId: upload.id,
        PartNumberMarker: String(marker),
        NextPartNumberMarker: String(page.at(-1)?.number ?? 0),
        MaxParts: max,
        IsTruncated: rest.length > max,
        Parts: page.map((part) => ({
          PartNumber: part.number,
          LastModified: part.lastModified,
          ETag: `"${part.etag}"`,
          Size: part.body.length,
          ...checksumOutput(upload.checksum && part.checksum, { type: false }),
        })),
        ...uploadFacts(bucket, upload),
      };
    },

    ListMultipartUploads(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      const encode = nameEncoder(input.EncodingType);
      const max = pageSize(input.MaxUploads, MAX_UPLOADS, 'max-uploads');
      const prefix = input.Prefix ?? '';
      const delimiter = input.Delimiter ?? '';
      const commonPrefixes = new Set<string>();
      const page: MultipartUpload[] = [];
      let isTruncated = false;
      let last: { readonly name: string; readonly uploadId?: string } | undefined;
      for (const upload of max === 0 ? [] : uploadsAfter(bucket, prefix, input)) {
        const group = commonPrefix(upload.key, prefix, delimiter);
        if (group !== undefined && (commonPrefixes.has(group) || group === input.KeyMarker)) continue;
        if (page.length + commonPrefixes.size === max) {
          isTruncated = true;
          break;
        }
        if (group === undefined) page.push(upload);
        else commonPrefixes.add(group);
        last = group === undefined ? { name: upload.key, uploadId: upload.id } : { name: group };
      }
      return {
        Bucket: bucket.name,
        Prefix: encode(prefix),
        Delimiter: delimiter === '' ? undefined : encode(delimiter),
        KeyMarker: encode(input.KeyMarker ?? ''),
        UploadIdMarker: input.UploadIdMarker ?? '',
        NextKeyMarker: isTruncated && last ? encode(last.name) : undefined,
        NextUploadIdMarker: isTruncated ? last?.uploadId : undefined,
        MaxUploads: max,
        EncodingType: input.EncodingType,
        IsTruncated: isTruncated,
        Uploads: page.map((upload) => ({
          UploadId: upload.id,
          Key: encode(upload.key),
          Initiated: upload.initiated,
          ...uploadFacts(bucket, upload),
        })),
        CommonPrefixes: [...commonPrefixes].map((group) => ({ Prefix: encode(group) })),
      };
    },
  };
}

function uploadFacts(bucket: Bucket, upload: MultipartUpload) {
  const owner = { ID: canonicalUserId(bucket.account) };
  return {
    Initiator: owner,
    Owner: owner,
    StorageClass: upload.attributes.storageClass,
    ChecksumAlgorithm: upload.checksum?.algorithm,
    ChecksumType: upload.checksum?.type,
  };
}

/** By key, uploads of one key in the order they were begun, from behind the markers on. */
function uploadsAfter(
  bucket: Bucket,
  prefix: string,
  markers: { readonly KeyMarker?: string | undefined; readonly UploadIdMarker?: string | undefined },
): readonly MultipartUpload[] {
  const marker = markers.KeyMarker ?? '';
  // Maps keep the order of insertion and sorting is stable.
  const sorted = [...bucket.uploads.values()]
    .filter((upload) => upload.key.startsWith(prefix))
    .sort((a, b) => compareKeys(a.key, b.key));
  if (marker === '') return sorted;
  const behindKey = sorted.filter((upload) => compareKeys(upload.key, marker) > 0);
  const ofKey = sorted.filter((upload) => upload.key === marker);
  const seen = ofKey.findIndex((upload) => upload.id === markers.UploadIdMarker);
  return seen < 0 ? behindKey : [...ofKey.slice(seen + 1), ...behindKey];
}
