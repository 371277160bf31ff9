/** --dead-letter and --versioning of init and add. */
import { GetRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import {
  GetFunctionEventInvokeConfigCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  type FunctionEventInvokeConfig,
} from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  GetBucketVersioningCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  GetQueueUrlCommand,
  ListQueueTagsCommand,
  ReceiveMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DestroyResult } from '../../src/commands/destroy.ts';
import { foreignFunction, notificationOf } from '../support/foreign.ts';
import { runInitJson, words } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const DEAD = 'arn:aws:sqs:us-east-1:000000000000:jobs-dead-letter';
const REDRIVE = { deadLetterTargetArn: DEAD, maxReceiveCount: 5 };
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
});

const run = (line: string) => runCli([...words(line), '--json'], { endpoint: sandbox().url, cwd });
const init = (line: string) => runInitJson(line, { endpoint: sandbox().url, cwd });
const urlOf = async (name: string) =>
  (await sandbox().sqs.send(new GetQueueUrlCommand({ QueueName: name }))).QueueUrl;
const absent = { name: 'QueueDoesNotExist' };

async function redriveOf(name: string): Promise<unknown> {
  const command = new GetQueueAttributesCommand({
    QueueUrl: await urlOf(name),
    AttributeNames: ['RedrivePolicy'],
  });
  const text = (await sandbox().sqs.send(command)).Attributes?.['RedrivePolicy'];
  return text === undefined || text === '' ? undefined : JSON.parse(text);
}

async function configOf(FunctionName: string): Promise<FunctionEventInvokeConfig | undefined> {
  try {
    return await sandbox().lambda.send(new GetFunctionEventInvokeConfigCommand({ FunctionName }));
  } catch (error) {
    if (error instanceof Error && error.name === 'ResourceNotFoundException') return undefined;
    throw error;
  }
}

async function destroyed(): Promise<DestroyResult> {
  const result = await run('destroy --yes');
  expect(result).toMatchObject({ code: 0 });
  return envelopeOf(result).data;
}

/** The second run changes nothing and says so. */
async function expectUnchanged(line: string): Promise<void> {
  sandbox().journal.clear();
  const { code, data } = await init(line);
  expect(code).toBe(0);
  expect(data.steps.every(({ outcome }) => outcome === 'unchanged')).toBe(true);
  expect(writesOf(sandbox())).toEqual([]);
}

