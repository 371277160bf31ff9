import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { printJsonPayload } from './json.ts';
import { toBuffer } from './scalars.ts';
import { once, type Operation, type ServiceDefinition } from './schema.ts';
import type { Member, StructureShape } from './shape.ts';
import { AwsError } from './types.ts';
import { printXmlPayload } from './xml.ts';

export const EVENT_STREAM_TYPE = 'application/vnd.amazon.eventstream';

/** The member of the output that is an event stream, if any, and its events. */
export interface EventStreamMember {
  readonly name: string;
  readonly events: readonly Member[];
}

const streamMembers = new WeakMap<Operation, () => EventStreamMember | undefined>();

export function eventStreamMember(operation: Operation): EventStreamMember | undefined {
  let find = streamMembers.get(operation);
  if (find === undefined) {
    find = once(() => {
      for (const { name, shape } of operation.output?.members() ?? []) {
        if (shape.kind === 'structure' && shape.isStreaming) return { name, events: shape.members() };
      }
      return undefined;
    });
    streamMembers.set(operation, find);
  }
  return find();
}

/**
 * The events as `vnd.amazon.eventstream` messages. `initialResponse` is the JSON of the output's other members: the
 * JSON protocols carry it in a first message, which botocore insists on ("First event was not of type
 * initial-response"); REST protocols pass undefined, they have headers for that.
 */
export function printEventStream(
  service: ServiceDefinition,
  member: EventStreamMember,
  source: unknown,
  initialResponse: Buffer | undefined,
  reportError: (error: unknown) => void,
): Readable {
  const iterator = (source as AsyncIterable<Readonly<Record<string, unknown>>>)[Symbol.asyncIterator]();
  const contentType = documentType(service);
  let first = initialResponse;
  return new Readable({
    read() {
      if (first !== undefined) {
        this.push(message('event', 'initial-response', contentType, first));
        first = undefined;
        return;
      }
      iterator
        .next()
        .then(
          (result) => this.push(result.done ? null : printEvent(service, member, result.value)),
          (error: unknown) => {
            if (!(error instanceof AwsError)) reportError(error);
            this.push(printStreamError(service, member, error));
            this.push(null);
          },
        )
        .catch((error: unknown) => this.destroy(error as Error));
    },
    // Not awaited: a source that waits for its next event would keep a closed connection waiting too.
    destroy(error, callback) {
      void iterator.return?.().catch(() => undefined);
      callback(error);
    },
  });
}

function printEvent(
  service: ServiceDefinition,
  member: EventStreamMember,
  event: Readonly<Record<string, unknown>>,
): Buffer {
  const name = Object.keys(event).find((key) => event[key] !== undefined) ?? '';
  const shape = member.events.find((candidate) => candidate.name === name)?.shape;
  if (shape?.kind !== 'structure') throw new TypeError(`${JSON.stringify(name)} is no event of this stream`);
  const value = event[name] as Readonly<Record<string, unknown>>;
  const kind = shape.isError ? 'exception' : 'event';
  const payload = shape.members().find((candidate) => candidate.isEventPayload);
  if (payload?.shape.kind === 'blob') {
    return message(kind, name, 'application/octet-stream', toBuffer(value[payload.name] ?? ''));
  }
  const [body, content] =
    payload?.shape.kind === 'structure'
      ? [payload.shape, (value[payload.name] ?? {}) as Readonly<Record<string, unknown>>]
      : [shape, value];
  return message(kind, name, documentType(service), printDocument(service, body, content));
}

/** An error amidst the stream: a modelled one is an exception message, any other an error message. */
function printStreamError(service: ServiceDefinition, member: EventStreamMember, error: unknown): Buffer {
  const { code, message: text } =
    error instanceof AwsError ? error : { code: 'InternalFailure', message: 'The sandbox failed.' };
  const modelled = member.events.find(
    ({ name, shape }) =>
      shape.kind === 'structure' && shape.isError && (shape.name === code || name === code),
  );
  if (modelled?.shape.kind === 'structure') {
    const body = printDocument(service, modelled.shape, { message: text });
    return message('exception', modelled.name, documentType(service), body);
  }
  return frame({ ':message-type': 'error', ':error-code': code, ':error-message': text }, Buffer.alloc(0));
}

function printDocument(
  service: ServiceDefinition,
  shape: StructureShape,
  value: Readonly<Record<string, unknown>>,
): Buffer {
  if (service.protocol === 'restXml') return Buffer.from(printXmlPayload(shape, value, undefined));
  return printJsonPayload(shape, value, service.protocol === 'restJson' ? 'jsonName' : 'memberName');
}

function documentType(service: ServiceDefinition): string {
  switch (service.protocol) {
    case 'restXml':
    case 'query':
      return 'text/xml';
    case 'restJson':
      return 'application/json';
    case 'json10':
      return 'application/x-amz-json-1.0';
    case 'json11':
      return 'application/x-amz-json-1.1';
  }
}

function message(kind: 'event' | 'exception', name: string, contentType: string, payload: Buffer): Buffer {
  return frame({ [`:${kind}-type`]: name, ':message-type': kind, ':content-type': contentType }, payload);
}

const STRING_HEADER = 7;

/**
 * Total length, length of the headers, CRC32 of those eight bytes; headers; payload; CRC32 of all before. Big-endian.
 * https://smithy.io/2.0/aws/amazon-eventstream.html
 */
export function frame(headers: Readonly<Record<string, string>>, payload: Uint8Array): Buffer {
  const head = Buffer.concat(Object.entries(headers).map(([name, value]) => frameHeader(name, value)));
  const out = Buffer.alloc(16 + head.byteLength + payload.byteLength);
  out.writeUInt32BE(out.byteLength, 0);
  out.writeUInt32BE(head.byteLength, 4);
  out.writeUInt32BE(crc32(out.subarray(0, 8)), 8);
  out.set(head, 12);
  out.set(payload, 12 + head.byteLength);
  out.writeUInt32BE(crc32(out.subarray(0, -4)), out.byteLength - 4);
  return out;
}

function frameHeader(name: string, value: string): Buffer {
  const nameBytes = Buffer.from(name);
  const valueBytes = Buffer.from(value);
  const out = Buffer.alloc(1 + nameBytes.byteLength + 3 + valueBytes.byteLength);
  out.writeUInt8(nameBytes.byteLength, 0);
  out.set(nameBytes, 1);
  out.writeUInt8(STRING_HEADER, 1 + nameBytes.byteLength);
  out.writeUInt16BE(valueBytes.byteLength, 2 + nameBytes.byteLength);
  out.set(valueBytes, 4 + nameBytes.byteLength);
  return out;
}
