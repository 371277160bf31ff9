/** Queues and topics as destinations: init, add, rm, destroy, with the policies that belong to them. */
import { CreateKeyCommand, GetKeyPolicyCommand } from '@aws-sdk/client-kms';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ReceiveMessageCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { RmResult } from '../../src/commands/rm.ts';
import {
  admitS3,
  foreignFunction,
  notificationOf,
  putNotification,
  statementIds,
} from '../support/foreign.ts';
import { runInitJson, words } from '../support/init.ts';
import { requestsOf, writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const ARN = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alerts';
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

const run = (line: string) =>
  runCli([...words(line), '--json'], { endpoint: sandbox().url, cwd, env: { FORCE_COLOR: '0' } });
const init = (line: string) => runInitJson(line, { endpoint: sandbox().url, cwd });
const queueUrl = async (name = 'jobs') =>
  (await sandbox().sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;

interface Statement {
  readonly Sid: string;
  readonly Condition?: unknown;
}

async function queueStatements(name = 'jobs'): Promise<readonly Statement[]> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: await queueUrl(name),
    AttributeNames: ['Policy'],
  });
  const { Policy } = (await sandbox().sqs.send(command)).Attributes ?? {};
  return Policy === undefined ? [] : (JSON.parse(Policy) as { Statement: Statement[] }).Statement;
}

async function topicStatements(): Promise<readonly Statement[]> {
  const { Attributes } = await sandbox().sns.send(new GetTopicAttributesCommand({ TopicArn: TOPIC }));
  return (JSON.parse(Attributes?.['Policy'] ?? '{}') as { Statement: Statement[] }).Statement;
}

const THEIRS = {
  Sid: 'theirs',
  Effect: 'Allow',
  Principal: { AWS: 'arn:aws:iam::000000000000:root' },
  Action: 'sqs:*',
  Resource: ARN,
};
const policy = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

async function receive(): Promise<readonly string[]> {
  await sandbox().idle();
  const { Messages = [] } = await sandbox().sqs.send(
    new ReceiveMessageCommand({ QueueUrl: await queueUrl(), MaxNumberOfMessages: 10, WaitTimeSeconds: 5 }),
  );
  return Messages.map(({ Body = '' }) => Body);
}

