import { describe, expect, it } from 'vitest';
import type { FindingId } from '../../../src/core/doctor/catalogue.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import type { LogSeen, MappingNode } from '../../../src/core/doctor/facts.ts';
import {
  BUCKET,
  fnArn,
  functionNode,
  lambdaDocument,
  log,
  MINUTE,
  NOW,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  topicArn,
  topicNode,
} from '../checks/support.ts';
import {
  finding,
  hopOf,
  objectNode,
  seenInvocation,
  seenRecord,
  states,
  trace,
  WRITTEN,
  type Given,
} from './support.ts';

const seenOnce = { records: [seenRecord()], invocations: [seenInvocation()] };
const ALL_OK = ['object', 'rule', 'permission', 'delivery', 'invocation', 'outcome', 'logs'].map(
  (hop) => `${hop} ok`,
);
const with2 = (...of: readonly (readonly [string, object])[]) =>
  of.map(([id, over]) => ({ Id: id, LambdaFunctionArn: fnArn(), Events: ['s3:ObjectCreated:*'], ...over }));
const notification = (document: object) => ({ notification: read('s3:GetBucketNotification', document) });

describe('an event that was seen', () => {
  it('is ok on every hop, joined by its ids', () => {
    const found = trace({ seen: seenOnce });
    expect(states(found)).toEqual(ALL_OK);
    expect(found).toMatchObject({ verdict: 'ok', rootCause: null, notes: [], otherWrites: [], notRead: [] });
    expect(hopOf(found, 'delivery')).toMatchObject({
      time: '2026-01-02T02:54:06.000Z',
      ids: { requestId: 'REQ1', sequencer: '0066', configurationId: 'thumbs', invocation: 'run-1' },
    });
  });

  it('came through, whatever the doctor says of now', () => {
    const findings = [finding('lambda-permission-missing', { node: fnArn(), ruleIds: ['thumbs'] })];
    const found = trace({
      seen: seenOnce,
      diagnosis: { verdict: 'broken', rootCause: 'lambda-permission-missing', findings },
    });
    expect(states(found)).toEqual(ALL_OK);
    expect(hopOf(found, 'permission')?.findings).toEqual(['lambda-permission-missing']);
    expect(found).toMatchObject({ verdict: 'ok', rootCause: null });
  });

  const report = { time: WRITTEN + 1_100, durationMs: 12, memoryMb: 128, maxMemoryMb: 64 } as const;
  const error = { time: WRITTEN + 1_050, invocation: 'run-1', stream: 's', type: 'KeyError', message: "'x'" };
  it.each<[string, Given, object, string]>([
    [
      'failed, and is tried again',
      { seen: { ...seenOnce, errors: [error] } },
      { state: 'broken', title: 'failed: KeyError', detail: "'x'; attempt 1 of 3: Lambda tries again" },
      'broken',
    ],
    [
      'timed out',
      { seen: { ...seenOnce, invocations: [seenInvocation({ report: { ...report, status: 'timeout' } })] } },
      { state: 'broken', title: 'timed out' },
      'broken',
    ],
    [
      'is still running',
      { seen: { ...seenOnce, invocations: [seenInvocation({ report: undefined })] } },
      { state: 'unknown' },
      'unknown',
    ],
    [
      'came right at the second attempt',
      {
        seen: {
          ...seenOnce,
          errors: [error],
          invocations: [
            seenInvocation({
              starts: [WRITTEN + 900, WRITTEN + MINUTE],
              report: { ...report, time: WRITTEN + MINUTE + 50, status: 'ok' },
            }),
          ],
        },
      },
      { state: 'ok', title: 'came right at attempt 2' },
      'ok',
    ],
    [
      'failed the second time, with a report of the first only',
      {
        seen: {
          ...seenOnce,
          invocations: [
            seenInvocation({
              starts: [WRITTEN + 900, WRITTEN + MINUTE],
              report: { ...report, status: 'error' },
            }),
          ],
        },
      },
      { state: 'unknown' },
      'unknown',
    ],
  ])('and %s', (_name, given, outcome, verdict) => {
    const found = trace(given);
    expect(hopOf(found, 'outcome')).toMatchObject(outcome);
    expect(found.verdict).toBe(verdict);
  });
});

