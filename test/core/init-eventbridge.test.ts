import { describe, expect, test } from 'vitest';
import { ABSENT, known, type EventRuleFacts, type QueueFacts } from '../../src/core/facts.ts';
import type { EventTargetFacts } from '../../src/core/event-target.ts';
import {
  planEventBridgeInit,
  type DesiredEventBridge,
  type EventBridgeFacts,
} from '../../src/core/init-eventbridge.ts';

const ACCOUNT = '111122223333';
const QUEUE = `arn:aws:sqs:eu-west-1:${ACCOUNT}:jobs`;
const FUNCTION = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:thumbs:live`;
const RULE_ARN = `arn:aws:events:eu-west-1:${ACCOUNT}:rule/images`;
const KEY = `arn:aws:kms:eu-west-1:${ACCOUNT}:key/k`;
const PATTERN =
  '{"source":["aws.s3"],"detail-type":["Object Created"],"detail":{"bucket":{"name":["photos"]}}}';

const DESIRED: DesiredEventBridge = {
  account: ACCOUNT,
  partition: 'aws',
  region: 'eu-west-1',
  bucket: 'photos',
  ours: new Set(),
  rules: [],
  eventRule: {
    name: 'images',
    selection: { events: ['s3:ObjectCreated:*'], prefix: '', suffixes: [] },
    keepsPattern: false,
  },
  target: undefined,
  allowKey: false,
};

const FACTS: EventBridgeFacts = {
  bucket: known({ name: 'photos', region: 'eu-west-1' }),
  notification: known({}),
  eventRule: ABSENT,
  target: undefined,
};

const RULE: EventRuleFacts = {
  name: 'images',
  pattern: PATTERN,
  state: 'ENABLED',
  description: 'mine',
  roleArn: undefined,
  tags: { 'created-by': 's3evt' },
  targets: [],
};

const QUEUE_FACTS: QueueFacts = {
  arn: QUEUE,
  url: 'http://127.0.0.1/q',
  policy: undefined,
  kmsKeyId: undefined,
  maximumMessageSize: 1_048_576,
  deadLetterArn: undefined,
  tags: {},
};

function queueTarget(queue: Partial<QueueFacts> = {}, key?: string, arn = QUEUE): EventTargetFacts {
  const facts = { arn: KEY, manager: 'CUSTOMER', state: 'Enabled', policy: key };
  return {
    kind: 'sqs',
    arn,
    resource: known({ ...QUEUE_FACTS, ...queue }),
    key: queue.kmsKeyId === undefined ? undefined : known(facts),
  };
}

function lambdaTarget(policy: string | undefined): EventTargetFacts {
  const fn = {
    name: 'thumbs',
    arn: FUNCTION,
    runtime: 'nodejs22.x',
    roleArn: '',
    state: 'Active',
    stateReason: undefined,
    logGroup: '',
    tags: {},
  };
  return {
    kind: 'lambda',
    arn: FUNCTION,
    function: known(fn),
    policy: policy === undefined ? ABSENT : known(policy),
  };
}

function plan(facts: Partial<EventBridgeFacts> = {}, desired: Partial<DesiredEventBridge> = {}) {
  return planEventBridgeInit({ ...DESIRED, ...desired }, { ...FACTS, ...facts });
}

const ids = ({ steps }: ReturnType<typeof plan>) => steps.map(({ id, change }) => `${id} ${change}`);

function policyOf(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

const admitting = (action: string | readonly string[], resource: string, changed: object = {}) => ({
  Effect: 'Allow',
  Principal: { Service: 'events.amazonaws.com' },
  Action: action,
  Resource: resource,
  ...changed,
});

test('the document gets EventBridge and keeps all else, members that nobody knows included', () => {
  const before = { QueueConfigurations: [{ Id: 'x', QueueArn: QUEUE }], Later: { a: 1 } };
  const { document, rules } = plan({ notification: known(before) }, { eventRule: undefined });
  expect(document).toEqual({ ...before, EventBridgeConfiguration: {} });
  expect(rules).toEqual([]);
  const on = { ...before, EventBridgeConfiguration: {} };
  expect(plan({ notification: known(on) }, { eventRule: undefined }).document).toBe(on);
});

describe('the rule', () => {
  test.each<[string, Partial<EventRuleFacts> | undefined, boolean, string]>([
    ['none', undefined, false, 'create'],
    ['the same', {}, false, 'none'],
    ['the same, written otherwise', { pattern: JSON.stringify(JSON.parse(PATTERN), null, 2) }, false, 'none'],
    ['another pattern', { pattern: PATTERN.replace('Created', 'Deleted') }, false, 'update'],
    [
      'another pattern, and nothing is said',
      { pattern: PATTERN.replace('Created', 'Deleted') },
      true,
      'none',
    ],
  ])('there is %s', (_what, changed, keepsPattern, change) => {
    const eventRule = changed === undefined ? ABSENT : known({ ...RULE, ...changed });
    const made = plan(
      { eventRule },
      { eventRule: DESIRED.eventRule && { ...DESIRED.eventRule, keepsPattern } },
    );
    expect(ids(made)).toEqual(['bucket none', `event-rule ${change}`, 'notification create']);
  });

  test.each([
    ["of somebody's", { tags: {} }, 'OWNED_BY_OTHERS'],
    ['of another bucket', { pattern: PATTERN.replace('photos', 'films') }, 'RULE_ID_TAKEN'],
  ])('%s is not touched', (_what, changed, code) => {
    expect(() => plan({ eventRule: known({ ...RULE, ...changed }) })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  test('longer than EventBridge takes is refused', () => {
    const suffixes = Array.from({ length: 200 }, (_, i) => `.suffix-${i}`);
    const eventRule = {
      name: 'images',
      selection: { events: ['s3:ObjectCreated:*'], prefix: '', suffixes },
      keepsPattern: false,
    };
    expect(() => plan({}, { eventRule })).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT' }) as Error,
    );
  });
});

describe('the target', () => {
  test.each<[string, EventTargetFacts, readonly string[]]>([
    ['a queue without a policy', queueTarget(), ['policy create', 'event-target create']],
    [
      'a queue that admits every rule of the account',
      queueTarget({
        policy: policyOf(
          admitting('sqs:SendMessage', QUEUE, {
            Condition: { ArnLike: { 'aws:SourceArn': `arn:aws:events:eu-west-1:${ACCOUNT}:rule/*` } },
          }),
        ),
      }),
      ['policy none', 'event-target create'],
    ],
    [
      'a queue that admits another rule',
      queueTarget({
        policy: policyOf(
          admitting('sqs:SendMessage', QUEUE, {
            Condition: { ArnEquals: { 'aws:SourceArn': `${RULE_ARN}2` } },
          }),
        ),
      }),
      ['policy update', 'event-target create'],
    ],
    [
      'a queue whose key admits EventBridge',
      queueTarget({ kmsKeyId: KEY }, policyOf(admitting(['kms:GenerateDataKey', 'kms:Decrypt'], '*'))),
      ['policy create', 'key-policy none', 'event-target create'],
    ],
    ['a function without a policy', lambdaTarget(undefined), ['permission create', 'event-target create']],
    [
      'a function that admits the rule',
      lambdaTarget(
        policyOf(
          admitting('lambda:InvokeFunction', FUNCTION, {
            Condition: { ArnLike: { 'AWS:SourceArn': RULE_ARN } },
          }),
        ),
      ),
      ['permission none', 'event-target create'],
    ],
    [
      'a function whose statement of ours is broken',
      lambdaTarget(
        policyOf(
          admitting('lambda:InvokeFunction', FUNCTION, {
            Sid: 's3evt-event-rule-images',
            Condition: { ArnLike: { 'AWS:SourceArn': `${RULE_ARN}2` } },
          }),
        ),
      ),
      ['permission update', 'event-target create'],
    ],
  ])('%s', (_what, target, steps) => {
    expect(ids(plan({ target }, { target: target.arn }))).toEqual([
      'bucket none',
      'event-rule create',
      ...steps,
      'notification create',
    ]);
  });

  test('comes after the rule and what admits it, and the switch last of all', () => {
    const { steps, eventBridge } = plan({ target: queueTarget() }, { target: QUEUE });
    expect(eventBridge).toEqual({ enabled: true, rule: 'images', target: QUEUE });
    expect(steps.map(({ id, after }) => [id, after])).toEqual([
      ['bucket', []],
      ['event-rule', []],
      ['policy', ['event-rule']],
      ['event-target', ['event-rule', 'policy']],
      ['notification', ['bucket', 'event-rule', 'event-target']],
    ]);
  });

  test('that is there is kept, under whatever id; another one of ours is replaced', () => {
    const there = known({ ...RULE, targets: [{ id: 'theirs', arn: QUEUE }] });
    expect(ids(plan({ eventRule: there, target: queueTarget() }, { target: QUEUE }))).toContain(
      'event-target none',
    );
    const other = known({ ...RULE, targets: [{ id: 's3evt', arn: FUNCTION }] });
    expect(ids(plan({ eventRule: other, target: queueTarget() }, { target: QUEUE }))).toContain(
      'event-target update',
    );
  });

  test('the command that turns a disabled rule on leads to the same place', () => {
    const flags = { aws: ['--region', 'eu-west-1'], s3evt: [] };
    const { warnings } = plan({ eventRule: known({ ...RULE, state: 'DISABLED' }) }, { flags });
    expect(warnings[0]?.message).toContain('"aws events enable-rule --name images --region eu-west-1"');
  });

  test('a FIFO queue gets a message group, and a word about deduplication', () => {
    const arn = `${QUEUE}.fifo`;
    const { steps, warnings } = plan({ target: queueTarget({}, undefined, arn) }, { target: arn });
    expect(steps.find(({ id }) => id === 'event-target')?.action).toMatchObject({
      target: { arn, messageGroupId: 'photos' },
    });
    expect(warnings.map(({ code }) => code)).toEqual(['FIFO_TARGET']);
  });

  test.each<[string, EventTargetFacts, string]>([
    [
      'that does not exist',
      { kind: 'sqs', arn: QUEUE, resource: ABSENT, key: undefined },
      'DESTINATION_NOT_FOUND',
    ],
    [
      'that denies',
      queueTarget({ policy: policyOf({ Effect: 'Deny', Principal: '*', Action: 'sqs:*', Resource: QUEUE }) }),
      'DESTINATION_REFUSED',
    ],
    ['with a key of AWS', queueTarget({ kmsKeyId: 'alias/aws/sqs' }, policyOf()), 'DESTINATION_REFUSED'],
    ['with a key that shuts it out', queueTarget({ kmsKeyId: KEY }, policyOf()), 'DESTINATION_REFUSED'],
  ])('%s is refused', (_what, target, code) => {
    expect(() => plan({ target }, { target: target.arn })).toThrow(
      expect.objectContaining({ code }) as Error,
    );
  });

  test('with a key that shuts it out: --allow-key adds a statement without a condition', () => {
    const target = queueTarget(
      { kmsKeyId: KEY },
      policyOf(admitting('kms:*', '*', { Principal: { AWS: ACCOUNT } })),
    );
    const { steps } = plan({ target }, { target: QUEUE, allowKey: true });
    const step = steps.find(({ id }) => id === 'key-policy');
    expect(step?.change).toBe('update');
    expect(step?.action).toMatchObject({ target: { kind: 'kms', arn: KEY } });
    expect(JSON.stringify(step?.action)).not.toContain('Condition');
  });
});
