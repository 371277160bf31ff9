import { describe, expect, test } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { known, type Fact } from '../../src/core/facts.ts';
import type { NotificationDocument } from '../../src/core/notification.ts';
import { planSwitchOff, switchOffCommand, type SwitchOffFacts } from '../../src/core/tap-end.ts';
import { tapPattern } from '../../src/core/tap-policy.ts';

const NOW = 1_700_000_000_000;
const OWN = 's3evt-tap-0000000a-1700003600';
const ALIVE = 's3evt-tap-0000000b-1700003600';
const EXPIRED = 's3evt-tap-0000000c-1600000000';
const RULES: NotificationDocument = {
  QueueConfigurations: [
    { Id: 'jobs', QueueArn: 'arn:aws:sqs:us-east-1:000000000000:jobs', Events: ['s3:ObjectCreated:*'] },
  ],
};
const ON = { EventBridgeConfiguration: {} };
const tapping = (bucket: string) => JSON.stringify(tapPattern(bucket));

type OnBus = SwitchOffFacts['rules'];

const plan = (
  current: NotificationDocument,
  rules: OnBus = known([{ name: OWN, pattern: tapping('photos') }]),
  before: NotificationDocument = {},
) =>
  planSwitchOff({
    tap: { name: OWN, partition: 'aws' },
    source: { kind: 'enable-eventbridge', bucket: 'photos', before, after: { ...before, ...ON } },
    current,
    rules,
    now: NOW,
    command: 'COMMAND',
  });

describe('EventBridge goes off with the tap', () => {
  test.each<[string, NotificationDocument, NotificationDocument]>([
    ['the configuration is the one that was left', ON, {}],
    ['others added rules', { ...RULES, ...ON }, RULES],
    ['there are members that s3evt does not know', { ...ON, Later: 1 } as object, { Later: 1 } as object],
  ])('when %s: all else stays', (_name, current, after) => {
    expect(plan(current)).toEqual({ kind: 'put', after });
  });

  test('when others removed the rules that stood there', () => {
    expect(plan(ON, undefined, RULES)).toEqual({ kind: 'put', after: {} });
  });

  test('beside rules of the bus for other buckets and services, and what is left of expired taps', () => {
    const rules = known([
      { name: OWN, pattern: tapping('photos') },
      { name: EXPIRED, pattern: tapping('photos') },
      { name: ALIVE, pattern: tapping('films') },
      { name: 'films', pattern: tapping('films') },
      { name: 'instances', pattern: '{"source":["aws.ec2"]}' },
      { name: 'nightly', pattern: undefined },
    ]);
    expect(plan(ON, rules)).toEqual({ kind: 'put', after: {} });
  });
});

test.each([
  ['it is off', RULES, {}],
  ['it was on before the tap', { ...RULES, ...ON }, ON],
])('nothing is to be done when %s', (_name, current, before) => {
  expect(plan(current, undefined, before)).toEqual({ kind: 'nothing' });
});

describe('it stays on', () => {
  const failed = new S3evtError('ACCESS_DENIED', 'events:ListRules is not allowed');
  const denied: OnBus = { state: 'denied', action: 'events:ListRules', error: failed } satisfies Fact<never>;
  const on = (...names: readonly string[]) =>
    known(names.map((name) => ({ name, pattern: '{"source":["aws.s3"]}' })));

  test.each<[string, NotificationDocument, OnBus, boolean, string]>([
    ['another tap, for now', ON, known([{ name: ALIVE, pattern: tapping('photos') }]), false, 'another tap'],
    [
      'a rule of the bus',
      { ...RULES, ...ON },
      on('resize'),
      true,
      'rule resize of the default event bus takes',
    ],
    ['several', ON, on('resize', 's3evt-tap-of-mine'), true, 'rules resize, s3evt-tap-of-mine of the'],
    ['what is not known, for now', ON, denied, false, 'not known (events:ListRules is not allowed)'],
    [
      'whoever set it anew',
      { EventBridgeConfiguration: { Mode: 'all' } },
      known([]),
      true,
      'was changed since',
    ],
  ])('for %s', (_name, current, rules, isFinal, why) => {
    const answer = plan(current, rules);
    expect(answer).toMatchObject({ kind: 'stays', isFinal });
    expect(answer).toHaveProperty('why', expect.stringContaining(why));
    // The next start turns it off for another tap by itself.
    if (why !== 'another tap')
      expect(answer).toHaveProperty('why', expect.stringMatching(/turns? it off: COMMAND$/));
  });
});

test('the command that turns it off names the bucket and leads to the same place', () => {
  expect(switchOffCommand('photos', ['--profile', 'my own'])).toBe(
    "s3evt ls photos --json --profile 'my own' | sed 's/\"eventBridge\":true/\"eventBridge\":false/' | s3evt apply - --prune --yes --profile 'my own'",
  );
});
