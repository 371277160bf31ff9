import { parseArn } from '../../arn.ts';
import type { Check, Look } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { isAbsent, type Reading } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called, calledSender, evidence } from '../../doctor/words.ts';

/** What is in another account and may not be looked at from here. That it is in another account is no fault by itself. */
export const crossAccountDestination: Check = {
  id: 'cross-account-destination',
  reads: [
    'identity',
    'functions.configuration',
    'functions.policy',
    'queues.attributes',
    'topics.attributes',
  ],
  judge(look) {
    const account = look.value(look.facts.identity)?.account;
    if (account === undefined) return [];
    return look.hops.flatMap((hop) => {
      const owner = parseArn(hop.arn)?.account;
      const reading = readingOf(look, hop);
      if (owner === undefined || owner === account || !reading || reading.state === 'known') return [];
      return [
        {
          id: 'cross-account-destination',
          verdict: 'suspected',
          severity: 'BREAK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${calledSender(hop)} leads to ${called(hop.arn)} of account ${owner}, which does not show whether it admits this bucket`,
          evidence: [evidence(reading, 'answer', reading.state)],
          fix: tell(
            `Look from account ${owner}: its policy, and that of its key, have to admit the bucket by aws:SourceArn and aws:SourceAccount. Run doctor with a profile of that account.`,
          ),
        },
      ];
    });
  },
};

function readingOf({ facts }: Look, { kind, arn }: Hop): Reading<unknown> | undefined {
  if (kind === 'lambda') {
    const node = facts.functions[arn];
    if (!node || isAbsent(node.configuration)) return undefined;
    // A function that shows itself and has no policy admits nobody: that is known then.
    return isAbsent(node.policy) ? node.configuration : node.policy;
  }
  return kind === 'sqs'
    ? facts.queues[arn]?.attributes
    : kind === 'sns'
      ? facts.topics[arn]?.attributes
      : undefined;
}
