import { CreateLogGroupCommand, PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, PublishVersionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import {
  readBucket,
  readFunction,
  readFunctionPolicy,
  readLogGroup,
  readNotification,
  readRole,
} from '../../src/aws/read-facts.ts';
import { hasCode } from '../../src/core/errors.ts';
import { valueOf, type Fact } from '../../src/core/facts.ts';
import { LAMBDA_TRUST, PRINTING_HANDLERS } from '../support/function-code.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';
import { countOf, intercept, sandboxAws } from './sandbox-aws.ts';

const OURS = { 'created-by': 's3evt' };
const GROUP = '/aws/lambda/f';

async function makeRole({ iam }: TestSandbox): Promise<string> {
  const output = await iam.send(
    new CreateRoleCommand({
      RoleName: 'r',
      AssumeRolePolicyDocument: LAMBDA_TRUST,
      Tags: [{ Key: 'created-by', Value: 's3evt' }],
    }),
  );
  return output.Role?.Arn ?? '';
}

async function makeFunction(sandbox: TestSandbox): Promise<string> {
  const Role = await makeRole(sandbox);
  await sandbox.lambda.send(
    new CreateFunctionCommand({ FunctionName: 'f', Role, Tags: OURS, ...PRINTING_HANDLERS.python }),
  );
  return Role;
}

const READS: Readonly<
  Record<string, readonly [operation: string, action: string, (aws: Aws) => Promise<Fact<unknown>>]>
> = {
  bucket: ['HeadBucket', 's3:ListBucket', (aws) => readBucket(aws, 'demo')],
  notification: [
    'GetBucketNotificationConfiguration',
    's3:GetBucketNotification',
    (aws) => readNotification(aws, 'demo'),
  ],
  function: ['GetFunction', 'lambda:GetFunction', (aws) => readFunction(aws, 'f')],
  policy: ['GetPolicy', 'lambda:GetPolicy', (aws) => readFunctionPolicy(aws, 'f')],
  role: ['GetRole', 'iam:GetRole', (aws) => readRole(aws, 'r')],
  'log group': ['DescribeLogGroups', 'logs:DescribeLogGroups', (aws) => readLogGroup(aws, GROUP)],
};

describe.each(Object.entries(READS))('%s', (_, [operation, action, read]) => {
  test('that is not there is absent', async () => {
    expect(await read(sandboxAws(await startTestSandbox()))).toEqual({ state: 'absent' });
  });

  test('that may not be read is denied, with the IAM action', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: { operation }, effect: { kind: 'deny' } });
    const fact = await read(sandboxAws(sandbox));
    expect(fact).toMatchObject({ state: 'denied', action, error: { code: 'ACCESS_DENIED', exitCode: 4 } });
    expect(() => valueOf(fact)).toThrow(action);
  });

  test.each([
    [{ kind: 'throttle' } as const, 'THROTTLED'],
    [{ kind: 'error', status: 500, code: 'InternalError', message: 'no' } as const, 'AWS_UNAVAILABLE'],
  ])('that fails is failed: %#', async (effect, code) => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: { operation }, effect });
    const fact = await read(sandboxAws(sandbox));
    expect(fact.state).toBe('failed');
    // An answer to HEAD has no body: the status is all there is.
    const codes = operation === 'HeadBucket' ? ['AWS_UNAVAILABLE'] : [code];
    expect(fact.state === 'failed' && hasCode(fact.error, ...(codes as ['THROTTLED']))).toBe(true);
  });

  test.each([
    ['ExpiredToken', 'CREDENTIALS_EXPIRED'],
    ['InvalidClientTokenId', 'CREDENTIALS_INVALID'],
  ])('with bad credentials (%s) ends the run', async (code, expected) => {
    if (operation === 'HeadBucket') return;
    const sandbox = await startTestSandbox();
    const effect = { kind: 'error', status: 403, code, message: 'no' } as const;
    sandbox.faults.add({ match: { operation }, effect });
    await expect(read(sandboxAws(sandbox))).rejects.toMatchObject({ code: expected });
  });

  test('without a network ends the run', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({ match: { operation }, effect: { kind: 'reset' } });
    await expect(read(sandboxAws(sandbox))).rejects.toMatchObject({ code: 'NETWORK' });
  });

  test('an abort is an abort', async () => {
    const sandbox = await startTestSandbox();
    const signal = AbortSignal.abort(new Error('interrupted'));
    await expect(read(sandboxAws(sandbox, { signal }))).rejects.toThrow('interrupted');
  });
});

