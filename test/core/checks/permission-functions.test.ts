import { describe, expect, it } from 'vitest';
import { lambdaPermissionCondition } from '../../../src/core/checks/permission/lambda-permission-condition.ts';
import { lambdaPermissionMissing } from '../../../src/core/checks/permission/lambda-permission-missing.ts';
import { lambdaPermissionWrongAccount } from '../../../src/core/checks/permission/lambda-permission-wrong-account.ts';
import { lambdaPermissionWrongPrincipal } from '../../../src/core/checks/permission/lambda-permission-wrong-principal.ts';
import { lambdaPermissionWrongQualifier } from '../../../src/core/checks/permission/lambda-permission-wrong-qualifier.ts';
import { lambdaPermissionWrongSourceArn } from '../../../src/core/checks/permission/lambda-permission-wrong-source-arn.ts';
import { absent, denied, read } from '../../../src/core/doctor/reading.ts';
import { INVOKE, invoke, NO_POLICY, OTHER_ACCOUNT, said, withFunction } from './access-support.ts';
import { ACCOUNT, BUCKET_ARN, facts, fnArn, judge, policy, queueArn, queueNode } from './support.ts';

const FAMILY = [
  lambdaPermissionMissing,
  lambdaPermissionWrongSourceArn,
  lambdaPermissionWrongAccount,
  lambdaPermissionWrongQualifier,
  lambdaPermissionWrongPrincipal,
  lambdaPermissionCondition,
];

const from = (sourceArn: string, operator = 'ArnLike') => ({
  Condition: {
    StringEquals: { 'AWS:SourceAccount': ACCOUNT, ...(operator === 'StringEquals' ? arn(sourceArn) : {}) },
    ...(operator === 'StringEquals' ? {} : { [operator]: arn(sourceArn) }),
  },
});
const arn = (sourceArn: string) => ({ 'AWS:SourceArn': sourceArn });
const account = (id: string) => ({
  Condition: { StringEquals: { 'AWS:SourceAccount': id }, ArnLike: arn(BUCKET_ARN) },
});
const live = `${fnArn()}:live`;

describe('a function that does not admit S3 has one cause', () => {
  it.each<readonly [string, string, ReturnType<typeof withFunction>]>([
    ['no policy', 'lambda-permission-missing broken', withFunction(NO_POLICY)],
    ['an empty policy', 'lambda-permission-missing broken', withFunction('{"Statement":[]}')],
    ['no policy at all', 'lambda-permission-missing suspected', withFunction('<html>')],
    [
      'another bucket',
      'lambda-permission-wrong-source-arn broken',
      withFunction(policy(invoke(from('arn:aws:s3:::old')))),
    ],
    [
      'the objects of the bucket',
      'lambda-permission-wrong-source-arn broken',
      withFunction(policy(invoke(from(`${BUCKET_ARN}/*`)))),
    ],
    [
      'another partition',
      'lambda-permission-wrong-source-arn broken',
      withFunction(policy(invoke(from('arn:aws-cn:s3:::photos')))),
    ],
    [
      'upper case',
      'lambda-permission-wrong-source-arn broken',
      withFunction(policy(invoke(from('arn:aws:s3:::Photos')))),
    ],
    [
      'a wildcard that is none',
      'lambda-permission-wrong-source-arn broken',
      withFunction(policy(invoke(from('arn:aws:s3:::pho*', 'StringEquals')))),
    ],
    [
      'another account',
      'lambda-permission-wrong-account broken',
      withFunction(policy(invoke(account(OTHER_ACCOUNT)))),
    ],
    [
      'another service',
      'lambda-permission-wrong-principal broken',
      withFunction(policy(invoke({ Principal: { Service: 'events.amazonaws.com' } }))),
    ],
    [
      'an account as principal',
      'lambda-permission-wrong-principal broken',
      withFunction(policy(invoke({ Principal: { AWS: ACCOUNT } }))),
    ],
    [
      'another action',
      'lambda-permission-wrong-principal broken',
      withFunction(policy(invoke({ Action: 'lambda:GetFunction' }))),
    ],
    [
      'a function URL',
      'lambda-permission-condition broken',
      withFunction(
        policy(
          invoke({ Principal: '*', Condition: { StringEquals: { 'lambda:FunctionUrlAuthType': 'NONE' } } }),
        ),
      ),
    ],
    [
      'an address',
      'lambda-permission-condition broken',
      withFunction(policy(invoke({ Condition: { IpAddress: { 'aws:SourceIp': '203.0.113.0/24' } } }))),
    ],
    [
      'the organization of a principal',
      'lambda-permission-condition broken',
      withFunction(
        policy(invoke({ Principal: '*', Condition: { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } } })),
      ),
    ],
    [
      'the organization of the source',
      'lambda-permission-condition suspected',
      withFunction(policy(invoke({ Condition: { StringEquals: { 'aws:SourceOrgID': 'o-1' } } }))),
    ],
    [
      'an operator that is not known',
      'lambda-permission-condition suspected',
      withFunction(policy(invoke({ Condition: { StringResembles: { 'aws:SourceArn': BUCKET_ARN } } }))),
    ],
    [
      'the function, where the rule names an alias',
      'lambda-permission-wrong-qualifier broken',
      withFunction(NO_POLICY, {
        arn: live,
        otherPolicies: read('lambda:ListAliases', [{ qualifier: undefined, policy: policy(invoke()) }]),
      }),
    ],
    [
      'an alias, where the rule names the function',
      'lambda-permission-wrong-qualifier broken',
      withFunction(NO_POLICY, {
        otherPolicies: read('lambda:ListAliases', [{ qualifier: 'live', policy: policy(invoke({}, live)) }]),
      }),
    ],
    [
      'the function, in a policy that is shown for its aliases too',
      'lambda-permission-wrong-qualifier broken',
      withFunction(policy(invoke()), { arn: live }),
    ],
  ])('%s: %s', (_what, expected, given) => {
    expect(said(given)).toEqual([expected]);
    const [found] = FAMILY.flatMap((check) => judge(check, given).findings);
    expect(found?.fix).toMatchObject({
      mode: 'safe',
      actions: [
        {
          operation: 'AddPermission',
          input: {
            FunctionName: 'thumbs',
            Action: INVOKE,
            Principal: 's3.amazonaws.com',
            SourceArn: BUCKET_ARN,
            SourceAccount: ACCOUNT,
          },
        },
      ],
    });
  });

  it('is granted where the rule points', () => {
    const { findings } = judge(lambdaPermissionMissing, withFunction(NO_POLICY, { arn: live }));
    expect(findings).toMatchObject([
      { node: live, ruleIds: ['thumbs'], depth: 0, fix: { actions: [{ input: { Qualifier: 'live' } }] } },
    ]);
  });

  it('names the statement that is nearest, not the first one', () => {
    const given = withFunction(
      policy(
        invoke({ Sid: 'one', ...from('arn:aws:s3:::one') }),
        invoke({ Sid: 'two', ...from('arn:aws:s3:::two') }),
        invoke({ Sid: 'ours', ...account(OTHER_ACCOUNT) }),
      ),
    );
    const { findings } = judge(lambdaPermissionWrongAccount, given);
    expect(findings).toMatchObject([{ verdict: 'broken' }]);
    expect(findings[0]?.message).toContain('"ours"');
    expect(findings[0]?.message).toContain(OTHER_ACCOUNT);
    expect(said(given)).toEqual(['lambda-permission-wrong-account broken']);
  });

  it('keeps the ids of its statements', () => {
    const given = withFunction(policy(invoke({ Sid: 's3evt-photos', ...from('arn:aws:s3:::old') })));
    const [found] = judge(lambdaPermissionWrongSourceArn, given).findings;
    expect(found?.fix.actions).toMatchObject([{ input: { StatementId: 's3evt-photos-2' } }]);
  });
});

