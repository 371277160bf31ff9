import { MalformedInput, printTimestamp, readTimestamp, setOwn, toBuffer } from './scalars.ts';
import type { Member, ScalarShape, Shape } from './shape.ts';

/** Member names on the wire: rest-json follows the `jsonName` trait, the JSON RPC protocols do not. */
export type JsonNames = 'jsonName' | 'memberName';

/** Reads a JSON body into the given members. An empty body is an empty structure. Throws `MalformedInput`. */
export function readJsonBody(
  members: readonly Member[],
  body: Buffer,
  names: JsonNames,
): Record<string, unknown> {
  return body.byteLength === 0 ? {} : readStructure(members, parse(body), names);
}

export function readJsonPayload(shape: Shape, body: Buffer, names: JsonNames): unknown {
  return body.byteLength === 0 ? undefined : readValue(shape, parse(body), names);
}

export function printJsonBody(
  members: readonly Member[],
  value: Readonly<Record<string, unknown>>,
  names: JsonNames,
): Buffer {
  return Buffer.from(JSON.stringify(printStructure(members, value, names)));
}

export function printJsonPayload(shape: Shape, value: unknown, names: JsonNames): Buffer {
  return Buffer.from(JSON.stringify(printValue(shape, value, names)));
}

function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch (error) {
    throw new MalformedInput((error as Error).message);
  }
}

function readStructure(
  members: readonly Member[],
  value: unknown,
  names: JsonNames,
): Record<string, unknown> {
  if (!isObject(value)) throw new MalformedInput('Start of structure or map found where not expected.');
  const out: Record<string, unknown> = {};
  for (const member of members) {
    const name = names === 'jsonName' ? member.jsonName : member.name;
    if (!Object.hasOwn(value, name)) continue;
    const item = value[name];
    if (item !== null) out[member.name] = readValue(member.shape, item, names);
  }
  return out;
}

function readValue(shape: Shape, value: unknown, names: JsonNames): unknown {
  switch (shape.kind) {
    case 'structure':
      return readStructure(shape.members(), value, names);
    case 'list': {
      if (!Array.isArray(value)) throw new MalformedInput('Expected list or null');
      const item = shape.item();
      return value.filter((entry) => entry !== null).map((entry: unknown) => readValue(item, entry, names));
    }
    case 'map': {
      if (!isObject(value)) throw new MalformedInput('Expected map or null');
      const out: Record<string, unknown> = {};
      for (const [key, entry] of Object.entries(value)) {
        if (entry !== null) setOwn(out, key, readValue(shape.value(), entry, names));
      }
      return out;
    }
    default:
      return readScalar(shape, value);
  }
}

/** AWS's JSON services refuse a value of the wrong type; they do not convert it. */
function readScalar(shape: ScalarShape, value: unknown): unknown {
  switch (shape.kind) {
    case 'string':
      if (typeof value === 'string') return value;
      throw wrongType(value, 'String');
    case 'boolean':
      if (typeof value === 'boolean') return value;
      throw wrongType(value, 'Boolean');
    case 'number':
      if (typeof value === 'number') return value;
      throw wrongType(value, 'Number');
    case 'blob':
      if (typeof value === 'string') return Buffer.from(value, 'base64');
      throw wrongType(value, 'Blob');
    case 'timestamp':
      if (typeof value === 'string' || typeof value === 'number') return readTimestamp(value);
      throw wrongType(value, 'Timestamp');
    case 'document':
      return value;
  }
}

/** Wording seen in answers of JSON services ("NUMBER_VALUE can not be converted to a String"); the exact set is UNKNOWN. */
function wrongType(value: unknown, expected: string): MalformedInput {
  const token = Array.isArray(value) ? 'START_ARRAY' : isObject(value) ? 'START_OBJECT' : scalarToken(value);
  return new MalformedInput(`${token} can not be converted to a ${expected}`);
}

function scalarToken(value: unknown): string {
  return typeof value === 'boolean'
    ? `${String(value).toUpperCase()}_VALUE`
    : `${typeof value}_value`.toUpperCase();
}

function printStructure(
  members: readonly Member[],
  value: Readonly<Record<string, unknown>>,
  names: JsonNames,
): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const member of members) {
    const item = value[member.name];
    if (item == null) continue;
    out[names === 'jsonName' ? member.jsonName : member.name] = printValue(member.shape, item, names);
  }
  return out;
}

function printValue(shape: Shape, value: unknown, names: JsonNames): unknown {
  if (value == null) return null;
  switch (shape.kind) {
    case 'structure':
      return printStructure(shape.members(), value as Readonly<Record<string, unknown>>, names);
    case 'list': {
      const item = shape.item();
      return (value as readonly unknown[]).map((entry) => printValue(item, entry, names));
    }
    case 'map': {
      const out: Record<string, unknown> = {};
      for (const [key, entry] of Object.entries(value))
        setOwn(out, key, printValue(shape.value(), entry, names));
      return out;
    }
    case 'blob':
      return toBuffer(value).toString('base64');
    case 'timestamp':
      return printTimestamp(value, shape.format ?? 'epoch-seconds');
    case 'string':
    case 'number':
    case 'boolean':
    case 'document':
      return value;
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
