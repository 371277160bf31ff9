import type { GetQueryResultsResponse } from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, describe, expect, it } from 'vitest';
import { QuerySyntaxError } from '../../../src/sandbox/services/logs/query-error.ts';
import { parseQuery } from '../../../src/sandbox/services/logs/query-parser.ts';
import { createInsights } from '../../../src/sandbox/services/logs/query-handlers.ts';
import { createLogStore } from '../../../src/sandbox/services/logs/store.ts';
import { createLogsService, type LogsService } from '../../../src/sandbox/services/logs/service.ts';
import { ACCOUNT, callerOf, createRandom, createTestEnv, REGION, type TestEnv } from './harness.ts';

const GROUP = '/aws/lambda/demo';
const STREAM = '2026/11/04/[$LATEST]0123456789abcdef0123456789abcdef';
const ID = '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
const TAB = '\t';

let env: TestEnv;
let logs: LogsService;
let call: ReturnType<typeof callerOf<LogsService['handlers']>>;
/** Milliseconds; a whole second. */
let start: number;

beforeEach(() => {
  env = createTestEnv();
  logs = createLogsService(env);
  call = callerOf(logs.handlers);
  start = Math.floor(env.clock.now() / 1_000) * 1_000;
});

const LINES = [
  `START RequestId: ${ID} Version: $LATEST\n`,
  `2026-11-04T10:00:00.000Z${TAB}${ID}${TAB}INFO${TAB}key=a.txt size=12\n`,
  `[ERROR]${TAB}2026-11-04T10:00:00.000Z${TAB}${ID}${TAB}{"level":"ERROR","n":7,"ok":false,"s3":{"keys":["x","y"]},"@id":"q"}\n`,
  `END RequestId: ${ID}\n`,
  `REPORT RequestId: ${ID}${TAB}Duration: 3.01 ms${TAB}Billed Duration: 114 ms${TAB}Memory Size: 128 MB${TAB}Max Memory Used: 36 MB${TAB}Init Duration: 110.10 ms${TAB}\n`,
];

/** Line number `i` at second `i`. */
function write(lines: readonly string[], group = GROUP): void {
  lines.forEach((message, i) =>
    logs.append(REGION, group, STREAM, [{ timestamp: start + i * 1_000, message }]),
  );
}

async function outcome(queryString: string, input: object = {}): Promise<GetQueryResultsResponse> {
  const { queryId } = await call('StartQuery', {
    logGroupName: GROUP,
    startTime: start / 1_000,
    endTime: start / 1_000 + 3_600,
    queryString,
    ...input,
  });
  await env.clock.advance(100);
  return call('GetQueryResults', { queryId });
}

/** Without @ptr, which is opaque. */
async function rows(queryString: string, input: object = {}) {
  const { results = [] } = await outcome(queryString, input);
  return results.map((row) => {
    const cells = row.filter(({ field }) => field !== '@ptr');
    return Object.fromEntries(cells.map(({ field = '', value }) => [field, value]));
  });
}

const column = async (queryString: string) =>
  (await rows(queryString)).map((row) => Object.values(row).join(' '));

describe('fields', () => {
  it('of Lambda and of JSON are discovered', async () => {
    write(LINES);
    expect(
      await rows(
        'fields @type, @requestId, @duration, @billedDuration, @memorySize, @maxMemoryUsed, @initDuration | filter @type = "REPORT"',
      ),
    ).toEqual([
      {
        '@type': 'REPORT',
        '@requestId': ID,
        '@duration': '3.01',
        '@billedDuration': '114',
        '@memorySize': '128000000',
        '@maxMemoryUsed': '36000000',
        '@initDuration': '110.1',
      },
    ]);
    expect(await rows('fields level, n, ok, s3.keys.1, `@@id`, nothing | filter level = "ERROR"')).toEqual([
      { level: 'ERROR', n: '7', ok: '0', 's3.keys.1': 'y', '@@id': 'q' },
    ]);
    expect(await rows(`filter @requestId = "${ID}" | stats count(*) as lines`)).toEqual([{ lines: '5' }]);
    expect(
      await rows('fields @timestamp, @ingestionTime, @logStream, @log | sort @timestamp | limit 1'),
    ).toEqual([
      {
        '@timestamp': new Date(start).toISOString().replace('T', ' ').replace('Z', ''),
        '@ingestionTime': new Date(start).toISOString().replace('T', ' ').replace('Z', ''),
        '@logStream': STREAM,
        '@log': `${ACCOUNT}:${GROUP}`,
      },
    ]);
  });

  it('are not discovered in an infrequent-access group, which `parse` reads all the same', async () => {
    await call('CreateLogGroup', { logGroupName: GROUP, logGroupClass: 'INFREQUENT_ACCESS' });
    write(LINES);
    expect(await rows('filter ispresent(@requestId) or ispresent(level)')).toEqual([]);
    expect(await rows('parse @message "Duration: * ms" as d | filter d > 3 | display d')).toEqual([
      { d: '3.01' },
    ]);
  });

  it('come with a pointer, and @timestamp and @message when none is named', async () => {
    write(['one']);
    const { results } = await outcome('filter @message like "one"');
    expect(results?.[0]?.map(({ field }) => field)).toEqual(['@timestamp', '@message', '@ptr']);
    expect(Object.keys((await rows('fields @message | parse @message "o*" as rest'))[0] ?? {})).toEqual([
      '@message',
      'rest',
    ]);
    expect(
      Object.keys((await rows('fields @message | parse @message "o*" as rest | display rest'))[0] ?? {}),
    ).toEqual(['rest']);
  });
});

