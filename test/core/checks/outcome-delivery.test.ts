import { describe, expect, it } from 'vitest';
import { dlqUndeliverable } from '../../../src/core/checks/outcome/dlq-undeliverable.ts';
import { doublePath } from '../../../src/core/checks/outcome/double-path.ts';
import { handlerDropsWork } from '../../../src/core/checks/outcome/handler-drops-work.ts';
import { lambdaRetryDuplicates } from '../../../src/core/checks/outcome/lambda-retry-duplicates.ts';
import { lambdaStaleVersion } from '../../../src/core/checks/outcome/lambda-stale-version.ts';
import { outOfOrder } from '../../../src/core/checks/outcome/out-of-order.ts';
import { s3Duplicate } from '../../../src/core/checks/outcome/s3-duplicate.ts';
import { sqsRedriven } from '../../../src/core/checks/outcome/sqs-redriven.ts';
import { wrongEnvelope } from '../../../src/core/checks/outcome/wrong-envelope.ts';
import type {
  DoctorFacts,
  EventRuleNode,
  FunctionNode,
  MappingNode,
  MetricSeries,
  SubscriptionNode,
} from '../../../src/core/doctor/facts.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { ok, seen, simulation, withLog, type Given, type Shown } from './outcome-support.ts';
import {
  ACCOUNT,
  BUCKET,
  configuration,
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
  ROLE_ARN,
  roleNode,
  s3Statement,
  topicArn,
  topicNode,
} from './support.ts';

const KEY_ERROR = (name: string) => ['KeyError', `'${name}'`] as const;
const bad = (error: readonly [string, string], over: Partial<Shown> = {}): Shown => ({
  id: 'bad',
  at: 9,
  error,
  ...over,
});

function metric(namespace: string, name: string, of: string, value: number): MetricSeries {
  return { namespace, name, of, points: [[NOW - 5 * MINUTE, value]] };
}
const metrics = (...series: readonly MetricSeries[]) => read('cloudwatch:GetMetricData', series);

function mapping(over: Partial<MappingNode> = {}): MappingNode {
  return {
    uuid: 'm-1',
    functionArn: fnArn(),
    state: 'Enabled',
    batchSize: 10,
    windowSeconds: 0,
    filters: [],
    reportsItemFailures: false,
    ...over,
  };
}

const RULE_ARN = `arn:aws:events:${REGION}:${ACCOUNT}:rule/objects`;
function eventRule(over: Partial<EventRuleNode> = {}, target: object = {}): EventRuleNode {
  return {
    name: 'objects',
    arn: RULE_ARN,
    bus: 'default',
    pattern: JSON.stringify({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [BUCKET] } },
    }),
    state: 'ENABLED',
    targets: read('events:ListTargetsByRule', [{ id: 't', arn: fnArn(), rewritten: false, ...target }]),
    ...over,
  };
}
const bridged = (document: object = {}) =>
  read('s3:GetBucketNotification', { ...document, EventBridgeConfiguration: {} });

const queueDocument = read('s3:GetBucketNotification', {
  QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
});
const behindQueue = (...mappings: readonly MappingNode[]): Given => ({
  bucket: { notification: queueDocument },
  queues: { [queueArn()]: queueNode({ mappings: read('lambda:ListEventSourceMappings', mappings) }) },
});
const overBridge = (target: object = {}): Given => ({
  bucket: { notification: bridged() },
  eventRules: read('events:ListRules', [eventRule({}, target)]),
});

