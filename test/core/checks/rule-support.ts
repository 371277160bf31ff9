import type { ObjectHead, ObjectNode, SeenRecord, VersionEntry } from '../../../src/core/doctor/facts.ts';
import { absent, read } from '../../../src/core/doctor/reading.ts';
import type { NotificationDocument } from '../../../src/core/notification.ts';
import { BUCKET, fnArn, lambdaDocument, MINUTE, NOW, REGION, ACCOUNT } from './support.ts';

const GET = 's3:GetBucketNotification';

/** The bucket's configuration with that document. */
export const document = (value: NotificationDocument) => ({ notification: read(GET, value) });

/** One rule `thumbs` with these events. */
export const eventsOf = (...Events: readonly string[]) => document(lambdaDocument({ Events }));

/** One rule `thumbs` for every created object that passes. */
export const filtered = (prefix: string | undefined, suffix?: string) =>
  document(lambdaDocument(withFilter(prefix, suffix)));

export function withFilter(prefix: string | undefined, suffix?: string) {
  const FilterRules = [
    ...(prefix === undefined ? [] : [{ Name: 'Prefix', Value: prefix }]),
    ...(suffix === undefined ? [] : [{ Name: 'Suffix', Value: suffix }]),
  ];
  return { Filter: { Key: { FilterRules } } };
}

/** Rules to functions, each with an id of its own. */
export function rulesTo(...elements: readonly Readonly<Record<string, unknown>>[]): NotificationDocument {
  return {
    LambdaFunctionConfigurations: elements.map((element, index) => ({
      Id: `rule-${index + 1}`,
      LambdaFunctionArn: fnArn(),
      Events: ['s3:ObjectCreated:*'],
      ...element,
    })),
  };
}

export const head = (over: Partial<ObjectHead> = {}): ObjectHead => ({
  size: 10,
  modified: NOW - MINUTE,
  eTag: 'b1946ac92492d2347c6235b4d2611184',
  ...over,
});

export function objectNode(
  key: string,
  over: Partial<ObjectHead> = {},
  node: Partial<ObjectNode> = {},
): ObjectNode {
  return {
    key,
    head: read('s3:GetObject', head(over)),
    versions: read('s3:ListBucketVersions', [entry(key)]),
    ...node,
  };
}

export function missingObject(key: string, node: Partial<ObjectNode> = {}): ObjectNode {
  return {
    key,
    head: absent('s3:GetObject'),
    versions: read('s3:ListBucketVersions', []),
    near: read('s3:ListBucket', []),
    ...node,
  };
}

export const entry = (key: string, over: Partial<VersionEntry> = {}): VersionEntry => ({
  key,
  versionId: 'null',
  latest: true,
  deleteMarker: false,
  modified: NOW - MINUTE,
  size: 10,
  eTag: 'b1946ac92492d2347c6235b4d2611184',
  ...over,
});

export const sample = (entries: readonly VersionEntry[], truncated = false) => ({
  sample: read('s3:ListBucketVersions', { entries, truncated }),
});

export const seen = (key: string, over: Partial<SeenRecord> = {}): SeenRecord => ({
  time: NOW - MINUTE,
  stream: 'stream',
  eventName: 'ObjectCreated:Put',
  bucket: BUCKET,
  key,
  rawKey: key,
  configurationId: 'thumbs',
  via: [],
  ...over,
});

/** An enabled rule of the default bus, for every event of the bucket. */
export function eventRule(pattern: object, over: Readonly<Record<string, unknown>> = {}) {
  return {
    name: 'all',
    arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/all`,
    bus: 'default',
    state: 'ENABLED',
    pattern: JSON.stringify(pattern),
    targets: read('events:ListTargetsByRule', [{ id: 'f', arn: fnArn('other'), rewritten: false }]),
    ...over,
  };
}

export const ALL_OF_BUCKET = { source: ['aws.s3'], detail: { bucket: { name: [BUCKET] } } };

export const eventRules = (...rules: readonly ReturnType<typeof eventRule>[]) => ({
  eventRules: read('events:ListRules', rules),
});

/** The document with EventBridge on. */
export const bridged = (value: NotificationDocument) => document({ ...value, EventBridgeConfiguration: {} });

/** A write of the configuration as CloudTrail has it. */
export function write(time: number, requestParameters: unknown = { bucketName: BUCKET }) {
  return { time, name: 'PutBucketNotification', user: 'terraform', resources: [BUCKET], requestParameters };
}

export const trail = (...events: readonly ReturnType<typeof write>[]) => ({
  trail: read('cloudtrail:LookupEvents', events),
});

/** As CloudTrail keeps a document with one rule to a function. */
export const wrote = (
  Id: string,
  CloudFunction: string,
  Event: unknown = 's3:ObjectCreated:*',
  more: object = {},
) => ({
  bucketName: BUCKET,
  NotificationConfiguration: { CloudFunctionConfiguration: { Id, CloudFunction, Event, ...more } },
});
