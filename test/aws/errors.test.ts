import { InvokeCommand } from '@aws-sdk/client-lambda';
import { HeadBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { isAbort, translateError } from '../../src/aws/errors.ts';
import type { Target } from '../../src/aws/target.ts';
import { S3evtError } from '../../src/core/errors.ts';
import { KEYS, makeAws, makeHome, sendXml, startServer } from './support.ts';

const TARGET: Target = {
  profile: { value: 'dev', source: 'flag', name: '--profile' },
  region: { value: 'eu-west-1', source: 'flag', name: '--region' },
  endpointUrl: undefined,
  serviceEndpoints: {},
  sandbox: false,
};
const at = (url: string): Target => ({
  ...TARGET,
  endpointUrl: { value: url, source: 'environment', name: 'AWS_ENDPOINT_URL' },
});
const CALL = { action: 's3:PutObject', resource: 'demo/key', target: TARGET };

/** As the SDK throws it. */
function sdkError(name: string, message: string, status?: number, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(message), {
    name,
    $fault: 'client',
    $metadata: { httpStatusCode: status, requestId: 'R1', attempts: 1 },
    ...more,
  });
}

function networkError(code: string, message = code, more: Record<string, unknown> = {}): Error {
  return Object.assign(new Error(message), { code, $metadata: { attempts: 3 }, ...more });
}

describe('codes of AWS', () => {
  test.each<[string, number | undefined, string]>([
    ['ExpiredToken', 400, 'CREDENTIALS_EXPIRED'],
    ['ExpiredTokenException', 400, 'CREDENTIALS_EXPIRED'],
    ['RequestExpired', 400, 'CREDENTIALS_EXPIRED'],
    ['TokenRefreshRequired', 400, 'CREDENTIALS_EXPIRED'],
    ['InvalidAccessKeyId', 403, 'CREDENTIALS_INVALID'],
    ['UnrecognizedClientException', 400, 'CREDENTIALS_INVALID'],
    ['SignatureDoesNotMatch', 403, 'CREDENTIALS_INVALID'],
    ['InvalidSignatureException', 403, 'CREDENTIALS_INVALID'],
    ['InvalidClientTokenId', 403, 'CREDENTIALS_INVALID'],
    ['AuthFailure', 401, 'CREDENTIALS_INVALID'],
    ['AccessDenied', 403, 'ACCESS_DENIED'],
    ['AccessDeniedException', 400, 'ACCESS_DENIED'],
    ['UnauthorizedOperation', 403, 'ACCESS_DENIED'],
    ['Unknown', 403, 'ACCESS_DENIED'],
    ['ThrottlingException', 400, 'THROTTLED'],
    ['TooManyRequestsException', 429, 'THROTTLED'],
    ['SlowDown', 503, 'THROTTLED'],
    ['Unknown', 429, 'THROTTLED'],
    ['InternalError', 500, 'AWS_UNAVAILABLE'],
    ['ServiceUnavailableException', 503, 'AWS_UNAVAILABLE'],
    ['NotImplemented', 501, 'AWS_ERROR'],
    ['Unknown', 501, 'AWS_ERROR'],
    ['NoSuchBucket', 404, 'NOT_FOUND'],
    ['NoSuchKey', 404, 'NOT_FOUND'],
    ['NotFound', 404, 'NOT_FOUND'],
    ['ResourceNotFoundException', 400, 'NOT_FOUND'],
    ['NoSuchEntity', 404, 'NOT_FOUND'],
    ['NoSuchEntityException', 404, 'NOT_FOUND'],
    ['Unknown', 404, 'NOT_FOUND'],
    ['PermanentRedirect', 301, 'WRONG_REGION'],
    ['AuthorizationHeaderMalformed', 400, 'WRONG_REGION'],
    ['IllegalLocationConstraintException', 400, 'WRONG_REGION'],
    ['Unknown', 301, 'WRONG_REGION'],
    ['BucketAlreadyExists', 409, 'NAME_TAKEN'],
    ['BucketAlreadyOwnedByYou', 409, 'AWS_ERROR'],
    ['RequestTimeTooSkewed', 403, 'AWS_ERROR'],
    ['ResourceConflictException', 409, 'AWS_ERROR'],
    ['InvalidArgument', 400, 'AWS_ERROR'],
  ])('%s with %s is %s', (name, status, code) => {
    const cause = sdkError(name, 'the reason', status);
    const error = translateError(cause, CALL);
    expect(error.code).toBe(code);
    expect(error.message).toContain('the reason');
    const { action } = CALL;
    expect(error.aws).toEqual({ name, message: 'the reason', action, status, requestId: 'R1' });
    expect(error.cause).toBe(cause);
  });

  test('what is not known keeps its code and message', () => {
    expect(translateError(sdkError('MalformedXML', 'not well-formed', 400), CALL).message).toBe(
      's3:PutObject on demo/key failed: not well-formed (MalformedXML)',
    );
  });

  test('an answer without a body is named by its status', () => {
    expect(translateError(sdkError('403', 'UnknownError', 403), CALL)).toMatchObject({
      code: 'ACCESS_DENIED',
      message: 'access denied, s3:PutObject on demo/key is not allowed: HTTP 403',
      aws: { message: 'HTTP 403' },
    });
  });

  test.each([
    ['a thrown text', 'a thrown text'],
    [undefined, 'no message'],
    [null, 'no message'],
    [{ message: 'an object' }, 'an object'],
  ])('anything may be thrown: %j', (thrown, text) => {
    const error = translateError(thrown, CALL);
    expect(error).toMatchObject({ code: 'AWS_ERROR', aws: { name: 'UnknownError', message: text } });
  });

  test('a mistake in the program is not blamed on AWS', () => {
    expect(translateError(new TypeError('x is not a function'), CALL).code).toBe('INTERNAL');
    // The SDK's parser throws one of these for an answer that is not AWS's.
    expect(translateError(sdkError('TypeError', 'x', 200), CALL).code).toBe('AWS_ERROR');
  });
});

