import { describe, expect, test } from 'vitest';
import { ACCOUNT, REGION } from '../logs/harness.ts';
import { busArn, failing, functionArn, queueArn, ROLE, startAsync, topicArn } from './async-harness.ts';

const MINUTE = 60_000;
const EVENT = '{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":"a+b.txt","size":1.0}}}]}';

type Harness = ReturnType<typeof startAsync>;

const configure = ({ call }: Harness, OnFailure: string | undefined, OnSuccess?: string) =>
  call('PutFunctionEventInvokeConfig', {
    FunctionName: 'fn',
    MaximumRetryAttempts: 0,
    DestinationConfig: {
      ...(OnFailure !== undefined && { OnFailure: { Destination: OnFailure } }),
      ...(OnSuccess !== undefined && { OnSuccess: { Destination: OnSuccess } }),
    },
  });

describe('destination records', () => {
  test('success: every key in its order, the payloads as they were', async () => {
    const harness = startAsync();
    harness.addFunction('fn', () => ({ ok: true }));
    await harness.addQueue('done');
    await configure(harness, undefined, queueArn('done'));
    const requestId = harness.submit('fn', EVENT);
    await harness.env.work.idle();
    expect(harness.received('done')[0]?.Body).toBe(
      `{"version":"1.0","timestamp":"2026-01-02T03:04:05.000Z","requestContext":{"requestId":"${requestId}",` +
        `"functionArn":"${functionArn('fn')}:$LATEST","condition":"Success","approximateInvokeCount":1},` +
        `"requestPayload":${EVENT},"responseContext":{"statusCode":200,"executedVersion":"$LATEST"},` +
        '"responsePayload":{"ok":true}}',
    );
    expect(harness.deliveries()).toEqual([[queueArn('done'), 'delivered', undefined]]);
  });

  test('failure after all retries, by the role of the function', async () => {
    const harness = startAsync();
    harness.addFunction('fn', failing);
    await harness.addQueue('failed');
    await harness.call('PutFunctionEventInvokeConfig', {
      FunctionName: 'fn',
      DestinationConfig: { OnFailure: { Destination: queueArn('failed') } },
    });
    harness.submit('fn', EVENT);
    await harness.env.work.idle();
    await harness.pass(MINUTE);
    expect(harness.received('failed')).toEqual([]);
    await harness.pass(2 * MINUTE);
    const record = JSON.parse(harness.received('failed')[0]?.Body ?? '') as object;
    expect(record).toMatchObject({
      requestContext: { condition: 'RetriesExhausted', approximateInvokeCount: 3 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: 'intentional failure', errorType: 'Exception' },
    });
    expect(Object.keys(record)).toEqual([
      'version',
      'timestamp',
      'requestContext',
      'requestPayload',
      'responseContext',
      'responsePayload',
    ]);
  });

  test('reserved concurrency 0: at once, with neither attempt nor response', async () => {
    const harness = startAsync();
    harness.addFunction('fn', failing).reservedConcurrency = 0;
    await harness.addQueue('failed');
    await configure(harness, queueArn('failed'));
    harness.submit('fn', EVENT);
    await harness.env.work.idle();
    const record = JSON.parse(harness.received('failed')[0]?.Body ?? '') as object;
    expect(Object.keys(record)).toEqual(['version', 'timestamp', 'requestContext', 'requestPayload']);
    expect(record).toMatchObject({
      requestContext: { condition: 'ZeroReservedConcurrency', approximateInvokeCount: 0 },
    });
    expect(harness.runs).toHaveLength(0);
  });

  test('a topic, a function and a bucket get the record itself', async () => {
    const harness = startAsync();
    const { sns, addFunction, addQueue, received, runs, objects, env } = harness;
    const got: unknown[] = [];
    addFunction('fn', failing);
    addFunction('next', (payload) => void got.push(payload));
    await addQueue('inbox');
    const ctx = { region: REGION, account: ACCOUNT } as never;
    await sns.handlers.CreateTopic?.({ Name: 'topic' }, ctx);
    await sns.handlers.Subscribe?.(
      { TopicArn: topicArn('topic'), Protocol: 'sqs', Endpoint: queueArn('inbox') },
      ctx,
    );
    await harness.callSqs('SetQueueAttributes', {
      QueueUrl: (await harness.callSqs('GetQueueUrl', { QueueName: 'inbox' })).QueueUrl ?? '',
      Attributes: {
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: queueArn('inbox') },
          ],
        }),
      },
    });
    for (const target of [topicArn('topic'), functionArn('next'), 'arn:aws:s3:::records']) {
      await configure(harness, target);
      harness.submit('fn', EVENT);
      await env.work.idle();
    }
    const envelope = JSON.parse(received('inbox')[0]?.Body ?? '') as { Message: string };
    const condition = { requestContext: { condition: 'RetriesExhausted' } };
    expect(JSON.parse(envelope.Message)).toMatchObject(condition);
    expect(got).toEqual([expect.objectContaining({ version: '1.0' })]);
    // The chain goes on with the record.
    expect(runs.at(-2)?.traceId).toContain(runs.at(-3)?.traceId.slice(0, 40));
    const [[key, body] = []] = [...objects];
    expect(key).toMatch(/^aws\/lambda\/async\/fn\/2026\/01\/02\/2026-01-02T03\.04\.05-[0-9a-f-]{36}$/);
    expect(JSON.parse(body ?? '')).toMatchObject(condition);
  });

  test('an event bus gets an event with the record as its detail', async () => {
    const harness = startAsync();
    harness.addFunction('fn', failing);
    await harness.addQueue('seen');
    const ctx = { region: REGION, account: ACCOUNT } as never;
    const { handlers } = harness.events;
    await handlers.PutRule?.({ Name: 'all', EventPattern: '{"source":["lambda"]}' }, ctx);
    await handlers.PutTargets?.({ Rule: 'all', Targets: [{ Id: '1', Arn: queueArn('seen') }] }, ctx);
    await harness.callSqs('SetQueueAttributes', {
      QueueUrl: (await harness.callSqs('GetQueueUrl', { QueueName: 'seen' })).QueueUrl ?? '',
      Attributes: {
        Policy: JSON.stringify({
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage', Resource: queueArn('seen') },
          ],
        }),
      },
    });
    await configure(harness, busArn('default'));
    harness.submit('fn', EVENT);
    await harness.env.work.idle();
    const event = JSON.parse(harness.received('seen')[0]?.Body ?? '') as object;
    expect(event).toMatchObject({
      'detail-type': 'Lambda Function Invocation Result - Failure',
      source: 'lambda',
      account: ACCOUNT,
      time: '2026-01-02T03:04:05Z',
      region: REGION,
      resources: [busArn('default'), `${functionArn('fn')}:$LATEST`],
      detail: { version: '1.0', requestContext: { condition: 'RetriesExhausted' } },
    });
  });

  test('a record that the role may not send is lost, and the journal says so', async () => {
    let allowed = true;
    const asked: string[][] = [];
    const roleMay = (...question: [string, string, string]) => {
      asked.push(question);
      return allowed ? undefined : 'no statement allows it';
    };
    const harness = startAsync({ roleMay, bucketRefusal: () => 'the bucket is gone' });
    harness.addFunction('fn', failing);
    await harness.addQueue('failed');
    await configure(harness, queueArn('failed'));
    expect(asked).toEqual([[ROLE, 'sqs:SendMessage', queueArn('failed')]]);
    allowed = false;
    harness.submit('fn');
    await harness.env.work.idle();
    allowed = true;
    await configure(harness, 'arn:aws:s3:::records');
    harness.submit('fn');
    await harness.env.work.idle();
    expect(harness.received('failed')).toEqual([]);
    expect(harness.deliveries()).toEqual([
      [queueArn('failed'), 'refused', `the role ${ROLE} may not sqs:SendMessage: no statement allows it`],
      ['arn:aws:s3:::records', 'refused', 'the bucket is gone'],
    ]);
  });
});

