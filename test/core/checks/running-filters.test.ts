import { describe, expect, it } from 'vitest';
import { snsFilterPolicy } from '../../../src/core/checks/running/sns-filter-policy.ts';
import { sqsEsmFilter } from '../../../src/core/checks/running/sqs-esm-filter.ts';
import type { EventRuleNode, MappingNode, SubscriptionNode } from '../../../src/core/doctor/facts.ts';
import { denied, read } from '../../../src/core/doctor/reading.ts';
import {
  BUCKET,
  facts,
  fnArn,
  judge,
  NOW,
  queueArn,
  queueNode,
  topicArn,
  topicNode,
  type FactsOver,
} from './support.ts';

const mapping = (filters: readonly unknown[], over: Partial<MappingNode> = {}): MappingNode => ({
  uuid: 'u-1',
  functionArn: fnArn(),
  state: 'Enabled',
  batchSize: 10,
  windowSeconds: 0,
  filters: filters.map((filter) => (typeof filter === 'string' ? filter : JSON.stringify(filter))),
  reportsItemFailures: false,
  ...over,
});

const element = (over: Readonly<Record<string, unknown>>) => ({
  Id: 'up',
  Events: ['s3:ObjectCreated:*'],
  ...over,
});
const document = (value: Readonly<Record<string, unknown>>) => read('s3:GetBucketNotification', value);
const toQueue = (over: Readonly<Record<string, unknown>> = {}) =>
  document({ QueueConfigurations: [element({ QueueArn: queueArn(), ...over })] });
const toTopic = document({ TopicConfigurations: [element({ TopicArn: topicArn() })] });
const prefix = (Value: string) => ({ Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value }] } } });

const sampleOf = (...keys: readonly string[]) =>
  read('s3:ListBucketVersions', {
    entries: keys.map((key) => ({
      key,
      versionId: 'null',
      latest: true,
      deleteMarker: false,
      modified: NOW,
      size: 1,
    })),
    truncated: false,
  });

const queues = (...mappings: readonly MappingNode[]) => ({
  [queueArn()]: queueNode({ mappings: read('lambda:ListEventSourceMappings', mappings) }),
});

const body = (record: Readonly<Record<string, unknown>>) => ({ body: { Records: record } });
const keyFilter = (...operands: readonly unknown[]) => body({ s3: { object: { key: operands } } });

