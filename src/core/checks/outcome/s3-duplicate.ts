import type { Check } from '../../doctor/check.ts';
import type { SeenRecord } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { about, allRuns, RUN_READS } from './runs.ts';

/**
 * One event that arrived twice. S3 delivers at least once, so this is no fault; the function has to bear it.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
 */
export const s3Duplicate: Check = {
  id: 's3-duplicate',
  reads: RUN_READS,
  judge: (look) =>
    allRuns(look).flatMap(({ reached, runs }) => {
      const seen = new Map<string, SeenRecord>();
      for (const run of runs) {
        // What failed is tried again: that is no duplicate.
        if (run.state === 'failed') continue;
        for (const record of run.records) {
          const { sequencer, configurationId, invocation, key, via, eventName } = record;
          if (sequencer === undefined || configurationId === undefined || invocation === undefined) continue;
          // A queue shows a message again when it was not deleted in time: not S3's doing either.
          if (via.includes('sqs')) continue;
          const id = JSON.stringify([key, sequencer, configurationId, eventName, via]);
          const earlier = seen.get(id);
          if (!earlier) seen.set(id, record);
          else if (earlier.invocation !== invocation) {
            return [
              {
                id: 's3-duplicate',
                verdict: 'risk',
                severity: 'DUP',
                ...about(reached),
                message: `${called(reached.arn)} got the same event of "${key}" twice, as S3 delivers at least once`,
                evidence: [
                  { call: 'log', field: 'sequencer', value: sequencer },
                  { call: 'log', field: 'RequestId', value: `${earlier.invocation ?? ''}, ${invocation}` },
                ],
                fix: tell(
                  'Remember bucket, key and sequencer of what is done, and leave out what comes again.',
                ),
              },
            ];
          }
        }
      }
      return [];
    }),
};
