import type { Check } from '../../doctor/check.ts';
import { safe, tell } from '../../doctor/fixes.ts';
import { called, calledRules, evidence } from '../../doctor/words.ts';
import { refusalText } from './refusal-text.ts';
import { admitSenders } from './whole-policy.ts';

/** A queue that a rule of the bucket names does not admit S3. */
export const sqsPolicy: Check = {
  id: 'sqs-policy',
  reads: ['queues.attributes'],
  judge: (look) =>
    look.hops.flatMap((hop) => {
      const node = hop.kind === 'sqs' ? look.facts.queues[hop.arn] : undefined;
      if (!node || hop.sender?.service !== 's3.amazonaws.com') return [];
      const attributes = look.value(node.attributes);
      if (!attributes) return [];
      const refusal = refusalText(attributes.policy, 'sqs:SendMessage', hop.arn, hop.sender);
      if (!refusal) return [];
      const action = admitSenders(look, hop);
      return [
        {
          id: 'sqs-policy',
          verdict: refusal.verdict,
          severity: 'BREAK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${calledRules(hop)} sends to ${called(hop.arn)}, which does not let S3 send messages: ${refusal.why}`,
          evidence: [
            evidence(node.attributes, 'Policy', attributes.policy === undefined ? 'none' : refusal.value),
          ],
          fix: action ? safe(action) : tell('Give the queue a policy that admits s3.amazonaws.com.'),
        },
      ];
    }),
};
