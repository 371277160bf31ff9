/** GetMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html */
import type * as Client from '@aws-sdk/client-cloudwatch';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { readToken, writeToken } from '../page-token.ts';
import { datapoints, isStatistic, STATISTICS, type StatisticName } from './datapoints.ts';
import { invalidToken, validationError } from './errors.ts';
import type { Metric } from './store.ts';

const MAX_QUERIES = 500;
const MAX_DATAPOINTS = 100_800;

interface Query {
  readonly id: string;
  readonly label: string;
  readonly metric: Metric;
  /** Only values of this unit. */
  readonly unit: string | undefined;
  readonly periodMs: number;
  readonly statistic: StatisticName;
}

export function metricDataHandlers(
  env: Pick<SandboxEnv, 'clock' | 'metrics'>,
): Pick<Handlers<typeof Client>, 'GetMetricData'> {
  return {
    GetMetricData(input, ctx) {
      const start = input.StartTime?.getTime() ?? 0;
      const end = input.EndTime?.getTime() ?? 0;
      if (start === end) throw validationError('The parameter StartTime must not equal parameter EndTime.');
      if (start > end) {
        throw validationError('The parameter StartTime must be less than the parameter EndTime.');
      }
      const queries = readQueries(input.MetricDataQueries ?? [], ctx.region);
      const results = queries.map((query) => ({ query, points: pointsOf(env, query, start, end) }));
      // Newest first by default, so that a caller who stops early has what is new.
      if (input.ScanBy !== 'TimestampAscending') for (const { points } of results) points.reverse();

      const max = input.MaxDatapoints ?? MAX_DATAPOINTS;
      let skip = offsetOf(input.NextToken, env.clock.now());
      let room = max;
      const page = results.map(({ query: { id, label }, points }): Client.MetricDataResult => {
        const left = points.slice(skip);
        const shown = left.slice(0, room);
        skip = Math.max(0, skip - points.length);
        room -= shown.length;
        return {
          Id: id,
          Label: label,
          Timestamps: shown.map(({ at }) => new Date(at)),
          Values: shown.map(({ value }) => value),
          StatusCode: shown.length < left.length ? 'PartialData' : 'Complete',
        };
      });
      const given = offsetOf(input.NextToken, env.clock.now()) + max - room;
      const total = results.reduce((sum, { points }) => sum + points.length, 0);
      return {
        MetricDataResults: page,
        Messages: [],
        ...(given < total && { NextToken: writeToken('GetMetricData', '', env.clock.now(), [given]) }),
      };
    },
  };
}

function pointsOf(
  { metrics }: Pick<SandboxEnv, 'metrics'>,
  { metric, unit, periodMs, statistic }: Query,
  start: number,
  end: number,
): { at: number; value: number }[] {
  const series = metrics.find(metric);
  // A metric that nobody has published, or not in this unit, is no error: it has no values.
  if (!series || (unit !== undefined && series.unit !== unit)) return [];
  return datapoints(series, { start, end, periodMs }).map((point) => ({
    at: point.at,
    value: STATISTICS[statistic](point),
  }));
}

/** Those whose data is asked for. Texts UNKNOWN where no comment says otherwise. */
function readQueries(queries: readonly Client.MetricDataQuery[], region: string): readonly Query[] {
  if (queries.length > MAX_QUERIES) {
    throw validationError(
      `The collection MetricDataQueries must not have a size greater than ${MAX_QUERIES}.`,
    );
  }
  const ids = new Set<string>();
  return queries.flatMap((query) => {
    const { Id: id = '', MetricStat: stat, Expression: expression } = query;
    if (!/^[a-z][A-Za-z0-9_]*$/.test(id)) {
      throw validationError(`The value ${id} is not a valid Id: it must begin with a lowercase letter.`);
    }
    if (ids.has(id))
      throw validationError(`The values for parameter id in MetricDataQueries are not unique.`);
    ids.add(id);
    // AWS computes metric math and search expressions; the sandbox has neither.
    if (expression !== undefined) throw validationError('Expression is not supported by the sandbox.');
    if (stat === undefined) throw validationError(`MetricStat is required for the query ${id}.`);
    const { MetricName: name = '', Namespace: namespace = '', Dimensions = [] } = stat.Metric ?? {};
    const period = stat.Period ?? 0;
    // AWS takes 1, 5, 10, 20 and 30 too, for high-resolution metrics; the sandbox counts by the minute.
    if (period <= 0 || period % 60 !== 0) {
      throw validationError(`The value ${period} for parameter Period must be a multiple of 60.`);
    }
    const statistic = stat.Stat ?? '';
    if (!isStatistic(statistic)) {
      // AWS has percentiles and trimmed means too.
      throw validationError(`The value ${statistic} for parameter Stat is not supported by the sandbox.`);
    }
    if (query.ReturnData === false) return [];
    const dimensions = Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
    return [
      {
        id,
        label: query.Label ?? name,
        metric: { region, namespace, name, dimensions },
        unit: stat.Unit,
        periodMs: period * 1000,
        statistic,
      },
    ];
  });
}

function offsetOf(token: string | undefined, now: number): number {
  if (token === undefined) return 0;
  const [offset] = readToken('GetMetricData', '', now, token) ?? [];
  if (typeof offset !== 'number') throw invalidToken();
  return offset;
}
