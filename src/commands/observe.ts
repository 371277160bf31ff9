import { readLiveTail } from '../aws/sources/live-tail.ts';
import { readLogs, type LogLine } from '../aws/sources/logs.ts';
import type { Aws } from '../aws/clients.ts';
import type { Clock } from '../core/clock.ts';
import {
  bracketBalance,
  createAssembler,
  leavesOpen,
  MAX_JOINED_CHARS,
  MAX_JOINED_LINES,
  MAX_OPEN_STREAMS,
} from '../core/event-assembler.ts';
import type { EventRecord } from '../core/event-record.ts';
import type { ReportMessage } from '../core/log-platform.ts';
import type { LogMessage } from '../core/log-record.ts';

/** A log line with what it says: the source of `tail`, and of `test-upload`'s watch. */
export interface ObservedLine {
  readonly line: LogLine;
  /** All the lines of an event that was printed over several, `line` last; else `line` alone. */
  readonly parts: readonly LogLine[];
  readonly message: LogMessage;
  /** Of the line itself, or of the event that it completes. */
  readonly records: readonly EventRecord[];
  /** The invocation that the line belongs to, where it can be known. */
  readonly requestId: string | undefined;
}

export type Observation =
  | { readonly type: 'lines'; readonly lines: readonly ObservedLine[] }
  | { readonly type: 'caught-up' | 'no-group' | 'throttled' | 'sampled' };

export interface ObserveOptions {
  readonly group: string;
  readonly start: number;
  readonly end?: number | undefined;
  readonly follow: boolean;
  /** StartLiveTail in place of polling; for following only. */
  readonly live?: boolean | undefined;
}

/** Streams whose current invocation is remembered (an execution environment writes one stream), and invocations that failed. */
const MAX_STREAMS = 2_000;
/** Lines of one print reach the log together; what begins like an event and does not go on is shown after this long. */
const HOLD_MS = 2_000;

/** On AWS FilterLogEvents is shared by the whole account at 5 to 25 calls a second; a local endpoint has no such limit. */
export async function pace(aws: Aws): Promise<{ activeWaitMs: number; idleWaitMs: number }> {
  const { endpointUrl } = await aws.target();
  const local =
    endpointUrl !== undefined && /^https?:\/\/(?:127\.|localhost|\[::1\])/.test(endpointUrl.value);
  return local ? { activeWaitMs: 40, idleWaitMs: 250 } : { activeWaitMs: 700, idleWaitMs: 3_000 };
}

/** Follows one function's log group and reads what its lines say. Lines of a stream come in order. */
export async function* observe(
  env: { aws: Aws; clock: Clock; signal: AbortSignal },
  options: ObserveOptions,
): AsyncGenerator<Observation> {
  const assembler = createAssembler();
  const invocations = createInvocationTracker();
  const hold = createHold();
  const read = options.live === true ? readLiveTail : readLogs;
  try {
    for await (const item of read(env, { ...options, ...(await pace(env.aws)) })) {
      if (item.type !== 'lines') {
        const overdue = hold.release(env.clock.now() - HOLD_MS);
        if (overdue.length > 0) yield { type: 'lines', lines: overdue };
        yield item;
        continue;
      }
      const now = env.clock.now();
      const lines: ObservedLine[] = [];
      for (const line of item.lines) {
        const { read, lines: joined } = assembler.push(line);
        const records = read.kind === 'app' ? read.records : NONE;
        const requestId = invocations.take(line, read);
        const message = read.kind === 'report' ? invocations.outcome(read) : read;
        hold.take({ line, parts: [line], message, records, requestId }, joined, now, lines);
      }
      if (lines.length > 0) yield { type: 'lines', lines };
    }
  } catch (error) {
    const rest = hold.release(Number.POSITIVE_INFINITY);
    if (rest.length > 0) yield { type: 'lines', lines: rest };
    throw error;
  }
  const rest = hold.release(Number.POSITIVE_INFINITY);
  if (rest.length > 0) yield { type: 'lines', lines: rest };
}

const NONE: readonly EventRecord[] = [];

interface Held {
  readonly lines: ObservedLine[];
  /** Brackets that are open. */
  depth: number;
  chars: number;
  readonly since: number;
}

