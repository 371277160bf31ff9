import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GetRoleCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, DeleteBucketCommand, ListBucketsCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { DestroyResult } from '../../src/commands/destroy.ts';
import type { ProjectSettings } from '../../src/project/project-file.ts';
import { foreignFunction, statementIds } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { startTestSandbox } from '../support/sandbox.ts';
import { CTRL_C, ENTER, startTyping, tooWide } from '../support/typing.ts';

const sandbox = shareSandbox();

let cwd = '';
beforeEach(() => {
  cwd = temporaryFolder();
});

async function init(line: string): Promise<void> {
  const { code } = await runInitJson(`${line} --yes`, { endpoint: sandbox().url, cwd });
  expect(code).toBe(0);
  sandbox().journal.clear();
}

async function destroy(line = '--yes', endpoint = sandbox().url) {
  const result = await runCli(['destroy', ...line.split(' '), '--json'], { endpoint, cwd });
  const envelope = envelopeOf(result);
  const data: DestroyResult = envelope.data;
  return { code: result.code, data, error: envelope.error };
}

const project = () => JSON.parse(readFileSync(join(cwd, 's3evt.json'), 'utf8')) as ProjectSettings;
const buckets = async () =>
  ((await sandbox().s3.send(new ListBucketsCommand({}))).Buckets ?? []).map(({ Name }) => Name);

describe('when something fails', () => {
  test('the rest is removed and remembered as gone; the second run removes what was left', async () => {
    await init('photos --function Demo-S3');
    sandbox().faults.add({ match: { operation: 'DeleteRole' }, effect: { kind: 'deny' }, times: 1 });
    const first = await destroy();
    expect(first.code).toBe(4);
    expect(first.error).toMatchObject({
      code: 'ACCESS_DENIED',
      message: expect.stringContaining('iam:DeleteRole'),
      hint: expect.stringContaining('run the command again'),
    });
    expect(first.data.steps.find(({ id }) => id === 'role-s3evt-Demo-S3')?.outcome).toBe('failed');
    expect(project().made).toEqual(expect.arrayContaining([{ kind: 'role', name: 's3evt-Demo-S3' }]));
    const second = await destroy();
    expect(second.code).toBe(0);
    expect(second.data.projectFile).toBeNull();
    expect(existsSync(join(cwd, 's3evt.json'))).toBe(false);
    await expect(sandbox().iam.send(new GetRoleCommand({ RoleName: 's3evt-Demo-S3' }))).rejects.toThrow();
    expect(await buckets()).toEqual([]);
  });

  test('what may not be looked at is not deleted', async () => {
    await init('photos --function Demo-S3');
    sandbox().faults.add({ match: { operation: 'GetBucketTagging' }, effect: { kind: 'deny' } });
    const { code } = await destroy();
    expect(code).toBe(4);
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('of two permissions by one name the ledger forgets the one that is gone', async () => {
    await foreignFunction(sandbox(), 'one');
    await foreignFunction(sandbox(), 'two');
    await init('photos --function one --id one --prefix a/');
    await init('photos --function two --id two --prefix b/');
    sandbox().faults.add({ match: { operation: 'RemovePermission' }, effect: { kind: 'deny' }, times: 1 });
    expect((await destroy()).code).toBe(4);
    const left = project().made?.filter(({ kind }) => kind === 'permission') ?? [];
    const granted = await Promise.all(['one', 'two'].map((name) => statementIds(sandbox(), name)));
    expect(left.length).toBe(granted.flat().length);
    expect((await destroy()).code).toBe(0);
    expect(await statementIds(sandbox(), 'one')).toEqual([]);
    expect(await statementIds(sandbox(), 'two')).toEqual([]);
  });
});

describe('with a bucket', () => {
  test('only what was made for it, and not what is for one with a longer name', async () => {
    await init('my-photos --function Demo-A');
    await init('photos --function Demo-B');
    const { code, data } = await destroy('photos --yes');
    expect([code, data.kept]).toEqual([0, []]);
    expect(await buckets()).toEqual(['my-photos']);
    expect(await statementIds(sandbox(), 'Demo-A')).toEqual(['s3evt-my-photos']);
    const names = project().made?.map(({ name }) => name);
    expect(names).toEqual([
      'my-photos',
      '/aws/lambda/Demo-A',
      's3evt-Demo-A',
      'Demo-A',
      's3evt-my-photos',
      'Invoke-Lambda-NewObjects',
    ]);
  });

  test('a function that serves another bucket too stays', async () => {
    await init('films --function Demo-S3');
    await init('photos --function Demo-S3');
    expect((await destroy('--bucket s3://photos --yes')).code).toBe(0);
    expect(await buckets()).toEqual(['films']);
    expect(project().made?.map(({ kind }) => kind)).toContain('function');
    expect(await statementIds(sandbox(), 'Demo-S3')).toEqual(['s3evt-films']);
  });

  test('that is gone, and has the name of a function that stays, is forgotten', async () => {
    await init('demo --function demo');
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'films' }));
    await runInitJson('films --function demo --no-save --yes', { endpoint: sandbox().url });
    await sandbox().s3.send(new DeleteBucketCommand({ Bucket: 'demo' }));
    const { data } = await destroy();
    expect(data.kept.map(({ title }) => title)).toContain('function demo');
    expect(project().made).not.toContainEqual({ kind: 'bucket', name: 'demo' });
  });

  test('for which nothing was made there is nothing to do', async () => {
    await init('photos --function Demo-S3');
    const { code, error } = await destroy('films --yes');
    expect([code, error?.code]).toEqual([2, 'NOTHING_TO_DO']);
  });
});

describe('elsewhere', () => {
  test('another account is refused', async () => {
    await init('photos --function Demo-S3');
    const other = await startTestSandbox({ account: '111122223333' });
    const { code, error } = await destroy('--yes', other.url);
    expect([code, error?.code]).toEqual([5, 'WRONG_ACCOUNT']);
    expect(writesOf(other)).toEqual([]);
  });

  test('another Region is refused', async () => {
    await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
    await init('photos --function Demo-S3');
    const { code, error } = await destroy('--yes --region eu-west-1');
    expect(code).toBe(5);
    expect(error).toMatchObject({ code: 'WRONG_REGION', hint: 'Pass --region us-east-1.' });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('an empty folder has nothing to destroy', async () => {
    const { code, error } = await destroy();
    expect([code, error?.code]).toEqual([2, 'NOTHING_TO_DO']);
    writeFileSync(join(cwd, 's3evt.json'), '{"version":1,"bucket":"photos"}');
    expect((await destroy()).error?.code).toBe('NOTHING_TO_DO');
  });
});

describe('at a terminal', () => {
  test.each([
    ['n', 2, true],
    // No is what Enter means: this cannot be taken back.
    ['', 2, true],
    [CTRL_C, 130, true],
    ['y', 0, false],
  ])('the answer %j ends with %i', async (keys, code, stays) => {
    await init('photos --function Demo-S3');
    const run = startTyping(['destroy'], { endpoint: sandbox().url, cwd });
    await run.answer('Remove what is marked with "-"?', keys === CTRL_C ? keys : `${keys}${ENTER}`);
    expect(await run.code).toBe(code);
    expect(tooWide(run)).toEqual([]);
    expect(run.stderr.plain.indexOf('- function Demo-S3')).toBeLessThan(
      run.stderr.plain.indexOf('Remove what'),
    );
    expect(existsSync(join(cwd, 's3evt.json'))).toBe(stays);
    expect(await buckets()).toEqual(stays ? ['photos'] : []);
    if (stays) expect(writesOf(sandbox())).toEqual([]);
  });
});
