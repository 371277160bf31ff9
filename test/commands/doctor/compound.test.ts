/**
 * Several causes at once: which is told first, what follows from what, and what is never proposed. On recorded facts stand those that the
 * local AWS cannot build: test/core/checks/compound.test.ts.
 */
import { PutRuleCommand, PutTargetsCommand } from '@aws-sdk/client-eventbridge';
import { DetachRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateKeyCommand, DisableKeyCommand } from '@aws-sdk/client-kms';
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  PutFunctionConcurrencyCommand,
  PutFunctionEventInvokeConfigCommand,
  RemovePermissionCommand,
} from '@aws-sdk/client-lambda';
import {
  CompleteMultipartUploadCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { CreateTopicCommand, DeleteTopicCommand, SubscribeCommand } from '@aws-sdk/client-sns';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DoctorResult } from '../../../src/commands/doctor.ts';
import { notificationOf } from '../../support/foreign.ts';
import { PRINTING_HANDLERS } from '../../support/function-code.ts';
import { createFunction } from '../../support/pipeline.ts';
import { writesOf } from '../../support/journal.ts';
import { temporaryFolder } from '../../support/run-cli.ts';
import { shareSandbox } from '../../support/shared-sandbox.ts';
import { allow, handler, LISTS, RAW_READER, READER, READS, readingFunction, upload } from './handlers.ts';
import { doctor, summary } from './scenario.ts';
import {
  admits,
  BUCKET,
  BUCKET_ARN,
  busChain,
  directFunction,
  filterOf,
  fnArn,
  lambdaRule,
  pattern,
  permitS3,
  put,
  queueChain,
  queueUrl,
  ruleArn,
  topicArn,
} from './world.ts';

const sandbox = shareSandbox();

let cwd = '';
beforeEach(() => {
  cwd = temporaryFolder();
});

/** Verdict and id of what is found, in the order of the report; ` < ` names the cause of a consequence. */
const told = ({ findings }: DoctorResult) =>
  findings.map(
    ({ id, verdict, consequenceOf }) =>
      `${verdict} ${id}${consequenceOf === null ? '' : ` < ${consequenceOf}`}`,
  );

const commands = ({ findings }: DoctorResult) => findings.flatMap(({ fix }) => fix.commands).join('\n');

async function look(...argv: readonly string[]): Promise<DoctorResult> {
  await sandbox().idle();
  return (await doctor(sandbox(), argv, cwd)).data;
}

/** `--fix --yes` in one run, then a healthy bucket, and the next upload of the key that was asked about arrives. */
async function mendsAll(...argv: readonly string[]): Promise<DoctorResult> {
  const { data } = await doctor(sandbox(), [...argv, '--fix', '--yes'], cwd);
  expect((data.fixed ?? []).map(({ outcome }) => outcome)).not.toContain('failed');
  const after = await look();
  expect(after.verdict, summary(after)).toBe('healthy');
  const [flag, key] = argv;
  if (flag !== '--key') {
    expect(data.verdict, summary(data)).toBe('healthy');
    return data;
  }
  await upload(sandbox(), key, { Body: 'again' });
  const again = await look(...argv);
  expect(again.verdict, summary(again)).toBe('healthy');
  return data;
}

const applied = (fixed: DoctorResult['fixed']) =>
  (fixed ?? []).filter(({ outcome }) => outcome === 'applied').map(({ id }) => id);

const shut = () =>
  sandbox().lambda.send(new RemovePermissionCommand({ FunctionName: 'thumbs', StatementId: 'from-s3' }));
const reserve = (ReservedConcurrentExecutions: number) =>
  sandbox().lambda.send(
    new PutFunctionConcurrencyCommand({ FunctionName: 'thumbs', ReservedConcurrentExecutions }),
  );

test('1: made again without its permission, and throttled: the permission is first', async () => {
  const world = sandbox();
  await directFunction(world);
  await world.lambda.send(new DeleteFunctionCommand({ FunctionName: 'thumbs' }));
  await createFunctionAgain();
  await reserve(0);
  await upload(world);
  const data = await look();
  expect(told(data), summary(data)).toEqual([
    'broken lambda-permission-missing',
    'broken reserved-concurrency-zero',
  ]);
  expect(data.rootCause).toBe('lambda-permission-missing');
  await mendsAll();
});

