import { bucketArn, functionArn, roleArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import {
  ifKnown,
  valueOf,
  type BucketFacts,
  type Fact,
  type FunctionFacts,
  type LogGroupFacts,
  type RoleFacts,
} from './facts.ts';
import { defaultLogGroup, isOurs, ROLE_POLICY_NAME, roleNameFor, statementIdFor } from './names.ts';
import {
  describeFilter,
  overlapsWith,
  rulesOf,
  sameRule,
  withRule,
  type NotificationDocument,
  type Overlap,
  type Rule,
} from './notification.ts';
import type { Permission, Plan, Step } from './plan.ts';
import { evaluatePolicy, parsePolicy } from './policy.ts';
import type { Warning } from './progress.ts';

/** What the caller of `init` wants to be true. */
export interface Desired {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly bucket: string;
  readonly functionName: string;
  /** Version or alias that the rules are to name. */
  readonly qualifier: string | undefined;
  /** For a function that has to be created. */
  readonly runtime: string;
  /** Whether the runtime was asked for, so that another one is worth a word. */
  readonly runtimeGiven: boolean;
  /** An execution role of the caller's instead of one that s3evt makes. */
  readonly roleArn: string | undefined;
  /** Destinations are filled in by the plan. */
  readonly rules: readonly Omit<Rule, 'destination'>[];
}

/** All that the plan rests on; read together, before anything is decided. */
export interface InitFacts {
  readonly bucket: Fact<BucketFacts>;
  readonly notification: Fact<NotificationDocument>;
  readonly function: Fact<FunctionFacts>;
  /** Text of the resource-based policy of the qualifier that the rules name. */
  readonly policy: Fact<string>;
  /** The role that s3evt would make for the function. */
  readonly role: Fact<RoleFacts>;
  readonly logGroup: Fact<LogGroupFacts>;
}

export interface InitPlan extends Plan {
  readonly rules: readonly Rule[];
  readonly function: {
    readonly name: string;
    readonly arn: string;
    readonly runtime: string | null;
    readonly logGroup: string;
  };
  /** Document that will stand in the bucket. */
  readonly document: NotificationDocument;
  /** The function has to become Active before an event can be handled. */
  readonly awaitActive: boolean;
  readonly warnings: readonly Warning[];
}

/** S3's limit, queues, topics and functions together. */
const MAX_RULES = 100;
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

/** Pure. Throws S3evtError when what is wanted cannot be: overlap, a taken rule id, another Region, a missing function. */
export function planInit(desired: Desired, facts: InitFacts): InitPlan {
  const steps: Step[] = [];
  const warnings: Warning[] = [];
  const bucket = valueOf(facts.bucket);
  if (bucket && bucket.region !== desired.region) throw otherRegion(bucket, desired.region);
  steps.push({
    id: 'bucket',
    title: bucket ? `Use bucket ${desired.bucket}` : `Create bucket ${desired.bucket} in ${desired.region}`,
    change: bucket ? 'none' : 'create',
    after: [],
    action: { kind: 'create-bucket', bucket: desired.bucket, region: desired.region },
  });

  const target = planFunction(desired, facts, steps, warnings);
  const qualified = desired.qualifier === undefined ? target.arn : `${target.arn}:${desired.qualifier}`;
  const rules = desired.rules.map((rule): Rule => ({
    ...rule,
    destination: { kind: 'lambda', arn: qualified },
  }));

  steps.push(planPermission(desired, facts, qualified));
  const before = bucket ? (valueOf(facts.notification) ?? {}) : {};
  const { document, settled } = mergeRules(before, rules);
  const unchanged = document === before;
  const names = settled.map((rule) => rule.id).join(', ');
  steps.push({
    id: 'notification',
    title: `${unchanged ? 'Keep' : 'Put'} ${settled.length === 1 ? 'rule' : 'rules'} ${names} on ${desired.bucket}`,
    change: unchanged
      ? 'none'
      : rulesOf(before).some((rule) => settled.some(({ id }) => id === rule.id))
        ? 'update'
        : 'create',
    after: ['bucket', 'permission'],
    lookAfter: ['bucket', 'function'],
    action: { kind: 'put-notification', bucket: desired.bucket, before, after: document },
  });

  const current = facts.function.state === 'known' ? facts.function.value : undefined;
  return {
    steps,
    rules: settled,
    document,
    function: {
      name: desired.functionName,
      arn: qualified,
      runtime: target.runtime,
      logGroup: target.logGroup,
    },
    awaitActive: current === undefined || current.state === 'Pending',
    warnings,
  };
}

function otherRegion(bucket: BucketFacts, region: string): S3evtError {
  return new S3evtError(
    'WRONG_REGION',
    `bucket ${bucket.name} is in ${bucket.region}, this call is for ${region}`,
    {
      hint: `S3 sends events to functions of the bucket's own Region only: pass --region ${bucket.region}.`,
    },
  );
}

interface TargetFunction {
  readonly arn: string;
  readonly runtime: string | null;
  readonly logGroup: string;
}

function planFunction(
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
      'NOT_FOUND',
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

function planPermission(desired: Desired, facts: InitFacts, qualified: string): Step {
  const permission: Permission = {
    functionName: desired.functionName,
    qualifier: desired.qualifier,
    statementId: statementIdFor(desired.bucket),
    sourceArn: bucketArn(desired.partition, desired.bucket),
    sourceAccount: desired.account,
  };
  const text = valueOf(facts.policy);
  const policy = text === undefined ? undefined : parsePolicy(text);
  const admits =
    policy !== undefined &&
    evaluatePolicy(policy, {
      principal: { service: 's3.amazonaws.com' },
      action: 'lambda:InvokeFunction',
      resource: qualified,
      context: { 'aws:SourceArn': permission.sourceArn, 'aws:SourceAccount': permission.sourceAccount },
    }).effect === 'allow';
  const taken = policy?.statements.some((statement) => statement.sid === permission.statementId) ?? false;
  const where =
    desired.qualifier === undefined ? desired.functionName : `${desired.functionName}:${desired.qualifier}`;
  return {
    id: 'permission',
    title: admits
      ? `Keep the permission of ${desired.bucket} to invoke ${where}`
      : `Let s3.amazonaws.com invoke ${where} for ${desired.bucket} of account ${desired.account}`,
    change: admits ? 'none' : taken ? 'update' : 'create',
    after: ['function'],
    action: { kind: 'add-permission', permission, replaces: taken && !admits },
  };
}

/**
 * The document with the rules in it, and the rules as they will stand there. A rule that is there already under
 * another id serves as it is: AWS would refuse a second one. Returns `before` itself when nothing changes.
 */
function mergeRules(
  before: NotificationDocument,
  rules: readonly Rule[],
): { document: NotificationDocument; settled: readonly Rule[] } {
  let document = before;
  const settled: Rule[] = [];
  for (const rule of rules) {
    const twin = rulesOf(document).find((other) => sameRule({ ...other, id: rule.id }, rule));
    if (twin) {
      settled.push(twin);
      continue;
    }
    const taken = rulesOf(document).find((other) => other.id === rule.id);
    if (taken && taken.destination.arn !== rule.destination.arn) throw idTaken(taken, rule);
    const overlaps = overlapsWith(document, rule);
    if (overlaps.length > 0) throw overlap(overlaps);
    document = withRule(document, rule);
    settled.push(rule);
  }
  if (rulesOf(document).length > MAX_RULES) {
    throw new S3evtError(
      'RULES_OVERLAP',
      `the bucket would have ${rulesOf(document).length} rules; AWS allows ${MAX_RULES}`,
      {
        hint: 'Fan out behind one rule: EventBridge or an SNS topic takes any number of subscribers.',
      },
    );
  }
  return { document, settled };
}

function idTaken(taken: Rule, rule: Rule): S3evtError {
  return new S3evtError(
    'RULE_ID_TAKEN',
    `the bucket has a rule "${taken.id}" already, for ${taken.destination.arn}`,
    {
      hint: `Choose another id for the rule of ${rule.destination.arn}: --id NAME.`,
    },
  );
}

function overlap(overlaps: readonly Overlap[]): S3evtError {
  const [first] = overlaps;
  if (first === undefined) throw new TypeError('overlap() needs one');
  const { a, b, events, witness } = first;
  const more = overlaps.length > 1 ? ` (and ${overlaps.length - 1} more)` : '';
  return new S3evtError(
    'RULES_OVERLAP',
    `rule "${a.id}" (${describeFilter(a.filter)}) and rule "${b.id}" (${describeFilter(b.filter)}) of the bucket${more} ` +
      `would both take ${events.join(', ')} of a key such as "${witness}"; S3 allows one of them`,
    {
      hint: `Narrow the new rule with --prefix, --suffix or --event, or fan out: "${b.id}" sends to ${b.destination.arn}.`,
    },
  );
}
