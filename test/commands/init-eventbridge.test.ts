/** EventBridge as the destination of init and add: the switch of the bucket, a rule of the default bus, its target. */
import {
  DescribeRuleCommand,
  ListTargetsByRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
} from '@aws-sdk/client-eventbridge';
import { GetPolicyCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { CreateTopicCommand, GetTopicAttributesCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DestroyResult } from '../../src/commands/destroy.ts';
import {
  admitS3,
  foreignFunction,
  notificationOf,
  putNotification,
  statementIds,
} from '../support/foreign.ts';
import { runInitJson, words } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { DOWN, ENTER, startTyping } from '../support/typing.ts';

const sandbox = shareSandbox();
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:alerts';
const RULE_ARN = 'arn:aws:events:us-east-1:000000000000:rule/images';
const LINE = 'photos --destination eventbridge --event-rule images';
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

const run = (line: string) =>
  runCli([...words(line), '--json'], { endpoint: sandbox().url, cwd, env: { FORCE_COLOR: '0' } });
const init = (line: string) => runInitJson(line, { endpoint: sandbox().url, cwd });
const rule = (name = 'images') => sandbox().events.send(new DescribeRuleCommand({ Name: name }));
const patternOf = async (name?: string): Promise<unknown> =>
  JSON.parse((await rule(name)).EventPattern ?? 'null');
const targetsOf = async () =>
  ((await sandbox().events.send(new ListTargetsByRuleCommand({ Rule: 'images' }))).Targets ?? []).map(
    ({ Arn }) => Arn,
  );
const makeQueue = () => sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));

async function queuePolicy(): Promise<string | undefined> {
  const { QueueUrl } = await makeQueue();
  const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['Policy'] });
  return (await sandbox().sqs.send(command)).Attributes?.['Policy'];
}

async function receive(): Promise<readonly string[]> {
  await sandbox().idle();
  const { QueueUrl } = await makeQueue();
  const command = new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 });
  return ((await sandbox().sqs.send(command)).Messages ?? []).map(({ Body = '' }) => Body);
}

const put = (Key: string) => sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'x' }));

async function destroyed(): Promise<DestroyResult> {
  const result = await run('destroy --yes');
  expect(result).toMatchObject({ code: 0 });
  return envelopeOf(result).data;
}

describe('the switch alone', () => {
  test('is added to a document that is otherwise untouched; undo and destroy take it back', async () => {
    await foreignFunction(sandbox(), 'thumbs');
    await admitS3(sandbox(), 'thumbs');
    const LambdaFunctionArn = 'arn:aws:lambda:us-east-1:000000000000:function:thumbs';
    await putNotification(sandbox(), 'photos', {
      LambdaFunctionConfigurations: [{ Id: 'theirs', LambdaFunctionArn, Events: ['s3:ObjectCreated:*'] }],
    });
    const before = await notificationOf(sandbox(), 'photos');

    const first = await init('photos --destination eventbridge --yes');
    expect(first).toMatchObject({ code: 0, error: null });
    expect(first.data).toMatchObject({
      rules: [],
      function: null,
      eventBridge: { enabled: true, rule: null, target: null },
      steps: [{ id: 'bucket' }, { id: 'notification', change: 'create', outcome: 'applied' }],
      equivalentCommand: 's3evt init photos --destination eventbridge --yes',
    });
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ ...before, EventBridgeConfiguration: {} });

    sandbox().journal.clear();
    const second = await init('');
    expect(second.data.steps.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    expect(writesOf(sandbox())).toEqual([]);

    expect(await run('undo photos --yes')).toMatchObject({ code: 0 });
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
    expect(await init('photos --destination eventbridge --yes')).toMatchObject({ code: 0 });
    await destroyed();
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test('that was on before stays on after destroy', async () => {
    await putNotification(sandbox(), 'photos', { EventBridgeConfiguration: {} });
    expect(await init(`${LINE} --yes`)).toMatchObject({ code: 0 });
    await destroyed();
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ EventBridgeConfiguration: {} });
    await expect(rule()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  test("stays on for somebody's rule of the bus, with the reason", async () => {
    expect(await init(`${LINE} --yes`)).toMatchObject({ code: 0 });
    const EventPattern = JSON.stringify({ source: ['aws.s3'], detail: { bucket: { name: ['photos'] } } });
    await sandbox().events.send(new PutRuleCommand({ Name: 'theirs', EventPattern }));
    const { kept } = await destroyed();
    expect(kept).toEqual([
      { title: 'EventBridge of bucket photos', reason: 'event rule theirs, which stays, takes its events' },
    ]);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ EventBridgeConfiguration: {} });
    expect(await patternOf('theirs')).toEqual(JSON.parse(EventPattern));
  });

  test.each(['--event create', '--prefix in/', '--suffix .jpg', '--id x'])(
    'with %s is refused: nothing would come of it',
    async (flags) => {
      sandbox().journal.clear();
      const { code, error } = await init(`photos --destination eventbridge ${flags} --yes`);
      expect(code).toBe(2);
      expect(error).toMatchObject({
        code: 'USAGE',
        hint: expect.stringContaining('--event-rule NAME') as string,
      });
      expect(writesOf(sandbox())).toEqual([]);
    },
  );
});

