import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DescribeLogGroupsCommand, StartLiveTailCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { GetFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import { HeadBucketCommand, ListBucketsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import type { BuildMiddleware, MetadataBearer } from '@smithy/types';
import { afterEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import {
  callerIdentityXml,
  KEYS,
  makeAws,
  makeHome,
  sendXml,
  startServer,
  type TestServer,
} from './support.ts';

const REGION = { AWS_REGION: 'eu-west-1' };
const TLS = join(import.meta.dirname, '../fixtures/tls');
const ARN = 'arn:aws:iam::111122223333:user/alice';

/** Answers the two STS operations that the tests use, and 200 without a body to all else. */
function startAws(): Promise<TestServer> {
  return startServer(({ body }, response) => {
    if (body.includes('Action=GetCallerIdentity')) sendXml(response, 200, callerIdentityXml(ARN));
    else if (body.includes('Action=AssumeRole')) {
      sendXml(
        response,
        200,
        '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>' +
          '<AccessKeyId>ASIAROLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>' +
          '<Expiration>2100-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>',
      );
    } else sendXml(response, 200, '');
  });
}

async function whoAmI(aws: Aws): Promise<unknown> {
  const sts = await aws.sts();
  return aws.call((options) => sts.send(new GetCallerIdentityCommand({}), options), {
    action: 'sts:GetCallerIdentity',
  });
}

async function headBucket(aws: Aws, region?: string): Promise<unknown> {
  const s3 = await aws.s3(region);
  return aws.call((options) => s3.send(new HeadBucketCommand({ Bucket: 'demo' }), options), {
    action: 's3:ListBucket',
    resource: 'demo',
  });
}

/** Sends one call with every client; answers and failures do not matter. */
async function callAll(aws: Aws): Promise<void> {
  const [lambda, logs, iam] = await Promise.all([aws.lambda(), aws.logs(), aws.iam()]);
  await Promise.allSettled([
    headBucket(aws),
    lambda.send(new GetFunctionConfigurationCommand({ FunctionName: 'fn' })),
    logs.send(new DescribeLogGroupsCommand({})),
    logs.send(
      new StartLiveTailCommand({ logGroupIdentifiers: ['arn:aws:logs:eu-west-1:111122223333:log-group:g'] }),
    ),
    iam.send(new GetRoleCommand({ RoleName: 'r' })),
    whoAmI(aws),
  ]);
}

/** Where a client would send its next request, without sending it. */
async function hostOf(
  client: { middlewareStack: { add: (...args: never[]) => void } },
  send: () => Promise<unknown>,
) {
  let host = '';
  const stop: BuildMiddleware<object, MetadataBearer> = () => async (args) => {
    const { protocol, hostname } = args.request as { protocol: string; hostname: string };
    host = `${protocol}//${hostname}`;
    throw new Error('stopped before the wire');
  };
  const add = client.middlewareStack.add as (middleware: typeof stop, options: object) => void;
  add.call(client.middlewareStack, stop, { step: 'build', priority: 'low', name: 'stop' });
  await expect(send()).rejects.toThrow('stopped before the wire');
  return host;
}

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
});

describe('clients', () => {
  test('are made once each; S3 once for each region', async () => {
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION });
    expect(await aws.lambda()).toBe(await aws.lambda());
    expect(await aws.logs()).toBe(await aws.logs());
    expect(await aws.iam()).toBe(await aws.iam());
    expect(await aws.sts()).toBe(await aws.sts());
    const [first, same, other] = await Promise.all([aws.s3(), aws.s3('eu-west-1'), aws.s3('us-west-2')]);
    expect(first).toBe(same);
    expect(other).not.toBe(first);
    expect(await other.config.region()).toBe('us-west-2');
  });

  test('read nothing before they are asked for', () => {
    const target = vi.fn(() => Promise.reject(new Error('asked')));
    makeAws({}, {}, { target });
    expect(target).not.toHaveBeenCalled();
  });

  test('the SDK does not warn about the version of Node', async () => {
    const warnings = vi.fn();
    process.on('warning', warnings);
    onTestFinished(() => void process.off('warning', warnings));
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION });
    await Promise.all([aws.s3(), aws.lambda(), aws.logs(), aws.iam(), aws.sts()]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).not.toHaveBeenCalled();
  });
});

