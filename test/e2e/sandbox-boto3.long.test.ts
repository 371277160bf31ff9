/** Every chain by boto3 alone: the scripts in boto3/ print what they saw as JSON. Skipped where the machine has no boto3. */
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { canRun, runForeign, startForeignSandbox } from '../support/foreign-client.ts';

/** `response['Error']` and the HTTP status. */
type Refusal = Readonly<Record<string, unknown>>;

interface S3Record {
  readonly eventName: string;
  readonly responseElements: { readonly 'x-amz-request-id': string };
  readonly s3: { readonly configurationId: string; readonly object: { readonly key: string } };
}

interface S3Message {
  readonly Records: readonly S3Record[];
}

interface Envelope {
  readonly Message: string;
}

async function runScript<T>(name: string, ...args: string[]): Promise<T> {
  const endpoint = await startForeignSandbox();
  const stdout = await runForeign(endpoint, 'python3', [join(import.meta.dirname, 'boto3', name), ...args]);
  return JSON.parse(stdout) as T;
}

/** What AWS answers to a rule whose destination does not admit S3; nothing else is in `response['Error']`. */
const unable = (name: string, value: string): Refusal => ({
  status: 400,
  Code: 'InvalidArgument',
  Message: 'Unable to validate the following destination configurations',
  ArgumentName1: name,
  ArgumentValue1: value,
});

const keysOf = ({ Records }: S3Message) => Records.map(({ s3 }) => s3.object.key);

