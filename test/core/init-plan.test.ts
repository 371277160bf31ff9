import { describe, expect, test } from 'vitest';
import { S3evtError } from '../../src/core/errors.ts';
import { ABSENT, known, type Fact, type FunctionFacts } from '../../src/core/facts.ts';
import { planInit, type Desired, type InitFacts, type InitPlan } from '../../src/core/init-plan.ts';
import { ROLE_POLICY_NAME } from '../../src/core/names.ts';
import { rulesOf, withRule, type NotificationDocument, type Rule } from '../../src/core/notification.ts';
import { changes, type Step } from '../../src/core/plan.ts';

const ACCOUNT = '111122223333';
const ARN = `arn:aws:lambda:eu-west-1:${ACCOUNT}:function:Demo-S3`;
const ROLE_ARN = `arn:aws:iam::${ACCOUNT}:role/s3evt-Demo-S3`;
const GROUP = '/aws/lambda/Demo-S3';
const GROUP_ARN = `arn:aws:logs:eu-west-1:${ACCOUNT}:log-group:${GROUP}`;
const OURS = { 'created-by': 's3evt' };
const RULE = { id: 'new-objects', events: ['s3:ObjectCreated:*'], filter: {} };

const DESIRED: Desired = {
  account: ACCOUNT,
  partition: 'aws',
  region: 'eu-west-1',
  bucket: 'demo.bucket',
  functionName: 'Demo-S3',
  qualifier: undefined,
  runtime: 'python3.13',
  runtimeGiven: false,
  roleArn: undefined,
  ours: new Set<string>(),
  rules: [RULE],
};

const NOTHING: InitFacts = {
  bucket: ABSENT,
  notification: ABSENT,
  function: ABSENT,
  policy: ABSENT,
  role: ABSENT,
  logGroup: ABSENT,
};

const FUNCTION: FunctionFacts = {
  name: 'Demo-S3',
  arn: ARN,
  runtime: 'python3.13',
  roleArn: ROLE_ARN,
  state: 'Active',
  stateReason: undefined,
  logGroup: GROUP,
  tags: OURS,
};

const SOMEBODYS: FunctionFacts = { ...FUNCTION, roleArn: `arn:aws:iam::${ACCOUNT}:role/theirs`, tags: {} };

function policyOf(...statements: object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Id: 'default', Statement: statements });
}

function statement(changed: object = {}): object {
  return {
    Sid: 's3evt-demo_bucket',
    Effect: 'Allow',
    Principal: { Service: 's3.amazonaws.com' },
    Action: 'lambda:InvokeFunction',
    Resource: ARN,
    Condition: {
      StringEquals: { 'AWS:SourceAccount': ACCOUNT },
      ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::demo.bucket' },
    },
    ...changed,
  };
}

function ruleFor(id: string, changed: Partial<Rule> = {}): Rule {
  return {
    id,
    destination: { kind: 'lambda', arn: ARN },
    events: ['s3:ObjectCreated:*'],
    filter: {},
    ...changed,
  };
}

const EVERYTHING: InitFacts = {
  bucket: known({ name: 'demo.bucket', region: 'eu-west-1' }),
  notification: known(withRule({}, ruleFor('new-objects'))),
  function: known(FUNCTION),
  policy: known(policyOf(statement())),
  role: known({ name: 's3evt-Demo-S3', arn: ROLE_ARN, tags: OURS, inlinePolicies: [ROLE_POLICY_NAME] }),
  logGroup: known({ arn: GROUP_ARN, unfinished: false }),
};

function ids(steps: readonly Step[]): readonly string[] {
  return steps.map(({ id }) => id);
}

function stepOf(plan: InitPlan, id: string): Step {
  const step = plan.steps.find((candidate) => candidate.id === id);
  if (!step) throw new Error(`no step ${id}`);
  return step;
}

