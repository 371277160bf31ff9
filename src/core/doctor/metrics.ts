import type { MetricSeries } from './facts.ts';
import type { Look } from './check.ts';

type Namespace = 'AWS/Lambda' | 'AWS/SQS' | 'AWS/SNS' | 'AWS/Events';

/**
 * The sum of a metric since `question.since`. Undefined when metrics were not, or could not be, read. A metric without a data point
 * is 0: services publish many of them only when something happened.
 */
export function metricSum(look: Look, namespace: Namespace, name: string, of: string): number | undefined {
  const series = look.value(look.facts.metrics);
  return series && sumOf(series, namespace, name, of);
}

/** The largest value. Undefined without metrics, and without a data point. */
export function metricMaximum(
  look: Look,
  namespace: Namespace,
  name: string,
  of: string,
): number | undefined {
  const points = pointsOf(look.value(look.facts.metrics) ?? [], namespace, name, of);
  return points.length === 0 ? undefined : Math.max(...points.map(([, value]) => value));
}

/** Seconds of one data point: as long as CloudWatch keeps each, a minute for three hours, five for two weeks, then an hour. */
export function metricPeriod(since: number, now: number): number {
  const span = now - since;
  return span <= 3 * 3_600_000 ? 60 : span <= 15 * 86_400_000 ? 300 : 3_600;
}

/** `after`: only of the periods that began after that time. */
export function sumOf(
  series: readonly MetricSeries[],
  namespace: Namespace,
  name: string,
  of: string,
  after = -Infinity,
): number {
  return pointsOf(series, namespace, name, of).reduce(
    (sum, [time, value]) => (time > after ? sum + value : sum),
    0,
  );
}

function pointsOf(
  series: readonly MetricSeries[],
  namespace: Namespace,
  name: string,
  of: string,
): MetricSeries['points'] {
  return (
    series.find((one) => one.namespace === namespace && one.name === name && one.of === of)?.points ?? []
  );
}
