import { writeFileSync } from 'node:fs';
import { collectFacts, withTrail } from '../aws/doctor/collect.ts';
import { commandFlags } from '../aws/target-flags.ts';
import { parseFunctionReference } from '../core/arn.ts';
import { CHECKS } from '../core/checks/index.ts';
import type { DoctorFacts } from '../core/doctor/facts.ts';
import { diagnose, type Diagnosis } from '../core/doctor/judge.ts';
import { maskAccounts } from '../core/doctor/mask.ts';
import { doctorReport, type DoctorReport } from '../core/doctor/report.ts';
import { hopsOf, rulesInQuestion } from '../core/doctor/routes.ts';
import { readFacts } from '../core/doctor/saved-facts.ts';
import { S3evtError } from '../core/errors.ts';
import type { FixFlags } from '../core/preflight-fixes.ts';
import type { FileText } from './apply.ts';
import type { Context } from './context.ts';
import { applyFixes, type FixReport } from './doctor-fix.ts';
import { readQuestion, targetFacts, type DoctorQuestion } from './doctor-question.ts';

export interface DoctorInput extends DoctorQuestion {
  /** Applies what is safe, asks for the rest. */
  readonly fix: boolean;
  /** With `fix`: answers the questions with yes. */
  readonly yes: boolean;
  /** Facts that were saved, in place of AWS. */
  readonly facts?: FileText | undefined;
  /** Path where the facts are written to. */
  readonly saveFacts?: string | undefined;
  /** Account ids are masked in what is saved unless this is set. */
  readonly keepAccounts: boolean;
}

export interface DoctorResult extends DoctorReport {
  readonly status: 'ok' | 'negative';
  readonly exitCode: number;
  /** What `--fix` did; null without it. */
  readonly fixed: readonly FixReport[] | null;
}

/** A fix may uncover the next cause. */
const MOST_ROUNDS = 4;

/** Why events of a bucket do not arrive. Throws S3evtError only where nothing can be looked at. */
export async function runDoctor(input: DoctorInput, ctx: Context): Promise<DoctorResult> {
  if (input.facts !== undefined) return offline(input.facts, input, ctx);
  const target = await ctx.aws.target();
  const flags = commandFlags(target);
  let { facts, diagnosis } = await examine(input, ctx);
  if (input.saveFacts !== undefined) saveFacts(input.saveFacts, facts, input.keepAccounts);
  if (!input.fix) return resultOf(facts, diagnosis, flags, null);
  const fixed: FixReport[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const done = await applyFixes(
      facts,
      diagnosis,
      { yes: input.yes, flags, skip: new Set(fixed.map(({ id }) => id)) },
      ctx,
    );
    fixed.push(...done);
    if (!done.some(({ outcome }) => outcome === 'applied')) break;
    ({ facts, diagnosis } = await examine(input, ctx));
    if (diagnosis.verdict === 'healthy') break;
  }
  return resultOf(facts, diagnosis, flags, fixed);
}

/** Looks, and where something is wrong asks CloudTrail too, which tells since when. */
export async function examine(
  question: DoctorQuestion,
  ctx: Context,
): Promise<{ readonly facts: DoctorFacts; readonly diagnosis: Diagnosis }> {
  const [target, asked] = await Promise.all([ctx.aws.target(), readQuestion(question, ctx)]);
  const options = {
    question: asked,
    expectedByName: parseFunctionReference(question.expected ?? '')?.region === undefined,
    target: targetFacts(target),
    now: ctx.clock.now(),
  };
  const facts = await collectFacts(ctx.aws, options);
  const diagnosis = diagnose(facts, CHECKS);
  const needsStory = diagnosis.findings.some(({ verdict }) => verdict !== 'risk');
  if (!needsStory || facts.bucket.head.state !== 'known') return { facts, diagnosis };
  const told = await withTrail(ctx.aws, facts);
  return { facts: told, diagnosis: diagnose(told, CHECKS) };
}

function offline({ name, text }: FileText, input: DoctorInput, _ctx: Context): DoctorResult {
  if (input.fix) throw new S3evtError('USAGE', '--fix needs AWS, not saved facts');
  const read = readFacts(text);
  if (!read.ok) throw new S3evtError('INVALID_ARGUMENT', `${name}: ${read.problem}`);
  const { region } = read.facts.target;
  return resultOf(read.facts, diagnose(read.facts, CHECKS), { aws: ['--region', region], s3evt: [] }, null);
}

function resultOf(
  facts: DoctorFacts,
  diagnosis: Diagnosis,
  flags: FixFlags,
  fixed: readonly FixReport[] | null,
): DoctorResult {
  return {
    status: diagnosis.verdict === 'healthy' ? 'ok' : 'negative',
    exitCode: exitCodeOf(diagnosis),
    ...doctorReport(facts, diagnosis, looked(facts), flags),
    fixed,
  };
}

/** What a verdict is about. */
export function looked(facts: DoctorFacts): DoctorReport['looked'] {
  const rules = rulesInQuestion(facts);
  return { checks: CHECKS.length, rules: rules.length, destinations: hopsOf(facts, rules).length };
}

/** 0 healthy, 3 broken or suspected, 4 when nothing is wrong as far as could be seen, and not all could be seen. */
function exitCodeOf({ verdict, findings, notChecked }: Diagnosis): number {
  if (verdict === 'healthy') return 0;
  if (verdict === 'broken' || findings.some((finding) => finding.verdict === 'suspected')) return 3;
  return notChecked.length > 0 ? 4 : 3;
}

function saveFacts(path: string, facts: DoctorFacts, keepAccounts: boolean): void {
  const text = `${JSON.stringify(facts, null, 2)}\n`;
  try {
    writeFileSync(path, keepAccounts ? text : maskAccounts(text), { mode: 0o600 });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new S3evtError('FILE_UNWRITABLE', `the facts cannot be written to ${path} (${code})`, {
      cause: error,
    });
  }
}
