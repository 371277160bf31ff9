import { describe, expect, it } from 'vitest';
import { asyncEventDropped } from '../../../src/core/checks/running/async-event-dropped.ts';
import { lambdaFailed } from '../../../src/core/checks/running/lambda-failed.ts';
import { lambdaKmsEnv } from '../../../src/core/checks/running/lambda-kms-env.ts';
import { lambdaMountOrTenancy } from '../../../src/core/checks/running/lambda-mount-or-tenancy.ts';
import { lambdaPending } from '../../../src/core/checks/running/lambda-pending.ts';
import { roleUnusable } from '../../../src/core/checks/running/role-unusable.ts';
import { throttled } from '../../../src/core/checks/running/throttled.ts';
import type {
  EventInvokeConfiguration,
  FunctionConfiguration,
  FunctionNode,
  LogSeen,
  MetricSeries,
  SeenInvocation,
} from '../../../src/core/doctor/facts.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import {
  ACCOUNT,
  configuration,
  facts,
  fnArn,
  functionNode,
  judge,
  keyNode,
  lambdaDocument,
  log,
  MINUTE,
  NOW,
  policy,
  queueArn,
  queueNode,
  queueAttributes,
  ROLE_ARN,
  roleNode,
  type FactsOver,
} from './support.ts';

const READ = 'lambda:GetFunctionConfiguration';

/** The healthy facts with one function that is set up like this. */
function given(
  over: Partial<FunctionConfiguration>,
  more: FactsOver & { readonly node?: Partial<FunctionNode> } = {},
) {
  const { node, ...rest } = more;
  const one = functionNode({ configuration: read(READ, configuration(over)), ...node });
  return facts({ functions: { [one.arn]: one }, ...rest });
}

const metrics = (...series: readonly (readonly [name: string, value: number])[]) =>
  read(
    'cloudwatch:GetMetricData',
    series.map(([name, value]): MetricSeries => ({
      namespace: 'AWS/Lambda',
      name,
      of: 'thumbs',
      points: [[NOW - 5 * MINUTE, value]],
    })),
  );

const invocation = (status: 'ok' | 'error', time: number): SeenInvocation => ({
  requestId: `r-${time}`,
  starts: [time - 100],
  stream: 's',
  report: { time, durationMs: 100, memoryMb: 128, maxMemoryMb: 60, status },
});

const seen = (over: Partial<LogSeen>) => ({ node: { log: log(over) } });

const deniedConfiguration = facts({
  functions: { [fnArn()]: functionNode({ configuration: denied(READ, 'thumbs') }) },
});

describe('all', () => {
  it.each([lambdaPending, lambdaFailed, lambdaKmsEnv, lambdaMountOrTenancy, roleUnusable])(
    '$id finds nothing in a healthy function, and says when it may not look',
    (check) => {
      expect(judge(check, facts()).findings).toEqual([]);
      const { findings, notChecked } = judge(check, deniedConfiguration);
      expect(findings).toEqual([]);
      expect(notChecked).toContainEqual({
        check: check.id,
        action: READ,
        resource: 'thumbs',
        reason: 'access denied',
      });
    },
  );

  it.each([throttled, asyncEventDropped])('$id says when it may not see metrics', (check) => {
    const { findings, notChecked } = judge(
      check,
      facts({ metrics: denied('cloudwatch:GetMetricData', '*') }),
    );
    expect(findings).toEqual([]);
    expect(notChecked).toMatchObject([{ action: 'cloudwatch:GetMetricData' }]);
  });
});