describe('access denied', () => {
  test('the action and resource that AWS names win over those of the call', () => {
    const message =
      'User: arn:aws:iam::111122223333:user/a is not authorized to perform: lambda:AddPermission on resource: ' +
      'arn:aws:lambda:eu-west-1:111122223333:function:fn because no identity-based policy allows the lambda:AddPermission action';
    const error = translateError(sdkError('AccessDeniedException', message, 403), CALL);
    expect(error.message).toContain(
      'lambda:AddPermission on arn:aws:lambda:eu-west-1:111122223333:function:fn is not allowed',
    );
    expect(error.hint).toBe('Ask for the IAM permission lambda:AddPermission, or choose another --profile.');
    expect(error.exitCode).toBe(4);
  });

  test('the form that STS uses', () => {
    const error = sdkError('AccessDenied', 'Not authorized to perform sts:AssumeRoleWithWebIdentity', 403);
    expect(translateError(error, CALL).hint).toContain('sts:AssumeRoleWithWebIdentity');
  });

  test('without them the action of the call is named', () => {
    expect(translateError(sdkError('AccessDenied', 'Access Denied', 403), CALL)).toMatchObject({
      message: 'access denied, s3:PutObject on demo/key is not allowed: Access Denied',
      hint: 'Ask for the IAM permission s3:PutObject, or choose another --profile.',
    });
  });

  test('an explicit deny is not mended by one more permission', () => {
    const message =
      'User: arn is not authorized to perform: s3:PutObject on resource: "arn:aws:s3:::demo/key" with an explicit deny in a service control policy';
    expect(translateError(sdkError('AccessDenied', message, 403), CALL).hint).toMatch(
      /denies s3:PutObject explicitly/,
    );
  });
});

