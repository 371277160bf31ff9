/** Whether an event may have arrived of which no log tells: handlers need not print what they get. */
import type { Look } from '../../doctor/check.ts';
import { metricPeriod } from '../../doctor/metrics.ts';
import { valueOf } from '../../doctor/reading.ts';
import type { Hop } from '../../doctor/routes.ts';
import { nameOf } from '../../trace-destination.ts';

/** What is read of the facts. */
export const ARRIVAL_FACTS = ['functions.log', 'metrics'] as const;

const METRICS: Readonly<Record<Exclude<Hop['kind'], 'other'>, readonly [namespace: string, name: string]>> = {
  lambda: ['AWS/Lambda', 'Invocations'],
  sqs: ['AWS/SQS', 'NumberOfMessagesSent'],
  sns: ['AWS/SNS', 'NumberOfMessagesPublished'],
  'event-rule': ['AWS/Events', 'MatchedEvents'],
};

/** Whether anything at all came to where the bucket sends, from that time on (epoch ms): it may have been this event. */
export function cameSince(look: Look, time: number): boolean {
  return look.hops.some(
    (hop) => hop.depth === 0 && (isLogged(look, hop, time) || isMeasured(look, hop, time)),
  );
}

function isLogged({ facts }: Look, { arn }: Hop, time: number): boolean {
  const invocations = valueOf(facts.functions[arn]?.log?.seen)?.invocations ?? [];
  return invocations.some(({ starts }) => starts.some((start) => start >= time));
}

function isMeasured({ facts }: Look, { kind, arn }: Hop, time: number): boolean {
  if (kind === 'other') return false;
  const [namespace, name] = METRICS[kind];
  const periodMs = metricPeriod(facts.question.since, facts.at) * 1000;
  return (valueOf(facts.metrics) ?? []).some(
    (one) =>
      one.namespace === namespace &&
      one.name === name &&
      one.of === nameOf(arn) &&
      one.points.some(([start, value]) => value > 0 && start + periodMs > time),
  );
}
