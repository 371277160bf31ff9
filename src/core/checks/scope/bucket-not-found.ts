import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { isAbsent } from '../../doctor/reading.ts';
import { evidence, cut } from '../../doctor/words.ts';

/** There is no such bucket where these credentials look. 403, 301 and 400 say nothing about that. */
export const bucketNotFound: Check = {
  id: 'bucket-not-found',
  reads: ['bucket.head', 'bucket.notification', 'bucket.near'],
  judge(look) {
    const { bucket, target } = look.facts;
    look.value(bucket.head);
    // Where the bucket itself answers, a configuration that is "not found" is the gap of an emulator.
    const answer = [bucket.head, bucket.notification].find(isAbsent);
    if (!answer || bucket.head.state === 'known') return [];
    // An alias of an access point is no bucket, and yet S3 takes it for one in most calls.
    const isAlias = bucket.name.endsWith('-s3alias');
    const where = target.endpointUrl === undefined ? '' : ` at ${cut(target.endpointUrl)}`;
    return [
      {
        id: 'bucket-not-found',
        verdict: isAlias ? 'suspected' : 'broken',
        severity: 'SCOPE',
        subject: `bucket ${bucket.name}`,
        message: `there is no bucket ${bucket.name}${where}: ${bucket.near === undefined ? 'it is misspelt, deleted, or in another partition of AWS' : `${bucket.near} is meant, perhaps`}`,
        evidence: [
          evidence(answer, 'answer', 'NoSuchBucket'),
          ...(bucket.near === undefined
            ? []
            : [{ call: 's3:ListAllMyBuckets', field: 'Buckets', value: bucket.near }]),
        ],
        fix: tell('Correct the name; the list shows the buckets of this account.', [
          'aws',
          's3api',
          'list-buckets',
        ]),
      },
    ];
  },
};
