import { readdirSync, readFileSync } from 'node:fs';
import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TailItem } from '../../src/commands/tail.ts';
import type { Clock } from '../../src/core/clock.ts';
import { createGroup, hurriedClock, s3Event, writeLines, type WrittenLine } from '../support/log-lines.ts';
import { runCli, startCli, type CliOptions, type CliRun } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

let sandbox: TestSandbox;
let groups = 0;

beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());
afterEach(() => {
  sandbox.faults.clear();
});

function newGroup(): string {
  return `/test/tail-${++groups}`;
}

const ID = '1f0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
const OTHER_ID = '2a0e2d3c-4b5a-4697-8879-6a5b4c3d2e1f';
const START = (id = ID) => `START RequestId: ${id} Version: $LATEST\n`;
const END = (id = ID) => `END RequestId: ${id}\n`;
const REPORT = (id = ID, more = '') =>
  `REPORT RequestId: ${id}\tDuration: 3.01 ms\tBilled Duration: 4 ms\tMemory Size: 128 MB\tMax Memory Used: 36 MB\t${more}\n`;

const options = (more: CliOptions = {}): CliOptions => ({ endpoint: sandbox.url, ...more });

async function filled(lines: readonly (string | WrittenLine)[]): Promise<string> {
  const group = newGroup();
  await writeLines(sandbox.logs, group, lines);
  return group;
}

/** The NDJSON items of a tail that reads what is there. */
async function items(group: string, ...flags: string[]): Promise<TailItem[]> {
  const result = await runCli(['tail', group, '--no-follow', '--json', ...flags], options());
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return parsed(result.stdout);
}

function parsed(stdout: string): TailItem[] {
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TailItem);
}

const recordsOf = (all: readonly TailItem[]) =>
  all.flatMap((item) => (item.type === 'record' ? [item.record] : []));
const keysOf = (all: readonly TailItem[]) => recordsOf(all).map(({ key }) => key);
const messagesOf = (all: readonly TailItem[]) =>
  all.map((item) => (item.type === 'state' ? item.state : item.message));

async function ends(run: CliRun): Promise<number> {
  run.interrupt();
  return run.code;
}

/** Resolves after so many more looks at the log. */
async function looks(count: number): Promise<void> {
  const { journal } = sandbox;
  const from = journal.entries().at(-1)?.seq ?? 0;
  let left = count;
  await journal.waitFor(
    (entry) =>
      entry.seq > from && entry.type === 'request' && entry.operation === 'FilterLogEvents' && --left === 0,
  );
}

