/**
 * Set-ups that work and that look broken to somebody who only compares texts: not one false alarm. What the local AWS cannot hold stands
 * in test/core/checks/look-alikes.test.ts.
 */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import {
  AddPermissionCommand,
  CreateAliasCommand,
  CreateEventSourceMappingCommand,
  PublishVersionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
  type AddPermissionCommandInput,
} from '@aws-sdk/client-lambda';
import { PutRetentionPolicyCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketPolicyCommand,
  PutBucketVersioningCommand,
  PutPublicAccessBlockCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import type { FindingId } from '../../../src/core/doctor/catalogue.ts';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createFunction } from '../../support/pipeline.ts';
import type { TestSandbox } from '../../support/sandbox.ts';
import { envelopeOf, runCli } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { rootClients } from '../../sandbox/access/support.ts';
import { allow, configure, handler, upload } from './handlers.ts';
import { doctor, summary } from './scenario.ts';
import {
  ACCOUNT,
  allowQueue,
  BUCKET,
  BUCKET_ARN,
  busChain,
  directFunction,
  filterOf,
  fnArn,
  lambdaRule,
  pattern,
  permitS3,
  put,
  queueArn,
  ruleArn,
  topicArn,
} from './world.ts';

const sandbox = shareSandbox();

interface LookAlike {
  readonly what: string;
  readonly setUp: (world: TestSandbox) => Promise<unknown>;
  readonly argv?: readonly string[];
  /** The only finding that it may have: a risk. */
  readonly risk?: FindingId;
}

/** Asks about the bucket, and about the key and the function where the case names them. */
function areHealthy(cases: readonly LookAlike[]): void {
  test.each(cases)('$what', async ({ setUp, argv = [], risk }) => {
    await setUp(sandbox());
    await sandbox().idle();
    const { code, data } = await doctor(sandbox(), argv);
    expect(data.verdict, summary(data)).toBe('healthy');
    expect(code).toBe(0);
    expect(
      data.findings.map(({ id, verdict }) => [id, verdict]),
      summary(data),
    ).toEqual(risk === undefined ? [] : [[risk, 'risk']]);
    expect(data.rootCause).toBeNull();
  });
}

/** S3 -> function, with these statements in place of the usual one. */
async function permitted(
  world: TestSandbox,
  ...statements: readonly Partial<AddPermissionCommandInput>[]
): Promise<void> {
  await directFunction(world);
  for (const [index, over] of statements.entries()) {
    await world.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'thumbs',
        StatementId: `other-${index}`,
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        ...over,
      }),
    );
  }
  await world.lambda.send(new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }));
}

type Statement = Readonly<Record<string, unknown>>;

const OWNER = { StringEquals: { 'aws:SourceAccount': ACCOUNT } };

function sending(over: Statement = {}, Resource = queueArn()): Statement {
  return {
    Sid: 'sender',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource,
    Condition: { ...OWNER, ArnLike: { 'aws:SourceArn': BUCKET_ARN } },
    ...over,
  };
}

const policyOf = (...Statement: readonly Statement[]) => JSON.stringify({ Version: '2012-10-17', Statement });

