/** What a run that was killed left is removed by the next start: by its file, or by name and tag once it has expired. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ListRulesCommand, PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import { foreignQueue, notificationOf, putNotification } from '../support/foreign.ts';
import { meanwhile } from '../support/meanwhile.ts';
import { runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { NOTHING, remains, watching } from '../support/taps.ts';

const somebody = meanwhile();
const sandbox = shareSandbox({ faults: somebody });
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

const options = (): CliOptions => ({ endpoint: sandbox().url, cwd });
const folder = () => join(cwd, 'state', 's3evt', 'taps');
/** A short watch that does nothing but start and end. */
const next = () =>
  runCli(['watch', 'photos', '--yes', '--timeout', '1ms', '--ttl', '3h', '--json'], options());

/** A watch that runs, noted as one of a process that does not: no pid is as high as this. */
async function abandoned(
  change: (entry: { owner: Record<string, unknown>; record: Record<string, unknown> }) => void,
) {
  const run = startCli(['watch', 'photos', '--yes', '--json'], options());
  await watching(run);
  const [file = ''] = readdirSync(folder());
  const path = join(folder(), file);
  const entry = JSON.parse(readFileSync(path, 'utf8')) as Parameters<typeof change>[0];
  change(entry);
  writeFileSync(path, JSON.stringify(entry));
  return run;
}

const DEAD = 2 ** 30;

describe('by its file', () => {
  test('queue, rule and file are gone, and EventBridge is off again', async () => {
    const run = await abandoned(({ owner }) => (owner['pid'] = DEAD));
    const before = await remains(sandbox());
    expect(before.queues).toHaveLength(1);
    const result = await next();
    expect(result).toMatchObject({ code: 0 });
    expect(await remains(sandbox())).toEqual(NOTHING);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
    expect(readdirSync(folder())).toEqual([]);
    run.interrupt();
    expect(await run.code).toBe(0);
  });

  test('rules that somebody added meanwhile stay, and EventBridge is off again', async () => {
    const run = await abandoned(({ owner }) => (owner['pid'] = DEAD));
    const QueueArn = await foreignQueue(sandbox(), 'jobs');
    const QueueConfigurations = [{ Id: 'jobs', QueueArn, Events: ['s3:ObjectCreated:*' as const] }];
    await putNotification(sandbox(), 'photos', { QueueConfigurations, EventBridgeConfiguration: {} });
    expect(await next()).toMatchObject({ code: 0 });
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ QueueConfigurations });
    expect(readdirSync(folder())).toEqual([]);
    run.interrupt();
    expect(await run.code).toBe(0);
  });

  test('while the rules of the bus may not be read it stays on, which is said; the next start tries again', async () => {
    const run = await abandoned(({ owner }) => (owner['pid'] = DEAD));
    const lift = sandbox().faults.add({ match: { operation: 'ListRules' }, effect: { kind: 'deny' } });
    const { stdout } = await next();
    expect(stdout).toMatch(/EventBridge of photos is left on: whether a rule .* is not known \(.*ListRules/);
    expect(stdout).toContain("this turns it off: s3evt ls photos --json | sed 's/");
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ EventBridgeConfiguration: {} });
    lift();
    await next();
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
    expect(readdirSync(folder())).toEqual([]);
    run.interrupt();
    expect(await run.code).toBe(0);
  });

  test('nor is it turned off over a change between look and write', async () => {
    const run = await abandoned(({ owner }) => (owner['pid'] = DEAD));
    const QueueArn = await foreignQueue(sandbox(), 'jobs');
    const QueueConfigurations = [{ Id: 'jobs', QueueArn, Events: ['s3:ObjectCreated:*' as const] }];
    somebody.before('GetBucketNotificationConfiguration', () => {
      somebody.before('GetBucketNotificationConfiguration', () =>
        putNotification(sandbox(), 'photos', { QueueConfigurations, EventBridgeConfiguration: {} }),
      );
      return Promise.resolve();
    });
    const { stdout } = await next();
    expect(stdout).toContain('changed meanwhile; nothing was written');
    // At its end that run tries again.
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ QueueConfigurations });
    expect(readdirSync(folder())).toEqual([]);
    run.interrupt();
    expect(await run.code).toBe(0);
  });

  test.each([
    ['of a process that lives', () => undefined],
    [
      'of another endpoint',
      ({ owner, record }) => {
        owner['pid'] = DEAD;
        record['endpoint'] = 'AWS';
      },
    ],
    [
      'of another account',
      ({ owner, record }) => {
        owner['pid'] = DEAD;
        record['account'] = '111111111111';
      },
    ],
    [
      'of another machine',
      ({ owner }) => {
        owner['pid'] = DEAD;
        owner['host'] = 'elsewhere.invalid';
      },
    ],
  ] satisfies readonly [string, Parameters<typeof abandoned>[0]][])('one %s stays', async (_name, change) => {
    const run = await abandoned(change);
    const { queues } = await remains(sandbox());
    await next();
    expect((await remains(sandbox())).queues).toEqual(queues);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ EventBridgeConfiguration: {} });
    run.interrupt();
    await run.code;
  });

  test.skipIf(process.platform !== 'linux')(
    'a process id that another process has by now does not keep it',
    async () => {
      const run = await abandoned(({ owner }) => (owner['started'] = '1'));
      await next();
      expect(await remains(sandbox())).toEqual(NOTHING);
      run.interrupt();
      await run.code;
    },
  );

  test('files that no tap wrote are passed over', async () => {
    mkdirSync(folder(), { recursive: true });
    writeFileSync(join(folder(), 'a.json'), '{');
    writeFileSync(
      join(folder(), 'b.json'),
      '{"version":1,"owner":{"pid":1,"host":"h"},"record":{"name":"jobs"}}',
    );
    expect(await next()).toMatchObject({ code: 0 });
    expect(readdirSync(folder())).toEqual(['a.json', 'b.json']);
  });
});