/** As `createFunction` made it; its role is still there. */
async function createFunctionAgain(): Promise<void> {
  const { lambda } = sandbox();
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'thumbs',
      Role: 'arn:aws:iam::000000000000:role/thumbs-role',
      Timeout: 30,
      ...PRINTING_HANDLERS.node,
    }),
  );
}

test('1: that it writes no log follows from the missing permission', async () => {
  const world = sandbox();
  await directFunction(world);
  await world.iam.send(
    new DetachRolePolicyCommand({
      RoleName: 'thumbs-role',
      PolicyArn: 'arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole',
    }),
  );
  await shut();
  await reserve(0);
  const data = await look();
  expect(told(data), summary(data)).toEqual([
    'broken lambda-permission-missing',
    'broken reserved-concurrency-zero',
    'suspected no-log-permission < lambda-permission-missing',
  ]);
});

test('2: a prefix that is not encoded, and no permission: both are offered, and mended in one run', async () => {
  const world = sandbox();
  await directFunction(world, handler(''));
  await put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'dt=1/' }))] });
  await shut();
  await upload(world, 'dt=1/a.csv');
  const data = await look('--key', 'dt=1/a.csv');
  expect(told(data), summary(data)).toEqual([
    'broken filter-not-encoded',
    'broken lambda-permission-missing',
  ]);
  for (const { fix } of data.findings) expect(fix.commands).toHaveLength(1);
  const { fixed } = await mendsAll('--key', 'dt=1/a.csv');
  expect(applied(fixed)).toEqual(['lambda-permission-missing', 'filter-not-encoded']);
});

async function uploadInParts(Key: string): Promise<void> {
  const { s3 } = sandbox();
  const { UploadId } = await s3.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
  const part = { Bucket: BUCKET, Key, UploadId, PartNumber: 1 };
  const { ETag } = await s3.send(new UploadPartCommand({ ...part, Body: 'x' }));
  await s3.send(
    new CompleteMultipartUploadCommand({
      Bucket: BUCKET,
      Key,
      UploadId,
      MultipartUpload: { Parts: [{ ETag, PartNumber: 1 }] },
    }),
  );
  await sandbox().idle();
}

const neverRetry = () =>
  sandbox().lambda.send(
    new PutFunctionEventInvokeConfigCommand({ FunctionName: 'thumbs', MaximumRetryAttempts: 0 }),
  );

describe('3: a rule for Put, an object in parts, a role that may not read', () => {
  beforeEach(async () => {
    await directFunction(sandbox(), READER);
    await put(sandbox(), {
      LambdaFunctionConfigurations: [lambdaRule({ Events: ['s3:ObjectCreated:Put'] })],
    });
  });

  test('the type of the event is first, and of the role nothing is known', async () => {
    await uploadInParts('big.bin');
    const data = await look('--key', 'big.bin');
    expect(told(data), summary(data)).toEqual(['broken event-type-multipart']);
  });

  test('what the function made of other objects is no more than suspected for this one', async () => {
    await neverRetry();
    await allow(sandbox(), LISTS);
    await upload(sandbox(), 'small.jpg');
    await uploadInParts('big.bin');
    const data = await look('--key', 'big.bin');
    expect(told(data), summary(data)).toEqual([
      'broken event-type-multipart',
      'suspected async-event-dropped < role-no-s3-read',
      'suspected role-no-s3-read',
    ]);
    expect((await look('--key', 'small.jpg')).rootCause).toBe('role-no-s3-read');
  });
});

