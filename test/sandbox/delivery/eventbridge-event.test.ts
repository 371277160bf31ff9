import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  buildS3Event,
  eventBridgeVersion,
  type EventBridgeInput,
} from '../../../src/sandbox/delivery/eventbridge-event.ts';
import {
  buildObjectRecord,
  type ObjectChange,
  type ObjectEventName,
} from '../../../src/sandbox/delivery/object-event.ts';

const BUCKET = {
  name: 'example-bucket',
  region: 'us-east-1',
  account: '111122223333',
  ownerPrincipalId: 'A3NL1KOZZKExample',
  awsGeneratedTags: {},
};
const REQUEST = {
  requestId: '7Q2M4T9X8B3K5N1P',
  extendedRequestId: 'host',
  sourceIp: '192.0.2.10',
  principalId: 'AWS:AIDAEXAMPLE',
};
const SEQUENCER = '0068F1A2C3D4E5F601';
const TIME = Date.UTC(2026, 9, 5, 9, 15, 3, 999);
const KNOWN = {
  key: 'uploads/report.csv',
  size: 2048,
  eTag: '0f343b0931126a20f133d67c2b018a3b',
};

function build(change: ObjectChange, overrides: Partial<EventBridgeInput> = {}) {
  return buildS3Event({
    change,
    bucket: BUCKET,
    request: REQUEST,
    sequencer: SEQUENCER,
    time: TIME,
    id: '6f1d2c3b-4a59-4e68-9d7c-8b0a1f2e3d4c',
    eventVersion: eventBridgeVersion('2.6'),
    ...overrides,
  });
}

/**
 * As text, so that the order of fields counts. The examples have the sequencer in the notification's case, and the
 * documentation's words for the reason of a browser upload.
 */
function fixture(name: string): string {
  const url = new URL(`../../fixtures/events/eventbridge-${name}.json`, import.meta.url);
  const text = JSON.stringify(JSON.parse(readFileSync(url, 'utf8')));
  return text.replace(SEQUENCER, SEQUENCER.toLowerCase()).replace('POST Object', 'PostObject');
}

describe('buildS3Event', () => {
  it.each<[name: string, eventName: ObjectEventName, change?: Partial<ObjectChange>]>([
    ['object-created-put', 'ObjectCreated:Put'],
    ['object-created-post', 'ObjectCreated:Post'],
    ['object-created-copy', 'ObjectCreated:Copy'],
    [
      'object-created-completemultipartupload',
      'ObjectCreated:CompleteMultipartUpload',
      { key: 'uploads/big.bin', size: 52_428_800, eTag: '9b2cf535f27731c974343645a3985328-7' },
    ],
    ['object-deleted-permanent', 'ObjectRemoved:Delete'],
    [
      'object-deleted-delete-marker',
      'ObjectRemoved:DeleteMarkerCreated',
      { eTag: 'd41d8cd98f00b204e9800998ecf8427e', versionId: 'uVgq1n0Kc7Xw2eYt5bRz8sLd4fPm9aHj' },
    ],
    ['object-tags-added', 'ObjectTagging:Put'],
    ['object-tags-deleted', 'ObjectTagging:Delete'],
    ['object-acl-updated', 'ObjectAcl:Put'],
    [
      'object-deleted-lifecycle',
      'LifecycleExpiration:DeleteMarkerCreated',
      { eTag: 'd41d8cd98f00b204e9800998ecf8427e', versionId: 'uVgq1n0Kc7Xw2eYt5bRz8sLd4fPm9aHj' },
    ],
    ['object-restore-initiated', 'ObjectRestore:Post', { sourceStorageClass: 'GLACIER' }],
    [
      'object-restore-completed',
      'ObjectRestore:Completed',
      { sourceStorageClass: 'GLACIER', restoreExpires: Date.UTC(2026, 9, 7) },
    ],
    ['object-restore-expired', 'ObjectRestore:Delete', { sourceStorageClass: 'GLACIER' }],
    ['object-storage-class-changed', 'LifecycleTransition', { destinationStorageClass: 'GLACIER' }],
    ['object-access-tier-changed', 'IntelligentTiering', { destinationAccessTier: 'ARCHIVE_ACCESS' }],
    [
      'object-annotation-created',
      'ObjectAnnotation:Put',
      {
        versionId: '3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH',
        annotation: { name: 'labels', size: 24, eTag: '05df351ea190dffc26f55c74425b9d7a' },
      },
    ],
    [
      'object-annotation-removed',
      'ObjectAnnotation:Delete',
      { versionId: '3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH', annotation: { name: 'labels' } },
    ],
    [
      'object-retention-updated',
      'ObjectRetention:Put',
      {
        versionId: '3HL4kqtJlcpXroDTDmJ.rmSpXd3dIbrH',
        retention: {
          mode: 'COMPLIANCE',
          until: Date.UTC(2027, 0, 3, 9, 15, 2),
          eventHold: 'ON',
          eventHoldDuration: { days: 90 },
        },
      },
    ],
  ])('builds %s as AWS does, field by field', (name, eventName, change) => {
    const sequencer = name === 'object-deleted-lifecycle' ? '68F1A20000000000' : SEQUENCER;
    expect(JSON.stringify(build({ ...KNOWN, eventName, ...change }, { sequencer }))).toBe(fixture(name));
  });

  it('has the key raw and the sequencer of the notification', () => {
    const change: ObjectChange = { ...KNOWN, eventName: 'ObjectCreated:Put', key: 'in/a b+ü%2F.jpg' };
    const { detail } = build(change);
    const record = buildObjectRecord({
      change,
      bucket: BUCKET,
      request: REQUEST,
      configurationId: 'c',
      sequencer: SEQUENCER,
      time: TIME,
      eventVersion: '2.6',
    });
    expect(detail.object).toMatchObject({
      key: 'in/a b+ü%2F.jpg',
      sequencer: record.s3.object.sequencer?.toLowerCase(),
    });
    expect(JSON.stringify(detail)).not.toContain(REQUEST.extendedRequestId);
  });

  it('has the version of created and deleted objects between etag and sequencer', () => {
    const object = (eventName: ObjectEventName) =>
      Object.keys(build({ ...KNOWN, eventName, versionId: 'v1' }).detail.object as object);
    expect(object('ObjectCreated:Put')).toEqual(['key', 'size', 'etag', 'version-id', 'sequencer']);
    expect(object('ObjectRemoved:Delete')).toEqual(['key', 'version-id', 'sequencer']);
  });

  it('has aws: tags of the bucket since 1.1, and no version before 1.0', () => {
    const bucket = { ...BUCKET, awsGeneratedTags: { 'aws:cloudformation:stack-name': 's' } };
    const change: ObjectChange = { ...KNOWN, eventName: 'ObjectCreated:Copy' };
    const detail = (eventVersion: EventBridgeInput['eventVersion']) =>
      build(change, { bucket, eventVersion }).detail;
    expect(detail('1.1').bucket).toEqual({
      name: 'example-bucket',
      'aws-generated-tags': { 'aws:cloudformation:stack-name': 's' },
    });
    expect(detail('1.0').bucket).toEqual({ name: 'example-bucket' });
    expect(Object.keys(detail('legacy')).slice(0, 2)).toEqual(['version', 'bucket']);
    expect(detail('legacy').object).not.toHaveProperty('has-object-annotation');
  });
});
