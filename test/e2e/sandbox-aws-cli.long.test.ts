/** Every chain by the AWS CLI alone, which prints an error's message but not its other members. Skipped where there is none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { canRun, runForeign, startForeignSandbox } from '../support/foreign-client.ts';
import { LAMBDA_TRUST, zipOf } from '../support/function-code.ts';
import { temporaryFolder } from '../support/run-cli.ts';

type Answer = Readonly<Record<string, unknown>>;
/** Words of a command line; objects become JSON. Resolves with the answer, empty where there is none. */
type Aws = (
  command: string,
  options?: Readonly<Record<string, string | object | undefined>>,
) => Promise<Answer>;

const UNABLE =
  'An error occurred (InvalidArgument) when calling the PutBucketNotificationConfiguration operation: ' +
  'Unable to validate the following destination configurations';
const EVENTS = ['s3:ObjectCreated:*'];
const ACCOUNT = '000000000000';
const arnOf = (service: string, name: string) => `arn:aws:${service}:us-east-1:${ACCOUNT}:${name}`;

async function startAws(): Promise<Aws> {
  const endpoint = await startForeignSandbox();
  return async (command, options = {}) => {
    const flags = Object.entries(options).flatMap(([name, value]) => [
      `--${name}`,
      typeof value === 'object' ? JSON.stringify(value) : (value ?? ''),
    ]);
    // Version 1 sends SQS to its old common name unless the flag says otherwise; the variable is not enough there.
    const where = command.startsWith('sqs ') ? ['--endpoint-url', endpoint] : [];
    const stdout = await runForeign(endpoint, 'aws', [...where, ...command.split(' '), ...flags]);
    return (stdout.startsWith('{') ? JSON.parse(stdout) : { text: stdout }) as Answer;
  };
}

