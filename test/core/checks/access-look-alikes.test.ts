/** Set-ups that work and look broken: nothing about destinations, permissions and keys is found in any of them but a risk. */
import { expect, it } from 'vitest';
import type { DoctorFacts, MappingNode } from '../../../src/core/doctor/facts.ts';
import { absent, read } from '../../../src/core/doctor/reading.ts';
import {
  admitting,
  behindRule,
  behindTopic,
  given,
  INVOKE,
  invoke,
  NO_POLICY,
  OTHER_ACCOUNT,
  queueDocument,
  RULE_ARN,
  said,
  subscription,
  withFunction,
  withQueue,
} from './access-support.ts';
import {
  ACCOUNT,
  BUCKET_ARN,
  configuration,
  fnArn,
  functionNode,
  keyNode,
  lambdaDocument,
  log,
  policy,
  queueArn,
  queueAttributes,
  queueNode,
  REGION,
  s3Statement,
  topicArn,
} from './support.ts';

const RISK = ['permission-too-open risk'];
const SEND = 'sqs:SendMessage';
const live = `${fnArn()}:live`;
const KEY = `arn:aws:kms:${REGION}:${ACCOUNT}:key/1234`;
const awayQueue = `arn:aws:sqs:${REGION}:${OTHER_ACCOUNT}:jobs`;
const awayFn = `arn:aws:lambda:${REGION}:${OTHER_ACCOUNT}:function:thumbs`;
const fifo = queueArn('jobs.fifo');

const sourceArn = (operator: string, value: unknown) => ({
  Condition: { [operator]: { 'AWS:SourceArn': value }, StringEquals: { 'AWS:SourceAccount': ACCOUNT } },
});
const alias = (over: object = {}) =>
  withFunction(policy(invoke({}, live)), {
    arn: live,
    qualified: read('lambda:GetFunction', configuration({ version: '3' })),
    otherPolicies: read('lambda:ListAliases', []),
    ...over,
  });
const mapping = (functionArn: string): MappingNode => ({
  uuid: 'u',
  functionArn,
  state: 'Enabled',
  batchSize: 10,
  windowSeconds: 0,
  filters: [],
  reportsItemFailures: false,
});
const queueOf = (arn: string, statement: object, over: Parameters<typeof queueNode>[0] = {}) => ({
  [arn]: queueNode({
    arn,
    attributes: read('sqs:GetQueueAttributes', queueAttributes({ policy: policy({ ...statement }) })),
    ...over,
  }),
});
const filtered = (Id: string, LambdaFunctionArn: string, prefix: string, suffix: string) => ({
  Id,
  LambdaFunctionArn,
  Events: ['s3:ObjectCreated:*'],
  Filter: {
    Key: {
      FilterRules: [
        { Name: 'Prefix', Value: prefix },
        { Name: 'Suffix', Value: suffix },
      ],
    },
  },
});
const tls = {
  Sid: 'tls',
  Effect: 'Deny',
  Principal: '*',
  Action: 'sqs:*',
  Resource: awayQueue,
  Condition: { Bool: { 'aws:SecureTransport': 'false' } },
};

