import { describe, expect, it } from 'vitest';
import { createLogsService } from '../../../src/sandbox/services/logs/service.ts';
import { ACCOUNT, callerOf, createTestEnv, REGION } from './harness.ts';

const GROUP = '/aws/events/all';
const GROUP_ARN = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`;
const RULE_ARN = `arn:aws:events:${REGION}:${ACCOUNT}:rule/rule`;
const FROM = { service: 'events.amazonaws.com', sourceArn: RULE_ARN, sourceAccount: ACCOUNT };
const ACTIONS = ['logs:CreateLogStream', 'logs:PutLogEvents'];

const statement = (changes: object = {}) => ({
  Sid: 'events',
  Effect: 'Allow',
  Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
  Action: ACTIONS,
  Resource: `${GROUP_ARN}:*`,
  ...changes,
});
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

async function start() {
  const env = createTestEnv();
  const service = createLogsService(env);
  const call = callerOf(service.handlers);
  await call('CreateLogGroup', { logGroupName: GROUP });
  return {
    env,
    service,
    call,
    put: (policyDocument: string, policyName = 'p') =>
      call('PutResourcePolicy', { policyName, policyDocument }),
    write: () => service.put(GROUP_ARN, 'line', FROM),
    lines: async () =>
      (await call('FilterLogEvents', { logGroupName: GROUP })).events?.map(({ message }) => message),
  };
}

describe('EventBridge writes to a log group', () => {
  const refusal = (action: string, detail: string) => ({
    refused: `the log group does not admit events.amazonaws.com (logs:${action}): ${detail}`,
  });

  it('that has a policy for both actions', async () => {
    const { put, write, lines, call } = await start();
    expect(write()).toEqual(refusal('CreateLogStream', 'it has no resource policy'));
    expect((await call('DescribeLogStreams', { logGroupName: GROUP })).logStreams).toEqual([]);
    await put(policy(statement()));
    expect(write()).toBeUndefined();
    expect(await lines()).toEqual(['line']);
    await call('DeleteResourcePolicy', { policyName: 'p' });
    expect(write()).toEqual(refusal('CreateLogStream', 'it has no resource policy'));
  });

  it.each([
    ['one action of two', { Action: 'logs:CreateLogStream' }, 'PutLogEvents'],
    ['the other alone', { Action: 'logs:PutLogEvents' }, 'CreateLogStream'],
    ['another service', { Principal: { Service: 'delivery.logs.amazonaws.com' } }, 'CreateLogStream'],
    ['the ARN of the group without its streams', { Resource: GROUP_ARN }, 'CreateLogStream'],
    ['another group', { Resource: `${GROUP_ARN}-2:*` }, 'CreateLogStream'],
    [
      'a condition that the first call does not meet',
      { Condition: { ArnEquals: { 'aws:SourceArn': RULE_ARN } } },
      'CreateLogStream',
    ],
  ])('not with a policy for %s', async (_what, changes, action) => {
    const { put, write, lines } = await start();
    await put(policy(statement(changes)));
    expect(write()?.refused).toContain(`(logs:${action})`);
    expect(await lines()).toEqual([]);
  });

  it('with a condition on its rule where it writes', async () => {
    const { put, write } = await start();
    const guarded = (rule: string) =>
      policy(
        statement({ Action: ACTIONS[0] }),
        statement({ Action: ACTIONS[1], Condition: { ArnEquals: { 'aws:SourceArn': rule } } }),
      );
    await put(guarded(`${RULE_ARN}-2`));
    expect(write()?.refused).toMatch(/\(logs:PutLogEvents\): ArnEquals aws:SourceArn wants/);
    await put(guarded(RULE_ARN));
    expect(write()).toBeUndefined();
  });

  it('by all policies together: one Deny wins', async () => {
    const { put, write, call } = await start();
    await put(policy(statement({ Action: ACTIONS[0] })), 'a');
    await put(policy(statement({ Action: ACTIONS[1] })), 'b');
    expect(write()).toBeUndefined();
    const { revisionId } = await call('PutResourcePolicy', {
      resourceArn: GROUP_ARN,
      policyDocument: policy(statement({ Sid: 'no', Effect: 'Deny' })),
    });
    expect(write()).toEqual(refusal('CreateLogStream', 'statement no of its resource policy denies it'));
    await call('DeleteResourcePolicy', { resourceArn: GROUP_ARN, expectedRevisionId: revisionId });
    expect(write()).toBeUndefined();
  });

  it('by policies of its own Region only', async () => {
    const { write, call } = await start();
    const input = { policyName: 'p', policyDocument: policy(statement({ Resource: '*' })) };
    await call('PutResourcePolicy', input, { region: 'us-west-2' });
    expect(write()).toEqual(refusal('CreateLogStream', 'it has no resource policy'));
  });
});

describe('policies of the account', () => {
  it('are answered as they were put, and described in a form of their own', async () => {
    const { call, put, env } = await start();
    const document = `{"Statement":[{"Action":"logs:*","Effect":"Allow","Principal":{"Service": ["route53.amazonaws.com"]},"Resource":"*"}]}`;
    const facts = { policyName: 'p', lastUpdatedTime: env.clock.now(), policyScope: 'ACCOUNT' };
    expect(await put(document)).toEqual({ resourcePolicy: { ...facts, policyDocument: document } });
    expect(await call('DescribeResourcePolicies', {})).toEqual({
      resourcePolicies: [
        {
          ...facts,
          policyDocument:
            '{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"route53.amazonaws.com"},"Action":"logs:*","Resource":"*"}]}',
        },
      ],
    });
  });

  it('are ten at most; an eleventh may replace one', async () => {
    const { put, call } = await start();
    for (let i = 0; i < 10; i++) await put(policy(statement()), `p${i}`);
    await expect(put(policy(statement()), 'one more')).rejects.toMatchObject({
      code: 'LimitExceededException',
      message: 'Resource limit exceeded.',
    });
    await put(policy(statement({ Sid: 'new' })), 'p3');
    const first = await call('DescribeResourcePolicies', { limit: 4 });
    const rest = await call('DescribeResourcePolicies', { nextToken: first.nextToken });
    const names = [first, rest].map((page) => page.resourcePolicies?.map(({ policyName }) => policyName));
    expect(names.flat()).toEqual(Array.from({ length: 10 }, (_, i) => `p${i}`));
    expect(names[0]).toHaveLength(4);
    expect(rest.nextToken).toBeUndefined();
    await expect(call('DescribeResourcePolicies', { nextToken: 'made up' })).rejects.toMatchObject({
      message: 'The specified nextToken is invalid.',
    });
  });

  it('that do not exist cannot be deleted', async () => {
    const { call } = await start();
    await expect(call('DeleteResourcePolicy', { policyName: 'non-existent' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Policy with name [non-existent] does not exist.',
    });
  });

  it.each([
    ['no JSON', '{'],
    ['no statement', '{"Version":"2012-10-17"}'],
    ['no principal', policy(statement({ Principal: undefined }))],
    ['no resource', policy(statement({ Resource: undefined }))],
    ['a service as an account', policy(statement({ Principal: { AWS: 'delivery.logs.amazonaws.com' } }))],
    ['an ARN as principal', policy(statement({ Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` } }))],
  ])('are refused: %s', async (_what, document) => {
    const { put } = await start();
    await expect(put(document)).rejects.toMatchObject({
      code: 'InvalidParameterException',
      message: 'Could not convert to persistable policy.',
    });
  });

  it('have a name, a document, and an end', async () => {
    const { call, put } = await start();
    const code = 'InvalidParameterException';
    const document = policy(statement());
    await expect(call('PutResourcePolicy', { policyDocument: document })).rejects.toMatchObject({ code });
    await expect(call('PutResourcePolicy', { policyName: 'p' })).rejects.toMatchObject({ code });
    const both = { policyName: 'p', resourceArn: GROUP_ARN, policyDocument: document };
    await expect(call('PutResourcePolicy', both)).rejects.toMatchObject({ code });
    const long = (length: number) => document + ' '.repeat(length - document.length);
    await put(long(5120));
    await expect(put(long(5121))).rejects.toMatchObject({
      code,
      message: expect.stringContaining('have length less than or equal to 5120') as string,
    });
  });
});

