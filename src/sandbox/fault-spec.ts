/**
 * Faults as people type them:
 *
 *     KIND[:PART,PART...]    throttle:logs.FilterLogEvents,times=3    late-logs:30s    drop:key=in/*,times=1
 *
 * A part is NAME=VALUE, or stands for itself: the requests (`*`, `s3`, `s3.PutObject`) or a time (`30s`). A comma always ends a
 * part; in a pattern `?` can stand for it.
 */
import { didYouMean } from '../core/did-you-mean.ts';
import { formatDuration, parseDuration } from '../core/duration.ts';
import { FAULT_KINDS, type FaultKind, type FaultOption, type KindFacts } from './fault-kinds.ts';
import type { FaultRule } from './fault-rules.ts';
import { SERVICES } from './sdk-clients.ts';

export type ParsedFault =
  | { readonly ok: true; readonly rule: FaultRule }
  /** `problem` is a phrase about the part that is wrong, `hint` a sentence with what is possible. */
  | { readonly ok: false; readonly problem: string; readonly hint: string };

/** Timers hold 31 bits of milliseconds. */
const MOST_MS = 2 ** 31 - 1;

class Mistake extends Error {
  readonly hint: string;

  constructor(problem: string, hint: string) {
    super(problem);
    this.hint = hint;
  }
}

/** Whether the service has the operation is left to `operationsOf`. */
export function parseFault(spec: string): ParsedFault {
  try {
    return { ok: true, rule: ruleOf(spec) };
  } catch (error) {
    if (error instanceof Mistake) return { ok: false, problem: error.message, hint: error.hint };
    throw error;
  }
}

