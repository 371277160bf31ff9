import { CreateKeyCommand, ScheduleKeyDeletionCommand } from '@aws-sdk/client-kms';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { CREATED, put } from './documents.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { mailbox, recordsOf, watched } from './mailbox.ts';
import * as operations from './operations.ts';
import { BY_S3, bucket, configure, queue, topic, type QueueRef } from './resources.ts';
import { eventually, refusal } from './target.ts';

const UNABLE = 'Unable to validate the following destination configurations';
const notAdmitted = (what: 'queue' | 'topic') =>
  `Permissions on the destination ${what} do not allow S3 to publish notifications from this bucket`;

const its = shared((t: Target) => bucket(t));

type Statement = Readonly<Record<string, unknown>>;

interface Names {
  readonly bucket: string;
  readonly t: Target;
}

/** A queue with this one statement beside `Effect`, or statements. */
async function queueWith(t: Target, statements: readonly Statement[]): Promise<QueueRef> {
  const made = await queue(t);
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((statement) => ({
      Effect: 'Allow',
      Action: 'SQS:SendMessage',
      Resource: made.arn,
      ...statement,
    })),
  });
  await t.sqs.send(new SetQueueAttributesCommand({ QueueUrl: made.url, Attributes: { Policy } }));
  return made;
}

const S3 = { Service: 's3.amazonaws.com' };

/** A row about a queue with a policy that lets S3 send, or does not. */
function policy(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  admits: boolean,
  statements: (names: Names) => readonly Statement[],
): Fact {
  return {
    ...row,
    async run(t) {
      const b = await its(t);
      const { arn } = await queueWith(t, statements({ bucket: b, t }));
      const document = { QueueConfigurations: [{ QueueArn: arn, Events: CREATED }] };
      if (admits) {
        await configure(t, b, document);
        return;
      }
      expect(await refusal(put(t, b, document))).toMatchObject({
        status: 400,
        code: 'InvalidArgument',
        message: UNABLE,
        members: { ArgumentName1: arn, ArgumentValue1: notAdmitted('queue') },
      });
    },
  };
}

const like = (operator: string, sourceArn: string, account?: string): Statement => ({
  Principal: S3,
  Condition: {
    [operator]: { 'aws:SourceArn': sourceArn },
    ...(account !== undefined && { StringEquals: { 'aws:SourceAccount': account } }),
  },
});