describe('following', () => {
  it('waits for a group that does not exist, says so on stderr, then follows it', async () => {
    const group = newGroup();
    const run = startCli(['tail', group], options({ clock: hurriedClock() }));
    await run.stderr.until(({ text }) => text.includes('does not exist yet'));
    await looks(3);
    await writeLines(sandbox.logs, group, ['hello']);
    await run.stdout.until(({ text }) => text.includes('hello'));
    await run.stderr.until(({ text }) => text.includes('following'));
    expect(await ends(run)).toBe(0);
    expect(run.stderr.plain.split('\n')).toEqual([
      `${group}: does not exist yet; waiting: Lambda makes it when the function first runs`,
      `${group}: following; Ctrl-C ends`,
      '',
    ]);
    expect(run.stdout.plain).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}hello\n$/);
  });

  it('shows once what is ingested late, and nothing twice over many looks', async () => {
    const now = Date.now();
    const group = await filled([
      { message: 'a', at: now - 2_000 },
      { message: 'b', at: now - 1_000 },
      { message: 'b', at: now - 1_000 },
    ]);
    const run = startCli(['tail', group, '--json', '--since', '1m'], options({ clock: hurriedClock() }));
    await run.stdout.until(({ text }) => text.includes('"following"'));
    await writeLines(sandbox.logs, group, [{ message: 'late', at: now - 29_000, stream: 'other' }]);
    await run.stdout.until(({ text }) => text.includes('"late"'));
    await looks(20);
    await writeLines(sandbox.logs, group, ['new']);
    await run.stdout.until(({ text }) => text.includes('"new"'));
    await looks(5);
    expect(await ends(run)).toBe(0);
    // Two lines that look the same are two lines.
    expect(messagesOf(parsed(run.stdout.text))).toEqual(['a', 'b', 'b', 'following', 'late', 'new']);
  });

  it('goes on more slowly when it is throttled, and says so once', async () => {
    const group = await filled(['hello']);
    const clock = hurriedClock();
    sandbox.faults.add({
      match: { operation: 'FilterLogEvents' },
      effect: { kind: 'throttle' },
      times: 3,
    });
    const run = startCli(['tail', group, '--json'], options({ clock, env: { AWS_MAX_ATTEMPTS: '1' } }));
    await run.stdout.until(({ text }) => text.includes('"following"'));
    expect(await ends(run)).toBe(0);
    expect(messagesOf(parsed(run.stdout.text))).toEqual(['throttled', 'hello', 'following']);
    expect(clock.sleeps.slice(0, 3)).toEqual([2_000, 4_000, 8_000]);
    expect(run.stderr.text).toBe('');
  });

  it.each([
    ['deny', 4, 'logs:FilterLogEvents'],
    ['error', 1, 'logs:FilterLogEvents'],
    ['reset', 1, 'cannot reach'],
  ] as const)('ends on another error: %s', async (kind, code, said) => {
    const group = await filled(['hello']);
    const run = startCli(['tail', group], options({ clock: hurriedClock(), env: { AWS_MAX_ATTEMPTS: '1' } }));
    await run.stdout.until(({ text }) => text.includes('hello'));
    const effect =
      kind === 'error' ? { kind, status: 500, code: 'InternalFailure', message: 'no' } : { kind };
    sandbox.faults.add({ match: { operation: 'FilterLogEvents' }, effect });
    expect(await run.code).toBe(code);
    expect(run.stderr.text).toContain(said);
  });

  it('says what to do about a log class that cannot be followed', async () => {
    const logGroupName = newGroup();
    await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName, logGroupClass: 'INFREQUENT_ACCESS' }));
    const result = await runCli(['tail', logGroupName], options());
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('INFREQUENT_ACCESS');
    expect(result.stderr).toContain('CloudWatch Logs Insights');
  });

  it('needs no right to read the function', async () => {
    await writeLines(sandbox.logs, '/aws/lambda/unreadable', ['hello']);
    sandbox.faults.add({ match: { operation: 'GetFunction' }, effect: { kind: 'deny' } });
    expect(messagesOf(await items('unreadable'))).toEqual(['hello']);
  });

  it('ends with 0 and says nothing when the reader goes away', async () => {
    const group = await filled(['hello']);
    const quiet = startCli(['tail', group], options());
    await quiet.stdout.until(({ text }) => text.includes('hello'));
    quiet.stdout.destroy();
    expect(await quiet.code).toBe(0);

    const broken = startCli(['tail', group], options());
    await broken.stdout.until(({ text }) => text.includes('hello'));
    broken.stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    expect(await broken.code).toBe(0);
    expect(broken.stderr.text).not.toMatch(/EPIPE|error/i);
  });

  it('ends with 0 on Ctrl-C before anything was there', async () => {
    const run = startCli(['tail', newGroup()], options());
    await run.stderr.until(({ text }) => text.includes('does not exist yet'));
    expect(await ends(run)).toBe(0);
    expect(run.stdout.text).toBe('');
  });
});

