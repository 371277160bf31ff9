import { describe, expect, test } from 'vitest';
import { planDestroy, type DestroyFacts } from '../../src/core/destroy-plan.ts';
import type { MadeFact } from '../../src/core/made-fact.ts';
import { withRule, type NotificationDocument, type Rule } from '../../src/core/notification.ts';

const ARN = 'arn:aws:lambda:eu-west-1:111122223333:function:f';

function ruleFor(id: string, arn = ARN): Rule {
  return {
    id,
    destination: { kind: 'lambda', arn },
    events: ['s3:ObjectCreated:*'],
    filter: { prefix: `${id}/` },
  };
}

function documentOf(...rules: readonly Rule[]): NotificationDocument {
  return rules.reduce<NotificationDocument>(withRule, {});
}

const BUCKET: MadeFact = { kind: 'bucket', name: 'demo', now: 'ours', objects: { ours: [], others: 0 } };
const GROUP: MadeFact = { kind: 'log-group', name: '/aws/lambda/f', now: 'ours' };
const ROLE: MadeFact = { kind: 'role', name: 's3evt-f', now: 'ours', inlinePolicies: ['p'] };
const FUNCTION: MadeFact = { kind: 'function', name: 'f', now: 'ours' };
const PERMISSION: MadeFact = {
  kind: 'permission',
  name: 's3evt-demo',
  functionName: 'f',
  qualifier: undefined,
  now: 'ours',
};
const RULE: MadeFact = { kind: 'rule', name: 'ours', bucket: 'demo', destination: ARN };
const MADE = [BUCKET, GROUP, ROLE, FUNCTION, PERMISSION, RULE];

function facts(changed: Partial<DestroyFacts> = {}): DestroyFacts {
  return { made: MADE, documents: new Map([['demo', documentOf(ruleFor('ours'))]]), ...changed };
}

function instead(fact: MadeFact): readonly MadeFact[] {
  return MADE.map((other) => (other.kind === fact.kind ? fact : other));
}

function ids(plan: ReturnType<typeof planDestroy>): readonly string[] {
  return plan.steps.map(({ id }) => id);
}

test('rules first, then what they lead to, each after what needs it', () => {
  const plan = planDestroy(facts());
  const function_ = ['function-f'];
  expect(plan.kept).toEqual([]);
  expect(plan.steps.map(({ id, change, after }) => [id, change, after])).toEqual([
    ['notification-demo', 'delete', []],
    ['permission-f-s3evt-demo', 'delete', ['notification-demo']],
    ['function-f', 'delete', ['notification-demo', 'permission-f-s3evt-demo']],
    ['bucket-demo', 'delete', ['notification-demo']],
    ['log-group-/aws/lambda/f', 'delete', function_],
    ['role-s3evt-f', 'delete', function_],
  ]);
  expect(plan.steps[0]?.action).toEqual({
    kind: 'put-notification',
    bucket: 'demo',
    before: documentOf(ruleFor('ours')),
    after: {},
  });
  // applyPlan relies on it.
  plan.steps.forEach(({ after }, index) => {
    for (const id of after) expect(ids(plan).slice(0, index)).toContain(id);
  });
});

test('nothing is left of it: nothing to do, nothing to explain', () => {
  const gone = MADE.map((fact): MadeFact => (fact.kind === 'rule' ? fact : { ...fact, now: 'gone' }));
  expect(planDestroy({ made: gone, documents: new Map() })).toEqual({ steps: [], kept: [] });
  expect(planDestroy({ made: gone, documents: new Map([['demo', {}]]) })).toEqual({ steps: [], kept: [] });
  expect(planDestroy({ made: [], documents: new Map() })).toEqual({ steps: [], kept: [] });
});

test('without the rule the rest goes all the same', () => {
  const plan = planDestroy(facts({ documents: new Map([['demo', {}]]) }));
  expect(ids(plan)).toEqual([
    'permission-f-s3evt-demo',
    'function-f',
    'bucket-demo',
    'log-group-/aws/lambda/f',
    'role-s3evt-f',
  ]);
});

test('rules of others and EventBridge stay as they are', () => {
  const theirs = ruleFor('theirs', `${ARN}2`);
  const before = { ...documentOf(ruleFor('ours'), theirs), EventBridgeConfiguration: {} };
  const plan = planDestroy(facts({ documents: new Map([['demo', before]]) }));
  expect(plan.steps[0]?.action).toMatchObject({
    after: { ...documentOf(theirs), EventBridgeConfiguration: {} },
  });
  // The bucket would take them with it.
  expect(ids(plan)).not.toContain('bucket-demo');
  expect(plan.kept).toEqual([
    { title: 'bucket demo', reason: 'rule theirs, which s3evt did not make, is on it' },
  ]);
});