describe('credentials', () => {
  const provider = (message: string) =>
    Object.assign(new Error(message), { name: 'CredentialsProviderError' });

  test.each<[string, string, readonly string[]]>([
    [
      'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
      'CREDENTIALS_EXPIRED',
      ['aws sso login --profile dev'],
    ],
    [
      "Token is expired. To refresh this SSO session run 'aws sso login' with the corresponding profile.",
      'CREDENTIALS_EXPIRED',
      ['aws sso login --profile dev'],
    ],
    [
      'UnauthorizedException: Session token not found or invalid',
      'CREDENTIALS_EXPIRED',
      ['aws sso login --profile dev'],
    ],
    ['Your session has expired. Please reauthenticate.', 'CREDENTIALS_EXPIRED', ['aws login --profile dev']],
    [
      'Failed to load a token for session arn, please re-authenticate using aws login',
      'CREDENTIALS_EXPIRED',
      ['aws login --profile dev'],
    ],
    [
      'Could not load credentials from any providers',
      'CREDENTIALS_MISSING',
      ['aws configure', 'aws sso login'],
    ],
    [
      'Could not resolve credentials using profile: [dev] in configuration/credentials file(s).',
      'CREDENTIALS_MISSING',
      ['aws configure', 'aws sso login'],
    ],
    ['Command failed: /bin/false', 'CREDENTIALS_INVALID', []],
    [
      'Profile is configured with invalid SSO credentials. Required parameters "sso_account_id"',
      'CREDENTIALS_INVALID',
      [],
    ],
  ])('%s', (message, code, commands) => {
    expect(translateError(provider(message), CALL)).toMatchObject({ code, commands });
  });

  test('the command names the profile as a shell takes it, and none where none is set', () => {
    const expired = sdkError('ExpiredToken', 'The provided token has expired.', 400);
    const named = (value: string): Target => ({
      ...TARGET,
      profile: { value, source: 'flag', name: '--profile' },
    });
    const commands = (target: Target) => translateError(expired, { ...CALL, target }).commands;
    expect(commands(named("a b'c"))).toEqual([`aws sso login --profile 'a b'\\''c'`]);
    expect(commands({ ...TARGET, profile: undefined })).toEqual(['aws sso login']);
  });

  test('missing ones lead to the sandbox', () => {
    expect(translateError(provider('Could not load credentials from any providers'), CALL).hint).toContain(
      '--sandbox',
    );
  });

  test.each([
    'Signature expired: 20260102T030405Z is now earlier than 20260102T040405Z',
    'Signature not yet current: x',
  ])('a wrong clock that looks like a wrong signature: %s', (message) => {
    expect(translateError(sdkError('InvalidSignatureException', message, 403), CALL)).toMatchObject({
      code: 'AWS_ERROR',
      hint: expect.stringContaining('Set the clock') as string,
    });
  });
});

describe('wrong region', () => {
  test('the region is taken from the header or the element', () => {
    const header = { $response: { headers: { 'x-amz-bucket-region': 'us-west-2' } } };
    for (const more of [header, { Region: 'us-west-2' }]) {
      expect(translateError(sdkError('PermanentRedirect', 'elsewhere', 301, more), CALL)).toMatchObject({
        code: 'WRONG_REGION',
        message: 's3:PutObject on demo/key: the bucket is in us-west-2, not in eu-west-1',
        hint: 'Pass --region us-west-2.',
        aws: { region: 'us-west-2' },
      });
    }
  });

  test('an answer that does not name it', () => {
    expect(translateError(sdkError('PermanentRedirect', 'elsewhere', 301), CALL)).toMatchObject({
      message: 's3:PutObject on demo/key: elsewhere',
      hint: 'Pass --region with the region of the bucket.',
    });
  });
});