describe('lambda-pending', () => {
  const pending = (over: Partial<FunctionConfiguration> = {}) =>
    judge(
      lambdaPending,
      given({ state: 'Pending', stateReasonCode: 'Creating', lastModified: NOW - MINUTE, ...over }),
    ).findings;

  it('is late while the function is being created, and stuck after six minutes', () => {
    expect(pending()).toMatchObject([
      { verdict: 'broken', severity: 'LATE', node: fnArn(), ruleIds: ['thumbs'], fix: { mode: 'tell' } },
    ]);
    expect(pending({ lastModified: NOW - 7 * MINUTE })).toMatchObject([
      {
        verdict: 'broken',
        severity: 'BREAK',
        message: 'function thumbs has been waiting for 7m to become active, so it takes no events',
      },
    ]);
  });

  it('does not take an old function that wakes up for a stuck one', () => {
    expect(pending({ stateReasonCode: 'Restoring', lastModified: NOW - 90 * 86_400_000 })).toMatchObject([
      { severity: 'LATE' },
    ]);
  });

  it('measures by the clock of the service', () => {
    const over = given(
      { state: 'Pending', lastModified: NOW - 3 * MINUTE },
      { target: { region: 'eu-west-1', sandbox: false, clockAheadMs: -10 * MINUTE } },
    );
    expect(judge(lambdaPending, over).findings).toMatchObject([{ severity: 'BREAK' }]);
  });

  it('looks at the version that the rule names, and leaves updates alone', () => {
    const arn = fnArn('thumbs:live');
    const live = {
      node: { arn, qualified: read(READ, configuration()) },
      bucket: { notification: read('s3:GetBucketNotification', lambdaDocument({ LambdaFunctionArn: arn })) },
    };
    expect(judge(lambdaPending, given({ state: 'Pending' }, live)).findings).toEqual([]);
    expect(judge(lambdaPending, given({ lastUpdateStatus: 'InProgress' })).findings).toEqual([]);
  });
});

describe('lambda-failed', () => {
  it.each(['Failed', 'Deactivated', 'Deleting', 'ActiveNonInvocable'])('is certain for %s', (state) => {
    expect(judge(lambdaFailed, given({ state, stateReasonCode: 'ImageDeleted' })).findings).toMatchObject([
      { verdict: 'broken', severity: 'BREAK', node: fnArn() },
    ]);
  });

  it('asks to enable the key that it failed for', () => {
    const over = given({ state: 'Failed', stateReasonCode: 'DisabledKMSKey', kmsKeyArn: 'key-1' });
    expect(judge(lambdaFailed, over).findings).toMatchObject([
      { fix: { mode: 'ask', actions: [{ operation: 'EnableKey', input: { KeyId: 'key-1' } }] } },
    ]);
  });

  it.each([
    { state: 'Inactive', stateReasonCode: 'Idle' },
    { state: 'Inactive' },
    { state: 'Active', lastUpdateStatus: 'Failed', lastUpdateReasonCode: 'InvalidSubnet' },
    { state: 'Pending', stateReasonCode: 'Creating' },
  ])('leaves %o alone', (over) => {
    expect(judge(lambdaFailed, given(over)).findings).toEqual([]);
  });

  it('suspects an idle function that did not wake up', () => {
    const over = given({ state: 'Inactive', stateReasonCode: 'SubnetOutOfIPAddresses' });
    expect(judge(lambdaFailed, over).findings).toMatchObject([{ verdict: 'suspected' }]);
  });
});

describe('lambda-kms-env', () => {
  const key = 'arn:aws:kms:eu-west-1:111122223333:key/1';
  const withKey = (state: string, hasEnvironment = true) =>
    given(
      { kmsKeyArn: key, hasEnvironment },
      {
        keys: {
          [key]: keyNode(key, { key: read('kms:DescribeKey', { arn: key, manager: 'CUSTOMER', state }) }),
        },
      },
    );

  it('is certain when the key cannot be used', () => {
    expect(judge(lambdaKmsEnv, withKey('Disabled')).findings).toMatchObject([
      { verdict: 'broken', fix: { mode: 'ask', actions: [{ operation: 'EnableKey' }] } },
    ]);
    expect(judge(lambdaKmsEnv, withKey('PendingDeletion')).findings).toMatchObject([
      { fix: { actions: [{ operation: 'CancelKeyDeletion' }, { operation: 'EnableKey' }] } },
    ]);
    const gone = given(
      { kmsKeyArn: key, hasEnvironment: true },
      { keys: { [key]: keyNode(key, { key: absent('kms:DescribeKey') }) } },
    );
    expect(judge(lambdaKmsEnv, gone).findings).toMatchObject([{ verdict: 'broken', fix: { mode: 'tell' } }]);
  });

  it('is only a risk without environment variables', () => {
    expect(judge(lambdaKmsEnv, withKey('Disabled', false)).findings).toMatchObject([{ verdict: 'risk' }]);
  });

  it('finds nothing with a key that works, and says when it may not look', () => {
    expect(judge(lambdaKmsEnv, withKey('Enabled')).findings).toEqual([]);
    const over = given(
      { kmsKeyArn: key, hasEnvironment: true },
      { keys: { [key]: keyNode(key, { key: denied('kms:DescribeKey', key) }) } },
    );
    expect(judge(lambdaKmsEnv, over)).toMatchObject({
      findings: [],
      notChecked: [{ action: 'kms:DescribeKey' }],
    });
  });

  const renewed = (more: Parameters<typeof given>[1] = {}, hasEnvironment = true) =>
    given(
      { hasEnvironment },
      {
        roles: {
          [ROLE_ARN]: roleNode({ role: read('iam:GetRole', { trust: '{}', createdAt: NOW - 60 * MINUTE }) }),
        },
        ...more,
      },
    );

  it('suspects a role that is younger than the function', () => {
    expect(judge(lambdaKmsEnv, renewed()).findings).toMatchObject([
      { verdict: 'suspected', fix: { mode: 'tell' } },
    ]);
  });

  it('does not when there is nothing to decrypt, or the function ran since', () => {
    expect(judge(lambdaKmsEnv, renewed({}, false)).findings).toEqual([]);
    const ran = renewed(seen({ invocations: [invocation('error', NOW - MINUTE)] }));
    expect(judge(lambdaKmsEnv, ran).findings).toEqual([]);
  });
});

