/** An event in the form in which S3 itself would send it: programs that take notifications take it, whatever way it came. */
import type { EventRecord } from './event-record.ts';
import { encodeEventKey } from './key-filter.ts';

export interface NativeMessage {
  readonly Records: readonly unknown[];
}

/** In the place of the rule's id, which EventBridge does not have. */
export const WATCH_CONFIGURATION_ID = 's3evt-watch';

/**
 * One record, as S3's messages have it. Members that an EventBridge event does not tell (owner, `x-amz-id-2`) are left out
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html).
 */
export function nativeMessage(record: EventRecord, partition: string): NativeMessage {
  return { Records: [record.via.includes('eventbridge') ? fromEventBridge(record, partition) : record.raw] };
}

function fromEventBridge(record: EventRecord, partition: string): object {
  const { bucket, key, size, eTag, versionId, sequencer } = record;
  const detail = (record.raw as { readonly detail?: Readonly<Record<string, unknown>> }).detail ?? {};
  return {
    eventVersion: '2.1',
    eventSource: 'aws:s3',
    awsRegion: record.awsRegion,
    eventTime: withMilliseconds(record.eventTime),
    eventName: record.eventName,
    userIdentity: { principalId: detail['requester'] },
    requestParameters: { sourceIPAddress: detail['source-ip-address'] },
    responseElements: { 'x-amz-request-id': record.requestId },
    s3: {
      s3SchemaVersion: '1.0',
      configurationId: WATCH_CONFIGURATION_ID,
      bucket: { name: bucket, arn: `arn:${partition}:s3:::${bucket}` },
      object: {
        key: encodeEventKey(key),
        ...(size === undefined ? {} : { size }),
        ...(eTag === undefined ? {} : { eTag }),
        ...(versionId === undefined ? {} : { versionId }),
        // Upper case, as in S3's own messages.
        ...(sequencer === undefined ? {} : { sequencer: sequencer.toUpperCase() }),
      },
    },
  };
}

/** EventBridge has whole seconds; readers of S3's messages may expect a fraction. */
function withMilliseconds(time: string | undefined): string | undefined {
  return time?.replace(/^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z$/, '$1.000Z');
}