test('4: a queue without a policy, whose key is disabled: the policy is first', async () => {
  const world = sandbox();
  await queueChain(world, false);
  const { KeyMetadata } = await world.kms.send(new CreateKeyCommand({}));
  await world.sqs.send(
    new SetQueueAttributesCommand({
      QueueUrl: queueUrl(world.url),
      Attributes: { Policy: '', KmsMasterKeyId: KeyMetadata?.Arn ?? '' },
    }),
  );
  await world.kms.send(new DisableKeyCommand({ KeyId: KeyMetadata?.Arn }));
  const data = await look();
  // What the key's policy says is not judged while nobody can use the key.
  expect(told(data), summary(data)).toEqual(['broken sqs-policy', 'broken kms-key-unusable']);
  // It is when the key is enabled: the policy of a new key does not admit S3.
  const { fixed } = await mendsAll();
  expect(fixed?.map(({ id }) => id)).toEqual(['sqs-policy', 'kms-key-unusable', 'kms-policy-denies-s3']);
});

describe('5: no permission, and a sibling whose topic is gone', () => {
  const sibling = {
    TopicConfigurations: [{ Id: 'news', TopicArn: topicArn(), Events: ['s3:ObjectRemoved:*' as const] }],
  };
  beforeEach(async () => {
    const { sns } = sandbox();
    const Policy = admits('s3.amazonaws.com', 'sns:Publish', topicArn(), BUCKET_ARN);
    await sns.send(new CreateTopicCommand({ Name: 'uploads', Attributes: { Policy } }));
    await directFunction(sandbox(), handler(''));
  });
  const loseTopic = () => sandbox().sns.send(new DeleteTopicCommand({ TopicArn: topicArn() }));

  test('the permission is the root and is mended; the sibling is left alone where nothing has to be written', async () => {
    await put(sandbox(), { LambdaFunctionConfigurations: [lambdaRule()], ...sibling });
    await loseTopic();
    await shut();
    const data = await look('--function', 'thumbs');
    expect(told(data), summary(data)).toEqual([
      'broken lambda-permission-missing',
      'risk stale-sibling-blocks-put',
    ]);
    const argv = ['--function', 'thumbs', '--fix', '--yes'];
    const { verdict, fixed } = (await doctor(sandbox(), argv, cwd)).data;
    expect(verdict).toBe('healthy');
    expect(fixed?.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['lambda-permission-missing', 'applied'],
    ]);
    expect(await notificationOf(sandbox(), BUCKET)).toHaveProperty('TopicConfigurations');
  });

  test('the sibling goes in the very write that needs it gone', async () => {
    await put(sandbox(), {
      LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'dt=1/' }))],
      ...sibling,
    });
    await loseTopic();
    await shut();
    await upload(sandbox(), 'dt=1/a.csv');
    sandbox().journal.clear();
    const argv = ['--key', 'dt=1/a.csv', '--function', 'thumbs'];
    const { fixed } = await mendsAll(...argv);
    expect(applied(fixed)).toEqual([
      'lambda-permission-missing',
      'filter-not-encoded',
      'stale-sibling-blocks-put',
    ]);
    expect(writesOf(sandbox()).filter((one) => one !== 's3.PutObject')).toEqual([
      'lambda.AddPermission',
      's3.PutBucketNotificationConfiguration',
    ]);
    expect(await notificationOf(sandbox(), BUCKET)).not.toHaveProperty('TopicConfigurations');
  });

  test('without --yes the sibling stays', async () => {
    await put(sandbox(), {
      LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'dt=1/' }))],
      ...sibling,
    });
    await loseTopic();
    await shut();
    await upload(sandbox(), 'dt=1/a.csv');
    const argv = ['--key', 'dt=1/a.csv', '--function', 'thumbs', '--fix'];
    const { data } = await doctor(sandbox(), argv, cwd);
    expect(data.fixed?.map(({ id, outcome }) => [id, outcome])).toEqual([
      ['filter-not-encoded', 'left'],
      ['lambda-permission-missing', 'applied'],
      ['stale-sibling-blocks-put', 'left'],
    ]);
    expect(await notificationOf(sandbox(), BUCKET)).toHaveProperty('TopicConfigurations');
  });

  test('nothing is done about a sibling where nothing else is wrong', async () => {
    await put(sandbox(), { LambdaFunctionConfigurations: [lambdaRule()], ...sibling });
    await loseTopic();
    const { data } = await doctor(sandbox(), ['--function', 'thumbs', '--fix', '--yes'], cwd);
    expect(data.fixed).toEqual([]);
  });
});