describe('what came more than once', () => {
  const again = [seenInvocation(), seenInvocation({ requestId: 'run-2' })];
  it.each<[string, Given, readonly string[]]>([
    [
      'a retry: one request id',
      { seen: { ...seenOnce, invocations: [seenInvocation({ starts: [1, 2] })] } },
      ['retry'],
    ],
    [
      'a duplicate: same sequencer and rule, another request id; zeros and case do not count',
      {
        seen: {
          records: [
            seenRecord({ sequencer: '00AB' }),
            seenRecord({ sequencer: 'ab', invocation: 'run-2', time: WRITTEN + 5_000 }),
          ],
          invocations: again,
        },
      },
      ['duplicate'],
    ],
    [
      'two rules: another configuration id',
      {
        bucket: notification({ LambdaFunctionConfigurations: with2(['thumbs', {}], ['index', {}]) }),
        seen: {
          records: [seenRecord(), seenRecord({ configurationId: 'index', invocation: 'run-2' })],
          invocations: again,
        },
      },
      ['two-rules'],
    ],
    [
      'two writes: another sequencer',
      {
        seen: {
          records: [
            seenRecord({
              sequencer: '0055',
              requestId: 'REQ0',
              eventTime: '2026-01-02T02:50:00.000Z',
              invocation: 'run-0',
            }),
            seenRecord(),
          ],
          invocations: [seenInvocation()],
        },
      },
      ['two-writes'],
    ],
    [
      'a rule that is not there any more',
      {
        seen: {
          ...seenOnce,
          records: [seenRecord(), seenRecord({ configurationId: 'old', invocation: 'run-2' })],
        },
      },
      ['former-rule'],
    ],
  ])('%s', (_name, given, kinds) => {
    const found = trace(given);
    expect(found.notes.map(({ kind }) => kind)).toEqual(kinds);
    expect(found.verdict).toBe('ok');
  });

  it('writes of the same content within a second: the later sequencer is the newest', () => {
    const found = trace({
      seen: {
        records: [seenRecord({ sequencer: '0067', requestId: 'REQ2', invocation: 'run-2' }), seenRecord()],
        invocations: again,
      },
    });
    expect(found.object.requestId).toBe('REQ2');
    expect(found.otherWrites).toMatchObject([{ requestId: 'REQ1' }]);
    expect(found.ways[0]?.hops.filter(({ hop }) => hop === 'invocation')).toHaveLength(1);
  });

  it('an event of tags belongs to the object, by the rule that takes it', () => {
    const tagged = seenRecord({
      eventName: 'ObjectTagging:Put',
      configurationId: 'tags',
      sequencer: undefined,
      requestId: 'REQ9',
      invocation: 'run-2',
    });
    const found = trace({
      bucket: notification({
        LambdaFunctionConfigurations: with2(['thumbs', {}], ['tags', { Events: ['s3:ObjectTagging:*'] }]),
      }),
      seen: { records: [seenRecord(), tagged], invocations: again },
    });
    expect(found.ways.map(({ ruleId, verdict }) => [ruleId, verdict])).toEqual([
      ['thumbs', 'ok'],
      ['tags', 'ok'],
    ]);
    expect(found.object.events).toEqual(['s3:ObjectCreated:Put']);
  });
});

