/** What all hops are judged by. */
import type { Edge, FindingId } from '../doctor/catalogue.ts';
import type { DoctorFacts } from '../doctor/facts.ts';
import type { Diagnosis, JudgedFinding } from '../doctor/judge.ts';
import type { Reading } from '../doctor/reading.ts';
import type { HopState, Trace, TraceHop } from './model.ts';
import type { Write } from './write.ts';

export interface View {
  readonly facts: DoctorFacts;
  readonly diagnosis: Diagnosis;
  readonly write: Write;
  /** By action and resource; filled as hops ask for what was refused. */
  readonly notRead: Map<string, Trace['notRead'][number]>;
}

/** What could not be read is noted, since a hop hangs on it. Says whether it was so. */
export function isUnread({ notRead }: View, reading: Reading<unknown> | undefined): boolean {
  if (reading?.state !== 'denied' && reading?.state !== 'failed') return false;
  const { call: action, resource, message: reason } = reading;
  notRead.set(`${action} ${resource}`, { action, resource, reason });
  return true;
}

export interface About {
  readonly edges: readonly Edge[];
  /** ARNs, names or ids; any resource when left out. */
  readonly nodes?: readonly string[];
  /** Null for the ways of EventBridge. */
  readonly ruleId: string | null;
}

/** What the doctor says of a hop; risks are none of a single event's way. */
export function findingsAbout(
  { diagnosis }: View,
  { edges, nodes, ruleId }: About,
): readonly JudgedFinding[] {
  return diagnosis.findings.filter(
    ({ edge, verdict, node, ruleIds = [] }) =>
      verdict !== 'risk' &&
      edges.includes(edge) &&
      (nodes === undefined || (node !== undefined && nodes.includes(node))) &&
      (ruleIds.length === 0 || (ruleId === null ? edge !== 'permission' : ruleIds.includes(ruleId))),
  );
}

export function idsOf(findings: readonly JudgedFinding[]): readonly FindingId[] {
  return [...new Set(findings.map(({ id }) => id))];
}

interface Judgement {
  readonly state: HopState;
  readonly title: string;
  readonly detail: string | null;
}

/** What is certainly broken, else what may be, else what the facts say. */
export function judged(findings: readonly JudgedFinding[], facts: Judgement): Judgement {
  const broken = findings.find(({ verdict }) => verdict === 'broken');
  if (broken) return { state: 'broken', title: facts.title, detail: broken.message };
  const [suspected] = findings;
  return suspected ? { ...facts, state: 'unknown', detail: suspected.message } : facts;
}

export function hop(
  name: TraceHop['hop'],
  { state, title, detail }: Judgement,
  more: Partial<Pick<TraceHop, 'time' | 'ids' | 'findings'>> = {},
): TraceHop {
  return { hop: name, state, title, detail, time: null, ids: {}, findings: [], ...more };
}