describe('places', () => {
  test('on AWS itself: bucket host names, redirects followed, no second look at the environment', async () => {
    const { env } = makeHome();
    vi.stubEnv('AWS_ENDPOINT_URL', 'http://127.0.0.1:1');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:2');
    const aws = makeAws({ ...env, ...KEYS, ...REGION });
    const [s3, logs] = await Promise.all([aws.s3(), aws.logs()]);
    expect(await hostOf(s3, () => s3.send(new HeadBucketCommand({ Bucket: 'demo' })))).toBe(
      'https://demo.s3.eu-west-1.amazonaws.com',
    );
    expect(await hostOf(logs, () => logs.send(new DescribeLogGroupsCommand({})))).toBe(
      'https://logs.eu-west-1.amazonaws.com',
    );
    expect(s3.config.followRegionRedirects).toBe(true);
  });

  test('one endpoint takes the calls of every client, with path-style S3 and no host prefix', async () => {
    const server = await startAws();
    const { env } = makeHome();
    const aws = makeAws(
      { ...env, ...KEYS, ...REGION, AWS_USE_FIPS_ENDPOINT: 'true' },
      { flags: { endpointUrl: server.url } },
    );
    await callAll(aws);
    const host = new URL(server.url).host;
    expect(new Set(server.seen.map((request) => request.host))).toEqual(new Set([host]));
    expect(server.seen.map(({ method, path }) => `${method} ${path}`).sort()).toEqual([
      'GET /2015-03-31/functions/fn/configuration',
      'HEAD /demo/',
      'POST /',
      'POST /',
      'POST /',
      'POST /',
    ]);
    expect((await aws.s3()).config.followRegionRedirects).toBe(false);
  });

  test('the endpoint of a service beats the general one', async () => {
    const [general, forSts] = [await startAws(), await startAws()];
    const { env } = makeHome();
    const aws = makeAws({
      ...env,
      ...KEYS,
      ...REGION,
      AWS_ENDPOINT_URL: general.url,
      AWS_ENDPOINT_URL_STS: forSts.url,
    });
    await Promise.all([whoAmI(aws), headBucket(aws)]);
    expect(forSts.seen.map(({ method }) => method)).toEqual(['POST']);
    expect(general.seen.map(({ method }) => method)).toEqual(['HEAD']);
  });

  test('a service without an endpoint is refused when another one was moved away from AWS', async () => {
    const server = await startAws();
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL_S3: server.url });
    await headBucket(aws);
    await expect(aws.sts()).rejects.toMatchObject({
      code: 'USAGE',
      hint: expect.stringContaining('_STS') as string,
    });
  });

  test('S3 in another region signs for that region at the same endpoint', async () => {
    const server = await startAws();
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url });
    await headBucket(aws, 'us-west-2');
    await headBucket(aws);
    expect(server.seen.map(({ region }) => region)).toEqual(['us-west-2', 'eu-west-1']);
  });
});

