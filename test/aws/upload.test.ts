import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  CreateBucketCommand,
  GetObjectCommand,
  GetObjectTaggingCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
} from '@aws-sdk/client-s3';
import { describe, expect, onTestFinished, test } from 'vitest';
import { operate } from '../../src/aws/operations.ts';
import { contentTypeOf, deleteObject, fileBody, putObject, type UploadBody } from '../../src/aws/upload.ts';
import { createManualClock } from '../support/manual-clock.ts';
import { startTestSandbox, type TestSandbox } from '../support/sandbox.ts';
import { countOf, requests, sandboxAws } from './sandbox-aws.ts';

const KEY = 'summer trip/beach+1 é.txt';
const BODY: UploadBody = {
  size: 5,
  open: () => new TextEncoder().encode('hello'),
  contentType: 'text/plain',
};
const PUT = { bucket: 'demo', key: KEY, body: BODY, create: true };
const now = () => 7;

async function bucket(versioned = false): Promise<TestSandbox> {
  const sandbox = await startTestSandbox();
  await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'demo' }));
  if (versioned) {
    const VersioningConfiguration = { Status: 'Enabled' } as const;
    await sandbox.s3.send(new PutBucketVersioningCommand({ Bucket: 'demo', VersioningConfiguration }));
  }
  sandbox.journal.clear();
  return sandbox;
}

function head({ s3 }: TestSandbox) {
  return s3.send(new HeadObjectCommand({ Bucket: 'demo', Key: KEY }));
}

async function textOf({ s3 }: TestSandbox): Promise<string | undefined> {
  return (await s3.send(new GetObjectCommand({ Bucket: 'demo', Key: KEY }))).Body?.transformToString();
}

describe('putObject', () => {
  test('leaves the mark, and says what the event will be known by', async () => {
    const sandbox = await bucket();
    const done = await putObject(sandboxAws(sandbox), now, PUT);
    const stored = await head(sandbox);
    expect(stored).toMatchObject({ ContentType: 'text/plain', Metadata: { s3evt: 'test-upload' } });
    const request = requests(sandbox).find(({ operation }) => operation === 'PutObject');
    expect(done).toEqual({
      requestId: request?.requestId,
      attempts: 1,
      eTag: stored.ETag?.replaceAll('"', ''),
      versionId: undefined,
      startedAt: 7,
      finishedAt: 7,
    });
    expect(done.eTag).toMatch(/^[0-9a-f]{32}$/);
    expect(await textOf(sandbox)).toBe('hello');
  });

  test('measures with the clock it is given', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'demo' }));
    sandbox.faults.add({ match: { operation: 'PutObject' }, effect: { kind: 'latency', ms: 1_500 } });
    const work = putObject(sandboxAws(sandbox), () => clock.now(), PUT);
    await clock.waitForSleeper();
    await clock.advance(1_500);
    const { startedAt, finishedAt } = await work;
    expect(finishedAt - startedAt).toBe(1_500);
  });

  test('never replaces an object unless it may', async () => {
    const sandbox = await bucket(true);
    const aws = sandboxAws(sandbox);
    const first = await putObject(aws, now, PUT);
    await expect(putObject(aws, now, PUT)).rejects.toMatchObject({
      code: 'OBJECT_EXISTS',
      exitCode: 5,
      message: `s3://demo/${KEY} exists already`,
    });
    expect((await head(sandbox)).VersionId).toBe(first.versionId);
    const second = await putObject(aws, now, { ...PUT, create: false });
    expect(second.versionId).toMatch(/./);
    expect(second.versionId).not.toBe(first.versionId);
  });

  test('other failures are what they are', async () => {
    const sandbox = await bucket();
    const aws = sandboxAws(sandbox);
    await expect(putObject(aws, now, { ...PUT, bucket: 'nowhere' })).rejects.toMatchObject({
      code: 'NOT_FOUND',
    });
    sandbox.faults.add({ match: { operation: 'PutObject' }, effect: { kind: 'deny' } });
    await expect(putObject(aws, now, PUT)).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
  });

  test('sends a stream with its length', async () => {
    const sandbox = await bucket();
    const body = { ...BODY, open: () => Readable.from([Buffer.from('hel'), Buffer.from('lo')]) };
    await putObject(sandboxAws(sandbox), now, { ...PUT, body });
    expect(await textOf(sandbox)).toBe('hello');
  });
});

