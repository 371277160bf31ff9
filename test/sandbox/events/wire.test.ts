/** EventBridge through the SDK and the wire server. */
import * as eventBridge from '@aws-sdk/client-eventbridge';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createWireServer } from '../../../src/sandbox/wire/server.ts';
import { defineService, SERVICE_SPECS } from '../../../src/sandbox/wire/schema.ts';
import { ACCOUNT, createTestEvents, QUEUE_ARN, REGION, type TestEvents } from './harness.ts';

let events: TestEvents;
let client: eventBridge.EventBridgeClient;
let close: () => Promise<void>;

beforeEach(async () => {
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  events = createTestEvents();
  const { env, service } = events;
  const server = createWireServer({ account: ACCOUNT, region: REGION, ids: env.ids, journal: env.journal });
  server.mount(defineService(SERVICE_SPECS.events, eventBridge), service.handlers);
  const port = await server.listen(0);
  client = new eventBridge.EventBridgeClient({
    endpoint: `http://127.0.0.1:${port}`,
    region: REGION,
    credentials: { accessKeyId: 'AKIAEXAMPLE000000000', secretAccessKey: 'example' },
    maxAttempts: 1,
  });
  close = async () => {
    client.destroy();
    await server.close();
  };
});
afterEach(() => close());

describe('through the SDK', () => {
  it('an event goes from PutEvents to its target', async () => {
    await client.send(new eventBridge.PutRuleCommand({ Name: 'r', EventPattern: '{"source":["app"]}' }));
    const put = await client.send(
      new eventBridge.PutTargetsCommand({
        Rule: 'r',
        Targets: [
          {
            Id: 't',
            Arn: QUEUE_ARN,
            InputTransformer: { InputPathsMap: { a: '$.detail.a' }, InputTemplate: '{"a": <a>}' },
          },
        ],
      }),
    );
    expect(put).toMatchObject({ FailedEntryCount: 0, FailedEntries: [] });
    const { Entries, FailedEntryCount } = await client.send(
      new eventBridge.PutEventsCommand({
        Entries: [{ Source: 'app', DetailType: 't', Detail: '{"a":5}', Time: new Date(0) }],
      }),
    );
    expect([FailedEntryCount, Entries?.length]).toEqual([0, 1]);
    await events.env.work.idle();
    expect(events.delivered.map(({ text }) => text)).toEqual(['{"a":5}']);
    const { EventBuses } = await client.send(new eventBridge.ListEventBusesCommand({}));
    expect(EventBuses?.[0]?.CreationTime).toEqual(new Date(events.env.clock.now()));
  });

  it('errors arrive as the classes of the model', async () => {
    const failure = async (task: Promise<unknown>) =>
      task.then(
        () => undefined,
        (error: unknown) => error,
      );
    const missing = await failure(client.send(new eventBridge.DescribeRuleCommand({ Name: 'none' })));
    expect(missing).toBeInstanceOf(eventBridge.ResourceNotFoundException);
    const pattern = await failure(
      client.send(new eventBridge.PutRuleCommand({ Name: 'r', EventPattern: '{"source":[]}' })),
    );
    expect(pattern).toBeInstanceOf(eventBridge.InvalidEventPatternException);
    expect(pattern).toMatchObject({
      message: 'Event pattern is not valid. Reason: Empty arrays are not allowed',
      $metadata: { httpStatusCode: 400 },
    });
    expect(await failure(client.send(new eventBridge.ListArchivesCommand({})))).toMatchObject({
      name: 'NotImplemented',
      $metadata: { httpStatusCode: 501 },
    });
    const unnamed = { Name: undefined } as unknown as eventBridge.PutRuleCommandInput;
    expect(await failure(client.send(new eventBridge.PutRuleCommand(unnamed)))).toMatchObject({
      name: 'ValidationException',
      message:
        "1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
    });
  });
});
