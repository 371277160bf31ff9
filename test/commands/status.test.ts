import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  CreateEventSourceMappingCommand,
  DeleteFunctionCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { SubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueUrlCommand, SendMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { StatusResult } from '../../src/commands/status.ts';
import {
  admitS3,
  foreignFunction,
  foreignQueue,
  foreignTopic,
  notificationOf,
  putNotification,
} from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { tooWide } from '../support/typing.ts';

const sandbox = shareSandbox();
const TERMINAL = { tty: { stdout: true, stderr: true } } as const;
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const HOSTILE_KEY = 'in/\u001b]0;pwned\u0007\u001b[31mred\u202e.jpg';

let cwd = '';
beforeEach(() => {
  cwd = temporaryFolder();
});

async function init(line: string): Promise<void> {
  const { code } = await runInitJson(`${line} --yes`, { endpoint: sandbox().url, cwd });
  expect(code).toBe(0);
}

async function status(line = '', options: CliOptions = {}) {
  const argv = ['status', ...line.split(' ').filter(Boolean), '--json'];
  const result = await runCli(argv, { endpoint: sandbox().url, cwd, ...options });
  const data: StatusResult = envelopeOf(result).data;
  return { ...result, envelope: envelopeOf(result), data };
}

/** As `status`, on a terminal of 80 columns. */
async function shown({ bucket, ...options }: CliOptions & { bucket?: string } = {}): Promise<string> {
  const run = startCli(['status', ...(bucket === undefined ? [] : [bucket])], {
    endpoint: sandbox().url,
    cwd,
    ...TERMINAL,
    ...options,
  });
  expect(await run.code).toBe(0);
  expect(tooWide(run)).toEqual([]);
  return run.stdout.plain;
}

async function upload(...keys: readonly string[]): Promise<void> {
  for (const Key of keys) {
    await sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'x' }));
    await sandbox().idle();
  }
}

test('rules, function, permission and the last events of each rule, newest first', async () => {
  await init('photos --function Demo-S3 --suffix .jpg,.png --id ours');
  await upload('1.jpg', '2.jpg', '3.jpg', 'a b.png', '4.jpg');
  const { code, stderr, envelope, data } = await status();
  expect([code, stderr]).toEqual([0, '']);
  expect(envelope).toMatchObject({ schemaVersion: 1, command: 'status', status: 'ok', error: null });
  const event = (key: string) => ({
    at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
    eventName: 'ObjectCreated:Put',
    key,
  });
  const rule = (id: string, suffix: string, keys: readonly string[]) => ({
    id,
    events: ['s3:ObjectCreated:*'],
    prefix: null,
    suffix,
    destination: { kind: 'lambda', arn: 'arn:aws:lambda:us-east-1:000000000000:function:Demo-S3' },
    owner: 's3evt',
    state: 'ok',
    fixes: [],
    function: { state: 'Active', runtime: 'python3.13', logGroup: '/aws/lambda/Demo-S3' },
    queue: null,
    topic: null,
    permission: 'allowed',
    lastEvents: keys.map(event),
    problems: [],
  });
  expect(data).toEqual({
    bucket: 'photos',
    account: '000000000000',
    region: 'us-east-1',
    rules: [rule('ours-jpg', '.jpg', ['4.jpg', '3.jpg', '2.jpg']), rule('ours-png', '.png', ['a b.png'])],
    eventBridge: false,
  });
  const text = await shown();
  for (const fact of [
    'photos  account 000000000000, us-east-1',
    '✔ ours-jpg\n    s3:ObjectCreated:* *.jpg → lambda Demo-S3\n',
    'Active, python3.13, permission allowed, /aws/lambda/Demo-S3',
  ])
    expect(text).toContain(fact);
  expect(text).toMatch(/\S+ ago {2}ObjectCreated:Put {2}4\.jpg\n/);
});

