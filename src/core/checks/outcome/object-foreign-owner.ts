import type { Check, Look } from '../../doctor/check.ts';
import type { SeenError } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import { ask, call } from '../../doctor/fixes.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import { called, evidence } from '../../doctor/words.ts';
import { about, allRuns, lineOf, RUN_READS, type Run, type Runs } from './runs.ts';
import { readsObject, serviceErrorOf } from './service-error.ts';
import { standingOf } from './standing.ts';

/** Whoever uploaded the object still owns it, and the bucket's account may not read it. */
export const objectForeignOwner: Check = {
  id: 'object-foreign-owner',
  reads: [...RUN_READS, 'bucket.ownership', 'bucket.sample', 'object.owner'],
  judge: (look) => allRuns(look).flatMap((runs) => judgeOne(look, runs) ?? []),
};

function judgeOne(look: Look, runs: Runs): Finding | undefined {
  const { name, ownership } = look.facts.bucket;
  const { key } = look.facts.question;
  const isRefused = (error: SeenError, run: Run): boolean => {
    const said = serviceErrorOf(error);
    if (said?.kind !== 'denied' || readsObject(said, name) === 'no' || said.action?.startsWith('kms:'))
      return false;
    // The other policies that S3 names are told as what they are.
    if (said.policy !== undefined && said.policy !== 'resource') return false;
    return !said.explicit && run.records.length > 0;
  };
  const standing = standingOf(runs, isRefused);
  // The uploader may have granted the bucket's owner everything: then the function reads it.
  if (!standing && runs.runs.some(({ state }) => state === 'ok')) return undefined;
  if (!standing && key === undefined) return undefined;
  const setting = look.value(ownership);
  // Buckets without ownership controls are those from before they existed: uploaders own what they upload.
  if (setting === undefined ? !isAbsent(ownership) : setting === 'BucketOwnerEnforced') return undefined;
  const owner = key === undefined ? undefined : look.value(look.facts.object?.owner);
  const isForeign = owner !== undefined && owner.object !== owner.bucket;
  if (owner ? !isForeign : !ownersDiffer(look, runs, isRefused)) return undefined;
  return {
    id: 'object-foreign-owner',
    verdict: isForeign && standing ? standing.verdict : 'suspected',
    severity: 'CODE',
    ...about(runs.reached),
    message: `${key === undefined ? 'some objects belong' : 'the object belongs'} to the account that uploaded it and not to the owner of bucket ${name}, so ${called(runs.reached.arn)} may not read it${standing?.share ?? ''}`,
    evidence: [
      ...(standing ? [lineOf(standing.error)] : []),
      evidence(ownership, 'ObjectOwnership', valueOf(ownership) ?? 'none'),
      ...(owner
        ? [evidence(look.facts.object?.owner, 'Owner.ID', `${owner.object}, not ${owner.bucket}`)]
        : []),
    ],
    fix: {
      ...ask(
        call('s3', 'PutBucketOwnershipControls', {
          Bucket: name,
          OwnershipControls: { Rules: [{ ObjectOwnership: 'BucketOwnerEnforced' }] },
        }),
      ),
      advice:
        'This switches access control lists off for the whole bucket; or let the uploader send the canned ACL bucket-owner-full-control.',
    },
  };
}

/** Without one key to ask about: all that was refused has owners of whose objects none was read. */
function ownersDiffer(
  look: Look,
  { runs }: Runs,
  isRefused: (error: SeenError, run: Run) => boolean,
): boolean {
  const entries = valueOf(look.facts.bucket.sample)?.entries ?? [];
  const ownersOf = (some: readonly Run[]) =>
    some.flatMap(({ records }) =>
      records.flatMap(({ key }) => entries.find((entry) => entry.key === key && entry.latest)?.owner ?? []),
    );
  const refused = ownersOf(runs.filter((run) => run.errors.some((error) => isRefused(error, run))));
  const read = new Set(ownersOf(runs.filter(({ state }) => state === 'ok')));
  return refused.length > 0 && read.size > 0 && refused.every((owner) => !read.has(owner));
}
