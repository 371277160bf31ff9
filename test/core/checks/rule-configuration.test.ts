import { describe, expect, it } from 'vitest';
import { configOverwritten } from '../../../src/core/checks/rule/config-overwritten.ts';
import { configTooFresh } from '../../../src/core/checks/rule/config-too-fresh.ts';
import { ebNotEnabled } from '../../../src/core/checks/rule/eb-not-enabled.ts';
import { crossRegionDestination } from '../../../src/core/checks/destination/cross-region-destination.ts';
import { fifoDestination } from '../../../src/core/checks/destination/fifo-destination.ts';
import { putRejected } from '../../../src/core/checks/rule/put-rejected.ts';
import { rulePointsElsewhere } from '../../../src/core/checks/rule/rule-points-elsewhere.ts';
import { rulesOverlap } from '../../../src/core/checks/rule/rules-overlap.ts';
import { staleSiblingBlocksPut } from '../../../src/core/checks/rule/stale-sibling-blocks-put.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { rulesOf, type NotificationDocument } from '../../../src/core/notification.ts';
import { subscription, written } from './access-support.ts';
import {
  ALL_OF_BUCKET,
  bridged,
  document,
  eventRule,
  eventRules,
  objectNode,
  rulesTo,
  seen,
  trail,
  withFilter,
  write,
  wrote,
} from './rule-support.ts';
import {
  ACCOUNT,
  BUCKET,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  log,
  MINUTE,
  NOW,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  REGION,
  s3Statement,
  topicArn,
  topicNode,
  type FactsOver,
} from './support.ts';

const remembered = rulesOf(lambdaDocument());
const others = (over: object = {}) =>
  document(rulesTo({ Id: 'theirs', LambdaFunctionArn: fnArn('theirs'), ...withFilter('other/'), ...over }));