test('6: a key that is not decoded, read without ListBucket: the code, and not the role', async () => {
  const world = sandbox();
  await readingFunction(world, RAW_READER);
  await neverRetry();
  // Without ListBucket S3 answers AccessDenied for a key that is not there.
  await allow(world, READS);
  await upload(world, 'in/summer trip.jpg');
  const data = await look('--key', 'in/summer trip.jpg');
  expect(told(data)[0], summary(data)).toBe('broken key-not-decoded');
  expect(data.rootCause).toBe('key-not-decoded');
  const others = data.findings.slice(1).filter(({ consequenceOf }) => consequenceOf === null);
  expect(others.map(({ id }) => id)).not.toContain('role-no-s3-read');
});

describe('8: the flag of EventBridge dropped, and a pattern with a name of S3’s own', () => {
  const wrong = pattern({ 'detail-type': ['ObjectCreated:Put'] });
  beforeEach(async () => {
    await busChain(sandbox());
    await sandbox().events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: wrong }));
    await put(sandbox(), {});
  });

  test('the flag is first, with who dropped it, then the pattern; one run mends both', async () => {
    sandbox().journal.clear();
    const data = await look();
    expect(told(data), summary(data)).toEqual([
      'broken eb-not-enabled',
      'broken no-notification-config < eb-not-enabled',
      'broken eb-pattern-mismatch',
    ]);
    const [root] = data.findings;
    expect(root?.evidence).toContainEqual(
      expect.objectContaining({ call: 'cloudtrail:LookupEvents', field: 'PutBucketNotification' }),
    );
    expect(root?.message).toContain('put a configuration without it at');
    const { fixed } = await mendsAll();
    expect(fixed?.map(({ id }) => id)).toEqual(['eb-pattern-mismatch', 'eb-not-enabled']);
    expect(writesOf(sandbox())).toEqual(['events.PutRule', 's3.PutBucketNotificationConfiguration']);
  });
});

test('9: two ways to one function: that, and no duplicate of S3', async () => {
  const world = sandbox();
  await directFunction(world, handler(''));
  await world.events.send(new PutRuleCommand({ Name: 'all-objects', EventPattern: pattern() }));
  await world.events.send(
    new PutTargetsCommand({ Rule: 'all-objects', Targets: [{ Id: 'fn', Arn: fnArn() }] }),
  );
  await world.lambda.send(
    new AddPermissionCommand({
      FunctionName: 'thumbs',
      StatementId: 'from-events',
      Action: 'lambda:InvokeFunction',
      Principal: 'events.amazonaws.com',
      SourceArn: ruleArn(),
    }),
  );
  await put(world, { LambdaFunctionConfigurations: [lambdaRule()], EventBridgeConfiguration: {} });
  await upload(world);
  const data = await look('--key', 'in/a.jpg');
  expect(data.rootCause, summary(data)).toBe('double-path');
  expect(told(data)).toEqual(['broken double-path']);
  await mendsAll();
});

/** Prints its event as if its own role had caused it, under a key that its rule takes. */
const LOOPING = handler(
  `const [record] = event.Records;
  const userIdentity = { principalId: 'AWS:AROAEXAMPLE:thumbs' };
  for (const key of ['out/a.jpg', 'out/out/a.jpg']) {
    console.log(JSON.stringify({ Records: [{ ...record, userIdentity, s3: { ...record.s3, object: { ...record.s3.object, key } } }] }));
  }`,
);

