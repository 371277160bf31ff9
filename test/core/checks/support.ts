import { expect } from 'vitest';
import type { Check } from '../../../src/core/doctor/check.ts';
import { createLook } from '../../../src/core/doctor/check.ts';
import type {
  BucketNode,
  DoctorFacts,
  FunctionConfiguration,
  FunctionNode,
  KeyNode,
  LogNode,
  LogSeen,
  QueueAttributes,
  QueueNode,
  RoleNode,
  TopicNode,
} from '../../../src/core/doctor/facts.ts';
import type { Finding, NotChecked } from '../../../src/core/doctor/finding.ts';
import { absent, read } from '../../../src/core/doctor/reading.ts';
import { hopsOf, rulesInQuestion } from '../../../src/core/doctor/routes.ts';
import type { NotificationDocument } from '../../../src/core/notification.ts';

export const ACCOUNT = '111122223333';
export const REGION = 'eu-west-1';
export const BUCKET = 'photos';
/** 2026-01-02T03:04:05Z */
export const NOW = 1_767_323_045_000;
export const MINUTE = 60_000;
export const BUCKET_ARN = `arn:aws:s3:::${BUCKET}`;
export const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/thumbs-role`;

export const fnArn = (name = 'thumbs') => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
export const queueArn = (name = 'jobs') => `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
export const topicArn = (name = 'uploads') => `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;

/** A policy with one Allow statement. */
export function policy(statement: Readonly<Record<string, unknown>>, ...more: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement, ...more] });
}

/** The statement that admits S3 for the bucket. */
export function s3Statement(
  action: string,
  resource: string,
  over: Readonly<Record<string, unknown>> = {},
): Readonly<Record<string, unknown>> {
  return {
    Sid: 's3',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: action,
    Resource: resource,
    Condition: {
      ArnLike: { 'aws:SourceArn': BUCKET_ARN },
      StringEquals: { 'aws:SourceAccount': ACCOUNT },
    },
    ...over,
  };
}

export function configuration(over: Partial<FunctionConfiguration> = {}): FunctionConfiguration {
  return {
    state: 'Active',
    lastUpdateStatus: 'Successful',
    lastModified: NOW - 86_400_000,
    version: '$LATEST',
    roleArn: ROLE_ARN,
    timeoutSeconds: 3,
    memoryMb: 128,
    ephemeralMb: 512,
    handler: 'index.handler',
    runtime: 'python3.13',
    packageType: 'Zip',
    hasEnvironment: false,
    subnetIds: [],
    fileSystems: [],
    logGroup: '/aws/lambda/thumbs',
    logFormat: 'Text',
    ...over,
  };
}

export function functionNode(over: Partial<FunctionNode> = {}): FunctionNode {
  const arn = over.arn ?? fnArn();
  return {
    arn,
    name: arn.split(':')[6] ?? '',
    qualifier: arn.split(':')[7],
    configuration: read('lambda:GetFunctionConfiguration', configuration()),
    policy: read('lambda:GetPolicy', policy(s3Statement('lambda:InvokeFunction', arn))),
    concurrency: absent('lambda:GetFunctionConcurrency'),
    eventInvoke: read('lambda:ListFunctionEventInvokeConfigs', []),
    ...over,
  };
}

export function log(seen: Partial<LogSeen> = {}, over: Partial<LogNode> = {}): LogNode {
  return {
    name: '/aws/lambda/thumbs',
    group: read('logs:DescribeLogGroups', { createdAt: NOW - 86_400_000, class: 'STANDARD' }),
    seen: read('logs:FilterLogEvents', {
      lines: 0,
      truncated: false,
      records: [],
      invocations: [],
      errors: [],
      ...seen,
    }),
    ...over,
  };
}

export function queueAttributes(over: Partial<QueueAttributes> = {}): QueueAttributes {
  return {
    url: `https://sqs.${REGION}.amazonaws.com/${ACCOUNT}/jobs`,
    policy: policy(s3Statement('sqs:SendMessage', queueArn())),
    maximumMessageSize: 262_144,
    visibilitySeconds: 30,
    delaySeconds: 0,
    retentionSeconds: 345_600,
    waiting: 0,
    inFlight: 0,
    ...over,
  };
}

export function queueNode(over: Partial<QueueNode> = {}): QueueNode {
  return {
    arn: queueArn(),
    attributes: read('sqs:GetQueueAttributes', queueAttributes()),
    mappings: read('lambda:ListEventSourceMappings', []),
    ...over,
  };
}

export function topicNode(over: Partial<TopicNode> = {}): TopicNode {
  return {
    arn: topicArn(),
    attributes: read('sns:GetTopicAttributes', { policy: policy(s3Statement('sns:Publish', topicArn())) }),
    subscriptions: read('sns:ListSubscriptionsByTopic', []),
    ...over,
  };
}

