import { cut } from '../../doctor/words.ts';
import { formatDuration, formatInstant } from '../../duration.ts';
import { sameRule, type Rule } from '../../notification.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { ARRIVAL_FACTS, cameSince } from '../object/arrivals.ts';
import { recordsOfKey } from '../object/seen.ts';
import { isOfCreation } from './claim.ts';
import { configurationWrites, type ConfigurationWrite } from './trail-writes.ts';
import { passes } from './ways.ts';

/** AWS says "about five minutes": https://docs.aws.amazon.com/AmazonS3/latest/userguide/how-to-enable-disable-notification-intro.html */
const WINDOW_MS = 10 * 60_000;

/**
 * A configuration takes some minutes to work, and an upload in that time may go untold. Never certain, and only within that time; not
 * where the document before had the same rules, nor where something came since.
 */
export const configTooFresh: Check = {
  id: 'config-too-fresh',
  reads: ['trail', 'object.head', 'bucket.versioning', ...ARRIVAL_FACTS],
  judge(look) {
    const { facts } = look;
    const { key } = facts.question;
    const rules = look.rules.filter((rule) => passes(rule, key));
    if (facts.trail === undefined || rules.length === 0 || !isOfCreation(look)) return [];
    const trail = look.value(facts.trail);
    const [last, before] = trail ? configurationWrites(facts, trail) : [];
    if (!last || had(before, rules)) return [];
    const written = key === undefined ? facts.at : look.value(facts.object?.head)?.modified;
    if (written === undefined || written < last.time || written - last.time > WINDOW_MS) return [];
    if (key !== undefined && (recordsOfKey(facts, key).length > 0 || cameSince(look, written))) return [];
    const after = formatDuration(Math.max(1000, written - last.time));
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

function had(write: ConfigurationWrite | undefined, rules: readonly Rule[]): boolean {
  return rules.every((rule) => write?.rules?.some((one) => sameRule({ ...one, id: rule.id }, rule)) === true);
}
