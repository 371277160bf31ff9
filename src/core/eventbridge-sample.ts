import { bucketArn } from './arn.ts';
import { eventBridgeTypeOf } from './eventbridge-name.ts';

/** An event as S3 would put it on the default bus for this key, for trying a pattern; undefined when it sends none. */
export function sampleEvent(of: {
  readonly bucket: string;
  readonly key: string;
  /** One event, `s3:` or not. */
  readonly eventName: string;
  readonly account: string;
  readonly region: string;
}): Readonly<Record<string, unknown>> | undefined {
  const type = eventBridgeTypeOf(of.eventName);
  if (!type) return undefined;
  return {
    version: '0',
    id: '17793124-05d4-b198-2fde-7ededc63b103',
    'detail-type': type.detailType,
    source: 'aws.s3',
    account: of.account,
    time: '2026-01-01T00:00:00Z',
    region: of.region,
    resources: [bucketArn('aws', of.bucket)],
    detail: {
      version: '0',
      bucket: { name: of.bucket },
      object: {
        key: of.key,
        size: 1,
        etag: 'b1946ac92492d2347c6235b4d2611184',
        sequencer: '00617f08299329d189',
      },
      'request-id': 'N4N7GDK58NMKJ12R',
      requester: of.account,
      'source-ip-address': '192.0.2.1',
      ...(type.reason === undefined ? {} : { reason: type.reason }),
      ...(type.deletionType === undefined ? {} : { 'deletion-type': type.deletionType }),
    },
  };
}
