import {
  CloudWatchLogsClient,
  StartLiveTailCommand,
  type StartLiveTailResponseStream,
} from '@aws-sdk/client-cloudwatch-logs';
import { InvokeWithResponseStreamCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client, SelectObjectContentCommand } from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import { frame } from '../../../src/sandbox/wire/event-stream.ts';
import { AwsError } from '../../../src/sandbox/wire/types.ts';
import { ask, clientConfig, startServer } from './support.ts';

const GROUPS = { logGroupIdentifiers: ['arn:aws:logs:eu-west-1:111122223333:log-group:g'] };

async function* of<T>(...items: readonly (T | Error)[]): AsyncGenerator<T> {
  for (const item of items) {
    if (item instanceof Error) throw item;
    yield await Promise.resolve(item);
  }
}

async function collect<T>(stream: AsyncIterable<T> | undefined): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream ?? []) items.push(item);
  return items;
}

describe('StartLiveTail', () => {
  it('brings its events to the SDK', async () => {
    const server = await startServer({
      logs: {
        StartLiveTail: () => ({
          responseStream: of<StartLiveTailResponseStream>(
            { sessionStart: { sessionId: 's', requestId: 'r' } },
            {
              sessionUpdate: {
                sessionMetadata: { sampled: false },
                sessionResults: [{ message: 'é\n', timestamp: 5 }],
              },
            },
          ),
        }),
      },
    });
    const client = new CloudWatchLogsClient(clientConfig(server));
    const { responseStream } = await client.send(new StartLiveTailCommand(GROUPS));
    expect(await collect(responseStream)).toEqual([
      { sessionStart: { sessionId: 's', requestId: 'r' } },
      {
        sessionUpdate: {
          sessionMetadata: { sampled: false },
          sessionResults: [{ message: 'é\n', timestamp: 5 }],
        },
      },
    ]);
    client.destroy();
  });

  it('begins with an initial response', async () => {
    const server = await startServer({ logs: { StartLiveTail: () => ({ responseStream: of() }) } });
    const headers = { 'x-amz-target': 'Logs_20140328.StartLiveTail' };
    const { headers: sent, text } = await ask(server, {
      method: 'POST',
      headers,
      body: JSON.stringify(GROUPS),
    });
    expect(sent['content-type']).toBe('application/vnd.amazon.eventstream');
    expect(text).toContain('initial-response');
  });

  it('resolves send() before there is any event, and ends the source when the client leaves', async () => {
    let ended: () => void;
    const end = new Promise<void>((resolve) => (ended = resolve));
    const waiting: AsyncIterable<StartLiveTailResponseStream> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          ended();
          return Promise.resolve({ done: true, value: undefined });
        },
      }),
    };
    const server = await startServer({ logs: { StartLiveTail: () => ({ responseStream: waiting }) } });
    const client = new CloudWatchLogsClient(clientConfig(server));
    const abort = new AbortController();
    await client.send(new StartLiveTailCommand(GROUPS), { abortSignal: abort.signal });
    client.destroy();
    await server.wire.close();
    await end;
    expect(server.journal.entries()).toMatchObject([{ operation: 'StartLiveTail', status: 200 }]);
  });

  it('sends an error amidst the stream as its class', async () => {
    const server = await startServer({
      logs: {
        StartLiveTail: () => ({
          responseStream: of<StartLiveTailResponseStream>(
            { sessionStart: { sessionId: 's' } },
            new AwsError('SessionTimeoutException', 'three hours'),
          ),
        }),
      },
    });
    const client = new CloudWatchLogsClient(clientConfig(server));
    const { responseStream } = await client.send(new StartLiveTailCommand(GROUPS));
    await expect(collect(responseStream)).rejects.toMatchObject({
      name: 'SessionTimeoutException',
      message: 'three hours',
    });
    client.destroy();
  });

  it('sends an unmodelled error amidst the stream', async () => {
    const server = await startServer({
      logs: {
        StartLiveTail: () => ({ responseStream: of<StartLiveTailResponseStream>(new TypeError('bug')) }),
      },
    });
    const client = new CloudWatchLogsClient(clientConfig(server));
    const { responseStream } = await client.send(new StartLiveTailCommand(GROUPS));
    await expect(collect(responseStream)).rejects.toThrow();
    expect(server.errors).toEqual([expect.objectContaining({ message: 'bug' })]);
    client.destroy();
  });
});

describe('other event streams', () => {
  it('carry raw payloads', async () => {
    const server = await startServer({
      lambda: {
        InvokeWithResponseStream: () => ({
          StatusCode: 200,
          ExecutedVersion: '7',
          EventStream: of(
            { PayloadChunk: { Payload: Buffer.from([0, 255]) } },
            { InvokeComplete: { LogResult: 'log' } },
          ),
        }),
      },
    });
    const client = new LambdaClient(clientConfig(server));
    const output = await client.send(new InvokeWithResponseStreamCommand({ FunctionName: 'f' }));
    expect([output.StatusCode, output.ExecutedVersion]).toEqual([200, '7']);
    const events = await collect(output.EventStream);
    expect(Buffer.from(events[0]?.PayloadChunk?.Payload ?? [])).toEqual(Buffer.from([0, 255]));
    expect(events[1]?.InvokeComplete).toEqual({ LogResult: 'log' });
    client.destroy();
  });

  it('carry XML payloads', async () => {
    const server = await startServer({
      s3: {
        SelectObjectContent: () => ({
          // The type of `Payload` is that of Lambda's Invoke.
          Payload: of(
            { Records: { Payload: Buffer.from('a,b') } },
            { Stats: { Details: { BytesScanned: 3 } } },
            { End: {} },
          ) as never,
        }),
      },
    });
    const client = new S3Client({ ...clientConfig(server), forcePathStyle: true });
    const output = await client.send(
      new SelectObjectContentCommand({
        Bucket: 'b',
        Key: 'k',
        Expression: 'select',
        ExpressionType: 'SQL',
        InputSerialization: { CSV: {} },
        OutputSerialization: { CSV: {} },
      }),
    );
    const events = await collect(output.Payload);
    expect(Buffer.from(events[0]?.Records?.Payload ?? []).toString()).toBe('a,b');
    expect(events[1]?.Stats?.Details?.BytesScanned).toBe(3);
    expect(events[2]?.End).toEqual({});
    client.destroy();
  });
});

describe('a message', () => {
  it('has the framing of the specification', () => {
    // The empty message is a test vector of the AWS event stream libraries; the other was framed by hand with zlib.
    expect(frame({}, Buffer.alloc(0)).toString('hex')).toBe('000000100000000005c248eb7d98c8ff');
    expect(frame({ a: 'bc' }, Buffer.from('d')).toString('hex')).toBe(
      '0000001800000007abd69689' + '0161' + '07' + '0002' + '6263' + '64' + '72110af5',
    );
  });
});