describe('config-overwritten', () => {
  it('is certain for a rule that the project remembers, and puts it back beside the others', () => {
    const { findings } = judge(
      configOverwritten,
      facts({ bucket: others(), question: { remembered }, functions: { [fnArn()]: functionNode() } }),
    );
    expect(findings).toMatchObject([
      { verdict: 'broken', severity: 'BREAK', ruleIds: ['thumbs'], fix: { mode: 'tell' } },
    ]);
    const apart = judge(
      configOverwritten,
      facts({ bucket: others({ Events: ['s3:ObjectRemoved:*'] }), question: { remembered } }),
    );
    expect(apart.findings).toMatchObject([
      { fix: { mode: 'ask', actions: [{ edits: [{ kind: 'merge', document: lambdaDocument() }] }] } },
    ]);
  });

  it('tells the story where CloudTrail has it', () => {
    const given = facts({
      bucket: document({}),
      question: { remembered },
      ...trail(write(NOW - MINUTE, wrote('theirs', fnArn('theirs')))),
    });
    expect(judge(configOverwritten, given).findings[0]?.message).toContain(
      'terraform put a document without it at 2026-01-02T03:03:05.000Z',
    );
    const untold = facts({ bucket: document({}), question: { remembered }, ...trail(write(NOW - MINUTE)) });
    expect(judge(configOverwritten, untold).findings[0]?.message).not.toContain('terraform');
  });

  it('suspects a retired set-up where the function is gone too', () => {
    const given = facts({
      bucket: document({}),
      question: { remembered },
      functions: { [fnArn()]: functionNode({ configuration: absent('lambda:GetFunctionConfiguration') }) },
    });
    expect(judge(configOverwritten, given).findings).toMatchObject([
      { verdict: 'suspected', fix: { mode: 'tell' } },
    ]);
  });

  it.each([
    ['stands there', lambdaDocument()],
    ['stands there under another id', lambdaDocument({ Id: 'renamed' })],
    ['was changed', lambdaDocument({ Events: ['s3:ObjectCreated:Put'] })],
  ])('says nothing when the rule %s', (_, live) => {
    expect(
      judge(configOverwritten, facts({ bucket: document(live), question: { remembered } })).findings,
    ).toEqual([]);
  });

  it('says nothing when a wider rule to the same function took its place, or the question is about another', () => {
    const narrow = rulesOf(lambdaDocument({ Id: 'old', ...withFilter('in/') }));
    expect(judge(configOverwritten, facts({ question: { remembered: narrow } })).findings).toEqual([]);
    const given = facts({ bucket: others(), question: { remembered: narrow, key: 'out/a' } });
    expect(judge(configOverwritten, given).findings).toEqual([]);
  });

  describe('by a grant that is left', () => {
    const expected = fnArn('mine');
    const granted = { [expected]: functionNode({ arn: expected }) };

    it('is suspected', () => {
      const given = facts({ question: { expected }, functions: { ...granted, [fnArn()]: functionNode() } });
      expect(judge(configOverwritten, given).findings).toMatchObject([
        { verdict: 'suspected', node: expected },
      ]);
    });

    it('is certain when CloudTrail has the document with it and the one without', () => {
      const given = facts({
        bucket: others(),
        question: { expected },
        functions: granted,
        ...trail(
          write(NOW - MINUTE, wrote('theirs', fnArn('theirs'))),
          write(
            NOW - 9 * MINUTE,
            wrote('mine', expected, ['s3:ObjectRemoved:*'], {
              Filter: { S3Key: { FilterRule: { Name: 'prefix', Value: 'in/' } } },
            }),
          ),
        ),
      });
      const { findings } = judge(configOverwritten, given);
      expect(findings).toMatchObject([{ verdict: 'broken', ruleIds: ['mine'], fix: { mode: 'ask' } }]);
      expect(findings[0]?.fix.actions).toMatchObject([
        {
          edits: [
            {
              document: {
                LambdaFunctionConfigurations: [
                  { Id: 'mine', Events: ['s3:ObjectRemoved:*'], ...withFilter('in/') },
                ],
              },
            },
          ],
        },
      ]);
    });

    it('says nothing when something leads there, the grant is for anyone, or none is there', () => {
      const queue = queueArn();
      const through = facts({
        bucket: document({
          QueueConfigurations: [{ Id: 'q', QueueArn: queue, Events: ['s3:ObjectCreated:*'] }],
        }),
        question: { expected },
        queues: {
          [queue]: queueNode({
            mappings: read('m', [
              {
                uuid: 'u',
                functionArn: expected,
                state: 'Enabled',
                batchSize: 10,
                windowSeconds: 0,
                filters: [],
                reportsItemFailures: false,
              },
            ]),
          }),
        },
        functions: granted,
      });
      expect(judge(configOverwritten, through).findings).toEqual([]);
      for (const text of [
        policy({ Effect: 'Allow', Principal: '*', Action: 'lambda:*', Resource: expected }),
        policy(s3Statement('lambda:InvokeFunction', expected, { Effect: 'Deny' })),
      ]) {
        const given = facts({
          question: { expected },
          functions: { [expected]: functionNode({ arn: expected, policy: read('p', text) }) },
        });
        expect(judge(configOverwritten, given).findings).toEqual([]);
      }
    });

    it('says so when the policy may not be read', () => {
      const given = facts({
        question: { expected },
        functions: {
          [expected]: functionNode({ arn: expected, policy: denied('lambda:GetPolicy', 'mine') }),
        },
      });
      expect(judge(configOverwritten, given)).toMatchObject({
        findings: [],
        notChecked: [{ action: 'lambda:GetPolicy' }],
      });
    });
  });
});

