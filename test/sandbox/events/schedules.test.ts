import { expect, it } from 'vitest';
import { ACCOUNT, createTestEvents, QUEUE_ARN, REGION } from './harness.ts';

it.each(['rate(1 minute)', 'rate(15 minutes)', 'rate(1 day)', 'cron(0 20 * * ? *)'])(
  'a rule keeps its schedule %s',
  async (ScheduleExpression) => {
    const { call } = createTestEvents();
    await call('PutRule', { Name: 'r', ScheduleExpression });
    expect(await call('DescribeRule', { Name: 'r' })).toEqual({
      Name: 'r',
      Arn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/r`,
      ScheduleExpression,
      State: 'ENABLED',
      EventBusName: 'default',
      CreatedBy: ACCOUNT,
    });
  },
);

it('a schedule is no pattern: no event matches it, until the rule has one as well', async () => {
  const { call, send } = createTestEvents();
  await call('PutRule', { Name: 'r', ScheduleExpression: 'rate(1 minute)' });
  await call('PutTargets', { Rule: 'r', Targets: [{ Id: 'q', Arn: QUEUE_ARN }] });
  expect(await send()).toEqual([]);
  await call('PutRule', {
    Name: 'r',
    ScheduleExpression: 'rate(1 minute)',
    EventPattern: '{"source":["app"]}',
  });
  expect(await send()).toHaveLength(1);
});

it('schedules belong to the default bus', async () => {
  const { call } = createTestEvents();
  await call('CreateEventBus', { Name: 'own' });
  await expect(
    call('PutRule', { Name: 'r', EventBusName: 'own', ScheduleExpression: 'rate(1 minute)' }),
  ).rejects.toMatchObject({
    code: 'ValidationException',
    message: 'ScheduleExpression is supported only on the default event bus.',
  });
});
