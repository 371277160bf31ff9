import type { Check, Look } from '../../doctor/check.ts';
import type { FunctionNode } from '../../doctor/facts.ts';
import { ask, call, functionInput, tell } from '../../doctor/fixes.ts';
import { sumOf } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { about, functionsOf } from './about.ts';
import { keysNest, ownRecords } from './loop.ts';

/** Somebody pressed "Throttle": Lambda takes the events and runs none of them. It is also the brake of a function that invokes itself. */
export const reservedConcurrencyZero: Check = {
  id: 'reserved-concurrency-zero',
  reads: ['functions.concurrency', 'functions.log', 'metrics', 'identity'],
  judge(look) {
    return functionsOf(look).flatMap(({ hop, node }) => {
      if (look.value(node.concurrency) !== 0) return [];
      const sign = signOfLoop(look, node);
      const { FunctionName } = functionInput(node, valueOf(look.facts.identity)?.account);
      return [
        {
          id: 'reserved-concurrency-zero',
          verdict: 'broken',
          severity: 'BREAK',
          ...about(hop),
          message: `the reserved concurrency of ${called(hop.arn)} is 0, so Lambda never runs it`,
          evidence: [
            evidence(node.concurrency, 'ReservedConcurrentExecutions', '0'),
            ...(sign === undefined ? [] : [sign]),
          ],
          fix:
            sign === undefined
              ? {
                  ...ask(call('lambda', 'DeleteFunctionConcurrency', { FunctionName })),
                  advice: 'If it was set to stop a function that invoked itself, mend that first.',
                }
              : tell(
                  'It looks like the brake of a function that invoked itself: make its output match no rule first, and take the brake away after that.',
                ),
        },
      ];
    });
  },
};

function signOfLoop({ facts }: Look, node: FunctionNode) {
  const dropped = sumOf(valueOf(facts.metrics) ?? [], 'AWS/Lambda', 'RecursiveInvocationsDropped', node.name);
  if (dropped > 0) return evidence(facts.metrics, 'RecursiveInvocationsDropped', String(dropped));
  const seen = valueOf(node.log?.seen);
  const records = seen?.records ?? [];
  const [own] = ownRecords(node, records);
  if (own) return { call: 'log', field: 'userIdentity.principalId', value: own.principalId ?? '' };
  return keysNest(node, records) ? { call: 'log', field: 's3.object.key', value: 'keys nest' } : undefined;
}
