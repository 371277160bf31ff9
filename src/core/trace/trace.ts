/** From what was read of a bucket and one key to that object's way. */
import type { DoctorFacts } from '../doctor/facts.ts';
import type { Diagnosis } from '../doctor/judge.ts';
import { valueOf } from '../doctor/reading.ts';
import { kindOf } from '../doctor/routes.ts';
import { formatInstant } from '../duration.ts';
import { hasEventBridge } from '../notification.ts';
import { arrivalHop, runHops, type End } from './hops-after.ts';
import { objectHop, passageHop, permissionHop, ruleHop, shutPassage } from './hops-before.ts';
import { blindEnd, deadLettersOf } from './hops-blind.ts';
import type { Trace, TraceHop, TraceWay } from './model.ts';
import { notesOf, type WayRuns } from './notes.ts';
import { runsAt, type Run } from './runs.ts';
import { findingsAbout, hop, idsOf, isUnread, judged, type View } from './view.ts';
import { nearestPaths, pathsOf, type FittedPath } from './ways.ts';
import { writeOf } from './write.ts';

/** `facts` were collected with a key in question. */
export function traceOf(facts: DoctorFacts, diagnosis: Diagnosis): Trace {
  const key = facts.question.key ?? '';
  const write = writeOf(facts, key);
  const view: View = { facts, diagnosis, write, notRead: new Map() };
  const paths = pathsOf(facts, write.object, write.records);
  const walked = walk(view, paths);
  const ways = walked.length > 0 ? settled(walked) : untaken(view);
  const isBlind = isUnread(view, facts.bucket.notification) || isBridgeUnread(view);
  // An event rule that could not be read may take what no other rule does.
  const isBroken = ways.some((way) => way.verdict === 'broken') && (walked.length > 0 || !isBlind);
  const verdict = isBroken
    ? 'broken'
    : !isBlind && ways.some((way) => way.verdict === 'ok') && ways.every((way) => way.verdict !== 'unknown')
      ? 'ok'
      : 'unknown';
  return {
    bucket: facts.bucket.name,
    key,
    object: write.object,
    ways,
    verdict,
    rootCause: verdict === 'broken' ? rootOf(ways, diagnosis) : null,
    notes: notesOf(view, walked),
    otherWrites: write.others,
    since: formatInstant(facts.question.since),
    notRead: [...view.notRead.values()],
  };
}

function isBridgeUnread(view: View): boolean {
  const document = valueOf(view.facts.bucket.notification);
  return document !== undefined && hasEventBridge(document) && isUnread(view, view.facts.eventRules);
}

/** The doctor's root where it is about a hop that is broken; else what is known of the first of them. */
function rootOf(ways: readonly TraceWay[], { rootCause }: Diagnosis): Trace['rootCause'] {
  const broken = ways.flatMap(({ hops }) => hops.filter(({ state }) => state === 'broken'));
  const ids = broken.flatMap(({ findings }) => findings);
  return rootCause !== null && (ids.includes(rootCause) || ids.length === 0) ? rootCause : (ids[0] ?? null);
}

function walk(view: View, paths: readonly FittedPath[]): readonly WayRuns[] {
  const runs = paths.map((path) =>
    runsAt(view.facts.functions[path.steps.at(-1)?.arn ?? ''], path, view.write.records),
  );
  return paths.map((path, index) => {
    const { own, doubt } = shareOf(paths, runs, index);
    return { path, runs: own, way: wayOf(view, path, own, doubt) };
  });
}

/** Ways of several event rules to one function look alike in its log: each has one run, where there are enough for all. */
function shareOf(
  paths: readonly FittedPath[],
  runs: readonly (readonly Run[])[],
  index: number,
): { readonly own: readonly Run[]; readonly doubt?: string } {
  const all = runs[index] ?? [];
  const look = ({ steps, ruleId }: FittedPath) =>
    `${ruleId ?? ''} ${steps.at(-1)?.arn ?? ''} ${steps.map(({ kind }) => kind).join(' ')}`;
  const own = paths[index];
  if (!own || own.ruleId !== null) return { own: all };
  const rivals = paths.filter((path) => look(path) === look(own));
  if (rivals.length === 1 || all.length === 0) return { own: all };
  const place = rivals.indexOf(own);
  if (all.length < rivals.length) {
    return {
      own: [],
      doubt: `its log shows the event ${all.length === 1 ? 'once' : `${all.length} times`}, and ${rivals.length} ways that look alike lead here`,
    };
  }
  return { own: place === rivals.length - 1 ? all.slice(place) : all.slice(place, place + 1) };
}

