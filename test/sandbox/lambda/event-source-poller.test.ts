/** What event source mappings do with the messages of a queue. Functions run in-process, the clock stands still. */
import type { CreateEventSourceMappingRequest } from '@aws-sdk/client-lambda';
import { describe, expect, onTestFinished, test } from 'vitest';
import { REGION } from '../logs/harness.ts';
import { queueArn, startEventSources, type Handler } from './event-source-harness.ts';

type Options = Parameters<typeof startEventSources>[0];

/** A queue, a function and a mapping between them. */
async function connect(
  handler: Handler,
  mapping: Partial<CreateEventSourceMappingRequest> = {},
  options: Options & {
    queue?: string;
    attributes?: Record<string, string>;
    fn?: Parameters<ReturnType<typeof startEventSources>['addFunction']>[2];
  } = {},
) {
  const { queue = 'q', attributes = {}, fn = {}, ...rest } = options;
  const harness = startEventSources(rest);
  onTestFinished(() => harness.sources.reset());
  const url = await harness.addQueue(queue, attributes);
  const record = harness.addFunction('fn', handler, fn);
  const { UUID } = await harness.call('CreateEventSourceMapping', {
    FunctionName: 'fn',
    EventSourceArn: queueArn(queue),
    ...mapping,
  });
  const send = (bodies: readonly string[], input = {}) => harness.sendAll(url, bodies, input);
  return { ...harness, url, record, UUID, send };
}

const REPORTING: Partial<CreateEventSourceMappingRequest> = {
  FunctionResponseTypes: ['ReportBatchItemFailures'],
};
const numbered = (count: number) => Array.from({ length: count }, (_, i) => `m${i}`);
const fail = () => {
  throw new Error('no');
};
/** The messages wait in the queue until the mapping is enabled, and so come as one batch. */
async function sendTogether(
  { send, call, UUID, settle }: Awaited<ReturnType<typeof connect>>,
  bodies: readonly string[],
  input = {},
) {
  await call('UpdateEventSourceMapping', { UUID, Enabled: false });
  await send(bodies, input);
  await call('UpdateEventSourceMapping', { UUID, Enabled: true });
  await settle();
}

