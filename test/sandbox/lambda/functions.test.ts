import {
  AddPermissionCommand,
  CreateAliasCommand,
  DeleteAliasCommand,
  DeleteFunctionCommand,
  GetAccountSettingsCommand,
  GetAliasCommand,
  GetFunctionCommand,
  GetFunctionConfigurationCommand,
  GetFunctionEventInvokeConfigCommand,
  ListAliasesCommand,
  ListFunctionEventInvokeConfigsCommand,
  ListFunctionsCommand,
  ListTagsCommand,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  PutFunctionEventInvokeConfigCommand,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  UpdateFunctionEventInvokeConfigCommand,
  waitUntilFunctionActiveV2,
  type CreateFunctionCommandInput,
  type LambdaClient,
} from '@aws-sdk/client-lambda';
import { zipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { createManualClock } from '../../support/manual-clock.ts';
import { arnOf, failure, ROLE, startLambda, zipOf } from './harness.ts';

const CODE = { 'app.mjs': 'export const handler = async () => "one";' };
const CHANGED = { 'app.mjs': 'export const handler = async () => "two";' };

const SOURCE = { bucketArn: 'arn:aws:s3:::bucket', account: '111122223333', region: 'us-east-1' };
const allowS3 = (client: LambdaClient, FunctionName: string) =>
  client.send(
    new AddPermissionCommand({
      FunctionName,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: SOURCE.bucketArn,
    }),
  );

describe('CreateFunction', () => {
  test('the answer is Pending with every default, then the function is Active', async () => {
    const clock = createManualClock(Date.UTC(2026, 10, 22, 10, 0, 0, 5));
    const { create, client } = await startLambda({ clock });
    const { $metadata, ...created } = await create('fn', CODE);
    expect($metadata.httpStatusCode).toBe(201);
    expect(created).toEqual({
      FunctionName: 'fn',
      FunctionArn: arnOf('fn'),
      Runtime: 'nodejs22.x',
      Role: ROLE,
      Handler: 'app.handler',
      CodeSize: expect.any(Number),
      CodeSha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}=$/),
      Description: '',
      Timeout: 3,
      MemorySize: 128,
      LastModified: '2026-11-22T10:00:00.005+0000',
      Version: '$LATEST',
      TracingConfig: { Mode: 'PassThrough' },
      RevisionId: expect.any(String),
      State: 'Pending',
      StateReason: 'The function is being created.',
      StateReasonCode: 'Creating',
      PackageType: 'Zip',
      Architectures: ['x86_64'],
      EphemeralStorage: { Size: 512 },
      SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
      RuntimeVersionConfig: {
        RuntimeVersionArn: expect.stringContaining('arn:aws:lambda:us-east-1::runtime:'),
      },
      LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/fn' },
    });
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'fn' }));
    const { StateReason: _, StateReasonCode: __, ...rest } = created;
    expect(Configuration).toEqual({ ...rest, State: 'Active', LastUpdateStatus: 'Successful' });
    await waitUntilFunctionActiveV2({ client, maxWaitTime: 5 }, { FunctionName: 'fn' });
  });

  const big = zipSync({ 'app.mjs': new Uint8Array(262_144_000) });
  test.each<[string, Partial<CreateFunctionCommandInput>, string, number, string | RegExp]>([
    [
      'a role that is no ARN',
      { Role: 'r1' },
      'ValidationException',
      400,
      "1 validation error detected: Value 'r1' at 'role' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:(aws[a-zA-Z-]*)?:iam::\\d{12}:role/?[a-zA-Z_0-9+=,.@\\-_/]+",
    ],
    [
      'a missing role',
      { Role: `${ROLE}-missing` },
      'InvalidParameterValueException',
      400,
      'The role defined for the function cannot be assumed by Lambda.',
    ],
    [
      'an unknown runtime',
      { Runtime: 'nodejs99.x' as 'nodejs22.x' },
      'InvalidParameterValueException',
      400,
      /^Value nodejs99\.x at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: \[.*python3\.13.*\] or be a valid ARN$/,
    ],
    [
      'a blocked runtime',
      { Runtime: 'nodejs14.x' },
      'InvalidParameterValueException',
      400,
      'The runtime parameter of nodejs14.x is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime while creating or updating functions.',
    ],
    [
      'no zip',
      { Code: { ZipFile: Buffer.from('PK nothing') } },
      'InvalidParameterValueException',
      400,
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    ],
    [
      'an entry outside of the package',
      { Code: { ZipFile: zipOf({ '../evil.mjs': '' }) } },
      'InvalidParameterValueException',
      400,
      'Could not unzip uploaded file. Please check your file, then try to upload again.',
    ],
    [
      'an empty zip',
      { Code: { ZipFile: zipSync({}) } },
      'InvalidParameterValueException',
      400,
      'Uploaded file must be a non-empty zip',
    ],
    [
      'too much inside',
      { Code: { ZipFile: big } },
      'InvalidParameterValueException',
      400,
      'Unzipped size must be smaller than 262144000 bytes',
    ],
    [
      'code that is not in S3',
      { Code: { S3Bucket: 'b', S3Key: 'k' } },
      'InvalidParameterValueException',
      400,
      'Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
    ],
    [
      'a reserved variable',
      { Environment: { Variables: { AWS_REGION: 'x' } } },
      'InvalidParameterValueException',
      400,
      /contains reserved keys .* Reserved keys used in this request: AWS_REGION$/,
    ],
    [
      'too large variables',
      { Environment: { Variables: { A: 'x'.repeat(4096) } } },
      'InvalidParameterValueException',
      400,
      /exceeded the 4KB limit\. String measured: \{"A":"x+"\}$/,
    ],
    [
      'a timeout out of range',
      { Timeout: 901 },
      'ValidationException',
      400,
      "1 validation error detected: Value '901' at 'timeout' failed to satisfy constraint: Member must have value less than or equal to 900",
    ],
    [
      'another region',
      { FunctionName: 'arn:aws:lambda:eu-west-1:111122223333:function:fn' },
      'ResourceNotFoundException',
      404,
      "Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    ],
    ['another account', { FunctionName: '999999999999:function:fn' }, 'AccessDeniedException', 403, /.*/],
  ])('refuses %s', async (_, input, code, status, message) => {
    const { create } = await startLambda({
      deps: { roleExists: (arn) => (arn.endsWith('-missing') ? 'missing' : 'ok') },
    });
    const error = await failure(create('fn', CODE, input));
    expect(error).toMatchObject({ code, status });
    if (typeof message === 'string') expect(error.message).toBe(message);
    else expect(error.message).toMatch(message);
  });

  test('refuses a name that exists', async () => {
    const { create } = await startLambda();
    await create('fn', CODE);
    expect(await failure(create('fn', CODE))).toEqual({
      code: 'ResourceConflictException',
      status: 409,
      message: 'Function already exist: fn',
    });
  });

  test('code from S3', async () => {
    const asked: unknown[] = [];
    const { create, invoke } = await startLambda({
      deps: {
        readCodeObject: async (...where) => {
          asked.push(where);
          return zipOf(CODE);
        },
      },
    });
    await create('fn', CODE, { Code: { S3Bucket: 'b', S3Key: 'k', S3ObjectVersion: 'v' } });
    expect(asked).toEqual([['us-east-1', 'b', 'k', 'v']]);
    expect((await invoke('fn')).text).toBe('"one"');
  });
});

