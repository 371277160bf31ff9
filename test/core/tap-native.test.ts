import { expect, test } from 'vitest';
import { recordsOf } from '../../src/core/event-record.ts';
import { nativeMessage } from '../../src/core/tap-native.ts';

const EVENT = {
  version: '0',
  id: '17793124-05d4-b198-2fde-7ededc63b103',
  'detail-type': 'Object Created',
  source: 'aws.s3',
  account: '123456789012',
  time: '2026-11-12T00:00:00Z',
  region: 'cn-north-1',
  resources: ['arn:aws-cn:s3:::photos'],
  detail: {
    version: '0',
    bucket: { name: 'photos' },
    object: {
      key: 'in/a b+ü.jpg',
      size: 5,
      etag: 'b1946ac9',
      'version-id': 'v1',
      sequencer: '617f08299329d189',
    },
    'request-id': 'N4N7GDK58NMKJ12R',
    requester: '123456789012',
    'source-ip-address': '1.2.3.4',
    reason: 'PutObject',
  },
};

const recordIn = (event: unknown) => {
  const [record] = recordsOf(event).records;
  if (!record) throw new Error('no record');
  return record;
};

test("an EventBridge event in S3's own form", () => {
  const message = nativeMessage(recordIn(EVENT), 'aws-cn');
  expect(message).toEqual({
    Records: [
      {
        eventVersion: '2.1',
        eventSource: 'aws:s3',
        awsRegion: 'cn-north-1',
        eventTime: '2026-11-12T00:00:00.000Z',
        eventName: 'ObjectCreated:Put',
        userIdentity: { principalId: '123456789012' },
        requestParameters: { sourceIPAddress: '1.2.3.4' },
        responseElements: { 'x-amz-request-id': 'N4N7GDK58NMKJ12R' },
        s3: {
          s3SchemaVersion: '1.0',
          configurationId: 's3evt-watch',
          bucket: { name: 'photos', arn: 'arn:aws-cn:s3:::photos' },
          object: {
            key: 'in/a+b%2B%C3%BC.jpg',
            size: 5,
            eTag: 'b1946ac9',
            versionId: 'v1',
            sequencer: '617F08299329D189',
          },
        },
      },
    ],
  });
  // It is read back as the same event.
  const [again] = recordsOf(JSON.parse(JSON.stringify(message))).records;
  expect(again).toMatchObject({
    key: 'in/a b+ü.jpg',
    size: 5,
    eTag: 'b1946ac9',
    eventName: 'ObjectCreated:Put',
  });
});

test("S3's own record goes on as it came", () => {
  const raw = {
    eventSource: 'aws:s3',
    eventName: 'ObjectCreated:Put',
    unheard: { of: [1] },
    s3: { bucket: { name: 'photos' }, object: { key: 'a+b' } },
  };
  expect(nativeMessage(recordIn({ Records: [raw] }), 'aws')).toEqual({ Records: [raw] });
});

test('members that an event does not have are left out', () => {
  const detail = { bucket: { name: 'photos' }, object: { key: 'a' } };
  const [record] = nativeMessage(recordIn({ ...EVENT, detail }), 'aws').Records;
  expect(JSON.parse(JSON.stringify(record))).toMatchObject({
    userIdentity: {},
    responseElements: {},
    s3: { object: { key: 'a' } },
  });
});