describe('operate', () => {
  test('copy: in place, with the mark', async () => {
    const sandbox = await bucket();
    const aws = sandboxAws(sandbox);
    const first = await putObject(aws, now, PUT);
    const done = await operate(aws, now, 'copy', PUT, first);
    expect(requests(sandbox).find(({ operation }) => operation === 'CopyObject')?.requestId).toBe(
      done.requestId,
    );
    expect(await head(sandbox)).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { s3evt: 'test-upload' },
    });
    expect([done.eTag, await textOf(sandbox)]).toEqual([first.eTag, 'hello']);
  });

  test('multipart: one part, whole at the end', async () => {
    const sandbox = await bucket();
    const done = await operate(sandboxAws(sandbox), now, 'multipart', PUT, undefined);
    const complete = requests(sandbox).find(({ operation }) => operation === 'CompleteMultipartUpload');
    expect(complete?.requestId).toBe(done.requestId);
    expect(done.eTag).toMatch(/^[0-9a-f]{32}-1$/);
    expect(await head(sandbox)).toMatchObject({
      ContentType: 'text/plain',
      Metadata: { s3evt: 'test-upload' },
    });
    expect(await textOf(sandbox)).toBe('hello');
  });

  test('multipart: a key that is taken is said so, and nothing is left behind', async () => {
    const sandbox = await bucket();
    const aws = sandboxAws(sandbox);
    await putObject(aws, now, PUT);
    await expect(operate(aws, now, 'multipart', PUT, undefined)).rejects.toMatchObject({
      code: 'OBJECT_EXISTS',
    });
    const { Uploads = [] } = await sandbox.s3.send(new ListMultipartUploadsCommand({ Bucket: 'demo' }));
    expect(Uploads).toEqual([]);
    await operate(aws, now, 'multipart', { ...PUT, create: false }, undefined);
  });

  test.each(['UploadPart', 'CompleteMultipartUpload'])(
    'multipart: given up when %s fails',
    async (operation) => {
      const sandbox = await bucket();
      sandbox.faults.add({ match: { operation }, effect: { kind: 'deny' } });
      const work = operate(sandboxAws(sandbox), now, 'multipart', PUT, undefined);
      await expect(work).rejects.toMatchObject({ code: 'ACCESS_DENIED' });
      expect(countOf(sandbox, 'AbortMultipartUpload')).toBe(1);
      const { Uploads = [] } = await sandbox.s3.send(new ListMultipartUploadsCommand({ Bucket: 'demo' }));
      expect(Uploads).toEqual([]);
    },
  );

  test('multipart: given up after Ctrl-C too', async () => {
    const clock = createManualClock();
    const sandbox = await startTestSandbox({ clock });
    await sandbox.s3.send(new CreateBucketCommand({ Bucket: 'demo' }));
    sandbox.faults.add({ match: { operation: 'UploadPart' }, effect: { kind: 'latency', ms: 1_000 } });
    const controller = new AbortController();
    const work = operate(
      sandboxAws(sandbox, { signal: controller.signal }),
      now,
      'multipart',
      PUT,
      undefined,
    );
    work.catch(() => undefined);
    await clock.waitForSleeper();
    controller.abort(new Error('interrupted'));
    await expect(work).rejects.toThrow('interrupted');
    expect(countOf(sandbox, 'AbortMultipartUpload')).toBe(1);
    const { Uploads = [] } = await sandbox.s3.send(new ListMultipartUploadsCommand({ Bucket: 'demo' }));
    expect(Uploads).toEqual([]);
    await clock.advance(1_000);
  });

  test('delete: the version is that of the delete marker', async () => {
    const sandbox = await bucket(true);
    const aws = sandboxAws(sandbox);
    const first = await putObject(aws, now, PUT);
    const done = await operate(aws, now, 'delete', PUT, first);
    const { DeleteMarkers } = await sandbox.s3.send(new ListObjectVersionsCommand({ Bucket: 'demo' }));
    expect(done).toMatchObject({ versionId: DeleteMarkers?.[0]?.VersionId, eTag: undefined });
  });

  test('tag', async () => {
    const sandbox = await bucket();
    const aws = sandboxAws(sandbox);
    const first = await putObject(aws, now, PUT);
    const done = await operate(aws, now, 'tag', PUT, first);
    const { TagSet } = await sandbox.s3.send(new GetObjectTaggingCommand({ Bucket: 'demo', Key: KEY }));
    expect([done.eTag, TagSet]).toEqual([first.eTag, [{ Key: 's3evt', Value: 'test-upload' }]]);
  });
});

