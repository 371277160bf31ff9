import { applyPlan } from '../aws/apply-plan.ts';
import { awaitActive } from '../aws/await-active.ts';
import { callerIdentity } from '../aws/identity.ts';
import {
  readBucket,
  readFunction,
  readFunctionPolicy,
  readLogGroup,
  readNotification,
  readRole,
} from '../aws/read-facts.ts';
import type { FunctionReference } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import { planInit, type Desired, type InitFacts, type InitPlan } from '../core/init-plan.ts';
import { defaultLogGroup, roleNameFor } from '../core/names.ts';
import type { NotificationDocument } from '../core/notification.ts';
import {
  changes,
  reports,
  ruleReport,
  type RuleReport,
  type StepOutcome,
  type StepReport,
} from '../core/plan.ts';
import { shellCommand } from '../core/shell.ts';
import { backupSink } from './backup-sink.ts';
import type { Context } from './context.ts';
import {
  functionReference,
  refuseBadNames,
  refuseBadRules,
  refuseForeignFunction,
  refuseMissingQualifier,
  refuseNewBucketName,
  refuseUnseenBucket,
} from './init-checks.ts';
import { askInit } from './init-questions.ts';
import { rememberedRules, ruleFlags, rulesFor, ourRules } from './init-rules.ts';
import { ledgerAfter, refuseForeignProject, settingsFor } from './ledger.ts';
import { diffShown, planShown } from './show-plan.ts';
import { targetShown } from './show-target.ts';
import { targetFlags } from './target-flags.ts';
import { runTestUpload, type TestUploadResult } from './test-upload.ts';

export const DEFAULT_RUNTIME = 'python3.13';

export interface InitInput {
  readonly bucket?: string | undefined;
  /** Name, partial ARN or ARN; with a qualifier for a version or an alias. */
  readonly function?: string | undefined;
  readonly runtime?: string | undefined;
  /** AWS's names, `s3:` included. */
  readonly events?: readonly string[] | undefined;
  readonly prefix?: string | undefined;
  /** One rule for each. */
  readonly suffixes?: readonly string[] | undefined;
  readonly id?: string | undefined;
  readonly roleArn?: string | undefined;
  readonly dryRun: boolean;
  readonly yes: boolean;
  /** False with --no-save: no project file is written. */
  readonly save: boolean;
}

export interface InitAnswers {
  readonly bucket: string;
  readonly function: string;
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
  readonly function: {
    readonly name: string;
    readonly arn: string;
    readonly runtime: string | null;
    readonly logGroup: string;
  };
  readonly steps: readonly StepReport[];
  /** Path of the project file, or null with --no-save and --dry-run. */
  readonly projectFile: string | null;
  readonly equivalentCommand: string;
  readonly undoCommand: string;
  /** Of the test that the wizard offers; absent when none was made. */
  readonly testUpload?: TestUploadResult;
}

/**
 * Sets up bucket, function, permission and rule: reads everything at once, decides, shows, asks once, acts, reads back.
 * Running it again converges. Throws S3evtError.
 */
export async function runInit(input: InitInput, ctx: Context): Promise<InitResult> {
  refuseBadNames(input);
  const answers = await askInit(input, ctx);
  refuseBadNames({ ...input, ...answers });
  const reference = functionReference(answers.function);

  const [identity, target, facts] = await readAll(answers.bucket, reference, ctx);
  const region = target.region.value;
  refuseForeignFunction(reference, identity, region);
  if (input.save) refuseForeignProject(ctx.project, identity.account, target);
  refuseUnseenBucket(answers.bucket, facts);
  refuseNewBucketName(answers.bucket, facts);

  const wanted = { bucket: answers.bucket, function: reference.name, qualifier: reference.qualifier };
  const remembered = saysNothingOfRules(input, answers)
    ? rememberedRules(ctx.project.settings, facts, wanted)
    : [];
  const ours = ourRules(ctx.project.settings, facts, answers.bucket);
  const desired: Desired = {
    account: identity.account,
    partition: identity.partition,
    region,
    bucket: answers.bucket,
    functionName: reference.name,
    qualifier: reference.qualifier,
    runtime: input.runtime ?? DEFAULT_RUNTIME,
    runtimeGiven: input.runtime !== undefined,
    roleArn: input.roleArn,
    ours,
    rules:
      remembered.length > 0
        ? remembered
        : rulesFor({ ...answers, id: input.id }, facts, reference.name, ours),
  };
  refuseBadRules(desired.rules);
  const plan = planInit(desired, facts);
  for (const warning of plan.warnings) ctx.emit({ type: 'warning', warning });
  const besides = [...ours].filter((id) => !plan.rules.some((rule) => rule.id === id));
  if (besides.length > 0) {
    const message = `rules made earlier stay beside: ${besides.join(', ')}`;
    ctx.emit({ type: 'warning', warning: { code: 'RULES_BESIDE', message } });
  }

  const equivalent = [
    's3evt',
    'init',
    desired.bucket,
    ...equivalentFlags(input, answers, desired.rules),
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
    steps: reports(plan, outcomes),
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
  const settings = settingsFor(ctx.project, { plan, desired, target });
  if (input.save) ctx.project.save(settings);
  const saveBackup = backupSink(ctx, { account: identity.account, region, command: 'init' });
  const applied = await applyPlan(plan, { ...ctx, account: identity.account, saveBackup });
  if (input.save) ctx.project.save(ledgerAfter(settings, plan, applied.outcomes));
  const done = result(applied.outcomes, input.save ? ctx.project.path : null);
  if (applied.error !== undefined) throw withProgress(applied.error, done);
  if (plan.awaitActive && !work.some((step) => step.id === 'function'))
    await awaitActive(desired.functionName, ctx);
  return answers.asked ? offerTest(done, ctx) : done;
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

/** Then the rules of the project stay what they are. */
function saysNothingOfRules(input: InitInput, { asked }: InitAnswers): boolean {
  const { events, prefix, suffixes, id } = input;
  return !asked && [events, prefix, suffixes, id].every((value) => value === undefined);
}

/** All reads that the plan rests on, in one round trip: none needs another's answer. */
async function readAll(bucket: string, reference: FunctionReference, ctx: Context) {
  const { aws } = ctx;
  const { name, qualifier } = reference;
  const [identity, target, bucketFact, notification, fn, qualified, policy, role, logGroup] =
    await Promise.all([
      callerIdentity(aws),
      aws.target(),
      readBucket(aws, bucket),
      readNotification(aws, bucket),
      readFunction(aws, name),
      qualifier === undefined ? undefined : readFunction(aws, `${name}:${qualifier}`),
      readFunctionPolicy(aws, name, qualifier),
      readRole(aws, roleNameFor(name)),
      readLogGroup(aws, defaultLogGroup(name)),
    ]);
  const facts: InitFacts = { bucket: bucketFact, notification, function: fn, policy, role, logGroup };
  refuseMissingQualifier(reference, qualified, facts);
  return [identity, target, facts] as const;
}

function equivalentFlags(input: InitInput, answers: InitAnswers, rules: Desired['rules']): readonly string[] {
  const flags = ['--function', answers.function];
  if (input.runtime !== undefined) flags.push('--runtime', input.runtime);
  flags.push(...ruleFlags(rules));
  if (input.roleArn !== undefined) flags.push('--role-arn', input.roleArn);
  if (!input.save) flags.push('--no-save');
  return flags;
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
