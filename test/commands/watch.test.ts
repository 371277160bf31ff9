/** `watch`: what it makes, what it shows, and that nothing of it is left. */
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { PutRuleCommand } from '@aws-sdk/client-eventbridge';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketNotificationConfigurationCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, SetTopicAttributesCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  ListQueuesCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/sandbox/clock.ts';
import { notificationOf, putNotification } from '../support/foreign.ts';
import { writesOf } from '../support/journal.ts';
import { runCli, startCli, temporaryFolder, type CliOptions, type CliRun } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { eventsOf, itemsOf, NOTHING, remains, tapMade, watching } from '../support/taps.ts';

const sandbox = shareSandbox();
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alerts';
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

const options = (more: CliOptions = {}): CliOptions => ({ endpoint: sandbox().url, cwd, ...more });
const start = (...flags: readonly string[]) => startCli(['watch', 'photos', '--json', ...flags], options());
const put = (Key: string, Body = 'x') =>
  sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key, Body }));
const bridgeOn = () => putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });

async function topicRule(): Promise<void> {
  await sandbox().sns.send(new CreateTopicCommand({ Name: 'alerts' }));
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Principal: { Service: 's3.amazonaws.com' }, Action: 'sns:Publish', Resource: TOPIC },
    ],
  });
  await sandbox().sns.send(
    new SetTopicAttributesCommand({ TopicArn: TOPIC, AttributeName: 'Policy', AttributeValue: Policy }),
  );
  await putNotification(sandbox(), 'photos', {
    TopicConfigurations: [{ Id: 'alerts', TopicArn: TOPIC, Events: ['s3:ObjectCreated:*'] }],
  });
}

