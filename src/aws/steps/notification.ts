import { changedMeanwhile } from '../../core/merge-rules.ts';
import { diffDocuments, sameDocument, type NotificationDocument } from '../../core/notification.ts';
import type { Step, StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { getNotification } from '../read-facts.ts';
import { putNotification } from '../write-notification.ts';
import type { Looked } from './execute.ts';
import { waiting } from './step-call.ts';

type Action = Extract<StepAction, { kind: 'put-notification' }>;

/** Whether another writer changed the document since the plan was made. Throws CONFIGURATION_CHANGED where that ends the step. */
export async function rulesChanged({ bucket, before }: Action, env: ApplyEnvironment): Promise<boolean> {
  const current = await getNotification(env.aws, bucket, env.account);
  if (sameDocument(current, before)) return false;
  if (!env.mergeAgain) throw changedMeanwhile(bucket);
  return true;
}

/**
 * The write of a bucket's configuration, in turn with other processes of this machine. When the document may be another one than the
 * planned one, it is read once more, and what another writer left in it is kept: the plan's change is merged into it, or nothing is
 * written. Throws S3evtError.
 */
export async function putRules(
  step: Step,
  action: Action,
  env: ApplyEnvironment,
  { begun, isStale }: Looked,
): Promise<StepOutcome> {
  const turn = await env.takeTurn?.(action.bucket);
  try {
    const mayDiffer = isStale || turn?.othersWroteSince(begun) === true;
    const { bucket, before, after } = mayDiffer ? await upToDate(action, env) : action;
    const save = () => env.saveBackup(bucket, before, after);
    const write = { bucket, owner: env.account, before, after, save };
    await putNotification({ ...env, onWait: waiting(step, env, 60_000) }, write);
  } finally {
    turn?.release();
  }
  return 'applied';
}

async function upToDate(action: Action, env: ApplyEnvironment): Promise<Action> {
  const { bucket, before } = action;
  const current = await getNotification(env.aws, bucket, env.account);
  if (sameDocument(current, before)) return action;
  if (!env.mergeAgain) throw changedMeanwhile(bucket);
  const after = env.mergeAgain(current, action);
  const message = `the configuration of ${bucket} was changed meanwhile${changeOf(before, current)}; that change is kept`;
  env.emit({ type: 'warning', warning: { code: 'CHANGE_KEPT', message } });
  return { ...action, before: current, after };
}

/** What another writer did, in a few words. */
function changeOf(before: NotificationDocument, now: NotificationDocument): string {
  const { added, removed, changed, eventBridge } = diffDocuments(before, now);
  const rules = (verb: string, ids: readonly string[]) =>
    ids.length === 0 ? [] : [`${ids.length === 1 ? 'rule' : 'rules'} ${ids.join(', ')} ${verb}`];
  const parts = [
    ...rules(
      'added',
      added.map(({ id }) => id),
    ),
    ...rules(
      'removed',
      removed.map(({ id }) => id),
    ),
    ...rules(
      'changed',
      changed.map(({ after }) => after.id),
    ),
    ...(eventBridge === 'unchanged' ? [] : [`EventBridge ${eventBridge}`]),
  ];
  return parts.length === 0 ? '' : ` (${parts.join('; ')})`;
}
