import { describe, expect, test } from 'vitest';
import { parsePolicy } from '../../src/core/policy-document.ts';
import { evaluatePolicy, type PolicyRequest } from '../../src/core/policy.ts';

const FUNCTION = 'arn:aws:lambda:us-east-1:111122223333:function:fn';
const BUCKET = 'arn:aws:s3:::bucket';

const request: PolicyRequest = {
  principal: { service: 's3.amazonaws.com' },
  action: 'lambda:InvokeFunction',
  resource: FUNCTION,
  context: {
    'aws:SourceArn': BUCKET,
    'aws:SourceAccount': '111122223333',
    'aws:PrincipalIsAWSService': 'true',
    'aws:SecureTransport': 'true',
    'aws:SourceIp': '10.1.2.3',
    'aws:CurrentTime': '2026-11-22T10:00:00Z',
    'x:Size': '10',
  },
};

const base = {
  Sid: 's3',
  Effect: 'Allow',
  Principal: { Service: 's3.amazonaws.com' },
  Action: 'lambda:InvokeFunction',
  Resource: FUNCTION,
};

function decide(statements: unknown, changes: Partial<PolicyRequest> = {}) {
  const document = parsePolicy(
    JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements }),
  );
  if (!document) throw new Error('the policy did not parse');
  return evaluatePolicy(document, { ...request, ...changes });
}

const effectOf = (change: object, changes: Partial<PolicyRequest> = {}) =>
  decide([{ ...base, ...change }], changes).effect;

describe('parsePolicy', () => {
  test.each([
    ['no JSON', '{'],
    ['a list', '[]'],
    ['no statement', '{"Version":"2012-10-17"}'],
    ['an unknown effect', '{"Statement":[{"Effect":"Maybe","Action":"*","Resource":"*"}]}'],
    ['no action', '{"Statement":[{"Effect":"Allow","Resource":"*"}]}'],
    ['a malformed condition', '{"Statement":[{"Effect":"Allow","Action":"*","Condition":"x"}]}'],
    [
      'a malformed principal',
      '{"Statement":[{"Effect":"Allow","Action":"*","Principal":"s3.amazonaws.com"}]}',
    ],
  ])('%s is no policy', (_, text) => {
    expect(parsePolicy(text)).toBeUndefined();
  });

  test('one statement may stand without a list', () => {
    const document = parsePolicy(JSON.stringify({ Version: '2012-10-17', Id: 'p', Statement: base }));
    expect(document).toMatchObject({
      version: '2012-10-17',
      id: 'p',
      statements: [{ sid: 's3', effect: 'Allow' }],
    });
  });
});

describe('principal, action and resource', () => {
  test.each<[string, object, string]>([
    ['the service', {}, 'allow'],
    ['a list of services', { Principal: { Service: ['a.amazonaws.com', 's3.amazonaws.com'] } }, 'allow'],
    ['everyone', { Principal: '*' }, 'allow'],
    ['every account', { Principal: { AWS: '*' } }, 'allow'],
    ['an account does not admit a service', { Principal: { AWS: '111122223333' } }, 'implicit-deny'],
    ['another service', { Principal: { Service: 'sns.amazonaws.com' } }, 'implicit-deny'],
    [
      'NotPrincipal of an Allow grants nothing',
      { Principal: undefined, NotPrincipal: { AWS: 'x' } },
      'implicit-deny',
    ],
    ['actions have no case', { Action: 'LAMBDA:invoke*' }, 'allow'],
    ['an action list', { Action: ['lambda:GetFunction', 'lambda:*'] }, 'allow'],
    ['another action', { Action: 'lambda:InvokeFunctionUrl' }, 'implicit-deny'],
    ['NotAction', { Action: undefined, NotAction: 'lambda:GetFunction' }, 'allow'],
    ['NotAction that names it', { Action: undefined, NotAction: 'lambda:Invoke*' }, 'implicit-deny'],
    ['resource wildcards', { Resource: 'arn:aws:lambda:*:*:function:f?' }, 'allow'],
    ['resources have case', { Resource: FUNCTION.toUpperCase() }, 'implicit-deny'],
    ['another qualifier', { Resource: `${FUNCTION}:live` }, 'implicit-deny'],
    ['NotResource', { Resource: undefined, NotResource: `${FUNCTION}:live` }, 'allow'],
    ['NotResource that names it', { Resource: undefined, NotResource: '*' }, 'implicit-deny'],
    ['no resource, as in a trust policy', { Resource: undefined }, 'allow'],
  ])('%s', (_, change, effect) => {
    expect(effectOf(change)).toBe(effect);
  });

  test.each<[string, string, string, string]>([
    ['the account number', '111122223333', 'arn:aws:iam::111122223333:user/u', 'allow'],
    ['the root ARN', 'arn:aws:iam::111122223333:root', 'arn:aws:iam::111122223333:user/u', 'allow'],
    ['another account', '999999999999', 'arn:aws:iam::111122223333:user/u', 'implicit-deny'],
    ['the ARN itself', 'arn:aws:iam::111122223333:user/u', 'arn:aws:iam::111122223333:user/u', 'allow'],
    [
      'a role for its session',
      'arn:aws:iam::111122223333:role/path/r',
      'arn:aws:sts::111122223333:assumed-role/r/s',
      'allow',
    ],
    [
      'another role',
      'arn:aws:iam::111122223333:role/other',
      'arn:aws:sts::111122223333:assumed-role/r/s',
      'implicit-deny',
    ],
  ])('AWS principal: %s', (_, listed, caller, effect) => {
    expect(effectOf({ Principal: { AWS: listed } }, { principal: { aws: caller } })).toBe(effect);
  });
});

