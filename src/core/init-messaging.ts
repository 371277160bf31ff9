/** Plans of `init` and `add` for queues and topics: what S3 needs to send there. */
import { bucketArn, parseArn } from './arn.ts';
import { S3evtError } from './errors.ts';
import { ifKnown, valueOf, type Fact, type KeyFacts, type QueueFacts, type TopicFacts } from './facts.ts';
import {
  planBucket,
  planRules,
  type BucketInitFacts,
  type DesiredRules,
  type InitPlan,
} from './init-plan.ts';
import { statementIdFor } from './names.ts';
import type { Destination } from './notification.ts';
import type { PolicyTarget, Step } from './plan.ts';
import type { Warning } from './progress.ts';
import {
  DELIVERY_ACTIONS,
  deliveryStatement,
  EVENT_MESSAGE_BYTES,
  KEY_ACTIONS,
  keyStatement,
  s3Decision,
  withStatement,
  type SendingBucket,
} from './s3-access.ts';

export interface DesiredMessaging extends DesiredRules {
  readonly destination: Destination & { readonly kind: 'sqs' | 'sns' };
  /** By name, so that it may be created; an ARN names one that has to exist. */
  readonly mayCreate: boolean;
  /** Whether the policy of a customer managed key may be changed. */
  readonly allowKey: boolean;
}

export interface MessagingFacts extends BucketInitFacts {
  readonly destination: Fact<QueueFacts | TopicFacts>;
  /** The key that encrypts it; undefined without one. */
  readonly key: Fact<KeyFacts> | undefined;
}

const NOUNS = { sqs: 'queue', sns: 'topic' } as const;

function nameOf(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}

/** Pure. Throws S3evtError when what is wanted cannot be. */
export function planMessagingInit(desired: DesiredMessaging, facts: MessagingFacts): InitPlan {
  const warnings: Warning[] = [];
  const steps: Step[] = [planBucket(desired, facts)];
  const { destination } = desired;
  const noun = NOUNS[destination.kind];
  const name = nameOf(destination.arn);
  const bucket: SendingBucket = {
    arn: bucketArn(desired.partition, desired.bucket),
    account: desired.account,
  };
  const statement = deliveryStatement(destination, bucket, statementIdFor(desired.bucket));
  const existing = valueOf(facts.destination);
  if (!existing && !desired.mayCreate) {
    throw new S3evtError('DESTINATION_NOT_FOUND', `${noun} ${destination.arn} does not exist`, {
      hint: `Name one that exists, or give its name alone (--${noun} NAME) to have it created.`,
    });
  }
  steps.push(destinationStep(destination, existing !== undefined, statement));
  const after = ['bucket', noun];
  if (existing) {
    steps.push(policyStep(existing, destination, bucket, statement, desired.bucket));
    const key =
      existing.kmsKeyId === undefined ? undefined : keyStep(existing, desired, facts, bucket, warnings);
    if (key) steps.push(key);
    after.push('policy', ...(key ? ['key-policy'] : []));
    if ('maximumMessageSize' in existing && existing.maximumMessageSize < EVENT_MESSAGE_BYTES) {
      warnings.push({
        code: 'QUEUE_TAKES_LESS',
        message: `queue ${name} takes messages of ${existing.maximumMessageSize} bytes; an event may have ${EVENT_MESSAGE_BYTES}, and a larger one is lost`,
      });
    }
  }
  const { step, settled, document } = planRules(desired, facts, destination, after);
  return {
    // One request makes a new queue or topic: the look runs beside it, and is no older at the write than if it came after.
    steps: [...steps, existing ? step : { ...step, lookAfter: ['bucket'] }],
    rules: settled,
    document,
    destination,
    function: null,
    eventBridge: null,
    awaitActive: false,
    warnings,
  };
}

function destinationStep(
  { kind, arn }: DesiredMessaging['destination'],
  exists: boolean,
  statement: Readonly<Record<string, unknown>>,
): Step {
  const noun = NOUNS[kind];
  const name = nameOf(arn);
  const owned = kind === 'sns' ? withStatement(undefined, ownerStatement(arn)) : undefined;
  const policy = withStatement(owned, statement) ?? '';
  return {
    id: noun,
    title: exists ? `Use ${noun} ${name}` : `Create ${noun} ${name}, which takes events of this bucket alone`,
    change: exists ? 'none' : 'create',
    after: [],
    action:
      kind === 'sqs'
        ? { kind: 'create-queue', name, arn, policy }
        : { kind: 'create-topic', name, arn, policy },
  };
}

