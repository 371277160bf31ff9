import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { runBinary } from '../support/binary.ts';
import { temporaryFolder } from '../support/run-cli.ts';
import { startTestSandbox } from '../support/sandbox.ts';

/** What is dear to load and may not be paid for by commands that do not need it. */
const DEAR = {
  'the AWS SDK': /node_modules\/(@aws-sdk|@smithy)\//,
  'a prompt library': /node_modules\/(inquirer|@inquirer)\//,
  'the spinner': /node_modules\/ora\//,
  'the sandbox': /src\/sandbox\/(?!clock\.ts)/,
  'a command': /src\/commands\//,
} as const;

interface Output {
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface Loads {
  readonly stdout: string;
  /** Files of the bundle that were read, by their paths. */
  readonly files: readonly string[];
  /** The sources in them, by way of the bundler's own account. */
  readonly sources: readonly string[];
}

/** What a run of the binary reads of the bundle. The launcher runs a file of code as soon as it has read it. */
async function loadsOf(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Loads> {
  const cwd = temporaryFolder();
  const loads = join(cwd, 'loads.txt');
  const { stdout } = await runBinary(args, {
    cwd,
    env: { ...env, S3EVT_LOADS: loads },
    nodeOptions: ['--import', pathToFileURL(resolve('test/support/record-loads.mjs')).href],
  });
  const meta = JSON.parse(readFileSync('dist/meta.json', 'utf8')) as Readonly<Record<string, Output>>;
  const files = readFileSync(loads, 'utf8')
    .split('\n')
    .filter((file) => file.startsWith(resolve('dist')));
  const sources = Object.entries(meta).flatMap(([file, { inputs }]) =>
    files.includes(resolve(file)) ? Object.keys(inputs) : [],
  );
  return { stdout, files, sources };
}

const launcher = resolve('dist/launcher.cjs');

test('--version reads the launcher and nothing else', async () => {
  const { stdout, files } = await loadsOf(['--version']);
  expect(files).toEqual([launcher]);
  expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test.each([
  [['--help']],
  [['init', '--help']],
  [['tail', '-h']],
  [['sandbox', 'start', '--help']],
  [['sandbox', 'journal', '--help']],
  [['sandbox', 'fault', 'add', '--help']],
])('%s reads the launcher and the rendered help', async (args) => {
  const { stdout, files } = await loadsOf(args);
  expect(files).toEqual([launcher, resolve('dist/help-80.json')]);
  expect(stdout).toContain(`Usage: s3evt ${args.slice(0, -1).join(' ')}`);
});

test.each([
  [['init', 'photos', '--help']],
  [['help', 'tail']],
  [['no-such-command']],
  [['init', '--no-such-flag']],
])('%s loads nothing dear', async (args) => {
  const { sources } = await loadsOf(args);
  // The run was seen at all: the program itself is among what was loaded.
  expect(sources).toContain('src/cli/program.ts');
  for (const [what, pattern] of Object.entries(DEAR)) {
    expect(
      sources.filter((source) => pattern.test(source)),
      what,
    ).toEqual([]);
  }
});

/** The clients that a command calls, and the kilobytes of code that it may read: half as much again is a mistake in the build. */
test.each([
  [['whoami'], 600, ['client-sts']],
  [['ls', 'photos'], 950, ['client-s3', 'client-sts']],
  [['match', 'in/a.jpeg', '--bucket', 'photos'], 800, ['client-s3']],
  [['tail', '/aws/lambda/resize', '--no-follow'], 780, ['client-cloudwatch-logs']],
  [
    ['init', 'photos', '--function', 'resize', '--dry-run'],
    1_400,
    ['client-cloudwatch-logs', 'client-iam', 'client-lambda', 'client-s3', 'client-sts'],
  ],
  [['init', 'photos', '--queue', 'jobs', '--dry-run'], 1_300, ['client-s3', 'client-sqs', 'client-sts']],
  [['init', 'photos', '--topic', 'news', '--dry-run'], 1_300, ['client-s3', 'client-sns', 'client-sts']],
  [['status', 'photos'], 1_020, ['client-s3', 'client-sts']],
  [
    ['add', '--bucket', 'photos', '--queue', 'jobs', '--dry-run'],
    1_300,
    ['client-s3', 'client-sqs', 'client-sts'],
  ],
  [['rm', 'invoke', '--bucket', 'photos', '--yes'], 1_050, ['client-s3', 'client-sts']],
  [['test-upload', '--bucket', 'photos'], 1_120, ['client-s3', 'client-sts']],
  [['watch', '--bucket', 'photos'], 1_120, ['client-eventbridge', 'client-s3', 'client-sqs', 'client-sts']],
  [
    ['doctor', 'photos'],
    1_720,
    ['client-cloudwatch', 'client-eventbridge', 'client-iam', 'client-lambda', 'client-s3', 'client-sts'],
  ],
  // What ends before a call to AWS.
  [['ls'], 250, []],
  [['match', 'in/a.jpeg'], 280, []],
  [['diff', '--bucket', 'photos', 'absent.json'], 430, []],
  [['apply', '--bucket', 'photos', 'absent.json'], 430, []],
  [['undo', '--bucket', 'photos'], 430, []],
  [['destroy', 'photos', '--dry-run'], 440, []],
  [['trace', 'in/a.jpeg'], 880, []],
])(
  '%j reads at most %i KB, the clients that it calls, and neither prompts nor the sandbox',
  async (args, kilobytes, called) => {
    const { url } = await startTestSandbox();
    const { sources, files } = await loadsOf(args, {
      AWS_ENDPOINT_URL: url,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
    });
    const clients = new Set(
      sources.flatMap((source) => /@aws-sdk\/(client-[a-z0-9-]+)\//.exec(source)?.[1] ?? []),
    );
    expect([...clients].sort()).toEqual(called);
    for (const what of ['a prompt library', 'the spinner', 'the sandbox'] as const) {
      expect(
        sources.filter((source) => DEAR[what].test(source)),
        what,
      ).toEqual([]);
    }
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes / 1_000).toBeLessThan(kilobytes);
  },
);

test.each([[['status']], [['journal']], [['env']], [['stop']], [['fault', 'ls']], [['lifecycle']]])(
  'sandbox %s asks the one that runs and reads nothing of what answers',
  async (args) => {
    const { sources, files } = await loadsOf(['sandbox', ...args]);
    const loads = (pattern: RegExp) => sources.filter((source) => pattern.test(source));
    expect(loads(/src\/commands\//)).not.toEqual([]);
    expect(loads(/src\/sandbox\/(services|wire|lambda|delivery)\//)).toEqual([]);
    for (const what of ['the AWS SDK', 'a prompt library', 'the spinner'] as const)
      expect(loads(DEAR[what]), what).toEqual([]);
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0);
    expect(bytes / 1_000).toBeLessThan(290);
  },
);

test('of a client only what the program calls is read', async () => {
  const { url } = await startTestSandbox();
  const { files } = await loadsOf(['ls', 'photos'], {
    AWS_ENDPOINT_URL: url,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const code = files.map((file) => readFileSync(file, 'latin1')).join('\n');
  expect(code).toContain('GetBucketNotificationConfigurationCommand');
  // No command of this program; the sandbox answers it.
  expect(code).not.toContain('PutBucketLoggingCommand');
});
