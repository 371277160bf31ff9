/** `doctor --fix`: what it does by itself, what it asks for, and what it leaves alone. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { PutFunctionConcurrencyCommand, RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { describe, expect, test } from 'vitest';
import { sandboxAws } from '../../aws/sandbox-aws.ts';
import { canRunFixCall } from '../../../src/aws/doctor/fix-call.ts';
import type { DoctorResult } from '../../../src/commands/doctor.ts';
import { backupsOf } from '../../../src/project/backups.ts';
import type { FixService } from '../../../src/core/doctor/finding.ts';
import { notificationOf, statementIds } from '../../support/foreign.ts';
import { writesOf } from '../../support/journal.ts';
import { runCli, temporaryFolder } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { CTRL_C, ENTER, startTyping, tooWide } from '../../support/typing.ts';
import { doctor, summary } from './scenario.ts';
import {
  admits,
  BUCKET,
  createQueue,
  directFunction,
  filterOf,
  lambdaRule,
  pattern,
  put,
  queueArn,
  queueChain,
  queueUrl,
  ruleArn,
} from './world.ts';

const sandbox = shareSandbox();

const shutFunction = () =>
  sandbox().lambda.send(new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }));
const throttleFunction = () =>
  sandbox().lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: 'thumbs', ReservedConcurrentExecutions: 0 }),
  );

/** A `safe` fix and an `ask` fix are due. */
async function twoCauses(): Promise<void> {
  await directFunction(sandbox());
  await shutFunction();
  await throttleFunction();
  sandbox().journal.clear();
}

const outcomes = ({ fixed }: DoctorResult) => (fixed ?? []).map(({ id, outcome }) => [id, outcome]);

test('does nothing to a healthy bucket', async () => {
  await directFunction(sandbox());
  sandbox().journal.clear();
  const { code, data } = await doctor(sandbox(), ['--fix', '--yes']);
  expect(code).toBe(0);
  expect(data.fixed).toEqual([]);
  expect(writesOf(sandbox())).toEqual([]);
});

test('without --fix nothing is written, whatever is broken', async () => {
  await twoCauses();
  const { code, data } = await doctor(sandbox(), ['--yes']);
  expect(code).toBe(3);
  expect(data.fixed).toBeNull();
  expect(writesOf(sandbox())).toEqual([]);
});

describe('without a terminal', () => {
  test('does what is safe, and leaves the rest alone without --yes', async () => {
    await twoCauses();
    const { code, data } = await doctor(sandbox(), ['--fix']);
    expect(outcomes(data)).toEqual([
      ['lambda-permission-missing', 'applied'],
      ['reserved-concurrency-zero', 'left'],
    ]);
    expect(writesOf(sandbox())).toEqual(['lambda.AddPermission']);
    // It looked again: what is left is the root now.
    expect(data.rootCause, summary(data)).toBe('reserved-concurrency-zero');
    expect(data.findings.map(({ id }) => id)).not.toContain('lambda-permission-missing');
    expect(code).toBe(3);
  });

  test('names what it left alone, with the command', async () => {
    await twoCauses();
    const { code, stdout, stderr } = await runCli(['doctor', BUCKET, '--fix'], {
      endpoint: sandbox().url,
      tty: { stdout: true },
    });
    expect(code).toBe(3);
    const all = stdout.replaceAll(/\s+/g, ' ');
    expect(all).toContain(
      'reserved-concurrency-zero (function thumbs): left alone: nobody agreed (pass --yes)',
    );
    expect(all).toContain('lambda-permission-missing (function thumbs): done');
    expect(all).toContain('Looked again: what is said above is left.');
    expect(stderr).toContain('aws lambda delete-function-concurrency --function-name thumbs');
  });

  test('--yes does both, and the next look is healthy', async () => {
    await twoCauses();
    const { code, data } = await doctor(sandbox(), ['--fix', '--yes']);
    expect(outcomes(data)).toEqual([
      ['lambda-permission-missing', 'applied'],
      ['reserved-concurrency-zero', 'applied'],
    ]);
    expect(data.verdict, summary(data)).toBe('healthy');
    expect(code).toBe(0);
    expect(writesOf(sandbox())).toEqual(['lambda.AddPermission', 'lambda.DeleteFunctionConcurrency']);
    expect((await doctor(sandbox())).data.verdict).toBe('healthy');
  });

  test('says what only a person can do', async () => {
    await directFunction(sandbox());
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'x', Body: 'x' }));
    await sandbox().idle();
    const { data } = await doctor(sandbox(), ['--key', 'y', '--fix', '--yes']);
    expect(outcomes(data)).toEqual([['object-not-in-bucket', 'told']]);
    expect(data.rootCause).toBe('object-not-in-bucket');
  });
});

