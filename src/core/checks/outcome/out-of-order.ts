import type { Check } from '../../doctor/check.ts';
import type { SeenRecord } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { about, allRuns, RUN_READS } from './runs.ts';

/** An older event of a key that came after a newer one. S3 promises no order; `sequencer` tells it. */
export const outOfOrder: Check = {
  id: 'out-of-order',
  reads: RUN_READS,
  judge: (look) =>
    allRuns(look).flatMap(({ reached, runs }) => {
      const inverted = firstInversion(runs.flatMap(({ records }) => records));
      if (!inverted) return [];
      const { newer, older } = inverted;
      return [
        {
          id: 'out-of-order',
          verdict: 'risk',
          severity: 'RISK',
          ...about(reached),
          message: `${called(reached.arn)} got ${older.eventName} of "${older.key}" after ${newer.eventName}, which happened later`,
          evidence: [
            {
              call: 'log',
              field: 'sequencer',
              value: `${newer.sequencer ?? ''}, then ${older.sequencer ?? ''}`,
            },
          ],
          fix: tell(
            'Keep the sequencer of the last event of each key, and leave out events with a lower one (the shorter is filled with zeros on its right).',
          ),
        },
      ];
    }),
};

function firstInversion(
  records: readonly SeenRecord[],
): { readonly newer: SeenRecord; readonly older: SeenRecord } | undefined {
  const highest = new Map<string, SeenRecord>();
  const seen = new Set<string>();
  for (const record of [...records].sort((a, b) => a.time - b.time)) {
    const { key, sequencer } = record;
    if (sequencer === undefined || seen.has(`${sequencer} ${key}`)) continue;
    seen.add(`${sequencer} ${key}`);
    const before = highest.get(key);
    const order = before?.sequencer === undefined ? 1 : compareSequencers(sequencer, before.sequencer);
    if (order > 0) highest.set(key, record);
    else if (order < 0 && before && before.time < record.time) return { newer: before, older: record };
  }
  return undefined;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html, sequencer */
function compareSequencers(a: string, b: string): number {
  const length = Math.max(a.length, b.length);
  const [x, y] = [a, b].map((text) => text.toUpperCase().padEnd(length, '0'));
  return x === y ? 0 : (x ?? '') < (y ?? '') ? -1 : 1;
}
