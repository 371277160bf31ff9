import { CloudWatchLogsClient, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListRolesCommand } from '@aws-sdk/client-iam';
import { InvokeCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import { HeadBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, GetSessionTokenCommand } from '@aws-sdk/client-sts';
import { describe, expect, it } from 'vitest';
import { createFaults } from '../../src/sandbox/faults.ts';
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
});