/** S3 -> queue, with this policy. */
async function queueWith(
  world: TestSandbox,
  statements: readonly Statement[],
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  await world.sqs.send(
    new CreateQueueCommand({
      QueueName: 'jobs',
      Attributes: { Policy: policyOf(...statements), VisibilityTimeout: '180', ...attributes },
    }),
  );
  await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, {
    QueueConfigurations: [{ Id: 'jobs', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'] }],
  });
}

async function alias(world: TestSandbox): Promise<void> {
  const { Version } = await world.lambda.send(new PublishVersionCommand({ FunctionName: 'thumbs' }));
  await world.lambda.send(
    new CreateAliasCommand({ FunctionName: 'thumbs', Name: 'live', FunctionVersion: Version }),
  );
}

describe('1: the permission is where the rule points to', () => {
  areHealthy([
    {
      what: 'on the alias alone',
      setUp: async (world) => {
        await createFunction(world, 'thumbs', PRINTING_HANDLERS.node);
        await alias(world);
        await permitS3(world, 'thumbs', 'live');
        await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
        await put(world, {
          LambdaFunctionConfigurations: [lambdaRule({ LambdaFunctionArn: `${fnArn()}:live` })],
        });
      },
    },
    {
      what: 'on the function alone, which has an alias',
      setUp: async (world) => {
        await directFunction(world);
        await alias(world);
      },
      argv: ['--function', 'thumbs'],
    },
  ]);
});

describe('2: everybody is admitted, from this bucket', () => {
  const everybody = { Principal: '*', SourceArn: BUCKET_ARN };
  areHealthy([
    {
      what: 'a function',
      setUp: (world) => permitted(world, { ...everybody, SourceAccount: ACCOUNT }),
    },
    {
      what: 'a function, whoever owns the bucket',
      setUp: (world) => permitted(world, everybody),
      risk: 'permission-too-open',
    },
    { what: 'a queue: *', setUp: (world) => queueWith(world, [sending({ Principal: '*' })]) },
    { what: 'a queue: AWS *', setUp: (world) => queueWith(world, [sending({ Principal: { AWS: '*' } })]) },
    {
      what: 'a queue: AWS * in a list',
      setUp: (world) => queueWith(world, [sending({ Principal: { AWS: ['*'] } })]),
    },
  ]);
});

describe('3: the source is a pattern', () => {
  const from = (operator: string, source: unknown) => (world: TestSandbox) =>
    queueWith(world, [
      sending({
        Condition:
          operator === 'StringEquals'
            ? { StringEquals: { ...OWNER.StringEquals, 'aws:SourceArn': source } }
            : { ...OWNER, [operator]: { 'aws:SourceArn': source } },
      }),
    ]);
  areHealthy([
    ...[`arn:aws:s3:*:*:${BUCKET}`, 'arn:aws:s3:::*', 'arn:aws:s3:::pho*'].map((SourceArn) => ({
      what: `of a function: ${SourceArn}`,
      setUp: (world: TestSandbox) => permitted(world, { SourceArn, SourceAccount: ACCOUNT }),
    })),
    { what: 'a list that holds the bucket', setUp: from('ArnLike', ['arn:aws:s3:::other', BUCKET_ARN]) },
    { what: 'ArnEquals with a glob', setUp: from('ArnEquals', `arn:aws:s3:*:*:${BUCKET}`) },
    { what: 'StringLike with a glob', setUp: from('StringLike', 'arn:aws:s3:::p?otos') },
    { what: 'StringEquals', setUp: from('StringEquals', BUCKET_ARN) },
  ]);
});

describe('4: conditions that are not there', () => {
  areHealthy([
    {
      what: 'only the account, of a function',
      setUp: (world) => permitted(world, { SourceAccount: ACCOUNT }),
    },
    {
      what: 'only the account, of a queue',
      setUp: (world) => queueWith(world, [sending({ Condition: OWNER })]),
    },
    {
      what: 'none at all, of a function',
      setUp: (world) => permitted(world, {}),
      risk: 'permission-too-open',
    },
    {
      what: 'none at all, of a queue',
      setUp: (world) => queueWith(world, [sending({ Condition: undefined })]),
      risk: 'permission-too-open',
    },
  ]);
});

describe('5: one statement among others', () => {
  const others = Array.from({ length: 10 }, (_, index) => ({
    SourceArn: `arn:aws:s3:::other-${index}`,
    SourceAccount: ACCOUNT,
  }));
  const right = { SourceArn: BUCKET_ARN, SourceAccount: ACCOUNT };
  areHealthy([
    { what: 'ten for other buckets', setUp: (world) => permitted(world, ...others, right) },
    {
      what: 'wrong ones beside the right one',
      setUp: (world) =>
        permitted(
          world,
          { ...right, SourceArn: `${BUCKET_ARN}/*` },
          { ...right, SourceAccount: '444455556666' },
          { ...right, Principal: 'events.amazonaws.com' },
          right,
        ),
    },
    {
      what: 'a Deny for others',
      setUp: (world) =>
        queueWith(world, [
          sending(),
          sending({
            Sid: 'insecure',
            Effect: 'Deny',
            Principal: '*',
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          }),
          sending({
            Sid: 'strangers',
            Effect: 'Deny',
            Principal: '*',
            Condition: { StringNotEqualsIfExists: { 'aws:SourceAccount': ACCOUNT } },
          }),
        ]),
    },
  ]);
});

describe('6: EventBridge alone', () => {
  areHealthy([
    { what: 'without a rule in the bucket, nor S3 in the policy', setUp: busChain },
    { what: 'asked for by the function', setUp: busChain, argv: ['--function', 'thumbs'] },
    {
      what: 'asked for by the key',
      setUp: async (world) => {
        await busChain(world);
        await upload(world);
      },
      argv: ['--key', 'in/a.jpg'],
    },
    {
      what: 'a rule that another one stands beside, for another bucket',
      setUp: async (world) => {
        await busChain(world);
        await world.events.send(
          new PutRuleCommand({
            Name: 'others',
            EventPattern: pattern({ detail: { bucket: { name: ['other'] } } }),
          }),
        );
      },
    },
  ]);
});

/** S3 -> topic -> queue -> function. */
async function longChain(
  world: TestSandbox,
  attributes: Readonly<Record<string, string>> = {},
): Promise<void> {
  await createFunction(world, 'thumbs', PRINTING_HANDLERS.node);
  await allowQueue(world);
  const { sns, sqs, s3, lambda } = world;
  await sqs.send(
    new CreateQueueCommand({
      QueueName: 'jobs',
      Attributes: {
        VisibilityTimeout: '180',
        Policy: policyOf(
          sending({
            Principal: { Service: 'sns.amazonaws.com' },
            Condition: { ArnLike: { 'aws:SourceArn': topicArn() } },
          }),
        ),
      },
    }),
  );
  const Policy = policyOf({ ...sending({ Action: 'sns:Publish' }, topicArn()) });
  await sns.send(new CreateTopicCommand({ Name: 'uploads', Attributes: { Policy } }));
  await sns.send(
    new SubscribeCommand({
      TopicArn: topicArn(),
      Protocol: 'sqs',
      Endpoint: queueArn(),
      Attributes: attributes,
    }),
  );
  await lambda.send(
    new CreateEventSourceMappingCommand({ FunctionName: 'thumbs', EventSourceArn: queueArn(), BatchSize: 1 }),
  );
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, {
    TopicConfigurations: [{ Id: 'uploads', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
}

describe('7: a topic, a queue and a function that fetches', () => {
  areHealthy([
    { what: 'the function has no policy, and the queue admits SNS only', setUp: (world) => longChain(world) },
    {
      what: 'asked for by the function, with raw messages',
      setUp: (world) => longChain(world, { RawMessageDelivery: 'true' }),
      argv: ['--function', 'thumbs'],
    },
    {
      what: 'a filter of the body that takes them',
      setUp: (world) =>
        longChain(world, {
          FilterPolicyScope: 'MessageBody',
          FilterPolicy: JSON.stringify({ Records: { eventSource: ['aws:s3'] } }),
        }),
    },
  ]);
});

describe('8: encryption', () => {
  const withKey =
    (...Action: readonly string[]) =>
    async (world: TestSandbox) => {
      const Policy = policyOf(
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          Action: 'kms:*',
          Resource: '*',
        },
        { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action, Resource: '*' },
      );
      const { KeyMetadata } = await world.kms.send(new CreateKeyCommand({ Policy }));
      await queueWith(world, [sending()], { KmsMasterKeyId: KeyMetadata?.Arn ?? '' });
    };
  areHealthy([
    {
      what: 'keys of SQS itself',
      setUp: (world) => queueWith(world, [sending()], { SqsManagedSseEnabled: 'true' }),
    },
    { what: 'kms:GenerateDataKey*', setUp: withKey('kms:GenerateDataKey*', 'kms:Decrypt') },
    { what: 'kms:*', setUp: withKey('kms:*') },
  ]);
});

describe('9: defaults', () => {
  areHealthy([
    {
      what: 'no settings of asynchronous invocation, no dead-letter queue, no reserved concurrency',
      setUp: directFunction,
    },
    {
      what: 'an update is under way',
      setUp: async (world) => {
        await directFunction(world);
        world.faults.add({ effect: { kind: 'function-activation', ms: 60_000 } });
        await configure(world, { MemorySize: 256 });
      },
    },
  ]);
});

describe('10: another account, and what guards the bucket', () => {
  const OTHER = '222222222222';
  areHealthy([
    {
      what: 'a queue of another account, which lets the caller look',
      setUp: async (world) => {
        const QueueArn = queueArn().replace(ACCOUNT, OTHER);
        const reading = sending(
          {
            Sid: 'doctor',
            Principal: { AWS: ACCOUNT },
            Action: ['sqs:GetQueueAttributes', 'sqs:GetQueueUrl'],
            Condition: undefined,
          },
          QueueArn,
        );
        await rootClients(world.url, OTHER).sqs.send(
          new CreateQueueCommand({
            QueueName: 'jobs',
            Attributes: { Policy: policyOf(sending({}, QueueArn), reading) },
          }),
        );
        await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
        await put(world, {
          QueueConfigurations: [{ Id: 'jobs', QueueArn, Events: ['s3:ObjectCreated:*'] }],
        });
      },
    },
    {
      what: 'plain HTTP and sessions without MFA denied, and public access blocked',
      setUp: async (world) => {
        await directFunction(world);
        await upload(world);
        await world.s3.send(
          new PutPublicAccessBlockCommand({
            Bucket: BUCKET,
            PublicAccessBlockConfiguration: {
              BlockPublicAcls: true,
              BlockPublicPolicy: true,
              IgnorePublicAcls: true,
              RestrictPublicBuckets: true,
            },
          }),
        );
        const deny = (Action: string, Condition: Statement) => ({
          Effect: 'Deny',
          Principal: '*',
          Action,
          Resource: [BUCKET_ARN, `${BUCKET_ARN}/*`],
          Condition,
        });
        const Policy = policyOf(
          // The local AWS speaks plain HTTP only.
          deny('s3:PutObject', { Bool: { 'aws:SecureTransport': 'false' } }),
          deny('s3:DeleteObject*', { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } }),
        );
        await world.s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy }));
      },
      argv: ['--key', 'in/a.jpg'],
    },
  ]);
});