describe('a rule of the default bus', () => {
  test('takes the events and the keys that were named, in their own form', async () => {
    const line = `${LINE} --event create,s3:ObjectTagging:Put --prefix 'in here/' --suffix .jpg,.png --yes`;
    const { code, data } = await init(line);
    expect(code).toBe(0);
    expect(data.eventBridge).toEqual({ enabled: true, rule: 'images', target: null });
    expect(data.equivalentCommand).toBe(
      "s3evt init photos --destination eventbridge --event-rule images --event 's3:ObjectCreated:*' --event s3:ObjectTagging:Put --prefix 'in here/' --suffix .jpg,.png --yes",
    );
    expect(await patternOf()).toEqual({
      source: ['aws.s3'],
      'detail-type': ['Object Created', 'Object Tags Added'],
      detail: {
        bucket: { name: ['photos'] },
        object: { key: [{ wildcard: 'in here/*.jpg' }, { wildcard: 'in here/*.png' }] },
      },
    });
  });

  test("of somebody else's is never replaced, one of ours for another bucket neither", async () => {
    await sandbox().events.send(new PutRuleCommand({ Name: 'images', EventPattern: '{"source":["mine"]}' }));
    expect(await init(`${LINE} --yes`)).toMatchObject({ code: 5, error: { code: 'OWNED_BY_OTHERS' } });
    expect(await patternOf()).toEqual({ source: ['mine'] });
    expect(await init('photos --event-rule ours --yes')).toMatchObject({ code: 0 });
    const other = await init('films --event-rule ours --yes');
    expect(other).toMatchObject({ code: 5, error: { code: 'RULE_ID_TAKEN' } });
  });

  test('changes with the call that says so, and keeps what it does not say', async () => {
    expect(await init(`${LINE} --suffix .jpg --yes`)).toMatchObject({ code: 0 });
    await sandbox().events.send(
      new PutRuleCommand({
        Name: 'images',
        EventPattern: (await rule()).EventPattern,
        State: 'DISABLED',
        Description: 'for the summer',
      }),
    );
    const changed = await init(`${LINE} --suffix .png --yes`);
    expect(changed.data.steps.find(({ id }) => id === 'event-rule')).toMatchObject({ change: 'update' });
    expect(changed.envelope.warnings).toContainEqual(
      expect.objectContaining({ code: 'EVENT_RULE_DISABLED' }),
    );
    expect(await rule()).toMatchObject({ State: 'DISABLED', Description: 'for the summer' });
    const before = await patternOf();
    expect(before).toMatchObject({ detail: { object: { key: [{ suffix: '.png' }] } } });
    expect(await init(`${LINE} --yes`)).toMatchObject({ code: 0 });
    expect(await patternOf()).toEqual(before);
  });

  test('for events that S3 does not send there is refused', async () => {
    const { code, error } = await init(`${LINE} --event replication --yes`);
    expect(code).toBe(2);
    expect(error).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining('does not send') as string,
    });
  });
});

