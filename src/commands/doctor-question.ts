import { callerIdentity } from '../aws/identity.ts';
import { endpointFor, isAwsHost, SERVICES } from '../aws/endpoints.ts';
import type { Target } from '../aws/target.ts';
import { functionArn, parseArn, parseFunctionReference, partitionOf } from '../core/arn.ts';
import { documentAsWritten, parseConfigurationFile } from '../core/configuration-file.ts';
import type { Question, TargetFacts } from '../core/doctor/facts.ts';
import { S3evtError } from '../core/errors.ts';
import { documentFor } from '../core/apply-file.ts';
import { rulesOf, type NotificationDocument, type Rule } from '../core/notification.ts';
import { backupsOf } from '../project/backups.ts';
import type { FileText } from './apply.ts';
import { requireBucket } from './bucket.ts';
import type { Context } from './context.ts';

/** What somebody wants to know of a bucket. */
export interface DoctorQuestion {
  readonly bucket?: string | undefined;
  readonly key?: string | undefined;
  readonly versionId?: string | undefined;
  readonly operation?: string | undefined;
  /** Name or ARN of the function, or ARN of the queue or topic, that should get the events. */
  readonly expected?: string | undefined;
  readonly ruleId?: string | undefined;
  /** From when on logs and metrics are looked at, epoch ms; by default the last hour. */
  readonly since?: number | undefined;
  /** A configuration that somebody wants to put. */
  readonly intended?: FileText | undefined;
}

/** CloudWatch keeps metrics for 15 months: nothing is known of what was before. */
const MOST_SINCE_MS = 455 * 86_400_000;

/** Throws S3evtError for what cannot be meant. */
export async function readQuestion(input: DoctorQuestion, ctx: Context): Promise<Question> {
  const bucket = requireBucket(input.bucket, ctx);
  refuseAlias(bucket);
  const intended = input.intended && documentIn(input.intended);
  return {
    bucket,
    key: input.key,
    versionId: input.versionId,
    operation: input.operation,
    expected: input.expected === undefined ? undefined : await arnOf(input.expected, ctx),
    ruleId: input.ruleId,
    since: Math.max(input.since ?? ctx.clock.now() - 3_600_000, ctx.clock.now() - MOST_SINCE_MS),
    remembered: rememberedRules(bucket, ctx),
    intended,
  };
}

/** What S3 would find wrong with a document is for the checks to say. */
/**
 * S3 takes the alias of an access point in place of a bucket's name; policies and events bear the bucket's own, which only S3 Control
 * tells. https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html
 */
function refuseAlias(bucket: string): void {
  if (!bucket.endsWith('-s3alias')) return;
  throw new S3evtError('INVALID_ARGUMENT', `${bucket} is the alias of an access point, not a bucket`, {
    hint: 'Name the bucket behind it: its events and the policies of its destinations have that name. "aws s3control list-access-points" shows it.',
  });
}

function documentIn({ name, text }: FileText): NotificationDocument {
  const written = documentAsWritten(text);
  if (written) return written;
  const parsed = parseConfigurationFile(text);
  if (!parsed.ok) throw new S3evtError('INVALID_ARGUMENT', `${name}: ${parsed.problem}`);
  return documentFor({}, parsed.file, true);
}

async function arnOf(expected: string, ctx: Context): Promise<string> {
  if (parseArn(expected)) return expected;
  const reference = parseFunctionReference(expected);
  if (!reference) throw new S3evtError('INVALID_ARGUMENT', `"${expected}" names no function`);
  const [identity, target] = await Promise.all([callerIdentity(ctx.aws), ctx.aws.target()]);
  const { region = target.region.value, account = identity.account } = reference;
  const arn = functionArn(partitionOf(identity.arn), region, account, reference.name);
  return reference.qualifier === undefined ? arn : `${arn}:${reference.qualifier}`;
}

/** Rules that s3evt made here and did not take away, as its last write of this bucket had them. */
function rememberedRules(bucket: string, { project }: Context): readonly Rule[] {
  const made = (project.settings?.made ?? []).filter((one) => one.kind === 'rule' && one.bucket === bucket);
  if (made.length === 0) return [];
  const ids = new Set(made.map(({ name }) => name));
  const [last] = backupsOf(project.root, bucket);
  return last ? rulesOf(last.after).filter(({ id }) => ids.has(id)) : [];
}

export function targetFacts(target: Target): TargetFacts {
  const custom = (url: string | undefined) => (url === undefined || isAwsHost(url) ? undefined : url);
  const general = custom(target.endpointUrl?.value);
  const services = SERVICES.map((service) => ({
    service,
    url: custom(endpointFor(target, service)?.value),
  }));
  const stray = services
    .filter(({ url }) => (url === undefined) !== (general === undefined))
    .map(({ service }) => service);
  return {
    region: target.region.value,
    profile: target.profile?.value,
    endpointUrl: general ?? services.find(({ url }) => url !== undefined)?.url,
    sandbox: target.sandbox,
    strayEndpoints: stray.length === 0 || stray.length === SERVICES.length ? undefined : stray,
  };
}
