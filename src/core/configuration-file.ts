/** A notification configuration in a file: what `ls --json` prints, or AWS's own document. */
import { parseArn } from './arn.ts';
import { EVENT_NAMES } from './event-name.ts';
import { suggestEvent } from './event-suggestion.ts';
import { MAX_FILTER_VALUE_BYTES, type KeyFilter } from './key-filter.ts';
import { rulesOf, type Destination, type NotificationDocument, type Rule } from './notification.ts';

export interface ConfigurationFile {
  readonly rules: readonly Rule[];
  /** Undefined when the file says nothing of it. */
  readonly eventBridge: boolean | undefined;
  /** The bucket that the file was written from, if it names one. */
  readonly bucket: string | undefined;
}

export type ParsedConfiguration =
  | { readonly ok: true; readonly file: ConfigurationFile }
  /** Where in the file, and what is wrong there. */
  | { readonly ok: false; readonly problem: string };

type Json = Readonly<Record<string, unknown>>;

class Problem extends Error {}

const LISTS = ['LambdaFunctionConfigurations', 'QueueConfigurations', 'TopicConfigurations'] as const;

/** Never throws. Accepts the envelope of `ls --json`, its `data`, and the document that the AWS CLI prints. */
export function parseConfigurationFile(text: string): ParsedConfiguration {
  try {
    return { ok: true, file: readFile(text) };
  } catch (error) {
    if (error instanceof Problem) return { ok: false, problem: error.message };
    throw error;
  }
}

/**
 * The document that the AWS CLI prints or takes, with all that S3 may find wrong with its values; undefined for other files, and where
 * a member is not even of its type.
 */
export function documentAsWritten(text: string): NotificationDocument | undefined {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isObject(json) || !LISTS.some((list) => list in json)) return undefined;
  const body = json;
  return LISTS.every((list) => body[list] === undefined || isListOf(body[list], isElement))
    ? body
    : undefined;
}

function isElement(value: unknown): boolean {
  if (!isObject(value)) return false;
  const { Id, LambdaFunctionArn, QueueArn, TopicArn, Events, Filter = {} } = value;
  const key = isObject(Filter) ? (Filter['Key'] ?? {}) : undefined;
  const rules = isObject(key) ? (key['FilterRules'] ?? []) : undefined;
  return (
    [Id, LambdaFunctionArn, QueueArn, TopicArn].every(isOptionalText) &&
    (Events === undefined || isListOf(Events, (event) => typeof event === 'string')) &&
    isListOf(rules, (rule) => isObject(rule) && isOptionalText(rule['Name']) && isOptionalText(rule['Value']))
  );
}

function isListOf(value: unknown, isOne: (one: unknown) => boolean): boolean {
  return Array.isArray(value) && value.every(isOne);
}

function isOptionalText(value: unknown): boolean {
  return value === undefined || typeof value === 'string';
}