describe('config-too-fresh', () => {
  const fresh = (ago: number, over: FactsOver = {}) =>
    facts({
      question: { key: 'a' },
      object: objectNode('a', { modified: NOW - MINUTE }),
      ...trail(write(NOW - ago)),
      ...over,
    });

  it('is suspected for an upload within ten minutes, and a risk without one', () => {
    expect(judge(configTooFresh, fresh(3 * MINUTE)).findings).toMatchObject([
      { verdict: 'suspected', severity: 'LATE' },
    ]);
    expect(judge(configTooFresh, facts(trail(write(NOW - MINUTE)))).findings).toMatchObject([
      { verdict: 'risk' },
    ]);
  });

  it.each([
    ['when nobody wrote', fresh(3 * MINUTE, trail())],
    ['later', fresh(12 * MINUTE)],
    ['before the write', fresh(30_000)],
    [
      'that was seen',
      fresh(3 * MINUTE, { functions: { [fnArn()]: functionNode({ log: log({ records: [seen('a')] }) }) } }),
    ],
    [
      'after the same document was put again',
      fresh(
        3 * MINUTE,
        trail(
          write(NOW - 10 * MINUTE, wrote('thumbs', fnArn())),
          write(NOW - 90 * MINUTE, wrote('first', fnArn())),
        ),
      ),
    ],
    [
      'when its function was invoked since',
      fresh(3 * MINUTE, {
        functions: {
          [fnArn()]: functionNode({
            log: log({ invocations: [{ requestId: 'r', stream: 's', starts: [NOW - MINUTE] }] }),
          }),
        },
      }),
    ],
    [
      'when metrics count an invocation since',
      fresh(3 * MINUTE, {
        metrics: read('cloudwatch:GetMetricData', [
          {
            namespace: 'AWS/Lambda',
            name: 'Invocations',
            of: 'thumbs',
            points: [[NOW - MINUTE - 10_000, 1] as const],
          },
        ]),
      }),
    ],
  ])('says nothing of an upload %s', (_, given) => {
    expect(judge(configTooFresh, given).findings).toEqual([]);
  });

  it.each([
    [
      'invocations before it',
      {
        functions: {
          [fnArn()]: functionNode({
            log: log({ invocations: [{ requestId: 'r', stream: 's', starts: [NOW - 2 * MINUTE] }] }),
          }),
        },
        metrics: read('cloudwatch:GetMetricData', [
          {
            namespace: 'AWS/Lambda',
            name: 'Invocations',
            of: 'thumbs',
            points: [[NOW - 2 * MINUTE, 1] as const],
          },
        ]),
      },
    ],
    [
      'a document before that sent elsewhere',
      trail(write(NOW - 10 * MINUTE), write(NOW - 90 * MINUTE, wrote('first', fnArn('other')))),
    ],
  ])('does not take %s for its event', (_, over) => {
    expect(judge(configTooFresh, fresh(3 * MINUTE, over)).findings).toHaveLength(1);
  });

  it.each(['tag', 'delete'])('is not about %s', (operation) => {
    const given = fresh(3 * MINUTE, { question: { key: 'a', operation } });
    expect(judge(configTooFresh, given).findings).toEqual([]);
  });
});

