import { callerIdentity, type CallerIdentity } from '../aws/identity.ts';
import { readKey, readQueue, readTopic } from '../aws/read-destinations.ts';
import { readEventRule } from '../aws/read-eventbridge.ts';
import { readBucket, readFunction, readFunctionPolicy, readNotification } from '../aws/read-facts.ts';
import type { Target } from '../aws/target.ts';
import { commandFlags } from '../aws/target-flags.ts';
import { parseArn, parseFunctionReference } from '../core/arn.ts';
import { S3evtError } from '../core/errors.ts';
import type { EventTargetFacts } from '../core/event-target.ts';
import { eventRuleArn } from '../core/event-rule.ts';
import { ABSENT, ifKnown, type EventRuleFacts, type Fact } from '../core/facts.ts';
import { readFilter } from '../core/filter-input.ts';
import { planEventBridgeInit, type DesiredEventBridge } from '../core/init-eventbridge.ts';
import { shellQuote } from '../core/shell.ts';
import { knownOwner } from './bucket.ts';
import type { Context } from './context.ts';
import { expectedCaller } from './expected-caller.ts';
import type { InitAnswers, InitInput, Prepared } from './init.ts';
import { refuseNewBucketName, refuseUnseenBucket } from './init-checks.ts';
import { ourRules } from './init-rules.ts';
import { refuseForeignProject } from './project-home.ts';

/**
 * Reads and plans for EventBridge. One round trip for a rule that is new or whose account the project file knows, else two. Throws
 * S3evtError.
 */
export async function prepareEventBridge(
  input: InitInput,
  answers: InitAnswers,
  ctx: Context,
): Promise<Prepared> {
  const { aws } = ctx;
  const name = answers.destination.reference;
  refuseLostFlags(input, name);
  const owner = await knownOwner(answers.bucket, ctx);
  const [identity, target, bucket, notification, eventRule, targetFacts] = await Promise.all([
    callerIdentity(aws),
    aws.target(),
    readBucket(aws, answers.bucket, owner),
    readNotification(aws, answers.bucket, owner),
    name === '' ? ABSENT : readRule(name, answers.bucket, ctx),
    answers.eventTarget === undefined ? undefined : readTarget(answers.eventTarget, ctx),
  ]);
  if (input.save) refuseForeignProject(ctx.project, identity.account, target);
  const facts = { bucket, notification, eventRule, target: targetFacts };
  refuseUnseenBucket(answers.bucket, facts);
  refuseNewBucketName(answers.bucket, facts, input.adds);
  if (targetFacts) refuseTargetElsewhere(targetFacts.arn, identity, target);

  const { events, prefix, suffixes } = answers;
  const saysNothing =
    !answers.asked && [input.events, input.prefix, input.suffixes].every((value) => value === undefined);
  const desired: DesiredEventBridge = {
    account: identity.account,
    partition: identity.partition,
    region: target.region.value,
    bucket: answers.bucket,
    flags: commandFlags(target),
    ours: ourRules(ctx.project.settings, facts, answers.bucket),
    rules: [],
    eventRule:
      name === '' ? undefined : { name, selection: { events, prefix, suffixes }, keepsPattern: saysNothing },
    target: answers.eventTarget,
    allowKey: input.allowKey,
  };
  const plan = planEventBridgeInit(desired, facts);
  if (name !== '') warnOfFilter(answers, ctx);
  return { plan, desired, identity, target };
}

/** Flags that would have no effect. Throws USAGE. */
function refuseLostFlags(input: InitInput, eventRule: string): void {
  if (input.id !== undefined) {
    throw new S3evtError(
      'USAGE',
      '--id does not go with EventBridge: nothing of it is a rule of the bucket',
      {
        hint: 'The rule of the event bus has a name instead: --event-rule NAME.',
      },
    );
  }
  if (eventRule !== '') return;
  const lost = [
    ['--event', input.events],
    ['--prefix', input.prefix],
    ['--suffix', input.suffixes],
    ['--target', input.eventTarget],
  ].find(([, value]) => value !== undefined);
  if (!lost) return;
  throw new S3evtError(
    'USAGE',
    `${String(lost[0])} needs a rule of the event bus: S3 sends every event there`,
    {
      hint: 'Name the rule that chooses among them: --event-rule NAME.',
    },
  );
}

async function readRule(name: string, bucket: string, ctx: Context): Promise<Fact<EventRuleFacts>> {
  const [caller, target] = await Promise.all([expectedCaller(bucket, ctx), ctx.aws.target()]);
  const arn = caller && eventRuleArn(caller.partition, target.region.value, caller.account, name);
  return readEventRule(ctx.aws, name, arn);
}

async function readTarget(arn: string, { aws }: Context): Promise<EventTargetFacts | undefined> {
  const kind = parseArn(arn)?.service;
  if (kind === 'sqs' || kind === 'sns') {
    const resource = kind === 'sqs' ? await readQueue(aws, arn) : await readTopic(aws, arn);
    const keyId = ifKnown<{ readonly kmsKeyId: string | undefined }>(resource)?.kmsKeyId;
    return { kind, arn, resource, key: keyId === undefined ? undefined : await readKey(aws, keyId) };
  }
  const { name = '', qualifier } = parseFunctionReference(arn) ?? {};
  const [fn, policy] = await Promise.all([readFunction(aws, arn), readFunctionPolicy(aws, name, qualifier)]);
  return { kind: 'lambda', arn, function: fn, policy };
}

/** The target's policy has to be changed, and a rule reaches its own Region only. */
function refuseTargetElsewhere(arn: string, identity: CallerIdentity, target: Target): void {
  const { account, region } = parseArn(arn) ?? {};
  if (region !== undefined && region !== target.region.value) {
    throw new S3evtError('WRONG_REGION', `${arn} is in ${region}, this call is for ${target.region.value}`, {
      hint: `An event rule sends within its own Region: pass --region ${region} if the bucket is there.`,
    });
  }
  if (account === undefined || account === identity.account) return;
  throw new S3evtError(
    'WRONG_ACCOUNT',
    `${arn} belongs to account ${account}, the credentials to ${identity.account}`,
    { hint: 'Its policy can be changed by its owner only: name a target of this account.' },
  );
}

/** What can hardly be meant. Unlike a filter of S3 the pattern of a rule has keys as they are, so nothing is encoded. */
function warnOfFilter({ prefix, suffixes }: InitAnswers, { emit }: Context): void {
  const said = new Set<string>();
  for (const suffix of suffixes.length === 0 ? [''] : suffixes) {
    for (const warning of readFilter({ prefix, suffix }).warnings) {
      if (warning.code === 'FILTER_ENCODED' || said.has(warning.message)) continue;
      said.add(warning.message);
      emit({ type: 'warning', warning });
    }
  }
  const encoded = [prefix, ...suffixes].find((text) => /%[0-9a-f]{2}/i.test(text));
  if (encoded === undefined) return;
  const message = `${shellQuote(encoded)} stands for these very characters: EventBridge has keys as they are, not encoded`;
  emit({ type: 'warning', warning: { code: 'FILTER_ENCODED', message } });
}