/**
 * A topic that is created with a policy gets no default one; without this statement, taking ours away again would leave none.
 * https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
 */
export function ownerStatement(arn: string): Readonly<Record<string, unknown>> {
  const { partition = 'aws', account = '' } = parseArn(arn) ?? {};
  const verbs = [
    'GetTopicAttributes',
    'SetTopicAttributes',
    'AddPermission',
    'RemovePermission',
    'DeleteTopic',
  ];
  return {
    Sid: 'owner',
    Effect: 'Allow',
    Principal: { AWS: `arn:${partition}:iam::${account}:root` },
    Action: [...verbs, 'Subscribe', 'ListSubscriptionsByTopic', 'Publish'].map((verb) => `SNS:${verb}`),
    Resource: arn,
  };
}

function policyStep(
  existing: QueueFacts | TopicFacts,
  destination: Destination & PolicyTarget,
  bucket: SendingBucket,
  statement: Readonly<Record<string, unknown>>,
  bucketName: string,
): Step {
  const noun = NOUNS[destination.kind === 'sqs' ? 'sqs' : 'sns'];
  const name = nameOf(destination.arn);
  const decision = s3Decision(existing.policy, DELIVERY_ACTIONS[destination.kind], destination.arn, bucket);
  if (decision?.effect === 'explicit-deny') {
    throw new S3evtError(
      'DESTINATION_REFUSED',
      `the policy of ${noun} ${name} denies S3 to send there${decision.sid === undefined ? '' : ` (statement "${decision.sid}")`}`,
      { hint: 'No further statement can lift a Deny: its owner has to change it.' },
    );
  }
  const admits = decision?.effect === 'allow';
  return {
    id: 'policy',
    title: admits
      ? `Keep the policy of ${noun} ${name}: it admits ${bucketName}`
      : `Let s3.amazonaws.com send to ${noun} ${name} for ${bucketName}; other statements stay`,
    change: admits ? 'none' : existing.policy === undefined ? 'create' : 'update',
    after: [noun],
    action: { kind: 'put-statement', target: { kind: destination.kind, arn: destination.arn }, statement },
  };
}

/** What the key that encrypts the destination needs, if anything. */
function keyStep(
  existing: QueueFacts | TopicFacts,
  desired: DesiredMessaging,
  facts: MessagingFacts,
  bucket: SendingBucket,
  warnings: Warning[],
): Step | undefined {
  const noun = NOUNS[desired.destination.kind];
  const id = existing.kmsKeyId ?? '';
  const managed = /^alias\/aws\//.test(id);
  const key = facts.key && ifKnown(facts.key);
  if (managed || key?.manager === 'AWS') {
    throw new S3evtError(
      'DESTINATION_REFUSED',
      `the ${noun} is encrypted with ${id}, a key that AWS manages: its policy shuts S3 out and cannot be changed`,
      {
        hint:
          desired.destination.kind === 'sqs'
            ? 'Use a customer managed key, or the encryption of SQS itself (SSE-SQS).'
            : 'Use a customer managed key, or none.',
      },
    );
  }
  if (key && key.state !== 'Enabled') {
    throw new S3evtError('DESTINATION_REFUSED', `the key ${key.arn} of the ${noun} is ${key.state}`, {
      hint: 'S3 can send there again once the key is enabled.',
    });
  }
  if (key?.policy === undefined) {
    warnings.push({
      code: 'KEY_UNKNOWN',
      message: `the ${noun} is encrypted with ${id}, whose policy may not be read: whether S3 may use it is unknown`,
    });
    return undefined;
  }
  const { policy, arn } = key;
  const admits = KEY_ACTIONS.every((action) => s3Decision(policy, action, arn, bucket)?.effect === 'allow');
  const statement = keyStatement(bucket, statementIdFor(desired.bucket));
  if (!admits && !desired.allowKey) {
    throw new S3evtError(
      'DESTINATION_REFUSED',
      `the key ${arn} of the ${noun} does not let s3.amazonaws.com use it, so S3 cannot send there`,
      {
        hint: `Its policy needs this statement, which --allow-key adds: ${JSON.stringify(statement)}`,
      },
    );
  }
  return {
    id: 'key-policy',
    title: admits
      ? `Keep the policy of key ${arn}: S3 may use it`
      : `Let s3.amazonaws.com use key ${arn} for account ${bucket.account}; other statements stay`,
    change: admits ? 'none' : 'update',
    after: [noun],
    action: { kind: 'put-statement', target: { kind: 'kms', arn }, statement },
  };
}