describe('a queue', () => {
  test('new: with its policy from the start, unchanged the second time, gone with destroy', async () => {
    const first = await init('photos --queue jobs --event create --suffix .jpg --yes');
    expect(first).toMatchObject({ code: 0, error: null });
    expect(first.data).toMatchObject({
      rules: [{ id: 'Queue-NewObjects', suffix: '.jpg', destination: { kind: 'sqs', arn: ARN } }],
      function: null,
      steps: [
        { id: 'bucket', outcome: 'unchanged' },
        { id: 'queue', change: 'create', outcome: 'applied' },
        { id: 'notification', outcome: 'applied' },
      ],
      equivalentCommand:
        "s3evt init photos --queue jobs --event 's3:ObjectCreated:*' --suffix .jpg --id Queue-NewObjects --yes",
    });
    expect(await queueStatements()).toEqual([
      {
        Sid: 's3evt-photos',
        Effect: 'Allow',
        Principal: { Service: 's3.amazonaws.com' },
        Action: 'sqs:SendMessage',
        Resource: ARN,
        Condition: {
          ArnLike: { 'aws:SourceArn': 'arn:aws:s3:::photos' },
          StringEquals: { 'aws:SourceAccount': '000000000000' },
        },
      },
    ]);
    await sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a.jpg', Body: 'x' }));
    expect((await receive()).some((body) => body.includes('"key":"a.jpg"'))).toBe(true);

    sandbox().journal.clear();
    const second = await init('');
    expect(second.data.steps.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    expect(writesOf(sandbox())).toEqual([]);

    expect((await run('destroy --yes')).code).toBe(0);
    await expect(queueUrl()).rejects.toMatchObject({ name: 'QueueDoesNotExist' });
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });

  test("somebody's: a statement is merged into its policy, and destroy takes that one alone away", async () => {
    await sandbox().sqs.send(
      new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy: policy(THEIRS) } }),
    );
    expect(await init('photos --queue jobs --yes')).toMatchObject({ code: 0 });
    expect((await queueStatements()).map(({ Sid }) => Sid)).toEqual(['theirs', 's3evt-photos']);
    expect(await run('destroy --yes')).toMatchObject({ code: 0 });
    expect(await queueStatements()).toEqual([THEIRS]);
  });

  test('whose policy admits S3 already is left as it is', async () => {
    const admits = { ...THEIRS, Principal: '*', Action: 'sqs:SendMessage' };
    await sandbox().sqs.send(
      new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy: policy(admits) } }),
    );
    const { data } = await init(`photos --destination-arn ${ARN} --yes`);
    expect(data.steps.find(({ id }) => id === 'policy')).toMatchObject({ outcome: 'unchanged' });
    expect(await queueStatements()).toEqual([admits]);
  });

  test.each([
    ['an ARN that leads nowhere', ARN, 2, 'DESTINATION_NOT_FOUND', /queue .* does not exist/],
    ['another Region', ARN.replace('us-east-1', 'eu-west-1'), 5, 'WRONG_REGION', /is in eu-west-1/],
  ])('%s is refused before anything is written', async (_name, arn, exit, code, message) => {
    sandbox().journal.clear();
    const { code: exitCode, error } = await init(`photos --queue ${arn} --yes`);
    expect(exitCode).toBe(exit);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test.each([
    ['init', `--queue ${ARN}.fifo`, 'queues'],
    ['init', '--queue jobs.fifo', 'queues'],
    ['init', '--topic alerts.fifo', 'topics'],
    ['init', `--destination-arn ${ARN}.fifo`, 'queues'],
    ['add', '--queue jobs.fifo', 'queues'],
  ])('%s %s is refused before any call: no FIFO %s', async (command, flags, nouns) => {
    sandbox().journal.clear();
    const result = await run(`${command} photos ${flags} --yes --json`);
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(`S3 does not send to FIFO ${nouns}`) as string,
      hint: expect.stringContaining('--destination eventbridge --event-rule NAME --target ARN') as string,
    });
    expect(requestsOf(sandbox())).toEqual([]);
  });

  test('a Deny is named: no statement of ours could lift it', async () => {
    const deny = { ...THEIRS, Sid: 'no-services', Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage' };
    await sandbox().sqs.send(
      new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy: policy(deny) } }),
    );
    const { error } = await init('photos --queue jobs --yes');
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: 'the policy of queue jobs denies S3 to send there (statement "no-services")',
    });
  });

  test('one that takes less than an event is warned about', async () => {
    await sandbox().sqs.send(
      new CreateQueueCommand({ QueueName: 'jobs', Attributes: { MaximumMessageSize: '1024' } }),
    );
    const { envelope } = await init('photos --queue jobs --yes');
    expect(envelope.warnings).toMatchObject([{ code: 'QUEUE_TAKES_LESS' }]);
  });
});

describe('a key that encrypts the queue', () => {
  async function encryptedQueue(): Promise<string> {
    const { KeyMetadata } = await sandbox().kms.send(new CreateKeyCommand({}));
    const key = KeyMetadata?.Arn ?? '';
    await sandbox().sqs.send(
      new CreateQueueCommand({ QueueName: 'jobs', Attributes: { KmsMasterKeyId: key } }),
    );
    return key;
  }

  test('shuts S3 out: the statement is shown, nothing is written', async () => {
    const key = await encryptedQueue();
    sandbox().journal.clear();
    const { code, error } = await init('photos --queue jobs --yes');
    expect(code).toBe(1);
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: `the key ${key} of the queue does not let s3.amazonaws.com use it, so S3 cannot send there`,
      hint: expect.stringContaining('"Action":["kms:GenerateDataKey","kms:Decrypt"]') as string,
    });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('--allow-key merges the statement into its policy, and destroy takes it away', async () => {
    const key = await encryptedQueue();
    const statements = async () => {
      const { Policy = '{}' } = await sandbox().kms.send(new GetKeyPolicyCommand({ KeyId: key }));
      return (JSON.parse(Policy) as { Statement: Statement[] }).Statement;
    };
    const before = await statements();
    expect(await init('photos --queue jobs --allow-key --yes')).toMatchObject({ code: 0 });
    expect(await statements()).toMatchObject([...before, { Sid: 's3evt-photos' }]);
    expect(await run('destroy --yes')).toMatchObject({ code: 0 });
    expect(await statements()).toEqual(before);
  });

  test('one that AWS manages can never do', async () => {
    await sandbox().sqs.send(
      new CreateQueueCommand({ QueueName: 'jobs', Attributes: { KmsMasterKeyId: 'alias/aws/sqs' } }),
    );
    const { error } = await init('photos --queue jobs --allow-key --yes');
    expect(error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringContaining('a key that AWS manages') as string,
    });
  });
});