describe('lambda-mount-or-tenancy', () => {
  const system = 'arn:aws:elasticfilesystem:eu-west-1:111122223333:access-point/fsap-1';
  const error = {
    time: NOW - 5 * MINUTE,
    stream: 's',
    type: 'EFSMountTimeoutException',
    message: 'timed out',
  };
  const mounted = (over: Partial<LogSeen>, ...series: readonly (readonly [string, number])[]) =>
    judge(
      lambdaMountOrTenancy,
      given({ fileSystems: [system] }, { ...seen(over), metrics: metrics(...series) }),
    ).findings;

  it('is certain with the error in the log, and not after a later success', () => {
    expect(mounted({ lines: 1, errors: [error] })).toMatchObject([{ verdict: 'broken', severity: 'BREAK' }]);
    const later = { lines: 9, errors: [error], invocations: [invocation('ok', NOW - MINUTE)] };
    expect(mounted(later)).toMatchObject([{ verdict: 'suspected', severity: 'SOME' }]);
  });

  it('does not flag a file system by itself, nor errors of the code', () => {
    expect(mounted({})).toEqual([]);
    expect(mounted({}, ['Invocations', 5], ['Errors', 1])).toEqual([]);
    const own = { ...error, type: 'ValueError', message: 'no' };
    expect(mounted({ lines: 4, errors: [own] }, ['Invocations', 1], ['Errors', 1])).toEqual([]);
  });

  it('suspects it when every invocation failed without a line', () => {
    expect(mounted({}, ['Invocations', 3], ['Errors', 3])).toMatchObject([{ verdict: 'suspected' }]);
  });

  it('does not look for the error where nothing is mounted', () => {
    expect(judge(lambdaMountOrTenancy, given({}, seen({ errors: [error] }))).findings).toEqual([]);
  });

  it('suspects tenant isolation, unless events arrived', () => {
    const over = { tenantIsolation: 'PER_TENANT' };
    expect(judge(lambdaMountOrTenancy, given(over)).findings).toMatchObject([{ verdict: 'suspected' }]);
    const record = {
      time: NOW,
      stream: 's',
      eventName: 'ObjectCreated:Put',
      bucket: 'photos',
      key: 'a',
      rawKey: 'a',
      via: [],
    };
    expect(judge(lambdaMountOrTenancy, given(over, seen({ records: [record] }))).findings).toEqual([]);
  });
});

