import { GetPolicyCommand, LambdaClient, TooManyRequestsException } from '@aws-sdk/client-lambda';
import { CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import { PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { printError } from '../../../src/sandbox/wire/errors.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { AwsError } from '../../../src/sandbox/wire/types.ts';
import { ask, clientConfig, type Reply, startServer, type TestHandlers } from './support.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const LOGS = { 'x-amz-target': 'Logs_20140328.GetLogEvents' };

async function reply(handlers: TestHandlers, request: Parameters<typeof ask>[1]): Promise<Reply> {
  return ask(await startServer(handlers), request);
}

describe('S3', () => {
  it('prints code, message, further members in their order, resource and both ids', async () => {
    const error = new AwsError('InvalidArgument', 'a < b & c', {
      members: { ArgumentName1: 'arn, null', ArgumentValue1: 'no', ArgumentName2: 'x' },
    });
    const { status, headers, text } = await reply(
      { s3: { GetObject: () => Promise.reject(error) } },
      { path: '/b/k%20' },
    );
    expect(status).toBe(400);
    const requestId = String(headers['x-amz-request-id']);
    const hostId = String(headers['x-amz-id-2']);
    expect(requestId).toMatch(/^[A-Z0-9]{16}$/);
    expect(hostId).toMatch(/^[A-Za-z0-9+/]{75}=$/);
    expect(headers['content-type']).toBe('application/xml');
    expect(text).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>InvalidArgument</Code><Message>a &lt; b &amp; c</Message>' +
        '<ArgumentName1>arn, null</ArgumentName1><ArgumentValue1>no</ArgumentValue1><ArgumentName2>x</ArgumentName2>' +
        `<RequestId>${requestId}</RequestId><HostId>${hostId}</HostId></Error>`,
    );
  });

  it('takes the status of the model', async () => {
    const fail = (code: string): TestHandlers => ({
      s3: { GetObject: () => Promise.reject(new AwsError(code, 'm')) },
    });
    expect((await reply(fail('NoSuchKey'), { path: '/b/k' })).status).toBe(404);
    expect((await reply(fail('BucketAlreadyExists'), { path: '/b/k' })).status).toBe(409);
    expect((await reply(fail('NotFound'), { path: '/b/k' })).status).toBe(404);
    expect((await reply(fail('SomethingElse'), { path: '/b/k' })).status).toBe(400);
  });

  it('shows further members to the SDK', async () => {
    const server = await startServer({
      s3: {
        PutBucketNotificationConfiguration: () => {
          throw new AwsError('InvalidArgument', 'Unable to validate', { members: { ArgumentName1: 'arn' } });
        },
      },
    });
    const client = new S3Client(clientConfig(server));
    const command = new PutBucketNotificationConfigurationCommand({
      Bucket: 'b',
      NotificationConfiguration: {},
    });
    await expect(client.send(command)).rejects.toMatchObject({
      name: 'InvalidArgument',
      ArgumentName1: 'arn',
    });
    client.destroy();
  });

  it.each([
    ['GET', '/b/%zz', 400, 'InvalidURI'],
    ['GET', '/b?prefix=%', 400, 'InvalidURI'],
    ['GET', '/b/%ff', 400, 'InvalidURI'],
    ['PATCH', '/b/k', 405, 'MethodNotAllowed'],
    ['POST', '/', 405, 'MethodNotAllowed'],
    ['GET', '/b?cors', 501, 'NotImplemented'],
    ['GET', '/b?max-keys=many', 400, 'InvalidArgument'],
  ])('%s %s is %i %s', async (method, path, status, code) => {
    const answer = await reply({ s3: { GetObject: () => ({}), ListObjects: () => ({}) } }, { method, path });
    expect([answer.status, answer.text]).toEqual([status, expect.stringContaining(`<Code>${code}</Code>`)]);
  });

  it('names the operation that is not implemented', async () => {
    const { text } = await reply({}, { path: '/b?cors' });
    expect(text).toContain('<Message>s3:GetBucketCors is not implemented by the sandbox</Message>');
  });

  it('refuses browser form uploads', async () => {
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    const answer = await reply({}, { method: 'POST', path: '/bucket', headers, body: '--x--' });
    expect([answer.status, answer.text]).toEqual([501, expect.stringContaining('PostObject')]);
  });

  it.each([
    ['an empty body', '', 'MissingRequestBodyError'],
    ['no XML', 'hello', 'MalformedXML'],
    ['an open element', '<NotificationConfiguration>', 'MalformedXML'],
    ['another document', '<Tagging/>', 'MalformedXML'],
    ['no ARN', wrap('<Event>s3:ObjectCreated:*</Event>'), 'MalformedXML'],
    ['no event', wrap('<Queue>arn</Queue>'), 'MalformedXML'],
    ['a DOCTYPE', '<!DOCTYPE a><NotificationConfiguration/>', 'MalformedXML'],
  ])('refuses a notification configuration with %s', async (_name, body, code) => {
    const { status, text } = await reply(
      { s3: { PutBucketNotificationConfiguration: () => undefined } },
      { method: 'PUT', path: '/b?notification', body },
    );
    expect([status, text]).toEqual([400, expect.stringContaining(`<Code>${code}</Code>`)]);
  });

  it('accepts an empty notification configuration', async () => {
    const { status } = await reply(
      { s3: { PutBucketNotificationConfiguration: () => undefined } },
      { method: 'PUT', path: '/b?notification', body: '<NotificationConfiguration/>' },
    );
    expect(status).toBe(200);
  });
});

function wrap(content: string): string {
  return `<NotificationConfiguration><QueueConfiguration>${content}</QueueConfiguration></NotificationConfiguration>`;
}

describe('Lambda', () => {
  const fail = (error: AwsError): TestHandlers => ({ lambda: { GetPolicy: () => Promise.reject(error) } });
  const path = '/2015-03-31/functions/f/policy';

  it('spells the message as each error does', async () => {
    const notFound = await reply(fail(new AwsError('ResourceNotFoundException', 'gone')), { path });
    expect([notFound.status, JSON.parse(notFound.text)]).toEqual([404, { Type: 'User', Message: 'gone' }]);
    expect(notFound.headers['x-amzn-errortype']).toBe('ResourceNotFoundException');
    expect(notFound.headers['x-amzn-requestid']).toMatch(/^[0-9a-f-]{36}$/);

    const conflict = await reply(fail(new AwsError('ResourceConflictException', 'twice')), { path });
    expect([conflict.status, JSON.parse(conflict.text)]).toEqual([409, { Type: 'User', message: 'twice' }]);

    const service = await reply(fail(new AwsError('ServiceException', 'ours')), { path });
    expect([service.status, JSON.parse(service.text)]).toEqual([500, { Type: 'Service', Message: 'ours' }]);

    const validation = await reply(fail(new AwsError('ValidationException', 'bad')), { path });
    expect([validation.status, JSON.parse(validation.text)]).toEqual([400, { message: 'bad' }]);
  });

  it('puts a member into its header', async () => {
    const error = new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
      members: { retryAfterSeconds: '7', Reason: 'CallerRateLimitExceeded' },
    });
    const server = await startServer(fail(error));
    const client = new LambdaClient(clientConfig(server));
    const thrown: unknown = await client
      .send(new GetPolicyCommand({ FunctionName: 'f' }))
      .catch((e: unknown) => e);
    client.destroy();
    expect(thrown).toBeInstanceOf(TooManyRequestsException);
    expect(thrown).toMatchObject({ retryAfterSeconds: '7', Reason: 'CallerRateLimitExceeded' });
  });

  it('refuses what it cannot read or does not know', async () => {
    const handlers: TestHandlers = { lambda: { CreateFunction: () => ({}) } };
    const create = { method: 'POST', path: '/2015-03-31/functions' };
    const garbage = await reply(handlers, { ...create, body: '{' });
    expect([garbage.status, garbage.headers['x-amzn-errortype']]).toEqual([400, 'SerializationException']);
    const wrongType = await reply(handlers, { ...create, body: '{"FunctionName":1}' });
    expect(JSON.parse(wrongType.text)).toEqual({ message: 'NUMBER_VALUE can not be converted to a String' });
    const unknown = await reply({}, { path: '/2015-03-31/nothing' });
    expect([unknown.status, unknown.headers['x-amzn-errortype']]).toEqual([404, 'UnknownOperationException']);
    const absent = await reply({}, { path });
    expect([absent.status, JSON.parse(absent.text)]).toEqual([
      501,
      { message: 'lambda:GetPolicy is not implemented by the sandbox' },
    ]);
  });

  it('lists all missing members, nested ones by path', async () => {
    const { status, headers, text } = await reply(
      { lambda: { CreateFunction: () => ({}) } },
      {
        method: 'POST',
        path: '/2015-03-31/functions',
        body: '{"FunctionName":"f","FileSystemConfigs":[{"Arn":"a"}]}',
      },
    );
    expect([status, headers['x-amzn-errortype']]).toEqual([400, 'ValidationException']);
    expect((JSON.parse(text) as { message: string }).message).toBe(
      "3 validation errors detected: Value null at 'role' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'code' failed to satisfy constraint: Member must not be null; " +
        "Value null at 'fileSystemConfigs.1.member.localMountPath' failed to satisfy constraint: Member must not be null",
    );
  });
});