test('10: the alias of an access point is not taken for a bucket that shuts itself out', async () => {
  await directFunction(sandbox());
  const result = await runCli(['doctor', 'photos-ap-1a2b3c4d5e6f7g8h9i0j-s3alias', '--fix', '--json'], {
    endpoint: sandbox().url,
  });
  expect(envelopeOf(result).error).toMatchObject({
    code: 'INVALID_ARGUMENT',
    hint: expect.stringContaining('Name the bucket behind it') as string,
  });
});

describe('11: filters', () => {
  const filtered =
    (...filters: readonly object[]) =>
    async (world: TestSandbox) => {
      await directFunction(world);
      await put(world, {
        LambdaFunctionConfigurations: filters.map((filter, index) =>
          lambdaRule({ Id: `r${index}`, ...filter }),
        ),
      });
    };
  const names = (...FilterRules: readonly { Name: string; Value: string }[]) => ({
    Filter: { Key: { FilterRules } },
  });
  const withUpload =
    (setUp: (world: TestSandbox) => Promise<void>, key: string) => async (world: TestSandbox) => {
      await setUp(world);
      await upload(world, key);
    };
  areHealthy([
    { what: 'empty values', setUp: filtered(filterOf({ prefix: '', suffix: '' })) },
    {
      what: 'names in capitals',
      setUp: withUpload(
        filtered(names({ Name: 'Prefix', Value: 'in/' }, { Name: 'SUFFIX', Value: '.jpg' })),
        'in/a.jpg',
      ),
      argv: ['--key', 'in/a.jpg'],
    },
    {
      what: 'a prefix without a slash, a suffix without a dot',
      setUp: withUpload(filtered(filterOf({ prefix: 'in', suffix: 'jpg' })), 'in2/a.jpg'),
      argv: ['--key', 'in2/a.jpg'],
    },
    {
      what: 'encoded values',
      setUp: withUpload(filtered(filterOf({ prefix: 'a%3Db/my+photos/' })), 'a=b/my photos/1.jpg'),
      argv: ['--key', 'a=b/my photos/1.jpg'],
    },
    {
      what: 'encoded values, and no key',
      setUp: withUpload(filtered(filterOf({ prefix: 'a%3Db/' })), 'a=b/1.jpg'),
    },
    {
      what: 'one prefix and two suffixes',
      setUp: filtered(
        filterOf({ prefix: 'in/', suffix: '.jpg' }),
        filterOf({ prefix: 'in/', suffix: '.png' }),
      ),
    },
    {
      what: 'a FIFO queue behind EventBridge',
      setUp: async (world) => {
        const arn = queueArn('jobs.fifo');
        const statement = sending(
          {
            Principal: { Service: 'events.amazonaws.com' },
            Condition: { ArnEquals: { 'aws:SourceArn': ruleArn() } },
          },
          arn,
        );
        await world.sqs.send(
          new CreateQueueCommand({
            QueueName: 'jobs.fifo',
            Attributes: {
              FifoQueue: 'true',
              ContentBasedDeduplication: 'true',
              Policy: policyOf(statement),
            },
          }),
        );
        await world.events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern() }));
        await world.events.send(
          new PutTargetsCommand({
            Rule: 'all-objects',
            Targets: [{ Id: 'fifo', Arn: arn, SqsParameters: { MessageGroupId: 'uploads' } }],
          }),
        );
        await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
        await put(world, { EventBridgeConfiguration: {} });
      },
    },
  ]);
});

