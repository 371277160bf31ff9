import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';
import { claimOf } from '../rule/claim.ts';
import { recordsOfKey } from './seen.ts';

/**
 * No object, no version, no delete marker and no open upload of that key: it went elsewhere, or nowhere. A 403 may hide a 404, so only
 * S3's own "not found" counts. An object whose event was seen was there, and was taken away since.
 */
export const objectNotInBucket: Check = {
  id: 'object-not-in-bucket',
  reads: [
    'object.head',
    'object.versions',
    'object.near',
    'bucket.uploads',
    'bucket.versioning',
    'functions.log',
  ],
  judge(look) {
    const { bucket, object, question } = look.facts;
    if (!object) return [];
    look.value(object.head);
    if (!isAbsent(object.head)) return [];
    if (claimOf(look)?.event?.startsWith('s3:ObjectRemoved:') === true) return [];
    const versions = look.value(object.versions);
    const uploads = look.value(bucket.uploads);
    const wanted = question.versionId;
    const others = (versions ?? []).filter(({ versionId }) => versionId !== wanted);
    const isOnlyVersion = wanted !== undefined && versions?.length === others.length && others.length > 0;
    if (versions && versions.length > 0 && !isOnlyVersion) return [];
    if ((uploads ?? []).some(({ key }) => key === object.key)) return [];
    if (recordsOfKey(look.facts, object.key).length > 0) return [];
    const near = valueOf(object.near) ?? [];
    const name = cut(object.key);
    const like =
      near.length === 0
        ? ''
        : `; much like it is ${near
            .slice(0, 3)
            .map((key) => `"${cut(key)}"`)
            .join(', ')}`;
    return [
      {
        id: 'object-not-in-bucket',
        // Unread versions may hold a delete marker, unread uploads one that is under way.
        verdict: versions && uploads ? 'broken' : 'suspected',
        severity: 'SCOPE',
        subject: `object ${name}`,
        message: isOnlyVersion
          ? `bucket ${bucket.name} has no version ${cut(wanted)} of "${name}"`
          : `bucket ${bucket.name} has no object "${name}"${like}`,
        evidence: [
          evidence(object.head, 'answer', '404 Not Found'),
          ...(versions ? [evidence(object.versions, 'versions of the key', String(versions.length))] : []),
          ...near.slice(0, 3).map((key) => evidence(object.near, 'key', cut(key))),
        ],
        fix: tell(
          near.length > 0
            ? 'Ask about the key as it stands in the bucket, or upload under the one that was meant.'
            : 'Look where the upload went: to another bucket, prefix, Region or account, or nowhere, since it failed or was a dry run.',
          ['aws', 's3api', 'list-objects-v2', '--bucket', bucket.name, '--prefix', folderOf(object.key)],
        ),
      },
    ];
  },
};

function folderOf(key: string): string {
  return key.slice(0, key.lastIndexOf('/') + 1);
}
