import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  GetFunctionCommand,
  InvokeCommand,
  ListTagsCommand,
  PublishVersionCommand,
  TagResourceCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  type CreateFunctionCommandInput,
  type Runtime,
} from '@aws-sdk/client-lambda';
import { CreateRoleCommand, DeleteRoleCommand } from '@aws-sdk/client-iam';
import { expect } from 'vitest';
import { LAMBDA_TRUST, PRINTING_HANDLERS, zipOf } from '../../support/function-code.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { refused } from './refused.ts';
import { bucket, executionRole, lambdaFunction } from './resources.ts';
import { eventually, refusal } from './target.ts';

const role = shared(executionRole);
const theFunction = shared(async (t: Target) => lambdaFunction(t, { Role: await role(t) }));

/** Not awaited to be active. */
async function create(t: Target, input: Partial<CreateFunctionCommandInput> = {}) {
  const FunctionName = input.FunctionName ?? t.name('f');
  const Role = input.Role ?? (await role(t));
  const created = await t.lambda.send(
    new CreateFunctionCommand({ ...PRINTING_HANDLERS.node, ...input, FunctionName, Role }),
  );
  t.cleanUp(() => t.lambda.send(new DeleteFunctionCommand({ FunctionName })));
  return created;
}

const creating: readonly Fact[] = [
  {
    id: '5.2-create-answer',
    source: 'AWS-recorded',
    expectation: 'CreateFunction answers 201 with state Pending and every default',
    async run(t) {
      // Made sure that Lambda can assume the role.
      await theFunction(t);
      const { $metadata, ...created } = await create(t, { FunctionName: t.name('f') });
      expect($metadata.httpStatusCode).toBe(201);
      const name = created.FunctionName ?? '';
      expect(created).toEqual({
        FunctionName: name,
        FunctionArn: `arn:${t.partition}:lambda:${t.region}:${t.account}:function:${name}`,
        Runtime: 'nodejs22.x',
        Role: await role(t),
        Handler: 'app.handler',
        CodeSize: expect.any(Number) as number,
        CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/) as string,
        Description: '',
        Timeout: 3,
        MemorySize: 128,
        LastModified: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000$/) as string,
        Version: '$LATEST',
        TracingConfig: { Mode: 'PassThrough' },
        RevisionId: expect.any(String) as string,
        State: 'Pending',
        StateReason: 'The function is being created.',
        StateReasonCode: 'Creating',
        PackageType: 'Zip',
        Architectures: ['x86_64'],
        EphemeralStorage: { Size: 512 },
        SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
        RuntimeVersionConfig: {
          RuntimeVersionArn: expect.stringMatching(
            `^arn:${t.partition}:lambda:${t.region}::runtime:`,
          ) as string,
        },
        LoggingConfig: { LogFormat: 'Text', LogGroup: `/aws/lambda/${name}` },
      });
    },
  },
  {
    id: '5.2-active',
    source: 'AWS-recorded',
    expectation: 'then it is Active with a successful last update and without reasons',
    async run(t) {
      const { name } = await theFunction(t);
      const { Configuration } = await t.lambda.send(new GetFunctionCommand({ FunctionName: name }));
      expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
      expect(Configuration).not.toHaveProperty('StateReason');
      expect(Configuration).not.toHaveProperty('StateReasonCode');
    },
  },
  {
    id: '5.2-update-answer',
    source: 'AWS-recorded',
    expectation: 'an update answers 200, Active and InProgress, as if the function were being created',
    async run(t) {
      const { name } = await lambdaFunction(t, { Role: await role(t) });
      const answer = await t.lambda.send(
        new UpdateFunctionConfigurationCommand({ FunctionName: name, Timeout: 5 }),
      );
      expect(answer).toMatchObject({
        $metadata: { httpStatusCode: 200 },
        State: 'Active',
        LastUpdateStatus: 'InProgress',
        LastUpdateStatusReason: 'The function is being created.',
        LastUpdateStatusReasonCode: 'Creating',
      });
    },
  },
];

const invalid = (message: string | RegExp) => ({
  status: 400,
  code: 'InvalidParameterValueException',
  message,
});