describe('a batch', () => {
  test('carries the records as AWS writes them, and is deleted after success', async () => {
    const { env, send, settle, batches, counts, url } = await connect(() => null);
    await send(['{"a":1}'], {
      MessageAttributes: {
        Author: { DataType: 'String', StringValue: 'J' },
        Raw: { DataType: 'Binary', BinaryValue: Uint8Array.of(1, 2) },
      },
    });
    await settle();
    const now = String(env.clock.now());
    expect(batches).toHaveLength(1);
    const [record] = batches[0]!.records;
    expect(record).toEqual({
      messageId: expect.stringMatching(/^[0-9a-f-]{36}$/) as unknown,
      receiptHandle: expect.stringMatching(/^AQEB/) as unknown,
      body: '{"a":1}',
      attributes: {
        ApproximateReceiveCount: '1',
        SentTimestamp: now,
        SenderId: expect.any(String) as unknown,
        ApproximateFirstReceiveTimestamp: now,
      },
      messageAttributes: {
        Author: { stringValue: 'J', stringListValues: [], binaryListValues: [], dataType: 'String' },
        Raw: { binaryValue: 'AQI=', stringListValues: [], binaryListValues: [], dataType: 'Binary' },
      },
      md5OfMessageAttributes: expect.stringMatching(/^[0-9a-f]{32}$/) as unknown,
      md5OfBody: 'bb6cb5c68df4652941caf652a366f2d8',
      eventSource: 'aws:sqs',
      eventSourceARN: queueArn('q'),
      awsRegion: REGION,
    });
    expect(Object.keys(record!)).toEqual([
      ...['messageId', 'receiptHandle', 'body', 'attributes', 'messageAttributes', 'md5OfMessageAttributes'],
      ...['md5OfBody', 'eventSource', 'eventSourceARN', 'awsRegion'],
    ]);
    expect(Object.keys(record!.attributes)).toEqual([
      ...['ApproximateReceiveCount', 'SentTimestamp', 'SenderId', 'ApproximateFirstReceiveTimestamp'],
    ]);
    expect(await counts(url)).toEqual([0, 0, 0]);
  });

  test('of a FIFO queue has the group and the sequence, and a traced message passes its trace on', async () => {
    const { send, settle, batches } = await connect(() => null, {}, { queue: 'q.fifo' });
    const trace = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1';
    await send(['x'], {
      MessageGroupId: 'g',
      MessageSystemAttributes: { AWSTraceHeader: { DataType: 'String', StringValue: trace } },
    });
    await settle();
    const [{ records, traceId } = { records: [], traceId: '' }] = batches;
    expect(Object.keys(records[0]!.attributes)).toEqual([
      ...['ApproximateReceiveCount', 'AWSTraceHeader', 'SentTimestamp', 'SequenceNumber', 'MessageGroupId'],
      ...['SenderId', 'MessageDeduplicationId', 'ApproximateFirstReceiveTimestamp'],
    ]);
    expect(traceId).toContain('Root=1-5759e988-bd862e3fe1be46a994272793');
  });

  test('holds no more than BatchSize', async () => {
    const connection = await connect(() => null, { BatchSize: 4 });
    await sendTogether(connection, numbered(10));
    expect(connection.bodies().map((batch) => batch.length)).toEqual([4, 4, 2]);
    expect(connection.bodies().flat()).toEqual(numbered(10));
  });

  test('waits for its window, and no longer than until it is full', async () => {
    const { env, send, settle, bodies } = await connect(() => null, {
      BatchSize: 3,
      MaximumBatchingWindowInSeconds: 10,
    });
    await send(['a']);
    await env.clock.advance(9000);
    await send(['b']);
    await settle();
    expect(bodies()).toEqual([]);
    await env.clock.advance(1000);
    await settle();
    expect(bodies()).toEqual([['a', 'b']]);
    await send(['c', 'd', 'e', 'f']);
    await settle();
    expect(bodies()).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
  });

  test('is split where one invocation could not take it', async () => {
    const connection = await connect(() => null);
    const large = 'x'.repeat(1_000_000);
    await sendTogether(
      connection,
      numbered(8).map((name) => name + large),
    );
    expect(connection.batches.map(({ records }) => records.length)).toEqual([6, 2]);
    expect(await connection.counts(connection.url)).toEqual([0, 0, 0]);
  });
});

describe('filters', () => {
  test('let matching messages through; the others are deleted from the queue', async () => {
    const connection = await connect(() => null, {
      FilterCriteria: {
        Filters: [{ Pattern: '{"body":{"size":[{"numeric":[">",10]}]}}' }, { Pattern: '{"body":["plain"]}' }],
      },
    });
    const { send, settle, bodies, counts, url } = connection;
    await send(['{"size":11}', '{"size":1}', 'plain', 'other', '{"size"']);
    await settle();
    expect(bodies().flat()).toEqual(['{"size":11}', 'plain']);
    expect(await counts(url)).toEqual([0, 0, 0]);
  });

  test('see attributes too, and fill a batch with what passes', async () => {
    const connection = await connect(() => null, {
      BatchSize: 2,
      FilterCriteria: { Filters: [{ Pattern: '{"messageAttributes":{"k":{"stringValue":["yes"]}}}' }] },
    });
    const { send, call, UUID, settle, bodies } = connection;
    const attribute = (StringValue: string) => ({
      MessageAttributes: { k: { DataType: 'String', StringValue } },
    });
    await call('UpdateEventSourceMapping', { UUID, Enabled: false });
    for (const [body, value] of [
      ['a', 'yes'],
      ['b', 'no'],
      ['c', 'no'],
      ['d', 'yes'],
    ] as const) {
      await send([body], attribute(value));
    }
    await call('UpdateEventSourceMapping', { UUID, Enabled: true });
    await settle();
    expect(bodies()).toEqual([['a', 'd']]);
  });
});

