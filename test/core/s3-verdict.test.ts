import { describe, expect, test } from 'vitest';
import { s3Verdict } from '../../src/core/s3-verdict.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:111122223333:jobs';
const BUCKET = { arn: 'arn:aws:s3:::photos', account: '111122223333' };

const policyOf = (...statements: readonly object[]) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: statements.map((one) => ({
      Principal: '*',
      Action: 'sqs:SendMessage',
      Resource: QUEUE,
      ...one,
    })),
  });
const verdict = (policy: string | undefined) => s3Verdict(policy, 'sqs:SendMessage', QUEUE, BUCKET);

const ALLOW = { Effect: 'Allow' };
const DATE = '2026-01-01T00:00:00Z';

describe('conditions on the time: whether they hold changes, so nothing is decided', () => {
  test.each([
    ['DateLessThan', 'aws:CurrentTime', DATE],
    ['DateGreaterThan', 'aws:CurrentTime', DATE],
    ['DateGreaterThan', 'AWS:currenttime', DATE],
    ['DateNotEquals', 'aws:CurrentTime', DATE],
    ['DateLessThanIfExists', 'aws:CurrentTime', DATE],
    ['NumericLessThan', 'aws:EpochTime', '1767225600'],
    ['DateGreaterThanEquals', 'aws:EpochTime', '1767225600'],
  ])('%s %s of an Allow, and of a Deny', (operator, key, value) => {
    const Condition = { [operator]: { [key]: value } };
    const undecided = { kind: 'undecided', keys: [key] };
    expect(verdict(policyOf({ ...ALLOW, Condition }))).toEqual(undecided);
    expect(verdict(policyOf(ALLOW, { Effect: 'Deny', Condition }))).toEqual(undecided);
  });

  test('only where the time matters', () => {
    const Condition = { DateLessThan: { 'aws:CurrentTime': DATE } };
    expect(verdict(policyOf(ALLOW, { ...ALLOW, Condition }))).toEqual({ kind: 'allowed' });
    const elsewhere = { Effect: 'Deny', Action: 'sqs:ReceiveMessage', Condition };
    expect(verdict(policyOf(ALLOW, elsewhere))).toEqual({ kind: 'allowed' });
    const others = { StringEquals: { 'aws:SourceAccount': '444455556666' }, ...Condition };
    expect(verdict(policyOf(ALLOW, { Effect: 'Deny', Condition: others }))).toEqual({ kind: 'allowed' });
    expect(verdict(policyOf({ ...ALLOW, Condition: others }))).toMatchObject({ kind: 'refused' });
    expect(verdict(policyOf({ Effect: 'Deny', Sid: 'no' }, { ...ALLOW, Condition }))).toEqual({
      kind: 'denied',
      sid: 'no',
    });
  });
});

test('what S3 presents decides', () => {
  const given = (operator: string, key: string, value: string) =>
    verdict(policyOf({ ...ALLOW, Condition: { [operator]: { [key]: value } } })).kind;
  expect(given('ArnLike', 'aws:SourceArn', 'arn:aws:s3:::pho*')).toBe('allowed');
  expect(given('StringEquals', 'aws:SourceAccount', '444455556666')).toBe('refused');
  expect(given('StringEquals', 'aws:SourceOrgID', 'o-1')).toBe('undecided');
  expect(verdict(undefined)).toMatchObject({ kind: 'refused' });
  expect(verdict('{')).toEqual({ kind: 'unreadable' });
});
