import { writeFileSync } from 'node:fs';
import { collectFacts } from '../aws/doctor/collect.ts';
import { withTrail } from '../aws/doctor/read-trail.ts';
import { commandFlags } from '../aws/target-flags.ts';
import { parseArn } from '../core/arn.ts';
import { CHECKS } from '../core/checks/index.ts';
import { isUntold } from '../core/checks/object/seen.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import type { DoctorFacts, ObjectNode } from '../core/doctor/facts.ts';
import { diagnose, type Diagnosis } from '../core/doctor/judge.ts';
import { maskAccounts } from '../core/doctor/mask.ts';
import { valueOf } from '../core/doctor/reading.ts';
import { doctorReport, type DoctorReport } from '../core/doctor/report.ts';
import { hopsOf, rulesInQuestion } from '../core/doctor/routes.ts';
import { readFacts } from '../core/doctor/saved-facts.ts';
import { S3evtError } from '../core/errors.ts';
import { rulesOf } from '../core/notification.ts';
import type { FixFlags } from '../core/preflight-fixes.ts';
import type { FileText } from './apply.ts';
import type { Context } from './context.ts';
import { applyFixes, type FixReport } from './doctor-fix.ts';
import { readQuestion, targetFacts, type DoctorQuestion } from './doctor-question.ts';
import { targetShown } from './show-target.ts';

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
  if (input.facts !== undefined) return offline(input.facts, input);
  const target = await ctx.aws.target();
  const flags = commandFlags(target);
  let { facts, diagnosis } = await examine(input, ctx);
  if (input.saveFacts !== undefined) saveFacts(input.saveFacts, facts, input.keepAccounts);
  if (!input.fix) return resultOf(facts, diagnosis, flags, null);
  ctx.emit(targetShown(target, valueOf(facts.identity)?.account ?? 'unknown'));
  const fixed: FixReport[] = [];
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const done = await applyFixes(facts, diagnosis, { yes: input.yes, flags, before: fixed }, ctx);
    fixed.push(...done);
    const has = (wanted: FixReport['outcome']) => done.some(({ outcome }) => outcome === wanted);
    if (!has('applied') && !has('failed')) break;
    ({ facts, diagnosis } = await examine(input, ctx));
    if (has('failed') || diagnosis.verdict === 'healthy') break;
  }
  return resultOf(facts, diagnosis, flags, fixed);
}

/**
 * Looks, and where something is wrong asks CloudTrail too, which tells since when. With `sinceOf` the question's object tells how far back
 * logs and metrics are looked at.
 */
export async function examine(
  question: DoctorQuestion,
  ctx: Context,
  sinceOf?: (object: ObjectNode) => number,
): Promise<{ readonly facts: DoctorFacts; readonly diagnosis: Diagnosis }> {
  const [target, asked] = await Promise.all([ctx.aws.target(), readQuestion(question, ctx)]);
  const options = {
    question: asked,
    expectedByName: question.expected !== undefined && parseArn(question.expected) === undefined,
    target: targetFacts(target),
    now: ctx.clock.now(),
    sinceOf,
  };
  const facts = await collectFacts(ctx.aws, options);
  refuseUnknownRule(facts);
  const diagnosis = diagnose(facts, CHECKS);
  const needsStory = isUntold(facts) || diagnosis.findings.some(({ verdict }) => verdict !== 'risk');
  if (!needsStory || facts.bucket.head.state !== 'known') return { facts, diagnosis };
  const told = await withTrail(ctx.aws, facts);
  return { facts: told, diagnosis: diagnose(told, CHECKS) };
}

/** Throws NOT_FOUND for a rule that neither the bucket nor the project file knows. */
function refuseUnknownRule({ question, bucket }: DoctorFacts): void {
  const { ruleId, remembered } = question;
  const document = valueOf(bucket.notification);
  if (ruleId === undefined || !document) return;
  const ids = [...rulesOf(document), ...remembered].map(({ id }) => id);
  if (ids.includes(ruleId)) return;
  const near = didYouMean(ruleId, ids);
  throw new S3evtError('NOT_FOUND', `${question.bucket} has no rule "${ruleId}"`, {
    hint: near === undefined ? 'Look at its rules with "s3evt ls".' : `Did you mean ${near}?`,
  });
}

function offline({ name, text }: FileText, input: DoctorInput): DoctorResult {
  if (input.fix) throw new S3evtError('USAGE', '--fix needs AWS, not saved facts');
  const read = readFacts(text);
  if (!read.ok) throw new S3evtError('INVALID_ARGUMENT', `${name}: ${read.problem}`);
  const { region } = read.facts.target;
  let diagnosis: Diagnosis;
  try {
    diagnosis = diagnose(read.facts, CHECKS);
  } catch (error) {
    // The checks rely on what this program writes: by hand anything can be made of it.
    throw new S3evtError('INVALID_ARGUMENT', `${name}: these facts are not whole`, { cause: error });
  }
  return resultOf(read.facts, diagnosis, { aws: ['--region', region], s3evt: [] }, null);
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
