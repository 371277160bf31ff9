import { formatDuration } from '../../duration.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { Evidence } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { metricMaximum, metricSum } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence, times } from '../../doctor/words.ts';
import { nameOf } from '../../trace-destination.ts';
import { about, functionsOf, type FunctionHop } from './about.ts';

/** Events wait as long as this for the first attempt only when something holds them up. */
const WAITED_MS = 60_000;

/**
 * Concurrency is used up: Lambda keeps events and tries again for up to six hours. Throttles alone may be those of callers that wait
 * for an answer, which do not concern S3.
 */
export const throttled: Check = {
  id: 'throttled',
  reads: ['metrics', 'functions.concurrency', 'queues.attributes', 'queues.mappings', 'accountConcurrency'],
  judge(look) {
    return functionsOf(look).flatMap((one) => {
      const { hop, node } = one;
      const count = metricSum(look, 'AWS/Lambda', 'Throttles', node.name) ?? 0;
      const reserved = valueOf(node.concurrency);
      // With a reserved concurrency of 0 nothing is merely late.
      if (count === 0 || reserved === 0) return [];
      const waited = waitedFor(look, one);
      if (!waited) return [];
      const account = valueOf(look.facts.accountConcurrency)?.limit;
      const limit =
        reserved === undefined
          ? `the account's limit${account === undefined ? '' : ` of ${account}`}`
          : `its reserved concurrency of ${reserved}`;
      return [
        {
          id: 'throttled',
          verdict: 'suspected',
          severity: 'LATE',
          ...about(hop),
          message: `${called(hop.arn)} was throttled ${times(count)}, and events had to wait for it`,
          evidence: [
            evidence(look.facts.metrics, 'Throttles', String(count)),
            waited,
            ...(reserved === undefined
              ? []
              : [evidence(node.concurrency, 'ReservedConcurrentExecutions', String(reserved))]),
          ],
          fix: tell(`Raise ${limit}, or put a queue between S3 and the function.`),
        },
      ];
    });
  },
};

/** What shows that events of S3 were held up, and not only somebody who called the function. */
function waitedFor(look: Look, { hop, node }: FunctionHop): Evidence | undefined {
  const ways = look.hops.filter(({ arn }) => arn === hop.arn);
  const age = metricMaximum(look, 'AWS/Lambda', 'AsyncEventAge', node.name) ?? 0;
  if (ways.some(({ sender }) => sender !== undefined) && age >= WAITED_MS) {
    return evidence(look.facts.metrics, 'AsyncEventAge', formatDuration(age));
  }
  for (const { mapping } of ways) {
    const queue =
      mapping && look.hops.find(({ kind, arn }) => kind === 'sqs' && reads(look, arn, mapping.uuid));
    if (!queue) continue;
    const seconds = metricMaximum(look, 'AWS/SQS', 'ApproximateAgeOfOldestMessage', nameOf(queue.arn)) ?? 0;
    const waiting = valueOf(look.facts.queues[queue.arn]?.attributes)?.waiting ?? 0;
    if (waiting > 0 && seconds * 1000 >= WAITED_MS) {
      return evidence(look.facts.metrics, 'ApproximateAgeOfOldestMessage', formatDuration(seconds * 1000));
    }
  }
  return undefined;
}

function reads({ facts }: Look, queue: string, uuid: string): boolean {
  return (valueOf(facts.queues[queue]?.mappings) ?? []).some((mapping) => mapping.uuid === uuid);
}