test('destinations of other kinds and rules of others are there too', async () => {
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  await foreignQueue(sandbox(), 'jobs');
  await putNotification(sandbox(), 'photos', {
    QueueConfigurations: [{ Id: 'jobs', QueueArn: QUEUE, Events: ['s3:ObjectRemoved:*'] }],
    EventBridgeConfiguration: {},
  });
  const { data } = await status('photos');
  expect(data).toMatchObject({
    eventBridge: true,
    rules: [
      {
        id: 'jobs',
        owner: 'others',
        state: 'ok',
        function: null,
        queue: { waiting: 1, inFlight: 0, deadLetters: null, readBy: [] },
        permission: 'allowed',
        lastEvents: null,
        problems: [],
      },
    ],
  });
  await init('photos --function Demo-S3');
  const text = await shown();
  expect(text).toContain('✔ jobs (not made by s3evt)\n    s3:ObjectRemoved:* * → sqs jobs');
  expect(text).toContain('• EventBridge receives every event of the bucket');
  expect(text).toContain('no event printed in the last 24 hours');
});

test("another bucket's events in the same log are not shown", async () => {
  await init('films --function Demo-S3');
  await init('photos --function Demo-S3');
  await sandbox().s3.send(new PutObjectCommand({ Bucket: 'films', Key: 'their.mp4', Body: 'x' }));
  await upload('our.jpg');
  const { data } = await status('photos');
  expect(data.rules[0]?.lastEvents?.map(({ key }) => key)).toEqual(['our.jpg']);
});

test('nothing is changed by looking', async () => {
  await init('photos --function Demo-S3');
  sandbox().journal.clear();
  await status();
  expect(writesOf(sandbox())).toEqual([]);
});

describe('queues and topics', () => {
  beforeEach(async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  });

  test('a queue: what waits, dead letters, and the function that polls it', async () => {
    const dead = await foreignQueue(sandbox(), 'jobs-dead');
    await foreignQueue(sandbox(), 'jobs', {
      RedrivePolicy: JSON.stringify({ deadLetterTargetArn: dead, maxReceiveCount: 3 }),
    });
    const mover = await foreignFunction(sandbox(), 'mover');
    const verbs = ['ReceiveMessage', 'DeleteMessage', 'GetQueueAttributes'];
    const statement = { Effect: 'Allow', Action: verbs.map((verb) => `sqs:${verb}`), Resource: QUEUE };
    await sandbox().iam.send(
      new PutRolePolicyCommand({
        RoleName: 'mover-execution',
        PolicyName: 'poll',
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
      }),
    );
    await sandbox().lambda.send(
      new CreateEventSourceMappingCommand({ FunctionName: 'mover', EventSourceArn: QUEUE, Enabled: false }),
    );
    await putNotification(sandbox(), 'photos', {
      QueueConfigurations: [{ Id: 'jobs', QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'] }],
    });
    const { QueueUrl } = await sandbox().sqs.send(new GetQueueUrlCommand({ QueueName: 'jobs-dead' }));
    await sandbox().sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: 'x' }));
    await sandbox().idle();
    // S3's test message is the one that waits.
    const queue = { waiting: 1, inFlight: 0, deadLetters: { arn: dead, waiting: 1 } };
    expect((await status('photos')).data.rules).toMatchObject([
      { state: 'ok', permission: 'allowed', queue: { ...queue, readBy: [{ function: mover }] }, topic: null },
    ]);
    const text = await shown({ bucket: 'photos' });
    expect(text).toContain('permission allowed, 1 waiting, 0 in flight, 1 dead letters in jobs-dead\n');
    expect(text).toContain('read by function mover (Disab');
  });

  test('a topic: its subscriptions, confirmed and pending; none confirmed is a problem', async () => {
    const TopicArn = await foreignTopic(sandbox(), 'news');
    await putNotification(sandbox(), 'photos', {
      TopicConfigurations: [{ Id: 'news', TopicArn, Events: ['s3:ObjectCreated:*'] }],
    });
    const subscribe = (Protocol: string, Endpoint: string) =>
      sandbox().sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
    await subscribe('email', 'who@example.com');
    const pending = { protocol: 'email', endpoint: 'who@example.com', confirmed: false };
    expect((await status('photos')).data.rules).toMatchObject([
      {
        state: 'ok',
        topic: { subscriptions: [pending] },
        problems: ['topic news has no confirmed subscription: nobody gets its events'],
      },
    ]);
    await foreignQueue(sandbox(), 'jobs');
    await subscribe('sqs', QUEUE);
    const [rule] = (await status('photos')).data.rules;
    expect(rule?.problems).toEqual([]);
    expect(rule?.topic?.subscriptions).toHaveLength(2);
    const text = await shown({ bucket: 'photos' });
    expect(text).toContain('→ email who@example.com (pending)');
    expect(text).toContain(`→ sqs ${QUEUE} (confirmed)`);
  });

  test.each([
    ['sqs', 'ListEventSourceMappings', { queue: { readBy: null } }],
    ['sqs', 'GetQueueAttributes', { queue: null, permission: 'unknown', state: 'unknown' }],
    ['sns', 'ListSubscriptionsByTopic', { topic: { subscriptions: null } }],
    ['sns', 'GetTopicAttributes', { topic: null, permission: 'unknown', state: 'unknown' }],
  ])('%s without the right to %s: unknown, not wrong', async (kind, operation, expected) => {
    const events = ['s3:ObjectCreated:*' as const];
    await putNotification(
      sandbox(),
      'photos',
      kind === 'sqs'
        ? { QueueConfigurations: [{ QueueArn: await foreignQueue(sandbox(), 'jobs'), Events: events }] }
        : { TopicConfigurations: [{ TopicArn: await foreignTopic(sandbox(), 'news'), Events: events }] },
    );
    sandbox().faults.add({ match: { operation }, effect: { kind: 'deny' } });
    const { code, data } = await status('photos');
    expect(code).toBe(0);
    expect(data.rules).toMatchObject([{ ...expected, problems: [] }]);
    await shown({ bucket: 'photos' });
  });
});

