import {
  AddPermissionCommand,
  CreateAliasCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  PublishVersionCommand,
  RemovePermissionCommand,
  type AddPermissionCommandInput,
} from '@aws-sdk/client-lambda';
import { PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { refused } from './refused.ts';
import { bucket, executionRole, lambdaFunction } from './resources.ts';
import { eventually, refusal } from './target.ts';

const role = shared(executionRole);
/** One that rows add statements to, each with an id of its own. */
const theFunction = shared(async (t: Target) => lambdaFunction(t, { Role: await role(t) }));
const withAlias = shared(async (t: Target) => {
  const { name, arn } = await lambdaFunction(t, { Role: await role(t) });
  await t.lambda.send(new PublishVersionCommand({ FunctionName: name }));
  await t.lambda.send(new CreateAliasCommand({ FunctionName: name, Name: 'live', FunctionVersion: '1' }));
  return { name, arn };
});
/** One whose policy no row changes after this. */
const withStatement = shared(async (t: Target) => {
  const { name, arn } = await lambdaFunction(t, { Role: await role(t) });
  await add(t, { FunctionName: name, StatementId: 'first' });
  return { name, arn };
});

async function add(t: Target, input: Partial<AddPermissionCommandInput> = {}) {
  return t.lambda.send(
    new AddPermissionCommand({
      FunctionName: input.FunctionName ?? (await theFunction(t)).name,
      StatementId: t.name('sid'),
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      ...input,
    }),
  );
}

async function statement(t: Target, input: Partial<AddPermissionCommandInput>): Promise<unknown> {
  return JSON.parse((await add(t, input)).Statement ?? '') as unknown;
}

const policy = async (t: Target, FunctionName: string, Qualifier?: string) =>
  t.lambda.send(new GetPolicyCommand({ FunctionName, Qualifier }));
const remove = async (t: Target, FunctionName: string, StatementId: string) =>
  t.lambda.send(new RemovePermissionCommand({ FunctionName, StatementId }));
const revision = async (t: Target, FunctionName: string) =>
  (await t.lambda.send(new GetFunctionConfigurationCommand({ FunctionName }))).RevisionId;
const arnOf = (t: Target, name: string) =>
  `arn:${t.partition}:lambda:${t.region}:${t.account}:function:${name}`;

const rendering: readonly Fact[] = [
  {
    id: '5.1-statuses',
    source: 'AWS-recorded',
    expectation: 'AddPermission answers 201, GetPolicy 200, RemovePermission 204',
    async run(t) {
      const { name } = await lambdaFunction(t, { Role: await role(t) });
      const added = await add(t, { FunctionName: name, StatementId: 'one' });
      const read = await policy(t, name);
      const removed = await remove(t, name, 'one');
      expect([added, read, removed].map(({ $metadata }) => $metadata.httpStatusCode)).toEqual([
        201, 200, 204,
      ]);
    },
  },
  {
    id: '5.1-rendering',
    source: 'AWS-recorded',
    expectation:
      'statement and policy are JSON texts in which SourceArn is ArnLike and SourceAccount StringEquals',
    async run(t) {
      const { name, arn } = await lambdaFunction(t, { Role: await role(t) });
      const { Statement } = await add(t, {
        FunctionName: name,
        StatementId: 's3',
        SourceArn: `arn:${t.partition}:s3:::bucket`,
        SourceAccount: t.account,
      });
      const expected = `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${arn}","Condition":{"StringEquals":{"AWS:SourceAccount":"${t.account}"},"ArnLike":{"AWS:SourceArn":"arn:${t.partition}:s3:::bucket"}}}`;
      expect(Statement).toBe(expected);
      const { Policy } = await policy(t, name);
      expect(Policy).toBe(`{"Version":"2012-10-17","Id":"default","Statement":[${expected}]}`);
    },
  },
  {
    id: '5.1-no-condition',
    source: 'AWS-recorded',
    expectation: 'without a source there is no condition',
    async run(t) {
      expect(await statement(t, {})).not.toHaveProperty('Condition');
    },
  },
  {
    id: '5.1-organization',
    source: 'AWS-recorded',
    expectation: 'PrincipalOrgID becomes StringEquals of aws:PrincipalOrgID',
    async run(t) {
      expect(await statement(t, { Principal: '*', PrincipalOrgID: 'o-1234567890' })).toMatchObject({
        Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } },
      });
    },
  },
  {
    id: '5.1-principal-service',
    source: 'AWS-recorded',
    expectation: 'a principal of amazonaws.com is a service',
    async run(t) {
      expect(await statement(t, { Principal: 'sns.amazonaws.com' })).toMatchObject({
        Principal: { Service: 'sns.amazonaws.com' },
      });
    },
  },
  {
    id: '5.1-principal-account',
    source: 'AWS-recorded',
    expectation: 'a principal of twelve digits is the root of that account',
    async run(t) {
      expect(await statement(t, { Principal: t.account })).toMatchObject({
        Principal: { AWS: `arn:${t.partition}:iam::${t.account}:root` },
      });
    },
  },
  {
    id: '5.1-principal-arn',
    source: 'AWS-recorded',
    expectation: 'an ARN as principal stays as it is',
    async run(t) {
      const arn = await role(t);
      expect(await statement(t, { Principal: arn })).toMatchObject({ Principal: { AWS: arn } });
    },
  },
  {
    id: '5.1-principal-everyone',
    source: 'AWS-recorded',
    expectation: 'the principal * is a bare string',
    async run(t) {
      expect(await statement(t, { Principal: '*' })).toMatchObject({ Principal: '*' });
    },
  },
  {
    id: '5.1-qualified-resource',
    source: 'AWS-recorded',
    expectation: 'the resource has the qualifier that was given',
    async run(t) {
      const { name, arn } = await withAlias(t);
      expect(await statement(t, { FunctionName: name, Qualifier: 'live' })).toMatchObject({
        Resource: `${arn}:live`,
      });
    },
  },
  {
    id: '5.1-policy-per-qualifier',
    source: 'AWS-recorded',
    expectation: 'function, version and alias have policies of their own, and publishing copies none',
    async run(t) {
      const { name } = await lambdaFunction(t, { Role: await role(t) });
      await add(t, { FunctionName: name, StatementId: 'one' });
      const { Version } = await t.lambda.send(new PublishVersionCommand({ FunctionName: name }));
      expect(await refusal(policy(t, name, Version))).toMatchObject({ code: 'ResourceNotFoundException' });
    },
  },
  {
    id: '5.1-revision',
    source: 'AWS-recorded',
    expectation: "GetPolicy has the function's RevisionId, which a change of the policy changes",
    async run(t) {
      const { name } = await theFunction(t);
      const before = await revision(t, name);
      await add(t);
      const { RevisionId } = await policy(t, name);
      expect(RevisionId).not.toBe(before);
      expect(RevisionId).toBe(await revision(t, name));
    },
  },
  {
    id: '5.1-order',
    source: 'second-hand',
    expectation: 'a bucket can name a function only once the permission is there',
    async run(t) {
      const { name, arn } = await lambdaFunction(t, { Role: await role(t) });
      const Bucket = await bucket(t);
      const put = () =>
        t.s3.send(
          new PutBucketNotificationConfigurationCommand({
            Bucket,
            NotificationConfiguration: {
              LambdaFunctionConfigurations: [{ LambdaFunctionArn: arn, Events: ['s3:ObjectCreated:*'] }],
            },
          }),
        );
      expect(await refusal(put())).toMatchObject({
        code: 'InvalidArgument',
        message: 'Unable to validate the following destination configurations',
      });
      await add(t, {
        FunctionName: name,
        SourceArn: `arn:${t.partition}:s3:::${Bucket}`,
        SourceAccount: t.account,
      });
      await eventually(put);
    },
  },
];

