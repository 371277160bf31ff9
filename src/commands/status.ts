import { callerIdentity, type CallerIdentity } from '../aws/identity.ts';
import { lastRecords } from '../aws/last-records.ts';
import { readFunction, readFunctionPolicy } from '../aws/read-facts.ts';
import { bucketArn, parseFunctionReference } from '../core/arn.ts';
import { formatInstant } from '../core/duration.ts';
import { hasCode } from '../core/errors.ts';
import type { Fact, FunctionFacts } from '../core/facts.ts';
import { defaultLogGroup } from '../core/names.ts';
import { hasEventBridge, rulesOf, type Rule } from '../core/notification.ts';
import { evaluatePolicy, parsePolicy } from '../core/policy.ts';
import { ruleReport, type RuleReport } from '../core/plan.ts';
import { bucketDocument, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';
import { madeHere } from './ls.ts';

export interface StatusInput {
  readonly bucket?: string | undefined;
}

export interface StatusRule extends RuleReport {
  readonly owner: 's3evt' | 'others';
  /** Null for destinations that are not functions, and for what may not be read. */
  readonly function: {
    readonly state: string | null;
    readonly runtime: string | null;
    readonly logGroup: string;
  } | null;
  /** Whether the function's resource-based policy lets S3 invoke it for this bucket; `unknown` when it may not be read. */
  readonly permission: 'allowed' | 'missing' | 'unknown' | null;
  /** Newest first. Null when they cannot be known. */
  readonly lastEvents: readonly StatusEvent[] | null;
  /** What stands in the way, in words; empty when nothing was found. */
  readonly problems: readonly string[];
}

export interface StatusEvent {
  /** ISO 8601: when it was logged. */
  readonly at: string;
  readonly eventName: string;
  readonly key: string;
}

export interface StatusResult {
  readonly status: 'ok';
  readonly bucket: string;
  readonly account: string;
  readonly region: string;
  readonly rules: readonly StatusRule[];
  readonly eventBridge: boolean;
}

const LOOK_BACK_MS = 24 * 3_600_000;
const EVENTS_SHOWN = 3;
/** Functions looked at together: AWS allows 15 GetPolicy calls a second. */
const AT_ONCE = 8;

/** Rules, destinations, their state and the last deliveries. Two round trips. Throws S3evtError. */
export async function runStatus(input: StatusInput, ctx: Context): Promise<StatusResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const [identity, target, document] = await Promise.all([
    callerIdentity(ctx.aws),
    ctx.aws.target(),
    bucketDocument(bucket, ctx),
  ]);
  const rules = rulesOf(document);
  const found: StatusRule[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < rules.length; index = next++) {
      const rule = rules[index];
      if (rule) found[index] = await statusOf(rule, bucket, identity, ctx);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, rules.length) }, worker));
  return {
    status: 'ok',
    bucket,
    account: identity.account,
    region: target.region.value,
    rules: found,
    eventBridge: hasEventBridge(document),
  };
}

async function statusOf(
  rule: Rule,
  bucket: string,
  identity: CallerIdentity,
  ctx: Context,
): Promise<StatusRule> {
  const base = {
    ...ruleReport(rule),
    owner: madeHere(ctx.project.settings, bucket, rule) ? 's3evt' : 'others',
  } as const;
  const reference =
    rule.destination.kind === 'lambda' ? parseFunctionReference(rule.destination.arn) : undefined;
  if (!reference) return { ...base, function: null, permission: null, lastEvents: null, problems: [] };
  const { name, qualifier } = reference;
  const group = defaultLogGroup(name);
  const since = ctx.clock.now() - LOOK_BACK_MS;
  const [fn, policy, events] = await Promise.all([
    readFunction(ctx.aws, name),
    readFunctionPolicy(ctx.aws, name, qualifier),
    eventsOf(group, since, rule.id, bucket, ctx),
  ]);
  const logGroup = fn.state === 'known' ? fn.value.logGroup : group;
  const lastEvents = logGroup === group ? events : await eventsOf(logGroup, since, rule.id, bucket, ctx);
  const permission = permissionOf(policy, rule, bucket, identity);
  return {
    ...base,
    function:
      fn.state === 'known' ? { state: fn.value.state, runtime: fn.value.runtime ?? null, logGroup } : null,
    permission,
    lastEvents,
    problems: problemsOf(fn, permission, name),
  };
}

async function eventsOf(
  group: string,
  since: number,
  ruleId: string,
  bucket: string,
  ctx: Context,
): Promise<readonly StatusEvent[] | null> {
  try {
    const records = (await lastRecords(ctx.aws, group, since, 50)) ?? [];
    return records
      .filter(({ record }) => record.bucket === bucket && (record.configurationId ?? ruleId) === ruleId)
      .slice(0, EVENTS_SHOWN)
      .map(({ at, record }) => ({ at: formatInstant(at), eventName: record.eventName, key: record.key }));
  } catch (error) {
    // Logs are nice to know here: without the right to read them the rest still stands.
    if (hasCode(error, 'ACCESS_DENIED', 'AWS_ERROR', 'THROTTLED', 'AWS_UNAVAILABLE')) return null;
    throw error;
  }
}

function permissionOf(
  policy: Fact<string>,
  rule: Rule,
  bucket: string,
  identity: CallerIdentity,
): StatusRule['permission'] {
  if (policy.state === 'absent') return 'missing';
  const document = policy.state === 'known' ? parsePolicy(policy.value) : undefined;
  if (!document) return 'unknown';
  const decision = evaluatePolicy(document, {
    principal: { service: 's3.amazonaws.com' },
    action: 'lambda:InvokeFunction',
    resource: rule.destination.arn,
    context: {
      'aws:SourceArn': bucketArn(identity.partition, bucket),
      'aws:SourceAccount': identity.account,
    },
  });
  return decision.effect === 'allow' ? 'allowed' : 'missing';
}

function problemsOf(
  fn: Fact<FunctionFacts>,
  permission: StatusRule['permission'],
  name: string,
): readonly string[] {
  const problems: string[] = [];
  if (fn.state === 'absent') return [`function ${name} does not exist`];
  if (fn.state === 'known' && fn.value.state !== 'Active') {
    problems.push(
      `function ${name} is ${fn.value.state}${fn.value.stateReason === undefined ? '' : `: ${fn.value.stateReason}`}`,
    );
  }
  if (permission === 'missing')
    problems.push(`the policy of ${name} does not let S3 invoke it for this bucket`);
  return problems;
}
