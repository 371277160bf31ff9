import { sameResource } from '../../doctor/routes.ts';
import type { Check } from '../../doctor/check.ts';
import type { SubscriptionNode } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { called, evidence, cut } from '../../doctor/words.ts';
import { about, onceEach } from './about.ts';

/** `PendingConfirmation` and `Deleted` stand there in the place of an ARN. */
function isConfirmed({ arn }: SubscriptionNode): boolean {
  return arn?.startsWith('arn:') ?? false;
}

/** The topic takes the events and has nobody to send them to. */
export const snsNoSubscription: Check = {
  id: 'sns-no-subscription',
  reads: ['topics.subscriptions'],
  judge(look) {
    const { expected } = look.facts.question;
    return onceEach(look, 'sns').flatMap((hop) => {
      const reading = look.facts.topics[hop.arn]?.subscriptions;
      const all = look.value(reading);
      if (!all) return [];
      const wanted = all.filter(({ endpoint }) => expected !== undefined && sameResource(endpoint, expected));
      const judged = wanted.length > 0 ? wanted : all;
      if (judged.some(isConfirmed)) return [];
      const [pending] = judged;
      const show = ['aws', 'sns', 'list-subscriptions-by-topic', '--topic-arn', hop.arn];
      return [
        {
          id: 'sns-no-subscription',
          verdict: 'broken',
          severity: 'BREAK',
          ...about(hop),
          message: pending
            ? `the ${cut(pending.protocol)} subscription of ${cut(pending.endpoint)} to ${called(hop.arn)} was never confirmed, so nothing is sent there`
            : `${called(hop.arn)} has no subscription, so what S3 publishes reaches nobody`,
          evidence: [
            evidence(reading, 'Subscriptions', String(all.length)),
            ...judged
              .slice(0, 5)
              .map(({ endpoint }) => evidence(reading, 'PendingConfirmation', cut(endpoint))),
          ],
          fix: pending
            ? tell('Confirm the subscription with the message that SNS sent there, or subscribe again.', show)
            : tell('Subscribe a queue or a function to the topic.', show),
        },
      ];
    });
  },
};
