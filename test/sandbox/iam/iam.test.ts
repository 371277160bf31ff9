import { beforeEach, describe, expect, it } from 'vitest';
import { createIamService, type IamService } from '../../../src/sandbox/services/iam/service.ts';
import { ACCOUNT, callerOf, createTestEnv, type TestEnv } from '../logs/harness.ts';

const TRUST = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' }],
});
const READ =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*"}]}';
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

let env: TestEnv;
let iam: IamService;
let call: ReturnType<typeof callerOf<IamService['handlers']>>;

beforeEach(() => {
  env = createTestEnv();
  iam = createIamService(env, { propagationMs: 5_000 });
  call = callerOf(iam.handlers);
});

const createRole = (RoleName: string, changes: Partial<Parameters<typeof call<'CreateRole'>>[1]> = {}) =>
  call('CreateRole', { RoleName, AssumeRolePolicyDocument: TRUST, ...changes });

describe('roles', () => {
  it('are described with their trust policy percent-encoded', async () => {
    await env.clock.advance(999);
    const { Role } = await createRole('r', { Path: '/service-role/', Tags: [{ Key: 'a', Value: '1' }] });
    expect(Role).toEqual({
      Path: '/service-role/',
      RoleName: 'r',
      RoleId: expect.stringMatching(/^AROA[A-Z0-9]{17}$/),
      Arn: `arn:aws:iam::${ACCOUNT}:role/service-role/r`,
      CreateDate: new Date(env.clock.now() - 999),
      AssumeRolePolicyDocument: encodeURIComponent(TRUST),
      MaxSessionDuration: 3600,
      Tags: [{ Key: 'a', Value: '1' }],
    });
    expect((await call('GetRole', { RoleName: 'r' })).Role).toEqual({ ...Role, RoleLastUsed: {} });
  });

  it('encode every reserved character', async () => {
    const document = JSON.stringify({
      Statement: { Sid: "it's (a) *!", Effect: 'Deny', Principal: '*', Action: 'sts:*' },
    });
    await createRole('r', { AssumeRolePolicyDocument: document });
    const encoded = (await call('GetRole', { RoleName: 'r' })).Role?.AssumeRolePolicyDocument ?? '';
    expect(encoded).toMatch(/^[A-Za-z0-9%._~-]+$/);
    expect(decodeURIComponent(encoded)).toBe(document);
  });

  it('are listed in pages, without tags', async () => {
    for (let i = 0; i < 5; i++) await createRole(`r${i}`, { Tags: [{ Key: 'a', Value: '1' }] });
    await createRole('elsewhere', { Path: '/x/' });
    const first = await call('ListRoles', { PathPrefix: '/', MaxItems: 4 });
    expect(first.Roles?.map(({ RoleName }) => RoleName)).toEqual(['elsewhere', 'r0', 'r1', 'r2']);
    expect(first.Roles?.[1]).not.toHaveProperty('Tags');
    expect(first.IsTruncated).toBe(true);
    await call('DeleteRole', { RoleName: 'r2' });
    const second = await call('ListRoles', { Marker: first.Marker });
    expect(second.Roles?.map(({ RoleName }) => RoleName)).toEqual(['r3', 'r4']);
    expect(second).toMatchObject({ IsTruncated: false });
    expect(second).not.toHaveProperty('Marker');
    expect((await call('ListRoles', { PathPrefix: '/x/' })).Roles).toHaveLength(1);
    await expect(call('ListRoles', { Marker: 'bogus' })).rejects.toMatchObject({ code: 'ValidationError' });
    await expect(call('ListRoles', { MaxItems: 1001 })).rejects.toMatchObject({ code: 'ValidationError' });
  });

  it('exist once, whatever the case of the name', async () => {
    await createRole('Demo');
    await expect(createRole('demo')).rejects.toMatchObject({
      code: 'EntityAlreadyExistsException',
      message: 'Role with name demo already exists.',
    });
  });

  it.each([
    'GetRole',
    'DeleteRole',
    'ListRolePolicies',
    'ListAttachedRolePolicies',
    'ListRoleTags',
    'UpdateRole',
  ] as const)('%s wants one that exists', async (operation) => {
    await expect(call(operation, { RoleName: 'none' })).rejects.toMatchObject({
      code: 'NoSuchEntityException',
      message: 'The role with name none cannot be found.',
    });
  });

  it.each([
    [
      { RoleName: 'a b' },
      'The specified value for roleName is invalid. It must contain only alphanumeric characters and/or the following: +=,.@_-',
    ],
    [
      { RoleName: 'x'.repeat(65) },
      `1 validation error detected: Value '${'x'.repeat(65)}' at 'roleName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      { Path: 'x' },
      'The specified value for path is invalid. It must begin and end with / and contain only alphanumeric characters and/or / characters.',
    ],
    [
      { MaxSessionDuration: 60 },
      "1 validation error detected: Value '60' at 'maxSessionDuration' failed to satisfy constraint: Member must have value greater than or equal to 3600",
    ],
  ])('refuse %o', async (changes, message) => {
    await expect(createRole('r', changes)).rejects.toMatchObject({ code: 'ValidationError', message });
  });

  it.each([
    ['{', 'This policy contains invalid Json'],
    ['[]', 'Syntax errors in policy.'],
    ['{"Version":"2020-01-01","Statement":[]}', 'Syntax errors in policy.'],
    [
      '{"Statement":[{"Effect":"allow","Principal":"*","Action":"sts:AssumeRole"}]}',
      'Syntax errors in policy.',
    ],
    [TRUST.replace('"Action"', '"Resource":"*","Action"'), 'Has prohibited field Resource'],
    ['{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole"}]}', 'Missing required field Principal'],
    ['{"Statement":[{"Effect":"Allow","Principal":"*"}]}', 'Missing required field Action'],
    [
      TRUST.replace('sts:AssumeRole', 's3:GetObject'),
      'AssumeRole policy may only specify STS AssumeRole actions.',
    ],
  ])('refuse the trust policy %s', async (AssumeRolePolicyDocument, message) => {
    await expect(createRole('r', { AssumeRolePolicyDocument })).rejects.toMatchObject({
      code: 'MalformedPolicyDocumentException',
      message,
    });
  });

  it('can be updated, tagged and untagged', async () => {
    await createRole('r', { MaxSessionDuration: 7200 });
    await call('UpdateRole', { RoleName: 'r', Description: 'new' });
    expect((await call('GetRole', { RoleName: 'r' })).Role).toMatchObject({
      Description: 'new',
      MaxSessionDuration: 3600,
    });
    await call('TagRole', {
      RoleName: 'r',
      Tags: [
        { Key: 'b', Value: '2' },
        { Key: 'a', Value: '' },
      ],
    });
    await call('UntagRole', { RoleName: 'r', TagKeys: ['b', 'none'] });
    expect(await call('ListRoleTags', { RoleName: 'r' })).toEqual({
      Tags: [{ Key: 'a', Value: '' }],
      IsTruncated: false,
    });
    const many = Array.from({ length: 50 }, (_, i) => ({ Key: `k${i}`, Value: 'v' }));
    await expect(call('TagRole', { RoleName: 'r', Tags: many })).rejects.toMatchObject({
      code: 'LimitExceededException',
    });
  });

  it('cannot be deleted before their policies are gone', async () => {
    await createRole('r');
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: READ });
    const remove = () => call('DeleteRole', { RoleName: 'r' });
    await expect(remove()).rejects.toMatchObject({
      code: 'DeleteConflictException',
      message: 'Cannot delete entity, must detach all policies first.',
    });
    await call('DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await expect(remove()).rejects.toMatchObject({
      message: 'Cannot delete entity, must delete policies first.',
    });
    await call('DeleteRolePolicy', { RoleName: 'r', PolicyName: 'p' });
    await remove();
    await expect(remove()).rejects.toMatchObject({ code: 'NoSuchEntityException' });
  });
});

describe('policies of a role', () => {
  beforeEach(() => createRole('r'));

  it('are attached once and listed', async () => {
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    expect(await call('ListAttachedRolePolicies', { RoleName: 'r' })).toEqual({
      AttachedPolicies: [{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC }],
      IsTruncated: false,
    });
    expect(
      (await call('ListAttachedRolePolicies', { RoleName: 'r', PathPrefix: '/x/' })).AttachedPolicies,
    ).toEqual([]);
    await call('DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await expect(call('DetachRolePolicy', { RoleName: 'r', PolicyArn: BASIC })).rejects.toMatchObject({
      code: 'NoSuchEntityException',
      message: `Policy ${BASIC} was not found.`,
    });
  });

  it.each([
    ['', 'ValidationError', 'Invalid ARN:  Could not be parsed!'],
    ['short', 'ValidationError', /^1 validation error detected: Value 'short' at 'policyArn'/],
    ['arn:aws:iam::111122223333:policy', 'InvalidInputException', /is not valid\.$/],
    [`${BASIC}x`, 'NoSuchEntityException', `Policy ${BASIC}x does not exist or is not attachable.`],
  ])('refuse the ARN %o', async (PolicyArn, code, message) => {
    await expect(call('AttachRolePolicy', { RoleName: 'r', PolicyArn })).rejects.toMatchObject({
      code,
      message: typeof message === 'string' ? message : expect.stringMatching(message),
    });
  });

  it('are 10 attached at most', async () => {
    for (let i = 0; i < 11; i++) await call('CreatePolicy', { PolicyName: `p${i}`, PolicyDocument: READ });
    const attach = (i: number) =>
      call('AttachRolePolicy', { RoleName: 'r', PolicyArn: `arn:aws:iam::${ACCOUNT}:policy/p${i}` });
    for (let i = 0; i < 10; i++) await attach(i);
    await attach(0);
    await expect(attach(10)).rejects.toMatchObject({
      code: 'LimitExceededException',
      message: 'Cannot exceed quota for PoliciesPerRole: 10',
    });
  });

  it('are kept inline, and encoded when read', async () => {
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument: READ });
    expect(await call('GetRolePolicy', { RoleName: 'r', PolicyName: 'p' })).toEqual({
      RoleName: 'r',
      PolicyName: 'p',
      PolicyDocument: encodeURIComponent(READ).replaceAll('*', '%2A'),
    });
    expect(await call('ListRolePolicies', { RoleName: 'r' })).toEqual({
      PolicyNames: ['p'],
      IsTruncated: false,
    });
    for (const operation of ['GetRolePolicy', 'DeleteRolePolicy'] as const) {
      await expect(call(operation, { RoleName: 'r', PolicyName: 'none' })).rejects.toMatchObject({
        code: 'NoSuchEntityException',
        message: 'The role policy with name none cannot be found.',
      });
    }
  });

  it.each([
    ['not json', 'This policy contains invalid Json'],
    [READ.replace('"Action"', '"Principal":"*","Action"'), 'Policy document should not specify a principal.'],
    ['{"Statement":[{"Effect":"Allow","Resource":"*"}]}', 'Policy statement must contain actions.'],
    ['{"Statement":[{"Effect":"Allow","Action":"*"}]}', 'Policy statement must contain resources.'],
  ])('refuse the document %s', async (PolicyDocument, message) => {
    await expect(
      call('PutRolePolicy', { RoleName: 'r', PolicyName: 'p', PolicyDocument }),
    ).rejects.toMatchObject({
      code: 'MalformedPolicyDocumentException',
      message,
    });
  });
});

describe('managed policies', () => {
  const arn = `arn:aws:iam::${ACCOUNT}:policy/team/p`;
  const create = () =>
    call('CreatePolicy', { PolicyName: 'p', Path: '/team/', PolicyDocument: READ, Description: 'd' });

  it('are created, described and deleted', async () => {
    const { Policy } = await create();
    const date = new Date(env.clock.now());
    const described = {
      PolicyName: 'p',
      PolicyId: expect.stringMatching(/^ANPA[A-Z0-9]{17}$/),
      Arn: arn,
      Path: '/team/',
      DefaultVersionId: 'v1',
      AttachmentCount: 0,
      PermissionsBoundaryUsageCount: 0,
      IsAttachable: true,
      CreateDate: date,
      UpdateDate: date,
    };
    expect(Policy).toEqual(described);
    expect((await call('GetPolicy', { PolicyArn: arn })).Policy).toEqual({
      ...described,
      Description: 'd',
      Tags: [],
    });
    await expect(create()).rejects.toMatchObject({
      code: 'EntityAlreadyExistsException',
      message: 'A policy called p already exists. Duplicate names are not allowed.',
    });
    await createRole('r');
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: arn });
    expect((await call('GetPolicy', { PolicyArn: arn })).Policy?.AttachmentCount).toBe(1);
    await expect(call('DeletePolicy', { PolicyArn: arn })).rejects.toMatchObject({
      code: 'DeleteConflictException',
      message: 'Cannot delete a policy attached to entities.',
    });
    await call('DetachRolePolicy', { RoleName: 'r', PolicyArn: arn });
    await call('DeletePolicy', { PolicyArn: arn });
    for (const operation of ['GetPolicy', 'DeletePolicy', 'ListPolicyVersions'] as const) {
      await expect(call(operation, { PolicyArn: arn })).rejects.toMatchObject({
        code: 'NoSuchEntityException',
        message: `Policy ${arn} was not found.`,
      });
    }
  });

  it('have up to five versions', async () => {
    await create();
    const write = READ.replace('GetObject', 'PutObject');
    for (let i = 2; i <= 5; i++) {
      const { PolicyVersion } = await call('CreatePolicyVersion', {
        PolicyArn: arn,
        PolicyDocument: write,
        SetAsDefault: i === 3,
      });
      expect(PolicyVersion).toMatchObject({ VersionId: `v${i}`, IsDefaultVersion: i === 3 });
    }
    await expect(
      call('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: write }),
    ).rejects.toMatchObject({
      code: 'LimitExceededException',
    });
    const { Versions } = await call('ListPolicyVersions', { PolicyArn: arn });
    expect(Versions?.map(({ VersionId }) => VersionId)).toEqual(['v5', 'v4', 'v3', 'v2', 'v1']);
    const { PolicyVersion } = await call('GetPolicyVersion', { PolicyArn: arn, VersionId: 'v3' });
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toBe(write);
    await expect(call('DeletePolicy', { PolicyArn: arn })).rejects.toMatchObject({
      code: 'DeleteConflictException',
    });
    await expect(call('DeletePolicyVersion', { PolicyArn: arn, VersionId: 'v3' })).rejects.toMatchObject({
      message: 'Cannot delete the default version of a policy.',
    });
    await call('DeletePolicyVersion', { PolicyArn: arn, VersionId: 'v5' });
    const next = await call('CreatePolicyVersion', { PolicyArn: arn, PolicyDocument: READ });
    expect(next.PolicyVersion?.VersionId).toBe('v6');
    await expect(call('GetPolicyVersion', { PolicyArn: arn, VersionId: 'v5' })).rejects.toMatchObject({
      code: 'NoSuchEntityException',
      message: `Policy ${arn} version v5 does not exist or is not attachable.`,
    });
  });

  it('of AWS are known and cannot be changed', async () => {
    await create();
    const names = async (input: Parameters<typeof call<'ListPolicies'>>[1]) =>
      (await call('ListPolicies', input)).Policies?.map(({ PolicyName }) => PolicyName);
    expect(await names({ Scope: 'AWS' })).toEqual([
      'AWSLambdaExecute',
      'AdministratorAccess',
      'AmazonS3ReadOnlyAccess',
      'AWSLambdaBasicExecutionRole',
    ]);
    expect(await names({ Scope: 'Local' })).toEqual(['p']);
    expect(await names({ OnlyAttached: true })).toEqual([]);
    expect(await names({ PathPrefix: '/service-role/' })).toEqual(['AWSLambdaBasicExecutionRole']);
    const { PolicyVersion } = await call('GetPolicyVersion', { PolicyArn: BASIC, VersionId: 'v1' });
    expect(decodeURIComponent(PolicyVersion?.Document ?? '')).toContain('logs:PutLogEvents');
    await expect(call('DeletePolicy', { PolicyArn: BASIC })).rejects.toMatchObject({
      code: 'AccessDenied',
      status: 403,
    });
  });
});

it('knows the root user and no aliases', async () => {
  expect((await call('GetUser', {})).User).toMatchObject({
    UserId: ACCOUNT,
    Arn: `arn:aws:iam::${ACCOUNT}:root`,
  });
  await expect(call('GetUser', { UserName: 'x' })).rejects.toMatchObject({
    code: 'NoSuchEntityException',
    message: 'The user with name x cannot be found.',
  });
  expect(await call('ListAccountAliases', {})).toEqual({ AccountAliases: [], IsTruncated: false });
});

describe('what Lambda asks', () => {
  const arn = `arn:aws:iam::${ACCOUNT}:role/p/r`;

  it('is whether a role can be assumed by now', async () => {
    expect(iam.assumable(arn)).toBe('missing');
    await createRole('r', { Path: '/p/' });
    expect(iam.assumable(arn)).toBe('not-assumable');
    await env.clock.advance(4_999);
    expect(iam.assumable(arn)).toBe('not-assumable');
    await env.clock.advance(1);
    expect(iam.assumable(arn)).toBe('ok');
    expect(iam.assumable(`arn:aws:iam::${ACCOUNT}:role/r`)).toBe('missing');
    expect(iam.assumable(arn.replace(ACCOUNT, '999999999999'))).toBe('missing');
    await call('UpdateAssumeRolePolicy', { RoleName: 'r', PolicyDocument: TRUST.replace('lambda', 'ec2') });
    expect(iam.assumable(arn)).toBe('not-assumable');
    await call('DeleteRole', { RoleName: 'r' });
    expect(iam.assumable(arn)).toBe('missing');
  });

  it('is what the role holds', async () => {
    await createRole('r', { Path: '/p/' });
    await call('AttachRolePolicy', { RoleName: 'r', PolicyArn: BASIC });
    await call('PutRolePolicy', { RoleName: 'r', PolicyName: 'read', PolicyDocument: READ });
    expect(iam.role(arn)).toMatchObject({
      name: 'r',
      trustPolicy: TRUST,
      attached: [BASIC],
      inline: new Map([['read', READ]]),
      documents: [expect.stringContaining('logs:PutLogEvents'), READ],
      createdAt: env.clock.now(),
    });
    iam.reset();
    expect(iam.role(arn)).toBeUndefined();
    expect((await call('ListPolicies', { Scope: 'AWS' })).Policies).toHaveLength(4);
  });
});
