/** What the checks of this edge share: each resource once, and how findings speak of it. */
import { parseFunctionReference } from '../../arn.ts';
import type { Look } from '../../doctor/check.ts';
import type { DoctorFacts, FunctionConfiguration, FunctionNode } from '../../doctor/facts.ts';
import type { Finding } from '../../doctor/finding.ts';
import type { Reading } from '../../doctor/reading.ts';
import { leadsTo, sameResource, type Hop } from '../../doctor/routes.ts';
import { called } from '../../doctor/words.ts';

/** The hops of one kind, each resource once and with the rules of all ways to it, nearest first. */
export function onceEach(look: Look, kind: Hop['kind']): readonly Hop[] {
  const found = new Map<string, Hop>();
  for (const hop of look.hops) {
    if (hop.kind !== kind) continue;
    const known = found.get(hop.arn);
    const ruleIds = [...new Set([...(known?.ruleIds ?? []), ...hop.ruleIds])];
    found.set(hop.arn, { ...(known ?? hop), ruleIds });
  }
  return [...found.values()];
}

export interface FunctionHop {
  readonly hop: Hop;
  readonly node: FunctionNode;
}

/** The functions that were read. */
export function functionsOf(look: Look): readonly FunctionHop[] {
  return onceEach(look, 'lambda').flatMap((hop) => {
    const node = look.facts.functions[hop.arn];
    return node ? [{ hop, node }] : [];
  });
}

/** What runs: the version or alias that the event is sent to, else the function itself. */
export function configurationOf(node: FunctionNode): Reading<FunctionConfiguration> {
  return node.qualified ?? node.configuration;
}

/** The resource of a hop, as a finding names it. */
export function about({
  arn,
  ruleIds,
  depth,
}: Hop): Required<Pick<Finding, 'subject' | 'node' | 'ruleIds' | 'depth'>> {
  return { subject: called(arn), node: arn, ruleIds, depth };
}

/** By the clock of the service. */
export function serviceTime({ at, target }: DoctorFacts): number {
  return at - (target.clockAheadMs ?? 0);
}

/** Words that name a function to the AWS CLI. */
export function functionFlags(arn: string): readonly string[] {
  const reference = parseFunctionReference(arn);
  const qualifier = reference?.qualifier;
  return [
    '--function-name',
    reference?.name ?? arn,
    ...(qualifier === undefined || qualifier === '$LATEST' ? [] : ['--qualifier', qualifier]),
  ];
}

/** Whether what stands in the way to `arn` matters: not when something else was expected, and a way leads there. */
export function mayConcern({ facts, hops }: Look, arn: string): boolean {
  const { expected } = facts.question;
  if (expected === undefined || leadsTo(facts, arn, expected)) return true;
  return !hops.some((hop) => sameResource(hop.arn, expected));
}