describe('sqs-esm-filter', () => {
  const given = (filters: readonly unknown[], { bucket, ...over }: FactsOver = {}) =>
    facts({ bucket: { notification: toQueue(), ...bucket }, queues: queues(mapping(filters)), ...over });
  const found = (...args: Parameters<typeof given>) => judge(sqsEsmFilter, given(...args)).findings;
  const key = (value: string): FactsOver => ({ question: { key: value } });

  it.each([
    ['the key', keyFilter({ prefix: 'in/' })],
    ['the bucket', body({ s3: { bucket: { name: [BUCKET] } } })],
    ['a family of events', body({ eventName: [{ prefix: 'ObjectCreated:' }] })],
    [
      'values that cannot be foreseen',
      body({
        s3: { object: { size: [{ numeric: ['>', 1000] }] } },
        userIdentity: { principalId: [{ prefix: 'AWS:' }] },
      }),
    ],
    [
      'parts of other events',
      { $or: [body({ glacierEventData: { restoreEventData: { x: ['y'] } } }), { body: { z: ['z'] } }] },
    ],
    ['what is there', body({ s3: { object: { key: [{ exists: true }] } } })],
    ['the queue', { eventSourceARN: [queueArn()] }],
    ['the attributes of messages', { attributes: { SenderId: ['x'] } }],
  ])('accepts a filter on %s', (_, filter) => {
    expect(found([filter])).toEqual([]);
    expect(found([filter], key('in/a.jpg'))).toEqual([]);
  });

  it('accepts one filter of several, no filter, and mappings that are off', () => {
    expect(found([{ body: { x: ['y'] } }, keyFilter({ suffix: '.jpg' })], key('a.jpg'))).toEqual([]);
    expect(found([])).toEqual([]);
    const off = given([]);
    const over = { ...off, queues: queues(mapping([{ body: { x: ['y'] } }], { state: 'Disabled' })) };
    expect(judge(sqsEsmFilter, over).findings).toEqual([]);
  });

  it.each([
    [
      'fields that S3 has elsewhere',
      { body: { s3: { bucket: { name: [BUCKET] } } } },
      'body.s3.bucket.name ["photos"]',
    ],
    [
      'the fields of EventBridge',
      { body: { detail: { object: { key: [{ prefix: '' }] } } } },
      'body.detail.object.key [{"prefix":""}]',
    ],
    [
      'another bucket',
      body({ s3: { bucket: { name: ['other'] } } }),
      'body.Records.s3.bucket.name ["other"]',
    ],
    [
      'event names with s3:',
      body({ eventName: ['s3:ObjectCreated:Put'] }),
      'body.Records.eventName ["s3:ObjectCreated:Put"]',
    ],
    ['events that the rule does not take', body({ eventName: [{ prefix: 'ObjectRemoved:' }] }), undefined],
    ['the body as text', { body: [{ prefix: '{' }] }, 'body [{"prefix":"{"}]'],
    ['the size as text', body({ s3: { object: { size: ['1'] } } }), undefined],
  ])('is certain, whatever the key, for %s', (_, filter, shown) => {
    const [finding] = found([filter]);
    expect(finding).toMatchObject({
      verdict: 'broken',
      node: queueArn(),
      fix: {
        mode: 'ask',
        actions: [{ operation: 'UpdateEventSourceMapping', input: { UUID: 'u-1', FilterCriteria: {} } }],
      },
    });
    if (shown !== undefined) expect(finding?.evidence[1]?.value).toBe(shown);
  });

  it('is certain for a key that it rejects, and silent about keys that may come', () => {
    const filter = keyFilter({ suffix: '.jpg' });
    expect(found([filter], key('a.txt'))).toMatchObject([{ verdict: 'broken' }]);
    expect(found([filter])).toEqual([]);
    expect(found([filter], { bucket: { sample: sampleOf('a.txt', 'b.csv') } })).toEqual([]);
  });

  it('sees keys as messages have them, and writes the filter so', () => {
    const filter = keyFilter({ prefix: 'my folder/' });
    const corrected = {
      FilterCriteria: { Filters: [{ Pattern: JSON.stringify(keyFilter({ prefix: 'my+folder/' })) }] },
    };
    expect(found([filter], key('my folder/a.jpg'))).toMatchObject([
      { verdict: 'broken', fix: { actions: [{ input: corrected }] } },
    ]);
    expect(found([filter], { bucket: { sample: sampleOf('my folder/a.jpg') } })).toMatchObject([
      { verdict: 'suspected', fix: { actions: [{ input: corrected }] } },
    ]);
    expect(found([keyFilter({ prefix: 'my+folder/' })], key('my folder/a.jpg'))).toEqual([]);
  });

  it('judges by the operation where it is known', () => {
    const filter = body({ eventName: ['ObjectCreated:Put'] });
    expect(found([filter], { question: { key: 'a', operation: 'multipart' } })).toMatchObject([
      { verdict: 'broken' },
    ]);
    expect(found([filter], { question: { key: 'a', operation: 'put' } })).toEqual([]);
    expect(found([filter], { question: { key: 'a' } })).toEqual([]);
  });

  it('uses a key that the rule takes', () => {
    const over = { bucket: { notification: toQueue(prefix('in/')) } };
    expect(found([keyFilter({ prefix: 'in/' })], over)).toEqual([]);
  });

  it('does not mind the filters of others when something else was expected', () => {
    const over = facts({
      bucket: { notification: toQueue() },
      queues: queues(
        mapping([]),
        mapping([{ body: { x: ['y'] } }], { uuid: 'u-2', functionArn: fnArn('other') }),
      ),
      question: { expected: fnArn() },
    });
    expect(judge(sqsEsmFilter, over).findings).toEqual([]);
  });

  it('says so when the filter could not be decrypted, or the mappings not read', () => {
    const unread = {
      ...given([]),
      queues: queues(mapping([], { filterError: 'KMSAccessDenied: no' })),
    };
    expect(judge(sqsEsmFilter, unread)).toMatchObject({
      findings: [],
      notChecked: [{ check: 'sqs-esm-filter', resource: 'u-1', reason: 'KMSAccessDenied: no' }],
    });
    const hidden = {
      ...given([]),
      queues: { [queueArn()]: queueNode({ mappings: denied('lambda:ListEventSourceMappings', 'jobs') }) },
    };
    expect(judge(sqsEsmFilter, hidden)).toMatchObject({ findings: [], notChecked: [{ resource: 'jobs' }] });
  });

  it('never throws on what is no pattern', () => {
    for (const odd of ['', 'null', '[]', '{', '{"body":{}}', '{"body":{"x":[{"future":1}]}}', '{"$or":[]}']) {
      expect(found([odd])).toEqual([]);
    }
  });

  describe('behind a topic', () => {
    const behind = (filter: unknown, attributes: SubscriptionNode['attributes']) =>
      judge(
        sqsEsmFilter,
        facts({
          bucket: { notification: toTopic },
          topics: {
            [topicArn()]: topicNode({
              subscriptions: read('sns:ListSubscriptionsByTopic', [
                { arn: `${topicArn()}:1`, protocol: 'sqs', endpoint: queueArn(), attributes },
              ]),
            }),
          },
          queues: queues(mapping([filter])),
        }),
      );
    const kind = (raw: boolean) =>
      read('sns:GetSubscriptionAttributes', { raw, filterScope: 'MessageAttributes' as const });

    it('knows the envelope', () => {
      expect(behind(keyFilter({ prefix: 'x' }), kind(true)).findings).toEqual([]);
      expect(behind(keyFilter({ prefix: 'x' }), kind(false)).findings).toMatchObject([
        { verdict: 'broken', depth: 1, fix: { advice: expect.stringContaining('body.Message') as string } },
      ]);
      expect(behind({ body: { Message: [{ wildcard: '*ObjectCreated*' }] } }, kind(false)).findings).toEqual(
        [],
      );
      expect(behind({ body: { TopicArn: [topicArn()] } }, kind(false)).findings).toEqual([]);
    });

    it('says so when the kind of delivery is not known', () => {
      const attributes = denied('sns:GetSubscriptionAttributes', 'sub');
      expect(behind(keyFilter({ prefix: 'x' }), attributes)).toMatchObject({
        findings: [],
        notChecked: [{ action: 'sns:GetSubscriptionAttributes' }],
      });
    });
  });

  describe('behind an event rule', () => {
    const rule = (rewritten: boolean): EventRuleNode => ({
      name: 'all',
      arn: 'arn:aws:events:eu-west-1:111122223333:rule/all',
      bus: 'default',
      pattern: JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [BUCKET] } } }),
      state: 'ENABLED',
      targets: read('events:ListTargetsByRule', [{ id: 't', arn: queueArn(), rewritten }]),
    });
    const behind = (filter: unknown, rewritten = false, over: FactsOver = {}) =>
      judge(
        sqsEsmFilter,
        facts({
          bucket: { notification: document({ EventBridgeConfiguration: {} }) },
          eventRules: read('events:ListRules', [rule(rewritten)]),
          queues: queues(mapping([filter])),
          ...over,
        }),
      ).findings;

    it('knows the event', () => {
      expect(behind({ body: { detail: { object: { key: [{ prefix: 'in/' }] } } } })).toEqual([]);
      expect(behind({ body: { 'detail-type': ['Object Created'] } })).toEqual([]);
      expect(behind(keyFilter({ prefix: 'in/' }))).toMatchObject([{ verdict: 'broken' }]);
      expect(behind({ body: { detail: { object: { key: ['a b'] } } } }, false, key('a b'))).toEqual([]);
    });

    it('does not guess what a rewritten event is', () => {
      expect(behind(keyFilter({ prefix: 'in/' }), true)).toEqual([]);
    });
  });
});

