/** What was seen to work, and so speaks against a cause that the configuration suggests. */
import { placeOf, type Edge } from './catalogue.ts';
import type { DoctorFacts, TrailEvent } from './facts.ts';
import type { Finding } from './finding.ts';
import { parseFunctionReference, parseArn } from '../arn.ts';
import { valueOf } from './reading.ts';

const STATIC_EDGES: readonly Edge[] = ['rule', 'destination', 'permission', 'encryption'];

/**
 * What was seen to arrive by the way that the finding calls broken, after the last change of it; undefined when nothing was, or when
 * the time of the last change is not known: then an old success says nothing.
 */
export function contradiction(facts: DoctorFacts, finding: Finding): string | undefined {
  if (!STATIC_EDGES.includes(placeOf(finding.id).edge) || finding.node === undefined) return undefined;
  const trail = valueOf(facts.trail);
  if (!trail) return undefined;
  const isOfRule = placeOf(finding.id).edge === 'rule';
  const changed = lastChange(trail, [isOfRule ? facts.bucket.name : finding.node]);
  const latest = Math.max(-Infinity, ...arrivals(facts, finding));
  if (changed === undefined || latest <= changed) return undefined;
  return 'an event of this rule arrived there after the last change that CloudTrail knows of';
}

/** When any of these was changed last, as far as the trail reaches. */
export function lastChange(trail: readonly TrailEvent[], names: readonly string[]): number | undefined {
  const wanted = new Set(names.flatMap((name) => [name, plainName(name)]));
  return trail.find(
    ({ resources, errorCode }) =>
      errorCode === undefined && resources.some((one) => wanted.has(one) || wanted.has(plainName(one))),
  )?.time;
}

function plainName(name: string): string {
  return parseFunctionReference(name)?.name ?? parseArn(name)?.resource ?? name;
}

/** Of the key in question, where there is one. */
function arrivals(facts: DoctorFacts, { ruleIds = [] }: Finding): readonly number[] {
  const { key: wanted } = facts.question;
  return Object.values(facts.functions).flatMap(({ log }) =>
    (valueOf(log?.seen)?.records ?? [])
      .filter(
        ({ bucket, configurationId, key }) =>
          bucket === facts.bucket.name &&
          (wanted === undefined || key === wanted) &&
          configurationId !== undefined &&
          ruleIds.includes(configurationId),
      )
      .map(({ time }) => time),
  );
}
