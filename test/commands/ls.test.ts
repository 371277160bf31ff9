import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LsResult } from '../../src/commands/ls.ts';
import { acceptingDestination } from '../support/accepting-destination.ts';
import { admitS3, foreignFunction, putNotification } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { requestsOf } from '../support/journal.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { tooWide } from '../support/typing.ts';

const sandbox = shareSandbox({ destinations: { sqs: acceptingDestination() } });
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const HOSTILE = 'rule\u001b]0;pwned\u0007 \u001b[31mred\u009b2J\u202egnp';
const TERMINAL = { tty: { stdout: true, stderr: true } } as const;

let cwd = '';
let thumbs = '';
beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  thumbs = await foreignFunction(sandbox(), 'thumbs');
  await admitS3(sandbox(), 'thumbs');
});

const ls = (line: string, options: CliOptions = {}) =>
  runCli(['ls', ...line.split(' ').filter(Boolean)], { endpoint: sandbox().url, cwd, ...options });

async function rules(...ids: readonly string[]): Promise<void> {
  await putNotification(sandbox(), 'photos', {
    LambdaFunctionConfigurations: ids.map((Id, index) => ({
      Id,
      LambdaFunctionArn: thumbs,
      Events: ['s3:ObjectCreated:Put', 's3:ObjectRemoved:*'],
      Filter: { Key: { FilterRules: [{ Name: 'prefix', Value: `in/${index}` }] } },
    })),
    QueueConfigurations: [{ Id: 'jobs', QueueArn: QUEUE, Events: ['s3:ObjectTagging:*'] }],
    EventBridgeConfiguration: {},
  });
}

test('--json has every rule, whoever wrote it, and EventBridge', async () => {
  await rules('theirs');
  await runInitJson('photos --function Demo-S3 --event restore --suffix .jpg --id ours --yes', {
    endpoint: sandbox().url,
    cwd,
  });
  const result = await ls('--json');
  expect(result).toMatchObject({ code: 0, stderr: '' });
  const data: LsResult = envelopeOf(result).data;
  expect(envelopeOf(result)).toMatchObject({ schemaVersion: 1, command: 'ls', status: 'ok', error: null });
  expect(data).toEqual({
    bucket: 'photos',
    eventBridge: true,
    rules: [
      {
        id: 'theirs',
        events: ['s3:ObjectCreated:Put', 's3:ObjectRemoved:*'],
        prefix: 'in/0',
        suffix: null,
        destination: { kind: 'lambda', arn: thumbs },
        owner: 'others',
      },
      {
        id: 'ours',
        events: ['s3:ObjectRestore:*'],
        prefix: null,
        suffix: '.jpg',
        destination: { kind: 'lambda', arn: expect.stringContaining(':function:Demo-S3') },
        owner: 's3evt',
      },
      {
        id: 'jobs',
        events: ['s3:ObjectTagging:*'],
        prefix: null,
        suffix: null,
        destination: { kind: 'sqs', arn: QUEUE },
        owner: 'others',
      },
    ],
  });
});

test('a rule of our id that sends elsewhere by now is not ours', async () => {
  await runInitJson('photos --function Demo-S3 --id ours --yes', { endpoint: sandbox().url, cwd });
  expect((await ls('')).stdout).toContain('ours\ts3evt\t');
  await rules('ours');
  expect((await ls('')).stdout).toContain('ours\tothers\t');
});

test('a terminal of 80 columns gets a table', async () => {
  await runInitJson('photos --function Demo-S3 --event create --yes', { endpoint: sandbox().url, cwd });
  const { code, stdout } = await ls('photos', TERMINAL);
  expect(code).toBe(0);
  expect(stdout.split('\n')).toEqual([
    'RULE                      BY     EVENTS           KEYS  TO',
    'Invoke-Lambda-NewObjects  s3evt  ObjectCreated:*  *     lambda Demo-S3',
    '',
  ]);
});