describe('the end of it', () => {
  it('ends with the first line that passes', async () => {
    const group = await filled(['one', 'two']);
    const run = startCli(
      ['tail', group, '--json', '--until-match', '--key', '*.csv', '--timeout', '10m'],
      options({ clock: hurriedClock() }),
    );
    await run.stdout.until(({ text }) => text.includes('"following"'));
    await writeLines(sandbox.logs, group, [
      JSON.stringify(s3Event({ key: 'a.jpeg' })),
      JSON.stringify(s3Event({ key: 'b.csv' })),
      JSON.stringify(s3Event({ key: 'c.csv' })),
    ]);
    expect(await run.code).toBe(0);
    expect(keysOf(parsed(run.stdout.text))).toEqual(['b.csv']);
  });

  it('ends with 3 when the time ran out before a line passed', async () => {
    const group = await filled(['one']);
    const clock = hurriedClock();
    const flags = ['--until-match', '--key', '*.csv', '--timeout', '100ms'];
    const result = await runCli(['tail', group, ...flags], options({ clock }));
    expect(result).toMatchObject({ code: 3, stdout: '' });
    const waiting = await runCli(['tail', newGroup(), ...flags], options({ clock }));
    expect(waiting).toMatchObject({ code: 3, stdout: '' });
  });

  it('ends with 0 when it was told to end after a time, and nothing was awaited', async () => {
    const group = await filled(['one']);
    const result = await runCli(['tail', group, '--timeout', '100ms'], options({ clock: hurriedClock() }));
    expect(result.code).toBe(0);
    expect(result.stdout).toContain('one');
  });

  it('ends after so many lines', async () => {
    const group = await filled(['one', 'two', 'three']);
    const run = await runCli(['tail', group, '--json', '--limit', '2'], options());
    expect(run.code).toBe(0);
    expect(messagesOf(parsed(run.stdout))).toEqual(['one', 'two']);
  });

  it('reads what lies between two times, and no more', async () => {
    const now = Date.now();
    const at = (minutes: number) => now - minutes * 60_000;
    const group = await filled(
      [50, 40, 30, 20].map((minutes) => ({ message: `${minutes} minutes`, at: at(minutes) })),
    );
    const between = await items(group, '--since', '45m', '--until', new Date(at(30)).toISOString());
    expect(messagesOf(between)).toEqual(['40 minutes', '30 minutes']);
    // Without --since it reads the hour before --until.
    expect(messagesOf(await items(group, '--until', '35m'))).toEqual(['50 minutes', '40 minutes']);
    const followed = await runCli(['tail', group, '--json', '--since', '25m', '--until', '10m'], options());
    expect(messagesOf(parsed(followed.stdout))).toEqual(['20 minutes', 'following']);
  });

  it('refuses an end before the beginning', async () => {
    const result = await runCli(['tail', '/a', '--since', '1m', '--until', '2m', '--json'], options());
    expect(result.code).toBe(2);
    expect(JSON.parse(result.stdout)).toMatchObject({ status: 'error', error: { code: 'USAGE' } });
  });

  it('does not wait for a group with --no-follow, and does not say that it would', async () => {
    const group = newGroup();
    const result = await runCli(['tail', group, '--no-follow'], options());
    expect(result).toMatchObject({ code: 0, stdout: '' });
    expect(result.stderr).toBe(`${group}: does not exist: Lambda makes it when the function first runs\n`);
    expect(await items(group)).toMatchObject([{ type: 'state', state: 'no-group', logGroup: group }]);
  });
});