describe('dead letters', () => {
  test('the event itself with its attributes, beside the record of OnFailure', async () => {
    const harness = startAsync();
    harness.addFunction('fn', failing, { deadLetterArn: queueArn('dead') });
    await harness.addQueue('dead');
    await harness.addQueue('failed');
    await configure(harness, queueArn('failed'));
    const requestId = harness.submit('fn', EVENT);
    await harness.env.work.idle();
    const [letter] = harness.received('dead');
    expect(letter?.Body).toBe(EVENT);
    expect(letter?.MessageAttributes).toEqual({
      RequestID: { DataType: 'String', StringValue: requestId },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'intentional failure' },
    });
    expect(harness.received('failed')).toHaveLength(1);
  });

  test('the error message is cut after 1 KB; a success leaves none; a missing topic is journalled', async () => {
    const harness = startAsync();
    harness.addFunction(
      'fn',
      (fail) => {
        if (fail === true) throw new Error('ä'.repeat(600));
      },
      { deadLetterArn: queueArn('dead') },
    );
    harness.addFunction('other', failing, { deadLetterArn: topicArn('nowhere') });
    await harness.addQueue('dead');
    await configure(harness, undefined, queueArn('dead'));
    await harness.call('PutFunctionEventInvokeConfig', { FunctionName: 'fn', MaximumRetryAttempts: 0 });
    await harness.call('PutFunctionEventInvokeConfig', { FunctionName: 'other', MaximumRetryAttempts: 0 });
    harness.submit('fn', false);
    harness.submit('other', EVENT);
    await harness.env.work.idle();
    expect(harness.received('dead')).toEqual([]);
    harness.submit('fn', true);
    await harness.env.work.idle();
    const [letter] = harness.received('dead');
    expect(letter?.MessageAttributes?.['ErrorMessage']?.StringValue).toBe('ä'.repeat(512));
    expect(harness.deliveries()[0]).toEqual([topicArn('nowhere'), 'refused', 'Topic does not exist']);
  });
});

