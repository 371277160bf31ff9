/** Two accounts in one sandbox: what is theirs, what the other may use, and events that go from one to the other. */
import { AddPermissionCommand, GetFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import { PutPermissionCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { ListRolesCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, PutKeyPolicyCommand } from '@aws-sdk/client-kms';
import {
  CreateBucketCommand,
  DeletePublicAccessBlockCommand,
  GetBucketPolicyCommand,
  GetBucketPolicyStatusCommand,
  GetObjectCommand,
  HeadBucketCommand,
  ListBucketsCommand,
  PutBucketNotificationConfigurationCommand,
  PutBucketPolicyCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  CreateTopicCommand,
  PublishCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { AssumeRoleCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { beforeEach, describe, expect, test } from 'vitest';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createFunction, logMessages } from '../../support/pipeline.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import {
  HOME,
  OTHER,
  policy,
  refusal,
  rootClients,
  sessionClients,
  type Clients,
  type Statement,
} from './support.ts';

const sandbox = shareSandbox();
let home: Clients;
let other: Clients;
beforeEach(() => {
  home = rootClients(sandbox().url, HOME);
  other = rootClients(sandbox().url, OTHER);
});

const arn = (service: string, name: string, account = OTHER) =>
  `arn:aws:${service}:us-east-1:${account}:${name}`;

test('an access key of twelve digits is root of that account; any other is the sandbox’s own', async () => {
  const identity = ({ sts }: Clients) => sts.send(new GetCallerIdentityCommand({}));
  expect(await identity(other)).toMatchObject({ Account: OTHER, Arn: `arn:aws:iam::${OTHER}:root` });
  expect(await identity(rootClients(sandbox().url, 'test'))).toMatchObject({ Account: HOME });
});

test('each account sees its own', async () => {
  await createFunction(sandbox(), 'f', PRINTING_HANDLERS.node);
  const { QueueUrl } = await home.sqs.send(new CreateQueueCommand({ QueueName: 'q' }));
  expect(QueueUrl).toContain(`/${HOME}/q`);
  expect((await other.sqs.send(new CreateQueueCommand({ QueueName: 'q' }))).QueueUrl).toContain(
    `/${OTHER}/q`,
  );
  expect((await other.iam.send(new ListRolesCommand({}))).Roles).toEqual([]);
  await expect(other.lambda.send(new GetFunctionCommand({ FunctionName: 'f' }))).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });
  await sandbox().reset();
  const gone = other.sqs.send(new GetQueueUrlCommand({ QueueName: 'q' }));
  expect(await refusal(gone)).toMatchObject({ name: 'QueueDoesNotExist' });
});

