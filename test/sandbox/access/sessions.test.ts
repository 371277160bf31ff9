/** Role sessions against the whole sandbox: what their role lets them do, and how each service refuses the rest. */
import { CreateLogGroupCommand, DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { ListRulesCommand, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { DeleteRolePolicyCommand, GetRoleCommand, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, EncryptCommand } from '@aws-sdk/client-kms';
import { GetFunctionCommand, ListFunctionsCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, PublishCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, test } from 'vitest';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import {
  HOME,
  policy,
  refusal,
  rootClients,
  sessionClients,
  type Clients,
  type Statement,
} from './support.ts';

const sandbox = shareSandbox();
let root: Clients;
beforeEach(() => {
  root = rootClients(sandbox().url, HOME);
});

const sessionWith = (...rights: readonly Statement[]) =>
  sessionClients(sandbox().url, root, 'app', ...rights);
const ME = `arn:aws:sts::${HOME}:assumed-role/app/me`;
const ROLE = `arn:aws:iam::${HOME}:role/app`;
const ALL: Statement = { Action: '*', Resource: '*' };

test('no policy, no right, except to know who one is', async () => {
  const session = await sessionWith();
  expect(await session.sts.send(new GetCallerIdentityCommand({}))).toMatchObject({ Arn: ME, Account: HOME });
  await root.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  const TopicArn = (await root.sns.send(new CreateTopicCommand({ Name: 't' }))).TopicArn;
  const { QueueUrl } = await root.sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  const { KeyMetadata } = await root.kms.send(new CreateKeyCommand({}));
  const key = KeyMetadata?.Arn ?? '';
  const arn = (service: string, resource: string) => `arn:aws:${service}:us-east-1:${HOME}:${resource}`;
  const refused = (action: string, resource: string) =>
    `User: ${ME} is not authorized to perform: ${action} on resource: ${resource} because no identity-based policy allows the ${action} action`;
  const Entries = [{ Source: 's', DetailType: 'd', Detail: '{}' }];
  const batch = [{ Id: '1', MessageBody: 'x' }];
  const calls: [() => Promise<unknown>, string, number, string][] = [
    [
      () => session.s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'a b' })),
      'AccessDenied',
      403,
      refused('s3:PutObject', '"arn:aws:s3:::data/a b"'),
    ],
    [
      () => session.s3.send(new ListBucketsCommand({})),
      'AccessDenied',
      403,
      refused('s3:ListAllMyBuckets', '"arn:aws:s3:::*"'),
    ],
    [
      () => session.sqs.send(new SendMessageBatchCommand({ QueueUrl, Entries: batch })),
      'AccessDenied',
      403,
      refused('sqs:sendmessage', arn('sqs', 'q')),
    ],
    [
      () => session.sns.send(new PublishCommand({ TopicArn, Message: 'x' })),
      'AuthorizationErrorException',
      403,
      refused('SNS:Publish', TopicArn ?? ''),
    ],
    [
      () => session.lambda.send(new ListFunctionsCommand({})),
      'AccessDeniedException',
      403,
      refused('lambda:ListFunctions', '*'),
    ],
    [
      () => session.lambda.send(new GetFunctionCommand({ FunctionName: 'f' })),
      'AccessDeniedException',
      403,
      refused('lambda:GetFunction', arn('lambda', 'function:f')),
    ],
    [
      () => session.logs.send(new DescribeLogGroupsCommand({})),
      'AccessDeniedException',
      400,
      refused('logs:DescribeLogGroups', arn('logs', 'log-group::log-stream:')),
    ],
    [
      () => session.events.send(new PutEventsCommand({ Entries })),
      'AccessDeniedException',
      400,
      refused('events:PutEvents', arn('events', 'event-bus/default')),
    ],
    [
      () => session.kms.send(new EncryptCommand({ KeyId: key, Plaintext: Buffer.from('x') })),
      'AccessDeniedException',
      400,
      refused('kms:Encrypt', key),
    ],
    [
      () => session.iam.send(new GetRoleCommand({ RoleName: 'app' })),
      'AccessDenied',
      403,
      refused('iam:GetRole', 'role app'),
    ],
  ];
  for (const [call, name, status, message] of calls) {
    expect(await refusal(call())).toEqual({ name, status, message });
  }
});

