import * as Logs from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createLogsService, type LogsService } from '../../../src/sandbox/services/logs/service.ts';
import { ACCOUNT, createTestEnv, REGION, serve, type Served, type TestEnv } from './harness.ts';

const GROUP = '/aws/lambda/demo';

let env: TestEnv;
let logs: LogsService;
let served: Served;
let client: Logs.CloudWatchLogsClient;
/** Added to the time that the service sees, so that three hours need not be slept second by second. */
let jumped: number;

beforeEach(async () => {
  env = createTestEnv();
  jumped = 0;
  const clock = { ...env.clock, now: () => env.clock.now() + jumped };
  logs = createLogsService({ ...env, clock }, { scannedEventsPerPage: 3 });
  served = await serve(env, 'logs', Logs, logs.handlers);
  client = new Logs.CloudWatchLogsClient({ ...served.clientConfig, disableHostPrefix: true });
});

afterEach(async () => {
  client.destroy();
  await served.close();
});

it('goes from a group to its events', async () => {
  const timestamp = env.clock.now();
  await client.send(new Logs.CreateLogGroupCommand({ logGroupName: GROUP, tags: { a: 'b' } }));
  await client.send(new Logs.CreateLogStreamCommand({ logGroupName: GROUP, logStreamName: 's/[$LATEST]' }));
  const logEvents = Array.from({ length: 7 }, (_, i) => ({
    timestamp: timestamp + i,
    message: `Ünï ${i}\n`,
  }));
  await client.send(
    new Logs.PutLogEventsCommand({ logGroupName: GROUP, logStreamName: 's/[$LATEST]', logEvents }),
  );
  const pages = Logs.paginateFilterLogEvents({ client }, { logGroupName: GROUP });
  const messages: (string | undefined)[][] = [];
  for await (const page of pages) messages.push((page.events ?? []).map(({ message }) => message));
  expect(messages.map((page) => page.length)).toEqual([3, 3, 1]);
  expect(messages.flat()).toEqual(logEvents.map(({ message }) => message));
  const streams = await client.send(new Logs.DescribeLogStreamsCommand({ logGroupName: GROUP }));
  expect(streams.logStreams?.[0]).toMatchObject({
    firstEventTimestamp: timestamp,
    lastEventTimestamp: timestamp + 6,
  });
  const groups = await client.send(new Logs.DescribeLogGroupsCommand({}));
  expect(groups.logGroups?.[0]?.logGroupArn).toBe(`arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`);
});

it('sends errors as the classes of the client', async () => {
  const attempt = client.send(new Logs.FilterLogEventsCommand({ logGroupName: GROUP }));
  await expect(attempt).rejects.toBeInstanceOf(Logs.ResourceNotFoundException);
  await expect(attempt).rejects.toMatchObject({
    message: 'The specified log group does not exist.',
    $metadata: { httpStatusCode: 400 },
  });
  logs.append(REGION, GROUP, 's', [{ timestamp: 1, message: 'x' }]);
  await expect(
    client.send(new Logs.FilterLogEventsCommand({ logGroupName: GROUP, filterPattern: '[' })),
  ).rejects.toBeInstanceOf(Logs.InvalidParameterException);
});

it('streams Live Tail', async () => {
  logs.append(REGION, GROUP, 's', [{ timestamp: 1, message: 'before' }]);
  const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`;
  const { responseStream } = await client.send(new Logs.StartLiveTailCommand({ logGroupIdentifiers: [arn] }));
  if (!responseStream) throw new Error('no stream');
  const seen: (string | undefined)[] = [];
  for await (const { sessionStart, sessionUpdate } of responseStream) {
    if (sessionStart) {
      expect(sessionStart.logGroupIdentifiers).toEqual([arn]);
      await env.clock.waitForSleeper();
      logs.append(REGION, GROUP, 's', [{ timestamp: 2, message: 'live' }]);
      void env.clock.advance(1_000);
    }
    if (sessionUpdate) {
      seen.push(...(sessionUpdate.sessionResults ?? []).map(({ message }) => message));
      break;
    }
  }
  expect(seen).toEqual(['live']);
  client.destroy();
  await vi.waitFor(() => expect(env.clock.sleepers).toBe(0));
});

it('ends a Live Tail session after three hours with the exception in the stream', async () => {
  logs.append(REGION, GROUP, 's', [{ timestamp: 1, message: 'x' }]);
  const arn = `arn:aws:logs:${REGION}:${ACCOUNT}:log-group:${GROUP}`;
  const { responseStream } = await client.send(new Logs.StartLiveTailCommand({ logGroupIdentifiers: [arn] }));
  const read = async () => {
    for await (const { sessionStart } of responseStream ?? []) {
      if (!sessionStart) continue;
      await env.clock.waitForSleeper();
      jumped = 3 * 3_600_000;
      void env.clock.advance(1_000);
    }
  };
  await expect(read()).rejects.toMatchObject({ name: 'SessionTimeoutException' });
});