describe('an event that was not seen is unknown', () => {
  it.each<[string, Given, RegExp]>([
    ['in an empty log', {}, /^its log shows no event of this object since 2026-01-02T02:04:05.000Z$/],
    ['where only metrics were read', { functions: { [fnArn()]: functionNode() } }, /^its log was not read$/],
    [
      'in a log that could not be read',
      {
        functions: {
          [fnArn()]: functionNode({ log: log({}, { seen: denied('logs:FilterLogEvents', 'thumbs') }) }),
        },
      },
      /could not be read \(logs:FilterLogEvents\)/,
    ],
    ['in a log that has more lines', { seen: { truncated: true } }, /only the newest lines/],
    ['since the object is older', { question: { since: NOW - 5 * MINUTE } }, /looked at from .* on only/],
    [
      'by a function that prints no event',
      { seen: { invocations: [seenInvocation()] } },
      /it ran once since, but prints no event/,
    ],
    [
      'without a log group',
      {
        functions: {
          [fnArn()]: functionNode({
            log: log({}, { seen: absent('logs:FilterLogEvents'), group: absent('logs:DescribeLogGroups') }),
          }),
        },
      },
      /it has no log group/,
    ],
  ])('%s', (_name, given, detail) => {
    const found = trace(given);
    expect(hopOf(found, 'delivery')).toMatchObject({
      state: 'unknown',
      detail: expect.stringMatching(detail) as string,
    });
    expect(found).toMatchObject({ verdict: 'unknown', rootCause: null });
  });

  it('and what was refused is named', () => {
    const refused = functionNode({ log: log({}, { seen: denied('logs:FilterLogEvents', 'thumbs') }) });
    expect(trace({ functions: { [fnArn()]: refused } }).notRead).toMatchObject([
      { action: 'logs:FilterLogEvents' },
    ]);
  });

  it.each([
    ['lambda-permission-missing', 'permission', ['delivery', 'invocation', 'outcome', 'logs']],
    ['reserved-concurrency-zero', 'invocation', ['outcome', 'logs']],
    ['handler-or-import', 'outcome', ['logs']],
  ] as const)('unless %s says that %s is broken: then the rest is skipped', (id, hop, skipped) => {
    const findings = [finding(id, { node: fnArn(), ruleIds: ['thumbs'] })];
    const found = trace({ diagnosis: { verdict: 'broken', rootCause: id, findings } });
    expect(hopOf(found, hop)).toMatchObject({ state: 'broken', detail: `${id} it is`, findings: [id] });
    for (const name of skipped) expect(hopOf(found, name)?.state, name).toBe('skipped');
    expect(found).toMatchObject({ verdict: 'broken', rootCause: id });
  });

  it('a finding about another rule, a suspicion and a risk break nothing', () => {
    const findings = [
      finding('lambda-permission-missing', { node: fnArn(), ruleIds: ['other'] }),
      finding('throttled', { node: fnArn(), verdict: 'suspected' }),
      finding('handler-or-import', { node: fnArn(), verdict: 'risk' }),
    ];
    const found = trace({
      diagnosis: { verdict: 'broken', rootCause: 'lambda-permission-missing', findings },
    });
    expect(states(found)).toEqual([
      'object ok',
      'rule ok',
      'permission ok',
      'delivery unknown',
      'invocation unknown',
      'outcome unknown',
      'logs ok',
    ]);
    expect(found.verdict).toBe('unknown');
  });

  it('a function without a policy is shut by the facts alone', () => {
    const found = trace({ functions: { [fnArn()]: functionNode({ policy: absent('lambda:GetPolicy') }) } });
    expect(hopOf(found, 'permission')).toMatchObject({
      state: 'broken',
      title: 'S3 cannot send to function thumbs',
    });
  });
});

describe('a key that no rule takes', () => {
  const filtered = (Value: string, Events = ['s3:ObjectCreated:*']) => ({
    Events,
    Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value }] } },
  });
  it('names the nearest rules first, and why not', () => {
    const found = trace({
      bucket: notification({
        LambdaFunctionConfigurations: with2(
          ['far', filtered('out/', ['s3:ObjectRemoved:*'])],
          ['events', { Events: ['s3:ObjectRemoved:*'] }],
          ['case', filtered('IN/')],
        ),
      }),
    });
    expect(found.ways.map(({ ruleId }) => ruleId)).toEqual(['case', 'events', 'far']);
    expect(hopOf(found, 'rule')).toMatchObject({
      state: 'broken',
      detail: 'the key does not begin with "IN/", except for upper and lower case',
    });
    expect(hopOf(found, 'rule', 1)?.detail).toBe(
      'it takes s3:ObjectRemoved:*, not ObjectCreated:Put, ObjectCreated:Post or ObjectCreated:Copy',
    );
    expect(found.verdict).toBe('broken');
  });

  it('a bucket without rules', () => {
    const found = trace({ bucket: { notification: absent('s3:GetBucketNotification') } });
    expect(states(found).slice(0, 2)).toEqual(['object ok', 'rule broken']);
    expect(found.verdict).toBe('broken');
  });

  it('rules that could not be read are unknown', () => {
    const found = trace({ bucket: { notification: denied('s3:GetBucketNotification', BUCKET) } });
    expect(states(found).slice(0, 2)).toEqual(['object ok', 'rule unknown']);
    expect(found).toMatchObject({ verdict: 'unknown', notRead: [{ action: 's3:GetBucketNotification' }] });
  });

  it('and event rules that could not be read may take it', () => {
    const found = trace({
      bucket: notification({
        ...lambdaDocument({ Events: ['s3:ObjectRemoved:*'] }),
        EventBridgeConfiguration: {},
      }),
      eventRules: denied('events:ListRules', 'default'),
    });
    expect(found).toMatchObject({ verdict: 'unknown', notRead: [{ action: 'events:ListRules' }] });
  });
});

