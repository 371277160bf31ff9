import { beforeEach, expect, test } from 'vitest';
import { createAuthority, functionCredentials, roleRefusal } from '../../../src/sandbox/access/authority.ts';
import { createIamService, type IamService } from '../../../src/sandbox/services/iam/service.ts';
import { createStsService, type StsService } from '../../../src/sandbox/services/sts/service.ts';
import { LAMBDA_TRUST } from '../../support/function-code.ts';
import { ACCOUNT, callerOf, createTestEnv, type TestEnv } from '../logs/harness.ts';
import { policy } from './support.ts';

let env: TestEnv;
let iam: IamService;
let sts: StsService;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/team/worker`;

beforeEach(async () => {
  env = createTestEnv();
  iam = createIamService(env);
  sts = createStsService(env, iam);
  const call = callerOf(iam.handlers);
  await call('CreateRole', { RoleName: 'worker', Path: '/team/', AssumeRolePolicyDocument: LAMBDA_TRUST });
  await call('PutRolePolicy', {
    RoleName: 'worker',
    PolicyName: 'p',
    PolicyDocument: policy(
      { Action: 'sqs:*', Resource: '*' },
      { Effect: 'Deny', Action: 'sqs:SendMessage', Resource: 'arn:aws:sqs:*:*:secret' },
    ),
  });
});

test('an environment keeps its credentials, and they end with it', async () => {
  const credentials = functionCredentials(sts);
  const first = credentials.forEnvironment('e1', ROLE, 'fn');
  expect(credentials.forEnvironment('e1', ROLE, 'fn')).toBe(first);
  expect(credentials.forEnvironment('e2', ROLE, 'fn').accessKeyId).not.toBe(first.accessKeyId);
  const arn = () => sts.caller(first.accessKeyId).arn;
  await env.clock.advance(7 * 86_400_000);
  expect(arn()).toBe(`arn:aws:sts::${ACCOUNT}:assumed-role/worker/fn`);
  credentials.release('e1');
  expect(arn()).not.toContain('assumed-role');
});

test('roleRefusal says why identity policies do not let a role do something', () => {
  const authority = createAuthority(env, iam, sts);
  const why = (roleArn: string, action: string, resource: string) =>
    roleRefusal(authority, roleArn, action, resource);
  const queue = 'arn:aws:sqs:eu-west-1:111122223333:q';
  expect(why(ROLE, 'sqs:SendMessage', queue)).toBeUndefined();
  expect(why(ROLE, 'sns:Publish', 'arn:aws:sns:eu-west-1:111122223333:t')).toBe(
    `User: ${ROLE} is not authorized to perform: sns:Publish on resource: arn:aws:sns:eu-west-1:111122223333:t because no identity-based policy allows the sns:Publish action`,
  );
  expect(why(ROLE, 'sqs:SendMessage', 'arn:aws:sqs:eu-west-1:111122223333:secret')).toContain(
    'with an explicit deny in an identity-based policy',
  );
  expect(why(`${ROLE}-gone`, 'sqs:SendMessage', queue)).toContain('no identity-based policy');
});
