import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeleteLogGroupCommand, CreateLogGroupCommand } from '@aws-sdk/client-cloudwatch-logs';
import { DeleteFunctionCommand } from '@aws-sdk/client-lambda';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectCommand,
  ListBucketsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DestroyResult } from '../../src/commands/destroy.ts';
import type { ProjectSettings } from '../../src/project/project-file.ts';
import { foreignFunction, notificationOf, putNotification, statementIds } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
const FUNCTION_ARN = 'arn:aws:lambda:us-east-1:000000000000:function:Demo-S3';
const MARKED = { s3evt: 'test-upload' };

let cwd = '';
beforeEach(() => {
  cwd = temporaryFolder();
});

async function init(line: string): Promise<void> {
  const { code } = await runInitJson(`${line} --yes`, { endpoint: sandbox().url, cwd });
  expect(code).toBe(0);
  sandbox().journal.clear();
}

async function destroy(line = '--yes') {
  const result = await runCli(['destroy', ...line.split(' '), '--json'], {
    endpoint: sandbox().url,
    cwd,
  });
  const envelope = envelopeOf(result);
  const data: DestroyResult = envelope.data;
  return { code: result.code, envelope, data, error: envelope.error };
}

const project = () => JSON.parse(readFileSync(join(cwd, 's3evt.json'), 'utf8')) as ProjectSettings;
const hasProject = () => existsSync(join(cwd, 's3evt.json'));
const put = (Key: string, Metadata?: Record<string, string>) =>
  sandbox().s3.send(new PutObjectCommand({ Bucket: 'photos', Key, Body: 'x', Metadata }));
