import { readFunctionPolicy, readNotification } from '../aws/read-facts.ts';
import { bucketArn, parseArn, parseFunctionReference } from '../core/arn.ts';
import { ruleStatementIdFor } from '../core/event-rule.ts';
import { ifKnown, valueOf } from '../core/facts.ts';
import { defaultLogGroup, roleNameFor, statementIdFor } from '../core/names.ts';
import type { NotificationDocument } from '../core/notification.ts';
import { parsePolicy, type PolicyStatement } from '../core/policy-document.ts';
import type { MadeResource, ProjectSettings } from '../project/project-file.ts';
import type { Context } from './context.ts';

/** With a bucket: its own entries; a function and what belongs to it only when no other bucket's rule leads there. */
export function concerns(
  entry: MadeResource,
  bucket: string | undefined,
  settings: ProjectSettings | undefined,
): boolean {
  if (bucket === undefined) return true;
  switch (entry.kind) {
    case 'bucket':
      return entry.name === bucket;
    case 'rule':
      return entry.bucket === bucket;
    case 'event-rule':
      return entry.bucket === bucket;
    case 'eventbridge':
    case 'versioning':
      return entry.name === bucket;
    case 'permission':
    case 'statement':
      return [statementIdFor(bucket), ...eventStatements(bucket, settings)].includes(entry.name);
    default: {
      const all = settings?.made ?? [];
      const rules = all.filter((made) => made.kind === 'rule' && belongsTo(entry, made, all));
      if (rules.length === 0) return settings?.bucket === bucket;
      return rules.every((rule) => rule.bucket === bucket);
    }
  }
}

/** Ids of the statements that admit the event rules of the bucket to their targets. */
function eventStatements(bucket: string, settings: ProjectSettings | undefined): readonly string[] {
  return (settings?.made ?? []).flatMap((made) =>
    made.kind === 'event-rule' && made.bucket === bucket ? [ruleStatementIdFor(made.name)] : [],
  );
}

/** Whether this is what is behind the rule, or was made for it: role, log group, dead-letter queue. */
function belongsTo({ kind, name }: MadeResource, rule: MadeResource, all: readonly MadeResource[]): boolean {
  if (kind === 'queue') {
    const sources = all.filter(
      (made) => (made.kind === 'redrive' || made.kind === 'on-failure') && made.function === name,
    );
    return name === rule.function || sources.some((source) => belongsTo(source, rule, all));
  }
  if (kind === 'topic' || kind === 'redrive') return name === rule.function;
  const fn = parseFunctionReference(rule.function ?? '')?.name;
  if (fn === undefined) return false;
  if (kind === 'function') return name === fn;
  if (kind === 'on-failure') return parseFunctionReference(name)?.name === fn;
  return kind === 'role' ? name === roleNameFor(fn) : kind === 'log-group' && name === defaultLogGroup(fn);
}

/**
 * The configuration of every bucket whose rules may lead to what is to be removed: the buckets of the ledger, and those that
 * the functions' policies admit. The ledger alone does not know them: it forgets a bucket with its last rule, and others
 * may send to a function of s3evt from buckets of their own. Those of the ledger are the account's; whose the others are, the policies
 * need not say, so no owner is expected of them.
 */
export async function readDocuments(
  made: readonly MadeResource[],
  account: string,
  ctx: Pick<Context, 'aws'>,
): Promise<ReadonlyMap<string, NotificationDocument>> {
  const named = new Set(
    made.flatMap((entry) => (entry.kind === 'bucket' ? [entry.name] : (entry.bucket ?? []))),
  );
  const documentsOf = (buckets: readonly string[], owner?: string) =>
    Promise.all(
      buckets.map(async (bucket) => [bucket, await readNotification(ctx.aws, bucket, owner)] as const),
    );
  const [own, admitted] = await Promise.all([
    documentsOf([...named], account),
    Promise.all(made.map((entry) => admittedBuckets(entry, ctx))),
  ]);
  const further = new Set(admitted.flat().filter((bucket) => !named.has(bucket)));
  const read = [...own, ...(await documentsOf([...further]))];
  return new Map(
    read.flatMap(([bucket, fact]): [string, NotificationDocument][] => {
      // A bucket elsewhere sends nothing here: S3 refuses functions of other Regions.
      if (fact.state === 'failed' && fact.error.code === 'WRONG_REGION') return [];
      const document = valueOf(fact);
      return document === undefined ? [] : [[bucket, document]];
    }),
  );
}

/** Of a function: the buckets that its policy admits. Of a permission: its own bucket. */
async function admittedBuckets(entry: MadeResource, ctx: Pick<Context, 'aws'>): Promise<readonly string[]> {
  if (entry.kind !== 'function' && entry.kind !== 'permission') return [];
  const reference = parseFunctionReference(entry.kind === 'function' ? entry.name : (entry.function ?? ''));
  if (!reference) return [];
  const text = ifKnown(await readFunctionPolicy(ctx.aws, reference.name, reference.qualifier));
  const statements = (text === undefined ? undefined : parsePolicy(text))?.statements ?? [];
  return statements
    .filter(({ sid }) => entry.kind === 'function' || sid === entry.name)
    .flatMap(sourceBuckets);
}

function sourceBuckets({ conditions }: PolicyStatement): readonly string[] {
  return conditions
    .filter(({ key }) => key.toLowerCase() === 'aws:sourcearn')
    .flatMap(({ values }) => values)
    .flatMap((arn) => {
      const parsed = parseArn(arn);
      const isBucket = parsed !== undefined && arn === bucketArn(parsed.partition, parsed.resource);
      return isBucket && !/[*?]/.test(parsed.resource) ? [parsed.resource] : [];
    });
}
