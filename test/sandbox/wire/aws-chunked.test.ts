import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { AwsChunkedDecoder } from '../../../src/sandbox/wire/aws-chunked.ts';
import { ask, clientConfig, drain, readAll, startServer } from './support.ts';

const SIGNATURE = 'ab'.repeat(32);
const UNSIGNED =
  '5\r\nhello\r\n7;extension=1\r\n \r\nworl\r\n1\r\nd\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n';
const SIGNED =
  `5;chunk-signature=${SIGNATURE}\r\nhello\r\n8;chunk-signature=${SIGNATURE}\r\n \r\nworld\r\n` +
  `0;chunk-signature=${SIGNATURE}\r\nx-amz-checksum-crc32:AAAAAA==\n\r\nx-amz-trailer-signature:${SIGNATURE}\r\n\r\n`;
const TEXT = 'hello \r\nworld';

async function decode(
  parts: Iterable<Buffer>,
  length?: number,
): Promise<{ text: string; trailers: unknown }> {
  const decoder = new AwsChunkedDecoder(length);
  const bytes = await readAll(Readable.from(parts).pipe(decoder));
  return { text: bytes.toString('utf8'), trailers: decoder.trailers };
}

/** Pieces of `size` bytes, so that every boundary falls everywhere. */
function cut(text: string, size: number): Buffer[] {
  const bytes = Buffer.from(text);
  return Array.from({ length: Math.ceil(bytes.byteLength / size) }, (_, i) =>
    bytes.subarray(i * size, (i + 1) * size),
  );
}

describe('the decoder', () => {
  it.each([1, 2, 3, 5, 7, 64, 10_000])('joins pieces of %i bytes', async (size) => {
    expect(await decode(cut(UNSIGNED, size), 13)).toEqual({
      text: TEXT,
      trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
    });
    expect(await decode(cut(SIGNED, size))).toEqual({
      text: TEXT,
      trailers: { 'x-amz-checksum-crc32': 'AAAAAA==', 'x-amz-trailer-signature': SIGNATURE },
    });
  });

  it('accepts an empty object', async () => {
    expect(await decode([Buffer.from('0\r\n\r\n')], 0)).toEqual({ text: '', trailers: {} });
    expect(await decode([Buffer.from('0\r\n')], 0)).toEqual({ text: '', trailers: {} });
  });

  it.each([
    ['no bytes at all', ''],
    ['no end', '5\r\nhello\r\n'],
    ['an end within a chunk', '5\r\nhel'],
    ['an end within a size line', '5'],
  ])('refuses %s as incomplete', async (_name, text) => {
    await expect(decode([Buffer.from(text)])).rejects.toMatchObject({ code: 'IncompleteBody', status: 400 });
  });

  it('refuses fewer or more bytes than announced', async () => {
    await expect(decode([Buffer.from(UNSIGNED)], 12)).rejects.toMatchObject({ code: 'IncompleteBody' });
    await expect(decode([Buffer.from(UNSIGNED)], 14)).rejects.toMatchObject({ code: 'IncompleteBody' });
  });

  it.each([
    ['a size that is no number', 'xyz\r\nhello\r\n0\r\n'],
    ['a negative size', '-5\r\nhello\r\n0\r\n'],
    ['a chunk longer than its size', '3\r\nhello\r\n0\r\n'],
    ['a line without end', 'a'.repeat(9000)],
  ])('refuses %s', async (_name, text) => {
    await expect(decode(cut(text, 1000))).rejects.toMatchObject({ code: 'InvalidRequest', status: 400 });
  });
});

describe('through the server', () => {
  it('hides the framing from the handler, and keeps other encodings', async () => {
    let seen: unknown;
    const server = await startServer({
      s3: {
        PutObject: async (input, ctx) => {
          const text = (await readAll(input.Body)).toString();
          seen = {
            text,
            encoding: input.ContentEncoding,
            length: input.ContentLength,
            trailers: ctx.trailers(),
          };
        },
      },
    });
    const put = (headers: Record<string, string>): ReturnType<typeof ask> =>
      ask(server, { method: 'PUT', path: '/b/k', headers, body: UNSIGNED });

    const encoded = { 'content-encoding': 'gzip, aws-chunked', 'x-amz-decoded-content-length': '13' };
    expect((await put(encoded)).status).toBe(200);
    expect(seen).toEqual({
      text: TEXT,
      encoding: 'gzip',
      length: 13,
      trailers: { 'x-amz-checksum-crc32': 'AAAAAA==' },
    });

    const hashed = { 'x-amz-content-sha256': 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' };
    expect((await put(hashed)).status).toBe(200);
    expect(seen).toMatchObject({ text: TEXT, encoding: undefined });
  });

  it('decodes a stream of the SDK', async () => {
    let seen: unknown;
    const server = await startServer({
      s3: {
        PutObject: async (input, ctx) => {
          seen = [(await readAll(input.Body)).toString(), Object.keys(ctx.trailers()), input.ContentEncoding];
        },
      },
    });
    const client = new S3Client(clientConfig(server));
    const Body = Readable.from([Buffer.from('one '), Buffer.from('two')]);
    await client.send(new PutObjectCommand({ Bucket: 'b', Key: 'k', Body, ContentLength: 7 }));
    client.destroy();
    expect(seen).toEqual(['one two', ['x-amz-checksum-crc32'], undefined]);
  });

  it('answers a broken body with its error and keeps the connection', async () => {
    const server = await startServer({
      s3: { PutObject: (input) => drain(input.Body) },
    });
    const headers = { 'content-encoding': 'aws-chunked' };
    const reply = await ask(server, { method: 'PUT', path: '/b/k', headers, body: '5\r\nhel' });
    expect([reply.status, reply.text]).toEqual([400, expect.stringContaining('<Code>IncompleteBody</Code>')]);
    expect(server.errors).toEqual([]);
  });
});
