import { applyPlan } from '../aws/apply-plan.ts';
import { callerIdentity } from '../aws/identity.ts';
import { commandFlags } from '../aws/target-flags.ts';
import { documentFor, overlapIn } from '../core/apply-file.ts';
import { parseConfigurationFile, type ConfigurationFile } from '../core/configuration-file.ts';
import { S3evtError } from '../core/errors.ts';
import { overlapError, refuseTooMany } from '../core/merge-rules.ts';
import { diffDocuments, rulesOf, sameDocument } from '../core/notification.ts';
import { reports, ruleReport, type Plan, type RuleReport, type StepReport } from '../core/plan.ts';
import { backupSink, turnTaker } from './guarded-write.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { ownDocument } from './expected-caller.ts';
import { passPreflight, writeOf } from './preflight.ts';
import { diffShown } from './show-plan.ts';
import { targetShown } from './show-target.ts';

export interface FileText {
  /** By which messages call it. */
  readonly name: string;
  readonly text: string;
}

export interface DiffInput {
  readonly bucket?: string | undefined;
  readonly file: FileText;
  /** Whether rules that the file does not name count as to be removed. */
  readonly prune: boolean;
}

export interface ApplyInput extends DiffInput {
  /** Whether rules that stand there and lead nowhere may be removed in the same write. */
  readonly removeDeadRules: boolean;
  readonly yes: boolean;
  readonly dryRun: boolean;
  /** In whose name it is done, for the backup: `apply` by default. */
  readonly command?: string;
}

/** What the file would change, or changed. */
export interface FileChanges {
  readonly bucket: string;
  readonly added: readonly RuleReport[];
  readonly removed: readonly RuleReport[];
  readonly changed: readonly { readonly before: RuleReport; readonly after: RuleReport }[];
  readonly eventBridge: 'enabled' | 'disabled' | 'unchanged';
  /** Rules of the bucket that the file does not name and that stay. */
  readonly beside: readonly string[];
}

export interface DiffResult extends FileChanges {
  /** `negative` when they differ. */
  readonly status: 'ok' | 'negative';
}

export interface ApplyResult extends FileChanges {
  readonly status: 'ok';
  readonly steps: readonly StepReport[];
}

/** The file against the live configuration. Reads one document. Throws S3evtError. */
export async function runDiff(input: DiffInput, ctx: Context): Promise<DiffResult> {
  const { bucket, file } = read(input, ctx);
  const before = await bucketDocument(bucket, ctx);
  const after = documentFor(before, file, input.prune);
  return {
    status: sameDocument(before, after) ? 'ok' : 'negative',
    ...changesOf(bucket, before, after, file),
  };
}

/**
 * Makes the bucket's configuration what the file says: one write, with everything that guards one. Permissions are not its business:
 * a destination that does not admit S3 is refused, by name. Throws S3evtError.
 */
export async function runApply(input: ApplyInput, ctx: Context): Promise<ApplyResult> {
  const { bucket, file } = read(input, ctx);
  const [identity, target, before] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    ownDocument(bucket, ctx),
  ]);
  const wanted = documentFor(before, file, input.prune);
  refuseTooMany(wanted);
  const overlap = overlapIn(wanted);
  if (overlap) throw overlapError([overlap], { bucket, flags: commandFlags(target) });
  const unchanged = sameDocument(before, wanted);
  const asked: Plan = {
    steps: [
      {
        id: 'notification',
        title: unchanged
          ? `Keep the configuration of ${bucket}`
          : `Put the configuration of ${input.file.name} on ${bucket}`,
        change: unchanged ? 'none' : 'update',
        after: [],
        action: { kind: 'put-notification', bucket, before, after: wanted },
      },
    ],
  };
  const choice = { removeDead: input.removeDeadRules, yes: input.yes };
  const plan = await passPreflight(asked, choice, { bucket, identity, target }, ctx);
  const after = writeOf(plan)?.after ?? wanted;
  const result = (steps: readonly StepReport[]): ApplyResult => ({
    status: 'ok',
    ...changesOf(bucket, before, after, file),
    steps,
  });
  if (unchanged) return result(reports(plan, new Map()));
  ctx.emit(targetShown(target, identity.account));
  ctx.emit(diffShown(bucket, before, after));
  if (input.dryRun) return result(reports(plan, new Map()));
  const confirmed = await ctx.ask.confirm({
    message: 'Put this configuration?',
    flag: '--yes',
    initial: true,
    assumeYes: input.yes,
  });
  if (!confirmed) throw new S3evtError('CANCELLED', 'nothing was done');
  const saveBackup = backupSink(ctx, {
    account: identity.account,
    region: target.region.value,
    command: input.command ?? 'apply',
  });
  const applied = await applyPlan(plan, {
    ...ctx,
    account: identity.account,
    saveBackup,
    takeTurn: turnTaker(ctx, identity.account),
  });
  if (applied.error !== undefined) throw applied.error;
  return result(reports(plan, applied.outcomes));
}

function read(
  { bucket, file: { name, text } }: DiffInput,
  ctx: Context,
): { readonly bucket: string; readonly file: ConfigurationFile } {
  const parsed = parseConfigurationFile(text);
  if (!parsed.ok) throw new S3evtError('INVALID_ARGUMENT', `${name}: ${parsed.problem}`);
  // A file of "ls --json" knows its bucket; naming another one moves the rules there.
  return { bucket: bucket ?? parsed.file.bucket ?? requireBucket(undefined, ctx), file: parsed.file };
}

function changesOf(
  bucket: string,
  before: Parameters<typeof diffDocuments>[0],
  after: Parameters<typeof diffDocuments>[1],
  file: ConfigurationFile,
): FileChanges {
  const { added, removed, changed, eventBridge } = diffDocuments(before, after);
  const named = new Set(file.rules.map(({ id }) => id));
  return {
    bucket,
    added: added.map(ruleReport),
    removed: removed.map(ruleReport),
    changed: changed.map((change) => ({
      before: ruleReport(change.before),
      after: ruleReport(change.after),
    })),
    eventBridge,
    beside: rulesOf(after).flatMap(({ id }) => (named.has(id) ? [] : [id])),
  };
}
