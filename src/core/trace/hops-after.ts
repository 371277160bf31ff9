/** The hops from the function on: that it got the event, ran, what came of it, and what its log keeps. */
import type { FunctionNode } from '../doctor/facts.ts';
import { isAbsent, valueOf } from '../doctor/reading.ts';
import type { Hop } from '../doctor/routes.ts';
import { called, times } from '../doctor/words.ts';
import { formatDuration, formatInstant } from '../duration.ts';
import { passageFindings, passageTitle, shutPassage, waitingText } from './hops-before.ts';
import type { HopIds, TraceHop } from './model.ts';
import type { Run } from './runs.ts';
import { findingsAbout, hop, idsOf, isUnread, judged, type View } from './view.ts';

/** What stands at the end of a way, and what was seen there. */
export interface End {
  readonly step: Hop;
  readonly before: Hop | undefined;
  readonly ruleId: string | null;
  readonly runs: readonly Run[];
  /** Why the events that the log shows cannot be told apart. */
  readonly doubt: string | undefined;
}

export function arrivalHop(view: View, end: End): TraceHop {
  const { step, before, ruleId, runs, doubt } = end;
  const findings = passageFindings(view, step, before, ruleId);
  const title = passageTitle(step, before);
  const [run] = runs;
  const more = { findings: idsOf(findings), ids: run ? recordIds(run) : {} };
  if (run) {
    const { eventName, eventTime } = run.record;
    const detail = `${eventName}${eventTime === undefined ? '' : ` of ${eventTime}`}`;
    return hop('delivery', { state: 'ok', title, detail }, { ...more, time: formatInstant(run.record.time) });
  }
  const shut = shutPassage(step);
  if (shut !== undefined) return hop('delivery', { state: 'broken', title, detail: shut }, more);
  const waiting = before && waitingText(view, before);
  const detail = [doubt ?? unseen(view, step), ...(waiting == null ? [] : [waiting])].join('; ');
  return hop('delivery', judged(findings, { state: 'unknown', title, detail }), more);
}

function recordIds({ record, id }: Run): HopIds {
  const { requestId, sequencer, versionId, configurationId, stream } = record;
  return { requestId, sequencer, versionId, configurationId, invocation: id, logStream: stream };
}

/** Why the log does not show the event, which never means that it did not come. */
function unseen(view: View, { arn, target }: Hop): string {
  const { facts, write } = view;
  const node = facts.functions[arn];
  const log = node?.log;
  if (!log) return 'its log was not read';
  if (isUnread(view, log.seen)) return `its log could not be read (${log.seen.call})`;
  const seen = valueOf(log.seen);
  if (!seen) return 'it has no log group: it has not run, or may not write one';
  const from = formatInstant(facts.question.since);
  if (target?.rewritten === true)
    return 'the event rule sends something else than the event, so its log cannot show it';
  if (write.at !== undefined && write.at < facts.question.since)
    return `its log was looked at from ${from} on only`;
  if (seen.truncated)
    return 'only the newest lines of its log were looked at, and they do not show the event';
  const later = seen.invocations.filter(({ starts }) =>
    starts.some((start) => start >= (write.at ?? 0) - 1_000),
  );
  if (later.length > 0 && seen.records.length === 0) {
    return `it ran ${times(later.length)} since, but prints no event: which run was this object's cannot be told`;
  }
  return `its log shows no event of this object since ${from}`;
}

/** Invocations with what came of them, one after the other. `isReached`: nothing before is broken. */
export function runHops(view: View, end: End, isReached: boolean): readonly TraceHop[] {
  const { step, runs, ruleId } = end;
  const node = view.facts.functions[step.arn];
  const about = { nodes: [step.arn], ruleId };
  const running = findingsAbout(view, { edges: ['running'], ...about });
  const outcome = findingsAbout(view, { edges: ['outcome'], ...about });
  const visibility = findingsAbout(view, { edges: ['visibility'], ...about });
  if (runs.length > 0) {
    return [
      ...runs.flatMap((run, index) => [
        invocationHop(end, index),
        outcomeHop(run, {
          retries: retriesOf(node),
          isAsync: step.sender !== undefined,
          findings: idsOf(outcome),
        }),
      ]),
      logsHop(view, node, { isSeen: true, visibility, stream: runs.at(-1)?.record.stream }),
    ];
  }
  const hops: TraceHop[] = [];
  const name = called(step.arn);
  const add = (what: 'invocation' | 'outcome', title: string, findings: typeof running) => {
    const isStopped = !isReached || hops.some(({ state }) => state === 'broken');
    const told = { state: 'unknown', title, detail: null } as const;
    hops.push(
      isStopped
        ? hop(what, { ...told, state: 'skipped' })
        : hop(what, judged(findings, told), { findings: idsOf(findings) }),
    );
  };
  add('invocation', `${name} runs`, running);
  add('outcome', `${name} comes to an end`, outcome);
  const isStopped = !isReached || hops.some(({ state }) => state === 'broken');
  const logs = logsHop(view, node, { isSeen: false, visibility, stream: undefined });
  return [...hops, isStopped ? { ...logs, state: 'skipped', detail: null } : logs];
}

