/** ListMetrics and GetMetricStatistics. */
import type * as Client from '@aws-sdk/client-cloudwatch';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { readToken, writeToken } from '../page-token.ts';
import { datapoints, isStatistic, STATISTICS } from './datapoints.ts';
import { invalidCombination, invalidToken, invalidValue } from './errors.ts';
import { MINUTE_MS, type Series } from './store.ts';

const PAGE = 500;
const MAX_DATAPOINTS = 1_440;
const LISTED_MS = 14 * 24 * 3_600_000;
const RECENT_MS = 3 * 3_600_000;

export function statisticsHandlers({
  clock,
  metrics,
}: Pick<SandboxEnv, 'clock' | 'metrics'>): Pick<
  Handlers<typeof Client>,
  'ListMetrics' | 'GetMetricStatistics'
> {
  return {
    /**
     * Metrics with values in the last two weeks; on AWS a new one takes up to 15 minutes to be listed, here none
     * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListMetrics.html).
     */
    ListMetrics(input, ctx) {
      const now = clock.now();
      const [start] =
        input.NextToken === undefined ? [0] : (readToken('ListMetrics', '', now, input.NextToken) ?? []);
      if (typeof start !== 'number') throw invalidToken();
      const since = now - (input.RecentlyActive === 'PT3H' ? RECENT_MS : LISTED_MS);
      const found = metrics
        .series(ctx.region)
        .filter((series) => isListed(series, input) && hasValuesSince(series, since));
      const end = start + PAGE;
      return {
        Metrics: found.slice(start, end).map(({ namespace, name, dimensions }) => ({
          Namespace: namespace,
          MetricName: name,
          Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
        })),
        ...(end < found.length && { NextToken: writeToken('ListMetrics', '', now, [end]) }),
      };
    },

    GetMetricStatistics(input, ctx) {
      const start = input.StartTime?.getTime() ?? 0;
      const end = input.EndTime?.getTime() ?? 0;
      const period = input.Period ?? 0;
      if (start === end) throw invalidValue('The parameter StartTime must not equal parameter EndTime.');
      if (start > end) throw invalidValue('The parameter StartTime must be less than the parameter EndTime.');
      // Text UNKNOWN. AWS takes 1, 5, 10, 20 and 30 too, for high-resolution metrics.
      if (period <= 0 || period % 60 !== 0) {
        throw invalidValue('The parameter Period must be a multiple of 60.');
      }
      const points = Math.floor((end - start) / (period * 1000));
      if (points > MAX_DATAPOINTS) {
        throw invalidCombination(
          `You have requested up to ${points.toLocaleString('en-US')} datapoints, which exceeds the limit of 1,440. ` +
            'You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
        );
      }
      const statistics = (input.Statistics ?? []).map((name) => {
        if (!isStatistic(name))
          throw invalidValue(`The value ${String(name)} for parameter Statistics is invalid.`);
        return name;
      });
      // Text UNKNOWN. AWS has percentiles too, as ExtendedStatistics.
      if (statistics.length === 0) throw invalidCombination('The parameter Statistics must be specified.');
      const { Namespace: namespace = '', MetricName: name = '', Dimensions = [], Unit: unit } = input;
      const dimensions = Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
      const series = metrics.find({ region: ctx.region, namespace, name, dimensions });
      const isWanted = series !== undefined && (unit === undefined || series.unit === unit);
      const found = isWanted ? datapoints(series, { start, end, periodMs: period * 1000 }) : [];
      return {
        Label: name,
        // AWS returns them in no order.
        Datapoints: found.toReversed().map((point) => ({
          Timestamp: new Date(point.at),
          Unit: series?.unit as Client.StandardUnit,
          ...Object.fromEntries(statistics.map((statistic) => [statistic, STATISTICS[statistic](point)])),
        })),
      };
    },
  };
}

/** A dimension filter names a dimension that the metric has among others; without a value any will do. */
function isListed({ namespace, name, dimensions }: Series, input: Client.ListMetricsInput): boolean {
  return (
    (input.Namespace === undefined || input.Namespace === namespace) &&
    (input.MetricName === undefined || input.MetricName === name) &&
    (input.Dimensions ?? []).every(
      ({ Name = '', Value }) =>
        Object.hasOwn(dimensions, Name) && (Value === undefined || dimensions[Name] === Value),
    )
  );
}

function hasValuesSince({ minutes }: Series, since: number): boolean {
  for (const minute of minutes.keys()) if (minute * MINUTE_MS >= since) return true;
  return false;
}
