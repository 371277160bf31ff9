import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  UploadPartCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import { exchange } from './exchange.ts';
import { describeFacts, shared, type Fact, type Target } from './harness.ts';
import { watched } from './mailbox.ts';
import * as operations from './operations.ts';
import { bucket } from './resources.ts';
import { eventually, refusal } from './target.ts';

const plain = shared((t: Target) => watched(t));
const versioned = shared((t: Target) => bucket(t, { versioned: true }));

const uploads: readonly Fact[] = [
  {
    id: '9.3-multipart-is-no-put',
    source: 'second-hand',
    expectation: 'a multipart upload, which the AWS CLI makes from 8 MiB on, never sends ObjectCreated:Put',
    async run(t) {
      const { bucket: b, of, soFar } = await plain(t);
      const key = t.name('k');
      await operations.multipartUpload(t, b, key);
      await of(key);
      expect((await soFar(key)).map(({ eventName }) => eventName)).toEqual([
        'ObjectCreated:CompleteMultipartUpload',
      ]);
    },
  },
  {
    id: '9.3-folder',
    source: 'AWS-doc',
    expectation:
      'a folder made in the console is a PUT of a key with a slash at the end and size 0, and is reported',
    async run(t) {
      const { bucket: Bucket, of } = await plain(t);
      const Key = `${t.name('folder')}/`;
      await t.s3.send(new PutObjectCommand({ Bucket, Key, Body: '', ContentLength: 0 }));
      expect((await of(Key))[0]).toMatchObject({
        eventName: 'ObjectCreated:Put',
        s3: { object: { size: 0, eTag: 'd41d8cd98f00b204e9800998ecf8427e' } },
      });
    },
  },
];

const versioning: readonly Fact[] = [
  {
    id: '9.4-marker',
    source: 'AWS-recorded',
    expectation:
      'DELETE without versionId is 204 with x-amz-delete-marker and the version of the marker, also of a key that never existed',
    async run(t) {
      const Bucket = await versioned(t);
      const { status, headers } = await exchange(
        t.s3,
        new DeleteObjectCommand({ Bucket, Key: t.name('never') }),
      );
      expect(status).toBe(204);
      expect(headers['x-amz-delete-marker']).toBe('true');
      expect(headers['x-amz-version-id']).toMatch(/^[A-Za-z0-9._-]{32}$/);
    },
  },
  {
    id: '9.4-get-after-delete',
    source: 'AWS-recorded',
    expectation: 'GET after it is 404 NoSuchKey with x-amz-delete-marker',
    async run(t) {
      const Bucket = await versioned(t);
      const Key = t.name('k');
      await operations.putObject(t, Bucket, Key);
      await operations.deleteObject(t, Bucket, Key);
      const { status, headers, body } = await exchange(t.s3, new GetObjectCommand({ Bucket, Key }));
      expect(status).toBe(404);
      expect(headers['x-amz-delete-marker']).toBe('true');
      expect(body).toContain('<Code>NoSuchKey</Code>');
    },
  },
  {
    id: '9.4-get-marker',
    source: 'AWS-recorded',
    expectation: "GET of the marker's version is 405 MethodNotAllowed",
    async run(t) {
      const Bucket = await versioned(t);
      const Key = t.name('k');
      const { VersionId } = await t.s3.send(new DeleteObjectCommand({ Bucket, Key }));
      expect(await refusal(t.s3.send(new GetObjectCommand({ Bucket, Key, VersionId })))).toMatchObject({
        status: 405,
        code: 'MethodNotAllowed',
        members: { Method: 'GET', ResourceType: 'DeleteMarker' },
      });
    },
  },
  {
    id: '9.4-version-invalid',
    source: 'AWS-recorded',
    expectation: 'a versionId that is none is an invalid argument',
    async run(t) {
      const Bucket = await versioned(t);
      const Key = t.name('k');
      await operations.putObject(t, Bucket, Key);
      const VersionId = 'invalid-version-id';
      expect(await refusal(t.s3.send(new GetObjectCommand({ Bucket, Key, VersionId })))).toMatchObject({
        status: 400,
        code: 'InvalidArgument',
        message: 'Invalid version id specified',
        members: { ArgumentName: 'versionId', ArgumentValue: VersionId },
      });
    },
  },
  {
    id: '9.4-version-unknown',
    source: 'AWS-recorded',
    expectation: 'a versionId of another object is 404 NoSuchVersion',
    async run(t) {
      const Bucket = await versioned(t);
      const [Key, other] = [t.name('k'), t.name('k')];
      await operations.putObject(t, Bucket, Key);
      const { VersionId } = await t.s3.send(new PutObjectCommand({ Bucket, Key: other, Body: 'x' }));
      expect(await refusal(t.s3.send(new GetObjectCommand({ Bucket, Key, VersionId })))).toMatchObject({
        status: 404,
        code: 'NoSuchVersion',
      });
    },
  },
  {
    id: '9.4-suspended',
    source: 'AWS-recorded',
    expectation:
      'while versioning is suspended PutObject answers without a version, and DELETE makes a marker with the id null',
    async run(t) {
      const Bucket = await bucket(t, { versioned: true });
      const Key = t.name('k');
      const VersioningConfiguration = { Status: 'Suspended' as const };
      await t.s3.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration }));
      await eventually(async () => {
        const { VersionId } = await t.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
        expect(VersionId).toBeUndefined();
      });
      expect(await t.s3.send(new DeleteObjectCommand({ Bucket, Key }))).toMatchObject({
        DeleteMarker: true,
        VersionId: 'null',
      });
    },
  },
];

