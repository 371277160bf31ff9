import type { Check } from '../../doctor/check.ts';
import { tell } from '../../doctor/fixes.ts';
import { called } from '../../doctor/words.ts';
import { UNDECODED_READS, undecodedKey } from './object-state.ts';
import { about, allRuns, lineOf, RUN_READS } from './runs.ts';
import { standingOf } from './standing.ts';

/** The key in S3's events is form-encoded, and the function asked S3 for it as it stood there. */
export const keyNotDecoded: Check = {
  id: 'key-not-decoded',
  reads: [...RUN_READS, ...UNDECODED_READS],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const { reached } = runs;
      const standing = standingOf(runs, (error, run) => undecodedKey(look, runs, run, error) !== undefined, {
        mendedByUpdate: true,
        // Plain names are the same in both forms: that they are read says nothing.
        comparable: ({ records }) => records.some(({ rawKey, key }) => rawKey !== key),
      });
      const found = standing && undecodedKey(look, runs, standing.run, standing.error);
      if (!standing || !found) return [];
      const { record, sure } = found;
      if (!sure) look.value<unknown>(look.facts.object?.head ?? look.facts.bucket.sample);
      return [
        {
          id: 'key-not-decoded',
          verdict: sure ? standing.verdict : 'suspected',
          severity: 'SOME',
          ...about(reached),
          message: `${called(reached.arn)} asks S3 for "${record.rawKey}", the key as the event encodes it, but the object is called "${record.key}"${standing.share}`,
          evidence: [
            lineOf(standing.error),
            { call: 'log', field: 's3.object.key', value: record.rawKey },
            ...standing.evidence,
          ],
          fix: tell(adviceFor(reached.configuration?.runtime)),
        },
      ];
    }),
};

function adviceFor(runtime = ''): string {
  if (runtime.startsWith('python')) {
    return 'Decode the key before using it: urllib.parse.unquote_plus(record["s3"]["object"]["key"]).';
  }
  if (runtime.startsWith('node')) {
    return String.raw`Decode the key before using it: decodeURIComponent(record.s3.object.key.replace(/\+/g, " ")).`;
  }
  return 'Decode the key before using it: a "+" stands for a space and %XX for a byte of UTF-8.';
}
