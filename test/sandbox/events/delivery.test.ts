import { describe, expect, it } from 'vitest';
import { buildS3Event } from '../../../src/sandbox/delivery/eventbridge-event.ts';
import {
  ACCOUNT,
  createTestEvents,
  DEAD_LETTER_ARN,
  FIFO_ARN,
  FUNCTION_ARN,
  LOG_GROUP_ARN,
  QUEUE_ARN,
  REGION,
  TOPIC_ARN,
  type TestEvents,
} from './harness.ts';

const RULE_ARN = `arn:aws:events:${REGION}:${ACCOUNT}:rule/rule`;
const FROM = { service: 'events.amazonaws.com', sourceArn: RULE_ARN, sourceAccount: ACCOUNT };

function s3Event(key = 'in/a b.jpg') {
  return buildS3Event({
    change: { eventName: 'ObjectCreated:Put', key, size: 1, eTag: 'e' },
    bucket: { name: 'b', region: REGION, account: ACCOUNT, ownerPrincipalId: 'A1', awsGeneratedTags: {} },
    request: { requestId: 'R', extendedRequestId: 'H', sourceIp: '127.0.0.1', principalId: 'AWS:X' },
    sequencer: '00AB',
    time: 0,
    id: 'the-id',
    eventVersion: '1.2',
  });
}

async function withS3Rule(events: TestEvents, detail: object) {
  await events.call('PutRule', {
    Name: 'rule',
    EventPattern: JSON.stringify({ source: ['aws.s3'], 'detail-type': ['Object Created'], detail }),
  });
  await events.call('PutTargets', { Rule: 'rule', Targets: [{ Id: 't', Arn: QUEUE_ARN }] });
}

describe('events of S3', () => {
  it('reach the targets of rules that match, on the default bus of the Region', async () => {
    const events = createTestEvents();
    await withS3Rule(events, { object: { key: [{ wildcard: 'in/*.jpg' }] } });
    const event = s3Event();
    events.service.putS3Event(event, REGION);
    events.service.putS3Event(s3Event('out/a.jpg'), REGION);
    events.service.putS3Event(event, 'us-west-2');
    expect(events.delivered).toEqual([]);
    await events.env.work.idle();
    expect(events.delivered).toEqual([
      { arn: QUEUE_ARN, text: JSON.stringify(event), options: { from: FROM } },
    ]);
  });

  it('stand in the journal like notifications', async () => {
    const events = createTestEvents();
    await withS3Rule(events, { bucket: { name: ['b'] } });
    events.service.putS3Event(s3Event(), REGION);
    await events.env.work.idle();
    events.refusals.set(QUEUE_ARN, 'no');
    events.service.putS3Event(s3Event('k'), REGION);
    await events.env.work.idle();
    const entry = {
      type: 'delivery',
      via: 'eventbridge',
      at: expect.any(Number),
      bucket: 'b',
      eventName: 'ObjectCreated:Put',
      configurationId: 'rule',
      destination: QUEUE_ARN,
    };
    expect(events.env.journal.entries()).toEqual([
      { ...entry, seq: 1, key: 'in/a b.jpg', outcome: 'delivered' },
      { ...entry, seq: 2, key: 'k', outcome: 'refused', reason: 'no' },
    ]);
  });

  it('are dropped by a reset', async () => {
    const events = createTestEvents();
    await withS3Rule(events, { bucket: { name: ['b'] } });
    events.service.putS3Event(s3Event(), REGION);
    events.service.reset();
    await events.env.work.idle();
    expect(events.delivered).toEqual([]);
    expect(await events.call('ListRules', {})).toEqual({ Rules: [] });
  });
});

