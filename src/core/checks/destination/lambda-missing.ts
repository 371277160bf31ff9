import { parseArn } from '../../arn.ts';
import type { Check } from '../../doctor/check.ts';
import { ask, edit, tell } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, calledSender, evidence } from '../../doctor/words.ts';

/** The function that a rule, a subscription, a target or a mapping names does not exist. S3 keeps such a rule without a word. */
export const lambdaMissing: Check = {
  id: 'lambda-missing',
  reads: ['functions.configuration', 'identity'],
  judge(look) {
    const { functions } = look.facts;
    const account = valueOf(look.facts.identity)?.account;
    return look.hops.flatMap((hop) => {
      const node = hop.kind === 'lambda' ? functions[hop.arn] : undefined;
      if (!node) return [];
      look.value(node.configuration);
      if (!isAbsent(node.configuration)) return [];
      // Lambda answers a caller of another account the same whether the function is there or not.
      const own = parseArn(hop.arn)?.account === account;
      const direct = hop.depth === 0;
      return [
        {
          id: 'lambda-missing',
          verdict: own ? 'broken' : 'suspected',
          severity: 'BREAK',
          subject: called(hop.arn),
          node: hop.arn,
          ruleIds: hop.ruleIds,
          depth: hop.depth,
          message: `${calledSender(hop)} sends to ${called(hop.arn)}, which does not exist`,
          evidence: [evidence(node.configuration, 'answer', 'ResourceNotFoundException')],
          fix: direct
            ? {
                ...ask(edit(...hop.ruleIds.map((ruleId) => ({ kind: 'remove' as const, ruleId })))),
                advice:
                  'Deploy the function again under this name and grant S3 the permission, or remove the rule.',
              }
            : tell('Deploy the function again, or take away what leads to it.'),
        },
      ];
    });
  },
};
