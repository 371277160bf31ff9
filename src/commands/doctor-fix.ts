/** Does what a diagnosis proposes: what is safe at once, the rest when a person agrees. */
import { runFixCall } from '../aws/doctor/fix-call.ts';
import type { FindingId } from '../core/doctor/catalogue.ts';
import { editDocument } from '../core/doctor/edit-document.ts';
import type { DoctorFacts } from '../core/doctor/facts.ts';
import type { Diagnosis, JudgedFinding } from '../core/doctor/judge.ts';
import { editsOf, fixCommands } from '../core/doctor/report.ts';
import { valueOf } from '../core/doctor/reading.ts';
import { S3evtError } from '../core/errors.ts';
import type { FixFlags } from '../core/preflight-fixes.ts';
import { runApply } from './apply.ts';
import type { Context } from './context.ts';

/** Public: stands in JSON. */
export interface FixReport {
  readonly id: FindingId;
  readonly subject: string;
  /** `left`: nobody agreed, or could be asked, or another one failed before; `told`: only a person can do it. */
  readonly outcome: 'applied' | 'failed' | 'left' | 'told';
  /** Why it failed, or was not tried. */
  readonly error: string | null;
}

interface FixOptions {
  readonly yes: boolean;
  readonly flags: FixFlags;
  /** What was tried before. */
  readonly before: readonly FixReport[];
}

/**
 * One pass over what is broken or suspected: permissions and settings first, then one guarded write of the bucket's configuration with
 * all its changes. Risks are left to people, but for what would have S3 refuse that write. A fix that fails ends the pass.
 */
export async function applyFixes(
  facts: DoctorFacts,
  diagnosis: Diagnosis,
  { yes, flags, before }: FixOptions,
  ctx: Context,
): Promise<readonly FixReport[]> {
  const reports: FixReport[] = [];
  const pending: JudgedFinding[] = [];
  const report = (
    { id, subject }: JudgedFinding,
    outcome: FixReport['outcome'],
    error: string | null = null,
  ): void => {
    reports.push({ id, subject, outcome, error });
  };
  const wanted = wantedOf(diagnosis, before);
  for (const [at, finding] of wanted.entries()) {
    if (finding.fix.mode === 'tell' || finding.fix.actions.length === 0) {
      report(finding, 'told');
      continue;
    }
    if (!(await agreed(facts, finding, { yes, flags }, ctx))) {
      report(finding, 'left');
      continue;
    }
    try {
      for (const action of finding.fix.actions)
        if (action.kind === 'call') await runFixCall(ctx.aws, facts, action);
    } catch (error) {
      report(finding, 'failed', messageOf(error));
      for (const one of [...pending, ...wanted.slice(at + 1)]) {
        report(one, 'left', `not tried, since that of ${finding.id} failed`);
      }
      return reports;
    }
    if (editsOf(finding.fix).length > 0) pending.push(finding);
    else report(finding, 'applied');
  }
  const document = valueOf(facts.bucket.notification);
  if (pending.length === 0 || !document) return reports;
  const edits = pending.flatMap(({ fix }) => editsOf(fix));
  const text = JSON.stringify(editDocument(document, edits));
  try {
    const file = { name: 'the fix', text };
    // What was agreed to above is not asked again; the difference is shown all the same.
    await runApply(
      {
        bucket: facts.bucket.name,
        file,
        prune: true,
        removeDeadRules: false,
        yes: true,
        dryRun: false,
        command: 'doctor',
      },
      ctx,
    );
    for (const finding of pending) report(finding, 'applied');
  } catch (error) {
    for (const finding of pending) report(finding, 'failed', messageOf(error));
  }
  return reports;
}

function wantedOf({ findings }: Diagnosis, before: readonly FixReport[]): readonly JudgedFinding[] {
  const open = findings.filter(
    (one) =>
      one.consequenceOf === null &&
      !before.some(({ id, subject }) => id === one.id && subject === one.subject),
  );
  const own = open.filter(({ verdict }) => verdict !== 'risk');
  if (!own.some(({ fix }) => editsOf(fix).length > 0)) return own;
  // Another rule that leads nowhere: S3 refuses the write that is due until it is mended or gone. Without a write it is nobody's business.
  return [
    ...own,
    ...open.filter(({ id, verdict }) => verdict === 'risk' && id === 'stale-sibling-blocks-put'),
  ];
}

async function agreed(
  facts: DoctorFacts,
  finding: JudgedFinding,
  { yes, flags }: Pick<FixOptions, 'yes' | 'flags'>,
  ctx: Context,
): Promise<boolean> {
  const lines = fixCommands(facts, finding.fix, flags).map((text) => ({
    mark: ' ' as const,
    text: `$ ${text}`,
  }));
  ctx.emit({ type: 'show', title: `To mend ${finding.id} (${finding.subject})`, lines });
  if (finding.fix.mode === 'safe' || yes) return true;
  if (!ctx.ask.interactive) return false;
  return ctx.ask.confirm({ message: 'Do this?', flag: '--yes', initial: false, assumeYes: yes });
}

function messageOf(error: unknown): string {
  if (error instanceof S3evtError) return error.message;
  throw error;
}
