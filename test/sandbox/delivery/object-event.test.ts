import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  buildObjectRecord,
  buildTestEvent,
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
  const cases: [string, ObjectEventName, Partial<ObjectChange>][] = [
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
  ];
  it.each(cases)('writes %s as AWS does, member by member', (name, eventName, change) => {
    expect(message(input({ eventName, ...change }))).toBe(JSON.stringify(fixture(name)));
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
