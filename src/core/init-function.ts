import { functionArn, roleArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import { ifKnown, valueOf } from './facts.ts';
import type { Desired, InitFacts } from './init-plan.ts';
import { defaultLogGroup, isOurs, ROLE_POLICY_NAME, roleNameFor } from './names.ts';
import type { Step } from './plan.ts';
import type { Warning } from './progress.ts';

const RETENTION_DAYS = 14;

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});

/** The role may write the function's own logs and nothing else. */
function logsPolicy(desired: Desired, group: string): string {
  const arn = `arn:${desired.partition}:logs:${desired.region}:${desired.account}:log-group:${group}`;
  return JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [arn, `${arn}:*`],
      },
    ],
  });
}

interface TargetFunction {
  readonly arn: string;
  readonly runtime: string | null;
  readonly logGroup: string;
}

/** The function that is to receive the events, and what it needs to run: adds their steps. */
export function planFunction(
  desired: Desired,
  facts: InitFacts,
  steps: Step[],
  warnings: Warning[],
): TargetFunction {
  const name = desired.functionName;
  const existing = valueOf(facts.function);
  if (existing) {
    if (desired.runtimeGiven && existing.runtime !== undefined && existing.runtime !== desired.runtime) {
      warnings.push({
        code: 'RUNTIME_KEPT',
        message: `function ${name} exists with ${existing.runtime}; --runtime ${desired.runtime} changes nothing`,
      });
    }
    if (desired.roleArn !== undefined && existing.roleArn !== desired.roleArn) {
      warnings.push({
        code: 'ROLE_KEPT',
        message: `function ${name} exists with the role ${existing.roleArn}; --role-arn changes nothing`,
      });
    }
    if (existing.state === 'Failed') {
      warnings.push({
        code: 'FUNCTION_FAILED',
        message: `function ${name} is in state Failed: ${existing.stateReason ?? 'AWS gives no reason'}`,
      });
    }
    // A function of ours whose making was cut short may lack its role's policy or its log group still.
    if (isOurs(existing.tags) && existing.roleArn.endsWith(`/${roleNameFor(name)}`))
      planRoleAndLogs(desired, facts, steps, true);
    steps.push({
      id: 'function',
      title: `Use function ${name}`,
      change: 'none',
      after: [],
      action: { kind: 'create-function', name, runtime: existing.runtime ?? '', roleArn: existing.roleArn },
    });
    return { arn: existing.arn, runtime: existing.runtime ?? null, logGroup: existing.logGroup };
  }
  if (desired.qualifier !== undefined) {
    throw new S3evtError(
      'DESTINATION_NOT_FOUND',
      `function ${name} does not exist, so it has no version or alias "${desired.qualifier}"`,
      {
        hint: 'Name a function that exists, or leave the qualifier out to have one created.',
      },
    );
  }
  const role = planRoleAndLogs(desired, facts, steps, false);
  steps.push({
    id: 'function',
    title: `Create function ${name} (${desired.runtime}), which prints every event`,
    change: 'create',
    after: desired.roleArn === undefined ? ['role'] : [],
    action: { kind: 'create-function', name, runtime: desired.runtime, roleArn: role },
  });
  return {
    arn: functionArn(desired.partition, desired.region, desired.account, name),
    runtime: desired.runtime,
    logGroup: defaultLogGroup(name),
  };
}

/** The log group, the execution role and its policy. Returns the role's ARN. */
function planRoleAndLogs(desired: Desired, facts: InitFacts, steps: Step[], functionExists: boolean): string {
  const group = defaultLogGroup(desired.functionName);
  const haveGroup = facts.logGroup.state !== 'absent';
  // A group that may not be looked at is left alone: Lambda creates it by itself when the role may.
  const unfinished = ifKnown(facts.logGroup)?.unfinished ?? false;
  if (!functionExists || !haveGroup || unfinished) {
    steps.push({
      id: 'log-group',
      title: !haveGroup
        ? `Create log group ${group}, kept for ${RETENTION_DAYS} days`
        : unfinished
          ? `Keep log group ${group} for ${RETENTION_DAYS} days`
          : `Use log group ${group}`,
      change: !haveGroup ? 'create' : unfinished ? 'update' : 'none',
      after: [],
      action: { kind: 'create-log-group', group, retentionDays: RETENTION_DAYS, exists: haveGroup },
    });
  }
  if (desired.roleArn !== undefined) return desired.roleArn;
  const name = roleNameFor(desired.functionName);
  const role = valueOf(facts.role);
  const havePolicy = role?.inlinePolicies.includes(ROLE_POLICY_NAME) ?? false;
  if (role && !isOurs(role.tags)) {
    throw new S3evtError('OWNED_BY_OTHERS', `an IAM role ${name} exists already, and s3evt did not make it`, {
      hint: `To use it as it is, pass --role-arn ${role.arn}; s3evt does not change what others made.`,
    });
  }
  if (functionExists && havePolicy) return role?.arn ?? roleArn(desired.partition, desired.account, name);
  steps.push(
    {
      id: 'role',
      title: role ? `Use role ${name}` : `Create role ${name}`,
      change: role ? 'none' : 'create',
      after: [],
      action: { kind: 'create-role', role: name, trust: TRUST },
    },
    {
      id: 'role-policy',
      title: havePolicy
        ? `Keep the policy of ${name}`
        : `Let ${name} write the function's own logs, nothing else`,
      change: havePolicy ? 'none' : 'create',
      after: ['role'],
      action: {
        kind: 'put-role-policy',
        role: name,
        policy: ROLE_POLICY_NAME,
        document: logsPolicy(desired, group),
      },
    },
  );
  return role?.arn ?? roleArn(desired.partition, desired.account, name);
}
