import { describe, expect, it } from 'vitest';
import { ACCOUNT, createTestEvents, REGION } from './harness.ts';

const busArn = (name: string) => `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/${name}`;

describe('event buses', () => {
  it('are created, described, listed and deleted', async () => {
    const { call, env } = createTestEvents();
    expect(await call('CreateEventBus', { Name: 'bus', Description: 'd' })).toEqual({
      EventBusArn: busArn('bus'),
      Description: 'd',
    });
    const now = new Date(env.clock.now());
    const bus = {
      Name: 'bus',
      Arn: busArn('bus'),
      Description: 'd',
      CreationTime: now,
      LastModifiedTime: now,
    };
    expect(await call('DescribeEventBus', { Name: 'bus' })).toEqual(bus);
    expect(await call('DescribeEventBus', { Name: busArn('bus') })).toEqual(bus);
    expect((await call('ListEventBuses', {})).EventBuses?.map(({ Name }) => Name)).toEqual([
      'bus',
      'default',
    ]);
    expect(await call('ListEventBuses', { NamePrefix: 'b' })).toEqual({ EventBuses: [bus] });
    await call('DeleteEventBus', { Name: 'bus' });
    await expect(call('DescribeEventBus', { Name: 'bus' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Event bus bus does not exist.',
    });
    await call('DeleteEventBus', { Name: 'bus' });
  });

  it('belong to a Region, in each of which there is a default one', async () => {
    const { call } = createTestEvents();
    await call('CreateEventBus', { Name: 'bus' });
    await expect(call('DescribeEventBus', { Name: 'bus' }, { region: 'us-west-2' })).rejects.toThrow(
      'Event bus bus does not exist.',
    );
    await expect(
      call('DescribeEventBus', { Name: busArn('default') }, { region: 'us-west-2' }),
    ).rejects.toThrow('Event bus default does not exist.');
    const { Arn } = await call('DescribeEventBus', {}, { region: 'us-west-2' });
    expect(Arn).toBe(`arn:aws:events:us-west-2:${ACCOUNT}:event-bus/default`);
  });

  it.each([
    ['bus', 'ResourceAlreadyExistsException', 'Event bus bus already exists.'],
    ['default', 'ResourceAlreadyExistsException', 'Event bus default already exists.'],
    ['a/b', 'ValidationException', "Event bus name must not contain '/'."],
  ])('cannot be created as %s', async (Name, code, message) => {
    const { call } = createTestEvents();
    await call('CreateEventBus', { Name: 'bus' });
    await expect(call('CreateEventBus', { Name })).rejects.toMatchObject({ code, message });
  });

  it('cannot be deleted with rules, and the default one never', async () => {
    const { call } = createTestEvents();
    await call('CreateEventBus', { Name: 'bus' });
    await call('PutRule', { Name: 'r', EventBusName: 'bus', EventPattern: '{"source":["app"]}' });
    await expect(call('DeleteEventBus', { Name: 'bus' })).rejects.toMatchObject({
      code: 'ValidationException',
    });
    await expect(call('DeleteEventBus', { Name: 'default' })).rejects.toMatchObject({
      code: 'ValidationException',
      message: 'Cannot delete event bus default.',
    });
  });
});

describe('policies of buses', () => {
  const statement = (Sid: string, Principal: unknown) => ({
    Sid,
    Effect: 'Allow',
    Principal,
    Action: 'events:PutEvents',
    Resource: busArn('default'),
  });

  it('grow by statement, in the form that AWS gives them', async () => {
    const { call } = createTestEvents();
    const policy = async () => {
      const { Policy } = await call('DescribeEventBus', {});
      return Policy === undefined ? undefined : (JSON.parse(Policy) as unknown);
    };
    const put = (StatementId: string, Principal: string) =>
      call('PutPermission', { StatementId, Principal, Action: 'events:PutEvents' });
    await put('one', '222233334444');
    await put('all', '*');
    const one = statement('one', { AWS: 'arn:aws:iam::222233334444:root' });
    expect(await policy()).toEqual({ Version: '2012-10-17', Statement: [one, statement('all', '*')] });
    await call('RemovePermission', { StatementId: 'all' });
    expect(await policy()).toEqual({ Version: '2012-10-17', Statement: [one] });
    await expect(call('RemovePermission', { StatementId: 'all' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Statement with the provided id does not exist.',
    });
    await call('RemovePermission', { RemoveAllPermissions: true });
    expect(await policy()).toBeUndefined();
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [statement('whole', '*')] });
    await call('PutPermission', { Policy });
    expect((await call('DescribeEventBus', {})).Policy).toBe(Policy);
    await expect(call('PutPermission', { Policy: 'text' })).rejects.toMatchObject({
      code: 'ValidationException',
    });
    await expect(call('PutPermission', { EventBusName: 'none', Policy })).rejects.toThrow(
      'Event bus none does not exist.',
    );
  });
});

describe('tags', () => {
  it.each([
    ['a bus', busArn('default')],
    ['a rule', `arn:aws:events:${REGION}:${ACCOUNT}:rule/r`],
    ['a rule of a bus', `arn:aws:events:${REGION}:${ACCOUNT}:rule/bus/r`],
  ])('of %s', async (_, ResourceARN) => {
    const { call } = createTestEvents();
    await call('CreateEventBus', { Name: 'bus' });
    for (const EventBusName of ['default', 'bus'])
      await call('PutRule', { Name: 'r', EventBusName, EventPattern: '{"source":["app"]}' });
    const tags = ['tag1', 'tag2'].map((Key) => ({ Key, Value: `value of ${Key}` }));
    await call('TagResource', { ResourceARN, Tags: tags });
    expect(await call('ListTagsForResource', { ResourceARN })).toEqual({ Tags: tags });
    await call('UntagResource', { ResourceARN, TagKeys: ['tag2', 'none'] });
    expect(await call('ListTagsForResource', { ResourceARN })).toEqual({ Tags: tags.slice(0, 1) });
  });

  it.each([
    [`arn:aws:events:${REGION}:${ACCOUNT}:rule/r`, 'Rule r does not exist on EventBus default.'],
    [`arn:aws:events:${REGION}:${ACCOUNT}:rule/bus/r`, 'Rule r does not exist on EventBus bus.'],
    [busArn('none'), 'Event bus none does not exist.'],
  ])('of %s, which does not exist', async (ResourceARN, message) => {
    const { call } = createTestEvents();
    await expect(call('ListTagsForResource', { ResourceARN })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message,
    });
  });
});
