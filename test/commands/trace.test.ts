/** One object's way through the real command, on the sandbox: with one function for all. */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  AddPermissionCommand,
  CreateEventSourceMappingCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type NotificationConfiguration,
} from '@aws-sdk/client-s3';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TraceResult } from '../../src/commands/trace.ts';
import type { Clock } from '../../src/core/clock.ts';
import { systemClock } from '../../src/sandbox/clock.ts';
import { foreignQueue, putNotification } from '../support/foreign.ts';
import { zipOf } from '../support/function-code.ts';
import { createFunction } from '../support/pipeline.ts';
import { requestsOf, writesOf } from '../support/journal.ts';
import { envelopeOf, runCli } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

const ACCOUNT = '000000000000';
const FN = `arn:aws:lambda:us-east-1:${ACCOUNT}:function:reader`;

/** Lambda's minutes between two attempts pass at once; its shorter waits are as they are. */
const hurried: Clock = {
  now: () => systemClock.now(),
  sleep: (ms, signal) => systemClock.sleep(ms === 60_000 || ms === 120_000 ? 0 : ms, signal),
};

let sandbox: TestSandbox;
let made = 0;

beforeAll(async () => {
  sandbox = await startTestSandbox({ clock: hurried });
  await createFunction(sandbox, 'reader', {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: {
      ZipFile: zipOf(
        'app.mjs',
        `export const handler = async (event) => {
          console.log(JSON.stringify(event));
          if (JSON.stringify(event).includes('poison')) throw new RangeError('cannot read it');
        };`,
      ),
    },
  });
  const PolicyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['sqs:*', 's3:GetObject'], Resource: '*' }],
  });
  await sandbox.iam.send(
    new PutRolePolicyCommand({ RoleName: 'reader-role', PolicyName: 'read', PolicyDocument }),
  );
});
afterAll(() => sandbox.close());

async function admit(service: 's3' | 'events', StatementId: string, SourceArn: string): Promise<void> {
  await sandbox.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'reader',
      StatementId,
      Action: 'lambda:InvokeFunction',
      Principal: `${service}.amazonaws.com`,
      SourceArn,
      ...(service === 's3' ? { SourceAccount: ACCOUNT } : {}),
    }),
  );
}

/** A bucket whose events the function may get. */
async function bucket(configuration: NotificationConfiguration, versioned = false): Promise<string> {
  const Bucket = `bucket-${++made}`;
  await sandbox.s3.send(new CreateBucketCommand({ Bucket }));
  if (versioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await sandbox.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
  }
  await admit('s3', Bucket, `arn:aws:s3:::${Bucket}`);
  await putNotification(sandbox, Bucket, configuration);
  return Bucket;
}

const toFunction = (Prefix = ''): NotificationConfiguration => ({
  LambdaFunctionConfigurations: [
    {
      Id: 'all',
      LambdaFunctionArn: FN,
      Events: ['s3:ObjectCreated:*'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: Prefix }] } },
    },
  ],
});

async function put(Bucket: string, Key: string): Promise<string | undefined> {
  const { $metadata } = await sandbox.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
  await sandbox.idle();
  return $metadata.requestId;
}

async function trace(Bucket: string, key: string, ...flags: readonly string[]) {
  const result = await runCli(['trace', key, '--bucket', Bucket, '--json', ...flags], {
    endpoint: sandbox.url,
  });
  const envelope = envelopeOf(result);
  const data: TraceResult = envelope.data;
  return { ...result, data, envelope };
}

const statesOf = ({ data }: { readonly data: TraceResult }) =>
  data.ways.map(({ hops }) => hops.map(({ hop, state }) => `${hop} ${state}`));

const ALL_WELL = ['object', 'rule', 'permission', 'delivery', 'invocation', 'outcome', 'logs'].map(
  (hop) => `${hop} ok`,
);

