/** What the log tells of a function's invocations for this bucket: what each was about, and what it came to. */
import { cut } from '../../doctor/words.ts';
import { isStreamOf } from '../../doctor/log-summary.ts';
import type {
  FunctionConfiguration,
  FunctionNode,
  LogSeen,
  SeenError,
  SeenRecord,
} from '../../doctor/facts.ts';
import type { SeenInvocation } from '../../doctor/facts.ts';
import type { Look } from '../../doctor/check.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import { isAbsent, valueOf } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { called } from '../../doctor/words.ts';

/** A function that events of the rules in question reach, by however many ways. */
export interface Reached {
  readonly arn: string;
  readonly node: FunctionNode;
  /** Of the version or alias that is invoked. */
  readonly configuration: FunctionConfiguration | undefined;
  readonly hops: readonly Hop[];
  readonly ruleIds: readonly string[];
  readonly depth: number;
}

export const REACHED_READS = ['functions.configuration', 'functions.qualified'] as const;

/** One that does not exist is left out: its old log says nothing of today. */
export function reachedFunctions(look: Look): readonly Reached[] {
  const byArn = new Map<string, Hop[]>();
  for (const hop of look.hops) {
    if (hop.kind === 'lambda') byArn.set(hop.arn, [...(byArn.get(hop.arn) ?? []), hop]);
  }
  return [...byArn].flatMap(([arn, hops]) => {
    const node = look.facts.functions[arn];
    if (!node || isAbsent(node.configuration)) return [];
    const configuration = valueOf(node.qualified) ?? valueOf(node.configuration);
    const ruleIds = [...new Set(hops.flatMap((hop) => hop.ruleIds))];
    return [{ arn, node, configuration, hops, ruleIds, depth: Math.min(...hops.map(({ depth }) => depth)) }];
  });
}

/** What all findings about a function have in common. */
export function about({
  arn,
  ruleIds,
  depth,
}: Reached): Pick<Finding, 'subject' | 'node' | 'ruleIds' | 'depth'> {
  return { subject: called(arn), node: arn, ruleIds, depth };
}

export interface Run {
  /** When it ended, as far as the log tells. */
  readonly time: number;
  /** Of this bucket. */
  readonly records: readonly SeenRecord[];
  readonly errors: readonly SeenError[];
  readonly invocation: SeenInvocation | undefined;
  /** Of its last attempt. */
  readonly state: 'ok' | 'failed' | 'unknown';
}

export interface Runs {
  readonly reached: Reached;
  /** Oldest first. Those of other buckets, versions and functions are left out; those that show no event are in. */
  readonly runs: readonly Run[];
  /** The function prints its events, so that an invocation without one may belong to another trigger. */
  readonly showsEvents: boolean;
}

export const RUN_READS = [...REACHED_READS, 'functions.alias', 'functions.log'] as const;

/** Of every function in question whose log could be looked at. */
export function allRuns(look: Look): readonly Runs[] {
  return reachedFunctions(look).flatMap((reached) => runsOf(look, reached) ?? []);
}

/** Undefined when the log could not be looked at. With a key in question and seen, only invocations about it. */
export function runsOf(look: Look, reached: Reached): Runs | undefined {
  const seen = look.value(reached.node.log?.seen);
  if (!seen) return undefined;
  const { name: bucket } = look.facts.bucket;
  const { key } = look.facts.question;
  const versions = versionsOf(reached.node);
  const runs = gathered(seen, reached.node.name)
    .filter(({ invocation }) => !versions || !invocation?.version || versions.includes(invocation.version))
    .filter(({ records }) => records.length === 0 || records.some((record) => record.bucket === bucket))
    .map((run) => ({ ...run, records: run.records.filter((record) => record.bucket === bucket) }));
  const ofKey = runs.filter(({ records }) => records.some((record) => record.key === key));
  return {
    reached,
    runs: (ofKey.length > 0 ? ofKey : runs).sort((a, b) => a.time - b.time),
    showsEvents: runs.some(({ records }) => records.length > 0),
  };
}

/** Versions that the qualifier stands for; undefined when that is not known. */
function versionsOf(node: FunctionNode): readonly string[] | undefined {
  const { qualifier } = node;
  if (qualifier === undefined || qualifier === '$LATEST') return ['$LATEST'];
  if (/^\d+$/.test(qualifier)) return [qualifier];
  const alias = valueOf(node.alias);
  return alias && [alias.version, ...Object.keys(alias.weights)];
}

interface Parts {
  readonly records: SeenRecord[];
  readonly errors: SeenError[];
  invocation: SeenInvocation | undefined;
}

function gathered(seen: LogSeen, name: string): Run[] {
  const parts = new Map<string, Parts>();
  const of = (id: string): Parts => {
    const known = parts.get(id) ?? { records: [], errors: [], invocation: undefined };
    parts.set(id, known);
    return known;
  };
  const own = <T extends { readonly stream: string }>(all: readonly T[]) =>
    all.filter(({ stream }) => isStreamOf(stream, name));
  const invocations = own(seen.invocations);
  for (const invocation of invocations) of(invocation.requestId).invocation = invocation;
  const home = ({ invocation, stream, time }: SeenRecord | SeenError): string =>
    invocation ??
    // What is written while an environment starts belongs to the invocation that made it start.
    invocations.find((one) => one.stream === stream && one.starts.some((start) => start >= time))
      ?.requestId ??
    `${stream} ${time}`;
  for (const record of own(seen.records)) of(home(record)).records.push(record);
  for (const error of own(seen.errors)) of(home(error)).errors.push(error);
  return [...parts.values()].map(runFrom);
}

function runFrom({ records, errors, invocation }: Parts): Run {
  const report = invocation?.report;
  const lastStart = invocation?.starts.at(-1) ?? -Infinity;
  const times = [
    report?.time,
    lastStart,
    ...errors.map(({ time }) => time),
    ...records.map(({ time }) => time),
  ];
  const reported = report !== undefined && report.time >= lastStart;
  // A line without a type is one that the function wrote about an error which it had caught.
  const failed =
    errors.some(({ time, type }) => type !== '' && time >= lastStart) || (reported && report.status !== 'ok');
  return {
    time: Math.max(...times.map((time) => time ?? -Infinity)),
    records,
    errors,
    invocation,
    state: failed ? 'failed' : reported ? 'ok' : 'unknown',
  };
}

/** The line of the log, as evidence. */
export function lineOf(error: SeenError): Evidence {
  return { call: 'log', field: error.type === '' ? 'line' : error.type, value: cut(error.message) };
}