const LOOK_ALIKES: readonly (readonly [what: string, world: DoctorFacts, risks?: readonly string[]])[] = [
  ['1. the permission on the alias that the rule names', alias()],
  [
    '2. everybody, for this bucket',
    withFunction(policy(invoke({ Principal: '*', ...sourceArn('ArnLike', BUCKET_ARN) }))),
  ],
  [
    '2. every AWS principal, for this bucket and any account',
    withFunction(
      policy(invoke({ Principal: { AWS: '*' }, Condition: { ArnLike: { 'AWS:SourceArn': BUCKET_ARN } } })),
    ),
    RISK,
  ],
  [
    '3. a pattern with empty parts',
    withFunction(policy(invoke(sourceArn('ArnLike', 'arn:aws:s3:*:*:photos')))),
  ],
  ['3. every bucket of the account', withFunction(policy(invoke(sourceArn('ArnLike', 'arn:aws:s3:::*'))))],
  ['3. a list', withFunction(policy(invoke(sourceArn('ArnEquals', ['arn:aws:s3:::old', BUCKET_ARN]))))],
  ['3. ArnEquals with a wildcard', withFunction(policy(invoke(sourceArn('ArnEquals', 'arn:aws:s3:::pho*'))))],
  [
    '4. the account alone',
    withFunction(policy(invoke({ Condition: { StringEquals: { 'AWS:SourceAccount': ACCOUNT } } }))),
  ],
  ['4. no condition', withFunction(policy(invoke({ Condition: {} }))), RISK],
  [
    '5. statements for ten other buckets, and one that is right',
    withFunction(
      policy(
        invoke({ Sid: 'wrong', ...sourceArn('ArnLike', `${BUCKET_ARN}/*`) }),
        ...Array.from({ length: 10 }, (_none, index) =>
          invoke({ Sid: `other-${index}`, ...sourceArn('ArnLike', `arn:aws:s3:::other-${index}`) }),
        ),
        invoke(),
      ),
    ),
  ],
  [
    '6. EventBridge alone, and no word of S3',
    behindRule([{}], {
      functions: {
        [fnArn()]: functionNode({
          policy: read(
            'lambda:GetPolicy',
            policy(admitting('events.amazonaws.com', RULE_ARN, INVOKE, fnArn())),
          ),
        }),
      },
    }),
  ],
  [
    '7. topic, queue, function: the queue admits the topic, the function nobody',
    behindTopic([subscription('sqs', queueArn())], {
      queues: queueOf(queueArn(), admitting('sns.amazonaws.com', topicArn(), SEND, queueArn()), {
        mappings: read('lambda:ListEventSourceMappings', [mapping(fnArn())]),
      }),
      functions: { [fnArn()]: functionNode({ policy: NO_POLICY }) },
    }),
  ],
  ['8. a queue that SQS encrypts by itself', withQueue({ kmsKeyId: undefined })],
  [
    '8. a key that lets S3 do more than it needs',
    withQueue(
      { kmsKeyId: 'alias/own' },
      {
        keys: {
          'alias/own': keyNode('alias/own', {
            key: read('kms:DescribeKey', { arn: KEY, manager: 'CUSTOMER', state: 'Enabled' }),
            policy: read(
              'kms:GetKeyPolicy',
              policy(
                s3Statement('kms:GenerateDataKey*', '*', { Condition: {} }),
                s3Statement('kms:*', '*', { Sid: 'all', Condition: {} }),
              ),
            ),
          }),
        },
      },
    ),
  ],
  [
    '9. defaults and a function at rest',
    withFunction(policy(invoke()), {
      eventInvoke: absent('lambda:ListFunctionEventInvokeConfigs'),
      concurrency: absent('lambda:GetFunctionConcurrency'),
      configuration: read(
        'lambda:GetFunction',
        configuration({ state: 'Inactive', lastUpdateStatus: 'InProgress' }),
      ),
    }),
  ],
  [
    '10. a queue of another account that requires TLS',
    given(queueDocument(awayQueue), {
      queues: {
        [awayQueue]: queueNode({
          arn: awayQueue,
          attributes: read(
            'sqs:GetQueueAttributes',
            queueAttributes({ policy: policy(s3Statement(SEND, awayQueue), tls) }),
          ),
        }),
      },
    }),
  ],
  ['10. a function of another account', withFunction(policy(invoke({}, awayFn)), { arn: awayFn })],
  [
    '10. a bucket of another account',
    (() => {
      const statement = invoke({
        Condition: {
          ArnLike: { 'AWS:SourceArn': BUCKET_ARN },
          StringEquals: { 'AWS:SourceAccount': OTHER_ACCOUNT },
        },
      });
      const world = withFunction(policy(statement));
      return { ...world, bucket: { ...world.bucket, owner: read('s3:ListBucket', OTHER_ACCOUNT) } };
    })(),
  ],
  [
    '11. filters of all kinds',
    given({
      LambdaFunctionConfigurations: [
        filtered('a', fnArn(), '', ''),
        filtered('b', fnArn(), 'a%3Db/', '.jpg'),
        filtered('c', fnArn(), 'a%3Db/', '.png'),
      ],
    }),
  ],
  [
    '11. a FIFO queue behind EventBridge',
    behindRule([{ arn: fifo, messageGroupId: 'all' }], {
      queues: queueOf(fifo, admitting('events.amazonaws.com', RULE_ARN, SEND, fifo)),
    }),
  ],
  [
    '12. no logs',
    given(lambdaDocument(), {
      functions: { [fnArn()]: functionNode({ log: log({}, { group: absent('logs:DescribeLogGroups') }) }) },
    }),
  ],
];

it.each(LOOK_ALIKES.map(([what, world, risks = []]) => ({ what, world, risks })))(
  '$what',
  ({ world, risks }) => {
    expect(said(world)).toEqual(risks);
  },
);
