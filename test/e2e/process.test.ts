import { createServer } from 'node:http';
import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { firstLine, runBinary, startBinary } from '../support/binary.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

function ended(child: ReturnType<typeof startBinary>): Promise<number | null> {
  return new Promise((done) => child.once('close', (code) => done(code)));
}

const aws = (endpoint: string) => ({
  AWS_ENDPOINT_URL: endpoint,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});

test('--version prints the bare number', async () => {
  expect(await runBinary(['--version'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    stderr: '',
  });
});

test.each([
  ['no command at all', [], 2],
  ['an unknown command', ['teil'], 2],
  ['an unknown flag', ['tail', '--flollow'], 2],
  ['a bad value', ['tail', '--limit', 'many'], 2],
  ['a missing bucket', ['ls'], 2],
  ['no credentials', ['whoami', '--region', 'eu-west-1'], 4],
])('%s ends with %s -> %i', async (_what, args, code) => {
  const result = await runBinary(args);
  expect(result.code).toBe(code);
  expect(result.stdout).toBe('');
  expect(result.stderr).not.toBe('');
});

test('mistakes get a did-you-mean, in JSON too', async () => {
  expect((await runBinary(['teil'])).stderr).toContain('Did you mean tail?');
  const { stdout, stderr, code } = await runBinary(['tail', '--flollow', '--json']);
  expect(code).toBe(2);
  expect(stderr).toBe('');
  expect(JSON.parse(stdout)).toMatchObject({
    schemaVersion: 1,
    command: 'tail',
    status: 'error',
    data: null,
    error: { code: 'USAGE', category: 'usage', message: expect.stringContaining('--flollow') },
  });
});

test('the first Ctrl-C ends a sandbox with 0, and leaves neither port nor folder', async () => {
  const cwd = temporaryFolder();
  const child = startBinary(['sandbox', 'start', '--json'], { cwd });
  const { endpoint } = JSON.parse(await firstLine(child)) as { endpoint: string };
  child.kill('SIGINT');
  expect(await ended(child)).toBe(0);
  await expect(fetch(`${endpoint}/_sandbox/health`)).rejects.toThrow();
  expect(readdirSync(cwd).filter((name) => name.startsWith('s3evt-'))).toEqual([]);
});

test('SIGINT in the middle of a call ends with 130, SIGTERM with 143', async () => {
  // A server that takes the call and never answers.
  const mute = createServer(() => undefined);
  await new Promise<void>((ready) => mute.listen(0, '127.0.0.1', ready));
  const called = () => new Promise<void>((seen) => mute.once('request', () => seen()));
  const address = mute.address();
  const endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
  try {
    for (const [signal, code] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
    ] as const) {
      const seen = called();
      const child = startBinary(['ls', 'some-bucket'], { env: aws(endpoint) });
      await seen;
      child.kill(signal);
      expect(await ended(child)).toBe(code);
    }
  } finally {
    mute.closeAllConnections();
    mute.close();
  }
});

test('a reader that goes away ends the program quietly with 0', async () => {
  const sandbox = await startTestSandbox();
  const { CreateLogGroupCommand, CreateLogStreamCommand, PutLogEventsCommand } =
    await import('@aws-sdk/client-cloudwatch-logs');
  await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName: '/long' }));
  await sandbox.logs.send(new CreateLogStreamCommand({ logGroupName: '/long', logStreamName: 's' }));
  const timestamp = Date.now();
  for (let batch = 0; batch < 5; batch++) {
    const logEvents = Array.from({ length: 5_000 }, (_, i) => ({
      timestamp,
      message: `line ${batch}-${i} ${'x'.repeat(100)}`,
    }));
    await sandbox.logs.send(
      new PutLogEventsCommand({ logGroupName: '/long', logStreamName: 's', logEvents }),
    );
  }
  const child = startBinary(['tail', '/long', '--no-follow'], { env: aws(sandbox.url) });
  let stderr = '';
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  await firstLine(child);
  child.stdout?.destroy();
  expect(await ended(child)).toBe(0);
  expect(stderr).toBe('');
});

test('the demo tells the whole story on stdout and leaves nothing behind', async () => {
  const cwd = temporaryFolder();
  const result = await runBinary(['demo'], { cwd });
  expect(result.code).toBe(0);
  expect(result.stdout).toContain('"eventName": "ObjectCreated:Put"');
  expect(result.stdout).toContain('"key": "beach.jpeg"');
  expect(result.stdout).not.toContain('\u001b');
  expect(readdirSync(cwd).filter((name) => name !== 'state')).toEqual([]);
});
