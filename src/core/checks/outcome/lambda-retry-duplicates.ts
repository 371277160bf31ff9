import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { formatInstant } from '../../duration.ts';
import { about, allRuns, RUN_READS, type Run } from './runs.ts';

/** Lambda invokes an asynchronous event again, with the same request id, when the function failed at it. */
export const lambdaRetryDuplicates: Check = {
  id: 'lambda-retry-duplicates',
  reads: RUN_READS,
  judge: (look) =>
    allRuns(look).flatMap(({ reached, runs }) => {
      const isRetried = ({ invocation }: Run) => (invocation?.starts.length ?? 0) > 1;
      const retried = runs.findLast(isRetried);
      const invocation = retried?.invocation;
      if (!retried || !invocation) return [];
      const { key } = look.facts.question;
      const isAskedFor = key !== undefined && retried.records.some((record) => record.key === key);
      // What came right, and came first time since, is over.
      const isLabelled = retried.records.length > 0;
      const goesWellSince = runs.some(
        (run) =>
          run.state === 'ok' &&
          !isRetried(run) &&
          run.time > retried.time &&
          (!isLabelled || run.records.length > 0),
      );
      if (goesWellSince && !isAskedFor) return [];
      const times = invocation.starts.length;
      return [
        {
          id: 'lambda-retry-duplicates',
          verdict: goesWellSince ? 'suspected' : 'broken',
          severity: 'DUP',
          ...about(reached),
          message: `${called(reached.arn)} ran ${times} times for one event, since it failed and Lambda tries again: what it had done by then was done again`,
          evidence: [
            {
              call: 'log',
              field: `START RequestId: ${invocation.requestId}`,
              value: invocation.starts.slice(0, 3).map(formatInstant).join(', '),
            },
          ],
          fix: tell(
            'Mend the error that the function fails with; and let it do no harm when it gets the same event twice.',
          ),
        },
      ];
    }),
};