describe('a topic', () => {
  test('new and existing', async () => {
    expect(await init('photos --topic alerts --event remove --yes')).toMatchObject({
      code: 0,
      data: { rules: [{ id: 'Publish-NewObjects', destination: { kind: 'sns', arn: TOPIC } }] },
    });
    expect((await topicStatements()).map(({ Sid }) => Sid)).toEqual(['owner', 's3evt-photos']);
    expect(await run('destroy --yes')).toMatchObject({ code: 0 });
    await sandbox().sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    const before = await topicStatements();
    expect(await init('photos --topic alerts --event remove --yes')).toMatchObject({ code: 0 });
    expect(await topicStatements()).toMatchObject([...before, { Sid: 's3evt-photos' }]);
    expect(await run('destroy --yes')).toMatchObject({ code: 0 });
    expect(await topicStatements()).toEqual(before);
  });
});

describe('add and rm', () => {
  test('one rule beside others, of any kind, and away again: the document is the first one', async () => {
    const thumbs = await foreignFunction(sandbox(), 'thumbs');
    await admitS3(sandbox(), 'thumbs');
    await foreignFunction(sandbox(), 'mover');
    await putNotification(sandbox(), 'photos', {
      LambdaFunctionConfigurations: [
        { Id: 'theirs', LambdaFunctionArn: thumbs, Events: ['s3:ObjectTagging:*'] },
      ],
      EventBridgeConfiguration: {},
    });
    const before = await notificationOf(sandbox(), 'photos');
    const ids: string[] = [];
    for (const flags of [
      '--queue jobs --event create --suffix .jpg,.png',
      '--topic alerts --event remove',
      '--function mover --event restore --id restores',
      '--queue jobs --event lifecycle',
    ]) {
      const added = await run(`add photos ${flags} --yes`);
      expect(added, added.stdout).toMatchObject({ code: 0 });
      const { rules } = envelopeOf(added).data as { rules: { id: string }[] };
      ids.push(...rules.map(({ id }) => id));
    }
    expect(ids).toEqual([
      'Queue-NewObjects-jpg',
      'Queue-NewObjects-png',
      'Publish-NewObjects',
      'restores',
      'Queue-NewObjects-jobs',
    ]);
    expect(await statementIds(sandbox(), 'mover')).toContain('s3evt-photos');

    // The queue's statement stays while another rule needs it.
    await run('rm Queue-NewObjects-jpg Queue-NewObjects-png --bucket photos --yes');
    expect(await queueStatements()).toMatchObject([{ Sid: 's3evt-photos' }]);
    const rest = await run(`rm Queue-NewObjects-jobs Publish-NewObjects restores --bucket photos --yes`);
    const data: RmResult = envelopeOf(rest).data;
    expect(data.steps.map(({ outcome }) => outcome)).toEqual(Array(4).fill('applied'));
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
    expect(await queueStatements()).toEqual([]);
    expect(await statementIds(sandbox(), 'mover')).not.toContain('s3evt-photos');
  });

  test.each([
    ['--queue jobs', () => queueStatements().then((all) => all.map(({ Sid }) => Sid))],
    ['--topic alerts', () => topicStatements().then((all) => all.map(({ Sid }) => Sid))],
    ['--function mover', () => statementIds(sandbox(), 'mover')],
  ])('undo of rm brings the permission back before the rule: %s', async (flags, sids) => {
    await foreignFunction(sandbox(), 'mover');
    await run(`add photos ${flags} --id mine --yes`);
    const before = await notificationOf(sandbox(), 'photos');
    await run('rm mine --bucket photos --yes');
    expect(await sids()).not.toContain('s3evt-photos');
    const undone = await run('undo photos --yes');
    expect(undone, undone.stdout).toMatchObject({ code: 0 });
    expect(await sids()).toContain('s3evt-photos');
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test('add wants a bucket that exists', async () => {
    const { code, stdout } = await run('add fotos --queue jobs --yes');
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: 'NOT_FOUND', message: 'there is no bucket fotos' },
    });
  });

  test('rm of a rule that is not there names those that are', async () => {
    await init('photos --queue jobs --id arrivals --yes');
    const result = await run('rm arivals --yes');
    expect(envelopeOf(result).error).toMatchObject({ code: 'NOT_FOUND', hint: 'Did you mean arrivals?' });
  });
});
