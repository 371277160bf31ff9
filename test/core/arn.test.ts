import { describe, expect, test } from 'vitest';
import {
  bucketArn,
  functionArn,
  logGroupArn,
  parseArn,
  parseFunctionReference,
  partitionOf,
  roleArn,
} from '../../src/core/arn.ts';

const ACCOUNT = '111122223333';
const ARN = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:Demo-S3`;

describe('parseArn', () => {
  test.each([
    [ARN, ['aws', 'lambda', 'eu-west-1', ACCOUNT, 'function:Demo-S3']],
    [`${ARN}:live`, ['aws', 'lambda', 'eu-west-1', ACCOUNT, 'function:Demo-S3:live']],
    ['arn:aws:s3:::demo', ['aws', 's3', '', '', 'demo']],
    ['arn:aws:s3:::demo/a:b/c', ['aws', 's3', '', '', 'demo/a:b/c']],
    [`arn:aws-cn:iam::${ACCOUNT}:role/path/name`, ['aws-cn', 'iam', '', ACCOUNT, 'role/path/name']],
    [`arn:aws-us-gov:sqs:us-gov-west-1:${ACCOUNT}:q`, ['aws-us-gov', 'sqs', 'us-gov-west-1', ACCOUNT, 'q']],
  ])('%s', (text, [partition, service, region, account, resource]) => {
    expect(parseArn(text)).toEqual({ partition, service, region, account, resource });
  });

  test.each(['', 'demo', 'arn:aws:s3', 'arn:aws:s3:::', 'arn::s3:::demo', 'arn:aws::::demo', ` ${ARN}`])(
    'no ARN: "%s"',
    (text) => {
      expect(parseArn(text)).toBeUndefined();
    },
  );
});

describe('parseFunctionReference', () => {
  test.each([
    ['Demo-S3', ['Demo-S3', undefined, undefined, undefined]],
    ['Demo-S3:live', ['Demo-S3', 'live', undefined, undefined]],
    ['Demo_S3:$LATEST', ['Demo_S3', '$LATEST', undefined, undefined]],
    [`${ACCOUNT}:function:Demo-S3`, ['Demo-S3', undefined, ACCOUNT, undefined]],
    [`${ACCOUNT}:function:Demo-S3:7`, ['Demo-S3', '7', ACCOUNT, undefined]],
    [ARN, ['Demo-S3', undefined, ACCOUNT, 'eu-west-1']],
    [`${ARN}:live`, ['Demo-S3', 'live', ACCOUNT, 'eu-west-1']],
    [ARN.replace('arn:aws:', 'arn:aws-cn:'), ['Demo-S3', undefined, ACCOUNT, 'eu-west-1']],
  ])('%s', (text, [name, qualifier, account, region]) => {
    expect(parseFunctionReference(text)).toEqual({ name, qualifier, account, region });
  });

  test.each([
    '',
    'a b',
    'a:b:c',
    'name:',
    ':live',
    'a/b',
    'name:$OTHER',
    'arn:aws:s3:::demo',
    `arn:aws:sqs:eu-west-1:${ACCOUNT}:queue`,
    `${ARN}:a:b`,
    'a'.repeat(141),
  ])('no function: "%s"', (text) => {
    expect(parseFunctionReference(text)).toBeUndefined();
  });
});

test('the partition comes from the ARN of the caller', () => {
  expect(partitionOf(`arn:aws-cn:iam::${ACCOUNT}:user/alice`)).toBe('aws-cn');
  expect(partitionOf('nobody')).toBe('aws');
});

test('what is built can be read', () => {
  expect(bucketArn('aws', 'demo')).toBe('arn:aws:s3:::demo');
  expect(functionArn('aws', 'eu-west-1', ACCOUNT, 'Demo-S3')).toBe(ARN);
  expect(roleArn('aws-cn', ACCOUNT, 'r')).toBe(`arn:aws-cn:iam::${ACCOUNT}:role/r`);
  expect(logGroupArn('aws', 'eu-west-1', ACCOUNT, '/aws/lambda/f')).toBe(
    `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:/aws/lambda/f`,
  );
});