describe('10: a function that invokes itself', () => {
  beforeEach(async () => {
    await directFunction(sandbox(), LOOPING);
    await upload(sandbox(), 'a.jpg');
  });

  test('with the brake on: the loop is first, and nobody proposes to take the brake away', async () => {
    await reserve(0);
    const data = await look();
    expect(told(data), summary(data)).toEqual([
      'broken recursion-runaway',
      'broken reserved-concurrency-zero < recursion-runaway',
    ]);
    expect(data.findings[0]?.fix.advice).toContain('brake');
    expect(commands(data)).not.toContain('delete-function-concurrency');
    sandbox().journal.clear();
    const { data: after } = await doctor(sandbox(), ['--fix', '--yes'], cwd);
    expect(after.fixed).toMatchObject([{ id: 'recursion-runaway', outcome: 'told' }]);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('without: --fix puts it on, and does not take it off again', async () => {
    sandbox().journal.clear();
    const { data } = await doctor(sandbox(), ['--fix', '--yes'], cwd);
    expect(data.fixed).toMatchObject([{ id: 'recursion-runaway', outcome: 'applied' }]);
    expect(writesOf(sandbox())).toEqual(['lambda.PutFunctionConcurrency']);
    expect(data.rootCause, summary(data)).toBe('recursion-runaway');
  });

  test('that Lambda ended: the same', async () => {
    await reserve(0);
    const dimensions = { FunctionName: 'thumbs' };
    const metric = { region: 'us-east-1', namespace: 'AWS/Lambda', name: 'RecursiveInvocationsDropped' };
    sandbox().metrics.add({ ...metric, dimensions }, 3);
    const data = await look();
    expect(data.rootCause, summary(data)).toBe('recursion-terminated');
    expect(commands(data)).not.toContain('delete-function-concurrency');
    expect(told(data)).toContain('broken reserved-concurrency-zero < recursion-terminated');
  });
});

test('11: a topic with the policy it was born with, and mail that nobody confirmed: the policy is first', async () => {
  const world = sandbox();
  const Policy = admits('s3.amazonaws.com', 'sns:Publish', topicArn(), BUCKET_ARN);
  await world.sns.send(new CreateTopicCommand({ Name: 'uploads', Attributes: { Policy } }));
  await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, {
    TopicConfigurations: [{ Id: 'news', TopicArn: topicArn(), Events: ['s3:ObjectCreated:*'] }],
  });
  // Deleted and made again, as SNS makes it.
  await world.sns.send(new DeleteTopicCommand({ TopicArn: topicArn() }));
  await world.sns.send(new CreateTopicCommand({ Name: 'uploads' }));
  await world.sns.send(
    new SubscribeCommand({ TopicArn: topicArn(), Protocol: 'email', Endpoint: 'ada@example.com' }),
  );
  const data = await look();
  expect(told(data), summary(data)).toEqual(['broken sns-policy', 'broken sns-no-subscription']);
  const { data: after } = await doctor(sandbox(), ['--fix'], cwd);
  expect(after.fixed).toMatchObject([
    { id: 'sns-policy', outcome: 'applied' },
    { id: 'sns-no-subscription', outcome: 'told' },
  ]);
  expect(after.rootCause).toBe('sns-no-subscription');
});

test('12: GetPolicy denied, no log group, an object older than its rule: of the key that is certain, and no more is claimed', async () => {
  const world = sandbox();
  await createFunction(world, 'thumbs', PRINTING_HANDLERS.node);
  await permitS3(world);
  await world.s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'out/' }))] });
  await world.s3.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'in/a.jpg', Body: 'x' }));
  await untilLater();
  await put(world, { LambdaFunctionConfigurations: [lambdaRule(filterOf({ prefix: 'in/' }))] });
  world.faults.add({ match: { service: 'lambda', operation: 'GetPolicy' }, effect: { kind: 'deny' } });
  const data = await look('--key', 'in/a.jpg');
  expect(told(data), summary(data)).toEqual(['broken object-predates-config']);
  expect(data.rootCause).toBe('object-predates-config');
  expect(data.mayBeEarlier).toBe(false);
  expect(data.notChecked).toContainEqual(
    expect.objectContaining({ check: 'lambda-permission-missing', action: 'lambda:GetPolicy' }),
  );
  const bucket = await look();
  expect(bucket.verdict, summary(bucket)).toBe('unknown');
});

/** LastModified and the times of CloudTrail are whole seconds. */
async function untilLater(): Promise<void> {
  const { clock } = sandbox();
  const second = () => Math.floor(clock.now() / 1000);
  const before = second();
  while (second() === before) await clock.sleep(1000 - (clock.now() % 1000), new AbortController().signal);
}