describe('delivery', () => {
  it('hands the event to every target of a rule', async () => {
    const { withTargets, send } = createTestEvents();
    await withTargets(
      { Id: '1', Arn: QUEUE_ARN },
      { Id: '2', Arn: FIFO_ARN, SqsParameters: { MessageGroupId: 'g' } },
      { Id: '3', Arn: TOPIC_ARN },
      { Id: '4', Arn: FUNCTION_ARN },
      { Id: '5', Arn: `${LOG_GROUP_ARN}:*` },
    );
    const delivered = await send({ Resources: ['r'] });
    const text = delivered[0]?.text ?? '';
    expect(JSON.parse(text)).toMatchObject({ source: 'app', resources: ['r'], detail: { a: 1 } });
    expect(delivered).toEqual([
      { arn: QUEUE_ARN, text, options: { from: FROM } },
      { arn: FIFO_ARN, text, options: { from: FROM, groupId: 'g' } },
      { arn: TOPIC_ARN, text, options: { from: FROM } },
      { arn: FUNCTION_ARN, text, options: { from: FROM } },
      { arn: LOG_GROUP_ARN, text, options: { from: FROM } },
    ]);
  });

  it('is of enabled rules only, and of each that matches', async () => {
    const { call, withTargets, send } = createTestEvents();
    await withTargets({ Id: 't', Arn: QUEUE_ARN });
    await call('PutRule', { Name: 'second', EventPattern: '{"detail":{"a":[{"exists":true}]}}' });
    await call('PutTargets', { Rule: 'second', Targets: [{ Id: 't', Arn: TOPIC_ARN }] });
    expect((await send()).map(({ arn }) => arn)).toEqual([QUEUE_ARN, TOPIC_ARN]);
    await call('DisableRule', { Name: 'rule' });
    expect((await send()).map(({ arn }) => arn)).toEqual([TOPIC_ARN]);
    await call('EnableRule', { Name: 'rule' });
    expect(await send()).toHaveLength(2);
  });

  it('tells who refused, and goes on with the others', async () => {
    const { withTargets, send, refusals, refused } = createTestEvents();
    await withTargets(
      { Id: '1', Arn: QUEUE_ARN },
      { Id: '2', Arn: TOPIC_ARN },
      { Id: '3', Arn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:m' },
      { Id: '4', Arn: FUNCTION_ARN },
    );
    refusals.set(QUEUE_ARN, 'the queue does not admit events.amazonaws.com');
    refusals.set(TOPIC_ARN, new Error('broken'));
    expect((await send()).map(({ arn }) => arn)).toEqual([FUNCTION_ARN]);
    expect(refused).toEqual([
      { ruleArn: RULE_ARN, targetArn: QUEUE_ARN, reason: 'the queue does not admit events.amazonaws.com' },
      { ruleArn: RULE_ARN, targetArn: TOPIC_ARN, reason: 'broken' },
      {
        ruleArn: RULE_ARN,
        targetArn: 'arn:aws:states:eu-west-1:111122223333:stateMachine:m',
        reason: 'the sandbox does not deliver to states targets',
      },
    ]);
  });

  it('refuses for services that are not there', async () => {
    const { env, call, service } = createTestEvents({});
    await call('PutRule', { Name: 'rule', EventPattern: '{"source":["aws.s3"]}' });
    await call('PutTargets', { Rule: 'rule', Targets: [{ Id: 't', Arn: QUEUE_ARN }] });
    service.putS3Event(s3Event(), REGION);
    await env.work.idle();
    expect(env.journal.entries()).toMatchObject([
      { outcome: 'refused', reason: 'the sandbox does not deliver to sqs targets' },
    ]);
  });
});

describe('dead letters', () => {
  const target = { Id: 't', Arn: FUNCTION_ARN, DeadLetterConfig: { Arn: DEAD_LETTER_ARN } };

  it.each([
    ['it has no resource policy', 'NO_PERMISSIONS'],
    [`there is no function ${FUNCTION_ARN}`, 'NO_RESOURCE'],
    ['The specified queue does not exist.', 'NO_RESOURCE'],
  ])('hold the event that a target refused: %s', async (reason, code) => {
    const { withTargets, send, refusals } = createTestEvents();
    await withTargets({ ...target, InputPath: '$.detail' });
    refusals.set(FUNCTION_ARN, reason);
    const [letter, ...others] = await send();
    expect(others).toEqual([]);
    expect(letter).toMatchObject({ arn: DEAD_LETTER_ARN, options: { from: FROM } });
    expect(JSON.parse(letter?.text ?? '')).toMatchObject({ source: 'app', detail: { a: 1 } });
    const { attributes } = letter?.options as { attributes: Record<string, unknown> };
    const text = (value: string) => ({ DataType: 'String', StringValue: value });
    expect(attributes).toEqual({
      RULE_ARN: text(RULE_ARN),
      TARGET_ARN: text(FUNCTION_ARN),
      ERROR_CODE: text(code),
      ERROR_MESSAGE: text(reason),
    });
  });

  it('are only for what was refused', async () => {
    const { withTargets, send } = createTestEvents();
    await withTargets(target);
    expect((await send()).map(({ arn }) => arn)).toEqual([FUNCTION_ARN]);
  });

  it('may be refused too', async () => {
    const { withTargets, send, refusals, refused } = createTestEvents();
    await withTargets(target);
    refusals.set(FUNCTION_ARN, 'no');
    refusals.set(DEAD_LETTER_ARN, 'neither');
    expect(await send()).toEqual([]);
    expect(refused.map(({ targetArn, reason }) => [targetArn, reason])).toEqual([
      [FUNCTION_ARN, 'no'],
      [DEAD_LETTER_ARN, 'neither'],
    ]);
  });
});

describe('what targets are sent', () => {
  const DETAIL = JSON.stringify({
    command: 'update-account',
    payload: { acc_id: '0a787ecb-4015', sf_id: 'baz' },
    list: [{ n: 1 }, { n: 2 }],
    quote: 'a "b"',
    nothing: null,
  });

  async function sent(target: object, targetArn = QUEUE_ARN): Promise<string | undefined> {
    const { withTargets, send } = createTestEvents();
    await withTargets({ Id: 't', Arn: targetArn, ...target });
    return (await send({ Detail: DETAIL }))[0]?.text;
  }
  const transformed = (InputTemplate: string, InputPathsMap: Record<string, string> = {}) =>
    sent({ InputTransformer: { InputTemplate, InputPathsMap } });

  it.each([
    ['$.detail.payload', '{"acc_id":"0a787ecb-4015","sf_id":"baz"}'],
    ['$.detail.payload.sf_id', '"baz"'],
    ["$['detail']['command']", '"update-account"'],
    ['$.detail.list[1].n', '2'],
    ['$.detail.list[*].n', '[1,2]'],
    ['$.detail.list[2]', 'null'],
    ['$.detail.constructor', 'null'],
    ['detail', 'null'],
  ])('InputPath %s', async (InputPath, expected) => {
    expect(await sent({ InputPath })).toBe(expected);
  });

  it('Input as it is', async () => {
    expect(await sent({ Input: '{ "constant": true }' })).toBe('{ "constant": true }');
  });

  it('a text with its quotation marks, empty where a path finds nothing', async () => {
    const paths = { type: '$.detail-type', command: '$.detail.command', none: '$.detail.none' };
    expect(await transformed('"Event of <type> type, <command> <none>"', paths)).toBe(
      '"Event of type type, update-account "',
    );
    expect(await transformed('"{[/Check <type>"', paths)).toBe('"{[/Check type"');
  });

  it('JSON, minified', async () => {
    const paths = {
      payload: '$.detail.payload',
      command: '$.detail.command',
      none: '$.detail.none',
      nothing: '$.detail.nothing',
    };
    const template = String.raw`{
      "command" : <command>, "text": "is \"<command>\"", "payload": <payload>,
      "none": <none>, "nothing": <nothing>, "list": [9, <command>, true]
    }`;
    expect(await transformed(template, paths)).toBe(
      String.raw`{"command":"update-account","text":"is \"update-account\"","payload":{"acc_id":"0a787ecb-4015","sf_id":"baz"},"none":"","nothing":null,"list":[9,"update-account",true]}`,
    );
  });

  it('the predefined variables', async () => {
    expect(
      await transformed('"<aws.events.rule-arn> <aws.events.rule-name> <aws.events.event.ingestion-time>"'),
    ).toBe(`"${RULE_ARN} rule 2026-01-02T03:04:05Z"`);
    const both = await transformed('{"event": <aws.events.event>, "json": <aws.events.event.json>}');
    const { event, json } = JSON.parse(both ?? '') as Record<'event' | 'json', Record<string, unknown>>;
    expect(Object.keys(event)).toEqual([
      ...['id', 'account', 'detailType', 'time', 'source', 'region', 'resources', 'version'],
    ]);
    expect(json).toMatchObject({ 'detail-type': 'type', detail: { command: 'update-account' } });
  });

  it('nothing when the filled template is no JSON', async () => {
    const { withTargets, send, refused } = createTestEvents();
    await withTargets({
      Id: 't',
      Arn: QUEUE_ARN,
      InputTransformer: { InputPathsMap: { q: '$.detail.quote' }, InputTemplate: '{"text": "<q>"}' },
      DeadLetterConfig: { Arn: DEAD_LETTER_ARN },
    });
    const [letter] = await send({ Detail: DETAIL });
    expect(letter).toMatchObject({
      arn: DEAD_LETTER_ARN,
      options: { attributes: { ERROR_CODE: { StringValue: 'INVALID_JSON' } } },
    });
    expect(refused).toHaveLength(1);
  });

  it('the message of a template for a log group', async () => {
    const InputTransformer = {
      InputPathsMap: { time: '$.time', command: '$.detail.command' },
      InputTemplate: '{"timestamp": <time>, "message": "ran <command>"}',
    };
    expect(await sent({ InputTransformer }, LOG_GROUP_ARN)).toBe('ran update-account');
  });
});
