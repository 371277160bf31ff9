import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventBridgeName } from '../../src/core/eventbridge-name.ts';
import { recordsOf } from '../../src/core/event-record.ts';
import { damaged, seededRandom } from './seeded-random.ts';

const folder = new URL('../fixtures/events/', import.meta.url);
const textOf = (name: string) => readFileSync(new URL(name, folder), 'utf8');
const fixture = (name: string): unknown => JSON.parse(textOf(name));
const index = fixture('index.json') as { files: Record<string, { kind: string; configEvent?: string }> };
const notifications = Object.entries(index.files).filter(([, file]) => file.configEvent?.startsWith('s3:'));

const plain = {
  eventName: 'ObjectCreated:Put',
  eventTime: '2026-10-05T09:15:02.417Z',
  bucket: 'example-bucket',
  key: 'uploads/report.csv',
  rawKey: 'uploads/report.csv',
  size: 2048,
  eTag: '0f343b0931126a20f133d67c2b018a3b',
  sequencer: '0068F1A2C3D4E5F601',
  configurationId: 'uploads-created',
  requestId: '7Q2M4T9X8B3K5N1P',
  awsRegion: 'us-east-1',
  via: [],
};

describe('S3 notifications', () => {
  it('there are examples of every family', () => {
    expect(notifications.length).toBeGreaterThan(20);
  });

  it.each(notifications)('%s', (name, { configEvent }) => {
    const event = fixture(name) as { Records: unknown[] };
    const { records, testEvent } = recordsOf(event);
    expect(testEvent).toBeUndefined();
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({
      eventName: configEvent?.slice(3),
      bucket: 'example-bucket',
      requestId: '7Q2M4T9X8B3K5N1P',
      via: [],
    });
    expect(records[0]?.raw).toBe(event.Records[0]);
  });

  it('keeps each field, and has none for what is absent', () => {
    const event = fixture('notification-objectcreated-put.json') as { Records: unknown[] };
    expect(recordsOf(event).records).toStrictEqual([{ ...plain, raw: event.Records[0] }]);
    const [removed] = recordsOf(fixture('notification-objectremoved-delete.json')).records;
    expect(Object.keys(removed ?? {})).not.toContain('size');
    expect(Object.keys(removed ?? {})).not.toContain('eTag');
    expect(
      recordsOf(fixture('notification-objectcreated-put-versioned.json')).records[0]?.versionId,
    ).toBeTruthy();
  });

  it('decodes the key and keeps the raw one', () => {
    expect(recordsOf(fixture('notification-objectcreated-put-encoded-key.json')).records[0]).toMatchObject({
      key: 'in box/café (1)/a@b=c+d.txt',
      rawKey: 'in+box/caf%C3%A9+%281%29/a%40b%3Dc%2Bd.txt',
    });
  });

  it('reads several records, a bare record, and a configured name in place of a record name', () => {
    const event = fixture('notification-objectcreated-put.json') as { Records: [Record<string, unknown>] };
    const [record] = event.Records;
    expect(recordsOf({ Records: [record, record] }).records).toHaveLength(2);
    expect(recordsOf(record).records).toHaveLength(1);
    expect(recordsOf({ ...record, eventName: 's3:ObjectCreated:Put' }).records[0]?.eventName).toBe(
      'ObjectCreated:Put',
    );
  });
});

