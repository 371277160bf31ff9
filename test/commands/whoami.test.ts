import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { WhoamiResult } from '../../src/commands/whoami.ts';
import { runInitJson } from '../support/init.ts';
import { requestsOf } from '../support/journal.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { tooWide } from '../support/typing.ts';

const sandbox = shareSandbox();
const TERMINAL = { tty: { stdout: true, stderr: true } } as const;

async function whoami(line = '', options: CliOptions = {}) {
  const argv = ['whoami', ...line.split(' ').filter(Boolean), '--json'];
  const result = await runCli(argv, { endpoint: sandbox().url, ...options });
  const data: WhoamiResult = envelopeOf(result).data;
  return { ...result, envelope: envelopeOf(result), data };
}

/** A folder with AWS config files, as the home of the run. */
function home(config: string, credentials = ''): { cwd: string; env: Record<string, string | undefined> } {
  const cwd = temporaryFolder();
  mkdirSync(join(cwd, '.aws'));
  writeFileSync(join(cwd, '.aws/config'), config);
  writeFileSync(join(cwd, '.aws/credentials'), credentials);
  return { cwd, env: { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined } };
}

test('--json has every value with the place it came from', async () => {
  const { code, stderr, envelope, cwd } = await whoami('--region eu-west-1');
  expect([code, stderr]).toEqual([0, '']);
  expect(envelope).toEqual({
    schemaVersion: 1,
    command: 'whoami',
    status: 'ok',
    data: {
      account: '000000000000',
      arn: 'arn:aws:iam::000000000000:root',
      region: { value: 'eu-west-1', source: 'flag', name: '--region' },
      profile: null,
      endpointUrl: { value: sandbox().url, source: 'environment', name: 'AWS_ENDPOINT_URL' },
      serviceEndpoints: {},
      sandbox: false,
      projectFile: null,
    },
    warnings: [],
    error: null,
  });
  expect(cwd).not.toBe('');
  expect(requestsOf(sandbox())).toEqual(['sts.GetCallerIdentity']);
});