describe('a failed batch', () => {
  test('comes again after the visibility timeout, and at last goes to the dead-letter queue', async () => {
    const { env, addQueue, send, settle, callSqs, batches, counts, url } = await connect(fail);
    const deadLetters = await addQueue('dead');
    const RedrivePolicy = JSON.stringify({ deadLetterTargetArn: queueArn('dead'), maxReceiveCount: 2 });
    await callSqs('SetQueueAttributes', { QueueUrl: url, Attributes: { RedrivePolicy } });
    await send(['a']);
    await settle();
    expect(await counts(url)).toEqual([0, 1, 0]);
    await env.clock.advance(29_999);
    await settle();
    expect(batches).toHaveLength(1);
    await env.clock.advance(1);
    await settle();
    expect(batches.map(({ records }) => records[0]?.attributes['ApproximateReceiveCount'])).toEqual([
      '1',
      '2',
    ]);
    await env.clock.advance(30_000);
    await settle();
    expect(batches).toHaveLength(2);
    expect(await counts(url)).toEqual([0, 0, 0]);
    expect(await counts(deadLetters)).toEqual([1, 0, 0]);
  });

  test('without ReportBatchItemFailures a list of failures means nothing', async () => {
    const connection = await connect(([record]) => ({
      batchItemFailures: [{ itemIdentifier: record?.messageId }],
    }));
    await connection.send(['a']);
    await connection.settle();
    expect(await connection.counts(connection.url)).toEqual([0, 0, 0]);
  });

  test('with it only the reported messages come again', async () => {
    const connection = await connect(
      (records) => ({
        batchItemFailures: records
          .filter(({ body, attributes }) => body === 'm1' && attributes['ApproximateReceiveCount'] === '1')
          .map(({ messageId }) => ({ itemIdentifier: messageId })),
      }),
      REPORTING,
    );
    await sendTogether(connection, numbered(3));
    expect(await connection.counts(connection.url)).toEqual([0, 1, 0]);
    await connection.env.clock.advance(30_000);
    await connection.settle();
    expect(connection.bodies()).toEqual([numbered(3), ['m1']]);
    expect(await connection.counts(connection.url)).toEqual([0, 0, 0]);
  });

  test.each<[string, Handler, number]>([
    ['null', () => null, 0],
    ['an empty object', () => ({}), 0],
    ['an empty list', () => ({ batchItemFailures: [] }), 0],
    ['no list', () => ({ batchItemFailures: null }), 0],
    ['an empty id', () => ({ batchItemFailures: [{ itemIdentifier: '' }] }), 2],
    ['a null id', () => ({ batchItemFailures: [{ itemIdentifier: null }] }), 2],
    ['another name for the id', () => ({ batchItemFailures: [{ foo: 'notvalid' }] }), 2],
    [
      'an unknown id beside a known one',
      ([record]) => ({
        batchItemFailures: [{ itemIdentifier: record?.messageId }, { itemIdentifier: 'unknown' }],
      }),
      2,
    ],
    ['a list of ids', ([record]) => ({ batchItemFailures: [record?.messageId] }), 2],
    ['something else than a list', () => ({ batchItemFailures: 'm1' }), 2],
    ['a text', () => 'done', 2],
    ['an error', fail, 2],
  ])('%s leaves the right number of messages', async (_, handler, left) => {
    const connection = await connect(handler, REPORTING);
    await sendTogether(connection, ['a', 'b']);
    expect(connection.batches).toHaveLength(1);
    expect(await connection.counts(connection.url)).toEqual([0, left, 0]);
  });
});

