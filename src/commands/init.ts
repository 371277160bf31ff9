import { applyPlan } from '../aws/apply-plan.ts';
import { awaitActive } from '../aws/await-active.ts';
import { S3evtError } from '../core/errors.ts';
import type { CallerIdentity } from '../aws/identity.ts';
import type { Target } from '../aws/target.ts';
import type { DesiredRules, InitPlan } from '../core/init-plan.ts';
import { mergeAgain } from '../core/merge-rules.ts';
import type { Destination, DestinationKind, NotificationDocument } from '../core/notification.ts';
import {
  changes,
  reports,
  ruleReport,
  type RuleReport,
  type StepOutcome,
  type StepReport,
} from '../core/plan.ts';
import { shellCommand } from '../core/shell.ts';
import { backupSink, turnTaker } from './guarded-write.ts';
import type { Context } from './context.ts';
import type { DoctorVerdict } from './doctor-verdict.ts';
import { refuseBadNames } from './init-checks.ts';
import { refuseDeadLetter } from './init-dead-letter.ts';
import { equivalentFlags } from './init-equivalent.ts';
import { prepareInit } from './init-prepare.ts';
import { askInit } from './init-questions.ts';
import { ledgerAfter, madeBefore, settingsFor } from './ledger.ts';
import { passPreflight } from './preflight.ts';
import { diffShown, planShown } from './show-plan.ts';
import { targetShown } from './show-target.ts';
import { targetFlags } from './target-flags.ts';
import { runTestUpload, type TestUploadResult } from './test-upload.ts';

export interface InitInput {
  readonly bucket?: string | undefined;
  readonly destination?: WantedDestination | undefined;
  /** When the destination itself is not named yet. */
  readonly destinationKind?: Destination['kind'] | undefined;
  /** ARN of what receives the events of a rule of the event bus. */
  readonly eventTarget?: string | undefined;
  /** Name or ARN of a dead-letter queue; `true` for one that is named after the destination. */
  readonly deadLetter?: string | true | undefined;
  readonly versioning?: boolean | undefined;
  readonly runtime?: string | undefined;
  /** AWS's names, `s3:` included. */
  readonly events?: readonly string[] | undefined;
  readonly prefix?: string | undefined;
  /** One rule for each. */
  readonly suffixes?: readonly string[] | undefined;
  readonly id?: string | undefined;
  readonly roleArn?: string | undefined;
  /** Whether the policy of a customer managed key may be changed. */
  readonly allowKey: boolean;
  /** Further rules on a bucket that has to exist, instead of making true what the call says. */
  readonly adds?: boolean;
  readonly dryRun: boolean;
  /** Whether rules that stand there and lead nowhere may be removed in the same write. */
  readonly removeDeadRules?: boolean;
  readonly yes: boolean;
  /** False with --no-save: no project file is written. */
  readonly save: boolean;
  /** False where the doctor is not to look at what was set up. */
  readonly examine?: boolean;
}

/** What is to receive the events, as it was named. */
export interface WantedDestination {
  readonly kind: DestinationKind;
  /**
   * Name or ARN; of a function also a partial ARN, and with a qualifier for a version or an alias. Of EventBridge the name of a rule
   * on the default bus, empty without one.
   */
  readonly reference: string;
}

export interface InitAnswers {
  readonly bucket: string;
  readonly destination: WantedDestination;
  /** Only with a rule of the event bus. */
  readonly eventTarget: string | undefined;
  readonly events: readonly string[];
  readonly prefix: string;
  readonly suffixes: readonly string[];
  /** Whether anything was asked: then the wizard goes on to offer a test. */
  readonly asked: boolean;
}

export interface InitResult {
  readonly status: 'ok' | 'negative';
  readonly bucket: string;
  readonly region: string;
  readonly account: string;
  readonly rules: readonly RuleReport[];
  /** Null for other destinations. */
  readonly function: InitPlan['function'];
  /** Null for other destinations. */
  readonly eventBridge: InitPlan['eventBridge'];
  readonly steps: readonly StepReport[];
  /** Path of the project file, or null with --no-save and --dry-run. */
  readonly projectFile: string | null;
  readonly equivalentCommand: string;
  readonly undoCommand: string;
  /** The doctor's word on what was set up; null when nothing was changed, or it could not be asked. */
  readonly doctor: DoctorVerdict | null;
  /** Of the test that the wizard offers; absent when none was made. */
  readonly testUpload?: TestUploadResult;
}

/** A plan with all that was read for it. */
export interface Prepared {
  readonly plan: InitPlan;
  readonly desired: DesiredRules;
  readonly identity: CallerIdentity;
  readonly target: Target;
}

/**
 * Sets up bucket, destination, permission and rules: reads everything at once, decides, shows, asks once, acts, reads back.
 * Running it again converges. Throws S3evtError.
 */