describe('buckets', () => {
  const everything = (bucket: string, Principal: unknown): Statement => ({
    Principal,
    Action: 's3:*',
    Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`],
  });
  const putPolicy = (Bucket: string, ...statements: readonly Statement[]) =>
    home.s3.send(new PutBucketPolicyCommand({ Bucket, Policy: policy(...statements) }));

  beforeEach(async () => {
    await home.s3.send(new CreateBucketCommand({ Bucket: 'data' }));
    await home.s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'k', Body: 'x' }));
  });

  test('their names are taken for everyone, their contents are not for everyone', async () => {
    expect(await refusal(other.s3.send(new CreateBucketCommand({ Bucket: 'data' })))).toMatchObject({
      name: 'BucketAlreadyExists',
      status: 409,
    });
    expect(await refusal(other.s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' })))).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: 'Access Denied',
    });
    expect(await refusal(other.s3.send(new HeadBucketCommand({ Bucket: 'data' })))).toMatchObject({
      status: 403,
    });
    expect((await other.s3.send(new ListBucketsCommand({}))).Buckets ?? []).toEqual([]);
  });

  test('a policy opens a bucket to an account, and to a role that its own account lets', async () => {
    await putPolicy('data', everything('data', { AWS: OTHER }));
    await other.s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' }));
    const read: Statement = { Action: 's3:GetObject', Resource: '*' };
    const may = await sessionClients(sandbox().url, other, 'may', read);
    await may.s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' }));
    const mayNot = await sessionClients(sandbox().url, other, 'may-not');
    expect(await refusal(mayNot.s3.send(new GetObjectCommand({ Bucket: 'data', Key: 'k' })))).toMatchObject({
      message: 'Access Denied',
    });
    // A copy reads there and writes here.
    await other.s3.send(new CreateBucketCommand({ Bucket: 'theirs' }));
    await expect(
      other.s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'new', Body: 'x' })),
    ).resolves.toBeDefined();
  });

  test('unsigned requests are for public buckets', async () => {
    const url = `${sandbox().url}/data/k`;
    const get = async () => (await fetch(url)).status;
    expect(await get()).toBe(403);
    const open: Statement = { Principal: '*', Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' };
    expect(await refusal(putPolicy('data', open))).toMatchObject({ name: 'AccessDenied', status: 403 });
    await home.s3.send(new DeletePublicAccessBlockCommand({ Bucket: 'data' }));
    await putPolicy('data', open);
    expect(await get()).toBe(200);
    // Whether a key is missing is told to those who may list.
    expect((await fetch(`${url}/missing`)).status).toBe(403);
    expect((await fetch(`${sandbox().url}/`)).status).toBe(403);
    expect((await fetch(`${sandbox().url}/nobodys`)).status).toBe(404);
    const status = await home.s3.send(new GetBucketPolicyStatusCommand({ Bucket: 'data' }));
    expect(status.PolicyStatus).toEqual({ IsPublic: true });
    await putPolicy('data', {
      ...open,
      Condition: { StringEquals: { 'aws:PrincipalAccount': [OTHER] } },
    });
    expect(await get()).toBe(403);
    expect((await home.s3.send(new GetBucketPolicyStatusCommand({ Bucket: 'data' }))).PolicyStatus).toEqual({
      IsPublic: false,
    });
  });

  test('there is no policy before there is one', async () => {
    expect(await refusal(home.s3.send(new GetBucketPolicyCommand({ Bucket: 'data' })))).toEqual({
      name: 'NoSuchBucketPolicy',
      status: 404,
      message: 'The bucket policy does not exist',
    });
  });

  const own = 'arn:aws:s3:::data/*';
  test.each<[string, string, string]>([
    ['no JSON', '{', "Policies must be valid JSON and the first byte must be '{'"],
    ['no principal', policy({ Action: 's3:*', Resource: own }), 'Missing required field Principal'],
    [
      'no action',
      policy({ Principal: '*', Resource: own } as unknown as Statement),
      'Missing required field Action',
    ],
    [
      'a principal that is none',
      policy({ Principal: { AWS: 'me' }, Action: 's3:*', Resource: own }),
      'Invalid principal in policy',
    ],
    [
      'an action of another service',
      policy({ Principal: { AWS: OTHER }, Action: 'sqs:*', Resource: own }),
      'Policy has invalid action',
    ],
    [
      'another bucket',
      policy({ Principal: { AWS: OTHER }, Action: 's3:*', Resource: 'arn:aws:s3:::else/*' }),
      'Policy has invalid resource',
    ],
    [
      'an effect that is none',
      policy({ Principal: { AWS: OTHER }, Action: 's3:*', Resource: own, Effect: 'Maybe' as 'Allow' }),
      'Invalid policy syntax.',
    ],
  ])('a policy with %s is refused', async (_name, Policy, message) => {
    const call = home.s3.send(new PutBucketPolicyCommand({ Bucket: 'data', Policy }));
    expect(await refusal(call)).toEqual({ name: 'MalformedPolicy', status: 400, message });
  });
});

describe('queues, topics and functions', () => {
  const queueOf = async (owner: Clients, name: string, ...statements: readonly Statement[]) => {
    const { QueueUrl } = await owner.sqs.send(new CreateQueueCommand({ QueueName: name }));
    if (statements.length > 0) {
      const Attributes = { Policy: policy(...statements) };
      await owner.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
    }
    return QueueUrl;
  };

  test('a queue serves the accounts that its policy names', async () => {
    const shut = await queueOf(other, 'shut');
    const send = (QueueUrl: string | undefined) =>
      home.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'hello' }));
    expect(await refusal(send(shut))).toEqual({
      name: 'AccessDenied',
      status: 403,
      message: `User: arn:aws:iam::${HOME}:root is not authorized to perform: sqs:sendmessage on resource: ${arn('sqs', 'shut')} because no resource-based policy allows the sqs:sendmessage action`,
    });
    expect(await refusal(send(shut?.replace('shut', 'missing')))).toMatchObject({
      name: 'QueueDoesNotExist',
    });
    const locate = (QueueName: string) =>
      home.sqs.send(new GetQueueUrlCommand({ QueueName, QueueOwnerAWSAccountId: OTHER }));
    expect(await refusal(locate('shut'))).toMatchObject({ name: 'QueueDoesNotExist' });

    const url = await queueOf(other, 'open', { Principal: { AWS: HOME }, Action: 'sqs:*', Resource: '*' });
    expect((await locate('open')).QueueUrl).toBe(url);
    await send(url);
    const { Messages } = await other.sqs.send(new ReceiveMessageCommand({ QueueUrl: url }));
    expect(Messages).toMatchObject([{ Body: 'hello' }]);
  });

  test('a topic and a function refuse the other account', async () => {
    const { TopicArn } = await other.sns.send(new CreateTopicCommand({ Name: 't' }));
    expect(await refusal(home.sns.send(new PublishCommand({ TopicArn, Message: 'x' })))).toMatchObject({
      name: 'AuthorizationErrorException',
      message: expect.stringContaining(
        'because no resource-based policy allows the SNS:Publish action',
      ) as string,
    });
    const FunctionName = await createFunction(other, 'f', PRINTING_HANDLERS.node);
    const invoke = () => home.lambda.send(new InvokeCommand({ FunctionName, InvocationType: 'DryRun' }));
    expect(await refusal(invoke())).toMatchObject({ name: 'AccessDeniedException', status: 403 });
    await other.lambda.send(
      new AddPermissionCommand({
        FunctionName,
        StatementId: 'home',
        Action: 'lambda:InvokeFunction',
        Principal: HOME,
      }),
    );
    expect((await invoke()).StatusCode).toBe(204);
  });

  test('a role of the other account is assumed when both sides agree', async () => {
    await sessionClients(sandbox().url, other, 'open-to-all');
    const assume = new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${OTHER}:role/open-to-all`,
      RoleSessionName: 'visitor',
    });
    const { AssumedRoleUser } = await home.sts.send(assume);
    expect(AssumedRoleUser?.Arn).toBe(`arn:aws:sts::${OTHER}:assumed-role/open-to-all/visitor`);
    const session = await sessionClients(sandbox().url, home, 'without-rights');
    expect(await refusal(session.sts.send(assume))).toMatchObject({
      message: expect.stringContaining('no identity-based policy') as string,
    });
  });
});

