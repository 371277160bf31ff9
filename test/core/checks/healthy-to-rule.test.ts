import { describe, expect, it } from 'vitest';
import { OBJECT_CHECKS } from '../../../src/core/checks/object/index.ts';
import { RULE_CHECKS } from '../../../src/core/checks/rule/index.ts';
import { SCOPE_CHECKS } from '../../../src/core/checks/scope/index.ts';
import { diagnose } from '../../../src/core/doctor/judge.ts';
import { denied, read } from '../../../src/core/doctor/reading.ts';
import {
  ALL_OF_BUCKET,
  bridged,
  document,
  entry,
  eventRule,
  eventRules,
  objectNode,
  rulesTo,
  sample,
  trail,
  withFilter,
  write,
} from './rule-support.ts';
import {
  BUCKET,
  facts,
  fnArn,
  lambdaDocument,
  judge,
  NOW,
  queueArn,
  queueNode,
  topicArn,
  topicNode,
  type FactsOver,
} from './support.ts';

const CHECKS = [...SCOPE_CHECKS, ...OBJECT_CHECKS, ...RULE_CHECKS];
const chain = document({
  TopicConfigurations: [{ Id: 't', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
});

const HEALTHY: readonly (readonly [what: string, over: FactsOver])[] = [
  ['one rule for everything', {}],
  ['an object of it', { question: { key: 'a b.jpg' }, object: objectNode('a b.jpg') }],
  ['a big object of it', { question: { key: 'big' }, object: objectNode('big', { eTag: 'x-9' }) }],
  ['an alias in the rule', { bucket: document(lambdaDocument({ LambdaFunctionArn: `${fnArn()}:live` })) }],
  ['EventBridge alone', { bucket: bridged({}), ...eventRules(eventRule(ALL_OF_BUCKET)) }],
  [
    'an object over EventBridge, with rules for others',
    {
      bucket: bridged(lambdaDocument(withFilter('in/'))),
      ...eventRules(eventRule(ALL_OF_BUCKET)),
      question: { key: 'out/a' },
      object: objectNode('out/a'),
    },
  ],
  [
    'a topic, a queue and a function behind it',
    {
      bucket: chain,
      question: { expected: queueArn() },
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('s', [{ arn: 'a', protocol: 'sqs', endpoint: queueArn() }]),
        }),
      },
      queues: { [queueArn()]: queueNode() },
    },
  ],
  ['an empty filter value', { bucket: document(lambdaDocument(withFilter('', ''))) }],
  [
    'an encoded prefix without a slash, and two suffixes',
    {
      bucket: {
        ...document(rulesTo(withFilter('a%3Db', '.jpg'), withFilter('a%3Db', '.png'))),
        ...sample([entry('a=b1.jpg')]),
      },
    },
  ],
  ['an alias of an access point', { bucket: { name: 'ap-1-s3alias' } }],
  [
    'a bucket of another account that may be read',
    { bucket: { owner: denied('s3:GetBucketNotification', BUCKET) } },
  ],
  ['another default Region', { target: { region: 'us-east-1', sandbox: false } }],
];

describe('a healthy way up to the rule', () => {
  it.each(HEALTHY)('%s', (_, over) => {
    const given = facts(over);
    for (const check of CHECKS) judge(check, given);
    expect(diagnose(given, CHECKS).findings).toEqual([]);
  });
});

describe('what is odd or may not be read', () => {
  it.each<readonly [what: string, over: FactsOver, found: readonly string[]]>([
    [
      'the configuration may not be read',
      { bucket: { notification: denied('s3:GetBucketNotification', BUCKET) } },
      [],
    ],
    [
      'patterns are no objects',
      {
        bucket: bridged(lambdaDocument(withFilter('in/'))),
        question: { key: 'out/a' },
        ...eventRules(
          ...['[]', 'null', '"x"', '{', '{"source":["aws.s3"],"detail":"x"}', '{"source":5}'].map((pattern) =>
            eventRule({}, { pattern }),
          ),
        ),
      },
      ['filter-mismatch'],
    ],
    [
      'CloudTrail has other documents than are known',
      {
        question: { key: 'a', remembered: [] },
        object: objectNode('a', { modified: 0 }),
        ...trail(
          ...[
            null,
            'x',
            [],
            { NotificationConfiguration: [1] },
            {
              NotificationConfiguration: { Queue: 1, QueueConfiguration: [null, { Filter: 'x', Event: 5 }] },
            },
          ].map((parameters) => write(NOW, parameters)),
        ),
      },
      ['object-predates-config'],
    ],
    [
      'rules lack what they must have',
      {
        bucket: document({
          LambdaFunctionConfigurations: [{}],
          TopicConfigurations: [{ TopicArn: 'x', Events: ['?'] }],
        }),
        question: { key: '\ud800' },
      },
      [],
    ],
  ])('%s', (_, over, found) => {
    const { findings } = diagnose(facts(over), CHECKS);
    expect(findings.map(({ id }) => id)).toEqual(found);
    expect(findings.filter(({ verdict }) => verdict === 'broken')).toEqual([]);
  });
});

describe('the root up to the rule', () => {
  it('is the missing object, and not the rule that would not take it', () => {
    const given = facts({
      question: { key: 'out/a' },
      object: {
        key: 'out/a',
        head: { state: 'absent', call: 's3:GetObject' },
        versions: read('s3:ListBucketVersions', []),
      },
      bucket: document(lambdaDocument(withFilter('in/'))),
    });
    const { rootCause, findings } = diagnose(given, CHECKS);
    expect(rootCause).toBe('object-not-in-bucket');
    expect(findings).toMatchObject([{}, { id: 'filter-mismatch', consequenceOf: 'object-not-in-bucket' }]);
  });

  it('is the overwritten configuration, and not that there is none', () => {
    const given = facts({
      bucket: document({}),
      question: {
        remembered: [
          {
            id: 'thumbs',
            destination: { kind: 'lambda', arn: fnArn() },
            events: ['s3:ObjectCreated:*'],
            filter: {},
          },
        ],
      },
    });
    expect(diagnose(given, CHECKS)).toMatchObject({
      rootCause: 'config-overwritten',
      findings: [{}, { id: 'no-notification-config', consequenceOf: 'config-overwritten' }],
    });
  });
});
