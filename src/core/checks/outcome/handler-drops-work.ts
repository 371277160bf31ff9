import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { metricSum } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called } from '../../doctor/words.ts';
import { nameOf } from '../../trace-destination.ts';
import { queuesBefore } from './queues.ts';
import { about, allRuns, RUN_READS } from './runs.ts';

/** A batch of messages of which the function shows only the first: the queue deletes them all when it returns without an error. */
export const handlerDropsWork: Check = {
  id: 'handler-drops-work',
  reads: [...RUN_READS, 'queues.mappings', 'metrics'],
  judge: (look) =>
    allRuns(look).flatMap(({ reached, runs }) => {
      const batched = reached.hops.filter(({ mapping }) => (mapping?.batchSize ?? 1) > 1);
      const [queue, ...others] = queuesBefore(look, reached);
      if (batched.length === 0 || !queue || others.length > 0) return [];
      const mappings = valueOf(queue.mappings) ?? [];
      // Other readers delete too, and so does a filter.
      if (mappings.length !== 1 || mappings.some(({ filters }) => filters.length > 0)) return [];
      const labelled = runs.filter(({ records }) => records.length > 0);
      const allSingle = labelled.every(({ records, state }) => records.length === 1 && state === 'ok');
      const isWhole = valueOf(reached.node.log?.seen)?.truncated === false;
      // With a key in question, only its invocations are here.
      if (labelled.length === 0 || !allSingle || !isWhole || look.facts.question.key !== undefined) return [];
      const deleted = metricSum(look, 'AWS/SQS', 'NumberOfMessagesDeleted', nameOf(queue.arn)) ?? 0;
      // Each change of the configuration adds a message without records.
      if (deleted < labelled.length * 2 || deleted < runs.length + 2) return [];
      return [
        {
          id: 'handler-drops-work',
          verdict: 'suspected',
          severity: 'SOME',
          ...about(reached),
          message: `${called(reached.arn)} shows one record for each invocation, but more messages left ${called(queue.arn)} than it shows: perhaps it works on the first of each batch only`,
          evidence: [
            { call: 'cloudwatch:GetMetricData', field: 'NumberOfMessagesDeleted', value: String(deleted) },
            { call: 'log', field: 'records', value: String(labelled.length) },
            {
              call: 'lambda:ListEventSourceMappings',
              field: 'BatchSize',
              value: String(batched[0]?.mapping?.batchSize ?? ''),
            },
          ],
          fix: tell(
            'Let it work through all Records of the event, and all Records in the body of each; wait for what is asynchronous; and report single failures with ReportBatchItemFailures.',
          ),
        },
      ];
    }),
};
