/** Functions act with their execution role: what they call, what S3 says of them, and what becomes of their log. */
import { CreateKeyCommand } from '@aws-sdk/client-kms';
import { AttachRolePolicyCommand, CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateLogGroupCommand, DescribeLogStreamsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { LAMBDA_TRUST, zipOf } from '../../support/function-code.ts';
import { logMessages } from '../../support/pipeline.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { HOME, policy, type Statement } from './support.ts';

const sandbox = shareSandbox();

/** Calls the sandbox as its event says, and answers with status and body. Signatures are not verified. */
const CALLER = `
export const handler = async ({ method = 'GET', path, service = 's3', body, form }) => {
  const key = process.env.AWS_ACCESS_KEY_ID;
  console.log('calling', path);
  const headers = {
    authorization: 'AWS4-HMAC-SHA256 Credential=' + key + '/20261122/us-east-1/' + service + '/aws4_request, SignedHeaders=host, Signature=0',
  };
  if (form) headers['content-type'] = 'application/x-www-form-urlencoded';
  const answer = await fetch(process.env.AWS_ENDPOINT_URL + path, { method, body: form ?? body, headers });
  return { status: answer.status, text: await answer.text(), key };
};
`;

const LOGS = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';

async function createCaller(name: string, ...rights: readonly Statement[]): Promise<void> {
  const RoleName = `${name}-role`;
  const { Role } = await sandbox().iam.send(
    new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: LAMBDA_TRUST }),
  );
  if (rights.length > 0) await allow(name, ...rights);
  await sandbox().lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: Role?.Arn,
      Timeout: 30,
      Runtime: 'nodejs22.x',
      Handler: 'app.handler',
      Code: { ZipFile: zipOf('app.mjs', CALLER) },
    }),
  );
}

const allow = (name: string, ...rights: readonly Statement[]) =>
  sandbox().iam.send(
    new PutRolePolicyCommand({
      RoleName: `${name}-role`,
      PolicyName: 'rights',
      PolicyDocument: policy(...rights),
    }),
  );

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly key: string;
}

async function invoke(name: string, event: object): Promise<Answer> {
  const { Payload } = await sandbox().lambda.send(
    new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
  );
  return JSON.parse(Buffer.from(Payload ?? []).toString()) as Answer;
}

const groupOf = (name: string) => ({ logGroupName: `/aws/lambda/${name}` });

beforeEach(async () => {
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'data' }));
  await sandbox().s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'in', Body: 'content' }));
});

test('a function is a session of its role, and may do what the role may', async () => {
  await createCaller('worker', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::data/*' });
  const who = await invoke('worker', {
    method: 'POST',
    path: '/',
    service: 'sts',
    form: 'Action=GetCallerIdentity&Version=2011-06-15',
  });
  expect(who.text).toContain(`<Arn>arn:aws:sts::${HOME}:assumed-role/worker-role/worker</Arn>`);
  const read = await invoke('worker', { path: '/data/in' });
  expect(read.status).toBe(403);
  expect(read.text).toContain(
    'is not authorized to perform: s3:GetObject on resource: &quot;arn:aws:s3:::data/in&quot;',
  );
  await allow('worker', { Action: ['s3:PutObject', 's3:GetObject'], Resource: 'arn:aws:s3:::data/*' });
  expect(await invoke('worker', { path: '/data/in' })).toMatchObject({ status: 200, text: 'content' });
});

test('an object that a customer’s key encrypts wants the right to that key too', async () => {
  const { KeyMetadata } = await sandbox().kms.send(new CreateKeyCommand({}));
  const encrypted = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: KeyMetadata?.Arn } as const;
  await sandbox().s3.send(new PutObjectCommand({ Bucket: 'data', Key: 'secret', Body: 'x', ...encrypted }));
  const reads: Statement = { Action: 's3:GetObject', Resource: 'arn:aws:s3:::data/*' };
  await createCaller('worker', reads);
  const refused = await invoke('worker', { path: '/data/secret' });
  expect(refused.status).toBe(403);
  expect(refused.text).toContain(
    `is not authorized to perform: kms:Decrypt on resource: ${KeyMetadata?.Arn} because no identity-based policy allows the kms:Decrypt action`,
  );
  expect((await invoke('worker', { method: 'HEAD', path: '/data/secret' })).status).toBe(200);
  await allow('worker', reads, { Action: 'kms:Decrypt', Resource: KeyMetadata?.Arn ?? '' });
  expect(await invoke('worker', { path: '/data/secret' })).toMatchObject({ status: 200, text: 'x' });
});

test('S3 says which function wrote an object', async () => {
  const sqs = new SQSClient({
    endpoint: sandbox().url,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  });
  onTestFinished(() => sqs.destroy());
  const QueueArn = `arn:aws:sqs:us-east-1:${HOME}:q`;
  const Policy = policy({
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'sqs:SendMessage',
    Resource: QueueArn,
  });
  const { QueueUrl } = await sqs.send(new CreateQueueCommand({ QueueName: 'q', Attributes: { Policy } }));
  await sandbox().s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: 'data',
      NotificationConfiguration: { QueueConfigurations: [{ QueueArn, Events: ['s3:ObjectCreated:*'] }] },
    }),
  );
  await createCaller('writer', { Action: 's3:PutObject', Resource: 'arn:aws:s3:::data/*' });
  expect((await invoke('writer', { method: 'PUT', path: '/data/out', body: 'x' })).status).toBe(200);
  await sandbox().idle();
  const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
  const record = Messages.map(({ Body = '' }) => Body).find((body) => body.includes('ObjectCreated:Put'));
  const { Records } = JSON.parse(record ?? '{}') as {
    Records: { userIdentity: { principalId: string } }[];
  };
  expect(Records[0]?.userIdentity.principalId).toMatch(/^AWS:AROA[A-Z0-9]{17}:writer$/);
});

test('the log needs the role’s rights, each for its own part', async () => {
  await createCaller('quiet');
  expect((await invoke('quiet', { path: '/data/in' })).status).toBe(403);
  await expect(logMessages(sandbox(), 'quiet', '')).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
  });

  // A group that somebody made, and no right to make a stream in it.
  await sandbox().logs.send(new CreateLogGroupCommand(groupOf('quiet')));
  const streams = async () =>
    (await sandbox().logs.send(new DescribeLogStreamsCommand(groupOf('quiet')))).logStreams?.length;
  await invoke('quiet', { path: '/data/in' });
  expect(await streams()).toBe(0);

  // A stream and no right to write: as with AWS, the ARN of the group alone does not cover its streams.
  const group = `arn:aws:logs:us-east-1:${HOME}:log-group:/aws/lambda/quiet`;
  const createStream: Statement = { Action: 'logs:CreateLogStream', Resource: `${group}:*` };
  await allow('quiet', createStream, { Action: 'logs:PutLogEvents', Resource: group });
  await invoke('quiet', { path: '/data/in' });
  expect(await streams()).toBe(1);
  expect(await logMessages(sandbox(), 'quiet', '')).toEqual([]);

  await allow('quiet', createStream, { Action: 'logs:PutLogEvents', Resource: `${group}:*` });
  await invoke('quiet', { path: '/data/in' });
  expect(await logMessages(sandbox(), 'quiet', 'calling')).toHaveLength(1);
});

test('the managed policy gives all rights that a log needs', async () => {
  await createCaller('loud');
  await sandbox().iam.send(new AttachRolePolicyCommand({ RoleName: 'loud-role', PolicyArn: LOGS }));
  await invoke('loud', { path: '/data/in' });
  expect(await logMessages(sandbox(), 'loud', 'calling')).toHaveLength(1);
});