describe('envelopes', () => {
  it.each<[string, string[]]>([
    ['envelope-s3-to-sqs-receive-message.json', ['sqs']],
    ['envelope-s3-to-sqs-to-lambda.json', ['sqs']],
    ['envelope-s3-to-sns-to-sqs-body.json', ['sns']],
    ['envelope-s3-to-sns-to-lambda.json', ['sns']],
    ['envelope-s3-to-sns-to-sqs-raw-receive-message.json', ['sqs']],
  ])('%s', (name, via) => {
    const { records } = recordsOf(fixture(name));
    expect(records).toEqual([{ ...plain, via, raw: expect.objectContaining({ eventSource: 'aws:s3' }) }]);
  });

  const sqsMessage = (body: unknown) => ({
    messageId: 'm',
    receiptHandle: 'r',
    body,
    eventSource: 'aws:sqs',
  });

  it('SNS in SQS, as text and as an object; EventBridge in SQS', () => {
    const topic = textOf('envelope-s3-to-sns-to-sqs-body.json');
    expect(recordsOf({ Records: [sqsMessage(topic)] }).records[0]?.via).toEqual(['sqs', 'sns']);
    expect(recordsOf({ Records: [sqsMessage(JSON.parse(topic))] }).records[0]?.via).toEqual(['sqs', 'sns']);
    const bridge = textOf('eventbridge-object-created-put.json');
    expect(recordsOf({ Records: [sqsMessage(bridge)] }).records[0]?.via).toEqual(['sqs', 'eventbridge']);
  });

  it('every message of a batch', () => {
    const one = sqsMessage(textOf('notification-objectcreated-put.json'));
    const other = sqsMessage(textOf('notification-objectremoved-delete.json'));
    const names = recordsOf({ Records: [one, sqsMessage('hello'), other] }).records.map(
      (record) => record.eventName,
    );
    expect(names).toEqual(['ObjectCreated:Put', 'ObjectRemoved:Delete']);
  });

  it('s3:TestEvent, bare and in envelopes', () => {
    const testEvent = { bucket: 'example-bucket', requestId: '7Q2M4T9X8B3K5N1P' };
    expect(recordsOf(fixture('notification-test-event.json'))).toEqual({ records: [], testEvent });
    expect(recordsOf(fixture('envelope-test-event-to-sns-body.json'))).toEqual({ records: [], testEvent });
    const inQueue = { Messages: [{ MessageId: 'm', Body: textOf('envelope-test-event-to-sns-body.json') }] };
    expect(recordsOf(inQueue)).toEqual({ records: [], testEvent });
  });

  it("an object of the handler's own", () => {
    const event = fixture('notification-objectcreated-put.json');
    expect(recordsOf({ event, context: { awsRequestId: 'x' } }).records).toHaveLength(1);
    expect(recordsOf({ event: JSON.stringify(event) }).records).toHaveLength(1);
    expect(recordsOf(JSON.stringify(JSON.stringify(event))).records).toHaveLength(1);
    expect(
      recordsOf({
        event:
          "{'Records': [{'eventSource': 'aws:s3', 'eventName': 'ObjectCreated:Put', 's3': {'bucket': {'name': 'b'}, 'object': {'key': 'k'}}}]}",
      }).records,
    ).toMatchObject([{ bucket: 'b', key: 'k', eventTime: undefined }]);
  });
});

