import type { FilterLogEventsCommand, FilterLogEventsCommandOutput } from '@aws-sdk/client-cloudwatch-logs';
import { describe, expect, it } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { readLogs, type LogSourceItem, type LogSourceOptions } from '../../src/aws/sources/logs.ts';
import { S3evtError, type ErrorCode } from '../../src/core/errors.ts';
import { createManualClock } from '../support/manual-clock.ts';

type Page = Pick<FilterLogEventsCommandOutput, 'events' | 'nextToken'>;
type Input = FilterLogEventsCommand['input'];

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5);
const GROUP = '/aws/lambda/demo';

/** A log that answers each request with the next of these pages; a failure is thrown. The last answer repeats. */
function scripted(answers: readonly (Page | Error)[]): { aws: Aws; asked: Input[] } {
  const asked: Input[] = [];
  const send = ({ input }: FilterLogEventsCommand): Promise<Page> => {
    const answer = answers[Math.min(asked.length, answers.length - 1)];
    asked.push(input);
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer ?? {});
  };
  const aws = {
    logs: () => Promise.resolve({ send }),
    call: <T>(work: (options: object) => Promise<T>) => work({}),
  } as unknown as Aws;
  return { aws, asked };
}

const failure = (code: ErrorCode) => new S3evtError(code, 'no');

let ids = 0;
function event(message: string, timestamp: number, eventId = String(++ids)) {
  return { message, timestamp, eventId, logStreamName: 's', ingestionTime: timestamp + 5 };
}

function reader(answers: readonly (Page | Error)[], more: Partial<LogSourceOptions> = {}) {
  const clock = createManualClock(NOW);
  const { aws, asked } = scripted(answers);
  const abort = new AbortController();
  const items = readLogs(
    { aws, clock, signal: abort.signal },
    {
      group: GROUP,
      start: NOW - 10_000,
      follow: true,
      activeWaitMs: 100,
      idleWaitMs: 1_000,
      ...more,
    },
  );
  return { items, asked, clock, abort };
}

async function all(items: AsyncIterable<LogSourceItem>): Promise<string[]> {
  const shown: string[] = [];
  for await (const item of items) {
    shown.push(item.type === 'lines' ? item.lines.map(({ message }) => message).join(' ') : item.type);
  }
  return shown;
}

