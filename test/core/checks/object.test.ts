import { describe, expect, it } from 'vitest';
import { folderMarkerEvent } from '../../../src/core/checks/object/folder-marker-event.ts';
import { multipartNeverCompleted } from '../../../src/core/checks/object/multipart-never-completed.ts';
import { objectNotInBucket } from '../../../src/core/checks/object/object-not-in-bucket.ts';
import { objectPredatesConfig } from '../../../src/core/checks/object/object-predates-config.ts';
import { operationHasNoEvent } from '../../../src/core/checks/object/operation-has-no-event.ts';
import { restoreExpectation } from '../../../src/core/checks/object/restore-expectation.ts';
import { uploaderWritesTwice } from '../../../src/core/checks/object/uploader-writes-twice.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  ALL_OF_BUCKET,
  bridged,
  entry,
  eventRule,
  eventRules,
  eventsOf,
  filtered,
  missingObject,
  objectNode,
  sample,
  seen,
  trail,
  write,
  wrote,
} from './rule-support.ts';
import { BUCKET, fnArn, facts, functionNode, judge, lambdaDocument, log, MINUTE, NOW } from './support.ts';

const about = (key: string) => ({ question: { key } });
const logged = (...records: Parameters<typeof seen>[]) => ({
  functions: { [fnArn()]: functionNode({ log: log({ records: records.map((one) => seen(...one)) }) }) },
});
const HOUR = 60 * MINUTE;

