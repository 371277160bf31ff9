import { encodeEventKey } from '../../core/key-filter.ts';
import { bucketArn } from '../../core/arn.ts';
import { recordBlock, type ChangeDetails } from './event-blocks.ts';

/**
 * The notification record, built as S3 serialises it: the same fields in the same order
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
 */
export interface ObjectRecord {
  readonly eventVersion: string;
  readonly eventSource: 'aws:s3';
  readonly awsRegion: string;
  readonly eventTime: string;
  readonly eventName: ObjectEventName;
  readonly userIdentity: { readonly principalId: string };
  readonly requestParameters: { readonly sourceIPAddress: string };
  readonly responseElements: { readonly 'x-amz-request-id': string; readonly 'x-amz-id-2': string };
  readonly s3: {
    readonly s3SchemaVersion: '1.0';
    readonly configurationId: string;
    readonly bucket: {
      readonly name: string;
      readonly ownerIdentity: { readonly principalId: string };
      readonly arn: string;
      readonly awsGeneratedTags?: Readonly<Record<string, string>>;
    };
    readonly object: {
      /** URL-encoded. */
      readonly key: string;
      readonly size?: number;
      readonly eTag?: string;
      readonly versionId?: string;
      readonly sequencer?: string;
      readonly hasObjectAnnotation?: boolean;
    };
  };
  /** What only this event has: `glacierEventData`, `lifecycleEventData`, … */
  readonly [block: string]: unknown;
}

/** Names as they stand in records: without `s3:`. */
export type ObjectEventName =
  | 'ObjectCreated:Put'
  | 'ObjectCreated:Post'
  | 'ObjectCreated:Copy'
  | 'ObjectCreated:CompleteMultipartUpload'
  | 'ObjectRemoved:Delete'
  | 'ObjectRemoved:DeleteMarkerCreated'
  | 'ObjectTagging:Put'
  | 'ObjectTagging:Delete'
  | 'ObjectAcl:Put'
  | 'ObjectRestore:Post'
  | 'ObjectRestore:Completed'
  | 'ObjectRestore:Delete'
  | 'LifecycleExpiration:Delete'
  | 'LifecycleExpiration:DeleteMarkerCreated'
  | 'LifecycleTransition'
  | 'IntelligentTiering'
  | 'ObjectAnnotation:Put'
  | 'ObjectAnnotation:Delete'
  | 'ObjectRetention:Put';

/** `legacy` is the numbering before the unification of mid-2026: one number per family. */
export type EventVersion = 'legacy' | '2.4' | '2.5' | '2.6';

/** What happened to one object. Whoever reports a change gives all it knows; the record takes what belongs to its event. */
export interface ObjectChange extends ChangeDetails {
  readonly eventName: ObjectEventName;
  /** Raw, not URL-encoded. */
  readonly key: string;
  /** Bytes. */
  readonly size?: number;
  /** Without quotes. */
  readonly eTag?: string;
  /** Absent while versioning is suspended or was never enabled, unless the request named the version. */
  readonly versionId?: string;
}

export interface EventBucket {
  readonly name: string;
  readonly region: string;
  /** Twelve digits. */
  readonly account: string;
  /** The owner's legacy customer id. */
  readonly ownerPrincipalId: string;
  /** The bucket's tags that start with `aws:`. */
  readonly awsGeneratedTags: Readonly<Record<string, string>>;
}

export interface EventRequest {
  readonly requestId: string;
  readonly extendedRequestId: string;
  readonly sourceIp: string;
  readonly principalId: string;
  /** Goes on with the message, not into it. */
  readonly traceHeader?: string | undefined;
}

export interface RecordInput {
  readonly change: ObjectChange;
  readonly bucket: EventBucket;
  readonly request: EventRequest;
  readonly configurationId: string;
  readonly sequencer: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
  readonly eventVersion: EventVersion;
}

type ObjectField = 'size' | 'eTag' | 'versionId' | 'sequencer';

const CREATED: readonly ObjectField[] = ['size', 'eTag', 'versionId', 'sequencer'];
// versionId of tagging and ACL events in a versioned bucket: UNKNOWN, taken as present like in every other event.
const ATTRIBUTE_CHANGED: readonly ObjectField[] = ['eTag', 'versionId'];

const REMOVED: readonly ObjectField[] = ['versionId', 'sequencer'];
const MARKED: readonly ObjectField[] = ['eTag', 'versionId', 'sequencer'];
const MOVED: readonly ObjectField[] = ['size', 'eTag', 'versionId'];

