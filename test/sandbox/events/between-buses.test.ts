/** Events that go from bus to bus, and those that come from other accounts. */
import { describe, expect, it } from 'vitest';
import { ACCOUNT, createTestEvents, DEAD_LETTER_ARN, QUEUE_ARN, REGION } from './harness.ts';

const busArn = (name: string, region = REGION) => `arn:aws:events:${region}:${ACCOUNT}:event-bus/${name}`;
const PATTERN = '{"source":["app"]}';

type TestEvents = ReturnType<typeof createTestEvents>;

/** A bus with a rule for the events of `app` and one target. */
async function bus({ call }: TestEvents, name: string, target: object, region = REGION): Promise<void> {
  if (name !== 'default') await call('CreateEventBus', { Name: name }, { region });
  const rule = { EventBusName: name, EventPattern: PATTERN };
  await call('PutRule', { Name: `from-${name}`, ...rule }, { region });
  const Targets = [{ Id: 'target', ...target }] as never;
  await call('PutTargets', { Rule: `from-${name}`, EventBusName: name, Targets }, { region });
}

describe('a bus as a target', () => {
  it('gets the event as it was, under a new id', async () => {
    const events = createTestEvents();
    await bus(events, 'default', { Arn: busArn('second', 'us-west-2') });
    await bus(events, 'second', { Arn: QUEUE_ARN }, 'us-west-2');
    const { Entries } = await events.call('PutEvents', {
      Entries: [{ Source: 'app', DetailType: 'type', Detail: '{"a":1}' }],
    });
    await events.env.work.idle();
    await events.env.work.idle();
    expect(events.delivered.map(({ arn }) => arn)).toEqual([QUEUE_ARN]);
    const event = JSON.parse(events.delivered[0]!.text) as Record<string, unknown>;
    expect(event).toMatchObject({ account: ACCOUNT, region: REGION, source: 'app', detail: { a: 1 } });
    expect(event['id']).not.toBe(Entries?.[0]?.EventId);
    expect(events.refused).toEqual([]);
  });

  it('does not send it on to a third, so that a circle ends', async () => {
    const events = createTestEvents();
    await bus(events, 'default', { Arn: busArn('second'), DeadLetterConfig: { Arn: DEAD_LETTER_ARN } });
    await bus(events, 'second', { Arn: busArn('default'), DeadLetterConfig: { Arn: DEAD_LETTER_ARN } });
    await events.send();
    await events.env.work.idle();
    expect(events.refused).toMatchObject([
      { targetArn: busArn('default'), reason: expect.stringContaining('third') as unknown },
    ]);
    expect(events.delivered.map(({ arn }) => arn)).toEqual([DEAD_LETTER_ARN]);
  });

  it('that is not there refuses', async () => {
    const events = createTestEvents();
    await bus(events, 'default', { Arn: busArn('none') });
    await events.send();
    expect(events.refused).toMatchObject([{ reason: `there is no event bus ${busArn('none')}` }]);
  });
});

describe('another account', () => {
  const stranger = { account: '222233334444' };
  const entry = { Source: 'app', DetailType: 'type', Detail: '{}' };

  it('puts events on a bus by its ARN, and they say whose they are', async () => {
    const events = createTestEvents();
    await bus(events, 'default', { Arn: QUEUE_ARN });
    await events.call('PutEvents', { Entries: [{ ...entry, EventBusName: busArn('default') }] }, stranger);
    await events.env.work.idle();
    expect(events.delivered.map(({ text }) => JSON.parse(text) as unknown)).toMatchObject([
      { account: '222233334444', source: 'app' },
    ]);
  });

  it('means its own buses by their names, and nobody hears of those', async () => {
    const events = createTestEvents();
    await bus(events, 'default', { Arn: QUEUE_ARN });
    await events.call('PutEvents', { Entries: [entry] }, stranger);
    await events.call('PutEvents', {
      Entries: [
        { ...entry, EventBusName: busArn('default').replace(ACCOUNT, '222233334444') },
        { ...entry, EventBusName: busArn('default', 'us-west-2') },
      ],
    });
    await events.env.work.idle();
    expect(events.delivered).toEqual([]);
  });
});