describe('states', () => {
  test('Pending refuses invocations and updates; InProgress runs the old code', async () => {
    const clock = createManualClock();
    const { create, client, invoke } = await startLambda({
      clock,
      deps: { options: { activationMs: 1000 } },
    });
    await create('fn', CODE);
    const pending = {
      code: 'ResourceConflictException',
      status: 409,
      message:
        'The operation cannot be performed at this time. The function is currently in the following state: Pending',
    };
    const update = () =>
      client.send(new UpdateFunctionCodeCommand({ FunctionName: 'fn', ZipFile: zipOf(CHANGED) }));
    expect(await failure(invoke('fn'))).toEqual(pending);
    expect(await failure(update())).toEqual(pending);
    expect(await failure(client.send(new PublishVersionCommand({ FunctionName: 'fn' })))).toEqual(pending);
    await clock.advance(1000);
    expect((await invoke('fn')).text).toBe('"one"');
    expect(await update()).toMatchObject({
      State: 'Active',
      LastUpdateStatus: 'InProgress',
      LastUpdateStatusReason: 'The function is being created.',
      LastUpdateStatusReasonCode: 'Creating',
    });
    expect(await failure(update())).toEqual({
      code: 'ResourceConflictException',
      status: 409,
      message: `The operation cannot be performed at this time. An update is in progress for resource: ${arnOf('fn')}`,
    });
    expect((await invoke('fn')).text).toBe('"one"');
    await clock.advance(1000);
    expect((await invoke('fn')).text).toBe('"two"');
    const { Configuration } = await client.send(new GetFunctionCommand({ FunctionName: 'fn' }));
    expect(Configuration).toMatchObject({ State: 'Active', LastUpdateStatus: 'Successful' });
  });

  test('an event for a function that is still Pending waits for it', async () => {
    const clock = createManualClock();
    const { create, service, env, client, messages } = await startLambda({
      clock,
      deps: { options: { activationMs: 1000 } },
    });
    await create('fn', CODE);
    await allowS3(client, 'fn');
    expect(await service.destination.deliver(arnOf('fn'), '{}', SOURCE)).toBeUndefined();
    expect(messages()).toEqual([]);
    await clock.advance(1000);
    const entry = await env.journal.waitFor((e) => e.type === 'invocation');
    expect(entry).toMatchObject({ outcome: 'ok' });
  });
});