const refusals: readonly Fact[] = [
  refused(
    {
      id: '5.2-role-not-assumable',
      source: 'second-hand',
      expectation: 'a role that trusts somebody else cannot be assumed by Lambda',
    },
    async (t) => {
      const RoleName = t.name('role');
      const { Role } = await t.iam.send(
        new CreateRoleCommand({
          RoleName,
          AssumeRolePolicyDocument: LAMBDA_TRUST.replace('lambda.amazonaws.com', 'ec2.amazonaws.com'),
        }),
      );
      t.cleanUp(() => t.iam.send(new DeleteRoleCommand({ RoleName })));
      return create(t, { Role: Role?.Arn });
    },
    invalid('The role defined for the function cannot be assumed by Lambda.'),
  ),
  refused(
    { id: '5.2-role-no-arn', source: 'AWS-recorded', expectation: 'a role is an ARN' },
    (t) => create(t, { Role: 'r1' }),
    {
      status: 400,
      code: 'ValidationException',
      message:
        "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    },
  ),
  refused(
    {
      id: '5.2-unknown-runtime',
      source: 'AWS-recorded',
      expectation: 'an unknown runtime is refused with a list',
    },
    (t) => create(t, { Runtime: 'nodejs99.x' as Runtime }),
    invalid(
      /^Value nodejs99\.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*(?:nodejs20\.x|python3\.14).*\] or be a valid ARN$/,
    ),
  ),
  refused(
    { id: '5.2-blocked-runtime', source: 'AWS-recorded', expectation: 'a runtime of the past is refused' },
    (t) => create(t, { Runtime: 'nodejs14.x' }),
    invalid(
      'The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.',
    ),
  ),
  refused(
    { id: '5.2-bad-zip', source: 'AWS-recorded', expectation: 'what is no zip is refused' },
    (t) => create(t, { Code: { ZipFile: Buffer.from('nothing') } }),
    invalid('Could not unzip uploaded file. Please check your file, then try to upload again.'),
  ),
  refused(
    { id: '5.2-name-exists', source: 'second-hand', expectation: 'a name is used once' },
    async (t) => create(t, { FunctionName: (await theFunction(t)).name }),
    async (t) => ({
      status: 409,
      code: 'ResourceConflictException',
      message: `Function already exist: ${(await theFunction(t)).name}`,
    }),
  ),
  refused(
    {
      id: '5.2-other-region',
      source: 'AWS-recorded',
      expectation: 'an ARN of another Region is not reachable',
    },
    (t) =>
      t.lambda.send(
        new GetFunctionCommand({
          FunctionName: `arn:${t.partition}:lambda:ap-southeast-1:${t.account}:function:f`,
        }),
      ),
    (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `Functions from 'ap-southeast-1' are not reachable in this region ('${t.region}')`,
    }),
  ),
  refused(
    { id: '5.2-other-account', source: 'AWS-recorded', expectation: 'an ARN of another account is denied' },
    (t) => {
      const other = t.account === '111122223333' ? '444455556666' : '111122223333';
      const FunctionName = `arn:${t.partition}:lambda:${t.region}:${other}:function:f`;
      return t.lambda.send(new GetFunctionCommand({ FunctionName }));
    },
    { status: 403, code: 'AccessDeniedException' },
  ),
  refused(
    { id: '5.2-environment-too-large', source: 'AWS-recorded', expectation: 'variables have at most 4 KB' },
    (t) => create(t, { Environment: { Variables: { A: 'x'.repeat(4096) } } }),
    invalid(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: {"A":"${'x'.repeat(4096)}"}`,
    ),
  ),
  refused(
    {
      id: '5.2-code-missing',
      source: 'AWS-recorded',
      expectation: 'code that is not in its bucket is refused',
    },
    async (t) => create(t, { Code: { S3Bucket: await bucket(t), S3Key: 'missing.zip' } }),
    invalid(
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    ),
  ),
  refused(
    {
      id: '5.2-delete-latest',
      source: 'AWS-recorded',
      expectation: '$LATEST is deleted with the function only',
    },
    async (t) =>
      t.lambda.send(
        new DeleteFunctionCommand({ FunctionName: (await theFunction(t)).name, Qualifier: '$LATEST' }),
      ),
    invalid('$LATEST version cannot be deleted without deleting the function.'),
  ),
  refused(
    { id: '5.2-timeout-quota', source: 'AWS-doc', expectation: 'a function has at most 900 seconds' },
    (t) => create(t, { Timeout: 901 }),
    { status: 400 },
  ),
  refused(
    { id: '5.2-memory-quota-low', source: 'AWS-doc', expectation: 'a function has at least 128 MB' },
    (t) => create(t, { MemorySize: 127 }),
    { status: 400 },
  ),
  refused(
    { id: '5.2-memory-quota-high', source: 'AWS-doc', expectation: 'a function has at most 10,240 MB' },
    (t) => create(t, { MemorySize: 10_241 }),
    { status: 400 },
  ),
];

const SUPPORTED = [
  ...['nodejs24.x', 'nodejs22.x', 'python3.14', 'python3.13', 'python3.12', 'python3.11', 'python3.10'],
  ...['java25', 'java21', 'java17.al2023', 'java11.al2023', 'java8.al2023', 'java17', 'java11', 'java8.al2'],
  ...['dotnet10', 'dotnet8', 'ruby4.0', 'ruby3.4', 'ruby3.3', 'provided.al2023'],
];
const DEPRECATED = [
  ...[
    'provided.al2',
    'nodejs20.x',
    'ruby3.2',
    'python3.9',
    'nodejs18.x',
    'dotnet6',
    'python3.8',
    'nodejs16.x',
  ],
];
const BLOCKED = [
  ...['java8', 'go1.x', 'provided', 'ruby2.7', 'nodejs14.x', 'python3.7', 'dotnetcore3.1', 'nodejs12.x'],
];

/** None of them runs. */
async function takes(t: Target, runtimes: readonly string[]): Promise<void> {
  const created = await Promise.all(runtimes.map((runtime) => create(t, { Runtime: runtime as Runtime })));
  expect(created.map(({ Runtime }) => Runtime)).toEqual(runtimes);
}

const runtimes: readonly Fact[] = [
  {
    id: '5.3-supported',
    source: 'AWS-doc',
    expectation: 'functions can be created with every supported runtime',
    run: (t) => takes(t, SUPPORTED),
  },
  {
    id: '5.3-deprecated',
    source: 'AWS-doc',
    expectation: 'until 2027-02-01 functions can be created with the deprecated runtimes too',
    run: (t) => takes(t, DEPRECATED),
  },
  {
    id: '5.3-blocked',
    source: 'AWS-recorded',
    expectation: 'eight older runtimes are refused, each with its name',
    async run(t) {
      const answers = await Promise.all(
        BLOCKED.map((runtime) => refusal(create(t, { Runtime: runtime as Runtime }))),
      );
      expect(answers.map(({ message }) => message)).toEqual(
        BLOCKED.map(
          (runtime) =>
            `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.`,
        ),
      );
    },
  },
];

const update = (t: Target, FunctionName: string, code = 'export const handler = async () => "new";') =>
  t.lambda.send(new UpdateFunctionCodeCommand({ FunctionName, ZipFile: zipOf('app.mjs', code) }));
const setTimeoutOf = (t: Target, FunctionName: string) =>
  t.lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, Timeout: 6 }));
const publish = (t: Target, FunctionName: string) =>
  t.lambda.send(new PublishVersionCommand({ FunctionName }));
const invoke = (t: Target, FunctionName: string) => t.lambda.send(new InvokeCommand({ FunctionName }));

const states: readonly Fact[] = [
  {
    id: '5.2-pending',
    source: 'AWS-doc',
    expectation: 'while Pending, invoking, updating and publishing fail',
    async run(t) {
      const { FunctionName: name = '' } = await eventually(() => create(t));
      for (const call of [invoke, update, setTimeoutOf, publish]) {
        expect(await refusal(call(t, name))).toMatchObject({
          status: 409,
          code: 'ResourceConflictException',
          message:
            'The operation cannot be performed at this time. The function is currently in the following state: Pending',
        });
      }
    },
  },
  {
    id: '5.2-in-progress',
    source: 'AWS-recorded',
    expectation: 'while an update is in progress, another one and publishing fail',
    async run(t) {
      const { name, arn } = await lambdaFunction(t, { Role: await role(t) });
      await update(t, name);
      for (const call of [update, setTimeoutOf, publish]) {
        expect(await refusal(call(t, name))).toMatchObject({
          status: 409,
          code: 'ResourceConflictException',
          message: `The operation cannot be performed at this time. An update is in progress for resource: ${arn}`,
        });
      }
    },
  },
  {
    id: '5.2-in-progress-tags',
    source: 'AWS-doc',
    expectation: 'while an update is in progress, tagging fails and reading tags does not',
    async run(t) {
      const { name, arn } = await lambdaFunction(t, { Role: await role(t) });
      await update(t, name);
      const tag = new TagResourceCommand({ Resource: arn, Tags: { a: 'b' } });
      expect(await refusal(t.lambda.send(tag))).toMatchObject({
        status: 409,
        code: 'ResourceConflictException',
      });
      await t.lambda.send(new ListTagsCommand({ Resource: arn }));
    },
  },
  {
    id: '5.2-in-progress-runs',
    source: 'AWS-doc',
    expectation: 'while an update is in progress, the old code runs',
    async run(t) {
      const { name } = await lambdaFunction(t, {
        Role: await role(t),
        Code: { ZipFile: zipOf('app.mjs', 'export const handler = async () => "old";') },
      });
      await update(t, name);
      const { Payload } = await invoke(t, name);
      expect(Buffer.from(Payload ?? []).toString()).toBe('"old"');
    },
  },
];

describeFacts('5.2 creating functions', [...creating, ...refusals]);
/** Long enough for the calls of a row; on AWS it takes a second or more. */
describeFacts('5.2 states', states, { functionActivationMs: 500 });
describeFacts('5.3 runtimes', runtimes);