const policies: readonly Fact[] = [
  policy(
    {
      id: '7.1-documented',
      source: 'AWS-doc',
      expectation:
        "the documentation's queue policy admits S3, with asterisks for Region and account of the bucket's ARN",
    },
    true,
    ({ t, bucket: b }) => [like('ArnLike', `arn:${t.partition}:s3:*:*:${b}`, t.account)],
  ),
  ...['ArnEquals', 'ArnLike', 'StringEquals', 'StringLike'].map((operator) =>
    policy(
      {
        id: `7.1-${operator.toLowerCase()}`,
        source: 'AWS-doc',
        expectation: `${operator} with the bucket's ARN admits S3`,
      },
      true,
      ({ t, bucket: b }) => [like(operator, `arn:${t.partition}:s3:::${b}`)],
    ),
  ),
  policy(
    {
      id: '7.1-any-principal',
      source: 'AWS-recorded',
      expectation: 'Principal "*" with the source ARN admits S3',
    },
    true,
    ({ t, bucket: b }) => [
      { Principal: '*', Condition: { ArnEquals: { 'aws:SourceArn': `arn:${t.partition}:s3:::${b}` } } },
    ],
  ),
  policy(
    {
      id: '7.1-region-in-arn',
      source: 'AWS-doc',
      expectation: "a bucket's ARN with Region and account never matches",
    },
    false,
    ({ t, bucket: b }) => [like('ArnEquals', `arn:${t.partition}:s3:${t.region}:${t.account}:${b}`)],
  ),
  policy(
    { id: '7.1-other-bucket', source: 'AWS-doc', expectation: "another bucket's ARN does not match" },
    false,
    ({ t, bucket: b }) => [like('ArnLike', `arn:${t.partition}:s3:::${b}-other`)],
  ),
  policy(
    {
      id: '7.1-other-account',
      source: 'AWS-doc',
      expectation: "aws:SourceAccount is the account of the bucket's owner",
    },
    false,
    ({ t, bucket: b }) => [like('ArnLike', `arn:${t.partition}:s3:::${b}`, '111122220000')],
  ),
  policy(
    {
      id: '7.1-same-account',
      source: 'AWS-doc',
      expectation: 'that the account owns queue and bucket does not help: S3 is another principal',
    },
    false,
    ({ t }) => [{ Principal: { AWS: `arn:${t.partition}:iam::${t.account}:root` } }],
  ),
  policy(
    {
      id: '7.1-other-service',
      source: 'AWS-doc',
      expectation: 'another service as principal does not admit S3',
    },
    false,
    ({ t, bucket: b }) => [
      {
        Principal: { Service: 'sns.amazonaws.com' },
        Condition: { ArnLike: { 'aws:SourceArn': `arn:${t.partition}:s3:::${b}` } },
      },
    ],
  ),
  policy(
    {
      id: '7.1-other-action',
      source: 'AWS-doc',
      expectation: 'another action than SendMessage does not admit S3',
    },
    false,
    ({ t, bucket: b }) => [
      { ...like('ArnLike', `arn:${t.partition}:s3:::${b}`), Action: 'SQS:ReceiveMessage' },
    ],
  ),
  policy(
    { id: '7.1-deny', source: 'AWS-doc', expectation: 'a statement that denies wins' },
    false,
    ({ t, bucket: b }) => [
      like('ArnLike', `arn:${t.partition}:s3:::${b}`),
      { Effect: 'Deny', Principal: '*' },
    ],
  ),
  {
    id: '7.1-topic',
    source: 'AWS-doc',
    expectation: "a topic admits S3 with SNS:Publish and ArnEquals of the bucket's ARN, and no other bucket",
    async run(t) {
      const b = await its(t);
      const TopicArn = await topic(t);
      const AttributeValue = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Principal: S3,
            Action: 'SNS:Publish',
            Resource: TopicArn,
            Condition: {
              ArnEquals: { 'aws:SourceArn': `arn:${t.partition}:s3:::${b}` },
              StringEquals: { 'aws:SourceAccount': t.account },
            },
          },
        ],
      });
      await t.sns.send(new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue }));
      const document = { TopicConfigurations: [{ TopicArn, Events: CREATED }] };
      await configure(t, b, document);
      expect(await refusal(put(t, await bucket(t), document))).toMatchObject({
        message: UNABLE,
        members: { ArgumentName1: TopicArn, ArgumentValue1: notAdmitted('topic') },
      });
    },
  },
  {
    id: '7.1-other-account-queue',
    source: 'AWS-doc',
    expectation: 'a queue of another account is fine when its policy admits the bucket',
    needs: 'a second account',
    async run(t) {
      const b = await its(t);
      const other = t.clients({ accessKeyId: '111122223333' });
      const name = t.name('q');
      const arn = `arn:${t.partition}:sqs:${t.region}:111122223333:${name}`;
      const Policy = JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Allow',
            Action: 'sqs:SendMessage',
            Resource: arn,
            ...like('ArnLike', `arn:${t.partition}:s3:::${b}`, t.account),
          },
        ],
      });
      await other.sqs.send(new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }));
      await configure(t, b, { QueueConfigurations: [{ QueueArn: arn, Events: CREATED }] });
    },
  },
];