describe('what handlers print', () => {
  const KEY = 'in box/café (1)/a@b=c+d.txt';
  const FOLDER = 'test/fixtures/printed';
  const text = (name: string) => readFileSync(`${FOLDER}/${name}`, 'utf8').trimEnd();
  const prefix = `2026-10-05T09:15:03.412Z\t${ID}\tINFO\t`;
  const event = JSON.stringify(s3Event({ key: KEY }));

  // Node prints nothing but [Object] below the second level: there is nothing to read in node-console-log.txt.
  it.each(readdirSync(FOLDER).filter((name) => name !== 'node-console-log.txt'))(
    '%s: one record, whatever stands around it',
    async (name) => {
      // In the text format each line that Python prints is a log event, and what Node prints at once is one.
      const printed = name.startsWith('python')
        ? text(name)
            .split('\n')
            .map((line) => `${line}\n`)
        : [`${prefix}${text(name)}\n`];
      const group = await filled(['before', START(), ...printed, 'after', END()]);
      const shown = await items(group);
      expect(shown.map(({ type }) => type)).toEqual(['log', 'record', 'log']);
      const [record] = recordsOf(shown);
      expect(record).toMatchObject({ eventName: 'ObjectCreated:Put', bucket: 'example-bucket', size: 2048 });
      expect(shown[1]).toMatchObject({
        requestId: ID,
        message: printed.map((line) => line.trimEnd()).join('\n'),
      });

      const human = await runCli(['tail', group, '--no-follow'], options());
      expect(human.stdout.split('\n')).toHaveLength(4);
      expect(human.stdout.split('\n')[1]).toContain(
        `ObjectCreated:Put  example-bucket/${record?.key ?? '?'}  2 KiB`,
      );
    },
  );

  it.each([
    ['JSON', event],
    ['JSON behind text', `Received event: ${event}`],
    ['Python logging', `[INFO]\t2026-10-05T09:15:03.412Z\t${ID}\t${event}\n`],
    ['console.log(JSON.stringify(event))', `${prefix}${event}\n`],
    [
      'JSON log format, an object',
      JSON.stringify({
        timestamp: '2026-10-05T09:15:03Z',
        level: 'INFO',
        message: JSON.parse(event),
        requestId: ID,
      }),
    ],
    [
      'JSON log format, a text',
      JSON.stringify({ timestamp: '2026-10-05T09:15:03Z', level: 'INFO', message: event, requestId: ID }),
    ],
    ['an object around it', JSON.stringify({ event: JSON.parse(event), context: { awsRequestId: ID } })],
    ['from SQS', JSON.stringify({ Records: [{ eventSource: 'aws:sqs', receiptHandle: 'r', body: event }] })],
  ])('%s', async (_name, message) => {
    const group = await filled([message]);
    expect(keysOf(await items(group))).toEqual([KEY]);
  });

  it('joins an event that reaches the log in pieces', async () => {
    const lines = text('python-json-indent.txt').split('\n');
    const group = await filled([START(), ...lines.slice(0, 10)]);
    const run = startCli(['tail', group, '--json'], options({ clock: hurriedClock() }));
    await run.stdout.until(({ text: shown }) => shown.includes('"following"'));
    await writeLines(sandbox.logs, group, [...lines.slice(10), 'after']);
    await run.stdout.until(({ text: shown }) => shown.includes('"after"'));
    expect(await ends(run)).toBe(0);
    expect(parsed(run.stdout.text).map(({ type }) => type)).toEqual(['state', 'record', 'log']);
  });

  it('shows what only began like an event, in its place', async () => {
    const group = await filled(['{', '  "a": 1', '}', 'Settings: {', '  "b": 2,', END(), 'after', 'last: [']);
    expect(messagesOf(await items(group))).toEqual([
      '{',
      '  "a": 1',
      '}',
      'Settings: {',
      '  "b": 2,',
      'after',
      'last: [',
    ]);
  });

  it('does not hold lines back for ever', async () => {
    const group = await filled(['{', '"a": 1,']);
    const hurried = hurriedClock();
    let ahead = 0;
    const clock: Clock = { ...hurried, now: () => hurried.now() + ahead };
    const run = startCli(['tail', group, '--json'], options({ clock }));
    await run.stdout.until(({ text: shown }) => shown.includes('"following"'));
    await looks(3);
    expect(run.stdout.text).not.toContain('"log"');
    ahead = 3_000;
    await run.stdout.until(({ text: shown }) => shown.split('"log"').length === 3);
    expect(await ends(run)).toBe(0);
    expect(messagesOf(parsed(run.stdout.text))).toEqual(['following', '{', '"a": 1,']);
  });

  it('shows held lines at the end of it', async () => {
    const group = await filled(['{', '"a": 1,']);
    const run = startCli(['tail', group, '--json'], options({ clock: hurriedClock() }));
    await run.stdout.until(({ text: shown }) => shown.includes('following'));
    expect(await ends(run)).toBe(0);
    expect(messagesOf(parsed(run.stdout.text))).toEqual(['following', '{', '"a": 1,']);
  });

  it('keeps a record that cannot be read on screen, as the line that it is', async () => {
    const cut = event.slice(0, -40);
    const group = await filled([cut, '{"Records": [{"eventSource": "aws:s3", "s3": {}}]}']);
    const shown = await items(group);
    expect(shown.map(({ type }) => type)).toEqual(['log', 'log']);
    expect(shown[0]).toMatchObject({ message: cut });
  });

  it('draws each record of an event', async () => {
    const records = ['a', 'b', 'c'].flatMap((key) => s3Event({ key }).Records);
    expect(keysOf(await items(await filled([JSON.stringify({ Records: records })])))).toEqual([
      'a',
      'b',
      'c',
    ]);
  });

  it('shows a failure whose message holds the event', async () => {
    const group = await filled([
      `[ERROR] ValueError: cannot take ${event}\nTraceback (most recent call last):\n  line`,
    ]);
    expect((await items(group)).map(({ type }) => type)).toEqual(['log', 'record']);
    expect(await items(group, '--errors-only')).toMatchObject([
      { type: 'log', error: { type: 'ValueError' } },
      { type: 'record' },
    ]);
  });
});

