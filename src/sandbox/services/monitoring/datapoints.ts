/** From the minutes of a metric to the datapoints of a request. */
import { MINUTE_MS, type Series, type Statistics } from './store.ts';

export interface TimeRange {
  /** Milliseconds since the epoch. */
  readonly start: number;
  /** Not included. */
  readonly end: number;
  readonly periodMs: number;
}

export interface Datapoint extends Statistics {
  /** Beginning of its period. */
  readonly at: number;
}

/**
 * Periods that have values, oldest first. They are counted from the start of the range, cut to its minute
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html).
 */
export function datapoints(series: Series, { start, end, periodMs }: TimeRange): readonly Datapoint[] {
  const from = Math.floor(start / MINUTE_MS) * MINUTE_MS;
  const periods = new Map<number, Statistics>();
  for (const [minute, { sum, count, min, max }] of series.minutes) {
    const at = minute * MINUTE_MS;
    if (at < from || at >= end) continue;
    const period = from + Math.floor((at - from) / periodMs) * periodMs;
    const before = periods.get(period);
    periods.set(period, {
      sum: sum + (before?.sum ?? 0),
      count: count + (before?.count ?? 0),
      min: Math.min(min, before?.min ?? min),
      max: Math.max(max, before?.max ?? max),
    });
  }
  return [...periods].map(([at, statistics]) => ({ at, ...statistics })).sort((a, b) => a.at - b.at);
}

/** How each statistic is called and computed. Percentiles and trimmed means would need every single value. */
export const STATISTICS = {
  SampleCount: ({ count }) => count,
  Average: ({ sum, count }) => sum / count,
  Sum: ({ sum }) => sum,
  Minimum: ({ min }) => min,
  Maximum: ({ max }) => max,
} satisfies Readonly<Record<string, (statistics: Statistics) => number>>;

export type StatisticName = keyof typeof STATISTICS;

export const isStatistic = (name: string): name is StatisticName => Object.hasOwn(STATISTICS, name);