describe('at a terminal', () => {
  const type = () => startTyping(['doctor', BUCKET, '--fix'], { endpoint: sandbox().url });

  test('asks once for what is not safe, and does it', async () => {
    await twoCauses();
    const run = type();
    await run.answer('Do this?', `y${ENTER}`);
    expect(await run.code, run.stderr.plain).toBe(0);
    expect(run.stderr.plain.split('To mend reserved-concurrency-zero')).toHaveLength(2);
    expect(run.stdout.plain).toContain('Healthy');
    expect(writesOf(sandbox())).toEqual(['lambda.AddPermission', 'lambda.DeleteFunctionConcurrency']);
    expect(tooWide(run)).toEqual([]);
  });

  test('takes Enter for no', async () => {
    await twoCauses();
    const run = type();
    await run.answer('Do this?', ENTER);
    expect(await run.code).toBe(3);
    expect(run.stdout.plain.replaceAll(/\s+/g, ' ')).toContain('left alone: nobody agreed');
    expect(writesOf(sandbox())).toEqual(['lambda.AddPermission']);
  });

  test('Ctrl-C at the question ends it', async () => {
    await twoCauses();
    const run = type();
    await run.answer('Do this?', CTRL_C);
    expect(await run.code).toBe(130);
    expect(writesOf(sandbox())).toEqual(['lambda.AddPermission']);
  });
});

describe('a fix that fails', () => {
  test('is reported, and nothing else is done', async () => {
    await twoCauses();
    sandbox().faults.add({
      match: { service: 'lambda', operation: 'AddPermission' },
      effect: { kind: 'deny' },
    });
    const { code, data } = await doctor(sandbox(), ['--fix', '--yes']);
    expect(data.fixed).toEqual([
      {
        id: 'lambda-permission-missing',
        subject: 'function thumbs',
        outcome: 'failed',
        error: expect.stringContaining('lambda:AddPermission') as string,
      },
      {
        id: 'reserved-concurrency-zero',
        subject: 'function thumbs',
        outcome: 'left',
        error: 'not tried, since that of lambda-permission-missing failed',
      },
    ]);
    expect(code).toBe(3);
    expect(data.rootCause).toBe('lambda-permission-missing');
    expect((await doctor(sandbox())).data.findings.map(({ id }) => id)).toEqual([
      'lambda-permission-missing',
      'reserved-concurrency-zero',
    ]);
  });

  test('keeps the configuration as it was, though a change of it was agreed to', async () => {
    await directFunction(sandbox());
    await put(sandbox(), {
      LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'dt=1/' }))],
    });
    await shutFunction();
    const before = await notificationOf(sandbox(), BUCKET);
    sandbox().faults.add({
      match: { service: 'lambda', operation: 'AddPermission' },
      effect: { kind: 'deny' },
    });
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'dt=1/a.csv', Body: 'x' }));
    const { data } = await doctor(sandbox(), ['--key', 'dt=1/a.csv', '--fix', '--yes']);
    expect(outcomes(data)).toEqual([
      ['lambda-permission-missing', 'failed'],
      ['filter-not-encoded', 'left'],
    ]);
    expect(await notificationOf(sandbox(), BUCKET)).toEqual(before);
  });

  test('of the configuration itself leaves it as it was', async () => {
    await directFunction(sandbox());
    await put(sandbox(), {
      LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'dt=1/' }))],
    });
    await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'dt=1/a.csv', Body: 'x' }));
    const before = await notificationOf(sandbox(), BUCKET);
    sandbox().faults.add({
      match: { service: 's3', operation: 'PutBucketNotificationConfiguration' },
      effect: { kind: 'deny' },
    });
    const { code, data } = await doctor(sandbox(), ['--key', 'dt=1/a.csv', '--fix', '--yes']);
    expect(outcomes(data)).toEqual([['filter-not-encoded', 'failed']]);
    expect(data.fixed?.[0]?.error).toContain('s3:PutBucketNotification');
    expect(code).toBe(3);
    expect(await notificationOf(sandbox(), BUCKET)).toEqual(before);
  });
});