describe('filters', () => {
  let group: string;
  beforeAll(async () => {
    const event = (given: Parameters<typeof s3Event>[0]) => JSON.stringify(s3Event(given));
    group = await filled([
      START(),
      event({ key: 'in/a b.jpeg' }),
      event({ key: 'in/deep/c.csv', eventName: 'ObjectCreated:Copy' }),
      'thinking',
      END(),
      REPORT(),
      START(OTHER_ID),
      event({ key: 'in/a b.jpeg', bucket: 'other', eventName: 'ObjectRemoved:Delete' }),
      `2026-01-02T03:04:05.678Z\t${OTHER_ID}\tERROR\tInvoke Error \t{"errorType":"TypeError","errorMessage":"no"}\n`,
      `[ERROR]\t2026-01-02T03:04:05.678Z\t${OTHER_ID}\tlogged as an error`,
      `2026-01-02T03:04:05.678Z ${OTHER_ID} Task timed out after 3.00 seconds\n\n`,
      END(OTHER_ID),
      REPORT(OTHER_ID, 'Status: timeout'),
    ]);
  });

  it.each([
    [
      ['--bucket', 's3://demo'],
      ['in/a b.jpeg', 'in/deep/c.csv'],
    ],
    [['--bucket', 'other'], ['in/a b.jpeg']],
    [
      ['--key', '*.jpeg'],
      ['in/a b.jpeg', 'in/a b.jpeg'],
    ],
    [['--key', 'in/a?b.*', '--bucket', 'demo'], ['in/a b.jpeg']],
    [
      ['--event', 'create'],
      ['in/a b.jpeg', 'in/deep/c.csv'],
    ],
    [
      ['--event', 's3:ObjectCreated:Copy', '--event', 'ObjectRemoved:Delete'],
      ['in/deep/c.csv', 'in/a b.jpeg'],
    ],
    [['--request-id', OTHER_ID, '--event', 'all'], ['in/a b.jpeg']],
    [['--key', 'nothing'], []],
  ])('%j', async (flags, keys) => {
    const shown = await items(group, ...flags);
    expect(shown.every(({ type }) => type === 'record')).toBe(true);
    expect(keysOf(shown)).toEqual(keys);
  });

  it('--request-id: all of one invocation', async () => {
    const shown = await items(group, '--request-id', ID);
    expect(shown.map(({ type }) => type)).toEqual(['record', 'record', 'log', 'report']);
    expect(shown[2]).toMatchObject({ message: 'thinking', requestId: ID });
  });

  it('--errors-only: failures, logged errors, timeouts, failed invocations', async () => {
    const shown = await items(group, '--errors-only');
    expect(shown).toMatchObject([
      { type: 'log', error: { type: 'TypeError', message: 'no' }, requestId: OTHER_ID },
      { type: 'log', level: 'ERROR', error: null },
      { type: 'log', error: { type: 'Sandbox.Timedout' } },
      { type: 'report', report: { status: 'timeout' } },
    ]);
    expect(shown).toHaveLength(4);
  });

  it('knows from the line with the error how an invocation ended whose report does not say', async () => {
    const failure = '[ERROR] KeyError: no\nTraceback (most recent call last):\n  line';
    const retried = await filled([
      ...[START(), failure, END(), REPORT()],
      // The retry has the same request id.
      ...[START(), JSON.stringify({ errorType: 'Logged', errorMessage: 'by the program' }), END(), REPORT()],
    ]);
    const reports = (await items(retried)).flatMap((item) =>
      item.type === 'report' ? [item.report.status] : [],
    );
    expect(reports).toEqual(['error', 'ok']);
    expect(await items(retried, '--errors-only')).toMatchObject([
      { type: 'log', error: { type: 'KeyError' } },
      { type: 'report' },
      { type: 'log', error: { type: 'Logged' } },
    ]);
  });

  it('--raw: every line as it is', async () => {
    const shown = await items(group, '--raw');
    expect(shown.every(({ type }) => type === 'log')).toBe(true);
    expect(messagesOf(shown).slice(0, 2)).toEqual([
      START().trimEnd(),
      JSON.stringify(s3Event({ key: 'in/a b.jpeg' })),
    ]);
    expect(shown).toHaveLength(13);
    const found = await items(group, '--raw', '--key', '*.csv');
    expect(messagesOf(found)).toEqual([
      JSON.stringify(s3Event({ key: 'in/deep/c.csv', eventName: 'ObjectCreated:Copy' })),
    ]);
  });
});