describe('filter', () => {
  const MESSAGES = ['{"n":1,"s":"a"}', '{"n":2,"s":"b b"}', '{"n":10,"s":"C"}', 'plain /x/ "quoted"'];

  it.each([
    ['n = 2', '2'],
    ['n != 2', '10 1'],
    ['n < 10', '2 1'],
    ['n <= 2', '2 1'],
    ['n > 1.5 and n < 10', '2'],
    ['n >= 10', '10'],
    ['n = "2"', '2'],
    ['s = "a" or s = \'C\'', '10 1'],
    ['s in ["a", "C"]', '10 1'],
    ['s not in ["a", "C"] and ispresent(s)', '2'],
    ['n in [1, 2]', '2 1'],
    ['n in []', ''],
    ['not n = 1 and isPresent(n)', '10 2'],
    ['not (n = 1 or n = 2) and ispresent(n)', '10'],
    ['s like "b"', '2'],
    ['s like /^[A-C]/', '10'],
    ['s like /(?i)^c$/', '10'],
    ['s =~ /a|b/', '2 1'],
    ['s not like /a|b/ and n > 0', '10'],
    ['@message like /"s":"b b"/', '2'],
    ['n * 2 + 1 = 5', '2'],
    ['n - 1 = 9', '10'],
    ['n % 2 = 1', '1'],
    ['2 ^ n = 4', '2'],
    ['strlen(s) = 3', '2'],
    ['toupper(s) = "A"', '1'],
    ['strcontains(s, "b") = 1', '2'],
    ['substr(s, 2) = "b"', '2'],
    ['concat(s, "-", n) = "a-1"', '1'],
    ['n = 1 # the first\n or n = 2', '2 1'],
    ['`n` = 1', '1'],
    ['n / 0 = 1', ''],
    ['@ingestionTime >= @timestamp and n = 1', '1'],
  ])('%s', async (condition, expected) => {
    write(MESSAGES);
    const found = await rows(`fields n | filter ${condition} | sort @timestamp desc`);
    expect(found.flatMap(({ n }) => n ?? []).join(' ')).toBe(expected);
  });

  it('takes a slash in a regular expression, and quotes in a text', async () => {
    write(MESSAGES);
    expect(await column('fields @message | filter @message like /\\/x\\//')).toEqual([MESSAGES[3]]);
    expect(await column('fields @message | filter @message like /[/]x/')).toEqual([MESSAGES[3]]);
    expect(await column('fields @message | filter @message like "\\"quoted\\""')).toEqual([MESSAGES[3]]);
  });
});

describe('parse, sort, limit, dedup', () => {
  it('reads wildcards and named groups', async () => {
    write(LINES);
    expect(
      await rows('parse @message "key=* size=*\n" as key, size | filter ispresent(key) | display key, size'),
    ).toEqual([{ key: 'a.txt', size: '12' }]);
    expect(
      await rows(
        'parse @message /key=(?<key>\\S+) size=(?<size>\\d+)/ | filter size > 3 | display key, size',
      ),
    ).toEqual([{ key: 'a.txt', size: '12' }]);
    expect(await rows('parse /size=(\\d+)/ as size | filter ispresent(size) | display size')).toEqual([
      { size: '12' },
    ]);
    expect(
      await rows('parse @logStream "*/*/*/[*]" as y, m, d, version | limit 1 | display y, version'),
    ).toEqual([{ y: '2026', version: '$LATEST' }]);
  });

  it('sorts by number and by text, the newest first without', async () => {
    write(['{"n":10,"s":"b"}', '{"n":9,"s":"a"}', '{"n":100,"s":"b"}', 'none']);
    expect(await column('fields n | filter n > 0')).toEqual(['100', '9', '10']);
    expect(await column('fields n | sort n asc')).toEqual(['9', '10', '100', '']);
    expect(await column('fields n | sort n desc | limit 2')).toEqual(['', '100']);
    expect(await column('fields s, n | filter n > 0 | sort s, n desc')).toEqual(['a 9', 'b 100', 'b 10']);
  });

  it('keeps the first of each value, and all without one', async () => {
    write(['{"s":"a","n":1}', '{"s":"b","n":2}', '{"s":"a","n":3}', 'x', 'y']);
    expect(await column('fields n | sort @timestamp asc | dedup s')).toEqual(['1', '2', '', '']);
    expect(await column('fields n | dedup s | limit 3')).toEqual(['', '', '3']);
  });
});