function wayOf(view: View, path: FittedPath, runs: readonly Run[], doubt: string | undefined): TraceWay {
  const { steps, ruleId } = path;
  const isSeen = runs.length > 0;
  const hops: TraceHop[] = [objectHop(view, ruleId, isSeen), ruleHop(view, path, isSeen)];
  const isStopped = () => hops.some(({ state }) => state === 'broken');
  const add = (one: TraceHop | undefined): void => {
    if (one) hops.push(isStopped() ? { ...one, state: 'skipped', detail: null, findings: [] } : one);
  };
  steps.forEach((step, index) => {
    const before = steps[index - 1];
    const isLast = index === steps.length - 1;
    add(permissionHop(view, step, ruleId, isSeen));
    const end: End = { step, before, ruleId, runs, doubt };
    if (isLast && step.kind === 'lambda') {
      add(arrivalHop(view, end));
      hops.push(...runHops(view, end, !isStopped()));
      return;
    }
    if (step.kind !== 'event-rule') {
      const shut = shutPassage(step);
      const passage = passageHop(view, step, before, ruleId, isSeen);
      add(shut === undefined || isSeen ? passage : { ...passage, state: 'broken', detail: shut });
    }
    if (isLast) hops.push(...blindEnd(view, end, !isStopped()));
  });
  const last = runs.at(-1)?.state;
  const verdict =
    last === 'ok' ? 'ok' : last === 'failed' || (last === undefined && isStopped()) ? 'broken' : 'unknown';
  return { ...named(path), verdict, hops, deadLetters: verdict === 'ok' ? [] : deadLettersOf(view, steps) };
}

function named({
  ruleId,
  steps,
}: FittedPath): Pick<TraceWay, 'ruleId' | 'eventRule' | 'destination' | 'through'> {
  const [first] = steps;
  const from = first?.kind === 'event-rule' ? 1 : 0;
  const destination = steps[from];
  const kind = destination ? kindOf(destination.arn) : 'other';
  return {
    ruleId,
    eventRule: first?.kind === 'event-rule' ? first.arn : null,
    destination: destination ? { kind: kind === 'event-rule' ? 'other' : kind, arn: destination.arn } : null,
    through: steps.slice(from + 1).map(({ arn }) => arn),
  };
}

/** Of several functions that read one queue, one gets each message. */
function settled(walked: readonly WayRuns[]): readonly TraceWay[] {
  return walked.map(({ way, runs, path }) => {
    if (runs.length > 0) return way;
    const taker = walked.find((other) => other.runs.length > 0 && isSameQueue(other.path, path));
    if (!taker) return way;
    const detail = 'another reader of the same queue got it';
    const from = way.hops.findLastIndex(({ hop: name }) => name === 'delivery');
    const hops = way.hops.map((one, index): TraceHop =>
      index >= from ? { ...one, state: 'skipped', detail: index === from ? detail : null } : one,
    );
    return { ...way, verdict: 'skipped', hops, deadLetters: [] };
  });
}

function isSameQueue(a: FittedPath, b: FittedPath): boolean {
  const [last, other] = [a.steps.at(-1), b.steps.at(-1)];
  if (a === b || !last?.mapping || !other?.mapping) return false;
  const to = ({ steps, ruleId }: FittedPath) =>
    [ruleId, ...steps.slice(0, -1).map(({ arn }) => arn)].join(' ');
  return to(a) === to(b);
}

/** No rule takes it: those that come nearest, and why they do not. */
function untaken(view: View): readonly TraceWay[] {
  const { facts, write } = view;
  const object = (ruleId: string | null) => objectHop(view, ruleId, false);
  const near = nearestPaths(facts, write.object).map((path): TraceWay => {
    const rule = ruleHop(view, path, false);
    return {
      ...named(path),
      verdict: 'broken',
      hops: [object(path.ruleId), rule, ...notReached()],
      deadLetters: [],
    };
  });
  if (near.length > 0) return near;
  const findings = findingsAbout(view, { edges: ['rule'], ruleId: null });
  const isUnknown = isUnread(view, facts.bucket.notification) || isBridgeUnread(view);
  const told = isUnknown
    ? ({ state: 'unknown', title: "the bucket's rules could not be read", detail: null } as const)
    : ({ state: 'broken', title: 'the bucket has no rule', detail: null } as const);
  const first = object(null);
  const rule = hop('rule', isUnknown ? told : { ...judged(findings, told), state: 'broken' }, {
    findings: idsOf(findings),
  });
  const isBroken = !isUnknown || first.state === 'broken';
  const hops = [
    first,
    first.state === 'broken' ? { ...rule, state: 'skipped' as const } : rule,
    ...notReached(),
  ];
  return [
    {
      ruleId: null,
      eventRule: null,
      destination: null,
      through: [],
      verdict: isBroken ? 'broken' : 'unknown',
      hops,
      deadLetters: [],
    },
  ];
}

function notReached(): readonly TraceHop[] {
  return (['permission', 'delivery', 'invocation', 'outcome', 'logs'] as const).map((name) =>
    hop(name, { state: 'skipped', title: 'not reached', detail: null }),
  );
}
