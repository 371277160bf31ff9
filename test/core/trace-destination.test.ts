import { expect, test } from 'vitest';
import { sampleEvent } from '../../src/core/eventbridge-sample.ts';
import {
  behind,
  busRulesFor,
  readersOf,
  subscribersOf,
  targetsOf,
  together,
} from '../../src/core/trace-destination.ts';

const arn = (service: string, resource: string, region = 'eu-west-1') =>
  `arn:aws:${service}:${region}:111122223333:${resource}`;
const QUEUE = arn('sqs', 'jobs');
const TOPIC = arn('sns', 'alerts');
const FN = arn('lambda', 'function:reader');

test('a mapping that is switched off reads nothing, and is named', () => {
  const { found, notes } = readersOf(QUEUE, [
    { functionArn: FN, state: 'Enabled' },
    { functionArn: `${FN}:live`, state: 'Creating' },
    { functionArn: arn('lambda', 'function:idle'), state: 'Disabled' },
  ]);
  expect(found).toEqual([
    { kind: 'lambda', arn: FN, through: [QUEUE] },
    { kind: 'lambda', arn: `${FN}:live`, through: [QUEUE] },
  ]);
  expect(notes).toEqual(['the event source mapping of idle is Disabled']);
});

test('functions and queues of the Region are followed, other subscribers are named', () => {
  const subscribed = (protocol: string, endpoint: string, confirmed = true) => ({
    protocol,
    endpoint,
    confirmed,
  });
  const { found, notes } = subscribersOf(TOPIC, [
    subscribed('lambda', FN),
    subscribed('sqs', QUEUE),
    subscribed('email', 'a@example.com'),
    subscribed('email', 'b@example.com'),
    subscribed('sqs', arn('sqs', 'far', 'us-east-1')),
    subscribed('lambda', arn('lambda', 'function:late'), false),
  ]);
  expect(found.map((one) => one.arn)).toEqual([FN, QUEUE]);
  expect(notes).toEqual([
    'email subscribers of alerts are not watched',
    `${arn('sqs', 'far', 'us-east-1')} is in another Region`,
    `the lambda subscription of ${arn('lambda', 'function:late')} is not confirmed`,
  ]);
});

test('of the rules on the bus the enabled ones whose pattern takes the event', () => {
  const rule = (name: string, pattern: object | string | undefined, enabled = true) => ({
    name,
    arn: arn('events', `rule/${name}`),
    pattern: typeof pattern === 'object' ? JSON.stringify(pattern) : pattern,
    enabled,
  });
  const event = sampleEvent({
    bucket: 'photos',
    key: 'in/a.jpg',
    eventName: 's3:ObjectCreated:Put',
    account: '111122223333',
    region: 'eu-west-1',
  });
  const rules = [
    rule('all', { source: ['aws.s3'] }),
    rule('other', { detail: { bucket: { name: ['other'] } } }),
    rule('key', { detail: { object: { key: [{ prefix: 'in/' }] } } }),
    rule('off', { source: ['aws.s3'] }, false),
    rule('schedule', undefined),
    rule('broken', '{'),
  ];
  expect(busRulesFor(rules, event ?? {}).map(({ name }) => name)).toEqual(['all', 'key']);
});

test('targets are functions, queues, topics to follow, or named', () => {
  const rule = { name: 'r', arn: arn('events', 'rule/r'), pattern: '{}', enabled: true };
  const { consumers, topics } = targetsOf(rule, [FN, QUEUE, TOPIC, arn('states', 'stateMachine:x')]);
  expect(consumers.found.map((one) => [one.kind, one.through])).toEqual([
    ['lambda', [rule.arn]],
    ['sqs', [rule.arn]],
  ]);
  expect(topics).toEqual([TOPIC]);
  expect(consumers.notes).toEqual(['the states target of r is not watched']);
});

test('a function that is reached in two ways is one', () => {
  const first = readersOf(QUEUE, [{ functionArn: FN, state: 'Enabled' }]);
  const inner = behind([TOPIC], first);
  expect(inner.found).toEqual([{ kind: 'lambda', arn: FN, through: [TOPIC, QUEUE] }]);
  expect(together([first, inner]).found).toHaveLength(1);
});