/** A queue of somebody's as the only destination of the bucket. */
async function queueRule(): Promise<string | undefined> {
  const Policy = JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: QUEUE,
      },
    ],
  });
  const { QueueUrl } = await sandbox().sqs.send(
    new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy } }),
  );
  await putNotification(sandbox(), 'photos', {
    QueueConfigurations: [{ Id: 'jobs', QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'] }],
  });
  return QueueUrl;
}

async function interrupted(run: CliRun): Promise<number> {
  run.interrupt();
  return run.code;
}

describe('with EventBridge on', () => {
  test('a rule and a queue of its own: shown, tagged, limited in time, and gone at the end', async () => {
    await bridgeOn();
    sandbox().journal.clear();
    const run = start('--ttl', '10m', '--limit', '2');
    await watching(run);
    const [name = ''] = (await remains(sandbox())).queues;
    expect(name).toMatch(/^s3evt-tap-[0-9a-f]{8}-\d{10}$/);
    const made = await tapMade(sandbox(), name);
    expect(made.queueTags).toEqual({ 'created-by': 's3evt' });
    expect(made.ruleTags).toEqual([{ Key: 'created-by', Value: 's3evt' }]);
    expect(made.attributes['MessageRetentionPeriod']).toBe('600');
    expect(made.targets.map(({ Arn }) => Arn)).toEqual([made.attributes['QueueArn']]);
    const expiry = new Date(Number(name.split('-').at(-1)) * 1000).toISOString();
    expect(JSON.parse(made.attributes['Policy'] ?? '')).toMatchObject({
      Statement: [
        {
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Condition: {
            ArnEquals: { 'aws:SourceArn': made.rule.Arn },
            DateLessThan: { 'aws:CurrentTime': expiry },
          },
        },
      ],
    });
    await put('in/a b+ü.jpg', 'four');
    await sandbox().s3.send(new DeleteObjectCommand({ Bucket: 'photos', Key: 'in/a b+ü.jpg' }));
    expect(await run.code).toBe(0);
    const items = itemsOf(run.stdout.text);
    expect(items.map((item) => (item.type === 'state' ? item.state : item.type))).toEqual([
      'opening',
      'watching',
      'event',
      'event',
      'ended',
    ]);
    expect(items[0]).toMatchObject({ via: 'eventbridge', creates: [expect.any(String), expect.any(String)] });
    expect(eventsOf(run.stdout.text).map(({ record, mark, via }) => ({ record, mark, via }))).toMatchObject([
      {
        record: { eventName: 'ObjectCreated:Put', bucket: 'photos', key: 'in/a b+ü.jpg', size: 4 },
        mark: null,
        via: 'eventbridge',
      },
      { record: { eventName: 'ObjectRemoved:Delete', key: 'in/a b+ü.jpg', size: null }, mark: null },
    ]);
    expect(await remains(sandbox())).toEqual(NOTHING);
    expect(writesOf(sandbox())).not.toContain('s3.PutBucketNotificationConfiguration');
  });

  test('Ctrl-C ends it with 0 and leaves nothing; people get one line for an event', async () => {
    await bridgeOn();
    const run = startCli(['watch', 'photos'], options());
    await run.stderr.until(({ text }) => text.includes('Ctrl-C ends'));
    await put('a.txt', 'four');
    await run.stdout.until(({ text }) => text.includes('photos/a.txt'));
    expect(await interrupted(run)).toBe(0);
    expect(run.stdout.plain).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}ObjectCreated:Put {2}photos\/a\.txt {2}4 B {2}\S+ old\n$/,
    );
    expect(run.stderr.plain).toContain('a temporary queue s3evt-tap-');
    expect(await remains(sandbox())).toEqual(NOTHING);
  });

  test('only what is asked for', async () => {
    await bridgeOn();
    const run = start('--event', 'create', '--key', 'in/*.jpg', '--limit', '1');
    await watching(run);
    await put('in/a.txt');
    await put('out/a.jpg');
    await put('in/a.jpg');
    expect(await run.code).toBe(0);
    expect(eventsOf(run.stdout.text).map(({ record }) => record.key)).toEqual(['in/a.jpg']);
  });

  test('--timeout ends it with 0', async () => {
    await bridgeOn();
    const run = start('--timeout', '100ms');
    expect(await run.code).toBe(0);
    expect(itemsOf(run.stdout.text).at(-1)).toMatchObject({ state: 'ended', reason: 'timeout', shown: 0 });
    expect(await remains(sandbox())).toEqual(NOTHING);
  });

  test('what cannot be removed is named; the rest is gone', async () => {
    await bridgeOn();
    const run = start();
    await watching(run);
    sandbox().faults.add({ match: { operation: 'DeleteRule' }, effect: { kind: 'deny' } });
    expect(await interrupted(run)).toBe(0);
    const { rules, queues } = await remains(sandbox());
    expect([rules.length, queues.length]).toEqual([1, 0]);
    expect(run.stdout.text).toContain('"code":"TAP_LEFT"');
    expect(run.stdout.text).toContain(`the rule ${rules[0] ?? ''} is left`);
  });
});

describe('with a topic', () => {
  test('a subscription of its own, and no change of the bucket', async () => {
    await topicRule();
    const before = await notificationOf(sandbox(), 'photos');
    const run = start('--limit', '1');
    await watching(run);
    const { subscriptions, rules, queues } = await remains(sandbox());
    expect({ subscriptions, rules }).toEqual({ subscriptions: queues, rules: [] });
    await put('a b.txt', 'four');
    expect(await run.code).toBe(0);
    expect(eventsOf(run.stdout.text)).toMatchObject([
      { via: 'topic', record: { key: 'a b.txt', rawKey: 'a+b.txt', configurationId: 'alerts', size: 4 } },
    ]);
    expect(await remains(sandbox())).toEqual(NOTHING);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test("somebody's subscriptions stay", async () => {
    await topicRule();
    await sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));
    await sandbox().sns.send(new SubscribeCommand({ TopicArn: TOPIC, Protocol: 'sqs', Endpoint: QUEUE }));
    const run = start();
    await watching(run);
    expect(await interrupted(run)).toBe(0);
    expect(await remains(sandbox())).toEqual({ queues: ['jobs'], rules: [], subscriptions: ['jobs'] });
  });
});

