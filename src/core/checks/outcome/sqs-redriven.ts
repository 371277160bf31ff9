import type { Check, Look } from '../../doctor/check.ts';
import type { Hop } from '../../doctor/routes.ts';
import { ask, call } from '../../doctor/fixes.ts';
import { metricMaximum } from '../../doctor/metrics.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { nameOf } from '../../trace-destination.ts';
import { reachedFunctions, RUN_READS, runsOf } from './runs.ts';

/** Messages that the function failed at often enough lie in the dead-letter queue. */
export const sqsRedriven: Check = {
  id: 'sqs-redriven',
  reads: [...RUN_READS, 'queues.attributes', 'queues.mappings', 'metrics'],
  judge(look) {
    const queues = new Map(look.hops.filter(({ kind }) => kind === 'sqs').map((hop) => [hop.arn, hop]));
    return [...queues.values()].flatMap((hop) => {
      const queue = look.facts.queues[hop.arn];
      const attributes = look.value(queue?.attributes);
      const dead = attributes?.deadLetterArn;
      if (!queue || dead === undefined) return [];
      const waiting = waitingIn(look, dead);
      if (waiting === undefined || waiting.count <= 0) return [];
      const uuids = new Set((valueOf(queue.mappings) ?? []).map(({ uuid }) => uuid));
      const reader = reachedFunctions(look).find(({ hops }) =>
        hops.some(({ mapping }) => mapping !== undefined && uuids.has(mapping.uuid)),
      );
      // Old messages of an error that is gone are only something to know of.
      const last = reader && runsOf(look, reader)?.runs.findLast(({ state }) => state !== 'unknown');
      return [
        {
          id: 'sqs-redriven',
          verdict: last?.state === 'failed' ? 'suspected' : 'risk',
          severity: 'SOME',
          subject: called(hop.arn),
          node: reader?.arn ?? hop.arn,
          ruleIds: hop.ruleIds,
          depth: depthOf(hop, reader?.depth),
          message: `${waiting.count} ${waiting.count === 1 ? 'message' : 'messages'} of ${called(hop.arn)} wait in its dead-letter queue ${nameOf(dead)}, since whoever reads the queue failed at them`,
          evidence: [
            { call: waiting.call, field: 'ApproximateNumberOfMessages', value: String(waiting.count) },
            evidence(
              queue.attributes,
              'RedrivePolicy.maxReceiveCount',
              String(attributes?.maxReceiveCount ?? ''),
            ),
          ],
          fix: {
            ...ask(call('sqs', 'StartMessageMoveTask', { SourceArn: dead })),
            advice:
              'Mend first what the function fails with, or the messages come back. The queue may hold messages of other queues too.',
          },
        },
      ];
    });
  },
};

function depthOf(hop: Hop, reader: number | undefined): number {
  return reader ?? hop.depth;
}

function waitingIn(look: Look, arn: string): { readonly count: number; readonly call: string } | undefined {
  const reading = look.facts.queues[arn]?.attributes;
  if (isAbsent(reading)) return undefined;
  const attributes = reading && look.value(reading);
  if (attributes) return { count: attributes.waiting, call: 'sqs:GetQueueAttributes' };
  if (!look.facts.metrics) return undefined;
  const name = 'ApproximateNumberOfMessagesVisible';
  const count = metricMaximum(look, 'AWS/SQS', name, nameOf(arn));
  return count === undefined ? undefined : { count, call: 'cloudwatch:GetMetricData' };
}
