import { createHash } from 'node:crypto';
import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  DeleteEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { GetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { expect } from 'vitest';
import { zipOf } from '../../support/function-code.ts';
import { CREATED } from './documents.ts';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { mailbox, recordsOf, watched } from './mailbox.ts';
import * as operations from './operations.ts';
import {
  BY_S3,
  bucket,
  configure,
  executionRole,
  lambdaFunction,
  queue,
  topic,
  type FunctionRef,
} from './resources.ts';
import { eventually, refusal } from './target.ts';

const notified = shared((t: Target) => watched(t));

/** A bucket that notifies a topic with two subscribed queues, one of them with raw delivery. */
const published = shared(async (t: Target) => {
  const b = await bucket(t);
  const TopicArn = await topic(t, { admits: BY_S3 });
  const subscribed = async (RawMessageDelivery: string) => {
    const box = mailbox(t, await queue(t, { admits: { service: 'sns.amazonaws.com', sourceArn: TopicArn } }));
    const Attributes = { RawMessageDelivery };
    await t.sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: box.arn, Attributes }));
    return box;
  };
  const [enveloped, raw] = [await subscribed('false'), await subscribed('true')];
  await configure(t, b, { TopicConfigurations: [{ Id: 'topic', TopicArn, Events: CREATED }] });
  let probes = 0;
  await eventually(async () => {
    await operations.putObject(t, b, `probe/${++probes}`);
    await enveloped.messages((body) => body.includes('probe/'), 1, 1);
  });
  return { bucket: b, TopicArn, enveloped, raw };
});

/** Its log is the events it got, as JSON. */
const LOGGING = {
  Runtime: 'nodejs22.x' as const,
  Handler: 'app.handler',
  Code: {
    ZipFile: zipOf(
      'app.mjs',
      "export const handler = async (event) => console.log('GOT ' + JSON.stringify(event));\n",
    ),
  },
};

/** The first event that the function printed which mentions `text`. */
async function seenBy(t: Target, fn: FunctionRef, text: string): Promise<Record<string, unknown>> {
  return eventually(async () => {
    await t.sandbox?.idle();
    const { events = [] } = await t.logs.send(
      new FilterLogEventsCommand({ logGroupName: `/aws/lambda/${fn.name}` }),
    );
    const line = events
      .map(({ message = '' }) => message)
      .find((each) => each.includes('GOT ') && each.includes(text));
    if (line === undefined) throw new Error(`the function has not printed ${text}`);
    return JSON.parse(line.slice(line.indexOf('GOT ') + 4)) as Record<string, unknown>;
  });
}

