import * as Iam from '@aws-sdk/client-iam';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createIamService } from '../../../src/sandbox/services/iam/service.ts';
import { createTestEnv, serve, type Served } from '../logs/harness.ts';

const TRUST =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}';
const BASIC = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

let served: Served;
let client: Iam.IAMClient;

beforeEach(async () => {
  const env = createTestEnv();
  served = await serve(env, 'iam', Iam, createIamService(env).handlers);
  client = new Iam.IAMClient(served.clientConfig);
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

it('makes a role for Lambda', async () => {
  const { Role } = await client.send(
    new Iam.CreateRoleCommand({
      RoleName: 'demo',
      AssumeRolePolicyDocument: TRUST,
      Description: 'a <b> & "c"',
      Tags: [{ Key: 'made-by', Value: 'test' }],
    }),
  );
  expect(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? '')).toBe(TRUST);
  expect(Role).toMatchObject({ Description: 'a <b> & "c"', Tags: [{ Key: 'made-by', Value: 'test' }] });
  expect(Role?.CreateDate).toBeInstanceOf(Date);
  await Iam.waitUntilRoleExists({ client, maxWaitTime: 5 }, { RoleName: 'demo' });
  await client.send(new Iam.AttachRolePolicyCommand({ RoleName: 'demo', PolicyArn: BASIC }));
  const { AttachedPolicies } = await client.send(
    new Iam.ListAttachedRolePoliciesCommand({ RoleName: 'demo' }),
  );
  expect(AttachedPolicies).toEqual([{ PolicyName: 'AWSLambdaBasicExecutionRole', PolicyArn: BASIC }]);
  const { User } = await client.send(new Iam.GetUserCommand({}));
  expect(User?.Arn).toMatch(/:root$/);
});

it('pages through roles', async () => {
  for (let i = 0; i < 7; i++) {
    await client.send(new Iam.CreateRoleCommand({ RoleName: `r${i}`, AssumeRolePolicyDocument: TRUST }));
  }
  const names: (string | undefined)[] = [];
  for await (const page of Iam.paginateListRoles({ client, pageSize: 3 }, {})) {
    names.push(...(page.Roles ?? []).map(({ RoleName }) => RoleName));
  }
  expect(names).toEqual(Array.from({ length: 7 }, (_, i) => `r${i}`));
});

it.each<[string, () => Promise<unknown>, string, number]>([
  [
    'a missing role',
    () => client.send(new Iam.GetRoleCommand({ RoleName: 'none' })),
    'NoSuchEntityException',
    404,
  ],
  [
    'bad JSON',
    () => client.send(new Iam.CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: '{' })),
    'MalformedPolicyDocumentException',
    400,
  ],
  ['a bad name', () => client.send(new Iam.GetRoleCommand({ RoleName: 'a b' })), 'ValidationError', 400],
  [
    'a policy of AWS',
    () => client.send(new Iam.DeletePolicyCommand({ PolicyArn: BASIC })),
    'AccessDenied',
    403,
  ],
])('refuses %s as AWS does', async (_name, attempt, name, httpStatusCode) => {
  await expect(attempt()).rejects.toMatchObject({ name, $metadata: { httpStatusCode } });
});

it('sends a conflict for a role in use', async () => {
  await client.send(new Iam.CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: TRUST }));
  await client.send(new Iam.AttachRolePolicyCommand({ RoleName: 'r', PolicyArn: BASIC }));
  await expect(client.send(new Iam.DeleteRoleCommand({ RoleName: 'r' }))).rejects.toMatchObject({
    name: 'DeleteConflictException',
    $metadata: { httpStatusCode: 409 },
  });
  await expect(
    client.send(new Iam.CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: TRUST })),
  ).rejects.toMatchObject({ name: 'EntityAlreadyExistsException', $metadata: { httpStatusCode: 409 } });
});
