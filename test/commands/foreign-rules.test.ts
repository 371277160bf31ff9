import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand, type NotificationConfiguration } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import { configurationOf } from '../../src/aws/notification-codec.ts';
import type { NotificationDocument } from '../../src/core/notification.ts';
import {
  admitS3,
  deleteQueue,
  foreignFunction,
  foreignQueue,
  foreignTopic,
  notificationOf,
  putNotification,
} from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { requestsOf, writesOf } from '../support/journal.ts';
import { meanwhile } from '../support/meanwhile.ts';
import { runCli, startCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { DOWN, ENTER, startTyping } from '../support/typing.ts';

const somebody = meanwhile();
const sandbox = shareSandbox({ faults: somebody });

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const DEAD_QUEUE = 'arn:aws:sqs:us-east-1:000000000000:gone';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:news';
/** Ours: the only events that nobody else takes. */
const INIT = 'photos --function Demo-S3 --event remove --id ours --yes';

/** As others wrote it: ids of S3's own making, filters in any order, two prefixes with blanks and umlauts. */
function foreign(functionArn: string): NotificationConfiguration {
  const filter = (Prefix: string, Suffix: string) => ({
    Key: {
      FilterRules: [
        { Name: 'suffix' as const, Value: Suffix },
        { Name: 'prefix' as const, Value: Prefix },
      ],
    },
  });
  return {
    TopicConfigurations: [
      { Id: 'news', TopicArn: TOPIC, Events: ['s3:ObjectTagging:Put', 's3:ObjectAcl:Put'] },
    ],
    QueueConfigurations: [
      {
        QueueArn: QUEUE,
        Events: ['s3:ObjectCreated:Copy', 's3:ObjectCreated:Put'],
        Filter: filter('in/', '.csv'),
      },
      {
        Id: 'jobs 2',
        QueueArn: QUEUE,
        Events: ['s3:ObjectCreated:*'],
        Filter: filter('bücher a+b/', '.pdf'),
      },
    ],
    LambdaFunctionConfigurations: [
      {
        Id: 'thumbs',
        LambdaFunctionArn: functionArn,
        Events: ['s3:ObjectCreated:*'],
        Filter: filter('img/', '.jpg'),
      },
    ],
    EventBridgeConfiguration: {},
  };
}

let before: NotificationDocument;
beforeEach(async () => {
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  const arn = await foreignFunction(sandbox(), 'thumbs');
  await admitS3(sandbox(), 'thumbs');
  await foreignQueue(sandbox(), 'jobs');
  await foreignTopic(sandbox(), 'news');
  await putNotification(sandbox(), 'photos', foreign(arn));
  before = await notificationOf(sandbox(), 'photos');
  sandbox().journal.clear();
});

const run = (line: string, cwd: string) =>
  runCli([...line.split(' '), '--json'], { endpoint: sandbox().url, cwd });

/** The document without the rule of s3evt, whose list disappears when it is the last one. */
function withoutOurs(document: NotificationDocument): NotificationDocument {
  const LambdaFunctionConfigurations = (document.LambdaFunctionConfigurations ?? []).filter(
    ({ Id }) => Id !== 'ours',
  );
  return { ...document, LambdaFunctionConfigurations };
}

describe("other owners' queue, topic, function and EventBridge configurations", () => {
  test('keep their form and order through init, and are named in the plan', async () => {
    const result = await runCli(['init', ...INIT.split(' ')], { endpoint: sandbox().url });
    expect(result.code).toBe(0);
    const after = await notificationOf(sandbox(), 'photos');
    expect(after.LambdaFunctionConfigurations).toHaveLength(2);
    // Text, not only equality: members and lists stand in the order in which they stood.
    expect(JSON.stringify(withoutOurs(after))).toBe(JSON.stringify(before));
    for (const id of ['news', 'jobs 2', 'thumbs']) expect(result.stderr).toContain(`= ${id}: `);
    expect(result.stderr).toContain('+ ours: s3:ObjectRemoved:*');
  });

  test('are looked at once each before the write, and not at all when nothing is to be written', async () => {
    const cwd = temporaryFolder();
    const looks = () => {
      const requests = requestsOf(sandbox());
      const write = requests.indexOf('s3.PutBucketNotificationConfiguration');
      // What the doctor looks at afterwards is another matter.
      const before = write < 0 ? requests : requests.slice(0, write);
      return before.filter((request) => /Get(?:Queue|Topic)Attributes$|GetPolicy$/.test(request));
    };
    await runInitJson(INIT, { endpoint: sandbox().url, cwd });
    // Demo-S3's policy is read for the plan.
    expect(looks().sort()).toEqual([
      'lambda.GetPolicy',
      'lambda.GetPolicy',
      'sns.GetTopicAttributes',
      'sqs.GetQueueAttributes',
    ]);
    sandbox().journal.clear();
    await runInitJson(INIT, { endpoint: sandbox().url, cwd });
    expect(looks()).toEqual(['lambda.GetPolicy']);
  });

  test('the old document is saved as the AWS CLI takes it, before the write', async () => {
    const cwd = temporaryFolder();
    await runInitJson(INIT, { endpoint: sandbox().url, cwd });
    const folder = join(cwd, '.s3evt/backups/photos');
    const [name = ''] = readdirSync(folder);
    const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, name, file), 'utf8'));
    expect(read('before.json')).toEqual(before);
    expect(read('after.json')).toEqual(await notificationOf(sandbox(), 'photos'));
    expect(read('change.json')).toMatchObject({
      bucket: 'photos',
      account: '000000000000',
      region: 'us-east-1',
      command: 'init',
    });
  });

  test('undo brings exactly the former document back', async () => {
    const cwd = temporaryFolder();
    await runInitJson(INIT, { endpoint: sandbox().url, cwd });
    expect((await run('undo --yes', cwd)).code).toBe(0);
    expect(JSON.stringify(await notificationOf(sandbox(), 'photos'))).toBe(JSON.stringify(before));
  });

  test('destroy takes our rule out and leaves theirs', async () => {
    const cwd = temporaryFolder();
    await runInitJson(INIT, { endpoint: sandbox().url, cwd });
    expect((await run('destroy --yes', cwd)).code).toBe(0);
    expect(JSON.stringify(await notificationOf(sandbox(), 'photos'))).toBe(JSON.stringify(before));
    expect(writesOf(sandbox())).not.toContain('s3.DeleteBucket');
  });

  test('a change of theirs between init and destroy stays', async () => {
    const cwd = temporaryFolder();
    await runInitJson(INIT, { endpoint: sandbox().url, cwd });
    const { QueueConfigurations: _, ...changed } = await notificationOf(sandbox(), 'photos');
    await putNotification(sandbox(), 'photos', configurationOf(changed));
    expect((await run('undo --yes', cwd)).code).toBe(5);
    expect((await run('destroy --yes', cwd)).code).toBe(0);
    const after = await notificationOf(sandbox(), 'photos');
    expect(JSON.stringify(after)).toBe(JSON.stringify(withoutOurs(changed)));
  });
});

