import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  buildObjectRecord,
  buildTestEvent,
  type EventRequest,
  type ObjectChange,
  type ObjectEventName,
  type RecordInput,
} from '../../../src/sandbox/delivery/object-event.ts';

/** Everything that could be in a record, so that a test sees what is left out of it. */
const CHANGE: Omit<ObjectChange, 'eventName'> = {
  key: 'uploads/report.csv',
  size: 2048,
  eTag: '0f343b0931126a20f133d67c2b018a3b',
};

const S3_ITSELF = { principalId: 's3.amazonaws.com', sourceIp: 's3.amazonaws.com' };

function input(change: Partial<ObjectChange>, overrides: Partial<RecordInput> = {}): RecordInput {
  return {
    change: { ...CHANGE, eventName: 'ObjectCreated:Put', ...change },
    bucket: {
      name: 'example-bucket',
      region: 'us-east-1',
      account: '111122223333',
      ownerPrincipalId: 'A1EXAMPLEOWNER',
      awsGeneratedTags: {},
    },
    request: {
      requestId: '7Q2M4T9X8B3K5N1P',
      extendedRequestId: 'b0Yx3uPq7sKd9LwZ2mVn5tRc8fHg1jAe4oNi6kUyTgBvCxMqWzEr',
      sourceIp: '192.0.2.10',
      principalId: 'AWS:AROAEXAMPLEROLEID0001:uploader-session',
    },
    configurationId: 'uploads-created',
    sequencer: '0068F1A2C3D4E5F601',
    time: Date.parse('2026-10-05T09:15:02.417Z'),
    eventVersion: '2.6',
    ...overrides,
  };
}