const ISO: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
const HTTPS: unknown = expect.stringMatching(/^https?:\/\//);

const arrivals: readonly Fact[] = [
  {
    id: '7.3-queue',
    source: 'AWS-recorded',
    expectation: 'a queue gets the text of the records, without message attributes',
    async run(t) {
      const { bucket: b, mailbox: box } = await notified(t);
      const key = t.name('k');
      await operations.putObject(t, b, key);
      const [message] = await box.messages((body) => body.includes(key));
      expect(message?.Body?.startsWith('{"Records":[{"eventVersion":"')).toBe(true);
      expect(message?.MessageAttributes).toBeUndefined();
      expect(message?.Attributes).not.toHaveProperty('AWSTraceHeader');
    },
  },
  {
    id: '7.3-sender',
    source: 'second-hand',
    expectation: 'the sender is an internal principal of AWS',
    async run(t) {
      const { bucket: b, mailbox: box } = await notified(t);
      const key = t.name('k');
      await operations.putObject(t, b, key);
      const [message] = await box.messages((body) => body.includes(key));
      expect(message?.Attributes?.SenderId).toMatch(/^A(?:IDA|ROA)[A-Z0-9]+/);
    },
  },
  {
    id: '7.3-trace-header',
    source: 'AWS-recorded',
    expectation: 'the X-Amzn-Trace-Id of the request is the system attribute AWSTraceHeader',
    async run(t) {
      const { bucket: Bucket, mailbox: box } = await notified(t);
      const Key = t.name('k');
      const trace = 'Root=1-3152b799-8954dae64eda91bc9a23a7e8;Parent=7fa8c0f79203be72;Sampled=1';
      await exchange(t.s3, new PutObjectCommand({ Bucket, Key, Body: 'x' }), ({ headers }) => {
        headers['X-Amzn-Trace-Id'] = trace;
      });
      const [message] = await box.messages((body) => body.includes(Key));
      expect(message?.Attributes?.AWSTraceHeader).toBe(trace);
    },
  },
  {
    id: '7.3-topic',
    source: 'AWS-recorded',
    expectation:
      'behind a topic the records are the Message of an envelope with a subject and no MessageAttributes',
    async run(t) {
      const { bucket: b, TopicArn, enveloped } = await published(t);
      const key = t.name('k');
      await operations.putObject(t, b, key);
      const [message] = await enveloped.messages((body) => body.includes(key));
      const envelope = JSON.parse(message?.Body ?? '') as Record<string, unknown>;
      expect(envelope).toEqual({
        Type: 'Notification',
        MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        TopicArn,
        Subject: 'Amazon S3 Notification',
        Message: expect.any(String) as unknown,
        Timestamp: ISO,
        SignatureVersion: '1',
        Signature: expect.stringMatching(/^[A-Za-z0-9+/]+=*$/),
        SigningCertURL: HTTPS,
        UnsubscribeURL: HTTPS,
      });
      expect(recordsOf(envelope.Message as string)[0]).toMatchObject({
        eventName: 'ObjectCreated:Put',
        s3: { configurationId: 'topic', object: { key } },
      });
    },
  },
  {
    id: '7.3-topic-raw',
    source: 'AWS-recorded',
    expectation: 'with raw delivery the body is the JSON of S3, and the subject is lost',
    async run(t) {
      const { bucket: b, raw } = await published(t);
      const key = t.name('k');
      await operations.putObject(t, b, key);
      const [message] = await raw.messages((body) => body.includes(key));
      expect(recordsOf(message?.Body ?? '')).toHaveLength(1);
      expect(message?.Body).not.toContain('Amazon S3 Notification');
      expect(message?.MessageAttributes).toBeUndefined();
    },
  },
  {
    id: '7.3-topic-to-function',
    source: 'AWS-recorded',
    expectation:
      'a function behind a topic gets Records with EventSource aws:sns and Sns, with SigningCertUrl and UnsubscribeUrl',
    async run(t) {
      const { bucket: b, TopicArn } = await published(t);
      const fn = await lambdaFunction(t, LOGGING);
      await t.lambda.send(
        new AddPermissionCommand({
          FunctionName: fn.name,
          StatementId: 'sns',
          Action: 'lambda:InvokeFunction',
          Principal: 'sns.amazonaws.com',
          SourceArn: TopicArn,
        }),
      );
      const { SubscriptionArn } = await t.sns.send(
        new SubscribeCommand({ TopicArn, Protocol: 'lambda', Endpoint: fn.arn, ReturnSubscriptionArn: true }),
      );
      let probes = 0;
      const event = await eventually(async () => {
        const key = `to-function/${++probes}`;
        await operations.putObject(t, b, key);
        return seenBy(t, fn, key);
      });
      expect(event).toEqual({
        Records: [
          {
            EventSource: 'aws:sns',
            EventVersion: '1.0',
            EventSubscriptionArn: SubscriptionArn,
            Sns: {
              Type: 'Notification',
              MessageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
              TopicArn,
              Subject: 'Amazon S3 Notification',
              Message: expect.stringMatching(/^\{"Records":\[/),
              Timestamp: ISO,
              SignatureVersion: '1',
              Signature: expect.any(String) as unknown,
              SigningCertUrl: HTTPS,
              UnsubscribeUrl: HTTPS,
              MessageAttributes: {},
            },
          },
        ],
      });
    },
  },
  {
    id: '7.3-queue-to-function',
    source: 'AWS-recorded',
    expectation: 'a function behind a queue gets Records with eventSource aws:sqs, the body and its MD5',
    async run(t) {
      const b = await bucket(t);
      const { arn } = await queue(t, { admits: BY_S3 });
      await configure(t, b, { QueueConfigurations: [{ QueueArn: arn, Events: CREATED }] });
      const Role = await executionRole(t);
      const inline = { RoleName: Role.split('/').at(-1), PolicyName: 'poll' };
      const Action = ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'];
      const PolicyDocument = JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Action, Resource: arn }],
      });
      await t.iam.send(new PutRolePolicyCommand({ ...inline, PolicyDocument }));
      t.cleanUp(() => t.iam.send(new DeleteRolePolicyCommand(inline)));
      const fn = await lambdaFunction(t, { ...LOGGING, Role });
      // The right to poll has to be seen first.
      const { UUID } = await eventually(() =>
        t.lambda.send(
          new CreateEventSourceMappingCommand({ FunctionName: fn.name, EventSourceArn: arn, BatchSize: 1 }),
        ),
      );
      t.cleanUp(() => t.lambda.send(new DeleteEventSourceMappingCommand({ UUID })));
      await operations.putObject(t, b, 'through-the-queue');
      const { Records } = await seenBy(t, fn, 'through-the-queue');
      const [record] = Records as Record<string, unknown>[];
      const body = record?.body as string;
      expect(record).toMatchObject({
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
        receiptHandle: expect.any(String) as unknown,
        attributes: {
          ApproximateReceiveCount: expect.stringMatching(/^\d+$/) as unknown,
          SentTimestamp: expect.stringMatching(/^\d{13}$/) as unknown,
          SenderId: expect.any(String) as unknown,
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/) as unknown,
        },
        messageAttributes: {},
        md5OfBody: createHash('md5').update(body).digest('hex'),
        eventSource: 'aws:sqs',
        eventSourceARN: arn,
        awsRegion: t.region,
      });
      expect(recordsOf(body)[0]?.s3.object.key).toBe('through-the-queue');
    },
  },
];