describe('a function', () => {
  test('got the event: every hop with its ids, nothing written', async () => {
    const name = await bucket(toFunction(), true);
    const requestId = await put(name, 'a b.jpg');
    sandbox.journal.clear();
    const result = await trace(name, 'a b.jpg');
    expect(result, result.stdout).toMatchObject({ code: 0, envelope: { status: 'ok' } });
    expect(writesOf(sandbox)).toEqual([]);
    expect(statesOf(result)).toEqual([ALL_WELL]);
    const [way] = result.data.ways;
    expect(way).toMatchObject({
      ruleId: 'all',
      eventRule: null,
      destination: { kind: 'lambda', arn: FN },
      through: [],
    });
    const [object, , , delivery, invocation] = way?.hops ?? [];
    expect(object?.ids.requestId).toBe(requestId);
    expect(delivery?.ids).toEqual({
      ...object?.ids,
      configurationId: 'all',
      invocation: invocation?.ids.invocation,
      logStream: invocation?.ids.logStream,
    });
    expect(delivery?.ids.versionId).toBe(result.data.object.versionId);
    expect(result.data).toMatchObject({
      verdict: 'ok',
      rootCause: null,
      object: { state: 'there', size: 1, events: ['s3:ObjectCreated:Put'], requestId },
      notes: [],
      otherWrites: [],
    });
  });

  test('two writes of one key are kept apart; the older one by its version', async () => {
    const name = await bucket(toFunction(), true);
    const first = await put(name, 'k');
    const older = (await trace(name, 'k')).data.object.versionId ?? '';
    const second = await put(name, 'k');
    const newest = await trace(name, 'k');
    expect(newest.data.object.requestId).toBe(second);
    expect(newest.data.otherWrites).toMatchObject([{ versionId: older, requestId: first }]);
    expect(newest.data.notes.map(({ kind }) => kind)).toEqual(['two-writes']);
    const old = await trace(name, 'k', '--version-id', older);
    expect(old.data.object).toMatchObject({ versionId: older, requestId: first });
    expect(statesOf(old)).toEqual([ALL_WELL]);
  });

  test('what is no version id is told as what it may be', async () => {
    const name = await bucket(toFunction(), true);
    await put(name, 'k');
    const { data } = await trace(name, 'k', '--version-id', 'zzz');
    expect(data.object.state).toBe('unknown');
    expect(JSON.stringify(data)).toContain('\\"zzz\\" may be no version id');
  });

  test('of a deleted object: the delete marker is the newest write, which the rule does not take', async () => {
    const name = await bucket(toFunction(), true);
    await put(name, 'k');
    await sandbox.s3.send(new DeleteObjectCommand({ Bucket: name, Key: 'k' }));
    const result = await trace(name, 'k');
    expect(result.code).toBe(3);
    expect(result.data.object).toMatchObject({
      state: 'deleted',
      events: ['s3:ObjectRemoved:DeleteMarkerCreated'],
    });
    expect(result.data.ways[0]?.hops[1]).toMatchObject({
      state: 'broken',
      detail: 'it takes s3:ObjectCreated:*, not ObjectRemoved:DeleteMarkerCreated',
    });
  });

  test('that got it twice, since S3 delivers at least once: a duplicate, and no harm done', async () => {
    const name = await bucket(toFunction());
    const lift = sandbox.faults.add({ match: { bucket: name }, effect: { kind: 'duplicate' } });
    await put(name, 'k');
    lift();
    const result = await trace(name, 'k');
    expect(result.code, result.stdout).toBe(0);
    const ran = result.data.ways[0]?.hops.filter(({ hop }) => hop === 'invocation') ?? [];
    expect(new Set(ran.map(({ ids }) => ids.invocation)).size).toBe(2);
    expect(result.data.notes.map(({ kind }) => kind)).toEqual(['duplicate']);
  });

  test('whose log may not be read: unknown, exit 4', async () => {
    const name = await bucket(toFunction());
    await put(name, 'k');
    const lift = sandbox.faults.add({ match: { operation: 'FilterLogEvents' }, effect: { kind: 'deny' } });
    const result = await trace(name, 'k');
    lift();
    expect(result.code, result.stdout).toBe(4);
    expect(result.data).toMatchObject({ verdict: 'unknown', notRead: [{ action: 'logs:FilterLogEvents' }] });
  });

  test('that failed: attempts and the error', async () => {
    const name = await bucket(toFunction());
    const attempts = (count: number) =>
      sandbox.journal.waitFor((entry) => entry.type === 'invocation' && entry.attempt === count);
    sandbox.journal.clear();
    await put(name, 'poison');
    await attempts(3);
    await sandbox.idle();
    const result = await trace(name, 'poison');
    expect(result.code, result.stdout).toBe(3);
    const [way] = result.data.ways;
    expect(statesOf(result)).toEqual([ALL_WELL.map((hop) => hop.replace('outcome ok', 'outcome broken'))]);
    expect(way?.hops.find(({ hop }) => hop === 'invocation')?.detail).toMatch(
      /^3 attempts with one request id/,
    );
    expect(way?.hops.find(({ hop }) => hop === 'outcome')).toMatchObject({
      title: 'failed: RangeError',
      detail: 'cannot read it; attempt 3 of 3: Lambda has given it up',
    });
    expect(result.data.notes).toMatchObject([
      { kind: 'retry', text: expect.stringContaining('3 times') as string },
    ]);
  });

  test('that S3 may not invoke any more: permission broken, the rest skipped', async () => {
    const name = await bucket(toFunction());
    await sandbox.lambda.send(new RemovePermissionCommand({ FunctionName: 'reader', StatementId: name }));
    await put(name, 'k');
    const result = await trace(name, 'k');
    expect(result.code).toBe(3);
    expect(statesOf(result)).toEqual([
      [
        'object ok',
        'rule ok',
        'permission broken',
        'delivery skipped',
        'invocation skipped',
        'outcome skipped',
        'logs skipped',
      ],
    ]);
    expect(result.data).toMatchObject({
      verdict: 'broken',
      rootCause: expect.stringMatching(/^lambda-permission-/) as string,
    });
    const human = await runCli(['trace', 'k', '--bucket', name], {
      endpoint: sandbox.url,
      tty: { stdout: true },
      columns: 80,
    });
    expect(human.stdout).toContain('S3 cannot send to function reader');
    const prose = human.stdout.split('\n').filter((line) => !line.trimStart().startsWith('$ '));
    expect(prose.filter((line) => line.length > 80)).toEqual([]);
  });
});

