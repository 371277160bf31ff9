/** What happened more than once, told apart by ids: retries, duplicates, two rules, two writes; and where failures may lie. */
import { liveRules } from '../doctor/routes.ts';
import { called, times } from '../doctor/words.ts';
import { isFromQueue } from './hops-after.ts';
import type { TraceNote, TraceWay } from './model.ts';
import type { Run } from './runs.ts';
import type { View } from './view.ts';
import type { FittedPath } from './ways.ts';
import { eventIdOf } from './write.ts';

export interface WayRuns {
  readonly path: FittedPath;
  readonly runs: readonly Run[];
  readonly way: TraceWay;
}

export function notesOf(view: View, walked: readonly WayRuns[]): readonly TraceNote[] {
  const notes = [
    ...walked.flatMap(retries),
    ...walked.flatMap(repeats),
    ...severalRules(walked),
    ...severalWrites(view),
    ...formerRules(view),
    ...walked.flatMap(deadLetters),
  ];
  return [...new Map(notes.map((note) => [`${note.kind} ${note.text}`, note])).values()];
}

function endOf({ steps }: FittedPath): string {
  return called(steps.at(-1)?.arn ?? '');
}

/** The same request id of Lambda, started several times. */
function retries({ path, runs }: WayRuns): readonly TraceNote[] {
  return runs.flatMap(({ id, invocation }) => {
    const starts = invocation?.starts.length ?? 0;
    if (starts < 2) return [];
    return [
      {
        kind: 'retry',
        text: `${endOf(path)} was started ${times(starts)} for one event (request id ${id ?? ''}): Lambda tries again after an error`,
      },
    ];
  });
}

/** The same sequencer by the same rule, with another request id. */
function repeats({ path, runs }: WayRuns): readonly TraceNote[] {
  if (runs.length < 2) return [];
  const name = endOf(path);
  const last = path.steps.at(-1);
  if (last && isFromQueue(last)) {
    return [
      {
        kind: 'redelivery',
        text: `${name} got the message ${times(runs.length)} from its queue: it comes back when it was not deleted`,
      },
    ];
  }
  return [
    {
      kind: 'duplicate',
      text: `${name} got the same event ${times(runs.length)}, by the same rule: events are delivered at least once`,
    },
  ];
}

/** One event, by several rules to one function. */
function severalRules(walked: readonly WayRuns[]): readonly TraceNote[] {
  const byEvent = new Map<string, WayRuns[]>();
  for (const one of walked) {
    const [run] = one.runs;
    if (!run) continue;
    const id = `${endOf(one.path)} ${eventIdOf(run.record)}`;
    byEvent.set(id, [...(byEvent.get(id) ?? []), one]);
  }
  return [...byEvent.values()].flatMap((ways): readonly TraceNote[] => {
    const [first] = ways;
    const names = [...new Set(ways.map(({ path }) => path.ruleId ?? path.steps[0]?.eventRule?.name ?? ''))];
    if (!first || names.length < 2) return [];
    return [
      {
        kind: 'two-rules',
        text: `${endOf(first.path)} got the event ${times(ways.length)} by different rules (${names.join(', ')}): that is no duplicate`,
      },
    ];
  });
}

function severalWrites({ write }: View): readonly TraceNote[] {
  const others = write.others.filter(
    ({ event, sequencer }) => sequencer !== null && event?.startsWith('s3:ObjectCreated:') === true,
  );
  if (others.length === 0) return [];
  return [
    {
      kind: 'two-writes',
      text: `the key was written ${others.length === 1 ? 'another time' : `${others.length} more times`} (other sequencers): those events are not this one's`,
    },
  ];
}

/** Delivered by a rule that stands no more in the configuration. */
function formerRules({ facts, write }: View): readonly TraceNote[] {
  if (facts.bucket.notification.state !== 'known') return [];
  const live = new Set(liveRules(facts).map(({ id }) => id));
  const former = new Set(
    write.records.flatMap(({ configurationId = '' }) =>
      configurationId === '' || live.has(configurationId) ? [] : [configurationId],
    ),
  );
  return [...former].map((id) => ({
    kind: 'former-rule',
    text: `an event of it was delivered by rule ${id}, which the bucket has no more`,
  }));
}

function deadLetters({ way }: WayRuns): readonly TraceNote[] {
  return way.deadLetters.flatMap(({ arn, waiting }): readonly TraceNote[] =>
    waiting === null
      ? []
      : [
          {
            kind: 'dead-letter',
            text: `${called(arn)} takes what failed and holds ${waiting === 1 ? 'one message' : `${waiting} messages`}: it may hold this event`,
          },
        ],
  );
}