describe('what stays, and why', () => {
  test.each<[string, MadeFact]>([
    ['bucket demo', { ...BUCKET, now: 'foreign', objects: undefined }],
    ['log group /aws/lambda/f', { ...GROUP, now: 'foreign' }],
    ['role s3evt-f', { ...ROLE, now: 'foreign' }],
  ])('%s of others', (title, fact) => {
    const plan = planDestroy(facts({ made: instead(fact) }));
    expect(plan.kept).toEqual([
      { title, reason: 'it does not carry the tag of s3evt: somebody made it anew' },
    ]);
    expect(plan.steps).toHaveLength(5);
  });

  test('a function of others, with its role and its logs', () => {
    const plan = planDestroy(facts({ made: instead({ ...FUNCTION, now: 'foreign' }) }));
    expect(plan.kept.map(({ title, reason }) => [title, reason])).toEqual([
      ['function f', 'it does not carry the tag of s3evt: somebody made it anew'],
      ['log group /aws/lambda/f', 'its function stays'],
      ['role s3evt-f', 'its function stays'],
    ]);
    expect(ids(plan)).toEqual(['notification-demo', 'permission-f-s3evt-demo', 'bucket-demo']);
  });

  test.each([
    [1, 'it holds 1 object that s3evt did not upload'],
    [2, 'it holds 2 objects that s3evt did not upload'],
  ])('a bucket with %i objects of others', (others, reason) => {
    const objects = { ours: [{ key: 'mine', versionId: undefined }], others };
    const plan = planDestroy(facts({ made: instead({ ...BUCKET, objects }) }));
    expect(plan.kept).toEqual([{ title: 'bucket demo', reason }]);
    expect(ids(plan)).not.toContain('bucket-demo');
  });

  test('a bucket that cannot be looked into', () => {
    const plan = planDestroy(facts({ made: instead({ ...BUCKET, objects: undefined }) }));
    expect(plan.kept).toEqual([{ title: 'bucket demo', reason: 'its objects cannot be listed' }]);
  });

  test('a rule that somebody turned to another destination, with the bucket it is on', () => {
    const elsewhere = `${ARN}2`;
    const plan = planDestroy(
      facts({ documents: new Map([['demo', documentOf(ruleFor('ours', elsewhere))]]) }),
    );
    expect(plan.kept).toEqual([
      { title: 'rule ours', reason: `it sends to ${elsewhere} now: somebody changed it` },
      { title: 'bucket demo', reason: 'rule ours, which s3evt did not make, is on it' },
    ]);
    expect(ids(plan)).toEqual([
      'permission-f-s3evt-demo',
      'function-f',
      'log-group-/aws/lambda/f',
      'role-s3evt-f',
    ]);
  });

  test.each([ARN, `${ARN}:live`])(
    'a rule of others to %s keeps function, permission, role and logs',
    (arn) => {
      const document = documentOf(ruleFor('ours'), ruleFor('theirs', arn));
      const plan = planDestroy(facts({ documents: new Map([['demo', document]]) }));
      expect(ids(plan)).toEqual(['notification-demo']);
      expect(plan.kept.map(({ title, reason }) => [title, reason])).toEqual([
        ['permission s3evt-demo', 'rule theirs, which s3evt did not make, needs it'],
        ['function f', 'rule theirs, which s3evt did not make, sends to it'],
        ['bucket demo', 'rule theirs, which s3evt did not make, is on it'],
        ['log group /aws/lambda/f', 'its function stays'],
        ['role s3evt-f', 'its function stays'],
      ]);
    },
  );

  test('a rule to a function of a similar name keeps nothing of ours', () => {
    const documents = new Map([
      ['demo', documentOf(ruleFor('ours'))],
      ['other', documentOf(ruleFor('theirs', `${ARN}2`))],
    ]);
    const plan = planDestroy(facts({ documents }));
    expect([ids(plan).length, plan.kept]).toEqual([6, []]);
  });
});

test('the objects of test-upload go with the bucket', () => {
  const ours = [
    { key: 'a', versionId: 'v1' },
    { key: 'b', versionId: undefined },
  ];
  const plan = planDestroy(facts({ made: instead({ ...BUCKET, objects: { ours, others: 0 } }) }));
  const step = plan.steps.find(({ id }) => id === 'bucket-demo');
  expect(step).toMatchObject({
    title: 'Delete bucket demo and the 2 test objects in it',
    action: { kind: 'delete-bucket', objects: ours },
  });
});

test('two buckets: one put each, and the function only after both', () => {
  const made: MadeFact[] = [
    FUNCTION,
    RULE,
    { kind: 'rule', name: 'ours', bucket: 'second', destination: ARN },
    { kind: 'rule', name: 'more', bucket: 'second', destination: ARN },
  ];
  const documents = new Map([
    ['demo', documentOf(ruleFor('ours'))],
    ['second', documentOf(ruleFor('ours'), ruleFor('more'))],
  ]);
  const plan = planDestroy({ made, documents });
  expect(plan.steps.map(({ id, title, after }) => [id, title, after])).toEqual([
    ['notification-demo', 'Remove rule ours from demo', []],
    ['notification-second', 'Remove rules ours, more from second', []],
    ['function-f', 'Delete function f', ['notification-demo', 'notification-second']],
  ]);
});

test('the same statement on two aliases is two steps', () => {
  const live = { ...PERMISSION, qualifier: 'live' };
  const beta = { ...PERMISSION, qualifier: 'beta' };
  const plan = planDestroy(facts({ made: [live, beta], documents: new Map() }));
  expect(ids(plan)).toEqual(['permission-f:live-s3evt-demo', 'permission-f:beta-s3evt-demo']);
});

test("a rule of others on another bucket does not keep this bucket's permission", () => {
  const documents = new Map([
    ['demo', documentOf(ruleFor('ours'))],
    ['theirs', documentOf(ruleFor('theirs'))],
  ]);
  const plan = planDestroy(facts({ documents }));
  expect(ids(plan)).toContain('permission-f-s3evt-demo');
  expect(plan.kept.map(({ title }) => title)).toContain('function f');
});
