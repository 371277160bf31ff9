import { describe, expect, it } from 'vitest';
import { ebDroppedOrRetried } from '../../../src/core/checks/running/eb-dropped-or-retried.ts';
import { ebPatternMismatch } from '../../../src/core/checks/running/eb-pattern-mismatch.ts';
import { ebRuleOffOrElsewhere } from '../../../src/core/checks/running/eb-rule-off-or-elsewhere.ts';
import type { EventRuleNode, MetricSeries, ObjectHead, TargetNode } from '../../../src/core/doctor/facts.ts';
import type { FixAction } from '../../../src/core/doctor/finding.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { ACCOUNT, BUCKET, facts, fnArn, judge, NOW, queueArn, REGION, type FactsOver } from './support.ts';

const ruleArn = (name: string) => `arn:aws:events:${REGION}:${ACCOUNT}:rule/${name}`;

const target = (over: Partial<TargetNode> = {}): TargetNode => ({
  id: 't',
  arn: fnArn(),
  rewritten: false,
  ...over,
});

type RuleOver = Partial<Omit<EventRuleNode, 'pattern' | 'targets'>> & {
  readonly pattern?: unknown;
  readonly targets?: EventRuleNode['targets'] | readonly TargetNode[];
};

const GOOD = {
  source: ['aws.s3'],
  'detail-type': ['Object Created'],
  detail: { bucket: { name: [BUCKET] } },
};

function rule({ pattern = GOOD, targets = [target()], ...over }: RuleOver = {}): EventRuleNode {
  const name = over.name ?? 'created';
  return {
    name,
    arn: ruleArn(over.bus === undefined || over.bus === 'default' ? name : `${over.bus}/${name}`),
    bus: 'default',
    state: 'ENABLED',
    pattern: typeof pattern === 'string' ? pattern : JSON.stringify(pattern),
    targets: 'state' in targets ? targets : read('events:ListTargetsByRule', targets),
    ...over,
  };
}

const ON = { EventBridgeConfiguration: {} };

/** The bucket sends to EventBridge, where these rules are. */
const given = (rules: readonly EventRuleNode[], { bucket, ...over }: FactsOver = {}) =>
  facts({
    bucket: { notification: read('s3:GetBucketNotification', ON), ...bucket },
    eventRules: read('events:ListRules', rules),
    ...over,
  });

const metrics = (...series: readonly (readonly [name: string, value: number, ago?: number])[]) =>
  read(
    'cloudwatch:GetMetricData',
    series.map(([name, value, ago = 60_000]): MetricSeries => ({
      namespace: 'AWS/Events',
      name,
      of: 'created',
      points: [[NOW - ago, value]],
    })),
  );

const headOf = (eTag: string): ObjectHead => ({ size: 1, modified: NOW - 1000, eTag });
const objectWith = (key: string, eTag: string) => ({
  key,
  head: read('s3:GetObject', headOf(eTag)),
  versions: read('s3:ListBucketVersions', []),
});

const noRules = given([], {});

describe('all of event rules', () => {
  it.each([ebRuleOffOrElsewhere, ebPatternMismatch, ebDroppedOrRetried])(
    '$id finds nothing in healthy rules',
    (check) => {
      expect(judge(check, given([rule()]))).toEqual({ findings: [], notChecked: [] });
      expect(judge(check, given([rule()], { question: { key: 'in/a b+c.jpg' } })).findings).toEqual([]);
      expect(judge(check, noRules).findings).toEqual([]);
    },
  );

  it.each([ebRuleOffOrElsewhere, ebPatternMismatch])('$id says when it may not look', (check) => {
    const over = { ...noRules, eventRules: denied('events:ListRules', '*') };
    expect(judge(check, over)).toMatchObject({ findings: [], notChecked: [{ action: 'events:ListRules' }] });
  });
});

describe('a bucket that does not send to EventBridge', () => {
  it.each([ebRuleOffOrElsewhere, ebPatternMismatch])(
    '$id misses nothing when it may not list rules',
    (check) => {
      const over = facts({ eventRules: denied('events:ListRules', '*') });
      expect(judge(check, over)).toEqual({ findings: [], notChecked: [] });
    },
  );
});

