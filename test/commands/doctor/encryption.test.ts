/** Queues and topics with a KMS key that the sender cannot use. */
import {
  CreateKeyCommand,
  DisableKeyCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
} from '@aws-sdk/client-kms';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe } from 'vitest';
import type { TestSandbox } from '../../support/sandbox.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { proves } from './scenario.ts';
import {
  ACCOUNT,
  admits,
  BUCKET,
  BUCKET_ARN,
  createQueue,
  pattern,
  put,
  queueArn,
  queueChain,
  queueUrl,
  ruleArn,
  topicArn,
  topicChain,
} from './world.ts';

const sandbox = shareSandbox();

/** A key's policy: its account may do all, and these services what a sender needs. */
function keyPolicy(...services: readonly string[]): string {
  const root = {
    Effect: 'Allow',
    Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
    Action: 'kms:*',
    Resource: '*',
  };
  const senders = services.map((Service) => ({
    Effect: 'Allow',
    Principal: { Service },
    Action: ['kms:GenerateDataKey*', 'kms:Decrypt'],
    Resource: '*',
  }));
  return JSON.stringify({ Version: '2012-10-17', Statement: [root, ...senders] });
}

/** ARN of the key that the world made last. */
let KeyId = '';

async function createKey({ kms }: TestSandbox, ...services: readonly string[]): Promise<void> {
  const { KeyMetadata } = await kms.send(new CreateKeyCommand({ Policy: keyPolicy(...services) }));
  KeyId = KeyMetadata?.Arn ?? '';
}

const encryptQueue = ({ sqs, url }: TestSandbox, KmsMasterKeyId = KeyId) =>
  sqs.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl(url), Attributes: { KmsMasterKeyId } }));

const encryptTopic = ({ sns }: TestSandbox, AttributeValue = KeyId) =>
  sns.send(
    new SetTopicAttributesCommand({ TopicArn: topicArn(), AttributeName: 'KmsMasterKeyId', AttributeValue }),
  );

const S3 = 's3.amazonaws.com';
const SNS = 'sns.amazonaws.com';
const EVENTS = 'events.amazonaws.com';

const queueAlone = (world: TestSandbox) => queueChain(world, false);

/** S3 -> a queue with a key of its own. */
async function encryptedQueue(world: TestSandbox): Promise<void> {
  await queueAlone(world);
  await createKey(world, S3);
  await encryptQueue(world);
}

/** S3 -> a topic with a key of its own -> function. */
async function encryptedTopic(world: TestSandbox): Promise<void> {
  await topicChain(world);
  await createKey(world, S3);
  await encryptTopic(world);
}

/** The queue admits that sender. */
const admitToQueue = (world: TestSandbox, service: string, sourceArn: string) =>
  createQueue(world, 'jobs', { Policy: admits(service, 'sqs:SendMessage', queueArn(), sourceArn) });

/** S3 -> topic -> a queue with a key that admits the topic. */
async function queueBehindTopic(world: TestSandbox): Promise<void> {
  const Policy = admits(S3, 'sns:Publish', topicArn(), BUCKET_ARN);
  await world.sns.send(new CreateTopicCommand({ Name: 'uploads', Attributes: { Policy } }));
  await admitToQueue(world, SNS, topicArn());
  await createKey(world, SNS);
  await encryptQueue(world);
  await world.sns.send(new SubscribeCommand({ TopicArn: topicArn(), Protocol: 'sqs', Endpoint: queueArn() }));
  await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, {
    TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
}

/** S3 -> EventBridge -> a queue with a key that admits the rule. */
async function queueBehindBus(world: TestSandbox): Promise<void> {
  await world.events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern() }));
  await admitToQueue(world, EVENTS, ruleArn());
  await createKey(world, EVENTS);
  await encryptQueue(world);
  await world.events.send(
    new PutTargetsCommand({ Rule: 'all-objects', Targets: [{ Id: 'queue', Arn: queueArn() }] }),
  );
  await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, { EventBridgeConfiguration: {} });
}

const disable = ({ kms }: TestSandbox) => kms.send(new DisableKeyCommand({ KeyId }));
const scheduleDeletion = ({ kms }: TestSandbox) => kms.send(new ScheduleKeyDeletionCommand({ KeyId }));
/** Its owner may use it, and nobody else. */
const shut = ({ kms }: TestSandbox, ...services: readonly string[]) =>
  kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: keyPolicy(...services) }));

describe('the key cannot be used', () => {
  proves(sandbox, [
    { id: 'kms-key-unusable', when: 'of a queue, disabled', setUp: encryptedQueue, breaks: disable },
    {
      id: 'kms-key-unusable',
      when: 'of a queue, about to be deleted',
      setUp: encryptedQueue,
      breaks: scheduleDeletion,
    },
    { id: 'kms-key-unusable', when: 'of a topic, disabled', setUp: encryptedTopic, breaks: disable },
    {
      id: 'kms-key-unusable',
      when: 'of a topic, about to be deleted',
      setUp: encryptedTopic,
      breaks: scheduleDeletion,
    },
    {
      id: 'kms-key-unusable',
      when: 'disabled, and its policy shuts S3 out',
      setUp: encryptedQueue,
      breaks: async (world) => {
        await shut(world);
        await disable(world);
      },
      mended: 'gone',
    },
    {
      id: 'kms-key-unusable',
      when: 'of a queue behind a topic',
      setUp: queueBehindTopic,
      breaks: disable,
    },
  ]);
});

describe('the policy of the key shuts the sender out', () => {
  proves(sandbox, [
    {
      id: 'kms-policy-denies-s3',
      when: 'S3, of a queue',
      setUp: encryptedQueue,
      breaks: (world) => shut(world),
    },
    {
      id: 'kms-policy-denies-s3',
      when: 'S3, of a topic',
      setUp: encryptedTopic,
      breaks: (world) => shut(world),
    },
    {
      id: 'kms-policy-denies-s3',
      when: 'SNS, of a queue',
      setUp: queueBehindTopic,
      breaks: (world) => shut(world, S3),
    },
    {
      id: 'kms-policy-denies-s3',
      when: 'EventBridge, of a queue',
      setUp: queueBehindBus,
      breaks: (world) => shut(world, S3),
    },
    {
      id: 'kms-policy-denies-s3',
      when: 'the key that AWS manages for SQS',
      setUp: queueAlone,
      breaks: (world) => encryptQueue(world, 'alias/aws/sqs'),
    },
    {
      id: 'kms-policy-denies-s3',
      when: 'the key that AWS manages for SNS',
      setUp: topicChain,
      breaks: (world) => encryptTopic(world, 'alias/aws/sns'),
      then: (world) => encryptTopic(world, ''),
    },
  ]);
});
