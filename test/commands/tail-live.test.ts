import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { readLiveTail } from '../../src/aws/sources/live-tail.ts';
import type { TailItem } from '../../src/commands/tail.ts';
import { KEYS, makeAws } from '../aws/support.ts';
import { createGroup, hurriedClock, s3Event, writeLines } from '../support/log-lines.ts';
import { runCli, startCli, type CliOptions, type CliRun } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

let sandbox: TestSandbox;
let groups = 0;
/** How far the sandbox's clock is ahead. Its updates come as fast as they are read. */
let ahead = 0;

beforeAll(async () => {
  const clock = hurriedClock();
  sandbox = await startTestSandbox({
    clock: { now: () => clock.now() + ahead, sleep: (ms, signal) => clock.sleep(ms, signal) },
  });
});
afterAll(() => sandbox.close());
afterEach(() => {
  sandbox.faults.clear();
  ahead = 0;
});

function newGroup(): string {
  return `/test/live-${++groups}`;
}

function live(group: string, flags: readonly string[] = [], more: CliOptions = {}): CliRun {
  return startCli(['tail', group, '--live', '--json', ...flags], {
    endpoint: sandbox.url,
    clock: hurriedClock(),
    ...more,
  });
}

function shownBy(run: CliRun): string[] {
  return itemsOf(run).map((item) => (item.type === 'state' ? item.state : item.message));
}

function itemsOf(run: CliRun): TailItem[] {
  return run.stdout.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TailItem);
}

const says = (run: CliRun, text: string) => run.stdout.until((output) => output.text.includes(text));

async function ends(run: CliRun): Promise<number> {
  run.interrupt();
  return run.code;
}

function requests(operation: string): number {
  return sandbox.journal
    .entries()
    .filter((entry) => entry.type === 'request' && entry.operation === operation && entry.status === 200)
    .length;
}

it('shows what is there, then what comes, each once and in order', async () => {
  const group = newGroup();
  const at = Date.now() - 1_000;
  await writeLines(sandbox.logs, group, [
    { message: 'a', at },
    { message: 'same', at },
    { message: 'same', at },
  ]);
  const run = live(group);
  await says(run, 'following');
  const looks = requests('FilterLogEvents');
  // Two more of the lines that were there, in the same millisecond: Live Tail has no ids to tell them by.
  await writeLines(sandbox.logs, group, [
    { message: 'same', at },
    { message: 'same', at },
  ]);
  for (const message of ['b', 'c', 'd']) {
    await writeLines(sandbox.logs, group, [message]);
    await says(run, `"${message}"`);
  }
  await writeLines(sandbox.logs, group, [{ message: 'late', at: at - 5_000, stream: 'other' }]);
  await says(run, '"late"');
  expect(await ends(run)).toBe(0);
  expect(shownBy(run)).toEqual(['a', 'same', 'same', 'following', 'b', 'c', 'd', 'late']);
  expect(requests('FilterLogEvents')).toBe(looks);
  expect(run.stderr.text).toBe('');
});

it('begins at --since, and takes no line from before it', async () => {
  const group = newGroup();
  const now = Date.now();
  await writeLines(sandbox.logs, group, [
    { message: 'too old', at: now - 700_000 },
    { message: 'old', at: now - 500_000 },
  ]);
  const run = live(group, ['--since', '10m']);
  await says(run, 'following');
  await writeLines(sandbox.logs, group, [
    { message: 'too old as well', at: now - 700_000 },
    { message: 'new', at: now },
  ]);
  await says(run, '"new"');
  expect(await ends(run)).toBe(0);
  expect(shownBy(run)).toEqual(['old', 'following', 'new']);
});

it('opens another session when one has ended, and loses nothing between them', async () => {
  const group = newGroup();
  await writeLines(sandbox.logs, group, ['a']);
  const run = live(group, [], { env: { AWS_MAX_ATTEMPTS: '1' } });
  await says(run, 'following');
  await writeLines(sandbox.logs, group, ['b']);
  await says(run, '"b"');
  const before = requests('FilterLogEvents');
  ahead += 3 * 3_600_000;
  // Not known to the session that times out, and written before the next one is open.
  const removeFault = sandbox.faults.add({
    match: { operation: 'DescribeLogGroups' },
    effect: { kind: 'throttle' },
  });
  await says(run, 'throttled');
  await writeLines(sandbox.logs, group, ['between']);
  await says(run, 'between');
  removeFault();
  await run.stdout.until(({ text }) => text.split('following').length === 3);
  await writeLines(sandbox.logs, group, ['c']);
  await says(run, '"c"');
  expect(await ends(run)).toBe(0);
  expect(shownBy(run)).toEqual(['a', 'following', 'b', 'throttled', 'between', 'following', 'c']);
  expect(requests('FilterLogEvents')).toBeGreaterThan(before);
});

it('waits for a group that does not exist, also when it was deleted meanwhile', async () => {
  const group = newGroup();
  const run = live(group);
  await says(run, 'waiting-for-group');
  await writeLines(sandbox.logs, group, ['a']);
  await says(run, 'following');
  await sandbox.reset();
  await run.stdout.until(({ text }) => text.split('waiting-for-group').length === 3);
  await writeLines(sandbox.logs, group, ['b']);
  await says(run, '"b"');
  expect(await ends(run)).toBe(0);
  expect(shownBy(run).slice(0, 5)).toEqual(['waiting-for-group', 'a', 'following', 'waiting-for-group', 'b']);
});

