import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, ListRolesCommand } from '@aws-sdk/client-iam';
import { CreateFunctionCommand, InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { HeadBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { formatFault } from '../../src/sandbox/fault-spec.ts';
import { createFaults, type Faults } from '../../src/sandbox/faults.ts';
import { AwsError } from '../../src/sandbox/wire/types.ts';
import { LAMBDA_TRUST, zipOf } from '../support/function-code.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

/** What the SDK makes of a failed call. */
async function failureOf(call: Promise<unknown>) {
  const error = (await call.then(
    () => undefined,
    (reason: unknown) => reason,
  )) as { name: string; message: string; $metadata?: { httpStatusCode?: number } } | undefined;
  return error && { name: error.name, message: error.message, status: error.$metadata?.httpStatusCode };
}

const calls = {
  s3: (sandbox: TestSandbox) => sandbox.s3.send(new ListBucketsCommand({})),
  lambda: (sandbox: TestSandbox) => sandbox.lambda.send(new ListFunctionsCommand({})),
  logs: (sandbox: TestSandbox) => sandbox.logs.send(new DescribeLogGroupsCommand({})),
  iam: (sandbox: TestSandbox) => sandbox.iam.send(new ListRolesCommand({})),
  sts: (sandbox: TestSandbox) => sandbox.sts.send(new GetSessionTokenCommand({})),
};
const services = Object.keys(calls) as (keyof typeof calls)[];

describe('faults', () => {
  it('answer with each service’s own way to say "too many requests"', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: {}, effect: { kind: 'throttle' } });
    const failures = await Promise.all(services.map((service) => failureOf(calls[service](sandbox))));
    expect(failures).toEqual([
      { name: 'SlowDown', message: 'Please reduce your request rate.', status: 503 },
      { name: 'TooManyRequestsException', message: 'Rate exceeded', status: 429 },
      { name: 'ThrottlingException', message: 'Rate exceeded', status: 400 },
      { name: 'Throttling', message: 'Rate exceeded', status: 400 },
      { name: 'Throttling', message: 'Rate exceeded', status: 400 },
    ]);
  });

  it('answer with each service’s own way to say "not allowed"', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: {}, effect: { kind: 'deny' } });
    const text = (action: string, resource: string) =>
      `User: arn:aws:iam::000000000000:root is not authorized to perform: ${action} on resource: ${resource} ` +
      `because no identity-based policy allows the ${action} action`;
    const failures = await Promise.all(services.map((service) => failureOf(calls[service](sandbox))));
    const lambdas = 'arn:aws:lambda:us-east-1:000000000000:function:*';
    expect(failures).toEqual([
      { name: 'AccessDenied', message: 'Access Denied', status: 403 },
      { name: 'AccessDeniedException', message: text('lambda:ListFunctions', lambdas), status: 403 },
      {
        name: 'AccessDeniedException',
        message: text('logs:DescribeLogGroups', 'arn:aws:logs:us-east-1:000000000000:log-group:*'),
        status: 400,
      },
      { name: 'AccessDenied', message: text('iam:ListRoles', '*'), status: 403 },
      { name: 'AccessDenied', message: text('sts:GetSessionToken', '*'), status: 403 },
    ]);
    const invoke = sandbox.lambda.send(new InvokeCommand({ FunctionName: 'f' }));
    expect((await failureOf(invoke))?.message).toBe(text('lambda:InvokeFunction', lambdas));
    expect(await failureOf(sandbox.s3.send(new HeadBucketCommand({ Bucket: 'bucket' })))).toMatchObject({
      status: 403,
    });
    // As on AWS: nobody can be denied to ask who he is.
    expect(await sandbox.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({
      Account: '000000000000',
    });
  });

  it('match service and operation, and are spent after their times', async () => {
    const sandbox = await startTestSandbox();
    const effect = { kind: 'error', status: 500, code: 'InternalError', message: 'on purpose' } as const;
    sandbox.faults.add({ match: { service: 's3', operation: 'ListBuckets' }, effect, times: 2 });
    expect(await failureOf(calls.logs(sandbox))).toBeUndefined();
    const expected = { name: 'InternalError', message: 'on purpose', status: 500 };
    expect(await failureOf(calls.s3(sandbox))).toEqual(expected);
    expect(await failureOf(calls.s3(sandbox))).toEqual(expected);
    expect(await failureOf(calls.s3(sandbox))).toBeUndefined();
  });

  it('can be taken away one by one or all together', async () => {
    const sandbox = await startTestSandbox();
    const remove = sandbox.faults.add({ match: { service: 's3' }, effect: { kind: 'throttle' } });
    sandbox.faults.add({ match: { service: 's3' }, effect: { kind: 'deny' } });
    expect((await failureOf(calls.s3(sandbox)))?.name).toBe('SlowDown');
    remove();
    expect((await failureOf(calls.s3(sandbox)))?.name).toBe('AccessDenied');
    sandbox.faults.clear();
    expect(await failureOf(calls.s3(sandbox))).toBeUndefined();
  });

  it('are shared with whoever made them, from the first request on', async () => {
    const faults = createFaults();
    faults.add({ match: { service: 's3' }, effect: { kind: 'throttle' }, times: 1 });
    const sandbox = await startTestSandbox({ faults });
    expect((await failureOf(calls.s3(sandbox)))?.name).toBe('SlowDown');
    expect(await failureOf(calls.s3(sandbox))).toBeUndefined();
  });

  it('delay a request by the sandbox’s clock, then let later rules take effect', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    sandbox.faults.add({ match: { service: 'logs' }, effect: { kind: 'latency', ms: 5_000 } });
    sandbox.faults.add({ match: { service: 'logs' }, effect: { kind: 'throttle' } });
    let answered = false;
    const outcome = failureOf(calls.logs(sandbox)).finally(() => (answered = true));
    await clock.waitForSleeper();
    await clock.advance(4_999);
    expect([answered, clock.sleepers]).toEqual([false, 1]);
    await clock.advance(1);
    expect(await outcome).toMatchObject({ name: 'ThrottlingException' });
  });

  it('cut the connection without an answer, once, and the SDK tries again', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: { service: 's3' }, effect: { kind: 'reset' }, times: 1 });
    expect(await failureOf(calls.s3(sandbox))).toMatchObject({
      message: expect.stringMatching(/ECONNRESET|socket hang up/),
      status: undefined,
    });
    expect(await failureOf(calls.s3(sandbox))).toBeUndefined();

    sandbox.faults.add({ match: { service: 'logs' }, effect: { kind: 'reset' }, times: 1 });
    const patient = new CloudWatchLogsClient({
      endpoint: sandbox.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
      maxAttempts: 2,
    });
    await patient.send(new DescribeLogGroupsCommand({}));
    patient.destroy();
    const requests = sandbox.journal.entries().filter((entry) => entry.type === 'request');
    expect(
      requests.filter((entry) => entry.operation === 'DescribeLogGroups').map((entry) => entry.status),
    ).toEqual([0, 200]);
  });

  it('leave their trace in the journal', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: { service: 'iam' }, effect: { kind: 'throttle' } });
    await failureOf(calls.iam(sandbox));
    expect(sandbox.journal.entries()).toMatchObject([
      { type: 'request', service: 'iam', operation: 'ListRoles', status: 400, errorCode: 'Throttling' },
    ]);
  });

  it('name themselves in the journal', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    sandbox.faults.add({ match: { service: 'iam' }, effect: { kind: 'throttle' }, times: 1 });
    await failureOf(calls.iam(sandbox));
    await calls.iam(sandbox);
    sandbox.faults.add({ effect: { kind: 'latency', ms: 10 } });
    const slow = calls.iam(sandbox);
    await clock.waitForSleeper();
    await clock.advance(10);
    await slow;
    const requests = sandbox.journal.entries().filter((entry) => entry.type === 'request');
    expect(requests.map(({ status, fault, at }) => [status, fault, at])).toEqual([
      [400, 'throttle', clock.now() - 10],
      [200, undefined, clock.now() - 10],
      [200, 'latency', clock.now()],
    ]);
  });

  it('delay roles and functions while the sandbox runs', async () => {
    const sandbox = await startTestSandbox({ iamPropagationMs: 1 });
    expect(sandbox.faults.propagation('iam-propagation', 1)).toBe(1);
    const remove = sandbox.faults.add({ effect: { kind: 'iam-propagation', ms: 60_000 } });
    const { Role } = await sandbox.iam.send(
      new CreateRoleCommand({ RoleName: 'slow-role', AssumeRolePolicyDocument: LAMBDA_TRUST }),
    );
    const create = () =>
      sandbox.lambda.send(
        new CreateFunctionCommand({
          FunctionName: 'slow',
          Role: Role?.Arn,
          Runtime: 'nodejs22.x',
          Handler: 'app.handler',
          Code: { ZipFile: zipOf('app.mjs', 'export const handler = async () => 1;') },
        }),
      );
    expect((await failureOf(create()))?.message).toMatch(/cannot be assumed by Lambda/);
    remove();
    sandbox.faults.add({ effect: { kind: 'function-activation', ms: 60_000 } });
    sandbox.faults.add({ effect: { kind: 'iam-propagation', ms: 0 } });
    expect(await create()).toMatchObject({ State: 'Pending' });
  });
});