describe('reading and updating', () => {
  test('unknown functions, wrong qualifiers, partial ARNs', async () => {
    const { create, client } = await startLambda();
    const get = (FunctionName: string, Qualifier?: string) =>
      client.send(new GetFunctionCommand({ FunctionName, ...(Qualifier && { Qualifier }) }));
    const missing = (arn: string) => ({
      code: 'ResourceNotFoundException',
      status: 404,
      message: `Function not found: ${arn}`,
    });
    expect(await failure(get('nope'))).toEqual(missing(arnOf('nope')));
    expect(await failure(get('nope', '42'))).toEqual(missing(`${arnOf('nope')}:42`));
    await create('fn', CODE);
    expect(await failure(get('fn', 'live'))).toEqual(missing(`${arnOf('fn')}:live`));
    expect(await failure(get('fn:1', '2'))).toEqual({
      code: 'InvalidParameterValueException',
      status: 400,
      message: 'The derived qualifier from the function name does not match the specified qualifier.',
    });
    for (const name of ['fn', arnOf('fn'), '111122223333:function:fn', 'function:fn']) {
      expect((await get(name)).Configuration?.FunctionArn).toBe(arnOf('fn'));
    }
    expect((await get('fn', '$LATEST')).Configuration?.FunctionArn).toBe(`${arnOf('fn')}:$LATEST`);
  });

  test('functions are per region', async () => {
    const { create, clientIn, client } = await startLambda();
    await create('fn', CODE);
    const other = clientIn('eu-west-1');
    expect((await other.send(new ListFunctionsCommand({}))).Functions).toEqual([]);
    expect((await failure(other.send(new GetFunctionCommand({ FunctionName: 'fn' })))).message).toContain(
      ':eu-west-1:',
    );
    expect((await client.send(new ListFunctionsCommand({}))).Functions).toHaveLength(1);
    other.destroy();
  });

  test('UpdateFunctionConfiguration changes what is given and nothing else', async () => {
    const { create, client } = await startLambda();
    const before = await create('fn', CODE, {
      Environment: { Variables: { A: '1' } },
      LoggingConfig: { LogFormat: 'JSON' },
      Timeout: 7,
    });
    expect(before.LoggingConfig).toEqual({
      LogFormat: 'JSON',
      ApplicationLogLevel: 'INFO',
      SystemLogLevel: 'INFO',
      LogGroup: '/aws/lambda/fn',
    });
    const after = await client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'fn',
        MemorySize: 256,
        LoggingConfig: { LogFormat: 'Text' },
      }),
    );
    expect(after).toMatchObject({ MemorySize: 256, Timeout: 7, Environment: { Variables: { A: '1' } } });
    expect(after.LoggingConfig).toEqual({ LogFormat: 'Text', LogGroup: '/aws/lambda/fn' });
    expect(after.RevisionId).not.toBe(before.RevisionId);
    const stale = client.send(
      new UpdateFunctionConfigurationCommand({
        FunctionName: 'fn',
        Timeout: 9,
        RevisionId: before.RevisionId!,
      }),
    );
    expect(await failure(stale)).toMatchObject({ code: 'PreconditionFailedException', status: 412 });
    const cleared = await client.send(
      new UpdateFunctionConfigurationCommand({ FunctionName: 'fn', Environment: { Variables: {} } }),
    );
    expect(cleared.Environment?.Variables).toEqual({});
  });

  test('lists page in order of names', async () => {
    const { create, client } = await startLambda();
    for (const name of ['c', 'a', 'b']) await create(name, CODE);
    const first = await client.send(new ListFunctionsCommand({ MaxItems: 2 }));
    expect(first.Functions?.map((f) => f.FunctionName)).toEqual(['a', 'b']);
    expect(first.Functions?.[0]).not.toHaveProperty('State');
    const second = await client.send(new ListFunctionsCommand({ Marker: first.NextMarker! }));
    expect(second.Functions?.map((f) => f.FunctionName)).toEqual(['c']);
    expect(second.NextMarker).toBeUndefined();
  });
});