/** The rule as `parseFault` reads it; what only code can say (further members of an error) is left out. */
export function formatFault(rule: FaultRule): string {
  const { kind, ...effect } = rule.effect;
  const { service, operation, ...where } = ('match' in rule ? rule.match : {}) as Readonly<
    Record<string, string | undefined>
  >;
  const { times, rate } = rule as { readonly times?: number; readonly rate?: number };
  const { ms, members: _, ...named } = effect as Readonly<Record<string, unknown>>;
  const target = operation === undefined ? (service ?? '*') : `${service ?? '*'}.${operation}`;
  const options = Object.entries({ ...named, ...where, times, rate });
  const parts = [
    ...(FAULT_KINDS[kind].target === 'required' ? [target] : []),
    ...(typeof ms === 'number' ? [timeText(ms)] : []),
    ...options.flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${String(value)}`])),
  ];
  return parts.length === 0 ? kind : `${kind}:${parts.join(',')}`;
}

/** Short where that says all of it. */
function timeText(ms: number): string {
  const short = formatDuration(ms);
  return parseDuration(short) === ms ? short : `${ms}ms`;
}

interface Parts {
  target: string | undefined;
  ms: number | undefined;
  readonly options: Map<FaultOption, string>;
}

function ruleOf(spec: string): FaultRule {
  const colon = spec.indexOf(':');
  const name = colon < 0 ? spec : spec.slice(0, colon);
  const kind = kindOf(name);
  const facts = FAULT_KINDS[kind];
  const parts = readParts(colon < 0 ? '' : spec.slice(colon + 1), kind, facts);
  const chance = {
    ...numberOption(parts, 'times', 1, 1_000_000_000, 'a whole number from 1', Number.isInteger),
    ...numberOption(parts, 'rate', 0, 1, 'a probability such as 0.1, above 0 and at most 1', (n) => n > 0),
  };
  const text = (option: FaultOption) => {
    const value = parts.options.get(option);
    return value === undefined ? {} : { [option]: value };
  };
  const { ms = 0 } = parts;
  switch (kind) {
    case 'deny':
    case 'throttle':
    case 'reset':
      return { ...requests(parts), effect: { kind }, ...chance };
    case 'latency':
      return { ...requests(parts), effect: { kind, ms }, ...chance };
    case 'error':
      return { ...requests(parts), effect: { kind, ...answerOf(parts) }, ...chance };
    case 'drop':
    case 'duplicate':
      return { match: { ...text('bucket'), ...text('key'), ...text('to') }, effect: { kind }, ...chance };
    case 'late-events':
    case 'reorder':
      return { match: { ...text('bucket'), ...text('key'), ...text('to') }, effect: { kind, ms }, ...chance };
    case 'late-logs':
    case 'log-disorder':
      return { match: text('group'), effect: { kind, ms }, ...chance };
    case 'iam-propagation':
    case 'function-activation':
    case 'notification-propagation':
      return { effect: { kind, ms } };
  }
}

function kindOf(name: string): FaultKind {
  if (Object.hasOwn(FAULT_KINDS, name)) return name as FaultKind;
  const kinds = Object.keys(FAULT_KINDS);
  const problem = name === '' ? 'it names no kind' : `there is no kind "${name}"${meant(name, kinds)}`;
  throw new Mistake(problem, `Kinds: ${kinds.join(', ')}.`);
}

function readParts(text: string, kind: FaultKind, facts: KindFacts): Parts {
  const parts: Parts = { target: undefined, ms: undefined, options: new Map() };
  for (const part of text === '' ? [] : text.split(',')) {
    const equals = part.indexOf('=');
    if (equals >= 0) addOption(parts, kind, facts, part.slice(0, equals), part.slice(equals + 1));
    else addBare(parts, kind, facts, part);
  }
  if (facts.target === 'required' && parts.target === undefined) {
    throw new Mistake(
      'it does not say which requests',
      `Write *, a service or service.Operation: ${facts.example}`,
    );
  }
  if (facts.time === 'required' && parts.ms === undefined) {
    throw new Mistake('it does not say how long', `Write a time such as 500ms, 30s or 5m: ${facts.example}`);
  }
  return parts;
}

function addBare(parts: Parts, kind: FaultKind, facts: KindFacts, part: string): void {
  const ms = parseDuration(part);
  if (facts.time === 'required' && ms !== undefined && parts.ms === undefined) {
    parts.ms = checkedTime(ms, part);
  } else if (facts.target === 'required' && parts.target === undefined) {
    parts.target = checkedTarget(part);
  } else {
    throw new Mistake(`"${part}" has no meaning here`, usage(kind, facts));
  }
}

function addOption(parts: Parts, kind: FaultKind, facts: KindFacts, name: string, value: string): void {
  const option = facts.options.find((known) => known === name);
  if (option === undefined) {
    throw new Mistake(`${kind} has no option "${name}"${meant(name, facts.options)}`, usage(kind, facts));
  }
  if (value === '') throw new Mistake(`"${name}=" has no value`, usage(kind, facts));
  if (parts.options.has(option) || (option === 'ms' && parts.ms !== undefined)) {
    throw new Mistake(`"${name}" stands there twice`, usage(kind, facts));
  }
  if (option !== 'ms') {
    parts.options.set(option, value);
    return;
  }
  const ms = /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new Mistake(`"ms=${value}" is no whole number of milliseconds`, usage(kind, facts));
  }
  parts.ms = checkedTime(ms, `ms=${value}`);
}

function checkedTime(ms: number, part: string): number {
  if (ms <= MOST_MS) return ms;
  throw new Mistake(`"${part}" is too long`, 'Times of up to 24d are possible.');
}

function checkedTarget(part: string): string {
  const [service = ''] = part.split('.');
  const isWhole = /^(?:\*|[a-z0-9]+(?:\.(?:\*|[A-Za-z]\w*))?)$/.test(part);
  if (isWhole && (service === '*' || SERVICES.includes(service))) return part;
  const problem = /^[\w-]+(?:\..*)?$/.test(part)
    ? `there is no service "${service}"${meant(service, SERVICES)}`
    : `"${part}" names no requests`;
  throw new Mistake(
    SERVICES.includes(service) ? `"${part}" names no requests` : problem,
    `Write *, a service or service.Operation. Services: ${SERVICES.join(', ')}.`,
  );
}

function requests({ target = '*' }: Parts): { match: { service?: string; operation?: string } } {
  const [service = '*', operation = '*'] = target.split('.');
  return {
    match: { ...(service !== '*' && { service }), ...(operation !== '*' && { operation }) },
  };
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and the errors that all other services share. */
function answerOf(parts: Parts): { status: number; code: string; message: string } {
  const { status = 500 } = numberOption(
    parts,
    'status',
    400,
    599,
    'an HTTP status from 400 to 599',
    Number.isInteger,
  );
  const isS3 = parts.target === 's3' || parts.target?.startsWith('s3.') === true;
  const code = parts.options.get('code') ?? (status === 500 ? internal(isS3) : unavailable(status));
  if (!/^[\w.]+$/.test(code))
    throw new Mistake(`"code=${code}" is no error code`, 'Write a code such as InternalError.');
  return { status, code, message: parts.options.get('message') ?? 'This error was asked for.' };
}

function internal(isS3: boolean): string {
  return isS3 ? 'InternalError' : 'InternalFailure';
}

function unavailable(status: number): string {
  if (status === 503) return 'ServiceUnavailable';
  throw new Mistake(
    `status=${status} needs a code`,
    `Write it as code=NAME: error:s3,status=${status},code=InvalidRequest`,
  );
}

function numberOption<Name extends FaultOption>(
  { options }: Parts,
  name: Name,
  least: number,
  most: number,
  what: string,
  passes: (value: number) => boolean,
): { readonly [K in Name]?: number } {
  const text = options.get(name);
  if (text === undefined) return {};
  const value = /^\d{1,10}(?:\.\d{1,10})?$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most && passes(value)) return { [name]: value } as { [K in Name]?: number };
  throw new Mistake(`"${name}=${text}" is not ${what}`, `Write ${what} after ${name}=.`);
}

function usage(kind: FaultKind, { options, example }: KindFacts): string {
  const names = options.length === 0 ? '' : ` Options of ${kind}: ${options.join(', ')}.`;
  return `Write it like ${example}.${names}`;
}

function meant(word: string, candidates: readonly string[]): string {
  const near = didYouMean(word, candidates);
  return near === undefined ? '' : `; did you mean ${near}?`;
}