describe.skipIf(!canRun('python3', '-c', 'import boto3'))('boto3', () => {
  test('a picture uploaded to a bucket runs a function that prints the event', async () => {
    const seen = await runScript<{
      arn: string;
      refused: Refusal;
      stored: unknown;
      requestId: string;
      etag: string;
      events: S3Message[];
      lines: string[];
    }>('demo.py', join(process.cwd(), 'beach.jpeg'));
    expect(seen.refused).toEqual(
      unable(`${seen.arn}, null`, `Not authorized to invoke function [${seen.arn}]`),
    );
    expect(seen.stored).toEqual({
      LambdaFunctionConfigurations: [
        { Id: 'Invoke-Lambda-NewObjects', LambdaFunctionArn: seen.arn, Events: ['s3:ObjectCreated:*'] },
      ],
    });
    expect(seen.events).toHaveLength(1);
    expect(seen.events[0]?.Records).toEqual([
      expect.objectContaining({
        eventName: 'ObjectCreated:Put',
        responseElements: expect.objectContaining({ 'x-amz-request-id': seen.requestId }),
        s3: expect.objectContaining({
          configurationId: 'Invoke-Lambda-NewObjects',
          object: expect.objectContaining({ key: 'beach.jpeg', eTag: seen.etag.replaceAll('"', '') }),
        }),
      }),
    ]);
    expect(seen.lines.map((line) => line.split(' ')[0])).toEqual([
      'INIT_START',
      'START',
      expect.stringContaining('{'),
      'END',
      'REPORT',
    ]);
  });

  test('S3 -> SQS', async () => {
    const seen = await runScript<{
      arn: string;
      refused: Refusal;
      missing: Refusal;
      testEvent: object;
      event: S3Message;
      left: number;
    }>('s3_queue.py');
    expect(seen.refused).toEqual(
      unable(
        seen.arn,
        'Permissions on the destination queue do not allow S3 to publish notifications from this bucket',
      ),
    );
    expect(seen.missing).toEqual(unable(`${seen.arn}-none`, 'The destination queue does not exist'));
    expect(seen.testEvent).toMatchObject({
      Service: 'Amazon S3',
      Event: 's3:TestEvent',
      Bucket: 'boto3-to-queue',
    });
    expect(seen.testEvent).not.toHaveProperty('Records');
    expect(keysOf(seen.event)).toEqual(['in/%C3%A4+b%2Bc.txt']);
    expect(seen.left).toBe(0);
  });

  test('S3 -> SNS -> SQS, wrapped, raw and filtered, and -> Lambda', async () => {
    const seen = await runScript<{
      topic: string;
      refused: Refusal;
      subscriptions: string[];
      testEvent: Envelope;
      rawTestEvent: object;
      wrapped: Envelope;
      raw: S3Message;
      invoked: { Records: { EventSource: string; Sns: Envelope }[] }[];
      filtered: Envelope;
      filteredLeft: number;
      afterwards: S3Message;
      shutLeft: number;
    }>('s3_topic.py');
    expect(seen.refused).toEqual(
      unable(
        seen.topic,
        'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
      ),
    );
    expect(seen.subscriptions).toEqual(['lambda', 'sqs', 'sqs', 'sqs', 'sqs']);
    expect(seen.testEvent).toMatchObject({ Type: 'Notification', Subject: 'Amazon S3 Notification' });
    expect(JSON.parse(seen.testEvent.Message)).toEqual(seen.rawTestEvent);
    expect(seen.wrapped).toMatchObject({
      Type: 'Notification',
      TopicArn: seen.topic,
      Subject: 'Amazon S3 Notification',
      SignatureVersion: '1',
    });
    expect(JSON.parse(seen.wrapped.Message)).toEqual(seen.raw);
    expect(keysOf(seen.raw)).toEqual(['other/1.txt']);
    const invoked = seen.invoked.flatMap(({ Records }) => Records);
    expect(new Set(invoked.map(({ EventSource }) => EventSource))).toEqual(new Set(['aws:sns']));
    expect(invoked.map(({ Sns }) => JSON.parse(Sns.Message) as unknown)).toContainEqual(seen.raw);
    expect(keysOf(JSON.parse(seen.filtered.Message) as S3Message)).toEqual(['wanted/2.txt']);
    expect(keysOf(seen.afterwards)).toEqual(['wanted/2.txt']);
    expect([seen.filteredLeft, seen.shutLeft]).toEqual([0, 0]);
  });

  test('S3 -> EventBridge -> SQS, Lambda and Logs', async () => {
    interface BusEvent {
      readonly id: string;
      readonly detail: { readonly object: { readonly key: string } };
    }
    const seen = await runScript<{
      stored: unknown;
      failed: number[];
      listed: string[];
      sixth: Refusal;
      inUse: Refusal;
      event: BusEvent;
      invoked: BusEvent[];
      logged: BusEvent[];
      shut: BusEvent;
      shutLeft: number;
      closed: BusEvent[];
    }>('s3_events.py');
    // Present and empty is on; absent is off.
    expect(seen.stored).toEqual({});
    // EventBridge takes targets that do not admit it, and drops what they refuse.
    expect(seen.failed).toEqual([0, 0, 0, 0, 0]);
    expect(seen.listed).toEqual(['closed', 'function', 'log', 'queue', 'shut']);
    expect(seen.sixth).toEqual({
      status: 400,
      Code: 'LimitExceededException',
      Message: 'The requested resource exceeds the maximum number allowed.',
    });
    expect(seen.inUse).toEqual({
      status: 400,
      Code: 'ValidationException',
      Message: "Rule can't be deleted since it has targets.",
    });
    expect(seen.event).toMatchObject({
      version: '0',
      'detail-type': 'Object Created',
      source: 'aws.s3',
      resources: ['arn:aws:s3:::boto3-to-bus'],
      detail: {
        bucket: { name: 'boto3-to-bus' },
        object: { key: 'in/ä b+c.txt', size: 5 },
        reason: 'PutObject',
      },
    });
    expect(seen.invoked).toEqual([seen.event]);
    expect(seen.logged).toEqual([seen.shut]);
    expect(seen.shut.detail.object.key).toBe('second');
    expect(seen.shutLeft).toBe(0);
    expect(seen.closed).toEqual([seen.shut]);
  });

  test('each way of writing an object gives its own event', async () => {
    const seen = await runScript<{
      records: Record<string, { name: string; object: Record<string, unknown> }>;
      answers: Record<'posted' | 'tooLarge', { status: number; body: string }>;
      sameBytes: boolean;
      pages: string[][];
      noSuchKey: Refusal;
      noSuchBucket: Refusal;
      headMissing: Refusal;
      badFilter: Refusal;
    }>('s3_uploads.py');
    expect(Object.fromEntries(Object.entries(seen.records).map(([how, { name }]) => [how, name]))).toEqual({
      put: 'ObjectCreated:Put',
      fileobjSmall: 'ObjectCreated:Put',
      fileobjBig: 'ObjectCreated:CompleteMultipartUpload',
      copy: 'ObjectCreated:Copy',
      copyBig: 'ObjectCreated:CompleteMultipartUpload',
      post: 'ObjectCreated:Post',
      presignedPut: 'ObjectCreated:Put',
      tags: 'ObjectTagging:Put',
      untag: 'ObjectTagging:Delete',
      delete: 'ObjectRemoved:Delete',
    });
    expect(seen.records['fileobjBig']?.object).toMatchObject({
      key: 'big',
      size: 9 * 1024 * 1024,
      eTag: expect.stringMatching(/^[0-9a-f]{32}-2$/),
    });
    expect(seen.records['post']?.object).toMatchObject({ key: 'forms/f.txt', size: 4 });
    expect(seen.answers.posted).toMatchObject({
      status: 201,
      body: expect.stringMatching(/<PostResponse>.*<Key>forms\/f\.txt<\/Key>/s),
    });
    // Refused, and no event: the next one in the queue is that of the second form.
    expect(seen.answers.tooLarge).toMatchObject({
      status: 400,
      body: expect.stringContaining('<Code>EntityTooLarge</Code>'),
    });
    expect(seen.sameBytes).toBe(true);
    expect(seen.pages).toEqual([
      ['a/1', 'big'],
      ['big-2', 'forms/f.txt'],
      ['forms/put', 'small'],
    ]);
    expect(seen.noSuchKey).toEqual({
      status: 404,
      Code: 'NoSuchKey',
      Message: 'The specified key does not exist.',
      Key: 'none',
    });
    expect(seen.noSuchBucket).toEqual({
      status: 404,
      Code: 'NoSuchBucket',
      Message: 'The specified bucket does not exist',
      BucketName: 'boto3-none',
    });
    // Without a body there is only the status.
    expect(seen.headMissing).toEqual({ status: 404, Code: '404', Message: 'Not Found' });
    expect(seen.badFilter).toEqual({
      status: 400,
      Code: 'InvalidArgument',
      Message: 'filter rule name must be either prefix or suffix',
      ArgumentName: 'FilterRule.Name',
      ArgumentValue: 'infix',
    });
  });

  test('StartLiveTail shows what a function prints', async () => {
    const seen = await runScript<{ group: string; session: object; kinds: string[]; messages: string[] }>(
      'live_tail.py',
    );
    expect(seen.session).toMatchObject({
      logGroupIdentifiers: [seen.group],
      logEventFilterPattern: '"Records"',
    });
    expect(seen.kinds).toEqual(['sessionStart', 'sessionUpdate']);
    expect(seen.messages).toEqual(['{"Records": [1]}\n']);
  });
});