describe('network', () => {
  test.each(['ENOTFOUND', 'EAI_AGAIN', 'ECONNREFUSED', 'ECONNRESET', 'ETIMEDOUT', 'EHOSTUNREACH', 'EPIPE'])(
    '%s',
    (code) => {
      expect(translateError(networkError(code), CALL)).toMatchObject({
        code: 'NETWORK',
        retryable: true,
        message: `cannot reach AWS in eu-west-1 (${code})`,
        hint: expect.stringContaining('HTTPS_PROXY') as string,
      });
    },
  );

  test('a refused local endpoint leads to the sandbox', () => {
    for (const url of [
      'http://127.0.0.1:4566',
      'http://localhost:4566',
      'http://[::1]:4566',
      'http://s3.localhost',
    ]) {
      expect(translateError(networkError('ECONNREFUSED'), { ...CALL, target: at(url) })).toMatchObject({
        message: `cannot reach ${url} (ECONNREFUSED)`,
        hint: expect.stringContaining('AWS_ENDPOINT_URL') as string,
        commands: ['s3evt sandbox start'],
      });
    }
    expect(
      translateError(networkError('ECONNREFUSED'), { ...CALL, target: at('https://s3.example.com') })
        .commands,
    ).toEqual([]);
  });

  test('the endpoint of the service is the one that is named', () => {
    const target: Target = {
      ...at('http://127.0.0.1:1'),
      serviceEndpoints: {
        CLOUDWATCH_LOGS: { value: 'http://127.0.0.1:2', source: 'environment', name: 'X' },
      },
    };
    expect(
      translateError(networkError('ECONNREFUSED'), { action: 'logs:FilterLogEvents', target }).message,
    ).toContain(':2 ');
    expect(
      translateError(networkError('ECONNREFUSED'), { action: 's3:PutObject', target }).message,
    ).toContain(':1 ');
  });

  test('a refused connection to several addresses has its code and no message', () => {
    const both = Object.assign(new AggregateError([new Error('::1'), new Error('127.0.0.1')]), {
      code: 'ECONNREFUSED',
    });
    expect(translateError(both, { ...CALL, target: at('http://localhost:1') }).code).toBe('NETWORK');
  });

  test.each([
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'CERT_HAS_EXPIRED',
    'ERR_TLS_CERT_ALTNAME_INVALID',
  ])('certificate: %s', (code) => {
    expect(translateError(networkError(code, 'not trusted'), CALL)).toMatchObject({
      code: 'NETWORK',
      message: `the certificate of AWS in eu-west-1 is not trusted: not trusted (${code})`,
      hint: expect.stringContaining('AWS_CA_BUNDLE') as string,
    });
  });

  test('the time limits of the SDK', () => {
    const late = networkError(
      'ETIMEDOUT',
      '@smithy/node-http-handler - [ERROR] a request has exceeded the configured 60000 ms requestTimeout.',
      { name: 'TimeoutError' },
    );
    expect(translateError(late, CALL).code).toBe('TIMEOUT');
    const unconnected = Object.assign(new Error('the request socket did not establish a connection'), {
      name: 'TimeoutError',
    });
    expect(translateError(unconnected, CALL).code).toBe('NETWORK');
  });
});

describe('what passes through', () => {
  test('an error of s3evt, as it is', () => {
    const error = new S3evtError('USAGE', 'x');
    expect(translateError(error, CALL)).toBe(error);
  });

  test('aborts are thrown as they came', () => {
    const aborted = Object.assign(new Error('Request aborted'), { name: 'AbortError' });
    expect(() => translateError(aborted, CALL)).toThrow(aborted);
    expect(isAbort(aborted)).toBe(true);
    expect(isAbort(AbortSignal.abort().reason)).toBe(true);
    expect(isAbort(Object.assign(new Error('x'), { code: 'ABORT_ERR' }))).toBe(true);
    expect(isAbort(new Error('AbortError'))).toBe(false);
    expect(isAbort(undefined)).toBe(false);
  });
});