describe('readBucket', () => {
  test('names the Region, also from another one', async () => {
    const sandbox = await startTestSandbox({ region: 'eu-central-1' });
    await sandbox.s3.send(
      new CreateBucketCommand({
        Bucket: 'demo',
        CreateBucketConfiguration: { LocationConstraint: 'eu-central-1' },
      }),
    );
    const expected = { state: 'known', value: { name: 'demo', region: 'eu-central-1' } };
    expect(await readBucket(sandboxAws(sandbox, { region: 'eu-central-1' }), 'demo')).toEqual(expected);
    const elsewhere = sandboxAws(sandbox, { region: 'us-west-2' });
    expect(await readBucket(elsewhere, 'demo')).toEqual(expected);
    expect(await readNotification(elsewhere, 'demo')).toMatchObject({
      state: 'failed',
      error: { code: 'WRONG_REGION' },
    });
  });
});

describe('readNotification', () => {
  test('is the plain document: empty, then as it was put', async () => {
    const sandbox = await startTestSandbox();
    const aws = sandboxAws(sandbox);
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'demo' }));
    expect(await readNotification(aws, 'demo')).toStrictEqual({ state: 'known', value: {} });
    const QueueArn = 'arn:aws:sqs:us-east-1:000000000000:q';
    await sandbox.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'demo',
        SkipDestinationValidation: true,
        NotificationConfiguration: {
          QueueConfigurations: [
            {
              Id: 'q',
              QueueArn,
              Events: ['s3:ObjectCreated:*'],
              Filter: { Key: { FilterRules: [{ Name: 'suffix', Value: '' }] } },
            },
          ],
          EventBridgeConfiguration: {},
        },
      }),
    );
    expect(valueOf(await readNotification(aws, 'demo', '000000000000'))).toStrictEqual({
      QueueConfigurations: [
        {
          Id: 'q',
          QueueArn,
          Events: ['s3:ObjectCreated:*'],
          Filter: { Key: { FilterRules: [{ Name: 'Suffix', Value: '' }] } },
        },
      ],
      EventBridgeConfiguration: {},
    });
  });

  test('of a bucket of another account than the expected one is denied', async () => {
    const sandbox = await startTestSandbox();
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'demo' }));
    const fact = await readNotification(sandboxAws(sandbox), 'demo', '444455556666');
    expect(fact).toMatchObject({ state: 'denied', action: 's3:GetBucketNotification' });
  });
});

describe('readFunction', () => {
  test('by name, by ARN, of a version: the ARN has no qualifier', async () => {
    const sandbox = await startTestSandbox();
    const roleArn = await makeFunction(sandbox);
    await sandbox.lambda.send(new PublishVersionCommand({ FunctionName: 'f' }));
    const aws = sandboxAws(sandbox);
    const arn = 'arn:aws:lambda:us-east-1:000000000000:function:f';
    const value = {
      name: 'f',
      arn,
      runtime: 'python3.12',
      roleArn,
      state: 'Active',
      stateReason: undefined,
      logGroup: GROUP,
      tags: OURS,
    };
    for (const name of ['f', arn, `${arn}:1`, 'f:1']) {
      expect(await readFunction(aws, name)).toMatchObject({ state: 'known', value: { ...value, tags: {} } });
    }
    expect(valueOf(await readFunction(aws, 'f'))).toEqual(value);
  });

  test('an old one without state is active; an image has no runtime', async () => {
    const sandbox = await startTestSandbox();
    await makeFunction(sandbox);
    const aws = sandboxAws(sandbox);
    await intercept(aws, (next, { commandName }) => async (args) => {
      const result = (await next(args)) as { output: { Configuration: object } };
      if (commandName !== 'GetFunctionCommand') return result;
      const none = { State: undefined, Runtime: undefined, LoggingConfig: undefined };
      return { ...result, output: { Configuration: { ...result.output.Configuration, ...none } } };
    });
    expect(valueOf(await readFunction(aws, 'f'))).toMatchObject({
      state: 'Active',
      runtime: undefined,
      logGroup: GROUP,
      tags: {},
    });
  });
});

