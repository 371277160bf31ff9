/**
 * Lambda's own log lines, as text and as JSON.
 * https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-logformat.html
 * https://docs.aws.amazon.com/lambda/latest/dg/telemetry-schema-reference.html
 */
export type InvocationStatus = 'ok' | 'error' | 'timeout';

export interface ReportMessage {
  readonly kind: 'report';
  readonly requestId: string;
  readonly durationMs: number;
  readonly billedMs: number;
  readonly memoryMb: number;
  readonly maxMemoryMb: number;
  /** Cold starts only. */
  readonly initMs?: number;
  /** `ok` also where Lambda names no status: text logs did not always say how an invocation ended. */
  readonly status: InvocationStatus;
  /** `Runtime.OutOfMemory` and the like. */
  readonly errorType?: string;
  readonly xrayTraceId?: string;
}

export interface InitMessage {
  readonly kind: 'init';
  /** INIT_START, or INIT_REPORT, which text logs have for failed initialisations only. */
  readonly phase: 'start' | 'report';
  /** `python:3.13.v50`. */
  readonly runtimeVersion?: string;
  readonly initMs?: number;
  readonly status?: InvocationStatus;
  readonly errorType?: string;
}

export type PlatformMessage =
  | { readonly kind: 'start'; readonly requestId: string; readonly version: string }
  | { readonly kind: 'end'; readonly requestId: string }
  | ReportMessage
  | InitMessage
  /** Any other line of the service: XRAY, EXTENSION, `platform.runtimeDone`, ... */
  | { readonly kind: 'platform'; readonly type: string; readonly requestId?: string; readonly text: string };

type Fields = Readonly<Record<string, unknown>>;

/** First words of lines that carry nothing worth more than showing. The blank after them differs: a space or a tab. */
const OTHER_LINES = /^(XRAY TraceId:|EXTENSION\t|TELEMETRY\t|LOGS\t|RESTORE_START |RESTORE_REPORT )/;

/** A system line of the text format (without its line feed), or undefined when it is none, or not as documented. */
export function readPlatformText(text: string): PlatformMessage | undefined {
  if (text.startsWith('START RequestId: ')) {
    const match = /^START RequestId: (\S+)(?: Version: (\S+))?/.exec(text);
    return match?.[1] === undefined
      ? undefined
      : { kind: 'start', requestId: match[1], version: match[2] ?? '$LATEST' };
  }
  if (text.startsWith('END RequestId: ')) {
    const requestId = /^END RequestId: (\S+)/.exec(text)?.[1];
    return requestId === undefined ? undefined : { kind: 'end', requestId };
  }
  if (text.startsWith('REPORT RequestId: ')) return readReport(text);
  if (text.startsWith('INIT_START ')) {
    return {
      kind: 'init',
      phase: 'start',
      ...optional('runtimeVersion', field(text, 'INIT_START Runtime Version')),
    };
  }
  if (text.startsWith('INIT_REPORT ')) {
    const initMs = amount(field(text, 'INIT_REPORT Init Duration'));
    return { kind: 'init', phase: 'report', ...optional('initMs', initMs), ...outcome(text) };
  }
  const type = OTHER_LINES.exec(text)?.[1];
  return type === undefined ? undefined : { kind: 'platform', type: type.split(/[ \t]/, 1)[0] ?? type, text };
}

const NUMBER = String.raw`(\d{1,15}(?:\.\d{1,9})?)`;

/** What most of them say, and no more. */
const PLAIN_REPORT = new RegExp(
  String.raw`^REPORT RequestId: (\S+)\tDuration: ${NUMBER} ms\tBilled Duration: ${NUMBER} ms\tMemory Size: ${NUMBER} MB\tMax Memory Used: ${NUMBER} MB\t?$`,
);

function readReport(text: string): ReportMessage | undefined {
  const plain = PLAIN_REPORT.exec(text);
  if (plain) {
    const [, requestId = '', durationMs, billedMs, memoryMb, maxMemoryMb] = plain;
    return {
      kind: 'report',
      requestId,
      durationMs: Number(durationMs),
      billedMs: Number(billedMs),
      memoryMb: Number(memoryMb),
      maxMemoryMb: Number(maxMemoryMb),
      status: 'ok',
    };
  }
  const requestId = field(text, 'REPORT RequestId');
  const numbers = {
    durationMs: amount(field(text, 'Duration')),
    billedMs: amount(field(text, 'Billed Duration')),
    memoryMb: amount(field(text, 'Memory Size')),
    maxMemoryMb: amount(field(text, 'Max Memory Used')),
  };
  if (requestId === undefined || !areNumbers(numbers)) return undefined;
  return {
    kind: 'report',
    requestId,
    ...numbers,
    ...optional('initMs', amount(field(text, 'Init Duration'))),
    status: 'ok',
    ...outcome(text),
    ...optional('xrayTraceId', field(text, 'XRAY TraceId')),
  };
}

