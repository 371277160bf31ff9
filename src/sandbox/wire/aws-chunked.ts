import { Transform, type TransformCallback } from 'node:stream';
import { AwsError } from './types.ts';

/** A size line holds a hex size and a 64-digit signature; a trailer a name and a checksum. */
const LONGEST_LINE = 8192;

/**
 * Decodes `aws-chunked` bodies, signed or not, with or without trailers:
 * `<hex size>[;chunk-signature=<hex>]\r\n<bytes>\r\n` … `0[;…]\r\n` and then `name:value` lines.
 * https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
 */
export class AwsChunkedDecoder extends Transform {
  /** By lower-case name; complete when the stream has ended. */
  readonly trailers: Record<string, string> = {};
  readonly #expectedLength: number | undefined;
  #state: 'size' | 'data' | 'afterData' | 'trailers' = 'size';
  #line = '';
  #left = 0;
  #decodedLength = 0;

  /** `expectedLength` is the value of `x-amz-decoded-content-length`. */
  constructor(expectedLength?: number) {
    super();
    this.#expectedLength = expectedLength;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, callback: TransformCallback): void {
    try {
      let rest = chunk;
      while (rest.byteLength > 0) {
        rest = this.#state === 'data' ? this.#takeData(rest) : this.#takeLine(rest);
      }
      callback();
    } catch (error) {
      callback(error as Error);
    }
  }

  override _flush(callback: TransformCallback): void {
    if (this.#state === 'trailers' && this.#line !== '') this.#endLine();
    const isComplete = this.#state === 'trailers';
    const hasLength = this.#expectedLength === undefined || this.#expectedLength === this.#decodedLength;
    callback(isComplete && hasLength ? null : incompleteBody());
  }

  #takeData(bytes: Buffer): Buffer {
    const data = bytes.subarray(0, this.#left);
    this.push(data);
    this.#decodedLength += data.byteLength;
    this.#left -= data.byteLength;
    if (this.#left === 0) this.#state = 'afterData';
    return bytes.subarray(data.byteLength);
  }

  #takeLine(bytes: Buffer): Buffer {
    const end = bytes.indexOf(0x0a);
    this.#line += bytes.toString('latin1', 0, end < 0 ? bytes.byteLength : end);
    if (this.#line.length > LONGEST_LINE) throw malformedChunk();
    if (end < 0) return bytes.subarray(bytes.byteLength);
    this.#endLine();
    return bytes.subarray(end + 1);
  }

  #endLine(): void {
    const line = this.#line.endsWith('\r') ? this.#line.slice(0, -1) : this.#line;
    this.#line = '';
    switch (this.#state) {
      case 'size': {
        const size = /^([0-9a-fA-F]{1,12})\s*(?:;|$)/.exec(line)?.[1];
        if (size === undefined) throw malformedChunk();
        this.#left = Number.parseInt(size, 16);
        this.#state = this.#left === 0 ? 'trailers' : 'data';
        return;
      }
      case 'afterData':
        if (line !== '') throw malformedChunk();
        this.#state = 'size';
        return;
      case 'trailers': {
        // Signed trailers have blank lines between them (see the page above), so a blank line ends nothing.
        const colon = line.indexOf(':');
        if (colon > 0)
          this.trailers[line.slice(0, colon).trim().toLowerCase()] = line.slice(colon + 1).trim();
        return;
      }
      case 'data':
    }
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, IncompleteBody. */
function incompleteBody(): AwsError {
  return new AwsError(
    'IncompleteBody',
    'You did not provide the number of bytes specified by the Content-Length HTTP header',
    { status: 400 },
  );
}

/** UNKNOWN what S3 answers to a chunk that has no readable size; a 400 that clients do not repeat is the safe reading. */
function malformedChunk(): AwsError {
  return new AwsError('InvalidRequest', 'The aws-chunked body is malformed.', { status: 400 });
}
