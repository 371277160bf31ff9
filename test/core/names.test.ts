import { describe, expect, test } from 'vitest';
import {
  bucketNameFault,
  defaultLogGroup,
  functionNameFault,
  isOurs,
  parseBucketArgument,
  roleNameFor,
  statementIdFor,
} from '../../src/core/names.ts';

test('only the tag of s3evt makes a thing ours', () => {
  expect(isOurs({ 'created-by': 's3evt', team: 'x' })).toBe(true);
  expect(isOurs({ 'created-by': 'terraform' })).toBe(false);
  expect(isOurs({ 'Created-By': 's3evt' })).toBe(false);
  expect(isOurs({})).toBe(false);
});

describe('roleNameFor', () => {
  test('is the function’s name with a prefix', () => {
    expect(roleNameFor('Demo-S3')).toBe('s3evt-Demo-S3');
    expect(roleNameFor('f'.repeat(58))).toBe(`s3evt-${'f'.repeat(58)}`);
  });

  test('keeps long names apart, in AWS’s 64 characters', () => {
    const names = Array.from({ length: 6 }, (_, index) => 'f'.repeat(59 + index));
    names.push(`${'f'.repeat(63)}1`, `${'f'.repeat(63)}2`);
    const roles = names.map(roleNameFor);
    expect(new Set(roles).size).toBe(names.length);
    for (const role of roles) expect(role).toMatch(/^s3evt-f+-[0-9a-f]{8}$/);
    for (const role of roles) expect(role).toHaveLength(64);
    expect(names.map(roleNameFor)).toEqual(roles);
  });
});

test('statementIdFor takes what a statement id may hold', () => {
  expect(statementIdFor('demo')).toBe('s3evt-demo');
  expect(statementIdFor('my.dotted-bucket.x')).toMatch(/^[A-Za-z0-9_-]{1,100}$/);
  expect(statementIdFor('a'.repeat(63))).toMatch(/^[A-Za-z0-9_-]{1,100}$/);
  // Old buckets of us-east-1 have names of up to 255 characters.
  const [one, two] = [`${'a'.repeat(200)}1`, `${'a'.repeat(200)}2`].map(statementIdFor);
  expect(one).toMatch(/^[A-Za-z0-9_-]{100}$/);
  expect(one).not.toBe(two);
});

test('defaultLogGroup', () => {
  expect(defaultLogGroup('f')).toBe('/aws/lambda/f');
});

describe('bucketNameFault', () => {
  test.each(['abc', 'demo-01-events-lambda', 'a.b.c', '0ab', 'a'.repeat(63), '1.2.3', 'xn-ok'])(
    '%s is fine',
    (name) => {
      expect(bucketNameFault(name)).toBeUndefined();
    },
  );

  test.each([
    ['ab', /3 to 63/],
    ['a'.repeat(64), /3 to 63/],
    ['Demo', /lower-case/],
    ['a_b', /lower-case/],
    ['naïve', /lower-case/],
    ['-abc', /begins and ends/],
    ['abc.', /begins and ends/],
    ['a..b', /two dots/],
    ['192.168.0.1', /IP address/],
    ['xn--abc', /"xn--"/],
    ['sthree-abc', /"sthree-"/],
    ['amzn-s3-demo-bucket', /"amzn-s3-demo-"/],
    ['abc-s3alias', /"-s3alias"/],
    ['abc--ol-s3', /"--ol-s3"/],
    ['abc.mrap', /".mrap"/],
    ['abc--x-s3', /"--x-s3"/],
    ['abc--table-s3', /"--table-s3"/],
  ])('%s', (name, fault) => {
    expect(bucketNameFault(name)).toMatch(fault);
  });
});

test.each([
  ['Demo-S3_2', true],
  ['f'.repeat(64), true],
  ['f'.repeat(65), false],
  ['', false],
  ['a.b', false],
  ['a b', false],
])('functionNameFault: "%s" fine: %s', (name, fine) => {
  expect(functionNameFault(name) === undefined).toBe(fine);
});

describe('parseBucketArgument', () => {
  test.each([
    ['demo', 'demo', undefined],
    ['s3://demo', 'demo', undefined],
    ['s3://demo/', 'demo', undefined],
    ['s3://demo/in/a b.jpg', 'demo', 'in/a b.jpg'],
    ['s3://demo/line\nbreak', 'demo', 'line\nbreak'],
    ['s3://demo//a', 'demo', '/a'],
    ['arn:aws:s3:::demo', 'demo', undefined],
    ['arn:aws-cn:s3:::demo/in/a', 'demo', 'in/a'],
  ])('%j', (text, bucket, key) => {
    expect(parseBucketArgument(text)).toEqual({ bucket, key });
  });

  test.each(['', 's3://', 's3:///key', 'demo/key', 'a b', 'https://demo', 'arn:aws:sqs:::demo'])(
    'none: "%s"',
    (text) => {
      expect(parseBucketArgument(text)).toBeUndefined();
    },
  );
});
