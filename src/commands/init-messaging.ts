import { callerIdentity, type CallerIdentity } from '../aws/identity.ts';
import { readKey, readQueue, readTopic } from '../aws/read-destinations.ts';
import { readBucket, readNotification } from '../aws/read-facts.ts';
import type { Target } from '../aws/target.ts';
import { commandFlags } from '../aws/target-flags.ts';
import { parseArn, queueArn, topicArn } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import { ifKnown } from '../core/facts.ts';
import { planMessagingInit, type DesiredMessaging } from '../core/init-messaging.ts';
import { knownOwner } from './bucket.ts';
import type { Context } from './context.ts';
import { expectedCaller, readAsCaller } from './expected-caller.ts';
import type { InitAnswers, InitInput, Prepared } from './init.ts';
import { refuseNewBucketName, refuseUnseenBucket } from './init-checks.ts';
import { ourRules, wantedRules } from './init-rules.ts';
import { refuseForeignProject } from './project-home.ts';

/**
 * Reads and plans for a queue or a topic. One round trip where the project file knows the account or an ARN names the destination, else two
 * (the ARN of a name has the account in it); one more when a key encrypts it. Throws S3evtError.
 */
export async function prepareMessaging(
  input: InitInput,
  answers: InitAnswers,
  ctx: Context,
): Promise<Prepared> {
  const { aws } = ctx;
  const owner = await knownOwner(answers.bucket, ctx);
  // An ARN by name needs the account; the bucket does not.
  const account = callerIdentity(aws);
  const [identity, target, bucket, notification, where] = await Promise.all([
    account,
    aws.target(),
    readBucket(aws, answers.bucket, owner),
    readNotification(aws, answers.bucket, owner),
    readDestination(answers, account, ctx),
  ]);
  if (input.save) refuseForeignProject(ctx.project, identity.account, target);
  const facts = { bucket, notification, destination: where.fact, key: where.key };
  refuseUnseenBucket(answers.bucket, facts);
  refuseNewBucketName(answers.bucket, facts, input.adds);
  refuseElsewhere(where.arn, target);

  const ours = ourRules(ctx.project.settings, facts, answers.bucket);
  const kind = answers.destination.kind === 'sns' ? 'sns' : 'sqs';
  const desired: DesiredMessaging = {
    account: identity.account,
    partition: identity.partition,
    region: target.region.value,
    bucket: answers.bucket,
    flags: commandFlags(target),
    destination: { kind, arn: where.arn },
    mayCreate: !answers.destination.reference.startsWith('arn:'),
    allowKey: input.allowKey,
    ours,
    rules: wantedRules(input, answers, {
      ctx,
      facts,
      ours,
      kind,
      subject: where.arn.split(':').at(-1) ?? '',
      leadsHere: (arn) => arn === where.arn,
    }),
  };
  return { plan: planMessagingInit(desired, facts), desired, identity, target };
}

async function readDestination(
  { bucket, destination: { kind, reference } }: InitAnswers,
  identity: Promise<CallerIdentity>,
  ctx: Context,
) {
  const { aws } = ctx;
  const read = async (arn: string) => {
    const fact = kind === 'sqs' ? await readQueue(aws, arn) : await readTopic(aws, arn);
    const keyId = ifKnown<{ readonly kmsKeyId: string | undefined }>(fact)?.kmsKeyId;
    return { arn, fact, key: keyId === undefined ? undefined : await readKey(aws, keyId) };
  };
  if (reference.startsWith('arn:')) return read(reference);
  // Loaded while the account is asked for.
  void (kind === 'sqs' ? aws.sqs() : aws.sns()).catch(() => undefined);
  const [expected, target] = await Promise.all([expectedCaller(bucket, ctx), aws.target()]);
  const make = kind === 'sqs' ? queueArn : topicArn;
  return readAsCaller(expected, identity, ({ partition, account }) =>
    read(make(partition, target.region.value, account, reference)),
  );
}

function refuseElsewhere(arn: string, target: Target): void {
  const region = parseArn(arn)?.region;
  if (region === undefined || region === target.region.value) return;
  throw new S3evtError('WRONG_REGION', `${arn} is in ${region}, this call is for ${target.region.value}`, {
    hint: `S3 sends events within the bucket's own Region only: pass --region ${region} if the bucket is there.`,
  });
}
