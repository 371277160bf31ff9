import { cut } from '../../doctor/words.ts';
import { overlapOf, rulesOf, sameRule, type Overlap } from '../../notification.ts';
import { waysOut } from '../../overlap-ways.ts';
import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';

/**
 * Two rules of the document that somebody wants to put share an event, and their filters overlap: S3 refuses all of it. What is live
 * was taken by S3, so nothing of that kind is in it. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
 */
export const rulesOverlap: Check = {
  id: 'rules-overlap',
  reads: ['bucket.notification'],
  judge(look) {
    const { bucket, question } = look.facts;
    if (question.intended === undefined) return [];
    const live = rulesOf(valueOf(bucket.notification) ?? {});
    const isLive = (rule: Overlap['a']) => live.some((one) => sameRule({ ...one, id: rule.id }, rule));
    const rules = rulesOf(question.intended);
    const overlaps = rules.flatMap((a, index) =>
      rules.slice(index + 1).flatMap((b) => {
        // The one that is to give way stands first: the new one.
        const overlap = isLive(a) && !isLive(b) ? overlapOf(b, a) : overlapOf(a, b);
        return overlap ? [overlap] : [];
      }),
    );
    return overlaps.map((overlap) => ({
      id: 'rules-overlap',
      verdict: 'broken',
      severity: 'BREAK',
      subject: `rule "${cut(overlap.a.id)}"`,
      ruleIds: [overlap.a.id],
      message: `the new configuration is one that S3 refuses: rules "${cut(overlap.a.id)}" and "${cut(overlap.b.id)}" would both take ${overlap.events.join(', ')} of a key such as "${cut(overlap.witness)}"`,
      evidence: [overlap.a, overlap.b].map(({ id, filter }) => ({
        call: 'intended configuration',
        field: cut(id),
        value: cut(`prefix "${filter.prefix ?? ''}", suffix "${filter.suffix ?? ''}"`),
      })),
      fix: tell(waysOut(overlap, { bucket: bucket.name }).hint),
    }));
  },
};
