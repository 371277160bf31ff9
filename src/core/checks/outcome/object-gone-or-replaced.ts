import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError, SeenRecord, VersionEntry } from '../../doctor/facts.ts';
import type { Evidence } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { formatInstant } from '../../duration.ts';
import { parseIsoInstant } from '../../iso-time.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called } from '../../doctor/words.ts';
import { UNDECODED_READS, undecodedKey } from './object-state.ts';
import { about, allRuns, lineOf, RUN_READS, type Run, type Runs } from './runs.ts';
import { readsObject, serviceErrorOf, speaksOfMissingKey } from './service-error.ts';
import { standingOf } from './standing.ts';

/** Deleted, renamed or replaced between the event and the read. */
export const objectGoneOrReplaced: Check = {
  id: 'object-gone-or-replaced',
  reads: [...RUN_READS, ...UNDECODED_READS, 'object.versions'],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const standing = standingOf(runs, (error, run) => goneIn(look, runs, run, error) !== undefined);
      const gone = standing && goneIn(look, runs, standing.run, standing.error);
      if (!standing || !gone) return [];
      const { record, how, certain, proof } = gone;
      if (!certain) look.value<unknown>(look.facts.object?.versions ?? look.facts.bucket.sample);
      return [
        {
          id: 'object-gone-or-replaced',
          verdict: certain ? standing.verdict : 'suspected',
          severity: 'SOME',
          ...about(runs.reached),
          message: `${called(runs.reached.arn)} reads "${record.key}", which ${how}${standing.share}`,
          evidence: [lineOf(standing.error), ...proof],
          fix: tell(
            'Let the function take it as done when the object is no longer there, or read the very version that the event names (versionId) where the bucket keeps versions.',
          ),
        },
      ];
    }),
};

interface Gone {
  readonly record: SeenRecord;
  readonly how: string;
  readonly certain: boolean;
  readonly proof: readonly Evidence[];
}

function goneIn(look: Look, runs: Runs, run: Run, error: SeenError): Gone | undefined {
  const said = serviceErrorOf(error);
  // A line without a type is of a function that caught the error: that is how it should be.
  if (!said || error.type === '' || !speaksOfMissingKey(said)) return undefined;
  if (readsObject(said, look.facts.bucket.name) !== 'yes') return undefined;
  if (undecodedKey(look, runs, run, error) !== undefined) return undefined;
  const [record, ...others] = run.records;
  if (!record || others.some(({ key }) => key !== record.key)) return undefined;
  if (/^(?:ObjectRemoved|LifecycleExpiration):/.test(record.eventName)) {
    const proof = [{ call: 'log', field: 'eventName', value: record.eventName }];
    return { record, how: 'the event itself says is deleted', certain: true, proof };
  }
  const { versions, replaced } = versionsOf(look, record.key);
  const happened =
    (record.eventTime === undefined ? undefined : parseIsoInstant(record.eventTime)) ?? record.time;
  const marker = versions.entries.find(
    ({ deleteMarker, modified }) => deleteMarker && modified >= happened - 1_000 && modified <= error.time,
  );
  if (marker) {
    const proof = [
      { call: versions.call, field: 'DeleteMarker.LastModified', value: formatInstant(marker.modified) },
    ];
    return { record, how: 'was deleted between the event and the read', certain: true, proof };
  }
  if (replaced !== undefined && replaced > error.time) {
    const proof = [{ call: versions.call, field: 'LastModified', value: formatInstant(replaced) }];
    return { record, how: 'was not there at that time and was written again since', certain: false, proof };
  }
  // It was there all the time: then the function asked for something else.
  if (replaced !== undefined) return undefined;
  return { record, how: 'was gone by then', certain: false, proof: [] };
}

function versionsOf(
  look: Look,
  key: string,
): {
  readonly versions: { readonly call: string; readonly entries: readonly VersionEntry[] };
  /** When the object that is there now was written; undefined when there is none. */
  readonly replaced: number | undefined;
} {
  const { object, bucket } = look.facts;
  const own = object?.key === key ? object : undefined;
  const reading = own?.versions ?? bucket.sample;
  const listed = own ? valueOf(own.versions) : valueOf(bucket.sample)?.entries;
  const entries = (listed ?? []).filter((entry) => entry.key === key);
  const head = valueOf(own?.head);
  const latest = entries.find((entry) => entry.latest && !entry.deleteMarker);
  const replaced = head?.modified ?? (own && isAbsent(own.head) ? undefined : latest?.modified);
  return { versions: { call: reading?.call ?? 'none', entries }, replaced };
}
