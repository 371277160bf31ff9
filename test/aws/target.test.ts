import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { endpointFor } from '../../src/aws/endpoints.ts';
import { resolveTarget, type Target, type TargetInput, usesSandbox } from '../../src/aws/target.ts';
import type { ProjectSettings } from '../../src/project/project-file.ts';
import { type Home, KEYS, makeHome } from './support.ts';

const CONFIG = `
[default]
region = eu-south-1
[profile dev]
region = eu-west-2
output = json
[profile staging]
region = eu-west-3
[profile no-region]
role_arn = arn:aws:iam::111122223333:role/x
source_profile = dev
[profile local]
region = eu-west-2
services = emulator
endpoint_url = http://127.0.0.1:5000
[profile broken]
services = nowhere
[profile off]
endpoint_url = http://127.0.0.1:5000
ignore_configured_endpoint_urls = true
[services emulator]
s3 =
  endpoint_url = http://127.0.0.1:5001
cloudwatch_logs =
  endpoint_url = http://127.0.0.1:5002
`;

interface Given {
  readonly flags?: TargetInput['flags'];
  readonly env?: Readonly<Record<string, string>>;
  readonly project?: Omit<ProjectSettings, 'version'>;
  readonly sandbox?: TargetInput['sandbox'];
  readonly config?: string;
}

async function resolve(
  given: Given,
  home: Home = makeHome({ '.aws/config': given.config ?? CONFIG }),
): Promise<Target> {
  return resolveTarget({
    flags: given.flags ?? {},
    env: { ...home.env, ...given.env },
    project: given.project && { version: 1, ...given.project },
    sandbox: given.sandbox,
  });
}

