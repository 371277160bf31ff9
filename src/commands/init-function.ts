import { callerIdentity } from '../aws/identity.ts';
import {
  readBucket,
  readFunction,
  readFunctionPolicy,
  readLogGroup,
  readNotification,
  readRole,
} from '../aws/read-facts.ts';
import { commandFlags } from '../aws/target-flags.ts';
import type { FunctionReference } from '../core/arn.ts';
import { planInit, type Desired, type InitFacts } from '../core/init-plan.ts';
import { defaultLogGroup, roleNameFor } from '../core/names.ts';
import { knownOwner } from './bucket.ts';
import type { Context } from './context.ts';
import type { InitAnswers, InitInput, Prepared } from './init.ts';
import {
  functionReference,
  refuseForeignFunction,
  refuseMissingQualifier,
  refuseNewBucketName,
  refuseUnseenBucket,
} from './init-checks.ts';
import { ourRules, wantedRules } from './init-rules.ts';
import { refuseForeignProject } from './project-home.ts';

export const DEFAULT_RUNTIME = 'python3.13';

/** Reads and plans for a function. One round trip. Throws S3evtError. */
export async function prepareFunction(
  input: InitInput,
  answers: InitAnswers,
  ctx: Context,
): Promise<Prepared> {
  const reference = functionReference(answers.destination.reference);
  const [identity, target, facts] = await readAll(answers.bucket, reference, ctx);
  const region = target.region.value;
  refuseForeignFunction(reference, identity, region);
  if (input.save) refuseForeignProject(ctx.project, identity.account, target);
  refuseUnseenBucket(answers.bucket, facts);
  refuseNewBucketName(answers.bucket, facts, input.adds);

  const { name, qualifier } = reference;
  const ours = ourRules(ctx.project.settings, facts, answers.bucket);
  const desired: Desired = {
    account: identity.account,
    partition: identity.partition,
    region,
    bucket: answers.bucket,
    flags: commandFlags(target),
    functionName: name,
    qualifier,
    runtime: input.runtime ?? DEFAULT_RUNTIME,
    runtimeGiven: input.runtime !== undefined,
    roleArn: input.roleArn,
    ours,
    rules: wantedRules(input, answers, {
      ctx,
      facts,
      ours,
      kind: 'lambda',
      subject: name,
      leadsHere: (arn) => {
        const rule = functionReference(arn);
        return rule.name === name && rule.qualifier === qualifier;
      },
    }),
  };
  return { plan: planInit(desired, facts), desired, identity, target };
}

/** All reads that the plan rests on, in one round trip: none needs another's answer. */
async function readAll(bucket: string, reference: FunctionReference, ctx: Context) {
  const { aws } = ctx;
  const { name, qualifier } = reference;
  const owner = await knownOwner(bucket, ctx);
  const [identity, target, bucketFact, notification, fn, qualified, policy, role, logGroup] =
    await Promise.all([
      callerIdentity(aws),
      aws.target(),
      readBucket(aws, bucket, owner),
      readNotification(aws, bucket, owner),
      readFunction(aws, name),
      qualifier === undefined ? undefined : readFunction(aws, `${name}:${qualifier}`),
      readFunctionPolicy(aws, name, qualifier),
      readRole(aws, roleNameFor(name)),
      readLogGroup(aws, defaultLogGroup(name)),
    ]);
  const facts: InitFacts = { bucket: bucketFact, notification, function: fn, policy, role, logGroup };
  refuseMissingQualifier(reference, qualified, facts);
  return [identity, target, facts] as const;
}