describe('wrong-envelope', () => {
  const findings = (shown: readonly Shown[], given: Given = {}) =>
    judge(wrongEnvelope, withLog(shown, given)).findings;

  it('is certain when the way has no such member', () => {
    expect(findings([bad(KEY_ERROR('Records'))], overBridge())).toMatchObject([
      { verdict: 'broken', severity: 'CODE', fix: { mode: 'tell' } },
    ]);
    expect(findings([bad(KEY_ERROR('s3'))], behindQueue(mapping()))).toMatchObject([{ verdict: 'broken' }]);
    expect(findings([bad(KEY_ERROR('detail'))])).toMatchObject([{ verdict: 'broken' }]);
    const node = ['TypeError', "Cannot read properties of undefined (reading '0')"] as const;
    expect(findings([bad(node)], overBridge())).toMatchObject([{ verdict: 'broken' }]);
    const object = ['TypeError', "Cannot read properties of undefined (reading 'object')"] as const;
    expect(findings([bad(object)], behindQueue(mapping()))).toMatchObject([{ verdict: 'broken' }]);
    expect(findings([bad(object)])).toEqual([]);
  });

  it('takes a test event for what it is', () => {
    expect(findings([bad(KEY_ERROR('Records'))])).toEqual([]);
    expect(findings([bad(KEY_ERROR('Records'))], behindQueue(mapping()))).toEqual([]);
  });

  it('offers raw delivery for a notification of SNS within a queue', () => {
    const subscription: SubscriptionNode = {
      arn: `${topicArn()}:1`,
      protocol: 'sqs',
      endpoint: queueArn(),
      attributes: read('sns:GetSubscriptionAttributes', { raw: false, filterScope: 'MessageAttributes' }),
    };
    const given: Given = {
      bucket: {
        notification: read('s3:GetBucketNotification', {
          TopicConfigurations: [{ Id: 't', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
        }),
      },
      topics: {
        [topicArn()]: topicNode({ subscriptions: read('sns:ListSubscriptionsByTopic', [subscription]) }),
      },
      queues: { [queueArn()]: queueNode({ mappings: read('lambda:ListEventSourceMappings', [mapping()]) }) },
    };
    const shown = bad(KEY_ERROR('Records'), { keys: ['a.jpg'], record: { via: ['sqs', 'sns'] } });
    expect(findings([shown], given)).toMatchObject([
      { verdict: 'broken', fix: { mode: 'ask', actions: [{ operation: 'SetSubscriptionAttributes' }] } },
    ]);
  });

  it('is only suspected for a text, and for what a target rewrites', () => {
    const text = ['TypeError', 'string indices must be integers'] as const;
    expect(findings([bad(text)], behindQueue(mapping()))).toMatchObject([{ verdict: 'suspected' }]);
    expect(findings([bad(KEY_ERROR('Records'))], overBridge({ rewritten: true }))).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('leaves other mistakes alone, and those that are over', () => {
    expect(findings([bad(KEY_ERROR('colour'))], overBridge())).toEqual([]);
    const odd = ['TypeError', "Cannot read properties of undefined (reading 'constructor')"] as const;
    expect(findings([bad(odd)], behindQueue(mapping()))).toEqual([]);
    expect(findings([bad(KEY_ERROR('s3'))])).toEqual([]);
    expect(findings([bad(KEY_ERROR('Records')), ok('b', 5)], overBridge())).toEqual([]);
  });
});

describe('handler-drops-work', () => {
  const shown = [1, 2, 3].map((n): Shown => ({
    id: `i${n}`,
    at: 10 - n,
    keys: [`${n}`],
    record: { via: ['sqs'] },
  }));
  const findings = (deleted: number, given: Given = behindQueue(mapping()), runs = shown) =>
    judge(
      handlerDropsWork,
      withLog(runs, {
        ...given,
        metrics: metrics(metric('AWS/SQS', 'NumberOfMessagesDeleted', 'jobs', deleted)),
      }),
    ).findings;

  it('is suspected when far more messages went than were shown', () => {
    expect(findings(20)).toMatchObject([{ verdict: 'suspected', fix: { mode: 'tell' } }]);
  });

  it('is nothing when the numbers fit, for batches of one, for other readers and for direct invocations', () => {
    expect(findings(3)).toEqual([]);
    expect(findings(20, behindQueue(mapping({ batchSize: 1 })))).toEqual([]);
    expect(
      findings(20, behindQueue(mapping(), mapping({ uuid: 'm-2', functionArn: fnArn('other') }))),
    ).toEqual([]);
    expect(findings(20, behindQueue(mapping({ filters: ['{}'] })))).toEqual([]);
    expect(findings(20, {})).toEqual([]);
    expect(findings(20, behindQueue(mapping()), [{ id: 'a', at: 5, keys: ['1', '2'] }])).toEqual([]);
  });
});

describe('lambda-stale-version', () => {
  const qualified = (qualifier: string, over: Partial<FunctionNode>, ...shown: readonly Shown[]) => {
    const arn = `${fnArn()}:${qualifier}`;
    return facts({
      bucket: { notification: read('s3:GetBucketNotification', lambdaDocument({ LambdaFunctionArn: arn })) },
      functions: { [arn]: functionNode({ arn, log: log(seen(...shown)), ...over }) },
    });
  };
  const newest = (version: string) => ({ newestVersion: read('lambda:ListVersionsByFunction', version) });
  const alias = (weights: Readonly<Record<string, number>>) => ({
    alias: read('lambda:GetAlias', { version: '1', weights }),
  });
  const run = (id: string, version: string, error?: Shown['error']): Shown => ({
    id,
    at: 9,
    invocation: { version },
    ...(error ? { error } : {}),
  });

  it('is a risk where a rule names an older version', () => {
    expect(judge(lambdaStaleVersion, qualified('1', newest('10'))).findings).toMatchObject([
      { verdict: 'risk', node: `${fnArn()}:1` },
    ]);
    expect(judge(lambdaStaleVersion, qualified('10', newest('10'))).findings).toEqual([]);
  });

  it('says nothing of an alias on an older version, nor of a canary that does well', () => {
    expect(judge(lambdaStaleVersion, qualified('live', { ...alias({}), ...newest('9') })).findings).toEqual(
      [],
    );
    const canary = qualified('live', alias({ '2': 0.1 }), run('a', '1'), run('b', '2'));
    expect(judge(lambdaStaleVersion, canary).findings).toEqual([]);
  });

  it('suspects the version that alone fails', () => {
    const split = qualified('live', alias({ '2': 0.5 }), run('a', '2'), run('b', '1', KEY_ERROR('x')));
    expect(judge(lambdaStaleVersion, split).findings).toMatchObject([
      {
        verdict: 'suspected',
        fix: {
          mode: 'ask',
          actions: [{ operation: 'UpdateAlias', input: { Name: 'live', FunctionVersion: '2' } }],
        },
      },
    ]);
  });

  it('tells of an update that failed, and not of one under way', () => {
    const over = (lastUpdateStatus: string) =>
      judge(lambdaStaleVersion, withLog([], { configuration: { lastUpdateStatus } })).findings;
    expect(over('Failed')).toMatchObject([{ verdict: 'risk' }]);
    expect(over('InProgress')).toEqual([]);
  });

  it('says so when the versions may not be listed', () => {
    const given = qualified('1', { newestVersion: denied('lambda:ListVersionsByFunction', 'thumbs') });
    expect(judge(lambdaStaleVersion, given).notChecked).toMatchObject([
      { action: 'lambda:ListVersionsByFunction' },
    ]);
  });
});

describe('lambda-retry-duplicates', () => {
  const retried: Shown = {
    id: 'r',
    at: 3,
    keys: ['a.jpg'],
    invocation: { starts: [NOW - 6 * MINUTE, NOW - 5 * MINUTE, NOW - 3 * MINUTE] },
  };
  const findings = (shown: readonly Shown[], given: Given = {}) =>
    judge(lambdaRetryDuplicates, withLog(shown, given)).findings;

  it('is certain on one request id that started more than once', () => {
    expect(findings([retried])).toMatchObject([
      { verdict: 'broken', severity: 'DUP', fix: { mode: 'tell' } },
    ]);
  });

  it('is over when things went well since, but not for the key that is asked about', () => {
    const later = ok('b', 1, 'b.jpg');
    expect(findings([retried, later])).toEqual([]);
    expect(findings([retried, later], { question: { key: 'a.jpg' } })).toMatchObject([{ verdict: 'broken' }]);
  });

  it('is nothing for one start each', () => {
    expect(findings([ok('a', 3, 'a.jpg'), ok('b', 2, 'a.jpg')])).toEqual([]);
  });
});

describe('s3-duplicate and out-of-order', () => {
  const run = (id: string, at: number, sequencer: string, over: Partial<Shown> = {}): Shown => ({
    id,
    at,
    keys: ['a.jpg'],
    ...over,
    record: { sequencer, ...over.record },
  });
  const duplicates = (...shown: readonly Shown[]) => judge(s3Duplicate, withLog(shown)).findings;
  const disorder = (...shown: readonly Shown[]) => judge(outOfOrder, withLog(shown)).findings;

  it('knows a duplicate by sequencer, rule and another request id', () => {
    expect(duplicates(run('a', 9, '0A'), run('b', 5, '0A'))).toMatchObject([
      { verdict: 'risk', severity: 'DUP' },
    ]);
  });

  it('takes no other writes, rules, retries or queues for duplicates', () => {
    expect(duplicates(run('a', 9, '0A'), run('b', 5, '0B'))).toEqual([]);
    expect(duplicates(run('a', 9, '0A'), run('b', 5, '0A', { record: { configurationId: 'x' } }))).toEqual(
      [],
    );
    expect(duplicates(run('a', 9, '0A', { error: KEY_ERROR('x') }), run('b', 5, '0A'))).toEqual([]);
    const queued = { record: { via: ['sqs'] } };
    expect(duplicates(run('a', 9, '0A', queued), run('b', 5, '0A', queued))).toEqual([]);
  });

  it('compares sequencers of one key, the shorter filled with zeros', () => {
    expect(disorder(run('a', 9, '0055'), run('b', 5, '0054FF'))).toMatchObject([{ verdict: 'risk' }]);
    expect(disorder(run('a', 9, '0055'), run('b', 5, '005501'))).toEqual([]);
    expect(disorder(run('a', 9, '0055'), run('b', 5, '0054', { keys: ['b.jpg'] }))).toEqual([]);
    expect(disorder(run('a', 9, '0054'), run('b', 7, '0055'), run('c', 5, '0054'))).toEqual([]);
  });
});

describe('sqs-redriven', () => {
  const dead = queueArn('dead');
  const given = (waiting: number, ...shown: readonly Shown[]) =>
    withLog(shown, {
      bucket: { notification: queueDocument },
      queues: {
        [queueArn()]: queueNode({
          attributes: read(
            'sqs:GetQueueAttributes',
            queueAttributes({ deadLetterArn: dead, maxReceiveCount: 1 }),
          ),
          mappings: read('lambda:ListEventSourceMappings', [mapping()]),
        }),
        [dead]: queueNode({
          arn: dead,
          attributes: read('sqs:GetQueueAttributes', queueAttributes({ waiting })),
        }),
      },
    });

  it('is suspected where the function fails, as a consequence at the function', () => {
    expect(judge(sqsRedriven, given(3, bad(KEY_ERROR('x')))).findings).toMatchObject([
      {
        verdict: 'suspected',
        node: fnArn(),
        subject: 'queue jobs',
        fix: { mode: 'ask', actions: [{ operation: 'StartMessageMoveTask', input: { SourceArn: dead } }] },
      },
    ]);
  });

  it('is a risk where nothing fails now, and nothing when the queue is empty', () => {
    expect(judge(sqsRedriven, given(1, ok('a', 5))).findings).toMatchObject([{ verdict: 'risk' }]);
    expect(judge(sqsRedriven, given(0, bad(KEY_ERROR('x')))).findings).toEqual([]);
  });

  it('says so when the queue may not be read', () => {
    const denying = {
      ...given(1),
      queues: { [queueArn()]: queueNode({ attributes: denied('sqs:GetQueueAttributes', 'jobs') }) },
    };
    expect(judge(sqsRedriven, denying).notChecked).toMatchObject([{ action: 'sqs:GetQueueAttributes' }]);
  });
});

describe('dlq-undeliverable', () => {
  const dead = queueArn('dead');
  const given = (over: Partial<DoctorFacts> & { readonly node?: Partial<FunctionNode> } = {}) => {
    const { node = {}, ...rest } = over;
    return facts({
      functions: {
        [fnArn()]: functionNode({
          eventInvoke: read('lambda:ListFunctionEventInvokeConfigs', [
            { qualifier: '$LATEST', onFailure: dead },
          ]),
          ...node,
        }),
      },
      ...rest,
    });
  };
  const role = (decision: 'allowed' | 'implicitDeny') => ({
    [ROLE_ARN]: roleNode({
      simulated: read('iam:SimulatePrincipalPolicy', [simulation('sqs:SendMessage', dead, decision)]),
    }),
  });

  it('is certain on the metric', () => {
    const failures = metrics(metric('AWS/Lambda', 'DestinationDeliveryFailures', 'thumbs', 2));
    expect(judge(dlqUndeliverable, given({ metrics: failures })).findings).toMatchObject([
      { verdict: 'broken', severity: 'BLIND' },
    ]);
  });

  it('is only suspected where nothing is in the way by now, and over when a later event was kept', () => {
    const lost = metric('AWS/Lambda', 'DestinationDeliveryFailures', 'thumbs', 2);
    const open = {
      roles: role('allowed'),
      queues: { [dead]: queueNode({ arn: dead }) },
    };
    const verdicts = (over: Partial<DoctorFacts>) =>
      judge(dlqUndeliverable, given({ ...open, ...over })).findings.map(({ verdict }) => verdict);
    expect(verdicts({ metrics: metrics(lost) })).toEqual(['suspected']);
    expect(verdicts({ metrics: metrics(lost), roles: role('implicitDeny') })).toEqual(['broken']);
    const keyed = queueNode({
      arn: dead,
      attributes: read('sqs:GetQueueAttributes', queueAttributes({ kmsKeyId: 'alias/q' })),
    });
    expect(verdicts({ metrics: metrics(lost), queues: { [dead]: keyed } })).toEqual(['broken']);
    const [time = 0] = lost.points[0] ?? [];
    const dropped = (at: number): MetricSeries => ({
      ...lost,
      name: 'AsyncEventsDropped',
      points: [[at, 1]],
    });
    expect(verdicts({ metrics: metrics(lost, dropped(time)) })).toEqual(['suspected']);
    expect(verdicts({ metrics: metrics(lost, dropped(time + 60_000)) })).toEqual([]);
  });

  it('is a risk where the role may not send there, with an inline policy to allow it', () => {
    expect(judge(dlqUndeliverable, given({ roles: role('implicitDeny') })).findings).toMatchObject([
      { verdict: 'risk', fix: { mode: 'ask', actions: [{ operation: 'PutRolePolicy' }] } },
    ]);
    expect(judge(dlqUndeliverable, given({ roles: role('allowed') })).findings).toEqual([]);
  });

  it('is a risk where the target is gone', () => {
    const queues = { [dead]: queueNode({ arn: dead, attributes: absent('sqs:GetQueueAttributes') }) };
    expect(judge(dlqUndeliverable, given({ queues })).findings).toMatchObject([{ verdict: 'risk' }]);
  });

  it('is a risk where the setting belongs to another alias', () => {
    const eventInvoke = read('lambda:ListFunctionEventInvokeConfigs', [
      { qualifier: 'live', onFailure: dead },
    ]);
    expect(judge(dlqUndeliverable, given({ node: { eventInvoke } })).findings).toMatchObject([
      {
        verdict: 'risk',
        fix: {
          actions: [
            {
              operation: 'PutFunctionEventInvokeConfig',
              input: { FunctionName: 'thumbs', Qualifier: '$LATEST' },
            },
          ],
        },
      },
    ]);
    const kept = read('lambda:GetFunctionConfiguration', configuration({ deadLetterArn: queueArn('other') }));
    expect(judge(dlqUndeliverable, given({ node: { eventInvoke, configuration: kept } })).findings).toEqual(
      [],
    );
  });

  it('is nothing without any, for an empty one, and behind a queue', () => {
    expect(judge(dlqUndeliverable, facts()).findings).toEqual([]);
    expect(judge(dlqUndeliverable, given()).findings).toEqual([]);
    const queued = { ...behindQueue(mapping()), roles: role('implicitDeny') };
    expect(judge(dlqUndeliverable, facts({ ...given(), ...queued })).findings).toEqual([]);
  });

  it('says so when the settings may not be read', () => {
    const node = { eventInvoke: denied('lambda:ListFunctionEventInvokeConfigs', 'thumbs') };
    expect(judge(dlqUndeliverable, given({ node })).notChecked).toMatchObject([
      { action: 'lambda:ListFunctionEventInvokeConfigs' },
    ]);
  });
});

describe('double-path', () => {
  const events = {
    Sid: 'events',
    Effect: 'Allow',
    Principal: { Service: 'events.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: fnArn(),
    Condition: { ArnLike: { 'aws:SourceArn': RULE_ARN } },
  };
  const both = read('lambda:GetPolicy', policy(s3Statement('lambda:InvokeFunction', fnArn()), events));
  const given = (rule: EventRuleNode, over: Parameters<typeof facts>[0] = {}) =>
    facts({
      bucket: { notification: bridged(lambdaDocument()) },
      functions: { [fnArn()]: functionNode({ policy: both }) },
      eventRules: read('events:ListRules', [rule]),
      ...over,
    });
  const findings = (facts: DoctorFacts) => judge(doublePath, facts).findings;

  it('is certain when a rule and an event rule lead to one function and both are open', () => {
    expect(findings(given(eventRule()))).toMatchObject([
      {
        verdict: 'broken',
        severity: 'DUP',
        node: fnArn(),
        fix: {
          mode: 'ask',
          actions: [{ operation: 'RemoveTargets', input: { Rule: 'objects', Ids: ['t'] } }],
        },
      },
    ]);
  });

  it('is nothing when one of them is shut, is off, or takes other events', () => {
    expect(findings(given(eventRule({ state: 'DISABLED' })))).toEqual([]);
    expect(findings(given(eventRule(), { functions: { [fnArn()]: functionNode() } }))).toEqual([]);
    const removed = JSON.stringify({ source: ['aws.s3'], 'detail-type': ['Object Deleted'] });
    expect(findings(given(eventRule({ pattern: removed })))).toEqual([]);
    expect(findings(given(eventRule({}, { arn: fnArn('other') })))).toEqual([]);
  });

  it('is suspected when a policy may not be read', () => {
    const functions = { [fnArn()]: functionNode({ policy: denied('lambda:GetPolicy', 'thumbs') }) };
    expect(findings(given(eventRule(), { functions }))).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('asks about the key', () => {
    const pattern = JSON.stringify({ source: ['aws.s3'], detail: { object: { key: [{ prefix: 'in/' }] } } });
    const about = (key: string) => findings(given(eventRule({ pattern }), { question: { key } }));
    expect(about('in/a.jpg')).toHaveLength(1);
    expect(about('out/a.jpg')).toEqual([]);
  });

  it('sees a topic that feeds the function by itself and through a queue', () => {
    const sns = (action: string, resource: string) =>
      s3Statement(action, resource, {
        Principal: { Service: 'sns.amazonaws.com' },
        Condition: { ArnLike: { 'aws:SourceArn': topicArn() } },
      });
    const subscription = (protocol: string, endpoint: string, arn: string): SubscriptionNode => ({
      arn,
      protocol,
      endpoint,
      attributes: read('sns:GetSubscriptionAttributes', { raw: false, filterScope: 'MessageAttributes' }),
    });
    const subscriptions = [
      subscription('lambda', fnArn(), `${topicArn()}:1`),
      subscription('sqs', queueArn(), `${topicArn()}:2`),
    ];
    const topical = facts({
      bucket: {
        notification: read('s3:GetBucketNotification', {
          TopicConfigurations: [{ Id: 't', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
        }),
      },
      functions: {
        [fnArn()]: functionNode({
          policy: read('lambda:GetPolicy', policy(sns('lambda:InvokeFunction', fnArn()))),
        }),
      },
      topics: {
        [topicArn()]: topicNode({ subscriptions: read('sns:ListSubscriptionsByTopic', subscriptions) }),
      },
      queues: {
        [queueArn()]: queueNode({
          attributes: read(
            'sqs:GetQueueAttributes',
            queueAttributes({ policy: policy(sns('sqs:SendMessage', queueArn())) }),
          ),
          mappings: read('lambda:ListEventSourceMappings', [mapping()]),
        }),
      },
    });
    expect(findings(topical)).toMatchObject([
      { verdict: 'broken', fix: { actions: [{ operation: 'DeleteEventSourceMapping' }] } },
    ]);
  });

  it('knows that two readers of one queue share its messages', () => {
    const shared = behindQueue(mapping(), mapping({ uuid: 'm-2', functionArn: `${fnArn()}:live` }));
    expect(findings(withLog([], shared))).toEqual([]);
  });
});