describe('region', () => {
  test.each<[string, Given, [value: string, source: string, name: string]]>([
    [
      'flag over all',
      {
        flags: { region: 'us-west-1' },
        env: { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-east-2' },
        project: { region: 'eu-west-1' },
      },
      ['us-west-1', 'flag', '--region'],
    ],
    [
      'AWS_REGION over AWS_DEFAULT_REGION',
      { env: { AWS_REGION: 'us-west-2', AWS_DEFAULT_REGION: 'us-east-2' }, project: { region: 'eu-west-1' } },
      ['us-west-2', 'environment', 'AWS_REGION'],
    ],
    [
      'AWS_DEFAULT_REGION over the project file; an empty variable is not set',
      { env: { AWS_REGION: '', AWS_DEFAULT_REGION: 'us-east-2' }, project: { region: 'eu-west-1' } },
      ['us-east-2', 'environment', 'AWS_DEFAULT_REGION'],
    ],
    [
      'project file over AWS config',
      { project: { region: 'eu-west-1' }, flags: { profile: 'dev' } },
      ['eu-west-1', 'project file', 's3evt.json'],
    ],
    ['profile', { flags: { profile: 'dev' } }, ['eu-west-2', 'AWS config', '~/.aws/config [profile dev]']],
    ['default profile', {}, ['eu-south-1', 'AWS config', '~/.aws/config [default]']],
    ['neither region nor credentials', { config: '' }, ['us-east-1', 'default', 'no region is set']],
  ])('%s', async (_name, given, [value, source, name]) => {
    expect((await resolve(given)).region).toEqual({ value, source, name });
  });

  test('stands in the credentials file too, which wins', async () => {
    const home = makeHome({ '.aws/config': CONFIG, '.aws/credentials': '[dev]\nregion = ca-west-1\n' });
    expect((await resolve({ flags: { profile: 'dev' } }, home)).region).toEqual({
      value: 'ca-west-1',
      source: 'AWS config',
      name: '~/.aws/credentials [dev]',
    });
  });

  test('AWS_CONFIG_FILE takes the place of ~/.aws/config', async () => {
    const home = makeHome({ '.aws/config': CONFIG, elsewhere: '[default]\nregion = me-south-1\n' });
    const path = join(home.path, 'elsewhere');
    expect((await resolve({ env: { AWS_CONFIG_FILE: path } }, home)).region).toMatchObject({
      value: 'me-south-1',
      name: '~/elsewhere [default]',
    });
    expect((await resolve({ env: { AWS_CONFIG_FILE: '~/elsewhere' } }, home)).region.value).toBe(
      'me-south-1',
    );
  });

  test.each<[string, Given]>([
    ['keys in the environment', { env: KEYS, config: '' }],
    ['a profile with a role', { flags: { profile: 'no-region' } }],
  ])('is asked for when there are credentials: %s', async (_name, given) => {
    await expect(resolve(given)).rejects.toMatchObject({
      code: 'INPUT_REQUIRED',
      hint: expect.stringMatching(/--region.*AWS_REGION/) as string,
    });
  });

  test.each(['eu west 1', 'evil.example/', ''])('%j is refused', async (region) => {
    await expect(resolve({ flags: { region } })).rejects.toMatchObject({ code: 'USAGE' });
  });
});

describe('profile', () => {
  test.each<[string, Given, Target['profile']]>([
    [
      'flag over environment',
      { flags: { profile: 'dev' }, env: { AWS_PROFILE: 'staging' } },
      { value: 'dev', source: 'flag', name: '--profile' },
    ],
    [
      'environment over project file',
      { env: { AWS_PROFILE: 'staging' }, project: { profile: 'dev' } },
      { value: 'staging', source: 'environment', name: 'AWS_PROFILE' },
    ],
    [
      'project file',
      { project: { profile: 'dev' } },
      { value: 'dev', source: 'project file', name: 's3evt.json' },
    ],
    ['none', {}, undefined],
    [
      '"default" needs no file',
      { flags: { profile: 'default' }, config: '' },
      { value: 'default', source: 'flag', name: '--profile' },
    ],
  ])('%s', async (_name, given, profile) => {
    expect((await resolve(given)).profile).toEqual(profile);
  });

  test('an unknown one is named with the one that was meant and all that exist', async () => {
    const home = makeHome({
      '.aws/config': CONFIG,
      '.aws/credentials': '[from-credentials]\naws_access_key_id = x\n',
    });
    await expect(resolve({ flags: { profile: 'stagign' } }, home)).rejects.toMatchObject({
      code: 'USAGE',
      message: '--profile: there is no profile "stagign"',
      hint: 'Did you mean "staging"? Known profiles: default, dev, staging, no-region, local, broken, off, from-credentials.',
    });
    await expect(resolve({ env: { AWS_PROFILE: 'zzzzzz' } }, home)).rejects.toMatchObject({
      message: 'AWS_PROFILE: there is no profile "zzzzzz"',
      hint: expect.stringMatching(/^Known profiles: default, /) as string,
    });
  });

  test('an unknown one where there are none', async () => {
    await expect(resolve({ flags: { profile: 'dev' }, config: '' })).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringMatching(/^There are no profiles in .*config and .*credentials\.$/) as string,
    });
  });
});

