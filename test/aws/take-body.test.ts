import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, expect, it } from 'vitest';
import { takeBody } from '../../src/aws/take-body.ts';

let server: Server | undefined;
let client: CloudWatchLogsClient | undefined;
afterEach(() => {
  client?.destroy();
  server?.closeAllConnections();
  server?.close();
});

/** The SDK's client of a server that answers so; `asked` counts the requests. */
async function clientOf(answer: RequestListener) {
  const asked: number[] = [];
  server = createServer((request, response) => {
    request.resume().on('end', () => {
      asked.push(asked.length);
      answer(request, response);
    });
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  client = new CloudWatchLogsClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: 'us-east-1',
    credentials: { accessKeyId: 'x', secretAccessKey: 'x' },
  });
  return { client, asked };
}

const PAGE = JSON.stringify({
  events: [{ eventId: '1', message: 'é "quoted"\n', timestamp: 5 }],
  nextToken: 't',
});
const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.1' };
const command = () => new FilterLogEventsCommand({ logGroupName: '/g' });

it('reads the text of the answer; the SDK sees an empty one', async () => {
  const { client } = await clientOf((_request, response) => response.writeHead(200, JSON_TYPE).end(PAGE));
  const call = command();
  const taken = takeBody(call, (text) => text);
  const output = await client.send(call);
  expect(taken()).toBe(PAGE);
  expect(output.events).toBeUndefined();
  expect(output.$metadata.httpStatusCode).toBe(200);
});

it('leaves an error to the SDK, which tries again what may pass', async () => {
  const { client, asked } = await clientOf((_request, response) => {
    if (asked.length > 1) return response.writeHead(200, JSON_TYPE).end(PAGE);
    return response
      .writeHead(400, JSON_TYPE)
      .end('{"__type":"ThrottlingException","message":"Rate exceeded"}');
  });
  const call = command();
  const taken = takeBody(call, (text) => text);
  const { $metadata } = await client.send(call);
  expect($metadata.attempts).toBe(2);
  expect(taken()).toBe(PAGE);
});

it('leaves an error to the SDK, which tells it', async () => {
  const { client } = await clientOf((_request, response) =>
    response.writeHead(400, JSON_TYPE).end('{"__type":"ResourceNotFoundException","message":"no group"}'),
  );
  const call = command();
  const taken = takeBody(call, (text) => text);
  await expect(client.send(call)).rejects.toMatchObject({
    name: 'ResourceNotFoundException',
    message: 'no group',
  });
  expect(taken()).toBeUndefined();
});

it('a body that breaks off is read again, and is an error when it always does', async () => {
  let broken = 1;
  const { client, asked } = await clientOf((_request, response) => {
    response.writeHead(200, { ...JSON_TYPE, 'content-length': Buffer.byteLength(PAGE) });
    if (asked.length > broken) return response.end(PAGE);
    return response.write(PAGE.slice(0, 20), () => response.destroy());
  });
  const call = command();
  const taken = takeBody(call, (text) => text);
  await client.send(call);
  expect(asked).toHaveLength(2);
  expect(taken()).toBe(PAGE);

  broken = Number.POSITIVE_INFINITY;
  const second = command();
  const nothing = takeBody(second, (text) => text);
  await expect(client.send(second)).rejects.toMatchObject({ code: 'ECONNRESET' });
  expect(nothing()).toBeUndefined();
});

it('gives the SDK what it cannot read itself', async () => {
  const { client } = await clientOf((_request, response) => response.writeHead(200, JSON_TYPE).end(PAGE));
  const call = command();
  const taken = takeBody<string>(call, () => {
    throw new Error('no');
  });
  const { events } = await client.send(call);
  expect(taken()).toBeUndefined();
  expect(events).toMatchObject([{ message: 'é "quoted"\n', timestamp: 5 }]);

  server?.removeAllListeners('request').on('request', (_request, response) => {
    response.writeHead(200, JSON_TYPE).end('<html>');
  });
  const other = command();
  const parsed = takeBody(other, (text) => JSON.parse(text) as object);
  await expect(client.send(other)).rejects.toThrow(SyntaxError);
  expect(parsed()).toBeUndefined();
});
