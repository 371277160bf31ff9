// What the benches of the sandbox set up in it, by the real SDK: a bucket whose uploads go to a queue or to a function.
import {
  CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { AttachRolePolicyCommand, CreateRoleCommand, IAMClient } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  InvokeCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketNotificationConfigurationCommand, S3Client } from '@aws-sdk/client-s3';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { STSClient } from '@aws-sdk/client-sts';
import { strToU8, zipSync } from 'fflate';

const ACCOUNT = '000000000000';
const REGION = 'us-east-1';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/bench`;
const EVENTS = ['s3:ObjectCreated:*'];

/** Calls `use` with clients of the endpoint, which are closed afterwards. */
export async function withClients(endpoint, use) {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const settings = { endpoint, region: REGION, credentials: { accessKeyId: 'x', secretAccessKey: 'x' } };
  const clients = {
    s3: new S3Client({ ...settings, forcePathStyle: true }),
    sqs: new SQSClient(settings),
    lambda: new LambdaClient(settings),
    logs: new CloudWatchLogsClient(settings),
    iam: new IAMClient(settings),
    sts: new STSClient(settings),
  };
  try {
    return await use(clients);
  } finally {
    for (const client of Object.values(clients)) client.destroy();
  }
}

export const makeBucket = ({ s3 }, Bucket) => s3.send(new CreateBucketCommand({ Bucket }));

const setRule = ({ s3 }, Bucket, NotificationConfiguration) =>
  s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }));

/** A queue of that name, with a rule of the bucket; resolves with its URL. */
export async function connectQueue(clients, Bucket, name) {
  const QueueArn = `arn:aws:sqs:${REGION}:${ACCOUNT}:${name}`;
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: QueueArn,
        Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:s3:::${Bucket}` } },
      },
    ],
  });
  const { QueueUrl } = await clients.sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: { Policy } }),
  );
  await setRule(clients, Bucket, { QueueConfigurations: [{ QueueArn, Events: EVENTS }] });
  return QueueUrl;
}

/** The execution role of all functions here. */
export async function makeRole({ iam }) {
  const AssumeRolePolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
    ],
  });
  await iam.send(new CreateRoleCommand({ RoleName: 'bench', AssumeRolePolicyDocument }));
  const PolicyArn = 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole';
  await iam.send(new AttachRolePolicyCommand({ RoleName: 'bench', PolicyArn }));
}

/** What `init` makes: it prints the event. */
const CODE = {
  'python3.13': ['app.py', 'import json\ndef handler(event, context):\n    print(json.dumps(event))\n'],
  'nodejs24.x': [
    'index.mjs',
    'export const handler = async (event) => { console.log(JSON.stringify(event)); };\n',
  ],
};

/** A bucket and an active function of that name, with a rule between them. It has not run yet. */
export async function connectFunction(clients, name, Runtime) {
  const { lambda } = clients;
  const [file, source] = CODE[Runtime];
  await makeBucket(clients, name);
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: ROLE,
      Runtime,
      Handler: `${file.split('.')[0]}.handler`,
      Code: { ZipFile: zipSync({ [file]: strToU8(source) }) },
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10, minDelay: 1 }, { FunctionName: name });
  await lambda.send(
    new AddPermissionCommand({
      FunctionName: name,
      StatementId: 's3',
      Action: 'lambda:InvokeFunction',
      Principal: 's3.amazonaws.com',
      SourceArn: `arn:aws:s3:::${name}`,
      SourceAccount: ACCOUNT,
    }),
  );
  const rule = { LambdaFunctionArn: FunctionArn, Events: EVENTS };
  await setRule(clients, name, { LambdaFunctionConfigurations: [rule] });
}

/** Runs the function `count` times at once, so that as many execution environments are warm. */
export async function warmUp({ lambda }, FunctionName, count) {
  const invoke = () => lambda.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
  await Promise.all(Array.from({ length: count }, invoke));
}

/** The keys of all events that the function has printed, as often as it has printed them. */
export async function printedKeys({ logs }, name) {
  const logGroupName = `/aws/lambda/${name}`;
  const { logStreams = [] } = await logs.send(new DescribeLogStreamsCommand({ logGroupName }));
  const keys = [];
  for (const { logStreamName } of logStreams) {
    let nextToken;
    for (;;) {
      const page = { logGroupName, logStreamName, startFromHead: true, nextToken };
      const { events = [], nextForwardToken } = await logs.send(new GetLogEventsCommand(page));
      for (const { message } of events) {
        const json = message.slice(Math.max(0, message.indexOf('{"Records"')));
        if (json.startsWith('{"Records"')) {
          for (const record of JSON.parse(json).Records) keys.push(record.s3.object.key);
        }
      }
      if (nextForwardToken === nextToken) break;
      nextToken = nextForwardToken;
    }
  }
  return keys;
}
