import { applyPlan } from '../aws/apply-plan.ts';
import { callerIdentity } from '../aws/identity.ts';
import { readMade } from '../aws/read-made.ts';
import { permissionStepId, planDestroy, statementStepId, type DestroyPlan } from '../core/destroy-plan.ts';
import { S3evtError } from '../core/errors.ts';
import { madeTitle, type MadeFact } from '../core/made-fact.ts';
import { diffDocuments, type NotificationDocument } from '../core/notification.ts';
import { reports, type StepAction, type StepOutcome, type StepReport } from '../core/plan.ts';
import type { ShownLine } from '../core/progress.ts';
import type { MadeResource, ProjectSettings } from '../project/project-file.ts';
import { backupSink, turnTaker } from './guarded-write.ts';
import type { Context } from './context.ts';
import { homeCaller, readAsCaller } from './expected-caller.ts';
import { concerns, readDocuments } from './destroy-facts.ts';
import { sameResource } from './ledger.ts';
import { refuseOtherHome } from './project-home.ts';
import { diffShown } from './show-plan.ts';
import { targetShown } from './show-target.ts';

export interface DestroyInput {
  /** Only what was made for this bucket; everything of the project without it. */
  readonly bucket?: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export interface DestroyResult {
  readonly status: 'ok';
  readonly steps: readonly StepReport[];
  readonly kept: DestroyPlan['kept'];
  /** Null when the project file is gone with the last thing it remembered. */
  readonly projectFile: string | null;
}

/** Removes what s3evt made and only that: what the project file names and what still carries the tag. Throws S3evtError. */
export async function runDestroy(input: DestroyInput, ctx: Context): Promise<DestroyResult> {
  const { settings } = ctx.project;
  const made = (settings?.made ?? []).filter((entry) => concerns(entry, input.bucket, settings));
  if (!settings || made.length === 0) {
    throw new S3evtError(
      'NOTHING_TO_DO',
      `nothing is remembered that s3evt made${input.bucket === undefined ? '' : ` for ${input.bucket}`}`,
      {
        hint: 'destroy removes what stands under "made" in the project file s3evt.json, and nothing else.',
      },
    );
  }
  const [caller, target] = [callerIdentity(ctx.aws), await ctx.aws.target()];
  const reading = readAsCaller(homeCaller(settings, target), caller, async ({ account, partition }) => {
    const place = { account, partition, region: target.region.value };
    return Promise.all([
      Promise.all(made.map((entry) => readMade(ctx.aws, entry, place))),
      readDocuments(made, account, ctx),
    ]);
  });
  // Whose project it is comes first; the failure of this read is taken up below.
  reading.catch(() => undefined);
  const identity = await caller;
  refuseOtherHome(ctx.project, identity.account, target);
  if (settings.region !== undefined && settings.region !== target.region.value) {
    throw new S3evtError(
      'WRONG_REGION',
      `${ctx.project.path} is about ${settings.region}, this call is for ${target.region.value}`,
      {
        hint: `Pass --region ${settings.region}.`,
      },
    );
  }

  const [facts, documents] = await reading;
  const plan = planDestroy({ made: facts, documents });
  ctx.emit(targetShown(target, identity.account));
  ctx.emit({
    type: 'show',
    title: 'Made by s3evt, oldest first',
    lines: facts.map((fact) => madeLine(fact, plan)),
  });
  for (const { action } of plan.steps) {
    if (action.kind === 'put-notification') ctx.emit(diffShown(action.bucket, action.before, action.after));
  }
  const result = (outcomes: ReadonlyMap<string, StepOutcome>, projectFile: string | null): DestroyResult => ({
    status: 'ok',
    steps: reports(plan, outcomes),
    kept: plan.kept,
    projectFile,
  });
  if (input.dryRun) return result(new Map(), ctx.project.path);
  const sure = {
    message: 'Remove what is marked with "-"?',
    flag: '--yes',
    initial: false,
    assumeYes: input.yes,
  };
  if (plan.steps.length > 0 && !(await ctx.ask.confirm(sure)))
    throw new S3evtError('CANCELLED', 'nothing was done');

  const saveBackup = backupSink(ctx, {
    account: identity.account,
    region: target.region.value,
    command: 'destroy',
  });
  const applied = await applyPlan(plan, {
    ...ctx,
    account: identity.account,
    saveBackup,
    takeTurn: turnTaker(ctx, identity.account),
  });
  const projectFile = forget(ctx, settings, facts, plan, applied.outcomes);
  if (applied.error !== undefined) {
    const error =
      applied.error instanceof S3evtError
        ? applied.error
        : new S3evtError('INTERRUPTED', 'interrupted', { cause: applied.error });
    const { status: _, ...data } = result(applied.outcomes, projectFile);
    throw new S3evtError(error.code, error.message, {
      hint: [error.hint, 'What could be removed is removed; run the command again for the rest.']
        .filter(Boolean)
        .join(' '),
      ...(error.aws === undefined ? {} : { aws: error.aws }),
      data,
      cause: error,
    });
  }
  return result(applied.outcomes, projectFile);
}

function madeLine(fact: MadeFact, plan: DestroyPlan): ShownLine {
  const title = madeTitle(fact);
  const kept = plan.kept.find((entry) => entry.title === title);
  if (kept) return { mark: '=', text: `${title} stays: ${kept.reason}` };
  if (isRemoved(fact, plan)) return { mark: '-', text: title };
  return { mark: ' ', text: `${title} is gone already` };
}

function isRemoved(fact: MadeFact, plan: DestroyPlan): boolean {
  return stepOf(fact, plan) !== undefined;
}

function stepOf(fact: MadeFact, plan: DestroyPlan): string | undefined {
  if (fact.kind === 'rule') {
    const step = plan.steps.find(
      ({ action }) =>
        action.kind === 'put-notification' && action.bucket === fact.bucket && removesRule(action, fact.name),
    );
    return step?.id;
  }
  if (fact.kind === 'eventbridge') {
    const off = plan.steps.find(({ action }) => isSwitchedOff(action, fact.name));
    if (off) return off.id;
  }
  return stepIdsOf(fact).find((id) => plan.steps.some((step) => step.id === id));
}

/** The step that removes it, or else one that takes it along. */
function stepIdsOf(fact: MadeFact): readonly string[] {
  const { kind, name } = fact;
  switch (kind) {
    case 'permission':
      return [permissionStepId(fact)];
    case 'statement':
      return [statementStepId(fact)];
    case 'eventbridge':
    case 'versioning':
      return [`bucket-${name}`];
    case 'redrive':
      return [`redrive-${name}`, `queue-${name}`];
    case 'on-failure':
      return [`on-failure-${name}`, `function-${name.replace(/:.*$/, '')}`];
    default:
      return [`${kind}-${name}`];
  }
}

function isSwitchedOff(action: StepAction, bucket: string): boolean {
  if (action.kind !== 'put-notification' || action.bucket !== bucket) return false;
  return diffDocuments(action.before, action.after).eventBridge === 'disabled';
}

function removesRule(
  action: { before: NotificationDocument; after: NotificationDocument },
  id: string,
): boolean {
  return diffDocuments(action.before, action.after).removed.some((rule) => rule.id === id);
}

/** What is removed or gone leaves the ledger; an empty ledger takes the project file with it. */
function forget(
  ctx: Context,
  settings: ProjectSettings,
  facts: readonly MadeFact[],
  plan: DestroyPlan,
  outcomes: ReadonlyMap<string, StepOutcome>,
): string | null {
  const forgotten = facts.filter((fact) => {
    const step = stepOf(fact, plan);
    const isKept = plan.kept.some(({ title }) => title === madeTitle(fact));
    // Versioning stays for good: there is nothing left to remember.
    if (isKept && fact.kind === 'versioning') return true;
    // Of an event rule that others have targets on, only ours is removed.
    if (step === undefined || (isKept && fact.kind === 'event-rule')) return !isKept;
    return outcomes.get(step) === 'applied' || outcomes.get(step) === 'unchanged';
  });
  const left = (settings.made ?? []).filter(
    (entry) => !forgotten.some((fact) => sameResource(entry, entryOf(fact))),
  );
  if (left.length === 0) {
    ctx.project.remove();
    return null;
  }
  ctx.project.save({ ...settings, made: left });
  return ctx.project.path;
}

/** The fact as the ledger has it. */
function entryOf(fact: MadeFact): MadeResource {
  const { kind, name } = fact;
  if (fact.kind === 'statement') return { kind, name, function: fact.target };
  if (fact.kind === 'rule') return { kind, name, bucket: fact.bucket, function: fact.destination };
  if (fact.kind === 'event-rule') return { kind, name, bucket: fact.bucket };
  if (fact.kind === 'eventbridge') return { kind, name, bucket: name };
  if (fact.kind === 'redrive' || fact.kind === 'on-failure') return { kind, name, function: fact.deadLetter };
  if (fact.kind !== 'permission') return { kind, name };
  const { functionName, qualifier } = fact;
  return { kind, name, function: qualifier === undefined ? functionName : `${functionName}:${qualifier}` };
}
