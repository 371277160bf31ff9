import { GetMetricDataCommand, type CloudWatchClient, type Statistic } from '@aws-sdk/client-cloudwatch';

export interface Wanted {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly stat?: Statistic;
}

export const query = ({ namespace, name, dimensions, stat = 'Sum' }: Wanted, Id = 'm', Period = 60) => ({
  Id,
  MetricStat: {
    Metric: {
      Namespace: namespace,
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
    },
    Period,
    Stat: stat,
  },
});

/** The values of the last `minutes`, this one included, oldest first. */
export async function values(
  cloudwatch: CloudWatchClient,
  now: number,
  wanted: Wanted,
  minutes = 60,
): Promise<readonly number[]> {
  const { MetricDataResults } = await cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: [query(wanted)],
      StartTime: new Date(now - (minutes - 1) * 60_000),
      EndTime: new Date(now + 60_000),
      ScanBy: 'TimestampAscending',
    }),
  );
  return MetricDataResults?.[0]?.Values ?? [];
}
