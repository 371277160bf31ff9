import { callerIdentity, type CallerIdentity } from '../aws/identity.ts';
import { readBucketTags } from '../aws/read-bucket-tags.ts';
import { S3evtError } from '../core/errors.ts';
import { ifKnown } from '../core/facts.ts';
import { hasEventBridge, rulesOf, type Rule } from '../core/notification.ts';
import { ruleReport, type RuleReport } from '../core/plan.ts';
import { healthOf, type DestinationHealth } from '../core/preflight-report.ts';
import type { Finding } from '../core/preflight.ts';
import { isAssignedId, ownerOf, type RuleOwner } from '../core/rule-owner.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import { bucketDocument, knownOwner, requireBucket } from './bucket.ts';
import type { Context } from './context.ts';

export interface LsInput {
  readonly bucket?: string | undefined;
}

export interface ListedRule extends RuleReport {
  readonly owner: RuleOwner;
  /** Of the destination. */
  readonly state: DestinationHealth;
  /** What stands in the way, in words; empty when nothing was found. */
  readonly problems: readonly string[];
  /** Commands to copy, in order, that mend it. */
  readonly fixes: readonly string[];
}

export interface LsResult {
  readonly status: 'ok';
  readonly bucket: string;
  readonly rules: readonly ListedRule[];
  readonly eventBridge: boolean;
}

/** Every rule of the bucket, whoever wrote it. One round trip, two when there are rules. Throws S3evtError. */
export async function runLs(input: LsInput, ctx: Context): Promise<LsResult> {
  const bucket = requireBucket(input.bucket, ctx);
  const [document, identity] = await Promise.all([bucketDocument(bucket, ctx), identityIfKnown(ctx)]);
  const rules = rulesOf(document);
  const [findings, owners] = await Promise.all([
    identity === undefined ? undefined : findingsOf(rules, bucket, identity, ctx),
    ruleOwners(rules, bucket, ctx),
  ]);
  return {
    status: 'ok',
    bucket,
    rules: rules.map((rule, index) => ({
      ...ruleReport(rule),
      owner: owners[index] ?? 'others',
      ...destinationReport(findings?.filter(({ ruleId }) => ruleId === rule.id)),
    })),
    eventBridge: hasEventBridge(document),
  };
}

async function findingsOf(
  rules: readonly Rule[],
  bucket: string,
  identity: CallerIdentity,
  ctx: Pick<Context, 'aws'>,
): Promise<readonly Finding[]> {
  if (rules.length === 0) return [];
  // Loaded here: it knows every kind of destination.
  const [target, { lookAtDestinations }] = await Promise.all([ctx.aws.target(), import('./preflight.ts')]);
  return (await lookAtDestinations(rules, rules, { bucket, identity, target }, ctx)).findings;
}

/** A server that speaks S3 alone still lists its rules. */
async function identityIfKnown({ aws }: Pick<Context, 'aws'>): Promise<CallerIdentity | undefined> {
  try {
    return await callerIdentity(aws);
  } catch (error) {
    if (error instanceof S3evtError) return undefined;
    throw error;
  }
}

/** The findings of one rule as they stand in results. What could not be checked is no problem; without findings nothing was looked at. */
export function destinationReport(
  findings: readonly Finding[] | undefined,
): Pick<ListedRule, 'state' | 'problems' | 'fixes'> {
  if (findings === undefined) return { state: 'unknown', problems: [], fixes: [] };
  const problems = findings.filter(({ severity }) => severity !== 'unchecked');
  return {
    state: healthOf(findings),
    problems: problems.map(({ message }) => message),
    fixes: [...new Set(problems.flatMap(({ fix }) => fix))],
  };
}

/** Whose each rule is. The bucket's tags are read only when some id does not tell. */
export async function ruleOwners(
  rules: readonly Rule[],
  bucket: string,
  { aws, project }: Pick<Context, 'aws' | 'project'>,
): Promise<readonly RuleOwner[]> {
  const made = rules.map((rule) => madeHere(project.settings, bucket, rule));
  const asks = rules.some(({ id }, index) => made[index] !== true && isAssignedId(id));
  const tags = asks
    ? (ifKnown(await readBucketTags(aws, bucket, await knownOwner(bucket, { aws, project }))) ?? {})
    : {};
  return rules.map((rule, index) => (made[index] === true ? 's3evt' : ownerOf(rule, tags)));
}

/** Whether the project file says that s3evt made this very rule: same id, same destination. */
export function madeHere(
  settings: ProjectSettings | undefined,
  bucket: string,
  rule: { readonly id: string; readonly destination: { readonly arn: string } },
): boolean {
  return (settings?.made ?? []).some(
    (made) =>
      made.kind === 'rule' &&
      made.name === rule.id &&
      made.bucket === bucket &&
      made.function === rule.destination.arn,
  );
}