describe('conditions', () => {
  test.each<[string, object, string]>([
    ['what AddPermission writes', { ArnLike: { 'AWS:SourceArn': BUCKET } }, 'allow'],
    ['keys have no case', { StringEquals: { 'AWS:SOURCEACCOUNT': '111122223333' } }, 'allow'],
    [
      'values of one key are alternatives',
      { StringEquals: { 'aws:SourceAccount': ['1', '111122223333'] } },
      'allow',
    ],
    [
      'keys are all required',
      { StringEquals: { 'aws:SourceAccount': '111122223333', 'x:Size': '11' } },
      'implicit-deny',
    ],
    [
      'StringEquals has no wildcards',
      { StringEquals: { 'aws:SourceArn': 'arn:aws:s3:::*' } },
      'implicit-deny',
    ],
    ['StringLike has', { StringLike: { 'aws:SourceArn': 'arn:aws:s3:::b?cket*' } }, 'allow'],
    [
      'StringEqualsIgnoreCase',
      { StringEqualsIgnoreCase: { 'aws:SourceArn': BUCKET.toUpperCase() } },
      'allow',
    ],
    ['StringNotEquals', { StringNotEquals: { 'aws:SourceAccount': ['1', '111122223333'] } }, 'implicit-deny'],
    [
      'ArnEquals with wildcards in empty parts',
      { ArnEquals: { 'aws:SourceArn': 'arn:aws:s3:*:*:bucket' } },
      'allow',
    ],
    ['ArnLike with a key in the ARN', { ArnLike: { 'aws:SourceArn': `${BUCKET}/*` } }, 'implicit-deny'],
    ['ArnLike does not glob over parts', { ArnLike: { 'aws:SourceArn': 'arn:*:bucket' } }, 'implicit-deny'],
    ['ArnNotLike', { ArnNotLike: { 'aws:SourceArn': 'arn:aws:s3:::other' } }, 'allow'],
    ['Bool', { Bool: { 'aws:SecureTransport': true } }, 'allow'],
    ['Bool false', { Bool: { 'aws:SecureTransport': 'false' } }, 'implicit-deny'],
    ['NumericLessThan', { NumericLessThan: { 'x:Size': 11 } }, 'allow'],
    ['NumericGreaterThanEquals', { NumericGreaterThanEquals: { 'x:Size': '10.5' } }, 'implicit-deny'],
    ['NumericNotEquals', { NumericNotEquals: { 'x:Size': '10' } }, 'implicit-deny'],
    ['DateLessThan', { DateLessThan: { 'aws:CurrentTime': '2026-11-22T11:30:00+01:00' } }, 'allow'],
    ['DateGreaterThan', { DateGreaterThan: { 'aws:CurrentTime': '2026-11-22T10:00:00Z' } }, 'implicit-deny'],
    ['a date as epoch seconds', { DateEquals: { 'aws:CurrentTime': '1795341600' } }, 'allow'],
    ['IpAddress in a range', { IpAddress: { 'aws:SourceIp': ['192.0.2.0/24', '10.1.0.0/16'] } }, 'allow'],
    ['IpAddress outside', { IpAddress: { 'aws:SourceIp': '10.2.0.0/16' } }, 'implicit-deny'],
    ['NotIpAddress', { NotIpAddress: { 'aws:SourceIp': '10.1.2.3' } }, 'implicit-deny'],
    ['an absent key fails', { StringEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'implicit-deny'],
    ['an absent key passes a negation', { StringNotEquals: { 'aws:PrincipalOrgID': 'o-1' } }, 'allow'],
    ['an absent key passes IfExists', { StringEqualsIfExists: { 'aws:PrincipalOrgID': 'o-1' } }, 'allow'],
    [
      'IfExists with the key compares',
      { StringEqualsIfExists: { 'aws:SourceAccount': '1' } },
      'implicit-deny',
    ],
    ['Null true', { Null: { 'aws:PrincipalOrgID': 'true' } }, 'allow'],
    ['Null false', { Null: { 'aws:SourceArn': 'false' } }, 'allow'],
    ['Null true of a present key', { Null: { 'aws:SourceArn': true } }, 'implicit-deny'],
    ['ForAnyValue', { 'ForAnyValue:StringLike': { 'aws:SourceArn': 'arn:aws:s3:::b*' } }, 'allow'],
    ['ForAnyValue of an absent key', { 'ForAnyValue:StringEquals': { 'aws:TagKeys': 'a' } }, 'implicit-deny'],
    ['ForAllValues of an absent key', { 'ForAllValues:StringEquals': { 'aws:TagKeys': 'a' } }, 'allow'],
    [
      'a policy variable stays inert',
      { StringEquals: { 'aws:SourceAccount': '${aws:username}' } },
      'implicit-deny',
    ],
    ['an unknown operator', { StringSounds: { 'aws:SourceArn': BUCKET } }, 'implicit-deny'],
  ])('%s', (_, condition, effect) => {
    expect(effectOf({ Condition: condition })).toBe(effect);
  });

  test('IPv6 ranges', () => {
    const context = { 'aws:SourceIp': '2001:db8::17' };
    expect(effectOf({ Condition: { IpAddress: { 'aws:SourceIp': '2001:db8::/32' } } }, { context })).toBe(
      'allow',
    );
    expect(effectOf({ Condition: { IpAddress: { 'aws:SourceIp': '2001:db9::/32' } } }, { context })).toBe(
      'implicit-deny',
    );
  });
});

describe('decision', () => {
  const deny = { ...base, Sid: 'no', Effect: 'Deny' };

  test('an explicit deny wins wherever it stands', () => {
    expect(decide([base, deny])).toEqual({ effect: 'explicit-deny', sid: 'no' });
    expect(decide([deny, base])).toEqual({ effect: 'explicit-deny', sid: 'no' });
  });

  test('a deny that does not match is no deny', () => {
    const insecure = { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } };
    expect(decide([insecure, base])).toEqual({ effect: 'allow', sid: 's3' });
  });

  test('a deny on an absent key with a negated operator hits', () => {
    const outsideVpc = { ...deny, Condition: { StringNotEquals: { 'aws:SourceVpce': 'vpce-1' } } };
    expect(decide([outsideVpc, base]).effect).toBe('explicit-deny');
  });

  test('a deny with an unknown operator denies', () => {
    expect(decide([{ ...deny, Condition: { StringSounds: { a: 'b' } } }, base]).effect).toBe('explicit-deny');
  });

  test('a deny with NotPrincipal hits whoever is not listed', () => {
    const others = { ...deny, Principal: undefined, NotPrincipal: { Service: 'sns.amazonaws.com' } };
    expect(decide([others, base]).effect).toBe('explicit-deny');
  });

  test('the nearest miss names the part that failed last', () => {
    const far = { ...base, Sid: 'far', Principal: { Service: 'sns.amazonaws.com' } };
    const near = { ...base, Sid: 'near', Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::other' } } };
    expect(decide([far, near, far]).nearMiss).toEqual({
      sid: 'near',
      failed: 'condition',
      detail: `ArnLike AWS:SourceArn wants arn:aws:s3:::other; the request has ${BUCKET}`,
      condition: {
        operator: 'ArnLike',
        key: 'AWS:SourceArn',
        values: ['arn:aws:s3:::other'],
        actual: BUCKET,
      },
    });
  });

  test('no statement, no near miss', () => {
    expect(decide([])).toEqual({ effect: 'implicit-deny' });
  });

  test('many stars do not take forever', () => {
    expect(effectOf({ Resource: `${'*a'.repeat(40)}b` }, { resource: 'a'.repeat(4000) })).toBe(
      'implicit-deny',
    );
  });
});
