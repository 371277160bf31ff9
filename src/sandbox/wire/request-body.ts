import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { PassThrough, type Readable, type Transform } from 'node:stream';
import { AwsChunkedDecoder } from './aws-chunked.ts';

/** The client went away before its request was complete: there is nobody to answer. */
export class ClientAborted extends Error {
  constructor() {
    super('the client closed the connection before the request was complete');
    this.name = 'ClientAborted';
  }
}

export class BodyTooLarge extends Error {
  readonly limit: number;

  constructor(limit: number) {
    super(`the request body is larger than ${limit} bytes`);
    this.name = 'BodyTooLarge';
    this.limit = limit;
  }
}

/** A request's body without its transfer framing, read once, as a stream or as bytes. */
export class RequestBody {
  readonly #request: IncomingMessage;
  readonly #limit: number;
  readonly #decoder: AwsChunkedDecoder | undefined;
  #bytes: Promise<Buffer> | undefined;

  /**
   * `limit` in bytes bounds `bytes()` only. Of an `aws-chunked` request the headers are rewritten to say what the
   * object is: the framing is no content encoding of it, and its length is the decoded one.
   */
  constructor(request: IncomingMessage, limit: number) {
    this.#request = request;
    this.#limit = limit;
    this.#decoder = isAwsChunked(request.headers)
      ? new AwsChunkedDecoder(unwrapHeaders(request.headers))
      : undefined;
  }

  /** The decoded body. The reader may destroy it without harm to the connection. */
  stream(): Readable {
    return this.#forward(this.#decoder ?? new PassThrough());
  }

  /** Throws `BodyTooLarge`, `ClientAborted`, or what `aws-chunked` decoding throws. */
  bytes(): Promise<Buffer> {
    return (this.#bytes ??= this.#collect());
  }

  /** Of an `aws-chunked` body, complete when it was read to its end. */
  trailers(): Readonly<Record<string, string>> {
    return this.#decoder?.trailers ?? {};
  }

  /** Discards what was not read; left unread it would block the next request of the connection. */
  drain(): void {
    if (this.#request.readableEnded) return;
    this.#request.unpipe();
    this.#request.resume();
  }

  async #collect(): Promise<Buffer> {
    if (Number(this.#request.headers['content-length'] ?? 0) > this.#limit)
      throw new BodyTooLarge(this.#limit);
    const source = this.stream();
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = [];
      let length = 0;
      source.on('data', (chunk: Buffer) => {
        length += chunk.byteLength;
        if (length <= this.#limit) chunks.push(chunk);
        else source.destroy(new BodyTooLarge(this.#limit));
      });
      source.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
      source.once('error', reject);
    });
  }

  /** Not `pipeline`: that would destroy the request, and with it the connection, when the reader stops early. */
  #forward<T extends Transform>(target: T): T {
    const request = this.#request;
    const abort = (): void => {
      if (!request.readableEnded) target.destroy(new ClientAborted());
    };
    // A reader that attaches no listener must not turn a broken upload into an uncaught exception.
    target.on('error', () => undefined);
    if (request.destroyed) process.nextTick(abort);
    else request.once('close', abort);
    return request.pipe(target);
  }
}

/** Announced by the content encoding or by the payload hash: not every client sends both. */
function isAwsChunked(headers: IncomingHttpHeaders): boolean {
  return (
    headers['content-encoding']?.includes('aws-chunked') === true ||
    String(headers['x-amz-content-sha256'] ?? '').startsWith('STREAMING-')
  );
}

/** Returns the length that the decoded body must have, where the client says. */
function unwrapHeaders(headers: IncomingHttpHeaders): number | undefined {
  const encodings = (headers['content-encoding'] ?? '')
    .split(',')
    .map((encoding) => encoding.trim())
    .filter((encoding) => encoding !== '' && encoding !== 'aws-chunked');
  if (encodings.length > 0) headers['content-encoding'] = encodings.join(',');
  else delete headers['content-encoding'];
  const length = String(headers['x-amz-decoded-content-length'] ?? '');
  if (!/^\d{1,15}$/.test(length)) return undefined;
  headers['content-length'] = length;
  return Number(length);
}
