import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { ProjectSettings } from '../../src/project/project-file.ts';
import { runInitJson } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { meanwhile } from '../support/meanwhile.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const somebody = meanwhile();
const sandbox = shareSandbox({ faults: somebody });
const init = (line: string, options: CliOptions = {}) =>
  runInitJson(line, { endpoint: sandbox().url, ...options });

/** Kinds of what the project file says was made. */
function made(cwd: string): readonly string[] {
  const settings = JSON.parse(readFileSync(join(cwd, 's3evt.json'), 'utf8')) as ProjectSettings;
  return (settings.made ?? []).map(({ kind }) => kind);
}

describe('who may not', () => {
  test('nobody at all: no credentials, and what helps', async () => {
    const run = await runCli(['init', 'photos', '--function', 'Demo-S3', '--yes', '--json']);
    expect(run.code).toBe(4);
    const { error } = envelopeOf(run);
    expect(error).toMatchObject({ code: 'CREDENTIALS_MISSING', category: 'identity' });
    const help = JSON.stringify(error);
    expect(help).toContain('--sandbox');
    expect(help).toContain('aws configure');
    expect(existsSync(join(run.cwd, 's3evt.json'))).toBe(false);
  });

  test.each([
    ['s3', 'HeadBucket', 's3:ListBucket'],
    ['lambda', 'GetFunction', 'lambda:GetFunction'],
    ['lambda', 'GetPolicy', 'lambda:GetPolicy'],
    ['iam', 'GetRole', 'iam:GetRole'],
    ['s3', 'CreateBucket', 's3:CreateBucket'],
    ['iam', 'CreateRole', 'iam:CreateRole'],
    ['lambda', 'CreateFunction', 'lambda:CreateFunction'],
    ['lambda', 'AddPermission', 'lambda:AddPermission'],
    ['s3', 'PutBucketNotificationConfiguration', 's3:PutBucketNotification'],
  ])('without the right to %s %s, %s is named', async (service, operation, action) => {
    sandbox().faults.add({ match: { service, operation }, effect: { kind: 'deny' } });
    const { code, error } = await init('photos --function Demo-S3 --yes');
    expect(code).toBe(4);
    expect(error).toMatchObject({ code: 'ACCESS_DENIED', category: 'identity' });
    expect(`${error?.message} ${error?.hint}`).toContain(action);
  });

  test('a bucket that may not be looked at may be of another account: that is said', async () => {
    sandbox().faults.add({ match: { operation: 'HeadBucket' }, effect: { kind: 'deny' } });
    const { error } = await init('photos --function Demo-S3 --yes');
    expect(error?.hint).toContain('photos belongs to another account');
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('how far it got is told, and the same command goes on', async () => {
    sandbox().faults.add({ match: { operation: 'AddPermission' }, effect: { kind: 'deny' }, times: 1 });
    const first = await init('photos --function Demo-S3 --yes');
    expect(first.data.steps.map(({ id, outcome }) => `${id} ${outcome}`)).toEqual([
      'bucket applied',
      'log-group applied',
      'role applied',
      'role-policy applied',
      'function applied',
      'permission failed',
      'notification planned',
    ]);
    expect(first.error?.hint).toContain('run the same command again');
    const { cwd } = first;
    // AWS refused the permission for certain; the rule was never tried.
    expect(made(cwd)).toEqual(['bucket', 'log-group', 'role', 'function']);
    const second = await init('photos --function Demo-S3 --yes', { cwd });
    expect(second.code).toBe(0);
    expect(second.data.steps.filter(({ outcome }) => outcome === 'applied').map(({ id }) => id)).toEqual([
      'permission',
      'notification',
    ]);
    const destroyed = await runCli(['destroy', '--yes', '--json'], { endpoint: sandbox().url, cwd });
    expect(destroyed.code).toBe(0);
    expect(existsSync(join(cwd, 's3evt.json'))).toBe(false);
  });
});

test('what is about to be made is remembered before the first write: a killed run leaves nothing unknown', async () => {
  const cwd = temporaryFolder();
  let remembered: readonly string[] = [];
  somebody.before('CreateBucket', () => {
    remembered = made(cwd);
    return Promise.resolve();
  });
  expect((await init('photos --function Demo-S3 --yes', { cwd })).code).toBe(0);
  expect(remembered).toEqual(['bucket', 'log-group', 'role', 'function', 'permission', 'rule']);
});

test.each(['CreateBucket', 'CreateFunction', 'PutBucketNotificationConfiguration'])(
  'Ctrl-C at %s ends with 130; what was made is remembered and found by the next run',
  async (operation) => {
    const argv = ['init', 'photos', '--function', 'Demo-S3', '--yes'];
    const run = startCli(argv, { endpoint: sandbox().url });
    somebody.before(operation, () => {
      run.interrupt();
      return Promise.resolve();
    });
    expect(await run.code).toBe(130);
    expect(run.stderr.plain).toContain('interrupted');
    expect(run.stdout.plain).toBe('');
    const { cwd } = run;
    expect(existsSync(join(cwd, 's3evt.json'))).toBe(true);
    expect((await init('photos --function Demo-S3 --yes', { cwd })).code).toBe(0);
    const destroyed = await runCli(['destroy', '--yes', '--json'], { endpoint: sandbox().url, cwd });
    expect(envelopeOf(destroyed)).toMatchObject({ status: 'ok', data: { kept: [], projectFile: null } });
  },
);