function readFile(text: string): ConfigurationFile {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Problem(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const top = object(json, 'the file');
  const body = isObject(top['data']) ? top['data'] : top;
  const isDocument = [...LISTS, 'EventBridgeConfiguration'].some((name) => name in body);
  if (!isDocument && !('rules' in body) && Object.keys(body).length > 0) {
    throw new Problem('there are neither "rules" (of ls --json) nor configurations (of the AWS CLI) in it');
  }
  const rules = isDocument ? documentRules(body) : reportedRules(body);
  const ids = new Set<string>();
  for (const { id } of rules) {
    if (ids.has(id)) throw new Problem(`two rules have the id "${id}"`);
    ids.add(id);
  }
  const eventBridge = body['eventBridge'];
  if (eventBridge !== undefined && typeof eventBridge !== 'boolean') {
    throw new Problem('"eventBridge" must be true or false');
  }
  return {
    rules,
    eventBridge: isDocument ? 'EventBridgeConfiguration' in body : eventBridge,
    bucket: typeof body['bucket'] === 'string' ? body['bucket'] : undefined,
  };
}

function documentRules(body: Json): readonly Rule[] {
  for (const list of LISTS) {
    const elements = body[list];
    if (elements === undefined) continue;
    if (!Array.isArray(elements)) throw new Problem(`"${list}" must be a list`);
    elements.forEach((element, index) => {
      const at = `${list}[${index}]`;
      const { Id, Events, Filter } = object(element, at);
      textOf(Id, `${at}.Id`);
      eventsOf(Events, `${at}.Events`);
      if (Filter !== undefined) filterRules(object(Filter, `${at}.Filter`), `${at}.Filter`);
    });
  }
  return rulesOf(body as NotificationDocument).map((rule) => ({
    ...rule,
    destination: destination(rule.destination.arn, `rule "${rule.id}"`),
  }));
}

function filterRules(filter: Json, at: string): void {
  const key = object(filter['Key'] ?? {}, `${at}.Key`);
  const rules = key['FilterRules'] ?? [];
  if (!Array.isArray(rules)) throw new Problem(`${at}.Key.FilterRules must be a list`);
  rules.forEach((rule, index) => {
    const where = `${at}.Key.FilterRules[${index}]`;
    const { Name, Value } = object(rule, where);
    if (!/^(?:prefix|suffix)$/i.test(textOf(Name, `${where}.Name`))) {
      throw new Problem(`${where}.Name must be prefix or suffix`);
    }
    filterValue(Value, `${where}.Value`);
  });
}

function reportedRules(body: Json): readonly Rule[] {
  const rules = body['rules'] ?? [];
  if (!Array.isArray(rules)) throw new Problem('"rules" must be a list');
  return rules.map((value: unknown, index) => {
    const at = `rules[${index}]`;
    const { id, events, prefix, suffix, destination: to } = object(value, at);
    const filter: { prefix?: string; suffix?: string } = {};
    if (prefix !== null && prefix !== undefined) filter.prefix = filterValue(prefix, `${at}.prefix`);
    if (suffix !== null && suffix !== undefined) filter.suffix = filterValue(suffix, `${at}.suffix`);
    return {
      id: textOf(id, `${at}.id`),
      events: eventsOf(events, `${at}.events`),
      filter: filter satisfies KeyFilter,
      destination: destination(
        textOf(object(to, `${at}.destination`)['arn'], `${at}.destination.arn`),
        `${at}.destination.arn`,
      ),
    };
  });
}

function destination(arn: string, at: string): Destination {
  const kind = parseArn(arn)?.service;
  if (kind === 'lambda' || kind === 'sqs' || kind === 'sns') return { kind, arn };
  throw new Problem(`${at}: "${arn}" is no ARN of a function, a queue or a topic`);
}

function eventsOf(value: unknown, at: string): readonly string[] {
  if (!Array.isArray(value) || value.length === 0) throw new Problem(`${at} must be a list of events`);
  return value.map((name: unknown, index) => {
    const text = textOf(name, `${at}[${index}]`);
    if ((EVENT_NAMES as readonly string[]).includes(text)) return text;
    const near = suggestEvent(text);
    // An event that AWS added since must come through unharmed.
    if (near === undefined && /^s3:[A-Za-z]+(?::(?:[A-Za-z]+|\*))?$/.test(text)) return text;
    throw new Problem(
      `${at}[${index}]: S3 has no event "${text}"${near === undefined ? '' : `; did you mean ${near}?`}`,
    );
  });
}

function filterValue(value: unknown, at: string): string {
  if (typeof value !== 'string') throw new Problem(`${at} must be a text`);
  // At most three bytes for each unit of UTF-16; the exact count is S3's business.
  if (value.length > MAX_FILTER_VALUE_BYTES)
    throw new Problem(`${at} is longer than ${MAX_FILTER_VALUE_BYTES} bytes`);
  return value;
}

function textOf(value: unknown, at: string): string {
  if (typeof value === 'string' && value !== '') return value;
  throw new Problem(`${at} must be a text that is not empty`);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function object(value: unknown, at: string): Json {
  if (isObject(value)) return value;
  throw new Problem(`${at} must be a JSON object`);
}
