import { cut } from '../../doctor/words.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';

/**
 * The notification configuration may not be read. That says nothing about events: it is never certain whose fault it is, and it is not
 * the same as no configuration. Another owner whose configuration may be read is healthy.
 */
export const bucketOtherAccount: Check = {
  id: 'bucket-other-account',
  reads: ['bucket.notification', 'bucket.owner', 'identity'],
  judge(look) {
    const { bucket, identity } = look.facts;
    look.value(bucket.notification);
    const caller = valueOf(identity)?.account;
    const owner = valueOf(bucket.owner);
    if (bucket.notification.state !== 'denied' || (owner !== undefined && owner === caller)) return [];
    const who = caller === undefined ? 'these credentials' : `account ${caller}`;
    const why =
      owner === undefined
        ? 'it belongs to another account, or s3:GetBucketNotification is not granted'
        : `it belongs to account ${owner}`;
    return [
      {
        id: 'bucket-other-account',
        verdict: 'suspected',
        severity: 'SCOPE',
        subject: `bucket ${bucket.name}`,
        message: `${who} may not read the notification configuration of bucket ${bucket.name}: ${why}`,
        evidence: [
          { call: bucket.notification.call, field: 'answer', value: cut(bucket.notification.message) },
          ...(identity.state === 'known'
            ? [{ call: identity.call, field: 'Arn', value: cut(identity.value.arn) }]
            : []),
        ],
        fix: tell(
          'Look with the credentials of the account that owns the bucket (--profile NAME), or let its bucket policy grant s3:GetBucketNotification.',
          ['aws', 'sts', 'get-caller-identity'],
        ),
      },
    ];
  },
};