function fixture(name: string): unknown {
  const url = new URL(`../../fixtures/events/notification-${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(url, 'utf8'));
}

/** Compared as text: the order of the members is part of what S3 sends. */
function message(record: RecordInput): string {
  return JSON.stringify({ Records: [buildObjectRecord(record)] });
}

describe('buildObjectRecord', () => {
  const versionId = '3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH';
  const cases: [string, ObjectEventName, Partial<ObjectChange>, Partial<EventRequest>?][] = [
    ['objectcreated-put', 'ObjectCreated:Put', {}],
    ['objectcreated-put-versioned', 'ObjectCreated:Put', { versionId }],
    ['objectcreated-put-encoded-key', 'ObjectCreated:Put', { key: 'in box/café (1)/a@b=c+d.txt' }],
    ['objectcreated-post', 'ObjectCreated:Post', {}],
    ['objectcreated-copy', 'ObjectCreated:Copy', {}],
    [
      'objectcreated-completemultipartupload',
      'ObjectCreated:CompleteMultipartUpload',
      { key: 'uploads/big.bin', size: 52428800, eTag: '9b2cf535f27731c974343645a3985328-7' },
    ],
    ['objectremoved-delete', 'ObjectRemoved:Delete', {}],
    ['objectremoved-delete-version', 'ObjectRemoved:Delete', { versionId }],
    [
      'objectremoved-deletemarkercreated',
      'ObjectRemoved:DeleteMarkerCreated',
      { eTag: 'd41d8cd98f00b204e9800998ecf8427e', versionId: 'uVgq1n0Kc7Xw2eYt5bRz8sLd4fPm9aHj' },
    ],
    ['objecttagging-put', 'ObjectTagging:Put', {}],
    ['objecttagging-delete', 'ObjectTagging:Delete', {}],
    ['objectacl-put', 'ObjectAcl:Put', {}],
    ['objectrestore-post', 'ObjectRestore:Post', { sourceStorageClass: 'GLACIER' }],
    [
      'objectrestore-completed',
      'ObjectRestore:Completed',
      { sourceStorageClass: 'GLACIER', restoreExpires: Date.parse('2026-10-07T00:00:00Z') },
      { principalId: 'AmazonCustomer:A1EXAMPLEOWNER', sourceIp: '198.51.100.7' },
    ],
    ['objectrestore-delete', 'ObjectRestore:Delete', { sourceStorageClass: 'GLACIER' }, S3_ITSELF],
    ['lifecycleexpiration-delete', 'LifecycleExpiration:Delete', {}, S3_ITSELF],
    [
      'lifecycleexpiration-deletemarkercreated',
      'LifecycleExpiration:DeleteMarkerCreated',
      { eTag: 'd41d8cd98f00b204e9800998ecf8427e', versionId: 'uVgq1n0Kc7Xw2eYt5bRz8sLd4fPm9aHj' },
      S3_ITSELF,
    ],
    ['lifecycletransition', 'LifecycleTransition', { destinationStorageClass: 'GLACIER' }, S3_ITSELF],
    ['intelligenttiering', 'IntelligentTiering', { destinationAccessTier: 'ARCHIVE_ACCESS' }, S3_ITSELF],
    [
      'objectannotation-put',
      'ObjectAnnotation:Put',
      { versionId, annotation: { name: 'labels', size: 24, eTag: '05df351ea190dffc26f55c74425b9d7a' } },
    ],
    ['objectannotation-delete', 'ObjectAnnotation:Delete', { versionId, annotation: { name: 'labels' } }],
    [
      'objectretention-put',
      'ObjectRetention:Put',
      {
        versionId,
        retention: {
          mode: 'COMPLIANCE',
          until: Date.parse('2027-01-03T09:15:02Z'),
          eventHold: 'ON',
          eventHoldDuration: { days: 90 },
        },
      },
    ],
  ];
  it.each(cases)('writes %s as AWS does, member by member', (name, eventName, change, caller) => {
    const request = { ...input({}).request, ...caller };
    // Lifecycle's sequencers are of midnight in the examples.
    const sequencer = name.startsWith('lifecycleexpiration') ? '0068F1A20000000000' : '0068F1A2C3D4E5F601';
    const record = input({ eventName, ...change }, { request, sequencer });
    expect(message(record)).toBe(JSON.stringify(fixture(name)));
  });

  it('leaves an event hold out of a retention that has none', () => {
    const retention = {
      mode: 'GOVERNANCE',
      until: 0,
      eventHold: undefined,
      eventHoldDuration: undefined,
    };
    const record = buildObjectRecord(input({ eventName: 'ObjectRetention:Put', retention }));
    expect(record['objectRetentionEventData']).toEqual({
      mode: 'GOVERNANCE',
      retainUntilDate: '1970-01-01T00:00:00.000Z',
    });
  });

  it('says of a copy whether it has annotations', () => {
    const record = buildObjectRecord(input({ eventName: 'ObjectCreated:Copy', hasAnnotation: true }));
    expect(record.s3.object.hasObjectAnnotation).toBe(true);
  });

  it('puts the aws: tags of the bucket behind its ARN, since 2.5', () => {
    const expected = fixture('objectcreated-put-aws-generated-tags') as {
      Records: { s3: { bucket: { awsGeneratedTags: Record<string, string> } } }[];
    };
    const awsGeneratedTags = expected.Records[0]!.s3.bucket.awsGeneratedTags;
    const bucket = { ...input({}).bucket, awsGeneratedTags };
    expect(message(input({}, { bucket }))).toBe(JSON.stringify(expected));
    const older = buildObjectRecord(input({}, { bucket, eventVersion: '2.4' }));
    expect(older.eventVersion).toBe('2.4');
    expect(older.s3.bucket).not.toHaveProperty('awsGeneratedTags');
  });

  it.each<[ObjectEventName, string]>([
    ['ObjectCreated:Copy', '2.1'],
    ['ObjectRemoved:DeleteMarkerCreated', '2.1'],
    ['ObjectTagging:Put', '2.3'],
    ['ObjectAcl:Put', '2.3'],
    ['ObjectRestore:Post', '2.1'],
    ['ObjectRestore:Completed', '2.1'],
    ['ObjectRestore:Delete', '2.3'],
    ['LifecycleExpiration:Delete', '2.3'],
    ['LifecycleTransition', '2.3'],
    ['IntelligentTiering', '2.3'],
  ])('numbers %s in legacy mode as %s', (eventName, expected) => {
    const record = buildObjectRecord(input({ eventName }, { eventVersion: 'legacy' }));
    expect(record.eventVersion).toBe(expected);
    expect(record.s3.object).not.toHaveProperty('hasObjectAnnotation');
  });
});

describe('buildTestEvent', () => {
  it('is the document without Records', () => {
    const { request } = input({});
    const event = buildTestEvent({
      bucket: 'example-bucket',
      request,
      time: Date.parse('2026-10-05T09:10:44.102Z'),
    });
    expect(JSON.stringify(event)).toBe(JSON.stringify(fixture('test-event')));
  });
});