test('deleteObject takes the very version, under a signal of its own', async () => {
  const sandbox = await bucket(true);
  const first = await putObject(sandboxAws(sandbox), now, PUT);
  const interrupted = sandboxAws(sandbox, { signal: AbortSignal.abort(new Error('interrupted')) });
  await deleteObject(interrupted, 'demo', KEY, first.versionId, new AbortController().signal);
  const { Versions, DeleteMarkers } = await sandbox.s3.send(
    new ListObjectVersionsCommand({ Bucket: 'demo' }),
  );
  expect([Versions, DeleteMarkers]).toEqual([undefined, undefined]);
});

describe('fileBody', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 's3evt-test-'));
    onTestFinished(() => {
      rmSync(path, { recursive: true, force: true });
    });
    return path;
  };

  test('small: in memory, the same for each try', async () => {
    const path = join(folder(), 'beach 1.JPEG');
    writeFileSync(path, 'bytes');
    const body = await fileBody(path);
    expect(body).toMatchObject({ size: 5, contentType: 'image/jpeg' });
    for (let i = 0; i < 2; i++) expect(Buffer.from(body.open() as Uint8Array).toString()).toBe('bytes');
  });

  test('empty', async () => {
    const path = join(folder(), 'empty');
    writeFileSync(path, '');
    expect(await fileBody(path)).toMatchObject({ size: 0, contentType: 'application/octet-stream' });
  });

  test('large: a stream', async () => {
    const path = join(folder(), 'large.csv');
    writeFileSync(path, '');
    truncateSync(path, 9 * 1024 * 1024);
    const body = await fileBody(path);
    expect(body.size).toBe(9 * 1024 * 1024);
    let size = 0;
    for await (const chunk of body.open() as Readable) size += (chunk as Buffer).length;
    expect(size).toBe(body.size);
  });

  test.each<[string, (path: string) => void, string]>([
    ['missing', () => undefined, 'ENOENT'],
    ['a folder', (path) => mkdirSync(path), 'it is not a file'],
    [
      'larger than one upload takes',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 5 * 1024 ** 3 + 1);
      },
      '5 GiB',
    ],
  ])('%s', async (_, make, why) => {
    const path = join(folder(), 'file');
    make(path);
    await expect(fileBody(path)).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
      message: expect.stringMatching(new RegExp(`${path} cannot be read: .*${why}`)) as string,
    });
  });
});

test.each([
  ['a.jpeg', 'image/jpeg'],
  ['A.JPG', 'image/jpeg'],
  ['x.tar.json', 'application/json'],
  ['x', 'application/octet-stream'],
  ['x.unknown', 'application/octet-stream'],
  ['', 'application/octet-stream'],
])('contentTypeOf "%s"', (name, type) => {
  expect(contentTypeOf(name)).toBe(type);
});