/** The value of one of the `Name: value` pairs between tabs and line feeds. */
function field(text: string, name: string): string | undefined {
  const label = `${name}: `;
  for (let at = text.indexOf(label); at >= 0; at = text.indexOf(label, at + 1)) {
    if (at > 0 && !isSeparator(text.charCodeAt(at - 1))) continue;
    const start = at + label.length;
    let end = start;
    while (end < text.length && !isSeparator(text.charCodeAt(end))) end++;
    return text.slice(start, end).trim();
  }
  return undefined;
}

/** A tab or a line feed. */
function isSeparator(code: number): boolean {
  return code === 9 || code === 10;
}

/** The number of `3.01 ms` and `128 MB`. */
function amount(text: string | undefined): number | undefined {
  const digits = text === undefined ? undefined : /^\d{1,15}(?:\.\d{1,9})?/.exec(text)?.[0];
  return digits === undefined ? undefined : Number(digits);
}

function outcome(text: string): { status?: InvocationStatus; errorType?: string } {
  const [status, errorType] = [field(text, 'Status'), field(text, 'Error Type')];
  if (status === undefined && errorType === undefined) return {};
  return { status: statusOf(status ?? 'error'), ...optional('errorType', errorType) };
}

/** Lambda's words are success, error, failure and timeout. An unknown one is an error: it must be seen. */
function statusOf(status: unknown): InvocationStatus {
  if (status === undefined || status === 'success') return 'ok';
  return status === 'timeout' ? 'timeout' : 'error';
}

/** A line of the JSON format: `{"time", "type": "platform.report", "record": {...}}`. Undefined when it is none. */
export function readPlatformJson(line: Fields, text: string): PlatformMessage | undefined {
  const { type, record } = line;
  if (typeof type !== 'string' || !type.startsWith('platform.') || !isFields(record)) return undefined;
  const requestId = typeof record.requestId === 'string' ? record.requestId : undefined;
  const other: PlatformMessage = { kind: 'platform', type, text, ...optional('requestId', requestId) };
  const metrics = isFields(record.metrics) ? record.metrics : {};
  const errorType = optional(
    'errorType',
    typeof record.errorType === 'string' ? record.errorType : undefined,
  );
  if (type === 'platform.start' && requestId !== undefined) {
    return {
      kind: 'start',
      requestId,
      version: typeof record.version === 'string' ? record.version : '$LATEST',
    };
  }
  if (type === 'platform.initStart') {
    const version = typeof record.runtimeVersion === 'string' ? record.runtimeVersion : undefined;
    return { kind: 'init', phase: 'start', ...optional('runtimeVersion', version) };
  }
  if (type === 'platform.initReport') {
    const initMs = optional('initMs', finite(metrics.durationMs));
    return { kind: 'init', phase: 'report', ...initMs, status: statusOf(record.status), ...errorType };
  }
  if (type !== 'platform.report' || requestId === undefined) return other;
  const numbers = {
    durationMs: finite(metrics.durationMs),
    billedMs: finite(metrics.billedDurationMs),
    memoryMb: finite(metrics.memorySizeMB),
    maxMemoryMb: finite(metrics.maxMemoryUsedMB),
  };
  if (!areNumbers(numbers)) return other;
  const initMs = optional('initMs', finite(metrics.initDurationMs));
  return { kind: 'report', requestId, ...numbers, ...initMs, status: statusOf(record.status), ...errorType };
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function finite(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}

function areNumbers<K extends string>(values: Record<K, number | undefined>): values is Record<K, number> {
  return Object.values(values).every((value) => value !== undefined);
}

function optional<K extends string, V>(name: K, value: V | undefined): Partial<Record<K, V>> {
  return value === undefined ? {} : ({ [name]: value } as Record<K, V>);
}
