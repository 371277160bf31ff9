import {
  AddPermissionCommand,
  CreateAliasCommand,
  GetFunctionConfigurationCommand,
  GetPolicyCommand,
  PublishVersionCommand,
  RemovePermissionCommand,
  type AddPermissionCommandInput,
} from '@aws-sdk/client-lambda';
import { beforeEach, describe, expect, test } from 'vitest';
import { ACCOUNT, arnOf, failure, startLambda } from './harness.ts';

const ARN = arnOf('fn');
const SOURCE = { bucketArn: 'arn:aws:s3:::bucket', account: ACCOUNT, region: 'us-east-1' };
const S3 = {
  FunctionName: 'fn',
  StatementId: 's3',
  Action: 'lambda:InvokeFunction',
  Principal: 's3.amazonaws.com',
  SourceArn: SOURCE.bucketArn,
  SourceAccount: ACCOUNT,
};

let harness: Awaited<ReturnType<typeof startLambda>>;
beforeEach(async () => {
  harness = await startLambda();
  await harness.create('fn', { 'app.mjs': 'export const handler = async (e) => console.log("GOT", e.n);' });
});

const add = (input: Partial<AddPermissionCommandInput> = {}) =>
  harness.client.send(new AddPermissionCommand({ ...S3, ...input }));
const remove = (StatementId: string, FunctionName = 'fn') =>
  harness.client.send(new RemovePermissionCommand({ FunctionName, StatementId }));
const getPolicy = (Qualifier?: string, FunctionName = 'fn') =>
  harness.client.send(new GetPolicyCommand({ FunctionName, ...(Qualifier && { Qualifier }) }));
const revision = async () =>
  (await harness.client.send(new GetFunctionConfigurationCommand({ FunctionName: 'fn' }))).RevisionId;