test('what the role may do is done, with every service', async () => {
  const session = await sessionWith(ALL);
  await session.s3.send(new CreateBucketCommand({ Bucket: 'mine' }));
  await session.s3.send(new PutObjectCommand({ Bucket: 'mine', Key: 'k', Body: 'x' }));
  const { QueueUrl } = await session.sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  await session.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  const { TopicArn } = await session.sns.send(new CreateTopicCommand({ Name: 't' }));
  await session.sns.send(new PublishCommand({ TopicArn, Message: 'x' }));
  await session.logs.send(new CreateLogGroupCommand({ logGroupName: '/g' }));
  await session.events.send(new ListRulesCommand({}));
  await session.lambda.send(new ListFunctionsCommand({}));
  await session.iam.send(new GetRoleCommand({ RoleName: 'app' }));
  // What the session made belongs to the account.
  expect((await root.s3.send(new ListBucketsCommand({}))).Buckets).toHaveLength(1);
});

test('rights go as soon as the policy goes', async () => {
  const session = await sessionWith({ Action: 's3:ListAllMyBuckets', Resource: '*' });
  await session.s3.send(new ListBucketsCommand({}));
  await root.iam.send(new DeleteRolePolicyCommand({ RoleName: 'app', PolicyName: 'rights' }));
  await expect(session.s3.send(new ListBucketsCommand({}))).rejects.toThrow('s3:ListAllMyBuckets');
});

