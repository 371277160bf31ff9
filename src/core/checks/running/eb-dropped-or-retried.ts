import { formatDuration, formatInstant } from '../../duration.ts';
import type { Check, Look } from '../../doctor/check.ts';
import type { EventRuleNode, MetricSeries, TargetNode } from '../../doctor/facts.ts';
import type { Evidence, Finding } from '../../doctor/finding.ts';
import { tell } from '../../doctor/fixes.ts';
import { sumOf } from '../../doctor/metrics.ts';
import { called, counted, evidence, times, cut } from '../../doctor/words.ts';
import { about } from './about.ts';

/** Defaults are 24 hours and 185 retries. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html */
const SHORT_AGE_SECONDS = 3600;

/** EventBridge could not hand events over to a target: it gave them up, or still tries. */
export const ebDroppedOrRetried: Check = {
  id: 'eb-dropped-or-retried',
  reads: ['metrics'],
  judge(look) {
    return look.hops.flatMap((hop) => {
      const { eventRule } = hop;
      if (hop.kind !== 'event-rule' || !eventRule) return [];
      const found = failedFinding(look, eventRule) ?? throttledFinding(look, eventRule);
      const all = found ? [found] : shortTargets(look, eventRule).map((target) => riskOf(eventRule, target));
      return all.map((finding): Finding => ({
        id: 'eb-dropped-or-retried',
        ...about(hop),
        ...finding,
      }));
    });
  },
};

type Told = Pick<Finding, 'verdict' | 'severity' | 'message' | 'evidence' | 'fix'>;

const SENT = 'InvocationsSentToDlq';
const NOT_SENT = 'InvocationsFailedToBeSentToDlq';
const COUNTS = ['FailedInvocations', SENT, NOT_SENT];

function failedFinding(look: Look, { arn, name, targets }: EventRuleNode): Told | undefined {
  const series = look.value(look.facts.metrics);
  if (!series) return undefined;
  const sum = (metric: string) => sumOf(series, 'AWS/Events', metric, name);
  const shown = COUNTS.map((metric) => [metric, sum(metric)] as const).filter(([, times]) => times > 0);
  const [count] = shown;
  if (!count) return undefined;
  const last = Math.max(...COUNTS.map((metric) => lastOf(series, metric, name)));
  const isOver = lastOf(series, 'Invocations', name) > last;
  const lost = sum(NOT_SENT) > 0 ? sum(NOT_SENT) : sum(SENT) > 0 ? 0 : count[1];
  const target = targets.state === 'known' && targets.value.length === 1 ? targets.value[0] : undefined;
  const where = target ? called(cut(target.arn)) : 'a target';
  return {
    verdict: isOver ? 'suspected' : 'broken',
    severity: 'SOME',
    message:
      lost > 0
        ? `${called(arn)} lost ${counted(lost, 'event')} on the way to ${where}`
        : `${called(arn)} could not hand ${counted(count[1], 'event')} to ${where}: its dead-letter queue keeps what was not delivered`,
    evidence: [
      ...shown.map(([metric, times]): Evidence => evidence(look.facts.metrics, metric, String(times))),
      evidence(look.facts.metrics, 'last failure', formatInstant(last)),
    ],
    fix: tell(
      lost > 0
        ? 'Let the rule send to its target (permission, and a target that is there), and give it a dead-letter queue whose policy admits events.amazonaws.com, so that the next events are kept.'
        : 'Let the rule send to its target (permission, and a target that is there), then move the messages out of the dead-letter queue: their attributes say why each one failed.',
    ),
  };
}

function lastOf(series: readonly MetricSeries[], metric: string, rule: string): number {
  const points =
    series.find((one) => one.namespace === 'AWS/Events' && one.name === metric && one.of === rule)?.points ??
    [];
  return Math.max(-Infinity, ...points.flatMap(([time, value]) => (value > 0 ? [time] : [])));
}

function throttledFinding(look: Look, { arn, name }: EventRuleNode): Told | undefined {
  const count = sumOf(look.value(look.facts.metrics) ?? [], 'AWS/Events', 'ThrottledRules', name);
  if (count === 0) return undefined;
  return {
    verdict: 'suspected',
    severity: 'LATE',
    message: `${called(arn)} was throttled ${times(count)}, so events come late`,
    evidence: [evidence(look.facts.metrics, 'ThrottledRules', String(count))],
    fix: tell('Have the quota of invocations per second raised, or send to a queue.'),
  };
}

/** Targets that lose an event soon. No dead-letter queue is nothing unusual by itself. */
function shortTargets(look: Look, { targets }: EventRuleNode): readonly TargetNode[] {
  return (look.value(targets) ?? []).filter(
    ({ retries, maximumAgeSeconds, deadLetterArn }) =>
      deadLetterArn === undefined &&
      (retries === 0 || (maximumAgeSeconds !== undefined && maximumAgeSeconds < SHORT_AGE_SECONDS)),
  );
}

function riskOf({ arn, targets }: EventRuleNode, target: TargetNode): Told {
  const { maximumAgeSeconds, retries } = target;
  const limits = [
    ...(maximumAgeSeconds === undefined ? [] : [`for ${formatDuration(maximumAgeSeconds * 1000)}`]),
    ...(retries === undefined ? [] : [`${retries} times`]),
  ].join(' and ');
  return {
    verdict: 'risk',
    severity: 'RISK',
    message: `${called(arn)} tries again to reach ${called(cut(target.arn))} only ${limits}, and nothing keeps what it gives up`,
    evidence: [evidence(targets, `Targets[${cut(target.id)}].RetryPolicy`, limits)],
    fix: tell('Give the target a dead-letter queue, or the default retry policy (24 hours, 185 retries).'),
  };
}