test('a key that no rule takes: the nearest rule, and why not', async () => {
  const name = await bucket(toFunction('in/'));
  await put(name, 'In/a.jpg');
  const result = await trace(name, 'In/a.jpg');
  expect(result.code).toBe(3);
  expect(result.data.ways).toMatchObject([{ ruleId: 'all', verdict: 'broken' }]);
  expect(result.data.ways[0]?.hops.slice(0, 3)).toMatchObject([
    { hop: 'object', state: 'ok' },
    {
      hop: 'rule',
      state: 'broken',
      title: 'rule all does not take it',
      detail: 'the key does not begin with "in/", except for upper and lower case',
    },
    { hop: 'permission', state: 'skipped' },
  ]);
  const plain = await runCli(['trace', 'In/a.jpg', '--bucket', name], { endpoint: sandbox.url });
  expect(plain.stdout).toMatch(/^verdict\tbroken\t/);
  expect(plain.stdout).toContain('\nall\trule\tbroken\t\trule all does not take it\t');
});

test('no such object: its nearest key, and nothing after it', async () => {
  const name = await bucket(toFunction());
  await put(name, 'in/Trip.jpg');
  const result = await trace(name, 'in/trip.jpg');
  expect(result.code).toBe(3);
  expect(result.data.object).toMatchObject({ state: 'missing', near: ['in/Trip.jpg'] });
  expect(statesOf(result)[0]?.slice(0, 3)).toEqual(['object broken', 'rule ok', 'permission skipped']);
});

