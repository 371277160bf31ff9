import { formatDuration, formatInstant } from '../../duration.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { recordsOfKey } from '../object/seen.ts';
import { cut } from './text.ts';
import { configurationWrites } from './trail-writes.ts';
import { passes } from './ways.ts';

/** AWS says "about five minutes": https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html */
const WINDOW_MS = 10 * 60_000;

/** A configuration takes some minutes to work, and an upload in that time may go untold. Never certain, and only within that time. */
export const configTooFresh: Check = {
  id: 'config-too-fresh',
  reads: ['trail', 'object.head', 'functions.log'],
  judge(look) {
    const { facts } = look;
    const { key } = facts.question;
    if (facts.trail === undefined || look.rules.length === 0 || !look.rules.some((rule) => passes(rule, key)))
      return [];
    const trail = look.value(facts.trail);
    const [last] = trail ? configurationWrites(facts, trail) : [];
    if (!last) return [];
    const written = key === undefined ? facts.at : look.value(facts.object?.head)?.modified;
    if (written === undefined || written < last.time || written - last.time > WINDOW_MS) return [];
    if (key !== undefined && recordsOfKey(facts, key).length > 0) return [];
    const after = formatDuration(written - last.time);
    return [
      {
        id: 'config-too-fresh',
        // Without an upload that went untold there is nothing to explain yet.
        verdict: key === undefined ? 'risk' : 'suspected',
        severity: 'LATE',
        subject: `bucket ${facts.bucket.name}`,
        message:
          key === undefined
            ? `the notification configuration was put ${after} ago, and may take some five minutes to work`
            : `"${cut(key)}" was uploaded ${after} after the notification configuration was put, which takes some five minutes to work`,
        evidence: [
          {
            call: 'cloudtrail:LookupEvents',
            field: 'PutBucketNotification',
            value: `${formatInstant(last.time)} by ${cut(last.user)}`,
          },
        ],
        fix: tell('Wait five minutes and upload again; what was uploaded before is not told later.'),
      },
    ];
  },
};
