/** What `doctor` says, as it stands in JSON: the diagnosis, with fixes as commands to copy. */
import { shellCommand } from '../shell.ts';
import type { FixFlags } from '../preflight-fixes.ts';
import { awsCliCommand } from './aws-cli.ts';
import { edgeNumber, type FindingId } from './catalogue.ts';
import { editDocument } from './edit-document.ts';
import type { DoctorFacts } from './facts.ts';
import type { Evidence, Fix, NotChecked, NotificationEdit, Severity } from './finding.ts';
import type { Diagnosis, JudgedFinding } from './judge.ts';
import { valueOf } from './reading.ts';

/** Public: names stand in JSON. */
export interface FindingReport {
  readonly id: FindingId;
  readonly verdict: 'broken' | 'suspected' | 'risk';
  readonly severity: Severity;
  /** 1 (which bucket) to 9 (logs); null for risks. */
  readonly edge: number | null;
  readonly subject: string;
  readonly message: string;
  readonly ruleIds: readonly string[] | null;
  readonly evidence: readonly Evidence[];
  readonly fix: {
    readonly mode: Fix['mode'];
    readonly advice: string | null;
    readonly commands: readonly string[];
  };
  readonly consequenceOf: FindingId | null;
  /** What was seen that speaks against it. */
  readonly contradictedBy: string | null;
}

export interface DoctorReport {
  readonly bucket: string;
  readonly account: string | null;
  readonly region: string | null;
  /** Null on AWS itself. */
  readonly endpoint: string | null;
  readonly verdict: Diagnosis['verdict'];
  readonly rootCause: FindingId | null;
  /** Some read on the way to the root cause failed: an earlier cause may hide there. */
  readonly mayBeEarlier: boolean;
  readonly findings: readonly FindingReport[];
  readonly notChecked: readonly NotChecked[];
  /** What the verdict is about: how many rules and destinations were looked at. */
  readonly looked: { readonly rules: number; readonly destinations: number; readonly checks: number };
  readonly notes: readonly string[];
}

export function doctorReport(
  facts: DoctorFacts,
  diagnosis: Diagnosis,
  looked: DoctorReport['looked'],
  flags: FixFlags,
): DoctorReport {
  return {
    bucket: facts.bucket.name,
    account: valueOf(facts.identity)?.account ?? null,
    region: valueOf(facts.bucket.head)?.region ?? null,
    endpoint: facts.target.endpointUrl ?? null,
    verdict: diagnosis.verdict,
    rootCause: diagnosis.rootCause,
    mayBeEarlier: diagnosis.mayBeEarlier,
    findings: diagnosis.findings.map((finding) => findingReport(facts, finding, flags)),
    notChecked: diagnosis.notChecked,
    looked,
    notes: facts.notes,
  };
}

function findingReport(facts: DoctorFacts, finding: JudgedFinding, flags: FixFlags): FindingReport {
  const { id, verdict, severity, edge, subject, message, evidence, fix, consequenceOf } = finding;
  return {
    id,
    verdict,
    severity,
    edge: edgeNumber(edge),
    subject,
    message,
    ruleIds: finding.ruleIds ?? null,
    evidence,
    fix: { mode: fix.mode, advice: fix.advice ?? null, commands: fixCommands(facts, fix, flags) },
    consequenceOf,
    contradictedBy: finding.contradictedBy ?? null,
  };
}

/** In the order in which they are to be run; the bucket's configuration is written last, when what it needs is there. */
export function fixCommands(facts: DoctorFacts, fix: Fix, flags: FixFlags): readonly string[] {
  const looks = (fix.looks ?? []).map((words) =>
    shellCommand([...words, ...(words[0] === 's3evt' ? flags.s3evt : words[0] === 'aws' ? flags.aws : [])]),
  );
  const calls = fix.actions.flatMap((action) =>
    action.kind === 'call' ? [awsCliCommand(action, flags.aws)] : [],
  );
  const edits = editsOf(fix);
  return [...calls, ...(edits.length === 0 ? [] : applyCommand(facts, edits, flags)), ...looks];
}

export function editsOf(fix: Fix): readonly NotificationEdit[] {
  return fix.actions.flatMap((action) => (action.kind === 'edit-notification' ? action.edits : []));
}

/** One guarded write of the whole document. */
function applyCommand(
  facts: DoctorFacts,
  edits: readonly NotificationEdit[],
  flags: FixFlags,
): readonly string[] {
  const document = valueOf(facts.bucket.notification);
  if (!document) return [];
  const text = JSON.stringify(editDocument(document, edits));
  const apply = ['s3evt', 'apply', '-', '--bucket', facts.bucket.name, '--prune', '--yes', ...flags.s3evt];
  return [`${shellCommand(['printf', '%s', text])} | ${shellCommand(apply)}`];
}
