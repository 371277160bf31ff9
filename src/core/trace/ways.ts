/** The ways that the event of a write takes, and those that come nearest where it takes none. */
import type { DoctorFacts, SeenRecord } from '../doctor/facts.ts';
import { behind, eventRulesOf, hopsOf, liveRules, type Hop } from '../doctor/routes.ts';
import { eventRuleFit, ruleFit, type Fit } from './fit.ts';
import type { TraceObject } from './model.ts';
import type { Path } from './runs.ts';

export interface FittedPath extends Path {
  readonly fit: Fit;
}

/** By how many rules a miss is shown. */
const MOST_NEAR = 3;

/** Every path by which the event goes, or may go, to its end. Empty where no rule takes it. */
export function pathsOf(
  facts: DoctorFacts,
  object: TraceObject,
  records: readonly SeenRecord[],
): readonly FittedPath[] {
  const fitted = [...rulePaths(facts, object, records), ...eventRulePaths(facts, object, records)];
  return fitted
    .filter(({ fit }) => fit.kind !== 'no')
    .flatMap((path) => ends(facts, path.steps).map((steps) => ({ ...path, steps })));
}

/** The rules that would take it with the least change, nearest first; each with its own destination alone. */
export function nearestPaths(facts: DoctorFacts, object: TraceObject): readonly FittedPath[] {
  const distance = ({ fit }: FittedPath) => (fit.kind === 'no' ? fit.distance : 0);
  return [...rulePaths(facts, object, []), ...eventRulePaths(facts, object, [])]
    .sort((a, b) => distance(a) - distance(b))
    .slice(0, MOST_NEAR);
}

function rulePaths(
  facts: DoctorFacts,
  object: TraceObject,
  records: readonly SeenRecord[],
): readonly FittedPath[] {
  const key = facts.question.key ?? '';
  return liveRules(facts).flatMap((rule): readonly FittedPath[] => {
    const root = hopsOf(facts, [rule]).find(({ depth, kind }) => depth === 0 && kind !== 'event-rule');
    if (!root) return [];
    // A rule for tags, say, takes events of the object that are none of its write.
    const isSeen = records.some(({ configurationId }) => configurationId === rule.id);
    return [
      { ruleId: rule.id, steps: [root], fit: isSeen ? { kind: 'yes' } : ruleFit(rule, key, object.events) },
    ];
  });
}

function eventRulePaths(
  facts: DoctorFacts,
  object: TraceObject,
  records: readonly SeenRecord[],
): readonly FittedPath[] {
  const events = [
    object.events,
    ...records.filter(({ via }) => via.includes('eventbridge')).map(({ eventName }) => [`s3:${eventName}`]),
  ];
  return eventRulesOf(facts).map((eventRule): FittedPath => {
    const fits = events.map((names) => eventRuleFit(facts, eventRule, { ...object, events: names }));
    const [own = { kind: 'no', detail: '', distance: 9 }] = fits;
    const root: Hop = {
      kind: 'event-rule',
      arn: eventRule.arn,
      sender: undefined,
      depth: 0,
      ruleIds: [],
      eventRule,
    };
    return { ruleId: null, steps: [root], fit: fits.find(({ kind }) => kind === 'yes') ?? own };
  });
}

const MOST_STEPS = 6;

/** From the last step on to every end; a ring of topics and queues is not walked twice. */
function ends(facts: DoctorFacts, steps: readonly Hop[]): readonly (readonly Hop[])[] {
  const last = steps.at(-1);
  if (!last || steps.length >= MOST_STEPS) return [steps];
  const next = behind(facts, last).filter(({ arn }) => !steps.some((step) => step.arn === arn));
  // A mapping that is switched off takes nothing where another one reads the queue.
  const on = next.filter(({ mapping }) => mapping === undefined || isReading(mapping.state));
  const going = on.length > 0 ? on : next;
  return going.length === 0 ? [steps] : going.flatMap((hop) => ends(facts, [...steps, hop]));
}

export function isReading(state: string): boolean {
  return !['Disabled', 'Disabling', 'Deleting'].includes(state);
}