describe('credentials', () => {
  test('the sandbox gets dummy keys and never reads a profile', async () => {
    const server = await startAws();
    const { env } = makeHome({
      '.aws/config': '[default]\nca_bundle = /missing\ncredential_process = false\n',
    });
    const aws = makeAws(
      { ...env, ...KEYS, AWS_PROFILE: 'missing', AWS_CA_BUNDLE: '/missing' },
      { flags: { sandbox: true }, sandbox: { endpoint: server.url, region: 'us-east-1' } },
    );
    await whoAmI(aws);
    expect(server.seen).toMatchObject([{ accessKeyId: 'test', region: 'us-east-1' }]);
  });

  const CREDENTIALS =
    '[default]\naws_access_key_id = AKIADEFAULT\naws_secret_access_key = s\n[dev]\naws_access_key_id = AKIADEV\naws_secret_access_key = s\n';

  test.each<[string, Record<string, string>, string | undefined, string]>([
    ['keys of the environment', KEYS, undefined, 'AKIAENVIRONMENT'],
    ['default profile', {}, undefined, 'AKIADEFAULT'],
    ['AWS_PROFILE', { AWS_PROFILE: 'dev' }, undefined, 'AKIADEV'],
    [
      'keys of the environment over AWS_PROFILE, as in the AWS CLI',
      { ...KEYS, AWS_PROFILE: 'dev' },
      undefined,
      'AKIAENVIRONMENT',
    ],
    ['--profile over keys of the environment', KEYS, 'dev', 'AKIADEV'],
  ])('%s', async (_name, variables, profile, expected) => {
    const server = await startAws();
    const { env } = makeHome({ '.aws/credentials': CREDENTIALS });
    for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
    const warn = vi.spyOn(console, 'warn');
    const aws = makeAws(
      { ...env, ...REGION, ...variables, AWS_ENDPOINT_URL: server.url },
      { flags: { profile } },
    );
    await whoAmI(aws);
    expect(server.seen).toMatchObject([{ accessKeyId: expected }]);
    expect(warn).not.toHaveBeenCalled();
  });

  test('AWS_SHARED_CREDENTIALS_FILE is honoured', async () => {
    const server = await startAws();
    const { env, path } = makeHome({ 'other/credentials': CREDENTIALS });
    const aws = makeAws({
      ...env,
      ...REGION,
      AWS_SHARED_CREDENTIALS_FILE: join(path, 'other/credentials'),
      AWS_ENDPOINT_URL: server.url,
    });
    await whoAmI(aws);
    expect(server.seen).toMatchObject([{ accessKeyId: 'AKIADEFAULT' }]);
  });

  test('credential_process', async () => {
    const server = await startAws();
    const answer = { Version: 1, AccessKeyId: 'AKIAPROCESS', SecretAccessKey: 's' };
    const { env, path } = makeHome({ 'keys.json': JSON.stringify(answer) });
    const { env: home } = makeHome({
      '.aws/config': `[profile p]\nregion = eu-west-1\ncredential_process = cat ${join(path, 'keys.json')}\n`,
    });
    const aws = makeAws({ ...env, ...home, AWS_ENDPOINT_URL: server.url }, { flags: { profile: 'p' } });
    await whoAmI(aws);
    expect(server.seen).toMatchObject([{ accessKeyId: 'AKIAPROCESS' }]);
  });

  test('a credential_process that fails is the reason given, without a look at the metadata service', async () => {
    const metadata = await startAws();
    const { env } = makeHome({
      '.aws/config': '[profile p]\nregion = eu-west-1\ncredential_process = echo oops >&2; exit 3\n',
    });
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', undefined);
    vi.stubEnv('AWS_EC2_METADATA_SERVICE_ENDPOINT', metadata.url);
    const aws = makeAws({ ...env, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' }, { flags: { profile: 'p' } });
    await expect(whoAmI(aws)).rejects.toMatchObject({
      code: 'CREDENTIALS_INVALID',
      message: expect.stringContaining('Command failed') as string,
      hint: 'Check the profile "p".',
    });
    expect(metadata.seen).toEqual([]);
  });

  const ROLE = [
    '[profile role]',
    'region = eu-west-1',
    'role_arn = arn:aws:iam::111122223333:role/x',
    'source_profile = dev',
    'mfa_serial = arn:aws:iam::111122223333:mfa/alice',
    '',
  ].join('\n');

  test('a role is assumed at the endpoint; its code is asked for once for all clients', async () => {
    const server = await startAws();
    const { env } = makeHome({ '.aws/config': ROLE, '.aws/credentials': CREDENTIALS });
    const askMfa = vi.fn(async () => '123456');
    const aws = makeAws(env, { flags: { profile: 'role', endpointUrl: server.url } }, { askMfa });
    await Promise.all([whoAmI(aws), headBucket(aws), headBucket(aws, 'us-west-2')]);
    expect(askMfa.mock.calls).toEqual([['arn:aws:iam::111122223333:mfa/alice']]);
    const [assume, ...rest] = server.seen;
    expect(assume).toMatchObject({
      accessKeyId: 'AKIADEV',
      body: expect.stringMatching(/Action=AssumeRole&.*TokenCode=123456/) as string,
    });
    expect(rest.map(({ accessKeyId }) => accessKeyId)).toEqual(['ASIAROLE', 'ASIAROLE', 'ASIAROLE']);
  });

  test('a role whose source profile has no keys fails before a code is asked for', async () => {
    const { env } = makeHome({
      '.aws/config': `${ROLE}[profile dev]\nregion = eu-west-1\ncredential_process = exit 3\n`,
    });
    const askMfa = vi.fn(() => new Promise<string>(() => undefined));
    const aws = makeAws(env, { flags: { profile: 'role', endpointUrl: 'http://127.0.0.1:1' } }, { askMfa });
    await expect(whoAmI(aws)).rejects.toMatchObject({ code: 'CREDENTIALS_INVALID' });
    expect(askMfa).not.toHaveBeenCalled();
  });

  test('a role with MFA where nobody can be asked', async () => {
    const { env } = makeHome({ '.aws/config': ROLE, '.aws/credentials': CREDENTIALS });
    const aws = makeAws(env, { flags: { profile: 'role', endpointUrl: 'http://127.0.0.1:1' } });
    await expect(whoAmI(aws)).rejects.toMatchObject({
      code: 'INPUT_REQUIRED',
      commands: ['aws configure export-credentials --format env --profile role'],
    });
  });

  test.each([
    ['never signed in', undefined],
    ['token expired', '2020-01-01T00:00:00Z'],
  ])('IAM Identity Center, %s: the command to sign in', async (_name, expiresAt) => {
    const token =
      expiresAt === undefined
        ? {}
        : {
            '.aws/sso/cache/3c94afe80a0829cc9b73f4f79447e0be26d65d0d.json': JSON.stringify({
              accessToken: 'x',
              expiresAt,
            }),
          };
    const { env } = makeHome({
      '.aws/config':
        '[profile corp]\nregion = eu-west-1\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = R\n' +
        '[sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://127.0.0.1:1/start\n',
      ...token,
    });
    const aws = makeAws(env, { flags: { profile: 'corp', endpointUrl: 'http://127.0.0.1:1' } });
    await expect(whoAmI(aws)).rejects.toMatchObject({
      code: 'CREDENTIALS_EXPIRED',
      commands: ['aws sso login --profile corp'],
    });
  });

  test('none at all: an error at once, and nobody is asked', async () => {
    const server = await startAws();
    const aws = makeAws({ ...makeHome().env, AWS_ENDPOINT_URL: server.url });
    await expect(whoAmI(aws)).rejects.toMatchObject({
      code: 'CREDENTIALS_MISSING',
      hint: expect.stringContaining('--sandbox') as string,
    });
    expect(server.seen).toEqual([]);
  });
});

describe('certificates', () => {
  const startTls = () =>
    startServer((_request, response) => sendXml(response, 200, callerIdentityXml(ARN)), {
      key: readFileSync(join(TLS, 'server-key.pem')),
      cert: readFileSync(join(TLS, 'server.pem')),
    });
  const CA = join(TLS, 'ca.pem');

  test('AWS_CA_BUNDLE', async () => {
    const server = await startTls();
    const aws = makeAws({
      ...makeHome().env,
      ...KEYS,
      ...REGION,
      AWS_ENDPOINT_URL: server.url,
      AWS_CA_BUNDLE: CA,
    });
    expect(await whoAmI(aws)).toMatchObject({ Arn: ARN });
  });

  test('ca_bundle of the profile', async () => {
    const server = await startTls();
    const { env } = makeHome({ '.aws/config': `[default]\nca_bundle = ${CA}\n` });
    expect(await whoAmI(makeAws({ ...env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url }))).toMatchObject(
      { Arn: ARN },
    );
  });

  test('without them the certificate is not trusted, and the message says what to set', async () => {
    const server = await startTls();
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url });
    await expect(whoAmI(aws)).rejects.toMatchObject({
      code: 'NETWORK',
      message: expect.stringContaining(server.url) as string,
      hint: expect.stringContaining('AWS_CA_BUNDLE') as string,
    });
    expect(server.seen).toEqual([]);
  });

  test.each([
    ['a file that is not there', '/nowhere/ca.pem', /ENOENT/],
    ['a file without certificates', join(TLS, 'README.md'), /no certificate/],
  ])('%s', async (_name, AWS_CA_BUNDLE, message) => {
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_CA_BUNDLE });
    await expect(aws.s3()).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringMatching(message) as string,
    });
  });
});