const QUIET = { LoggingConfig: { LogFormat: 'JSON', SystemLogLevel: 'WARN' } } as const;

describe('12: nothing to be seen', () => {
  areHealthy([
    {
      what: 'the log has no START lines, and nothing was uploaded',
      setUp: async (world) => {
        await directFunction(world);
        await configure(world, QUIET);
      },
    },
    {
      what: 'the log has no START lines, but the events',
      setUp: async (world) => {
        await directFunction(world, handler(''));
        await configure(world, QUIET);
        await upload(world);
      },
      argv: ['--key', 'in/a.jpg'],
    },
    {
      what: 'the log has no lines at all, though it ran: that it tells nothing is all there is to say',
      setUp: async (world) => {
        await directFunction(world, handler('', 'console.log = () => undefined;'));
        await configure(world, QUIET);
        await upload(world);
      },
      risk: 'log-group-elsewhere',
    },
    {
      what: 'the log stands elsewhere',
      setUp: async (world) => {
        await directFunction(world);
        await configure(world, { LoggingConfig: { LogGroup: 'shared' } });
        await upload(world);
      },
      argv: ['--function', 'thumbs'],
    },
    { what: 'no uploads since the deployment', setUp: directFunction, argv: ['--function', 'thumbs'] },
    {
      what: 'a function in a network of its own',
      setUp: async (world) => {
        await directFunction(world);
        await configure(world, {
          VpcConfig: { SubnetIds: ['subnet-0a1b2c3d'], SecurityGroupIds: ['sg-0a1b2c3d'] },
        });
        await upload(world);
      },
    },
    {
      what: 'a role that may not read S3, and never does',
      setUp: async (world) => {
        await directFunction(world);
        await upload(world);
      },
      argv: ['--key', 'in/a.jpg'],
    },
    {
      what: 'a reserved concurrency of 1, and one upload after the other',
      setUp: async (world) => {
        await directFunction(world);
        await world.lambda.send(
          new PutFunctionConcurrencyCommand({ FunctionName: 'thumbs', ReservedConcurrentExecutions: 1 }),
        );
        for (const key of ['a.jpg', 'b.jpg', 'c.jpg']) await upload(world, key);
      },
    },
  ]);
});

