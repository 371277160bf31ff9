import { describe, expect, it } from 'vitest';
import { kmsKeyUnusable } from '../../../src/core/checks/encryption/kms-key-unusable.ts';
import { kmsPolicyDeniesS3 } from '../../../src/core/checks/encryption/kms-policy-denies-s3.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  admitting,
  behindRule,
  behindTopic,
  given,
  OTHER_ACCOUNT,
  queueDocument,
  RULE_ARN,
  said,
  subscription,
  topicDocument,
  withQueue,
  withTopic,
  written,
} from './access-support.ts';
import {
  ACCOUNT,
  BUCKET_ARN,
  judge,
  keyNode,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  REGION,
  s3Statement,
  topicArn,
  topicNode,
} from './support.ts';

const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234`;
/** What a new key has. */
const ROOT = {
  Sid: 'root',
  Effect: 'Allow',
  Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
  Action: 'kms:*',
  Resource: '*',
};
const allow = (service: string, over: object = {}) => ({
  Sid: 'sender',
  Effect: 'Allow',
  Principal: { Service: service },
  Action: ['kms:GenerateDataKey', 'kms:Decrypt'],
  Resource: '*',
  ...over,
});
const S3 = 's3.amazonaws.com';

const keyWith = (...statements: readonly object[]) => ({
  keys: {
    [KEY]: keyNode(KEY, {
      policy: read('kms:GetKeyPolicy', JSON.stringify({ Version: '2012-10-17', Statement: statements })),
    }),
  },
});
const keyIn = (state: string) => ({
  keys: { [KEY]: keyNode(KEY, { key: read('kms:DescribeKey', { arn: KEY, manager: 'CUSTOMER', state }) }) },
});
const encrypted = (over: object) => withQueue({ kmsKeyId: KEY }, over);

describe('kms-key-unusable', () => {
  it.each([
    ['Disabled', ['EnableKey']],
    ['PendingDeletion', ['CancelKeyDeletion', 'EnableKey']],
  ])('a key that is %s can be switched on', (state, operations) => {
    expect(said(encrypted(keyIn(state)))).toEqual(['kms-key-unusable broken']);
    const { findings } = judge(kmsKeyUnusable, encrypted(keyIn(state)));
    expect(findings).toMatchObject([
      {
        node: queueArn(),
        ruleIds: ['q'],
        fix: {
          mode: 'ask',
          actions: operations.map((operation) => ({ service: 'kms', operation, input: { KeyId: KEY } })),
        },
      },
    ]);
  });

  it.each(['PendingImport', 'Unavailable', 'PendingReplicaDeletion'])('%s is for people', (state) => {
    expect(judge(kmsKeyUnusable, encrypted(keyIn(state))).findings).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell' } },
    ]);
  });

  it('finds a key of the own account that is gone', () => {
    const gone = { keys: { [KEY]: keyNode(KEY, { key: absent('kms:DescribeKey') }) } };
    expect(said(encrypted(gone))).toEqual(['kms-key-unusable broken']);
    const foreign = KEY.replace(ACCOUNT, OTHER_ACCOUNT);
    const hidden = { keys: { [foreign]: keyNode(foreign, { key: absent('kms:DescribeKey') }) } };
    expect(said(withQueue({ kmsKeyId: foreign }, hidden))).toEqual([]);
  });

  it.each(['Enabled', 'Updating', 'Creating'])('is silent about a key that is %s', (state) => {
    expect(said(encrypted(keyIn(state)))).toEqual([]);
  });

  it('finds the key of a topic', () => {
    expect(said(withTopic({ kmsKeyId: KEY }, keyIn('Disabled')))).toEqual(['kms-key-unusable broken']);
  });

  it('says when it may not look', () => {
    const hidden = { keys: { [KEY]: keyNode(KEY, { key: denied('kms:DescribeKey', KEY) }) } };
    expect(judge(kmsKeyUnusable, encrypted(hidden))).toMatchObject({
      findings: [],
      notChecked: [{ check: 'kms-key-unusable', action: 'kms:DescribeKey' }],
    });
  });
});

describe('kms-policy-denies-s3', () => {
  it.each<readonly [string, string, readonly object[]]>([
    ['a new key', 'broken', [ROOT]],
    ['half of what is needed', 'broken', [ROOT, allow(S3, { Action: 'kms:GenerateDataKey' })]],
    ['another service', 'broken', [ROOT, allow('sns.amazonaws.com')]],
    [
      'another account',
      'broken',
      [allow(S3, { Condition: { StringEquals: { 'aws:SourceAccount': OTHER_ACCOUNT } } })],
    ],
    ['a Deny', 'broken', [allow(S3), { ...ROOT, Effect: 'Deny', Principal: '*', Action: 'kms:Decrypt' }]],
    [
      'the ARN of the bucket',
      'suspected',
      [ROOT, allow(S3, { Condition: { ArnLike: { 'aws:SourceArn': BUCKET_ARN } } })],
    ],
    [
      'a service on the way',
      'suspected',
      [ROOT, allow(S3, { Condition: { StringEquals: { 'kms:ViaService': `sqs.${REGION}.amazonaws.com` } } })],
    ],
  ])('%s is %s', (_what, verdict, statements) => {
    expect(said(encrypted(keyWith(...statements)))).toEqual([`kms-policy-denies-s3 ${verdict}`]);
  });

  it.each<readonly [string, object]>([
    ['both actions', allow(S3)],
    ['wildcards', allow(S3, { Action: ['kms:GenerateDataKey*', 'kms:Decrypt'] })],
    ['everything', allow(S3, { Action: 'kms:*' })],
    [
      'the account of the bucket',
      allow(S3, { Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT } } }),
    ],
  ])('is silent about %s', (_what, statement) => {
    expect(said(encrypted(keyWith(ROOT, statement)))).toEqual([]);
  });

  it('adds a statement that mends it, and leaves the others', () => {
    const { findings } = judge(kmsPolicyDeniesS3, encrypted(keyWith(ROOT)));
    expect(findings).toMatchObject([
      {
        fix: {
          mode: 'ask',
          actions: [{ operation: 'PutKeyPolicy', input: { KeyId: KEY, PolicyName: 'default' } }],
        },
      },
    ]);
    const { Statement } = written(findings[0]?.fix.actions[0]);
    expect(Statement[0]).toEqual(ROOT);
    expect(said(encrypted(keyWith(...Statement)))).toEqual([]);
  });

  it('admits all senders of a key in each write', () => {
    const queues = {
      [queueArn()]: queueNode({
        attributes: read(
          'sqs:GetQueueAttributes',
          queueAttributes({
            kmsKeyId: KEY,
            policy: policy(
              s3Statement('sqs:SendMessage', queueArn()),
              admitting('sns.amazonaws.com', topicArn(), 'sqs:SendMessage', queueArn()),
            ),
          }),
        ),
      }),
    };
    const topics = {
      [topicArn()]: topicNode({
        subscriptions: read('sns:ListSubscriptionsByTopic', [subscription('sqs', queueArn())]),
      }),
    };
    const world = (statements: readonly object[]) =>
      given({ ...queueDocument(), ...topicDocument() }, { queues, topics, ...keyWith(...statements) });
    const { findings } = judge(kmsPolicyDeniesS3, world([ROOT]));
    const [first, second] = findings.map(({ fix }) => written(fix.actions[0]));
    expect(first).toEqual(second);
    expect(said(world(first?.Statement ?? []))).toEqual([]);
  });

  it.each([
    ['sns.amazonaws.com', (over: object) => behindTopic([subscription('sqs', queueArn())], over), topicArn()],
    ['events.amazonaws.com', (over: object) => behindRule([{ arn: queueArn() }], over), RULE_ARN],
  ])('asks for %s where that sends', (service, world, source) => {
    const queues = {
      [queueArn()]: queueNode({
        attributes: read(
          'sqs:GetQueueAttributes',
          queueAttributes({
            kmsKeyId: KEY,
            policy: policy(admitting(service, source, 'sqs:SendMessage', queueArn())),
          }),
        ),
      }),
    };
    expect(said(world({ queues, ...keyWith(ROOT, allow(S3)) }))).toEqual(['kms-policy-denies-s3 broken']);
    expect(said(world({ queues, ...keyWith(ROOT, allow(service)) }))).toEqual([]);
  });

  it('lets SQS encrypt by itself where the key is that of AWS', () => {
    const { findings } = judge(kmsPolicyDeniesS3, withQueue({ kmsKeyId: 'alias/aws/sqs' }));
    expect(findings).toMatchObject([
      {
        verdict: 'broken',
        fix: {
          mode: 'ask',
          actions: [
            {
              operation: 'SetQueueAttributes',
              input: { Attributes: { KmsMasterKeyId: '', SqsManagedSseEnabled: 'true' } },
            },
          ],
        },
      },
    ]);
    expect(judge(kmsPolicyDeniesS3, withTopic({ kmsKeyId: 'alias/aws/sns' })).findings).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell' } },
    ]);
    const managed = {
      keys: {
        [KEY]: keyNode(KEY, { key: read('kms:DescribeKey', { arn: KEY, manager: 'AWS', state: 'Enabled' }) }),
      },
    };
    expect(said(encrypted(managed))).toEqual(['kms-policy-denies-s3 broken']);
  });

  it('does not judge the policy of a key that is off', () => {
    const node = keyNode(KEY, {
      key: read('kms:DescribeKey', { arn: KEY, manager: 'CUSTOMER', state: 'Disabled' }),
      policy: read('kms:GetKeyPolicy', policy(ROOT)),
    });
    expect(said(encrypted({ keys: { [KEY]: node } }))).toEqual(['kms-key-unusable broken']);
  });

  it('says when it may not look', () => {
    const node = keyNode(KEY, { policy: denied('kms:GetKeyPolicy', KEY) });
    expect(judge(kmsPolicyDeniesS3, encrypted({ keys: { [KEY]: node } }))).toMatchObject({
      findings: [],
      notChecked: [{ check: 'kms-policy-denies-s3', action: 'kms:GetKeyPolicy' }],
    });
  });
});