describe('eb-rule-off-or-elsewhere', () => {
  const found = (...args: Parameters<typeof given>) => judge(ebRuleOffOrElsewhere, given(...args)).findings;
  const off = (over: RuleOver = {}) => rule({ state: 'DISABLED', ...over });

  it('is certain for a rule about the bucket that is switched off', () => {
    expect(found([off()])).toMatchObject([
      {
        verdict: 'broken',
        node: ruleArn('created'),
        message: 'event rule created is switched off, so its targets get no events',
        fix: {
          mode: 'safe',
          actions: [{ service: 'events', operation: 'EnableRule', input: { Name: 'created' } }],
        },
      },
    ]);
  });

  it('only suspects a rule for all buckets', () => {
    const pattern = { source: ['aws.s3'] };
    expect(found([off({ pattern })])).toMatchObject([{ verdict: 'suspected' }]);
    expect(found([off({ pattern })], { question: { expected: fnArn() } })).toMatchObject([
      { verdict: 'broken' },
    ]);
    const notification = read('s3:GetBucketNotification', {});
    expect(found([off({ pattern })], { bucket: { notification } })).toEqual([]);
  });

  it.each([
    ['rules that CloudTrail switches', [rule({ state: 'ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS' })]],
    [
      'rules of other buckets',
      [off({ pattern: { source: ['aws.s3'], detail: { bucket: { name: ['other'] } } } })],
    ],
    ['rules of other services', [off({ pattern: { source: ['aws.ec2'] } })]],
    ['schedules', [{ ...off(), pattern: undefined }]],
    ['a rule without targets', [off({ targets: [] })]],
    ['one beside another to the same target', [off(), rule({ name: 'better' })]],
  ])('accepts %s', (_, rules) => {
    expect(found(rules)).toEqual([]);
  });

  it('accepts one beside a rule of the bucket to the same function, unless that does not take the key', () => {
    const suffix = { Key: { FilterRules: [{ Name: 'Suffix', Value: '.jpg' }] } };
    const notification = read('s3:GetBucketNotification', {
      ...ON,
      LambdaFunctionConfigurations: [
        { Id: 'jpg', LambdaFunctionArn: fnArn(), Events: ['s3:ObjectCreated:*'], Filter: suffix },
      ],
    });
    expect(found([off()], { bucket: { notification } })).toEqual([]);
    expect(found([off()], { bucket: { notification }, question: { key: 'a.jpg' } })).toEqual([]);
    expect(found([off()], { bucket: { notification }, question: { key: 'a.png' } })).toMatchObject([
      { verdict: 'broken' },
    ]);
  });

  it('does not mind rules for other keys, or for other targets than the expected one', () => {
    const pattern = { ...GOOD, detail: { ...GOOD.detail, object: { key: [{ suffix: '.png' }] } } };
    expect(found([off({ pattern })], { question: { key: 'a.jpg' } })).toEqual([]);
    expect(found([off()], { question: { expected: queueArn() } })).toEqual([]);
    expect(found([off()], { question: { ruleId: 'thumbs' } })).toEqual([]);
  });

  const elsewhere = rule({ bus: 'own' });

  it('suspects a rule on another bus, and moves it', () => {
    const [finding] = found([elsewhere]);
    expect(finding).toMatchObject({
      verdict: 'suspected',
      fix: {
        mode: 'ask',
        actions: [
          { operation: 'PutRule', input: { Name: 'created', EventPattern: JSON.stringify(GOOD) } },
          {
            operation: 'AddPermission',
            input: { SourceArn: ruleArn('created'), Principal: 'events.amazonaws.com' },
          },
          { operation: 'PutTargets', input: { Rule: 'created', Targets: [{ Id: 't', Arn: fnArn() }] } },
        ],
      },
    });
  });

  it('leaves to a person what it cannot copy', () => {
    expect(found([rule({ bus: 'own', targets: [target({ rewritten: true })] })])).toMatchObject([
      { verdict: 'suspected', fix: { mode: 'tell' } },
    ]);
  });

  it.each([
    ['rule for S3', { source: ['aws.s3'] }],
    ['rule for all events', { account: [ACCOUNT] }],
    ['rule for all sources', { source: [{ prefix: '' }] }],
    ['rule for these keys', { ...GOOD, detail: { ...GOOD.detail, object: { key: [{ prefix: 'in/' }] } } }],
  ])('accepts one that a %s forwards to', (_, pattern) => {
    const bus = `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/own`;
    const forwarder = rule({ name: 'forward', pattern, targets: [target({ arn: bus })] });
    expect(found([elsewhere, forwarder])).toEqual([]);
    expect(found([elsewhere, { ...forwarder, state: 'DISABLED' }])).not.toEqual([]);
  });

  it('accepts one that matched events, and one of a bucket of another account', () => {
    expect(found([elsewhere], { metrics: metrics(['MatchedEvents', 1]) })).toEqual([]);
    const owner = read('s3:GetBucketNotification', '999988887777');
    expect(found([elsewhere], { bucket: { owner } })).toEqual([]);
  });

  it('says so when it could not look at the targets of a rule that may forward', () => {
    const forwarder = rule({
      name: 'forward',
      pattern: { source: ['aws.s3'] },
      targets: denied('events:ListTargetsByRule', 'forward'),
    });
    expect(judge(ebRuleOffOrElsewhere, given([elsewhere, forwarder]))).toMatchObject({
      findings: [{ verdict: 'suspected' }],
      notChecked: [{ action: 'events:ListTargetsByRule', resource: 'forward' }],
    });
  });
});

