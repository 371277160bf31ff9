import {
  GetMetricDataCommand,
  GetMetricStatisticsCommand,
  ListMetricsCommand,
  PutMetricDataCommand,
  type GetMetricDataCommandInput,
  type ListMetricsCommandInput,
  type PutMetricDataCommandInput,
} from '@aws-sdk/client-cloudwatch';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../support/manual-clock.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { refusal, rootClients, sessionClients } from '../access/support.ts';
import { query, values } from './support.ts';

const clock = createManualClock(Date.UTC(2026, 5, 1, 12, 0, 30));
const sandbox = shareSandbox({ clock });

const METRIC = { namespace: 'AWS/Lambda', name: 'Errors', dimensions: { FunctionName: 'thumbs' } };
const seed = (value: number, minutesAgo = 0, metric = METRIC) =>
  sandbox().metrics.add({ region: 'us-east-1', ...metric }, value, clock.now() - minutesAgo * 60_000);

const read = (changes: Partial<GetMetricDataCommandInput> = {}) =>
  sandbox().cloudwatch.send(
    new GetMetricDataCommand({
      MetricDataQueries: [query(METRIC)],
      StartTime: new Date(clock.now() - 9 * 60_000),
      EndTime: new Date(clock.now() + 60_000),
      ...changes,
    }),
  );

describe('GetMetricData', () => {
  it('gives newest first, and the other order on demand', async () => {
    seed(1, 2);
    seed(2, 1);
    seed(3);
    const newest = await read();
    expect(newest.MetricDataResults).toEqual([
      {
        Id: 'm',
        Label: 'Errors',
        StatusCode: 'Complete',
        Values: [3, 2, 1],
        Timestamps: ['12:00', '11:59', '11:58'].map((time) => new Date(`2026-06-01T${time}:00Z`)),
      },
    ]);
    const oldest = await read({ ScanBy: 'TimestampAscending' });
    expect(oldest.MetricDataResults?.[0]?.Values).toEqual([1, 2, 3]);
  });

  it('has no values for a metric that nobody published, with these dimensions or in this unit', async () => {
    seed(1);
    const { MetricDataResults } = await read({
      MetricDataQueries: [
        query({ ...METRIC, name: 'Throttles' }, 'name'),
        query({ ...METRIC, dimensions: {} }, 'dimensions'),
        query({ ...METRIC, dimensions: { ...METRIC.dimensions, Resource: 'thumbs:live' } }, 'more'),
        { Id: 'unit', MetricStat: { ...query(METRIC).MetricStat, Unit: 'Seconds' } },
        { Id: 'right', MetricStat: { ...query(METRIC).MetricStat, Unit: 'Count' } },
      ],
    });
    expect(MetricDataResults?.map(({ Id, Values }) => [Id, Values])).toEqual([
      ['name', []],
      ['dimensions', []],
      ['more', []],
      ['unit', []],
      ['right', [1]],
    ]);
    expect(MetricDataResults?.every(({ StatusCode }) => StatusCode === 'Complete')).toBe(true);
  });

  it('computes each statistic over a period that begins with the range', async () => {
    seed(1, 9);
    seed(5, 9);
    seed(3, 8);
    seed(7, 1);
    const statistics = ['Sum', 'Average', 'Minimum', 'Maximum', 'SampleCount'] as const;
    const { MetricDataResults } = await read({
      MetricDataQueries: statistics.map((stat) => query({ ...METRIC, stat }, stat.toLowerCase(), 300)),
      ScanBy: 'TimestampAscending',
    });
    expect(MetricDataResults?.map(({ Values }) => Values)).toEqual([
      [9, 7],
      [3, 7],
      [1, 7],
      [5, 7],
      [3, 1],
    ]);
    expect(MetricDataResults?.[0]?.Timestamps).toEqual([
      new Date('2026-06-01T11:51:00Z'),
      new Date('2026-06-01T11:56:00Z'),
    ]);
  });

  it('leaves out the end, and what is not to be returned', async () => {
    seed(1);
    const minute = new Date('2026-06-01T12:00:00Z');
    const { MetricDataResults } = await read({
      MetricDataQueries: [query(METRIC), { ...query(METRIC, 'hidden'), ReturnData: false }],
      EndTime: minute,
    });
    expect(MetricDataResults?.map(({ Id, Values }) => [Id, Values])).toEqual([['m', []]]);
  });

  it('gives the rest with a token', async () => {
    for (const minutes of [0, 1, 2]) seed(minutes + 1, minutes);
    seed(9, 0, { ...METRIC, name: 'Throttles' });
    const MetricDataQueries = [query(METRIC, 'a'), query({ ...METRIC, name: 'Throttles' }, 'b')];
    const first = await read({ MetricDataQueries, MaxDatapoints: 2 });
    expect(first.MetricDataResults?.map(({ Values, StatusCode }) => [Values, StatusCode])).toEqual([
      [[1, 2], 'PartialData'],
      [[], 'PartialData'],
    ]);
    const second = await read({ MetricDataQueries, MaxDatapoints: 2, NextToken: first.NextToken });
    expect(second.MetricDataResults?.map(({ Values, StatusCode }) => [Values, StatusCode])).toEqual([
      [[3], 'Complete'],
      [[9], 'Complete'],
    ]);
    expect(second.NextToken).toBeUndefined();
    expect(await refusal(read({ NextToken: 'made-up' }))).toMatchObject({ name: 'InvalidNextToken' });
  });

  it.each<[string, Partial<GetMetricDataCommandInput>, RegExp]>([
    ['an empty range', { StartTime: new Date(0), EndTime: new Date(0) }, /must not equal/],
    ['a range from its end', { StartTime: new Date(1000), EndTime: new Date(0) }, /must be less than/],
    ['a period of no minutes', { MetricDataQueries: [query(METRIC, 'm', 90)] }, /multiple of 60/],
    ['an id that is no name', { MetricDataQueries: [query(METRIC, 'M')] }, /not a valid Id/],
    ['an id twice', { MetricDataQueries: [query(METRIC), query(METRIC)] }, /not unique/],
    ['metric math', { MetricDataQueries: [{ Id: 'e', Expression: 'SUM(METRICS())' }] }, /Expression/],
    [
      'a percentile',
      { MetricDataQueries: [{ Id: 'p', MetricStat: { ...query(METRIC).MetricStat, Stat: 'p99' } }] },
      /p99/,
    ],
    [
      'more than 500 queries',
      { MetricDataQueries: Array.from({ length: 501 }, (_, index) => query(METRIC, `m${index}`)) },
      /500/,
    ],
  ])('refuses %s', async (_what, input, message) => {
    const error = await refusal(read(input));
    expect(error).toMatchObject({ name: 'ValidationException', status: 400 });
    expect(error.message).toMatch(message);
  });

  it('says in the words of the query protocol what is missing', async () => {
    const input = { MetricDataQueries: [query(METRIC)], EndTime: new Date() } as GetMetricDataCommandInput;
    expect(await refusal(sandbox().cloudwatch.send(new GetMetricDataCommand(input)))).toMatchObject({
      name: 'MissingRequiredParameterException',
      message: 'The parameter StartTime is required.',
    });
  });
});