test('a terminal that is too narrow for the table gets all of it, in lines that fit', async () => {
  const long = 'MmY0ZTQ0YzItNzc1Ni00YzE5LWI5ZTQtMzU0ZmEwYzZkNTQz';
  await rules(long);
  const run = startCli(['ls', 'photos'], { endpoint: sandbox().url, cwd, ...TERMINAL });
  expect(await run.code).toBe(0);
  expect(tooWide(run)).toEqual([]);
  expect(run.stdout.plain).toBe(
    [
      `${long} (others)`,
      '    ObjectCreated:Put, ObjectRemoved:* in/0* → lambda thumbs',
      'jobs (others)',
      '    ObjectTagging:* * → sqs jobs',
      '(EventBridge) (bucket)',
      '    all * → the default event bus',
      '',
    ].join('\n'),
  );
});

test('a pipe gets tabs, whole ARNs and no heading', async () => {
  await rules('theirs');
  const { stdout, stderr } = await ls('s3://photos/some/key');
  expect(stderr).toBe('');
  expect(stdout).toBe(
    [
      `theirs\tothers\tObjectCreated:Put,ObjectRemoved:*\tin/0*\t${thumbs}`,
      `jobs\tothers\tObjectTagging:*\t*\t${QUEUE}`,
      '(EventBridge)\tbucket\tall\t*\tthe default event bus',
      '',
    ].join('\n'),
  );
});

test.each([
  ['a terminal', TERMINAL, 'photos has no rules.\n'],
  ['a pipe', {}, ''],
])('a bucket without rules: %s', async (_name, options, expected) => {
  expect(await ls('photos', options)).toMatchObject({ code: 0, stdout: expected });
});

describe('rule ids of others', () => {
  test.each([
    ['terminal', TERMINAL],
    ['pipe', {}],
  ])('cannot steer the %s', async (_name, options) => {
    await rules(HOSTILE, `${HOSTILE} that is longer than the table has room for, so it is stacked`);
    const run = startCli(['ls', 'photos'], { endpoint: sandbox().url, cwd, ...options });
    expect(await run.code).toBe(0);
    expect(run.stdout.plain).toContain('rule redgnp');
    for (const poison of ['\u001b]', '\u0007', '\u001b[31m', '\u009b', '\u202e'])
      expect(run.stdout.text).not.toContain(poison);
  });

  test('stand in JSON escaped and unchanged', async () => {
    await rules(HOSTILE);
    const { stdout } = await ls('photos --json');
    expect(stdout).toMatch(/^[\u0020-\u007e]+\n$/);
    const data: LsResult = envelopeOf({ stdout }).data;
    expect(data.rules[0]?.id).toBe(HOSTILE);
  });
});

describe('which bucket', () => {
  test('the one of the project file, from any folder below', async () => {
    await runInitJson('photos --function Demo-S3 --id ours --yes', { endpoint: sandbox().url, cwd });
    expect((await ls('')).stdout).toContain('ours\ts3evt\t');
  });

  test('none is a mistake that names the flag', async () => {
    const { code, stderr, stdout } = await ls('');
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain('--bucket NAME');
  });

  test('one that does not exist gets a suggestion', async () => {
    const result = await ls('photo --json');
    expect(result.code).toBe(1);
    expect(envelopeOf(result).error).toMatchObject({
      code: 'NOT_FOUND',
      message: 'there is no bucket photo',
      hint: 'Did you mean photos?',
    });
  });

  test('one that does not exist is said to be missing, also where buckets may not be listed', async () => {
    sandbox().faults.add({ match: { operation: 'ListBuckets' }, effect: { kind: 'deny' } });
    const result = await ls('photo --json');
    expect(envelopeOf(result).error).toMatchObject({ code: 'NOT_FOUND' });
  });

  test('one that is like no other gets none', async () => {
    const result = await ls('quarterly-reports --json');
    expect([result.code, envelopeOf(result).error?.code]).toEqual([1, 'NOT_FOUND']);
    expect(result.stdout).not.toContain('Did you mean');
  });

  test('one whose configuration may not be read: the IAM action is named', async () => {
    sandbox().faults.add({
      match: { operation: 'GetBucketNotificationConfiguration' },
      effect: { kind: 'deny' },
    });
    const result = await ls('photos --json');
    expect(result.code).toBe(4);
    expect(envelopeOf(result).error?.message).toContain('s3:GetBucketNotification');
  });
});

test('it takes one call', async () => {
  sandbox().journal.clear();
  await ls('photos');
  expect(requestsOf(sandbox())).toEqual(['s3.GetBucketNotificationConfiguration']);
});