describe('readFunctionPolicy', () => {
  test('is that of the very qualifier', async () => {
    const sandbox = await startTestSandbox();
    await makeFunction(sandbox);
    await sandbox.lambda.send(new PublishVersionCommand({ FunctionName: 'f' }));
    const permission = { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
    await sandbox.lambda.send(
      new AddPermissionCommand({ ...permission, StatementId: 'one', Qualifier: '1' }),
    );
    const aws = sandboxAws(sandbox);
    expect(await readFunctionPolicy(aws, 'f')).toEqual({ state: 'absent' });
    expect(valueOf(await readFunctionPolicy(aws, 'f', '1'))).toContain('"Sid":"one"');
    await sandbox.lambda.send(new AddPermissionCommand({ ...permission, StatementId: 'plain' }));
    expect(valueOf(await readFunctionPolicy(aws, 'f'))).toContain('"Sid":"plain"');
  });

  test('that is no policy has failed: nothing may be decided on it', async () => {
    const sandbox = await startTestSandbox();
    await makeFunction(sandbox);
    const aws = sandboxAws(sandbox);
    await intercept(
      aws,
      (next, { commandName }) =>
        async (args) =>
          commandName === 'GetPolicyCommand' ? { output: { Policy: '{"Version":' } } : next(args),
    );
    expect(await readFunctionPolicy(aws, 'f')).toMatchObject({
      state: 'failed',
      error: { code: 'AWS_ERROR' },
    });
  });
});

describe('readRole', () => {
  test('has tags and the names of its inline policies', async () => {
    const sandbox = await startTestSandbox();
    const arn = await makeRole(sandbox);
    const aws = sandboxAws(sandbox);
    expect(valueOf(await readRole(aws, 'r'))).toEqual({ name: 'r', arn, tags: OURS, inlinePolicies: [] });
    const PolicyDocument = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: 'logs:*', Resource: '*' }],
    });
    await sandbox.iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument }));
    expect(valueOf(await readRole(aws, 'r'))?.inlinePolicies).toEqual(['p']);
  });

  test('whose policies may not be listed is denied, with that action', async () => {
    const sandbox = await startTestSandbox();
    await makeRole(sandbox);
    sandbox.faults.add({ match: { operation: 'ListRolePolicies' }, effect: { kind: 'deny' } });
    expect(await readRole(sandboxAws(sandbox), 'r')).toMatchObject({
      state: 'denied',
      action: 'iam:ListRolePolicies',
    });
  });
});

describe('readLogGroup', () => {
  const ARN = `arn:aws:logs:us-east-1:000000000000:log-group:${GROUP}`;

  test('is the one of that very name', async () => {
    const sandbox = await startTestSandbox();
    const aws = sandboxAws(sandbox);
    await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName: `${GROUP}-2` }));
    expect(await readLogGroup(aws, GROUP)).toEqual({ state: 'absent' });
    await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName: GROUP }));
    expect(await readLogGroup(aws, GROUP)).toEqual({
      state: 'known',
      value: { arn: ARN, unfinished: false },
    });
  });

  test('of ours without a retention is unfinished', async () => {
    const sandbox = await startTestSandbox();
    const aws = sandboxAws(sandbox);
    await sandbox.logs.send(new CreateLogGroupCommand({ logGroupName: GROUP, tags: OURS }));
    expect(valueOf(await readLogGroup(aws, GROUP))).toEqual({ arn: ARN, unfinished: true });
    // Whose it is cannot be told: then it is left alone.
    const remove = sandbox.faults.add({
      match: { operation: 'ListTagsForResource' },
      effect: { kind: 'deny' },
    });
    expect(valueOf(await readLogGroup(aws, GROUP))?.unfinished).toBe(false);
    remove();
    await sandbox.logs.send(new PutRetentionPolicyCommand({ logGroupName: GROUP, retentionInDays: 7 }));
    const before = countOf(sandbox, 'ListTagsForResource');
    expect(valueOf(await readLogGroup(aws, GROUP))?.unfinished).toBe(false);
    expect(countOf(sandbox, 'ListTagsForResource')).toBe(before);
  });
});