describe('as the SDK really throws them', () => {
  const FUNCTION = 'arn:aws:lambda:eu-west-1:111122223333:function:fn';
  const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:q';
  const start = (answer: Parameters<typeof startServer>[0]) =>
    startServer(answer).then(({ url }) =>
      makeAws({ ...makeHome().env, ...KEYS, AWS_REGION: 'eu-west-1', AWS_ENDPOINT_URL: url }),
    );

  test('the refused destinations of S3', async () => {
    const aws = await start((_request, response) =>
      sendXml(
        response,
        400,
        '<Error><Code>InvalidArgument</Code><Message>Unable to validate the following destination configurations</Message>' +
          `<ArgumentName1>${FUNCTION}, null</ArgumentName1><ArgumentValue1>Not authorized to invoke function [${FUNCTION}]</ArgumentValue1>` +
          `<ArgumentName2>${QUEUE}</ArgumentName2><ArgumentValue2>The destination queue does not exist</ArgumentValue2>` +
          '<RequestId>R</RequestId><HostId>H</HostId></Error>',
      ),
    );
    const s3 = await aws.s3();
    const put = new PutBucketNotificationConfigurationCommand({
      Bucket: 'demo',
      NotificationConfiguration: {},
    });
    await expect(
      aws.call((options) => s3.send(put, options), { action: 's3:PutBucketNotification', resource: 'demo' }),
    ).rejects.toMatchObject({
      code: 'AWS_ERROR',
      message:
        's3:PutBucketNotification on demo failed: Unable to validate the following destination configurations ' +
        `(${FUNCTION}: Not authorized to invoke function [${FUNCTION}]) (${QUEUE}: The destination queue does not exist) (InvalidArgument)`,
      aws: {
        name: 'InvalidArgument',
        message: 'Unable to validate the following destination configurations',
        arguments: [
          { name: FUNCTION, value: `Not authorized to invoke function [${FUNCTION}]` },
          { name: QUEUE, value: 'The destination queue does not exist' },
        ],
      },
    });
  });

  test('the one argument of a syntactic error', async () => {
    const aws = await start((_request, response) =>
      sendXml(
        response,
        400,
        '<Error><Code>InvalidArgument</Code><Message>The ARN could not be parsed</Message><ArgumentName>Queue</ArgumentName>' +
          '<ArgumentValue>nonsense</ArgumentValue><RequestId>R</RequestId></Error>',
      ),
    );
    const s3 = await aws.s3();
    const put = new PutBucketNotificationConfigurationCommand({
      Bucket: 'demo',
      NotificationConfiguration: {},
    });
    await expect(
      aws.call((options) => s3.send(put, options), { action: 's3:PutBucketNotification' }),
    ).rejects.toMatchObject({
      message:
        's3:PutBucketNotification failed: The ARN could not be parsed (Queue: nonsense) (InvalidArgument)',
    });
  });

  test.each([
    [301, { 'x-amz-bucket-region': 'us-west-2' }, 'WRONG_REGION'],
    [403, {}, 'ACCESS_DENIED'],
    [404, {}, 'NOT_FOUND'],
  ])('HEAD with %i and no body', async (status, headers, code) => {
    const aws = await start((_request, response) => sendXml(response, status, '', headers));
    const s3 = await aws.s3();
    await expect(
      aws.call((options) => s3.send(new HeadBucketCommand({ Bucket: 'demo' }), options), {
        action: 's3:ListBucket',
      }),
    ).rejects.toMatchObject({ code, aws: { status } });
  });

  test.each<[number, string, string, string]>([
    [404, 'ResourceNotFoundException', `Function not found: ${FUNCTION}`, 'NOT_FOUND'],
    [
      403,
      'AccessDeniedException',
      `User: x is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION}`,
      'ACCESS_DENIED',
    ],
    [
      403,
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
      'CREDENTIALS_INVALID',
    ],
  ])('Lambda: %i %s', async (status, name, message, code) => {
    const aws = await start((_request, response) => {
      response.writeHead(status, {
        'content-type': 'application/json',
        'x-amzn-errortype': name,
        'x-amzn-requestid': 'L1',
      });
      response.end(JSON.stringify({ Message: message }));
    });
    const lambda = await aws.lambda();
    await expect(
      aws.call((options) => lambda.send(new InvokeCommand({ FunctionName: 'fn' }), options), {
        action: 'lambda:InvokeFunction',
      }),
    ).rejects.toMatchObject({ code, aws: { name, message, status, requestId: 'L1' } });
  });

  test('an endpoint that is not AWS', async () => {
    const aws = await start((_request, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<!doctype html><p>Hello');
    });
    const logs = await aws.logs();
    const { DescribeLogGroupsCommand } = await import('@aws-sdk/client-cloudwatch-logs');
    await expect(
      aws.call((options) => logs.send(new DescribeLogGroupsCommand({}), options), {
        action: 'logs:DescribeLogGroups',
      }),
    ).rejects.toMatchObject({ code: 'AWS_ERROR' });
  });
});