const HELD = 'At least one of the pre-conditions you specified did not hold';
const IMPLIED = 'A header you provided implies functionality that is not implemented';
const WRONG = '"0123456789abcdef0123456789abcdef"';

function conditional(
  row: Pick<Fact, 'id' | 'source' | 'expectation'>,
  conditions: Partial<PutObjectCommandInput>,
  error: {
    readonly status: number;
    readonly code: string;
    readonly message?: string;
    readonly members?: object;
  },
  exists = true,
): Fact {
  return {
    ...row,
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      if (exists) await operations.putObject(t, Bucket, Key);
      expect(
        await refusal(t.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', ...conditions }))),
      ).toMatchObject(error);
    },
  };
}

const conditions: readonly Fact[] = [
  conditional(
    {
      id: '9.5-if-none-match',
      source: 'AWS-recorded',
      expectation: 'If-None-Match: * of a key that exists is 412',
    },
    { IfNoneMatch: '*' },
    { status: 412, code: 'PreconditionFailed', message: HELD, members: { Condition: 'If-None-Match' } },
  ),
  conditional(
    {
      id: '9.5-if-none-match-etag',
      source: 'AWS-recorded',
      expectation: 'If-None-Match with anything else is 501',
    },
    { IfNoneMatch: WRONG },
    {
      status: 501,
      code: 'NotImplemented',
      message: IMPLIED,
      members: {
        Header: 'If-None-Match',
        additionalMessage: "We don't accept the provided value of If-None-Match header for this API",
      },
    },
  ),
  conditional(
    { id: '9.5-if-match', source: 'AWS-recorded', expectation: 'If-Match with another ETag is 412' },
    { IfMatch: WRONG },
    { status: 412, code: 'PreconditionFailed', message: HELD, members: { Condition: 'If-Match' } },
  ),
  conditional(
    {
      id: '9.5-if-match-missing',
      source: 'AWS-recorded',
      expectation: 'If-Match of a key that does not exist is 404 NoSuchKey',
    },
    { IfMatch: WRONG },
    { status: 404, code: 'NoSuchKey' },
    false,
  ),
  conditional(
    { id: '9.5-if-match-any', source: 'AWS-recorded', expectation: 'If-Match: * is 501' },
    { IfMatch: '*' },
    { status: 501, code: 'NotImplemented', message: IMPLIED, members: { Header: 'If-Match' } },
  ),
  conditional(
    { id: '9.5-both', source: 'AWS-recorded', expectation: 'both headers together are 501' },
    { IfMatch: WRONG, IfNoneMatch: '*' },
    { status: 501, code: 'NotImplemented', message: IMPLIED },
  ),
  {
    id: '9.5-lost-race',
    source: 'AWS-recorded',
    expectation:
      'a multipart upload with If-None-Match is 409 ConditionalRequestConflict once the key was deleted meanwhile',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      await operations.putObject(t, Bucket, Key);
      const { UploadId } = await t.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const { ETag } = await t.s3.send(
        new UploadPartCommand({ Bucket, Key, UploadId, PartNumber: 1, Body: 'x' }),
      );
      await operations.deleteObject(t, Bucket, Key);
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag }] };
      const complete = { Bucket, Key, UploadId, MultipartUpload, IfNoneMatch: '*' };
      expect(await refusal(t.s3.send(new CompleteMultipartUploadCommand(complete)))).toMatchObject({
        status: 409,
        code: 'ConditionalRequestConflict',
        message:
          'The conditional request cannot succeed due to a conflicting operation against this resource.',
      });
    },
  },
  {
    id: '9.5-no-event',
    source: 'AWS-doc',
    expectation: 'a refused write sends no event',
    async run(t) {
      const { bucket: Bucket, of, soFar } = await plain(t);
      const Key = t.name('k');
      await operations.putObject(t, Bucket, Key);
      await of(Key);
      await refusal(t.s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x', IfNoneMatch: '*' })));
      expect(await soFar(Key)).toHaveLength(1);
    },
  },
];

