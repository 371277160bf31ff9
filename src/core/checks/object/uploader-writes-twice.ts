import { cut } from '../../doctor/words.ts';
import { formatDuration } from '../../duration.ts';
import type { Check } from '../../doctor/check.ts';
import type { SeenRecord, VersionEntry } from '../../doctor/facts.ts';
import { tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { recordsOfKey, seenRecords } from './seen.ts';

const CLOSE_MS = 5 * 60_000;

/**
 * One upload for a person, two writes for S3: each has an event of its own, with a sequencer of its own. Writing an object again is no
 * fault, so only the very same content, seen to arrive twice for the key in question, is called one.
 */
export const uploaderWritesTwice: Check = {
  id: 'uploader-writes-twice',
  reads: ['functions.log', 'object.versions'],
  judge(look) {
    const { facts } = look;
    const { key } = facts.question;
    const keys = key === undefined ? [...new Set(seenRecords(facts).map(({ record }) => record.key))] : [key];
    for (const one of keys) {
      const pair = closePair(recordsOfKey(facts, one));
      if (!pair) continue;
      const [a, b] = pair;
      const isSame = a.eTag !== undefined && a.eTag === b.eTag;
      if (key === undefined && !isSame) continue;
      return [
        {
          id: 'uploader-writes-twice',
          verdict: isSame && key !== undefined ? 'broken' : 'risk',
          severity: 'DUP',
          subject: `object ${cut(one)}`,
          message: `"${cut(one)}" was written twice within ${formatDuration(Math.max(1000, b.time - a.time))}${isSame ? ' with the same content' : ''}, and each write has an event of its own`,
          evidence: [a, b].map(({ sequencer }) => ({
            call: 'log',
            field: 'sequencer',
            value: sequencer ?? '',
          })),
          fix: tell(ADVICE),
        },
      ];
    }
    const twice = key === undefined ? undefined : closeVersions(valueOf(facts.object?.versions) ?? []);
    if (key === undefined || !twice) return [];
    return [
      {
        id: 'uploader-writes-twice',
        verdict: 'risk',
        severity: 'DUP',
        subject: `object ${cut(key)}`,
        message: `"${cut(key)}" was written twice within ${formatDuration(Math.max(1000, twice[1].modified - twice[0].modified))} with the same content, and each write has an event of its own`,
        evidence: twice.map(({ versionId }) => ({
          call: 's3:ListBucketVersions',
          field: 'VersionId',
          value: cut(versionId),
        })),
        fix: tell(ADVICE),
      },
    ];
  },
};

const ADVICE =
  'Look at the uploader: retries, a temporary name that is renamed, a marker before the data, or a gateway that writes several times. The consumer can leave out what it has by version id or ETag.';

/** Two creations that came by the same rule, in the order of their time, and not the same event delivered twice. */
function closePair(records: readonly SeenRecord[]): readonly [SeenRecord, SeenRecord] | undefined {
  const created = records.filter(
    ({ eventName, sequencer }) => eventName.startsWith('ObjectCreated:') && sequencer !== undefined,
  );
  for (const [index, a] of created.entries()) {
    const b = created
      .slice(index + 1)
      .find(
        (one) =>
          sameText(one.sequencer) !== sameText(a.sequencer) &&
          one.configurationId === a.configurationId &&
          writtenApart(a, one) <= CLOSE_MS,
      );
    if (b) return [a, b];
  }
  return undefined;
}

/** S3's own notifications write it in capitals, EventBridge does not. */
function sameText(sequencer: string | undefined): string {
  return (sequencer ?? '').toUpperCase();
}

function writtenApart(a: SeenRecord, b: SeenRecord): number {
  return Math.abs(b.time - a.time);
}

/** Versions stand newest first. */
function closeVersions(versions: readonly VersionEntry[]): readonly [VersionEntry, VersionEntry] | undefined {
  const written = versions.filter(({ deleteMarker }) => !deleteMarker).toReversed();
  for (const [index, b] of written.entries()) {
    const a = written[index - 1];
    if (
      a?.eTag !== undefined &&
      a.eTag === b.eTag &&
      a.size === b.size &&
      b.modified - a.modified <= CLOSE_MS
    ) {
      return [a, b];
    }
  }
  return undefined;
}
