import { DescribeLogGroupsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, GetFunctionCommand, RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { GetBucketTaggingCommand } from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { applyPlan } from '../../src/aws/apply-plan.ts';
import { readMade } from '../../src/aws/read-made.ts';
import { planDestroy } from '../../src/core/destroy-plan.ts';
import type { S3evtError } from '../../src/core/errors.ts';
import { valueOf } from '../../src/core/facts.ts';
import { planInit } from '../../src/core/init-plan.ts';
import { changes } from '../../src/core/plan.ts';
import { createFaults, type Faults } from '../../src/sandbox/faults.ts';
import { AwsError } from '../../src/sandbox/wire/types.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';
import {
  ACCOUNT,
  BUCKET,
  countOf,
  desired,
  environment,
  initialise,
  intercept,
  NAME,
  readInitFacts,
  requests,
  sandboxAws,
  type Run,
} from './sandbox-aws.ts';

const ROLE = `s3evt-${NAME}`;
const GROUP = `/aws/lambda/${NAME}`;
const STEPS = ['bucket', 'log-group', 'role', 'role-policy', 'function', 'permission', 'notification'];

/** All that `init` leaves in an account, read with clients of the test's own. */
async function stateOf(sandbox: TestSandbox): Promise<unknown> {
  const facts = await readInitFacts(sandboxAws(sandbox));
  const [tags, role, groups, fn] = await Promise.all([
    sandbox.s3.send(new GetBucketTaggingCommand({ Bucket: BUCKET })),
    sandbox.iam.send(new GetRolePolicyCommand({ RoleName: ROLE, PolicyName: 's3evt-write-own-logs' })),
    sandbox.logs.send(new DescribeLogGroupsCommand({})),
    sandbox.lambda.send(new GetFunctionCommand({ FunctionName: NAME })),
  ]);
  return {
    facts,
    tags: tags.TagSet,
    rolePolicy: role.PolicyDocument,
    groups: groups.logGroups?.map(({ logGroupName, retentionInDays }) => [logGroupName, retentionInDays]),
    code: fn.Configuration?.CodeSha256,
    functionTags: fn.Tags,
  };
}

/** Requests that match a test fail as on a bad day of AWS; the others go through. */
function failing(which: (index: number) => boolean): Faults & { arm(): void; disarm(): number } {
  let seen = 0;
  let armed = false;
  return {
    ...createFaults(),
    arm() {
      armed = true;
      seen = 0;
    },
    /** How many requests there were. */
    disarm() {
      armed = false;
      return seen;
    },
    async apply() {
      if (armed && which(seen++)) throw new AwsError('InternalError', 'on purpose', { status: 500 });
    },
  };
}

function outcomesOf(run: Run): Record<string, string> {
  return Object.fromEntries(run.outcomes);
}

async function until(clock: ReturnType<typeof createManualClock>, run: Promise<unknown>, step = 1_000) {
  let done = false;
  const ended = run.finally(() => (done = true)).catch(() => undefined);
  while (!done) {
    await Promise.race([clock.waitForSleeper(), ended]);
    await clock.advance(step);
  }
}

describe('apply', () => {
  test('makes everything; then there is nothing to do', async () => {
    const sandbox = await startTestSandbox();
    const aws = sandboxAws(sandbox);
    const first = await initialise(aws);
    expect(first.error).toBeUndefined();
    expect(outcomesOf(first)).toEqual(Object.fromEntries(STEPS.map((id) => [id, 'applied'])));
    const facts = await readInitFacts(aws);
    expect(changes(planInit(desired(), facts))).toEqual([]);
    expect(valueOf(facts.notification)).toEqual(first.plan.document);
    expect(await stateOf(sandbox)).toMatchObject({
      tags: [{ Key: 'created-by', Value: 's3evt' }],
      functionTags: { 'created-by': 's3evt' },
      groups: [[GROUP, 14]],
      facts: { role: { value: { tags: { 'created-by': 's3evt' } } } },
    });

    const before = requests(sandbox).length;
    const second = await initialise(aws);
    expect(second.error).toBeUndefined();
    expect(new Set(second.outcomes.values())).toEqual(new Set(['unchanged']));
    const writes = requests(sandbox)
      .slice(before)
      .filter(({ operation }) => !/^(Get|Head|List|Describe)/.test(operation));
    expect(writes).toEqual([]);
  });

  test('outside of us-east-1 too', async () => {
    const region = 'eu-central-1';
    const sandbox = await startTestSandbox({ region });
    const aws = sandboxAws(sandbox, { region });
    const run = await initialise(aws, {}, desired({ region }));
    expect(run.error).toBeUndefined();
    expect(valueOf((await readInitFacts(aws)).bucket)).toEqual({ name: BUCKET, region });
  });

  test('tells of each step as it begins and ends', async () => {
    const sandbox = await startTestSandbox();
    const { progress } = await initialise(sandboxAws(sandbox));
    for (const id of STEPS) {
      const states = progress.flatMap((item) => (item.type === 'task' && item.id === id ? [item.state] : []));
      expect([id, states]).toEqual([id, ['running', 'done']]);
    }
  });

  test('grants before it puts', async () => {
    const sandbox = await startTestSandbox();
    await initialise(sandboxAws(sandbox));
    const order = requests(sandbox).map(({ operation }) => operation);
    expect(order.indexOf('AddPermission')).toBeLessThan(order.indexOf('PutBucketNotificationConfiguration'));
    expect(order.at(-1)).toBe('GetBucketNotificationConfiguration');
  });

  test('replaces a worn-out permission of its own', async () => {
    const sandbox = await startTestSandbox();
    const aws = sandboxAws(sandbox);
    await initialise(aws);
    const StatementId = `s3evt-${BUCKET}`;
    await sandbox.lambda.send(new RemovePermissionCommand({ FunctionName: NAME, StatementId }));
    await sandbox.lambda.send(
      new AddPermissionCommand({
        FunctionName: NAME,
        StatementId,
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: 'arn:aws:s3:::another',
      }),
    );
    const run = await initialise(aws);
    expect(outcomesOf(run)).toMatchObject({ permission: 'applied', function: 'unchanged' });
    expect(changes(planInit(desired(), await readInitFacts(aws)))).toEqual([]);
  });

  test('a bucket of somebody else’s name fails its step; what needs it is not begun', async () => {
    const sandbox = await startTestSandbox();
    sandbox.faults.add({
      match: { operation: 'CreateBucket' },
      effect: { kind: 'error', status: 409, code: 'BucketAlreadyExists', message: 'taken' },
    });
    const run = await initialise(sandboxAws(sandbox));
    expect(run.error).toMatchObject({ code: 'NAME_TAKEN', exitCode: 5 });
    expect(outcomesOf(run)).toMatchObject({ bucket: 'failed' });
    expect(run.outcomes.has('notification')).toBe(false);
    expect(countOf(sandbox, 'PutBucketNotificationConfiguration')).toBe(0);
  });

  test('what somebody else made a moment ago is taken as it is', async () => {
    const sandbox = await startTestSandbox();
    const plan = planInit(desired(), await readInitFacts(sandboxAws(sandbox)));
    await initialise(sandboxAws(sandbox));
    const aws = sandboxAws(sandbox);
    const withoutRule = { steps: plan.steps.filter(({ id }) => id !== 'notification') };
    const { outcomes, error } = await applyPlan(withoutRule, environment(aws));
    expect(error).toBeUndefined();
    expect(Object.fromEntries(outcomes)).toMatchObject({
      'log-group': 'unchanged',
      role: 'unchanged',
      function: 'unchanged',
      permission: 'unchanged',
    });
  });

  test('destroy takes all of it away again', async () => {
    const sandbox = await startTestSandbox();
    const aws = sandboxAws(sandbox);
    const { plan: made } = await initialise(aws);
    const facts = await Promise.all([
      readMade(aws, { kind: 'bucket', name: BUCKET }),
      readMade(aws, { kind: 'log-group', name: GROUP }),
      readMade(aws, { kind: 'role', name: ROLE }),
      readMade(aws, { kind: 'function', name: NAME }),
      readMade(aws, { kind: 'permission', name: `s3evt-${BUCKET}`, function: NAME }),
      readMade(aws, { kind: 'rule', name: 'new-objects', bucket: BUCKET, function: made.function?.arn }),
    ]);
    const plan = planDestroy({ made: facts, documents: new Map([[BUCKET, made.document]]) });
    expect(plan.kept).toEqual([]);
    const { outcomes, error } = await applyPlan(plan, environment(aws));
    expect(error).toBeUndefined();
    expect(new Set(outcomes.values())).toEqual(new Set(['applied']));
    const left = await readInitFacts(aws);
    expect(Object.values(left)).toEqual(Array(6).fill({ state: 'absent' }));
    // Somebody was faster: nothing fails, but for the bucket, which cannot be looked into any more.
    const rest = { steps: plan.steps.filter(({ id }) => !/^(bucket|notification)/.test(id)) };
    const again = await applyPlan(rest, environment(aws));
    expect([again.error, new Set(again.outcomes.values())]).toEqual([undefined, new Set(['unchanged'])]);
  });
});

describe('cut short at any request, the next run does the rest', () => {
  const cuts: readonly [string, (k: number) => (index: number) => boolean][] = [
    ['only that request fails', (k) => (index) => index === k],
    ['it fails, and all after it', (k) => (index) => index >= k],
  ];
  test.each(cuts)('%s', { timeout: 120_000 }, async (_, which) => {
    let k = 0;
    const faults = failing((index) => which(k)(index));
    const sandbox = await startTestSandbox({ faults });
    const aws = sandboxAws(sandbox);
    expect((await initialise(aws)).error).toBeUndefined();
    const expected = await stateOf(sandbox);

    let last = Infinity;
    for (; k <= last; k++) {
      await sandbox.reset();
      const plan = planInit(desired(), await readInitFacts(aws));
      faults.arm();
      const broken = await applyPlan(plan, environment(aws));
      if (faults.disarm() <= k) {
        expect(broken.error).toBeUndefined();
        last = k;
      } else {
        expect([k, broken.error]).toMatchObject([k, { code: 'AWS_UNAVAILABLE' }]);
      }
      const again = await initialise(aws);
      expect([k, again.error]).toEqual([k, undefined]);
      for (const id of again.plan.steps.map((step) => step.id)) {
        expect([k, id, again.outcomes.get(id)]).toEqual([
          k,
          id,
          expect.stringMatching(/^(applied|unchanged)$/),
        ]);
      }
      expect([k, await stateOf(sandbox)]).toEqual([k, expected]);
    }
    // Bucket, log group, retention, role, its policy, function, its state, look, permission, put, read back.
    expect(last).toBeGreaterThanOrEqual(11);
  });

  test('the request was carried out, its answer was lost', { timeout: 120_000 }, async () => {
    const sandbox = await startTestSandbox();
    expect((await initialise(sandboxAws(sandbox))).error).toBeUndefined();
    const expected = await stateOf(sandbox);
    let total = Infinity;
    for (let k = 0; k < total; k++) {
      await sandbox.reset();
      const aws = sandboxAws(sandbox);
      const plan = planInit(desired(), await readInitFacts(aws));
      let seen = 0;
      await intercept(aws, (next) => async (args) => {
        const index = seen++;
        const answer = await next(args);
        if (index === k) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
        return answer;
      });
      const broken = await applyPlan(plan, environment(aws));
      if (seen <= k) total = k;
      else expect([k, broken.error]).toMatchObject([k, { code: 'NETWORK' }]);
      const again = await initialise(sandboxAws(sandbox));
      expect([k, again.error]).toEqual([k, undefined]);
      expect([k, await stateOf(sandbox)]).toEqual([k, expected]);
    }
    expect(total).toBeGreaterThanOrEqual(11);
  });
});

describe('a role that Lambda cannot assume yet', () => {
  test('is waited for, in sight', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock, iamPropagationMs: 9_000 });
    const run = initialise(sandboxAws(sandbox, { clock }), { clock });
    await until(clock, run);
    const { error, progress, outcomes } = await run;
    expect(error).toBeUndefined();
    expect(outcomes.get('function')).toBe('applied');
    const waits = progress.flatMap((item) =>
      item.type === 'task' && item.id === 'function' && item.state === 'waiting' ? [item.detail] : [],
    );
    expect(waits[0]).toBe('Lambda cannot assume the new role yet: 0 s of at most 60 s');
    expect(waits.length).toBeGreaterThan(2);
    expect(countOf(sandbox, 'CreateFunction')).toBe(waits.length + 1);
  });

  test('for a minute at most', async () => {
    const clock = createManualClock();
    const start = clock.now();
    const sandbox = await startTestSandbox({ clock, iamPropagationMs: 3_600_000 });
    const run = initialise(sandboxAws(sandbox, { clock }), { clock });
    await until(clock, run);
    const { error, outcomes } = await run;
    expect(error).toMatchObject({ code: 'ROLE_NOT_ASSUMABLE', exitCode: 1, retryable: true });
    expect((error as S3evtError).message).toContain('within 60 s');
    expect(clock.now() - start).toBeGreaterThan(50_000);
    expect(clock.now() - start).toBeLessThanOrEqual(62_000);
    expect(outcomes.get('function')).toBe('failed');
    expect([outcomes.has('permission'), outcomes.has('notification')]).toEqual([false, false]);
    expect(countOf(sandbox, 'AddPermission')).toBe(0);
  });

  test('any other refusal of CreateFunction is not waited for', async () => {
    const sandbox = await startTestSandbox();
    const run = await initialise(sandboxAws(sandbox), {}, desired({ runtime: 'cobol85' }));
    expect(run.error).toMatchObject({ code: 'AWS_ERROR', aws: { name: 'InvalidParameterValueException' } });
    expect(countOf(sandbox, 'CreateFunction')).toBe(1);
  });
});

