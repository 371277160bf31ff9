import { describe, expect, test } from 'vitest';
import { ABSENT, known, type Fact, type QueueFacts } from '../../src/core/facts.ts';
import {
  withFunctionDeadLetter,
  withQueueDeadLetter,
  type ExecutionRole,
  type FunctionDeadLetter,
} from '../../src/core/init-dead-letter.ts';
import { withVersioning, type InitPlan } from '../../src/core/init-plan.ts';
import type { Step, StepAction } from '../../src/core/plan.ts';

const ACCOUNT = '111122223333';
const QUEUE = `arn:aws:sqs:eu-west-1:${ACCOUNT}:jobs`;
const DEAD = `${QUEUE}-dead-letter`;
const OTHER = `arn:aws:sqs:eu-west-1:${ACCOUNT}:other`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/s3evt-f`;
const OURS = { 'created-by': 's3evt' };

function step(id: string, change: Step['change'], action: StepAction, after: readonly string[] = []): Step {
  return { id, title: id, change, after, action };
}

const BUCKET = step('bucket', 'none', { kind: 'create-bucket', bucket: 'photos', region: 'eu-west-1' });
const MAKE_ROLE = step('role', 'create', { kind: 'create-role', role: 's3evt-f', trust: '{}' });
const PUT = step(
  'notification',
  'create',
  { kind: 'put-notification', bucket: 'photos', before: {}, after: {} },
  ['bucket'],
);
const queue = (change: Step['change']) =>
  step('queue', change, { kind: 'create-queue', name: 'jobs', arn: QUEUE, policy: '{}' });
const fn = (change: Step['change']) =>
  step('function', change, { kind: 'create-function', name: 'f', runtime: 'python3.13', roleArn: ROLE });

function planOf(...steps: readonly Step[]): InitPlan {
  return {
    steps: [BUCKET, ...steps, PUT],
    rules: [],
    destination: null,
    function: null,
    eventBridge: null,
    document: {},
    awaitActive: false,
    warnings: [],
  };
}

const DEAD_QUEUE: Fact<QueueFacts> = known({
  arn: DEAD,
  url: '',
  policy: undefined,
  kmsKeyId: undefined,
  maximumMessageSize: 1,
  deadLetterArn: undefined,
  tags: {},
});

const ids = ({ steps }: InitPlan) => steps.map(({ id, change }) => `${id} ${change}`);
const codes = ({ warnings }: InitPlan) => warnings.map(({ code }) => code);
const fails = (code: string) => expect.objectContaining({ code }) as Error;

describe('a queue', () => {
  const wanted = { arn: DEAD, mayCreate: true, queue: ABSENT, present: undefined };

  test('that is made gets its redrive policy with its creation, after the second queue', () => {
    const plan = withQueueDeadLetter(planOf(queue('create')), wanted);
    expect(ids(plan)).toEqual(['bucket none', 'dead-letter create', 'queue create', 'notification create']);
    expect(plan.steps[2]).toMatchObject({
      after: ['dead-letter'],
      action: { deadLetterArn: DEAD, policy: '{}' },
    });
  });

  test.each<[string, Fact<QueueFacts>, string | undefined, readonly string[]]>([
    ['none', ABSENT, undefined, ['dead-letter create', 'redrive create']],
    ['none, and the second is there', DEAD_QUEUE, undefined, ['dead-letter none', 'redrive create']],
    ['this one', DEAD_QUEUE, DEAD, ['dead-letter none', 'redrive none']],
  ])('that is there with %s', (_what, fact, present, added) => {
    const plan = withQueueDeadLetter(planOf(queue('none')), { ...wanted, queue: fact, present });
    expect(ids(plan)).toEqual(['bucket none', 'queue none', ...added, 'notification create']);
    expect(plan.steps.at(-1)?.after).toEqual(['bucket', 'redrive']);
    expect(codes(plan)).toEqual([]);
  });

  test('that has another one keeps it', () => {
    const before = planOf(queue('none'));
    const plan = withQueueDeadLetter(before, { ...wanted, present: OTHER });
    expect(plan.steps).toBe(before.steps);
    expect(codes(plan)).toEqual(['DEAD_LETTER_KEPT']);
  });

  test.each([
    ['itself', { arn: QUEUE }, 'INVALID_ARGUMENT'],
    ['an ARN that leads nowhere', { mayCreate: false }, 'DESTINATION_NOT_FOUND'],
  ])('and %s is refused', (_what, changed, code) => {
    expect(() => withQueueDeadLetter(planOf(queue('none')), { ...wanted, ...changed })).toThrow(fails(code));
  });
});

describe('a function', () => {
  const role = (maySend: ExecutionRole['maySend'], tags = OURS, arn = ROLE): ExecutionRole => ({
    arn,
    tags,
    maySend,
  });
  const denied = { state: 'failed', error: new Error('?') } as unknown as Fact<boolean>;
  const theirs = { team: 'media' } as unknown as typeof OURS;
  const wanted: FunctionDeadLetter = {
    arn: DEAD,
    mayCreate: true,
    queue: ABSENT,
    functionName: 'f',
    qualifier: undefined,
    present: undefined,
    role: undefined,
  };

  test('that is made with its role', () => {
    const plan = withFunctionDeadLetter(planOf(MAKE_ROLE, fn('create')), wanted);
    expect(plan.steps.slice(3).map(({ id, after }) => [id, after])).toEqual([
      ['dead-letter', []],
      ['dead-letter-policy', ['role']],
      ['on-failure', ['function', 'dead-letter', 'dead-letter-policy']],
      ['notification', ['bucket', 'on-failure']],
    ]);
  });

  test.each<[string, ExecutionRole, string | undefined, readonly string[]]>([
    [
      'a role of ours',
      role(known(false)),
      undefined,
      ['dead-letter create', 'dead-letter-policy create', 'on-failure create'],
    ],
    [
      "somebody's role that may",
      role(known(true), theirs),
      undefined,
      ['dead-letter create', 'on-failure create'],
    ],
    [
      "somebody's role that may not be asked",
      role(denied, theirs),
      undefined,
      ['dead-letter create', 'on-failure create'],
    ],
    ['everything already', role(known(true)), DEAD, ['dead-letter create', 'on-failure none']],
    [
      'everything, and a role that may not be asked',
      role(denied),
      DEAD,
      ['dead-letter create', 'on-failure none'],
    ],
  ])('that is there with %s', (_what, executionRole, present, added) => {
    const plan = withFunctionDeadLetter(planOf(fn('none')), { ...wanted, present, role: executionRole });
    expect(ids(plan)).toEqual(['bucket none', 'function none', ...added, 'notification create']);
  });

  test.each<[string, ExecutionRole | undefined]>([
    ["somebody's role that may not send", role(known(false), theirs)],
    ['a role of ours for another function', role(known(false), OURS, `${ROLE}2`)],
  ])('with %s is refused with the statement to add', (_what, executionRole) => {
    const plan = planOf(fn('none'));
    const hint = expect.stringContaining(
      `{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"${DEAD}"}`,
    ) as string;
    expect(() => withFunctionDeadLetter(plan, { ...wanted, role: executionRole })).toThrow(
      expect.objectContaining({ code: 'OWNED_BY_OTHERS', hint }) as Error,
    );
  });

  test('that sends its failures elsewhere keeps doing so', () => {
    const before = planOf(fn('none'));
    const plan = withFunctionDeadLetter(before, { ...wanted, present: OTHER });
    expect(plan.steps).toBe(before.steps);
    expect(codes(plan)).toEqual(['DEAD_LETTER_KEPT']);
  });
});

test.each<[string, Fact<string>, string, readonly string[]]>([
  ['never on', ABSENT, 'versioning update', ['VERSIONING_STAYS']],
  ['suspended', known('Suspended'), 'versioning update', ['VERSIONING_STAYS']],
  ['on', known('Enabled'), 'versioning none', []],
])('versioning that is %s', (_what, fact, versioning, warned) => {
  const plan = withVersioning(planOf(queue('none')), 'photos', fact);
  expect(ids(plan)).toEqual(['bucket none', versioning, 'queue none', 'notification create']);
  expect(codes(plan)).toEqual(warned);
});