describe('retries', () => {
  const failing = () =>
    startServer((_request, response) =>
      sendXml(response, 503, '<Error><Code>ServiceUnavailable</Code></Error>'),
    );

  test.each<[string, Record<string, string>, number | undefined, string, number]>([
    ['three attempts', {}, undefined, '', 3],
    ['AWS_MAX_ATTEMPTS', { AWS_MAX_ATTEMPTS: '2' }, undefined, 'max_attempts = 5\n', 2],
    ['max_attempts', {}, undefined, 'max_attempts = 1\n', 1],
    ['maxAttempts over AWS_MAX_ATTEMPTS', { AWS_MAX_ATTEMPTS: '2' }, 1, '', 1],
  ])('%s', async (_name, variables, maxAttempts, config, expected) => {
    const server = await failing();
    const { env } = makeHome({ '.aws/config': `[default]\n${config}` });
    const aws = makeAws(
      { ...env, ...KEYS, ...REGION, ...variables, AWS_ENDPOINT_URL: server.url },
      {},
      { maxAttempts },
    );
    await expect(headBucket(aws)).rejects.toMatchObject({ code: 'AWS_UNAVAILABLE', retryable: true });
    expect(server.seen).toHaveLength(expected);
  });

  test.each(['0', '-1', 'many', '1.5'])('AWS_MAX_ATTEMPTS=%s is refused', async (AWS_MAX_ATTEMPTS) => {
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_MAX_ATTEMPTS });
    await expect(aws.s3()).rejects.toMatchObject({ code: 'USAGE' });
  });

  test.each([
    [{}, 'standard'],
    [{ AWS_RETRY_MODE: 'adaptive' }, 'adaptive'],
    [{ AWS_RETRY_MODE: 'legacy' }, 'standard'],
  ])('retry mode with %j', async (variables, mode) => {
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, ...variables });
    const { retryMode } = (await aws.s3()).config;
    expect(typeof retryMode === 'function' ? await retryMode() : retryMode).toBe(mode);
  });
});