describe('events from a bucket of one account', () => {
  const Events = ['s3:ObjectCreated:*' as const];
  const admits = (resource: string, account = HOME): Statement => ({
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: resource,
    Condition: {
      StringEquals: { 'aws:SourceAccount': account },
      ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::from' },
    },
  });
  const notify = (name: string) =>
    home.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'from',
        NotificationConfiguration: { QueueConfigurations: [{ QueueArn: arn('sqs', name), Events }] },
      }),
    );
  const received = async (QueueUrl: string | undefined) => {
    await sandbox().idle();
    const { Messages = [] } = await other.sqs.send(
      new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }),
    );
    return Messages.map(({ Body = '' }) => Body).filter((body) => !body.includes('s3:TestEvent'));
  };
  beforeEach(async () => {
    await home.s3.send(new CreateBucketCommand({ Bucket: 'from' }));
  });

  test('reach a queue of another that admits the bucket’s account, encrypted or not', async () => {
    const { KeyMetadata } = await other.kms.send(new CreateKeyCommand({}));
    const KeyId = KeyMetadata?.Arn ?? '';
    await other.kms.send(
      new PutKeyPolicyCommand({
        KeyId,
        Policy: policy(
          { Principal: { AWS: OTHER }, Action: 'kms:*', Resource: '*' },
          { Principal: { Service: 's3.amazonaws.com' }, Action: 'kms:*', Resource: '*' },
        ),
      }),
    );
    const { QueueUrl } = await other.sqs.send(
      new CreateQueueCommand({
        QueueName: 'to',
        Attributes: { Policy: policy(admits(arn('sqs', 'to'))), KmsMasterKeyId: KeyId },
      }),
    );
    await notify('to');
    await home.s3.send(new PutObjectCommand({ Bucket: 'from', Key: 'k', Body: 'x' }));
    expect((await received(QueueUrl)).map((body) => JSON.parse(body) as unknown)).toMatchObject([
      { Records: [{ s3: { bucket: { name: 'from' }, object: { key: 'k' } } }] },
    ]);
  });

  test('do not reach one that admits another account', async () => {
    await other.sqs.send(
      new CreateQueueCommand({
        QueueName: 'to',
        Attributes: { Policy: policy(admits(arn('sqs', 'to'), OTHER)) },
      }),
    );
    expect(await refusal(notify('to'))).toMatchObject({
      message: 'Unable to validate the following destination configurations',
    });
  });

  test('run a function of another, which writes to its own account’s log', async () => {
    const LambdaFunctionArn = await createFunction(other, 'printer', PRINTING_HANDLERS.node);
    await other.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'printer',
        StatementId: 's3',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceAccount: HOME,
      }),
    );
    await home.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'from',
        NotificationConfiguration: { LambdaFunctionConfigurations: [{ LambdaFunctionArn, Events }] },
      }),
    );
    await home.s3.send(new PutObjectCommand({ Bucket: 'from', Key: 'k', Body: 'x' }));
    await sandbox().idle();
    expect(await logMessages(other, 'printer', 'EVENT')).toEqual([
      expect.stringContaining('ObjectCreated:Put k'),
    ]);
    await expect(logMessages(home, 'printer', 'EVENT')).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
  });

  test('reach it through a topic that its account may subscribe to, and from EventBridge', async () => {
    const { TopicArn = '' } = await home.sns.send(new CreateTopicCommand({ Name: 'news' }));
    const queue = arn('sqs', 'to');
    const subscribe = (clients: Clients) =>
      clients.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queue }));
    expect(await refusal(subscribe(other))).toMatchObject({ name: 'AuthorizationErrorException' });
    await home.sns.send(
      new SetTopicAttributesCommand({
        TopicArn,
        AttributeName: 'Policy',
        AttributeValue: policy(
          { Principal: { Service: 's3.amazonaws.com' }, Action: 'sns:Publish', Resource: TopicArn },
          { Principal: { AWS: OTHER }, Action: 'sns:Subscribe', Resource: TopicArn },
        ),
      }),
    );
    const { RuleArn } = await home.events.send(
      new PutRuleCommand({ Name: 'all', EventPattern: JSON.stringify({ source: ['aws.s3'] }) }),
    );
    const from = (service: string, source: string | undefined): Statement => ({
      Principal: { Service: service },
      Action: 'sqs:SendMessage',
      Resource: queue,
      Condition: { ArnEquals: { 'aws:SourceArn': source } },
    });
    const Policy = policy(from('sns.amazonaws.com', TopicArn), from('events.amazonaws.com', RuleArn));
    const { QueueUrl } = await other.sqs.send(
      new CreateQueueCommand({ QueueName: 'to', Attributes: { Policy } }),
    );
    await home.events.send(new PutTargetsCommand({ Rule: 'all', Targets: [{ Id: 'q', Arn: queue }] }));
    // The owner of the queue need not confirm.
    expect((await subscribe(other)).SubscriptionArn).toContain(TopicArn);
    await home.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'from',
        NotificationConfiguration: {
          TopicConfigurations: [{ TopicArn, Events }],
          EventBridgeConfiguration: {},
        },
      }),
    );
    await home.s3.send(new PutObjectCommand({ Bucket: 'from', Key: 'k', Body: 'x' }));
    const bodies = (await received(QueueUrl)).map((body) => JSON.parse(body) as Record<string, unknown>);
    expect(bodies.map(({ source, TopicArn: topic }) => source ?? topic).sort()).toEqual([TopicArn, 'aws.s3']);
  });
});

