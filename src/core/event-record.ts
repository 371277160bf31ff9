/**
 * S3 events in the envelopes in which they reach consumers.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html (S3's own)
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html (EventBridge)
 */
import { eventBridgeName } from './eventbridge-name.ts';
import { decodeEventKey } from './key-filter.ts';
import { parseLiteral } from './literal.ts';

/** What carried the event. */
export type Envelope = 'sqs' | 'sns' | 'eventbridge';

export interface EventRecord {
  /** Without `s3:`. Of an EventBridge event: the name that S3's own notification would have. */
  readonly eventName: string;
  /** ISO 8601, UTC; EventBridge gives whole seconds. */
  readonly eventTime: string | undefined;
  readonly bucket: string;
  /** Decoded: the object's key. */
  readonly key: string;
  /** As the event has it: form-urlencoded, except from EventBridge, which does not encode keys. */
  readonly rawKey: string;
  /** Bytes. */
  readonly size?: number;
  readonly eTag?: string;
  readonly versionId?: string;
  readonly sequencer?: string;
  /** `Id` of the rule that matched; EventBridge events have none. */
  readonly configurationId?: string;
  /** `x-amz-request-id` of the request that caused the event. */
  readonly requestId?: string;
  readonly awsRegion?: string;
  /** The envelopes around the record, outermost first; empty for a direct invocation. */
  readonly via: readonly Envelope[];
  /** The record (the whole event from EventBridge), as it was read. */
  readonly raw: unknown;
}

/** What S3 sends to queues and topics when a configuration is put: no records, never filtered. */
export interface TestEvent {
  readonly bucket: string;
  readonly requestId?: string;
}

export interface FoundEvents {
  readonly records: readonly EventRecord[];
  /** The first one, when there are several. */
  readonly testEvent?: TestEvent;
}

/** SQS, SNS and S3 nest seven levels of arrays, objects and strings; the rest is room for what handlers wrap around an event. */
const MAX_DEPTH = 24;

/** Ten times what a Lambda payload of 6 MB full of records has; only a value with shared parts could reach it. */
const MAX_VISITED = 1_000_000;

/**
 * Every S3 event in a value that was read from JSON, Python or Node: S3's notification, SQS batches and messages, SNS messages,
 * EventBridge events, `s3:TestEvent`, in each other as AWS nests them, or held by an object of the handler's own
 * (`{event, context}`). Records without a bucket, a key and an event name are left out. Never throws.
 */
export function recordsOf(value: unknown): FoundEvents {
  const search: Search = { records: [], testEvent: undefined, visited: 0 };
  visit(search, value, [], 0);
  const { records, testEvent } = search;
  return testEvent === undefined ? { records } : { records, testEvent };
}

interface Search {
  readonly records: EventRecord[];
  testEvent: TestEvent | undefined;
  visited: number;
}

type Fields = Readonly<Record<string, unknown>>;

function visit(search: Search, value: unknown, via: readonly Envelope[], depth: number): void {
  if (depth > MAX_DEPTH || ++search.visited > MAX_VISITED) return;
  if (typeof value === 'string') {
    if (value.includes('{') && mayHoldEvent(value)) visit(search, parseEmbedded(value), via, depth + 1);
  } else if (Array.isArray(value)) {
    for (const item of value) visit(search, item, via, depth + 1);
  } else if (isFields(value)) {
    visitFields(search, value, via, depth + 1);
  }
}

function visitFields(search: Search, fields: Fields, via: readonly Envelope[], depth: number): void {
  const record = notificationRecord(fields, via) ?? eventBridgeRecord(fields, via);
  if (record !== undefined) {
    search.records.push(record);
  } else if (fields.Event === 's3:TestEvent' && typeof fields.Bucket === 'string') {
    const { RequestId: requestId } = fields;
    search.testEvent ??= {
      bucket: fields.Bucket,
      ...(typeof requestId === 'string' ? { requestId } : {}),
    };
  } else if (isSqsMessage(fields)) {
    visit(search, fields.body ?? fields.Body, [...via, 'sqs'], depth);
  } else if ('Message' in fields && ('TopicArn' in fields || fields.Type === 'Notification')) {
    visit(search, fields.Message, [...via, 'sns'], depth);
  } else {
    for (const key of Object.keys(fields)) visit(search, fields[key], via, depth);
  }
}

