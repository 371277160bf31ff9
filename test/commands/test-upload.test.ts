import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RemovePermissionCommand } from '@aws-sdk/client-lambda';
import {
  GetObjectCommand,
  ListObjectVersionsCommand,
  ListObjectsV2Command,
  PutBucketNotificationConfigurationCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  type Event as S3EventName,
  type LambdaFunctionConfiguration,
} from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestUploadResult } from '../../src/commands/test-upload.ts';
import { zipOf } from '../support/function-code.ts';
import { s3Event, writeLines } from '../support/log-lines.ts';
import { createPipeline } from '../support/pipeline.ts';
import { envelopeOf, runCli, startCli, temporaryFolder, type CliResult } from '../support/run-cli.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await startTestSandbox();
});
afterAll(() => sandbox.close());
afterEach(() => {
  sandbox.faults.clear();
});

const PRINTS = 'console.log(JSON.stringify(event));';
const ALL: S3EventName[] = ['s3:ObjectCreated:*', 's3:ObjectRemoved:*', 's3:ObjectTagging:*'];

let made = 0;

/** A bucket of its own with a function of the same name; the body of the handler, and what its rule asks for. */
async function pipeline(body = PRINTS, rule: Partial<LambdaFunctionConfiguration> = {}): Promise<string> {
  const name = `upload-${++made}`;
  await createPipeline(sandbox, name, {
    Runtime: 'nodejs22.x',
    Handler: 'app.handler',
    Code: { ZipFile: zipOf('app.mjs', `export const handler = async (event) => { ${body} };`) },
  });
  await setRules(name, [{ Events: ALL, ...rule }]);
  return name;
}

async function setRules(name: string, rules: readonly Partial<LambdaFunctionConfiguration>[]): Promise<void> {
  const LambdaFunctionArn = `arn:aws:lambda:us-east-1:000000000000:function:${name}`;
  const configurations = rules.map((rule, i) => ({
    Id: `rule-${i}`,
    LambdaFunctionArn,
    Events: ALL,
    ...rule,
  }));
  await sandbox.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket: name,
      NotificationConfiguration: { LambdaFunctionConfigurations: configurations },
    }),
  );
}

const filter = (prefix?: string, suffix?: string) => ({
  Filter: {
    Key: {
      FilterRules: [
        ...(prefix === undefined ? [] : [{ Name: 'prefix' as const, Value: prefix }]),
        ...(suffix === undefined ? [] : [{ Name: 'suffix' as const, Value: suffix }]),
      ],
    },
  },
});

async function enableVersions(bucket: string): Promise<void> {
  await sandbox.s3.send(
    new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
}

function upload(bucket: string, ...flags: string[]): Promise<CliResult> {
  return runCli(['test-upload', '--bucket', bucket, '--json', ...flags], { endpoint: sandbox.url });
}

/** The result of an upload whose events all arrived. */
async function arrived(bucket: string, ...flags: string[]): Promise<TestUploadResult> {
  const result = await upload(bucket, ...flags);
  expect(result).toMatchObject({ code: 0, stderr: '' });
  return dataOf(result);
}

function dataOf(result: CliResult): TestUploadResult {
  return envelopeOf(result).data;
}

async function keysIn(bucket: string): Promise<string[]> {
  const { Contents = [] } = await sandbox.s3.send(new ListObjectsV2Command({ Bucket: bucket }));
  return Contents.map(({ Key = '' }) => Key);
}

async function put(bucket: string, key: string, text: string): Promise<void> {
  await sandbox.s3.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: text }));
}

async function textOf(bucket: string, key: string): Promise<string | undefined> {
  const { Body } = await sandbox.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
  return Body?.transformToString();
}

