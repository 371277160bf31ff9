/** What a stretch of a function's log tells: records, invocations, errors. */
import { createAssembler } from '../event-assembler.ts';
import type { LogSeen, SeenError, SeenInvocation, SeenRecord } from './facts.ts';

export interface LogLine {
  /** Epoch ms. */
  readonly time: number;
  readonly stream: string;
  readonly message: string;
}

/** Kept of each; a saved file of facts stays small. */
const MOST = 500;
const MOST_TEXT = 1_000;

/** Lines that speak of a refusal without being the report of a failed invocation: handlers that catch their errors print such. */
const REFUSAL =
  /AccessDenied|not authorized to perform|NoSuchKey|NoSuchBucket|InvalidObjectState|[Cc]onnect(?:ion)? time(?:d )?out|No space left on device|signal: killed|ETIMEDOUT|ENOSPC|\(40[34]\)/;

/** What ended the invocation from outside: often nothing but the REPORT line tells it. */
const STOPPED = /^(?:Runtime|Sandbox)\./;

/** `lines` in the order of their times; those of one stream in the order in which they were written. */
export function summarizeLog(lines: readonly LogLine[], truncated: boolean): LogSeen {
  const assembler = createAssembler();
  const records: SeenRecord[] = [];
  const errors: SeenError[] = [];
  type Invocation = { -readonly [K in keyof SeenInvocation]: SeenInvocation[K] } & {
    readonly starts: number[];
  };
  const invocations = new Map<string, Invocation>();
  // Lambda prints no request id with an app line of the text format: it is the one that the stream is at.
  const current = new Map<string, string>();
  /** How many errors were known at the stream's last REPORT. */
  const reported = new Map<string, number>();
  const invocation = (requestId: string, stream: string): Invocation => {
    const known = invocations.get(requestId);
    if (known) return known;
    const made: Invocation = { requestId, starts: [], stream };
    invocations.set(requestId, made);
    return made;
  };
  for (const line of lines) {
    const { read } = assembler.push(line);
    const { time, stream } = line;
    switch (read.kind) {
      case 'start': {
        current.set(stream, read.requestId);
        const one = invocation(read.requestId, stream);
        one.starts.push(time);
        one.version = read.version;
        break;
      }
      case 'report': {
        const { requestId, durationMs, memoryMb, maxMemoryMb, status, errorType } = read;
        const one = invocation(requestId, stream);
        one.report = { time, durationMs, memoryMb, maxMemoryMb, status, errorType };
        const type = status === 'timeout' ? 'Sandbox.Timedout' : errorType;
        // A stream has one invocation at a time, so what was told since the last REPORT is of this one.
        const isTold = errors
          .slice(reported.get(stream) ?? 0)
          .some((error) => error.stream === stream && error.type === type);
        reported.set(stream, errors.length);
        if (type === undefined || !STOPPED.test(type) || isTold) break;
        const message = `REPORT Duration: ${durationMs} ms Status: ${status} Error Type: ${type}`;
        errors.push({ time, invocation: requestId, stream, type, message });
        break;
      }
      case 'app': {
        const of = read.requestId ?? current.get(stream);
        for (const record of read.records) {
          records.push({
            time,
            invocation: of,
            stream,
            eventName: record.eventName,
            eventTime: record.eventTime,
            bucket: record.bucket,
            key: record.key,
            rawKey: record.rawKey,
            sequencer: record.sequencer,
            versionId: record.versionId,
            eTag: record.eTag,
            configurationId: record.configurationId,
            requestId: record.requestId,
            principalId: principalOf(record.raw),
            via: record.via,
          });
        }
        if (read.error) {
          errors.push({
            time,
            invocation: of,
            stream,
            type: read.error.type,
            message: read.error.message.slice(0, MOST_TEXT),
          });
        } else if (read.records.length === 0 && REFUSAL.test(read.text)) {
          errors.push({ time, invocation: of, stream, type: '', message: read.text.slice(0, MOST_TEXT) });
        }
        break;
      }
      case 'init':
      case 'end':
      case 'platform':
        break;
    }
  }
  return {
    lines: lines.length,
    truncated,
    records: records.slice(-MOST),
    invocations: [...invocations.values()].slice(-MOST),
    errors: errors.slice(-MOST),
  };
}

function principalOf(raw: unknown): string | undefined {
  const { userIdentity } = (raw ?? {}) as { readonly userIdentity?: { readonly principalId?: unknown } };
  const id = userIdentity?.principalId;
  return typeof id === 'string' ? id : undefined;
}

/**
 * Functions may share a log group; then the streams carry their names:
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-loggroups.html
 */
export function isStreamOf(stream: string, name: string): boolean {
  const shown = /^\d{4}\/\d\d\/\d\d\/([A-Za-z0-9_-]+)\[/.exec(stream)?.[1];
  return shown === undefined || shown === name;
}
