import { RemovePermissionCommand } from '@aws-sdk/client-lambda';
import { CreateBucketCommand, PutBucketTaggingCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { LsResult } from '../../src/commands/ls.ts';
import { admitS3, deleteQueue, foreignFunction, foreignQueue, putNotification } from '../support/foreign.ts';
import { runInitJson } from '../support/init.ts';
import { requestsOf } from '../support/journal.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';
import { tooWide } from '../support/typing.ts';

const sandbox = shareSandbox();
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:jobs';
const HOSTILE = 'rule\u001b]0;pwned\u0007 \u001b[31mred\u009b2J\u202egnp';
const OK = { state: 'ok', problems: [], fixes: [] };
const TERMINAL = { tty: { stdout: true, stderr: true } } as const;

let cwd = '';
let thumbs = '';
beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  thumbs = await foreignFunction(sandbox(), 'thumbs');
  await admitS3(sandbox(), 'thumbs');
  await foreignQueue(sandbox(), 'jobs');
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
        ...OK,
      },
      {
        id: 'ours',
        events: ['s3:ObjectRestore:*'],
        prefix: null,
        suffix: '.jpg',
        destination: { kind: 'lambda', arn: expect.stringContaining(':function:Demo-S3') },
        owner: 's3evt',
        ...OK,
      },
      {
        id: 'jobs',
        events: ['s3:ObjectTagging:*'],
        prefix: null,
        suffix: null,
        destination: { kind: 'sqs', arn: QUEUE },
        owner: 'others',
        ...OK,
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
    'RULE                      BY     EVENTS           KEYS  TO              STATE',
    'Invoke-Lambda-NewObjects  s3evt  ObjectCreated:*  *     lambda Demo-S3  ok',
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
      `${long} (others) ok`,
      '    ObjectCreated:Put, ObjectRemoved:* in/0* → lambda thumbs',
      'jobs (others) ok',
      '    ObjectTagging:* * → sqs jobs',
      '(EventBridge) (bucket) ok',
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
      `theirs\tothers\tObjectCreated:Put,ObjectRemoved:*\tin/0*\t${thumbs}\tok`,
      `jobs\tothers\tObjectTagging:*\t*\t${QUEUE}\tok`,
      '(EventBridge)\tbucket\tall\t*\tthe default event bus\tok',
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

test('a bucket without rules takes the document and the account, nothing else', async () => {
  sandbox().journal.clear();
  await ls('photos');
  expect([...requestsOf(sandbox())].sort()).toEqual([
    's3.GetBucketNotificationConfiguration',
    'sts.GetCallerIdentity',
  ]);
});

describe('whose a rule is', () => {
  const ASSIGNED = 'MmY0ZTQ0YzItNzc1Ni00YzE5LWI5ZTQtMzU0ZmEwYzZkNTQz';
  const owners = async () => {
    const data: LsResult = envelopeOf(await ls('photos --json')).data;
    return Object.fromEntries(data.rules.map(({ id, owner }) => [id, owner]));
  };

  test('its id tells, without a look at the tags of the bucket', async () => {
    await rules('tf-s3-lambda-20260101000000000100000001', 'exS3-v2--0cc175b9c0f1b6a831c399e269772661');
    sandbox().journal.clear();
    expect(await owners()).toEqual({
      'tf-s3-lambda-20260101000000000100000001': 'terraform',
      'exS3-v2--0cc175b9c0f1b6a831c399e269772661': 'serverless',
      jobs: 'others',
    });
    expect(requestsOf(sandbox())).not.toContain('s3.GetBucketTagging');
  });

  test('for an id that S3 gave, the tags of the bucket tell; who may not read them sees "others"', async () => {
    await rules(ASSIGNED);
    expect(await owners()).toMatchObject({ [ASSIGNED]: 'others' });
    const TagSet = [{ Key: 'aws-cdk:auto-delete-objects', Value: 'true' }];
    await sandbox().s3.send(new PutBucketTaggingCommand({ Bucket: 'photos', Tagging: { TagSet } }));
    expect(await owners()).toMatchObject({ [ASSIGNED]: 'cdk' });
    sandbox().faults.add({ match: { operation: 'GetBucketTagging' }, effect: { kind: 'deny' } });
    expect(await owners()).toMatchObject({ [ASSIGNED]: 'others' });
  });
});

describe('the state of the destination', () => {
  const listed = async () => (envelopeOf(await ls('photos --json')).data as LsResult).rules;

  test('missing and denied, with words and commands; a terminal shows both', async () => {
    await rules('theirs');
    await deleteQueue(sandbox(), 'jobs');
    const statement = { FunctionName: 'thumbs', StatementId: 'any-bucket' };
    await sandbox().lambda.send(new RemovePermissionCommand(statement));
    expect(await listed()).toMatchObject([
      {
        id: 'theirs',
        state: 'denied',
        problems: ['the policy of thumbs does not let S3 invoke it for this bucket'],
        fixes: [expect.stringMatching(/^aws lambda add-permission --function-name thumbs /)],
      },
      { id: 'jobs', state: 'missing', problems: ['queue jobs does not exist'] },
    ]);
    const run = startCli(['ls', 'photos'], { endpoint: sandbox().url, cwd, ...TERMINAL });
    expect(await run.code).toBe(0);
    expect(tooWide(run)).toEqual([]);
    expect(run.stdout.plain).toContain('denied to S3');
    expect(run.stdout.plain).toContain('jobs: queue jobs does not exist');
  });

  test('what may not be looked at is unknown, and no error', async () => {
    await rules('theirs');
    for (const operation of ['GetQueueAttributes', 'GetPolicy'])
      sandbox().faults.add({ match: { operation }, effect: { kind: 'deny' } });
    expect((await listed()).map(({ state, problems }) => [state, problems])).toEqual([
      ['unknown', []],
      ['unknown', []],
    ]);
  });

  test('a server of S3 alone still lists its rules', async () => {
    await rules('theirs');
    const env = { AWS_ENDPOINT_URL: undefined, AWS_ENDPOINT_URL_S3: sandbox().url, AWS_REGION: 'us-east-1' };
    const { code, stdout, stderr } = await ls('photos', { env });
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('theirs\tothers\t');
    expect(stdout).toContain('\tunknown\n');
  });
});
