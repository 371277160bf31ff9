import { bucketArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import {
  valueOf,
  type BucketFacts,
  type Fact,
  type FunctionFacts,
  type LogGroupFacts,
  type RoleFacts,
} from './facts.ts';
import { planFunction } from './init-function.ts';
import { mergeRules } from './merge-rules.ts';
import { statementIdFor } from './names.ts';
import { rulesOf, type NotificationDocument, type Rule } from './notification.ts';
import type { Permission, Plan, Step } from './plan.ts';
import { parsePolicy } from './policy-document.ts';
import type { FixFlags } from './preflight-fixes.ts';
import type { Warning } from './progress.ts';
import { DELIVERY_ACTIONS, S3_PRINCIPAL, s3Decision } from './s3-access.ts';

/** What the caller of `init` wants of the bucket, whatever the destination is. */
export interface DesiredRules {
  readonly account: string;
  readonly partition: string;
  readonly region: string;
  readonly bucket: string;
  /** For the commands of errors. */
  readonly flags?: FixFlags;
  /** Ids of rules that s3evt made on this bucket: only these may be replaced by others of the same id. */
  readonly ours: ReadonlySet<string>;
  /** Destinations are filled in by the plan. */
  readonly rules: readonly Omit<Rule, 'destination'>[];
}

/** What the caller of `init` wants to be true of a function. */
export interface Desired extends DesiredRules {
  readonly functionName: string;
  /** Version or alias that the rules are to name. */
  readonly qualifier: string | undefined;
  /** For a function that has to be created. */
  readonly runtime: string;
  /** Whether the runtime was asked for, so that another one is worth a word. */
  readonly runtimeGiven: boolean;
  /** An execution role of the caller's instead of one that s3evt makes. */
  readonly roleArn: string | undefined;
}

export interface BucketInitFacts {
  readonly bucket: Fact<BucketFacts>;
  readonly notification: Fact<NotificationDocument>;
}

/** All that the plan for a function rests on; read together, before anything is decided. */
export interface InitFacts extends BucketInitFacts {
  readonly function: Fact<FunctionFacts>;
  /** Text of the resource-based policy of the qualifier that the rules name. */
  readonly policy: Fact<string>;
  /** The role that s3evt would make for the function. */
  readonly role: Fact<RoleFacts>;
  readonly logGroup: Fact<LogGroupFacts>;
}

export interface InitPlan extends Plan {
  readonly rules: readonly Rule[];
  /** Null for EventBridge, which has no rules of the bucket. */
  readonly destination: Rule['destination'] | null;
  /** Null for other destinations. */
  readonly eventBridge: {
    readonly enabled: boolean;
    /** Name of the rule on the default bus. */
    readonly rule: string | null;
    /** ARN of what receives the rule's events. */
    readonly target: string | null;
  } | null;
  /** Null for other destinations. */
  readonly function: {
    readonly name: string;
    readonly arn: string;
    readonly runtime: string | null;
    readonly logGroup: string;
  } | null;
  /** Document that will stand in the bucket. */
  readonly document: NotificationDocument;
  /** The function has to become Active before an event can be handled. */
  readonly awaitActive: boolean;
  readonly warnings: readonly Warning[];
}

/** Pure. Throws S3evtError when what is wanted cannot be: overlap, a taken rule id, another Region, a missing function. */
export function planInit(desired: Desired, facts: InitFacts): InitPlan {
  const warnings: Warning[] = [];
  const steps: Step[] = [planBucket(desired, facts)];
  const target = planFunction(desired, facts, steps, warnings);
  const qualified = desired.qualifier === undefined ? target.arn : `${target.arn}:${desired.qualifier}`;
  const destination = { kind: 'lambda', arn: qualified } as const;
  steps.push(planPermission(desired, facts, qualified));
  const { step, settled, document } = planRules(desired, facts, destination, ['bucket', 'permission']);
  steps.push({ ...step, lookAfter: ['bucket', 'function'] });

  const current = facts.function.state === 'known' ? facts.function.value : undefined;
  return {
    steps,
    rules: settled,
    document,
    destination,
    function: {
      name: desired.functionName,
      arn: qualified,
      runtime: target.runtime,
      logGroup: target.logGroup,
    },
    eventBridge: null,
    awaitActive: current === undefined || current.state === 'Pending',
    warnings,
  };
}

export function planBucket(desired: DesiredRules, facts: BucketInitFacts): Step {
  const bucket = valueOf(facts.bucket);
  if (bucket && bucket.region !== desired.region) throw otherRegion(bucket, desired.region);
  return {
    id: 'bucket',
    title: bucket ? `Use bucket ${desired.bucket}` : `Create bucket ${desired.bucket} in ${desired.region}`,
    change: bucket ? 'none' : 'create',
    after: [],
    action: { kind: 'create-bucket', bucket: desired.bucket, region: desired.region },
  };
}

/** The write of the rules, with the document that it leaves. */
export function planRules(
  desired: DesiredRules,
  facts: BucketInitFacts,
  destination: Rule['destination'],
  after: readonly string[],
): { readonly step: Step; readonly settled: readonly Rule[]; readonly document: NotificationDocument } {
  const rules = desired.rules.map((rule): Rule => ({ ...rule, destination }));
  const before = valueOf(facts.bucket) ? (valueOf(facts.notification) ?? {}) : {};
  const { document, settled } = mergeRules(before, rules, desired.ours, desired);
  const unchanged = document === before;
  const names = settled.map((rule) => rule.id).join(', ');
  const step: Step = {
    id: 'notification',
    title: `${unchanged ? 'Keep' : 'Put'} ${settled.length === 1 ? 'rule' : 'rules'} ${names} on ${desired.bucket}`,
    change: unchanged
      ? 'none'
      : rulesOf(before).some((rule) => settled.some(({ id }) => id === rule.id))
        ? 'update'
        : 'create',
    after,
    action: { kind: 'put-notification', bucket: desired.bucket, before, after: document },
  };
  return { step, settled, document };
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

function planPermission(desired: Desired, facts: InitFacts, qualified: string): Step {
  const permission: Permission = {
    functionName: desired.functionName,
    qualifier: desired.qualifier,
    statementId: statementIdFor(desired.bucket),
    principal: S3_PRINCIPAL,
    sourceArn: bucketArn(desired.partition, desired.bucket),
    sourceAccount: desired.account,
  };
  const text = valueOf(facts.policy);
  const policy = text === undefined ? undefined : parsePolicy(text);
  const bucket = { arn: permission.sourceArn, account: desired.account };
  const admits = s3Decision(text, DELIVERY_ACTIONS.lambda, qualified, bucket)?.effect === 'allow';
  const taken = policy?.statements.some((statement) => statement.sid === permission.statementId) ?? false;
  const where =
    desired.qualifier === undefined ? desired.functionName : `${desired.functionName}:${desired.qualifier}`;
  if (!admits && !taken) refuseFullPolicy(text ?? '', where, permission, qualified);
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

/** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: 20 KB for a function's resource-based policy. */
const MAX_POLICY_BYTES = 20_480;

/** Lambda would refuse the statement (PolicyLengthExceededException), after other steps were done. */
function refuseFullPolicy(policy: string, where: string, permission: Permission, resource: string): void {
  // As Lambda writes it, with the names of its members.
  const statement = JSON.stringify({
    Sid: permission.statementId,
    Effect: 'Allow',
    Principal: { Service: permission.principal },
    Action: DELIVERY_ACTIONS.lambda,
    Resource: resource,
    Condition: {
      StringEquals: { 'AWS:SourceAccount': permission.sourceAccount },
      ArnLike: { 'AWS:SourceArn': permission.sourceArn },
    },
  });
  const size = policy.length + 1 + statement.length;
  if (policy === '' || size <= MAX_POLICY_BYTES) return;
  throw new S3evtError(
    'DESTINATION_REFUSED',
    `the policy of function ${where} has ${policy.length} bytes; one more statement would make it ${size}, and Lambda takes ${MAX_POLICY_BYTES}`,
    {
      hint: 'Remove statements of buckets that are gone, or let one statement admit several buckets by a wildcard in its source ARN.',
      commands: [`aws lambda get-policy --function-name ${where}`],
    },
  );
}

/** The plan with versioning turned on in it. `versioning` is the bucket's status: `Enabled`, `Suspended`; absent for never on. */
export function withVersioning(plan: InitPlan, bucket: string, versioning: Fact<string>): InitPlan {
  const isOn = valueOf(versioning) === 'Enabled';
  const step: Step = {
    id: 'versioning',
    // https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
    title: isOn
      ? `Keep versioning of ${bucket} on`
      : `Turn versioning of ${bucket} on: without it, two writes of one key at the same moment may send one event only`,
    change: isOn ? 'none' : 'update',
    after: ['bucket'],
    action: { kind: 'enable-versioning', bucket },
  };
  const note: Warning = {
    code: 'VERSIONING_STAYS',
    message: `"s3evt destroy" does not turn versioning of ${bucket} off again, and every version of an object is stored and paid for`,
  };
  const [first, ...rest] = plan.steps;
  return {
    ...plan,
    steps: first ? [first, step, ...rest] : [step],
    warnings: isOn ? plan.warnings : [...plan.warnings, note],
  };
}
