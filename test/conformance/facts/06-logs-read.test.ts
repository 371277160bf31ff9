import {
  DescribeLogGroupsCommand,
  DescribeLogStreamsCommand,
  FilterLogEventsCommand,
  GetLogEventsCommand,
  type FilterLogEventsCommandInput,
  type GetLogEventsCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { expect } from 'vitest';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { createJumpingClock } from '../../support/jumping-clock.ts';
import { filtered, logGroup, logStream, write, written } from './log-groups.ts';
import { refused } from './refused.ts';
import { eventually, refusal } from './target.ts';

const clock = createJumpingClock();
const HOUR = 3_600_000;

/** Streams `a` and `b` take turns: events 0 to 5, ten milliseconds apart. */
const two = shared(async (t: Target) => {
  const group = await logGroup(t);
  const start = Date.now() - 10_000;
  for (const [first, stream] of ['a', 'b'].entries()) {
    await logStream(t, group, stream);
    const numbers = [0, 1, 2].map((n) => 2 * n + first);
    await write(
      t,
      group,
      stream,
      numbers.map((n) => ({ timestamp: start + 10 * n, message: String(n) })),
    );
  }
  await filtered(t, { logGroupName: group.name }, 6);
  return { ...group, start };
});

const filter = async (t: Target, input: Partial<FilterLogEventsCommandInput> = {}) =>
  t.logs.send(
    new FilterLogEventsCommand({
      ...(input.logGroupIdentifier === undefined && { logGroupName: (await two(t)).name }),
      ...input,
    }),
  );
const messages = ({ events = [] }: { events?: { message?: string | undefined }[] | undefined }) =>
  events.map(({ message }) => message).join('');

/** 10,000 events and one more, which says `found`. */
const large = shared(async (t: Target) => {
  const group = await written(t, Array<string>(10_000).fill('x'));
  await write(t, group, 's', [{ timestamp: group.start + 10_000, message: 'found' }]);
  await filtered(t, { logGroupName: group.name }, 10_001);
  return group;
});

const filtering: readonly Fact[] = [
  {
    id: '6.1-event',
    source: 'model',
    expectation:
      'an event has stream, timestamp, message, ingestion time and id, and no stream is called searched',
    async run(t) {
      const { start } = await two(t);
      const { events, searchedLogStreams } = await filter(t, { limit: 1 });
      expect(searchedLogStreams ?? []).toEqual([]);
      expect(events).toEqual([
        {
          logStreamName: 'a',
          timestamp: start,
          message: '0',
          ingestionTime: expect.any(Number) as number,
          eventId: expect.stringMatching(/^\d{56}$/) as string,
        },
      ]);
    },
  },
  {
    id: '6.1-order',
    source: 'model',
    expectation: 'events come by timestamp across streams',
    async run(t) {
      expect(messages(await filter(t))).toBe('012345');
    },
  },
  {
    id: '6.1-range',
    source: 'model',
    expectation: 'start and end time are inclusive',
    async run(t) {
      const { start } = await two(t);
      expect(messages(await filter(t, { startTime: start + 10, endTime: start + 30 }))).toBe('123');
    },
  },
  {
    id: '6.1-identifier',
    source: 'model',
    expectation: 'the group can be named by its ARN',
    async run(t) {
      expect(messages(await filter(t, { logGroupIdentifier: (await two(t)).arn }))).toBe('012345');
    },
  },
  {
    id: '6.1-streams',
    source: 'model',
    expectation: 'streams can be named, or be told by a prefix',
    async run(t) {
      expect(messages(await filter(t, { logStreamNames: ['b'] }))).toBe('135');
      expect(messages(await filter(t, { logStreamNamePrefix: 'a' }))).toBe('024');
    },
  },
  refused(
    {
      id: '6.1-names-and-prefix',
      source: 'model',
      expectation: 'names and prefix of streams exclude each other',
    },
    (t) => filter(t, { logStreamNames: ['a'], logStreamNamePrefix: 'a' }),
    { status: 400, code: 'InvalidParameterException' },
  ),
  refused(
    {
      id: '6.1-pattern-length',
      source: 'model',
      expectation: 'a filter pattern has at most 1,024 characters',
    },
    (t) => filter(t, { filterPattern: 'x'.repeat(1_025) }),
    { status: 400, code: 'InvalidParameterException' },
  ),
  refused(
    { id: '6.1-too-many-streams', source: 'model', expectation: 'at most 100 streams can be named' },
    (t) => filter(t, { logStreamNames: Array.from({ length: 101 }, (_, i) => `s${i}`) }),
    { status: 400, code: 'InvalidParameterException' },
  ),
  {
    id: '6.1-pages',
    source: 'model',
    expectation: 'a page of at most `limit` events has a token as long as there may be more',
    async run(t) {
      let all = '';
      let nextToken: string | undefined;
      do {
        const page = await filter(t, { limit: 4, nextToken });
        expect(page.events?.length ?? 0).toBeLessThanOrEqual(4);
        all += messages(page);
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      expect(all).toBe('012345');
    },
  },
  {
    id: '6.1-page-bytes',
    source: 'model',
    expectation: 'a page has at most one megabyte',
    async run(t) {
      const group = await logGroup(t);
      await logStream(t, group, 's');
      const message = 'x'.repeat(250_000);
      for (let i = 0; i < 5; i++) await write(t, group, 's', [{ timestamp: Date.now(), message }]);
      expect(await filtered(t, { logGroupName: group.name }, 5)).toHaveLength(5);
      const page = await filter(t, { logGroupName: group.name });
      expect(messages(page).length).toBeLessThanOrEqual(1_048_576);
      expect(page.nextToken).toBeDefined();
    },
  },
  {
    id: '6.1-page-events',
    source: 'model',
    expectation: 'a page has at most 10,000 events, which is the default too',
    async run(t) {
      const { events, nextToken } = await filter(t, { logGroupName: (await large(t)).name });
      expect(events?.length).toBeLessThanOrEqual(10_000);
      expect(nextToken).toBeDefined();
    },
  },
  {
    id: '6.1-empty-page',
    source: 'model',
    expectation: 'a page can be empty and still have a token: the search goes on',
    needs: 'a known number of events searched for a page',
    async run(t) {
      const input = { logGroupName: (await large(t)).name, filterPattern: 'found' };
      const first = await filter(t, input);
      expect(messages(first)).toBe('');
      const second = await filter(t, { ...input, nextToken: first.nextToken });
      expect([messages(second), second.nextToken]).toEqual(['found', undefined]);
    },
  },
  {
    id: '6.1-token-expires',
    source: 'model',
    expectation: 'a token expires after 24 hours',
    needs: 'time that passes',
    async run(t) {
      const { nextToken } = await filter(t, { limit: 1 });
      clock.jump(25 * HOUR);
      expect(await refusal(filter(t, { nextToken }))).toMatchObject({
        code: 'InvalidParameterException',
        message: 'The specified nextToken is invalid.',
      });
    },
  },
  {
    id: '6.1-newest-first',
    source: 'model',
    expectation: 'with startFromHead false the newest come first, and the token keeps the direction',
    async run(t) {
      const { start } = await two(t);
      const first = await filter(t, { startFromHead: false, startTime: start, limit: 4 });
      expect(messages(first)).toBe('5432');
      expect(messages(await filter(t, { startTime: start, limit: 4, nextToken: first.nextToken }))).toBe(
        '10',
      );
    },
  },
  refused(
    { id: '6.1-newest-first-since', source: 'model', expectation: 'the newest come first only from 2024 on' },
    (t) => filter(t, { startFromHead: false, startTime: Date.UTC(2023, 11, 31) }),
    { status: 400, code: 'InvalidParameterException' },
  ),
];

const get = async (t: Target, input: Partial<GetLogEventsCommandInput> = {}) =>
  t.logs.send(new GetLogEventsCommand({ logGroupName: (await two(t)).name, logStreamName: 'a', ...input }));

const getting: readonly Fact[] = [
  {
    id: '6.2-event',
    source: 'AWS-recorded',
    expectation: 'an event has timestamp, message and ingestion time, and no id',
    async run(t) {
      const { events } = await get(t);
      expect(Object.keys(events?.[0] ?? {}).sort()).toEqual(['ingestionTime', 'message', 'timestamp']);
    },
  },
  {
    id: '6.2-range',
    source: 'model',
    expectation: 'the start time is inclusive, the end time is not',
    async run(t) {
      const { start } = await two(t);
      expect(messages(await get(t, { startTime: start + 20, endTime: start + 40 }))).toBe('2');
    },
  },
  {
    id: '6.2-latest-first',
    source: 'model',
    expectation: 'the first page is the latest, unless startFromHead is true',
    async run(t) {
      expect(messages(await get(t, { limit: 2 }))).toBe('24');
      expect(messages(await get(t, { limit: 2, startFromHead: true }))).toBe('02');
    },
  },
  {
    id: '6.2-tokens',
    source: 'model',
    expectation: 'both tokens are always there, and at the end the token that was sent comes back',
    async run(t) {
      const first = await get(t, { startFromHead: true });
      expect(first.nextBackwardToken).toBeDefined();
      const nextToken = first.nextForwardToken;
      const last = await get(t, { startFromHead: true, nextToken });
      expect(messages(last)).toBe('');
      expect(last.nextForwardToken).toBe(nextToken);
      expect(last.nextBackwardToken).toBeDefined();
    },
  },
  {
    id: '6.2-backward',
    source: 'model',
    expectation: 'the backward token goes to earlier events',
    async run(t) {
      const { nextBackwardToken } = await get(t, { limit: 1 });
      expect(messages(await get(t, { limit: 1, nextToken: nextBackwardToken }))).toBe('2');
    },
  },
];

const streams = async (t: Target, input: object = {}) =>
  t.logs.send(new DescribeLogStreamsCommand({ logGroupName: (await many(t)).name, ...input }));
/** 51 streams without events. */
const many = shared(async (t: Target) => {
  const group = await logGroup(t);
  await Promise.all(
    Array.from({ length: 51 }, (_, i) => logStream(t, group, `s-${String(i).padStart(2, '0')}`)),
  );
  return group;
});

const describing: readonly Fact[] = [
  {
    id: '6.3-group-arns',
    source: 'model',
    expectation: 'a group has arn, which ends with :*, and logGroupArn, which does not',
    async run(t) {
      const { name, arn } = await two(t);
      const { logGroups } = await t.logs.send(new DescribeLogGroupsCommand({ logGroupNamePrefix: name }));
      expect(logGroups).toEqual([
        expect.objectContaining({
          logGroupName: name,
          arn: `${arn}:*`,
          logGroupArn: arn,
          logGroupClass: 'STANDARD',
        }),
      ]);
    },
  },
  {
    id: '6.3-stream-limit',
    source: 'model',
    expectation: 'a page of streams has 50 by default, by name, ascending',
    async run(t) {
      await eventually(async () => {
        const { logStreams = [], nextToken } = await streams(t);
        expect([logStreams.length, logStreams[0]?.logStreamName, nextToken !== undefined]).toEqual([
          50,
          's-00',
          true,
        ]);
      });
      const { logStreams: last = [] } = await streams(t, { descending: true, limit: 1 });
      expect(last[0]?.logStreamName).toBe('s-50');
    },
  },
  {
    id: '6.3-empty-stream',
    source: 'AWS-recorded',
    expectation: 'a stream without events has name, ARN, creation time and no bytes',
    async run(t) {
      const { logStreams = [] } = await streams(t, { limit: 1 });
      expect(logStreams[0]).toEqual({
        logStreamName: 's-00',
        arn: `${(await many(t)).arn}:log-stream:s-00`,
        creationTime: expect.any(Number) as number,
        storedBytes: 0,
      });
    },
  },
  {
    id: '6.3-stored-bytes',
    source: 'model',
    expectation: 'the stored bytes of a stream are always 0',
    async run(t) {
      const { logStreams = [] } = await streams(t, { logGroupName: (await two(t)).name });
      expect(logStreams).toMatchObject([{ storedBytes: 0 }, { storedBytes: 0 }]);
    },
  },
  refused(
    {
      id: '6.3-order-and-prefix',
      source: 'model',
      expectation: 'by time of the last event there is no prefix',
    },
    (t) => streams(t, { orderBy: 'LastEventTime', logStreamNamePrefix: 's' }),
    { status: 400, code: 'InvalidParameterException' },
  ),
];

describeFacts('6 reading logs', [...filtering, ...getting, ...describing], { clock });