describe('versions and aliases', () => {
  test('publishing, aliases, and what each runs', async () => {
    const { create, client, invoke, lines } = await startLambda();
    await create('fn', CODE);
    const one = await client.send(new PublishVersionCommand({ FunctionName: 'fn', Description: 'first' }));
    expect(one).toMatchObject({ Version: '1', FunctionArn: `${arnOf('fn')}:1`, Description: 'first' });
    expect((await client.send(new PublishVersionCommand({ FunctionName: 'fn' }))).Version).toBe('1');
    await client.send(new UpdateFunctionCodeCommand({ FunctionName: 'fn', ZipFile: zipOf(CHANGED) }));
    const wrong = client.send(new PublishVersionCommand({ FunctionName: 'fn', CodeSha256: one.CodeSha256! }));
    expect((await failure(wrong)).message).toMatch(
      /^CodeSHA256 \(.*\) is different from current CodeSHA256 in \$LATEST \(.*\)\. Please try again/,
    );
    expect((await client.send(new PublishVersionCommand({ FunctionName: 'fn' }))).Version).toBe('2');
    const { Versions } = await client.send(new ListVersionsByFunctionCommand({ FunctionName: 'fn' }));
    expect(Versions?.map((v) => v.FunctionArn)).toEqual(
      ['$LATEST', '1', '2'].map((v) => `${arnOf('fn')}:${v}`),
    );

    const alias = await client.send(
      new CreateAliasCommand({ FunctionName: 'fn', Name: 'live', FunctionVersion: '1' }),
    );
    expect(alias).toMatchObject({ AliasArn: `${arnOf('fn')}:live`, FunctionVersion: '1', Description: '' });
    const live = await invoke('fn', {}, { Qualifier: 'live' });
    expect([live.text, live.version]).toEqual(['"one"', '1']);
    expect(lines[0]!.stream).toMatch(/\/\[1\][0-9a-f]{32}$/);
    expect((await invoke(`${arnOf('fn')}:2`)).text).toBe('"two"');
    await client.send(new UpdateAliasCommand({ FunctionName: 'fn', Name: 'live', FunctionVersion: '2' }));
    expect((await invoke('fn:live')).text).toBe('"two"');
    expect((await client.send(new ListAliasesCommand({ FunctionName: 'fn' }))).Aliases).toHaveLength(1);
    expect(
      await failure(
        client.send(new CreateAliasCommand({ FunctionName: 'fn', Name: 'live', FunctionVersion: '1' })),
      ),
    ).toMatchObject({
      status: 409,
      message: `Alias already exists: ${arnOf('fn')}:live`,
    });

    const remove = (Qualifier?: string) =>
      client.send(new DeleteFunctionCommand({ FunctionName: 'fn', ...(Qualifier && { Qualifier }) }));
    expect((await failure(remove('$LATEST'))).message).toBe(
      '$LATEST version cannot be deleted without deleting the function.',
    );
    expect((await failure(remove('2'))).message).toBe(
      'Unable to delete version because the following aliases reference it: [live]',
    );
    await client.send(new DeleteAliasCommand({ FunctionName: 'fn', Name: 'live' }));
    expect(
      (await failure(client.send(new GetAliasCommand({ FunctionName: 'fn', Name: 'live' })))).message,
    ).toBe(`Cannot find alias arn: ${arnOf('fn')}:live`);
    await remove('2');
    expect((await failure(invoke('fn', {}, { Qualifier: '2' }))).message).toBe(
      `Function not found: ${arnOf('fn')}:2`,
    );
    await remove();
    expect((await failure(remove())).status).toBe(404);
  });
});