describe('stats', () => {
  it('aggregates, in groups', async () => {
    write(['{"k":"a","n":1}', '{"k":"b","n":5}', '{"k":"a","n":4}', '{"k":"a","n":"x"}']);
    expect(
      await rows(
        'stats count(*), count(n), min(n), max(n), avg(n), sum(n) as total, count_distinct(k), pct(n, 50) by k | sort k',
      ),
    ).toEqual([
      {
        k: 'a',
        'count(*)': '3',
        'count(n)': '3',
        'min(n)': '1',
        'max(n)': 'x',
        'avg(n)': '2.5',
        total: '5',
        'count_distinct(k)': '1',
        'pct(n, 50)': '1',
      },
      {
        k: 'b',
        'count(*)': '1',
        'count(n)': '1',
        'min(n)': '5',
        'max(n)': '5',
        'avg(n)': '5',
        total: '5',
        'count_distinct(k)': '1',
        'pct(n, 50)': '5',
      },
    ]);
    expect(
      await rows(
        'stats max(n) - min(n) as spread, latest(n) as last, earliest(@timestamp) as first | display spread, last, first',
      ),
    ).toEqual([{ last: 'x', first: String(start) }]);
    expect(await rows('stats count(*) as c by k | filter c > 1')).toEqual([{ k: 'a', c: '3' }]);
    expect(await rows('filter k = "none" | stats count(*)')).toEqual([]);
  });

  it('has bins of time', async () => {
    const at = (seconds: number) => ({ timestamp: start + seconds * 1_000, message: 'x' });
    logs.append(REGION, GROUP, STREAM, [at(0), at(1), at(400)]);
    const bin = (ms: number, size: number) =>
      new Date(Math.floor(ms / size) * size).toISOString().replace('T', ' ').replace('Z', '');
    expect(await rows('stats count(*) as c by bin(5m) as t | sort t')).toHaveLength(2);
    expect(await rows('stats count(*) by bin(1hrs), @logStream')).toEqual([
      { 'bin(1hrs)': bin(start, 3_600_000), '@logStream': STREAM, 'count(*)': '3' },
    ]);
    expect((await rows('stats count(*) as c by bin(1y) as t'))[0]?.['t']).toMatch(
      /^\d{4}-01-01 00:00:00\.000$/,
    );
  });
});