const buckets = async () =>
  ((await sandbox().s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name);

test('removes all that init made, and the project file last', async () => {
  await init('photos --function Demo-S3 --id ours');
  await put('test.txt', MARKED);
  const { code, envelope, data } = await destroy();
  expect(code).toBe(0);
  expect(envelope).toMatchObject({ schemaVersion: 1, command: 'destroy', status: 'ok', error: null });
  expect(data).toEqual({
    steps: [
      'Remove rule ours from photos',
      'Remove the permission s3evt-photos from function Demo-S3',
      'Delete function Demo-S3',
      'Delete bucket photos and the 1 test object in it',
      'Delete log group /aws/lambda/Demo-S3',
      'Delete role s3evt-Demo-S3',
    ].map((title) => ({ id: expect.any(String), title, change: 'delete', outcome: 'applied' })),
    kept: [],
    projectFile: null,
  });
  expect(hasProject()).toBe(false);
  expect(await buckets()).toEqual([]);
  const again = await destroy();
  expect([again.code, again.error?.code]).toEqual([2, 'NOTHING_TO_DO']);
});

test('shows the list, oldest first, before it asks; without a terminal --yes is needed', async () => {
  await init('photos --function Demo-S3 --id ours');
  const { code, stderr } = await runCli(['destroy'], { endpoint: sandbox().url, cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('pass --yes');
  const list = ['bucket photos', 'log group /aws/lambda/Demo-S3', 'role s3evt-Demo-S3', 'function Demo-S3'];
  const shown = [...list, 'permission s3evt-photos', 'rule ours'].map((name) =>
    stderr.indexOf(`  - ${name}`),
  );
  expect(shown.every((position) => position > stderr.indexOf('account 000000000000'))).toBe(true);
  expect([...shown].sort((a, b) => a - b)).toEqual(shown);
  expect(writesOf(sandbox())).toEqual([]);
});

test('--dry-run removes nothing', async () => {
  await init('photos --function Demo-S3');
  const { code, data } = await destroy('--dry-run');
  expect(code).toBe(0);
  expect(new Set(data.steps.map(({ outcome }) => outcome))).toEqual(new Set(['planned']));
  const shown = await runCli(['destroy', '--dry-run'], { endpoint: sandbox().url, cwd });
  expect(shown.stdout).toBe('6 things would be removed; nothing was.\n');
  expect(writesOf(sandbox())).toEqual([]);
  expect(data.projectFile).toBe(join(cwd, 's3evt.json'));
});

describe('what others have a part in stays', () => {
  test('a bucket with an object that s3evt did not upload, with all objects', async () => {
    await init('photos --function Demo-S3');
    await put('test.txt', MARKED);
    await put('theirs.txt');
    const { code, data } = await destroy();
    expect(code).toBe(0);
    expect(data.kept).toEqual([
      { title: 'bucket photos', reason: 'it holds 1 object that s3evt did not upload' },
    ]);
    expect(project().made).toEqual([{ kind: 'bucket', name: 'photos' }]);
    expect(writesOf(sandbox())).not.toContain('s3.DeleteObject');
    expect(await notificationOf(sandbox(), 'photos')).toEqual({});
    await sandbox().s3.send(new DeleteObjectCommand({ Bucket: 'photos', Key: 'theirs.txt' }));
    expect((await destroy()).data.projectFile).toBeNull();
    expect(await buckets()).toEqual([]);
  });

  test("a function that somebody else's rule sends to, with its permission, role and logs", async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    await init('photos --function Demo-S3 --id ours --prefix in/');
    const { LambdaFunctionConfigurations = [] } = await notificationOf(sandbox(), 'photos');
    const theirs = { Id: 'theirs', LambdaFunctionArn: FUNCTION_ARN, Events: ['s3:ObjectRemoved:*' as const] };
    await putNotification(sandbox(), 'photos', {
      LambdaFunctionConfigurations: [...(LambdaFunctionConfigurations as (typeof theirs)[]), theirs],
    });
    const { code, data } = await destroy();
    expect(code).toBe(0);
    expect(data.kept.map(({ title }) => title)).toEqual([
      'permission s3evt-photos',
      'function Demo-S3',
      'log group /aws/lambda/Demo-S3',
      'role s3evt-Demo-S3',
    ]);
    expect(data.kept[1]?.reason).toContain('rule theirs');
    expect(data.steps.map(({ title }) => title)).toEqual(['Remove rule ours from photos']);
    expect(await notificationOf(sandbox(), 'photos')).toEqual({ LambdaFunctionConfigurations: [theirs] });
    expect(project().made?.map(({ kind }) => kind)).toEqual(['log-group', 'role', 'function', 'permission']);
    // By now the ledger names neither the bucket nor a rule of it.
    const shown = await runCli(['destroy', '--yes'], { endpoint: sandbox().url, cwd });
    expect(shown.stdout).toContain('function Demo-S3 stays: rule theirs');
    expect(shown.stdout).toContain(`What stays is remembered in ${join(cwd, 's3evt.json')}`);
    expect(await statementIds(sandbox(), 'Demo-S3')).toEqual(['s3evt-photos']);
  });

  test("a permission that somebody else's rule for somebody else's function relies on", async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    const arn = await foreignFunction(sandbox(), 'thumbs');
    await init('photos --function thumbs --id ours');
    const theirs = { Id: 'theirs', LambdaFunctionArn: arn, Events: ['s3:ObjectCreated:*' as const] };
    await putNotification(sandbox(), 'photos', { LambdaFunctionConfigurations: [theirs] });
    for (const time of ['first', 'second']) {
      const { code, data } = await destroy();
      expect([time, code, data.kept.map(({ title }) => title)]).toEqual([
        time,
        0,
        ['permission s3evt-photos'],
      ]);
    }
    expect(await statementIds(sandbox(), 'thumbs')).toEqual(['s3evt-photos']);
  });

  test('a function that a bucket of others sends to, which only its policy tells', async () => {
    await init('photos --function Demo-S3');
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'films' }));
    await runInitJson('films --function Demo-S3 --no-save --yes', { endpoint: sandbox().url });
    const { data } = await destroy();
    expect(data.kept.map(({ title }) => title)).toContain('function Demo-S3');
    expect((await notificationOf(sandbox(), 'films')).LambdaFunctionConfigurations).toHaveLength(1);
    expect(await buckets()).toEqual(['films']);
  });

  test('a rule that sends elsewhere by now', async () => {
    await init('photos --function Demo-S3 --id ours');
    const other = await foreignFunction(sandbox(), 'thumbs');
    await runInitJson('photos --function thumbs --no-save --event tagging --id x --yes', {
      endpoint: sandbox().url,
    });
    const changed = {
      LambdaFunctionConfigurations: [
        { Id: 'ours', LambdaFunctionArn: other, Events: ['s3:ObjectCreated:*' as const] },
      ],
    };
    await putNotification(sandbox(), 'photos', changed);
    const { data } = await destroy();
    expect(data.kept).toContainEqual({
      title: 'rule ours',
      reason: expect.stringContaining('somebody changed it'),
    });
    expect(data.steps.map(({ title }) => title)).toContain('Delete function Demo-S3');
  });

  test('what somebody made anew under the same name, without the tag', async () => {
    await init('photos --function Demo-S3');
    const { s3, lambda, logs } = sandbox();
    await putNotification(sandbox(), 'photos', {});
    await s3.send(new DeleteBucketCommand({ Bucket: 'photos' }));
    await s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    await lambda.send(new DeleteFunctionCommand({ FunctionName: 'Demo-S3' }));
    await foreignFunction(sandbox(), 'Demo-S3');
    await logs.send(new DeleteLogGroupCommand({ logGroupName: '/aws/lambda/Demo-S3' }));
    await logs.send(new CreateLogGroupCommand({ logGroupName: '/aws/lambda/Demo-S3' }));
    sandbox().journal.clear();
    const { code, data } = await destroy();
    expect(code).toBe(0);
    const reason = 'it does not carry the tag of s3evt: somebody made it anew';
    expect(data.kept).toEqual(
      expect.arrayContaining(
        ['bucket photos', 'log group /aws/lambda/Demo-S3', 'function Demo-S3'].map((title) => ({
          title,
          reason,
        })),
      ),
    );
    const deleted = writesOf(sandbox());
    for (const call of ['s3.DeleteBucket', 'logs.DeleteLogGroup', 'lambda.DeleteFunction'])
      expect(deleted).not.toContain(call);
  });

  test('the permission and rule of an alias go, its function of others does not', async () => {
    await foreignFunction(sandbox(), 'thumbs', 'live');
    await init('photos --function thumbs:live');
    expect((await destroy()).code).toBe(0);
    expect(await statementIds(sandbox(), 'thumbs', 'live')).toEqual([]);
    expect(writesOf(sandbox())).not.toContain('lambda.DeleteFunction');
    expect(hasProject()).toBe(false);
  });
});

test('what is gone already is no failure', async () => {
  await init('photos --function Demo-S3');
  await sandbox().reset();
  const { code, data } = await destroy();
  expect(code).toBe(0);
  expect(data).toEqual({ steps: [], kept: [], projectFile: null });
});

test('a versioned bucket goes with its test versions and delete markers', async () => {
  await init('photos --function Demo-S3');
  await put('unversioned.txt', MARKED);
  await sandbox().s3.send(
    new PutBucketVersioningCommand({ Bucket: 'photos', VersioningConfiguration: { Status: 'Enabled' } }),
  );
  await put('test.txt', MARKED);
  await put('test.txt', MARKED);
  await sandbox().s3.send(new DeleteObjectCommand({ Bucket: 'photos', Key: 'test.txt' }));
  await sandbox().idle();
  const { code, error } = await destroy();
  expect([code, error]).toEqual([0, null]);
  expect(await buckets()).toEqual([]);
});