const crcOf = (text: string) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64');

/** Takes away what the SDK computed by itself. */
function dropChecksums(headers: Record<string, string>): void {
  for (const name of Object.keys(headers)) {
    if (/^x-amz-(?:sdk-)?checksum-/.test(name)) Reflect.deleteProperty(headers, name);
  }
}

/** Two chunks in the form of a signed or unsigned stream. The signatures of chunks are not looked at here. */
const chunked = (signature: string, trailer = '') =>
  `3${signature}\r\nhel\r\n2${signature}\r\nlo\r\n0${signature}\r\n${trailer}\r\n`;

const checksums: readonly Fact[] = [
  {
    id: '9.6-default',
    source: 'AWS-recorded',
    expectation: 'the SDK sends a CRC32 by itself; the answer has it, its type and AES256',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      expect(
        await t.s3.send(new PutObjectCommand({ Bucket, Key: t.name('k'), Body: 'hello' })),
      ).toMatchObject({
        ChecksumCRC32: crcOf('hello'),
        ChecksumType: 'FULL_OBJECT',
        ServerSideEncryption: 'AES256',
      });
    },
  },
  {
    id: '9.6-crc64nvme',
    source: 'AWS-doc',
    expectation: 'without a checksum of the client S3 computes CRC64NVME',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      const put = new PutObjectCommand({ Bucket, Key, Body: 'hello' });
      const { headers } = await exchange(t.s3, put, (request) => {
        dropChecksums(request.headers);
      });
      expect(headers['x-amz-checksum-crc64nvme']).toMatch(/^[A-Za-z0-9+/]{11}=$/);
      expect(headers['x-amz-checksum-type']).toBe('FULL_OBJECT');
    },
  },
  {
    id: '9.6-stream',
    source: 'AWS-SDK',
    expectation:
      'a stream is sent in chunks with a trailer; aws-chunked is no part of the stored object, nor of its size',
    async run(t) {
      const { bucket: Bucket, of } = await plain(t);
      const Key = t.name('k');
      const Body = Readable.from([Buffer.from('hel'), Buffer.from('lo')]);
      let sent: Record<string, string> = {};
      const put = new PutObjectCommand({ Bucket, Key, Body, ContentLength: 5, ContentEncoding: 'identity' });
      const { status } = await exchange(t.s3, put, (request) => {
        sent = request.headers;
      });
      expect(status).toBe(200);
      expect(sent['x-amz-trailer'] ?? sent['X-Amz-Trailer']).toBe('x-amz-checksum-crc32');
      expect((await of(Key))[0]?.s3.object).toMatchObject({ size: 5 });
      const read = await t.s3.send(new GetObjectCommand({ Bucket, Key }));
      expect(read.ContentEncoding).toBe('identity');
      expect(await read.Body?.transformToString()).toBe('hello');
    },
  },
  ...(
    [
      ['unsigned-payload', 'UNSIGNED-PAYLOAD', undefined],
      [
        'unsigned-trailer',
        'STREAMING-UNSIGNED-PAYLOAD-TRAILER',
        chunked('', `x-amz-checksum-crc32:${crcOf('hello')}\r\n`),
      ],
      ['signed-chunks', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', chunked(`;chunk-signature=${'0'.repeat(64)}`)],
      [
        'signed-trailer',
        'STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER',
        chunked(
          `;chunk-signature=${'0'.repeat(64)}`,
          `x-amz-checksum-crc32:${crcOf('hello')}\r\nx-amz-trailer-signature:${'0'.repeat(64)}\r\n`,
        ),
      ],
    ] as const
  ).map(([id, sha, stream]): Fact => ({
    id: `9.6-payload-${id}`,
    source: 'AWS-doc',
    expectation: `a body announced as ${sha} is taken`,
    // AWS verifies the signature of each chunk, which only a signing client can make.
    ...(sha.includes('HMAC') && { needs: 'no look at the signatures of chunks' }),
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      const { status } = await exchange(
        t.s3,
        new PutObjectCommand({ Bucket, Key, Body: 'hello' }),
        (request) => {
          request.headers['x-amz-content-sha256'] = sha;
          if (stream === undefined) return;
          dropChecksums(request.headers);
          request.body = stream;
          request.headers['content-length'] = String(stream.length);
          request.headers['content-encoding'] = 'aws-chunked';
          request.headers['x-amz-decoded-content-length'] = '5';
          if (sha.endsWith('TRAILER')) request.headers['x-amz-trailer'] = 'x-amz-checksum-crc32';
        },
      );
      expect(status).toBe(200);
      const head = await t.s3.send(new HeadObjectCommand({ Bucket, Key }));
      expect(head.ContentLength).toBe(5);
      expect(head.ContentEncoding).toBeUndefined();
    },
  })),
  ...(['CRC32', 'CRC32C', 'SHA1', 'SHA256'] as const).map((ChecksumAlgorithm): Fact => ({
    id: `9.6-algorithm-${ChecksumAlgorithm.toLowerCase()}`,
    source: 'AWS-doc',
    expectation: `${ChecksumAlgorithm} is taken, kept and returned to a GET that asks for it`,
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      const written = await t.s3.send(
        new PutObjectCommand({ Bucket, Key, Body: 'hello', ChecksumAlgorithm }),
      );
      const value = written[`Checksum${ChecksumAlgorithm}`];
      expect(value).toMatch(/=$/);
      const read = await t.s3.send(new GetObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }));
      expect(read[`Checksum${ChecksumAlgorithm}`]).toBe(value);
      expect(await read.Body?.transformToString()).toBe('hello');
    },
  })),
  {
    id: '9.6-algorithm-crc64nvme',
    source: 'AWS-doc',
    expectation: 'CRC64NVME is taken, kept and returned to a GET that asks for it',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      // Of "123456789", the check value of the algorithm.
      const ChecksumCRC64NVME = Buffer.from('ae8b14860a799888', 'hex').toString('base64');
      await t.s3.send(new PutObjectCommand({ Bucket, Key, Body: '123456789', ChecksumCRC64NVME }));
      const { headers } = await exchange(
        t.s3,
        new HeadObjectCommand({ Bucket, Key, ChecksumMode: 'ENABLED' }),
      );
      expect(headers['x-amz-checksum-crc64nvme']).toBe(ChecksumCRC64NVME);
    },
  },
  {
    id: '9.6-no-value',
    source: 'AWS-recorded',
    expectation: 'a value that is no checksum is refused by the name of its header',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const put = new PutObjectCommand({
        Bucket,
        Key: t.name('k'),
        Body: 'hello',
        ChecksumSHA256: 'invalid',
      });
      expect(await refusal(t.s3.send(put))).toMatchObject({
        status: 400,
        code: 'InvalidRequest',
        message: 'Value for x-amz-checksum-sha256 header is invalid.',
      });
    },
  },
  {
    id: '9.6-two',
    source: 'AWS-recorded',
    expectation: 'two checksums are refused',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const put = new PutObjectCommand({
        Bucket,
        Key: t.name('k'),
        Body: 'hello',
        ChecksumSHA256: sha256('hello'),
        ChecksumCRC32: crcOf('hello'),
      });
      expect(await refusal(t.s3.send(put))).toMatchObject({
        status: 400,
        code: 'InvalidRequest',
        message: 'Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.',
      });
    },
  },
  {
    id: '9.6-wrong-part',
    source: 'AWS-recorded',
    expectation: 'a part that was not uploaded is InvalidPart, with two spaces in the message',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const Key = t.name('k');
      const { UploadId } = await t.s3.send(new CreateMultipartUploadCommand({ Bucket, Key }));
      const MultipartUpload = { Parts: [{ PartNumber: 1, ETag: WRONG }] };
      expect(
        await refusal(
          t.s3.send(new CompleteMultipartUploadCommand({ Bucket, Key, UploadId, MultipartUpload })),
        ),
      ).toMatchObject({
        status: 400,
        code: 'InvalidPart',
        message:
          "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.",
      });
    },
  },
  {
    id: '9.6-expect-continue',
    source: 'AWS-SDK',
    expectation: 'Expect: 100-continue is answered',
    async run(t) {
      const { bucket: Bucket } = await plain(t);
      const put = new PutObjectCommand({ Bucket, Key: t.name('k'), Body: 'hello' });
      const { status } = await exchange(t.s3, put, ({ headers }) => {
        headers.Expect = '100-continue';
      });
      expect(status).toBe(200);
    },
  },
];

describeFacts('9.3 uploads, 9.4 versioning, 9.5 conditional writes, 9.6 checksums', [
  ...uploads,
  ...versioning,
  ...conditions,
  ...checksums,
]);