describe('the policy of a group', () => {
  it('is put and deleted by its revision, and goes with its group', async () => {
    const { call, write } = await start();
    const input = { resourceArn: GROUP_ARN, policyDocument: policy(statement()) };
    const { revisionId, resourcePolicy } = await call('PutResourcePolicy', input);
    expect(resourcePolicy).toMatchObject({ policyScope: 'RESOURCE', resourceArn: GROUP_ARN, revisionId });
    expect(write()).toBeUndefined();
    expect((await call('DescribeResourcePolicies', {})).resourcePolicies).toEqual([]);
    expect(await call('DescribeResourcePolicies', { policyScope: 'RESOURCE' })).toMatchObject({
      resourcePolicies: [{ resourceArn: GROUP_ARN, revisionId }],
    });
    await expect(call('PutResourcePolicy', input)).rejects.toMatchObject({
      code: 'OperationAbortedException',
    });
    const next = await call('PutResourcePolicy', { ...input, expectedRevisionId: revisionId });
    expect(next.revisionId).not.toBe(revisionId);
    await call('DeleteLogGroup', { logGroupName: GROUP });
    await call('CreateLogGroup', { logGroupName: GROUP });
    expect(write()?.refused).toContain('it has no resource policy');
    await expect(call('DeleteResourcePolicy', { resourceArn: GROUP_ARN })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  it('is of a group that exists', async () => {
    const { call } = await start();
    const input = { resourceArn: `${GROUP_ARN}-2`, policyDocument: policy(statement()) };
    await expect(call('PutResourcePolicy', input)).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'The specified log group does not exist.',
    });
  });
});