describe('of a queue', () => {
  test('new: both are made, a message that nobody finishes goes there, destroy takes both', async () => {
    const line = 'photos --queue jobs --dead-letter --yes';
    const first = await init(line);
    expect(first).toMatchObject({ code: 0, error: null });
    expect(first.data.steps.map(({ id, change }) => [id, change])).toEqual([
      ['bucket', 'none'],
      ['dead-letter', 'create'],
      ['queue', 'create'],
      ['notification', 'create'],
    ]);
    expect(first.data.equivalentCommand).toContain(' --dead-letter --yes');
    expect(await redriveOf('jobs')).toEqual(REDRIVE);
    const { Tags } = await sandbox().sqs.send(
      new ListQueueTagsCommand({ QueueUrl: await urlOf('jobs-dead-letter') }),
    );
    expect(Tags).toEqual({ 'created-by': 's3evt' });

    const QueueUrl = await urlOf('jobs');
    await sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'x' }));
    await sandbox().idle();
    const receive = new ReceiveMessageCommand({ QueueUrl, VisibilityTimeout: 0, MaxNumberOfMessages: 10 });
    for (let time = 0; time < 6; time++) await sandbox().sqs.send(receive);
    const { Messages = [] } = await sandbox().sqs.send(
      new ReceiveMessageCommand({ QueueUrl: await urlOf('jobs-dead-letter'), MaxNumberOfMessages: 10 }),
    );
    expect(Messages.some(({ Body = '' }) => Body.includes('"key":"a"'))).toBe(true);

    await expectUnchanged(line);
    expect((await destroyed()).kept).toEqual([]);
    await expect(urlOf('jobs')).rejects.toMatchObject(absent);
    await expect(urlOf('jobs-dead-letter')).rejects.toMatchObject(absent);
  });

  test("somebody's without one: it gets one, in the plan, and loses it with destroy", async () => {
    await sandbox().sqs.send(new CreateQueueCommand({ QueueName: 'jobs' }));
    const line = 'photos --queue jobs --dead-letter failed --yes';
    const { data } = await init(line);
    expect(data.steps.find(({ id }) => id === 'redrive')).toMatchObject({
      change: 'create',
      outcome: 'applied',
    });
    expect(await redriveOf('jobs')).toMatchObject({
      deadLetterTargetArn: expect.stringMatching(/:failed$/) as string,
    });
    await expectUnchanged(line);
    await destroyed();
    expect(await redriveOf('jobs')).toBeUndefined();
    await expect(urlOf('failed')).rejects.toMatchObject(absent);
  });

  test("somebody's with one keeps it, and it is said", async () => {
    for (const name of ['theirs', 'jobs'])
      await sandbox().sqs.send(new CreateQueueCommand({ QueueName: name }));
    const RedrivePolicy = JSON.stringify({
      deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:theirs',
      maxReceiveCount: 9,
    });
    await sandbox().sqs.send(
      new SetQueueAttributesCommand({ QueueUrl: await urlOf('jobs'), Attributes: { RedrivePolicy } }),
    );
    const { code, envelope } = await init('photos --queue jobs --dead-letter --yes');
    expect(code).toBe(0);
    expect(envelope.warnings).toContainEqual(expect.objectContaining({ code: 'DEAD_LETTER_KEPT' }));
    expect(await redriveOf('jobs')).toEqual(JSON.parse(RedrivePolicy));
    await expect(urlOf('jobs-dead-letter')).rejects.toMatchObject(absent);
  });

  test.each([
    ['--queue jobs --dead-letter jobs', 2, 'INVALID_ARGUMENT'],
    ['--queue jobs --dead-letter x.fifo', 2, 'INVALID_ARGUMENT'],
    ['--queue jobs --dead-letter arn:aws:sqs:us-east-1:000000000000:none', 2, 'DESTINATION_NOT_FOUND'],
    ['--queue jobs --dead-letter arn:aws:sqs:eu-west-1:000000000000:none', 5, 'WRONG_REGION'],
    ['--topic alerts --dead-letter', 2, 'USAGE'],
    ['--event-rule images --dead-letter', 2, 'USAGE'],
  ])('%s is refused before anything is written', async (flags, exit, code) => {
    sandbox().journal.clear();
    expect(await init(`photos ${flags} --yes`)).toMatchObject({ code: exit, error: { code } });
    expect(writesOf(sandbox())).toEqual([]);
  });
});

