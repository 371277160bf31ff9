/** The commands that mend what the preflight finds: complete, to be copied as they are. */
import { parseArn, unqualifiedFunctionArn } from './arn.ts';
import { readFunctionArn } from './destination-name.ts';
import type { DestinationState } from './destination-state.ts';
import { ifKnown } from './facts.ts';
import { ownerStatement } from './init-messaging.ts';
import { statementIdFor } from './names.ts';
import type { Destination, Rule } from './notification.ts';
import { parsePolicy } from './policy-document.ts';
import type { Problem } from './preflight-problems.ts';
import type { PreflightBucket } from './preflight.ts';
import { deliveryStatement, keyStatement, S3_PRINCIPAL, withStatement } from './s3-access.ts';
import { shellCommand } from './shell.ts';

/** Flags that lead a copied command to where this call went. */
export interface FixFlags {
  /** Of the AWS CLI. */
  readonly aws: readonly string[];
  readonly s3evt: readonly string[];
}

interface FixContext {
  readonly rule: Rule;
  readonly bucket: PreflightBucket;
  readonly state: DestinationState | undefined;
  readonly flags: FixFlags;
}

/** SQS's default. */
const DEFAULT_MESSAGE_BYTES = 262_144;

/** In order. Empty where no command mends it. */
export function fixesFor(problem: Problem, context: FixContext): readonly string[] {
  const { destination } = context.rule;
  switch (problem.code) {
    case 'MISSING':
      return destination.kind === 'lambda' ? [removeRule(context)] : createDestination(destination, context);
    case 'QUALIFIER_MISSING':
      return createAlias(context);
    case 'NOT_PERMITTED':
    case 'MAYBE_PERMITTED':
      return destination.kind === 'lambda' ? addPermission(context) : putPolicy(destination, context);
    case 'KEY_NOT_PERMITTED':
      return putKeyPolicy(context);
    case 'KEY_UNUSABLE':
      return enableKey(context);
    case 'KEY_OF_AWS':
    case 'KEY_MISSING':
      return otherEncryption(context);
    case 'QUEUE_TAKES_LESS':
      return setQueueAttributes(context, { MaximumMessageSize: String(DEFAULT_MESSAGE_BYTES) });
    case 'OTHER_REGION':
    case 'FIFO':
      return [removeRule(context)];
    case 'DENIED':
    case 'FUNCTION_FAILED':
    case 'FUNCTION_NOT_ACTIVE':
    case 'UNCHECKED':
      return [];
  }
}

function aws(words: readonly string[], { flags }: FixContext): string {
  return shellCommand(['aws', ...words, ...flags.aws]);
}

/** What no command brings back: a function's code, and what S3 can never send to. */
function removeRule({ rule, bucket, flags }: FixContext): string {
  return shellCommand(['s3evt', 'rm', rule.id, '--bucket', bucket.name, ...flags.s3evt]);
}

function createDestination({ kind, arn }: Destination, context: FixContext): readonly string[] {
  const name = parseArn(arn)?.resource ?? '';
  const statement = deliveryStatement({ kind, arn }, context.bucket, statementIdFor(context.bucket.name));
  const owned = kind === 'sns' ? withStatement(undefined, ownerStatement(arn)) : undefined;
  const attributes = JSON.stringify({ Policy: withStatement(owned, statement) });
  const verb = kind === 'sqs' ? ['sqs', 'create-queue', '--queue-name'] : ['sns', 'create-topic', '--name'];
  return [aws([...verb, name, '--attributes', attributes], context)];
}

/** An alias can be made again; the code of a published version cannot. */
function createAlias(context: FixContext): readonly string[] {
  const { name, qualifier = '' } = readFunctionArn(context.rule.destination.arn);
  if (/^\d+$/.test(qualifier)) return [removeRule(context)];
  const words = ['lambda', 'create-alias', '--function-name', name, '--name', qualifier];
  return [aws([...words, '--function-version', '$LATEST'], context), ...addPermission(context)];
}