const constraint = (value: string, member: string, pattern: string) => ({
  status: 400,
  code: 'ValidationException',
  message: `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must satisfy regular expression pattern: ${pattern}`,
});

const refusals: readonly Fact[] = [
  refused(
    { id: '5.1-bad-sid', source: 'AWS-recorded', expectation: 'a statement id has no dot' },
    (t) => add(t, { StatementId: 'example.com' }),
    constraint('example.com', 'statementId', '([a-zA-Z0-9-_]+)'),
  ),
  refused(
    { id: '5.1-bad-action', source: 'model', expectation: 'an action is one of Lambda, or *' },
    (t) => add(t, { Action: 's3:GetObject' }),
    constraint('s3:GetObject', 'action', '(lambda:[*]|lambda:[a-zA-Z]+|[*])'),
  ),
  refused(
    { id: '5.1-bad-account', source: 'model', expectation: 'a source account has twelve digits' },
    (t) => add(t, { SourceAccount: '1234' }),
    constraint('1234', 'sourceAccount', '\\d{12}'),
  ),
  refused(
    { id: '5.1-remove-dotted-sid', source: 'model', expectation: 'RemovePermission takes an id with a dot' },
    async (t) => remove(t, (await withStatement(t)).name, 'example.com'),
    {
      status: 404,
      code: 'ResourceNotFoundException',
      message: 'Statement example.com is not found in resource policy.',
    },
  ),
  refused(
    { id: '5.1-sid-exists', source: 'AWS-recorded', expectation: 'a statement id is used once' },
    async (t) => add(t, { FunctionName: (await withStatement(t)).name, StatementId: 'first' }),
    {
      status: 409,
      code: 'ResourceConflictException',
      message:
        'The statement id (first) provided already exists. Please provide a new statement id, or remove the existing statement.',
    },
  ),
  refused(
    { id: '5.1-bad-principal', source: 'AWS-recorded', expectation: 'a principal that is none is refused' },
    (t) => add(t, { Principal: 'nobody' }),
    {
      status: 400,
      code: 'InvalidParameterValueException',
      message: 'The provided principal was invalid. Please check the principal and try again.',
    },
  ),
  refused(
    { id: '5.1-latest', source: 'AWS-recorded', expectation: '$LATEST has no policy of its own' },
    (t) => add(t, { Qualifier: '$LATEST' }),
    {
      status: 400,
      code: 'InvalidParameterValueException',
      message: 'We currently do not support adding policies for $LATEST.',
    },
  ),
  refused(
    { id: '5.1-two-qualifiers', source: 'AWS-recorded', expectation: 'two qualifiers have to be the same' },
    async (t) => add(t, { FunctionName: `${(await withAlias(t)).name}:live`, Qualifier: '1' }),
    {
      status: 400,
      code: 'InvalidParameterValueException',
      message: 'The derived qualifier from the function name does not match the specified qualifier.',
    },
  ),
  refused(
    { id: '5.1-no-function', source: 'AWS-recorded', expectation: 'AddPermission needs the function' },
    (t) => add(t, { FunctionName: 'doesnotexist' }),
    (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `Function not found: ${arnOf(t, 'doesnotexist')}`,
    }),
  ),
  refused(
    { id: '5.1-no-version', source: 'AWS-recorded', expectation: 'AddPermission needs the version' },
    async (t) => add(t, { FunctionName: (await withAlias(t)).name, Qualifier: '42' }),
    async (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `Function not found: ${(await withAlias(t)).arn}:42`,
    }),
  ),
  refused(
    { id: '5.1-no-alias', source: 'AWS-recorded', expectation: 'AddPermission needs the alias' },
    async (t) => add(t, { FunctionName: (await withAlias(t)).name, Qualifier: 'alias' }),
    async (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `Cannot find alias arn: ${(await withAlias(t)).arn}:alias`,
    }),
  ),
  refused(
    {
      id: '5.1-get-no-policy',
      source: 'AWS-recorded',
      expectation: 'GetPolicy of a function without a policy',
    },
    async (t) => policy(t, (await withAlias(t)).name),
    { status: 404, code: 'ResourceNotFoundException', message: 'The resource you requested does not exist.' },
  ),
  refused(
    {
      id: '5.1-get-no-function',
      source: 'AWS-recorded',
      expectation: 'GetPolicy of no function answers the same',
    },
    (t) => policy(t, 'doesnotexist'),
    { status: 404, code: 'ResourceNotFoundException', message: 'The resource you requested does not exist.' },
  ),
  refused(
    {
      id: '5.1-remove-unknown',
      source: 'AWS-recorded',
      expectation: 'RemovePermission of an unknown statement',
    },
    async (t) => remove(t, (await withStatement(t)).name, 'other'),
    {
      status: 404,
      code: 'ResourceNotFoundException',
      message: 'Statement other is not found in resource policy.',
    },
  ),
  refused(
    { id: '5.1-remove-no-policy', source: 'AWS-recorded', expectation: 'RemovePermission without a policy' },
    async (t) => remove(t, (await withAlias(t)).name, 'other'),
    {
      status: 404,
      code: 'ResourceNotFoundException',
      message: 'No policy is associated with the given resource.',
    },
  ),
  refused(
    { id: '5.1-remove-no-function', source: 'AWS-recorded', expectation: 'RemovePermission of no function' },
    (t) => remove(t, 'doesnotexist', 'other'),
    (t) => ({
      status: 404,
      code: 'ResourceNotFoundException',
      message: `No policy found for: ${arnOf(t, 'doesnotexist')}`,
    }),
  ),
  refused(
    {
      id: '5.1-wrong-revision',
      source: 'AWS-recorded',
      expectation: 'another RevisionId is a failed precondition',
    },
    (t) => add(t, { RevisionId: 'wrong' }),
    {
      status: 412,
      code: 'PreconditionFailedException',
      message:
        'The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id',
    },
  ),
  refused(
    { id: '5.1-too-long', source: 'second-hand', expectation: 'a policy has at most 20,480 bytes' },
    async (t) => {
      const { name } = await lambdaFunction(t, { Role: await role(t) });
      for (let i = 0; i < 100; i++) {
        const Sid = `${'x'.repeat(90)}${i}`;
        await add(t, { FunctionName: name, StatementId: Sid, SourceArn: `arn:aws:s3:::${'b'.repeat(60)}` });
      }
    },
    {
      status: 400,
      code: 'PolicyLengthExceededException',
      message: /^The final policy size \(20[4-9]\d\d\) is bigger than the limit \(20480\)\.$/,
    },
  ),
];

