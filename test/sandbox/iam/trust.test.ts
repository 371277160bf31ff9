import { expect, it } from 'vitest';
import { trustAdmits } from '../../../src/sandbox/services/iam/trust.ts';

const ACCOUNT = '111122223333';
const lambda = { service: 'lambda.amazonaws.com', account: ACCOUNT };
const caller = { arn: `arn:aws:sts::${ACCOUNT}:assumed-role/r/s`, account: ACCOUNT };

const allow = (changes: object) => ({
  Effect: 'Allow',
  Principal: { Service: 'lambda.amazonaws.com' },
  Action: 'sts:AssumeRole',
  ...changes,
});
const policy = (...statements: readonly object[]) => JSON.stringify({ Statement: statements });
const sourceAccount = (account: string) => ({
  Condition: { StringEquals: { 'aws:SourceAccount': account } },
});

it.each([
  ['the service', policy(allow({})), true],
  ['a single statement', JSON.stringify({ Statement: allow({}) }), true],
  [
    'one of several services',
    policy(allow({ Principal: { Service: ['ec2.amazonaws.com', 'lambda.amazonaws.com'] } })),
    true,
  ],
  ['one of several statements', policy(allow({ Action: 'sts:TagSession' }), allow({})), true],
  ['a list of actions in any case', policy(allow({ Action: ['sts:TagSession', 'STS:assumerole'] })), true],
  ['wildcard actions', policy(allow({ Action: 'sts:Assume*' })), true],
  ['this account', policy(allow(sourceAccount(ACCOUNT))), true],
  ['another account', policy(allow(sourceAccount('999999999999'))), false],
  ['a condition that cannot be told', policy(allow({ Condition: { Bool: { 'aws:x': 'true' } } })), false],
  ['another service', policy(allow({ Principal: { Service: 'ec2.amazonaws.com' } })), false],
  ['every AWS identity', policy(allow({ Principal: '*' })), false],
  ['another action', policy(allow({ Action: 'sts:AssumeRoleWithSAML' })), false],
  ['a denial beside it', policy(allow({}), allow({ Effect: 'Deny' })), false],
  [
    'a denial for another account beside it',
    policy(allow({}), allow({ Effect: 'Deny', ...sourceAccount('999999999999') })),
    true,
  ],
  ['no statement', '{}', false],
  ['no JSON', '{', false],
  ['strange JSON', '{"Statement":[null,1,{"Effect":"Allow","Action":null,"Principal":null}]}', false],
])('Lambda and %s: %s is %s', (_name, document, admitted) => {
  expect(trustAdmits(document, lambda)).toBe(admitted);
});

it.each([
  [{ AWS: ACCOUNT }, true],
  [{ AWS: `arn:aws:iam::${ACCOUNT}:root` }, true],
  [{ AWS: [caller.arn] }, true],
  [{ AWS: '*' }, true],
  ['*', true],
  [{ AWS: '999999999999' }, false],
  [{ AWS: `arn:aws:iam::${ACCOUNT}:user/u` }, false],
  [{ Service: 'lambda.amazonaws.com' }, false],
])('a caller and the principal %o: %s', (Principal, admitted) => {
  expect(trustAdmits(policy(allow({ Principal })), caller)).toBe(admitted);
});
