import type { IncomingHttpHeaders } from 'node:http';
import { Readable } from 'node:stream';
import { printJsonBody, printJsonPayload, readJsonBody, readJsonPayload } from './json.ts';
import type { Query } from './router.ts';
import {
  decodeHeader,
  encodeHeader,
  MalformedInput,
  printHeader,
  readHeader,
  readScalar,
  setOwn,
  toBuffer,
} from './scalars.ts';
import type { Operation, ServiceDefinition } from './schema.ts';
import type { Member, Shape } from './shape.ts';
import type { RequestBody } from './request-body.ts';
import { AwsError } from './types.ts';
import { printElement, printXmlPayload, readXmlBody, readXmlPayload } from './xml.ts';

export interface WireResponse {
  status: number;
  readonly headers: Record<string, string>;
  body: Uint8Array | Readable | undefined;
}

export interface RestRequest {
  readonly labels: Readonly<Record<string, string>>;
  readonly query: Query;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
}

export const XML_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n';

/**
 * The operation's input from all places of the request. Throws `URIError` for a malformed label, `MalformedInput` for
 * a malformed body, and `AwsError` for a malformed query parameter or header.
 */
export async function readRestInput(
  service: ServiceDefinition,
  operation: Operation,
  request: RestRequest,
): Promise<Record<string, unknown>> {
  const { inputBindings: bindings } = operation;
  const input: Record<string, unknown> = {};
  for (const member of bindings.labels) {
    const label = request.labels[member.binding.name];
    if (label !== undefined) input[member.name] = readText(service, member, decodeURIComponent(label));
  }
  for (const member of bindings.queries) {
    const values = request.query.get(member.binding.name);
    if (values !== undefined) input[member.name] = readQueryValues(service, member, values);
  }
  for (const member of bindings.headers) {
    const value = request.headers[member.binding.name];
    if (value === undefined) continue;
    const text = Array.isArray(value) ? value.join(', ') : value;
    input[member.name] = orArgumentError(service, member, text, () => readHeader(member.shape, text));
  }
  for (const member of bindings.prefixHeaders) {
    const map = readPrefixHeaders(member.binding.name, request.headers);
    if (map !== undefined) input[member.name] = map;
  }
  if (bindings.payload !== undefined) {
    const payload = await readPayload(service, bindings.payload.shape, request.body);
    if (payload !== undefined) input[bindings.payload.name] = payload;
  } else if (bindings.body.length > 0) {
    const bytes = await request.body.bytes();
    const members =
      service.protocol === 'restXml'
        ? readXmlBody(operation.input?.rootName ?? '', bindings.body, bytes)
        : readJsonBody(bindings.body, bytes, 'jsonName');
    Object.assign(input, members);
  }
  return input;
}

async function readPayload(service: ServiceDefinition, shape: Shape, body: RequestBody): Promise<unknown> {
  if (shape.kind === 'blob' && shape.isStreaming) return body.stream();
  const bytes = await body.bytes();
  if (bytes.byteLength === 0) return undefined;
  if (shape.kind === 'blob') return bytes;
  if (shape.kind === 'string') return bytes.toString('utf8');
  if (service.protocol === 'restJson') return readJsonPayload(shape, bytes, 'jsonName');
  return shape.kind === 'structure' ? readXmlPayload(shape, bytes) : undefined;
}

function readQueryValues(service: ServiceDefinition, member: Member, values: readonly string[]): unknown {
  const { shape } = member;
  if (shape.kind === 'list') {
    const item = shape.item();
    return values.map((value) => readText(service, { ...member, shape: item }, value));
  }
  const [value = ''] = values;
  // `?max-keys=` is as good as absent; an empty string is a value of its own (`?prefix=`).
  return value === '' && shape.kind !== 'string' ? undefined : readText(service, member, value);
}

function readText(service: ServiceDefinition, member: Member, text: string): unknown {
  const { shape } = member;
  if (shape.kind === 'structure' || shape.kind === 'list' || shape.kind === 'map') return undefined;
  return orArgumentError(service, member, text, () => readScalar(shape, text));
}

/**
 * S3 names the argument. The wording is what S3 says of `max-keys`; whether it says so of every number is UNKNOWN.
 */
function orArgumentError(
  service: ServiceDefinition,
  member: Member,
  text: string,
  read: () => unknown,
): unknown {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof MalformedInput) || service.protocol !== 'restXml') throw error;
    const { name } = member.binding;
    const message =
      member.shape.kind === 'number'
        ? `Provided ${name} not an integer or within integer range`
        : `Invalid value for ${name}`;
    throw new AwsError('InvalidArgument', message, {
      status: 400,
      members: { ArgumentName: name, ArgumentValue: text },
    });
  }
}

function readPrefixHeaders(prefix: string, headers: IncomingHttpHeaders): Record<string, string> | undefined {
  let map: Record<string, string> | undefined;
  for (const name in headers) {
    if (!name.startsWith(prefix)) continue;
    map ??= {};
    setOwn(map, name.slice(prefix.length), decodeHeader(String(headers[name])));
  }
  return map;
}

/** The answer to a REST operation, without what every answer carries (request ids, length). */
export function printRestOutput(
  service: ServiceDefinition,
  operation: Operation,
  output: Readonly<Record<string, unknown>>,
): WireResponse {
  const response = printRestHead(operation, output);
  const { outputBindings: bindings } = operation;
  if (bindings.payload !== undefined) {
    const { shape } = bindings.payload;
    const value = output[bindings.payload.name];
    if (value == null) return response;
    if (shape.kind === 'structure')
      setDocument(response, service, printDocument(service, shape, value as Output));
    else response.body = value instanceof Readable ? value : toBuffer(value);
  } else if (bindings.body.length > 0) {
    if (service.protocol === 'restJson')
      setDocument(response, service, printJsonBody(bindings.body, output, 'jsonName'));
    else if (operation.output !== undefined) {
      const namespace = service.xmlns === undefined ? '' : ` xmlns="${service.xmlns}"`;
      const text = printElement(operation.output.rootName, bindings.body, output, namespace);
      setDocument(response, service, Buffer.from(XML_DECLARATION + text));
    }
  }
  return response;
}

type Output = Readonly<Record<string, unknown>>;

/** Status and headers alone, for an answer whose body is made elsewhere. */
export function printRestHead(operation: Operation, output: Output): WireResponse {
  const { outputBindings: bindings } = operation;
  const response: WireResponse = { status: operation.http?.[2] ?? 200, headers: {}, body: undefined };
  const status = bindings.status === undefined ? undefined : output[bindings.status.name];
  if (typeof status === 'number') response.status = status;
  for (const member of bindings.headers) {
    const value = output[member.name];
    if (value != null) response.headers[member.binding.name] = printHeader(member.shape, value);
  }
  for (const member of bindings.prefixHeaders) {
    const map = (output[member.name] ?? {}) as Readonly<Record<string, string>>;
    for (const [name, value] of Object.entries(map)) {
      response.headers[member.binding.name + name] = encodeHeader(value);
    }
  }
  return response;
}

function printDocument(
  service: ServiceDefinition,
  shape: Shape & { kind: 'structure' },
  value: Output,
): Buffer {
  if (service.protocol === 'restJson') return printJsonPayload(shape, value, 'jsonName');
  return Buffer.from(XML_DECLARATION + printXmlPayload(shape, value, service.xmlns));
}

function setDocument(response: WireResponse, service: ServiceDefinition, body: Buffer): void {
  response.headers['content-type'] ??=
    service.protocol === 'restXml' ? 'application/xml' : 'application/json';
  response.body = body;
}
