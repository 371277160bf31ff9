import {
  DescribeQueriesCommand,
  GetQueryResultsCommand,
  StartQueryCommand,
  StopQueryCommand,
  type GetQueryResultsCommandOutput,
  type StartQueryCommandInput,
} from '@aws-sdk/client-cloudwatch-logs';
import { expect } from 'vitest';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { filtered, logGroup, logStream, write } from './log-groups.ts';
import { refused } from './refused.ts';
import { eventually } from './target.ts';

const MINUTE = 60_000;
/** Three events a minute ago, on the first millisecond of a second, on its last, and on the next. */
const three = shared(async (t: Target) => {
  const group = await logGroup(t);
  await logStream(t, group, 's');
  const start = Math.floor(Date.now() / 1_000) * 1_000;
  await write(t, group, 's', [
    { timestamp: start, message: 'first' },
    { timestamp: start + 999, message: 'last' },
    { timestamp: start + 1_000, message: 'next' },
  ]);
  await filtered(t, { logGroupName: group.name }, 3);
  return { ...group, start: start / 1_000 };
});

/** How soon events can be queried is UNKNOWN: asked again until there are `count` rows. */
async function query(
  t: Target,
  queryString: string,
  input: Partial<StartQueryCommandInput> = {},
  count = 1,
): Promise<GetQueryResultsCommandOutput> {
  const { name, start } = await three(t);
  return eventually(async () => {
    const { queryId } = await t.logs.send(
      new StartQueryCommand({
        ...(Object.keys(input).some((key) => key.startsWith('logGroup')) ? {} : { logGroupName: name }),
        startTime: start,
        endTime: start + 60,
        queryString,
        ...input,
      }),
    );
    const answer = await eventually(async () => {
      const results = await t.logs.send(new GetQueryResultsCommand({ queryId }));
      expect(results.status).toBe('Complete');
      return results;
    });
    if ((answer.results?.length ?? 0) < count) throw new Error('not there yet');
    return answer;
  });
}

const messages = ({ results = [] }: GetQueryResultsCommandOutput) =>
  results.map((row) => row.find(({ field }) => field === '@message')?.value);

const start = async (t: Target, input: Partial<StartQueryCommandInput> = {}) => {
  const group = await three(t);
  return t.logs.send(
    new StartQueryCommand({
      logGroupName: group.name,
      startTime: group.start,
      endTime: group.start + 60,
      queryString: 'fields @message',
      ...input,
    }),
  );
};

const rows: readonly Fact[] = [
  {
    id: '6.7-times',
    source: 'model',
    expectation: 'times are seconds, and both ends are inclusive',
    async run(t) {
      const { start } = await three(t);
      const answer = await query(t, 'fields @message | sort @timestamp asc', { endTime: start }, 2);
      expect(messages(answer)).toEqual(['first', 'last']);
    },
  },
  {
    id: '6.7-rows',
    source: 'model',
    expectation: 'a row has field and value of what was asked for, and @ptr',
    async run(t) {
      const { results } = await query(t, 'fields @message, @logStream | filter @message = "first"');
      expect(results).toEqual([
        [
          { field: '@message', value: 'first' },
          { field: '@logStream', value: 's' },
          { field: '@ptr', value: expect.any(String) as string },
        ],
      ]);
    },
  },
  {
    id: '6.7-statistics',
    source: 'model',
    expectation: 'the answer says how many events were searched and found',
    async run(t) {
      const { statistics } = await query(t, 'fields @message | filter @message like /first|last/', {}, 2);
      expect(statistics).toMatchObject({ recordsMatched: 2, recordsScanned: 3 });
    },
  },
  {
    id: '6.7-groups',
    source: 'model',
    expectation: 'groups are named one by one, in a list, by ARN, or by SOURCE in the query',
    async run(t) {
      const { name, arn } = await three(t);
      for (const input of [
        { logGroupName: name },
        { logGroupNames: [name] },
        { logGroupIdentifiers: [arn] },
      ]) {
        expect(messages(await query(t, 'fields @message', input, 3))).toHaveLength(3);
      }
      const source = `SOURCE logGroups(namePrefix: ['${name}']) | fields @message`;
      expect(messages(await query(t, source, { logGroupName: undefined }, 3))).toHaveLength(3);
    },
  },
  {
    id: '6.7-limit',
    source: 'model',
    expectation: 'a limit of up to 100,000 can be asked for',
    async run(t) {
      expect(messages(await query(t, 'fields @message', { limit: 2 }, 2))).toHaveLength(2);
      expect(messages(await query(t, 'fields @message', { limit: 100_000 }, 3))).toHaveLength(3);
    },
  },
  refused(
    { id: '6.7-limit-too-high', source: 'model', expectation: 'and no higher one' },
    (t) => start(t, { limit: 100_001 }),
    { status: 400, code: 'InvalidParameterException' },
  ),
  {
    id: '6.7-describe',
    source: 'AWS-recorded',
    expectation: 'DescribeQueries shows the query with its groups and times before it',
    async run(t) {
      const group = await logGroup(t);
      const from = Math.floor((Date.now() - 10 * MINUTE) / 1_000);
      const input = { logGroupName: group.name, startTime: from, endTime: from + 900 };
      const { queryId } = await start(t, input);
      await eventually(async () => {
        const { queries } = await t.logs.send(
          new DescribeQueriesCommand({ logGroupName: group.name, status: 'Complete' }),
        );
        expect(queries).toEqual([
          expect.objectContaining({
            createTime: expect.any(Number) as number,
            logGroupName: group.name,
            queryId,
            queryLanguage: 'CWLI',
            queryString: `SOURCE "${group.name}" START=${from}000 END=${from + 900}999 | fields @message`,
            status: 'Complete',
          }),
        ]);
      });
      const scheduled = new DescribeQueriesCommand({ logGroupName: group.name, status: 'Scheduled' });
      expect((await t.logs.send(scheduled)).queries).toEqual([]);
    },
  },
  {
    id: '6.7-stop',
    source: 'model',
    expectation: 'a query that runs can be stopped, and is Cancelled then',
    async run(t) {
      const { queryId } = await start(t);
      expect(await t.logs.send(new StopQueryCommand({ queryId }))).toMatchObject({ success: true });
      await eventually(async () => {
        expect((await t.logs.send(new GetQueryResultsCommand({ queryId }))).status).toBe('Cancelled');
      });
    },
  },
  refused(
    { id: '6.7-group-missing', source: 'AWS-recorded', expectation: 'a group that is not there is named' },
    (t) => start(t, { logGroupName: 'non-existent' }),
    (t) => ({
      status: 400,
      code: 'ResourceNotFoundException',
      message: new RegExp(
        `^Log group 'non-existent' does not exist for account ID '${t.account}' \\(Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: [0-9a-f-]{36}; Proxy: null\\)$`,
      ),
    }),
  ),
  refused(
    { id: '6.7-syntax', source: 'model', expectation: 'a query that is not of the language is malformed' },
    (t) => start(t, { queryString: 'fields @message | count()' }),
    { status: 400, code: 'MalformedQueryException' },
  ),
  refused(
    {
      id: '6.7-too-early',
      source: 'second-hand',
      expectation: 'a range that ends before the group was made is malformed',
    },
    (t) => start(t, { startTime: 1_000_000_000, endTime: 1_000_000_060 }),
    {
      status: 400,
      code: 'MalformedQueryException',
      message:
        /^Query's end date and time is either before the log groups creation time or exceeds the log groups log retention settings /,
    },
  ),
];

describeFacts('6.7 Insights', rows);
