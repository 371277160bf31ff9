import { describe, expect, test } from 'vitest';
import { ANONYMOUS, rootOf, type Caller } from '../../../src/sandbox/access/caller.ts';
import { denialOf, type AccessRequest } from '../../../src/sandbox/access/decide.ts';
import { policy, type Statement } from './support.ts';

const A = '111111111111';
const B = '222222222222';
const ROLE = `arn:aws:iam::${A}:role/team/r`;
const session: Caller = {
  kind: 'session',
  arn: `arn:aws:sts::${A}:assumed-role/r/me`,
  userId: 'AROAEXAMPLE:me',
  account: A,
  roleArn: ROLE,
};
const act: Statement = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::b/*' };
const deny: Statement = { ...act, Effect: 'Deny' };
const by = (AWS: string, statement: Statement = act): Statement => ({ ...statement, Principal: { AWS } });

function decide(changes: Partial<AccessRequest> = {}) {
  const denial = denialOf({
    caller: session,
    action: 's3:GetObject',
    resource: 'arn:aws:s3:::b/k',
    owner: A,
    identity: [],
    resourcePolicy: undefined,
    context: {},
    ...changes,
  });
  return denial ? `${denial.explicit ? 'explicit' : 'implicit'} ${denial.by}` : 'allowed';
}

describe('a session in its own account', () => {
  test.each<[string, readonly Statement[], Statement | undefined, string]>([
    ['no policy', [], undefined, 'implicit identity'],
    ['its role may', [act], undefined, 'allowed'],
    ['its role may do another thing', [{ ...act, Action: 's3:PutObject' }], undefined, 'implicit identity'],
    ['its role is denied', [act, deny], undefined, 'explicit identity'],
    ['the resource names the role', [], by(ROLE), 'allowed'],
    ['the resource names the session', [], by(session.arn), 'allowed'],
    ['the resource names everyone', [], by('*'), 'allowed'],
    ['the resource hands over to the account', [], by(A), 'implicit identity'],
    ['and the role may', [act], by(A), 'allowed'],
    ['the resource denies the account', [act], by(A, deny), 'explicit resource'],
    ['the resource denies another', [act], by(B, deny), 'allowed'],
    ['the resource allows, the role is denied', [deny], by(ROLE), 'explicit identity'],
    ['the resource policy is no policy', [act], { Action: 's3:*' } as unknown as Statement, 'allowed'],
  ])('%s', (_name, identity, resource, expected) => {
    const documents = identity.map((statement) => policy(statement));
    expect(decide({ identity: documents, resourcePolicy: resource && policy(resource) })).toBe(expected);
  });
});

describe('between accounts', () => {
  test.each<[string, Caller, readonly Statement[], Statement | undefined, string]>([
    ['root, no policy', rootOf(A), [], undefined, 'implicit resource'],
    ['root, its account is allowed', rootOf(A), [], by(A), 'allowed'],
    ['root, another account is allowed', rootOf(A), [], by(B), 'implicit resource'],
    ['session, one side alone', session, [act], undefined, 'implicit resource'],
    ['session, the other side alone', session, [], by(A), 'implicit identity'],
    ['session, both', session, [act], by(A), 'allowed'],
    ['session, both and a deny', session, [act], by(A, deny), 'explicit resource'],
    ['nobody, everyone is allowed', ANONYMOUS, [], by('*'), 'allowed'],
    ['nobody, an account is allowed', ANONYMOUS, [], by(A), 'implicit resource'],
  ])('%s', (_name, caller, identity, resource, expected) => {
    const documents = identity.map((statement) => policy(statement));
    const changes = { caller, owner: B, identity: documents, resourcePolicy: resource && policy(resource) };
    expect(decide(changes)).toBe(expected);
  });
});

test('root may do all in its account that is not denied', () => {
  expect(decide({ caller: rootOf(A) })).toBe('allowed');
  expect(decide({ caller: rootOf(A), resourcePolicy: policy(by('*', deny)) })).toBe('explicit resource');
});

describe('a key', () => {
  test.each<[string, Caller, readonly Statement[], Statement, string]>([
    ['hands over to the account, the role may', session, [act], by(A), 'allowed'],
    ['hands over to the account, the role may not', session, [], by(A), 'implicit identity'],
    ['names the role', session, [], by(ROLE), 'allowed'],
    ['does not hand over', session, [act], by(B), 'implicit resource'],
    ['shuts out root too', rootOf(A), [], by(ROLE), 'implicit resource'],
  ])('%s', (_name, caller, identity, resource, expected) => {
    const documents = identity.map((statement) => policy(statement));
    expect(decide({ caller, isKey: true, identity: documents, resourcePolicy: policy(resource) })).toBe(
      expected,
    );
  });
});

describe('policy variables', () => {
  const context = { 'aws:userid': 'AROAEXAMPLE:me', 's3:prefix': 'home/me' };
  test.each<[string, Statement, string]>([
    ['in a resource', { ...act, Resource: 'arn:aws:s3:::b/${aws:userid}' }, 'allowed'],
    ['of another value', { ...act, Resource: 'arn:aws:s3:::b/x${aws:userid}' }, 'implicit identity'],
    ['without a value', { ...act, Resource: 'arn:aws:s3:::b/${aws:username}*' }, 'implicit identity'],
    ['with a default', { ...act, Resource: "arn:aws:s3:::b/${aws:username, 'AROAEXAMPLE:me'}" }, 'allowed'],
    [
      'in a condition',
      {
        ...act,
        Resource: '*',
        Condition: { StringEquals: { 'aws:userid': '${aws:userid}' } },
      },
      'allowed',
    ],
    [
      'without a value in a condition',
      { ...act, Resource: '*', Condition: { StringNotEquals: { 's3:prefix': '${aws:username}' } } },
      'implicit identity',
    ],
  ])('%s', (_name, statement, expected) => {
    expect(
      decide({ resource: 'arn:aws:s3:::b/AROAEXAMPLE:me', identity: [policy(statement)], context }),
    ).toBe(expected);
  });

  test('are plain text in policies of the old version', () => {
    const old = JSON.stringify({
      Version: '2008-10-17',
      Statement: { Effect: 'Allow', Action: 's3:*', Resource: 'arn:aws:s3:::b/${aws:userid}' },
    });
    expect(decide({ resource: 'arn:aws:s3:::b/AROAEXAMPLE:me', identity: [old], context })).toBe(
      'implicit identity',
    );
    expect(decide({ resource: 'arn:aws:s3:::b/${aws:userid}', identity: [old], context })).toBe('allowed');
  });
});