describe('how it was written', () => {
  const put = { bucket: notification(lambdaDocument({ Events: ['s3:ObjectCreated:Put'] })) };
  const head = (over: object) =>
    objectNode({ head: read('s3:GetObject', { size: 10, modified: WRITTEN, eTag: 'abc', ...over }) });
  it.each<[string, Given, string, object]>([
    ['in parts: certainly no Put', { object: head({ eTag: 'abc-3' }) }, 'broken', { parts: 3 }],
    ['in one: a Put, or a Copy or Post', {}, 'unknown', { parts: null }],
    [
      'as a replica: which event is not documented',
      { object: head({ replicationStatus: 'REPLICA' }) },
      'unknown',
      { replica: true },
    ],
    ['in one, and seen as a Put', { seen: seenOnce }, 'ok', { events: ['s3:ObjectCreated:Put'] }],
  ])('%s', (_name, given, state, object) => {
    const found = trace({ ...put, ...given });
    expect(hopOf(found, 'rule')?.state).toBe(state);
    expect(found.object).toMatchObject(object);
  });

  const gone = { head: absent('s3:GetObject'), versions: read('s3:ListBucketVersions', []) };
  const version = (id: string, over: object) => ({
    key: 'in/a.jpg',
    versionId: id,
    latest: false,
    deleteMarker: false,
    modified: WRITTEN,
    size: 10,
    eTag: 'abc',
    ...over,
  });
  const marker = objectNode({
    head: absent('s3:GetObject'),
    versions: read('s3:ListBucketVersions', [
      version('v2', { deleteMarker: true, latest: true }),
      version('v1', {}),
    ]),
  });
  it.each<[string, Given, object]>([
    [
      'missing',
      { object: objectNode({ ...gone, near: read('s3:ListBucket', ['in/A.jpg']) }) },
      { state: 'missing', near: ['in/A.jpg'] },
    ],
    [
      'an upload that was not completed',
      {
        object: objectNode(gone),
        bucket: {
          uploads: read('s3:ListBucketMultipartUploads', [
            { key: 'in/a.jpg', uploadId: 'u', initiated: WRITTEN },
          ]),
        },
      },
      { state: 'unfinished', openUploads: [{ uploadId: 'u' }] },
    ],
    [
      'gone, and its event was seen',
      { object: objectNode(gone), seen: seenOnce },
      { state: 'gone', requestId: 'REQ1' },
    ],
    [
      'a delete marker',
      { object: marker },
      { state: 'deleted', versionId: 'v2', events: ['s3:ObjectRemoved:DeleteMarkerCreated'] },
    ],
    [
      'a refused HEAD without versions',
      {
        object: objectNode({
          head: denied('s3:GetObject', 'k'),
          versions: denied('s3:ListBucketVersions', 'k'),
        }),
      },
      { state: 'unknown' },
    ],
    [
      'a 404 that may be a delete marker',
      { object: objectNode({ ...gone, versions: denied('s3:ListBucketVersions', 'k') }) },
      { state: 'unknown' },
    ],
  ])('%s', (_name, given, object) => {
    expect(trace(given).object).toMatchObject(object);
  });

  it('the version asked for has its own events, and the others are listed', () => {
    const found = trace({
      object: {
        ...marker,
        head: read('s3:GetObject', { size: 10, modified: WRITTEN, eTag: 'abc', versionId: 'v1' }),
      },
      question: { versionId: 'v1' },
      seen: {
        records: [
          seenRecord({ versionId: 'v1' }),
          seenRecord({
            versionId: 'v2',
            eventName: 'ObjectRemoved:DeleteMarkerCreated',
            sequencer: '0067',
            invocation: 'run-2',
          }),
        ],
        invocations: [seenInvocation()],
      },
    });
    expect(found.object).toMatchObject({ state: 'there', versionId: 'v1' });
    expect(states(found)).toEqual(ALL_OK);
    expect(found.otherWrites).toMatchObject([
      { versionId: 'v2', event: 's3:ObjectRemoved:DeleteMarkerCreated' },
    ]);
  });
});

