import { describe, expect, it } from 'vitest';
import { parseFault } from '../../../src/sandbox/fault-spec.ts';
import { createFaults } from '../../../src/sandbox/faults.ts';
import type { DeliveryEntry } from '../../../src/sandbox/journal.ts';
import { BUCKET, createTestS3, QUEUE_ARN, type TestS3 } from '../s3/support.ts';

/** A bucket with a queue rule for all creations, and these faults from then on. */
async function withFaults(...specs: string[]) {
  const faults = createFaults();
  const eventBridge = {
    put: (event: { id: string }) => void buses.push(event.id),
    version: 'legacy',
  } as const;
  const buses: string[] = [];
  const s3 = createTestS3({ faults, eventBridge });
  await s3.withRule('s3:ObjectCreated:*');
  const add = (spec: string) => {
    const parsed = parseFault(spec);
    if (!parsed.ok) throw new Error(parsed.problem);
    faults.add(parsed.rule);
  };
  specs.forEach(add);
  const put = (Key: string) => s3.call('PutObject', { Bucket: BUCKET, Key, Body: 'x' });
  const keys = async () => (await s3.records()).map((record) => record.s3.object.key);
  return { ...s3, buses, add, put, keys };
}

const deliveries = ({ env }: Pick<TestS3, 'env'>) =>
  env.journal.entries().filter((entry): entry is DeliveryEntry => entry.type === 'delivery');
const outcomes = (s3: Pick<TestS3, 'env'>) =>
  deliveries(s3).map(({ key, outcome, fault }) => [key, outcome, ...(fault === undefined ? [] : [fault])]);

describe('faults of deliveries', () => {
  it('drop what they match, with a note in the journal', async () => {
    const s3 = await withFaults('drop:key=in/*,times=1');
    for (const key of ['out/a', 'in/b', 'in/c']) await s3.put(key);
    expect(await s3.keys()).toEqual(['out/a', 'in/c']);
    expect(outcomes(s3)).toEqual([
      ['in/b', 'dropped', 'drop'],
      ['out/a', 'delivered'],
      ['in/c', 'delivered'],
    ]);
    expect(deliveries(s3)[0]).toMatchObject({
      via: 's3',
      bucket: BUCKET,
      eventName: 'ObjectCreated:Put',
      configurationId: 'rule',
      destination: QUEUE_ARN,
    });
  });

  it('repeat the very same message', async () => {
    const s3 = await withFaults('duplicate:times=1');
    await s3.put('a');
    await s3.put('b');
    await s3.env.work.idle();
    const [first, second, third] = s3.sqs.received.map(({ message }) => message);
    expect(s3.sqs.received).toHaveLength(3);
    expect(first).toBe(second);
    expect(third).not.toBe(first);
    expect(outcomes(s3)).toEqual([
      ['a', 'delivered'],
      ['a', 'delivered', 'duplicate'],
      ['b', 'delivered'],
    ]);
  });

  it('hold one back until its time, while others overtake it and nobody counts it as work', async () => {
    const s3 = await withFaults('late-events:3s,times=1');
    await s3.put('a');
    await s3.put('b');
    expect(await s3.keys()).toEqual(['b']);
    await s3.clock.advance(2_999);
    expect(await s3.keys()).toEqual(['b']);
    await s3.clock.advance(1);
    expect(await s3.keys()).toEqual(['b', 'a']);
    expect(outcomes(s3)).toEqual([
      ['b', 'delivered'],
      ['a', 'delivered', 'late-events'],
    ]);
  });

  it('bring many into another order, the same one in each run', async () => {
    const keys = Array.from({ length: 20 }, (_, i) => String(i).padStart(2, '0'));
    const run = async () => {
      const s3 = await withFaults('reorder:10s');
      for (const key of keys) await s3.put(key);
      await s3.clock.advance(10_000);
      return s3.keys();
    };
    const order = await run();
    expect([...order].sort()).toEqual(keys);
    expect(order).not.toEqual(keys);
    expect(await run()).toEqual(order);
  });

  it('act on a second copy for itself', async () => {
    const s3 = await withFaults('duplicate', 'late-events:1s');
    await s3.put('a');
    expect(await s3.keys()).toEqual([]);
    await s3.clock.advance(1_000);
    expect(await s3.keys()).toEqual(['a', 'a']);
  });

  it.each(['sqs', 'queue', '*:queue', 'q*'])('match the destination as %s', async (to) => {
    const s3 = await withFaults(`drop:to=${to}`);
    await s3.put('a');
    expect(await s3.keys()).toEqual([]);
  });

  it.each(['to=lambda', 'to=topic', 'bucket=other', 'key=b'])('leave alone what is not %s', async (match) => {
    const s3 = await withFaults(`drop:${match}`);
    await s3.put('a');
    expect(await s3.keys()).toEqual(['a']);
  });

  it('forget on a reset what they hold back', async () => {
    const s3 = await withFaults('late-events:1s');
    await s3.put('a');
    expect(s3.clock.sleepers).toBe(1);
    s3.reset();
    expect(s3.clock.sleepers).toBe(0);
    await s3.clock.advance(1_000);
    expect(await s3.keys()).toEqual([]);
  });

  it('concern EventBridge too', async () => {
    const s3 = await withFaults();
    await s3.call('PutBucketNotificationConfiguration', {
      Bucket: BUCKET,
      NotificationConfiguration: { EventBridgeConfiguration: {} },
    });
    s3.add('duplicate:to=events,times=1');
    await s3.put('a');
    expect(s3.buses).toHaveLength(2);
    expect(s3.buses[0]).toBe(s3.buses[1]);
    s3.add('drop:to=default');
    await s3.put('b');
    expect(s3.buses).toHaveLength(2);
    expect(outcomes(s3)).toEqual([
      ['a', 'delivered'],
      ['a', 'delivered', 'duplicate'],
      ['b', 'dropped', 'drop'],
    ]);
  });
});