describe('a target', () => {
  test('queue: its policy admits the rule, an event arrives, and destroy leaves all as it was', async () => {
    const THEIRS = {
      Sid: 'theirs',
      Effect: 'Allow',
      Principal: { AWS: 'arn:aws:iam::000000000000:root' },
      Action: 'sqs:*',
      Resource: QUEUE,
    };
    const Policy = JSON.stringify({ Version: '2012-10-17', Statement: [THEIRS] });
    await sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'jobs', Attributes: { Policy } }));
    const before = await notificationOf(sandbox(), 'photos');

    const first = await init(`${LINE} --target ${QUEUE} --prefix in/ --suffix .jpg --yes`);
    expect(first).toMatchObject({ code: 0, error: null });
    expect(first.data.steps.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['bucket', 'unchanged'],
      ['event-rule', 'applied'],
      ['policy', 'applied'],
      ['event-target', 'applied'],
      ['notification', 'applied'],
    ]);
    expect(JSON.parse((await queuePolicy()) ?? '{}')).toMatchObject({
      Statement: [
        THEIRS,
        {
          Sid: 's3evt-event-rule-images',
          Principal: { Service: 'events.amazonaws.com' },
          Action: 'sqs:SendMessage',
          Condition: { ArnEquals: { 'aws:SourceArn': RULE_ARN } },
        },
      ],
    });
    for (const key of ['in/a b.jpg', 'in/a.png', 'out/a.jpg']) await put(key);
    const bodies = await receive();
    expect(bodies).toHaveLength(1);
    expect(JSON.parse(bodies[0] ?? '{}')).toMatchObject({
      'detail-type': 'Object Created',
      detail: { object: { key: 'in/a b.jpg' } },
    });

    sandbox().journal.clear();
    const second = await init('');
    expect(second.data).toMatchObject({ eventBridge: { rule: 'images', target: QUEUE } });
    expect(second.data.steps.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
    expect((await init(`${LINE} --target ${QUEUE} --prefix in/ --suffix .jpg --yes`)).code).toBe(0);
    expect(writesOf(sandbox())).toEqual([]);

    expect((await destroyed()).kept).toEqual([]);
    await expect(rule()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    expect(JSON.parse((await queuePolicy()) ?? '{}')).toEqual(JSON.parse(Policy));
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test('function: it is permitted for the rule, and invoked', async () => {
    const arn = await foreignFunction(sandbox(), 'thumbs');
    const { code } = await init(`${LINE} --target ${arn} --yes`);
    expect(code).toBe(0);
    const { Policy = '{}' } = await sandbox().lambda.send(new GetPolicyCommand({ FunctionName: 'thumbs' }));
    expect(JSON.parse(Policy)).toMatchObject({
      Statement: [
        {
          Sid: 's3evt-event-rule-images',
          Principal: { Service: 'events.amazonaws.com' },
          Condition: { ArnLike: { 'AWS:SourceArn': RULE_ARN } },
        },
      ],
    });
    await put('a.jpg');
    await sandbox().idle();
    const deliveries = sandbox()
      .journal.entries()
      .filter((entry) => entry.type === 'delivery' && entry.via === 'eventbridge');
    expect(deliveries).toMatchObject([{ outcome: 'delivered', destination: arn }]);
    await destroyed();
    expect(await statementIds(sandbox(), 'thumbs')).toEqual([]);
  });

  test('topic: its policy admits the rule', async () => {
    await sandbox().sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    const policy = async () =>
      (await sandbox().sns.send(new GetTopicAttributesCommand({ TopicArn: TOPIC }))).Attributes?.['Policy'];
    const before: unknown = JSON.parse((await policy()) ?? '{}');
    expect(await init(`${LINE} --target ${TOPIC} --yes`)).toMatchObject({ code: 0 });
    await put('a.jpg');
    await sandbox().idle();
    expect(sandbox().journal.entries()).toContainEqual(
      expect.objectContaining({
        type: 'delivery',
        via: 'eventbridge',
        outcome: 'delivered',
        destination: TOPIC,
      }),
    );
    await destroyed();
    expect(JSON.parse((await policy()) ?? '{}')).toEqual(before);
  });

  test('of others on our rule keeps the rule, without our target, and it is still in the ledger', async () => {
    await makeQueue();
    await sandbox().sns.send(new CreateTopicCommand({ Name: 'alerts' }));
    expect(await init(`${LINE} --target ${QUEUE} --yes`)).toMatchObject({ code: 0 });
    await sandbox().events.send(
      new PutTargetsCommand({ Rule: 'images', Targets: [{ Id: 'x', Arn: TOPIC }] }),
    );
    const { kept, projectFile } = await destroyed();
    expect(kept.map(({ title }) => title).sort()).toEqual([
      'EventBridge of bucket photos',
      'event rule images',
    ]);
    expect(await targetsOf()).toEqual([TOPIC]);
    expect(await queuePolicy()).toBeUndefined();
    expect(projectFile).not.toBeNull();
  });

  test.each([
    ['that does not exist', QUEUE, 2, 'DESTINATION_NOT_FOUND'],
    ['that is a FIFO topic', `${TOPIC}.fifo`, 2, 'USAGE'],
    ['in another Region', QUEUE.replace('us-east-1', 'eu-west-1'), 5, 'WRONG_REGION'],
    ['of another account', QUEUE.replace('000000000000', '111122223333'), 5, 'WRONG_ACCOUNT'],
    ['that is a log group', 'arn:aws:logs:us-east-1:000000000000:log-group:/x', 2, 'USAGE'],
    ['that is nothing of the kind', 'jobs', 2, 'USAGE'],
  ])('%s is refused before anything is written', async (_what, arn, exit, code) => {
    sandbox().journal.clear();
    const result = await init(`${LINE} --target ${arn} --yes`);
    expect(result).toMatchObject({ code: exit, error: { code } });
    expect(writesOf(sandbox())).toEqual([]);
  });
});

