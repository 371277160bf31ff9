import { parseArn } from '../../arn.ts';
import type { Check } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { called, evidence } from '../../doctor/words.ts';
import { rulesOf } from '../../notification.ts';
import { documentEvidence } from './document-evidence.ts';

/** S3 sends within the bucket's Region only. A topic there may have subscribers elsewhere. */
export const crossRegionDestination: Check = {
  id: 'cross-region-destination',
  reads: ['bucket.head'],
  judge(look) {
    const { bucket, question } = look.facts;
    const region = look.value(bucket.head)?.region;
    if (region === undefined) return [];
    const rules = [...(question.intended ? rulesOf(question.intended) : []), ...look.rules];
    const away = rules.filter(({ destination }) => {
      const there = parseArn(destination.arn)?.region;
      return there !== undefined && there !== region;
    });
    const once = new Map(away.map((rule) => [`${rule.id} ${rule.destination.arn}`, rule]));
    return [...once.values()].map((rule): Finding => {
      const { id, destination } = rule;
      const { arn } = destination;
      return {
        id: 'cross-region-destination',
        verdict: 'broken',
        severity: 'BREAK',
        subject: called(arn),
        node: arn,
        ruleIds: [id],
        depth: 0,
        message: `rule "${id}" sends to ${called(arn)} in ${parseArn(arn)?.region ?? ''}, but the bucket is in ${region}: S3 sends within one Region only`,
        evidence: [evidence(bucket.head, 'BucketRegion', region), documentEvidence(look, rule)],
        fix: tell(
          'Send to a topic or to EventBridge in the Region of the bucket, and from there to the other one.',
        ),
      };
    });
  },
};
