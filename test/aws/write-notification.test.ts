import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AddPermissionCommand, DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Aws } from '../../src/aws/clients.ts';
import { configurationOf, documentOf } from '../../src/aws/notification-codec.ts';
import { getNotification } from '../../src/aws/read-facts.ts';
import { lookAgain, putNotification, type NotificationWrite } from '../../src/aws/write-notification.ts';
import type { S3evtError } from '../../src/core/errors.ts';
import { withoutRule, withRule, type NotificationDocument, type Rule } from '../../src/core/notification.ts';
import { saveBackup } from '../../src/project/backups.ts';
import type { FaultEffect } from '../../src/sandbox/fault-rules.ts';
import { createManualClock, type ManualClock } from '../support/manual-clock.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';
import { PRINTING_HANDLERS } from '../support/function-code.ts';
import { createPipeline } from '../support/pipeline.ts';
import { ACCOUNT, countOf, intercept, requests, sandboxAws } from './sandbox-aws.ts';

const BUCKET = 'pipe';
const ARN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:pipe`;
const OURS: Rule = {
  id: 'ours',
  destination: { kind: 'lambda', arn: ARN },
  events: ['s3:ObjectRemoved:*'],
  filter: { prefix: 'in/' },
};
const PUT = 'PutBucketNotificationConfiguration';

interface World {
  readonly sandbox: TestSandbox;
  readonly aws: Aws;
  readonly clock: ManualClock;
  readonly waits: string[];
  readonly before: NotificationDocument;
  readonly write: NotificationWrite;
  readonly put: (changed?: Partial<NotificationWrite>) => Promise<void>;
}

/** A bucket with a rule of somebody else, `all`, and a function that S3 may invoke. */
async function world(signal = new AbortController().signal): Promise<World> {
  const clock = createManualClock();
  const sandbox = await startTestSandbox({ clock });
  await createPipeline(sandbox, BUCKET, PRINTING_HANDLERS.python);
  const aws = sandboxAws(sandbox, { clock, signal });
  const waits: string[] = [];
  const before = await getNotification(aws, BUCKET);
  const write = {
    bucket: BUCKET,
    owner: ACCOUNT,
    before,
    after: withRule(before, OURS),
    save: () => undefined,
  };
  sandbox.journal.clear();
  return {
    sandbox,
    aws,
    clock,
    waits,
    before,
    write,
    put: (changed) =>
      putNotification(
        { aws, clock, signal, onWait: (why, elapsed) => void waits.push(`${why} ${elapsed}`) },
        { ...write, ...changed },
      ),
  };
}

async function stored(sandbox: TestSandbox): Promise<NotificationDocument> {
  return documentOf(await sandbox.s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: BUCKET })));
}

async function overwrite(sandbox: TestSandbox, document: NotificationDocument): Promise<void> {
  await sandbox.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: BUCKET,
      NotificationConfiguration: configurationOf(document),
      SkipDestinationValidation: true,
    }),
  );
}

/** Lets time pass until the work is done. */
async function finish<T>(clock: ManualClock, work: Promise<T>): Promise<T> {
  let done = false;
  const ended = work.finally(() => (done = true)).catch(() => undefined);
  while (!done) {
    await Promise.race([clock.waitForSleeper(), ended]);
    await clock.advance(500);
  }
  return work;
}

async function failureOf(work: Promise<unknown>): Promise<S3evtError> {
  try {
    await work;
  } catch (error) {
    return error as S3evtError;
  }
  throw new Error('nothing was thrown');
}

function refusal(...arns: readonly string[]): FaultEffect {
  const members = arns.flatMap((arn, index) => [
    [`ArgumentName${index + 1}`, `${arn}, null`],
    [`ArgumentValue${index + 1}`, `Not authorized to invoke function [${arn}]`],
  ]);
  return {
    kind: 'error',
    status: 400,
    code: 'InvalidArgument',
    message: 'Unable to validate the following destination configurations',
    members: Object.fromEntries(members) as Record<string, string>,
  };
}

describe('a write', () => {
  test('puts, reads back, and leaves what is not its own as it was', async () => {
    const { sandbox, before, put } = await world();
    await overwrite(sandbox, { ...before, EventBridgeConfiguration: {} });
    const start = await stored(sandbox);
    sandbox.journal.clear();
    await put({ before: start, after: withRule(start, OURS) });
    expect(requests(sandbox).map(({ operation }) => operation)).toEqual([
      PUT,
      'GetBucketNotificationConfiguration',
    ]);
    const now = await stored(sandbox);
    expect(now.EventBridgeConfiguration).toEqual({});
    expect(withoutRule(now, 'ours')).toEqual(start);
  });

  test('names the account that must own the bucket: at the look, the put and the read back', async () => {
    const { aws, write, put } = await world();
    const seen: unknown[] = [];
    await intercept(aws, (next, { commandName }) => async (args) => {
      const { Bucket, ExpectedBucketOwner } = args.input as Record<string, unknown>;
      seen.push([commandName, Bucket, ExpectedBucketOwner]);
      return next(args);
    });
    await lookAgain(aws, write);
    await put();
    const look = ['GetBucketNotificationConfigurationCommand', BUCKET, ACCOUNT];
    expect(seen).toEqual([look, [`${PUT}Command`, BUCKET, ACCOUNT], look]);
  });

  test('to a bucket of another account is refused', async () => {
    const { aws, sandbox, write, put } = await world();
    const owner = '444455556666';
    expect(await failureOf(lookAgain(aws, { ...write, owner }))).toMatchObject({ code: 'ACCESS_DENIED' });
    expect(await failureOf(put({ owner }))).toMatchObject({ code: 'ACCESS_DENIED' });
    expect(await stored(sandbox)).toEqual(write.before);
  });

  test('never skips the validation of destinations', async () => {
    const { aws, put } = await world();
    const inputs: unknown[] = [];
    await intercept(aws, (next, { commandName }) => async (args) => {
      if (commandName === `${PUT}Command`) inputs.push(args.input);
      return next(args);
    });
    await put();
    expect(inputs).toHaveLength(1);
    expect(inputs[0]).not.toHaveProperty('SkipDestinationValidation');
  });
});

describe('the last look', () => {
  test('passes while the document is the same, in any order', async () => {
    const { aws, sandbox, write, before } = await world();
    await lookAgain(aws, write);
    const more = withRule(before, { ...OURS, id: 'other' });
    await overwrite(sandbox, more);
    const lists = more.LambdaFunctionConfigurations ?? [];
    await lookAgain(aws, { ...write, before: { LambdaFunctionConfigurations: [...lists].reverse() } });
  });

  test.each<[string, (before: NotificationDocument) => NotificationDocument]>([
    ['a rule came', (before) => withRule(before, { ...OURS, id: 'theirs' })],
    ['a rule went', (before) => withoutRule(before, 'all')],
    [
      'a rule changed',
      (before) => withRule(before, { ...OURS, id: 'all', events: ['s3:ObjectCreated:Put'] }),
    ],
    ['EventBridge was switched on', (before) => ({ ...before, EventBridgeConfiguration: {} })],
  ])('%s meanwhile: nothing is written', async (_, change) => {
    const { aws, sandbox, write, before } = await world();
    const theirs = change(before);
    await overwrite(sandbox, theirs);
    sandbox.journal.clear();
    const error = await failureOf(lookAgain(aws, write));
    expect(error).toMatchObject({ code: 'CONFIGURATION_CHANGED', exitCode: 5 });
    expect(error.message).toContain(BUCKET);
    expect(countOf(sandbox, PUT)).toBe(0);
    expect(await stored(sandbox)).toEqual(theirs);
  });
});

describe('the backup', () => {
  test('is written before the put, and holds what is replaced', async () => {
    const { sandbox, write, put } = await world();
    const root = folder();
    const at = '2026-01-02T03:04:05.678Z';
    const change = { bucket: BUCKET, account: ACCOUNT, region: 'us-east-1', at, command: 'init' };
    let puts = -1;
    await put({
      save() {
        puts = countOf(sandbox, PUT);
        saveBackup(root, change, write);
      },
    });
    expect(puts).toBe(0);
    const saved = join(root, '.s3evt/backups', BUCKET, '20260102T030405678Z-init');
    const read = (name: string): unknown => JSON.parse(readFileSync(join(saved, name), 'utf8'));
    expect(readdirSync(saved)).toHaveLength(3);
    expect([read('before.json'), read('after.json')]).toEqual([write.before, write.after]);
    // As a person would put it back by hand.
    await sandbox.s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: BUCKET,
        NotificationConfiguration: read('before.json') as NotificationConfiguration,
      }),
    );
    expect(await stored(sandbox)).toEqual(write.before);
  });

  test('that cannot be written: neither is the bucket', async () => {
    const { sandbox, write, put } = await world();
    const root = folder();
    writeFileSync(join(root, '.s3evt'), 'a file where the folder should be');
    const change = { bucket: BUCKET, account: ACCOUNT, region: 'us-east-1', at: '2026', command: 'init' };
    const error = await failureOf(put({ save: () => saveBackup(root, change, write) }));
    expect(error).toMatchObject({ code: 'FILE_UNWRITABLE', exitCode: 1 });
    expect(countOf(sandbox, PUT)).toBe(0);
    expect(await stored(sandbox)).toEqual(write.before);
  });
});

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 's3evt-test-'));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true });
  });
  return path;
}

describe('what passes by itself is tried again', () => {
  const busy: FaultEffect = {
    kind: 'error',
    status: 409,
    code: 'OperationAborted',
    message:
      'A conflicting conditional operation is currently in progress against this resource. Please try again.',
  };

  test('another change of the bucket that is under way', async () => {
    const { sandbox, clock, waits, write, put } = await world();
    sandbox.faults.add({ match: { operation: PUT }, effect: busy, times: 2 });
    await finish(clock, put());
    expect(waits).toEqual([
      'another change of the bucket is under way 0',
      expect.stringMatching(/^another change of the bucket is under way [1-9]/),
    ]);
    expect(countOf(sandbox, PUT)).toBe(3);
    expect(await stored(sandbox)).toEqual(write.after);
  });

  test('our own permission that S3 does not see yet', async () => {
    const { sandbox, clock, waits, write, put } = await world();
    sandbox.faults.add({ match: { operation: PUT }, effect: refusal(ARN), times: 3 });
    await finish(clock, put());
    expect(waits).toHaveLength(3);
    for (const why of waits) expect(why).toMatch(/^S3 does not see the new permission yet \d+$/);
    expect(countOf(sandbox, PUT)).toBe(4);
    expect(await stored(sandbox)).toEqual(write.after);
  });

  test('for a minute at most; then the destination is named', async () => {
    const { sandbox, clock, write, put } = await world();
    const start = clock.now();
    const rule = { ...OURS, destination: { kind: 'lambda', arn: `${ARN}-new` } } as const;
    sandbox.faults.add({ match: { operation: PUT }, effect: refusal(`${ARN}-new`) });
    const error = await failureOf(finish(clock, put({ after: withRule(write.before, rule) })));
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      exitCode: 1,
      aws: { name: 'InvalidArgument' },
    });
    expect(error.message).toContain(
      `rule "ours" for ${ARN}-new: Not authorized to invoke function [${ARN}-new]`,
    );
    expect(error.hint).toContain('policy admits s3.amazonaws.com');
    expect(clock.now() - start).toBeGreaterThan(50_000);
    expect(clock.now() - start).toBeLessThanOrEqual(61_000);
    expect(await stored(sandbox)).toEqual(write.before);
  });

  test('but not over what somebody wrote in the meantime', async () => {
    const { sandbox, clock, before, put } = await world();
    sandbox.faults.add({ match: { operation: PUT }, effect: busy, times: 1 });
    const work = put();
    work.catch(() => undefined);
    await clock.waitForSleeper();
    const theirs = { ...before, EventBridgeConfiguration: {} };
    await overwrite(sandbox, theirs);
    sandbox.journal.clear();
    expect(await failureOf(finish(clock, work))).toMatchObject({
      code: 'CONFIGURATION_CHANGED',
      exitCode: 5,
    });
    expect(countOf(sandbox, PUT)).toBe(0);
    expect(await stored(sandbox)).toEqual(theirs);
  });

  test('and not after an abort', async () => {
    const controller = new AbortController();
    const { sandbox, clock, put } = await world(controller.signal);
    sandbox.faults.add({ match: { operation: PUT }, effect: busy });
    const work = put();
    work.catch(() => undefined);
    await clock.waitForSleeper();
    controller.abort(new Error('interrupted'));
    await expect(work).rejects.toThrow('interrupted');
    expect(countOf(sandbox, PUT)).toBe(1);
  });

  test.each<[string, FaultEffect]>([
    ['denied', { kind: 'deny' }],
    [
      'a refusal that names no destination',
      { kind: 'error', status: 400, code: 'InvalidArgument', message: 'The ARN could not be parsed' },
    ],
    ['malformed', { kind: 'error', status: 400, code: 'MalformedXML', message: 'no' }],
  ])('anything else is not: %s', async (_, effect) => {
    const { sandbox, clock, put } = await world();
    sandbox.faults.add({ match: { operation: PUT }, effect });
    const error = await failureOf(put());
    expect(['ACCESS_DENIED', 'AWS_ERROR']).toContain(error.code);
    expect([countOf(sandbox, PUT), clock.sleepers]).toEqual([1, 0]);
  });
});

describe('a dead rule of somebody else', () => {
  test('is named at once, with its reason', async () => {
    const { sandbox, clock, waits, before, put } = await world();
    // `all` sends to a function that is gone; ours is another one.
    await createPipeline(sandbox, 'second', PRINTING_HANDLERS.node);
    const arn = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:second`;
    await sandbox.lambda.send(
      new AddPermissionCommand({
        FunctionName: 'second',
        StatementId: 'also',
        Action: 'lambda:InvokeFunction',
        Principal: 's3.amazonaws.com',
        SourceArn: `arn:aws:s3:::${BUCKET}`,
      }),
    );
    await sandbox.lambda.send(new DeleteFunctionCommand({ FunctionName: 'pipe' }));
    sandbox.journal.clear();
    const after = withRule(before, { ...OURS, destination: { kind: 'lambda', arn } });
    const error = await failureOf(put({ after }));
    expect(error).toMatchObject({ code: 'DESTINATION_REFUSED', exitCode: 1 });
    expect(error.message).toContain(`rule "all" for ${ARN}: Not authorized to invoke function [${ARN}]`);
    expect(error.message).not.toContain('"ours"');
    expect(error.hint).toContain('dead rule of somebody else');
    expect([countOf(sandbox, PUT), waits, clock.sleepers]).toEqual([1, [], 0]);
    expect(await stored(sandbox)).toEqual(before);
  });

  test('beside ours, which is not visible yet: nothing to wait for either', async () => {
    const { sandbox, waits, write, put } = await world();
    const fresh = `${ARN}-new`;
    sandbox.faults.add({ match: { operation: PUT }, effect: refusal(ARN, fresh) });
    const rule = { ...OURS, destination: { kind: 'lambda', arn: fresh } } as const;
    const error = await failureOf(put({ after: withRule(write.before, rule) }));
    expect(error.message).toContain(`rule "all" for ${ARN}`);
    expect(error.message).toContain(`rule "ours" for ${fresh}`);
    expect([countOf(sandbox, PUT), waits]).toEqual([1, []]);
  });
});

