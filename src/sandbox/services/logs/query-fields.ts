/**
 * The fields that Logs Insights discovers in a message
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CWL_AnalyzeLogData-discoverable-fields.html): those of Lambda's
 * lines, and those of the first embedded JSON object, by dotted path.
 */
import type { Value } from './query-value.ts';

const MAX_JSON_FIELDS = 200;
const REQUEST_ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
const PLATFORM_LINE = new RegExp(`^(START|END|REPORT) RequestId: (${REQUEST_ID})`);
/** What the runtimes of Node and Python put before a line of the application. */
const APPLICATION_LINE = new RegExp(
  `^(?:\\[[A-Z]+\\]\\t)?\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z\\t(${REQUEST_ID})(?:\\t|$)`,
);

/** Memory comes as bytes, 128 MB as 128000000: AWS's own sample queries divide it by 1000 twice. */
const REPORT_FIELDS: readonly (readonly [field: string, pattern: RegExp, factor: number])[] = [
  ['@duration', /\tDuration: ([\d.]+) ms/, 1],
  ['@billedDuration', /\tBilled Duration: ([\d.]+) ms/, 1],
  ['@memorySize', /\tMemory Size: (\d+) MB/, 1_000_000],
  ['@maxMemoryUsed', /\tMax Memory Used: (\d+) MB/, 1_000_000],
  ['@initDuration', /\tInit Duration: ([\d.]+) ms/, 1],
];

export function discoverFields(message: string): ReadonlyMap<string, Value> {
  const fields = new Map<string, Value>();
  const platform = PLATFORM_LINE.exec(message);
  if (platform) {
    fields.set('@type', platform[1]).set('@requestId', platform[2]);
    if (platform[1] === 'REPORT') discoverReport(message, fields);
    return fields;
  }
  const requestId = APPLICATION_LINE.exec(message)?.[1];
  if (requestId !== undefined) fields.set('@requestId', requestId);
  const json = firstJsonObject(message);
  if (json) flatten(json, '', fields);
  return fields;
}

function discoverReport(message: string, fields: Map<string, Value>): void {
  for (const [field, pattern, factor] of REPORT_FIELDS) {
    const number = pattern.exec(message)?.[1];
    if (number !== undefined) fields.set(field, Number(number) * factor);
  }
  const trace = /\bXRAY TraceId: (\S+)\tSegmentId: (\S+)/.exec(message);
  if (trace) fields.set('@xrayTraceId', trace[1]).set('@xraySegmentId', trace[2]);
}

/** From the first brace to the one that closes it. */
function firstJsonObject(message: string): object | undefined {
  const start = message.indexOf('{');
  if (start < 0) return undefined;
  let depth = 0;
  let inString = false;
  for (let i = start; i < message.length; i++) {
    const char = message[i];
    if (inString) {
      if (char === '\\') i++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{') depth++;
    else if (char === '}' && --depth === 0) return parseObject(message.slice(start, i + 1));
  }
  return undefined;
}

function parseObject(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** `{"a":{"b":[7]}}` has the field `a.b.0`. A name that begins with @ gets another one. */
function flatten(node: object, prefix: string, fields: Map<string, Value>): void {
  for (const [key, value] of Object.entries(node) as [string, unknown][]) {
    if (fields.size >= MAX_JSON_FIELDS) return;
    const name = prefix === '' ? key.replace(/^@/, '@@') : `${prefix}.${key}`;
    if (typeof value === 'object' && value !== null) flatten(value, name, fields);
    else if (typeof value === 'string' || typeof value === 'number') fields.set(name, value);
    // What a null is in a query is UNKNOWN: an absent field here.
    else if (typeof value === 'boolean') fields.set(name, value ? 1 : 0);
  }
}
