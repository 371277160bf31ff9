/** What requests need: `action resource`, in the order in which it is checked. */
import { describe, expect, test } from 'vitest';
import {
  kmsPermissions,
  lambdaPermissions,
  logsPermissions,
} from '../../../src/sandbox/access/actions/compute.ts';
import { iamPermissions, stsPermissions } from '../../../src/sandbox/access/actions/identity.ts';
import {
  eventsPermissions,
  snsPermissions,
  sqsPermissions,
} from '../../../src/sandbox/access/actions/messaging.ts';
import { s3Permissions } from '../../../src/sandbox/access/actions/s3.ts';
import type { Input, Permissions } from '../../../src/sandbox/access/permission.ts';
import type { RequestContext } from '../../../src/sandbox/wire/types.ts';

const ACCOUNT = '111122223333';
const ctx = (headers: RequestContext['headers'] = {}): RequestContext => ({
  requestId: 'r',
  extendedRequestId: '',
  region: 'eu-west-1',
  account: ACCOUNT,
  accessKeyId: 'k',
  sourceIp: '127.0.0.1',
  host: '',
  method: 'POST',
  headers,
  trailers: () => ({}),
  response: { headers: {} },
});

const needs = (permissions: Permissions, operation: string, input: Input) =>
  permissions(operation, input, { region: 'eu-west-1', account: ACCOUNT, ctx: ctx() }).map(
    ({ action, resource }) => `${action} ${resource}`,
  );

const here = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:${ACCOUNT}:${resource}`;
const OBJECT = { Bucket: 'b', Key: 'a/k' };
const K = 'arn:aws:s3:::b/a/k';
const B = 'arn:aws:s3:::b';

describe('S3', () => {
  test.each<[string, Input, readonly string[]]>([
    ['GetObject', OBJECT, [`s3:GetObject ${K}`]],
    ['GetObject', { ...OBJECT, VersionId: 'v' }, [`s3:GetObjectVersion ${K}`]],
    ['HeadObject', OBJECT, [`s3:GetObject ${K}`]],
    ['HeadObject', { ...OBJECT, VersionId: 'v' }, [`s3:GetObjectVersion ${K}`]],
    ['GetObjectAttributes', OBJECT, [`s3:GetObject ${K}`, `s3:GetObjectAttributes ${K}`]],
    ['PutObject', OBJECT, [`s3:PutObject ${K}`]],
    ['PutObject', { ...OBJECT, Tagging: 'a=b' }, [`s3:PutObject ${K}`, `s3:PutObjectTagging ${K}`]],
    ['PutObject', { ...OBJECT, ACL: 'private' }, [`s3:PutObject ${K}`, `s3:PutObjectAcl ${K}`]],
    [
      'CopyObject',
      { ...OBJECT, CopySource: '/src/x%20y' },
      ['s3:GetObject arn:aws:s3:::src/x y', `s3:PutObject ${K}`],
    ],
    [
      'UploadPartCopy',
      { ...OBJECT, CopySource: 'src/x?versionId=v' },
      ['s3:GetObjectVersion arn:aws:s3:::src/x', `s3:PutObject ${K}`],
    ],
    ['CopyObject', { ...OBJECT, CopySource: '%' }, [`s3:PutObject ${K}`]],
    ['CreateMultipartUpload', OBJECT, [`s3:PutObject ${K}`]],
    ['UploadPart', OBJECT, [`s3:PutObject ${K}`]],
    ['CompleteMultipartUpload', OBJECT, [`s3:PutObject ${K}`]],
    ['AbortMultipartUpload', OBJECT, [`s3:AbortMultipartUpload ${K}`]],
    ['ListParts', OBJECT, [`s3:ListMultipartUploadParts ${K}`]],
    [
      'PostObject',
      { Bucket: 'b', Form: { fields: new Map([['key', { value: 'a/k' }]]) } },
      [`s3:PutObject ${K}`],
    ],
    ['DeleteObject', { ...OBJECT, VersionId: 'v' }, [`s3:DeleteObjectVersion ${K}`]],
    ['DeleteObjects', { Bucket: 'b' }, []],
    ['PutObjectTagging', { ...OBJECT, VersionId: 'v' }, [`s3:PutObjectVersionTagging ${K}`]],
    ['RestoreObject', OBJECT, [`s3:RestoreObject ${K}`]],
    ['ListBuckets', {}, ['s3:ListAllMyBuckets arn:aws:s3:::*']],
    ['HeadBucket', { Bucket: 'b' }, [`s3:ListBucket ${B}`]],
    ['ListObjectsV2', { Bucket: 'b' }, [`s3:ListBucket ${B}`]],
    ['ListObjectVersions', { Bucket: 'b' }, [`s3:ListBucketVersions ${B}`]],
    ['PutBucketNotificationConfiguration', { Bucket: 'b' }, [`s3:PutBucketNotification ${B}`]],
    ['GetBucketNotificationConfiguration', { Bucket: 'b' }, [`s3:GetBucketNotification ${B}`]],
    ['PutBucketLifecycleConfiguration', { Bucket: 'b' }, [`s3:PutLifecycleConfiguration ${B}`]],
    ['GetPublicAccessBlock', { Bucket: 'b' }, [`s3:GetBucketPublicAccessBlock ${B}`]],
    ['GetBucketEncryption', { Bucket: 'b' }, [`s3:GetEncryptionConfiguration ${B}`]],
    ['CreateBucket', { Bucket: 'b' }, [`s3:CreateBucket ${B}`]],
  ])('%s of %o', (operation, input, expected) => {
    expect(needs(s3Permissions, operation, input)).toEqual(expected);
  });

  test('condition keys: what is listed, how it is uploaded, which version', () => {
    const contextOf = (operation: string, input: Input, headers: RequestContext['headers'] = {}) =>
      s3Permissions(operation, input, { region: 'us-east-1', account: ACCOUNT, ctx: ctx(headers) })[0]
        ?.context;
    expect(contextOf('ListObjectsV2', { Bucket: 'b', Prefix: 'in/', MaxKeys: 5 })).toEqual({
      's3:prefix': 'in/',
      's3:max-keys': '5',
    });
    expect(contextOf('PutObject', OBJECT, { 'x-amz-acl': 'public-read' })).toEqual({
      's3:x-amz-acl': 'public-read',
    });
    expect(contextOf('GetObject', { ...OBJECT, VersionId: 'v' })).toEqual({ 's3:VersionId': 'v' });
  });
});

const url = (name: string, account = ACCOUNT) => ({ QueueUrl: `http://127.0.0.1:1/${account}/${name}` });