describe('of a function', () => {
  test('new: the role may send there, the record of a failure arrives, destroy takes all', async () => {
    const line = 'photos --function jobs --runtime nodejs22.x --dead-letter --yes';
    const first = await init(line);
    expect(first).toMatchObject({ code: 0, error: null });
    expect((await configOf('jobs'))?.DestinationConfig?.OnFailure).toEqual({ Destination: DEAD });
    const { PolicyDocument = '' } = await sandbox().iam.send(
      new GetRolePolicyCommand({ RoleName: 's3evt-jobs', PolicyName: 's3evt-send-failures' }),
    );
    expect(JSON.parse(decodeURIComponent(PolicyDocument))).toMatchObject({
      Statement: [{ Effect: 'Allow', Action: 'sqs:SendMessage', Resource: DEAD }],
    });
    await expectUnchanged(line);

    // No concurrency: every event is given up without an invocation.
    await sandbox().lambda.send(
      new PutFunctionConcurrencyCommand({ FunctionName: 'jobs', ReservedConcurrentExecutions: 0 }),
    );
    await sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key: 'a', Body: 'x' }));
    await sandbox().idle();
    const { Messages = [] } = await sandbox().sqs.send(
      new ReceiveMessageCommand({ QueueUrl: await urlOf('jobs-dead-letter'), WaitTimeSeconds: 5 }),
    );
    expect(JSON.parse(Messages[0]?.Body ?? '{}')).toMatchObject({
      requestContext: { condition: 'ZeroReservedConcurrency' },
      requestPayload: { Records: [{ s3: { object: { key: 'a' } } }] },
    });
    expect((await destroyed()).kept).toEqual([]);
    await expect(urlOf('jobs-dead-letter')).rejects.toMatchObject(absent);
  });

  test("somebody's: its role is not touched; with the statement that is named it works and is taken back", async () => {
    await foreignFunction(sandbox(), 'thumbs');
    await sandbox().lambda.send(
      new PutFunctionEventInvokeConfigCommand({ FunctionName: 'thumbs', MaximumRetryAttempts: 1 }),
    );
    const before = await configOf('thumbs');
    const line = 'photos --function thumbs --dead-letter jobs-dead-letter --yes';
    sandbox().journal.clear();
    const refused = await init(line);
    expect(refused).toMatchObject({ code: 5, error: { code: 'OWNED_BY_OTHERS' } });
    expect(writesOf(sandbox())).toEqual([]);
    const statement = /\{.*\}/.exec(refused.error?.hint ?? '')?.[0] ?? '';
    await sandbox().iam.send(
      new PutRolePolicyCommand({
        RoleName: 'thumbs-execution',
        PolicyName: 'failures',
        PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [JSON.parse(statement)] }),
      }),
    );
    expect(await init(line)).toMatchObject({ code: 0 });
    expect(await configOf('thumbs')).toMatchObject({
      MaximumRetryAttempts: 1,
      DestinationConfig: { OnFailure: { Destination: DEAD } },
    });
    await expectUnchanged(line);
    await destroyed();
    expect({ ...(await configOf('thumbs')), LastModified: 0, $metadata: 0 }).toEqual({
      ...before,
      LastModified: 0,
      $metadata: 0,
    });
    await expect(urlOf('jobs-dead-letter')).rejects.toMatchObject(absent);
  });
});

describe('--versioning', () => {
  const versioning = async () =>
    (await sandbox().s3.send(new GetBucketVersioningCommand({ Bucket: 'photos' }))).Status;

  test('is turned on with the reason, and stays on after destroy, which says so', async () => {
    const { code, data, envelope } = await init('photos --queue jobs --versioning --yes');
    expect(code).toBe(0);
    expect(data.steps.find(({ id }) => id === 'versioning')).toMatchObject({
      title: expect.stringContaining(
        'two writes of one key at the same moment may send one event only',
      ) as string,
      outcome: 'applied',
    });
    expect(envelope.warnings).toContainEqual(expect.objectContaining({ code: 'VERSIONING_STAYS' }));
    expect(await versioning()).toBe('Enabled');
    await expectUnchanged('photos --queue jobs --versioning --yes');
    const { kept, projectFile } = await destroyed();
    expect(kept.map(({ title }) => title)).toEqual(['versioning of bucket photos']);
    expect(projectFile).toBeNull();
    expect(await versioning()).toBe('Enabled');
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
  });

  test('that was suspended is turned on again; a bucket of ours goes with it', async () => {
    await sandbox().s3.send(
      new PutBucketVersioningCommand({ Bucket: 'photos', VersioningConfiguration: { Status: 'Suspended' } }),
    );
    expect(await init('photos --queue jobs --versioning --yes')).toMatchObject({ code: 0 });
    expect(await versioning()).toBe('Enabled');
    expect(await init('fresh --queue jobs --versioning --dead-letter --yes')).toMatchObject({ code: 0 });
    const { kept } = await destroyed();
    expect(kept.map(({ title }) => title)).toEqual(['versioning of bucket photos']);
  });
});