describe('CloudWatch Logs', () => {
  it('names the error in __type, without a namespace', async () => {
    const error = new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    const { status, headers, text } = await reply(
      { logs: { GetLogEvents: () => Promise.reject(error) } },
      { method: 'POST', headers: LOGS, body: '{"logStreamName":"s"}' },
    );
    expect([status, headers['content-type']]).toEqual([400, 'application/x-amz-json-1.1']);
    expect(JSON.parse(text)).toEqual({ __type: 'ResourceNotFoundException', message: error.message });
  });

  it('names a missing member', async () => {
    const { text } = await reply(
      { logs: { GetLogEvents: () => ({}) } },
      { method: 'POST', headers: LOGS, body: '{}' },
    );
    expect(JSON.parse(text)).toEqual({
      __type: 'InvalidParameterException',
      message:
        "1 validation error detected: Value null at 'logStreamName' failed to satisfy constraint: Member must not be null",
    });
  });

  it.each([
    ['Logs_20140328.Nothing', 400, 'UnknownOperationException'],
    ['Nothing.At.All', 400, 'UnknownOperationException'],
    ['Logs_20140328', 400, 'UnknownOperationException'],
    ['Logs_20140328.TagResource', 501, 'NotImplemented'],
  ])('answers target %s with %i %s', async (target, status, type) => {
    const answer = await reply({}, { method: 'POST', headers: { 'x-amz-target': target }, body: '{}' });
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      status,
      expect.objectContaining({ __type: type }),
    ]);
  });

  it.each(['[]', '"x"', 'null', '{"logStreamName":{}}', '\u0000'])('refuses the body %j', async (body) => {
    const answer = await reply(
      { logs: { GetLogEvents: () => ({}) } },
      { method: 'POST', headers: LOGS, body },
    );
    expect([answer.status, JSON.parse(answer.text)]).toEqual([
      400,
      expect.objectContaining({ __type: 'SerializationException' }),
    ]);
  });
});