describe('JSON lines', () => {
  it('have the members of the contract', async () => {
    const printed = [
      START(),
      JSON.stringify(s3Event()),
      'text',
      END(),
      REPORT(ID, 'Init Duration: 110.10 ms'),
    ];
    const group = await filled(printed);
    const result = await runCli(['tail', group, '--json', '--limit', '3'], options());
    const [record, log, report] = parsed(result.stdout);
    const base = {
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      logGroup: group,
      logStream: expect.any(String) as string,
      requestId: ID,
    };
    expect(record).toEqual({
      type: 'record',
      ...base,
      message: JSON.stringify(s3Event()),
      record: {
        eventName: 'ObjectCreated:Put',
        eventTime: '2026-01-02T03:04:05.678Z',
        bucket: 'demo',
        key: 'beach.jpeg',
        rawKey: 'beach.jpeg',
        size: 1024,
        eTag: 'd41d8cd98f00b204e9800998ecf8427e',
        versionId: null,
        sequencer: '0055AED6DCD90281E5',
        configurationId: 'rule',
      },
    });
    expect(log).toEqual({ type: 'log', ...base, message: 'text', level: null, error: null });
    expect(report).toEqual({
      type: 'report',
      ...base,
      message: REPORT(ID, 'Init Duration: 110.10 ms').trimEnd(),
      report: { durationMs: 3.01, billedMs: 4, memoryMb: 128, maxMemoryMb: 36, initMs: 110.1, status: 'ok' },
    });
    const states = await items(newGroup());
    expect(states).toEqual([
      { type: 'state', time: base.time, state: 'no-group', logGroup: expect.any(String) as string },
    ]);
  });

  it('carry remote text escaped and unchanged, which never reaches a terminal as it is', async () => {
    const evil = '\u001b]0;owned\u0007\u001b[2Jclear\u009b31m \u202egnp.exe';
    const key = `in/${evil}.txt`;
    const group = await filled([evil, JSON.stringify(s3Event({ key }))]);
    const json = startCli(['tail', group, '--no-follow', '--json'], options());
    expect(await json.code).toBe(0);

    expect(json.stdout.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
    const [log, record] = parsed(json.stdout.text);
    expect(log).toMatchObject({ message: evil });
    expect(record).toMatchObject({ record: { key } });

    for (const stdout of [true, false]) {
      const run = startCli(['tail', group, '--no-follow', '--color', 'never'], options({ tty: { stdout } }));
      expect(await run.code).toBe(0);

      expect(run.stdout.text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e]/);
      expect(run.stdout.text).toContain('clear');
    }
  });
});

describe('many lines', () => {
  it('reads all pages', async () => {
    const group = newGroup();
    const now = Date.now();
    for (const part of [0, 1, 2]) {
      await writeLines(
        sandbox.logs,
        group,
        Array.from({ length: 5_000 }, (_, i) => ({
          message: `line ${part * 5_000 + i} ${'x'.repeat(100)}`,
          at: now - 60_000 + part * 5_000 + i,
        })),
      );
    }
    const from = sandbox.journal.entries().at(-1)?.seq ?? 0;
    const shown = await items(group);
    expect(shown.map((item) => ('message' in item ? Number(item.message.split(' ')[1]) : -1))).toEqual(
      Array.from({ length: 15_000 }, (_, i) => i),
    );
    const pages = sandbox.journal
      .entries()
      .filter(
        (entry) => entry.seq > from && entry.type === 'request' && entry.operation === 'FilterLogEvents',
      );
    expect(pages.length).toBeGreaterThan(1);
  });

  it('writes them together, and only as fast as they are read', async () => {
    const group = newGroup();
    await writeLines(
      sandbox.logs,
      group,
      Array.from({ length: 3_000 }, (_, i) => `line ${i} ${'x'.repeat(200)}`),
    );
    const run = startCli(['tail', group, '--no-follow', '--json'], options());
    let writes = 0;
    const write = run.stdout._write.bind(run.stdout);
    run.stdout._write = (chunk: string | Buffer, encoding: BufferEncoding, done: () => void) => {
      writes++;
      // A reader that is slower than the log: what is not taken must not pile up.
      expect(run.stdout.writableLength).toBeLessThan(256 * 1024);
      setImmediate(() => {
        write(chunk, encoding, done);
      });
    };
    expect(await run.code).toBe(0);
    expect(parsed(run.stdout.text)).toHaveLength(3_000);
    expect(writes).toBeLessThan(60);
  });
});

describe('which log', () => {
  it('asks for a function when none is known', async () => {
    const result = await runCli(['tail', '--json'], options());
    expect(result.code).toBe(2);
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'INPUT_REQUIRED' } });
  });

  it('takes an ARN, and refuses what names nothing', async () => {
    await createGroup(sandbox.logs, '/aws/lambda/by-arn');
    await writeLines(sandbox.logs, '/aws/lambda/by-arn', ['hello']);
    const shown = await items('arn:aws:lambda:us-east-1:000000000000:function:by-arn');
    expect(shown).toMatchObject([{ logGroup: '/aws/lambda/by-arn', message: 'hello' }]);
    expect((await runCli(['tail', 'no such name!'], options())).code).toBe(2);
  });
});