describe('a function that is Pending', () => {
  test('is waited for, while permission and rule are made', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock, functionActivationMs: 5_000 });
    const run = initialise(sandboxAws(sandbox, { clock }), { clock });
    // No time passes: only the wait for the function is left.
    await sandbox.journal.waitFor(
      (entry) => entry.type === 'request' && entry.operation === 'PutBucketNotificationConfiguration',
    );
    await until(clock, run, 500);
    const { error, progress } = await run;
    expect(error).toBeUndefined();
    const states = progress.flatMap((item) =>
      item.type === 'task' && item.id === 'function-active' ? [[item.state, item.detail]] : [],
    );
    expect(states[0]).toEqual(['waiting', 'it is Pending: 0 s of at most 120 s']);
    expect(states.at(-1)).toEqual(['done', undefined]);
  });

  test('for two minutes at most', async () => {
    const clock = createManualClock();
    const start = clock.now();
    const sandbox = await startTestSandbox({ clock, functionActivationMs: 3_600_000 });
    const run = initialise(sandboxAws(sandbox, { clock }), { clock });
    await until(clock, run);
    const { error } = await run;
    expect(error).toMatchObject({ code: 'FUNCTION_NOT_ACTIVE', exitCode: 1 });
    expect((error as S3evtError).message).toBe(`function ${NAME} is Pending: The function is being created.`);
    expect(clock.now() - start).toBeLessThanOrEqual(122_000);
  });

  test('one that failed is told at once', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    const aws = sandboxAws(sandbox, { clock });
    await intercept(aws, (next, { commandName }) => async (args) => {
      const answer = (await next(args)) as { output: object };
      if (commandName !== 'GetFunctionConfigurationCommand') return answer;
      return { ...answer, output: { ...answer.output, State: 'Failed', StateReason: 'The image is gone' } };
    });
    const { error } = await initialise(aws, { clock });
    expect(error).toMatchObject({
      code: 'FUNCTION_NOT_ACTIVE',
      message: `function ${NAME} is Failed: The image is gone`,
    });
    expect(clock.sleepers).toBe(0);
  });
});