test('add puts it beside the rules that are there, and destroy --bucket takes it alone', async () => {
  await makeQueue();
  expect(await init('films --function f --yes')).toMatchObject({ code: 0 });
  const result = await run(`add photos --event-rule images --target ${QUEUE} --event remove --yes`);
  expect(result).toMatchObject({ code: 0 });
  expect(await patternOf()).toMatchObject({ 'detail-type': ['Object Deleted'] });
  expect(await run('destroy --bucket photos --yes')).toMatchObject({ code: 0 });
  await expect(rule()).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  expect(await queuePolicy()).toBeUndefined();
  expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  expect(await statementIds(sandbox(), 'f')).toEqual(['s3evt-films']);
});

test('the wizard offers it, and asks for rule and target', async () => {
  await makeQueue();
  const typist = startTyping(['init', 'photos', '--event', 'create'], { endpoint: sandbox().url, cwd });
  await typist.answer('What receives the events?', `${DOWN.repeat(3)}${ENTER}`);
  await typist.answer('Name of a rule on the event bus', `images${ENTER}`);
  await typist.answer('ARN of the function, queue or topic', `jobs${ENTER}`);
  await typist.answer('is no ARN of a function', `\u0015${QUEUE}${ENTER}`);
  await typist.answer('prefix', ENTER);
  await typist.answer('suffix', ENTER);
  await typist.answer('Apply this plan?', ENTER);
  await typist.answer('Upload a test object', `n${ENTER}`);
  expect(await typist.code).toBe(0);
  expect(await targetsOf()).toEqual([QUEUE]);
  expect(await notificationOf(sandbox(), 'photos')).toEqual({ EventBridgeConfiguration: {} });
});