describe('StartQuery', () => {
  it('includes both ends, to the last millisecond of the second', async () => {
    logs.append(
      REGION,
      GROUP,
      STREAM,
      [-1, 0, 1_999, 2_000].map((ms) => ({ timestamp: start + ms, message: `${ms}` })),
    );
    expect(await column('fields @message')).toHaveLength(3);
    const { results, statistics, status } = await outcome('fields @message', { endTime: start / 1_000 + 1 });
    expect(results?.map((row) => row[0]?.value)).toEqual(['1999', '0']);
    expect([status, statistics]).toEqual([
      'Complete',
      {
        recordsMatched: 2,
        recordsScanned: 2,
        estimatedRecordsSkipped: 0,
        bytesScanned: 5,
        estimatedBytesSkipped: 0,
        logGroupsScanned: 1,
        resultCount: 2,
      },
    ]);
  });

  it('reads several groups, by name, by ARN, or by SOURCE', async () => {
    write(['one'], 'a-1');
    write(['two'], 'a-2');
    await call('CreateLogGroup', { logGroupName: 'cold', logGroupClass: 'INFREQUENT_ACCESS' });
    write(['three'], 'cold');
    const found = async (input: object, source = '') =>
      (await rows(`${source}fields @message | sort @message`, { logGroupName: undefined, ...input })).map(
        (row) => row['@message'],
      );
    const arn = (name: string) => `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${name}`;
    expect(await found({ logGroupNames: ['a-1', 'cold'] })).toEqual(['one', 'three']);
    expect(await found({ logGroupIdentifiers: [arn('a-1'), 'a-2', arn('a-2')] })).toEqual(['one', 'two']);
    expect(await found({}, 'SOURCE logGroups() | ')).toEqual(['one', 'two']);
    expect(
      await found({}, "SOURCE logGroups(namePrefix: ['a-2', 'x'], accountIdentifiers: ['111122223333']) | "),
    ).toEqual(['two']);
    expect(await found({}, "SOURCE logGroups(class: ['INFREQUENT_ACCESS']) | ")).toEqual(['three']);
    await expect(found({ logGroupName: 'a-1', logGroupNames: ['a-1'] })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    await expect(found({})).rejects.toMatchObject({ code: 'InvalidParameterException' });
  });

  it('refuses what is missing, delivered, out of range or too early', async () => {
    await expect(rows('fields @message')).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: `Log group '${GROUP}' does not exist for account ID '${ACCOUNT}' (Service: AWSLogs; Status Code: 400; Error Code: ResourceNotFoundException; Request ID: 9e8d7c6b-5a49-4838-a726-1504f3e2d1c0; Proxy: null)`,
    });
    await call('CreateLogGroup', { logGroupName: 'sent', logGroupClass: 'DELIVERY' });
    await expect(rows('fields @message', { logGroupName: 'sent' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
    write(['one']);
    await expect(rows('fields @message', { limit: 100_001 })).rejects.toThrow("Value '100001' at 'limit'");
    await expect(rows('fields @message', { startTime: 100, endTime: 200 })).rejects.toMatchObject({
      code: 'MalformedQueryException',
      message: expect.stringMatching(
        /^Query's end date and time is either before the log groups creation time/,
      ) as string,
    });
    await expect(rows('fields @message', { queryLanguage: 'SQL' })).rejects.toMatchObject({ status: 501 });
  });

  it('gives no more rows than asked for, in pages', async () => {
    write(['1', '2', '3', '4', '5']);
    expect(await rows('fields @message', { limit: 2 })).toHaveLength(2);
    expect(await rows('fields @message | limit 3', { limit: 4 })).toHaveLength(3);
    const { queryId } = await call('StartQuery', {
      logGroupName: GROUP,
      startTime: start / 1_000,
      endTime: start / 1_000 + 60,
      queryString: 'fields @message',
    });
    await env.clock.advance(100);
    const first = await call('GetQueryResults', { queryId, maxItems: 3 });
    expect(first.results).toHaveLength(3);
    const second = await call('GetQueryResults', { queryId, maxItems: 3, nextToken: first.nextToken });
    expect([second.results?.length, second.nextToken]).toEqual([2, undefined]);
    await expect(call('GetQueryResults', { queryId, nextToken: 'x' })).rejects.toThrow(
      'The specified nextToken is invalid.',
    );
  });

  it('is scheduled, runs, and is complete; or is stopped', async () => {
    write(['one']);
    const input = {
      logGroupName: GROUP,
      startTime: start / 1_000,
      endTime: start / 1_000 + 9,
      queryString: 'fields @message',
    };
    const { queryId } = await call('StartQuery', input);
    const status = async () => (await call('GetQueryResults', { queryId })).status;
    expect(await status()).toBe('Scheduled');
    await env.clock.advance(50);
    expect(await call('GetQueryResults', { queryId })).toMatchObject({ status: 'Running', results: [] });
    await env.clock.advance(50);
    expect(await status()).toBe('Complete');
    await expect(call('StopQuery', { queryId })).rejects.toMatchObject({ code: 'InvalidParameterException' });

    const other = await call('StartQuery', input);
    expect(await call('StopQuery', { queryId: other.queryId })).toEqual({ success: true });
    await env.clock.advance(500);
    expect(await call('GetQueryResults', { queryId: other.queryId })).toMatchObject({
      status: 'Cancelled',
      results: [],
    });
    const described = await call('DescribeQueries', { logGroupName: GROUP });
    expect(described.queries?.map((query) => [query.queryId, query.status])).toEqual([
      [other.queryId, 'Cancelled'],
      [queryId, 'Complete'],
    ]);
    expect(described.queries?.[1]).toEqual({
      queryLanguage: 'CWLI',
      queryId,
      queryString: `SOURCE "${GROUP}" START=${input.startTime}000 END=${input.endTime}999 | fields @message`,
      status: 'Complete',
      createTime: start,
      logGroupName: GROUP,
    });
    expect(await call('DescribeQueries', { status: 'Scheduled' })).toEqual({ queries: [] });
    const page = await call('DescribeQueries', { maxResults: 1 });
    expect(
      (await call('DescribeQueries', { maxResults: 1, nextToken: page.nextToken })).queries?.[0]?.queryId,
    ).toBe(queryId);
    logs.reset();
    await expect(call('GetQueryResults', { queryId })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  it('ends a query that takes too long', async () => {
    const store = createLogStore(env);
    const group = store.createGroup(REGION, GROUP, 'STANDARD');
    store.append(group, store.createStream(group, STREAM), [
      { timestamp: start, message: 'a'.repeat(10_000) },
    ]);
    call = callerOf(createInsights({ env, store }, 100_000).handlers);
    expect(await outcome('filter @message like /(a|a|a|a|a|a|a|a|a|a|a|a)*b/')).toMatchObject({
      status: 'Timeout',
      results: [],
    });
    expect(await outcome('filter @message like "b"')).toMatchObject({ status: 'Complete' });
  });
});

describe('the language', () => {
  it.each([
    [''],
    ['|'],
    ['fields'],
    ['fields @message |'],
    ['fields @message | count()'],
    ['fields avg(n)'],
    ['filter'],
    ['filter n ='],
    ['filter n = 1 n = 2'],
    ['filter (n = 1'],
    ['filter s like'],
    ['filter s like word'],
    ['filter s like /('],
    ['filter s like /(/'],
    ['filter s = "open'],
    ['filter nosuch(n) = 1'],
    ['filter count(*) > 1'],
    ['filter and = 1'],
    ['parse @message "a" as b'],
    ['parse @message "* *" as b'],
    ['parse @message "**" as b, c'],
    ['parse @message "***" as b, c, d'],
    ['parse @message /(\\d)/'],
    ['parse @message /x/'],
    ['sort'],
    ['limit'],
    ['limit 0'],
    ['limit 100001'],
    ['limit 1.5'],
    ['stats n by m'],
    ['stats count(*) by count(*)'],
    ['stats count(*) by bin(5)'],
    ['stats count(*) by bin(5x)'],
    ['stats pct(n, 101)'],
    ['dedup s | sort s'],
    ['pattern @message'],
    ['SOURCE logGroups(x: ["a"]) | fields @message'],
    [`filter ${'('.repeat(200)}1${')'.repeat(200)}`],
    [`filter ${'a+'.repeat(3_000)}a`],
  ])('has no %s', async (query) => {
    write(['one']);
    await expect(rows(query)).rejects.toMatchObject({
      code: 'MalformedQueryException',
      message: expect.stringMatching(
        / \(Service: AWSLogs; Status Code: 400; Error Code: MalformedQueryException; Request ID: \S+; Proxy: null\)$/,
      ) as string,
    });
  });

  it('says where it is wrong', async () => {
    write(['one']);
    await expect(rows('fields @message\n| dedup s | sort s')).rejects.toThrow(
      'unexpected symbol found sort at line 2 and position 13 (',
    );
  });

  it('is read or refused, and runs, whatever is written', async () => {
    write(LINES);
    const random = createRandom(11);
    const words = [
      'fields',
      'filter',
      'stats',
      'sort',
      'limit',
      'parse',
      'dedup',
      'display',
      '|',
      '|',
      ',',
      '(',
      ')',
      '[',
      ']',
      '@message',
      '@timestamp',
      'n',
      'as',
      'by',
      'and',
      'or',
      'not',
      'like',
      'in',
      '=',
      '!=',
      '<',
      '-',
      '*',
      '/',
      '^',
      '"a*"',
      "'",
      '`',
      '/a(b)?/',
      '5',
      '5m',
      'bin(1h)',
      'count(*)',
      'avg(',
      'ispresent(',
      '#',
      '\n',
      'desc',
      '\\',
      '\u0000',
      '\u{1f600}',
    ];
    let read = 0;
    for (let i = 0; i < 5_000; i++) {
      const length = 1 + Math.floor(random() * 5);
      const pick = () => words[Math.floor(random() * words.length)];
      const beginning =
        i % 2 === 0 ? [] : [['fields', 'filter n =', 'stats count(*) by', 'sort'][(i >> 1) % 4]];
      const text = [...beginning, ...Array.from({ length }, pick)].join(' ');
      try {
        parseQuery(text);
      } catch (error) {
        if (!(error instanceof QuerySyntaxError)) throw error;
        continue;
      }
      read++;
      await outcome(text);
    }
    expect(read).toBeGreaterThan(100);
  });
});