/** The least resource-based policy: one service, for one source. */
function allow(service: string, action: string, resource: string, sourceArn: string): string {
  const Condition = { ArnEquals: { 'aws:SourceArn': sourceArn } };
  const statement = {
    Effect: 'Allow',
    Principal: { Service: service },
    Action: action,
    Resource: resource,
    Condition,
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

const PRINTER =
  "import json\n\ndef lambda_handler(event, context):\n    print('Event: ' + json.dumps(event))\n";

/** ARN of a Python function that prints its event, with a role of its own. */
async function makeFunction(aws: Aws, name: string): Promise<string> {
  const zip = join(temporaryFolder(), 'function.zip');
  writeFileSync(zip, zipOf('lambda_function.py', PRINTER));
  const { Role } = await aws('iam create-role', {
    'role-name': `${name}-role`,
    'assume-role-policy-document': LAMBDA_TRUST,
  });
  await aws('iam attach-role-policy', {
    'role-name': `${name}-role`,
    'policy-arn': 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
  });
  const { FunctionArn } = await aws('lambda create-function --runtime python3.13', {
    'function-name': name,
    handler: 'lambda_function.lambda_handler',
    role: (Role as { Arn: string }).Arn,
    'zip-file': `fileb://${zip}`,
  });
  await aws('lambda wait function-active-v2', { 'function-name': name });
  return String(FunctionArn);
}

const grant = (service: string, name: string, source: string) => ({
  'function-name': name,
  'statement-id': 'source',
  action: 'lambda:InvokeFunction',
  principal: service,
  'source-arn': source,
});

/** URL of a new queue; `service` may send to it for `source`. */
async function makeQueue(aws: Aws, name: string, service?: string, source?: string): Promise<string> {
  const { QueueUrl } = await aws('sqs create-queue', { 'queue-name': name });
  if (service !== undefined && source !== undefined)
    await admit(aws, String(QueueUrl), name, service, source);
  return String(QueueUrl);
}

async function admit(aws: Aws, url: string, name: string, service: string, source: string): Promise<void> {
  const Policy = allow(service, 'sqs:SendMessage', arnOf('sqs', name), source);
  await aws('sqs set-queue-attributes', { 'queue-url': url, attributes: { Policy } });
}

/** Body of the next message, which is deleted; long polling waits for it. */
async function receive(aws: Aws, url: string): Promise<Answer> {
  const { Messages = [] } = (await aws('sqs receive-message --wait-time-seconds 20', {
    'queue-url': url,
  })) as {
    Messages?: { Body: string; ReceiptHandle: string }[];
  };
  const [message] = Messages;
  if (!message) throw new Error('no message came');
  await aws('sqs delete-message', { 'queue-url': url, 'receipt-handle': message.ReceiptHandle });
  return JSON.parse(message.Body) as Answer;
}

/** Messages of a log group that contain `text`, once there are any. */
async function logged(aws: Aws, group: string, text: string): Promise<string[]> {
  const deadline = performance.now() + 60_000;
  while (performance.now() < deadline) {
    try {
      const { events = [] } = (await aws('logs filter-log-events', {
        'log-group-name': group,
        'filter-pattern': `"${text}"`,
      })) as { events?: { message: string }[] };
      if (events.length > 0) return events.map(({ message }) => message);
    } catch (error) {
      if (!String(error).includes('ResourceNotFoundException')) throw error;
    }
    await pause(50);
  }
  throw new Error(`no "${text}" in ${group}`);
}

const configure = (aws: Aws, bucket: string, configuration: object) =>
  aws('s3api put-bucket-notification-configuration', { bucket, 'notification-configuration': configuration });

function upload(aws: Aws, bucket: string, key: string): Promise<Answer> {
  return aws('s3api put-object', { bucket, key, body: join(process.cwd(), 'beach.jpeg') });
}

const record = (key: string) => ({
  Records: [
    expect.objectContaining({ s3: expect.objectContaining({ object: expect.objectContaining({ key }) }) }),
  ],
});

describe.skipIf(!canRun('aws', '--version'))('the AWS CLI', () => {
  test('a picture uploaded to a bucket runs a function that prints the event', async () => {
    const aws = await startAws();
    const bucket = 'demo-01-events-lambda';
    await aws(`s3 mb s3://${bucket}`);
    const LambdaFunctionArn = await makeFunction(aws, 'Demo-S3');
    const configuration = {
      LambdaFunctionConfigurations: [{ Id: 'Invoke-Lambda-NewObjects', LambdaFunctionArn, Events: EVENTS }],
    };
    await expect(configure(aws, bucket, configuration)).rejects.toThrow(UNABLE);
    await aws('lambda add-permission', {
      ...grant('s3.amazonaws.com', 'Demo-S3', `arn:aws:s3:::${bucket}`),
      'source-account': ACCOUNT,
    });
    await configure(aws, bucket, configuration);
    expect(await aws('s3api get-bucket-notification-configuration', { bucket })).toEqual(configuration);
    await aws(`s3 cp ${join(process.cwd(), 'beach.jpeg')} s3://${bucket}/ --no-progress`);
    expect((await aws(`s3 ls s3://${bucket}/`)).text).toMatch(/12152 beach\.jpeg\n$/);
    const lines = await logged(aws, '/aws/lambda/Demo-S3', 'beach.jpeg');
    expect(lines).toHaveLength(1);
    expect(JSON.parse((lines[0] ?? '').replace('Event: ', ''))).toEqual(record('beach.jpeg'));
    const { logStreams } = (await aws('logs describe-log-streams --log-group-name /aws/lambda/Demo-S3')) as {
      logStreams?: { logStreamName: string }[];
    };
    const { events } = (await aws(
      'logs get-log-events --log-group-name /aws/lambda/Demo-S3 --start-from-head',
      {
        'log-stream-name': logStreams?.[0]?.logStreamName,
      },
    )) as { events?: { message: string }[] };
    expect(events?.map(({ message }) => message.split(' ')[0])).toEqual([
      'INIT_START',
      'START',
      'Event:',
      'END',
      'REPORT',
    ]);
    await aws(`s3 rb s3://${bucket} --force`);
    await expect(aws('s3api head-bucket', { bucket })).rejects.toThrow('(404)');
  });

  test('S3 -> SQS', async () => {
    const aws = await startAws();
    await aws('s3api create-bucket --bucket cli-to-queue');
    const url = await makeQueue(aws, 'plain');
    const configuration = { QueueConfigurations: [{ QueueArn: arnOf('sqs', 'plain'), Events: EVENTS }] };
    await expect(configure(aws, 'cli-to-queue', configuration)).rejects.toThrow(UNABLE);
    await admit(aws, url, 'plain', 's3.amazonaws.com', 'arn:aws:s3:::cli-to-queue');
    await configure(aws, 'cli-to-queue', configuration);
    expect(await receive(aws, url)).toMatchObject({ Event: 's3:TestEvent' });
    await upload(aws, 'cli-to-queue', 'in/a b.jpeg');
    expect(await receive(aws, url)).toEqual(record('in/a+b.jpeg'));
  });

  test('S3 -> SNS -> SQS, wrapped and raw, and -> Lambda', async () => {
    const aws = await startAws();
    await aws('s3api create-bucket --bucket cli-to-topic');
    const { TopicArn = '' } = (await aws('sns create-topic --name news')) as { TopicArn?: string };
    const configuration = { TopicConfigurations: [{ TopicArn, Events: EVENTS }] };
    await expect(configure(aws, 'cli-to-topic', configuration)).rejects.toThrow(UNABLE);
    await aws('sns set-topic-attributes --attribute-name Policy', {
      'topic-arn': TopicArn,
      'attribute-value': allow('s3.amazonaws.com', 'sns:Publish', TopicArn, 'arn:aws:s3:::cli-to-topic'),
    });
    const wrapped = await makeQueue(aws, 'wrapped', 'sns.amazonaws.com', TopicArn);
    const raw = await makeQueue(aws, 'raw');
    const subscribe = (protocol: string, endpoint: string, more: object = {}) =>
      aws('sns subscribe', { 'topic-arn': TopicArn, protocol, 'notification-endpoint': endpoint, ...more });
    await subscribe('sqs', arnOf('sqs', 'wrapped'));
    await subscribe('sqs', arnOf('sqs', 'raw'), { attributes: { RawMessageDelivery: 'true' } });
    const functionArn = await makeFunction(aws, 'reader');
    await aws('lambda add-permission', grant('sns.amazonaws.com', 'reader', TopicArn));
    await subscribe('lambda', functionArn);

    await configure(aws, 'cli-to-topic', configuration);
    expect(await receive(aws, wrapped)).toMatchObject({ Subject: 'Amazon S3 Notification', TopicArn });
    await upload(aws, 'cli-to-topic', 'one');
    const envelope = (await receive(aws, wrapped)) as { Message?: string };
    expect(JSON.parse(envelope.Message ?? '')).toEqual(record('one'));
    expect(await logged(aws, '/aws/lambda/reader', 'one')).toHaveLength(1);
    // The queue that did not admit the topic has got nothing; it gets what comes after it does.
    await admit(aws, raw, 'raw', 'sns.amazonaws.com', TopicArn);
    await upload(aws, 'cli-to-topic', 'two');
    expect(await receive(aws, raw)).toEqual(record('two'));
  });

  test('S3 -> EventBridge -> SQS, Lambda and Logs', async () => {
    const aws = await startAws();
    await aws('s3api create-bucket --bucket cli-to-bus');
    await configure(aws, 'cli-to-bus', { EventBridgeConfiguration: {} });
    const { RuleArn = '' } = (await aws('events put-rule --name new', {
      'event-pattern': { source: ['aws.s3'], detail: { bucket: { name: ['cli-to-bus'] } } },
    })) as { RuleArn?: string };
    const opened = await makeQueue(aws, 'bus', 'events.amazonaws.com', RuleArn);
    const shut = await makeQueue(aws, 'bus-shut');
    const functionArn = await makeFunction(aws, 'bus-reader');
    await aws('lambda add-permission', grant('events.amazonaws.com', 'bus-reader', RuleArn));
    await aws('logs create-log-group --log-group-name /aws/events/cli');
    const targets = [
      { Id: 'queue', Arn: arnOf('sqs', 'bus') },
      { Id: 'shut', Arn: arnOf('sqs', 'bus-shut') },
      { Id: 'function', Arn: functionArn },
      { Id: 'log', Arn: arnOf('logs', 'log-group:/aws/events/cli') },
    ];
    expect(await aws('events put-targets --rule new', { targets })).toEqual({
      FailedEntryCount: 0,
      FailedEntries: [],
    });
    await upload(aws, 'cli-to-bus', 'in/a b.jpeg');
    const event = await receive(aws, opened);
    expect(event).toMatchObject({
      'detail-type': 'Object Created',
      detail: { object: { key: 'in/a b.jpeg' } },
    });
    const [line = ''] = await logged(aws, '/aws/lambda/bus-reader', 'in/a b.jpeg');
    expect(JSON.parse(line.replace('Event: ', ''))).toEqual(event);
    // The queue and the log group that did not admit EventBridge have got nothing; they get what comes after they do.
    await admit(aws, shut, 'bus-shut', 'events.amazonaws.com', RuleArn);
    const trust = {
      Effect: 'Allow',
      Principal: { Service: ['events.amazonaws.com', 'delivery.logs.amazonaws.com'] },
      Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
      Resource: arnOf('logs', 'log-group:/aws/events/*:*'),
    };
    await aws('logs put-resource-policy --policy-name events', {
      'policy-document': { Version: '2012-10-17', Statement: [trust] },
    });
    await upload(aws, 'cli-to-bus', 'second');
    const second = await receive(aws, shut);
    expect(second).toMatchObject({ detail: { object: { key: 'second' } } });
    const entries = await logged(aws, '/aws/events/cli', 'Object Created');
    expect(entries.map((entry) => JSON.parse(entry) as unknown)).toEqual([second]);
  });
});
