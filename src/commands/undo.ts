import { applyPlan } from '../aws/apply-plan.ts';
import { callerIdentity, type CallerIdentity } from '../aws/identity.ts';
import { admitSteps } from '../core/admit-plan.ts';
import { bucketArn } from '../core/arn.ts';
import { policiesOf, type DestinationStates } from '../core/destination-state.ts';
import { S3evtError } from '../core/errors.ts';
import { diffDocuments, rulesOf, sameDocument, type NotificationDocument } from '../core/notification.ts';
import { reports, ruleReport, type Plan, type RuleReport, type Step, type StepReport } from '../core/plan.ts';
import { backupsOf, markUndone, type Backup } from '../project/backups.ts';
import { backupSink, turnTaker } from './guarded-write.ts';
import { requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { ownDocument } from './expected-caller.ts';
import { passPreflight, statesBehind, writeOf } from './preflight.ts';
import { diffShown, planShown } from './show-plan.ts';
import { targetShown } from './show-target.ts';

export interface UndoInput {
  readonly bucket?: string | undefined;
  /** Whether rules that stand there and lead nowhere may be removed in the same write. */
  readonly removeDeadRules: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export interface UndoResult {
  readonly status: 'ok';
  readonly bucket: string;
  /** ISO 8601: when the change was made that is undone. */
  readonly changedAt: string;
  readonly backup: string;
  readonly removed: readonly RuleReport[];
  readonly restored: readonly RuleReport[];
  readonly steps: readonly StepReport[];
}

/**
 * Puts back the configuration that the last change of s3evt replaced. Refuses (CONFIGURATION_CHANGED) when the bucket says
 * something else by now than what s3evt left there. Permissions that the former rules need come back; others and functions
 * stay: `destroy` removes those.
 */
export async function runUndo(input: UndoInput, ctx: Context): Promise<UndoResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const backups = backupsOf(ctx.project.root, bucket);
  if (backups.length === 0) throw nothingToUndo(bucket, ctx);
  const reading = ownDocument(bucket, ctx);
  // Whose change it is comes first; the failure of this read is taken up below.
  reading.catch(() => undefined);
  const [identity, target] = await Promise.all([callerIdentity(ctx.aws), ctx.aws.target()]);
  // The same folder may have changed a bucket of the same name elsewhere: on a local AWS, in another account.
  const own = backups.filter(({ change }) => change.account === identity.account);
  if (own.length === 0) throw otherAccount(backups, identity.account);
  const current = await reading;
  // A run that was killed before its put left a backup of a change that never was.
  const backup = own.find(
    ({ before, after }) => !sameDocument(before, current) || sameDocument(after, current),
  );
  if (!backup) throw nothingToUndo(bucket, ctx);
  refuseIfChanged(backup, current);
  const states = await statesBehind(rulesOf(backup.before), ctx);
  const permissions = permissionsBack(bucket, current, backup.before, identity, states);
  const mended = new Set(permissions.map(({ arn }) => arn));
  const plan = await passPreflight(
    undoPlan(bucket, current, backup.before, permissions),
    { removeDead: input.removeDeadRules, yes: input.yes, mended, states },
    { bucket, identity, target },
    ctx,
  );
  const after = writeOf(plan)?.after ?? backup.before;
  const diff = diffDocuments(current, after);
  ctx.emit(targetShown(target, identity.account));
  if (permissions.length > 0) ctx.emit(planShown(plan, input.dryRun ? 'Plan (nothing is done)' : 'Plan'));
  ctx.emit(diffShown(bucket, current, after));
  const result = (steps: readonly StepReport[]): UndoResult => ({
    status: 'ok',
    bucket,
    changedAt: backup.change.at,
    backup: backup.folder,
    removed: diff.removed.map(ruleReport),
    restored: [...diff.added, ...diff.changed.map(({ after }) => after)].map(ruleReport),
    steps,
  });
  if (input.dryRun) return result(reports(plan, new Map()));
  if (
    !(await ctx.ask.confirm({
      message: 'Put this configuration back?',
      flag: '--yes',
      initial: true,
      assumeYes: input.yes,
    }))
  ) {
    throw new S3evtError('CANCELLED', 'nothing was done');
  }
  const saveBackup = backupSink(ctx, {
    account: identity.account,
    region: target.region.value,
    command: 'undo',
  });
  const applied = await applyPlan(plan, {
    ...ctx,
    account: identity.account,
    saveBackup,
    takeTurn: turnTaker(ctx, identity.account),
  });
  if (applied.error !== undefined) throw applied.error;
  markUndone(backup);
  forgetRules(ctx, bucket, diff.removed);
  return result(reports(plan, applied.outcomes));
}

function nothingToUndo(bucket: string, ctx: Context): S3evtError {
  const folder = `${ctx.project.root}/.s3evt/backups`;
  return new S3evtError('NOTHING_TO_DO', `there is no change of ${bucket} to undo under ${folder}`, {
    hint: 'undo knows the changes that were made from this folder.',
  });
}

function otherAccount(backups: readonly Backup[], account: string): S3evtError {
  const accounts = [...new Set(backups.map(({ change }) => change.account))].join(', ');
  return new S3evtError(
    'WRONG_ACCOUNT',
    `the change was made in account ${accounts}, the credentials are of ${account}`,
    { hint: 'Run it with credentials of that account: another --profile.' },
  );
}

function refuseIfChanged(backup: Backup, current: NotificationDocument): void {
  if (sameDocument(current, backup.after)) return;
  throw new S3evtError(
    'CONFIGURATION_CHANGED',
    `the configuration of ${backup.change.bucket} is not the one that "${backup.change.command}" left on ${backup.change.at}; nothing was written`,
    {
      hint: `Somebody changed it since. The former configuration is in ${backup.folder}/before.json; compare it with "s3evt ls".`,
    },
  );
}

/** `rm` takes a permission away with the last rule that needed it: it has to come back before the rule does. */
function permissionsBack(
  bucket: string,
  current: NotificationDocument,
  former: NotificationDocument,
  identity: CallerIdentity,
  states: DestinationStates,
): readonly { readonly arn: string; readonly step: Step }[] {
  const { added, changed } = diffDocuments(current, former);
  const rules = [...added, ...changed.map(({ after }) => after)];
  const sending = {
    name: bucket,
    arn: bucketArn(identity.partition, bucket),
    account: identity.account,
  };
  return admitSteps(rules, sending, policiesOf(states));
}

function undoPlan(
  bucket: string,
  before: NotificationDocument,
  after: NotificationDocument,
  permissions: readonly { readonly step: Step }[],
): Plan {
  const same = sameDocument(before, after);
  const steps = permissions.map(({ step }) => step);
  // Granting a function's permission is one request: the look runs beside it, and is no older at the write than if it came after.
  const lookAfter = steps.flatMap(({ id, action }) =>
    action.kind === 'add-permission' && !action.replaces ? [] : [id],
  );
  return {
    steps: [
      ...steps,
      {
        id: 'notification',
        title: `Put back the former configuration of ${bucket}`,
        change: same ? 'none' : 'update',
        after: steps.map(({ id }) => id),
        lookAfter,
        action: { kind: 'put-notification', bucket, before, after },
      },
    ],
  };
}

/** The ledger must not claim rules that are gone: somebody may write others by the same name. */
function forgetRules(ctx: Context, bucket: string, removed: readonly { readonly id: string }[]): void {
  const settings = ctx.project.current();
  if (!settings?.made) return;
  const gone = new Set(removed.map(({ id }) => id));
  const made = settings.made.filter(
    (entry) => !(entry.kind === 'rule' && entry.bucket === bucket && gone.has(entry.name)),
  );
  if (made.length !== settings.made.length) ctx.project.save({ ...settings, made });
}
