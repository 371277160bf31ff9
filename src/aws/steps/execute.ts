import type { Step, StepAction, StepOutcome } from '../../core/plan.ts';
import type { ApplyEnvironment } from '../apply-plan.ts';
import { emptyAndDeleteBucket } from '../delete-bucket.ts';
import { createBucket } from './bucket.ts';
import { putEventRule, putEventTarget, removeEventRule } from './event-rule.ts';
import { createFunction, deleteFunction } from './function.ts';
import { putOnFailure, removeOnFailure } from './function-destination.ts';
import { createLogGroup, deleteLogGroup } from './log-group.ts';
import { putRules, rulesChanged } from './notification.ts';
import { addPermission, removePermission } from './permission.ts';
import { putStatement, removeStatement } from './policy-statement.ts';
import { createQueue, deleteQueue, putRedrive, removeRedrive } from './queue.ts';
import { createRole, deleteRole, putRolePolicy } from './role.ts';
import { createTopic, deleteTopic } from './topic.ts';
import { enableVersioning } from './versioning.ts';

/**
 * The look at AWS just before a step: whether the world is another one by now than that which the plan was made for. Throws
 * CONFIGURATION_CHANGED where the step cannot be done in another one.
 */
export async function look(action: StepAction, env: ApplyEnvironment): Promise<boolean> {
  return action.kind === 'put-notification' && rulesChanged(action, env);
}

/** What the looks at AWS before a step have found. */
export interface Looked {
  /** When the looks of the plan began, in epoch ms of the clock. */
  readonly begun: number;
  /** What `look` said. */
  readonly isStale: boolean;
}

/** Does one step of a plan. `unchanged` when somebody else did the same a moment ago. Throws S3evtError. */
export async function execute(step: Step, env: ApplyEnvironment, looked: Looked): Promise<StepOutcome> {
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
    case 'put-notification':
      return putRules(step, action, env, looked);
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
