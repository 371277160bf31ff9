/** Which statement of a policy comes nearest to admitting a sender. */
import { parsePolicy } from '../policy-document.ts';
import { withoutUnknown } from '../policy-unknowns.ts';
import type { PolicyVerdict } from '../policy-verdict.ts';
import type { NearMiss } from '../policy.ts';

/**
 * The Allow statement that comes nearest, by what `judge` says of each alone. One that fails at a single key says more than those that
 * were written for other buckets.
 */
export function nearestMiss(policy: string, judge: (policy: string) => PolicyVerdict): NearMiss | undefined {
  const ranked = singleStatements(policy).flatMap((single) => {
    const answer = judge(single);
    if (answer.kind !== 'refused' || !answer.nearest) return [];
    const { nearest } = answer;
    const key = nearest.condition?.key.toLowerCase();
    const eased = key === undefined ? undefined : withoutUnknown(single, (one) => one !== key);
    const hangsOnKey = eased && judge(eased.policy).kind === 'allowed';
    return [{ nearest, rank: RANKS.indexOf(nearest.failed) + (hangsOnKey ? rankOfKey(key) : 0) }];
  });
  return ranked.reduce<(typeof ranked)[number] | undefined>(
    (best, one) => (best && best.rank >= one.rank ? best : one),
    undefined,
  )?.nearest;
}

const RANKS: readonly NearMiss['failed'][] = ['principal', 'action', 'resource', 'condition'];

/** A statement for another bucket is one that works, for that bucket: any other key is nearer. */
function rankOfKey(key: string | undefined): number {
  return key === 'aws:sourcearn' ? 1 : 2;
}

/** One policy for each statement, in their order; none for a text that is no policy. */
export function singleStatements(policy: string): readonly string[] {
  if (!parsePolicy(policy)) return [];
  const document = JSON.parse(policy) as Readonly<Record<string, unknown>>;
  const written = document['Statement'];
  const statements: readonly unknown[] = Array.isArray(written) ? written : [written];
  return statements.map((one) => JSON.stringify({ ...document, Statement: [one] }));
}