describe('duplicates and order', () => {
  test('an event that comes twice is marked, and one that comes after a later one of its key', async () => {
    await topicRule();
    const run = start('--limit', '4');
    await watching(run);
    sandbox().faults.add({ match: {}, effect: { kind: 'duplicate' }, times: 1 });
    await put('a.txt');
    await run.stdout.until(({ text }) => eventsOf(text).length === 2);
    // The older one of two writes is let go when the younger one has arrived.
    sandbox().faults.add({ match: {}, effect: { kind: 'late-events', ms: 1_000 }, times: 1 });
    await put('b.txt');
    await put('b.txt');
    expect(await run.code).toBe(0);
    expect(eventsOf(run.stdout.text).map(({ record, mark }) => [record.key, mark])).toEqual([
      ['a.txt', null],
      ['a.txt', 'duplicate'],
      ['b.txt', null],
      ['b.txt', 'out-of-order'],
    ]);
  });
});

describe('with neither', () => {
  test('the bucket is not touched without consent', async () => {
    await queueRule();
    sandbox().journal.clear();
    const run = start();
    expect(await run.code).toBe(2);
    expect(run.stdout.text).toContain('CONFIRMATION_REQUIRED');
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('with --yes EventBridge is turned on, and off again; no consumer notices', async () => {
    const QueueUrl = await queueRule();
    const receive = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
    // The test event of the rule's own making.
    expect((await sandbox().sqs.send(receive)).Messages).toHaveLength(1);
    const before = await notificationOf(sandbox(), 'photos');
    const run = start('--yes', '--event', 'create', '--limit', '1');
    await watching(run);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ ...before, EventBridgeConfiguration: {} });
    await put('a.txt');
    expect(await run.code).toBe(0);
    expect(eventsOf(run.stdout.text)).toMatchObject([
      { via: 'enable-eventbridge', record: { key: 'a.txt' } },
    ]);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
    const { Messages = [] } = await sandbox().sqs.send(receive);
    expect(Messages.map(({ Body = '' }) => Body.includes('s3:TestEvent'))).toEqual([false]);
    // What the tap put and took back is nothing to undo.
    const undo = await runCli(['undo', '--bucket', 'photos', '--yes', '--json'], options());
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
    expect(undo.code).not.toBe(0);
  });

  test('rules that somebody changed meanwhile stay, and it is off again', async () => {
    await queueRule();
    const run = start('--yes');
    await watching(run);
    await sandbox().sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    const TopicConfigurations = [{ Id: 'alerts', TopicArn: TOPIC, Events: ['s3:ObjectCreated:*' as const] }];
    await sandbox().s3.send(
      new PutBucketNotificationConfigurationCommand({
        Bucket: 'photos',
        SkipDestinationValidation: true,
        NotificationConfiguration: { EventBridgeConfiguration: {}, TopicConfigurations },
      }),
    );
    expect(await interrupted(run)).toBe(0);
    expect(run.stdout.text).not.toContain('TAP_LEFT');
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ TopicConfigurations });
    expect(readdirSync(join(cwd, 'state', 's3evt', 'taps'))).toEqual([]);
    // What was there right before the write, not what the tap had found.
    const folder = join(cwd, '.s3evt/backups/photos');
    const newest = readdirSync(folder).sort().at(-1) ?? '';
    const saved: unknown = JSON.parse(readFileSync(join(folder, newest, 'before.json'), 'utf8'));
    expect(saved).toEqual({ EventBridgeConfiguration: {}, TopicConfigurations });
  });

  test('it stays on for a rule of the default bus that takes its events, and the command shown turns it off', async () => {
    await queueRule();
    const before = await notificationOf(sandbox(), 'photos');
    const run = start('--yes');
    await watching(run);
    const ruleFor = (bucket: string) =>
      JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: [bucket] } } });
    for (const [Name, bucket] of Object.entries({ resize: 'photos', other: 'films' })) {
      await sandbox().events.send(new PutRuleCommand({ Name, EventPattern: ruleFor(bucket) }));
    }
    expect(await interrupted(run)).toBe(0);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ ...before, EventBridgeConfiguration: {} });
    // From now on it is the rule's owner's.
    expect(readdirSync(join(cwd, 'state', 's3evt', 'taps'))).toEqual([]);
    const warnings = run.stdout.text.split('\n').filter((line) => line.includes('"TAP_LEFT"'));
    const messages = warnings.map((line) => (JSON.parse(line) as { readonly message: string }).message);
    const apply = 's3evt apply - --prune --yes';
    const list = 's3evt ls photos --json';
    expect(messages).toEqual([
      `EventBridge of photos is left on: rule resize of the default event bus takes its events; to turn it off: ${list} | sed 's/"eventBridge":true/"eventBridge":false/' | ${apply}`,
    ]);
    const listed = await runCli(list.split(' ').slice(1), options());
    const applied = startCli(apply.split(' ').slice(1), options());
    applied.stdin.end(listed.stdout.replace(/"eventBridge":true/, '"eventBridge":false'));
    expect(await applied.code).toBe(0);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test('two watches: the first to end leaves it on for the second', async () => {
    const first = start('--yes');
    await watching(first);
    const second = startCli(
      ['watch', 'photos', '--json', '--limit', '1', '--ttl', '2h'],
      options({ cwd: temporaryFolder() }),
    );
    await watching(second);
    expect(await interrupted(first)).toBe(0);
    expect(first.stdout.text).toContain('is left on for another tap');
    await put('a.txt');
    expect(await second.code).toBe(0);
    expect(eventsOf(second.stdout.text)).toHaveLength(1);
  });
});

