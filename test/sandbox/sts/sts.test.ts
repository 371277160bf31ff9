import * as Sts from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, it } from 'vitest';
import { createIamService, type IamService } from '../../../src/sandbox/services/iam/service.ts';
import { createStsService, type StsService } from '../../../src/sandbox/services/sts/service.ts';
import { ACCOUNT, callerOf, createTestEnv, serve, type TestEnv } from '../logs/harness.ts';

const ROOT = { UserId: ACCOUNT, Account: ACCOUNT, Arn: `arn:aws:iam::${ACCOUNT}:root` };
const ROLE = `arn:aws:iam::${ACCOUNT}:role/path/demo`;

let env: TestEnv;
let iam: IamService;
let sts: StsService;
let call: ReturnType<typeof callerOf<StsService['handlers']>>;

beforeEach(async () => {
  env = createTestEnv();
  iam = createIamService(env);
  sts = createStsService(env, iam);
  call = callerOf(sts.handlers);
  await callerOf(iam.handlers)('CreateRole', {
    RoleName: 'demo',
    Path: '/path/',
    AssumeRolePolicyDocument: JSON.stringify({
      Statement: { Effect: 'Allow', Principal: { AWS: ACCOUNT }, Action: 'sts:AssumeRole' },
    }),
  });
});

const assume = (changes: Partial<Parameters<typeof call<'AssumeRole'>>[1]> = {}) =>
  call('AssumeRole', { RoleArn: ROLE, RoleSessionName: 'me@work', ...changes });

it('takes every key that it did not issue for root', async () => {
  expect(await call('GetCallerIdentity', {})).toEqual(ROOT);
  expect(await call('GetCallerIdentity', {}, { accessKeyId: undefined })).toEqual(ROOT);
});

describe('AssumeRole', () => {
  it('issues keys that are the role session until they expire', async () => {
    const { Credentials, AssumedRoleUser } = await assume({ DurationSeconds: 900 });
    expect(Credentials).toMatchObject({
      AccessKeyId: expect.stringMatching(/^ASIA[A-Z0-9]{16}$/),
      Expiration: new Date(env.clock.now() + 900_000),
    });
    const Arn = `arn:aws:sts::${ACCOUNT}:assumed-role/demo/me@work`;
    const AssumedRoleId = `${iam.role(ROLE)?.id ?? ''}:me@work`;
    expect(AssumedRoleUser).toEqual({ Arn, AssumedRoleId });
    const identity = () => call('GetCallerIdentity', {}, { accessKeyId: Credentials?.AccessKeyId });
    expect(await identity()).toEqual({ UserId: AssumedRoleId, Account: ACCOUNT, Arn });
    await env.clock.advance(899_999);
    expect(await identity()).toMatchObject({ Arn });
    await env.clock.advance(1);
    await expect(identity()).rejects.toMatchObject({
      code: 'ExpiredToken',
      status: 403,
      message: 'The security token included in the request is expired',
    });
  });

  it.each([
    [{ RoleSessionName: 'a' }, 'ValidationError', /'roleSessionName' .*greater than or equal to 2$/],
    [{ RoleSessionName: 'a b' }, 'ValidationError', /regular expression pattern: \[\\w\+=,\.@\\-\]\*$/],
    [{ DurationSeconds: 60 }, 'ValidationError', /'60' at 'durationSeconds'/],
    [
      { DurationSeconds: 7200 },
      'ValidationError',
      /^The requested DurationSeconds exceeds the MaxSessionDuration set for this role\.$/,
    ],
    [{ RoleArn: `arn:aws:iam::${ACCOUNT}:user/u` }, 'ValidationError', /is invalid$/],
    [
      { RoleArn: `${ROLE}x` },
      'AccessDenied',
      /^User: arn:aws:iam::111122223333:root is not authorized to perform: sts:AssumeRole on resource: .*demox$/,
    ],
    [{ RoleArn: ROLE.replace(ACCOUNT, '999999999999') }, 'AccessDenied', /is not authorized/],
  ])('refuses %o', async (changes, code, message) => {
    await expect(assume(changes)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('wants a role that trusts the caller', async () => {
    await callerOf(iam.handlers)('UpdateAssumeRolePolicy', {
      RoleName: 'demo',
      PolicyDocument: JSON.stringify({
        Statement: {
          Effect: 'Allow',
          Principal: { Service: 'lambda.amazonaws.com' },
          Action: 'sts:AssumeRole',
        },
      }),
    });
    await expect(assume()).rejects.toMatchObject({ code: 'AccessDenied', status: 403 });
  });
});

it('gives session tokens for the caller itself', async () => {
  const { Credentials } = await call('GetSessionToken', { DurationSeconds: 7200 });
  expect(Credentials?.Expiration).toEqual(new Date(env.clock.now() + 3_600_000));
  expect(await call('GetCallerIdentity', {}, { accessKeyId: Credentials?.AccessKeyId })).toEqual(ROOT);
});

it('tells the account of a key', async () => {
  expect(await call('GetAccessKeyInfo', { AccessKeyId: 'AKIAEXAMPLE000000000' })).toEqual({
    Account: ACCOUNT,
  });
  await expect(call('GetAccessKeyInfo', { AccessKeyId: 'short' })).rejects.toMatchObject({
    code: 'ValidationError',
  });
});

it('speaks to the real client', async () => {
  const served = await serve(env, 'sts', Sts, sts.handlers);
  try {
    const client = new Sts.STSClient(served.clientConfig);
    expect(await client.send(new Sts.GetCallerIdentityCommand({}))).toMatchObject(ROOT);
    const { Credentials } = await client.send(
      new Sts.AssumeRoleCommand({ RoleArn: ROLE, RoleSessionName: 'wire' }),
    );
    const session = new Sts.STSClient({
      ...served.clientConfig,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    const identity = await session.send(new Sts.GetCallerIdentityCommand({}));
    expect(identity.Arn).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/demo/wire`);
    await expect(
      client.send(new Sts.AssumeRoleCommand({ RoleArn: `${ROLE}x`, RoleSessionName: 'wire' })),
    ).rejects.toMatchObject({ name: 'AccessDenied', $metadata: { httpStatusCode: 403 } });
    client.destroy();
    session.destroy();
  } finally {
    await served.close();
  }
});