describe('ListMetrics', () => {
  const list = async (input: ListMetricsCommandInput) =>
    (await sandbox().cloudwatch.send(new ListMetricsCommand(input))).Metrics?.map((metric) => ({
      name: metric.MetricName,
      dimensions: metric.Dimensions?.map(({ Name, Value }) => `${Name ?? ''}=${Value ?? ''}`),
    }));

  it('finds by namespace, name and dimensions', async () => {
    seed(1);
    seed(1, 0, { ...METRIC, dimensions: { FunctionName: 'other' } });
    seed(1, 0, {
      namespace: 'AWS/SQS',
      name: 'NumberOfMessagesSent',
      dimensions: { QueueName: 'q' },
    } as never);
    const thumbs = { name: 'Errors', dimensions: ['FunctionName=thumbs'] };
    const other = { name: 'Errors', dimensions: ['FunctionName=other'] };
    expect(await list({ Namespace: 'AWS/Lambda' })).toEqual([thumbs, other]);
    expect(await list({ Dimensions: [{ Name: 'FunctionName' }] })).toEqual([thumbs, other]);
    expect(await list({ Dimensions: [{ Name: 'FunctionName', Value: 'other' }] })).toEqual([other]);
    expect(await list({ MetricName: 'NumberOfMessagesSent' })).toHaveLength(1);
  });

  it('forgets what has been silent for two weeks, or three hours when asked so', async () => {
    seed(1, 4 * 60);
    seed(1, 14 * 24 * 60 + 1, { ...METRIC, name: 'Throttles' });
    expect(await list({})).toMatchObject([{ name: 'Errors' }]);
    expect(await list({ RecentlyActive: 'PT3H' })).toEqual([]);
  });

  it('gives 500 at a time', async () => {
    for (let index = 0; index < 501; index++) {
      seed(1, 0, { ...METRIC, dimensions: { FunctionName: `f${index}` } });
    }
    const first = await sandbox().cloudwatch.send(new ListMetricsCommand({}));
    expect(first.Metrics).toHaveLength(500);
    const second = await sandbox().cloudwatch.send(new ListMetricsCommand({ NextToken: first.NextToken }));
    expect(second.Metrics?.map(({ Dimensions }) => Dimensions?.[0]?.Value)).toEqual(['f500']);
    expect(second.NextToken).toBeUndefined();
  });
});