it('says once that lines are missing when AWS samples them', async () => {
  const group = newGroup();
  await createGroup(sandbox.logs, group);
  const run = live(group);
  await says(run, 'following');
  const burst = (name: string) => Array.from({ length: 1_250 }, (_, i) => `${name} ${i}`);
  await writeLines(sandbox.logs, group, burst('first'));
  await says(run, 'LOGS_SAMPLED');
  await writeLines(sandbox.logs, group, [...burst('second'), 'end']);
  await says(run, '"second 12');
  await writeLines(sandbox.logs, group, ['over']);
  await says(run, '"over"');
  expect(await ends(run)).toBe(0);
  const warnings = itemsOf(run).filter(({ type }) => type === 'warning');
  expect(warnings).toEqual([
    {
      type: 'warning',
      time: expect.any(String) as string,
      code: 'LOGS_SAMPLED',
      message: expect.stringContaining('500 lines a second') as string,
    },
  ]);
});

it('warns on stderr for a person', async () => {
  const group = newGroup();
  await createGroup(sandbox.logs, group);
  const run = startCli(['tail', group, '--live'], { endpoint: sandbox.url, clock: hurriedClock() });
  await run.stderr.until(({ text }) => text.includes('following'));
  await writeLines(
    sandbox.logs,
    group,
    Array.from({ length: 600 }, (_, i) => `line ${i}`),
  );
  await run.stderr.until(({ text }) => text.includes('warning: '));
  expect(await ends(run)).toBe(0);
  expect(run.stdout.text).not.toContain('warning');
});

it('ends with the first line that passes, and joins events printed over several lines', async () => {
  const group = newGroup();
  await createGroup(sandbox.logs, group);
  const run = live(group, ['--until-match', '--key', '*.csv']);
  await says(run, 'following');
  await writeLines(sandbox.logs, group, [
    ...JSON.stringify(s3Event({ key: 'a.jpeg' }), undefined, 2).split('\n'),
    ...JSON.stringify(s3Event({ key: 'b.csv' }), undefined, 2).split('\n'),
  ]);
  expect(await run.code).toBe(0);
  expect(itemsOf(run)).toMatchObject([{ type: 'state' }, { type: 'record', record: { key: 'b.csv' } }]);
});

it('ends with 3 when the time ran out', async () => {
  const group = newGroup();
  await writeLines(sandbox.logs, group, ['a']);
  const run = live(group, ['--until-match', '--key', 'b', '--timeout', '100ms']);
  expect(await run.code).toBe(3);
});

it('leaves no session open', async () => {
  const group = newGroup();
  await writeLines(sandbox.logs, group, ['a']);
  // AWS allows 15 at a time.
  for (let i = 0; i < 20; i++) {
    const run = live(group);
    await says(run, 'following');
    expect(await ends(run)).toBe(0);
  }
});

it('closes the session of a reader that has seen enough, though the client goes on', async () => {
  const group = newGroup();
  await writeLines(sandbox.logs, group, ['a']);
  const aws = makeAws({ ...KEYS, AWS_ENDPOINT_URL: sandbox.url, AWS_REGION: 'us-east-1' });
  const env = { aws, clock: hurriedClock(), signal: new AbortController().signal };
  const source = { group, start: Date.now() - 10_000, follow: true, activeWaitMs: 10, idleWaitMs: 10 };
  for (let i = 0; i < 20; i++) {
    for await (const item of readLiveTail(env, source)) if (item.type === 'caught-up') break;
  }
});

it.each([
  ['LimitExceededException', 'leave out --live'],
  ['InvalidOperationException', 'CloudWatch Logs Insights'],
])('explains %s', async (code, hint) => {
  const group = newGroup();
  await createGroup(sandbox.logs, group);
  const effect = { kind: 'error', status: 400, code, message: 'AWS says no.' } as const;
  sandbox.faults.add({ match: { operation: 'StartLiveTail' }, effect });
  const result = await runCli(['tail', group, '--live'], {
    endpoint: sandbox.url,
    env: { AWS_MAX_ATTEMPTS: '1' },
  });
  expect(result).toMatchObject({ code: 1, stdout: '' });
  expect(result.stderr).toContain('AWS says no.');
  expect(result.stderr).toContain(hint);
});

it('explains a log class that cannot be followed, and what it may not do', async () => {
  const logGroupName = newGroup();
  await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName, logGroupClass: 'INFREQUENT_ACCESS' }));
  const refused = await runCli(['tail', logGroupName, '--live'], { endpoint: sandbox.url });
  expect(refused.code).toBe(1);
  expect(refused.stderr).toContain('Only log groups of the class STANDARD');

  const group = newGroup();
  await createGroup(sandbox.logs, group);
  sandbox.faults.add({ match: { operation: 'StartLiveTail' }, effect: { kind: 'deny' } });
  const denied = await runCli(['tail', group, '--live'], { endpoint: sandbox.url });
  expect(denied.code).toBe(4);
  expect(denied.stderr).toContain('logs:StartLiveTail');
});

it('ends when the endpoint is gone', async () => {
  const own = await startTestSandbox({ clock: hurriedClock() });
  const group = newGroup();
  await writeLines(own.logs, group, ['a']);
  const run = live(group, [], { endpoint: own.url });
  await says(run, 'following');
  await own.close();
  expect(await run.code).toBe(1);
  expect(run.stdout.text).toContain('"code":"NETWORK"');
});

it('cannot be used with --no-follow', async () => {
  const from = sandbox.journal.entries().length;
  const result = await runCli(['tail', 'any', '--live', '--no-follow', '--json'], { endpoint: sandbox.url });
  expect(result.code).toBe(2);
  expect(JSON.parse(result.stdout)).toMatchObject({ command: 'tail', error: { code: 'USAGE' } });
  expect(sandbox.journal.entries()).toHaveLength(from);
});