describe('endpoints', () => {
  test.each<
    [string, Given, { general?: string; s3?: string; logs?: string; lambda?: string; name?: string }]
  >([
    ['none: AWS itself', { flags: { profile: 'dev' } }, {}],
    [
      'the flag beats every other place',
      {
        flags: { endpointUrl: 'http://127.0.0.1:1', profile: 'local' },
        env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:2', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:3' },
      },
      {
        general: 'http://127.0.0.1:1',
        s3: 'http://127.0.0.1:1',
        lambda: 'http://127.0.0.1:1',
        name: '--endpoint-url',
      },
    ],
    [
      'a service beats the general one of the same source',
      {
        env: {
          AWS_ENDPOINT_URL: 'http://127.0.0.1:2',
          AWS_ENDPOINT_URL_CLOUDWATCH_LOGS: 'http://127.0.0.1:3',
        },
      },
      {
        general: 'http://127.0.0.1:2',
        logs: 'http://127.0.0.1:3',
        s3: 'http://127.0.0.1:2',
        name: 'AWS_ENDPOINT_URL',
      },
    ],
    [
      'environment beats the services section',
      { flags: { profile: 'local' }, env: { AWS_ENDPOINT_URL: 'http://127.0.0.1:2' } },
      { general: 'http://127.0.0.1:2', s3: 'http://127.0.0.1:2', logs: 'http://127.0.0.1:2' },
    ],
    [
      'project file beats AWS config; a service from the environment beats it',
      {
        flags: { profile: 'local' },
        project: { endpointUrl: 'http://127.0.0.1:4' },
        env: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:3' },
      },
      {
        general: 'http://127.0.0.1:4',
        s3: 'http://127.0.0.1:3',
        logs: 'http://127.0.0.1:4',
        lambda: 'http://127.0.0.1:4',
        name: 's3evt.json',
      },
    ],
    [
      'profile with a services section',
      { flags: { profile: 'local' } },
      {
        general: 'http://127.0.0.1:5000',
        s3: 'http://127.0.0.1:5001',
        logs: 'http://127.0.0.1:5002',
        lambda: 'http://127.0.0.1:5000',
        name: '~/.aws/config [profile local]',
      },
    ],
    [
      'AWS_IGNORE_CONFIGURED_ENDPOINT_URLS switches environment and config off',
      {
        flags: { profile: 'local' },
        env: { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true', AWS_ENDPOINT_URL: 'http://127.0.0.1:2' },
      },
      {},
    ],
    [
      'but neither the flag',
      { flags: { endpointUrl: 'http://127.0.0.1:1' }, env: { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' } },
      { general: 'http://127.0.0.1:1', s3: 'http://127.0.0.1:1' },
    ],
    [
      'nor the project file',
      {
        project: { endpointUrl: 'http://127.0.0.1:4' },
        env: { AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      },
      { general: 'http://127.0.0.1:4', s3: 'http://127.0.0.1:4' },
    ],
    ['the profile can ignore them too', { flags: { profile: 'off', region: 'us-east-1' } }, {}],
    [
      'a slash at the end is dropped, a path is kept',
      { flags: { endpointUrl: 'https://gateway.example.com/aws/' } },
      { general: 'https://gateway.example.com/aws', s3: 'https://gateway.example.com/aws' },
    ],
  ])('%s', async (_name, given, expected) => {
    const target = await resolve(given);
    expect(target.endpointUrl?.value).toBe(expected.general);
    if (expected.name !== undefined) expect(target.endpointUrl?.name).toBe(expected.name);
    const url = (service: Parameters<typeof endpointFor>[1]) => endpointFor(target, service)?.value;
    for (const [service, value] of [
      ['S3', expected.s3],
      ['CLOUDWATCH_LOGS', expected.logs],
      ['LAMBDA', expected.lambda],
    ] as const) {
      if (value !== undefined || expected.general === undefined) expect(url(service)).toBe(value);
    }
    expect(target.sandbox).toBe(false);
  });

  test.each([
    ['not a URL', /is not a URL/],
    ['localhost:4566', /does not begin with http:\/\/ or https:\/\//],
    ['ftp://127.0.0.1', /does not begin with/],
    ['http://127.0.0.1:4566/?x=1', /no "\?" or "#" part/],
    ['', /without a value/],
  ])('--endpoint-url %j is refused', async (endpointUrl, message) => {
    await expect(resolve({ flags: { endpointUrl } })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringMatching(message) as string,
    });
  });

  test.each(['http://user:hunter2@127.0.0.1', 'user:hunter2@127.0.0.1', 'http://user:hunter2@'])(
    'an endpoint with a password is refused without repeating it: %s',
    async (url) => {
      const error = await resolve({ env: { AWS_ENDPOINT_URL: url } }).catch((caught: unknown) => caught);
      expect(error).toMatchObject({
        code: 'USAGE',
        message: expect.stringContaining('AWS_ENDPOINT_URL') as string,
      });
      expect(String(error)).not.toContain('hunter2');
    },
  );

  test('a services section that does not exist is an error, not AWS', async () => {
    await expect(resolve({ flags: { profile: 'broken', region: 'us-east-1' } })).rejects.toMatchObject({
      code: 'USAGE',
      message: expect.stringContaining('"nowhere"') as string,
    });
  });

  test('a service without an endpoint does not fall through to AWS when another one was moved', async () => {
    const target = await resolve({ env: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:3' } });
    expect(endpointFor(target, 'S3')?.value).toBe('http://127.0.0.1:3');
    expect(() => endpointFor(target, 'LAMBDA')).toThrow(/AWS_ENDPOINT_URL_S3.*Lambda/);
  });

  test('a VPC endpoint of AWS for one service leaves the others on AWS', async () => {
    const target = await resolve({
      env: { AWS_ENDPOINT_URL_S3: 'https://bucket.vpce-1a2b.s3.us-east-1.vpce.amazonaws.com' },
    });
    expect(endpointFor(target, 'LAMBDA')).toBeUndefined();
  });
});

describe('sandbox', () => {
  const sandbox = { endpoint: 'http://127.0.0.1:4999', region: 'us-east-1' };

  test.each<[string, Given, boolean]>([
    ['flag', { flags: { sandbox: true } }, true],
    [
      'flag over an endpoint of the environment',
      { flags: { sandbox: true }, env: { AWS_ENDPOINT_URL: 'http://x' } },
      true,
    ],
    ['project', { project: { sandbox: true } }, true],
    [
      '--endpoint-url over the project',
      { project: { sandbox: true }, flags: { endpointUrl: 'http://x' } },
      false,
    ],
    [
      'AWS_ENDPOINT_URL over the project',
      { project: { sandbox: true }, env: { AWS_ENDPOINT_URL: 'http://x' } },
      false,
    ],
    [
      'unless it is ignored',
      {
        project: { sandbox: true },
        env: { AWS_ENDPOINT_URL: 'http://x', AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'true' },
      },
      true,
    ],
    ['neither', { project: { sandbox: false } }, false],
  ])('is wanted: %s', (_name, { flags = {}, env = {}, project }, wanted) => {
    expect(usesSandbox({ flags, env, project: project && { version: 1, ...project } })).toBe(wanted);
  });

  test.each([
    ['--profile', { flags: { profile: 'dev' }, env: {} }],
    ['AWS_ENDPOINT_URL_S3', { flags: {}, env: { AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:3' } }],
  ])('%s beside a project of the sandbox is refused, not passed over', (name, given) => {
    const project = { version: 1, sandbox: true } as const;
    expect(() => usesSandbox({ ...given, project })).toThrow(
      expect.objectContaining({ code: 'USAGE', message: expect.stringContaining(name) }),
    );
    expect(usesSandbox({ ...given, flags: { ...given.flags, sandbox: true }, project })).toBe(true);
  });

  test('never reads a profile, and ignores endpoints of the environment', async () => {
    const target = await resolve({
      flags: { sandbox: true },
      env: { AWS_PROFILE: 'does-not-exist', AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:3' },
      sandbox,
    });
    expect(target).toEqual({
      profile: undefined,
      region: { value: 'us-east-1', source: 'sandbox', name: 'sandbox' },
      endpointUrl: { value: sandbox.endpoint, source: 'sandbox', name: 'sandbox' },
      serviceEndpoints: {},
      sandbox: true,
    });
  });

  test('takes the region of flag, environment and project', async () => {
    expect((await resolve({ sandbox, env: { AWS_REGION: 'eu-west-1' } })).region.name).toBe('AWS_REGION');
    expect((await resolve({ sandbox, project: { region: 'eu-west-1', sandbox: true } })).region.name).toBe(
      's3evt.json',
    );
  });

  test('a project of the sandbox never falls through to AWS', async () => {
    await expect(
      resolve({ project: { sandbox: true }, env: { ...KEYS, AWS_REGION: 'us-east-1' } }),
    ).rejects.toMatchObject({ code: 'SANDBOX_FAILED' });
  });

  test('--sandbox and --endpoint-url contradict each other', async () => {
    await expect(
      resolve({ flags: { sandbox: true, endpointUrl: 'http://127.0.0.1:1' }, sandbox }),
    ).rejects.toMatchObject({ code: 'USAGE' });
  });
});
