/** The metrics of one account: what its services count by the minute, and what PutMetricData adds. */

export interface Metric {
  readonly region: string;
  /** `AWS/Lambda` */
  readonly namespace: string;
  readonly name: string;
  /** All of them: the same name with other dimensions is another metric. */
  readonly dimensions: Readonly<Record<string, string>>;
  /** As CloudWatch names it; `Count` by default. The first value of a metric decides. */
  readonly unit?: string;
}

export interface Statistics {
  readonly sum: number;
  /** Number of values. */
  readonly count: number;
  readonly min: number;
  readonly max: number;
}

export interface Series extends Required<Metric> {
  /** By minutes since the epoch, not always in order. */
  readonly minutes: ReadonlyMap<number, Statistics>;
}

export interface MetricStore {
  /** Counts one value. `at` in milliseconds since the epoch, now by default. */
  add(metric: Metric, value: number, at?: number): void;
  /** The same for values that were put together before. */
  addStatistics(metric: Metric, statistics: Statistics, at?: number): void;
  /** In place of all values of its minute: what is measured and not counted has one value a minute. */
  set(metric: Metric, value: number, at: number): void;
  /** A zero, where the minute has no value. */
  fill(metric: Metric, at: number): void;
  find(metric: Metric): Series | undefined;
  series(region: string): readonly Series[];
  /** Before anything is read: `task` adds what nobody has counted meanwhile (the messages that wait in a queue). */
  beforeRead(task: () => void): void;
  /** Forgets all values. */
  reset(): void;
}

export const MINUTE_MS = 60_000;

/**
 * CloudWatch keeps minutes for 15 days (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html),
 * and then coarser sums for 455 days, which the sandbox does not keep.
 */
const KEPT_MINUTES = 15 * 24 * 60;

/** Beyond, a new metric takes the place of the one that has been silent for longest. */
const MAX_SERIES = 5_000;

interface OwnSeries extends Series {
  readonly minutes: Map<number, Statistics>;
  latest: number;
}

export function createMetricStore(now: () => number): MetricStore {
  const all = new Map<string, OwnSeries>();
  const tasks: (() => void)[] = [];
  const refresh = () => {
    for (const task of tasks) task();
  };

  const seriesFor = (metric: Metric): OwnSeries => {
    const key = keyOf(metric);
    const found = all.get(key);
    if (found) return found;
    if (all.size >= MAX_SERIES) dropSilent(all);
    const made: OwnSeries = { unit: 'Count', ...metric, minutes: new Map(), latest: 0 };
    all.set(key, made);
    return made;
  };

  const addStatistics: MetricStore['addStatistics'] = (metric, { sum, count, min, max }, at = now()) => {
    const series = seriesFor(metric);
    const minute = Math.floor(at / MINUTE_MS);
    const before = series.minutes.get(minute);
    series.minutes.set(
      minute,
      before
        ? {
            sum: before.sum + sum,
            count: before.count + count,
            min: Math.min(before.min, min),
            max: Math.max(before.max, max),
          }
        : { sum, count, min, max },
    );
    if (before) return;
    series.latest = Math.max(series.latest, minute);
    if (series.minutes.size > KEPT_MINUTES) dropOld(series);
  };

  return {
    add: (metric, value, at) => addStatistics(metric, one(value), at),
    addStatistics,
    set(metric, value, at) {
      seriesFor(metric).minutes.delete(Math.floor(at / MINUTE_MS));
      addStatistics(metric, one(value), at);
    },
    fill(metric, at) {
      if (!seriesFor(metric).minutes.has(Math.floor(at / MINUTE_MS))) addStatistics(metric, one(0), at);
    },
    find(metric) {
      refresh();
      return all.get(keyOf(metric));
    },
    series(region) {
      refresh();
      return [...all.values()].filter((series) => series.region === region);
    },
    beforeRead: (task) => void tasks.push(task),
    reset: () => all.clear(),
  };
}

const one = (value: number): Statistics => ({ sum: value, count: 1, min: value, max: value });

function keyOf({ region, namespace, name, dimensions }: Metric): string {
  const pairs = Object.entries(dimensions);
  if (pairs.length > 1) pairs.sort(([a], [b]) => (a < b ? -1 : 1));
  return [region, namespace, name, ...pairs.flat()].join('\n');
}

function dropOld({ minutes, latest }: OwnSeries): void {
  for (const minute of minutes.keys()) {
    if (minute <= latest - KEPT_MINUTES) minutes.delete(minute);
  }
}

function dropSilent(all: Map<string, OwnSeries>): void {
  let silent: readonly [key: string, latest: number] | undefined;
  for (const [key, { latest }] of all) {
    if (silent === undefined || latest < silent[1]) silent = [key, latest];
  }
  if (silent) all.delete(silent[0]);
}