const noClock = createManualClock();

/** What a call makes of the faults, without a sandbox. */
async function outcome(faults: Faults, service: string, operation = 'X'): Promise<unknown> {
  const ctx = { account: '000000000000', region: 'us-east-1' };
  const error: unknown = await faults
    .apply({ service, operation, ctx }, noClock, new AbortController().signal)
    .catch((thrown: unknown) => thrown);
  return error instanceof AwsError ? [error.code, error.status, error.message] : error;
}

describe('the services that events go to', () => {
  it.each([
    ['sqs', 'RequestThrottled', 403],
    ['sns', 'Throttled', 429],
    ['events', 'ThrottlingException', 400],
    ['kms', 'ThrottlingException', 400],
  ])('%s throttles with %s', async (service, code, status) => {
    const faults = createFaults();
    faults.add({ effect: { kind: 'throttle' } });
    expect(await outcome(faults, service)).toEqual([code, status, expect.stringMatching(/rate|throttled/i)]);
  });

  it.each([
    ['sqs', 'SendMessage', 'AccessDenied', 403, 'sqs:sendmessage'],
    ['sns', 'Publish', 'AuthorizationError', 403, 'SNS:Publish'],
    ['events', 'PutRule', 'AccessDeniedException', 400, 'events:PutRule'],
    ['kms', 'Decrypt', 'AccessDeniedException', 400, 'kms:Decrypt'],
  ])('%s denies %s with %s', async (service, operation, code, status, action) => {
    const faults = createFaults();
    faults.add({ effect: { kind: 'deny' } });
    expect(await outcome(faults, service, operation)).toEqual([
      code,
      status,
      expect.stringContaining(`is not authorized to perform: ${action} on resource`),
    ]);
  });
});