describe('a queue', () => {
  test('with a function behind it', async () => {
    const jobs = await foreignQueue(sandbox, 'jobs');
    await sandbox.lambda.send(
      new CreateEventSourceMappingCommand({ FunctionName: 'reader', EventSourceArn: jobs }),
    );
    const name = await bucket({
      QueueConfigurations: [{ Id: 'jobs', QueueArn: jobs, Events: ['s3:ObjectCreated:*'] }],
    });
    const ran = sandbox.journal.waitFor(
      (entry) => entry.type === 'invocation' && JSON.stringify(entry).includes('reader'),
    );
    await put(name, 'k');
    await ran;
    // The message may come after the test event's own, in a batch of its own.
    await expect
      .poll(async () => statesOf(await trace(name, 'k')), { timeout: 10_000, interval: 200 })
      .toEqual([
        [
          'object ok',
          'rule ok',
          'permission ok',
          'delivery ok',
          'delivery ok',
          'invocation ok',
          'outcome ok',
          'logs ok',
        ],
      ]);
    const { data, code } = await trace(name, 'k');
    expect(code).toBe(0);
    expect(data.ways).toMatchObject([
      { ruleId: 'jobs', destination: { kind: 'sqs', arn: jobs }, through: [FN] },
    ]);
  });

  test('that nobody reads may hold it: not seen is unknown, and never "not delivered"', async () => {
    const alone = await foreignQueue(sandbox, 'alone');
    const name = await bucket({
      QueueConfigurations: [{ Id: 'alone', QueueArn: alone, Events: ['s3:ObjectCreated:*'] }],
    });
    await put(name, 'k');
    const { data, code } = await trace(name, 'k');
    expect(code).toBe(3);
    expect(data.ways[0]?.hops.filter(({ hop }) => hop === 'delivery')[0]).toMatchObject({
      state: 'unknown',
      detail: expect.stringContaining('one of them may be this event') as string,
    });
  });

  test('for dead letters is named as one that may hold the event', async () => {
    const graveyard = `arn:aws:sqs:us-east-1:${ACCOUNT}:graveyard`;
    await sandbox.sqs.send(new CreateQueueCommand({ QueueName: 'graveyard' }));
    await sandbox.lambda.send(
      new PutFunctionEventInvokeConfigCommand({
        FunctionName: 'reader',
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: graveyard } },
      }),
    );
    const name = await bucket(toFunction());
    await put(name, 'poison');
    const { data } = await trace(name, 'poison');
    expect(data.ways[0]?.deadLetters).toEqual([{ arn: graveyard, waiting: 1 }]);
    expect(data.notes).toMatchObject([
      { kind: 'dead-letter', text: expect.stringContaining('it may hold this event') as string },
    ]);
  });
});

test('an event rule with a function: by EventBridge, and apart from one that does not fit', async () => {
  const name = await bucket({ EventBridgeConfiguration: {} });
  const pattern = (prefix: string) =>
    JSON.stringify({
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: [name] }, object: { key: [{ prefix }] } },
    });
  for (const [Name, prefix] of [
    ['images', 'in/'],
    ['others', 'out/'],
  ] as const) {
    const { RuleArn = '' } = await sandbox.events.send(
      new PutRuleCommand({ Name, EventPattern: pattern(prefix) }),
    );
    await sandbox.events.send(new PutTargetsCommand({ Rule: Name, Targets: [{ Id: 'fn', Arn: FN }] }));
    await admit('events', `${Name}-events`, RuleArn);
  }
  await put(name, 'in/k');
  const result = await trace(name, 'in/k');
  expect(result, result.stdout).toMatchObject({ code: 0 });
  expect(statesOf(result)).toEqual([ALL_WELL]);
  expect(result.data.ways).toMatchObject([
    { ruleId: null, eventRule: `arn:aws:events:us-east-1:${ACCOUNT}:rule/images`, destination: { arn: FN } },
  ]);
  const none = await trace(name, 'elsewhere/k');
  expect(none.code).toBe(3);
});

test('an empty key is a mistake, noticed before any call', async () => {
  sandbox.journal.clear();
  const result = await runCli(['trace', '', '--bucket', 'b', '--json'], { endpoint: sandbox.url });
  expect(result.code).toBe(2);
  expect(envelopeOf(result).error).toMatchObject({ code: 'USAGE' });
  expect(requestsOf(sandbox)).toEqual([]);
});
