import { describe, expect, it } from 'vitest';
import { snsNoSubscription } from '../../../src/core/checks/running/sns-no-subscription.ts';
import { sqsNoConsumer } from '../../../src/core/checks/running/sqs-no-consumer.ts';
import { sqsSharedConsumer } from '../../../src/core/checks/running/sqs-shared-consumer.ts';
import { sqsTiming } from '../../../src/core/checks/running/sqs-timing.ts';
import type {
  MappingNode,
  QueueAttributes,
  Simulation,
  SubscriptionNode,
} from '../../../src/core/doctor/facts.ts';
import { denied, read } from '../../../src/core/doctor/reading.ts';
import {
  ACCOUNT,
  configuration,
  facts,
  fnArn,
  functionNode,
  judge,
  NOW,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  ROLE_ARN,
  roleNode,
  topicArn,
  topicNode,
  type FactsOver,
} from './support.ts';

const mapping = (over: Partial<MappingNode> = {}): MappingNode => ({
  uuid: 'u-1',
  functionArn: fnArn(),
  state: 'Enabled',
  batchSize: 10,
  windowSeconds: 0,
  filters: [],
  reportsItemFailures: false,
  ...over,
});

const LIST = 'lambda:ListEventSourceMappings';

const toQueue = read('s3:GetBucketNotification', {
  QueueConfigurations: [{ Id: 'jobs', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
});

/** The bucket sends to the queue, which these mappings read. */
function given(
  mappings: readonly MappingNode[],
  attributes: Partial<QueueAttributes> = {},
  { bucket, ...over }: FactsOver = {},
) {
  return facts({
    bucket: { notification: toQueue, ...bucket },
    queues: {
      [queueArn()]: queueNode({
        attributes: read('sqs:GetQueueAttributes', queueAttributes(attributes)),
        mappings: read(LIST, mappings),
      }),
    },
    ...over,
  });
}

const metrics = (counts: Readonly<Record<string, number>>) =>
  read(
    'cloudwatch:GetMetricData',
    Object.entries(counts).map(([name, value]) => ({
      namespace: 'AWS/SQS',
      name,
      of: 'jobs',
      points: [[NOW - 60_000, value] as const],
    })),
  );

const deniedMappings = facts({
  bucket: { notification: toQueue },
  queues: { [queueArn()]: queueNode({ mappings: denied(LIST, queueArn()) }) },
});

describe('all of queues', () => {
  it.each([sqsNoConsumer, sqsSharedConsumer, sqsTiming])(
    '$id finds nothing in a healthy queue, and says when it may not look',
    (check) => {
      expect(judge(check, given([mapping()]))).toEqual({ findings: [], notChecked: [] });
      expect(judge(check, deniedMappings)).toMatchObject({ findings: [], notChecked: [{ action: LIST }] });
    },
  );
});

describe('sqs-no-consumer', () => {
  const found = (over: Parameters<typeof judge>[1]) => judge(sqsNoConsumer, over).findings;

  it('is certain when the only mapping is off, and turns it on', () => {
    expect(found(given([mapping({ state: 'Disabled', transitionReason: 'User action' })]))).toMatchObject([
      {
        verdict: 'broken',
        node: queueArn(),
        ruleIds: ['jobs'],
        depth: 0,
        message: 'the event source mapping of function thumbs is Disabled, so no function reads queue jobs',
        fix: {
          mode: 'safe',
          actions: [{ operation: 'UpdateEventSourceMapping', input: { UUID: 'u-1', Enabled: true } }],
        },
      },
    ]);
  });

  it('has no safe fix for several that are off, nor for one that goes', () => {
    const two = [
      mapping({ state: 'Disabled' }),
      mapping({ uuid: 'u-2', functionArn: fnArn('b'), state: 'Disabling' }),
    ];
    expect(found(given(two))).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
    expect(found(given([mapping({ state: 'Deleting' })]))).toMatchObject([{ fix: { mode: 'tell' } }]);
    expect(found(given(two, {}, { question: { expected: fnArn('b') } }))).toMatchObject([
      { fix: { mode: 'safe', actions: [{ input: { UUID: 'u-2' } }] } },
    ]);
  });

  it('is late while the mapping is being made', () => {
    expect(found(given([mapping({ state: 'Creating' })]))).toMatchObject([
      { verdict: 'suspected', severity: 'LATE' },
    ]);
  });

  it('only suspects a mapping that is off where something else empties the queue', () => {
    const over = given(
      [mapping({ state: 'Disabled' })],
      {},
      { metrics: metrics({ NumberOfMessagesDeleted: 8 }) },
    );
    expect(found(over)).toMatchObject([{ verdict: 'suspected', fix: { mode: 'ask' } }]);
    // What was deleted before may have been deleted by the mapping.
    const since = given(
      [mapping({ state: 'Disabled', modified: over.at })],
      {},
      { metrics: metrics({ NumberOfMessagesDeleted: 8 }) },
    );
    expect(found(since)).toMatchObject([{ verdict: 'broken', fix: { mode: 'safe' } }]);
    const still = given(
      [mapping({ state: 'Disabled' })],
      { waiting: 3 },
      { metrics: metrics({ NumberOfMessagesDeleted: 8 }) },
    );
    expect(found(still)).toMatchObject([{ verdict: 'broken' }]);
  });

  it.each([
    ['a second mapping that reads', given([mapping({ state: 'Disabled' }), mapping({ uuid: 'u-2' })])],
    ['one that is being changed', given([mapping({ state: 'Updating' })])],
    ['no mapping: the consumer may be outside of Lambda', given([])],
    ['messages that wait, without metrics', given([], { waiting: 9 })],
    [
      'messages that wait while somebody receives',
      given(
        [],
        { waiting: 9 },
        {
          metrics: metrics({
            NumberOfMessagesSent: 9,
            NumberOfMessagesReceived: 2,
            ApproximateAgeOfOldestMessage: 900,
          }),
        },
      ),
    ],
    [
      'messages that wait while somebody polls',
      given(
        [],
        { waiting: 1 },
        {
          metrics: metrics({
            NumberOfMessagesSent: 1,
            NumberOfEmptyReceives: 90,
            ApproximateAgeOfOldestMessage: 900,
          }),
        },
      ),
    ],
    [
      'messages that came just now',
      given(
        [],
        { waiting: 1 },
        { metrics: metrics({ NumberOfMessagesSent: 1, ApproximateAgeOfOldestMessage: 20 }) },
      ),
    ],
    ['a queue that was expected itself', given([], {}, { question: { expected: queueArn() } })],
  ])('accepts %s', (_, over) => {
    expect(found(over)).toEqual([]);
  });

  it('suspects a queue without a mapping when a function was expected', () => {
    expect(found(given([], {}, { question: { expected: fnArn('worker') } }))).toMatchObject([
      {
        verdict: 'suspected',
        fix: {
          mode: 'ask',
          actions: [
            {
              operation: 'CreateEventSourceMapping',
              input: { EventSourceArn: queueArn(), FunctionName: 'worker' },
            },
          ],
        },
      },
    ]);
  });

  it('suspects it when messages wait and none was received', () => {
    const over = given(
      [],
      { waiting: 4 },
      { metrics: metrics({ NumberOfMessagesSent: 4, ApproximateAgeOfOldestMessage: 900 }) },
    );
    expect(found(over)).toMatchObject([{ verdict: 'suspected', fix: { mode: 'tell' } }]);
  });

  const simulated = (decision: Simulation['decision'], attributes: Partial<QueueAttributes> = {}) =>
    given([mapping()], attributes, {
      roles: {
        [ROLE_ARN]: roleNode({
          simulated: read('iam:SimulatePrincipalPolicy', [
            { action: 'sqs:ReceiveMessage', resource: queueArn(), decision },
            { action: 's3:GetObject', resource: 'arn:aws:s3:::photos/*', decision: 'implicitDeny' },
          ]),
        }),
      },
    });

  it('suspects a role that may not read the queue, unless the queue lets it', () => {
    expect(found(simulated('implicitDeny'))).toMatchObject([
      {
        verdict: 'suspected',
        fix: { mode: 'ask', actions: [{ operation: 'PutRolePolicy', input: { RoleName: 'thumbs-role' } }] },
      },
    ]);
    expect(found(simulated('explicitDeny'))).toMatchObject([{ fix: { mode: 'tell' } }]);
    expect(found(simulated('allowed'))).toEqual([]);
    const admits = policy({ Effect: 'Allow', Principal: { AWS: ROLE_ARN }, Action: 'sqs:*', Resource: '*' });
    expect(found(simulated('implicitDeny', { policy: admits }))).toEqual([]);
  });
});

describe('sqs-shared-consumer', () => {
  const found = (...mappings: readonly MappingNode[]) => judge(sqsSharedConsumer, given(mappings)).findings;

  it('is certain with two functions on one queue', () => {
    expect(found(mapping(), mapping({ uuid: 'u-2', functionArn: fnArn('b') }))).toMatchObject([
      {
        verdict: 'broken',
        severity: 'SOME',
        node: queueArn(),
        message:
          'function thumbs and function b both read queue jobs, so each gets only a part of the events',
        fix: { mode: 'tell' },
      },
    ]);
  });

  it('accepts a second one that is off, and two mappings of one function', () => {
    expect(found(mapping(), mapping({ uuid: 'u-2', functionArn: fnArn('b'), state: 'Disabled' }))).toEqual(
      [],
    );
    expect(found(mapping(), mapping({ uuid: 'u-2', functionArn: fnArn('thumbs:live') }))).toEqual([]);
  });
});

describe('sqs-timing', () => {
  const timed = (
    timeoutSeconds: number,
    attributes: Partial<QueueAttributes>,
    over: Partial<MappingNode> = {},
  ) =>
    judge(
      sqsTiming,
      given([mapping(over)], attributes, {
        functions: {
          [fnArn()]: functionNode({
            configuration: read('lambda:GetFunctionConfiguration', configuration({ timeoutSeconds })),
          }),
        },
      }),
    ).findings;

  it('is certain when messages come back before the function may end', () => {
    expect(timed(60, { visibilitySeconds: 30 })).toMatchObject([
      {
        verdict: 'broken',
        severity: 'DUP',
        fix: {
          mode: 'safe',
          actions: [{ operation: 'SetQueueAttributes', input: { Attributes: { VisibilityTimeout: '360' } } }],
        },
      },
    ]);
    expect(timed(60, { visibilitySeconds: 70 }, { windowSeconds: 20 })).toMatchObject([
      { verdict: 'suspected' },
    ]);
    expect(timed(60, { visibilitySeconds: 120 })).toMatchObject([{ verdict: 'risk' }]);
  });

  it('accepts six times the timeout, and mappings that are off', () => {
    expect(timed(5, { visibilitySeconds: 30 })).toEqual([]);
    expect(timed(60, { visibilitySeconds: 30 }, { state: 'Disabled' })).toEqual([]);
  });

  it('never asks for more than twelve hours', () => {
    const over = { visibilitySeconds: 30 };
    expect(timed(900, over, { windowSeconds: 300 })).toMatchObject([
      { fix: { actions: [{ input: { Attributes: { VisibilityTimeout: '5700' } } }] } },
    ]);
  });

  it('tells of a delay and of a short retention', () => {
    expect(judge(sqsTiming, given([], { delaySeconds: 90 })).findings).toMatchObject([
      { verdict: 'risk', severity: 'LATE', message: 'queue jobs holds every message back for 1m30s' },
    ]);
    expect(judge(sqsTiming, given([], { retentionSeconds: 60 })).findings).toMatchObject([
      { verdict: 'risk' },
    ]);
  });

  it('suspects lost messages when the oldest is as old as the retention', () => {
    const over = (age: number) =>
      given([], { retentionSeconds: 86_400 }, { metrics: metrics({ ApproximateAgeOfOldestMessage: age }) });
    expect(judge(sqsTiming, over(85_000)).findings).toMatchObject([
      { verdict: 'suspected', severity: 'SOME' },
    ]);
    expect(judge(sqsTiming, over(3000)).findings).toEqual([]);
  });

  it('says so when it may not read the queue', () => {
    const over = facts({
      bucket: { notification: toQueue },
      queues: { [queueArn()]: queueNode({ attributes: denied('sqs:GetQueueAttributes', queueArn()) }) },
    });
    const { findings, notChecked } = judge(sqsTiming, over);
    expect(findings).toEqual([]);
    expect(notChecked[0]).toMatchObject({ action: 'sqs:GetQueueAttributes' });
  });
});

describe('sns-no-subscription', () => {
  const toTopic = read('s3:GetBucketNotification', {
    TopicConfigurations: [{ Id: 'up', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
  const subscription = (over: Partial<SubscriptionNode> = {}): SubscriptionNode => ({
    arn: `${topicArn()}:1`,
    protocol: 'sqs',
    endpoint: queueArn(),
    ...over,
  });
  const pending = subscription({ arn: undefined, protocol: 'email', endpoint: 'ada@example.com' });
  const over = (
    subscriptions: ReturnType<typeof denied> | readonly SubscriptionNode[],
    question: FactsOver['question'] = {},
  ) =>
    facts({
      bucket: { notification: toTopic },
      question,
      topics: {
        [topicArn()]: topicNode({
          subscriptions:
            'state' in subscriptions ? subscriptions : read('sns:ListSubscriptionsByTopic', subscriptions),
        }),
      },
    });
  const found = (...given: Parameters<typeof over>) => judge(snsNoSubscription, over(...given)).findings;

  it('is certain without one that is confirmed', () => {
    expect(found([])).toMatchObject([
      {
        verdict: 'broken',
        node: topicArn(),
        message: 'topic uploads has no subscription, so what S3 publishes reaches nobody',
      },
    ]);
    expect(found([pending])).toMatchObject([
      {
        verdict: 'broken',
        message:
          'the email subscription of ada@example.com to topic uploads was never confirmed, so nothing is sent there',
        fix: { mode: 'tell' },
      },
    ]);
    expect(found([subscription({ arn: 'Deleted' })])).toMatchObject([{ verdict: 'broken' }]);
  });

  it('accepts any that is confirmed, of whatever protocol', () => {
    expect(found([pending, subscription({ protocol: 'https', endpoint: 'https://example.com/' })])).toEqual(
      [],
    );
  });

  it('looks at the one that was expected', () => {
    const queue = `arn:aws:sqs:eu-west-1:${ACCOUNT}:other`;
    const both = [subscription(), subscription({ arn: undefined, endpoint: queue })];
    expect(found(both, { expected: queue })).toMatchObject([{ verdict: 'broken' }]);
    expect(found(both)).toEqual([]);
  });

  it('says so when it may not look', () => {
    expect(judge(snsNoSubscription, over(denied('sns:ListSubscriptionsByTopic', topicArn())))).toMatchObject({
      findings: [],
      notChecked: [{ action: 'sns:ListSubscriptionsByTopic' }],
    });
  });
});
