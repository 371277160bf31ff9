/** A configuration as a file: ls --json, diff, apply, undo. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ApplyResult, DiffResult } from '../../src/commands/apply.ts';
import { sameDocument } from '../../src/core/notification.ts';
import { admitS3, foreignFunction, notificationOf, putNotification } from '../support/foreign.ts';
import { words } from '../support/init.ts';
import { writesOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
let cwd = '';
let thumbs = '';
const rule = (Id: string, prefix: string, event = 's3:ObjectCreated:*') => ({
  Id,
  LambdaFunctionArn: thumbs,
  Events: [event as 's3:ObjectCreated:*'],
  Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] } },
});

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  thumbs = await foreignFunction(sandbox(), 'thumbs');
  await admitS3(sandbox(), 'thumbs');
  await putNotification(sandbox(), 'photos', {
    LambdaFunctionConfigurations: [rule('a', 'a/'), rule('b', 'b/')],
    EventBridgeConfiguration: {},
  });
});

const run = (line: string, options: CliOptions = {}) =>
  runCli(words(line), { endpoint: sandbox().url, cwd, ...options });
const file = (content: unknown, name = 'n.json') => writeFileSync(join(cwd, name), JSON.stringify(content));

describe('what ls --json wrote', () => {
  test('is the same: diff says so with 0, apply writes nothing', async () => {
    const { stdout } = await run('ls photos --json');
    file(JSON.parse(stdout), 'photos.json');
    expect(await run('diff photos.json')).toMatchObject({ code: 0, stdout: '' });
    sandbox().journal.clear();
    const applied = await run('apply photos.json --prune --yes --json');
    expect(applied.code).toBe(0);
    expect(envelopeOf(applied).data).toMatchObject({
      steps: [{ outcome: 'unchanged' }],
      added: [],
      removed: [],
    });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('puts everything back after others wrote, and undo takes that back exactly', async () => {
    const wanted = await notificationOf(sandbox(), 'photos');
    const { stdout } = await run('ls photos --json');
    file(JSON.parse(stdout), 'photos.json');
    await putNotification(sandbox(), 'photos', {
      LambdaFunctionConfigurations: [rule('b', 'c/'), rule('d', 'd/')],
    });
    const meanwhile = await notificationOf(sandbox(), 'photos');

    const differs = await run('diff photos.json --prune --json');
    expect(differs.code).toBe(3);
    const data: DiffResult = envelopeOf(differs).data;
    expect({
      added: data.added.map(({ id }) => id),
      removed: data.removed.map(({ id }) => id),
      changed: data.changed.map(({ before, after }) => [before.prefix, after.prefix]),
      eventBridge: data.eventBridge,
    }).toEqual({ added: ['a'], removed: ['d'], changed: [['c/', 'b/']], eventBridge: 'enabled' });

    expect(await run('apply photos.json --prune --yes')).toMatchObject({ code: 0 });
    expect(sameDocument(await notificationOf(sandbox(), 'photos'), wanted)).toBe(true);
    expect(await run('undo photos --yes')).toMatchObject({ code: 0 });
    expect(await notificationOf(sandbox(), 'photos')).toEqual(meanwhile);
  });
});

describe('without --prune', () => {
  test('what the file does not name stays, EventBridge too', async () => {
    file({ LambdaFunctionConfigurations: [rule('e', 'e/')] });
    const result = await run('apply n.json --bucket photos --yes --json');
    const data: ApplyResult = envelopeOf(result).data;
    expect(data).toMatchObject({ beside: ['a', 'b'], eventBridge: 'unchanged' });
    const document = await notificationOf(sandbox(), 'photos');
    expect(document.LambdaFunctionConfigurations?.map(({ Id }) => Id)).toEqual(['a', 'b', 'e']);
    expect(document.EventBridgeConfiguration).toEqual({});
  });

  test('on a terminal', async () => {
    file({ LambdaFunctionConfigurations: [rule('b', 'x/'), rule('e', 'e/')] });
    const { code, stdout } = await run('diff n.json --bucket photos', {
      tty: { stdout: true },
      env: { NO_COLOR: '1' },
    });
    expect(code).toBe(3);
    expect(stdout).toMatchInlineSnapshot(`
      "photos differs from the file:
        - b: s3:ObjectCreated:* b/* → lambda thumbs
        + b: s3:ObjectCreated:* x/* → lambda thumbs
        + e: s3:ObjectCreated:* e/* → lambda thumbs
        One rule that the file does not name stays: a (--prune removes)
      "
    `);
  });
});

describe('refused before anything is written', () => {
  test.each([
    ['rules that overlap', () => ({ LambdaFunctionConfigurations: [rule('e', 'a/x')] }), 5, 'RULES_OVERLAP'],
    ['a file that is none', () => ({ hello: 1 }), 2, 'INVALID_ARGUMENT'],
    [
      'more than S3 takes',
      () => ({ LambdaFunctionConfigurations: Array.from({ length: 99 }, (_, i) => rule(`r${i}`, `r${i}/`)) }),
      5,
      'RULES_OVERLAP',
    ],
  ])('%s', async (_name, content, exit, code) => {
    file(content());
    sandbox().journal.clear();
    const result = await run('apply n.json --bucket photos --yes --json');
    expect(result.code).toBe(exit);
    expect(envelopeOf(result).error).toMatchObject({ code });
    expect(writesOf(sandbox())).toEqual([]);
  });

  test('a destination that does not admit S3, by name and with the command that mends it', async () => {
    const other = await foreignFunction(sandbox(), 'other');
    const before = await notificationOf(sandbox(), 'photos');
    file({ LambdaFunctionConfigurations: [{ ...rule('e', 'e/'), LambdaFunctionArn: other }] });
    sandbox().journal.clear();
    const result = await run('apply n.json --bucket photos --yes --json');
    expect(result.code).toBe(1);
    expect(envelopeOf(result).error).toMatchObject({
      code: 'DESTINATION_REFUSED',
      message: expect.stringContaining(
        `rule "e" for ${other}: the policy of other does not let S3 invoke it for this bucket`,
      ) as string,
      commands: [
        'aws lambda add-permission --function-name other --statement-id s3evt-photos --action lambda:InvokeFunction ' +
          '--principal s3.amazonaws.com --source-arn arn:aws:s3:::photos --source-account 000000000000',
      ],
    });
    expect(writesOf(sandbox())).toEqual([]);
    expect(await notificationOf(sandbox(), 'photos')).toEqual(before);
  });

  test('stdin will do; without --yes nobody is asked in a pipe', async () => {
    file({ LambdaFunctionConfigurations: [rule('e', 'e/')] });
    const result = await run('apply n.json --bucket photos --json');
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error).toMatchObject({ code: 'CONFIRMATION_REQUIRED' });
  });
});

test.each(['diff', 'apply'])('%s of a file that cannot be read is the call to change', async (command) => {
  sandbox().journal.clear();
  // A folder is there and can be read no more than a file that is not.
  for (const name of ['nowhere.json', '.']) {
    const result = await run(`${command} ${name} --json`);
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error).toMatchObject({ code: 'FILE_UNREADABLE', category: 'usage' });
  }
  expect(sandbox().journal.entries()).toEqual([]);
});
