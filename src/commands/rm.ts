import { applyPlan } from '../aws/apply-plan.ts';
import { callerIdentity } from '../aws/identity.ts';
import { readPolicies } from '../aws/read-policies.ts';
import { didYouMean } from '../core/did-you-mean.ts';
import { S3evtError } from '../core/errors.ts';
import { diffDocuments, rulesOf, type Rule } from '../core/notification.ts';
import { shellCommand } from '../core/shell.ts';
import { targetFlags } from '../aws/target-flags.ts';
import { reports, ruleReport, type RuleReport, type StepReport } from '../core/plan.ts';
import { planRemoval } from '../core/removal-plan.ts';
import { backupSink, turnTaker } from './guarded-write.ts';
import { requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { ownDocument } from './expected-caller.ts';
import { madeHere } from './ls.ts';
import { forgetMade } from './ledger.ts';
import { passPreflight, writeOf } from './preflight.ts';
import { diffShown, planShown } from './show-plan.ts';
import { targetShown } from './show-target.ts';

export interface RmInput {
  readonly bucket?: string | undefined;
  /** Of rules. */
  readonly ids: readonly string[];
  /** Whether other rules that lead nowhere may be removed in the same write. */
  readonly removeDeadRules: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export interface RmResult {
  readonly status: 'ok';
  readonly bucket: string;
  readonly removed: readonly RuleReport[];
  readonly steps: readonly StepReport[];
  readonly undoCommand: string;
}

/** Removes rules by id, and the permission that s3evt gave when no other rule of the bucket needs it. Throws S3evtError. */
export async function runRm(input: RmInput, ctx: Context): Promise<RmResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const [identity, target, document] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    ownDocument(bucket, ctx),
  ]);
  const rules = rulesOf(document);
  const wanted = input.ids.map((id) => rules.find((rule) => rule.id === id) ?? missing(id, bucket, rules));
  const asked = planRemoval(input.ids, { bucket, document, policies: new Map() });
  const choice = { removeDead: input.removeDeadRules, yes: input.yes };
  const [policies, passed] = await Promise.all([
    readPolicies(wanted, ctx.aws),
    passPreflight(asked, choice, { bucket, identity, target }, ctx),
  ]);
  // With the rules that were asked for, dead ones may go that would make S3 refuse the rest.
  const { removed } = diffDocuments(document, writeOf(passed)?.after ?? document);
  const plan = planRemoval(
    removed.map(({ id }) => id),
    { bucket, document, policies },
  );
  const result = (steps: readonly StepReport[]): RmResult => ({
    status: 'ok',
    bucket,
    removed: removed.map(ruleReport),
    steps,
    undoCommand: shellCommand(['s3evt', 'undo', bucket, ...targetFlags(target)]),
  });
  const [write] = plan.steps;
  ctx.emit(targetShown(target, identity.account));
  ctx.emit(planShown(plan, input.dryRun ? 'Plan (nothing is done)' : 'Plan'));
  if (write?.action.kind === 'put-notification') ctx.emit(diffShown(bucket, document, write.action.after));
  for (const rule of removed) {
    if (madeHere(ctx.project.settings, bucket, rule)) continue;
    const message = `rule ${rule.id} was not made from this folder`;
    ctx.emit({ type: 'warning', warning: { code: 'RULE_OF_OTHERS', message } });
  }
  if (input.dryRun) return result(reports(plan, new Map()));
  const confirmed = await ctx.ask.confirm({
    message: removed.length === 1 ? 'Remove this rule?' : 'Remove these rules?',
    flag: '--yes',
    initial: false,
    assumeYes: input.yes,
  });
  if (!confirmed) throw new S3evtError('CANCELLED', 'nothing was done');
  const saveBackup = backupSink(ctx, {
    account: identity.account,
    region: target.region.value,
    command: 'rm',
  });
  const applied = await applyPlan(plan, {
    ...ctx,
    account: identity.account,
    saveBackup,
    takeTurn: turnTaker(ctx, identity.account),
  });
  forgetMade(ctx.project, bucket, plan, applied.outcomes);
  if (applied.error !== undefined) throw applied.error;
  return result(reports(plan, applied.outcomes));
}

function missing(id: string, bucket: string, rules: readonly Rule[]): never {
  const ids = rules.map((rule) => rule.id);
  const near = didYouMean(id, ids);
  throw new S3evtError('NOT_FOUND', `${bucket} has no rule "${id}"`, {
    hint:
      near !== undefined
        ? `Did you mean ${near}?`
        : ids.length === 0
          ? 'It has no rules at all.'
          : `Its rules: ${ids.join(', ')}.`,
  });
}