function file(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

function written(from: number): string[] {
  return sandbox.journal
    .entries()
    .flatMap((entry) => (entry.seq > from && entry.type === 'request' ? [entry.operation] : []))
    .filter((operation) => /^(Put|Copy|Delete|Create|Upload|Complete)/.test(operation));
}

const lastSeq = () => sandbox.journal.entries().at(-1)?.seq ?? 0;

describe('an event that arrives', () => {
  it('has the members of the contract, and hops in order', async () => {
    const bucket = await pipeline();
    const result = await upload(bucket, '--keep');
    expect(envelopeOf(result)).toEqual({
      schemaVersion: 1,
      command: 'test-upload',
      status: 'ok',
      data: expect.anything() as unknown,
      warnings: [],
      error: null,
    });
    const data = dataOf(result);
    const body = (await textOf(bucket, data.key)) ?? '';
    const [delivery] = data.deliveries;
    expect(data).toEqual({
      bucket,
      key: expect.stringMatching(/^s3evt-test-[0-9a-f]+\.txt$/) as string,
      size: Buffer.byteLength(body),
      eTag: createHash('md5').update(body).digest('hex'),
      versionId: null,
      uploadedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      requestId: expect.any(String) as string,
      removed: false,
      doctor: null,
      deliveries: [
        {
          ruleId: 'rule-0',
          destination: { kind: 'lambda', arn: `arn:aws:lambda:us-east-1:000000000000:function:${bucket}` },
          consumer: null,
          via: 'log',
          detail: null,
          status: 'delivered',
          latencyMs: expect.any(Number) as number,
          hops: {
            eventMs: expect.any(Number) as number,
            invocationMs: expect.any(Number) as number,
            logVisibleMs: expect.any(Number) as number,
          },
          record: expect.objectContaining({
            eventName: 'ObjectCreated:Put',
            bucket,
            key: data.key,
            eTag: data.eTag,
            requestId: data.requestId,
          }) as unknown,
          requestId: expect.stringMatching(/^[0-9a-f-]{36}$/) as string,
          logGroup: `/aws/lambda/${bucket}`,
          logStream: expect.stringContaining('[$LATEST]') as string,
          invocation: 'ok',
        },
      ],
    });
    const { eventMs, invocationMs, logVisibleMs } = delivery?.hops ?? {};
    const hops = [0, eventMs, invocationMs, logVisibleMs, delivery?.latencyMs].map((ms) => ms ?? Number.NaN);
    expect(hops).toEqual([...hops].sort((a, b) => a - b));
  });

  it('is shown to a person with its record', async () => {
    const bucket = await pipeline();
    const result = await runCli(['test-upload', file('beach.jpeg', 'sand'), '--bucket', bucket], {
      endpoint: sandbox.url,
    });
    expect(result.code).toBe(0);
    expect(result.stdout).toContain(`s3://${bucket}/beach.jpeg  4 B`);
    expect(result.stdout).toMatch(/ObjectCreated:Put arrived: rule rule-0/);
    expect(result.stdout).toContain('"eventName": "ObjectCreated:Put"');
    expect(result.stderr).toContain(`Upload s3://${bucket}/beach.jpeg`);
    expect(await keysIn(bucket)).toEqual(['beach.jpeg']);
  });

  it.each([
    ['put', 'ObjectCreated:Put', 'ObjectCreated:Put'],
    ['copy', 'ObjectCreated:Copy', 'ObjectCreated:Copy'],
    ['multipart', 'ObjectCreated:CompleteMultipartUpload', 'ObjectCreated:CompleteMultipartUpload'],
    ['delete', 'ObjectRemoved:Delete', 'ObjectRemoved:DeleteMarkerCreated'],
    ['tag', 'ObjectTagging:Put', 'ObjectTagging:Put'],
  ] as const)('--operation %s', async (operation, plain, versioned) => {
    const bucket = await pipeline();
    const eventsOf = async () => {
      const { deliveries, removed } = await arrived(bucket, '--operation', operation);
      expect(removed).toBe(true);
      return deliveries.map(({ record }) => record?.eventName);
    };
    expect(await eventsOf()).toEqual([plain]);
    expect(await keysIn(bucket)).toEqual([]);
    await enableVersions(bucket);
    expect(await eventsOf()).toEqual([versioned]);
    // Neither a version nor a delete marker is left behind.
    const versions = await sandbox.s3.send(new ListObjectVersionsCommand({ Bucket: bucket }));
    expect([...(versions.Versions ?? []), ...(versions.DeleteMarkers ?? [])]).toEqual([]);
  });

  it('knows which of the two deletions the bucket makes', async () => {
    const bucket = await pipeline(PRINTS, { Events: ['s3:ObjectRemoved:DeleteMarkerCreated'] });
    const from = lastSeq();
    const plain = await upload(bucket, '--operation', 'delete');
    expect(plain.code).toBe(3);
    expect(envelopeOf(plain).error?.message).toContain('not s3:ObjectRemoved:Delete');
    expect(written(from)).toEqual([]);
    await enableVersions(bucket);
    const { deliveries, versionId } = await arrived(bucket, '--operation', 'delete');
    expect(deliveries[0]?.record).toMatchObject({
      eventName: 'ObjectRemoved:DeleteMarkerCreated',
      versionId,
    });
  });

  it('is delivered although the function failed afterwards, which is said', async () => {
    const bucket = await pipeline(`${PRINTS} throw new Error('afterwards');`);
    const { deliveries } = await arrived(bucket);
    expect(deliveries).toMatchObject([{ status: 'delivered', invocation: 'error' }]);
    const human = await runCli(['test-upload', '--bucket', bucket], { endpoint: sandbox.url });
    expect(human).toMatchObject({ code: 0 });
    expect(human.stdout).toContain('but the invocation ended with error');
  });

  it('arrives for each of --count 20 uploads', async () => {
    const bucket = await pipeline(PRINTS, filter('in/', '.txt'));
    const { uploads = [], removed } = await arrived(bucket, '--count', '20');
    expect(uploads).toHaveLength(20);
    expect(new Set(uploads.map(({ key }) => key)).size).toBe(20);
    for (const { key, requestId, deliveries } of uploads) {
      expect(deliveries).toMatchObject([{ status: 'delivered', record: { key, requestId } }]);
    }
    expect(uploads.map(({ key }) => /-(\d+)\.txt$/.exec(key)?.[1]).slice(1)).toEqual(
      Array.from({ length: 19 }, (_, i) => String(i + 2)),
    );
    expect(removed).toBe(true);
    expect(await keysIn(bucket)).toEqual([]);
  });

  it('reaches every function behind the key', async () => {
    const bucket = await pipeline(PRINTS, filter('in/'));
    await setRules(bucket, [filter('in/'), filter('out/')]);
    const { key, deliveries } = await arrived(bucket);
    expect(key).toMatch(/^in\//);
    expect(deliveries.map(({ ruleId }) => ruleId)).toEqual(['rule-0']);
  });
});

describe('an event that does not arrive', () => {
  it('is missing when the function prints nothing', async () => {
    const bucket = await pipeline('');
    const result = await upload(bucket, '--timeout', '500ms');
    expect(result.code).toBe(3);
    expect(envelopeOf(result)).toMatchObject({
      status: 'negative',
      error: null,
      data: {
        removed: true,
        deliveries: [
          { ruleId: 'rule-0', status: 'missing', latencyMs: null, record: null, invocation: null },
        ],
      },
    });
    const human = await runCli(['test-upload', '--bucket', bucket, '--timeout', '500ms'], {
      endpoint: sandbox.url,
    });
    expect(human.code).toBe(3);
    expect(human.stdout).toContain('the event was not seen');
    expect(human.stdout).toContain(`/aws/lambda/${bucket}`);
    expect(human.stderr).toContain('s3evt tail');
  });

  it('ends with the root cause', async () => {
    const bucket = await pipeline('');
    await sandbox.lambda.send(new RemovePermissionCommand({ FunctionName: bucket, StatementId: 's3' }));
    const result = await upload(bucket, '--timeout', '300ms');
    expect(result.code).toBe(3);
    expect(dataOf(result).doctor).toMatchObject({
      verdict: 'broken',
      rootCause: 'lambda-permission-missing',
      findings: expect.arrayContaining([
        expect.objectContaining({ id: 'lambda-permission-missing', verdict: 'broken' }),
      ]) as [],
    });
    const human = await runCli(['test-upload', '--bucket', bucket, '--timeout', '300ms'], {
      endpoint: sandbox.url,
    });
    expect(human.stdout).toContain('Root cause: Rule "rule-0" sends to function');
    expect(human.stdout).toContain('$ aws lambda add-permission');
  });

  it('is missing when the log group never comes', async () => {
    const bucket = await pipeline('');
    // The function cannot run: its event is refused, and nothing is ever logged.
    await setRules(bucket, [{ Events: ['s3:ObjectCreated:*'] }]);
    sandbox.faults.add({
      match: { operation: 'FilterLogEvents' },
      effect: {
        kind: 'error',
        status: 400,
        code: 'ResourceNotFoundException',
        message: 'The specified log group does not exist.',
      },
    });
    const result = await runCli(['test-upload', '--bucket', bucket, '--timeout', '300ms'], {
      endpoint: sandbox.url,
    });
    expect(result.code).toBe(3);
    expect(result.stderr).toContain('does not exist yet');
  });

  it('is not taken for another one of the same key', async () => {
    const bucket = await pipeline('');
    const text = 'the same text';
    const eTag = createHash('md5').update(text).digest('hex');
    const [record] = s3Event({ key: 'same.txt', bucket }).Records as Record<string, unknown>[];
    const other = { ...record, s3: { ...(record?.['s3'] as object), object: { key: 'same.txt', eTag } } };
    const now = Date.now();
    await writeLines(sandbox.logs, `/aws/lambda/${bucket}`, [
      { message: JSON.stringify({ Records: [other] }), at: now - 1_000 },
      { message: JSON.stringify({ Records: [other] }), at: now + 1_000 },
    ]);
    const result = await upload(bucket, file('same.txt', text), '--timeout', '500ms');
    expect(result.code).toBe(3);
    expect(dataOf(result)).toMatchObject({ eTag, deliveries: [{ status: 'missing' }] });
  });

  it.each([
    ['eTag', 'event.Records[0].s3.object.eTag = "0123456789abcdef0123456789abcdef";'],
    ['version', 'event.Records[0].s3.object.versionId = "other";'],
    ['request id', 'event.Records[0].responseElements["x-amz-request-id"] = "OTHER";'],
    ['bucket', 'event.Records[0].s3.bucket.name = "other";'],
    ['family of events', 'event.Records[0].eventName = "ObjectTagging:Put";'],
  ])('is not taken for one with another %s', async (_what, change) => {
    const bucket = await pipeline(`${change} ${PRINTS}`);
    await enableVersions(bucket);
    const run = startCli(['test-upload', '--bucket', bucket, '--json', '--timeout', '10m'], {
      endpoint: sandbox.url,
    });
    // Seen by a look at the log that began after the function had ended.
    const { seq } = await sandbox.journal.waitFor(
      (entry) => entry.type === 'invocation' && entry.functionName === bucket,
    );
    let looks = 2;
    await sandbox.journal.waitFor(
      (entry) =>
        entry.seq > seq && entry.type === 'request' && entry.operation === 'FilterLogEvents' && --looks === 0,
    );
    run.interrupt();
    expect(await run.code).toBe(130);
  });

  it('is not even tried when no rule takes it: exit 3 and the reasons, nothing uploaded', async () => {
    const bucket = await pipeline();
    await setRules(bucket, [
      { ...filter('in/'), Events: ['s3:ObjectCreated:*'] },
      { ...filter('out/', '.csv'), Events: ['s3:ObjectCreated:Put'] },
      { ...filter('gone/'), Events: ['s3:ObjectRemoved:*'] },
    ]);
    const from = lastSeq();
    const result = await upload(bucket, '--key', 'out/a.jpeg');
    expect(result.code).toBe(3);
    const { status, data, error } = envelopeOf(result);
    expect({ status, data, code: error?.code }).toEqual({
      status: 'negative',
      data: null,
      code: 'EVENT_NOT_SEEN',
    });
    for (const reason of ['"rule-0"', 'begin with "in/"', '"rule-1"', 'end with ".csv"', '"rule-2"']) {
      expect(error?.message).toContain(reason);
    }
    expect(error?.hint).toContain('Nothing was uploaded');
    expect(written(from)).toEqual([]);
  });

  it('says so of a bucket without rules', async () => {
    const bucket = await pipeline();
    await setRules(bucket, []);
    const result = await upload(bucket);
    expect(result.code).toBe(3);
    expect(envelopeOf(result).error?.message).toContain('has no rule');
  });
});

describe('the key', () => {
  it('is chosen so that a rule takes it', async () => {
    const bucket = await pipeline(PRINTS, filter('in/', '.jpeg'));
    expect((await arrived(bucket)).key).toMatch(/^in\/.*\.jpeg$/);
    expect((await arrived(bucket, file('beach.jpeg', 'sand'))).key).toBe('in/beach.jpeg');
    const unfit = await upload(bucket, file('notes.txt', 'text'));
    expect(unfit.code).toBe(3);
    expect(await keysIn(bucket)).toEqual(['in/beach.jpeg']);
  });

  it.each([
    ['a space', 'a b.txt'],
    ['plus', 'a+b+.txt'],
    ['percent', '100%25 %.txt'],
    ['Unicode', 'été/日本/🏖 e\u0301.txt'],
    ['quotes and brackets', `{'a': "b"}[0]\\n.txt`],
    ['1,000 bytes', `${'ä'.repeat(498)}.txt`],
  ])('may have %s', async (_name, key) => {
    const bucket = await pipeline();
    const data = await arrived(bucket, '--key', key);
    expect(data.key).toBe(key);
    expect(data.deliveries[0]?.record?.key).toBe(key);
    const copied = await arrived(bucket, '--key', key, '--operation', 'copy');
    expect(copied.deliveries[0]?.record).toMatchObject({ key, eventName: 'ObjectCreated:Copy' });
  });

  it('of a file that is there already: the new one goes beside it', async () => {
    const bucket = await pipeline(PRINTS, filter('in/', '.jpeg'));
    await put(bucket, 'in/beach.jpeg', 'old');
    const { key } = await arrived(bucket, file('beach.jpeg', 'new'));
    expect(key).toMatch(/^in\/beach-[0-9a-f]+\.jpeg$/);
    expect(await textOf(bucket, 'in/beach.jpeg')).toBe('old');
    expect(await textOf(bucket, key)).toBe('new');
  });

  it('stays one that the rule takes when the suffix is the whole name', async () => {
    const bucket = await pipeline(PRINTS, filter('in/', 'beach.jpeg'));
    await put(bucket, 'in/beach.jpeg', 'old');
    const { uploads = [] } = await arrived(bucket, file('beach.jpeg', 'new'), '--count', '3');
    expect(uploads.map(({ key }) => key)).toEqual([
      expect.stringMatching(/^in\/[0-9a-f]+-beach\.jpeg$/),
      'in/2-beach.jpeg',
      'in/3-beach.jpeg',
    ]);
  });

  it.each(['put', 'copy', 'multipart', 'delete', 'tag'])(
    'that was asked for is not replaced without --yes: %s',
    async (operation) => {
      const bucket = await pipeline();
      await put(bucket, 'mine.txt', 'old');
      const result = await upload(bucket, '--key', 'mine.txt', '--operation', operation);
      expect(result.code).toBe(5);
      expect(envelopeOf(result).error).toMatchObject({ code: 'OBJECT_EXISTS', category: 'conflict' });
      expect(await keysIn(bucket)).toEqual(['mine.txt']);
      expect(await textOf(bucket, 'mine.txt')).toBe('old');
    },
  );

  it('that was asked for is replaced with --yes, and then stays', async () => {
    const bucket = await pipeline();
    await put(bucket, 'mine.txt', 'old');
    const fromFile = await arrived(bucket, file('x.txt', 'new'), '--key', 'mine.txt', '--yes');
    expect(fromFile.key).toBe('mine.txt');
    expect(await textOf(bucket, 'mine.txt')).toBe('new');
    for (const operation of ['put', 'multipart']) {
      const { removed } = await arrived(bucket, '--key', 'mine.txt', '--yes', '--operation', operation);
      expect(removed).toBe(false);
      expect(await textOf(bucket, 'mine.txt')).toContain('A test object of s3evt');
    }
  });

  it('that was replaced in a bucket with versions has its old version back', async () => {
    const bucket = await pipeline();
    await enableVersions(bucket);
    await put(bucket, 'mine.txt', 'old');
    const { removed, versionId } = await arrived(bucket, '--key', 'mine.txt', '--yes');
    expect({ removed, versioned: versionId !== null }).toEqual({ removed: true, versioned: true });
    expect(await textOf(bucket, 'mine.txt')).toBe('old');
  });
});

describe('what is left behind', () => {
  it('is nothing, unless --keep is given', async () => {
    const bucket = await pipeline();
    expect(await arrived(bucket)).toMatchObject({ removed: true });
    expect(await keysIn(bucket)).toEqual([]);
    const { key, removed } = await arrived(bucket, '--keep');
    expect(removed).toBe(false);
    expect(await keysIn(bucket)).toEqual([key]);
  });

  it('is nothing after Ctrl-C while the event is awaited', async () => {
    const bucket = await pipeline('');
    const run = startCli(['test-upload', '--bucket', bucket, '--count', '3'], { endpoint: sandbox.url });
    await run.stderr.until(({ text }) => text.split(`Upload s3://${bucket}/`).length === 4);
    run.interrupt();
    expect(await run.code).toBe(130);
    expect(await keysIn(bucket)).toEqual([]);
  });

  it('is nothing after Ctrl-C in the middle of an upload', async () => {
    const bucket = await pipeline('');
    sandbox.faults.add({ match: { operation: 'PutObject' }, effect: { kind: 'latency', ms: 700 } });
    const run = startCli(['test-upload', '--bucket', bucket], {
      endpoint: sandbox.url,
      tty: { stderr: true },
      columns: 200,
    });
    await run.stderr.until(({ plain }) => plain.includes('Upload s3://'));
    run.interrupt();
    expect(await run.code).toBe(130);
    expect(written(0).at(-1)).toBe('DeleteObject');
    expect(await keysIn(bucket)).toEqual([]);
  });

  it('is nothing when the operation after the upload fails', async () => {
    const bucket = await pipeline();
    sandbox.faults.add({ match: { operation: 'PutObjectTagging' }, effect: { kind: 'deny' } });
    const result = await upload(bucket, '--operation', 'tag', '--count', '3');
    expect(result.code).toBe(4);
    expect(await keysIn(bucket)).toEqual([]);
  });

  it('is told when it cannot be removed', async () => {
    const bucket = await pipeline();
    sandbox.faults.add({ match: { operation: 'DeleteObject' }, effect: { kind: 'deny' } });
    const result = await upload(bucket);
    expect(result.code).toBe(0);
    const { data, warnings } = envelopeOf(result);
    expect(data).toMatchObject({ removed: false });
    const [key = ''] = await keysIn(bucket);
    expect(warnings).toEqual([
      { code: 'OBJECT_LEFT', message: expect.stringContaining(`s3://${bucket}/${key}`) as string },
    ]);
  });

  it('is no upload in parts', async () => {
    const bucket = await pipeline();
    await put(bucket, 'mine.txt', 'old');
    const from = lastSeq();
    await upload(bucket, '--key', 'mine.txt', '--operation', 'multipart');
    const aborted = sandbox.journal
      .entries()
      .filter(
        (entry) => entry.seq > from && entry.type === 'request' && entry.operation === 'AbortMultipartUpload',
      );
    expect(aborted).toMatchObject([{ status: 204 }]);
  });
});

describe('what cannot be done', () => {
  it('names a file that is not there, and uploads nothing', async () => {
    const bucket = await pipeline();
    const from = lastSeq();
    const result = await upload(bucket, '/no/such/file.jpeg');
    expect(result.code).toBe(2);
    expect(envelopeOf(result).error).toMatchObject({ code: 'FILE_UNREADABLE' });
    expect(written(from)).toEqual([]);
  });

  it('asks for a bucket, and for the rights it lacks', async () => {
    expect((await runCli(['test-upload'], { endpoint: sandbox.url })).code).toBe(2);
    const bucket = await pipeline();
    sandbox.faults.add({ match: { operation: 'PutObject' }, effect: { kind: 'deny' } });
    const result = await upload(bucket);
    expect(result.code).toBe(4);
    expect(envelopeOf(result).error?.message).toContain('s3:PutObject');
  });

  it('sends escape sequences in a key to no terminal', async () => {
    const bucket = await pipeline();
    const run = startCli(
      ['test-upload', '--bucket', bucket, '--key', 'a\u001b[2Jb\u009b31m.txt', '--color', 'never'],
      { endpoint: sandbox.url },
    );
    expect(await run.code).toBe(0);
    for (const text of [run.stdout.text, run.stderr.text]) {
      expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
    }
    expect(run.stdout.text).toContain('ab.txt');
  });
});

it.each([
  ['an empty key', ''],
  ['a key over 1,024 bytes', 'ü'.repeat(513)],
])('%s is refused before anything is asked of AWS', async (_what, key) => {
  const before = sandbox.journal.entries().length;
  const result = await runCli(['test-upload', '--bucket', 'any', '--key', key, '--json'], {
    endpoint: sandbox.url,
  });
  expect(result.code).toBe(2);
  expect(envelopeOf(result).error).toMatchObject({ code: 'INVALID_ARGUMENT' });
  expect(sandbox.journal.entries()).toHaveLength(before);
});
