import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { called, calledRules, evidence, times } from '../../doctor/words.ts';
import { about, functionsOf } from './about.ts';

/** Lambda ended a chain of about 16 invocations. https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html */
export const recursionTerminated: Check = {
  id: 'recursion-terminated',
  reads: ['metrics'],
  judge(look) {
    return functionsOf(look).flatMap(({ hop, node }) => {
      const count = metricSum(look, 'AWS/Lambda', 'RecursiveInvocationsDropped', node.name) ?? 0;
      if (count === 0) return [];
      return [
        {
          id: 'recursion-terminated',
          verdict: 'broken',
          severity: 'BREAK',
          ...about(hop),
          message: `${called(hop.arn)} was stopped ${times(count)} by Lambda, since its own output invoked it again and again`,
          evidence: [evidence(look.facts.metrics, 'RecursiveInvocationsDropped', String(count))],
          fix: tell(
            `Let it write to another bucket, or to keys that ${calledRules(hop)} does not take: an input prefix and an output prefix that do not overlap.`,
          ),
        },
      ];
    });
  },
};