describe('EventBridge', () => {
  it.each([
    ['created-put', 'ObjectCreated:Put'],
    ['created-post', 'ObjectCreated:Post'],
    ['created-copy', 'ObjectCreated:Copy'],
    ['created-completemultipartupload', 'ObjectCreated:CompleteMultipartUpload'],
    ['deleted-permanent', 'ObjectRemoved:Delete'],
    ['deleted-delete-marker', 'ObjectRemoved:DeleteMarkerCreated'],
    ['deleted-lifecycle', 'LifecycleExpiration:DeleteMarkerCreated'],
    ['restore-initiated', 'ObjectRestore:Post'],
    ['restore-completed', 'ObjectRestore:Completed'],
    ['restore-expired', 'ObjectRestore:Delete'],
    ['storage-class-changed', 'LifecycleTransition'],
    ['access-tier-changed', 'IntelligentTiering'],
    ['acl-updated', 'ObjectAcl:Put'],
    ['tags-added', 'ObjectTagging:Put'],
    ['tags-deleted', 'ObjectTagging:Delete'],
    ['annotation-created', 'ObjectAnnotation:Put'],
    ['annotation-removed', 'ObjectAnnotation:Delete'],
    ['retention-updated', 'ObjectRetention:Put'],
  ])('%s', (name, eventName) => {
    const event = fixture(`eventbridge-object-${name}.json`);
    const { records } = recordsOf(event);
    expect(records).toMatchObject([
      { eventName, bucket: 'example-bucket', eventTime: '2026-10-05T09:15:03Z' },
    ]);
    expect(records[0]).toMatchObject({
      requestId: '7Q2M4T9X8B3K5N1P',
      awsRegion: 'us-east-1',
      via: ['eventbridge'],
    });
    expect(records[0]?.raw).toBe(event);
  });

  it('does not decode the key', () => {
    const event = fixture('eventbridge-object-created-put.json') as { detail: { object: { key: string } } };
    event.detail.object.key = 'a+b%20c.txt';
    expect(recordsOf(event).records[0]).toMatchObject({ key: 'a+b%20c.txt', rawKey: 'a+b%20c.txt' });
  });

  it('keeps names that AWS added since', () => {
    expect(eventBridgeName('Object Created', 'RenameObject', undefined)).toBe('ObjectCreated:RenameObject');
    expect(eventBridgeName('Object Created', undefined, undefined)).toBe('ObjectCreated:*');
    expect(eventBridgeName('Object Frozen', undefined, undefined)).toBe('Object Frozen');
  });

  it('knows S3 events from calls that CloudTrail recorded', () => {
    const call = {
      source: 'aws.s3',
      'detail-type': 'AWS API Call via CloudTrail',
      detail: { eventName: 'PutObject' },
    };
    expect(recordsOf(call).records).toEqual([]);
  });
});

describe('anything else', () => {
  it.each([
    undefined,
    null,
    0,
    'text',
    'aws:s3 {',
    [],
    {},
    { Records: null },
    { Records: [null, 1, 'x', {}, { s3: null }] },
    {
      Records: [
        { eventSource: 'aws:s3', eventName: 'ObjectCreated:Put', s3: { bucket: {}, object: { key: 'k' } } },
      ],
    },
    { Records: [{ eventSource: 'aws:s3', s3: { bucket: { name: 'b' }, object: { key: 'k' } } }] },
    { Event: 's3:TestEvent' },
    { source: 'aws.s3', 'detail-type': 'Object Created', detail: { bucket: { name: 'b' } } },
    { body: null, eventSource: 'aws:sqs' },
    { Message: 1, TopicArn: 't' },
  ])('%j holds no event', (value) => {
    expect(recordsOf(value)).toEqual({ records: [] });
  });

  it('ends on values that hold themselves', () => {
    const value: Record<string, unknown> = {};
    for (const key of 'abcdefgh') value[key] = value;
    expect(recordsOf(value)).toEqual({ records: [] });
  });

  it('leaves out sizes that are none', () => {
    for (const size of ['5', -1, Number.NaN, null]) {
      const record = { eventName: 'X', s3: { bucket: { name: 'b' }, object: { key: '%', size } } };
      expect(recordsOf(record).records[0]).toStrictEqual({
        eventName: 'X',
        eventTime: undefined,
        bucket: 'b',
        key: '%',
        rawKey: '%',
        via: [],
        raw: record,
      });
    }
  });

  it('damaged payloads give complete records or none', () => {
    const random = seededRandom(7);
    const texts = Object.keys(index.files)
      .filter((name) => /^(notification|eventbridge|envelope)/.test(name))
      .map((name) => JSON.stringify(fixture(name)));
    for (let i = 0; i < 3000; i++) {
      const text = damaged(random, random.pick(texts), [
        '"s3"',
        'null',
        '{',
        '}',
        ',',
        '0',
        '[]',
        '"',
        '\\"',
      ]);
      let value: unknown = text;
      try {
        value = JSON.parse(text);
      } catch {
        // As text, it is read leniently.
      }
      for (const record of recordsOf(value).records) {
        expect([typeof record.bucket, typeof record.key, typeof record.eventName]).toEqual([
          'string',
          'string',
          'string',
        ]);
      }
    }
  });
});