describe('what says nothing about the permission', () => {
  it('a function or a qualifier that is not there', () => {
    expect(said(withFunction(NO_POLICY, { configuration: absent('lambda:GetFunction') }))).toEqual([
      'lambda-missing broken',
    ]);
    expect(said(withFunction(NO_POLICY, { arn: live, qualified: absent('lambda:GetFunction') }))).toEqual([
      'lambda-qualifier-missing broken',
    ]);
  });

  it('an absent policy, when the function may not be looked at', () => {
    const given = withFunction(NO_POLICY, { configuration: denied('lambda:GetFunction', fnArn()) });
    expect(said(given)).toEqual([]);
    expect(judge(lambdaPermissionMissing, given).notChecked).toMatchObject([
      { action: 'lambda:GetFunction', resource: fnArn() },
    ]);
  });

  it('a policy that may not be read', () => {
    const given = withFunction(denied('lambda:GetPolicy', fnArn()));
    expect(said(given)).toEqual([]);
    expect(judge(lambdaPermissionMissing, given).notChecked).toMatchObject([{ action: 'lambda:GetPolicy' }]);
  });

  it('a function that fetches from a queue by itself', () => {
    const given = withFunction(policy(invoke()));
    const mapping = {
      uuid: 'u',
      functionArn: fnArn('worker'),
      state: 'Enabled',
      batchSize: 10,
      windowSeconds: 0,
      filters: [],
      reportsItemFailures: false,
    };
    const chain = facts({
      bucket: {
        notification: read('s3:GetBucketNotification', {
          QueueConfigurations: [{ Id: 'q', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
        }),
      },
      queues: { [queueArn()]: queueNode({ mappings: read('lambda:ListEventSourceMappings', [mapping]) }) },
      functions: {
        [mapping.functionArn]: {
          ...given.functions[fnArn()]!,
          arn: mapping.functionArn,
          policy: NO_POLICY,
        },
      },
    });
    expect(said(chain)).toEqual([]);
  });
});

it('a bucket whose owner is not known leaves the account open', () => {
  const given = {
    ...withFunction(policy(invoke())),
  };
  const bucket = { ...given.bucket, owner: denied('s3:ListBucket', 'photos') };
  const { findings } = judge(lambdaPermissionWrongAccount, { ...given, bucket });
  expect(findings).toMatchObject([{ verdict: 'suspected' }]);
  expect(findings[0]?.message).toMatch(/aws:SourceAccount/i);
});
