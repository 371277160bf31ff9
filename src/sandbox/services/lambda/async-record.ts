/**
 * What Lambda tells others about an asynchronous invocation that is over: the record for a destination and the dead letter
 * (https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
 */
import type { MessageAttributes } from '../sqs/message-attributes.ts';
import type { Completed, Event } from './invocations.ts';
import type { FunctionRecord, VersionRecord } from './store.ts';

export type Condition = 'Success' | 'RetriesExhausted' | 'EventAgeExceeded' | 'ZeroReservedConcurrency';

export interface AsyncOutcome {
  readonly event: Event;
  readonly record: FunctionRecord;
  /** Whose role sends and whose dead-letter target gets the event. */
  readonly version: VersionRecord;
  /** As the event named it, `$LATEST` for the function itself. */
  readonly qualifier: string;
  readonly condition: Condition;
  /** Attempts that ran. */
  readonly invokeCount: number;
  /** Of the last attempt that ran. */
  readonly response: Completed | undefined;
  /** Of the last attempt: what is sent belongs to the same chain. */
  readonly traceHeader: string | undefined;
}

export const qualifiedArn = ({ record, qualifier }: Pick<AsyncOutcome, 'record' | 'qualifier'>) =>
  `${record.arn}:${qualifier}`;

/** Key order, and what is absent without a response, as recorded from AWS. The payloads go in as they are, byte for byte. */
export function recordText(outcome: AsyncOutcome, now: number): string {
  const { event, condition, invokeCount, response } = outcome;
  const members: [name: string, json: string][] = [
    ['version', '"1.0"'],
    ['timestamp', JSON.stringify(new Date(now).toISOString())],
    [
      'requestContext',
      JSON.stringify({
        requestId: event.requestId,
        functionArn: qualifiedArn(outcome),
        condition,
        approximateInvokeCount: invokeCount,
      }),
    ],
    ['requestPayload', jsonOf(event.payload)],
  ];
  if (response) {
    const { executedVersion, payload } = response;
    const failed = response.outcome !== 'ok';
    const context = { statusCode: 200, executedVersion, ...(failed && { functionError: 'Unhandled' }) };
    members.push(['responseContext', JSON.stringify(context)], ['responsePayload', jsonOf(payload)]);
  }
  return `{${members.map(([name, json]) => `"${name}":${json}`).join(',')}}`;
}

/** A payload that is no JSON (a custom runtime may answer anything) as a string; what AWS does with it is UNKNOWN. */
function jsonOf(payload: Uint8Array): string {
  const text = Buffer.from(payload).toString('utf8');
  try {
    JSON.parse(text);
    return text;
  } catch {
    return JSON.stringify(text);
  }
}

const MAX_ERROR_MESSAGE_BYTES = 1024;

/** Attributes of a dead letter, whose body is the event itself. */
export function deadLetterAttributes({ event, response }: AsyncOutcome): MessageAttributes {
  const message = response ? errorMessageOf(response.payload) : 'Rate Exceeded.';
  return {
    RequestID: { DataType: 'String', StringValue: event.requestId },
    // 200 is recorded for an error of the function. For events that never ran, code and text are UNKNOWN: those of a caller.
    ErrorCode: { DataType: 'Number', StringValue: response ? '200' : '429' },
    // An empty attribute is refused by SQS and SNS.
    ...(message !== '' && { ErrorMessage: { DataType: 'String', StringValue: message } }),
  };
}

function errorMessageOf(payload: Uint8Array): string {
  const text = Buffer.from(payload).toString('utf8');
  let message = text;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null && 'errorMessage' in value)
      message = String(value.errorMessage);
  } catch {
    // Not JSON: all of it.
  }
  // Cutting may halve a character: the replacement character at the end goes too.
  return Buffer.from(message)
    .subarray(0, MAX_ERROR_MESSAGE_BYTES)
    .toString('utf8')
    .replace(/\uFFFD$/, '');
}