describe('IAM', () => {
  const version = 'Version=2010-05-08';

  it('prints the query code of a modelled error', async () => {
    const error = new AwsError('NoSuchEntityException', 'The role with name X cannot be found.');
    const { status, headers, text } = await reply(
      { iam: { GetRole: () => Promise.reject(error) } },
      { method: 'POST', headers: FORM, body: `Action=GetRole&RoleName=X&${version}` },
    );
    expect([status, headers['content-type']]).toEqual([404, 'text/xml']);
    expect(text).toBe(
      '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type>' +
        '<Code>NoSuchEntity</Code><Message>The role with name X cannot be found.</Message></Error>' +
        `<RequestId>${String(headers['x-amzn-requestid'])}</RequestId></ErrorResponse>`,
    );
  });

  it('finds the model by the query code too', async () => {
    const server = await startServer({
      iam: {
        CreateRole: () =>
          Promise.reject(new AwsError('EntityAlreadyExists', 'Role with name X already exists.')),
      },
    });
    const client = new IAMClient(clientConfig(server));
    const command = new CreateRoleCommand({ RoleName: 'X', AssumeRolePolicyDocument: '{}' });
    await expect(client.send(command)).rejects.toMatchObject({
      name: 'EntityAlreadyExistsException',
      $metadata: { httpStatusCode: 409 },
    });
    client.destroy();
  });

  it.each([
    [
      `Action=Nothing&${version}`,
      400,
      'InvalidAction',
      'Could not find operation Nothing for version 2010-05-08',
    ],
    [
      'Action=GetRole&Version=1999-01-01',
      400,
      'InvalidAction',
      'Could not find operation GetRole for version 1999-01-01',
    ],
    [version, 400, 'MissingAction', 'The request is missing an action.'],
    [`Action=GetUser&${version}`, 501, 'NotImplemented', 'iam:GetUser is not implemented by the sandbox'],
    [
      `Action=GetRole&${version}`,
      400,
      'ValidationError',
      "1 validation error detected: Value null at 'roleName' failed to satisfy constraint: Member must not be null",
    ],
  ])('answers %s with %i %s', async (body, status, code, message) => {
    const answer = await reply(
      { iam: { GetRole: () => ({ Role: undefined }) } },
      { method: 'POST', headers: FORM, body },
    );
    expect(answer.status).toBe(status);
    expect(answer.text).toContain(
      `<Code>${code}</Code><Message>${message.replaceAll('"', '&quot;')}</Message>`,
    );
  });
});

describe('SQS', () => {
  it('adds its namespace and the code of the query protocol', () => {
    const service = defineService(SERVICE_SPECS.sqs, {
      QueueDoesNotExist$: [
        -3,
        'com.amazonaws.sqs',
        'QueueDoesNotExist',
        { awsQueryError: ['AWS.SimpleQueueService.NonExistentQueue', 400], error: 'client', httpError: 400 },
        ['message'],
        [0],
      ],
    });
    const context = { requestId: 'r', extendedRequestId: '' };
    const response = printError(
      service,
      new AwsError('QueueDoesNotExist', 'The specified queue does not exist.'),
      context,
    );
    expect(response.headers['x-amzn-query-error']).toBe('AWS.SimpleQueueService.NonExistentQueue;Sender');
    expect(JSON.parse((response.body as Buffer).toString())).toEqual({
      __type: 'com.amazonaws.sqs#QueueDoesNotExist',
      message: 'The specified queue does not exist.',
    });
    const other = printError(service, new AwsError('Throttling', 'slow', { status: 503 }), context);
    expect(other.headers['x-amzn-query-error']).toBe('Throttling;Receiver');
  });
});
