/**
 * From facts to one root cause: every check looks, and what they found is put in the order in which an event walks. The first edge
 * that is certainly broken is the root; what follows from it is told as its consequence.
 */
import { EDGES, placeOf, type Edge, type FindingId } from './catalogue.ts';
import { createLook, type Check } from './check.ts';
import { dominates } from './dominance.ts';
import { contradiction } from './evidence.ts';
import type { DoctorFacts } from './facts.ts';
import type { Finding, NotChecked } from './finding.ts';
import { valueOf } from './reading.ts';
import { hopsOf, rulesInQuestion } from './routes.ts';
import { unnoted } from './unread.ts';

export interface JudgedFinding extends Finding {
  readonly edge: Edge;
  /** Of the finding in the same diagnosis that it follows from. */
  readonly consequenceOf: FindingId | null;
  /** What was seen that speaks against it: then it is `suspected` at most. */
  readonly contradictedBy?: string | undefined;
}

export interface Diagnosis {
  /** `unknown`: nothing is certainly broken, but something is suspected or could not be looked at. */
  readonly verdict: 'healthy' | 'broken' | 'unknown';
  readonly rootCause: FindingId | null;
  /** The root first, then what else is broken, suspected, and at risk, each nearest to the bucket first. */
  readonly findings: readonly JudgedFinding[];
  readonly notChecked: readonly NotChecked[];
  /** Some read that belongs to an earlier edge than the root failed: there may be an earlier cause. */
  readonly mayBeEarlier: boolean;
}

export function diagnose(facts: DoctorFacts, checks: readonly Check[]): Diagnosis {
  const rules = rulesInQuestion(facts);
  const hops = hopsOf(facts, rules);
  const notChecked = new Map<string, NotChecked>();
  const note = (what: NotChecked): void => {
    notChecked.set([what.check, what.action, what.resource].join(' '), what);
  };
  const all = checks.flatMap((check) => check.judge(createLook(check.id, { facts, rules, hops }, note)));
  // That a change may take a while explains nothing where something is broken for good.
  const isBroken = all.some(({ verdict }) => verdict === 'broken');
  const found = isBroken ? all.filter(({ id }) => id !== 'config-too-fresh') : all;
  for (const what of unnoted(facts, checks, [...notChecked.values()])) note(what);
  const judged = found
    .map((finding) => weighed(facts, finding))
    .sort((a, b) => rank(a) - rank(b) || placeOf(a.id).order - placeOf(b.id).order);
  const placed = judged.map((finding): JudgedFinding => ({
    ...finding,
    edge: placeOf(finding.id).edge,
    consequenceOf: causeOf(finding, judged)?.id ?? null,
  }));
  const findings = isStopped(facts, placed) ? placed.map(notReached) : placed;
  const broken = findings.filter(({ verdict }) => verdict === 'broken');
  const root = broken.find(({ consequenceOf }) => consequenceOf === null) ?? broken[0];
  const missed = [...notChecked.values()];
  const isSure = missed.length === 0 && !findings.some(({ verdict }) => verdict === 'suspected');
  const weight = (finding: JudgedFinding): number =>
    finding === root ? -1 : ['broken', 'suspected', 'risk'].indexOf(finding.verdict);
  return {
    verdict: root ? 'broken' : isSure ? 'healthy' : 'unknown',
    rootCause: root?.id ?? null,
    findings: [...findings].sort((a, b) => weight(a) - weight(b)),
    notChecked: missed,
    mayBeEarlier:
      root !== undefined && missed.some(({ check }) => placeOf(check).order < placeOf(root.id).order),
  };
}

/** Evidence outranks inference: what was seen to work after the last change is not certainly broken. */
function weighed(facts: DoctorFacts, finding: Finding): Finding & { readonly contradictedBy?: string } {
  const against = finding.verdict === 'broken' ? contradiction(facts, finding) : undefined;
  return against === undefined ? finding : { ...finding, verdict: 'suspected', contradictedBy: against };
}

/** Whether the event of the key in question never sets out, as far as is known. */
function isStopped(
  { question: { key }, functions }: DoctorFacts,
  findings: readonly JudgedFinding[],
): boolean {
  if (key === undefined) return false;
  const wasSeen = Object.values(functions).some(({ log }) =>
    valueOf(log?.seen)?.records.some((record) => record.key === key),
  );
  return (
    !wasSeen &&
    findings.some(
      ({ edge, verdict, severity }) =>
        verdict === 'broken' &&
        (edge === 'object' || edge === 'rule') &&
        // The others are about events that do arrive: twice, or of what is no file.
        (severity === 'BREAK' || severity === 'SOME'),
    )
  );
}

/** What a function made of other objects is certain for those. */
function notReached(finding: JudgedFinding): JudgedFinding {
  const { id, verdict, consequenceOf } = finding;
  const isOfRuns = [id, consequenceOf ?? id].some((one) => placeOf(one).edge === 'outcome');
  if (verdict !== 'broken' || !isOfRuns) return finding;
  return {
    ...finding,
    verdict: 'suspected',
    contradictedBy: 'the event of this object does not get that far',
  };
}

/** The outermost cause among the others. Only what is broken, or as likely as the consequence, explains anything. */
function causeOf(finding: Finding, all: readonly Finding[]): Finding | undefined {
  const level = (one: Finding) => ['broken', 'suspected', 'risk'].indexOf(one.verdict);
  return all.find(
    (other) =>
      other !== finding && level(other) <= level(finding) && level(other) < 2 && dominates(other, finding),
  );
}

const HOP_EDGES: readonly Edge[] = ['destination', 'permission', 'encryption', 'running'];

/** Edges up to the rule, then those of each hop in turn, then what the last one made of the event. */
function rank({ id, depth = 0 }: Finding): number {
  const { edge } = placeOf(id);
  const at = HOP_EDGES.indexOf(edge);
  const position = EDGES.indexOf(edge);
  if (at < 0) return position < EDGES.indexOf('destination') ? position : 1_000 + position;
  return 10 + depth * HOP_EDGES.length + at;
}
