import { describe, expect, it } from 'vitest';
import { ACCOUNT, createTestEvents, QUEUE_ARN, REGION, TOPIC_ARN } from './harness.ts';

const PATTERN = '{"source":["app"]}';

describe('rules', () => {
  it('come back as they were put', async () => {
    const { call } = createTestEvents();
    await call('CreateEventBus', { Name: 'bus' });
    const put = await call('PutRule', {
      Name: 'r',
      EventBusName: 'bus',
      EventPattern: PATTERN,
      Description: 'd',
      State: 'DISABLED',
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    expect(put).toEqual({ RuleArn: `arn:aws:events:${REGION}:${ACCOUNT}:rule/bus/r` });
    expect(await call('DescribeRule', { Name: 'r', EventBusName: 'bus' })).toEqual({
      Name: 'r',
      Arn: put.RuleArn,
      EventPattern: PATTERN,
      State: 'DISABLED',
      Description: 'd',
      EventBusName: 'bus',
      CreatedBy: ACCOUNT,
    });
    expect(await call('ListTagsForResource', { ResourceARN: put.RuleArn })).toEqual({
      Tags: [{ Key: 'k', Value: 'v' }],
    });
  });

  it('are named without the bus on the default one', async () => {
    const { call } = createTestEvents();
    const { RuleArn } = await call('PutRule', { Name: 'r', EventPattern: PATTERN });
    expect(RuleArn).toBe(`arn:aws:events:${REGION}:${ACCOUNT}:rule/r`);
    const byArn = await call('DescribeRule', {
      Name: 'r',
      EventBusName: `arn:aws:events:${REGION}:${ACCOUNT}:event-bus/default`,
    });
    expect(byArn.EventBusName).toBe('default');
  });

  it('are replaced as a whole, but keep their targets and tags', async () => {
    const { call, withTargets } = createTestEvents();
    await withTargets({ Id: 't', Arn: QUEUE_ARN });
    await call('DisableRule', { Name: 'rule' });
    await call('PutRule', {
      Name: 'rule',
      EventPattern: '{"source":["other"]}',
      Tags: [{ Key: 'k', Value: 'v' }],
    });
    const rule = await call('DescribeRule', { Name: 'rule' });
    expect(rule).toMatchObject({ EventPattern: '{"source":["other"]}', State: 'ENABLED' });
    expect((await call('ListTargetsByRule', { Rule: 'rule' })).Targets).toEqual([
      { Id: 't', Arn: QUEUE_ARN },
    ]);
    expect(await call('ListTagsForResource', { ResourceARN: rule.Arn })).toEqual({ Tags: [] });
  });

  it('are listed by name, by prefix and in pages', async () => {
    const { call } = createTestEvents();
    for (const Name of ['b2', 'a1', 'b1', 'b3']) await call('PutRule', { Name, EventPattern: PATTERN });
    const names = async (input: { NamePrefix?: string; Limit?: number; NextToken?: string }) => {
      const { Rules = [], NextToken } = await call('ListRules', input);
      return { names: Rules.map((rule) => rule.Name), NextToken };
    };
    expect(await names({})).toEqual({ names: ['a1', 'b1', 'b2', 'b3'], NextToken: undefined });
    const first = await names({ NamePrefix: 'b', Limit: 2 });
    expect(first.names).toEqual(['b1', 'b2']);
    const token = first.NextToken ?? '';
    expect(await names({ NamePrefix: 'b', Limit: 2, NextToken: token })).toEqual({
      names: ['b3'],
      NextToken: undefined,
    });
    await expect(names({ NextToken: token })).rejects.toMatchObject({ code: 'ValidationException' });
    await expect(names({ Limit: 0 })).rejects.toThrow(
      "1 validation error detected: Value '0' at 'limit' failed to satisfy constraint: Member must have value greater than or equal to 1",
    );
  });

  it('are found by their targets', async () => {
    const { call, withTargets } = createTestEvents();
    await withTargets({ Id: 't', Arn: QUEUE_ARN });
    await call('PutRule', { Name: 'other', EventPattern: PATTERN });
    await call('PutTargets', {
      Rule: 'other',
      Targets: [
        { Id: '1', Arn: TOPIC_ARN },
        { Id: '2', Arn: QUEUE_ARN },
      ],
    });
    expect(await call('ListRuleNamesByTarget', { TargetArn: QUEUE_ARN })).toEqual({
      RuleNames: ['other', 'rule'],
    });
    expect(await call('ListRuleNamesByTarget', { TargetArn: TOPIC_ARN })).toEqual({ RuleNames: ['other'] });
  });

  it('are deleted only without targets', async () => {
    const { call, withTargets } = createTestEvents();
    await withTargets({ Id: 't', Arn: QUEUE_ARN });
    await expect(call('DeleteRule', { Name: 'rule' })).rejects.toMatchObject({
      code: 'ValidationException',
      message: "Rule can't be deleted since it has targets.",
    });
    await call('RemoveTargets', { Rule: 'rule', Ids: ['t'] });
    await call('DeleteRule', { Name: 'rule' });
    await expect(call('DescribeRule', { Name: 'rule' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
      message: 'Rule rule does not exist on EventBus default.',
    });
    await call('DeleteRule', { Name: 'rule' });
  });

  it.each([
    [
      { Name: 'r' },
      'ValidationException',
      'Parameter(s) EventPattern or ScheduleExpression must be specified.',
    ],
    [
      { Name: 'r', EventPattern: '{"source":"app"}' },
      'InvalidEventPatternException',
      'Event pattern is not valid. Reason: "source" must be an object or an array',
    ],
    [
      { Name: 'r', EventPattern: '{"source":[{"numeric":[">",0,">",0]}]}' },
      'InvalidEventPatternException',
      'Event pattern is not valid. Reason: Bad numeric range operator: >',
    ],
    [
      { Name: 'r', EventBusName: 'none', EventPattern: PATTERN },
      'ResourceNotFoundException',
      'Event bus none does not exist.',
    ],
    [
      { Name: 'r', EventPattern: `{"source":["${'x'.repeat(2100)}"]}` },
      'LimitExceededException',
      'The requested resource exceeds the maximum number allowed.',
    ],
    [
      { Name: 'a b', State: 'ON' as never, EventPattern: PATTERN },
      'ValidationException',
      String.raw`2 validation errors detected: Value 'a b' at 'name' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+; Value 'ON' at 'state' failed to satisfy constraint: Member must satisfy enum value set: [ENABLED, DISABLED, ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS]`,
    ],
    [
      { Name: 'r', ScheduleExpression: 'rate(1 minutes)' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
    [
      { Name: 'r', ScheduleExpression: 'rate(5 minute)' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
    [
      { Name: 'r', ScheduleExpression: 'rate(0 hours)' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
    [
      { Name: 'r', ScheduleExpression: 'cron(0 20 * * ?)' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
    [
      { Name: 'r', ScheduleExpression: 'every day' },
      'ValidationException',
      'Parameter ScheduleExpression is not valid.',
    ],
  ])('%j is refused', async (input, code, message) => {
    await expect(createTestEvents().call('PutRule', input)).rejects.toMatchObject({ code, message });
  });

  it('are no more than 300 on a bus', async () => {
    const { call } = createTestEvents();
    for (let i = 0; i < 300; i++) await call('PutRule', { Name: `r${i}`, EventPattern: PATTERN });
    await expect(call('PutRule', { Name: 'one-more', EventPattern: PATTERN })).rejects.toMatchObject({
      code: 'LimitExceededException',
    });
    await call('PutRule', { Name: 'r0', EventPattern: PATTERN });
  });
});

describe('targets', () => {
  it('are put, replaced, listed and removed by id', async () => {
    const { call, withTargets } = createTestEvents();
    await withTargets({ Id: 'b', Arn: QUEUE_ARN, Input: '{}' }, { Id: 'a', Arn: TOPIC_ARN });
    const put = await call('PutTargets', { Rule: 'rule', Targets: [{ Id: 'b', Arn: QUEUE_ARN }] });
    expect(put).toEqual({ FailedEntryCount: 0, FailedEntries: [] });
    const { Targets, NextToken } = await call('ListTargetsByRule', { Rule: 'rule', Limit: 1 });
    expect(Targets).toEqual([{ Id: 'a', Arn: TOPIC_ARN }]);
    expect(await call('ListTargetsByRule', { Rule: 'rule', NextToken })).toEqual({
      Targets: [{ Id: 'b', Arn: QUEUE_ARN }],
    });
    await call('RemoveTargets', { Rule: 'rule', Ids: ['a', 'none'] });
    expect(await call('ListTargetsByRule', { Rule: 'rule' })).toEqual({
      Targets: [{ Id: 'b', Arn: QUEUE_ARN }],
    });
  });

  it('are no more than five, and a request beyond that puts none', async () => {
    const { call, withTargets } = createTestEvents();
    await withTargets(...['1', '2', '3', '4'].map((Id) => ({ Id, Arn: QUEUE_ARN })));
    const more = ['4', '5', '6'].map((Id) => ({ Id, Arn: TOPIC_ARN }));
    await expect(call('PutTargets', { Rule: 'rule', Targets: more })).rejects.toMatchObject({
      code: 'LimitExceededException',
      message: 'The requested resource exceeds the maximum number allowed.',
    });
    expect((await call('ListTargetsByRule', { Rule: 'rule' })).Targets).toHaveLength(4);
    await call('PutTargets', { Rule: 'rule', Targets: more.slice(0, 2) });
  });

  it.each([
    [
      { Id: '!@#$@!#$', Arn: QUEUE_ARN },
      String.raw`1 validation error detected: Value '!@#$@!#$' at 'targets.1.member.id' failed to satisfy constraint: Member must satisfy regular expression pattern: [\.\-_A-Za-z0-9]+`,
    ],
    [
      { Id: 'x'.repeat(65), Arn: QUEUE_ARN },
      `1 validation error detected: Value '${'x'.repeat(65)}' at 'targets.1.member.id' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
    [
      { Id: 't', Arn: 'not-an-arn' },
      'Parameter not-an-arn is not valid. Reason: Provided Arn is not in correct format.',
    ],
    [
      { Id: 't', Arn: QUEUE_ARN, DeadLetterConfig: { Arn: TOPIC_ARN } },
      `Parameter ${TOPIC_ARN} is not valid. Reason: Provided Arn is not in correct format.`,
    ],
    [{ Id: 't', Arn: `${QUEUE_ARN}.fifo` }, 'Parameter(s) SqsParameters must be specified for target: t.'],
    [
      { Id: 't', Arn: QUEUE_ARN, InputPath: '$.detail', InputTransformer: { InputTemplate: '"x"' } },
      'Only one of Input, InputPath, or InputTransformer must be provided for target t.',
    ],
    [{ Id: 't', Arn: QUEUE_ARN, Input: 'text' }, 'JSON syntax error in input for target t'],
    [
      {
        Id: 't',
        Arn: QUEUE_ARN,
        InputTransformer: { InputPathsMap: {}, InputTemplate: '"<notdefinedkey>"' },
      },
      'InputTemplate for target t contains invalid placeholder notdefinedkey.',
    ],
  ])('%j is refused', async (target, message) => {
    const { call, withTargets } = createTestEvents();
    await withTargets({ Id: 'first', Arn: QUEUE_ARN });
    await expect(call('PutTargets', { Rule: 'rule', Targets: [target] })).rejects.toMatchObject({
      code: 'ValidationException',
      message,
    });
    expect((await call('ListTargetsByRule', { Rule: 'rule' })).Targets).toHaveLength(1);
  });

  it('need a rule', async () => {
    const { call } = createTestEvents();
    await expect(
      call('PutTargets', { Rule: 'none', Targets: [{ Id: 't', Arn: QUEUE_ARN }] }),
    ).rejects.toThrow('Rule none does not exist on EventBus default.');
  });
});

describe('TestEventPattern', () => {
  const event = { id: '1', source: 'app', 'detail-type': 't', account: ACCOUNT, region: REGION, time: 'x' };

  it('tells whether the event matches', async () => {
    const { call } = createTestEvents();
    const Event = JSON.stringify(event);
    expect(await call('TestEventPattern', { EventPattern: PATTERN, Event })).toEqual({ Result: true });
    expect(await call('TestEventPattern', { EventPattern: '{"source":["x"]}', Event })).toEqual({
      Result: false,
    });
  });

  it.each(['plain text', '"text"', '[]', '{"source":"app"}', 'null'])(
    'refuses %s, which is no event',
    async (Event) => {
      await expect(
        createTestEvents().call('TestEventPattern', { EventPattern: PATTERN, Event }),
      ).rejects.toMatchObject({ code: 'ValidationException', message: 'Parameter Event is not valid.' });
    },
  );

  it('refuses bad patterns as PutRule does', async () => {
    await expect(
      createTestEvents().call('TestEventPattern', { EventPattern: '{}', Event: JSON.stringify(event) }),
    ).rejects.toMatchObject({
      code: 'InvalidEventPatternException',
      message: 'Event pattern is not valid. Reason: Empty objects are not allowed',
    });
  });
});
