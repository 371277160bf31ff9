import { describe, expect, test } from 'vitest';
import type { NotificationDocument } from '../../src/core/notification.ts';
import { planTap, type TapInterest } from '../../src/core/tap-plan.ts';

const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alerts';
const OTHER_TOPIC = 'arn:aws:sns:eu-west-1:123456789012:more';
const QUEUE = 'arn:aws:sqs:eu-west-1:123456789012:jobs';
const CREATED = 's3:ObjectCreated:*';
const REMOVED = 's3:ObjectRemoved:*';

const filter = (prefix: string, suffix = '') => ({
  Filter: {
    Key: {
      FilterRules: [
        { Name: 'Prefix', Value: prefix },
        { Name: 'Suffix', Value: suffix },
      ],
    },
  },
});
const topic = (event: string, more: object = {}, TopicArn = TOPIC) => ({
  Id: `t-${event}`,
  TopicArn,
  Events: [event],
  ...more,
});
const queue = (event: string, more: object = {}) => ({
  Id: `q-${event}`,
  QueueArn: QUEUE,
  Events: [event],
  ...more,
});

const plan = (document: NotificationDocument, interest: Partial<TapInterest> = {}) =>
  planTap(
    { bucket: 'photos', document, account: '123456789012', partition: 'aws', region: 'eu-west-1' },
    { events: [], keys: [], ...interest },
  );

describe('the way', () => {
  const rows: readonly [string, NotificationDocument, Partial<TapInterest>, string][] = [
    ['EventBridge on', { EventBridgeConfiguration: {} }, {}, 'eventbridge'],
    [
      'EventBridge on beside a topic',
      { EventBridgeConfiguration: {}, TopicConfigurations: [topic(CREATED)] },
      {},
      'eventbridge',
    ],
    ['nothing', {}, {}, 'enable-eventbridge'],
    ['all to one topic', { TopicConfigurations: [topic(CREATED), topic(REMOVED)] }, {}, 'topic'],
    [
      'two topics',
      { TopicConfigurations: [topic(CREATED), topic(REMOVED, {}, OTHER_TOPIC)] },
      {},
      'enable-eventbridge',
    ],
    [
      'two topics, one of interest',
      { TopicConfigurations: [topic(CREATED), topic(REMOVED, {}, OTHER_TOPIC)] },
      { events: ['s3:ObjectCreated:Put'] },
      'topic',
    ],
    [
      'a queue beside the topic',
      { TopicConfigurations: [topic(CREATED)], QueueConfigurations: [queue(REMOVED)] },
      {},
      'enable-eventbridge',
    ],
    [
      'a queue for other events',
      { TopicConfigurations: [topic(CREATED)], QueueConfigurations: [queue(REMOVED)] },
      { events: [CREATED] },
      'topic',
    ],
    [
      'a queue for other keys',
      {
        TopicConfigurations: [topic(CREATED, filter('in/'))],
        QueueConfigurations: [queue(CREATED, filter('out/'))],
      },
      { keys: ['in/*.jpg'] },
      'topic',
    ],
    [
      'a queue for some of the keys',
      {
        TopicConfigurations: [topic(CREATED, filter('in/'))],
        QueueConfigurations: [queue(CREATED, filter('out/'))],
      },
      { keys: ['*.jpg'] },
      'enable-eventbridge',
    ],
    [
      'the very key, with a filter that is encoded',
      {
        TopicConfigurations: [topic(CREATED, filter('dt%3D1/'))],
        QueueConfigurations: [queue(CREATED, filter('x/'))],
      },
      { keys: ['dt=1/a.jpg'] },
      'topic',
    ],
    [
      'a topic of another account',
      { TopicConfigurations: [topic(CREATED, {}, TOPIC.replace('123456789012', '999999999999'))] },
      {},
      'enable-eventbridge',
    ],
    [
      'a topic for other events',
      { TopicConfigurations: [topic(REMOVED)] },
      { events: [CREATED] },
      'enable-eventbridge',
    ],
  ];
  test.each(rows)('%s', (_name, document, interest, way) => {
    const { source, changesBucket } = plan(document, interest);
    expect(source.kind).toBe(way);
    expect(changesBucket).toBe(way === 'enable-eventbridge');
  });
});

test('the change of the bucket adds EventBridge and nothing else', () => {
  const document = { QueueConfigurations: [queue(CREATED)], Unheard: [1] };
  expect(plan(document).source).toEqual({
    kind: 'enable-eventbridge',
    bucket: 'photos',
    before: document,
    after: { ...document, EventBridgeConfiguration: {} },
  });
});

test('what is made is said in words, and what cannot be seen', () => {
  expect(plan({ TopicConfigurations: [topic(CREATED)] }).lines.map(({ text }) => text)).toEqual([
    'a temporary queue s3evt-tap-…, which admits only this tap',
    `a subscription of that queue to ${TOPIC}`,
  ]);
  const { lines, notes } = plan({}, { events: ['s3:Replication:*', CREATED] });
  expect(lines.map(({ mark }) => mark)).toEqual(['+', '+', '~']);
  expect(notes.join(' ')).toContain('does not send s3:Replication:* to EventBridge');
  expect(notes.join(' ')).toContain('up to five minutes');
  expect(plan({ EventBridgeConfiguration: {} }).notes).toEqual([]);
});
