/** One part of a multipart/form-data body (RFC 7578). */
interface FormPart {
  readonly name: string;
  /** As the client sent it; undefined where the part has none. */
  readonly filename: string | undefined;
  readonly data: Buffer;
}

/** By name in lower case: S3 matches the names of fields in any case. */
export type FormFields = ReadonlyMap<string, { readonly name: string; readonly value: string }>;

/** What S3 reads of a browser form. */
export interface FormData {
  /** Those before the file: S3 ignores what comes behind it. */
  readonly fields: FormFields;
  /** The part named `file`, whatever else has a file name. */
  readonly file: FormPart | undefined;
  /** Bytes before the file part. */
  readonly fieldBytes: number;
}

const MAX_HEADER_BYTES = 16 * 1024;
const PARAMETER = /;\s*([^\s=;"]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))/g;

/** Reads a form whose `contentType` is the request's. Undefined when it is not well-formed. */
export function readFormData(contentType: string, body: Buffer): FormData | undefined {
  const boundary = boundaryOf(contentType);
  if (boundary === undefined) return undefined;
  const delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  // The first one may stand at the very beginning, without a line before it.
  const atStart = body.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2));
  let at = atStart ? -2 : body.indexOf(delimiter);
  if (at === -1) return undefined;
  const fields = new Map<string, { name: string; value: string }>();
  for (;;) {
    const start = afterDelimiter(body, at + delimiter.length);
    if (start === undefined) return undefined;
    if (start === 'end') return { fields, file: undefined, fieldBytes: at };
    const headerEnd = endOfHeaders(body, start);
    if (headerEnd === undefined) return undefined;
    const head = readHeader(body.subarray(start, headerEnd.at).toString('utf8'));
    // The line break of an empty part is the delimiter's own.
    const dataStart = headerEnd.at + headerEnd.length;
    const next = body.indexOf(delimiter, dataStart - 2);
    if (head === undefined || next < 0) return undefined;
    const part = { ...head, data: body.subarray(dataStart, Math.max(dataStart, next)) };
    if (part.name.toLowerCase() === 'file') return { fields, file: part, fieldBytes: Math.max(0, at) };
    fields.set(part.name.toLowerCase(), { name: part.name, value: part.data.toString('utf8') });
    at = next;
  }
}

function boundaryOf(contentType: string): string | undefined {
  const [, quoted, token] = /;\s*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))/i.exec(contentType) ?? [];
  return quoted ?? token;
}

/** Where the part behind a delimiter begins, `end` behind the last one, or undefined when it is none. */
function afterDelimiter(body: Buffer, at: number): number | 'end' | undefined {
  if (body[at] === 0x2d && body[at + 1] === 0x2d) return 'end';
  let end = at;
  // Padding that mail transports may add (RFC 2046, section 5.1.1).
  while (body[end] === 0x20 || body[end] === 0x09) end++;
  return body[end] === 0x0d && body[end + 1] === 0x0a ? end + 2 : undefined;
}

function endOfHeaders(
  body: Buffer,
  start: number,
): { readonly at: number; readonly length: number } | undefined {
  if (body[start] === 0x0d && body[start + 1] === 0x0a) return { at: start, length: 2 };
  const at = body.indexOf('\r\n\r\n', start);
  return at < 0 || at - start > MAX_HEADER_BYTES ? undefined : { at, length: 4 };
}

/** Name and file name of a `form-data` part. Browsers escape quotes and line ends in both by percent-encoding. */
function readHeader(text: string): Omit<FormPart, 'data'> | undefined {
  const line = text.split('\r\n').find((header) => /^content-disposition\s*:/i.test(header));
  if (line === undefined || !/:\s*form-data\s*(?:;|$)/i.test(line)) return undefined;
  const parameters = new Map<string, string>();
  // One after the other, so that what stands in quotes is never read as a parameter of its own.
  for (const [, name = '', quoted, token = ''] of line.matchAll(PARAMETER)) {
    const value = quoted?.replace(/\\(["\\])/g, '$1') ?? token;
    parameters.set(
      name.toLowerCase(),
      value.replace(/%(?:22|0D|0A)/gi, (escape) => decodeURIComponent(escape)),
    );
  }
  const name = parameters.get('name');
  return name === undefined ? undefined : { name, filename: parameters.get('filename') };
}