describe('an abort', () => {
  test('in a wait: nothing more is begun; what was under way may have been carried out', async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const { signal } = controller;
    const sandbox = await startTestSandbox({ clock, iamPropagationMs: 30_000 });
    const run = initialise(sandboxAws(sandbox, { clock, signal }), { clock, signal });
    await sandbox.journal.waitFor((entry) => entry.type === 'request' && entry.operation === 'PutRolePolicy');
    await sandbox.journal.waitFor(
      (entry) => entry.type === 'request' && entry.operation === 'PutRetentionPolicy',
    );
    await clock.waitForSleeper();
    const reason = new Error('interrupted');
    controller.abort(reason);
    const { error, outcomes } = await run;
    expect(error).toBe(reason);
    expect(Object.fromEntries(outcomes)).toMatchObject({ role: 'applied', function: 'failed' });
    expect([outcomes.has('permission'), outcomes.has('notification')]).toEqual([false, false]);
    expect(clock.sleepers).toBe(0);
    // The next run goes on.
    const again = initialise(sandboxAws(sandbox, { clock }), { clock });
    await until(clock, again);
    expect((await again).error).toBeUndefined();
  });

  test('while a request is on the wire', async () => {
    const clock = createManualClock();
    const controller = new AbortController();
    const sandbox = await startTestSandbox({ clock });
    const aws = sandboxAws(sandbox, { clock, signal: controller.signal });
    const plan = planInit(desired(), await readInitFacts(aws));
    sandbox.faults.add({ match: { operation: 'CreateRole' }, effect: { kind: 'latency', ms: 1_000 } });
    const run = applyPlan(plan, environment(aws, { clock, signal: controller.signal }));
    await clock.waitForSleeper();
    controller.abort(new Error('interrupted'));
    const { outcomes, error } = await run;
    expect(error).toMatchObject({ message: 'interrupted' });
    // Its answer was not awaited: the role may be there, and has to stay in the ledger.
    expect(outcomes.get('role')).toBe('failed');
    expect(outcomes.has('function')).toBe(false);
    await clock.advance(1_000);
    await sandbox.journal.waitFor((entry) => entry.type === 'request' && entry.operation === 'CreateRole');
    expect(valueOf((await readInitFacts(sandboxAws(sandbox))).role)?.name).toBe(ROLE);
  });

  test('before the first step: nothing is done', async () => {
    const sandbox = await startTestSandbox();
    const plan = planInit(desired(), await readInitFacts(sandboxAws(sandbox)));
    const before = requests(sandbox).length;
    const signal = AbortSignal.abort(new Error('interrupted'));
    const { outcomes, error } = await applyPlan(
      plan,
      environment(sandboxAws(sandbox, { signal }), { signal }),
    );
    expect([outcomes.size, error]).toMatchObject([0, { message: 'interrupted' }]);
    expect(requests(sandbox)).toHaveLength(before);
  });
});

test('the account that must own the bucket is the caller’s', async () => {
  const sandbox = await startTestSandbox();
  const aws = sandboxAws(sandbox);
  await initialise(aws);
  const plan = planInit(
    desired({
      ours: new Set(['new-objects']),
      rules: [{ id: 'new-objects', events: ['s3:ObjectRemoved:*'], filter: {} }],
    }),
    await readInitFacts(aws),
  );
  const before = countOf(sandbox, 'PutBucketNotificationConfiguration');
  const { error } = await applyPlan(plan, environment(aws, { account: '444455556666' }));
  expect(error).toMatchObject({ code: 'ACCESS_DENIED', exitCode: 4 });
  expect(countOf(sandbox, 'PutBucketNotificationConfiguration')).toBe(before);
  expect(ACCOUNT).not.toBe('444455556666');
});