describe('sns-filter-policy', () => {
  const given = (
    filterPolicy: unknown,
    filterScope: 'MessageAttributes' | 'MessageBody' = 'MessageAttributes',
    over: FactsOver = {},
  ) =>
    facts({
      bucket: { notification: toTopic },
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('sns:ListSubscriptionsByTopic', [
            {
              arn: `${topicArn()}:1`,
              protocol: 'sqs',
              endpoint: queueArn(),
              attributes: read('sns:GetSubscriptionAttributes', {
                raw: true,
                filterScope,
                filterPolicy: typeof filterPolicy === 'string' ? filterPolicy : JSON.stringify(filterPolicy),
              }),
            },
          ]),
        }),
      },
      ...over,
    });
  const found = (...args: Parameters<typeof given>) => judge(snsFilterPolicy, given(...args)).findings;

  it('is certain for attributes, which S3 does not send', () => {
    expect(found({ x: ['y'] })).toMatchObject([
      {
        verdict: 'broken',
        node: `${topicArn()}:1`,
        subject: 'subscription of queue jobs',
        fix: {
          mode: 'ask',
          actions: [
            {
              operation: 'SetSubscriptionAttributes',
              input: { AttributeName: 'FilterPolicy', AttributeValue: '{}' },
            },
          ],
        },
      },
    ]);
    expect(found({ x: [{ exists: true }] })).toMatchObject([{ verdict: 'broken' }]);
    expect(found({ x: [{ 'anything-but': ['y'] }] })).toMatchObject([{ verdict: 'broken' }]);
    expect(found({ x: [{ exists: false }], y: ['z'] })).toMatchObject([{ verdict: 'broken' }]);
  });

  it('proposes the other scope for a policy that is written for the message', () => {
    expect(found({ Records: { eventName: [{ prefix: 'ObjectCreated:' }] } })).toMatchObject([
      {
        fix: { actions: [{ input: { AttributeName: 'FilterPolicyScope', AttributeValue: 'MessageBody' } }] },
      },
    ]);
  });

  it.each([
    ['no conditions', {}],
    ['an attribute that must not be there', { x: [{ exists: false }] }],
    ['null', { x: ['y', null] }],
    ['a choice', { $or: [{ x: ['y'] }, { x: [{ exists: false }] }] }],
    ['nonsense', 'nonsense'],
    ['a list', '[1]'],
  ])('accepts %s', (_, policy) => {
    expect(found(policy)).toEqual([]);
  });

  it.each([
    ['the key', { Records: { s3: { object: { key: [{ prefix: 'in/' }] } } } }],
    ['the event', { Records: { eventName: [{ prefix: 'ObjectCreated' }] } }],
    ['the size', { Records: { s3: { object: { size: [{ numeric: ['>', 0] }] } } } }],
  ])('accepts a policy on %s in the message', (_, policy) => {
    expect(found(policy, 'MessageBody')).toEqual([]);
  });

  it('is certain for the message when no event can match', () => {
    expect(found({ s3: { bucket: { name: [BUCKET] } } }, 'MessageBody')).toMatchObject([
      { verdict: 'broken' },
    ]);
    expect(
      found({ Records: { s3: { object: { key: [{ suffix: '.jpg' }] } } } }, 'MessageBody', {
        question: { key: 'a.txt' },
      }),
    ).toMatchObject([{ verdict: 'broken' }]);
    const spaced = { Records: { s3: { object: { key: ['a b.jpg'] } } } };
    expect(found(spaced, 'MessageBody', { question: { key: 'a b.jpg' } })).toMatchObject([
      {
        fix: {
          actions: [
            {
              input: {
                AttributeValue: JSON.stringify({ Records: { s3: { object: { key: ['a+b.jpg'] } } } }),
              },
            },
          ],
        },
      },
    ]);
  });

  it('accepts policies that share out the keys among subscribers', () => {
    const suffix = (value: string) =>
      JSON.stringify({ Records: { s3: { object: { key: [{ suffix: value }] } } } });
    const subscription = (id: string, filterPolicy: string): SubscriptionNode => ({
      arn: `${topicArn()}:${id}`,
      protocol: 'sqs',
      endpoint: queueArn(id),
      attributes: read('sns:GetSubscriptionAttributes', {
        raw: true,
        filterScope: 'MessageBody',
        filterPolicy,
      }),
    });
    const over = (question: NonNullable<FactsOver['question']>, ...policies: readonly string[]) =>
      judge(
        snsFilterPolicy,
        facts({
          bucket: { notification: toTopic },
          topics: {
            [topicArn()]: topicNode({
              subscriptions: read(
                'sns:ListSubscriptionsByTopic',
                policies.map((policy, index) => subscription(`s${index}`, policy)),
              ),
            }),
          },
          question,
        }),
      ).findings;
    expect(over({ key: 'a.jpg' }, suffix('.jpg'), suffix('.png'))).toEqual([]);
    expect(over({ key: 'a.gif' }, suffix('.jpg'), suffix('.png'))).toHaveLength(2);
    // A key in the wrong form is nobody's intention.
    expect(over({ key: 'a b.jpg' }, suffix('.jpg'), suffix(' b.jpg'))).toMatchObject([
      { node: `${topicArn()}:s1` },
    ]);
    expect(over({ key: 'a.jpg', expected: queueArn('s1') }, suffix('.jpg'), suffix('.png'))).toMatchObject([
      { verdict: 'broken', node: `${topicArn()}:s1` },
    ]);
    expect(over({ key: 'a.jpg' }, suffix('.jpg'), '{"s3":{"x":["y"]}}')).toMatchObject([
      { node: `${topicArn()}:s1` },
    ]);
  });

  it('does not mind other subscribers when one was expected and is reached', () => {
    const over = given({ x: ['y'] });
    const node = over.topics[topicArn()];
    const subscriptions = node?.subscriptions?.state === 'known' ? node.subscriptions.value : [];
    const both = {
      ...over,
      question: { ...over.question, expected: fnArn() },
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('sns:ListSubscriptionsByTopic', [
            ...subscriptions,
            { arn: `${topicArn()}:2`, protocol: 'lambda', endpoint: fnArn() },
          ]),
        }),
      },
    };
    expect(judge(snsFilterPolicy, both).findings).toEqual([]);
  });

  it('says so when it may not look', () => {
    const attributes = denied('sns:GetSubscriptionAttributes', `${topicArn()}:1`);
    const over = facts({
      bucket: { notification: toTopic },
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('sns:ListSubscriptionsByTopic', [
            { arn: `${topicArn()}:1`, protocol: 'sqs', endpoint: queueArn(), attributes },
          ]),
        }),
      },
    });
    expect(judge(snsFilterPolicy, over)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'sns:GetSubscriptionAttributes' }],
    });
  });
});
