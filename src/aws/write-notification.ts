import { parseArn } from '../core/arn.ts';
import type { Clock } from '../core/clock.ts';
import { hasCode, S3evtError } from '../core/errors.ts';
import { changedMeanwhile } from '../core/merge-rules.ts';
import { rulesOf, sameDocument, sameRule, type NotificationDocument } from '../core/notification.ts';
import type { Aws } from './clients.ts';
import { explainRefusal } from './explain-refusal.ts';
import { configurationOf } from './notification-codec.ts';
import { getNotification } from './read-facts.ts';
import { retry } from './retry.ts';

/**
 * PutBucketNotificationConfiguration replaces everything and has no version check
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html). So a write is: look again
 * and refuse when the document is not the one the plan was made for, save the old one, put, read back and compare.
 * Between the look and the put somebody else may still write: that race cannot be closed from outside.
 */
export interface NotificationWrite {
  readonly bucket: string;
  /** Account that must own the bucket: sent with every call. */
  readonly owner: string;
  readonly before: NotificationDocument;
  readonly after: NotificationDocument;
  /** Saves both documents; called after the look and before the put. When it throws, nothing is written. */
  readonly save: () => void;
  /** S3 then sends no test event to the queues and topics of the document: for changes that concern none of its rules. */
  readonly skipsValidation?: boolean;
}

export interface WriteEnvironment {
  readonly aws: Aws;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Called while AWS refuses what should pass in a moment. */
  readonly onWait: (why: string, elapsedMs: number) => void;
}

/** A permission that was just granted is not seen at once; Terraform retries the same way. */
const PROPAGATION_CEILING_MS = 60_000;
const STALE_CEILING_MS = 15_000;
const WAITS = [500, 1_000, 2_000, 4_000] as const;

/** The last look. Throws CONFIGURATION_CHANGED (exit 5) when somebody wrote since the plan was made. */
export async function lookAgain(
  aws: Aws,
  write: Pick<NotificationWrite, 'bucket' | 'owner' | 'before'>,
): Promise<void> {
  const current = await getNotification(aws, write.bucket, write.owner);
  if (sameDocument(current, write.before)) return;
  throw changedMeanwhile(write.bucket);
}

/** Saves, puts, reads back and compares. Throws S3evtError. */
export async function putNotification(env: WriteEnvironment, write: NotificationWrite): Promise<void> {
  write.save();
  const [s3, { PutBucketNotificationConfigurationCommand }] = await Promise.all([
    env.aws.s3(),
    import('@aws-sdk/client-s3'),
  ]);
  const put = () =>
    env.aws.call(
      (options) =>
        s3.send(
          new PutBucketNotificationConfigurationCommand({
            Bucket: write.bucket,
            ExpectedBucketOwner: write.owner,
            NotificationConfiguration: configurationOf(write.after),
            ...(write.skipsValidation === true ? { SkipDestinationValidation: true } : {}),
          }),
          options,
        ),
      { action: 's3:PutBucketNotification', resource: write.bucket },
    );
  let tried = false;
  // While S3 refuses, up to a minute passes: somebody else may have written by then.
  const lookAndPut = async () => {
    if (tried) await lookAgain(env.aws, write);
    tried = true;
    return put();
  };
  try {
    await retry(lookAndPut, {
      clock: env.clock,
      signal: env.signal,
      retries: (error) => isBusy(error) || refusesOnly(error, changedArns(write)),
      waits: WAITS,
      ceilingMs: PROPAGATION_CEILING_MS,
      onWait: (error, elapsed) => {
        env.onWait(
          isBusy(error)
            ? 'another change of the bucket is under way'
            : 'S3 does not see the new permission yet',
          elapsed,
        );
      },
    });
  } catch (error) {
    throw await explainRefusal(error, write, {
      refused: refused(error),
      ours: changedArns(write),
      aws: env.aws,
    });
  }
  await verify(env, write);
}

/**
 * Reads back and compares. For a moment S3 may still answer with the former configuration
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html#ConsistencyModel: bucket configurations are
 * eventually consistent), which is waited for; any other document is somebody else's.
 */
async function verify(env: WriteEnvironment, write: NotificationWrite): Promise<void> {
  let former = false;
  const readBack = async () => {
    const current = await getNotification(env.aws, write.bucket, write.owner);
    if (sameDocument(current, write.after)) return;
    former = sameDocument(current, write.before);
    throw new S3evtError(
      'VERIFY_FAILED',
      `${write.bucket} does not hold the configuration that was written: somebody else wrote at the same time`,
      {
        hint: 'Look at it with "s3evt ls"; the former configuration is in .s3evt/backups.',
      },
    );
  };
  await retry(readBack, {
    clock: env.clock,
    signal: env.signal,
    retries: (error) => former && hasCode(error, 'VERIFY_FAILED'),
    waits: WAITS,
    ceilingMs: STALE_CEILING_MS,
    onWait: (_error, elapsed) => {
      env.onWait('S3 still shows the former configuration', elapsed);
    },
  });
}

function isBusy(error: unknown): boolean {
  return error instanceof S3evtError && error.aws?.name === 'OperationAborted';
}

/** Destinations of rules that this write adds or changes: only they may still be waiting for their permission. */
function changedArns(write: NotificationWrite): ReadonlySet<string> {
  const old = rulesOf(write.before);
  const fresh = rulesOf(write.after).filter(
    (rule) => !old.some((other) => other.id === rule.id && sameRule(other, rule)),
  );
  return new Set(fresh.map((rule) => rule.destination.arn));
}

/** S3 writes a function's argument name as `<arn>, null`. */
function arnOfArgument(name: string): string {
  return name.replace(/, null$/, '');
}

function refused(error: unknown): readonly { arn: string; reason: string }[] {
  if (!(error instanceof S3evtError) || error.aws?.name !== 'InvalidArgument') return [];
  return (error.aws.arguments ?? [])
    .map(({ name, value }) => ({ arn: arnOfArgument(name), reason: value }))
    .filter(({ arn }) => parseArn(arn) !== undefined);
}

function refusesOnly(error: unknown, arns: ReadonlySet<string>): boolean {
  const refusals = refused(error);
  return refusals.length > 0 && refusals.every(({ arn }) => arns.has(arn));
}
