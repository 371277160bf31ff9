import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html: AWS keeps these endings for itself. */
const BY_NAME: readonly (readonly [pattern: RegExp, what: string])[] = [
  [/--x-s3$/, 'a directory bucket'],
  [/--table-s3$/, 'a table bucket'],
  [/--ol-s3$/, 'an Object Lambda access point, whose reads send no events'],
  [/^arn:[^:]+:s3-outposts:/, 'a bucket on an Outpost'],
  [/^arn:[^:]+:s3vectors:/, 'a vector bucket'],
];

/** Only general purpose buckets have event notifications. Aliases of access points (`-s3alias`) lead to one. */
export const unsupportedBucketKind: Check = {
  id: 'unsupported-bucket-kind',
  reads: ['bucket.head'],
  judge(look) {
    const { bucket } = look.facts;
    const kind = valueOf(bucket.head)?.kind;
    const byName = BY_NAME.find(([pattern]) => pattern.test(bucket.name))?.[1];
    if (byName === undefined && kind === undefined) return [];
    const what = byName ?? `a directory bucket (${cut(kind ?? '')})`;
    return [
      {
        id: 'unsupported-bucket-kind',
        verdict: 'broken',
        severity: 'BREAK',
        subject: `bucket ${bucket.name}`,
        message: `${bucket.name} is ${what}, and S3 has event notifications for general purpose buckets only`,
        evidence: [
          kind === undefined
            ? { call: 'none', field: 'name', value: bucket.name }
            : evidence(bucket.head, 'BucketLocationType', cut(kind)),
        ],
        fix: tell('Put the objects whose events are wanted into a general purpose bucket.'),
      },
    ];
  },
};
