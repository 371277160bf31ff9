import { beforeEach, describe, expect, it } from 'vitest';
import { createLogsService, type LogsService } from '../../../src/sandbox/services/logs/service.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION, type TestEnv } from './harness.ts';

let env: TestEnv;
let logs: LogsService;
let call: ReturnType<typeof callerOf<LogsService['handlers']>>;
let now: number;

beforeEach(() => {
  env = createTestEnv();
  logs = createLogsService(env);
  call = callerOf(logs.handlers);
  now = env.clock.now();
});

const arnOf = (group: string): string => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${group}`;

describe('log groups', () => {
  it('are described with both forms of their ARN', async () => {
    await call('CreateLogGroup', { logGroupName: 'g', tags: { team: 'x' } });
    await call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 7 });
    logs.append(REGION, 'g', 's', [{ timestamp: now, message: 'é' }]);
    expect(await call('DescribeLogGroups', {})).toEqual({
      logGroups: [
        {
          logGroupName: 'g',
          creationTime: now,
          retentionInDays: 7,
          metricFilterCount: 0,
          arn: `${arnOf('g')}:*`,
          storedBytes: 28,
          logGroupClass: 'STANDARD',
          logGroupArn: arnOf('g'),
        },
      ],
    });
    await call('DeleteRetentionPolicy', { logGroupName: 'g' });
    expect((await call('DescribeLogGroups', {})).logGroups?.[0]).not.toHaveProperty('retentionInDays');
  });

  it('are found by prefix, substring, class and identifier', async () => {
    for (const name of ['app/DataLogs', 'DataLogs', 'Data/log/s', 'other'])
      await call('CreateLogGroup', { logGroupName: name });
    await call('CreateLogGroup', { logGroupName: 'rare', logGroupClass: 'INFREQUENT_ACCESS' });
    const names = async (input: Parameters<typeof call<'DescribeLogGroups'>>[1]) =>
      (await call('DescribeLogGroups', input)).logGroups?.map(({ logGroupName }) => logGroupName);
    expect(await names({})).toEqual(['Data/log/s', 'DataLogs', 'app/DataLogs', 'other', 'rare']);
    expect(await names({ logGroupNamePrefix: 'Data' })).toEqual(['Data/log/s', 'DataLogs']);
    expect(await names({ logGroupNamePattern: 'DataLogs' })).toEqual(['DataLogs', 'app/DataLogs']);
    expect(await names({ logGroupClass: 'ESSENTIALS' })).toEqual(['rare']);
    expect(await names({ logGroupIdentifiers: ['other', arnOf('rare'), 'none'] })).toEqual(['other', 'rare']);
    expect((await call('DescribeLogGroups', { logGroupNamePattern: 'oth' })).logGroups).toEqual([
      { logGroupName: 'other', creationTime: now, arn: `${arnOf('other')}:*` },
    ]);
    await expect(names({ logGroupNamePrefix: 'a', logGroupNamePattern: 'a' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: 'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    });
  });

  it('are paged, 50 by default', async () => {
    for (let i = 0; i < 60; i++)
      await call('CreateLogGroup', { logGroupName: `g${String(i).padStart(2, '0')}` });
    const first = await call('DescribeLogGroups', {});
    expect(first.logGroups).toHaveLength(50);
    await call('DeleteLogGroup', { logGroupName: 'g49' });
    const second = await call('DescribeLogGroups', { nextToken: first.nextToken });
    expect(second.logGroups?.map(({ logGroupName }) => logGroupName)).toEqual(
      Array.from({ length: 10 }, (_, i) => `g${50 + i}`),
    );
    expect(second).not.toHaveProperty('nextToken');
    await expect(call('DescribeLogGroups', { nextToken: 'bogus' })).rejects.toMatchObject({
      message: 'The specified nextToken is invalid.',
    });
    await expect(call('DescribeLogGroups', { limit: 51 })).rejects.toMatchObject({
      message: expect.stringContaining('less than or equal to 50'),
    });
  });

  it.each([
    ['', /greater than or equal to 1/],
    ['a b', /regular expression pattern: \[\\\.\\-_\/#A-Za-z0-9\]\+$/],
    ['x'.repeat(513), /^Invalid LogGroup or LogStream, both must have length less than or equal to 512\.$/],
    ['aws/mine', /^Log groups starting with AWS\/ are reserved for AWS\.$/],
  ])('refuses the name %o', async (logGroupName, message) => {
    await expect(call('CreateLogGroup', { logGroupName })).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: expect.stringMatching(message),
    });
  });

  it('exist once, and can be deleted once', async () => {
    await call('CreateLogGroup', { logGroupName: 'g' });
    await expect(call('CreateLogGroup', { logGroupName: 'g' })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
      message: 'The specified log group already exists',
    });
    await call('DeleteLogGroup', { logGroupName: 'g' });
    await expect(call('DeleteLogGroup', { logGroupName: 'g' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'The specified log group does not exist.',
    });
  });

  it('take only the retention periods of the model', async () => {
    await call('CreateLogGroup', { logGroupName: 'g' });
    await expect(call('PutRetentionPolicy', { logGroupName: 'g', retentionInDays: 2 })).rejects.toMatchObject(
      {
        code: 'InvalidParameterException',
      },
    );
  });

  it('carry tags, by either API', async () => {
    await call('CreateLogGroup', { logGroupName: 'g', tags: { a: '1' } });
    await call('TagResource', { resourceArn: arnOf('g'), tags: { b: '2' } });
    await call('TagLogGroup', { logGroupName: 'g', tags: { c: '3' } });
    expect(await call('ListTagsForResource', { resourceArn: arnOf('g') })).toEqual({
      tags: { a: '1', b: '2', c: '3' },
    });
    await call('UntagResource', { resourceArn: arnOf('g'), tagKeys: ['a'] });
    await call('UntagLogGroup', { logGroupName: 'g', tags: ['b', 'none'] });
    expect(await call('ListTagsLogGroup', { logGroupName: 'g' })).toEqual({ tags: { c: '3' } });
    await expect(call('ListTagsForResource', { resourceArn: arnOf('none') })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, 'v']));
    await expect(call('TagLogGroup', { logGroupName: 'g', tags: many })).rejects.toMatchObject({
      code: 'TooManyTagsException',
    });
  });
});

describe('log streams', () => {
  const streams = async (input: Partial<Parameters<typeof call<'DescribeLogStreams'>>[1]> = {}) =>
    (await call('DescribeLogStreams', { logGroupName: 'g', ...input })).logStreams?.map(
      ({ logStreamName }) => logStreamName,
    );

  it('lack the times of events until there are some', async () => {
    await call('CreateLogGroup', { logGroupName: 'g' });
    await call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' });
    const arn = `${arnOf('g')}:log-stream:s`;
    const described = { logStreamName: 's', creationTime: now, arn, storedBytes: 0 };
    expect((await call('DescribeLogStreams', { logGroupName: 'g' })).logStreams).toEqual([described]);
    await env.clock.advance(50);
    logs.append(REGION, 'g', 's', [
      { timestamp: now + 9, message: 'b' },
      { timestamp: now + 5, message: 'a' },
    ]);
    expect((await call('DescribeLogStreams', { logGroupIdentifier: arnOf('g') })).logStreams).toEqual([
      {
        ...described,
        firstEventTimestamp: now + 5,
        lastEventTimestamp: now + 9,
        lastIngestionTime: now + 50,
        uploadSequenceToken: expect.stringMatching(/^\d{56}$/),
      },
    ]);
  });

  it('are ordered by name or by last event, either way, and paged', async () => {
    for (const [name, time] of [
      ['b', 3],
      ['a', 1],
      ['c', 2],
    ] as const) {
      logs.append(REGION, 'g', name, [{ timestamp: now + time, message: 'x' }]);
    }
    expect(await streams()).toEqual(['a', 'b', 'c']);
    expect(await streams({ descending: true })).toEqual(['c', 'b', 'a']);
    expect(await streams({ orderBy: 'LastEventTime' })).toEqual(['a', 'c', 'b']);
    expect(await streams({ orderBy: 'LastEventTime', descending: true })).toEqual(['b', 'c', 'a']);
    expect(await streams({ logStreamNamePrefix: 'b' })).toEqual(['b']);
    const query = { logGroupName: 'g', orderBy: 'LastEventTime', descending: true, limit: 2 } as const;
    const { nextToken } = await call('DescribeLogStreams', query);
    expect(await streams({ ...query, nextToken })).toEqual(['a']);
    await expect(streams({ nextToken })).rejects.toMatchObject({
      message: 'The specified nextToken is invalid.',
    });
    await expect(streams({ orderBy: 'LastEventTime', logStreamNamePrefix: 'b' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    await expect(streams({ limit: 51 })).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  it('come in pages of 50', async () => {
    for (let i = 0; i < 55; i++) logs.append(REGION, 'g', `s${i}`, [{ timestamp: now, message: 'x' }]);
    expect(await streams()).toHaveLength(50);
  });

  it('exist once, have rules for names, and take their events with them', async () => {
    logs.append(REGION, 'g', 's', [{ timestamp: now, message: 'gone' }]);
    logs.append(REGION, 'g', 't', [{ timestamp: now, message: 'kept' }]);
    await expect(call('CreateLogStream', { logGroupName: 'g', logStreamName: 's' })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
      message: 'The specified log stream already exists',
    });
    await expect(call('CreateLogStream', { logGroupName: 'g', logStreamName: 'a:b' })).rejects.toMatchObject({
      message: expect.stringContaining('[^:*]*'),
    });
    await call('DeleteLogStream', { logGroupName: 'g', logStreamName: 's' });
    const { events } = await call('FilterLogEvents', { logGroupName: 'g' });
    expect(events?.map(({ message }) => message)).toEqual(['kept']);
    await expect(call('DeleteLogStream', { logGroupName: 'g', logStreamName: 's' })).rejects.toMatchObject({
      message: 'The specified log stream does not exist.',
    });
  });
});
