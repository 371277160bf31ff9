import { beforeEach, describe, expect, it } from 'vitest';
import { createLogsService, type LogsService } from '../../../src/sandbox/services/logs/service.ts';
import { ACCOUNT, callerOf, createRandom, createTestEnv, REGION, type TestEnv } from './harness.ts';

const GROUP = '/aws/lambda/demo';
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

let env: TestEnv;
let logs: LogsService;
let call: ReturnType<typeof callerOf<LogsService['handlers']>>;
let now: number;

function use(options?: Parameters<typeof createLogsService>[1]): void {
  env = createTestEnv();
  logs = createLogsService(env, options);
  call = callerOf(logs.handlers);
  now = env.clock.now();
}

beforeEach(() => use());

function write(timestamp: number, ...messages: readonly string[]): void {
  writeTo('s', timestamp, ...messages);
}

function writeTo(stream: string, timestamp: number, ...messages: readonly string[]): void {
  logs.append(
    REGION,
    GROUP,
    stream,
    messages.map((message) => ({ timestamp, message })),
  );
}

type FilterInput = Parameters<typeof call<'FilterLogEvents'>>[1];

async function filter(input: FilterInput = {}): Promise<readonly (string | undefined)[]> {
  const { events } = await call('FilterLogEvents', { logGroupName: GROUP, ...input });
  return (events ?? []).map(({ message }) => message);
}