describe('by name and tag', () => {
  const PAST = Math.floor(Date.now() / 1_000) - 3_600;
  const SOON = Math.floor(Date.now() / 1_000) + 3_600;
  const tags = { 'created-by': 's3evt' };

  async function leave(name: string, own: boolean): Promise<void> {
    const { sqs, events } = sandbox();
    await sqs.send(new CreateQueueCommand({ QueueName: name, ...(own ? { tags } : {}) }));
    const Tags = own ? [{ Key: 'created-by', Value: 's3evt' }] : [];
    await events.send(new PutRuleCommand({ Name: name, EventPattern: '{"source":["aws.s3"]}', Tags }));
    const Arn = `arn:aws:sqs:us-east-1:000000000000:${name}`;
    await events.send(new PutTargetsCommand({ Rule: name, Targets: [{ Id: 'queue', Arn }] }));
  }

  test('expired ones are removed wherever they come from; others, and those of others, are not', async () => {
    await putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });
    const expired = `s3evt-tap-0000000a-${PAST}`;
    const alive = `s3evt-tap-0000000b-${SOON}`;
    const foreign = `s3evt-tap-0000000c-${PAST}`;
    await leave(expired, true);
    await leave(alive, true);
    await leave(foreign, false);
    await leave('s3evt-tap-of-mine', true);
    expect(await next()).toMatchObject({ code: 0 });
    const left = [alive, foreign, 's3evt-tap-of-mine'];
    expect(await remains(sandbox())).toEqual({ queues: left, rules: left, subscriptions: [] });
  });

  test('a rule whose queue is gone already, and a subscription whose topic stands in the tags', async () => {
    const { sqs, sns, events } = sandbox();
    await putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });
    const rule = `s3evt-tap-0000000a-${PAST}`;
    await events.send(
      new PutRuleCommand({
        Name: rule,
        EventPattern: '{"source":["aws.s3"]}',
        Tags: [{ Key: 'created-by', Value: 's3evt' }],
      }),
    );
    const queue = `s3evt-tap-0000000b-${PAST}`;
    const { TopicArn = '' } = await sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    await sqs.send(new CreateQueueCommand({ QueueName: queue, tags: { ...tags, 's3evt-topic': TopicArn } }));
    const Endpoint = `arn:aws:sqs:us-east-1:000000000000:${queue}`;
    await sns.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint }));
    expect(await next()).toMatchObject({ code: 0 });
    expect(await remains(sandbox())).toEqual(NOTHING);
  });

  test('who may not list them watches all the same', async () => {
    await putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });
    sandbox().faults.add({ match: { operation: 'ListQueues' }, effect: { kind: 'deny' } });
    sandbox().faults.add({ match: { operation: 'ListRules' }, effect: { kind: 'deny' } });
    expect(await next()).toMatchObject({ code: 0 });
    sandbox().faults.clear();
    expect((await sandbox().events.send(new ListRulesCommand())).Rules).toEqual([]);
  });
});
