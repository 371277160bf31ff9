import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { expect, test } from 'vitest';
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
