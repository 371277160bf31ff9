/** Finds S3 events that a program printed somewhere in its text, in any of the notations that `literal.ts` reads. */
import { mayHoldEvent, recordsOf, type EventRecord, type FoundEvents } from './event-record.ts';
import { scanLiteral } from './literal.ts';

const MARKERS = ['aws:s3', 'aws.s3', 's3:TestEvent'];

/**
 * What is read twice (brackets that lead nowhere, from the next bracket inside them; strings that hold no event) may cost this
 * many times the text's length. From then on the search goes on where reading failed: linear on text made to be slow.
 */
const MAX_REREADS = 4;

/** All events in `text`, in order. An event that is cut off or unreadable is not among them. Never throws. */
export function eventsInText(text: string): FoundEvents {
  if (!mayHoldEvent(text)) return NOTHING;
  const all: EventRecord[] = [];
  let testEvent: FoundEvents['testEvent'];
  // An event's marker stands inside its brackets: behind the last one there is nothing to find.
  const last = Math.max(...MARKERS.map((marker) => text.lastIndexOf(marker)));
  let budget = text.length * MAX_REREADS;
  for (let at = nextOpening(text, 0, last); at >= 0;) {
    const reading = readAt(text, at, budget > 0);
    budget -= reading.cost;
    for (const record of reading.found.records) all.push(record);
    testEvent ??= reading.found.testEvent;
    const next = reading.complete || budget <= 0 ? reading.end : at + 1;
    at = nextOpening(text, Math.max(next, at + 1), last);
  }
  return testEvent === undefined ? { records: all } : { records: all, testEvent };
}

interface Reading {
  readonly found: FoundEvents;
  /** How far the text was read. */
  readonly end: number;
  readonly complete: boolean;
  /** Characters read, those of a failed attempt included. */
  readonly cost: number;
}

const NOTHING: FoundEvents = { records: [] };

function readAt(text: string, at: number, rereads: boolean): Reading {
  if (!rereads || !isQuote(text[at - 1])) return readLiteralAt(text, at, 0);
  // `body='{"Records": ...}'`: an event inside a string, with the string's own escapes.
  const quoted = readLiteralAt(text, at - 1, 0);
  if (quoted.found.records.length > 0 || quoted.found.testEvent) return quoted;
  return readLiteralAt(text, at, quoted.cost);
}

function readLiteralAt(text: string, at: number, spent: number): Reading {
  const { value, end, complete } = scanLiteral(text, at);
  return { found: complete ? recordsOf(value) : NOTHING, end, complete, cost: end - at + spent };
}

function isQuote(char: string | undefined): boolean {
  return char === '"' || char === "'" || char === '`';
}

/** Index of the first `{` or `[` from `from` to `last`; -1 when there is none. */
function nextOpening(text: string, from: number, last: number): number {
  for (let at = from; at < last; at++) {
    const code = text.charCodeAt(at);
    if (code === 123 || code === 91) return at;
  }
  return -1;
}
