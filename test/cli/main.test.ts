import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { runCli, startCli } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

const NOWHERE = 'http://127.0.0.1:9';
const ONCE = { AWS_MAX_ATTEMPTS: '1' };

test('a stream that fails ends with an envelope on one line, which has a type like all its lines', async () => {
  const { stdout, stderr, code } = await runCli(['tail', 'f', '--json'], { endpoint: NOWHERE, env: ONCE });
  expect(code).toBe(1);
  expect(stderr).toBe('');
  const lines = stdout.trim().split('\n');
  expect(lines).toHaveLength(1);
  expect(JSON.parse(lines[0]!)).toEqual({
    type: 'error',
    schemaVersion: 1,
    command: 'tail',
    status: 'error',
    data: null,
    warnings: [],
    error: expect.objectContaining({ code: 'NETWORK', category: 'failure', retryable: true }),
  });
});

test('a command that fails prints one envelope with --json, and three parts without', async () => {
  const json = await runCli(['whoami', '--json'], { endpoint: NOWHERE, env: ONCE });
  expect(json).toMatchObject({ code: 1, stderr: '' });
  expect(JSON.parse(json.stdout)).toMatchObject({
    schemaVersion: 1,
    command: 'whoami',
    status: 'error',
    data: null,
  });
  const human = await runCli(['whoami'], { endpoint: NOWHERE, env: ONCE });
  expect(human).toMatchObject({ code: 1, stdout: '' });
  expect(human.stderr).toMatch(/^error: cannot reach .*\n.*start it, or the sandbox/);
});

test('--debug names each call and shows where an error came from, without secrets', async () => {
  const secret = 'wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY';
  const { url: endpoint } = await startTestSandbox();
  const env = { AWS_SECRET_ACCESS_KEY: secret };
  const good = await runCli(['whoami', '--debug'], { endpoint, env });
  expect(good.code).toBe(0);
  expect(good.stderr).toContain('GetCallerIdentity');
  const bad = await runCli(['ls', 'no-such-bucket', '--debug'], { endpoint, env });
  expect(bad.stderr).toContain('code: NOT_FOUND');
  for (const { stdout, stderr } of [good, bad]) expect(stdout + stderr).not.toContain(secret);
});

test.each([
  ['a pipe', {}, [], false],
  ['a terminal', { tty: true }, [], true],
  ['NO_COLOR on a terminal', { tty: true, env: { NO_COLOR: '1' } }, [], false],
  ['TERM=dumb', { tty: true, env: { TERM: 'dumb' } }, [], false],
  ['FORCE_COLOR in a pipe', { env: { FORCE_COLOR: '1' } }, [], true],
  ['--color never on a terminal', { tty: true }, ['--color', 'never'], false],
  ['--color always in a pipe', {}, ['--color', 'always'], true],
] as const)(
  'colour in %s',
  async (_what, options: { tty?: boolean; env?: Record<string, string> }, flags, coloured) => {
    const { url: endpoint, s3 } = await startTestSandbox();
    await s3.send(new CreateBucketCommand({ Bucket: 'colourful' }));
    const tty = options.tty === true ? { stdout: true, stderr: true } : {};
    const run = startCli(['status', 'colourful', ...flags], {
      endpoint,
      tty,
      env: { AWS_REGION: 'us-east-1', ...options.env },
    });
    expect(await run.code).toBe(0);
    expect(run.stdout.text.includes('\u001b[')).toBe(coloured);
  },
);

test('a question is never asked with --json or --no-input, even on a terminal', async () => {
  const { url: endpoint } = await startTestSandbox();
  const tty = { stdin: true, stdout: true, stderr: true };
  for (const flag of ['--json', '--no-input']) {
    const { code, stdout, stderr } = await runCli(['init', flag], { endpoint, tty });
    expect(code).toBe(2);
    expect(stdout + stderr).toContain('pass --bucket NAME');
  }
});

test.each([
  [['--region', 'eu-west-1', 'tail', '--bogus'], 'tail'],
  [['sandbox', 'start', '--bogus'], 'sandbox start'],
  [['--color', 'never', '--bogus'], 's3evt'],
  [['tial'], 's3evt'],
])('a mistake in %j is one of %s', async (argv, command) => {
  const { stdout, code } = await runCli([...argv, '--json']);
  expect(code).toBe(2);
  const help = command === 's3evt' ? 's3evt --help' : `s3evt ${command} --help`;
  expect(JSON.parse(stdout)).toMatchObject({
    command,
    error: { hint: expect.stringContaining(`"${help}"`) },
  });
});

test('an interrupted command says so in JSON too, and ends with the exit code of its signal', async () => {
  // A server that takes the call and never answers.
  const mute = createServer(() => undefined);
  await new Promise<void>((ready) => mute.listen(0, '127.0.0.1', ready));
  onTestFinished(() => {
    mute.closeAllConnections();
    mute.close();
  });
  const called = once(mute, 'request');
  const endpoint = `http://127.0.0.1:${(mute.address() as AddressInfo).port}`;
  const run = startCli(['ls', 'some-bucket', '--json'], { endpoint });
  await called;
  run.interrupt();
  expect(await run.code).toBe(130);
  expect(JSON.parse(run.stdout.text)).toMatchObject({ status: 'error', error: { code: 'INTERRUPTED' } });
});

test('--quiet still shows what a question is about', async () => {
  const { url: endpoint } = await startTestSandbox();
  const tty = { stdin: true, stdout: true, stderr: true };
  const run = startCli(['init', 'quiet-bucket', '--function', 'f', '--quiet'], { endpoint, tty });
  await run.stderr.until(({ plain }) => plain.includes('Apply this plan?'));
  expect(run.stderr.plain).toContain('account 000000000000');
  expect(run.stderr.plain).toContain('Create bucket quiet-bucket');
  run.stdin.write('n\r');
  expect(await run.code).toBe(2);
});