describe('concurrency', () => {
  /** A handler that stays until it is let go. */
  function gate() {
    const open: (() => void)[] = [];
    const handler = () => new Promise<null>((resolve) => open.push(() => resolve(null)));
    return { handler, open };
  }
  const turn = () => new Promise((resolve) => setImmediate(resolve));

  test('MaximumConcurrency bounds the batches at a time', async () => {
    const { handler, open } = gate();
    const { send, batches, settle } = await connect(handler, {
      BatchSize: 1,
      ScalingConfig: { MaximumConcurrency: 2 },
    });
    await send(numbered(5));
    await turn();
    expect(batches).toHaveLength(2);
    open.shift()?.();
    await turn();
    expect(batches).toHaveLength(3);
    while (open.length > 0) {
      open.shift()?.();
      await turn();
    }
    await settle();
    expect(batches).toHaveLength(5);
  });

  test('a FIFO group is one after the other, other groups go on', async () => {
    const { handler, open } = gate();
    const { send, bodies } = await connect(handler, { BatchSize: 1 }, { queue: 'q.fifo' });
    await send(['a1', 'a2'], { MessageGroupId: 'a' });
    await send(['b1'], { MessageGroupId: 'b' });
    await turn();
    expect(bodies()).toEqual([['a1'], ['b1']]);
    open.shift()?.();
    await turn();
    expect(bodies()).toEqual([['a1'], ['b1'], ['a2']]);
    for (const release of open) release();
  });

  test('a failed message of a FIFO group holds the group back', async () => {
    const { env, send, bodies, settle } = await connect(
      ([record]) => {
        if (record?.body === 'a1' && record.attributes['ApproximateReceiveCount'] === '1') fail();
      },
      { BatchSize: 1 },
      { queue: 'q.fifo' },
    );
    await send(['a1', 'a2'], { MessageGroupId: 'a' });
    await settle();
    expect(bodies()).toEqual([['a1']]);
    await env.clock.advance(30_000);
    await settle();
    expect(bodies()).toEqual([['a1'], ['a1'], ['a2']]);
  });

  test('a throttled batch is held and tried again; too late, its messages come again by themselves', async () => {
    const { env, send, settle, record, batches, counts, url } = await connect(
      () => null,
      {},
      { fn: { reservedConcurrency: 0 } },
    );
    await send(['a']);
    await settle();
    const throttled = () =>
      env.journal.entries().filter((entry) => entry.type === 'invocation' && entry.outcome === 'throttled');
    expect(throttled()).toHaveLength(1);
    await env.clock.advance(1000);
    await settle();
    expect(throttled()).toHaveLength(2);
    await env.clock.advance(28_000);
    await settle();
    // After 1, 3, 7 and 15 seconds; the next would be after 31.
    expect(throttled()).toHaveLength(5);
    expect(await counts(url)).toEqual([0, 1, 0]);
    record.reservedConcurrency = undefined;
    await env.clock.advance(1000);
    await settle();
    expect(batches.map(({ records }) => records[0]?.attributes['ApproximateReceiveCount'])).toEqual(['2']);
    expect(await counts(url)).toEqual([0, 0, 0]);
  });
});