describe('problems are told', () => {
  test('the function is gone', async () => {
    await init('photos --function Demo-S3');
    await sandbox().lambda.send(new DeleteFunctionCommand({ FunctionName: 'Demo-S3' }));
    const { data } = await status();
    expect(data.rules[0]).toMatchObject({
      function: null,
      problems: ['function Demo-S3 does not exist'],
    });
    expect(await shown()).toMatch(
      /✖ Invoke-Lambda-NewObjects\n(?: {4}.*\n)* {4}function Demo-S3 does not exist\n/,
    );
  });

  test('the permission is gone', async () => {
    await init('photos --function Demo-S3');
    await sandbox().lambda.send(
      new RemovePermissionCommand({ FunctionName: 'Demo-S3', StatementId: 's3evt-photos' }),
    );
    const { data } = await status();
    expect(data.rules[0]).toMatchObject({
      permission: 'missing',
      problems: ['the policy of Demo-S3 does not let S3 invoke it for this bucket'],
    });
    expect(await shown()).toContain('permission missing');
  });

  test("an alias is judged by its own policy, not by the function's", async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    await foreignFunction(sandbox(), 'thumbs', 'live');
    await init('photos --function thumbs:live');
    expect((await status()).data.rules[0]).toMatchObject({ permission: 'allowed', problems: [] });
    const statement = { FunctionName: 'thumbs', Qualifier: 'live', StatementId: 's3evt-photos' };
    await sandbox().lambda.send(new RemovePermissionCommand(statement));
    await admitS3(sandbox(), 'thumbs');
    expect((await status()).data.rules[0]).toMatchObject({ permission: 'missing' });
  });

  test('the function is still Pending', async () => {
    const slow = await startTestSandbox({ functionActivationMs: 3_600_000 });
    await slow.s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    const LambdaFunctionArn = await foreignFunction(slow, 'thumbs');
    await admitS3(slow, 'thumbs');
    await putNotification(slow, 'photos', {
      LambdaFunctionConfigurations: [{ Id: 'r', LambdaFunctionArn, Events: ['s3:ObjectCreated:*'] }],
    });
    const { data } = await status('photos', { endpoint: slow.url });
    expect(data.rules[0]?.function?.state).toBe('Pending');
    expect(data.rules[0]?.problems).toEqual([
      expect.stringMatching(/^function thumbs is Pending: .*being created/),
    ]);
  });

  test('the function has Failed, and why', async () => {
    await init('photos --function Demo-S3');
    const endpoint = await altered(sandbox().url, (text) =>
      text.replace('"State":"Active"', '"State":"Failed","StateReason":"The key\\u001b[2J is disabled"'),
    );
    const { data } = await status('', { endpoint });
    expect(data.rules[0]).toMatchObject({
      function: { state: 'Failed' },
      problems: ['function Demo-S3 is Failed: The key\u001b[2J is disabled'],
    });
    expect(await shown({ endpoint })).toContain('function Demo-S3 is Failed: The key is disabled');
  });
});