describe('a busy bucket', () => {
  areHealthy([
    { what: 'with all at once', setUp: busy },
    { what: 'asked for by one of its keys', setUp: busy, argv: ['--key', 'in/a b.jpg'] },
    { what: 'asked for by its queue', setUp: busy, argv: ['--function', queueArn()] },
    {
      what: 'a queue in which S3’s test message waits, and nobody reads it yet',
      setUp: (world) => queueWith(world, [sending()]),
    },
    {
      what: 'a queue in which messages wait for somebody outside of Lambda',
      setUp: async (world) => {
        await queueWith(world, [sending()]);
        for (const key of ['a.jpg', 'b.jpg', 'c.jpg']) await upload(world, key);
      },
    },
  ]);
});

/** Uploads that ran, rules with other suffixes, versions and deletions, a queue that somebody else reads, a way for failures. */
async function busy(world: TestSandbox): Promise<void> {
  const { lambda, logs, s3, sqs } = world;
  await sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy: policyOf(sending()) } }));
  await sqs.send(new CreateQueueCommand({ QueueName: 'failed' }));
  await directFunction(world);
  await allow(world, { Effect: 'Allow', Action: 'sqs:SendMessage', Resource: queueArn('failed') });
  await lambda.send(
    new PutFunctionEventInvokeConfigCommand({
      FunctionName: 'thumbs',
      DestinationConfig: { OnFailure: { Destination: queueArn('failed') } },
    }),
  );
  await s3.send(
    new PutBucketVersioningCommand({ Bucket: BUCKET, VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await put(world, {
    LambdaFunctionConfigurations: [
      lambdaRule({ Id: 'jpg', ...filterOf({ suffix: '.jpg' }) }),
      lambdaRule({ Id: 'png', ...filterOf({ suffix: '.png' }) }),
    ],
    QueueConfigurations: [
      {
        Id: 'jobs',
        QueueArn: queueArn(),
        Events: ['s3:ObjectCreated:*', 's3:ObjectRemoved:*'],
        ...filterOf({ suffix: '.csv' }),
      },
    ],
  });
  for (const key of ['in/a b.jpg', 'in/b.png', 'in/c.csv', 'in/d.csv', 'in/e.txt']) await upload(world, key);
  await upload(world, 'in/a b.jpg', { Body: 'a new version' });
  await s3.send(new DeleteObjectCommand({ Bucket: BUCKET, Key: 'in/d.csv' }));
  await logs.send(new PutRetentionPolicyCommand({ logGroupName: '/aws/lambda/thumbs', retentionInDays: 14 }));
}