const SERVICES = {
  SQS: sqsPermissions,
  SNS: snsPermissions,
  Lambda: lambdaPermissions,
  Logs: logsPermissions,
  EventBridge: eventsPermissions,
  IAM: iamPermissions(() => '/'),
  'IAM with a path': iamPermissions(() => '/team/'),
  STS: stsPermissions,
  KMS: kmsPermissions(() => 'key'),
  'KMS without the key': kmsPermissions(() => undefined),
} as const satisfies Record<string, Permissions>;

test.each<[keyof typeof SERVICES, string, Input, readonly string[]]>([
  ['SQS', 'SendMessage', url('q'), [`sqs:SendMessage ${here('sqs', 'q')}`]],
  ['SQS', 'SendMessageBatch', url('q'), [`sqs:SendMessage ${here('sqs', 'q')}`]],
  [
    'SQS',
    'DeleteMessage',
    url('q', '999999999999'),
    ['sqs:DeleteMessage arn:aws:sqs:eu-west-1:999999999999:q'],
  ],
  ['SQS', 'CreateQueue', { QueueName: 'q' }, [`sqs:CreateQueue ${here('sqs', 'q')}`]],
  ['SQS', 'ListQueues', {}, [`sqs:ListQueues ${here('sqs', '')}`]],
  ['SNS', 'PublishBatch', { TopicArn: here('sns', 't') }, [`sns:Publish ${here('sns', 't')}`]],
  ['SNS', 'CreateTopic', { Name: 't' }, [`sns:CreateTopic ${here('sns', 't')}`]],
  ['SNS', 'ListTopics', {}, [`sns:ListTopics ${here('sns', '*')}`]],
  ['SNS', 'Unsubscribe', { SubscriptionArn: here('sns', 't:id') }, [`sns:Unsubscribe ${here('sns', 't')}`]],
  [
    'Lambda',
    'Invoke',
    { FunctionName: 'f', Qualifier: 'live' },
    [`lambda:InvokeFunction ${here('lambda', 'function:f:live')}`],
  ],
  [
    'Lambda',
    'GetFunction',
    { FunctionName: 'arn:aws:lambda:us-east-1:999999999999:function:f' },
    ['lambda:GetFunction arn:aws:lambda:us-east-1:999999999999:function:f'],
  ],
  [
    'Lambda',
    'CreateFunction',
    { FunctionName: 'f', Role: 'arn:aws:iam::1:role/r' },
    [`lambda:CreateFunction ${here('lambda', 'function:f')}`, 'iam:PassRole arn:aws:iam::1:role/r'],
  ],
  ['Lambda', 'ListFunctions', {}, ['lambda:ListFunctions *']],
  [
    'Lambda',
    'GetEventSourceMapping',
    { UUID: 'u' },
    [`lambda:GetEventSourceMapping ${here('lambda', 'event-source-mapping:u')}`],
  ],
  [
    'Logs',
    'PutLogEvents',
    { logGroupName: '/g', logStreamName: 's' },
    [`logs:PutLogEvents ${here('logs', 'log-group:/g:log-stream:s')}`],
  ],
  [
    'Logs',
    'FilterLogEvents',
    { logGroupIdentifier: `${here('logs', 'log-group:/g')}:*` },
    [`logs:FilterLogEvents ${here('logs', 'log-group:/g:log-stream:')}`],
  ],
  [
    'Logs',
    'StartLiveTail',
    { logGroupIdentifiers: [here('logs', 'log-group:/a'), here('logs', 'log-group:/b')] },
    [
      `logs:StartLiveTail ${here('logs', 'log-group:/a:log-stream:')}`,
      `logs:StartLiveTail ${here('logs', 'log-group:/b:log-stream:')}`,
    ],
  ],
  ['Logs', 'DescribeLogGroups', {}, [`logs:DescribeLogGroups ${here('logs', 'log-group::log-stream:')}`]],
  [
    'EventBridge',
    'PutEvents',
    { Entries: [{}, { EventBusName: 'x' }, {}] },
    [
      `events:PutEvents ${here('events', 'event-bus/default')}`,
      `events:PutEvents ${here('events', 'event-bus/x')}`,
    ],
  ],
  [
    'EventBridge',
    'PutRule',
    { Name: 'r', EventBusName: here('events', 'event-bus/x'), RoleArn: 'arn:aws:iam::1:role/r' },
    [`events:PutRule ${here('events', 'rule/x/r')}`, 'iam:PassRole arn:aws:iam::1:role/r'],
  ],
  ['EventBridge', 'PutTargets', { Rule: 'r' }, [`events:PutTargets ${here('events', 'rule/r')}`]],
  [
    'EventBridge',
    'DescribeEventBus',
    { Name: 'x' },
    [`events:DescribeEventBus ${here('events', 'event-bus/x')}`],
  ],
  ['EventBridge', 'ListEventBuses', {}, ['events:ListEventBuses *']],
  ['IAM with a path', 'GetRole', { RoleName: 'r' }, [`iam:GetRole arn:aws:iam::${ACCOUNT}:role/team/r`]],
  [
    'IAM',
    'CreateRole',
    { RoleName: 'r', Path: '/new/' },
    [`iam:CreateRole arn:aws:iam::${ACCOUNT}:role/new/r`],
  ],
  ['IAM', 'ListRoles', {}, [`iam:ListRoles arn:aws:iam::${ACCOUNT}:role/`]],
  ['STS', 'GetCallerIdentity', {}, []],
  ['STS', 'GetAccessKeyInfo', {}, ['sts:GetAccessKeyInfo *']],
  ['KMS', 'Decrypt', { KeyId: 'alias/x' }, ['kms:Decrypt key']],
  ['KMS without the key', 'Decrypt', { KeyId: 'gone' }, []],
  ['KMS without the key', 'ListKeys', {}, ['kms:ListKeys *']],
])('%s: %s of %o', (service, operation, input, expected) => {
  expect(needs(SERVICES[service], operation, input)).toEqual(expected);
});
