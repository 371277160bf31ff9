import type { Check } from '../../doctor/check.ts';
import { safe, tell } from '../../doctor/fixes.ts';
import { called, calledRules, evidence } from '../../doctor/words.ts';
import { refusalText } from './refusal-text.ts';
import { admitSenders } from './whole-policy.ts';

/** A topic that a rule of the bucket names does not admit S3: the policy that a new topic gets does not. */
export const snsPolicy: Check = {
  id: 'sns-policy',
  reads: ['topics.attributes'],
  judge: (look) =>
    look.hops.flatMap((hop) => {
      const node = hop.kind === 'sns' ? look.facts.topics[hop.arn] : undefined;
      if (!node || hop.sender?.service !== 's3.amazonaws.com') return [];
      const attributes = look.value(node.attributes);
      if (!attributes) return [];
      const refusal = refusalText(attributes.policy, 'sns:Publish', hop.arn, hop.sender);
      if (!refusal) return [];
      const action = admitSenders(look, hop);
      return [
        {
          id: 'sns-policy',
          verdict: refusal.verdict,
          severity: 'BREAK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${calledRules(hop)} sends to ${called(hop.arn)}, which does not let S3 publish: ${refusal.why}`,
          evidence: [evidence(node.attributes, 'Policy', refusal.value)],
          fix: action ? safe(action) : tell('Give the topic a policy that admits s3.amazonaws.com.'),
        },
      ];
    }),
};
