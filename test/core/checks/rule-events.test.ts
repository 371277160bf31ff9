import { describe, expect, it } from 'vitest';
import { deleteVsMarker } from '../../../src/core/checks/rule/delete-vs-marker.ts';
import { eventTypeCopyOrPost } from '../../../src/core/checks/rule/event-type-copy-or-post.ts';
import { eventTypeMultipart } from '../../../src/core/checks/rule/event-type-multipart.ts';
import { lifecycleNotInRemoved } from '../../../src/core/checks/rule/lifecycle-not-in-removed.ts';
import { replicaSideExpectation } from '../../../src/core/checks/rule/replica-side-expectation.ts';
import { replicationEventsSilent } from '../../../src/core/checks/rule/replication-events-silent.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  ALL_OF_BUCKET,
  bridged,
  document,
  entry,
  eventRule,
  eventRules,
  eventsOf,
  filtered,
  objectNode,
  rulesTo,
  sample,
  seen,
  withFilter,
} from './rule-support.ts';
import {
  BUCKET,
  facts,
  fnArn,
  functionNode,
  judge,
  lambdaDocument,
  log,
  NOW,
  type FactsOver,
} from './support.ts';

const PUT = 's3:ObjectCreated:Put';
const COPY = 's3:ObjectCreated:Copy';
const MULTIPART = 's3:ObjectCreated:CompleteMultipartUpload';
const PARTS = { eTag: 'b1946ac92492d2347c6235b4d2611184-3' };
const toEvents = (...events: readonly string[]) => [{ edits: [{ kind: 'set', ruleId: 'thumbs', events }] }];
const onKey = (over: FactsOver = {}, head = {}): ReturnType<typeof facts> =>
  facts({ object: objectNode('a', head), ...over, question: { key: 'a', ...over.question } });
const throughBridge = (value = lambdaDocument({ Events: [PUT] })) => ({
  bucket: bridged(value),
  ...eventRules(eventRule(ALL_OF_BUCKET)),
});

