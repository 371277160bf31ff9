import { CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { CreateRoleCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AddPermissionCommand, CreateFunctionCommand, PublishVersionCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  HeadBucketCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, test } from 'vitest';
import { emptyAndDeleteBucket } from '../../src/aws/delete-bucket.ts';
import { readMade } from '../../src/aws/read-made.ts';
import { LAMBDA_TRUST, PRINTING_HANDLERS } from '../support/function-code.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';
import { ACCOUNT, sandboxAws } from './sandbox-aws.ts';

const GROUP = '/aws/lambda/f';
const MARK = { s3evt: 'test-upload' };

/** Everything that a ledger may name, with the tag of s3evt or without. */
async function makeAll({ s3, logs, iam, lambda }: TestSandbox, tagged: boolean): Promise<void> {
  const tags = tagged ? { 'created-by': 's3evt' } : { team: 'x' };
  const list = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await s3.send(new CreateBucketCommand({ Bucket: 'demo', CreateBucketConfiguration: { Tags: list } }));
  await logs.send(new CreateLogGroupCommand({ logGroupName: GROUP, tags }));
  const { Role } = await iam.send(
    new CreateRoleCommand({ RoleName: 'r', AssumeRolePolicyDocument: LAMBDA_TRUST, Tags: list }),
  );
  const PolicyDocument =
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}';
  await iam.send(new PutRolePolicyCommand({ RoleName: 'r', PolicyName: 'p', PolicyDocument }));
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName: 'f',
      Role: Role?.Arn,
      Tags: tags,
      ...PRINTING_HANDLERS.python,
    }),
  );
}

const NAMES = [
  { kind: 'bucket', name: 'demo' },
  { kind: 'log-group', name: GROUP },
  { kind: 'role', name: 'r' },
  { kind: 'function', name: 'f' },
] as const;

test.each([
  ['ours', true, { ours: [], others: 0 }, ['p']],
  ['foreign', false, undefined, ['p']],
  ['gone', undefined, undefined, []],
] as const)('%s', async (now, tagged, objects, inlinePolicies) => {
  const sandbox = await startTestSandbox();
  if (tagged !== undefined) await makeAll(sandbox, tagged);
  const aws = sandboxAws(sandbox);
  expect(await Promise.all(NAMES.map((made) => readMade(aws, made)))).toEqual([
    { kind: 'bucket', name: 'demo', now, objects },
    { kind: 'log-group', name: GROUP, now },
    { kind: 'role', name: 'r', now, inlinePolicies },
    { kind: 'function', name: 'f', now },
  ]);
});

test('a bucket without any tag is foreign', async () => {
  const sandbox = await startTestSandbox();
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'demo' }));
  expect(await readMade(sandboxAws(sandbox), NAMES[0])).toMatchObject({ now: 'foreign', objects: undefined });
});

test('a rule is what the ledger says; whether it is there, the document tells', async () => {
  const sandbox = await startTestSandbox();
  const made = { kind: 'rule', name: 'r', bucket: 'demo', function: 'arn' } as const;
  expect(await readMade(sandboxAws(sandbox), made)).toEqual({
    kind: 'rule',
    name: 'r',
    bucket: 'demo',
    destination: 'arn',
  });
});

test('a permission is there when its statement is, in the policy of its qualifier', async () => {
  const sandbox = await startTestSandbox();
  await makeAll(sandbox, true);
  const permission = { FunctionName: 'f', Action: 'lambda:InvokeFunction', Principal: 's3.amazonaws.com' };
  await sandbox.lambda.send(new PublishVersionCommand({ FunctionName: 'f' }));
  await sandbox.lambda.send(new AddPermissionCommand({ ...permission, StatementId: 'one', Qualifier: '1' }));
  await sandbox.lambda.send(new AddPermissionCommand({ ...permission, StatementId: 'plain' }));
  const aws = sandboxAws(sandbox);
  const read = (name: string, reference: string) =>
    readMade(aws, { kind: 'permission', name, function: reference });
  expect(await read('plain', 'f')).toEqual({
    kind: 'permission',
    name: 'plain',
    functionName: 'f',
    qualifier: undefined,
    now: 'ours',
  });
  expect(await read('one', 'f:1')).toMatchObject({ functionName: 'f', qualifier: '1', now: 'ours' });
  expect(await read('one', 'f')).toMatchObject({ now: 'gone' });
  expect(await read('plain', 'nobody')).toMatchObject({ now: 'gone' });
});