describe('role-unusable', () => {
  const trusting = (...statements: readonly object[]) => {
    const [first = {}, ...more] = statements;
    return {
      roles: {
        [ROLE_ARN]: roleNode({ role: read('iam:GetRole', { trust: policy({ ...first }, ...more) }) }),
      },
    };
  };
  const LAMBDA = {
    Effect: 'Allow',
    Principal: { Service: 'lambda.amazonaws.com' },
    Action: 'sts:AssumeRole',
  };
  const found = (over: FactsOver) => judge(roleUnusable, facts(over)).findings;

  it('is certain when the role is gone', () => {
    const role = absent('iam:GetRole');
    expect(found({ roles: { [ROLE_ARN]: roleNode({ role }) } })).toMatchObject([
      {
        verdict: 'broken',
        node: fnArn(),
        fix: {
          mode: 'ask',
          actions: [
            { operation: 'CreateRole', input: { RoleName: 'thumbs-role' } },
            { operation: 'AttachRolePolicy' },
            { operation: 'UpdateFunctionConfiguration', input: { FunctionName: 'thumbs', Role: ROLE_ARN } },
          ],
        },
      },
    ]);
  });

  it('keeps the path of the role', () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/team/blue/thumbs-role`;
    const over = given({ roleArn }, { roles: { [roleArn]: roleNode({ role: absent('iam:GetRole') }) } });
    expect(judge(roleUnusable, over).findings).toMatchObject([
      { fix: { actions: [{ input: { RoleName: 'thumbs-role', Path: '/team/blue/' } }, {}, {}] } },
    ]);
  });

  it('says nothing about roles of other accounts', () => {
    const roleArn = 'arn:aws:iam::999988887777:role/theirs';
    const over = given({ roleArn }, { roles: { [roleArn]: roleNode({ role: absent('iam:GetRole') }) } });
    expect(judge(roleUnusable, over).findings).toEqual([]);
  });

  it('is certain when the role does not trust Lambda', () => {
    expect(found(trusting({ ...LAMBDA, Principal: { Service: 'ec2.amazonaws.com' } }))).toMatchObject([
      {
        verdict: 'broken',
        fix: {
          mode: 'ask',
          actions: [{ operation: 'UpdateAssumeRolePolicy', input: { RoleName: 'thumbs-role' } }],
        },
      },
    ]);
    expect(found(trusting(LAMBDA, { ...LAMBDA, Effect: 'Deny' }))).toMatchObject([
      { verdict: 'broken', fix: { mode: 'tell' } },
    ]);
  });

  it.each([
    [
      'other principals beside Lambda',
      { Principal: { Service: ['edgelambda.amazonaws.com', 'lambda.amazonaws.com'], AWS: ACCOUNT } },
    ],
    ['everybody', { Principal: '*' }],
    [
      'its own account and function',
      {
        Condition: { StringEquals: { 'aws:SourceAccount': ACCOUNT }, ArnLike: { 'AWS:SourceArn': fnArn() } },
      },
    ],
    [
      'a pattern of functions',
      { Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:lambda:*:${ACCOUNT}:function:*` } } },
    ],
    [
      'an organization, which cannot be judged',
      { Condition: { StringEquals: { 'aws:SourceOrgID': 'o-1' } } },
    ],
    ['every action', { Action: 'sts:*' }],
  ])('accepts %s', (_, over) => {
    expect(found(trusting({ ...LAMBDA, ...over }))).toEqual([]);
  });

  it('suspects a condition on another function, unless it ran', () => {
    const other = trusting({ ...LAMBDA, Condition: { ArnLike: { 'aws:SourceArn': fnArn('other') } } });
    expect(found(other)).toMatchObject([{ verdict: 'suspected' }]);
    const ran = log({ invocations: [invocation('ok', NOW - MINUTE)] });
    expect(found({ ...other, functions: { [fnArn()]: functionNode({ log: ran }) } })).toEqual([]);
  });

  it('says so when it may not read the role', () => {
    const role = denied('iam:GetRole', 'thumbs-role');
    expect(judge(roleUnusable, facts({ roles: { [ROLE_ARN]: roleNode({ role }) } }))).toMatchObject({
      findings: [],
      notChecked: [{ action: 'iam:GetRole' }],
    });
  });
});