export function keyNode(id: string, over: Partial<KeyNode> = {}): KeyNode {
  const statement = s3Statement('kms:*', '*', { Condition: {} });
  return {
    id,
    key: read('kms:DescribeKey', { arn: id, manager: 'CUSTOMER', state: 'Enabled' }),
    policy: read('kms:GetKeyPolicy', policy(statement)),
    ...over,
  };
}

export function roleNode(over: Partial<RoleNode> = {}): RoleNode {
  return {
    arn: ROLE_ARN,
    role: read('iam:GetRole', {
      trust: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
        ],
      }),
      createdAt: NOW - 10 * 86_400_000,
    }),
    simulated: read('iam:SimulatePrincipalPolicy', []),
    ...over,
  };
}

/** One rule to the function `thumbs`, for every created object. */
export function lambdaDocument(over: Readonly<Record<string, unknown>> = {}): NotificationDocument {
  return {
    LambdaFunctionConfigurations: [
      { Id: 'thumbs', LambdaFunctionArn: fnArn(), Events: ['s3:ObjectCreated:*'], ...over },
    ],
  };
}

export function bucketNode(over: Partial<BucketNode> = {}): BucketNode {
  return {
    name: BUCKET,
    head: read('s3:ListBucket', { region: REGION }),
    owner: read('s3:GetBucketNotification', ACCOUNT),
    notification: read('s3:GetBucketNotification', lambdaDocument()),
    versioning: read('s3:GetBucketVersioning', 'Off'),
    sample: read('s3:ListBucketVersions', { entries: [], truncated: false }),
    uploads: read('s3:ListBucketMultipartUploads', []),
    ...over,
  };
}

export type FactsOver = Partial<Omit<DoctorFacts, 'bucket' | 'question'>> & {
  readonly bucket?: Partial<BucketNode>;
  readonly question?: Partial<DoctorFacts['question']>;
};

/** A healthy bucket with one function behind it, and what a test changes. */
export function facts({ bucket, question, ...over }: FactsOver = {}): DoctorFacts {
  return {
    schemaVersion: 1,
    at: NOW,
    question: { bucket: BUCKET, since: NOW - 60 * MINUTE, remembered: [], ...question },
    target: { region: REGION, sandbox: false },
    identity: read('sts:GetCallerIdentity', { account: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:user/ada` }),
    bucket: bucketNode(bucket),
    functions: { [fnArn()]: functionNode() },
    queues: {},
    topics: {},
    keys: {},
    roles: { [ROLE_ARN]: roleNode() },
    eventRules: read('events:ListRules', []),
    metrics: read('cloudwatch:GetMetricData', []),
    notes: [],
    ...over,
  };
}

/** What the check finds, after holding it to the facts that it declares. */
export function judge(
  check: Check,
  given: DoctorFacts,
): { readonly findings: readonly Finding[]; readonly notChecked: readonly NotChecked[] } {
  const notChecked: NotChecked[] = [];
  const touched = new Set<string>();
  const view = { rules: rulesInQuestion(given), hops: hopsOf(given, rulesInQuestion(given)) };
  const look = createLook(check.id, { facts: watched(given, touched), ...view }, (what) =>
    notChecked.push(what),
  );
  const findings = check.judge(look);
  expect(
    [...touched].filter((name) => !check.reads.includes(name)),
    `${check.id} reads`,
  ).toEqual([]);
  for (const { id } of findings) expect(id).toBe(check.id);
  return { findings, notChecked };
}

/** Members whose nodes stand by ARN or id: the facts of a node count by themselves. */
const BY_ID: readonly string[] = ['functions', 'queues', 'topics', 'keys', 'roles'];
/** Members with facts of their own. */
const NODES: readonly string[] = ['bucket', 'object'];
/** What every check may know. */
const FREE: readonly string[] = ['at', 'question', 'target', 'schemaVersion', 'notes'];
const FREE_OF_NODES: readonly string[] = ['arn', 'name', 'qualifier', 'id', 'key'];

function watched(given: DoctorFacts, touched: Set<string>): DoctorFacts {
  const node = <T extends object>(name: string, value: T): T =>
    new Proxy(value, {
      get(target, member) {
        const isFree = typeof member === 'symbol' || (FREE_OF_NODES.includes(member) && name !== 'keys');
        if (!isFree) touched.add(`${name}.${member}`);
        return Reflect.get(target, member) as unknown;
      },
    });
  return new Proxy(given, {
    get(target, member) {
      const value: unknown = Reflect.get(target, member);
      if (typeof member === 'symbol' || FREE.includes(member) || value === undefined) return value;
      if (NODES.includes(member)) return node(member, value as object);
      if (!BY_ID.includes(member)) {
        touched.add(member);
        return value;
      }
      return new Proxy(value as Record<string, object>, {
        get(nodes, id) {
          const one = typeof id === 'symbol' ? undefined : nodes[id];
          return one && node(member, one);
        },
      });
    },
  });
}