describe('events from a bus of one account to a bus of another', () => {
  const bus = arn('events', 'event-bus/default');
  const EventPattern = JSON.stringify({ source: ['aws.s3'] });
  const target = (RoleArn?: string) => ({ Id: 'bus', Arn: bus, ...(RoleArn !== undefined && { RoleArn }) });
  let QueueUrl: string | undefined;

  /** Uploads to a bucket of the home account, and what comes to the queue behind the other account's bus. */
  async function upload(key: string): Promise<unknown[]> {
    await home.s3.send(new PutObjectCommand({ Bucket: 'from', Key: key, Body: 'x' }));
    await sandbox().idle();
    const { Messages = [] } = await other.sqs.send(new ReceiveMessageCommand({ QueueUrl }));
    return Messages.map(({ Body = '' }) => JSON.parse(Body) as unknown);
  }

  const admit = (Condition?: object) =>
    other.events.send(
      new PutPermissionCommand({
        Policy: policy({
          Principal: { AWS: `arn:aws:iam::${HOME}:root` },
          Action: 'events:PutEvents',
          Resource: bus,
          ...(Condition && { Condition }),
        }),
      }),
    );

  const lastReason = () =>
    sandbox()
      .journal.entries()
      .flatMap((entry) => (entry.type === 'delivery' && entry.destination === bus ? [entry.reason] : []))
      .at(-1);

  beforeEach(async () => {
    await home.s3.send(new CreateBucketCommand({ Bucket: 'from' }));
    await home.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'from',
        NotificationConfiguration: { EventBridgeConfiguration: {} },
      }),
    );
    await home.events.send(new PutRuleCommand({ Name: 'on', EventPattern }));
    const { RuleArn } = await other.events.send(new PutRuleCommand({ Name: 'all', EventPattern }));
    ({ QueueUrl } = await other.sqs.send(
      new CreateQueueCommand({
        QueueName: 'to',
        Attributes: {
          Policy: policy({
            Principal: { Service: 'events.amazonaws.com' },
            Action: 'sqs:SendMessage',
            Resource: arn('sqs', 'to'),
            Condition: { ArnEquals: { 'aws:SourceArn': RuleArn } },
          }),
        },
      }),
    ));
    const Targets = [{ Id: 'q', Arn: arn('sqs', 'to') }];
    await other.events.send(new PutTargetsCommand({ Rule: 'all', Targets }));
  });

  test('arrive once its policy admits the account, and say whose they are', async () => {
    await home.events.send(new PutTargetsCommand({ Rule: 'on', Targets: [target()] }));
    expect(await upload('early')).toEqual([]);
    expect(lastReason()).toBe(`the event bus does not admit account ${HOME}`);
    await admit({ StringEquals: { 'events:source': 'aws.ec2' } });
    expect(await upload('too early')).toEqual([]);
    await admit({ StringEquals: { 'events:source': 'aws.s3' } });
    expect(await upload('k')).toMatchObject([{ account: HOME, detail: { object: { key: 'k' } } }]);
  });

  test('are not sent by a role that may not', async () => {
    await admit();
    await sessionClients(sandbox().url, home, 'sender');
    const role = arn('iam', 'role/sender', HOME).replace('us-east-1', '');
    await home.events.send(new PutTargetsCommand({ Rule: 'on', Targets: [target(role)] }));
    expect(await upload('k')).toEqual([]);
    expect(lastReason()).toContain('is not authorized to perform: events:PutEvents');
    await home.iam.send(
      new PutRolePolicyCommand({
        RoleName: 'sender',
        PolicyName: 'send',
        PolicyDocument: policy({ Action: 'events:PutEvents', Resource: bus }),
      }),
    );
    expect(await upload('k')).toHaveLength(1);
  });

  test('go no further than to a bus that is there', async () => {
    const Targets = [{ ...target(), Arn: bus.replace('default', 'none') }];
    await home.events.send(new PutTargetsCommand({ Rule: 'on', Targets }));
    expect(await upload('k')).toEqual([]);
    expect(sandbox().journal.entries()).toContainEqual(
      expect.objectContaining({ outcome: 'refused', reason: `there is no event bus ${Targets[0]?.Arn}` }),
    );
  });
});