describe('faults with a rate', () => {
  const hits = async (seed?: number, others = false) => {
    const faults = createFaults(seed === undefined ? {} : { seed });
    faults.add({ match: { service: 's3' }, effect: { kind: 'throttle' }, rate: 0.3 });
    faults.add({ match: { service: 'logs' }, effect: { kind: 'throttle' }, rate: 0.3 });
    const seen: boolean[] = [];
    for (let i = 0; i < 200; i++) {
      seen.push((await outcome(faults, 's3')) !== undefined);
      if (others) await outcome(faults, 'logs');
    }
    return seen;
  };

  it('strike about as often as that, the same ones in each run, whatever else is asked', async () => {
    const first = await hits();
    const count = first.filter(Boolean).length;
    expect(count).toBeGreaterThan(40);
    expect(count).toBeLessThan(80);
    expect(await hits(undefined, true)).toEqual(first);
    expect(await hits(1)).not.toEqual(first);
  });

  it('count only hits towards their times, and say what is left', async () => {
    const faults = createFaults();
    faults.add({ match: { service: 's3' }, effect: { kind: 'throttle' }, rate: 0.3, times: 3 });
    faults.add({ effect: { kind: 'iam-propagation', ms: 5 } });
    let count = 0;
    const left: unknown[] = [];
    for (let i = 0; i < 200; i++) {
      if ((await outcome(faults, 's3')) === undefined) continue;
      count++;
      left.push(faults.list().map(formatFault)[0]);
    }
    expect(count).toBe(3);
    expect(left).toEqual([
      'throttle:s3,times=2,rate=0.3',
      'throttle:s3,times=1,rate=0.3',
      'iam-propagation:5ms',
    ]);
    expect(await outcome(faults, 's3')).toBeUndefined();
  });

  it('count what stands for a request, and only where they throttle', () => {
    const faults = createFaults();
    const invoke = { service: 'lambda', operation: 'Invoke' };
    faults.add({ effect: { kind: 'deny' } });
    faults.add({ match: { service: 'sqs' }, effect: { kind: 'throttle' } });
    expect(faults.throttles(invoke)).toBe(false);
    faults.add({ match: invoke, effect: { kind: 'throttle' }, times: 2 });
    const asked = Array.from({ length: 3 }, () => faults.throttles(invoke));
    expect(asked).toEqual([true, true, false]);
    expect(faults.throttles({ service: 'sqs', operation: 'SendMessage' })).toBe(true);
  });
});