describe('what changes meanwhile', () => {
  test('an alias is resolved anew at each batch', async () => {
    const seen: string[] = [];
    const { addQueue, addFunction, versionWith, sendAll, call, settle, sources } = startEventSources();
    onTestFinished(() => sources.reset());
    const url = await addQueue('q');
    const record = addFunction('fn');
    for (const version of ['1', '2']) {
      record.versions.set(
        version,
        versionWith(version, () => void seen.push(version)),
      );
    }
    const alias = { name: 'live', version: '1', description: '', weights: undefined, revisionId: '' };
    record.aliases.set('live', alias);
    await call('CreateEventSourceMapping', { FunctionName: 'fn:live', EventSourceArn: queueArn('q') });
    await sendAll(url, ['a']);
    await settle();
    alias.version = '2';
    await sendAll(url, ['b']);
    await settle();
    expect(seen).toEqual(['1', '2']);
  });

  test('a function that is Pending is waited for; one that is gone leaves its messages untouched', async () => {
    const start = startEventSources().env.clock.now();
    const { env, store, record, send, settle, bodies, counts, url } = await connect(
      () => null,
      {},
      { fn: { activeAt: start + 5000 } },
    );
    await send(['a']);
    await settle();
    expect(bodies()).toEqual([]);
    expect(await counts(url)).toEqual([1, 0, 0]);
    await env.clock.advance(5000);
    await settle();
    expect(bodies()).toEqual([['a']]);

    store.functions(REGION).delete('fn');
    // The poll that was open when the function went may end at its own pace.
    await env.clock.advance(20_000);
    await send(['b']);
    await settle();
    expect(await counts(url)).toEqual([1, 0, 0]);
    store.functions(REGION).set('fn', record);
    await env.clock.advance(20_000);
    await settle();
    expect(bodies()).toEqual([['a'], ['b']]);
  });

  test('a function in the state Failed is not run: its messages come back, and have been received', async () => {
    const { env, record, send, settle, bodies, counts, url } = await connect(() => null);
    record.latest.failure = { code: 'KMSKeyNotFound', reason: 'gone' };
    await send(['a']);
    await settle();
    expect(bodies()).toEqual([]);
    expect(await counts(url)).toEqual([0, 1, 0]);
    record.latest.failure = undefined;
    await env.clock.advance(30_000);
    await settle();
    expect(bodies()).toEqual([['a']]);
  });

  test('a queue that is deleted and made again is read again', async () => {
    const { env, addQueue, sendAll, callSqs, settle, bodies, url } = await connect(() => null);
    await callSqs('DeleteQueue', { QueueUrl: url });
    await env.clock.advance(60_000);
    await sendAll(await addQueue('q'), ['a']);
    await env.clock.advance(20_000);
    await settle();
    expect(bodies()).toEqual([['a']]);
  });

  test('a disabled mapping reads nothing, a deleted one neither', async () => {
    const { call, UUID, send, settle, bodies, env, counts, url } = await connect(() => null);
    await call('UpdateEventSourceMapping', { UUID, Enabled: false });
    await send(['a']);
    await settle();
    expect(bodies()).toEqual([]);
    await call('UpdateEventSourceMapping', { UUID, Enabled: true });
    await settle();
    expect(bodies()).toEqual([['a']]);
    await call('DeleteEventSourceMapping', { UUID });
    await send(['b']);
    await settle();
    await env.clock.advance(60_000);
    expect(bodies()).toEqual([['a']]);
    expect(await counts(url)).toEqual([1, 0, 0]);
  });

  test('a role that loses its rights gets no more messages', async () => {
    let allowed = true;
    const { env, send, settle, bodies } = await connect(
      () => null,
      {},
      { roleMay: () => (allowed ? undefined : 'no') },
    );
    allowed = false;
    // The open long poll ends first.
    await env.clock.advance(20_000);
    await send(['a']);
    await settle();
    expect(bodies()).toEqual([]);
    allowed = true;
    await env.clock.advance(20_000);
    await settle();
    expect(bodies()).toEqual([['a']]);
  });

  test('a recursive loop is stopped after sixteen invocations; the last message stays', async () => {
    const { env, send, settle, batches, counts, url } = await connect(() => null);
    await send(['0']);
    await settle();
    for (let i = 1; i < 17; i++) {
      // What an instrumented function does that writes to its own queue.
      const trace = { DataType: 'String', StringValue: batches.at(-1)?.traceId };
      await send([String(i)], { MessageSystemAttributes: { AWSTraceHeader: trace } });
      await settle();
    }
    expect(batches).toHaveLength(16);
    expect(await counts(url)).toEqual([0, 1, 0]);
    expect(env.journal.entries().at(-1)).toMatchObject({ type: 'invocation', outcome: 'dropped' });
  });

  test('an idle mapping is no work, and after a reset nothing sleeps any more', async () => {
    const { env, sources, settle } = await connect(() => null);
    await settle();
    await env.clock.waitForSleeper();
    expect(env.clock.sleepers).toBe(1);
    sources.reset();
    await settle();
    expect(env.clock.sleepers).toBe(0);
  });
});
