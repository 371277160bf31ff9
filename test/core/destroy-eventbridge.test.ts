/** What destroy does with event rules, EventBridge of a bucket, dead letters and versioning. */
import { describe, expect, test } from 'vitest';
import { planDestroy } from '../../src/core/destroy-plan.ts';
import type { MadeFact } from '../../src/core/made-fact.ts';

const QUEUE = 'arn:aws:sqs:eu-west-1:111122223333:jobs';
const DEAD = `${QUEUE}-dead-letter`;
const DOCUMENT = { EventBridgeConfiguration: {}, Later: { a: 1 } };

const BRIDGE: MadeFact = { kind: 'eventbridge', name: 'photos', takers: ['images'] };
const RULE: MadeFact = {
  kind: 'event-rule',
  name: 'images',
  bucket: 'photos',
  now: 'ours',
  targets: ['s3evt'],
};
const STATEMENT: MadeFact = {
  kind: 'statement',
  name: 's3evt-event-rule-images',
  target: QUEUE,
  now: 'ours',
};
const BUCKET: MadeFact = { kind: 'bucket', name: 'photos', now: 'ours', objects: { ours: [], others: 0 } };

function plan(...made: readonly MadeFact[]) {
  return planDestroy({ made, documents: new Map([['photos', DOCUMENT]]) });
}

const ids = (...made: readonly MadeFact[]) => plan(...made).steps.map(({ id }) => id);
const reasons = (...made: readonly MadeFact[]) => plan(...made).kept.map(({ reason }) => reason);

describe('EventBridge', () => {
  test('goes with our rule, then what the rule needed', () => {
    const { steps, kept } = plan(BRIDGE, RULE, STATEMENT);
    expect(kept).toEqual([]);
    expect(steps.map(({ id, after }) => [id, after])).toEqual([
      ['notification-photos', []],
      ['event-rule-images', ['notification-photos']],
      [`statement-${QUEUE}-s3evt-event-rule-images`, ['notification-photos', 'event-rule-images']],
    ]);
    expect(steps[0]?.action).toEqual({
      kind: 'put-notification',
      bucket: 'photos',
      before: DOCUMENT,
      after: { Later: { a: 1 } },
    });
  });

  test.each<[string, MadeFact, string]>([
    [
      "somebody's rule takes its events",
      { ...BRIDGE, takers: ['images', 'theirs'] },
      'event rule theirs, which stays, takes its events',
    ],
    [
      'the rules may not be listed',
      { ...BRIDGE, takers: undefined },
      'the rules of the default event bus may not be listed',
    ],
  ])('stays when %s', (_what, bridge, reason) => {
    expect(ids(bridge, RULE)).toEqual(['event-rule-images']);
    expect(reasons(bridge, RULE)).toEqual([reason]);
  });

  test('that s3evt did not turn on stays', () => {
    expect(ids(RULE)).toEqual(['event-rule-images']);
  });

  test('of a bucket that is deleted is not spoken of', () => {
    const made = [
      BUCKET,
      { ...BRIDGE, takers: ['theirs'] },
      { kind: 'versioning', name: 'photos', now: 'ours' },
    ] as const;
    expect(ids(...made)).toEqual(['bucket-photos']);
    expect(reasons(...made)).toEqual([]);
  });
});

describe('an event rule', () => {
  test('made anew by somebody else stays, with the statement that it may live by', () => {
    const foreign: MadeFact = { ...RULE, now: 'foreign' };
    expect(ids(foreign, STATEMENT)).toEqual([]);
    expect(reasons(foreign, STATEMENT)).toEqual([
      'it does not carry the tag of s3evt: somebody made it anew',
      'event rule images stays and needs it',
    ]);
  });

  test('with targets of others loses ours and stays, and EventBridge with it', () => {
    const shared: MadeFact = { ...RULE, targets: ['s3evt', 'x'] };
    const { steps, kept } = plan(BRIDGE, shared, STATEMENT);
    expect(steps.map(({ id }) => id)).toEqual([
      'event-rule-images',
      `statement-${QUEUE}-s3evt-event-rule-images`,
    ]);
    expect(steps[0]?.action).toEqual({ kind: 'remove-event-rule', rule: 'images', withRule: false });
    expect(kept.map(({ title }) => title)).toEqual(['EventBridge of bucket photos', 'event rule images']);
    expect(ids({ ...RULE, targets: ['x'] })).toEqual([]);
  });
});

describe('dead letters', () => {
  const REDRIVE: MadeFact = { kind: 'redrive', name: QUEUE, deadLetter: DEAD, now: 'ours' };
  const FAILURE: MadeFact = { kind: 'on-failure', name: 'f:live', deadLetter: DEAD, now: 'ours' };
  const DEAD_QUEUE: MadeFact = { kind: 'queue', name: DEAD, now: 'ours' };

  test("of somebody's queue and function are taken back before the second queue goes", () => {
    const { steps } = plan(DEAD_QUEUE, REDRIVE, FAILURE);
    expect(steps.map(({ id }) => id)).toEqual([`redrive-${QUEUE}`, 'on-failure-f:live', `queue-${DEAD}`]);
    expect(steps[2]?.after).toEqual([`redrive-${QUEUE}`, 'on-failure-f:live']);
    expect(steps[1]?.action).toEqual({
      kind: 'remove-on-failure',
      destination: { functionName: 'f', qualifier: 'live', deadLetterArn: DEAD },
    });
  });

  test('go with a queue and a function of ours', () => {
    const made = [
      { kind: 'queue', name: QUEUE, now: 'ours' },
      { kind: 'function', name: 'f', now: 'ours' },
    ] as const;
    expect(ids(...made, DEAD_QUEUE, REDRIVE, FAILURE)).toEqual([
      'function-f',
      `queue-${QUEUE}`,
      `queue-${DEAD}`,
    ]);
  });

  test('that somebody changed meanwhile are left', () => {
    expect(ids({ ...REDRIVE, now: 'gone' }, { ...FAILURE, now: 'gone' })).toEqual([]);
  });
});

test('versioning stays on', () => {
  expect(reasons({ kind: 'versioning', name: 'photos', now: 'ours' })).toEqual([
    'it is never turned off: that would end the versions of its objects',
  ]);
  expect(reasons({ kind: 'versioning', name: 'photos', now: 'gone' })).toEqual([]);
});