/**
 * A sequencer stands only in events that create or delete, and in those of a restore. The fields of the native annotation
 * and retention events and of ObjectRestore:Delete are UNKNOWN: taken like their nearest kin.
 */
const OBJECT_FIELDS: Readonly<Record<ObjectEventName, readonly ObjectField[]>> = {
  'ObjectCreated:Put': CREATED,
  'ObjectCreated:Post': CREATED,
  'ObjectCreated:Copy': CREATED,
  'ObjectCreated:CompleteMultipartUpload': CREATED,
  'ObjectRemoved:Delete': REMOVED,
  'ObjectRemoved:DeleteMarkerCreated': MARKED,
  'ObjectTagging:Put': ATTRIBUTE_CHANGED,
  'ObjectTagging:Delete': ATTRIBUTE_CHANGED,
  'ObjectAcl:Put': ATTRIBUTE_CHANGED,
  'ObjectRestore:Post': CREATED,
  'ObjectRestore:Completed': CREATED,
  'ObjectRestore:Delete': MOVED,
  'LifecycleExpiration:Delete': REMOVED,
  'LifecycleExpiration:DeleteMarkerCreated': MARKED,
  LifecycleTransition: MOVED,
  IntelligentTiering: MOVED,
  'ObjectAnnotation:Put': ATTRIBUTE_CHANGED,
  'ObjectAnnotation:Delete': ATTRIBUTE_CHANGED,
  'ObjectRetention:Put': ATTRIBUTE_CHANGED,
};

/** Those that were in records before the families got their own number. */
const LEGACY_2_1 = /^Object(?:Created|Removed):|^ObjectRestore:(?:Post|Completed)$/;

function versionNumber(eventName: ObjectEventName, setting: EventVersion): string {
  if (setting !== 'legacy') return setting;
  return LEGACY_2_1.test(eventName) ? '2.1' : '2.3';
}

export function buildObjectRecord(input: RecordInput): ObjectRecord {
  const { change, bucket, request, eventVersion } = input;
  const fields = OBJECT_FIELDS[change.eventName];
  const has = (field: ObjectField) => fields.includes(field);
  // The bucket's own aws: tags are in records since 2.5, user tags never are.
  const withTags =
    (eventVersion === '2.5' || eventVersion === '2.6') && Object.keys(bucket.awsGeneratedTags).length > 0;
  return {
    eventVersion: versionNumber(change.eventName, eventVersion),
    eventSource: 'aws:s3',
    awsRegion: bucket.region,
    eventTime: new Date(input.time).toISOString(),
    eventName: change.eventName,
    userIdentity: { principalId: request.principalId },
    requestParameters: { sourceIPAddress: request.sourceIp },
    responseElements: { 'x-amz-request-id': request.requestId, 'x-amz-id-2': request.extendedRequestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: input.configurationId,
      bucket: {
        name: bucket.name,
        ownerIdentity: { principalId: bucket.ownerPrincipalId },
        arn: bucketArn('aws', bucket.name),
        ...(withTags ? { awsGeneratedTags: bucket.awsGeneratedTags } : {}),
      },
      object: {
        key: encodeEventKey(change.key),
        ...(has('size') && change.size !== undefined ? { size: change.size } : {}),
        ...(has('eTag') && change.eTag !== undefined ? { eTag: change.eTag } : {}),
        ...(has('versionId') && change.versionId !== undefined ? { versionId: change.versionId } : {}),
        ...(has('sequencer') ? { sequencer: input.sequencer } : {}),
        // Came with annotations, after the legacy numbering.
        ...(change.eventName === 'ObjectCreated:Copy' && eventVersion !== 'legacy'
          ? { hasObjectAnnotation: change.hasAnnotation ?? false }
          : {}),
      },
    },
    ...recordBlock(change),
  };
}

/** `s3:TestEvent`: the one message without `Records`. */
export function buildTestEvent(input: {
  readonly bucket: string;
  readonly request: Pick<EventRequest, 'requestId' | 'extendedRequestId'>;
  readonly time: number;
}): Readonly<Record<string, string>> {
  return {
    Service: 'Amazon S3',
    Event: 's3:TestEvent',
    Time: new Date(input.time).toISOString(),
    Bucket: input.bucket,
    RequestId: input.request.requestId,
    HostId: input.request.extendedRequestId,
  };
}
