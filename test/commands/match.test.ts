import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { beforeEach, describe, expect, test } from 'vitest';
import type { MatchResult } from '../../src/commands/match.ts';
import { admitS3, foreignFunction, putNotification } from '../support/foreign.ts';
import { requestsOf } from '../support/journal.ts';
import { envelopeOf, runCli, temporaryFolder, type CliOptions } from '../support/run-cli.ts';
import { shareSandbox } from '../support/shared-sandbox.ts';

const sandbox = shareSandbox();
let resize = '';
let cwd = '';

beforeEach(async () => {
  cwd = temporaryFolder();
  await sandbox().s3.send(new CreateBucketCommand({ Bucket: 'photos' }));
  resize = await foreignFunction(sandbox(), 'resize');
  await admitS3(sandbox(), 'resize');
  const rule = (Id: string, event: string, prefix: string) => ({
    Id,
    LambdaFunctionArn: resize,
    Events: [event as 's3:ObjectCreated:*'],
    Filter: { Key: { FilterRules: [{ Name: 'prefix' as const, Value: prefix }] } },
  });
  await putNotification(sandbox(), 'photos', {
    LambdaFunctionConfigurations: [
      rule('images', 's3:ObjectCreated:*', 'in/'),
      rule('partitions', 's3:ObjectCreated:Put', 'dt=1/'),
      rule('gone', 's3:ObjectRemoved:*', 'in/'),
    ],
  });
});

const match = (argv: readonly string[], options: CliOptions = {}) =>
  runCli(['match', ...argv, '--bucket', 'photos'], { endpoint: sandbox().url, cwd, ...options });
const dataOf = (result: Awaited<ReturnType<typeof match>>): MatchResult => envelopeOf(result).data;

describe('the live configuration', () => {
  test('by key alone: every rule that takes it, and why the others do not', async () => {
    const result = await match(['in/a b.jpg', '--json']);
    expect(result.code).toBe(0);
    expect(dataOf(result)).toEqual({
      key: 'in/a b.jpg',
      event: null,
      matches: [
        { ruleId: 'images', destination: { kind: 'lambda', arn: resize }, events: ['s3:ObjectCreated:*'] },
        { ruleId: 'gone', destination: { kind: 'lambda', arn: resize }, events: ['s3:ObjectRemoved:*'] },
      ],
      misses: [{ ruleId: 'partitions', reason: 'prefix', detail: 'the key does not begin with "dt=1/"' }],
      eventBridge: false,
    });
  });

  test('with an event, in one call of AWS', async () => {
    sandbox().journal.clear();
    const result = await match(['in/a.jpg', '--event', 'ObjectCreated:Put', '--json']);
    expect(dataOf(result).matches.map(({ ruleId }) => ruleId)).toEqual(['images']);
    expect(dataOf(result).misses).toEqual([
      { ruleId: 'partitions', reason: 'prefix', detail: 'the key does not begin with "dt=1/"' },
      { ruleId: 'gone', reason: 'event', detail: 'it takes s3:ObjectRemoved:*, not s3:ObjectCreated:Put' },
    ]);
    expect(requestsOf(sandbox())).toEqual(['s3.GetBucketNotificationConfiguration']);
  });

  test('a family takes rules of a part of it', async () => {
    const result = await match(['dt%3D1/x', '--event', 'create', '--json']);
    expect(dataOf(result).matches).toEqual([]);
    expect(dataOf(await match(['in/x', '--event', 'remove', '--json'])).matches).toMatchObject([
      { ruleId: 'gone' },
    ]);
  });

  test('nothing takes it: exit 3, the unencoded filter named', async () => {
    const result = await match(['dt=1/x']);
    expect(result.code).toBe(3);
    expect(result.stdout).toBe(
      [
        'prefix\timages\tthe key does not begin with "in/"',
        'encoding\tpartitions\tthe key has the prefix "dt=1/", but in a filter it must be written "dt%3D1/"',
        'prefix\tgone\tthe key does not begin with "in/"',
        '',
      ].join('\n'),
    );
  });

  test('on a terminal', async () => {
    const result = await match(['in/a.jpg', '--event', 's3:ObjectCreated:Put'], {
      tty: { stdout: true },
      columns: 80,
    });
    expect(result.stdout).toMatchInlineSnapshot(`
      "in/a.jpg s3:ObjectCreated:Put: one rule takes it
        ✔ images → lambda resize
        ✖ partitions: the key does not begin with "dt=1/"
        ✖ gone: it takes s3:ObjectRemoved:*, not s3:ObjectCreated:Put
      "
    `);
  });
});

describe('without AWS', () => {
  test('a file of the AWS CLI', async () => {
    const config = {
      QueueConfigurations: [
        { Id: 'q', QueueArn: 'arn:aws:sqs:eu-west-1:111122223333:q', Events: ['s3:ObjectCreated:*'] },
      ],
    };
    writeFileSync(join(cwd, 'n.json'), JSON.stringify(config));
    const result = await runCli(['match', 'x', '--config', 'n.json', '--json'], { cwd });
    expect(result.code).toBe(0);
    expect(dataOf(result)).toMatchObject({ matches: [{ ruleId: 'q' }], misses: [], eventBridge: false });
  });

  test('what is wrong with a file is said with its place', async () => {
    writeFileSync(join(cwd, 'n.json'), '{"rules":[{"id":"a"}]}');
    const result = await runCli(['match', 'x', '--config', 'n.json'], { cwd });
    expect(result).toMatchObject({ code: 2, stdout: '' });
    expect(result.stderr).toContain('n.json: rules[0].events must be a list of events');
  });

  test.each([
    [{ prefix: 'in/' }, [], 0],
    [{ prefix: 'out/' }, [], 3],
    [{ prefix: 'in/' }, ['--event', 's3:ObjectRemoved:Delete'], 3],
  ])('a pattern with key %j and %j: exit %i', async (key, flags, code) => {
    const pattern = {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['photos'] }, object: { key: [key] } },
    };
    const result = await runCli(
      ['match', 'in/a.jpg', '--pattern', JSON.stringify(pattern), ...flags, '--json'],
      { cwd },
    );
    expect(result.code).toBe(code);
    const detail =
      code === 0 ? [] : [expect.stringMatching(/^no match at (detail\.object\.key|detail-type)$/)];
    expect(dataOf(result).misses.map((miss) => miss.detail)).toEqual(detail);
  });

  test('a pattern that is none', async () => {
    const result = await runCli(['match', 'a', '--pattern', '{"source":"aws.s3"}'], { cwd });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain(
      '--pattern: event pattern is not valid: "source" must be an object or an array',
    );
  });
});

test.each([
  ['--config', 'nowhere.json'],
  ['--pattern', 'nowhere.json'],
])("%s %s: a file that cannot be read is the call's to change", async (...flags) => {
  const result = await match(['in/a.jpg', ...flags, '--json']);
  expect(result.code).toBe(2);
  expect(envelopeOf(result).error).toMatchObject({ code: 'FILE_UNREADABLE', category: 'usage' });
});

test('an empty key is a mistake, noticed before any call', async () => {
  sandbox().journal.clear();
  const result = await match(['', '--json']);
  expect(result.code).toBe(2);
  expect(envelopeOf(result).error).toMatchObject({ code: 'USAGE' });
  expect(requestsOf(sandbox())).toEqual([]);
});
