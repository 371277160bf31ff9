import type { Check } from '../../doctor/check.ts';
import type { Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { rulesOf } from '../../notification.ts';
import { isFifo } from '../../s3-access.ts';
import { called } from '../../doctor/words.ts';
import { documentEvidence } from './document-evidence.ts';

/** S3 sends to no FIFO queue or topic; EventBridge does. https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-event-types-and-destinations.html */
export const fifoDestination: Check = {
  id: 'fifo-destination',
  reads: [],
  judge(look) {
    const { intended } = look.facts.question;
    const rules = [...(intended ? rulesOf(intended) : []), ...look.rules];
    const fifo = rules.filter(({ destination }) => destination.kind !== 'lambda' && isFifo(destination.arn));
    const once = new Map(fifo.map((rule) => [`${rule.id} ${rule.destination.arn}`, rule]));
    return [...once.values()].map((rule): Finding => {
      const { id, destination } = rule;
      const { arn } = destination;
      return {
        id: 'fifo-destination',
        verdict: 'broken',
        severity: 'BREAK',
        subject: called(arn),
        node: arn,
        ruleIds: [id],
        depth: 0,
        message: `rule "${id}" names ${called(arn)}, a FIFO one, to which S3 does not send`,
        evidence: [documentEvidence(look, rule)],
        fix: tell(
          'Let an EventBridge rule send there, with a MessageGroupId; or take a standard queue or topic.',
        ),
      };
    });
  },
};