/** The sandbox behind an endpoint that answers `alter` of what it said: states that it never gets into by itself. */
async function altered(url: string, alter: (text: string) => string): Promise<string> {
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const headers = Object.fromEntries(
        ['authorization', 'content-type', 'x-amz-target', 'x-amz-date'].flatMap((name) => {
          const value = request.headers[name];
          return typeof value === 'string' ? [[name, value]] : [];
        }),
      );
      const { method = 'GET' } = request;
      const body = method === 'GET' || method === 'HEAD' ? {} : { body: Buffer.concat(chunks) };
      const answer = await fetch(new URL(request.url ?? '/', url), { method, headers, ...body });
      const type = answer.headers.get('content-type') ?? 'application/json';
      response.writeHead(answer.status, { 'content-type': type });
      response.end(alter(await answer.text()));
    })();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('what may not be read is unknown, not wrong', () => {
  test.each([
    ['logs', 'FilterLogEvents', { lastEvents: null, permission: 'allowed', function: { state: 'Active' } }],
    ['lambda', 'GetPolicy', { permission: 'unknown', lastEvents: [] }],
    ['lambda', 'GetFunction', { function: null, permission: 'allowed', lastEvents: [] }],
  ])('%s %s', async (service, operation, expected) => {
    await init('photos --function Demo-S3');
    sandbox().faults.add({ match: { service, operation }, effect: { kind: 'deny' } });
    const { code, data } = await status();
    expect(code).toBe(0);
    expect(data.rules[0]).toMatchObject({ ...expected, problems: [] });
    if (operation === 'FilterLogEvents')
      expect(await shown()).toContain('last events unknown: the log cannot be read');
  });
});

test('keys of others cannot steer the terminal; JSON has them escaped and unchanged', async () => {
  await init('photos --function Demo-S3');
  await upload(HOSTILE_KEY);
  const run = startCli(['status'], { endpoint: sandbox().url, cwd, ...TERMINAL });
  await run.code;
  expect(run.stdout.plain).toContain('in/red.jpg');
  for (const poison of ['\u001b]', '\u0007', '\u001b[31m', '\u202e'])
    expect(run.stdout.text).not.toContain(poison);
  const { stdout, data } = await status();
  expect(stdout).toMatch(/^[\u0020-\u007e]+\n$/);
  expect(data.rules[0]?.lastEvents?.[0]?.key).toBe(HOSTILE_KEY);
});

describe('which bucket', () => {
  test('none is a mistake that names the flag', async () => {
    const { code, envelope } = await status();
    expect([code, envelope.error?.code]).toEqual([2, 'INPUT_REQUIRED']);
    expect(envelope.error?.hint).toContain('--bucket NAME');
  });

  test('one that does not exist gets a suggestion', async () => {
    await init('photos --function Demo-S3');
    const { code, envelope } = await status('photo');
    expect(code).toBe(1);
    expect(envelope.error).toMatchObject({ code: 'NOT_FOUND', hint: 'Did you mean photos?' });
  });

  test('one without rules says so', async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    expect((await status('photos')).data).toMatchObject({ rules: [], eventBridge: false });
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
    const { stdout } = await runCli(['status', 'photos'], { endpoint: sandbox().url });
    expect(stdout).toContain('no rules for functions, queues or topics');
  });
});