describe('notification-propagation', () => {
  const configure = (s3: TestS3, ...events: string[]) =>
    s3.call('PutBucketNotificationConfiguration', {
      Bucket: BUCKET,
      NotificationConfiguration: {
        QueueConfigurations: events.map((event) => ({
          Id: event,
          QueueArn: QUEUE_ARN,
          Events: [event as never],
        })),
      },
      SkipDestinationValidation: true,
    });
  const ids = async (s3: TestS3) =>
    (await s3.records()).map(({ s3: { configurationId } }) => configurationId);

  it('has the former configuration act until the new one does, which is read back at once', async () => {
    const s3 = await withFaults('notification-propagation:5m');
    await configure(s3, 's3:ObjectCreated:Put');
    const read = await s3.call('GetBucketNotificationConfiguration', { Bucket: BUCKET });
    expect(read.QueueConfigurations?.map(({ Id }) => Id)).toEqual(['s3:ObjectCreated:Put']);
    expect(Object.keys(read)).toEqual(['QueueConfigurations']);
    await s3.put('a');
    expect(await ids(s3)).toEqual(['rule']);
    await s3.clock.advance(5 * 60_000);
    await s3.put('b');
    expect(await ids(s3)).toEqual(['rule', 's3:ObjectCreated:Put']);
  });

  it('has each of several changes act when its own time has come', async () => {
    const s3 = await withFaults('notification-propagation:5m');
    await configure(s3);
    await s3.clock.advance(60_000);
    await configure(s3, 's3:ObjectCreated:*');
    await s3.put('a');
    await s3.clock.advance(4 * 60_000);
    // The first change acts: no rule at all.
    await s3.put('b');
    await s3.clock.advance(60_000);
    await s3.put('c');
    expect(await ids(s3)).toEqual(['rule', 's3:ObjectCreated:*']);
    expect(await s3.keys()).toEqual(['a', 'c']);
  });
});