describe('rule-points-elsewhere', () => {
  const expected = fnArn('thumbs-v2');
  const there = { [fnArn()]: functionNode(), [expected]: functionNode({ arn: expected }) };

  it('is certain, names what is near, and offers to point it there', () => {
    const { findings } = judge(rulePointsElsewhere, facts({ question: { expected }, functions: there }));
    expect(findings).toMatchObject([
      {
        verdict: 'broken',
        fix: { mode: 'ask', actions: [{ edits: [{ ruleId: 'thumbs', arn: expected }] }] },
      },
    ]);
    expect(findings[0]?.message).toContain('but to function thumbs');
  });

  it('grants the permission first where there is none', () => {
    const functions = {
      ...there,
      [expected]: functionNode({ arn: expected, policy: absent('lambda:GetPolicy') }),
    };
    const { findings } = judge(rulePointsElsewhere, facts({ question: { expected }, functions }));
    expect(findings[0]?.fix.actions).toMatchObject([
      { operation: 'AddPermission' },
      { kind: 'edit-notification' },
    ]);
  });

  it('only tells to set it up where it is not there', () => {
    const functions = {
      ...there,
      [expected]: functionNode({ arn: expected, configuration: absent('lambda:GetFunctionConfiguration') }),
    };
    const { findings } = judge(rulePointsElsewhere, facts({ question: { expected }, functions }));
    expect(findings).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
  });

  it('tells versions and aliases apart when one is named', () => {
    const live = `${fnArn()}:live`;
    const given = facts({
      question: { expected: live },
      functions: { ...there, [live]: functionNode({ arn: live }) },
    });
    expect(judge(rulePointsElsewhere, given).findings).toMatchObject([{ verdict: 'broken' }]);
    const any = facts({
      bucket: document(lambdaDocument({ LambdaFunctionArn: live })),
      question: { expected: fnArn() },
    });
    expect(judge(rulePointsElsewhere, any).findings).toEqual([]);
  });

  it('only tells where several rules, or another kind, might be meant', () => {
    const queue = facts({ question: { expected: queueArn() }, queues: { [queueArn()]: queueNode() } });
    expect(judge(rulePointsElsewhere, queue).findings).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell' } },
    ]);
  });

  it('says nothing when a topic leads there, nothing is expected, or nothing is configured', () => {
    const topic = facts({
      bucket: document({
        TopicConfigurations: [{ Id: 't', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
      }),
      question: { expected },
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('s', [{ arn: 'a', protocol: 'lambda', endpoint: expected }]),
        }),
      },
    });
    expect(judge(rulePointsElsewhere, topic).findings).toEqual([]);
    expect(judge(rulePointsElsewhere, facts()).findings).toEqual([]);
    expect(
      judge(rulePointsElsewhere, facts({ bucket: document({}), question: { expected } })).findings,
    ).toEqual([]);
  });

  it('is not sure where only the last step of a way may be missing', () => {
    const toQueue = {
      QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
    };
    const behindQueue = (wanted: string) =>
      facts({
        bucket: document(toQueue),
        question: { expected: wanted },
        queues: { [queueArn()]: queueNode({ mappings: read('m', []) }) },
        functions: there,
      });
    expect(judge(rulePointsElsewhere, behindQueue(expected)).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
    // A queue leads to no other queue.
    expect(judge(rulePointsElsewhere, behindQueue(queueArn('other'))).findings).toMatchObject([
      { verdict: 'broken' },
    ]);
    const toTopic = {
      TopicConfigurations: [{ Id: 't', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
    };
    const behindTopic = facts({
      bucket: document(toTopic),
      question: { expected },
      topics: { [topicArn()]: topicNode({ subscriptions: read('s', []) }) },
      functions: there,
    });
    expect(judge(rulePointsElsewhere, behindTopic).findings).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('is not sure when a way cannot be followed', () => {
    const given = facts({
      bucket: document({
        QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
      }),
      question: { expected },
      queues: { [queueArn()]: queueNode({ mappings: denied('lambda:ListEventSourceMappings', 'jobs') }) },
      functions: there,
    });
    const { findings, notChecked } = judge(rulePointsElsewhere, given);
    expect(findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(notChecked).toMatchObject([{ action: 'lambda:ListEventSourceMappings' }]);
  });
});

const intended = (value: NotificationDocument, bucket = {}) =>
  facts({ question: { intended: value }, bucket });

describe('rules-overlap', () => {
  it('is certain for the new rule, with a key and the ways out', () => {
    const given = intended(
      rulesTo(withFilter('in/', '.jpg'), withFilter('in/')),
      document({
        LambdaFunctionConfigurations: [
          {
            Id: 'rule-1',
            LambdaFunctionArn: fnArn(),
            Events: ['s3:ObjectCreated:*'],
            ...withFilter('in/', '.jpg'),
          },
        ],
      }),
    );
    const { findings } = judge(rulesOverlap, given);
    expect(findings).toMatchObject([{ verdict: 'broken', ruleIds: ['rule-2'], fix: { mode: 'tell' } }]);
    expect(findings[0]?.message).toContain('in/example.jpg');
  });

  it.each([
    ['other suffixes', rulesTo(withFilter(undefined, '.jpg'), withFilter(undefined, '.png'))],
    ['one prefix with other suffixes', rulesTo(withFilter('in/', '.jpg'), withFilter('in/', '.png'))],
    ['other events', rulesTo({ Events: ['s3:ObjectCreated:Put'] }, { Events: ['s3:ObjectRemoved:*'] })],
    ['EventBridge beside a rule', { ...lambdaDocument(), EventBridgeConfiguration: {} }],
  ])('takes %s for no overlap', (_, value) => {
    expect(judge(rulesOverlap, intended(value)).findings).toEqual([]);
  });

  it('says nothing when nothing is intended', () => {
    expect(judge(rulesOverlap, facts()).findings).toEqual([]);
  });
});

describe('put-rejected', () => {
  const rule = (over: Readonly<Record<string, unknown>>) =>
    judge(putRejected, intended(rulesTo(over))).findings;

  it.each([
    ['an ARN that is none', { LambdaFunctionArn: 'thumbs' }],
    ['an ARN of another service', { LambdaFunctionArn: queueArn() }],
    ['no ARN', { LambdaFunctionArn: undefined }],
    ['no events', { Events: [] }],
    ['an event in the wrong case', { Events: ['s3:ObjectCreated:put'] }],
    ['an event without its beginning', { Events: ['ObjectCreated:*'] }],
    ['a filter of another name', { Filter: { Key: { FilterRules: [{ Name: 'infix', Value: 'a' }] } } }],
    ['a filter without a value', { Filter: { Key: { FilterRules: [{ Name: 'prefix' }] } } }],
    [
      'two prefixes',
      {
        Filter: {
          Key: {
            FilterRules: [
              { Name: 'prefix', Value: 'a' },
              { Name: 'Prefix', Value: 'b' },
            ],
          },
        },
      },
    ],
    ['a value of more than 1,024 bytes', withFilter('é'.repeat(513))],
    ['an id of more than 255 characters', { Id: 'x'.repeat(256) }],
  ])('is certain for %s', (_, over) => {
    expect(rule(over)).toMatchObject([{ verdict: 'broken', severity: 'BREAK' }]);
  });

  it('is certain for ids used twice, across the kinds, and for more than 100 rules', () => {
    const twice = {
      ...rulesTo({ Id: 'a' }),
      QueueConfigurations: [{ Id: 'a', QueueArn: queueArn(), Events: ['s3:ObjectRemoved:*'] }],
    };
    expect(judge(putRejected, intended(twice)).findings).toMatchObject([{ ruleIds: ['a'] }]);
    const many = rulesTo(...Array.from({ length: 101 }, (_, index) => withFilter(`${String(index)}/`)));
    expect(judge(putRejected, intended(many)).findings).toMatchObject([{ evidence: [{ value: '101' }] }]);
  });

  it.each([
    ['FIFO', fifoDestination, `${queueArn()}.fifo`],
    ['another Region', crossRegionDestination, `arn:aws:sqs:us-east-1:${ACCOUNT}:q`],
  ])('leaves %s to a check of its own', (_, check, QueueArn) => {
    const value = intended({
      QueueConfigurations: [{ Id: 'q', QueueArn, Events: ['s3:ObjectCreated:*'] }],
    });
    expect(judge(putRejected, value).findings).toEqual([]);
    expect(judge(check, value).findings).toMatchObject([{ verdict: 'broken', ruleIds: ['q'] }]);
  });

  it('is not sure of what AWS may have added, and of an event within its family', () => {
    expect(rule({ Events: ['s3:ObjectTeleported:Sideways'] })).toMatchObject([{ verdict: 'suspected' }]);
    expect(rule({ Events: ['s3:ObjectCreated:*', 's3:ObjectCreated:Put'] })).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('takes empty values, any case of the names, qualifiers and other accounts', () => {
    expect(rule({ Filter: { Key: { FilterRules: [{ Name: 'PREFIX', Value: '' }] } } })).toEqual([]);
    expect(rule({ LambdaFunctionArn: `arn:aws:lambda:${REGION}:999988887777:function:x:live` })).toEqual([]);
    expect(rule(withFilter('é'.repeat(512)))).toEqual([]);
    expect(judge(putRejected, facts()).findings).toEqual([]);
  });
});

describe('stale-sibling-blocks-put', () => {
  const sibling = fnArn('sibling');
  const two = document(
    rulesTo(withFilter('a/'), { Id: 'dead', LambdaFunctionArn: sibling, ...withFilter('b/') }),
  );
  const focus = { question: { ruleId: 'rule-1' }, bucket: two };
  const judged = (node: ReturnType<typeof functionNode>, over: FactsOver = {}) =>
    judge(
      staleSiblingBlocksPut,
      facts({ ...focus, functions: { [fnArn()]: functionNode(), [sibling]: node }, ...over }),
    ).findings;
  const gone = functionNode({ arn: sibling, configuration: absent('lambda:GetFunctionConfiguration') });

  it('is a risk, and takes the dead rule away', () => {
    expect(judged(gone)).toMatchObject([
      {
        verdict: 'risk',
        node: sibling,
        fix: { mode: 'ask', actions: [{ edits: [{ kind: 'remove', ruleId: 'dead' }] }] },
      },
    ]);
  });

  it('offers the permission where only that is missing', () => {
    expect(judged(functionNode({ arn: sibling, policy: absent('lambda:GetPolicy') }))).toMatchObject([
      { verdict: 'risk', fix: { mode: 'ask', actions: [{ operation: 'AddPermission' }] } },
    ]);
    const queue = queueNode({
      attributes: read('sqs:GetQueueAttributes', queueAttributes({ policy: undefined })),
    });
    const given = facts({
      question: { ruleId: 'rule-1' },
      bucket: document({
        ...rulesTo(withFilter('a/')),
        QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectRemoved:*'] }],
      }),
      queues: { [queueArn()]: queue },
    });
    expect(judge(staleSiblingBlocksPut, given).findings).toMatchObject([
      { fix: { actions: [{ operation: 'SetQueueAttributes' }] } },
    ]);
  });

  it('admits others whom the queue shuts out too, so as not to undo another fix: a policy is written whole', () => {
    const given = facts({
      question: { ruleId: 't' },
      bucket: document({
        TopicConfigurations: [{ Id: 't', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
        QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectRemoved:*'] }],
      }),
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('sns:ListSubscriptionsByTopic', [subscription('sqs', queueArn())]),
        }),
      },
      queues: {
        [queueArn()]: queueNode({
          attributes: read('sqs:GetQueueAttributes', queueAttributes({ policy: undefined })),
        }),
      },
    });
    const [found] = judge(staleSiblingBlocksPut, given).findings;
    expect(written(found?.fix.actions[0]).Statement).toMatchObject([
      { Principal: { Service: 'sns.amazonaws.com' } },
      { Principal: { Service: 's3.amazonaws.com' } },
    ]);
  });

  it('says nothing of healthy siblings, of those that may not be looked at, and of the rules in question', () => {
    expect(judged(functionNode({ arn: sibling }))).toEqual([]);
    expect(
      judged(
        functionNode({ arn: sibling, configuration: denied('lambda:GetFunctionConfiguration', 'sibling') }),
      ),
    ).toEqual([]);
    expect(judged(functionNode({ arn: sibling, policy: denied('lambda:GetPolicy', 'sibling') }))).toEqual([]);
    expect(judged(gone, { question: {} })).toEqual([]);
  });

  it('says nothing of another account, where not found may be not allowed', () => {
    const foreign = `arn:aws:lambda:${REGION}:999988887777:function:x`;
    const given = facts({
      question: { ruleId: 'rule-1' },
      bucket: document(rulesTo(withFilter('a/'), { LambdaFunctionArn: foreign, ...withFilter('b/') })),
      functions: {
        [foreign]: functionNode({ arn: foreign, configuration: absent('lambda:GetFunctionConfiguration') }),
      },
    });
    expect(judge(staleSiblingBlocksPut, given).findings).toEqual([]);
  });
});

describe('eb-not-enabled', () => {
  it('is certain for a rule that names the bucket, beside rules of its own or none', () => {
    for (const live of [document({}), document(lambdaDocument())]) {
      const { findings } = judge(
        ebNotEnabled,
        facts({ bucket: live, ...eventRules(eventRule(ALL_OF_BUCKET)) }),
      );
      expect(findings).toMatchObject([
        {
          verdict: 'broken',
          severity: 'BREAK',
          fix: { mode: 'ask', actions: [{ edits: [{ kind: 'enable-eventbridge' }] }] },
        },
      ]);
    }
  });

  const general = eventRule({ source: ['aws.s3'], 'detail-type': ['Object Created'] });

  it('takes a rule for all buckets to mean this one only where it leads to what is expected', () => {
    expect(judge(ebNotEnabled, facts(eventRules(general))).findings).toEqual([]);
    expect(
      judge(ebNotEnabled, facts({ bucket: document({}), ...eventRules(general) })).findings,
    ).toMatchObject([{ verdict: 'suspected' }]);
    const given = facts({ question: { expected: fnArn('other') }, ...eventRules(general) });
    expect(judge(ebNotEnabled, given).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it.each([
    ['EventBridge is on', facts({ bucket: bridged({}), ...eventRules(eventRule(ALL_OF_BUCKET)) })],
    ['the rule is off', facts(eventRules(eventRule(ALL_OF_BUCKET, { state: 'DISABLED' })))],
    ['the rule is on another bus', facts(eventRules(eventRule(ALL_OF_BUCKET, { bus: 'mine' })))],
    [
      'CloudTrail sends what it waits for',
      facts(eventRules(eventRule({ ...ALL_OF_BUCKET, 'detail-type': ['AWS API Call via CloudTrail'] }))),
    ],
    [
      'it is for another bucket',
      facts(eventRules(eventRule({ source: ['aws.s3'], detail: { bucket: { name: ['others'] } } }))),
    ],
    ['its pattern cannot be read', facts(eventRules(eventRule({}, { pattern: '{' })))],
    [
      'another function is expected',
      facts({ question: { expected: fnArn('mine') }, ...eventRules(eventRule(ALL_OF_BUCKET)) }),
    ],
    [
      'one rule of the bucket is asked about',
      facts({ question: { ruleId: 'thumbs' }, ...eventRules(eventRule(ALL_OF_BUCKET)) }),
    ],
  ])('says nothing when %s', (_, given) => {
    expect(judge(ebNotEnabled, given).findings).toEqual([]);
  });

  it('counts a rule whose type is misspelt: that shows only once the bucket sends events', () => {
    const slip = eventRule({ ...ALL_OF_BUCKET, 'detail-type': ['ObjectCreated:Put'] });
    const given = facts({ bucket: document({}), ...eventRules(slip) });
    expect(judge(ebNotEnabled, given).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it('tells who turned it off, where CloudTrail has both documents', () => {
    const rules = eventRules(eventRule(ALL_OF_BUCKET));
    const put = (minutes: number, NotificationConfiguration: unknown) =>
      write(NOW - minutes * MINUTE, { bucketName: BUCKET, NotificationConfiguration });
    const on = { EventBridgeConfiguration: '' };
    const messageAfter = (...writes: readonly ReturnType<typeof write>[]) => {
      const [finding] = judge(ebNotEnabled, facts({ ...rules, ...trail(...writes) })).findings;
      return finding?.message;
    };
    expect(messageAfter(put(1, ''), put(5, {}), put(9, on), put(20, {}))).toMatch(
      /since terraform put a configuration without it at 2026-01-02T02:59/,
    );
    expect(messageAfter(put(1, ''), put(5, {}))).not.toContain('since');
    // It may be the unknown one that turned it off.
    expect(messageAfter(put(1, {}), write(NOW - 5 * MINUTE), put(9, on))).not.toContain('since');
  });

  it('says so when event rules may not be listed', () => {
    const given = facts({ eventRules: denied('events:ListRules', 'default') });
    expect(judge(ebNotEnabled, given)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'events:ListRules' }],
    });
  });
});