describe('S3', () => {
  const READ: Statement = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' };
  beforeEach(async () => {
    await root.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    for (const Key of ['in/a', 'out/b']) {
      await root.s3.send(new PutObjectCommand({ Bucket: 'data', Key, Body: Key }));
    }
  });

  test('a missing key is refused to who may not list the bucket', async () => {
    const missing = { Bucket: 'data', Key: 'nothing' };
    const session = await sessionWith(READ, { ...READ, Action: 's3:GetObjectTagging' });
    await session.s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'in/a' }));
    const text = `User: ${ME} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::data" because no identity-based policy allows the s3:ListBucket action`;
    expect(await refusal(session.s3.send(new GetObjectCommand(missing)))).toMatchObject({
      status: 403,
      message: text,
    });
    expect(await refusal(session.s3.send(new GetObjectTaggingCommand(missing)))).toMatchObject({
      message: text,
    });
    expect(await refusal(session.s3.send(new HeadObjectCommand(missing)))).toMatchObject({ status: 403 });
    const lister = await sessionClients(sandbox().url, root, 'lister', READ, {
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::data',
    });
    expect(await refusal(lister.s3.send(new GetObjectCommand(missing)))).toMatchObject({ name: 'NoSuchKey' });
    expect(await refusal(lister.s3.send(new HeadObjectCommand(missing)))).toMatchObject({ status: 404 });
  });

  test('a missing bucket is missing for everyone', async () => {
    const session = await sessionWith();
    const call = session.s3.send(new GetObjectCommand({ Bucket: 'nobodys', Key: 'k' }));
    expect(await refusal(call)).toMatchObject({ name: 'NoSuchBucket' });
  });

  test('a listing may be bound to a prefix', async () => {
    const session = await sessionWith({
      Action: 's3:ListBucket',
      Resource: 'arn:aws:s3:::data',
      Condition: { StringLike: { 's3:prefix': 'in/*' } },
    });
    const list = (Prefix?: string) => session.s3.send(new ListObjectsV2Command({ Bucket: 'data', Prefix }));
    expect((await list('in/')).Contents).toHaveLength(1);
    await expect(list('out/')).rejects.toThrow('s3:ListBucket');
    await expect(list()).rejects.toThrow('s3:ListBucket');
  });

  test('DeleteObjects deletes what may be deleted, and names the rest', async () => {
    const session = await sessionWith({ Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::data/in/*' });
    const Objects = [{ Key: 'in/a' }, { Key: 'out/b' }];
    const answer = await session.s3.send(new DeleteObjectsCommand({ Bucket: 'data', Delete: { Objects } }));
    expect(answer.Deleted).toEqual([{ Key: 'in/a' }]);
    expect(answer.Errors).toMatchObject([{ Key: 'out/b', Code: 'AccessDenied' }]);
    expect((await root.s3.send(new ListObjectsV2Command({ Bucket: 'data' }))).Contents).toMatchObject([
      { Key: 'out/b' },
    ]);
  });

  test('a bucket policy gives rights to the role, and takes them', async () => {
    const put = (...statements: readonly Statement[]) =>
      root.s3.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy: policy(...statements) }));
    const session = await sessionWith({ Action: 's3:ListBucket', Resource: '*' });
    await put({ ...READ, Principal: { AWS: ROLE } });
    await session.s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'in/a' }));
    await put({ Effect: 'Deny', Principal: '*', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::data' });
    expect(await refusal(session.s3.send(new ListObjectsV2Command({ Bucket: 'data' })))).toMatchObject({
      message: `User: ${ME} is not authorized to perform: s3:ListBucket on resource: "arn:aws:s3:::data" with an explicit deny in a resource-based policy`,
    });
    // Root too, which alone can still put the policy right.
    await expect(root.s3.send(new ListObjectsV2Command({ Bucket: 'data' }))).rejects.toThrow('explicit deny');
    await put(READ_BY_TLS);
    await root.s3.send(new ListObjectsV2Command({ Bucket: 'data' }));
  });

  const READ_BY_TLS: Statement = {
    Effect: 'Deny',
    Principal: '*',
    Action: 's3:*',
    Resource: ['arn:aws:s3:::data', 'arn:aws:s3:::data/*'],
    Condition: { Bool: { 'aws:SecureTransport': 'false' } },
  };
});

describe('an encrypted queue', () => {
  test('wants rights on its key', async () => {
    const { KeyMetadata } = await root.kms.send(new CreateKeyCommand({}));
    const { QueueUrl } = await root.sqs.send(
      new CreateQueueCommand({ QueueName: 'q', Attributes: { KmsMasterKeyId: KeyMetadata?.Arn ?? '' } }),
    );
    await root.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'root' }));
    const sends: Statement = { Action: 'sqs:*', Resource: '*' };
    const session = await sessionWith(sends);
    expect(
      await refusal(session.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))),
    ).toMatchObject({
      name: 'KmsAccessDenied',
      status: 400,
      message: expect.stringContaining('kms:GenerateDataKey') as string,
    });
    expect(await refusal(session.sqs.send(new ReceiveMessageCommand({ QueueUrl })))).toMatchObject({
      message: expect.stringContaining('kms:Decrypt') as string,
    });
    const other = await sessionClients(sandbox().url, root, 'sender', sends, {
      Action: 'kms:*',
      Resource: KeyMetadata?.Arn ?? '',
    });
    await other.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
  });
});

test('a queue policy that denies root is obeyed', async () => {
  const { QueueUrl } = await root.sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  const Policy = policy({ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' });
  await root.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy } }));
  await expect(root.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }))).rejects.toThrow(
    'with an explicit deny in a resource-based policy',
  );
});

test('a session assumes a further role when both sides let it', async () => {
  const session = await sessionWith();
  await sessionClients(sandbox().url, root, 'next');
  const RoleArn = `arn:aws:iam::${HOME}:role/next`;
  // The trust policy of `next` names everyone, which is enough within the account.
  await session.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'again' }));
  const denied = await sessionClients(sandbox().url, root, 'denied', {
    Effect: 'Deny',
    Action: 'sts:AssumeRole',
    Resource: '*',
  });
  expect(
    await refusal(denied.sts.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'again' }))),
  ).toMatchObject({ name: 'AccessDenied', message: expect.stringContaining('explicit deny') as string });
});

test('SimulatePrincipalPolicy decides as the services do', async () => {
  await sessionWith(
    { Action: 's3:*', Resource: 'arn:aws:s3:::data/*' },
    { Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' },
  );
  const { EvaluationResults } = await root.iam.send(
    new SimulatePrincipalPolicyCommand({
      PolicySourceArn: ROLE,
      ActionNames: ['s3:GetObject', 's3:DeleteObject'],
      ResourceArns: ['arn:aws:s3:::data/k', 'arn:aws:s3:::other/k'],
    }),
  );
  expect(EvaluationResults?.map(({ EvalDecision }) => EvalDecision)).toEqual([
    'allowed',
    'implicitDeny',
    'explicitDeny',
    'explicitDeny',
  ]);
  const missing = new SimulatePrincipalPolicyCommand({ PolicySourceArn: `${ROLE}x`, ActionNames: ['s3:*'] });
  await expect(root.iam.send(missing)).rejects.toMatchObject({ name: 'NoSuchEntityException' });
});