test('several changes of the configuration are one guarded write, with a backup', async () => {
  await queueChain(sandbox(), false);
  await put(sandbox(), {
    QueueConfigurations: [
      { Id: 'jobs', QueueArn: queueArn(), Events: ['s3:ObjectCreated:*'], ...filterOf({ prefix: 'dt=1/' }) },
    ],
  });
  await createQueue(sandbox(), 'all');
  await sandbox().events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern() }));
  await sandbox().events.send(
    new PutTargetsCommand({ Rule: 'all-objects', Targets: [{ Id: 'all', Arn: queueArn('all') }] }),
  );
  await sandbox().sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: queueUrl(sandbox().url, 'all'),
      Attributes: {
        Policy: admits('events.amazonaws.com', 'sqs:SendMessage', queueArn('all'), ruleArn()),
      },
    }),
  );
  await sandbox().s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'dt=1/a.csv', Body: 'x' }));
  const before = await notificationOf(sandbox(), BUCKET);
  sandbox().journal.clear();
  const cwd = temporaryFolder();
  const { data } = await doctor(sandbox(), ['--key', 'dt=1/a.csv', '--fix', '--yes'], cwd);
  expect(
    outcomes(data).filter(([, outcome]) => outcome === 'applied'),
    summary(data),
  ).toEqual([
    ['filter-not-encoded', 'applied'],
    ['eb-not-enabled', 'applied'],
  ]);
  expect(writesOf(sandbox())).toEqual(['s3.PutBucketNotificationConfiguration']);
  const after = await notificationOf(sandbox(), BUCKET);
  expect(after).toHaveProperty('EventBridgeConfiguration');
  expect(JSON.stringify(after)).toContain('dt%3D1/');
  expect(backupsOf(cwd, BUCKET)).toMatchObject([{ before, after, change: { command: 'doctor' } }]);
  // The object stays older than the set-up; the bucket is well.
  const again = await doctor(sandbox(), [], cwd);
  expect(again.data.verdict, summary(again.data)).toBe('healthy');
});

test('every call that a check proposes can be made', async () => {
  const aws = sandboxAws(sandbox());
  const root = 'src/core';
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  );
  const calls = files.flatMap((name) => [
    ...readFileSync(join(root, name), 'utf8').matchAll(/\bcall\(\s*'(\w+)',\s*'(\w+)'/g),
  ]);
  expect(calls.length).toBeGreaterThan(30);
  for (const [what, service = '', operation = ''] of calls) {
    expect(await canRunFixCall(aws, service as FixService, operation), what).toBe(true);
  }
});

test('a statement that is there already is not given again', async () => {
  await directFunction(sandbox());
  await shutFunction();
  await doctor(sandbox(), ['--fix']);
  const ids = await statementIds(sandbox(), 'thumbs');
  await doctor(sandbox(), ['--fix']);
  expect(await statementIds(sandbox(), 'thumbs')).toEqual(ids);
  expect(ids).toHaveLength(1);
});