function failureOf(run: () => unknown): S3evtError {
  try {
    run();
  } catch (error) {
    if (error instanceof S3evtError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** The facts after a step was done. */
function after(facts: InitFacts, { action }: Step): InitFacts {
  switch (action.kind) {
    case 'create-bucket':
      return {
        ...facts,
        bucket: known({ name: action.bucket, region: action.region }),
        notification: known({}),
      };
    case 'create-log-group':
      return { ...facts, logGroup: known({ arn: GROUP_ARN, unfinished: false }) };
    case 'create-role':
      return {
        ...facts,
        role: known({ name: action.role, arn: ROLE_ARN, tags: OURS, inlinePolicies: [] }),
      };
    case 'put-role-policy':
      return { ...facts, role: EVERYTHING.role };
    case 'create-function':
      return { ...facts, function: known({ ...FUNCTION, roleArn: action.roleArn }) };
    case 'add-permission':
      return { ...facts, policy: EVERYTHING.policy };
    case 'put-notification':
      return { ...facts, notification: known(action.after) };
    default:
      throw new Error(`init does no ${action.kind}`);
  }
}

describe('a full plan', () => {
  const plan = planInit(DESIRED, NOTHING);

  test('makes everything, each after what it needs', () => {
    expect(plan.steps.map(({ id, change, after: needs }) => [id, change, needs])).toEqual([
      ['bucket', 'create', []],
      ['log-group', 'create', []],
      ['role', 'create', []],
      ['role-policy', 'create', ['role']],
      ['function', 'create', ['role']],
      ['permission', 'create', ['function']],
      ['notification', 'create', ['bucket', 'permission']],
    ]);
    // applyPlan relies on it.
    plan.steps.forEach(({ after: needs, lookAfter = [] }, index) => {
      const before = ids(plan.steps.slice(0, index));
      for (const id of [...needs, ...lookAfter]) expect(before).toContain(id);
    });
  });

  test('says what it will do', () => {
    expect(plan.steps.map(({ title }) => title)).toEqual([
      'Create bucket demo.bucket in eu-west-1',
      'Create log group /aws/lambda/Demo-S3, kept for 14 days',
      'Create role s3evt-Demo-S3',
      "Let s3evt-Demo-S3 write the function's own logs, nothing else",
      'Create function Demo-S3 (python3.13), which prints every event',
      `Let s3.amazonaws.com invoke Demo-S3 for demo.bucket of account ${ACCOUNT}`,
      'Put rule new-objects on demo.bucket',
    ]);
  });

  test('a policy without room for one more statement is refused before anything is done', () => {
    const others = (count: number) =>
      Array.from({ length: count }, (_, i) =>
        statement({
          Sid: `other-${i}`,
          Condition: { ArnLike: { 'AWS:SourceArn': `arn:aws:s3:::other-${i}` } },
        }),
      );
    const facts = (count: number) => ({
      ...NOTHING,
      function: known(SOMEBODYS),
      policy: known(policyOf(...others(count))),
    });
    expect(() => planInit(DESIRED, facts(200))).toThrow(
      /bytes; one more statement would make it \d+, and Lambda takes 20480$/,
    );
    expect(stepOf(planInit(DESIRED, facts(20)), 'permission')).toMatchObject({ change: 'create' });
  });

  test('grants no more than is needed', () => {
    expect(stepOf(plan, 'permission').action).toEqual({
      kind: 'add-permission',
      replaces: false,
      permission: {
        functionName: 'Demo-S3',
        qualifier: undefined,
        statementId: 's3evt-demo_bucket',
        principal: 's3.amazonaws.com',
        sourceArn: 'arn:aws:s3:::demo.bucket',
        sourceAccount: ACCOUNT,
      },
    });
    const { action } = stepOf(plan, 'role-policy');
    const document = JSON.parse(action.kind === 'put-role-policy' ? action.document : '{}');
    expect(document.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogGroup', 'logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: [GROUP_ARN, `${GROUP_ARN}:*`],
      },
    ]);
  });

  test('leads to the function and the document that it promises', () => {
    expect(plan.function).toEqual({ name: 'Demo-S3', arn: ARN, runtime: 'python3.13', logGroup: GROUP });
    expect(plan.document).toEqual(withRule({}, ruleFor('new-objects')));
    expect(plan.rules).toEqual([ruleFor('new-objects')]);
    expect([plan.awaitActive, plan.warnings]).toEqual([true, []]);
  });

  test('in another partition names its resources by it', () => {
    const china = planInit({ ...DESIRED, partition: 'aws-cn', region: 'cn-north-1' }, NOTHING);
    expect(china.function?.arn).toBe(`arn:aws-cn:lambda:cn-north-1:${ACCOUNT}:function:Demo-S3`);
    expect(stepOf(china, 'function').action).toMatchObject({
      roleArn: `arn:aws-cn:iam::${ACCOUNT}:role/s3evt-Demo-S3`,
    });
    expect(stepOf(china, 'permission').action).toMatchObject({
      permission: { sourceArn: 'arn:aws-cn:s3:::demo.bucket' },
    });
  });
});

describe('what is there already', () => {
  test('everything: nothing is done, and the document stays the very same', () => {
    const plan = planInit(DESIRED, EVERYTHING);
    expect(changes(plan)).toEqual([]);
    expect(plan.document).toBe(EVERYTHING.notification.state === 'known' && EVERYTHING.notification.value);
    expect([plan.awaitActive, plan.warnings]).toEqual([false, []]);
    expect(stepOf(plan, 'permission').title).toBe('Keep the permission of demo.bucket to invoke Demo-S3');
  });

  /** Every order in which the steps of a full plan can be done, cut off after each step. */
  test('half of it, however the making was cut short: exactly the rest is done', () => {
    const full = planInit(DESIRED, NOTHING).steps;
    const seen = new Set<string>();
    const visit = (done: readonly Step[], facts: InitFacts): void => {
      const key = [...ids(done)].sort().join();
      if (seen.has(key)) return;
      seen.add(key);
      const missing = full.filter((step) => !done.includes(step));
      const plan = planInit(DESIRED, facts);
      expect([key, ids(changes(plan))]).toEqual([key, ids(missing)]);
      expect(changes(plan).every(({ change }) => change === 'create')).toBe(true);
      expect(plan.document).toEqual(withRule({}, ruleFor('new-objects')));
      for (const step of missing) {
        if (step.after.every((id) => ids(done).includes(id))) visit([...done, step], after(facts, step));
      }
    };
    visit([], NOTHING);
    expect(seen.size).toBeGreaterThan(full.length + 1);
  });

  test('the plan for the rest, carried out, leaves nothing to do', () => {
    let facts = NOTHING;
    for (;;) {
      const [next] = changes(planInit(DESIRED, facts));
      if (!next) break;
      facts = after(facts, next);
    }
    expect(changes(planInit(DESIRED, facts))).toEqual([]);
  });

  test('a log group whose retention was never set gets it', () => {
    const unfinished = { ...EVERYTHING, logGroup: known({ arn: GROUP_ARN, unfinished: true }) };
    const plan = planInit(DESIRED, unfinished);
    expect(changes(plan).map(({ id, change, title }) => [id, change, title])).toEqual([
      ['log-group', 'update', 'Keep log group /aws/lambda/Demo-S3 for 14 days'],
    ]);
    expect(stepOf(plan, 'log-group').action).toMatchObject({ exists: true, retentionDays: 14 });
  });

  test('somebody’s function: its role and log group are their business', () => {
    const plan = planInit(DESIRED, { ...NOTHING, bucket: EVERYTHING.bucket, function: known(SOMEBODYS) });
    expect(ids(plan.steps)).toEqual(['bucket', 'function', 'permission', 'notification']);
    expect(ids(changes(plan))).toEqual(['permission', 'notification']);
  });

  test('a function without its role gets it back', () => {
    const plan = planInit(DESIRED, { ...EVERYTHING, role: ABSENT });
    expect(ids(changes(plan))).toEqual(['role', 'role-policy']);
  });

  test('a role of the caller’s: none is made', () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/mine`;
    const plan = planInit({ ...DESIRED, roleArn }, { ...NOTHING, role: denied('iam:GetRole') });
    expect(ids(plan.steps)).toEqual(['bucket', 'log-group', 'function', 'permission', 'notification']);
    expect(stepOf(plan, 'function')).toMatchObject({ after: [], action: { roleArn } });
  });

  test('a function that is Pending has to be awaited; one that Failed deserves a word', () => {
    const pending = planInit(DESIRED, { ...EVERYTHING, function: known({ ...FUNCTION, state: 'Pending' }) });
    expect([changes(pending), pending.awaitActive]).toEqual([[], true]);
    const failed = { ...FUNCTION, state: 'Failed', stateReason: 'The KMS key is gone' };
    expect(planInit(DESIRED, { ...EVERYTHING, function: known(failed) }).warnings).toEqual([
      { code: 'FUNCTION_FAILED', message: 'function Demo-S3 is in state Failed: The KMS key is gone' },
    ]);
  });

  test.each([
    ['nodejs22.x', true, 1],
    ['nodejs22.x', false, 0],
    ['python3.13', true, 0],
  ])('runtime %s, asked for: %s', (runtime, runtimeGiven, warnings) => {
    const plan = planInit({ ...DESIRED, runtime, runtimeGiven }, EVERYTHING);
    expect(plan.warnings.map(({ code }) => code)).toEqual(Array(warnings).fill('RUNTIME_KEPT'));
    expect(plan.function?.runtime).toBe('python3.13');
  });

  test.each([
    ['arn:aws:iam::111122223333:role/another', ['ROLE_KEPT']],
    [FUNCTION.roleArn, []],
    [undefined, []],
  ])('role %s asked for', (roleArn, warnings) => {
    expect(planInit({ ...DESIRED, roleArn }, EVERYTHING).warnings.map(({ code }) => code)).toEqual(warnings);
  });

  test('a container image has no runtime to compare', () => {
    const image = { ...FUNCTION, runtime: undefined };
    const plan = planInit({ ...DESIRED, runtimeGiven: true }, { ...EVERYTHING, function: known(image) });
    expect([plan.warnings, plan.function?.runtime]).toEqual([[], null]);
  });
});

describe('the permission', () => {
  const change = (policy: string, desired: Desired = DESIRED) => {
    const facts = { ...EVERYTHING, notification: known({}), policy: known(policy) };
    const step = stepOf(planInit(desired, facts), 'permission');
    return [step.change, step.action.kind === 'add-permission' && step.action.replaces];
  };

  test.each<[string, string, [Step['change'], boolean]]>([
    ['ours', policyOf(statement()), ['none', false]],
    [
      'another statement admits',
      policyOf(statement({ Sid: 'terraform', Condition: undefined })),
      ['none', false],
    ],
    [
      'another statement, another bucket',
      policyOf(statement({ Sid: 'x', Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::other' } } })),
      ['create', false],
    ],
    [
      'ours, for another account',
      policyOf(statement({ Condition: { StringEquals: { 'AWS:SourceAccount': '444455556666' } } })),
      ['update', true],
    ],
    [
      'ours, for another bucket',
      policyOf(statement({ Condition: { ArnLike: { 'AWS:SourceArn': 'arn:aws:s3:::other' } } })),
      ['update', true],
    ],
    [
      'ours, another principal',
      policyOf(statement({ Principal: { Service: 'sns.amazonaws.com' } })),
      ['update', true],
    ],
    [
      'ours is worn out, another admits',
      policyOf(statement({ Action: 'lambda:GetFunction' }), statement({ Sid: 'x' })),
      ['none', false],
    ],
    ['a Deny wins', policyOf(statement(), { ...statement({ Sid: 'no' }), Effect: 'Deny' }), ['update', true]],
    ['no statement', policyOf(), ['create', false]],
  ])('%s', (_, policy, expected) => {
    expect(change(policy)).toEqual(expected);
  });

  test('of an alias names the alias', () => {
    const desired = { ...DESIRED, qualifier: 'live' };
    expect(change(policyOf(statement()), desired)).toEqual(['update', true]);
    expect(change(policyOf(statement({ Resource: `${ARN}:live` })), desired)).toEqual(['none', false]);
    const plan = planInit(desired, { ...EVERYTHING, notification: known({}), policy: ABSENT });
    expect(stepOf(plan, 'permission').action).toMatchObject({ permission: { qualifier: 'live' } });
    expect(plan.rules[0]?.destination.arn).toBe(`${ARN}:live`);
    expect(plan.function?.arn).toBe(`${ARN}:live`);
  });
});

describe('the rules', () => {
  const facts = (document: NotificationDocument): InitFacts => ({
    ...EVERYTHING,
    notification: known(document),
  });
  const foreign = { kind: 'sqs', arn: `arn:aws:sqs:eu-west-1:${ACCOUNT}:q` } as const;

  test('the same rule under another id serves', () => {
    const document = withRule({}, ruleFor('theirs'));
    const plan = planInit(DESIRED, facts(document));
    expect(stepOf(plan, 'notification').change).toBe('none');
    expect(plan.document).toBe(document);
    expect(plan.rules.map(({ id }) => id)).toEqual(['theirs']);
  });

  test('a rule of the same id and destination that others made is never replaced', () => {
    const document = withRule({}, ruleFor('new-objects', { filter: { prefix: 'old/' } }));
    expect(() => planInit(DESIRED, facts(document))).toThrow(
      expect.objectContaining({ code: 'RULE_ID_TAKEN', message: expect.stringContaining('old/*') }),
    );
  });

  test('a rule of ours, of the same id and destination, is brought up to date', () => {
    const document = withRule({}, ruleFor('new-objects', { filter: { prefix: 'old/' } }));
    const plan = planInit({ ...DESIRED, ours: new Set(['new-objects']) }, facts(document));
    expect(stepOf(plan, 'notification')).toMatchObject({ change: 'update', action: { before: document } });
    expect(rulesOf(plan.document)).toEqual([ruleFor('new-objects')]);
  });

  test('several at once, beside those of others and EventBridge', () => {
    const theirs = ruleFor('theirs', { destination: foreign, events: ['s3:ObjectRemoved:*'] });
    const document = withRule({ EventBridgeConfiguration: {} }, theirs);
    const rules = [
      { ...RULE, id: 'jpg', filter: { suffix: '.jpg' } },
      { ...RULE, id: 'png', filter: { suffix: '.png' } },
    ];
    const plan = planInit({ ...DESIRED, rules }, facts(document));
    expect(rulesOf(plan.document).map(({ id }) => id)).toEqual(['jpg', 'png', 'theirs']);
    expect(plan.document.QueueConfigurations?.[0]).toBe(document.QueueConfigurations?.[0]);
    expect(plan.document.EventBridgeConfiguration).toBe(document.EventBridgeConfiguration);
    expect(stepOf(plan, 'notification').title).toBe('Put rules jpg, png on demo.bucket');
    const again = planInit({ ...DESIRED, rules }, facts(plan.document));
    expect(changes(again)).toEqual([]);
    // One of the two is missing.
    const half = planInit(
      { ...DESIRED, rules },
      facts(withRule(document, ruleFor('jpg', { filter: { suffix: '.jpg' } }))),
    );
    expect(half.document).toEqual(plan.document);
  });

  test('wanted rules may not overlap each other either', () => {
    const rules = [RULE, { ...RULE, id: 'second', filter: { prefix: 'in/' } }];
    expect(failureOf(() => planInit({ ...DESIRED, rules }, facts({})))).toMatchObject({
      code: 'RULES_OVERLAP',
    });
  });

  test('an overlap names both rules, the events, and a key that both would take', () => {
    const theirs = ruleFor('theirs', {
      destination: foreign,
      filter: { suffix: '.jpg' },
      events: ['s3:ObjectCreated:Put'],
    });
    const rules = [{ ...RULE, filter: { prefix: 'in/' } }];
    const error = failureOf(() => planInit({ ...DESIRED, rules }, facts(withRule({}, theirs))));
    expect(error).toMatchObject({ code: 'RULES_OVERLAP', exitCode: 5 });
    expect(error.message).toBe(
      'rule "new-objects" (in/*) and rule "theirs" (*.jpg) of the bucket would both take s3:ObjectCreated:Put ' +
        'of a key such as "in/example.jpg"; S3 allows one of them',
    );
    expect(error.hint).toContain('Narrow "new-objects", for example with --event s3:ObjectCreated:Post');
    expect(error.hint).toContain(`in place of "theirs" (which sends to ${foreign.arn})`);
  });

  test('more than one overlap is counted', () => {
    const document = [
      ruleFor('a', { destination: foreign, filter: { prefix: 'a' } }),
      ruleFor('b', { destination: foreign, filter: { prefix: 'b' } }),
    ].reduce<NotificationDocument>(withRule, {});
    expect(failureOf(() => planInit(DESIRED, facts(document))).message).toContain('(and 1 more)');
  });

  test('an id that names somebody’s rule is not taken over', () => {
    const theirs = ruleFor('new-objects', { destination: foreign, events: ['s3:ObjectRemoved:*'] });
    const error = failureOf(() => planInit(DESIRED, facts(withRule({}, theirs))));
    expect(error).toMatchObject({ code: 'RULE_ID_TAKEN', exitCode: 5 });
    expect(error.message).toContain(foreign.arn);
  });

  test('S3’s limit of 100 rules', () => {
    const count = (rules: number) =>
      Array.from({ length: rules }, (_, i) =>
        ruleFor(`r${i}`, { destination: foreign, filter: { prefix: `${i}/` } }),
      ).reduce<NotificationDocument>(withRule, {});
    const rules = [{ ...RULE, filter: { prefix: 'in/' } }];
    expect(rulesOf(planInit({ ...DESIRED, rules }, facts(count(99))).document)).toHaveLength(100);
    const error = failureOf(() => planInit({ ...DESIRED, rules }, facts(count(100))));
    expect(error.message).toContain('101 rules; AWS allows 100');
  });
});

function denied(action: string): Fact<never> {
  return { state: 'denied', action, error: new S3evtError('ACCESS_DENIED', `no ${action}`) };
}

describe('what cannot be', () => {
  test('a role of others', () => {
    const role = known({ name: 's3evt-Demo-S3', arn: ROLE_ARN, tags: { team: 'x' }, inlinePolicies: [] });
    const error = failureOf(() => planInit(DESIRED, { ...NOTHING, role }));
    expect(error).toMatchObject({ code: 'OWNED_BY_OTHERS', exitCode: 5 });
    expect(error.hint).toContain(`--role-arn ${ROLE_ARN}`);
  });

  test('a bucket in another Region', () => {
    const bucket = known({ name: 'demo.bucket', region: 'us-west-2' });
    // S3 refuses to show its configuration there; that must not hide the reason.
    const notification = { state: 'failed', error: new S3evtError('WRONG_REGION', 'elsewhere') } as const;
    const error = failureOf(() => planInit(DESIRED, { ...EVERYTHING, bucket, notification }));
    expect(error).toMatchObject({ code: 'WRONG_REGION', exitCode: 5 });
    expect(error.message).toContain('us-west-2');
    expect(error.hint).toContain('--region us-west-2');
  });

  test('a version or an alias of a function that does not exist', () => {
    const error = failureOf(() => planInit({ ...DESIRED, qualifier: 'live' }, NOTHING));
    expect(error.code).toBe('DESTINATION_NOT_FOUND');
    expect(error.message).toContain('"live"');
  });

  test.each(['bucket', 'notification', 'function', 'policy', 'role'] as const)(
    '%s may not be read',
    (name) => {
      const error = failureOf(() => planInit(DESIRED, { ...EVERYTHING, [name]: denied(name) }));
      expect(error.message).toBe(`no ${name}`);
    },
  );

  test('a log group that may not be looked at is left to Lambda', () => {
    const plan = planInit(DESIRED, { ...NOTHING, logGroup: denied('logs:DescribeLogGroups') });
    expect(stepOf(plan, 'log-group').change).toBe('none');
    expect(changes(planInit(DESIRED, { ...EVERYTHING, logGroup: denied('logs:DescribeLogGroups') }))).toEqual(
      [],
    );
  });
});