describe('PutFunctionEventInvokeConfig', () => {
  const refusal = async (harness: Harness, kind: 'OnSuccess' | 'OnFailure', Destination: string) =>
    harness
      .call('PutFunctionEventInvokeConfig', {
        FunctionName: 'fn',
        DestinationConfig: { [kind]: { Destination } },
      })
      .then(
        () => undefined,
        (error: unknown) => (error as Error).message,
      );

  test('refuses targets that do not exist or cannot be', async () => {
    const harness = startAsync();
    harness.addFunction('fn', failing);
    harness.addFunction('next', failing);
    await harness.addQueue('queue');
    await harness.callSqs('CreateQueue', { QueueName: 'q.fifo', Attributes: { FifoQueue: 'true' } });
    const invalid = [
      queueArn('nowhere'),
      queueArn('q.fifo'),
      topicArn('nowhere'),
      busArn('nowhere'),
      functionArn('nowhere'),
      functionArn('next:live'),
      'arn:aws:s3:::nowhere',
      'arn:aws:kinesis:eu-west-1:111122223333:stream/s',
    ];
    for (const arn of invalid) {
      expect(await refusal(harness, 'OnFailure', arn)).toBe(`The destination ARN ${arn} is invalid.`);
    }
    expect(await refusal(harness, 'OnSuccess', 'arn:aws:s3:::records')).toBe(
      'The destination ARN arn:aws:s3:::records is invalid.',
    );
    expect(await refusal(harness, 'OnFailure', functionArn('fn'))).toBe(
      "You can't specify the function as a destination for itself.",
    );
    for (const arn of [queueArn('queue'), busArn('default'), functionArn('next:1'), 'arn:aws:s3:::records']) {
      expect(await refusal(harness, 'OnFailure', arn)).toBeUndefined();
    }
  });

  test('asks what the role may do', async () => {
    const harness = startAsync({ roleMay: () => 'no' });
    harness.addFunction('fn', failing);
    await harness.addQueue('queue');
    expect(await refusal(harness, 'OnFailure', queueArn('queue'))).toBe(
      `The function's execution role does not have permissions to call SendMessage on ${queueArn('queue')}`,
    );
  });

  test('an update keeps what it does not name; an empty text removes a destination', async () => {
    const harness = startAsync();
    const { call } = harness;
    harness.addFunction('fn', failing);
    await harness.addQueue('queue');
    await configure(harness, queueArn('queue'), queueArn('queue'));
    const DestinationConfig = { OnSuccess: { Destination: '' } };
    expect(
      await call('UpdateFunctionEventInvokeConfig', { FunctionName: 'fn', DestinationConfig }),
    ).toMatchObject({
      FunctionArn: `${functionArn('fn')}:$LATEST`,
      MaximumRetryAttempts: 0,
      DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: queueArn('queue') } },
    });
  });
});
