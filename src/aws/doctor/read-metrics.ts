/** CloudWatch metrics of functions, queues, topics and event rules: one GetMetricData call for all that is asked for together. */
import type { MetricDataQuery } from '@aws-sdk/client-cloudwatch';
import type { MetricSeries } from '../../core/doctor/facts.ts';
import { metricPeriod } from '../../core/doctor/metrics.ts';
import type { Reading } from '../../core/doctor/reading.ts';
import { optional, pages } from '../pages.ts';
import type { Reader } from './reader.ts';

const METRICS = {
  'AWS/Lambda': {
    dimension: 'FunctionName',
    sums: [
      'Invocations',
      'Errors',
      'Throttles',
      'AsyncEventsReceived',
      'AsyncEventsDropped',
      'DeadLetterErrors',
      'DestinationDeliveryFailures',
      'RecursiveInvocationsDropped',
    ],
    maxima: ['AsyncEventAge', 'ConcurrentExecutions'],
  },
  'AWS/SQS': {
    dimension: 'QueueName',
    sums: [
      'NumberOfMessagesSent',
      'NumberOfMessagesReceived',
      'NumberOfMessagesDeleted',
      'NumberOfEmptyReceives',
    ],
    maxima: ['ApproximateAgeOfOldestMessage', 'ApproximateNumberOfMessagesVisible'],
  },
  'AWS/SNS': {
    dimension: 'TopicName',
    sums: [
      'NumberOfMessagesPublished',
      'NumberOfNotificationsDelivered',
      'NumberOfNotificationsFailed',
      'NumberOfNotificationsFilteredOut',
      'NumberOfNotificationsFilteredOut-NoMessageAttributes',
    ],
    maxima: [],
  },
  'AWS/Events': {
    dimension: 'RuleName',
    sums: [
      'MatchedEvents',
      'TriggeredRules',
      'Invocations',
      'FailedInvocations',
      'ThrottledRules',
      'InvocationsSentToDlq',
      'InvocationsFailedToBeSentToDlq',
    ],
    maxima: [],
  },
} as const;

export interface Measured {
  readonly namespace: keyof typeof METRICS;
  /** Value of the dimension. */
  readonly of: string;
}

/** Queries of one call (https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html). */
const MOST_QUERIES = 500;
/** Metrics are nice to have: nobody waits longer for them. */
const MOST_WAIT_MS = 3_000;

/** Data points of `metricPeriod`, from the one on that holds `since`. */
export async function readMetrics(
  reader: Reader,
  wanted: readonly Measured[],
  { since, now }: { readonly since: number; readonly now: number },
): Promise<Reading<readonly MetricSeries[]>> {
  const action = 'cloudwatch:GetMetricData';
  const period = metricPeriod(since, now);
  const series = wanted.flatMap(({ namespace, of }) => {
    const { sums, maxima } = METRICS[namespace];
    return [
      ...sums.map((name) => ({ namespace, of, name, stat: 'Sum' })),
      ...maxima.map((name) => ({ namespace, of, name, stat: 'Maximum' })),
    ];
  });
  if (series.length === 0) return { state: 'known', call: action, value: [] };
  return reader.read(action, 'metrics', async () => {
    const pages: Promise<readonly MetricSeries[]>[] = [];
    for (let at = 0; at < series.length; at += MOST_QUERIES) {
      pages.push(readPage(reader, series.slice(at, at + MOST_QUERIES), { since, now, period }));
    }
    return (await Promise.all(pages)).flat();
  });
}

async function readPage(
  { aws }: Reader,
  series: readonly {
    readonly namespace: keyof typeof METRICS;
    readonly of: string;
    readonly name: string;
    readonly stat: string;
  }[],
  { since, now, period }: { readonly since: number; readonly now: number; readonly period: number },
): Promise<readonly MetricSeries[]> {
  const [cloudwatch, { GetMetricDataCommand }] = await Promise.all([
    aws.cloudwatch(),
    import('@aws-sdk/client-cloudwatch'),
  ]);
  const queries = series.map(({ namespace, of, name, stat }, index): MetricDataQuery => ({
    Id: `m${index}`,
    MetricStat: {
      Metric: {
        Namespace: namespace,
        MetricName: name,
        Dimensions: [{ Name: METRICS[namespace].dimension, Value: of }],
      },
      Period: period,
      Stat: stat,
    },
  }));
  const start = Math.floor(since / (period * 1_000)) * period * 1_000;
  const results = await pages(async (NextToken) => {
    const command = new GetMetricDataCommand({
      MetricDataQueries: queries,
      StartTime: new Date(start),
      // The period under way counts too.
      EndTime: new Date(now + period * 1_000),
      ScanBy: 'TimestampAscending',
      ...optional({ NextToken }),
    });
    const page = await aws.call(
      ({ abortSignal }) => cloudwatch.send(command, { abortSignal, requestTimeout: MOST_WAIT_MS }),
      { action: 'cloudwatch:GetMetricData' },
    );
    return { items: page.MetricDataResults ?? [], next: page.NextToken };
  });
  // Those of one metric may stand on several pages.
  const points = new Map<string, [number, number][]>();
  for (const { Id = '', Timestamps = [], Values = [] } of results) {
    const list = points.get(Id) ?? [];
    Timestamps.forEach((time, index) => list.push([time.getTime(), Values[index] ?? 0]));
    points.set(Id, list);
  }
  return series.flatMap(({ namespace, of, name }, index): MetricSeries[] => {
    const found = points.get(`m${index}`) ?? [];
    return found.length === 0 ? [] : [{ namespace, of, name, points: found }];
  });
}
