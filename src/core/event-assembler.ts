/**
 * Joins an event that a handler printed over several log events, as Python's `print(json.dumps(event, indent=2))` and `pprint` do
 * in the text format: there each line becomes a log event of its own.
 */
import { mayHoldEvent } from './event-record.ts';
import { eventsInText } from './event-text.ts';
import { readLogMessage, type AppMessage, type LogMessage } from './log-record.ts';

export interface StreamLine {
  /** Log stream: one execution environment, which handles one invocation at a time, so its lines are never interleaved. */
  readonly stream: string;
  readonly message: string;
}

export interface AssembledLine<L extends StreamLine> {
  /** The line that was pushed. */
  readonly line: L;
  /** What it says; on the line that closes a printed event also that event's records. */
  readonly read: LogMessage;
  /** How many lines the records were joined from; 1 when the line stands for itself. */
  readonly lines: number;
}

export interface Assembler {
  /** Takes the lines of any number of streams, each stream's in order, and gives each one back at once. Never throws. */
  push<L extends StreamLine>(line: L): AssembledLine<L>;
}

/** A pretty-printed S3 event has about 45 lines and 1.3 KB; an SQS batch of ten with SNS envelopes about 250 lines and 40 KB. */
export const MAX_JOINED_LINES = 500;
export const MAX_JOINED_CHARS = 65_536;

/** Streams with an event under way. The one that has waited longest is given up for a new one. */
export const MAX_OPEN_STREAMS = 256;

interface Pending {
  readonly requestId: string | undefined;
  readonly parts: string[];
  chars: number;
  /** Brackets that are open. */
  depth: number;
}

/**
 * An event begins with a line that leaves a bracket open and ends there or after a comma (`Received event: {`, pprint's
 * `{'Records': [{'awsRegion': 'us-east-1',`), and ends with the line that closes the bracket. Lines of another invocation, the
 * service's own lines, a line with a whole event and the limits above end the attempt; the lines then stand as they are.
 */
export function createAssembler(): Assembler {
  const open = new Map<string, Pending>();
  return {
    push(line) {
      const { stream } = line;
      const read = readLogMessage(line.message);
      if (read.kind !== 'app' || read.records.length > 0 || read.testEvent) {
        if (open.size > 0) open.delete(stream);
        return { line, read, lines: 1 };
      }
      const pending = open.size > 0 ? open.get(stream) : undefined;
      if (pending === undefined || belongsElsewhere(pending, read)) {
        if (pending !== undefined) open.delete(stream);
        const begun = begin(read);
        if (begun) remember(open, stream, begun);
        return { line, read, lines: 1 };
      }
      extend(pending, read.text);
      if (pending.depth > 0 && withinLimits(pending)) return { line, read, lines: 1 };
      open.delete(stream);
      if (pending.depth > 0) return { line, read, lines: 1 };
      return { line, ...complete(pending, read) };
    },
  };
}

function belongsElsewhere(pending: Pending, read: AppMessage): boolean {
  return (
    pending.requestId !== undefined && read.requestId !== undefined && pending.requestId !== read.requestId
  );
}

/** `{`, `[`, `(` and the comma. */
const OPENING: ReadonlySet<number> = new Set([123, 91, 40, 44]);

/** Whether the line ends, blanks aside, with an opening bracket or a comma. */
export function leavesOpen(line: string): boolean {
  let end = line.length - 1;
  while (end >= 0 && /\s/.test(line.charAt(end))) end--;
  return OPENING.has(line.charCodeAt(end));
}

function begin(read: AppMessage): Pending | undefined {
  if (!leavesOpen(read.text)) return undefined;
  const text = read.text.trimEnd();
  if (text.length > MAX_JOINED_CHARS) return undefined;
  const depth = bracketBalance(text);
  return depth > 0 ? { requestId: read.requestId, parts: [text], chars: text.length, depth } : undefined;
}

function remember(open: Map<string, Pending>, stream: string, pending: Pending): void {
  if (open.size >= MAX_OPEN_STREAMS) {
    for (const oldest of open.keys()) {
      open.delete(oldest);
      break;
    }
  }
  open.set(stream, pending);
}

function extend(pending: Pending, text: string): void {
  pending.chars += text.length + 1;
  if (!withinLimits(pending)) return;
  pending.parts.push(text);
  pending.depth += bracketBalance(text);
}

function withinLimits(pending: Pending): boolean {
  return pending.parts.length < MAX_JOINED_LINES && pending.chars <= MAX_JOINED_CHARS;
}

function complete(pending: Pending, read: AppMessage): { read: AppMessage; lines: number } {
  const text = pending.parts.join('\n');
  const found = mayHoldEvent(text) ? eventsInText(text) : { records: [] };
  if (found.records.length === 0 && !found.testEvent) return { read, lines: 1 };
  return { read: { ...read, ...found }, lines: pending.parts.length };
}

/**
 * Opening less closing brackets of one line, outside of strings. Strings do not span lines in any of the notations. An apostrophe
 * inside a word and a quote that is not closed are text.
 */
export function bracketBalance(line: string): number {
  const missing = new Set<string>();
  let balance = 0;
  for (let at = 0; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === '{' || char === '[' || char === '(') balance++;
    else if (char === '}' || char === ']' || char === ')') balance--;
    else if (char === '"' || char === '`' || (char === "'" && !/\w/.test(line.charAt(at - 1)))) {
      if (missing.has(char)) continue;
      const close = closingQuote(line, at, char);
      // Remembered: to look again at each of many such quotes would take quadratic time.
      if (close < 0) missing.add(char);
      else at = close;
    }
  }
  return balance;
}

function closingQuote(line: string, open: number, quote: string): number {
  for (let at = open + 1; at < line.length; at++) {
    const char = line.charAt(at);
    if (char === quote) return at;
    if (char === '\\') at++;
  }
  return -1;
}