export async function runInit(input: InitInput, ctx: Context): Promise<InitResult> {
  refuseBadNames(input);
  const answers = await askInit(input, ctx);
  refuseBadNames({ ...input, ...answers });
  refuseDeadLetter(input, answers.destination);
  const { plan: wanted, desired, identity, target } = await prepareInit(input, answers, ctx);
  const plan = await passPreflight(
    wanted,
    {
      removeDead: input.removeDeadRules === true,
      yes: input.yes,
      mended: new Set(wanted.destination === null ? [] : [wanted.destination.arn]),
    },
    { bucket: desired.bucket, identity, target },
    ctx,
  );
  const region = target.region.value;
  const command = input.adds === true ? 'add' : 'init';
  for (const warning of plan.warnings) ctx.emit({ type: 'warning', warning });
  const besides = [...desired.ours].filter((id) => !plan.rules.some((rule) => rule.id === id));
  if (besides.length > 0 && input.adds !== true) {
    const message = `rules made earlier stay beside: ${besides.join(', ')}`;
    ctx.emit({ type: 'warning', warning: { code: 'RULES_BESIDE', message } });
  }

  const equivalent = [
    's3evt',
    command,
    desired.bucket,
    ...equivalentFlags(input, answers, desired.rules),
    ...(plan === wanted ? [] : ['--remove-dead-rules']),
    ...targetFlags(target, ['flag', 'project file']),
    '--yes',
  ];
  const result = (outcomes: ReadonlyMap<string, StepOutcome>, projectFile: string | null): InitResult => ({
    status: 'ok',
    bucket: desired.bucket,
    region,
    account: identity.account,
    rules: plan.rules.map(ruleReport),
    function: plan.function,
    eventBridge: plan.eventBridge,
    steps: reports(plan, outcomes),
    doctor: null,
    projectFile,
    equivalentCommand: shellCommand(equivalent),
    // What was made is remembered in the project file; without one only the rules can be taken back.
    undoCommand: shellCommand([
      's3evt',
      ...(input.save ? ['destroy'] : ['undo', '--bucket', desired.bucket]),
      ...targetFlags(target),
    ]),
  });

  const work = changes(plan);
  const loud = work.length > 0 || input.dryRun;
  if (loud) {
    ctx.emit(targetShown(target, identity.account));
    ctx.emit(planShown(plan, input.dryRun ? 'Plan (nothing is done)' : 'Plan'));
    if (work.some((step) => step.id === 'notification'))
      ctx.emit(diffShown(desired.bucket, documentBefore(plan), plan.document));
  }
  if (input.dryRun) return result(new Map(), null);
  if (
    work.length > 0 &&
    !(await ctx.ask.confirm({
      message: 'Apply this plan?',
      flag: '--yes',
      initial: true,
      assumeYes: input.yes,
    }))
  ) {
    throw new S3evtError('CANCELLED', 'nothing was done');
  }

  // Saved before the first write: what a killed run made is found by "destroy", and by the next "init".
  const settings = settingsFor(ctx.project, { plan, desired, target, adds: input.adds === true });
  const before = madeBefore(ctx.project, desired.account, target);
  if (input.save) ctx.project.save(settings);
  const saveBackup = backupSink(ctx, { account: identity.account, region, command });
  const applied = await applyPlan(plan, {
    ...ctx,
    account: identity.account,
    saveBackup,
    takeTurn: turnTaker(ctx, identity.account),
    mergeAgain: (fresh, planned) => mergeAgain(fresh, planned, { ...desired, rules: plan.rules }),
  });
  if (input.save) ctx.project.save(ledgerAfter(ctx.project.current() ?? settings, plan, applied, before));
  let done = result(applied.outcomes, input.save ? ctx.project.path : null);
  if (applied.error !== undefined) throw withProgress(applied.error, done);
  if (plan.awaitActive && plan.function && !work.some((step) => step.id === 'function'))
    await awaitActive(plan.function.name, ctx);
  if (work.length > 0 && input.examine !== false)
    done = { ...done, doctor: await examined(plan, desired, ctx) };
  return answers.asked ? offerTest(done, ctx) : done;
}

/** What was just made may not be seen at once: a bad verdict is looked at again. */
const LOOK_AGAIN_MS = [1_000, 3_000];

async function examined(
  plan: InitPlan,
  { bucket }: DesiredRules,
  ctx: Context,
): Promise<DoctorVerdict | null> {
  const { doctorVerdict } = await import('./doctor-verdict.ts');
  ctx.emit({ type: 'task', id: 'doctor', title: 'Look at it as the doctor would', state: 'running' });
  const doctor = await doctorVerdict({ bucket, expected: plan.destination?.arn }, ctx, LOOK_AGAIN_MS);
  const state =
    doctor?.verdict === 'healthy' ? 'done' : doctor?.verdict === 'broken' ? 'failed' : 'unchanged';
  ctx.emit({ type: 'task', id: 'doctor', title: 'Look at it as the doctor would', state });
  return doctor;
}

async function offerTest(done: InitResult, ctx: Context): Promise<InitResult> {
  if (
    !(await ctx.ask.confirm({
      message: 'Upload a test object and watch its event arrive?',
      flag: '--yes',
      initial: true,
      assumeYes: false,
    }))
  ) {
    return done;
  }
  const testUpload = await runTestUpload(
    {
      bucket: done.bucket,
      yes: false,
      keep: false,
      count: 1,
      timeoutMs: 60_000,
      operation: 'put',
      announce: false,
    },
    ctx,
  );
  return { ...done, testUpload };
}

function documentBefore(plan: InitPlan): NotificationDocument {
  const step = plan.steps.find((candidate) => candidate.action.kind === 'put-notification');
  return step?.action.kind === 'put-notification' ? step.action.before : {};
}

/** How far a plan got belongs to its error: in `data` of the envelope, and in words. */
function withProgress(error: unknown, done: InitResult): unknown {
  const failure =
    error instanceof S3evtError ? error : new S3evtError('INTERRUPTED', 'interrupted', { cause: error });
  const made = done.steps.filter((step) => step.outcome === 'applied').length;
  const { status: _, ...data } = done;
  const next =
    made === 0
      ? failure.hint
      : `${failure.hint ?? ''} ${made} ${made === 1 ? 'step was' : 'steps were'} done and stay: run the same command again to go on, or "s3evt destroy" to remove them.`.trim();
  return new S3evtError(failure.code, failure.message, {
    ...(next === undefined ? {} : { hint: next }),
    commands: failure.commands,
    ...(failure.aws === undefined ? {} : { aws: failure.aws }),
    data,
    cause: error,
  });
}