describe('the document', () => {
  test("is rendered as AWS renders it, and has the function's revision", async () => {
    const before = await revision();
    const { Statement, $metadata } = await add();
    expect($metadata.httpStatusCode).toBe(201);
    const statement = `{"Sid":"s3","Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"${ARN}","Condition":{"StringEquals":{"AWS:SourceAccount":"${ACCOUNT}"},"ArnLike":{"AWS:SourceArn":"arn:aws:s3:::bucket"}}}`;
    expect(Statement).toBe(statement);
    const { Policy, RevisionId } = await getPolicy();
    expect(Policy).toBe(`{"Version":"2012-10-17","Id":"default","Statement":[${statement}]}`);
    expect(RevisionId).not.toBe(before);
    expect(RevisionId).toBe(await revision());
  });

  test.each<[string, Partial<AddPermissionCommandInput>, object]>([
    ['an account', { Principal: '444455556666' }, { Principal: { AWS: 'arn:aws:iam::444455556666:root' } }],
    [
      'a role',
      { Principal: 'arn:aws:iam::444455556666:role/r' },
      { Principal: { AWS: 'arn:aws:iam::444455556666:role/r' } },
    ],
    ['everyone', { Principal: '*' }, { Principal: '*' }],
    [
      'an organization',
      { Principal: '*', PrincipalOrgID: 'o-1234567890' },
      { Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1234567890' } } },
    ],
  ])('%s', async (_, input, expected) => {
    const { Statement } = await add({ SourceArn: undefined, SourceAccount: undefined, ...input });
    expect(JSON.parse(Statement!)).toMatchObject(expected);
  });

  test('no condition when neither source is given', async () => {
    const { Statement } = await add({ SourceArn: undefined, SourceAccount: undefined });
    expect(JSON.parse(Statement!)).not.toHaveProperty('Condition');
  });

  test('each qualifier has a document of its own', async () => {
    await harness.client.send(new PublishVersionCommand({ FunctionName: 'fn' }));
    await harness.client.send(
      new CreateAliasCommand({ FunctionName: 'fn', Name: 'live', FunctionVersion: '1' }),
    );
    await add({ Qualifier: 'live' });
    expect(await failure(getPolicy())).toMatchObject({
      message: 'The resource you requested does not exist.',
    });
    const { Policy } = await getPolicy('live');
    expect(JSON.parse(Policy!)).toMatchObject({ Statement: [{ Resource: `${ARN}:live` }] });
    const { destination } = harness.service;
    expect(destination.check(`${ARN}:live`, SOURCE)).toBeUndefined();
    expect(destination.check(ARN, SOURCE)).toBeDefined();
    expect(destination.check(`${ARN}:1`, SOURCE)).toBeDefined();
  });
});

describe('refusals', () => {
  test.each<[string, Partial<AddPermissionCommandInput>, string, number, string]>([
    [
      'a Sid with a dot',
      { StatementId: 'example.com' },
      'ValidationException',
      400,
      "1 validation error detected: Value 'example.com' at 'statementId' failed to satisfy constraint: Member must satisfy regular expression pattern: ([a-zA-Z0-9-_]+)",
    ],
    [
      'a bad principal',
      { Principal: 'nobody' },
      'InvalidParameterValueException',
      400,
      'The provided principal was invalid. Please check the principal and try again.',
    ],
    [
      '$LATEST',
      { Qualifier: '$LATEST' },
      'InvalidParameterValueException',
      400,
      'We currently do not support adding policies for $LATEST.',
    ],
    [
      'another function',
      { FunctionName: 'nope' },
      'ResourceNotFoundException',
      404,
      `Function not found: ${arnOf('nope')}`,
    ],
    [
      'another version',
      { Qualifier: '42' },
      'ResourceNotFoundException',
      404,
      `Function not found: ${ARN}:42`,
    ],
    [
      'another alias',
      { Qualifier: 'live' },
      'ResourceNotFoundException',
      404,
      `Cannot find alias arn: ${ARN}:live`,
    ],
    [
      'a wrong revision',
      { RevisionId: 'r' },
      'PreconditionFailedException',
      412,
      'The Revision Id provided does not match the latest Revision Id. Call the GetPolicy API to retrieve the latest Revision Id',
    ],
  ])('AddPermission: %s', async (_, input, code, status, message) => {
    expect(await failure(add(input))).toEqual({ code, status, message });
  });

  test('a Sid that exists', async () => {
    await add();
    expect(await failure(add())).toEqual({
      code: 'ResourceConflictException',
      status: 409,
      message:
        'The statement id (s3) provided already exists. Please provide a new statement id, or remove the existing statement.',
    });
  });

  test('a policy over 20 KB', async () => {
    const long = (i: number) =>
      add({ StatementId: `s${i}${'x'.repeat(90)}`, SourceArn: `arn:aws:s3:::${'b'.repeat(60)}` });
    for (let i = 0; i < 40; i++) await long(i);
    const error = await failure(
      (async () => {
        for (let i = 40; i < 80; i++) await long(i);
      })(),
    );
    expect(error).toMatchObject({ code: 'PolicyLengthExceededException', status: 400 });
    expect(error.message).toMatch(/^The final policy size \(\d+\) is bigger than the limit \(20480\)\.$/);
  });

  test('RemovePermission and GetPolicy', async () => {
    const missing = (message: string) => ({ code: 'ResourceNotFoundException', status: 404, message });
    expect(await failure(remove('s3', 'nope'))).toEqual(missing(`No policy found for: ${arnOf('nope')}`));
    expect(await failure(remove('s3'))).toEqual(missing('No policy is associated with the given resource.'));
    expect(await failure(getPolicy())).toEqual(missing('The resource you requested does not exist.'));
    expect(await failure(getPolicy(undefined, 'nope'))).toEqual(
      missing('The resource you requested does not exist.'),
    );
    await add();
    expect(await failure(remove('other'))).toEqual(
      missing('Statement other is not found in resource policy.'),
    );
    expect((await remove('s3')).$metadata.httpStatusCode).toBe(204);
    expect(await failure(getPolicy())).toEqual(missing('The resource you requested does not exist.'));
  });
});

describe('S3 as the caller', () => {
  const notAuthorized = (arn: string) => ({
    name: `${arn}, null`,
    value: `Not authorized to invoke function [${arn}]`,
  });

  test.each<[string, Partial<AddPermissionCommandInput>, boolean]>([
    ['its own statement', {}, true],
    ['without a source account', { SourceAccount: undefined }, true],
    ['a wildcard', { SourceArn: 'arn:aws:s3:::buck*' }, true],
    ['another bucket', { SourceArn: 'arn:aws:s3:::other' }, false],
    ['objects of the bucket', { SourceArn: 'arn:aws:s3:::bucket/*' }, false],
    ['another account', { SourceAccount: '444455556666' }, false],
    ['another service', { Principal: 'sns.amazonaws.com' }, false],
    ['another action', { Action: 'lambda:GetFunction' }, false],
    [
      'an organization, which S3 never presents',
      { Principal: '*', PrincipalOrgID: 'o-1234567890', SourceArn: undefined },
      false,
    ],
  ])('%s', async (_, input, allowed) => {
    await add(input);
    expect(harness.service.destination.check(ARN, SOURCE)).toEqual(allowed ? undefined : notAuthorized(ARN));
  });

  test('no policy and no function read the same', () => {
    const { destination } = harness.service;
    expect(destination.check(ARN, SOURCE)).toEqual(notAuthorized(ARN));
    expect(destination.check(arnOf('nope'), SOURCE)).toEqual(notAuthorized(arnOf('nope')));
  });

  test('a delivery runs the function, and is refused with the reason once the permission is gone', async () => {
    const { destination } = harness.service;
    await add();
    expect(await destination.deliver(ARN, '{"n":7}', SOURCE)).toBeUndefined();
    await harness.env.work.idle();
    expect(harness.messages().some((m) => m.endsWith('\tGOT 7\n'))).toBe(true);
    expect(harness.env.journal.entries()).toContainEqual(
      expect.objectContaining({ type: 'invocation', functionName: 'fn', attempt: 1, outcome: 'ok' }),
    );
    await remove('s3');
    expect(await destination.deliver(ARN, '{}', SOURCE)).toEqual({
      refused: `Not authorized to invoke function [${ARN}]: it has no resource policy`,
    });
    await add({ SourceArn: 'arn:aws:s3:::other' });
    expect((await destination.deliver(ARN, '{}', SOURCE))?.refused).toContain(
      'ArnLike AWS:SourceArn wants arn:aws:s3:::other',
    );
  });
});
