import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { runBinary } from '../support/binary.ts';
import { temporaryFolder } from '../support/run-cli.ts';

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

/** The sources behind the files that a run of the binary loaded, by way of the bundler's own account. */
async function loadedSources(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  const cwd = temporaryFolder();
  const loads = join(cwd, 'loads.txt');
  await runBinary(args, {
    cwd,
    env: { ...env, S3EVT_LOADS: loads },
    nodeOptions: ['--import', pathToFileURL(resolve('test/support/record-loads.mjs')).href],
  });
  const meta = JSON.parse(readFileSync('dist/meta.json', 'utf8')) as Readonly<Record<string, Output>>;
  const files = readFileSync(loads, 'utf8').split('\n');
  const known = Object.entries(meta).filter(([file]) => files.includes(pathToFileURL(resolve(file)).href));
  return known.flatMap(([, { inputs }]) => Object.keys(inputs));
}

test.each([
  [['--version']],
  [['--help']],
  [['init', '--help']],
  [['tail', '--help']],
  [['sandbox', 'start', '--help']],
  [['sandbox', 'journal', '--help']],
  [['sandbox', 'fault', 'add', '--help']],
  [['no-such-command']],
  [['init', '--no-such-flag']],
])('%s loads nothing dear', async (args) => {
  const sources = await loadedSources(args);
  // The run was seen at all: the program itself is among what was loaded.
  expect(sources).toContain('src/cli/program.ts');
  for (const [what, pattern] of Object.entries(DEAR)) {
    expect(
      sources.filter((source) => pattern.test(source)),
      what,
    ).toEqual([]);
  }
});

test('one call to AWS loads its own client, and neither prompts nor the sandbox', async () => {
  // Nobody listens there: the call fails, after all that it needs was loaded.
  const sources = await loadedSources(['whoami'], {
    AWS_ENDPOINT_URL: 'http://127.0.0.1:9',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_MAX_ATTEMPTS: '1',
  });
  const clients = new Set(
    sources.flatMap((source) => /@aws-sdk\/(client-[a-z-]+)\//.exec(source)?.[1] ?? []),
  );
  expect([...clients]).toEqual(['client-sts']);
  for (const what of ['a prompt library', 'the spinner', 'the sandbox'] as const) {
    expect(
      sources.filter((source) => DEAR[what].test(source)),
      what,
    ).toEqual([]);
  }
});