describe('flag before environment before project file before AWS config before default', () => {
  const config = '[profile dev]\nregion = ap-south-1\n[profile ops]\nregion = sa-east-1\n';
  const keys = 'aws_access_key_id = test\naws_secret_access_key = test\n';
  const credentials = `[dev]\n${keys}[ops]\n${keys}`;

  test.each([
    ['--region eu-west-1', { AWS_REGION: 'eu-west-2' }, 'eu-west-1', 'flag', '--region'],
    [
      '',
      { AWS_REGION: 'eu-west-2', AWS_DEFAULT_REGION: 'eu-west-3' },
      'eu-west-2',
      'environment',
      'AWS_REGION',
    ],
    ['', { AWS_DEFAULT_REGION: 'eu-west-3' }, 'eu-west-3', 'environment', 'AWS_DEFAULT_REGION'],
    ['', {}, 'us-west-2', 'project file', 's3evt.json'],
  ])('region: %s %j -> %s', async (line, env, value, source, name) => {
    const { cwd } = home(config, credentials);
    writeFileSync(join(cwd, 's3evt.json'), '{"version":1,"region":"us-west-2"}');
    const { data } = await whoami(line, { cwd, env });
    expect(data.region).toEqual({ value, source, name });
    expect(data.projectFile).toBe(join(cwd, 's3evt.json'));
  });

  test.each([
    ['--profile dev', { AWS_PROFILE: 'ops' }, 'dev', 'flag', 'ap-south-1'],
    ['', { AWS_PROFILE: 'ops' }, 'ops', 'environment', 'sa-east-1'],
    ['', {}, 'dev', 'project file', 'ap-south-1'],
  ])('profile: %s %j -> %s, and its region from AWS config', async (line, env, profile, source, region) => {
    const { cwd, env: bare } = home(config, credentials);
    writeFileSync(join(cwd, 's3evt.json'), '{"version":1,"profile":"dev"}');
    const { data } = await whoami(line, { cwd, env: { ...bare, ...env } });
    expect(data.profile).toMatchObject({ value: profile, source });
    expect(data.region).toMatchObject({ value: region, source: 'AWS config' });
    expect(data.region.name).toContain(`profile ${profile}`);
  });

  test('region: us-east-1 is the default on an endpoint of its own', async () => {
    expect((await whoami()).data.region).toMatchObject({ value: 'us-east-1', source: 'default' });
  });

  test('endpoint: the flag wins, the project file comes last', async () => {
    const env = { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' };
    const flag = await whoami(`--endpoint-url ${sandbox().url}`, { env });
    expect(flag.data.endpointUrl).toMatchObject({ source: 'flag', name: '--endpoint-url' });
    const cwd = temporaryFolder();
    writeFileSync(join(cwd, 's3evt.json'), JSON.stringify({ version: 1, endpointUrl: sandbox().url }));
    const project = await whoami('', { cwd, env: { AWS_ENDPOINT_URL: undefined } });
    expect(project.data.endpointUrl).toEqual({
      value: sandbox().url,
      source: 'project file',
      name: 's3evt.json',
    });
  });

  test('endpoints of single services are listed', async () => {
    const { data } = await whoami('', { env: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:9' } });
    expect(data.serviceEndpoints).toEqual({
      S3: { value: 'http://127.0.0.1:9', source: 'environment', name: 'AWS_ENDPOINT_URL_S3' },
    });
  });
});

describe('for people', () => {
  test('the same facts in a table that fits, and a loud word about the endpoint', async () => {
    const { cwd } = await runInitJson('photos --function Demo-S3 --yes', { endpoint: sandbox().url });
    const run = startCli(['whoami'], { endpoint: sandbox().url, cwd, ...TERMINAL });
    expect(await run.code).toBe(0);
    const { plain } = run.stdout;
    expect(tooWide(run)).toEqual([]);
    expect(plain).toMatch(/account\W+000000000000/);
    expect(plain).toMatch(/region\W+us-east-1/);
    for (const fact of ['arn:aws:iam::000000000000:root', 'AWS_ENDPOINT_URL', 's3evt.json', '(none)'])
      expect(plain).toContain(fact);
    expect(plain).toContain(`Calls go to ${sandbox().url}, not to AWS.`);
  });

  test('nothing is cut off when a value is longer than a terminal is wide', async () => {
    const cwd = join(temporaryFolder(), 'a-rather-long-name-of-a-folder', 'and-another-one-below-it');
    mkdirSync(cwd, { recursive: true });
    await runInitJson('photos --function Demo-S3 --yes', { endpoint: sandbox().url, cwd });
    const run = startCli(['whoami'], { endpoint: sandbox().url, cwd, ...TERMINAL });
    await run.code;
    expect(run.stdout.plain).toContain(join(cwd, 's3evt.json'));
    expect(run.stdout.plain).toContain('from environment: AWS_ENDPOINT_URL');
  });

  test('a pipe gets tabs', async () => {
    const { stdout } = await runCli(['whoami'], { endpoint: sandbox().url });
    expect(stdout.split('\n')).toContain('account\t000000000000\tthe credentials');
    expect(stdout).not.toContain('Calls go to');
  });
});

test('without credentials it fails with 4 and what helps', async () => {
  const run = await runCli(['whoami']);
  expect([run.code, run.stdout]).toEqual([4, '']);
  expect(run.stderr).toContain('aws configure');
  expect(run.stderr).toContain('--sandbox');
});

test('a profile that does not exist gets a suggestion', async () => {
  const { cwd, env } = home('[profile production]\nregion = eu-west-1\n');
  const { code, envelope } = await whoami('--profile prodution', { cwd, env });
  expect(code).toBe(2);
  expect(envelope.error?.hint).toContain('Did you mean "production"?');
});
