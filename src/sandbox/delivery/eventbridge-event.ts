import { bucketArn } from '../../core/arn.ts';
import type { EventBucket, EventRequest, ObjectChange, ObjectEventName } from './object-event.ts';

/** The envelope of every event on a bus, its fields in AWS's order. */
export interface EventBridgeEvent {
  readonly version: '0';
  readonly id: string;
  readonly 'detail-type': string;
  readonly source: string;
  /** Twelve digits: for S3 the bucket owner's. */
  readonly account: string;
  /** Whole seconds, `2026-10-05T09:15:03Z`. */
  readonly time: string;
  readonly region: string;
  readonly resources: readonly string[];
  readonly detail: Readonly<Record<string, unknown>>;
}

/** `legacy` is the form before mid-2026, without `event-version`. 1.1 brought `aws-generated-tags`, 1.2 event holds. */
export type EventBridgeVersion = 'legacy' | '1.0' | '1.1' | '1.2';

export const DEFAULT_EVENTBRIDGE_VERSION: EventBridgeVersion = '1.2';

export interface EventBridgeInput {
  readonly change: ObjectChange;
  readonly bucket: EventBucket;
  readonly request: EventRequest;
  /** The notification's, in either case. */
  readonly sequencer: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** A UUID: the event's own, shared by all its targets. */
  readonly id: string;
  readonly eventVersion: EventBridgeVersion;
}

type ObjectField = 'size' | 'etag' | 'version-id' | 'sequencer';

interface EventKind {
  readonly detailType: string;
  readonly fields: readonly ObjectField[];
  readonly extras: Readonly<Record<string, string>>;
}

const CREATED_FIELDS: readonly ObjectField[] = ['size', 'etag', 'version-id', 'sequencer'];

const created = (reason: string): EventKind => ({
  detailType: 'Object Created',
  fields: CREATED_FIELDS,
  extras: { reason },
});

const deleted = (deletionType: string, fields: readonly ObjectField[]): EventKind => ({
  detailType: 'Object Deleted',
  fields,
  extras: { reason: 'DeleteObject', 'deletion-type': deletionType },
});

// version-id in a versioned bucket: UNKNOWN, taken as present like in the notification.
const attributeChanged = (detailType: string): EventKind => ({
  detailType,
  fields: ['etag', 'version-id'],
  extras: {},
});

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html */
const KINDS: Readonly<Record<ObjectEventName, EventKind>> = {
  'ObjectCreated:Put': created('PutObject'),
  // The documentation's wording; what AWS sends is UNKNOWN.
  'ObjectCreated:Post': created('POST Object'),
  'ObjectCreated:Copy': created('CopyObject'),
  'ObjectCreated:CompleteMultipartUpload': created('CompleteMultipartUpload'),
  'ObjectRemoved:Delete': deleted('Permanently Deleted', ['version-id', 'sequencer']),
  'ObjectRemoved:DeleteMarkerCreated': deleted('Delete Marker Created', ['etag', 'version-id', 'sequencer']),
  'ObjectTagging:Put': attributeChanged('Object Tags Added'),
  'ObjectTagging:Delete': attributeChanged('Object Tags Deleted'),
  'ObjectAcl:Put': attributeChanged('Object ACL Updated'),
};

/**
 * What S3 puts on the default bus of the bucket's Region. Unlike the notification it has the key as it is, not
 * URL-encoded (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html).
 */
export function buildS3Event(input: EventBridgeInput): EventBridgeEvent {
  const { change, bucket, request, eventVersion } = input;
  const kind = KINDS[change.eventName];
  const values: Readonly<Record<ObjectField, string | number | undefined>> = {
    size: change.size,
    etag: change.eTag,
    'version-id': change.versionId,
    sequencer: input.sequencer.toLowerCase(),
  };
  const known = kind.fields.filter((field) => values[field] !== undefined);
  const withTags =
    (eventVersion === '1.1' || eventVersion === '1.2') && Object.keys(bucket.awsGeneratedTags).length > 0;
  return {
    version: '0',
    id: input.id,
    'detail-type': kind.detailType,
    source: 'aws.s3',
    account: bucket.account,
    time: eventTime(input.time),
    region: bucket.region,
    resources: [bucketArn('aws', bucket.name)],
    detail: {
      version: '0',
      ...(eventVersion === 'legacy' ? {} : { 'event-version': eventVersion }),
      bucket: { name: bucket.name, ...(withTags ? { 'aws-generated-tags': bucket.awsGeneratedTags } : {}) },
      object: {
        key: change.key,
        ...Object.fromEntries(known.map((field) => [field, values[field]])),
        // Came with annotations, after the legacy form; the sandbox's objects have none.
        ...(change.eventName === 'ObjectCreated:Copy' && eventVersion !== 'legacy'
          ? { 'has-object-annotation': false }
          : {}),
      },
      'request-id': request.requestId,
      // The requester's account: the sandbox has one. For anonymous requests the value is UNKNOWN.
      requester: bucket.account,
      'source-ip-address': request.sourceIp,
      ...kind.extras,
    },
  };
}

/** `time` of an event, from milliseconds since the epoch. */
export function eventTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