/** The body and the header that names the error. */
async function wire(t: Target, command: Parameters<typeof exchange>[1]) {
  const { headers, body } = await exchange(t.lambda, command);
  return { name: headers['x-amzn-errortype'], body: JSON.parse(body) as unknown };
}

const bodies: readonly Fact[] = [
  {
    id: '5.1-error-json',
    source: 'AWS-recorded',
    expectation: 'an error is Type and message, and its name travels in x-amzn-ErrorType',
    async run(t) {
      const { name } = await theFunction(t);
      const input = {
        FunctionName: name,
        StatementId: 's',
        Action: 'lambda:InvokeFunction',
        Principal: 'nobody',
      };
      expect(await wire(t, new AddPermissionCommand(input))).toEqual({
        name: 'InvalidParameterValueException',
        body: {
          Type: 'User',
          message: 'The provided principal was invalid. Please check the principal and try again.',
        },
      });
    },
  },
  {
    id: '5.1-error-json-not-found',
    source: 'AWS-recorded',
    expectation: 'of ResourceNotFoundException it is Message with a capital letter',
    async run(t) {
      expect(await wire(t, new GetPolicyCommand({ FunctionName: 'doesnotexist' }))).toEqual({
        name: 'ResourceNotFoundException',
        body: { Type: 'User', Message: 'The resource you requested does not exist.' },
      });
    },
  },
  {
    id: '5.1-error-json-validation',
    source: 'AWS-recorded',
    expectation: 'of ValidationException it is the message only',
    async run(t) {
      const { name } = await theFunction(t);
      const input = {
        FunctionName: name,
        StatementId: 'a.b',
        Action: 'lambda:InvokeFunction',
        Principal: '*',
      };
      expect(await wire(t, new AddPermissionCommand(input))).toEqual({
        name: 'ValidationException',
        body: { message: expect.stringContaining("Value 'a.b' at 'statementId'") as string },
      });
    },
  },
];

describeFacts('5.1 resource policy', [...rendering, ...refusals, ...bodies]);