describe('the read back', () => {
  /** What a GET after the put answers, in turn; then the truth. */
  async function answer(aws: Aws, ...documents: readonly NotificationDocument[]): Promise<void> {
    const left = [...documents];
    await intercept(aws, (next, { commandName }) => async (args) => {
      const result = (await next(args)) as { output: { $metadata: unknown } };
      if (commandName !== 'GetBucketNotificationConfigurationCommand') return result;
      const document = left.shift();
      return document ? { ...result, output: { $metadata: result.output.$metadata, ...document } } : result;
    });
  }

  test('of another document: somebody wrote at the same time', async () => {
    const { aws, clock, before, put } = await world();
    await answer(aws, withRule(before, { ...OURS, id: 'theirs', filter: { prefix: 'x' } }));
    const error = await failureOf(put());
    expect(error).toMatchObject({ code: 'VERIFY_FAILED', exitCode: 5 });
    expect(error.hint).toContain('.s3evt/backups');
    expect(clock.sleepers).toBe(0);
  });

  test('of the former one: S3 needs a moment', async () => {
    const { aws, clock, waits, before, put } = await world();
    await answer(aws, before, before);
    await finish(clock, put());
    expect(waits).toHaveLength(2);
    expect(waits[0]).toBe('S3 still shows the former configuration 0');
  });

  test('but not for ever', async () => {
    const { aws, clock, before, put } = await world();
    const start = clock.now();
    await answer(aws, ...Array<NotificationDocument>(50).fill(before));
    expect(await failureOf(finish(clock, put()))).toMatchObject({ code: 'VERIFY_FAILED' });
    expect(clock.now() - start).toBeLessThanOrEqual(16_000);
  });
});

test('the codec: the document that the AWS CLI prints, and back', () => {
  const output = {
    $metadata: { httpStatusCode: 200 },
    TopicConfigurations: undefined,
    QueueConfigurations: [{ Id: 'q', QueueArn: 'arn', Events: ['s3:Brand:New'], Filter: undefined }],
    EventBridgeConfiguration: {},
  } as unknown as NotificationConfiguration;
  const document = documentOf(output);
  expect(document).toStrictEqual({
    QueueConfigurations: [{ Id: 'q', QueueArn: 'arn', Events: ['s3:Brand:New'] }],
    EventBridgeConfiguration: {},
  });
  const back = configurationOf(document);
  expect(back).toEqual(document);
  back.QueueConfigurations?.push({ QueueArn: 'x', Events: [] });
  expect(document.QueueConfigurations).toHaveLength(1);
});