/** All pages, as message lists. */
async function filterPages(input: FilterInput): Promise<string[][]> {
  const pages: string[][] = [];
  let nextToken: string | undefined;
  do {
    const page = await call('FilterLogEvents', { logGroupName: GROUP, ...input, nextToken });
    pages.push((page.events ?? []).map(({ message = '' }) => message));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return pages;
}

describe('FilterLogEvents', () => {
  it('answers in the recorded form', async () => {
    writeTo('2026/10/05/[$LATEST]0f', now - 5, 'START\n');
    expect(await call('FilterLogEvents', { logGroupName: GROUP })).toEqual({
      events: [
        {
          logStreamName: '2026/10/05/[$LATEST]0f',
          timestamp: now - 5,
          message: 'START\n',
          ingestionTime: now,
          eventId: expect.stringMatching(/^3\d{55}$/),
        },
      ],
      searchedLogStreams: [],
    });
  });

  it('orders by timestamp, then arrival, across streams, whenever the events came', async () => {
    writeTo('a', now, 'a1');
    await env.clock.advance(10);
    writeTo('b', now, 'b1');
    writeTo('a', now, 'a2');
    writeTo('b', now - 1_000, 'late');
    const { events = [] } = await call('FilterLogEvents', { logGroupName: GROUP });
    expect(events.map(({ message }) => message)).toEqual(['late', 'a1', 'b1', 'a2']);
    expect(events.map(({ ingestionTime }) => (ingestionTime ?? 0) - now)).toEqual([10, 0, 10, 10]);
    const ids = events.map(({ eventId = '' }) => eventId);
    expect([...new Set(ids)].sort()).toEqual(ids);
  });

  it('takes both ends of the time range in', async () => {
    for (const offset of [0, 1, 2, 3]) write(now + offset, `e${offset}`);
    expect(await filter({ startTime: now + 1, endTime: now + 2 })).toEqual(['e1', 'e2']);
    expect(await filter({ startTime: now + 4 })).toEqual([]);
    expect(await filter({ startTime: now + 2, endTime: now + 1 })).toEqual([]);
  });

  it('searches named streams or a prefix', async () => {
    writeTo('a1', now, 'one');
    writeTo('a2', now, 'two');
    writeTo('b', now, 'three');
    expect(await filter({ logStreamNames: ['a2'] })).toEqual(['two']);
    expect(await filter({ logStreamNames: ['b', 'a1', 'b'] })).toEqual(['one', 'three']);
    expect(await filter({ logStreamNamePrefix: 'a' })).toEqual(['one', 'two']);
    await expect(filter({ logStreamNames: ['none'] })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'The specified log stream does not exist.',
    });
    await expect(filter({ logStreamNames: ['b'], logStreamNamePrefix: 'b' })).rejects.toMatchObject({
      code: 'InvalidParameterException',
    });
  });

  it('pages with a token that stays valid while events arrive', async () => {
    for (let i = 0; i < 5; i++) write(now + 10 * i, `e${i}`);
    const first = await call('FilterLogEvents', { logGroupName: GROUP, limit: 2 });
    write(now - 5, 'before the page');
    write(now + 15, 'between the pages');
    write(now + 100, 'at the end');
    expect(await filter({ nextToken: first.nextToken })).toEqual([
      'between the pages',
      'e2',
      'e3',
      'e4',
      'at the end',
    ]);
  });

  it('gives no token when nothing is left', async () => {
    write(now, 'e0', 'e1');
    expect(await call('FilterLogEvents', { logGroupName: GROUP, limit: 2 })).not.toHaveProperty('nextToken');
    expect(await call('FilterLogEvents', { logGroupName: GROUP, limit: 1 })).toHaveProperty('nextToken');
    expect(await call('FilterLogEvents', { logGroupName: GROUP, endTime: now, limit: 1 })).toHaveProperty(
      'nextToken',
    );
  });

  it('ends a page at 10,000 events and at 1 MB', async () => {
    write(now, ...Array.from({ length: 10_001 }, (_, i) => String(i)));
    expect((await filterPages({})).map((page) => page.length)).toEqual([10_000, 1]);
    use();
    write(now, ...Array.from({ length: 5 }, () => 'é'.repeat(200_000)));
    expect((await filterPages({})).map((page) => page.length)).toEqual([2, 2, 1]);
    use();
    write(now, 'x'.repeat(2_000_000), 'y');
    expect((await filterPages({})).map((page) => page.length)).toEqual([1, 1]);
  });

  it('has partial and empty pages before the last', async () => {
    use({ scannedEventsPerPage: 10 });
    write(now, ...Array.from({ length: 35 }, (_, i) => `e${i}`));
    expect(await filterPages({ filterPattern: 'e34' })).toEqual([[], [], [], ['e34']]);
    expect((await filterPages({ limit: 4 })).map((page) => page.length)).toEqual([4, 4, 4, 4, 4, 4, 4, 4, 3]);
  });

  it('reads backwards, the direction kept by the token', async () => {
    for (let i = 0; i < 5; i++) write(now + i, `e${i}`);
    const input = { startFromHead: false, startTime: now + 1, limit: 2 };
    const first = await call('FilterLogEvents', { logGroupName: GROUP, ...input });
    write(now + 9, 'newer');
    write(now + 1, 'late');
    expect(first.events?.map(({ message }) => message)).toEqual(['e4', 'e3']);
    const { nextToken } = first;
    expect(await filter({ startTime: now + 1, nextToken })).toEqual(['e2', 'late', 'e1']);
    expect(await filter({ startTime: now + 1, startFromHead: true, nextToken })).toEqual([
      'e2',
      'late',
      'e1',
    ]);
  });

  it.each([undefined, Date.UTC(2024, 0, 1) - 1])(
    'refuses to read backwards from startTime %s',
    async (startTime) => {
      write(now, 'e');
      await expect(filter({ startFromHead: false, startTime })).rejects.toMatchObject({
        code: 'InvalidParameterException',
      });
      expect(await filter({ startFromHead: false, startTime: Date.UTC(2024, 0, 1) })).toEqual(['e']);
    },
  );

  it('loses and repeats nothing over random pages, late events and directions', async () => {
    const random = createRandom(11);
    for (let round = 0; round < 60; round++) {
      use({ scannedEventsPerPage: 1 + Math.floor(random() * 6) });
      const start = now - 500;
      let count = 0;
      const writeSome = (): void => {
        for (let n = Math.floor(random() * 4); n > 0; n--) {
          writeTo(random() < 0.5 ? 'a' : 'b', start + Math.floor(random() * 400), `e${count++}`);
        }
      };
      for (let i = 0; i < 8; i++) writeSome();
      const present = count;
      const input = { startFromHead: random() < 0.5, startTime: start, limit: 1 + Math.floor(random() * 4) };
      const seen: { message?: string | undefined; eventId?: string | undefined }[] = [];
      let nextToken: string | undefined;
      let pages = 0;
      do {
        if (pages++ < 10) writeSome();
        const page = await call('FilterLogEvents', { logGroupName: GROUP, ...input, nextToken });
        seen.push(...(page.events ?? []));
        nextToken = page.nextToken;
      } while (nextToken !== undefined);
      const messages = seen.map(({ message = '' }) => message);
      expect(new Set(messages).size).toBe(messages.length);
      for (let i = 0; i < present; i++) expect(messages).toContain(`e${i}`);
      const ids = seen.map(({ eventId = '' }) => eventId);
      const sorted = [...ids].sort();
      expect(ids).toEqual(input.startFromHead ? sorted : sorted.reverse());
    }
  });

  it('pages through 100,000 events', async () => {
    for (let i = 0; i < 100; i++) write(now + i, ...Array.from({ length: 1_000 }, (_, n) => `${i}/${n}`));
    const pages = await filterPages({ limit: 500 });
    expect(pages).toHaveLength(200);
    expect(new Set(pages.flat()).size).toBe(100_000);
  });

  it.each([
    [{ logGroupName: 'none' }, 'ResourceNotFoundException', 'The specified log group does not exist.'],
    [{ nextToken: 'bogus' }, 'InvalidParameterException', 'The specified nextToken is invalid.'],
    [{ nextToken: '' }, 'InvalidParameterException', 'The specified nextToken is invalid.'],
    [
      { limit: 10_001 },
      'InvalidParameterException',
      "1 validation error detected: Value '10001' at 'limit' failed to satisfy constraint: Member must have value less than or equal to 10000",
    ],
    [
      { limit: 0, startTime: -1 },
      'InvalidParameterException',
      "2 validation errors detected: Value '-1' at 'startTime' failed to satisfy constraint: Member must have value greater than or equal to 0; Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    ],
    [
      { logGroupIdentifier: GROUP },
      'ValidationException',
      'LogGroup name and LogGroup ARN are mutually exclusive parameters.',
    ],
    [{ filterPattern: 'user@example.com' }, 'InvalidParameterException', 'Invalid filter pattern'],
    [{ filterPattern: 'x'.repeat(1_025) }, 'InvalidParameterException', /less than or equal to 1024$/],
  ])('refuses %o', async (input, code, message) => {
    write(now, 'e');
    await expect(filter(input)).rejects.toMatchObject({
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('refuses tokens of another group and after a day', async () => {
    write(now, 'e0', 'e1');
    const { nextToken } = await call('FilterLogEvents', { logGroupName: GROUP, limit: 1 });
    logs.append(REGION, 'other', 's', [{ timestamp: now, message: 'x' }]);
    await expect(filter({ logGroupName: 'other', nextToken })).rejects.toMatchObject({
      message: 'The specified nextToken is invalid.',
    });
    await env.clock.advance(DAY);
    expect(await filter({ nextToken })).toEqual(['e1']);
    await env.clock.advance(1);
    await expect(filter({ nextToken })).rejects.toMatchObject({
      message: 'The specified nextToken is invalid.',
    });
  });

  it('takes an ARN without asterisk, of this account and region', async () => {
    write(now, 'e');
    const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`;
    expect(await filter({ logGroupName: undefined, logGroupIdentifier: arn })).toEqual(['e']);
    expect(await filter({ logGroupName: undefined, logGroupIdentifier: GROUP })).toEqual(['e']);
    for (const [identifier, code] of [
      [`${arn}:*`, 'InvalidParameterException'],
      [arn.replace(ACCOUNT, '999999999999'), 'ResourceNotFoundException'],
      [arn.replace(REGION, 'us-east-1'), 'ResourceNotFoundException'],
    ]) {
      await expect(filter({ logGroupName: undefined, logGroupIdentifier: identifier })).rejects.toMatchObject(
        { code },
      );
    }
  });

  it('is not to be had for infrequent access', async () => {
    await call('CreateLogGroup', { logGroupName: 'rare', logGroupClass: 'INFREQUENT_ACCESS' });
    await expect(filter({ logGroupName: 'rare' })).rejects.toMatchObject({
      code: 'InvalidOperationException',
      message:
        'The log group rare is of log-group-class INFREQUENT_ACCESS. FilterLogEvents is not supported for this log class.',
    });
  });

  it('leaves out what the retention has expired', async () => {
    write(now - 2 * DAY, 'old');
    write(now, 'new');
    await call('PutRetentionPolicy', { logGroupName: GROUP, retentionInDays: 1 });
    expect(await filter()).toEqual(['new']);
    expect(await filter({ startTime: now - 3 * DAY, startFromHead: false })).toEqual(['new']);
    await env.clock.advance(DAY + 1);
    expect(await filter()).toEqual([]);
  });
});

describe('GetLogEvents', () => {
  type GetInput = Omit<Parameters<typeof call<'GetLogEvents'>>[1], 'logStreamName'>;
  const get = (input: GetInput = {}) =>
    call('GetLogEvents', { logGroupName: GROUP, logStreamName: 's', ...input });
  const messagesOf = ({ events = [] }: { events?: { message?: string | undefined }[] | undefined }) =>
    events.map(({ message }) => message);

  beforeEach(() => {
    for (let i = 0; i < 5; i++) write(now + i, `e${i}`);
    writeTo('other', now, 'not this one');
  });

  it('answers in the recorded form, without event ids', async () => {
    const { events } = await get({ limit: 1 });
    expect(events).toEqual([{ timestamp: now + 4, message: 'e4', ingestionTime: now }]);
  });

  it('begins with the latest page, oldest event first', async () => {
    const latest = await get({ limit: 2 });
    expect(messagesOf(latest)).toEqual(['e3', 'e4']);
    const earlier = await get({ limit: 2, nextToken: latest.nextBackwardToken });
    expect(messagesOf(earlier)).toEqual(['e1', 'e2']);
    expect(messagesOf(await get({ nextToken: earlier.nextForwardToken, startFromHead: true }))).toEqual([
      'e3',
      'e4',
    ]);
  });

  it('has reached the end when the token comes back', async () => {
    const first = await get({ startFromHead: true, limit: 3 });
    expect(messagesOf(first)).toEqual(['e0', 'e1', 'e2']);
    const second = await get({ startFromHead: true, nextToken: first.nextForwardToken });
    expect(messagesOf(second)).toEqual(['e3', 'e4']);
    const end = await get({ startFromHead: true, nextToken: second.nextForwardToken });
    expect(messagesOf(end)).toEqual([]);
    expect(end.nextForwardToken).toBe(second.nextForwardToken);
    write(now + 9, 'new');
    const tail = await get({ startFromHead: true, nextToken: end.nextForwardToken });
    expect(messagesOf(tail)).toEqual(['new']);
    expect(messagesOf(await get({ nextToken: end.nextBackwardToken }))).toEqual([
      'e0',
      'e1',
      'e2',
      'e3',
      'e4',
    ]);
    const beginning = await get({ nextToken: first.nextBackwardToken });
    expect(messagesOf(beginning)).toEqual([]);
    expect(beginning.nextBackwardToken).toBe(first.nextBackwardToken);
  });

  it('gives tokens for an empty stream that find what comes', async () => {
    await call('CreateLogStream', { logGroupName: GROUP, logStreamName: 'fresh' });
    const input = { logGroupName: GROUP, logStreamName: 'fresh' };
    const { events, nextForwardToken } = await call('GetLogEvents', input);
    expect(events).toEqual([]);
    writeTo('fresh', now, 'x');
    expect(messagesOf(await call('GetLogEvents', { ...input, nextToken: nextForwardToken }))).toEqual(['x']);
  });

  it('leaves the end of the time range out', async () => {
    expect(messagesOf(await get({ startTime: now + 1, endTime: now + 3 }))).toEqual(['e1', 'e2']);
  });

  it.each(['bogus', 'f/3/s', `f/4${'0'.repeat(55)}/s`, `f/3${'9'.repeat(55)}/s`])(
    'refuses the token %s',
    async (nextToken) => {
      await expect(get({ nextToken })).rejects.toMatchObject({
        code: 'InvalidParameterException',
        message: 'The specified nextToken is invalid.',
      });
    },
  );

  it('wants a stream that exists', async () => {
    await expect(call('GetLogEvents', { logGroupName: GROUP, logStreamName: 'none' })).rejects.toMatchObject({
      message: 'The specified log stream does not exist.',
    });
  });
});

describe('PutLogEvents', () => {
  type Line = [timestamp: number, message: string];
  const put = (...lines: Line[]) =>
    call('PutLogEvents', {
      logGroupName: GROUP,
      logStreamName: 's',
      logEvents: lines.map(([timestamp, message]) => ({ timestamp, message })),
    });

  beforeEach(async () => {
    await call('CreateLogGroup', { logGroupName: GROUP });
    await call('CreateLogStream', { logGroupName: GROUP, logStreamName: 's' });
  });

  it('stores, ignores the sequence token and still returns one', async () => {
    expect(await put([now, 'a'], [now, 'b'])).toEqual({
      nextSequenceToken: expect.stringMatching(/^\d{56}$/),
    });
    expect(
      await call('PutLogEvents', {
        logGroupName: GROUP,
        logStreamName: 's',
        sequenceToken: 'wrong',
        logEvents: [{ timestamp: now, message: 'c' }],
      }),
    ).not.toHaveProperty('rejectedLogEventsInfo');
    expect(await filter()).toEqual(['a', 'b', 'c']);
  });

  it('leaves out what is too old, too new or expired, and says so', async () => {
    expect(await put([now - 14 * DAY - 1, 'old'], [now - 14 * DAY, 'edge'])).toMatchObject({
      rejectedLogEventsInfo: { tooOldLogEventEndIndex: 1 },
    });
    expect(await put([now, 'now'], [now + 2 * HOUR, 'soon'], [now + 2 * HOUR + 1, 'new'])).toMatchObject({
      rejectedLogEventsInfo: { tooNewLogEventStartIndex: 2 },
    });
    expect(await filter()).toEqual(['edge', 'now', 'soon']);
    await call('PutRetentionPolicy', { logGroupName: GROUP, retentionInDays: 3 });
    expect((await put([now - 4 * DAY, 'expired'], [now - 3 * DAY, 'kept'])).rejectedLogEventsInfo).toEqual({
      expiredLogEventEndIndex: 1,
    });
    expect((await put([now - 20 * DAY, 'x'])).rejectedLogEventsInfo).toEqual({
      tooOldLogEventEndIndex: 1,
      expiredLogEventEndIndex: 1,
    });
    expect(await filter()).toEqual(['kept', 'now', 'soon']);
  });

  it.each<[string, () => Line[], string | RegExp]>([
    [
      'an unordered batch',
      () => [
        [now, 'a'],
        [now - 1, 'b'],
      ],
      'Log events in a single PutLogEvents request must be in chronological order.',
    ],
    [
      'more than a day in one batch',
      () => [
        [now - DAY - 1, 'a'],
        [now, 'b'],
      ],
      'The batch of log events in a single PutLogEvents request cannot span more than 24 hours.',
    ],
    [
      'an event over 1 MB',
      () => [[now, 'x'.repeat(1_048_576 - 25)]],
      'Log event too large: 1048577 bytes exceeds limit of 1048576',
    ],
    [
      'a batch over 1 MB with 26 bytes for each event',
      () => [
        [now, 'x'.repeat(524_288 - 26)],
        [now, 'x'.repeat(524_288 - 25)],
      ],
      'Upload too large: 1048577 bytes exceeds limit of 1048576',
    ],
    [
      'no events',
      () => [],
      /'logEvents' failed to satisfy constraint: Member must have length greater than or equal to 1$/,
    ],
    [
      '10,001 events',
      () => Array.from({ length: 10_001 }, () => [now, 'x'] as Line),
      /less than or equal to 10000$/,
    ],
    ['an empty message', () => [[now, '']], /'logEvents\.1\.member\.message' .*greater than or equal to 1$/],
    ['a time before 1970', () => [[-1, 'x']], /'-1' at 'logEvents\.1\.member\.timestamp'/],
  ])('refuses %s', async (_name, lines, message) => {
    await expect(put(...lines())).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
    expect(await filter()).toEqual([]);
  });

  it('wants group and stream to exist', async () => {
    const logEvents = [{ timestamp: now, message: 'x' }];
    await expect(
      call('PutLogEvents', { logGroupName: 'none', logStreamName: 's', logEvents }),
    ).rejects.toMatchObject({
      message: 'The specified log group does not exist.',
    });
    await expect(
      call('PutLogEvents', { logGroupName: GROUP, logStreamName: 'x', logEvents }),
    ).rejects.toMatchObject({
      message: 'The specified log stream does not exist.',
    });
  });
});

it('keeps regions apart, and forgets on reset', async () => {
  write(now, 'here');
  await expect(
    call('FilterLogEvents', { logGroupName: GROUP }, { region: 'us-east-1' }),
  ).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
  logs.append('us-east-1', GROUP, 's', [{ timestamp: now, message: 'there' }]);
  expect(await filter()).toEqual(['here']);
  logs.reset();
  await expect(filter()).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});
