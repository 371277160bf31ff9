import {
  AttachRolePolicyCommand,
  CreatePolicyCommand,
  CreateRoleCommand,
  DeletePolicyCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionCommand, DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { expect } from 'vitest';
import { LAMBDA_TRUST, PRINTING_HANDLERS } from '../../support/function-code.ts';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { invoke } from './probe.ts';
import { refused } from './refused.ts';
import { bucket, executionRole, lambdaFunction } from './resources.ts';
import { eventually, refusal } from './target.ts';

async function role(t: Target, AssumeRolePolicyDocument = LAMBDA_TRUST) {
  const RoleName = t.name('role');
  const { Role } = await t.iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  t.cleanUp(() => t.iam.send(new DeleteRoleCommand({ RoleName })));
  return { name: RoleName, arn: Role?.Arn ?? '', id: Role?.RoleId ?? '' };
}
const theRole = shared((t: Target) => role(t));

interface Statement {
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string;
  readonly Resource: string;
}
const document = (...Statement: readonly Statement[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** The role's only policy. */
async function putPolicy(t: Target, RoleName: string, ...statements: readonly Statement[]): Promise<void> {
  const PolicyName = 'row';
  const PolicyDocument = document(...statements);
  await t.iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
  t.cleanUp(() => t.iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
}

/** A role that the caller's account may assume, and clients that act as a session of it, `me`. */
const session = async (t: Target, ...statements: readonly Statement[]) => {
  const assumable = await role(
    t,
    JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:${t.partition}:iam::${t.account}:root` },
          Action: 'sts:AssumeRole',
        },
      ],
    }),
  );
  if (statements.length > 0) await putPolicy(t, assumable.name, ...statements);
  const { Credentials } = await eventually(() =>
    t.sts.send(new AssumeRoleCommand({ RoleArn: assumable.arn, RoleSessionName: 'me' })),
  );
  const endpoint = await t.s3.config.endpoint?.();
  const settings = {
    region: t.region,
    ...(endpoint && { endpoint }),
    maxAttempts: 1,
    credentials: {
      accessKeyId: Credentials?.AccessKeyId ?? '',
      secretAccessKey: Credentials?.SecretAccessKey ?? '',
      sessionToken: Credentials?.SessionToken ?? '',
    },
  };
  const s3 = new S3Client({ ...settings, forcePathStyle: endpoint !== undefined });
  const sts = new STSClient(settings);
  return { role: assumable, s3, sts, end: () => [s3, sts].forEach((client) => client.destroy()) };
};

const BASIC = (t: Target) => `arn:${t.partition}:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole`;

const roles: readonly Fact[] = [
  {
    id: '8-trust',
    source: 'AWS-doc',
    expectation: 'a role that lambda.amazonaws.com may assume is an execution role',
    async run(t) {
      const { name, arn } = await theRole(t);
      expect(arn).toBe(`arn:${t.partition}:iam::${t.account}:role/${name}`);
      const FunctionName = t.name('f');
      await eventually(() =>
        t.lambda.send(new CreateFunctionCommand({ ...PRINTING_HANDLERS.node, FunctionName, Role: arn })),
      );
      t.cleanUp(() => t.lambda.send(new DeleteFunctionCommand({ FunctionName })));
    },
  },
  {
    id: '8-trust-encoded',
    source: 'model',
    expectation: 'the trust policy is returned URL-encoded, which the SDK leaves as it is',
    async run(t) {
      const { Role } = await t.iam.send(new GetRoleCommand({ RoleName: (await theRole(t)).name }));
      const text = Role?.AssumeRolePolicyDocument ?? '';
      expect(text).toMatch(/^%7B%22Version%22%3A/);
      expect(text).not.toContain('+');
      expect(decodeURIComponent(text)).toBe(LAMBDA_TRUST);
    },
  },
  {
    id: '8-basic-execution',
    source: 'AWS-doc',
    expectation: 'AWSLambdaBasicExecutionRole allows three actions of logs on everything',
    async run(t) {
      const PolicyArn = BASIC(t);
      const { Policy } = await t.iam.send(new GetPolicyCommand({ PolicyArn }));
      const { PolicyVersion } = await t.iam.send(
        new GetPolicyVersionCommand({ PolicyArn, VersionId: Policy?.DefaultVersionId }),
      );
      const text = decodeURIComponent(PolicyVersion?.Document ?? '');
      expect((JSON.parse(text) as { Statement: unknown }).Statement).toEqual([
        {
          Effect: 'Allow',
          Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
          Resource: '*',
        },
      ]);
    },
  },
  {
    id: '8-without-logs',
    source: 'AWS-doc',
    expectation: 'without it a function runs and writes no log, and nobody is told',
    async run(t) {
      const { name } = await lambdaFunction(t, { Role: (await role(t)).arn });
      expect(await invoke(t, name)).toMatchObject({ status: 200, error: undefined });
      await t.sandbox?.idle();
      const prefix = new DescribeLogGroupsCommand({ logGroupNamePrefix: `/aws/lambda/${name}` });
      expect((await t.logs.send(prefix)).logGroups).toEqual([]);
    },
  },
  {
    id: '8-list-bucket',
    source: 'AWS-doc',
    expectation: 'a missing object is 403 without s3:ListBucket, and 404 with it',
    async run(t) {
      const Bucket = await bucket(t);
      const arn = `arn:${t.partition}:s3:::${Bucket}`;
      const read: Statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: `${arn}/*` };
      const list: Statement = { Effect: 'Allow', Action: 's3:ListBucket', Resource: arn };
      const [reader, lister] = [await session(t, read), await session(t, read, list)];
      const get = new GetObjectCommand({ Bucket, Key: 'missing' });
      await eventually(async () => {
        expect(await refusal(reader.s3.send(get))).toMatchObject({ status: 403, code: 'AccessDenied' });
        expect(await refusal(lister.s3.send(get))).toMatchObject({ status: 404, code: 'NoSuchKey' });
      });
      reader.end();
      lister.end();
    },
  },
];

const attach = async (t: Target, PolicyArn: string) =>
  t.iam.send(new AttachRolePolicyCommand({ RoleName: (await theRole(t)).name, PolicyArn }));
const nobodys = (t: Target) => `arn:${t.partition}:iam::${t.account}:policy/s3evt-not-there`;
const MALFORMED = {
  status: 400,
  code: 'MalformedPolicyDocumentException',
  message: 'This policy contains invalid Json',
};

const refusals: readonly Fact[] = [
  refused(
    { id: '8-role-exists', source: 'second-hand', expectation: 'the name of a role is used once' },
    async (t) =>
      t.iam.send(
        new CreateRoleCommand({ RoleName: (await theRole(t)).name, AssumeRolePolicyDocument: LAMBDA_TRUST }),
      ),
    async (t) => ({
      status: 409,
      code: 'EntityAlreadyExistsException',
      message: `Role with name ${(await theRole(t)).name} already exists.`,
    }),
  ),
  {
    id: '8-policy-exists',
    source: 'second-hand',
    expectation: 'the name of a policy is used once',
    async run(t) {
      const PolicyName = t.name('policy');
      const PolicyDocument = document({ Effect: 'Allow', Action: 's3:GetObject', Resource: '*' });
      const create = () => t.iam.send(new CreatePolicyCommand({ PolicyName, PolicyDocument }));
      const PolicyArn = (await create()).Policy?.Arn;
      t.cleanUp(() => t.iam.send(new DeletePolicyCommand({ PolicyArn })));
      expect(await refusal(create())).toMatchObject({
        status: 409,
        code: 'EntityAlreadyExistsException',
        message: `A policy called ${PolicyName} already exists. Duplicate names are not allowed.`,
      });
    },
  },
  refused(
    { id: '8-role-missing', source: 'second-hand', expectation: 'a role that is not there cannot be found' },
    (t) => t.iam.send(new GetRoleCommand({ RoleName: 's3evt-not-there' })),
    {
      status: 404,
      code: 'NoSuchEntityException',
      message: 'The role with name s3evt-not-there cannot be found.',
    },
  ),
  refused(
    { id: '8-attach-unknown', source: 'AWS-recorded', expectation: 'an unknown policy is not attachable' },
    (t) => attach(t, nobodys(t)),
    (t) => ({
      status: 404,
      code: 'NoSuchEntityException',
      message: `Policy ${nobodys(t)} does not exist or is not attachable.`,
    }),
  ),
  refused(
    { id: '8-delete-unknown', source: 'AWS-recorded', expectation: 'an unknown policy is not found' },
    (t) => t.iam.send(new DeletePolicyCommand({ PolicyArn: nobodys(t) })),
    (t) => ({ status: 404, code: 'NoSuchEntityException', message: `Policy ${nobodys(t)} was not found.` }),
  ),
  refused(
    { id: '8-attach-no-arn', source: 'AWS-recorded', expectation: 'an empty ARN could not be parsed' },
    (t) => attach(t, ''),
    { status: 400, code: 'ValidationError', message: 'Invalid ARN:  Could not be parsed!' },
  ),
  refused(
    { id: '8-bad-json', source: 'AWS-recorded', expectation: 'a policy is JSON' },
    (t) => t.iam.send(new CreatePolicyCommand({ PolicyName: t.name('policy'), PolicyDocument: '{' })),
    MALFORMED,
  ),
  refused(
    { id: '8-bad-json-trust', source: 'AWS-recorded', expectation: 'a trust policy too' },
    (t) => t.iam.send(new CreateRoleCommand({ RoleName: t.name('role'), AssumeRolePolicyDocument: '{' })),
    MALFORMED,
  ),
  refused(
    {
      id: '8-delete-attached',
      source: 'second-hand',
      expectation: 'a role is deleted after its policies are detached',
    },
    async (t) =>
      t.iam.send(new DeleteRoleCommand({ RoleName: (await executionRole(t)).split('/').at(-1) ?? '' })),
    {
      status: 409,
      code: 'DeleteConflictException',
      message: 'Cannot delete entity, must detach all policies first.',
    },
  ),
  {
    id: '8-codes',
    source: 'AWS-recorded',
    expectation: 'on the wire the code has no Exception behind it, and the sender is to blame',
    async run(t) {
      const command = new GetRoleCommand({ RoleName: 's3evt-not-there' });
      const { status, body } = await exchange(t.iam, command);
      expect(status).toBe(404);
      expect(body).toContain('<Code>NoSuchEntity</Code>');
      expect(body).toContain('<Type>Sender</Type>');
    },
  },
];

const identity: readonly Fact[] = [
  {
    id: '8-identity',
    source: 'model',
    expectation: 'GetCallerIdentity says account, ARN and user id, the partition in the ARN',
    async run(t) {
      const { Account, Arn, UserId } = await t.sts.send(new GetCallerIdentityCommand({}));
      expect(Account).toMatch(/^\d{12}$/);
      expect(Arn).toMatch(new RegExp(`^arn:aws[a-z-]*:(?:iam|sts)::${Account ?? ''}:`));
      expect(UserId).toMatch(/./);
    },
  },
  {
    id: '8-identity-root',
    source: 'AWS-doc',
    expectation: 'root has the account as user id',
    needs: 'root as the caller',
    async run(t) {
      expect(await t.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
        Arn: `arn:aws:iam::${t.account}:root`,
        UserId: t.account,
      });
    },
  },
  {
    id: '8-identity-session',
    source: 'AWS-recorded',
    expectation: 'a session is an assumed-role with the name of the session, in the user id too',
    async run(t) {
      const { sts, role: assumed, end } = await session(t);
      const answer = await sts.send(new GetCallerIdentityCommand({}));
      expect(answer).toMatchObject({
        Account: t.account,
        Arn: `arn:${t.partition}:sts::${t.account}:assumed-role/${assumed.name}/me`,
        UserId: `${assumed.id}:me`,
      });
      expect(assumed.id).toMatch(/^AROA[A-Z0-9]+$/);
      end();
    },
  },
  {
    id: '8-identity-denied',
    source: 'model',
    expectation: 'GetCallerIdentity needs no permission, and no denial keeps it',
    async run(t) {
      const { sts, end } = await session(t, { Effect: 'Deny', Action: '*', Resource: '*' });
      expect(await sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Account: t.account });
      end();
    },
  },
];

const propagation: readonly Fact[] = [
  {
    id: '8-propagation',
    source: 'AWS-doc',
    expectation: 'Lambda cannot assume a new role at once, and can some seconds later',
    needs: 'a known time of propagation',
    async run(t) {
      const { arn: Role } = await role(t);
      const create = () =>
        t.lambda.send(
          new CreateFunctionCommand({ ...PRINTING_HANDLERS.node, FunctionName: t.name('f'), Role }),
        );
      expect(await refusal(create())).toMatchObject({
        status: 400,
        code: 'InvalidParameterValueException',
        message: 'The role defined for the function cannot be assumed by Lambda.',
      });
      await eventually(create);
    },
  },
];

describeFacts('8 IAM and STS', [...roles, ...refusals, ...identity]);
describeFacts('8 propagation', propagation, { iamPropagationMs: 300 });