describe('eb-pattern-mismatch', () => {
  const found = (pattern: unknown, over: FactsOver = {}) =>
    judge(ebPatternMismatch, given([rule({ pattern })], over)).findings;
  const about = (detail: object, over: object = {}) => ({
    ...GOOD,
    ...over,
    detail: { ...GOOD.detail, ...detail },
  });
  const correctedBy = (action: FixAction | undefined): unknown =>
    action?.kind === 'call' ? JSON.parse(String(action.input['EventPattern'])) : undefined;

  it.each([
    ['another case', { ...GOOD, 'detail-type': ['object created'] }, 'detail-type ["object created"]', GOOD],
    [
      'names of S3 notifications',
      { ...GOOD, 'detail-type': ['ObjectCreated:*'] },
      'detail-type ["ObjectCreated:*"]',
      GOOD,
    ],
    [
      'names with s3:',
      { ...GOOD, 'detail-type': ['s3:ObjectRemoved:Delete'] },
      undefined,
      { ...GOOD, 'detail-type': ['Object Deleted'] },
    ],
    [
      'eventName',
      about({ eventName: ['ObjectCreated:Put'] }),
      'detail.eventName ["ObjectCreated:Put"]',
      GOOD,
    ],
    ['the bucket as text', { ...GOOD, detail: { bucket: [BUCKET] } }, 'detail.bucket ["photos"]', GOOD],
    ['another source', { ...GOOD, source: ['aws:s3'] }, 'source ["aws:s3"]', GOOD],
    ['the bucket with capitals', { ...GOOD, detail: { bucket: { name: ['Photos'] } } }, undefined, GOOD],
    [
      'keys of the bucket among resources',
      { source: ['aws.s3'], resources: [`arn:aws:s3:::${BUCKET}/*`] },
      undefined,
      { source: ['aws.s3'], detail: { bucket: { name: [BUCKET] } } },
    ],
    [
      'sizes as text',
      about({ object: { size: ['1024'] } }),
      'detail.object.size ["1024"]',
      about({ object: { size: [1024] } }),
    ],
    ['reasons of other events', about({ reason: ['Put'] }), 'detail.reason ["Put"]', GOOD],
  ])('is certain for %s', (_, pattern, shown, corrected) => {
    const [finding] = found(pattern);
    expect(finding).toMatchObject({
      verdict: 'broken',
      node: ruleArn('created'),
      message: 'the pattern of event rule created takes no event of bucket photos',
      fix: { mode: 'ask', actions: [{ operation: 'PutRule', input: { Name: 'created', State: 'ENABLED' } }] },
    });
    if (shown !== undefined) expect(finding?.evidence[0]?.value).toBe(shown);
    expect(correctedBy(finding?.fix.actions[0])).toEqual(corrected);
  });

  it('is certain whether or not the bucket sends to EventBridge', () => {
    const notification = read('s3:GetBucketNotification', {});
    expect(
      found({ ...GOOD, 'detail-type': ['ObjectCreated:Put'] }, { bucket: { notification } }),
    ).toMatchObject([{ verdict: 'broken' }]);
  });

  it('only suspects a slip in a rule for all buckets', () => {
    const slip = { source: ['aws.s3'], 'detail-type': ['object created'] };
    expect(found(slip)).toMatchObject([{ verdict: 'suspected' }]);
    expect(found(slip, { question: { expected: fnArn() } })).toMatchObject([{ verdict: 'broken' }]);
    expect(found({ source: ['aws.s3'], 'detail-type': ['AWS Something New'] })).toEqual([]);
    expect(found(slip, { bucket: { notification: read('s3:GetBucketNotification', {}) } })).toEqual([]);
  });

  it.each([
    ['other buckets', { ...GOOD, detail: { bucket: { name: ['other'] } } }],
    [
      'other buckets, with a slip',
      { ...GOOD, 'detail-type': ['object created'], detail: { bucket: { name: ['other'] } } },
    ],
    ['buckets of another name', { ...GOOD, detail: { bucket: { name: [{ prefix: 'logs-' }] } } }],
    ['this bucket among others', { ...GOOD, detail: { bucket: { name: ['other', BUCKET] } } }],
    ['other events', { ...GOOD, 'detail-type': ['Object Deleted'] }],
    ['other keys', about({ object: { key: [{ prefix: 'in/' }] } })],
    ['large objects', about({ object: { size: [{ numeric: ['>', 1_000_000] }] } })],
    ['one reason', about({ reason: ['PutObject'] })],
    ['both words for forms', about({ reason: ['POST Object'] })],
    [
      'fields that only some events have',
      {
        ...about({ 'destination-storage-class': ['GLACIER'] }),
        'detail-type': ['Object Storage Class Changed'],
      },
    ],
    ['what only AWS knows', about({ 'source-ip-address': [{ cidr: '10.0.0.0/8' }], requester: ['1'] })],
    ['the resource', { source: ['aws.s3'], resources: [`arn:aws:s3:::${BUCKET}`] }],
    ['other services', { source: ['aws.ec2'] }],
    ['operators that are not known', about({ object: { key: [{ future: 1 }] } })],
    [
      'a choice',
      {
        source: ['aws.s3'],
        detail: GOOD.detail,
        $or: [{ 'detail-type': ['Object Created'] }, { 'detail-type': ['nonsense'] }],
      },
    ],
  ])('accepts rules for %s', (_, pattern) => {
    expect(found(pattern)).toEqual([]);
  });

  it('accepts a rule for another bucket to the expected function', () => {
    const pattern = { ...GOOD, detail: { bucket: { name: ['other'] } } };
    expect(found(pattern, { question: { expected: fnArn() } })).toEqual([]);
  });

  it('is not certain about a rule whose targets were not read when one was expected', () => {
    const pattern = { ...GOOD, detail: { bucket: [BUCKET] } };
    const unread = rule({ pattern, targets: absent('events:ListTargetsByRule') });
    const over = given([unread], { question: { expected: queueArn() } });
    expect(judge(ebPatternMismatch, over).findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(found(pattern, { question: { expected: queueArn() } })).toEqual([]);
  });

  it('accepts a schedule, and text that is no pattern', () => {
    expect(judge(ebPatternMismatch, given([{ ...rule(), pattern: undefined }])).findings).toEqual([]);
    for (const odd of ['', '{', 'null', '[]', '{"detail":{"bucket":{"name":"photos"}}}'])
      expect(found(odd)).toEqual([]);
  });

  describe('with a key', () => {
    const key = (value: string, over: FactsOver = {}): FactsOver => ({ ...over, question: { key: value } });

    it('is certain for encoded keys, and decodes them', () => {
      const [finding] = found(about({ object: { key: [{ prefix: 'my+folder/' }] } }), key('my folder/a.jpg'));
      expect(finding).toMatchObject({ verdict: 'broken' });
      expect(correctedBy(finding?.fix.actions[0])).toEqual(
        about({ object: { key: [{ prefix: 'my folder/' }] } }),
      );
    });

    it('suspects them by the keys of the bucket without one', () => {
      const entries = [
        { key: 'my folder/a', versionId: 'null', latest: true, deleteMarker: false, modified: 0, size: 1 },
      ];
      const sample = read('s3:ListBucketVersions', { entries, truncated: false });
      expect(
        found(about({ object: { key: [{ prefix: 'my+folder/' }] } }), { bucket: { sample } }),
      ).toMatchObject([{ verdict: 'suspected' }]);
    });

    it('is certain when nothing takes the key, and silent when another rule does', () => {
      const png = rule({ name: 'png', pattern: about({ object: { key: [{ suffix: '.png' }] } }) });
      const jpg = rule({ name: 'jpg', pattern: about({ object: { key: [{ suffix: '.jpg' }] } }) });
      expect(judge(ebPatternMismatch, given([png], key('a.jpg'))).findings).toMatchObject([
        { verdict: 'broken', node: ruleArn('png'), evidence: [{ field: 'EventPattern.detail.object.key' }] },
      ]);
      expect(judge(ebPatternMismatch, given([png, jpg], key('a.jpg'))).findings).toEqual([]);
      const expected = { question: { key: 'a.jpg', expected: queueArn() } };
      const both = [
        { ...png, targets: read('events:ListTargetsByRule', [target({ arn: queueArn() })]) },
        jpg,
      ];
      expect(judge(ebPatternMismatch, given(both, expected)).findings).toMatchObject([
        { node: ruleArn('png') },
      ]);
    });

    it('accepts a rule for other keys when the expected function gets this one by another way', () => {
      const suffix = { Key: { FilterRules: [{ Name: 'Suffix', Value: '.jpg' }] } };
      const notification = read('s3:GetBucketNotification', {
        ...ON,
        LambdaFunctionConfigurations: [
          { Id: 'jpg', LambdaFunctionArn: fnArn(), Events: ['s3:ObjectCreated:*'], Filter: suffix },
        ],
      });
      const png = about({ object: { key: [{ suffix: '.png' }] } });
      const asked = (value: string) => ({
        bucket: { notification },
        question: { key: value, expected: fnArn() },
      });
      expect(found(png, asked('a.jpg'))).toEqual([]);
      expect(found(png, asked('a.gif'))).toMatchObject([{ verdict: 'broken' }]);
    });

    it('does not count a way to another function than the expected one', () => {
      const notification = read('s3:GetBucketNotification', {
        ...ON,
        LambdaFunctionConfigurations: [
          { Id: 'all', LambdaFunctionArn: fnArn('other'), Events: ['s3:ObjectCreated:*'] },
        ],
      });
      const png = about({ object: { key: [{ suffix: '.png' }] } });
      const question = { key: 'a.jpg', expected: fnArn() };
      expect(found(png, { bucket: { notification }, question })).toMatchObject([{ verdict: 'broken' }]);
    });

    it('knows what was done to the object', () => {
      const put = about({ reason: ['PutObject'] });
      expect(found(put, { question: { key: 'a', operation: 'multipart' } })).toMatchObject([
        { verdict: 'broken', evidence: [{ field: 'EventPattern.detail.reason' }] },
      ]);
      expect(found(put, { question: { key: 'a', operation: 'put' } })).toEqual([]);
      expect(found(put, key('a', { object: objectWith('a', 'abc-3') }))).toMatchObject([
        { verdict: 'broken' },
      ]);
      expect(found(put, key('a', { object: objectWith('a', 'abc') }))).toEqual([]);
    });
  });

  describe('for CloudTrail', () => {
    const trail = {
      source: ['aws.s3'],
      'detail-type': ['AWS API Call via CloudTrail'],
      detail: { eventSource: ['s3.amazonaws.com'], requestParameters: { bucketName: [BUCKET] } },
    };
    const entries = [
      { key: 'a', versionId: 'null', latest: true, deleteMarker: false, modified: NOW - 1000, size: 1 },
    ];
    const bucket = { sample: read('s3:ListBucketVersions', { entries, truncated: false }) };

    it('is a risk, and suspected when uploads made no match', () => {
      expect(found(trail)).toMatchObject([{ verdict: 'risk', fix: { mode: 'tell' } }]);
      expect(found(trail, { bucket })).toMatchObject([{ verdict: 'suspected' }]);
    });

    it('accepts it when it matches, and for other buckets', () => {
      expect(found(trail, { bucket, metrics: metrics(['MatchedEvents', 2]) })).toEqual([]);
      const other = { ...trail, detail: { ...trail.detail, requestParameters: { bucketName: ['other'] } } };
      expect(found(other, { bucket })).toEqual([]);
      expect(found({ ...trail, detail: { eventSource: ['s3.amazonaws.com'] } }, { bucket })).toEqual([]);
    });
  });
});

describe('eb-dropped-or-retried', () => {
  const found = (rules: readonly EventRuleNode[], over: FactsOver = {}) =>
    judge(ebDroppedOrRetried, given(rules, over)).findings;

  it('is certain for events that failed', () => {
    expect(found([rule()], { metrics: metrics(['FailedInvocations', 3]) })).toMatchObject([
      {
        verdict: 'broken',
        severity: 'SOME',
        node: ruleArn('created'),
        message: 'event rule created lost 3 events on the way to function thumbs',
      },
    ]);
    const kept = metrics(['FailedInvocations', 3], ['InvocationsSentToDlq', 3]);
    expect(found([rule()], { metrics: kept })[0]?.message).toContain('dead-letter queue');
    const lost = metrics(['InvocationsSentToDlq', 3], ['InvocationsFailedToBeSentToDlq', 1]);
    expect(found([rule()], { metrics: lost })[0]?.message).toContain('lost 1 event on');
  });

  it('is not certain any more after later invocations', () => {
    const over = { metrics: metrics(['FailedInvocations', 3, 600_000], ['Invocations', 1, 60_000]) };
    expect(found([rule()], over)).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('suspects throttled rules', () => {
    expect(found([rule()], { metrics: metrics(['ThrottledRules', 3]) })).toMatchObject([
      { verdict: 'suspected', severity: 'LATE' },
    ]);
  });

  it('calls a shortened retry policy without a dead-letter queue a risk', () => {
    expect(found([rule({ targets: [target({ retries: 0 })] })])).toMatchObject([{ verdict: 'risk' }]);
    expect(found([rule({ targets: [target({ maximumAgeSeconds: 60 })] })])).toMatchObject([
      { verdict: 'risk' },
    ]);
  });

  it('accepts the defaults, and a dead-letter queue', () => {
    expect(found([rule({ targets: [target({ retries: 185, maximumAgeSeconds: 86_400 })] })])).toEqual([]);
    expect(found([rule({ targets: [target({ retries: 0, deadLetterArn: queueArn() })] })])).toEqual([]);
    expect(found([rule()], { metrics: metrics(['Invocations', 5]) })).toEqual([]);
  });

  it('says so when it may not see metrics', () => {
    const over = given([rule()], { metrics: denied('cloudwatch:GetMetricData', '*') });
    expect(judge(ebDroppedOrRetried, over)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'cloudwatch:GetMetricData' }, {}],
    });
  });
});
