/** PutMetricData: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html */
import type * as Client from '@aws-sdk/client-cloudwatch';
import type { SandboxEnv } from '../../env.ts';
import type { Handlers } from '../../wire/types.ts';
import { invalidCombination, invalidValue } from './errors.ts';
import type { Statistics } from './store.ts';

const MAX_METRICS = 1_000;
const MAX_DIMENSIONS = 30;
const OLDEST_MS = 14 * 24 * 3_600_000;
const NEWEST_MS = 2 * 3_600_000;

export function putMetricDataHandlers({
  clock,
  metrics,
}: Pick<SandboxEnv, 'clock' | 'metrics'>): Pick<Handlers<typeof Client>, 'PutMetricData'> {
  return {
    PutMetricData(input, ctx) {
      const { Namespace: namespace = '', MetricData = [] } = input;
      // The namespaces of AWS's own services.
      if (namespace.startsWith('AWS/'))
        throw invalidValue('The value AWS/ for parameter Namespace is invalid.');
      // Text UNKNOWN.
      if (MetricData.length > MAX_METRICS) {
        throw invalidValue(`The collection MetricData must not have a size greater than ${MAX_METRICS}.`);
      }
      // All are read before the first one counts.
      const data = MetricData.map((datum, index) => {
        const place = `MetricData.member.${index + 1}`;
        const { MetricName: name = '', Dimensions = [], Unit: unit } = datum;
        if (Dimensions.length > MAX_DIMENSIONS) {
          throw invalidValue(
            `The collection ${place}.Dimensions must not have a size greater than ${MAX_DIMENSIONS}.`,
          );
        }
        const dimensions = Object.fromEntries(Dimensions.map(({ Name = '', Value = '' }) => [Name, Value]));
        const at = datum.Timestamp?.getTime() ?? clock.now();
        // Text UNKNOWN.
        if (at < clock.now() - OLDEST_MS || at > clock.now() + NEWEST_MS) {
          throw invalidValue(
            `The parameter ${place}.Timestamp must specify a time within the past two weeks.`,
          );
        }
        const metric = { region: ctx.region, namespace, name, dimensions, unit: unit ?? 'None' };
        return { metric, statistics: statisticsOf(datum, place), at };
      });
      for (const { metric, statistics, at } of data) metrics.addStatistics(metric, statistics, at);
    },
  };
}

function statisticsOf(datum: Client.MetricDatum, place: string): Statistics {
  const { Value: value, Values: values, Counts: counts, StatisticValues: given } = datum;
  if (given) {
    const { Sum: sum = 0, SampleCount: count = 0, Minimum: min = 0, Maximum: max = 0 } = given;
    return { sum, count, min, max };
  }
  if (values !== undefined && values.length > 0) {
    const weighed = values.map((item, index) => ({ item, times: counts?.[index] ?? 1 }));
    return {
      sum: weighed.reduce((sum, { item, times }) => sum + item * times, 0),
      count: weighed.reduce((sum, { times }) => sum + times, 0),
      min: Math.min(...values),
      max: Math.max(...values),
    };
  }
  if (value === undefined) {
    throw invalidCombination(
      `At least one of the parameters ${place}.Value and ${place}.StatisticValues must be specified.`,
    );
  }
  return { sum: value, count: 1, min: value, max: value };
}