/** The next item, letting the time pass that the reader sleeps; also how long that was. */
async function next({ items, clock }: ReturnType<typeof reader>): Promise<readonly [string, number]> {
  const from = clock.now();
  const asked = items.next();
  let settled = false;
  const done = () => {
    settled = true;
  };
  asked.then(done, done);
  await new Promise((resolve) => setImmediate(resolve));
  while (!isTrue(() => settled)) {
    await clock.waitForSleeper();
    while (clock.sleepers > 0) await clock.advance(50);
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { value } = await asked;
  const item = value as LogSourceItem;
  const text = item.type === 'lines' ? item.lines.map(({ message }) => message).join(' ') : item.type;
  return [text, clock.now() - from];
}

/** Asks anew, which the compiler cannot know. */
function isTrue(question: () => boolean): boolean {
  return question();
}

describe('one look', () => {
  it('follows the pages to their end, past empty ones', async () => {
    const { items, asked } = reader(
      [
        { events: [event('a', NOW)], nextToken: '1' },
        { events: [], nextToken: '2' },
        { nextToken: '3' },
        { events: [event('b', NOW), event('c', NOW)], nextToken: '4' },
        { events: [] },
      ],
      { follow: false, end: NOW + 1 },
    );
    expect(await all(items)).toEqual(['a', 'b c', 'caught-up']);
    expect(asked.map(({ nextToken }) => nextToken)).toEqual([undefined, '1', '2', '3', '4']);
    // The same question with each token, or AWS refuses it.
    for (const input of asked) {
      expect(input).toMatchObject({
        logGroupName: GROUP,
        startTime: NOW - 10_000,
        endTime: NOW + 1,
        limit: 10_000,
      });
    }
  });

  it('gives all that AWS says of a line', async () => {
    const { items } = reader([{ events: [event('a', NOW)] }, {}], { follow: false });
    expect((await items.next()).value).toEqual({
      type: 'lines',
      lines: [{ group: GROUP, stream: 's', timestamp: NOW, ingestionTime: NOW + 5, message: 'a' }],
    });
  });

  it('ends without a group, and fails when it is throttled', async () => {
    expect(await all(reader([failure('NOT_FOUND')], { follow: false }).items)).toEqual(['no-group']);
    await expect(all(reader([failure('THROTTLED')], { follow: false }).items)).rejects.toMatchObject({
      code: 'THROTTLED',
    });
  });
});

describe('following', () => {
  it('begins each look an overlap before the newest line, and shows nothing twice', async () => {
    const first = event('first', NOW - 5_000);
    const newest = event('newest', NOW - 1_000);
    const late = event('late', NOW - 30_000);
    const run = reader(
      [
        { events: [first, newest] },
        { events: [first, newest] },
        { events: [late, first, newest] },
        { events: [late, first, newest] },
      ],
      { start: NOW - 100_000 },
    );
    expect((await next(run))[0]).toBe('first newest');
    expect((await next(run))[0]).toBe('caught-up');
    expect((await next(run))[0]).toBe('caught-up');
    expect((await next(run))[0]).toBe('late');
    expect((await next(run))[0]).toBe('caught-up');
    expect((await next(run))[0]).toBe('caught-up');
    expect(run.asked.map(({ startTime }) => startTime)).toEqual([
      NOW - 100_000,
      NOW - 31_000,
      NOW - 31_000,
      NOW - 31_000,
    ]);
  });

  it('never asks for what lies before the start', async () => {
    const run = reader([{ events: [event('a', NOW)] }, {}]);
    await next(run);
    await next(run);
    await next(run);
    expect(run.asked.at(-1)?.startTime).toBe(NOW - 10_000);
  });

  it('shows a line of a page that failed after it only once', async () => {
    const a = event('a', NOW);
    const run = reader([
      { events: [a], nextToken: '1' },
      failure('THROTTLED'),
      { events: [a], nextToken: '1' },
      { events: [event('b', NOW)] },
    ]);
    const shown = [];
    for (let i = 0; i < 4; i++) shown.push((await next(run))[0]);
    expect(shown).toEqual(['a', 'throttled', 'b', 'caught-up']);
  });

  it('waits longer while nothing comes, and briefly after news', async () => {
    const run = reader([{}, {}, {}, {}, {}, {}, {}, { events: [event('a', NOW)] }, {}]);
    const waits = [];
    for (let i = 0; i < 10; i++) waits.push((await next(run))[1]);
    const news = waits.splice(7);
    expect(waits[0]).toBe(0);
    expect(waits.slice(1)).toEqual([...waits.slice(1)].sort((a, b) => a - b));
    expect(waits.at(-1)).toBe(1_000);
    // The line, the end of its look, and the next look soon after.
    expect(news).toEqual([1_000, 0, 100]);
  });

  it('waits ever longer while it is throttled, 15 s at most', async () => {
    const run = reader([failure('THROTTLED')]);
    const waits = [];
    for (let i = 0; i < 6; i++) waits.push(await next(run));
    expect(waits).toEqual([0, 2_000, 4_000, 8_000, 15_000, 15_000].map((wait) => ['throttled', wait]));
  });

  it('waits for the group', async () => {
    const run = reader([failure('NOT_FOUND'), failure('NOT_FOUND'), { events: [event('a', NOW)] }, {}]);
    expect((await next(run))[0]).toBe('no-group');
    expect((await next(run))[0]).toBe('no-group');
    expect((await next(run))[0]).toBe('a');
  });

  it('ends an overlap after the end, so that late lines are seen', async () => {
    const run = reader([{}], { end: NOW + 5_000 });
    let last = NOW;
    const shown: string[] = [];
    for (;;) {
      const step = run.items.next();
      await new Promise((resolve) => setImmediate(resolve));
      while (run.clock.sleepers > 0) await run.clock.advance(100);
      const { done, value } = await step;
      if (done === true) break;
      last = run.clock.now();
      shown.push(value.type);
    }
    expect(new Set(shown)).toEqual(new Set(['caught-up']));
    expect(last).toBeGreaterThan(NOW + 35_000);
    expect(last).toBeLessThan(NOW + 38_000);
  });

  it('stops in its sleep', async () => {
    const run = reader([{}]);
    await run.items.next();
    const stopped = run.items.next();
    await run.clock.waitForSleeper();
    run.abort.abort(new Error('Ctrl-C'));
    await expect(stopped).rejects.toThrow('Ctrl-C');
  });

  it.each(['ACCESS_DENIED', 'NETWORK', 'AWS_UNAVAILABLE'] as const)('ends with %s', async (code) => {
    const run = reader([failure(code)]);
    await expect(run.items.next()).rejects.toMatchObject({ code });
  });

  it('says what can be done about a log class that it cannot read', async () => {
    const error = new S3evtError('AWS_ERROR', 'FilterLogEvents is not supported for this log class.', {
      aws: { name: 'InvalidOperationException', message: '' },
    });
    await expect(reader([error]).items.next()).rejects.toMatchObject({
      code: 'AWS_ERROR',
      message: error.message,
      hint: expect.stringContaining('Insights') as string,
    });
  });
});