const MISSING = 's3evt-nobody-has-this-queue';

const errors: readonly Fact[] = [
  {
    id: '7.4-queue-missing',
    source: 'AWS-recorded',
    expectation: 'a queue that does not exist is QueueDoesNotExist for SDKs',
    async run(t) {
      const expected = {
        status: 400,
        code: 'QueueDoesNotExist',
        message: 'The specified queue does not exist.',
      };
      expect(await refusal(t.sqs.send(new GetQueueUrlCommand({ QueueName: MISSING })))).toMatchObject(
        expected,
      );
      const { url } = await queue(t);
      const QueueUrl = url.replace(/[^/]+$/, MISSING);
      expect(await refusal(t.sqs.send(new ReceiveMessageCommand({ QueueUrl })))).toMatchObject(expected);
    },
  },
  {
    id: '7.4-queue-missing-wire',
    source: 'AWS-recorded',
    expectation:
      'on the wire it is com.amazonaws.sqs#QueueDoesNotExist with the code of the query protocol in a header',
    async run(t) {
      const { status, headers, body } = await exchange(t.sqs, new GetQueueUrlCommand({ QueueName: MISSING }));
      expect(status).toBe(400);
      expect(headers['x-amzn-query-error']).toBe('AWS.SimpleQueueService.NonExistentQueue;Sender');
      expect(JSON.parse(body)).toMatchObject({
        __type: 'com.amazonaws.sqs#QueueDoesNotExist',
        message: 'The specified queue does not exist.',
      });
    },
  },
  {
    id: '7.4-queue-missing-query',
    source: 'AWS-recorded',
    expectation:
      'in the query protocol it is AWS.SimpleQueueService.NonExistentQueue "for this wsdl version"',
    async run(t) {
      const { status, body } = await exchange(
        t.sqs,
        new GetQueueUrlCommand({ QueueName: MISSING }),
        (request) => {
          request.body = `Action=GetQueueUrl&QueueName=${MISSING}&Version=2012-11-05`;
          delete request.headers['x-amz-target'];
          request.headers['content-type'] = 'application/x-www-form-urlencoded';
          request.headers['content-length'] = String((request.body as string).length);
        },
      );
      expect(status).toBe(400);
      expect(body).toContain('<Code>AWS.SimpleQueueService.NonExistentQueue</Code>');
      expect(body).toContain('<Message>The specified queue does not exist for this wsdl version.</Message>');
    },
  },
  {
    id: '7.4-topic-missing',
    source: 'AWS-recorded',
    expectation: 'a topic that does not exist is 404 NotFound',
    async run(t) {
      const TopicArn = `arn:${t.partition}:sns:${t.region}:${t.account}:s3evt-nobody-has-this-topic`;
      expect(await refusal(t.sns.send(new GetTopicAttributesCommand({ TopicArn })))).toMatchObject({
        status: 404,
        message: 'Topic does not exist',
        members: {},
      });
      const { body } = await exchange(t.sns, new GetTopicAttributesCommand({ TopicArn }));
      expect(body).toContain('<Code>NotFound</Code>');
    },
  },
];

describeFacts('7.3 what arrives, 7.4 errors', [...arrivals, ...errors]);