describe('PutMetricData', () => {
  const put = (input: PutMetricDataCommandInput) =>
    sandbox().cloudwatch.send(new PutMetricDataCommand(input));
  const custom = { namespace: 'Shop', name: 'Orders', dimensions: { Stage: 'prod' } };
  const datum = { MetricName: 'Orders', Dimensions: [{ Name: 'Stage', Value: 'prod' }] };

  it('adds values, sets of values and statistics', async () => {
    const { cloudwatch } = sandbox();
    await put({
      Namespace: 'Shop',
      MetricData: [
        { ...datum, Value: 0 },
        { ...datum, Values: [2, 3], Counts: [2, 1] },
        { ...datum, StatisticValues: { Sum: 10, SampleCount: 2, Minimum: 4, Maximum: 6 } },
      ],
    });
    const all = (stat: 'Sum' | 'SampleCount' | 'Minimum' | 'Maximum') =>
      values(cloudwatch, clock.now(), { ...custom, stat });
    expect(await all('Sum')).toEqual([17]);
    expect(await all('SampleCount')).toEqual([6]);
    expect(await all('Minimum')).toEqual([0]);
    expect(await all('Maximum')).toEqual([6]);
  });

  it('takes a request that the client has compressed', async () => {
    const { cloudwatch } = sandbox();
    await put({ Namespace: 'Shop', MetricData: Array.from({ length: 400 }, () => ({ ...datum, Value: 1 })) });
    expect(await values(cloudwatch, clock.now(), custom)).toEqual([400]);
  });

  it('refuses the namespaces of AWS, a datum without a value, and times that are too old', async () => {
    expect(
      await refusal(put({ Namespace: 'AWS/Lambda', MetricData: [{ ...datum, Value: 1 }] })),
    ).toMatchObject({
      name: 'InvalidParameterValueException',
      message: 'The value AWS/ for parameter Namespace is invalid.',
    });
    expect(await refusal(put({ Namespace: 'Shop', MetricData: [datum] }))).toMatchObject({
      name: 'InvalidParameterCombinationException',
    });
    const Timestamp = new Date(clock.now() - 15 * 24 * 3_600_000);
    expect(
      await refusal(put({ Namespace: 'Shop', MetricData: [{ ...datum, Value: 1, Timestamp }] })),
    ).toMatchObject({
      name: 'InvalidParameterValueException',
    });
  });
});

describe('GetMetricStatistics', () => {
  const get = (changes: object = {}) =>
    sandbox().cloudwatch.send(
      new GetMetricStatisticsCommand({
        Namespace: METRIC.namespace,
        MetricName: METRIC.name,
        Dimensions: [{ Name: 'FunctionName', Value: 'thumbs' }],
        StartTime: new Date(clock.now() - 9 * 60_000),
        EndTime: new Date(clock.now() + 60_000),
        Period: 60,
        Statistics: ['Sum', 'Maximum'],
        ...changes,
      }),
    );

  it('gives the statistics of each period', async () => {
    seed(1, 1);
    seed(2);
    seed(3);
    expect(await get()).toMatchObject({
      Label: 'Errors',
      Datapoints: [
        { Timestamp: new Date('2026-06-01T12:00:00Z'), Sum: 5, Maximum: 3, Unit: 'Count' },
        { Timestamp: new Date('2026-06-01T11:59:00Z'), Sum: 1, Maximum: 1, Unit: 'Count' },
      ],
    });
  });

  it('refuses more than 1,440 datapoints', async () => {
    expect(await refusal(get({ StartTime: new Date(clock.now() - 2 * 86_400_000) }))).toMatchObject({
      name: 'InvalidParameterCombinationException',
      message:
        'You have requested up to 2,881 datapoints, which exceeds the limit of 1,440. You may reduce the datapoints requested by increasing Period, or decreasing the time range.',
    });
  });
});

it('is one for each account and Region', async () => {
  seed(1);
  const other = rootClients(sandbox().url, '222222222222');
  expect(await values(other.cloudwatch, clock.now(), METRIC)).toEqual([]);
  sandbox().metrics.add({ region: 'eu-west-1', ...METRIC }, 7);
  expect(await values(sandbox().cloudwatch, clock.now(), METRIC)).toEqual([1]);
});

it('wants cloudwatch:GetMetricData', async () => {
  const { url } = sandbox();
  const root = sandbox();
  const nobody = await sessionClients(url, root, 'nobody');
  const denied = await refusal(nobody.cloudwatch.send(new ListMetricsCommand({})));
  expect(denied).toMatchObject({ name: 'AccessDenied', status: 403 });
  expect(denied.message).toContain('is not authorized to perform: cloudwatch:ListMetrics on resource: *');
  const reader = await sessionClients(url, root, 'reader', {
    Action: 'cloudwatch:GetMetricData',
    Resource: '*',
  });
  expect(await values(reader.cloudwatch, clock.now(), METRIC)).toEqual([]);
});

it('can be throttled', async () => {
  sandbox().faults.add({
    match: { service: 'monitoring', operation: 'ListMetrics' },
    effect: { kind: 'throttle' },
  });
  expect(await refusal(sandbox().cloudwatch.send(new ListMetricsCommand({})))).toMatchObject({
    name: 'Throttling',
  });
});