/** A customer managed key that these services may use, and its account for everything. Resolves with its ARN. */
async function key(t: Target, services: readonly string[]): Promise<string> {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { AWS: `arn:${t.partition}:iam::${t.account}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
      ...services.map((Service) => ({
        Effect: 'Allow',
        Principal: { Service },
        Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
        Resource: '*',
      })),
    ],
  });
  const { KeyMetadata } = await t.kms.send(
    new CreateKeyCommand({ Policy, Description: 's3evt conformance' }),
  );
  const KeyId = KeyMetadata?.Arn ?? '';
  t.cleanUp(() => t.kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 })));
  return KeyId;
}

const encryptedQueue = (t: Target, KmsMasterKeyId: string, admits = BY_S3) =>
  queue(t, { admits, attributes: { KmsMasterKeyId } });

async function encryptedTopic(t: Target, AttributeValue: string): Promise<string> {
  const TopicArn = await topic(t, { admits: BY_S3 });
  await t.sns.send(
    new SetTopicAttributesCommand({ TopicArn, AttributeName: 'KmsMasterKeyId', AttributeValue }),
  );
  return TopicArn;
}

const queueRefused = async (t: Target, arn: string) => {
  const document = { QueueConfigurations: [{ QueueArn: arn, Events: CREATED }] };
  expect(await refusal(put(t, await its(t), document))).toMatchObject({
    status: 400,
    code: 'InvalidArgument',
    message: UNABLE,
    members: { ArgumentName1: arn },
  });
};

const encryption: readonly Fact[] = [
  {
    id: '7.2-sse-sqs',
    source: 'AWS-doc',
    expectation: 'a queue with SSE-SQS needs nothing more',
    async run(t) {
      const { arn } = await queue(t, { admits: BY_S3, attributes: { SqsManagedSseEnabled: 'true' } });
      await configure(t, await its(t), { QueueConfigurations: [{ QueueArn: arn, Events: CREATED }] });
    },
  },
  {
    id: '7.2-aws-managed-key-queue',
    source: 'AWS-doc',
    expectation: 'a queue with the key alias/aws/sqs cannot work',
    run: async (t) => queueRefused(t, (await encryptedQueue(t, 'alias/aws/sqs')).arn),
  },
  {
    id: '7.2-aws-managed-key-topic',
    source: 'AWS-doc',
    expectation: 'a topic with the key alias/aws/sns cannot work',
    async run(t) {
      const TopicArn = await encryptedTopic(t, 'alias/aws/sns');
      expect(
        await refusal(put(t, await its(t), { TopicConfigurations: [{ TopicArn, Events: CREATED }] })),
      ).toMatchObject({ status: 400, message: UNABLE, members: { ArgumentName1: TopicArn } });
    },
  },
  {
    id: '7.2-customer-key-closed',
    source: 'AWS-doc',
    expectation: 'a customer managed key whose policy does not name S3 is refused',
    run: async (t) => queueRefused(t, (await encryptedQueue(t, await key(t, []))).arn),
  },
  {
    id: '7.2-customer-key',
    source: 'AWS-doc',
    expectation:
      'with kms:GenerateDataKey and kms:Decrypt for s3.amazonaws.com in the key policy events arrive',
    async run(t) {
      const b = await bucket(t);
      const box = mailbox(t, await encryptedQueue(t, await key(t, ['s3.amazonaws.com'])));
      await configure(t, b, { QueueConfigurations: [{ QueueArn: box.arn, Events: CREATED }] });
      let probes = 0;
      await eventually(async () => {
        await operations.putObject(t, b, `encrypted/${++probes}`);
        await box.messages((body) => recordsOf(body).length > 0, 1, 1);
      });
    },
  },
  {
    id: '7.2-customer-key-topic',
    source: 'AWS-doc',
    expectation: 'the same key policy lets S3 publish to an encrypted topic',
    async run(t) {
      const TopicArn = await encryptedTopic(t, await key(t, ['s3.amazonaws.com']));
      await configure(t, await its(t), { TopicConfigurations: [{ TopicArn, Events: CREATED }] });
    },
  },
  {
    id: '7.2-topic-to-encrypted-queue',
    source: 'AWS-doc',
    expectation:
      'sns.amazonaws.com needs the same rights on the key of a subscribed queue, or its messages are lost',
    async run(t) {
      const b = await bucket(t);
      const TopicArn = await topic(t, { admits: BY_S3 });
      const bySns = { service: 'sns.amazonaws.com', sourceArn: TopicArn };
      const [open, closed] = [
        mailbox(t, await encryptedQueue(t, await key(t, ['sns.amazonaws.com']), bySns)),
        mailbox(t, await encryptedQueue(t, await key(t, ['s3.amazonaws.com']), bySns)),
      ];
      for (const { arn } of [open, closed]) {
        await t.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: arn }));
      }
      await configure(t, b, { TopicConfigurations: [{ TopicArn, Events: CREATED }] });
      let probes = 0;
      await eventually(async () => {
        await operations.putObject(t, b, `encrypted/${++probes}`);
        await open.messages((body) => body.includes('ObjectCreated'), 1, 1);
      });
      expect(await closed.messages(() => true, 0)).toEqual([]);
    },
  },
  {
    id: '7.2-object-encryption',
    source: 'AWS-doc',
    expectation: 'the encryption of the object makes no difference',
    async run(t) {
      const { bucket: b, of } = await watched(t);
      const SSEKMSKeyId = await key(t, []);
      await t.s3.send(
        new PutObjectCommand({
          Bucket: b,
          Key: 'secret',
          Body: 'x',
          ServerSideEncryption: 'aws:kms',
          SSEKMSKeyId,
        }),
      );
      expect(await of('secret')).toHaveLength(1);
    },
  },
];

describeFacts('7.1 destination policies, 7.2 encryption', [...policies, ...encryption]);
