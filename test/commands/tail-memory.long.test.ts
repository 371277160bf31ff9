import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { beforeAll, expect, it } from 'vitest';
import { startServer } from '../aws/support.ts';
import { s3Event } from '../support/log-lines.ts';
import { temporaryFolder } from '../support/run-cli.ts';

/**
 * Ten times the lines may take so many times the memory. Both runs are long against what a run takes anyway: the young generation
 * of the heap has its full size in the first of them.
 */
const MOST_GROWTH = 1.5;
const PAGE_LINES = 5_000;

/** Tells the peak of the resident set, in KiB, through file descriptor 3. */
const TELL_PEAK = `data:text/javascript,${encodeURIComponent(
  "import{writeSync}from'node:fs';process.on('exit',()=>writeSync(3,String(process.resourceUsage().maxRSS)))",
)}`;

beforeAll(() => {
  if (!existsSync('dist/launcher.cjs')) throw new Error('dist is not built: node scripts/build.js');
});

/** Answers of FilterLogEvents, a megabyte each, as AWS gives them; every tenth line holds an event. Returns the server's address. */
async function serveLog(pages: number): Promise<string> {
  const from = Date.now() - 1_800_000;
  const events = Array.from({ length: PAGE_LINES }, (_, i) => ({
    eventId: `38000000000000000000000000000000000000@@@@${String(i).padStart(14, '0')}`,
    ingestionTime: from + i + 5,
    logStreamName: '2026/01/02/[$LATEST]0123456789abcdef0123456789abcdef',
    message:
      i % 10 === 0
        ? JSON.stringify(s3Event({ key: `in/@@@@-${i}.jpeg` }))
        : `line @@@@ ${i} ${'x'.repeat(100)}`,
    timestamp: from + i,
  }));
  const page = JSON.stringify({ events, nextToken: 'next-@@@@' });
  const { url } = await startServer(({ body }, response) => {
    const { nextToken = 'next-0' } = JSON.parse(body) as { readonly nextToken?: string };
    const number = Number(nextToken.slice('next-'.length)) + 1;
    const text = number < pages ? page : JSON.stringify({ events });
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(text.replaceAll('@@@@', String(number).padStart(4, '0')));
  });
  return url;
}

interface Run {
  readonly code: unknown;
  readonly lines: number;
  readonly records: number;
  /** Bytes. */
  readonly peak: number;
}

async function tail(pages: number): Promise<Run> {
  const cwd = temporaryFolder();
  const child = spawn(
    process.execPath,
    [
      '--max-old-space-size=64',
      `--import=${TELL_PEAK}`,
      `${process.cwd()}/bin/s3evt.js`,
      ...['tail', '/test/long', '--no-follow', '--json'],
    ],
    {
      cwd,
      stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: cwd,
        AWS_ENDPOINT_URL: await serveLog(pages),
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

it('takes no more memory for 1,000,000 lines than for 100,000, by and large', async () => {
  const few = await tail(100_000 / PAGE_LINES);
  const many = await tail(1_000_000 / PAGE_LINES);
  expect(few).toMatchObject({ code: 0, lines: 100_000, records: 10_000 });
  expect(many).toMatchObject({ code: 0, lines: 1_000_000, records: 100_000 });
  expect(few.peak).toBeGreaterThan(20 * 1024 ** 2);
  expect(many.peak / few.peak).toBeLessThan(MOST_GROWTH);
});