describe('cut short', () => {
  test('what fails on the way is taken back', async () => {
    sandbox().faults.add({ match: { operation: 'PutTargets' }, effect: { kind: 'deny' } });
    const run = start('--yes');
    expect(await run.code).toBe(4);
    expect(run.stdout.text).toContain('events:PutTargets');
    expect(await remains(sandbox())).toEqual(NOTHING);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });

  test('so is what Ctrl-C interrupts while it is made', async () => {
    sandbox().faults.add({ match: { operation: 'CreateQueue' }, effect: { kind: 'latency', ms: 300 } });
    const run = start('--yes');
    await sandbox().journal.waitFor((entry) => entry.type === 'request' && entry.operation === 'PutRule');
    expect(await interrupted(run)).toBe(0);
    await sandbox().idle();
    expect(await remains(sandbox())).toEqual(NOTHING);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });

  test('it ends by itself when its lifetime is over, and the queue takes nothing then', async () => {
    await bridgeOn();
    let ahead = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    const run = startCli(['watch', 'photos', '--json', '--ttl', '1m'], options({ clock }));
    await watching(run);
    ahead = 61_000;
    await put('a.txt');
    expect(await run.code).toBe(0);
    expect(itemsOf(run.stdout.text).at(-1)).toMatchObject({ state: 'ended', reason: 'expired' });
    expect(await remains(sandbox())).toEqual(NOTHING);
  });

  test('it says so when somebody removes the queue', async () => {
    await bridgeOn();
    let ahead = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + ahead };
    const run = startCli(['watch', 'photos', '--json'], options({ clock }));
    await watching(run);
    ahead = 11_000;
    const { QueueUrls: [QueueUrl] = [] } = await sandbox().sqs.send(new ListQueuesCommand());
    await sandbox().sqs.send(new DeleteQueueCommand({ QueueUrl }));
    expect(await run.code).toBe(1);
    expect(run.stdout.text).toContain('is gone: somebody removed it');
    expect(await remains(sandbox())).toEqual(NOTHING);
  });
});

