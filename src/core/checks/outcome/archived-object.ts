import type { Check, Look } from '../../doctor/check.ts';
import type { ObjectHead } from '../../doctor/facts.ts';
import type { Fix } from '../../doctor/finding.ts';
import { ask, edit, tell } from '../../doctor/fixes.ts';
import { valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { eventCovers } from '../../event-name.ts';
import { about, allRuns, lineOf, RUN_READS, type Reached } from './runs.ts';
import { serviceErrorOf } from './service-error.ts';
import { standingOf } from './standing.ts';

const RESTORED = 's3:ObjectRestore:Completed';

/** An archived object has to be restored before it can be read. */
export const archivedObject: Check = {
  id: 'archived-object',
  reads: [...RUN_READS, 'object.head'],
  judge: (look) =>
    allRuns(look).flatMap((runs) => {
      const head = valueOf(look.facts.object?.head);
      const archive = head && archiveOf(head);
      const standing = standingOf(runs, (error) => serviceErrorOf(error)?.kind === 'archived');
      if (standing ? head !== undefined && archive === undefined : archive === undefined) return [];
      // Archived after the function had it, or the function does not read it.
      if (!standing && runs.runs.length > 0) return [];
      const { reached } = runs;
      return [
        {
          id: 'archived-object',
          verdict: standing?.verdict ?? 'suspected',
          severity: 'CODE',
          ...about(reached),
          message: standing
            ? `${called(reached.arn)} reads an object that is archived${archive === undefined ? '' : ` (${archive})`} and not restored${standing.share}`
            : `the object is archived (${archive ?? ''}) and not restored, so ${called(reached.arn)} cannot read it`,
          evidence: [
            ...(standing ? [lineOf(standing.error)] : []),
            ...(archive === undefined ? [] : [evidence(look.facts.object?.head, 'StorageClass', archive)]),
          ],
          fix: fixFor(look, reached),
        },
      ];
    }),
};

/** The archive that it is in; undefined when it can be read. GLACIER_IR is no archive in this sense. */
function archiveOf({ storageClass, archiveStatus, restore }: ObjectHead): string | undefined {
  if (restore?.includes('ongoing-request="false"')) return undefined;
  if (archiveStatus !== undefined && archiveStatus !== '') return archiveStatus;
  return storageClass === 'GLACIER' || storageClass === 'DEEP_ARCHIVE' ? storageClass : undefined;
}

function fixFor(look: Look, { ruleIds }: Reached): Fix {
  const rules = look.rules.filter(({ id }) => ruleIds.includes(id));
  const without = rules.filter(({ events }) => !events.some((event) => eventCovers(event, RESTORED)));
  const advice =
    'Restore the object (aws s3api restore-object) and let the function work on it when that is done.';
  if (without.length === 0) return tell(advice);
  const edits = without.map(({ id, events }) => ({
    kind: 'set' as const,
    ruleId: id,
    events: [...events, RESTORED],
  }));
  return { ...ask(edit(...edits)), advice };
}
