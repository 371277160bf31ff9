import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError, SeenRecord } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { decodeEventKey } from '../../key-filter.ts';
import { isThere } from './object-state.ts';
import { about, allRuns, lineOf, RUN_READS, type Run } from './runs.ts';
import { askedKey, readsObject, serviceErrorOf, speaksOfMissingKey } from './service-error.ts';
import { standingOf } from './standing.ts';

/** EventBridge has the key as it is; a function that decodes it once more asks S3 for another one. */
export const eventbridgeKeyDecodedTwice: Check = {
  id: 'eventbridge-key-decoded-twice',
  reads: [...RUN_READS, 'object.head', 'bucket.sample'],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const { reached } = runs;
      const standing = standingOf(runs, (error, run) => spoiltKey(look, run, error) !== undefined, {
        mendedByUpdate: true,
        comparable: ({ records }) => records.some(({ key }) => decodeEventKey(key) !== key),
      });
      const found = standing && spoiltKey(look, standing.run, standing.error);
      if (!standing || !found) return [];
      const { record, sure } = found;
      return [
        {
          id: 'eventbridge-key-decoded-twice',
          verdict: sure ? standing.verdict : 'suspected',
          severity: 'SOME',
          ...about(reached),
          message: `${called(reached.arn)} seems to decode the key "${record.key}" to "${decodeEventKey(record.key)}", though EventBridge does not encode keys${standing.share}`,
          evidence: [
            lineOf(standing.error),
            { call: 'log', field: 'detail.object.key', value: record.key },
            ...standing.evidence,
          ],
          fix: tell(
            "Use the key of an event from EventBridge as it is; decode only keys of S3's own notifications.",
          ),
        },
      ];
    }),
};

function spoiltKey(
  look: Look,
  run: Run,
  error: SeenError,
): { readonly record: SeenRecord; readonly sure: boolean } | undefined {
  const { name } = look.facts.bucket;
  const said = serviceErrorOf(error);
  if (!said || !speaksOfMissingKey(said) || readsObject(said, name) === 'no') return undefined;
  const asked = askedKey(said, name);
  const record = run.records.find(
    ({ via, key }) =>
      via.includes('eventbridge') &&
      decodeEventKey(key) !== key &&
      (asked === undefined || asked === decodeEventKey(key)),
  );
  if (!record || isThere(look, record.key) !== true || isThere(look, decodeEventKey(record.key)) === true) {
    return undefined;
  }
  return { record, sure: run.records.length === 1 && readsObject(said, name) === 'yes' };
}
