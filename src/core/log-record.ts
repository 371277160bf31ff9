/** What a log event of a Lambda function says: the service's own lines, and the function's with the S3 events printed in them. */
import {
  mayHoldEvent,
  recordsOf,
  type EventRecord,
  type FoundEvents,
  type TestEvent,
} from './event-record.ts';
import { eventsInText } from './event-text.ts';
import { errorInFields, errorOf, type LoggedError } from './log-error.ts';
import { readPlatformJson, readPlatformText, type PlatformMessage } from './log-platform.ts';

export interface AppMessage {
  readonly kind: 'app';
  readonly requestId?: string;
  /** Upper case, in the program's own word: `WARN` or `WARNING`. */
  readonly level?: string;
  /** The message without the logger's prefix and without line feeds at its end. */
  readonly text: string;
  /** Every S3 event that can be read in the text; empty when there is none, or when it is cut off. */
  readonly records: readonly EventRecord[];
  readonly testEvent?: TestEvent;
  /** When the line reports that an invocation or an initialisation failed. */
  readonly error?: LoggedError;
}

export { errorOf };

export type LogMessage = PlatformMessage | AppMessage;

type Fields = Readonly<Record<string, unknown>>;

const ID = String.raw`([0-9a-fA-F-]{36}|undefined|)`;
const TIME = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.,]?\d{0,9}Z`;

/** Python's logging: `[INFO]<TAB>time<TAB>id<TAB>text`. The id is empty while the function is being initialised. */
const PYTHON_PREFIX = new RegExp(String.raw`^\[([A-Z]{2,10})\]\t${TIME}\t${ID}\t`);

/** Node's console: `time<TAB>id<TAB>INFO<TAB>text`. */
const NODE_PREFIX = new RegExp(String.raw`^${TIME}\t${ID}\t([A-Z]{2,10})\t`);

/** `time id Task timed out after 3.00 seconds`, which is the service's, with spaces. */
const TIMEOUT_PREFIX = new RegExp(String.raw`^${TIME} ${ID} (?=Task timed out after )`);

/** Reads one log event of a Lambda function. Never throws; what is not understood is an `app` message with the text as it is. */
export function readLogMessage(message: string): LogMessage {
  const text = withoutLineEnd(message);
  const fields = text.startsWith('{') ? parseFields(text) : undefined;
  if (fields) return readPlatformJson(fields, text) ?? readJson(fields, text);
  return readPlatformText(text) ?? readText(text);
}

const LINE_FEED = 10;
const RETURN = 13;

/** A log event's text: what CloudWatch Logs keeps of a printed line often has its line feed. */
export function withoutLineEnd(message: string): string {
  let end = message.length;
  for (let code = message.charCodeAt(end - 1); code === LINE_FEED || code === RETURN;)
    code = message.charCodeAt(--end - 1);
  return message.slice(0, end);
}

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readText(line: string): AppMessage {
  const { requestId, level, length } = prefixOf(line);
  const text = length === 0 ? line : line.slice(length);
  return appMessage({ requestId, level, text, error: errorOf(text), found: eventsInText(text) });
}

interface Prefix {
  readonly requestId?: string | undefined;
  readonly level?: string | undefined;
  /** Characters before the message. */
  readonly length: number;
}

const NO_PREFIX: Prefix = { length: 0 };

/** By its first character most text is known to have none: a long log has many lines. */
function prefixOf(line: string): Prefix {
  const first = line.charCodeAt(0);
  if (first === OPENING_BRACKET) {
    const python = PYTHON_PREFIX.exec(line);
    return python ? { level: python[1], requestId: python[2], length: python[0].length } : NO_PREFIX;
  }
  if (first >= ZERO && first <= NINE) {
    const node = NODE_PREFIX.exec(line);
    if (node) return { requestId: node[1], level: node[2], length: node[0].length };
    const timeout = TIMEOUT_PREFIX.exec(line);
    return timeout ? { requestId: timeout[1], length: timeout[0].length } : NO_PREFIX;
  }
  if (!line.startsWith('RequestId: ')) return NO_PREFIX;
  return { requestId: /^RequestId: ([0-9a-fA-F-]{36}) /.exec(line)?.[1], length: 0 };
}

const OPENING_BRACKET = 91;
const ZERO = 48;
const NINE = 57;

/**
 * A JSON object: a line of the JSON log format (or of a logger that writes like it), whose message is an object or a text of any
 * kind, or else an object that the function printed.
 */
function readJson(fields: Fields, text: string): AppMessage {
  const { message } = fields;
  const holdsEvent = mayHoldEvent(text);
  const error = errorInFields(fields) ?? (isFields(message) ? errorInFields(message) : undefined);
  if (!isLogLine(fields)) {
    return appMessage({ text, error, found: holdsEvent ? recordsOf(fields) : { records: [] } });
  }
  const level = [fields.level, fields.log_level].find((value) => typeof value === 'string');
  const requestId = REQUEST_ID_FIELDS.map((name) => fields[name]).find((value) => typeof value === 'string');
  const shown = typeof message === 'string' ? message : (printed(message) ?? text);
  return appMessage({
    requestId,
    level: level?.toUpperCase(),
    text: withoutLineEnd(shown),
    error: error ?? (typeof message === 'string' ? errorOf(message) : undefined),
    found: holdsEvent ? eventsInLine(fields) : { records: [] },
  });
}

/** JSON.parse takes any depth of nesting, JSON.stringify only what the stack allows. */
function printed(message: unknown): string | undefined {
  try {
    return message === undefined ? undefined : JSON.stringify(message);
  } catch {
    return undefined;
  }
}

/** Lambda's own, Java's, and that of Powertools for AWS Lambda. */
const REQUEST_ID_FIELDS = [
  'requestId',
  'AWSrequestId',
  'AWSRequestId',
  'awsRequestId',
  'function_request_id',
];

function isLogLine(fields: Fields): boolean {
  const described =
    typeof fields.level === 'string' || typeof fields.log_level === 'string' || 'timestamp' in fields;
  return described && ('message' in fields || 'errorMessage' in fields);
}

function eventsInLine(fields: Fields): FoundEvents {
  const { message, ...rest } = fields;
  const inMessage = typeof message === 'string' ? eventsInText(message) : recordsOf(message);
  const inRest = recordsOf(rest);
  const testEvent = inMessage.testEvent ?? inRest.testEvent;
  const records = [...inMessage.records, ...inRest.records];
  return testEvent === undefined ? { records } : { records, testEvent };
}

interface AppParts {
  readonly requestId?: string | undefined;
  readonly level?: string | undefined;
  readonly text: string;
  readonly error: LoggedError | undefined;
  readonly found: FoundEvents;
}

function appMessage({ requestId, level, text, error, found }: AppParts): AppMessage {
  const message: { -readonly [Field in keyof AppMessage]: AppMessage[Field] } = {
    kind: 'app',
    text,
    records: found.records,
  };
  if (requestId !== undefined && requestId !== '' && requestId !== 'undefined') message.requestId = requestId;
  const shownLevel = level ?? (error ? 'ERROR' : undefined);
  if (shownLevel !== undefined) message.level = shownLevel;
  if (found.testEvent) message.testEvent = found.testEvent;
  if (error) message.error = error;
  return message;
}
