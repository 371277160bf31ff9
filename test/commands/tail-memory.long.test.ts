import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { s3Event, writeLines } from '../support/log-lines.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** Ten times the lines may take so many times the memory: what is remembered of the overlap is bounded, the rest is gone. */
const MOST_GROWTH = 1.5;
const BATCH = 2_500;

/** Tells the peak of the resident set, in KiB, through file descriptor 3. */
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)))",
)}`;

let sandbox: TestSandbox;
beforeAll(async () => {
  if (!existsSync('dist/launcher.cjs')) throw new Error('dist is not built: node scripts/build.js');
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());

/** Every tenth line holds an event. Half an hour of log, so that one overlap is a small part of it. */
async function fill(group: string, count: number): Promise<void> {
  const from = Date.now() - 1_800_000;
  for (let first = 0; first < count; first += BATCH) {
    const lines = Array.from({ length: BATCH }, (_, i) => {
      const number = first + i;
      const message =
        number % 10 === 0
          ? JSON.stringify(s3Event({ key: `in/${number}.jpeg` }))
          : `line ${number} ${'x'.repeat(100)}`;
      return { message, at: from + Math.floor((number * 1_800_000) / count) };
    });
    await writeLines(sandbox.logs, group, lines);
  }
}

interface Run {
  readonly code: unknown;
  readonly lines: number;
  readonly records: number;
  /** Bytes. */
  readonly peak: number;
}

async function tail(group: string): Promise<Run> {
  const cwd = temporaryFolder();
  const child = spawn(
    process.execPath,
    [
      '--max-old-space-size=64',
      `--import=${TELL_PEAK}`,
      `${process.cwd()}/bin/s3evt.js`,
      ...['tail', group, '--no-follow', '--json'],
    ],
    {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: cwd,
        AWS_ENDPOINT_URL: sandbox.url,
        AWS_ACCESS_KEY_ID: 'test',
        AWS_SECRET_ACCESS_KEY: 'test',
        AWS_REGION: 'us-east-1',
      },
    },
  );
  const exit = once(child, 'close');
  let peak = '';
  (child.stdio[3] as Readable).on('data', (chunk: Buffer) => (peak += chunk.toString()));
  let lines = 0;
  let records = 0;
  let rest = '';
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    const whole = (rest + chunk.toString('latin1')).split('\n');
    rest = whole.pop() ?? '';
    lines += whole.length;
    for (const line of whole) if (line.startsWith('{"type":"record"')) records++;
  }
  const [code] = (await exit) as unknown[];
  return { code, lines, records, peak: Number(peak) * 1024 };
}

it('takes no more memory for 100,000 lines than for 10,000, by and large', async () => {
  await fill('/test/10k', 10_000);
  await fill('/test/100k', 100_000);
  const few = await tail('/test/10k');
  const many = await tail('/test/100k');
  expect(few).toMatchObject({ code: 0, lines: 10_000, records: 1_000 });
  expect(many).toMatchObject({ code: 0, lines: 100_000, records: 10_000 });
  expect(few.peak).toBeGreaterThan(20 * 1024 ** 2);
  expect(many.peak / few.peak).toBeLessThan(MOST_GROWTH);
});