describe('object-not-in-bucket', () => {
  it('is certain on 404 without versions and open uploads, and shows what is like it', () => {
    const object = missingObject('in/A.jpg', { near: read('s3:ListBucket', ['in/a.jpg']) });
    const { findings } = judge(objectNotInBucket, facts({ ...about('in/A.jpg'), object }));
    expect(findings).toMatchObject([{ verdict: 'broken', severity: 'SCOPE' }]);
    expect(findings[0]?.message).toContain('"in/a.jpg"');
  });

  it('does not take a 403 for a 404', () => {
    const object = missingObject('a', { head: denied('s3:GetObject', 'photos/a') });
    const { findings, notChecked } = judge(objectNotInBucket, facts({ ...about('a'), object }));
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([{ action: 's3:GetObject' }]);
  });

  it('is not sure when versions may not be listed', () => {
    const object = missingObject('a', { versions: denied('s3:ListBucketVersions', BUCKET) });
    const { findings, notChecked } = judge(objectNotInBucket, facts({ ...about('a'), object }));
    expect(findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(notChecked).toMatchObject([{ action: 's3:ListBucketVersions' }]);
  });

  it.each([
    [
      'was deleted',
      {
        object: missingObject('a', {
          versions: read('s3:ListBucketVersions', [entry('a', { deleteMarker: true })]),
        }),
      },
    ],
    ['is there', { object: objectNode('a') }],
    ['was seen by the function, which may have moved it', { object: missingObject('a'), ...logged(['a']) }],
    [
      'is being uploaded',
      {
        object: missingObject('a'),
        bucket: { uploads: read('u', [{ key: 'a', uploadId: 'x', initiated: NOW }]) },
      },
    ],
    ['is said to be deleted', { object: missingObject('a'), question: { key: 'a', operation: 'delete' } }],
  ])('says nothing when it %s', (_, over) => {
    expect(judge(objectNotInBucket, facts({ ...about('a'), ...over })).findings).toEqual([]);
  });

  it('knows a version that is not there from an object that is not', () => {
    const object = missingObject('a', {
      versions: read('s3:ListBucketVersions', [entry('a', { versionId: 'v1' })]),
    });
    const given = facts({ question: { key: 'a', versionId: 'v2' }, object });
    expect(judge(objectNotInBucket, given).findings[0]?.message).toContain('no version v2');
    const same = facts({ question: { key: 'a', versionId: 'v1' }, object });
    expect(judge(objectNotInBucket, same).findings).toEqual([]);
  });
});

describe('multipart-never-completed', () => {
  const upload = (age: number, key = 'big.bin') => ({
    uploads: read('s3:ListBucketMultipartUploads', [{ key, uploadId: 'u1', initiated: NOW - age }]),
  });

  it('is certain for a key without an object and an upload older than an hour', () => {
    const given = facts({ ...about('big.bin'), object: missingObject('big.bin'), bucket: upload(2 * HOUR) });
    expect(judge(multipartNeverCompleted, given).findings).toMatchObject([
      { verdict: 'broken', severity: 'BREAK' },
    ]);
  });

  it('is under way before that', () => {
    const given = facts({
      ...about('big.bin'),
      object: missingObject('big.bin'),
      bucket: upload(10 * MINUTE),
    });
    expect(judge(multipartNeverCompleted, given).findings).toMatchObject([
      { verdict: 'suspected', severity: 'LATE' },
    ]);
  });

  it('is suspected for new content of an old object, and nothing when the object is newer', () => {
    const old = facts({
      ...about('big.bin'),
      object: objectNode('big.bin', { modified: NOW - 9 * HOUR }),
      bucket: upload(2 * HOUR),
    });
    expect(judge(multipartNeverCompleted, old).findings).toMatchObject([{ verdict: 'suspected' }]);
    const newer = facts({ ...about('big.bin'), object: objectNode('big.bin'), bucket: upload(2 * HOUR) });
    expect(judge(multipartNeverCompleted, newer).findings).toEqual([]);
  });

  it('is no more than a risk without a key, and only after a day', () => {
    expect(judge(multipartNeverCompleted, facts({ bucket: upload(25 * HOUR) })).findings).toMatchObject([
      { verdict: 'risk', severity: 'COST' },
    ]);
    expect(judge(multipartNeverCompleted, facts({ bucket: upload(2 * HOUR) })).findings).toEqual([]);
    const elsewhere = facts({ bucket: { ...upload(25 * HOUR), ...filtered('in/') } });
    expect(judge(multipartNeverCompleted, elsewhere).findings).toEqual([]);
  });

  it('says so when it may not look', () => {
    const given = facts({ bucket: { uploads: denied('s3:ListBucketMultipartUploads', BUCKET) } });
    const { findings, notChecked } = judge(multipartNeverCompleted, given);
    expect(findings).toEqual([]);
    expect(notChecked).toHaveLength(1);
  });
});

describe('object-predates-config', () => {
  const old = { ...about('a'), object: objectNode('a', { modified: NOW - HOUR }) };

  it('is certain when the document at the time of the upload is known not to have taken the key', () => {
    const given = facts({
      ...old,
      ...trail(
        write(NOW - 30 * MINUTE, wrote('thumbs', fnArn())),
        write(NOW - 3 * HOUR, wrote('x', fnArn('x'), 's3:ObjectRemoved:*')),
      ),
    });
    expect(judge(objectPredatesConfig, given).findings).toMatchObject([
      { verdict: 'broken', severity: 'SOME' },
    ]);
  });

  it('is suspected when only a later write is known: it may have been the same document again', () => {
    const given = facts({ ...old, ...trail(write(NOW - 30 * MINUTE, wrote('thumbs', fnArn()))) });
    expect(judge(objectPredatesConfig, given).findings).toMatchObject([{ verdict: 'suspected' }]);
  });

  it.each([
    ['put', 1],
    ['tag', 0],
    ['restore', 0],
  ])('of %s: %i', (operation, count) => {
    const given = facts({
      ...old,
      ...trail(write(NOW - 30 * MINUTE, wrote('thumbs', fnArn()))),
      question: { key: 'a', operation },
    });
    expect(judge(objectPredatesConfig, given).findings).toHaveLength(count);
  });

  it('is suspected when the permission was added later', () => {
    const granted = {
      time: NOW - 10 * MINUTE,
      name: 'AddPermission20150331v2',
      user: 'ada',
      resources: ['thumbs'],
      requestParameters: {},
    };
    const given = facts({ ...old, ...trail(granted, write(NOW - 3 * HOUR, wrote('thumbs', fnArn()))) });
    expect(judge(objectPredatesConfig, given).findings).toMatchObject([{ verdict: 'suspected' }]);
  });

  it.each([
    [
      'the rule stood already',
      trail(
        write(NOW - 30 * MINUTE, wrote('thumbs', fnArn())),
        write(NOW - 3 * HOUR, wrote('thumbs', fnArn())),
      ),
    ],
    ['the write is older', trail(write(NOW - 3 * HOUR))],
    [
      'the write was refused',
      trail({ ...write(NOW - MINUTE), errorCode: 'AccessDenied' } as ReturnType<typeof write>),
    ],
    ['it is of another bucket', trail(write(NOW - MINUTE, { bucketName: 'others' }))],
    ['the trail was not read', {}],
    ['the event was seen', { ...trail(write(NOW - 30 * MINUTE)), ...logged(['a']) }],
    ['no rule would take it today', { ...trail(write(NOW - 30 * MINUTE)), bucket: filtered('in/') }],
  ])('says nothing when %s', (_, over) => {
    expect(judge(objectPredatesConfig, facts({ ...old, ...over })).findings).toEqual([]);
  });

  it('says so when CloudTrail may not be asked', () => {
    const { notChecked } = judge(
      objectPredatesConfig,
      facts({ ...old, trail: denied('cloudtrail:LookupEvents', 'trail') }),
    );
    expect(notChecked).toMatchObject([{ action: 'cloudtrail:LookupEvents' }]);
  });
});

describe('operation-has-no-event', () => {
  const did = (operation: string, bucket = {}) =>
    facts({ question: { key: 'a', operation }, object: objectNode('a'), bucket });

  it('is certain for what sends another event, and offers to take it', () => {
    const { findings } = judge(operationHasNoEvent, did('tag'));
    expect(findings).toMatchObject([
      {
        verdict: 'broken',
        severity: 'SCOPE',
        ruleIds: ['thumbs'],
        fix: {
          mode: 'ask',
          actions: [
            { edits: [{ ruleId: 'thumbs', events: ['s3:ObjectCreated:*', 's3:ObjectTagging:Put'] }] },
          ],
        },
      },
    ]);
    expect(findings[0]?.message).toContain('s3:ObjectTagging:Put');
  });

  it('is certain for what sends none', () => {
    expect(judge(operationHasNoEvent, did('legal-hold')).findings).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell' } },
    ]);
  });

  it.each(['put', 'copy', 'multipart', 'post'])(
    'says nothing of %s to a rule for all creations',
    (operation) => {
      expect(judge(operationHasNoEvent, did(operation)).findings).toEqual([]);
    },
  );

  it('leaves to other checks what they say better, and takes the rest', () => {
    expect(judge(operationHasNoEvent, did('copy', eventsOf('s3:ObjectCreated:Put'))).findings).toEqual([]);
    expect(judge(operationHasNoEvent, did('restore')).findings).toEqual([]);
    expect(judge(operationHasNoEvent, did('put', eventsOf('s3:ObjectCreated:Copy'))).findings).toMatchObject([
      { verdict: 'broken' },
    ]);
    expect(judge(operationHasNoEvent, did('delete')).findings).toMatchObject([{ verdict: 'broken' }]);
    const removal = {
      ...eventsOf('s3:ObjectRemoved:Delete'),
      versioning: read('s3:GetBucketVersioning', 'Enabled' as const),
    };
    expect(judge(operationHasNoEvent, did('delete', removal)).findings).toEqual([]);
  });

  it('says nothing where EventBridge takes it, or the word is not known', () => {
    const given = facts({
      question: { key: 'a', operation: 'tag' },
      bucket: bridged(lambdaDocument()),
      ...eventRules(eventRule(ALL_OF_BUCKET)),
    });
    expect(judge(operationHasNoEvent, given).findings).toEqual([]);
    expect(judge(operationHasNoEvent, did('fiddle')).findings).toEqual([]);
  });

  it('suspects that nobody is told of uploads when the object is there and rules take removals', () => {
    const given = facts({ ...about('a'), object: objectNode('a'), bucket: eventsOf('s3:ObjectRemoved:*') });
    expect(judge(operationHasNoEvent, given).findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(judge(operationHasNoEvent, facts({ bucket: eventsOf('s3:ObjectRemoved:*') })).findings).toEqual(
      [],
    );
    const bridge = {
      bucket: bridged(lambdaDocument({ Events: ['s3:ObjectRemoved:*'] })),
      ...eventRules(eventRule(ALL_OF_BUCKET)),
    };
    expect(
      judge(operationHasNoEvent, facts({ ...about('a'), object: objectNode('a'), ...bridge })).findings,
    ).toEqual([]);
  });

  it('says so when EventBridge may not be asked', () => {
    const given = facts({
      question: { key: 'a', operation: 'tag' },
      bucket: bridged(lambdaDocument()),
      eventRules: denied('events:ListRules', 'default'),
    });
    const { findings, notChecked } = judge(operationHasNoEvent, given);
    expect(findings).toMatchObject([{ verdict: 'suspected' }]);
    expect(notChecked).toMatchObject([{ action: 'events:ListRules' }]);
  });
});