describe('handing on', () => {
  async function receiver(status: number): Promise<{ url: string; bodies: string[] }> {
    const bodies: string[] = [];
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        bodies.push(`${request.method ?? ''} ${request.headers['content-type'] ?? ''} ${body}`);
        response.writeHead(status).end();
      });
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, bodies };
  }

  test('--forward-to posts the record as S3 would send it, once, and shows the status', async () => {
    await bridgeOn();
    const { url, bodies } = await receiver(503);
    const run = start('--forward-to', url, '--limit', '1');
    await watching(run);
    await put('a b.txt', 'four');
    expect(await run.code).toBe(0);
    expect(itemsOf(run.stdout.text)).toContainEqual(
      expect.objectContaining({ type: 'forwarded', key: 'a b.txt', status: 503, error: null }),
    );
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toMatch(/^POST application\/json /);
    expect(JSON.parse(bodies[0]?.slice('POST application/json '.length) ?? '')).toMatchObject({
      Records: [
        {
          eventSource: 'aws:s3',
          eventName: 'ObjectCreated:Put',
          awsRegion: 'us-east-1',
          eventTime: expect.stringMatching(/\.\d{3}Z$/) as string,
          s3: { bucket: { name: 'photos', arn: 'arn:aws:s3:::photos' }, object: { key: 'a+b.txt', size: 4 } },
        },
      ],
    });
  });

  test('an endpoint that is not there is shown and ends nothing', async () => {
    await bridgeOn();
    const run = start('--forward-to', 'http://127.0.0.1:9/', '--limit', '1');
    await watching(run);
    await put('a.txt');
    expect(await run.code).toBe(0);
    expect(itemsOf(run.stdout.text)).toContainEqual(
      expect.objectContaining({ type: 'forwarded', status: null, error: expect.any(String) as string }),
    );
  });

  test('a command gets each record on stdin; the exit code is that of the last that failed', async () => {
    await bridgeOn();
    const script =
      'let t="";process.stdin.on("data",(d)=>t+=d).on("end",()=>{const k=JSON.parse(t).Records[0].s3.object.key;console.log("got",k);process.exit({a:3,b:7}[k]??0)})';
    const run = start('--limit', '3', '--', process.execPath, '-e', script);
    await watching(run);
    for (const key of ['a', 'b', 'c']) await put(key);
    expect(await run.code).toBe(7);
    const items = itemsOf(run.stdout.text);
    expect(items.flatMap((item) => (item.type === 'command' ? [[item.key, item.exitCode]] : []))).toEqual([
      ['a', 3],
      ['b', 7],
      ['c', 0],
    ]);
    expect(items.flatMap((item) => (item.type === 'output' ? [item.text] : []))).toEqual([
      'got a',
      'got b',
      'got c',
    ]);
    expect(await remains(sandbox())).toEqual(NOTHING);
  });

  test('a command that does not exist has exit code 127; one that runs is stopped by Ctrl-C', async () => {
    await bridgeOn();
    const missing = start('--limit', '1', '--', 's3evt-no-such-program');
    await watching(missing);
    await put('a');
    expect(await missing.code).toBe(127);
    const run = start(
      '--ttl',
      '2h',
      '--',
      process.execPath,
      '-e',
      'console.log("up");setInterval(()=>{},1000)',
    );
    await watching(run);
    await put('b');
    await run.stdout.until(({ text }) => text.includes('"text":"up"'));
    expect(await interrupted(run)).toBe(0);
    expect(await remains(sandbox())).toEqual(NOTHING);
  });

  test.each([
    [['--forward-to', 'ftp://127.0.0.1/'], 'not ftp:'],
    [['--forward-to', 'http://a:b@127.0.0.1/'], 'user name or password'],
    [['--ttl', '1s'], 'from 1m to 24h'],
    [['more'], 'one argument too many'],
    [['--'], 'no command stands'],
  ])('%j is refused before anything is made', async (flags, message) => {
    const result = await runCli(['watch', 'photos', ...flags], options());
    expect(result.code).toBe(2);
    expect(result.stderr.replaceAll(/\s+/g, ' ')).toContain(message);
    expect(await remains(sandbox())).toEqual(NOTHING);
  });
});