describe('ways with more steps', () => {
  const mapping = (functionArn: string, state = 'Enabled'): MappingNode => ({
    uuid: functionArn,
    functionArn,
    state,
    batchSize: 10,
    windowSeconds: 0,
    filters: [],
    reportsItemFailures: false,
  });
  const queues = (mappings: readonly MappingNode[], waiting = 0) => ({
    [queueArn()]: queueNode({
      attributes: read(
        'sqs:GetQueueAttributes',
        queueAttributes({ waiting, deadLetterArn: queueArn('dead') }),
      ),
      mappings: read('lambda:ListEventSourceMappings', mappings),
    }),
    [queueArn('dead')]: queueNode({
      arn: queueArn('dead'),
      attributes: read('sqs:GetQueueAttributes', queueAttributes({ waiting: 2 })),
    }),
  });
  const toQueue = notification({
    QueueConfigurations: [{ Id: 'jobs', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
  });
  const fromQueue = seenRecord({ configurationId: 'jobs', via: ['sqs'] });

  it('a queue: two deliveries, and what it holds may be the event', () => {
    const found = trace({ bucket: toQueue, queues: queues([mapping(fnArn())], 3) });
    expect(found.ways[0]).toMatchObject({ ruleId: 'jobs', through: [fnArn()], verdict: 'unknown' });
    expect(states(found).slice(2, 5)).toEqual(['permission ok', 'delivery unknown', 'delivery unknown']);
    expect(hopOf(found, 'delivery')?.detail).toBe(
      '3 waiting and 0 in flight in queue jobs: one of them may be this event',
    );
    expect(found.ways[0]?.deadLetters).toEqual([{ arn: queueArn('dead'), waiting: 2 }]);
    expect(found.notes).toMatchObject([
      { kind: 'dead-letter', text: expect.stringContaining('may hold') as string },
    ]);
  });

  it('a message that came back is a redelivery, and the last run counts', () => {
    const failed = {
      time: WRITTEN + 1_000,
      invocation: 'run-1',
      stream: 's',
      type: 'KeyError',
      message: 'x',
    };
    const found = trace({
      bucket: toQueue,
      queues: queues([mapping(fnArn())]),
      seen: {
        records: [fromQueue, { ...fromQueue, invocation: 'run-2', time: WRITTEN + 30_000 }],
        invocations: [seenInvocation(), seenInvocation({ requestId: 'run-2' })],
        errors: [failed],
      },
    });
    expect(found.notes.map(({ kind }) => kind)).toEqual(['redelivery']);
    expect(found.verdict).toBe('ok');
    expect(states(found).filter((state) => state.startsWith('outcome'))).toEqual([
      'outcome broken',
      'outcome ok',
    ]);
  });

  it('of two readers of a queue one gets the message: the other is skipped', () => {
    const other = fnArn('other');
    const found = trace({
      bucket: toQueue,
      queues: queues([mapping(fnArn()), mapping(other)]),
      functions: {
        [fnArn()]: functionNode({ log: log({ records: [fromQueue], invocations: [seenInvocation()] }) }),
        [other]: functionNode({ arn: other, log: log({}, { name: '/aws/lambda/other' }) }),
      },
    });
    expect(found.ways.map(({ verdict }) => verdict)).toEqual(['ok', 'skipped']);
    expect(found.verdict).toBe('ok');
  });

  it('a mapping that is switched off reads nothing', () => {
    const found = trace({ bucket: toQueue, queues: queues([mapping(fnArn(), 'Disabled')]) });
    expect(found.verdict).toBe('broken');
    expect(found.ways[0]?.hops.findLast(({ hop }) => hop === 'delivery')).toMatchObject({
      state: 'broken',
      detail: 'the event source mapping is Disabled',
    });
  });

  it('a topic with a function and a mail box: the function is looked at', () => {
    const subscription = (protocol: string, endpoint: string) => ({
      arn: `${topicArn()}:${protocol}`,
      protocol,
      endpoint,
    });
    const found = trace({
      bucket: notification({
        TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
      }),
      topics: {
        [topicArn()]: topicNode({
          subscriptions: read('sns:ListSubscriptionsByTopic', [
            subscription('lambda', fnArn()),
            subscription('email', 'a@example.com'),
          ]),
        }),
      },
      seen: {
        records: [seenRecord({ configurationId: 'uploads', via: ['sns'] })],
        invocations: [seenInvocation()],
      },
    });
    expect(found.ways).toHaveLength(1);
    expect(found.ways[0]).toMatchObject({ verdict: 'ok', destination: { kind: 'sns' }, through: [fnArn()] });
  });

  const eventRule = (name: string, detail: object = {}, state = 'ENABLED') => ({
    name,
    arn: `arn:aws:events:eu-west-1:111122223333:rule/${name}`,
    bus: 'default',
    state,
    pattern: JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [BUCKET] }, ...detail } }),
    targets: read('events:ListTargetsByRule', [{ id: 'fn', arn: fnArn(), rewritten: false }]),
  });
  /** Logs of a function that EventBridge may invoke. */
  const admitted = (seen: Partial<LogSeen> = {}) => ({
    [fnArn()]: functionNode({
      log: log(seen),
      policy: read(
        'lambda:GetPolicy',
        policy({
          Effect: 'Allow',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'lambda:InvokeFunction',
          Resource: fnArn(),
        }),
      ),
    }),
  });
  const bridge = { ...notification({ EventBridgeConfiguration: {} }) };
  const bridged = seenRecord({
    configurationId: undefined,
    via: ['eventbridge'],
    eventTime: '2026-01-02T02:54:05Z',
  });

  it.each<[string, object, string, string]>([
    ['that fits', eventRule('r'), 'ok', 'unknown'],
    ['for other keys', eventRule('r', { object: { key: [{ prefix: 'out/' }] } }), 'broken', 'broken'],
    ['for other sizes', eventRule('r', { object: { size: [{ numeric: ['>', 100] }] } }), 'broken', 'broken'],
    ['that asks who did it', eventRule('r', { requester: ['1'] }), 'unknown', 'unknown'],
    ['that asks for a reason', eventRule('r', { reason: ['CopyObject'] }), 'unknown', 'unknown'],
    ['that is switched off', eventRule('r', {}, 'DISABLED'), 'broken', 'broken'],
  ])('an event rule %s', (_name, rule, state, verdict) => {
    const found = trace({
      bucket: bridge,
      functions: admitted(),
      eventRules: read('events:ListRules', [rule as ReturnType<typeof eventRule>]),
    });
    expect(hopOf(found, 'rule')?.state).toBe(state);
    expect(found.verdict).toBe(verdict);
  });

  it.each<[string, readonly FindingId[]]>([
    ['that names the bucket', ['eb-not-enabled']],
    ['that may wait for other buckets', []],
  ])('an event rule %s, and a rule for other keys, where the bucket sends nothing there', (_name, ids) => {
    const found = trace({
      bucket: notification(
        lambdaDocument({ Filter: { Key: { FilterRules: [{ Name: 'Prefix', Value: 'out/' }] } } }),
      ),
      eventRules: read('events:ListRules', [eventRule('r')]),
      diagnosis: {
        verdict: 'broken',
        rootCause: 'filter-mismatch',
        findings: [
          finding('filter-mismatch', { ruleIds: ['thumbs'] }),
          ...ids.map((id) => finding(id, { ruleIds: [] })),
        ],
      },
    });
    expect(found.ways.map(({ eventRule: arn }) => arn === null)).toEqual([true, false]);
    expect(hopOf(found, 'rule')?.findings).toContain('filter-mismatch');
    expect(hopOf(found, 'rule', 1)).toMatchObject({
      state: 'broken',
      detail: 'the bucket sends nothing to EventBridge',
      findings: ids,
    });
    expect(found.rootCause).toBe('filter-mismatch');
  });

  it.each([
    [1, ['unknown', 'unknown']],
    [2, ['ok', 'ok']],
  ] as const)('two event rules to one function, whose log shows the event %i times', (count, verdicts) => {
    const ids = ['run-1', 'run-2'].slice(0, count);
    const found = trace({
      bucket: bridge,
      eventRules: read('events:ListRules', [eventRule('a'), eventRule('b')]),
      functions: admitted({
        records: ids.map((invocation) => ({ ...bridged, invocation })),
        invocations: ids.map((requestId) => seenInvocation({ requestId })),
      }),
    });
    expect(found.ways.map(({ verdict }) => verdict)).toEqual(verdicts);
    expect(found.notes.map(({ kind }) => kind)).toEqual(count === 2 ? ['two-rules'] : []);
  });
});