describe('Invoke', () => {
  test('DryRun, bad JSON, sizes', async () => {
    const { create, invoke, client, messages } = await startLambda();
    await create('fn', CODE);
    expect((await invoke('fn', {}, { InvocationType: 'DryRun' })).status).toBe(204);
    expect(messages()).toEqual([]);
    const bad = await failure(invoke('fn', {}, { Payload: Buffer.from('{x') }));
    expect(bad).toMatchObject({ code: 'InvalidRequestContentException', status: 400 });
    expect(bad.message).toMatch(
      /^Could not parse request body into json: Could not parse payload into json: /,
    );
    const payload = (bytes: number) => Buffer.from(JSON.stringify('x'.repeat(bytes - 2)));
    expect(await failure(invoke('fn', {}, { Payload: payload(6_291_457) }))).toEqual({
      code: 'RequestTooLargeException',
      status: 413,
      message: 'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
    });
    expect(
      await failure(invoke('fn', {}, { Payload: payload(1_048_577), InvocationType: 'Event' })),
    ).toMatchObject({ status: 413 });
    expect((await failure(invoke('nope'))).message).toBe(`Function not found: ${arnOf('nope')}`);
    expect((await client.send(new GetFunctionConfigurationCommand({ FunctionName: 'fn' }))).State).toBe(
      'Active',
    );
  });

  test('an absent payload is an empty object', async () => {
    const { create, invoke } = await startLambda();
    await create('fn', { 'app.mjs': 'export const handler = async (e) => e;' });
    expect((await invoke('fn', {}, { Payload: new Uint8Array() })).text).toBe('{}');
  });
});

describe('options', () => {
  test('event invoke configurations', async () => {
    const { create, client } = await startLambda();
    await create('fn', CODE);
    const FunctionName = 'fn';
    const get = () => client.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
    expect((await failure(get())).message).toBe(
      `The function ${arnOf('fn')}:$LATEST doesn't have an EventInvokeConfig`,
    );
    expect(
      (await failure(client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName })))).message,
    ).toBe('You must specify at least one of error handling or destination setting.');
    const self = { OnFailure: { Destination: arnOf('fn') } };
    expect(
      (
        await failure(
          client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, DestinationConfig: self })),
        )
      ).message,
    ).toBe("You can't specify the function as a destination for itself.");
    expect(
      (
        await failure(
          client.send(
            new PutFunctionEventInvokeConfigCommand({ FunctionName: 'nope', MaximumRetryAttempts: 1 }),
          ),
        )
      ).message,
    ).toBe("The function doesn't exist.");
    await client.send(new PutFunctionEventInvokeConfigCommand({ FunctionName, MaximumRetryAttempts: 1 }));
    await client.send(
      new UpdateFunctionEventInvokeConfigCommand({ FunctionName, MaximumEventAgeInSeconds: 60 }),
    );
    expect(await get()).toMatchObject({
      FunctionArn: `${arnOf('fn')}:$LATEST`,
      MaximumRetryAttempts: 1,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: { OnSuccess: {}, OnFailure: {} },
      LastModified: expect.any(Date),
    });
    const { FunctionEventInvokeConfigs } = await client.send(
      new ListFunctionEventInvokeConfigsCommand({ FunctionName }),
    );
    expect(FunctionEventInvokeConfigs).toHaveLength(1);
  });

  test('tags and account figures', async () => {
    const { create, client } = await startLambda();
    await create('fn', CODE, { Tags: { a: '1' } });
    const Resource = arnOf('fn');
    await client.send(new TagResourceCommand({ Resource, Tags: { b: '2' } }));
    await client.send(new UntagResourceCommand({ Resource, TagKeys: ['a'] }));
    expect((await client.send(new ListTagsCommand({ Resource }))).Tags).toEqual({ b: '2' });
    expect((await client.send(new GetFunctionCommand({ FunctionName: 'fn' }))).Tags).toEqual({ b: '2' });
    const { AccountLimit, AccountUsage } = await client.send(new GetAccountSettingsCommand({}));
    expect(AccountLimit).toMatchObject({ ConcurrentExecutions: 1000, UnreservedConcurrentExecutions: 1000 });
    expect(AccountUsage).toEqual({ FunctionCount: 1, TotalCodeSize: zipOf(CODE).byteLength });
  });
});
