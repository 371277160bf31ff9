/** Which logs `tail` follows for a bucket: those of the functions behind its queues, its topics and its event bus. */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateEventSourceMappingCommand, UpdateEventSourceMappingCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, type NotificationConfiguration } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, DeleteQueueCommand } from '@aws-sdk/client-sqs';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { beforeEach, expect, test } from 'vitest';
import type { TailItem } from '../../src/commands/tail.ts';
import { admitS3, foreignFunction, putNotification } from '../support/foreign.ts';
import { s3Event, writeLines } from '../support/log-lines.ts';
import { envelopeOf, runCli, startCli } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alerts';
const Events = ['s3:ObjectCreated:*' as const];

function policy(service: string, action: string, resource: string): string {
  const statement = { Effect: 'Allow', Principal: { Service: service }, Action: action, Resource: resource };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

beforeEach(async () => {
  const { s3, sqs, sns } = sandbox();
  await s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  const Policy = policy('*', 'sqs:SendMessage', QUEUE).replace('{"Service":"*"}', '"*"');
  await sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy } }));
  await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
  const AttributeValue = policy('s3.amazonaws.com', 'sns:Publish', TOPIC);
  await sns.send(new SetTopicAttributesCommand({ TopicArn: TOPIC, AttributeName: 'Policy', AttributeValue }));
});

/** A function with one line in its log, which it never ran for. */
async function consumer(name: string): Promise<string> {
  const arn = await foreignFunction(sandbox(), name);
  await writeLines(sandbox().logs, `/aws/lambda/${name}`, [
    JSON.stringify(s3Event({ key: `for-${name}`, bucket: 'photos' })),
  ]);
  return arn;
}

async function reads(name: string): Promise<string> {
  await consumer(name);
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'sqs:*', Resource: '*' }],
  });
  await sandbox().iam.send(
    new PutRolePolicyCommand({ RoleName: `${name}-execution`, PolicyName: 'read', PolicyDocument }),
  );
  const command = new CreateEventSourceMappingCommand({ FunctionName: name, EventSourceArn: QUEUE });
  return (await sandbox().lambda.send(command)).UUID ?? '';
}

async function tail(configuration: NotificationConfiguration): Promise<TailItem[]> {
  await putNotification(sandbox(), 'photos', configuration);
  const argv = ['tail', '--bucket', 'photos', '--no-follow', '--json'];
  const { code, stdout, stderr } = await runCli(argv, { endpoint: sandbox().url });
  expect({ code, stderr }, stdout).toEqual({ code: 0, stderr: '' });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as TailItem);
}

const keysOf = (items: readonly TailItem[]) =>
  items.flatMap((item) => (item.type === 'record' ? [item.record.key] : [])).sort();
const toQueue = { QueueConfigurations: [{ Id: 'jobs', QueueArn: QUEUE, Events }] };
const toTopic = { TopicConfigurations: [{ Id: 'alerts', TopicArn: TOPIC, Events }] };

test('the function that reads the queue', async () => {
  await reads('reader');
  const items = await tail(toQueue);
  expect(items).toMatchObject([{ type: 'record', logGroup: '/aws/lambda/reader' }]);
  // One log needs no name before its lines.
  expect(items[0]).not.toHaveProperty('function');
});

test('all functions behind a topic: subscribed, and reading a subscribed queue', async () => {
  await reads('reader');
  const direct = await consumer('direct');
  const { sns } = sandbox();
  await sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'lambda', Endpoint: direct }));
  await sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE }));
  const items = await tail(toTopic);
  expect(keysOf(items)).toEqual(['for-direct', 'for-reader']);
  expect(items.map((item) => 'function' in item && item.function).sort()).toEqual(['direct', 'reader']);
  const human = await runCli(['tail', '--bucket', 'photos', '--no-follow'], { endpoint: sandbox().url });
  expect(human.stdout).toMatch(/^direct {2}\d\d:.* photos\/for-direct/m);
  expect(human.stdout).toMatch(/^reader {2}\d\d:.* photos\/for-reader/m);
});

test('the functions of several rules, and behind the rules of the event bus', async () => {
  const first = await consumer('first');
  await admitS3(sandbox(), 'first');
  const bus = await consumer('bus');
  const { events } = sandbox();
  const EventPattern = JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: ['photos'] } } });
  await events.send(new PutRuleCommand({ Name: 'photos', EventPattern }));
  await events.send(new PutTargetsCommand({ Rule: 'photos', Targets: [{ Id: 'fn', Arn: bus }] }));
  const configuration = {
    LambdaFunctionConfigurations: [{ Id: 'first', LambdaFunctionArn: first, Events }],
    EventBridgeConfiguration: {},
  };
  expect(keysOf(await tail(configuration))).toEqual(['for-bus', 'for-first']);
});

test('several logs are followed at once, each of its own pace, until Ctrl-C', async () => {
  await reads('reader');
  const direct = await consumer('direct');
  await sandbox().sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'lambda', Endpoint: direct }));
  await sandbox().sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE }));
  await putNotification(sandbox(), 'photos', toTopic);
  const run = startCli(['tail', '--bucket', 'photos', '--json'], { endpoint: sandbox().url });
  await run.stdout.until(({ text }) => text.includes('for-reader') && text.includes('for-direct'));
  let news = 0;
  for (const name of ['reader', 'direct', 'reader']) {
    const key = `news-${++news}-${name}`;
    const event = JSON.stringify(s3Event({ key, bucket: 'photos' }));
    await writeLines(sandbox().logs, `/aws/lambda/${name}`, [event]);
    await run.stdout.until(({ text }) => text.includes(key));
  }
  run.interrupt();
  expect(await run.code).toBe(0);
});

test('says so when there is no function, and why', async () => {
  await putNotification(sandbox(), 'photos', toQueue);
  const run = () => runCli(['tail', '--bucket', 'photos', '--json'], { endpoint: sandbox().url });
  const none = await run();
  expect(none.code).toBe(2);
  expect(envelopeOf(none).error).toMatchObject({
    code: 'INPUT_REQUIRED',
    message: `no function gets the events of photos, which go to ${QUEUE}`,
  });
  const UUID = await reads('reader');
  await sandbox().lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: false }));
  const disabled = await run();
  expect(envelopeOf(disabled).error?.message).toMatch(
    /the event source mapping of reader is Disabl(?:ed|ing)$/,
  );
});

test('a queue that is gone is said to be', async () => {
  await putNotification(sandbox(), 'photos', toQueue);
  const QueueUrl = `${sandbox().url}/000000000000/jobs`;
  await sandbox().sqs.send(new DeleteQueueCommand({ QueueUrl }));
  const result = await runCli(['tail', '--bucket', 'photos', '--json'], { endpoint: sandbox().url });
  expect(envelopeOf(result).error?.message).toContain('no function gets the events of photos');
});
