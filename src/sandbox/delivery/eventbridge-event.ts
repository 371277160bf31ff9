import { bucketArn } from '../../core/arn.ts';
import { detailBlock } from './event-blocks.ts';
import type {
  EventBucket,
  EventRequest,
  EventVersion,
  ObjectChange,
  ObjectEventName,
} from './object-event.ts';

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

/**
 * Both numberings were raised together.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
 */
const WITH_NOTIFICATION: Readonly<Record<EventVersion, EventBridgeVersion>> = {
  legacy: 'legacy',
  '2.4': '1.0',
  '2.5': '1.1',
  '2.6': '1.2',
};

/** The `event-version` that goes with the notification records' `eventVersion`. */
export function eventBridgeVersion(eventVersion: EventVersion): EventBridgeVersion {
  return WITH_NOTIFICATION[eventVersion];
}

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
  /** S3 itself did it: it is the requester, and there is no address. */
  readonly byService?: true;
}

const CREATED_FIELDS: readonly ObjectField[] = ['size', 'etag', 'version-id', 'sequencer'];

const created = (reason: string): EventKind => ({
  detailType: 'Object Created',
  fields: CREATED_FIELDS,
  extras: { reason },
});

const deleted = (reason: string, deletionType: string): EventKind => ({
  detailType: 'Object Deleted',
  fields:
    deletionType === 'Delete Marker Created'
      ? ['etag', 'version-id', 'sequencer']
      : ['version-id', 'sequencer'],
  extras: { reason, 'deletion-type': deletionType },
});

const byService = (kind: EventKind): EventKind => ({ ...kind, byService: true });

// version-id in a versioned bucket: UNKNOWN, taken as present like in the notification.
const moved = (detailType: string): EventKind => ({
  detailType,
  fields: ['size', 'etag', 'version-id'],
  extras: {},
});

const attributeChanged = (detailType: string): EventKind => ({
  detailType,
  fields: ['etag', 'version-id'],
  extras: {},
});

const annotated = (detailType: string, reason: string): EventKind => ({
  detailType,
  fields: ['etag', 'version-id', 'sequencer'],
  extras: { reason },
});

/** https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-mapping-troubleshooting.html */
const KINDS: Readonly<Record<ObjectEventName, EventKind>> = {
  'ObjectCreated:Put': created('PutObject'),
  // What AWS sends is UNKNOWN: the documentation writes `POST Object`, where all its other reasons are operations' names.
  'ObjectCreated:Post': created('PostObject'),
  'ObjectCreated:Copy': created('CopyObject'),
  'ObjectCreated:CompleteMultipartUpload': created('CompleteMultipartUpload'),
  'ObjectRemoved:Delete': deleted('DeleteObject', 'Permanently Deleted'),
  'ObjectRemoved:DeleteMarkerCreated': deleted('DeleteObject', 'Delete Marker Created'),
  'ObjectTagging:Put': attributeChanged('Object Tags Added'),
  'ObjectTagging:Delete': attributeChanged('Object Tags Deleted'),
  'ObjectAcl:Put': attributeChanged('Object ACL Updated'),
  'ObjectRestore:Post': moved('Object Restore Initiated'),
  'ObjectRestore:Completed': byService(moved('Object Restore Completed')),
  'ObjectRestore:Delete': byService(moved('Object Restore Expired')),
  'LifecycleExpiration:Delete': byService(deleted('Lifecycle Expiration', 'Permanently Deleted')),
  'LifecycleExpiration:DeleteMarkerCreated': byService(
    deleted('Lifecycle Expiration', 'Delete Marker Created'),
  ),
  LifecycleTransition: byService(moved('Object Storage Class Changed')),
  IntelligentTiering: byService(moved('Object Access Tier Changed')),
  'ObjectAnnotation:Put': annotated('Object Annotation Created', 'PutObjectAnnotation'),
  'ObjectAnnotation:Delete': annotated('Object Annotation Removed', 'DeleteObjectAnnotation'),
  'ObjectRetention:Put': {
    detailType: 'Object Retention Updated',
    fields: ['etag', 'version-id', 'sequencer'],
    extras: {},
  },
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
        // Came with annotations, after the legacy form.
        ...(change.eventName === 'ObjectCreated:Copy' && eventVersion !== 'legacy'
          ? { 'has-object-annotation': change.hasAnnotation ?? false }
          : {}),
      },
      'request-id': request.requestId,
      // The requester's account: the sandbox has one. For anonymous requests the value is UNKNOWN.
      requester: kind.byService ? 's3.amazonaws.com' : bucket.account,
      ...(kind.byService ? {} : { 'source-ip-address': request.sourceIp }),
      ...kind.extras,
      ...detailBlock(change, eventTime),
    },
  };
}

/** `time` of an event, from milliseconds since the epoch. */
export function eventTime(time: number): string {
  return new Date(time).toISOString().replace(/\.\d{3}Z$/, 'Z');
}
