import type { Step, StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { emptyAndDeleteBucket } from '../delete-bucket.ts';
import { lookAgain, putNotification } from '../write-notification.ts';
import { createBucket } from './bucket.ts';
import { putEventRule, putEventTarget, removeEventRule } from './event-rule.ts';
import { createFunction, deleteFunction } from './function.ts';
import { putOnFailure, removeOnFailure } from './function-destination.ts';
import { createLogGroup, deleteLogGroup } from './log-group.ts';
import { addPermission, removePermission } from './permission.ts';
import { putStatement, removeStatement } from './policy-statement.ts';
import { createQueue, deleteQueue, putRedrive, removeRedrive } from './queue.ts';
import { createRole, deleteRole, putRolePolicy } from './role.ts';
import { waiting } from './step-call.ts';
import { createTopic, deleteTopic } from './topic.ts';
import { enableVersioning } from './versioning.ts';

/** The look at AWS just before a step: whether the world is still the one that the plan was made for. */
export async function look(action: StepAction, env: ApplyEnvironment): Promise<void> {
  if (action.kind === 'put-notification') await lookAgain(env.aws, { ...action, owner: env.account });
}

/** Does one step of a plan whose looks began at `begun`. `unchanged` when somebody else did the same a moment ago. Throws S3evtError. */
export async function execute(step: Step, env: ApplyEnvironment, begun: number): Promise<StepOutcome> {
  const { action } = step;
  switch (action.kind) {
    case 'create-bucket':
      return createBucket(action.bucket, action.region, env);
    case 'create-log-group':
      return createLogGroup(action, env);
    case 'create-role':
      return createRole(action.role, action.trust, env);
    case 'put-role-policy':
      return putRolePolicy(action.role, action.policy, action.document, env);
    case 'create-function':
      return createFunction(step, action, env);
    case 'create-queue':
      return createQueue(action, env);
    case 'create-topic':
      return createTopic(action.name, action.policy, env);
    case 'put-statement':
      return putStatement(action.target, action.statement, env);
    case 'add-permission':
      if (action.replaces) await removePermission(action.permission, env);
      return addPermission(action.permission, env);
    case 'put-event-rule':
      return putEventRule(action, env);
    case 'put-event-target':
      return putEventTarget(action, env);
    case 'remove-event-rule':
      return removeEventRule(action, env);
    case 'put-redrive':
      return putRedrive(action, env);
    case 'remove-redrive':
      return removeRedrive(action, env);
    case 'put-on-failure':
      return putOnFailure(step, action.destination, env);
    case 'remove-on-failure':
      return removeOnFailure(action.destination, env);
    case 'enable-versioning':
      return enableVersioning(action.bucket, env);
    case 'put-notification': {
      const save = () => env.saveBackup(action.bucket, action.before, action.after);
      const onWait = waiting(step, env, 60_000);
      const write = { ...action, owner: env.account, save };
      const turn = await env.takeTurn?.(action.bucket);
      try {
        if (turn?.othersWroteSince(begun) === true) await lookAgain(env.aws, write);
        await putNotification({ ...env, onWait }, write);
      } finally {
        turn?.release();
      }
      return 'applied';
    }
    case 'remove-permission':
      return removePermission(action.permission, env);
    case 'remove-statement':
      return removeStatement(action.target, action.sid, env);
    case 'delete-queue':
      return deleteQueue(action.arn, env);
    case 'delete-topic':
      return deleteTopic(action.arn, env);
    case 'delete-function':
      return deleteFunction(action.name, env);
    case 'delete-log-group':
      return deleteLogGroup(action.group, env);
    case 'delete-role':
      return deleteRole(action.role, action.inlinePolicies, env);
    case 'delete-bucket':
      await emptyAndDeleteBucket(env.aws, action.bucket, env.account, action.objects);
      return 'applied';
  }
}