describe('throttled', () => {
  it('suspects it when events had to wait', () => {
    const over = facts({
      metrics: metrics(['Throttles', 4], ['AsyncEventAge', 240_000]),
      functions: { [fnArn()]: functionNode({ concurrency: read('lambda:GetFunctionConcurrency', 2) }) },
    });
    expect(judge(throttled, over).findings).toMatchObject([
      {
        verdict: 'suspected',
        severity: 'LATE',
        fix: { advice: expect.stringContaining('reserved concurrency of 2') as string },
      },
    ]);
  });

  it.each([
    ['no throttles', metrics(['Throttles', 0], ['AsyncEventAge', 240_000])],
    ['throttles of callers that wait for the answer', metrics(['Throttles', 4], ['AsyncEventAge', 300])],
    ['no metrics at all', metrics()],
  ])('leaves %s alone', (_, series) => {
    expect(judge(throttled, facts({ metrics: series })).findings).toEqual([]);
  });

  it('leaves a small reserved concurrency without throttles, and one of 0, alone', () => {
    const reserved = (value: number, ...series: readonly (readonly [string, number])[]) =>
      facts({
        functions: { [fnArn()]: functionNode({ concurrency: read('lambda:GetFunctionConcurrency', value) }) },
        metrics: metrics(...series),
      });
    expect(judge(throttled, reserved(1)).findings).toEqual([]);
    expect(judge(throttled, reserved(0, ['Throttles', 9], ['AsyncEventAge', 900_000])).findings).toEqual([]);
  });

  it('looks at the queue of a function that reads one', () => {
    const mapping = {
      uuid: 'u',
      functionArn: fnArn(),
      state: 'Enabled',
      batchSize: 10,
      windowSeconds: 0,
      filters: [],
      reportsItemFailures: false,
    };
    const over = (waiting: number) =>
      facts({
        bucket: {
          notification: read('s3:GetBucketNotification', {
            QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
          }),
        },
        queues: {
          [queueArn()]: queueNode({
            attributes: read('sqs:GetQueueAttributes', queueAttributes({ waiting })),
            mappings: read('lambda:ListEventSourceMappings', [mapping]),
          }),
        },
        metrics: read('cloudwatch:GetMetricData', [
          { namespace: 'AWS/Lambda', name: 'Throttles', of: 'thumbs', points: [[NOW, 3]] },
          { namespace: 'AWS/SQS', name: 'ApproximateAgeOfOldestMessage', of: 'jobs', points: [[NOW, 300]] },
        ]),
      });
    expect(judge(throttled, over(7)).findings).toMatchObject([{ verdict: 'suspected', depth: 1 }]);
    expect(judge(throttled, over(0)).findings).toEqual([]);
  });
});

describe('async-event-dropped', () => {
  const settings = (over: Partial<EventInvokeConfiguration> = {}) => ({
    eventInvoke: read('lambda:ListFunctionEventInvokeConfigs', [{ qualifier: '$LATEST', ...over }]),
  });

  it('is certain with the metric', () => {
    expect(
      judge(asyncEventDropped, facts({ metrics: metrics(['AsyncEventsDropped', 2]) })).findings,
    ).toMatchObject([
      {
        verdict: 'broken',
        severity: 'SOME',
        message: 'function thumbs missed 2 events, which Lambda gave up, and nothing keeps such events',
        fix: { mode: 'tell' },
      },
    ]);
  });

  it('says where they are kept', () => {
    const over = given(
      {},
      { metrics: metrics(['AsyncEventsDropped', 2]), node: settings({ onFailure: queueArn('failed') }) },
    );
    expect(judge(asyncEventDropped, over).findings).toMatchObject([
      {
        message:
          'function thumbs missed 2 events, which Lambda gave up; such events are to go to queue failed',
      },
    ]);
  });

  it('calls shortened settings without a place for failures a risk', () => {
    const over = given({}, { node: settings({ maximumAgeSeconds: 60 }) });
    expect(judge(asyncEventDropped, over).findings).toMatchObject([
      {
        verdict: 'risk',
        fix: {
          mode: 'ask',
          actions: [
            {
              operation: 'UpdateFunctionEventInvokeConfig',
              input: { FunctionName: 'thumbs', MaximumEventAgeInSeconds: 21_600 },
            },
          ],
        },
      },
    ]);
    expect(
      judge(asyncEventDropped, given({}, { node: settings({ maximumRetries: 0 }) })).findings,
    ).toMatchObject([{ verdict: 'risk' }]);
  });

  it.each([
    ['defaults, without any place for failures', given({})],
    [
      'no settings at all',
      given({}, { node: { eventInvoke: absent('lambda:ListFunctionEventInvokeConfigs') } }),
    ],
    [
      'a place for failures',
      given({}, { node: settings({ maximumAgeSeconds: 60, onFailure: queueArn('failed') }) }),
    ],
    [
      'a dead-letter queue',
      given({ deadLetterArn: queueArn('failed') }, { node: settings({ maximumRetries: 0 }) }),
    ],
    [
      'settings of another qualifier',
      given({}, { node: settings({ qualifier: 'live', maximumRetries: 0 }) }),
    ],
    ['one retry', given({}, { node: settings({ maximumRetries: 1 }) })],
  ])('accepts %s', (_, over) => {
    expect(judge(asyncEventDropped, over).findings).toEqual([]);
  });

  it('says so when it may not read the settings', () => {
    const node = { eventInvoke: denied('lambda:ListFunctionEventInvokeConfigs', 'thumbs') };
    expect(judge(asyncEventDropped, given({}, { node }))).toMatchObject({
      findings: [],
      notChecked: [{ action: 'lambda:ListFunctionEventInvokeConfigs' }],
    });
  });
});