/**
 * Keeps back the lines that may be the beginning of an event, so that the event can be shown in their place. What turns out to be
 * something else is shown after all, before the next line of its stream.
 */
function createHold(): {
  /** Puts what may be shown now behind `shown`. `joined`: how many lines the assembler made the records of. */
  take(observed: ObservedLine, joined: number, now: number, shown: ObservedLine[]): void;
  /** What has been held since that time or longer. */
  release(since: number): readonly ObservedLine[];
} {
  const streams = new Map<string, Held>();
  return {
    take(observed, joined, now, shown) {
      const { stream } = observed.line;
      const held = streams.size === 0 ? undefined : streams.get(stream);
      if (held !== undefined) {
        if (joined > 1) {
          streams.delete(stream);
          const own = held.lines.splice(Math.max(0, held.lines.length - (joined - 1)));
          shown.push(...held.lines, { ...observed, parts: [...own.map(({ line }) => line), observed.line] });
          return;
        }
        const text = appText(observed);
        if (text !== undefined && held.lines.at(-1)?.requestId === observed.requestId) {
          held.lines.push(observed);
          held.depth += bracketBalance(text);
          held.chars += text.length;
          const open = held.depth > 0;
          if (open && held.lines.length < MAX_JOINED_LINES && held.chars < MAX_JOINED_CHARS) return;
          streams.delete(stream);
          shown.push(...(open ? held.lines : closed(held.lines)));
          return;
        }
        streams.delete(stream);
        shown.push(...held.lines);
      }
      const text = observed.records.length === 0 ? appText(observed) : undefined;
      const depth = text === undefined || streams.size >= MAX_OPEN_STREAMS ? 0 : openBrackets(text);
      if (text === undefined || depth <= 0) shown.push(observed);
      else streams.set(stream, { lines: [observed], depth, chars: text.length, since: now });
    },
    release(since) {
      const due: ObservedLine[] = [];
      for (const [stream, held] of streams) {
        if (held.since > since) continue;
        streams.delete(stream);
        for (const line of held.lines) due.push(line);
      }
      return due;
    },
  };
}

function appText({ message }: ObservedLine): string | undefined {
  return message.kind === 'app' ? message.text : undefined;
}

/** An SQS message that pprint prints has its event in one line of many: those around it are part of it. */
function closed(lines: readonly ObservedLine[]): readonly ObservedLine[] {
  const records = lines.flatMap((observed) => observed.records);
  const last = lines.at(-1);
  if (last === undefined || records.length === 0) return lines;
  return [{ ...last, parts: lines.map(({ line }) => line), records }];
}

/** As the assembler tells an event's first line. */
function openBrackets(text: string): number {
  return text.length <= MAX_JOINED_CHARS && leavesOpen(text) ? bracketBalance(text) : 0;
}

/**
 * Plain output carries no request id; within a stream invocations follow one another, so START and END enclose their
 * lines. And the REPORT of a handler that threw names no status in the text format: the line with its error says it.
 */
function createInvocationTracker(): {
  /** The invocation of the line, where it can be known. */
  take(line: LogLine, message: LogMessage): string | undefined;
  /** The report with the status that the lines before it tell. Call it once for each, after `take`. */
  outcome(report: ReportMessage): ReportMessage;
} {
  const current = new Map<string, string>();
  const failed = new Map<string, 'error' | 'timeout'>();
  const remember = <V>(map: Map<string, V>, key: string, value: V) => {
    map.delete(key);
    map.set(key, value);
    if (map.size > MAX_STREAMS) map.delete(map.keys().next().value ?? '');
  };
  return {
    take(line, message) {
      if (message.kind === 'start') remember(current, line.stream, message.requestId);
      const named = 'requestId' in message ? message.requestId : undefined;
      const requestId = named ?? current.get(line.stream);
      // JSON is either a program's own, or of the JSON format, whose report has a status.
      if (requestId !== undefined && message.kind === 'app' && message.error && !line.message.startsWith('{'))
        remember(failed, requestId, message.error.type === 'Sandbox.Timedout' ? 'timeout' : 'error');
      return requestId;
    },
    outcome(report) {
      const status = failed.get(report.requestId);
      if (status === undefined) return report;
      // A retry has the same request id.
      failed.delete(report.requestId);
      return report.status === 'ok' ? { ...report, status } : report;
    },
  };
}