describe('event-type-multipart', () => {
  const bucket = eventsOf(PUT);

  it('is certain for a key that was uploaded in parts', () => {
    expect(judge(eventTypeMultipart, onKey({ bucket }, PARTS)).findings).toMatchObject([
      {
        verdict: 'broken',
        severity: 'SOME',
        ruleIds: ['thumbs'],
        fix: { mode: 'ask', actions: toEvents('s3:ObjectCreated:*') },
      },
    ]);
  });

  it('is certain when somebody says so', () => {
    const given = facts({ bucket, question: { key: 'a', operation: 'multipart' } });
    expect(judge(eventTypeMultipart, given).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it.each([
    ['a single upload', onKey({ bucket })],
    ['what is said to be another operation', onKey({ bucket, question: { operation: 'copy' } }, PARTS)],
    ['a rule for the family', onKey({}, PARTS)],
    ['a rule that names it', onKey({ bucket: eventsOf(PUT, MULTIPART) }, PARTS)],
    ['a rule for removals', onKey({ bucket: eventsOf('s3:ObjectRemoved:*') }, PARTS)],
    [
      'a key of another rule',
      onKey({ bucket: document(rulesTo({ Events: [PUT], ...withFilter('in/') }, withFilter('a'))) }, PARTS),
    ],
    [
      'two rules that share the events',
      onKey({ bucket: document(rulesTo({ Events: [PUT] }, { Events: [MULTIPART] })) }, PARTS),
    ],
    ['EventBridge that takes it', onKey(throughBridge(), PARTS)],
    ['a replica', onKey({ bucket }, { ...PARTS, replicationStatus: 'REPLICA' })],
  ])('says nothing of %s', (_, given) => {
    expect(judge(eventTypeMultipart, given).findings).toEqual([]);
  });

  it('is certain for the function in question, whoever else takes it', () => {
    const two = document(
      rulesTo({ Events: [PUT] }, { Events: [MULTIPART], LambdaFunctionArn: fnArn('big') }),
    );
    const { findings } = judge(
      eventTypeMultipart,
      onKey({ bucket: two, question: { expected: fnArn() } }, PARTS),
    );
    expect(findings).toMatchObject([{ verdict: 'broken', ruleIds: ['rule-1'], fix: { mode: 'tell' } }]);
  });

  it('is a risk without a key, and likely when such objects are there', () => {
    expect(judge(eventTypeMultipart, facts({ bucket })).findings).toMatchObject([
      { verdict: 'risk', severity: 'RISK' },
    ]);
    const there = facts({ bucket: { ...bucket, ...sample([entry('big', PARTS)]) } });
    expect(judge(eventTypeMultipart, there).findings).toMatchObject([{ verdict: 'suspected' }]);
    const apart = facts({
      bucket: {
        ...document(lambdaDocument({ Events: [PUT], ...withFilter('in/') })),
        ...sample([entry('big', PARTS)]),
      },
    });
    expect(judge(eventTypeMultipart, apart).findings).toMatchObject([{ verdict: 'risk' }]);
  });

  it('is nothing when other rules, or EventBridge, have them', () => {
    const given = facts({
      bucket: {
        ...document(rulesTo({ Events: [PUT] }, { Events: [MULTIPART] })),
        ...sample([entry('big', PARTS)]),
      },
    });
    expect(judge(eventTypeMultipart, given).findings).toEqual([]);
    expect(judge(eventTypeMultipart, facts(throughBridge())).findings).toEqual([]);
  });

  it('keeps to the missing event where the family would overlap', () => {
    const two = document(rulesTo({ Id: 'thumbs', Events: [PUT] }, { Events: [COPY] }));
    expect(
      judge(eventTypeMultipart, onKey({ bucket: two, question: { ruleId: 'thumbs' } }, PARTS)).findings,
    ).toMatchObject([{ fix: { mode: 'ask', actions: toEvents(PUT, MULTIPART) } }]);
  });

  it('says so when the object, or the sample, may not be read', () => {
    const object = { ...objectNode('a'), head: denied('s3:GetObject', 'photos/a') };
    expect(judge(eventTypeMultipart, onKey({ bucket, object }))).toMatchObject({
      findings: [],
      notChecked: [{ action: 's3:GetObject' }],
    });
    const blind = facts({ bucket: { ...bucket, sample: denied('s3:ListBucketVersions', BUCKET) } });
    expect(judge(eventTypeMultipart, blind)).toMatchObject({
      findings: [{ verdict: 'risk' }],
      notChecked: [{ action: 's3:ListBucketVersions' }],
    });
  });
});

describe('event-type-copy-or-post', () => {
  const bucket = eventsOf(PUT);

  it.each([
    ['copy', COPY],
    ['post', 's3:ObjectCreated:Post'],
  ])('is certain when somebody says %s', (operation, event) => {
    const { findings } = judge(eventTypeCopyOrPost, onKey({ bucket, question: { operation } }));
    expect(findings).toMatchObject([{ verdict: 'broken', severity: 'SOME' }]);
    expect(findings[0]?.message).toContain(event);
  });

  const copied = {
    [fnArn('x')]: functionNode({
      arn: fnArn('x'),
      log: log({ records: [seen('a', { eventName: 'ObjectCreated:Copy', via: ['eventbridge'] })] }),
    }),
  };

  it('is certain when another way brought the copy, for a rule that is asked about', () => {
    expect(
      judge(eventTypeCopyOrPost, onKey({ bucket, functions: copied, question: { ruleId: 'thumbs' } }))
        .findings,
    ).toMatchObject([{ verdict: 'broken', evidence: [{ call: 'log', value: COPY }, {}] }]);
    expect(judge(eventTypeCopyOrPost, onKey({ bucket, functions: copied })).findings).toEqual([]);
  });

  it('is a risk without a key', () => {
    expect(judge(eventTypeCopyOrPost, facts({ bucket })).findings).toMatchObject([
      { verdict: 'risk', ruleIds: ['thumbs'] },
    ]);
  });

  it.each([
    ['a Put, presigned or not', onKey({ bucket, question: { operation: 'put' } })],
    ['a key of which nothing is said', onKey({ bucket })],
    ['a rule for the family', onKey({ question: { operation: 'copy' } })],
    ['EventBridge that takes it', onKey({ ...throughBridge(), question: { operation: 'copy' } })],
    ['a rule for copies alone', facts({ bucket: eventsOf(COPY) })],
    [
      'rules that share the events',
      facts({ bucket: document(rulesTo({ Events: [PUT] }, { Events: [COPY, 's3:ObjectCreated:Post'] })) }),
    ],
  ])('says nothing of %s', (_, given) => {
    expect(judge(eventTypeCopyOrPost, given).findings).toEqual([]);
  });
});

describe('delete-vs-marker', () => {
  const DELETE = 's3:ObjectRemoved:Delete';
  const MARKER = 's3:ObjectRemoved:DeleteMarkerCreated';
  const versioned = { versioning: read('s3:GetBucketVersioning', 'Enabled' as const) };
  const marked = (over = {}) =>
    objectNode(
      'a',
      {},
      {
        head: absent('s3:GetObject'),
        versions: read('s3:ListBucketVersions', [
          entry('a', { deleteMarker: true, ...over }),
          entry('a', { latest: false }),
        ]),
      },
    );
  const deletion = { ...eventsOf(DELETE), ...versioned };

  it('is certain with the delete marker of the key', () => {
    expect(judge(deleteVsMarker, onKey({ bucket: deletion, object: marked() })).findings).toMatchObject([
      { verdict: 'broken', severity: 'SOME', fix: { mode: 'ask', actions: toEvents('s3:ObjectRemoved:*') } },
    ]);
  });

  it.each([
    ['a deletion where there are versions', deletion, {}],
    [
      'a deletion while versioning is suspended',
      { ...deletion, versioning: read('v', 'Suspended' as const) },
      {},
    ],
    ['a deletion where there are none', eventsOf(MARKER), {}],
    ['a deletion of one version', { ...eventsOf(MARKER), ...versioned }, { versionId: 'v1' }],
  ])('is certain when somebody says that there was %s', (_, bucket, question) => {
    const given = onKey({ bucket, question: { operation: 'delete', ...question } });
    expect(judge(deleteVsMarker, given).findings).toMatchObject([{ verdict: 'broken' }]);
  });

  it('is not sure where lifecycle may have made the marker', () => {
    const lifecycle = (prefix: string, enabled = true) =>
      read('s3:GetLifecycleConfiguration', [{ id: 'l', enabled, prefix, expires: true, transitions: false }]);
    const verdict = (over: object) =>
      judge(deleteVsMarker, onKey({ bucket: { ...deletion, ...over }, object: marked() })).findings[0]
        ?.verdict;
    expect(verdict({ lifecycle: lifecycle('') })).toBe('suspected');
    expect(verdict({ lifecycle: denied('s3:GetLifecycleConfiguration', BUCKET) })).toBe('suspected');
    expect(verdict({ lifecycle: lifecycle('logs/') })).toBe('broken');
    expect(verdict({ lifecycle: lifecycle('', false) })).toBe('broken');
  });

  it('is likely with other markers, and a risk where there are versions', () => {
    expect(judge(deleteVsMarker, facts({ bucket: deletion })).findings).toMatchObject([{ verdict: 'risk' }]);
    const there = { ...deletion, ...sample([entry('b', { deleteMarker: true })]) };
    expect(judge(deleteVsMarker, facts({ bucket: there })).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('suspects a rule for delete markers alone where there are no versions', () => {
    expect(judge(deleteVsMarker, facts({ bucket: eventsOf(MARKER) })).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
    expect(
      judge(deleteVsMarker, facts({ bucket: eventsOf('s3:ObjectCreated:*', MARKER) })).findings,
    ).toMatchObject([{ verdict: 'risk' }]);
  });

  it.each([
    ['the family', facts({ bucket: { ...eventsOf('s3:ObjectRemoved:*'), ...versioned } })],
    ['both', facts({ bucket: { ...eventsOf(DELETE, MARKER), ...versioned } })],
    ['neither', facts({ bucket: versioned })],
    ['deletions where there are no versions', facts({ bucket: eventsOf(DELETE) })],
    ['markers where there are versions', facts({ bucket: { ...eventsOf(MARKER), ...versioned } })],
    [
      'an object that was uploaded again',
      onKey({
        bucket: deletion,
        object: objectNode(
          'a',
          {},
          { versions: read('v', [entry('a'), entry('a', { deleteMarker: true, latest: false })]) },
        ),
      }),
    ],
    ['an upload', onKey({ bucket: deletion, object: marked(), question: { operation: 'put' } })],
    [
      'one half each',
      facts({ bucket: { ...document(rulesTo({ Events: [DELETE] }, { Events: [MARKER] })), ...versioned } }),
    ],
  ])('says nothing of a rule for %s', (_, given) => {
    expect(judge(deleteVsMarker, given).findings).toEqual([]);
  });

  it('says so when versioning may not be read', () => {
    const given = facts({
      bucket: { ...eventsOf(DELETE), versioning: denied('s3:GetBucketVersioning', BUCKET) },
    });
    expect(judge(deleteVsMarker, given)).toMatchObject({
      findings: [],
      notChecked: [{ action: 's3:GetBucketVersioning' }],
    });
  });
});

describe('lifecycle-not-in-removed', () => {
  const expiry = (over = {}) => ({
    lifecycle: read('s3:GetLifecycleConfiguration', [
      { id: 'old', enabled: true, prefix: '', expires: true, transitions: false, ...over },
    ]),
  });
  const removed = eventsOf('s3:ObjectRemoved:*');
  const bucket = { ...removed, ...expiry() };

  it('is a risk where lifecycle deletes what the rule is about', () => {
    expect(judge(lifecycleNotInRemoved, facts({ bucket })).findings).toMatchObject([
      {
        verdict: 'risk',
        fix: { mode: 'ask', actions: toEvents('s3:ObjectRemoved:*', 's3:LifecycleExpiration:*') },
      },
    ]);
  });

  it('is likely by a marker of midnight, and certain by an event that says so', () => {
    const midnight = Math.floor(NOW / 86_400_000) * 86_400_000;
    const object = (modified: number) => ({
      ...objectNode('a'),
      versions: read('v', [entry('a', { deleteMarker: true, modified })]),
    });
    expect(judge(lifecycleNotInRemoved, onKey({ bucket, object: object(midnight) })).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
    expect(
      judge(lifecycleNotInRemoved, onKey({ bucket, object: object(midnight + 1) })).findings,
    ).toMatchObject([{ verdict: 'risk' }]);
    const functions = {
      [fnArn('x')]: functionNode({
        arn: fnArn('x'),
        log: log({ records: [seen('a', { eventName: 'LifecycleExpiration:Delete', via: ['eventbridge'] })] }),
      }),
    };
    expect(judge(lifecycleNotInRemoved, onKey({ bucket, functions })).findings).toMatchObject([
      { verdict: 'risk' },
    ]);
    expect(
      judge(lifecycleNotInRemoved, onKey({ bucket, functions, question: { expected: fnArn() } })).findings,
    ).toMatchObject([{ verdict: 'broken' }]);
  });

  it.each([
    ['nothing expires', facts({ bucket: { ...removed, lifecycle: absent('s3:GetLifecycleConfiguration') } })],
    ['the lifecycle rule is off', facts({ bucket: { ...removed, ...expiry({ enabled: false }) } })],
    ['it only moves', facts({ bucket: { ...removed, ...expiry({ expires: false, transitions: true }) } })],
    [
      'it is about other keys',
      facts({
        bucket: {
          ...document(lambdaDocument({ Events: ['s3:ObjectRemoved:*'], ...withFilter('in/') })),
          ...expiry({ prefix: 'logs/' }),
        },
      }),
    ],
    [
      'the rule has them',
      facts({ bucket: { ...eventsOf('s3:ObjectRemoved:*', 's3:LifecycleExpiration:*'), ...expiry() } }),
    ],
    [
      'another rule has them',
      facts({
        bucket: {
          ...document(rulesTo({ Events: ['s3:ObjectRemoved:*'] }, { Events: ['s3:LifecycleExpiration:*'] })),
          ...expiry(),
        },
      }),
    ],
    ['the rule is about uploads', facts({ bucket: expiry() })],
    ['somebody deleted it', onKey({ bucket, question: { operation: 'delete' } })],
    [
      'EventBridge has them',
      facts({
        bucket: { ...bridged(lambdaDocument({ Events: ['s3:ObjectRemoved:*'] })), ...expiry() },
        ...eventRules(eventRule(ALL_OF_BUCKET)),
      }),
    ],
  ])('says nothing when %s', (_, given) => {
    expect(judge(lifecycleNotInRemoved, given).findings).toEqual([]);
  });

  it('says so when lifecycle may not be read', () => {
    const given = facts({
      bucket: { ...removed, lifecycle: denied('s3:GetLifecycleConfiguration', BUCKET) },
    });
    expect(judge(lifecycleNotInRemoved, given)).toMatchObject({
      findings: [],
      notChecked: [{ action: 's3:GetLifecycleConfiguration' }],
    });
  });
});

describe('replica-side-expectation', () => {
  const replica = (over: FactsOver = {}) => onKey(over, { replicationStatus: 'REPLICA' });

  it('is certain without a rule, and suspected for a rule for copies', () => {
    expect(judge(replicaSideExpectation, replica({ bucket: document({}) })).findings).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell' } },
    ]);
    expect(judge(replicaSideExpectation, replica({ bucket: eventsOf(COPY) })).findings).toMatchObject([
      { verdict: 'suspected', fix: { mode: 'ask', actions: toEvents('s3:ObjectCreated:*') } },
    ]);
  });

  it('says nothing of rules that take it, of other keys, of sources, and of EventBridge', () => {
    expect(judge(replicaSideExpectation, replica()).findings).toEqual([]);
    expect(judge(replicaSideExpectation, replica({ bucket: eventsOf(PUT) })).findings).toEqual([]);
    expect(judge(replicaSideExpectation, replica({ bucket: filtered('in/') })).findings).toEqual([]);
    expect(
      judge(replicaSideExpectation, onKey({ bucket: eventsOf(COPY) }, { replicationStatus: 'COMPLETED' }))
        .findings,
    ).toEqual([]);
    expect(
      judge(replicaSideExpectation, replica({ bucket: bridged({}), ...eventRules(eventRule(ALL_OF_BUCKET)) }))
        .findings,
    ).toEqual([]);
  });
});

describe('replication-events-silent', () => {
  const FAILED = 's3:Replication:OperationFailedReplication';
  const MISSED = 's3:Replication:OperationMissedThreshold';
  const replication = (metrics: boolean, timeControl = false, enabled = true) => ({
    replication: read('s3:GetReplicationConfiguration', [
      { id: 'r', enabled, destination: 'arn:aws:s3:::copy', metrics, timeControl },
    ]),
  });
  const verdicts = (bucket: FactsOver['bucket']) =>
    judge(replicationEventsSilent, facts({ ...(bucket && { bucket }) })).findings.map(
      ({ verdict }) => verdict,
    );

  it.each([
    ['replication without metrics', { ...eventsOf(FAILED), ...replication(false) }, ['broken']],
    [
      'events of the threshold without time control',
      { ...eventsOf(MISSED), ...replication(true) },
      ['broken'],
    ],
    [
      'a rule for everything',
      { ...eventsOf('s3:ObjectCreated:*', 's3:Replication:*'), ...replication(false) },
      ['risk'],
    ],
    [
      'no replication at all',
      { ...eventsOf(FAILED), replication: absent('s3:GetReplicationConfiguration') },
      ['suspected'],
    ],
    ['replication with metrics', { ...eventsOf(FAILED), ...replication(true) }, []],
    ['the family with metrics', { ...eventsOf('s3:Replication:*'), ...replication(true) }, []],
    ['the threshold with time control', { ...eventsOf(MISSED), ...replication(true, true) }, []],
    [
      'everything without replication',
      { ...eventsOf('s3:ObjectCreated:*', FAILED), ...replication(true, true, false) },
      [],
    ],
    ['other events', replication(false), []],
  ])('%s', (_, bucket, expected) => {
    expect(verdicts(bucket)).toEqual(expected);
  });

  it('says so when replication may not be read', () => {
    const given = facts({
      bucket: { ...eventsOf(FAILED), replication: denied('s3:GetReplicationConfiguration', BUCKET) },
    });
    expect(judge(replicationEventsSilent, given)).toMatchObject({
      findings: [],
      notChecked: [{ action: 's3:GetReplicationConfiguration' }],
    });
  });
});