describe('restore-expectation', () => {
  const DONE = 'ongoing-request="false", expiry-date="Fri, 23 Jan 2026 00:00:00 GMT"';
  const restored = (over = {}, question = {}, bucket = {}) =>
    facts({
      question: { key: 'a', ...question },
      object: objectNode('a', { restore: DONE, ...over }),
      bucket,
    });

  it('is certain when somebody says that it was restored', () => {
    expect(judge(restoreExpectation, restored({}, { operation: 'restore' })).findings).toMatchObject([
      {
        verdict: 'broken',
        severity: 'SCOPE',
        fix: {
          mode: 'ask',
          actions: [{ edits: [{ events: ['s3:ObjectCreated:*', 's3:ObjectRestore:Completed'] }] }],
        },
      },
    ]);
  });

  it('is likely for an object that is older than what is looked at, and a risk for a new one', () => {
    expect(judge(restoreExpectation, restored({ modified: NOW - 9 * HOUR })).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
    expect(judge(restoreExpectation, restored()).findings).toMatchObject([{ verdict: 'risk' }]);
  });

  it('says to wait while it is running', () => {
    const given = restored({ restore: 'ongoing-request="true"' }, {}, eventsOf('s3:ObjectRestore:*'));
    expect(judge(restoreExpectation, given).findings).toMatchObject([
      { verdict: 'risk', message: expect.stringContaining('under way') as string },
    ]);
  });

  it('says nothing where restores are taken, nor without one', () => {
    expect(
      judge(restoreExpectation, restored({}, { operation: 'restore' }, eventsOf('s3:ObjectRestore:Post')))
        .findings,
    ).toEqual([]);
    expect(
      judge(
        restoreExpectation,
        restored({}, {}, eventsOf('s3:ObjectCreated:*', 's3:ObjectRestore:Completed')),
      ).findings,
    ).toEqual([]);
    expect(judge(restoreExpectation, facts({ ...about('a'), object: objectNode('a') })).findings).toEqual([]);
    expect(judge(restoreExpectation, restored({}, { operation: 'put' })).findings).toEqual([]);
  });
});

describe('folder-marker-event', () => {
  const failing = (records: readonly ReturnType<typeof seen>[], failed: readonly string[]) => ({
    functions: {
      [fnArn()]: functionNode({
        log: log({
          records,
          errors: failed.map((invocation) => ({
            time: NOW,
            invocation,
            stream: 's',
            type: 'KeyError',
            message: 'x',
          })),
        }),
      }),
    },
  });
  const marker = seen('in/', { invocation: 'i1' });
  const other = seen('in/a', { invocation: 'i2' });

  it('is certain when only markers fail', () => {
    expect(judge(folderMarkerEvent, facts(failing([marker, other], ['i1']))).findings).toMatchObject([
      { verdict: 'broken', severity: 'CODE', node: fnArn() },
    ]);
  });

  it('is suspected when others fail too', () => {
    expect(judge(folderMarkerEvent, facts(failing([marker, other], ['i1', 'i2']))).findings).toMatchObject([
      { verdict: 'suspected' },
    ]);
  });

  it('is a risk as long as nothing fails', () => {
    const given = facts({
      ...about('in/'),
      object: objectNode('in/', { size: 0 }),
      ...failing([marker], []),
    });
    expect(judge(folderMarkerEvent, given).findings).toMatchObject([{ verdict: 'risk' }]);
    const known = facts({ bucket: sample([entry('in/', { size: 0 })]) });
    expect(judge(folderMarkerEvent, known).findings).toMatchObject([{ verdict: 'risk' }]);
  });

  it('says nothing of markers that no rule takes, of others, and of keys with content', () => {
    const kept = facts({
      bucket: { ...filtered(undefined, '.jpg'), ...sample([entry('in/', { size: 0 })]) },
    });
    expect(judge(folderMarkerEvent, kept).findings).toEqual([]);
    expect(
      judge(folderMarkerEvent, facts({ bucket: sample([entry('in/a', { size: 0 }), entry('b/')]) })).findings,
    ).toEqual([]);
    expect(judge(folderMarkerEvent, facts(failing([other], ['i2']))).findings).toEqual([]);
  });
});

describe('uploader-writes-twice', () => {
  const twice = (over = {}) =>
    logged(
      ['a', { sequencer: '0A', eTag: 'e', time: NOW - 2000 }],
      ['a', { sequencer: '0B', eTag: 'e', time: NOW, ...over }],
    );

  it('is certain for the same content of the key in question', () => {
    expect(judge(uploaderWritesTwice, facts({ ...about('a'), ...twice() })).findings).toMatchObject([
      { verdict: 'broken', severity: 'DUP', evidence: [{ value: '0A' }, { value: '0B' }] },
    ]);
  });

  it('is a risk for other content, and without a key', () => {
    expect(
      judge(uploaderWritesTwice, facts({ ...about('a'), ...twice({ eTag: 'f' }) })).findings,
    ).toMatchObject([{ verdict: 'risk' }]);
    expect(judge(uploaderWritesTwice, facts(twice())).findings).toMatchObject([{ verdict: 'risk' }]);
    expect(judge(uploaderWritesTwice, facts(twice({ eTag: 'f' }))).findings).toEqual([]);
  });

  it('says nothing of one event that came twice, by two rules, or much later', () => {
    expect(
      judge(uploaderWritesTwice, facts({ ...about('a'), ...twice({ sequencer: '0a' }) })).findings,
    ).toEqual([]);
    expect(
      judge(uploaderWritesTwice, facts({ ...about('a'), ...twice({ configurationId: 'other' }) })).findings,
    ).toEqual([]);
    expect(
      judge(uploaderWritesTwice, facts({ ...about('a'), ...twice({ time: NOW + HOUR }) })).findings,
    ).toEqual([]);
  });

  it('sees it by the versions too', () => {
    const versions = [
      entry('a', { versionId: 'v2' }),
      entry('a', { versionId: 'v1', modified: NOW - 2 * MINUTE }),
    ];
    const object = objectNode('a', {}, { versions: read('s3:ListBucketVersions', versions) });
    expect(judge(uploaderWritesTwice, facts({ ...about('a'), object })).findings).toMatchObject([
      { verdict: 'risk' },
    ]);
    expect(
      judge(
        uploaderWritesTwice,
        facts({ ...about('a'), object: objectNode('a', {}, { versions: absent('x') }) }),
      ).findings,
    ).toEqual([]);
  });
});