test.each([
  [NAMES[0], 'GetBucketTagging'],
  [NAMES[0], 'ListObjectVersions'],
  [NAMES[1], 'DescribeLogGroups'],
  [NAMES[1], 'ListTagsForResource'],
  [NAMES[2], 'GetRole'],
  [NAMES[3], 'GetFunction'],
])('what may not be looked at is not deleted: $kind, %s', async (made, operation) => {
  const sandbox = await startTestSandbox();
  await makeAll(sandbox, true);
  sandbox.faults.add({ match: { operation }, effect: { kind: 'deny' } });
  await expect(readMade(sandboxAws(sandbox), made)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
});

describe('the contents of a bucket', () => {
  const put = ({ s3 }: TestSandbox, Key: string, Metadata?: Record<string, string>) =>
    s3.send(new PutObjectCommand({ Bucket: 'demo', Key, Body: 'x', ...(Metadata && { Metadata }) }));
  const versioned = ({ s3 }: TestSandbox) =>
    s3.send(
      new PutBucketVersioningCommand({ Bucket: 'demo', VersioningConfiguration: { Status: 'Enabled' } }),
    );
  const contents = async (sandbox: TestSandbox) => {
    const fact = await readMade(sandboxAws(sandbox), NAMES[0]);
    return fact.kind === 'bucket' ? fact.objects : undefined;
  };
  const remove = async (sandbox: TestSandbox) =>
    emptyAndDeleteBucket(sandboxAws(sandbox), 'demo', ACCOUNT, (await contents(sandbox))?.ours ?? []);

  test('are told apart by the mark of test-upload', async () => {
    const sandbox = await startTestSandbox();
    await makeAll(sandbox, true);
    for (const key of ['a', 'in/b c', 'z+é']) await put(sandbox, key, MARK);
    expect((await contents(sandbox))?.ours.map(({ key }) => key)).toEqual(['a', 'in/b c', 'z+é']);
    await put(sandbox, 'theirs');
    await put(sandbox, 'also theirs', { s3evt: 'no' });
    expect(await contents(sandbox)).toMatchObject({ others: 2 });
    expect((await contents(sandbox))?.ours).toHaveLength(3);
  });

  test('of s3evt alone go with the bucket', async () => {
    const sandbox = await startTestSandbox();
    await makeAll(sandbox, true);
    for (let i = 0; i < 20; i++) await put(sandbox, `key ${i}`, MARK);
    await remove(sandbox);
    await expect(sandbox.s3.send(new HeadBucketCommand({ Bucket: 'demo' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  test('all versions and delete markers, those from before versioning too', async () => {
    const sandbox = await startTestSandbox();
    await makeAll(sandbox, true);
    await put(sandbox, 'old', MARK);
    await versioned(sandbox);
    await put(sandbox, 'old', MARK);
    await put(sandbox, 'new', MARK);
    await sandbox.s3.send(new DeleteObjectCommand({ Bucket: 'demo', Key: 'new' }));
    const found = await contents(sandbox);
    expect([found?.ours.length, found?.others]).toEqual([4, 0]);
    await remove(sandbox);
    await expect(sandbox.s3.send(new HeadBucketCommand({ Bucket: 'demo' }))).rejects.toMatchObject({
      name: 'NotFound',
    });
  });

  test('an older version of somebody else counts', async () => {
    const sandbox = await startTestSandbox();
    await makeAll(sandbox, true);
    await versioned(sandbox);
    await put(sandbox, 'key');
    await put(sandbox, 'key', MARK);
    expect(await contents(sandbox)).toMatchObject({ others: 1 });
  });

  test('an object that came meanwhile makes AWS refuse, and stays', async () => {
    const sandbox = await startTestSandbox();
    await makeAll(sandbox, true);
    await put(sandbox, 'mine', MARK);
    const ours = (await contents(sandbox))?.ours ?? [];
    await put(sandbox, 'theirs');
    await expect(emptyAndDeleteBucket(sandboxAws(sandbox), 'demo', ACCOUNT, ours)).rejects.toMatchObject({
      aws: { name: 'BucketNotEmpty' },
    });
    const left = await sandbox.s3.send(new ListObjectVersionsCommand({ Bucket: 'demo' }));
    expect(left.Versions?.map(({ Key }) => Key)).toEqual(['theirs']);
  });

  test('too many to look through are others’, delete markers included', async () => {
    const sandbox = await startTestSandbox();
    await makeAll(sandbox, true);
    await versioned(sandbox);
    const keys = Array.from({ length: 1_001 }, (_, i) => ({ Key: `k${i}` }));
    for (const Objects of [keys.slice(0, 1_000), keys.slice(1_000)])
      await sandbox.s3.send(new DeleteObjectsCommand({ Bucket: 'demo', Delete: { Objects, Quiet: true } }));
    const found = await contents(sandbox);
    expect(found?.ours).toEqual([]);
    expect(found?.others).toBeGreaterThan(0);
  });
});