function addPermission(context: FixContext): readonly string[] {
  const { rule, bucket, state } = context;
  const { arn } = rule.destination;
  const { name, qualifier } = readFunctionArn(arn);
  const foreign = parseArn(arn)?.account !== bucket.account;
  const fn = foreign ? unqualifiedFunctionArn(arn) : name;
  const at = ['--function-name', fn, ...(qualifier === undefined ? [] : ['--qualifier', qualifier])];
  const sid = statementIdFor(bucket.name);
  const text = state?.kind === 'lambda' ? ifKnown(state.policy) : undefined;
  const taken = parsePolicy(text ?? '')?.statements.some((statement) => statement.sid === sid) ?? false;
  return [
    // Lambda refuses a second statement of the same id.
    ...(taken ? [aws(['lambda', 'remove-permission', ...at, '--statement-id', sid], context)] : []),
    aws(
      [
        ...['lambda', 'add-permission', ...at, '--statement-id', sid],
        ...['--action', 'lambda:InvokeFunction', '--principal', S3_PRINCIPAL],
        ...['--source-arn', bucket.arn, '--source-account', bucket.account],
      ],
      context,
    ),
  ];
}

/** The policy as it stands with our statement in it: others stay. */
function putPolicy(destination: Destination, context: FixContext): readonly string[] {
  const { bucket, state } = context;
  const statement = deliveryStatement(destination, bucket, statementIdFor(bucket.name));
  const policyWith = (policy: string | undefined) => withStatement(policy, statement);
  if (state?.kind === 'sqs' && state.queue.state === 'known') {
    const policy = policyWith(state.queue.value.policy);
    return policy === undefined ? [] : setQueueAttributes(context, { Policy: policy });
  }
  if (state?.kind === 'sns' && state.topic.state === 'known') {
    const policy = policyWith(state.topic.value.policy);
    return policy === undefined ? [] : setTopicAttribute(context, 'Policy', policy);
  }
  return [];
}

function setQueueAttributes(
  context: FixContext,
  attributes: Readonly<Record<string, string>>,
): readonly string[] {
  const queue = context.state?.kind === 'sqs' ? ifKnown(context.state.queue) : undefined;
  if (!queue) return [];
  const words = ['sqs', 'set-queue-attributes', '--queue-url', queue.url];
  return [aws([...words, '--attributes', JSON.stringify(attributes)], context)];
}

function setTopicAttribute(context: FixContext, name: string, value: string): readonly string[] {
  const words = ['sns', 'set-topic-attributes', '--topic-arn', context.rule.destination.arn];
  return [aws([...words, '--attribute-name', name, '--attribute-value', value], context)];
}

function keyOf({ state }: FixContext) {
  return state === undefined || state.kind === 'lambda' || !state.key ? undefined : ifKnown(state.key);
}

function putKeyPolicy(context: FixContext): readonly string[] {
  const key = keyOf(context);
  const statement = keyStatement(context.bucket, statementIdFor(context.bucket.name));
  const policy = key?.policy === undefined ? undefined : withStatement(key.policy, statement);
  if (!key || policy === undefined) return [];
  const words = ['kms', 'put-key-policy', '--key-id', key.arn, '--policy-name', 'default'];
  return [aws([...words, '--policy', policy], context)];
}

/** A key whose deletion is called off is disabled (https://docs.aws.amazon.com/kms/latest/APIReference/API_CancelKeyDeletion.html). */
function enableKey(context: FixContext): readonly string[] {
  const key = keyOf(context);
  if (!key) return [];
  const enable = aws(['kms', 'enable-key', '--key-id', key.arn], context);
  if (key.state === 'Disabled') return [enable];
  if (key.state !== 'PendingDeletion') return [];
  return [aws(['kms', 'cancel-key-deletion', '--key-id', key.arn], context), enable];
}

/** A queue stays encrypted under SQS's own keys; for a topic there is no such kind, so that its owner has to choose a key. */
function otherEncryption(context: FixContext): readonly string[] {
  return setQueueAttributes(context, { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' });
}
