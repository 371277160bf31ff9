/** Messages as functions get them (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html), and filters over them. */
import type { Message, MessageAttributeValue } from '@aws-sdk/client-sqs';
import { parseArn } from '../../../core/arn.ts';
import { matchesEventPattern } from '../../../core/event-pattern.ts';
import type { EventFilter } from './event-source-mapping.ts';

/** In AWS's order; where DeadLetterQueueSourceArn stands is UNKNOWN. */
const SYSTEM_ATTRIBUTES = [
  'ApproximateReceiveCount',
  'AWSTraceHeader',
  'SentTimestamp',
  'SequenceNumber',
  'MessageGroupId',
  'SenderId',
  'MessageDeduplicationId',
  'ApproximateFirstReceiveTimestamp',
  'DeadLetterQueueSourceArn',
] as const;

/** Payload limit of a synchronous invocation: a batch ends before it. */
const MAX_PAYLOAD_BYTES = 6 * 1024 * 1024;

/** `{"Records":[…]}` */
const FRAME_BYTES = 14;

export interface SqsRecord {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly body: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly messageAttributes: Readonly<Record<string, object>>;
  readonly md5OfMessageAttributes?: string;
  readonly md5OfBody: string;
  readonly eventSource: 'aws:sqs';
  readonly eventSourceARN: string;
  readonly awsRegion: string;
}

export function recordOf(message: Message, queueArn: string): SqsRecord {
  const system: Readonly<Record<string, string>> = message.Attributes ?? {};
  const attributes: Record<string, string> = {};
  for (const name of SYSTEM_ATTRIBUTES) {
    const value = system[name];
    if (value !== undefined) attributes[name] = value;
  }
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes,
    messageAttributes: Object.fromEntries(
      Object.entries(message.MessageAttributes ?? {}).map(([name, value]) => [name, attributeOf(value)]),
    ),
    ...(message.MD5OfMessageAttributes !== undefined && {
      md5OfMessageAttributes: message.MD5OfMessageAttributes,
    }),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: queueArn,
    awsRegion: parseArn(queueArn)?.region ?? '',
  };
}

function attributeOf({ StringValue, BinaryValue, DataType }: MessageAttributeValue): object {
  return {
    ...(StringValue !== undefined && { stringValue: StringValue }),
    ...(BinaryValue && { binaryValue: Buffer.from(BinaryValue).toString('base64') }),
    stringListValues: [],
    binaryListValues: [],
    dataType: DataType ?? '',
  };
}

/**
 * Whether one of the filters lets the record through. A body that is a JSON object or array is matched as such, any other
 * body as text (https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html).
 */
export function passesFilters(record: SqsRecord, filters: readonly EventFilter[] | undefined): boolean {
  if (!filters) return true;
  const event = { ...record, body: parsedBody(record.body) };
  return filters.some(({ pattern }) => matchesEventPattern(pattern, event));
}

function parsedBody(body: string): unknown {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === 'object' && value !== null ? value : body;
  } catch {
    return body;
  }
}

export interface Payload {
  readonly records: readonly SqsRecord[];
  readonly text: string;
}

/** The batch as one payload, or as several where it would be too large for one invocation. */
export function payloadsOf(records: readonly SqsRecord[]): readonly Payload[] {
  const parts: { records: SqsRecord[]; texts: string[]; bytes: number }[] = [];
  for (const record of records) {
    const text = JSON.stringify(record);
    const bytes = Buffer.byteLength(text) + 1;
    let part = parts.at(-1);
    if (!part || part.bytes + bytes > MAX_PAYLOAD_BYTES) {
      part = { records: [], texts: [], bytes: FRAME_BYTES };
      parts.push(part);
    }
    part.records.push(record);
    part.texts.push(text);
    part.bytes += bytes;
  }
  return parts.map((part) => ({ records: part.records, text: `{"Records":[${part.texts.join(',')}]}` }));
}