describe('call', () => {
  test('rejects with the reason of the signal as soon as it is aborted', async () => {
    const controller = new AbortController();
    const reason = new Error('Ctrl-C');
    const server = await startServer(() => {
      controller.abort(reason);
    });
    const aws = makeAws(
      { ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url },
      {},
      { signal: controller.signal },
    );
    await expect(headBucket(aws)).rejects.toBe(reason);
    expect(server.seen).toHaveLength(1);
    await expect(headBucket(aws)).rejects.toBe(reason);
    expect(server.seen).toHaveLength(1);
  });

  test('a call with a signal of its own goes through after Ctrl-C, for cleaning up', async () => {
    const server = await startAws();
    const aws = makeAws(
      { ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url },
      {},
      { signal: AbortSignal.abort() },
    );
    const s3 = await aws.s3();
    const send = (options: { abortSignal: AbortSignal }) => s3.send(new ListBucketsCommand({}), options);
    await expect(aws.call(send, { action: 's3:ListAllMyBuckets' })).rejects.toThrow(/abort/i);
    await aws.call(send, { action: 's3:ListAllMyBuckets', signal: new AbortController().signal });
    expect(server.seen).toHaveLength(1);
  });

  test('many at once under one signal make Node warn of nothing', async () => {
    const warnings = vi.fn();
    process.on('warning', warnings);
    onTestFinished(() => void process.off('warning', warnings));
    const server = await startAws();
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url });
    await Promise.all(Array.from({ length: 40 }, () => headBucket(aws)));
    await new Promise((resolve) => setImmediate(resolve));
    expect(warnings).not.toHaveBeenCalled();
  });

  test('a failure comes translated', async () => {
    const server = await startServer((_request, response) => sendXml(response, 404, ''));
    const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url });
    await expect(headBucket(aws)).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 's3:ListBucket on demo: not found: HTTP 404',
      aws: { name: 'NotFound', status: 404, requestId: 'REQUEST1' },
    });
  });
});

describe('debug', () => {
  test('gets one line for each call, without headers and secrets', async () => {
    let failures = 1;
    const server = await startServer(({ method }, response) => {
      if (method === 'PUT')
        sendXml(response, 403, '<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
      else sendXml(response, failures-- > 0 ? 500 : 200, '');
    });
    const lines: string[] = [];
    let now = 0;
    const clock = { now: () => (now += 7), sleep: () => Promise.reject(new Error('unused')) };
    const aws = makeAws(
      {
        ...makeHome().env,
        ...KEYS,
        AWS_SESSION_TOKEN: 'session-secret',
        ...REGION,
        AWS_ENDPOINT_URL: server.url,
      },
      {},
      { debug: (line) => lines.push(line), clock },
    );
    await headBucket(aws);
    const s3 = await aws.s3();
    await expect(
      aws.call(
        (options) => s3.send(new PutObjectCommand({ Bucket: 'demo', Key: 'k', Body: 'text' }), options),
        {
          action: 's3:PutObject',
        },
      ),
    ).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
    expect(lines).toEqual([
      'S3 HeadBucket 200, 7 ms, 2 attempts, request id REQUEST1',
      'S3 PutObject 403 AccessDenied, 7 ms, 1 attempt, request id REQUEST1',
    ]);
  });

  test('names the reason when there was no answer', async () => {
    const lines: string[] = [];
    const clock = { now: () => 0, sleep: () => Promise.reject(new Error('unused')) };
    const aws = makeAws(
      { ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: 'http://127.0.0.1:1' },
      {},
      { debug: (line) => lines.push(line), clock, maxAttempts: 1 },
    );
    await expect(headBucket(aws)).rejects.toMatchObject({ code: 'NETWORK' });
    expect(lines).toEqual(['S3 HeadBucket ECONNREFUSED, 0 ms, 1 attempt']);
  });
});

test('destroy closes the sockets that are kept alive', async () => {
  const server = await startAws();
  const aws = makeAws({ ...makeHome().env, ...KEYS, ...REGION, AWS_ENDPOINT_URL: server.url });
  await Promise.all([headBucket(aws), whoAmI(aws)]);
  expect(server.sockets.size).toBe(2);
  aws.destroy();
  await vi.waitFor(() => {
    expect(server.sockets.size).toBe(0);
  });
});