/** `body` as Lambda delivers messages, `Body` as ReceiveMessage returns them. EventBridge Pipes makes an object of a JSON body. */
function isSqsMessage(fields: Fields): boolean {
  if ('body' in fields) return fields.eventSource === 'aws:sqs' || 'receiptHandle' in fields;
  return (
    'Body' in fields && ('ReceiptHandle' in fields || 'MessageId' in fields || 'MessageAttributes' in fields)
  );
}

/** A cheap test that lets most text through unread: every form of an S3 event contains one of these. */
export function mayHoldEvent(text: string): boolean {
  return text.includes('aws:s3') || text.includes('aws.s3') || text.includes('s3:TestEvent');
}

function parseEmbedded(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseLiteral(text, 0)?.value;
  }
}

function notificationRecord(record: Fields, via: readonly Envelope[]): EventRecord | undefined {
  const { s3, eventName } = record;
  if (!isFields(s3) || typeof eventName !== 'string' || !isFields(s3.bucket) || !isFields(s3.object))
    return undefined;
  const { bucket, object } = s3;
  if (typeof bucket.name !== 'string' || typeof object.key !== 'string') return undefined;
  const response = isFields(record.responseElements) ? record.responseElements : {};
  const found: Found = {
    eventName: eventName.startsWith('s3:') ? eventName.slice(3) : eventName,
    eventTime: typeof record.eventTime === 'string' ? record.eventTime : undefined,
    bucket: bucket.name,
    key: decodeEventKey(object.key),
    rawKey: object.key,
    via,
    raw: record,
  };
  if (isSize(object.size)) found.size = object.size;
  if (typeof object.eTag === 'string') found.eTag = object.eTag;
  if (typeof object.versionId === 'string') found.versionId = object.versionId;
  if (typeof object.sequencer === 'string') found.sequencer = object.sequencer;
  if (typeof s3.configurationId === 'string') found.configurationId = s3.configurationId;
  const requestId = response['x-amz-request-id'];
  if (typeof requestId === 'string') found.requestId = requestId;
  if (typeof record.awsRegion === 'string') found.awsRegion = record.awsRegion;
  return found;
}

/** A record while it is put together, field by field: a long log has many. */
type Found = { -readonly [Field in keyof EventRecord]: EventRecord[Field] };

function eventBridgeRecord(event: Fields, via: readonly Envelope[]): EventRecord | undefined {
  const { detail, 'detail-type': detailType } = event;
  if (event.source !== 'aws.s3' || typeof detailType !== 'string' || !isFields(detail)) return undefined;
  const { bucket, object } = detail;
  if (!isFields(bucket) || !isFields(object)) return undefined;
  if (typeof bucket.name !== 'string' || typeof object.key !== 'string') return undefined;
  const found: Found = {
    eventName: eventBridgeName(detailType, detail.reason, detail['deletion-type']),
    eventTime: typeof event.time === 'string' ? event.time : undefined,
    bucket: bucket.name,
    key: object.key,
    rawKey: object.key,
    via: [...via, 'eventbridge'],
    raw: event,
  };
  if (isSize(object.size)) found.size = object.size;
  if (typeof object.etag === 'string') found.eTag = object.etag;
  const versionId = object['version-id'];
  if (typeof versionId === 'string') found.versionId = versionId;
  if (typeof object.sequencer === 'string') found.sequencer = object.sequencer;
  const requestId = detail['request-id'];
  if (typeof requestId === 'string') found.requestId = requestId;
  if (typeof event.region === 'string') found.awsRegion = event.region;
  return found;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSize(size: unknown): size is number {
  return typeof size === 'number' && size >= 0 && Number.isFinite(size);
}