function invocationHop({ step, runs }: End, index: number): TraceHop {
  const run = runs[index];
  const starts = run?.invocation?.starts ?? [];
  const again =
    index === 0
      ? []
      : [
          isFromQueue(step)
            ? 'redelivery: the queue handed the message out again'
            : 'duplicate: the same event was delivered again, as S3 may',
        ];
  const attempts =
    starts.length > 1
      ? [
          `${starts.length} attempts with one request id: Lambda tried again, at ${starts.slice(1).map(formatInstant).join(', ')}`,
        ]
      : [];
  const details = [...again, ...attempts];
  return hop(
    'invocation',
    {
      state: 'ok',
      title: `${called(step.arn)} ran`,
      detail: details.length === 0 ? null : details.join('; '),
    },
    {
      time: starts[0] === undefined ? null : formatInstant(starts[0]),
      ids: { invocation: run?.id, logStream: run?.record.stream },
    },
  );
}

export function isFromQueue({ mapping }: Hop): boolean {
  return mapping !== undefined;
}

const MOST_TEXT = 300;

function outcomeHop(
  { invocation, errors, state, id, record }: Run,
  {
    retries,
    isAsync,
    findings,
  }: { readonly retries: number; readonly isAsync: boolean; readonly findings: TraceHop['findings'] },
): TraceHop {
  const report = invocation?.report;
  const starts = invocation?.starts.length ?? 1;
  const figures = report
    ? `${formatDuration(report.durationMs)}, ${report.maxMemoryMb} of ${report.memoryMb} MB`
    : null;
  const more = {
    time: report && state !== 'unknown' ? formatInstant(report.time) : null,
    ids: { invocation: id, logStream: record.stream },
    findings: state === 'failed' ? findings : [],
  };
  if (state === 'ok') {
    const title = starts > 1 ? `came right at attempt ${starts}` : 'came right';
    return hop('outcome', { state: 'ok', title, detail: figures }, more);
  }
  if (state === 'unknown') {
    return hop(
      'outcome',
      { state: 'unknown', title: 'it has not ended, as far as its log shows', detail: null },
      more,
    );
  }
  const error = errors.find(({ type }) => type !== '') ?? errors[0];
  const what = report?.status === 'timeout' ? 'timed out' : `failed${error?.type ? `: ${error.type}` : ''}`;
  const message = error?.message.slice(0, MOST_TEXT);
  const next = !isAsync
    ? []
    : starts <= retries
      ? [`attempt ${starts} of ${retries + 1}: Lambda tries again`]
      : [`attempt ${starts} of ${retries + 1}: Lambda has given it up`];
  const detail = [...(message === undefined || message === '' ? [] : [message]), ...next].join('; ');
  return hop('outcome', { state: 'broken', title: what, detail: detail === '' ? figures : detail }, more);
}

/** Of asynchronous events: two, unless the function says otherwise. */
function retriesOf(node: FunctionNode | undefined): number {
  const qualifier = node?.qualifier ?? '$LATEST';
  return (valueOf(node?.eventInvoke) ?? []).find((one) => one.qualifier === qualifier)?.maximumRetries ?? 2;
}

function logsHop(
  view: View,
  node: FunctionNode | undefined,
  {
    isSeen,
    visibility,
    stream,
  }: {
    readonly isSeen: boolean;
    readonly visibility: ReturnType<typeof findingsAbout>;
    readonly stream: string | undefined;
  },
): TraceHop {
  const log = node?.log;
  const more = { ids: stream === undefined ? {} : { logStream: stream }, findings: idsOf(visibility) };
  if (!log) return hop('logs', { state: 'unknown', title: 'its log was not read', detail: null }, more);
  const title = `log group ${log.name}`;
  const group = valueOf(log.group);
  const days = group?.retentionDays;
  const kept = group
    ? days === undefined
      ? 'kept for ever'
      : `kept for ${days === 1 ? 'a day' : `${days} days`}`
    : null;
  if (isSeen) return hop('logs', { state: 'ok', title, detail: kept }, more);
  const { at } = view.write;
  const unknown = (detail: string) =>
    hop('logs', judged(visibility, { state: 'unknown', title, detail }), more);
  if (isUnread(view, log.group)) return unknown(`it could not be looked at (${log.group.call})`);
  if (isAbsent(log.group)) return unknown('it does not exist');
  if (days !== undefined && at !== undefined && at < view.facts.at - days * 86_400_000) {
    return unknown(`${kept ?? ''}: what it said then is gone`);
  }
  return hop('logs', judged(visibility, { state: 'ok', title, detail: kept }), more);
}
