/** Who calls is known for certain after one round trip; what is likely lets reads that need it begin at once. */
import type { Aws } from '../aws/clients.ts';
import { callerIdentity, type CallerIdentity } from '../aws/identity.ts';
import type { Target } from '../aws/target.ts';
import type { NotificationDocument } from '../core/notification.ts';
import { backupsOf } from '../project/backups.ts';
import type { ProjectSettings } from '../project/project-file.ts';
import { bucketDocument, knownOwner } from './bucket.ts';
import type { Context } from './context.ts';
import { sameHome } from './project-home.ts';

export type Caller = Pick<CallerIdentity, 'account' | 'partition'>;

/**
 * By what the credentials say of themselves, the project file, or the last write to the bucket from this folder. A guess: what rests on it
 * has to be read again when somebody else calls. Undefined where nothing tells.
 */
export async function expectedCaller(
  bucket: string,
  ctx: Pick<Context, 'aws' | 'project'>,
): Promise<Caller | undefined> {
  const [target, said, owner] = await Promise.all([
    ctx.aws.target(),
    accountOfCredentials(ctx.aws),
    knownOwner(bucket, ctx),
  ]);
  const account = said ?? owner ?? backupsOf(ctx.project.root, bucket)[0]?.change.account;
  return account === undefined ? undefined : { account, partition: likelyPartition(target.region.value) };
}

/**
 * Those of IAM Identity Center and of assumed roles name their account, others where AWS_ACCOUNT_ID or `aws_account_id` is set
 * (https://docs.aws.amazon.com/sdkref/latest/guide/feature-account-endpoints.html).
 */
async function accountOfCredentials(aws: Aws): Promise<string | undefined> {
  try {
    const { accountId } = await (await aws.sts()).config.credentials();
    return accountId;
  } catch {
    // The question who calls fails for the same reason, and says it.
    return undefined;
  }
}

/** The account that the project file is about, where it lives where this call goes. */
export function homeCaller(settings: ProjectSettings, target: Target): Caller | undefined {
  const { account } = settings;
  if (account === undefined || !sameHome(settings, account, target)) return undefined;
  return { account, partition: likelyPartition(target.region.value) };
}

/** What a Region's name says of its partition, as far as it is known today. */
function likelyPartition(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  return region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
}

/**
 * What is read as the caller. With an `expected` one that read runs beside the question who calls, and again only when the answer is
 * another one: the result is always the true caller's.
 */
export async function readAsCaller<T>(
  expected: Caller | undefined,
  identity: Promise<CallerIdentity>,
  read: (caller: Caller) => Promise<T>,
): Promise<T> {
  const early = expected === undefined ? undefined : read(expected);
  // Who calls is the first thing to be wrong; the failure of this read is taken up below.
  early?.catch(() => undefined);
  const { account, partition } = await identity;
  const isExpected = expected?.account === account && expected.partition === partition;
  return early !== undefined && isExpected ? early : read({ account, partition });
}

/** The configuration of a bucket that has to be the caller's own. Throws as `bucketDocument`. */
export async function ownDocument(bucket: string, ctx: Context): Promise<NotificationDocument> {
  return readAsCaller(await expectedCaller(bucket, ctx), callerIdentity(ctx.aws), ({ account }) =>
    bucketDocument(bucket, ctx, account),
  );
}