describe('a dead queue of somebody else', () => {
  const PUT = 'PutBucketNotificationConfiguration';

  beforeEach(async () => {
    await foreignQueue(sandbox(), 'gone');
    await putNotification(sandbox(), 'photos', {
      QueueConfigurations: [
        { Id: 'dead', QueueArn: DEAD_QUEUE, Events: ['s3:ObjectCreated:*'] },
        { Id: 'jobs', QueueArn: QUEUE, Events: ['s3:ObjectTagging:*'] },
      ],
    });
    await deleteQueue(sandbox(), 'gone');
    before = await notificationOf(sandbox(), 'photos');
    sandbox().journal.clear();
  });

  test('stops init before its first write, by the name of its rule and with the command that mends it', async () => {
    const { code, error } = await runInitJson(INIT, { endpoint: sandbox().url });
    expect(code).toBe(1);
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: `S3 would refuse the configuration of photos; nothing was changed. rule "dead" for ${DEAD_QUEUE}: queue gone does not exist`,
      hint: expect.stringContaining('--remove-dead-rules') as string,
      commands: [expect.stringMatching(/^aws sqs create-queue --queue-name gone --attributes '\{"Policy":/)],
    });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test.each([
    ['init', `init ${INIT}`],
    ['rm', 'rm jobs --bucket photos --yes'],
  ])('%s --remove-dead-rules takes it out in the same write', async (_name, line) => {
    const cwd = temporaryFolder();
    const result = await run(`${line} --remove-dead-rules`, cwd);
    expect(result.code).toBe(0);
    if (line.startsWith('init')) expect(result.stdout).toContain('--id ours --remove-dead-rules --yes');
    const after = await notificationOf(sandbox(), 'photos');
    expect(after.QueueConfigurations?.map(({ Id }) => Id) ?? []).not.toContain('dead');
    expect(writesOf(sandbox()).filter((request) => request.endsWith(PUT))).toHaveLength(1);
    const [name = ''] = readdirSync(join(cwd, '.s3evt/backups/photos'));
    const saved = readFileSync(join(cwd, '.s3evt/backups/photos', name, 'before.json'), 'utf8');
    expect(JSON.parse(saved)).toEqual(before);
  });

  test.each([
    ['leave', ENTER, 2, ''],
    ['repair', `${DOWN}${ENTER}`, 1, 'aws sqs create-queue --queue-name gone'],
  ])('a person may %s it: nothing is written', async (_way, keys, exit, shown) => {
    const typist = startTyping(['rm', 'jobs', '--bucket', 'photos'], { endpoint: sandbox().url });
    await typist.answer('What is to become of it?', keys);
    expect(await typist.code).toBe(exit);
    expect(typist.stderr.plain).toContain('rule "dead" for ');
    expect(typist.stderr.plain).toContain(shown);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('or have it removed', async () => {
    const typist = startTyping(['rm', 'jobs', '--bucket', 'photos'], { endpoint: sandbox().url });
    await typist.answer('What is to become of it?', `${DOWN}${DOWN}${ENTER}`);
    await typist.answer('Remove these rules?', `y${ENTER}`);
    expect(await typist.code).toBe(0);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });

  test('that may not be looked at is refused by S3 itself: the rule is named all the same', async () => {
    sandbox().faults.add({ match: { operation: 'GetQueueAttributes' }, effect: { kind: 'deny' } });
    const { code, error, envelope, data } = await runInitJson(INIT, { endpoint: sandbox().url });
    expect(code).toBe(1);
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringContaining(
        `rule "dead" for ${DEAD_QUEUE}: The destination queue does not exist`,
      ) as string,
      hint: expect.stringContaining('dead rule of somebody else') as string,
    });
    expect(envelope.warnings).toMatchObject([
      {
        code: 'DESTINATION_UNCHECKED',
        message: expect.stringContaining('sqs:GetQueueAttributes is not allowed') as string,
      },
    ]);
    expect(data.steps.find(({ id }) => id === 'notification')?.outcome).toBe('failed');
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });
});

test('a change between plan and write is noticed, and kept beside our rule', async () => {
  const theirs: NotificationConfiguration = { EventBridgeConfiguration: {} };
  // The plan is made by then; the last look waits for the function.
  somebody.before('CreateFunction', () => putNotification(sandbox(), 'photos', theirs));
  const { code, envelope } = await runInitJson(INIT, { endpoint: sandbox().url });
  expect(code).toBe(0);
  expect(envelope.warnings).toMatchObject([
    {
      code: 'CHANGE_KEPT',
      message: expect.stringMatching(
        /changed meanwhile \(rules thumbs, .* removed\); that change is kept$/,
      ) as string,
    },
  ]);
  const after = await notificationOf(sandbox(), 'photos');
  expect(after.LambdaFunctionConfigurations).toHaveLength(1);
  expect(withoutOurs(after)).toEqual({ ...theirs, LambdaFunctionConfigurations: [] });
});

test('a change between plan and write that leaves no room for our rule: nothing is written', async () => {
  const theirs: NotificationConfiguration = {
    QueueConfigurations: [{ Id: 'all', QueueArn: QUEUE, Events: ['s3:ObjectRemoved:Delete'] }],
  };
  somebody.before('CreateFunction', () => putNotification(sandbox(), 'photos', theirs));
  const { code, error, data } = await runInitJson(INIT, { endpoint: sandbox().url });
  expect(code).toBe(5);
  expect(error).toMatchObject({ code: 'CONFIGURATION_CHANGED', category: 'conflict' });
  expect(error?.message).toContain('rule "all" (*)');
  expect(data.steps.find(({ id }) => id === 'notification')?.outcome).toBe('failed');
  expect(await notificationOf(sandbox(), 'photos')).toEqual(theirs);
});

test('a change between write and read-back is noticed', async () => {
  const theirs: NotificationConfiguration = { EventBridgeConfiguration: {} };
  somebody.before('PutBucketNotificationConfiguration', () => {
    // Ours is under way; theirs comes right after it.
    somebody.before('GetBucketNotificationConfiguration', () => putNotification(sandbox(), 'photos', theirs));
    return Promise.resolve();
  });
  const { code, error } = await runInitJson(INIT, { endpoint: sandbox().url });
  expect(code).toBe(5);
  expect(error?.code).toBe('VERIFY_FAILED');
});

describe('rule ids of others in what init, undo and destroy say', () => {
  const HOSTILE = 'theirs\u001b]0;pwned\u0007\u001b[2J\u202e!';
  const POISON = ['\u001b]', '\u0007', '\u001b[2J', '\u202e'];

  beforeEach(async () => {
    await putNotification(sandbox(), 'photos', {
      QueueConfigurations: [{ Id: HOSTILE, QueueArn: QUEUE, Events: ['s3:ObjectCreated:*'] }],
    });
  });

  test('cannot steer the terminal', async () => {
    const cwd = temporaryFolder();
    const tty = { stdout: true, stderr: true };
    for (const argv of [
      `init ${INIT}`,
      'undo --dry-run',
      'destroy --dry-run',
      'init photos --function Demo-S3 --event create --id x --yes',
    ]) {
      const run = startCli(argv.split(' '), { endpoint: sandbox().url, cwd, tty });
      await run.code;
      expect(run.stderr.plain).toContain('theirs!');
      for (const poison of POISON) expect(run.stderr.text + run.stdout.text).not.toContain(poison);
    }
  });

  test('stand in JSON escaped and unchanged, in errors too', async () => {
    const { code, error, stdout } = await runInitJson(
      'photos --function Demo-S3 --event create --id x --yes',
      {
        endpoint: sandbox().url,
      },
    );
    expect(code).toBe(5);
    expect(error?.message).toContain(HOSTILE);
    expect(stdout).toMatch(/^[\u0020-\u007e]+\n$/);
  });
});
