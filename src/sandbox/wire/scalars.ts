import { isUtf8 } from 'node:buffer';
import type { ScalarShape, Shape, TimestampFormat } from './shape.ts';

/** A value that cannot be read as its shape. Each protocol has its own error code for that. */
export class MalformedInput extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'MalformedInput';
  }
}

/** Reads text of an XML element, query parameter, header or label. Throws `MalformedInput`. */
export function readScalar(shape: ScalarShape, text: string): unknown {
  switch (shape.kind) {
    case 'number':
      return readNumber(text);
    case 'boolean':
      return readBoolean(text);
    case 'timestamp':
      return readTimestamp(text);
    case 'blob':
      return Buffer.from(text, 'base64');
    case 'string':
    case 'document':
      return text;
  }
}

export function printScalar(shape: ScalarShape, value: unknown, defaultFormat: TimestampFormat): string {
  switch (shape.kind) {
    case 'timestamp':
      return String(printTimestamp(value, shape.format ?? defaultFormat));
    case 'blob':
      return toBuffer(value).toString('base64');
    case 'string':
    case 'number':
    case 'boolean':
    case 'document':
      return String(value);
  }
}

function readNumber(text: string): number {
  const value = text.trim() === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new MalformedInput(`${JSON.stringify(text)} is not a number`);
  return value;
}

function readBoolean(text: string): boolean {
  const value = text.trim().toLowerCase();
  if (value !== 'true' && value !== 'false') {
    throw new MalformedInput(`${JSON.stringify(text)} is not a Boolean`);
  }
  return value === 'true';
}

/** Any of the three formats: clients do not agree on which one a place takes. */
export function readTimestamp(value: string | number): Date {
  const seconds =
    typeof value === 'number' || /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
  const date = new Date(seconds === undefined ? value : seconds * 1000);
  if (Number.isNaN(date.getTime())) throw new MalformedInput(`${JSON.stringify(value)} is not a timestamp`);
  return date;
}

export function printTimestamp(value: unknown, format: TimestampFormat): string | number {
  if (!(value instanceof Date)) throw new TypeError('a timestamp must be a Date');
  switch (format) {
    case 'date-time':
      return value.toISOString().replace('.000Z', 'Z');
    case 'http-date':
      return value.toUTCString();
    case 'epoch-seconds':
      return value.getTime() / 1000;
  }
}

export function toBuffer(value: unknown): Buffer {
  if (typeof value === 'string') return Buffer.from(value);
  if (!(value instanceof Uint8Array)) throw new TypeError('a blob must be bytes or text');
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}

/** Sets an own property whatever its name: a plain assignment to `__proto__` would change the prototype. */
export function setOwn(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  } else target[name] = value;
}

export function readHeader(shape: Shape, raw: string): unknown {
  const text = decodeHeader(raw);
  if (shape.kind === 'list') {
    const item = shape.item();
    return splitHeaderList(text).map((part) => readInHeader(item, part));
  }
  return readInHeader(shape, text);
}

export function printHeader(shape: Shape, value: unknown): string {
  if (shape.kind === 'list') {
    const item = shape.item();
    return (value as readonly unknown[])
      .map((part) => printHeader(item, part))
      .map((part) => (/[",]/.test(part) ? `"${part.replace(/["\\]/g, '\\$&')}"` : part))
      .join(', ');
  }
  if (shape.kind === 'structure' || shape.kind === 'map')
    throw new TypeError(`a header cannot hold a ${shape.kind}`);
  return encodeHeader(printScalar(shape, value, 'http-date'));
}

function readInHeader(shape: Shape, text: string): unknown {
  if (shape.kind === 'structure' || shape.kind === 'map' || shape.kind === 'list') {
    throw new TypeError(`a header cannot hold a ${shape.kind}`);
  }
  return readScalar(shape, text);
}

/**
 * Node hands header values over as latin1. botocore sends UTF-8 bytes, the JavaScript SDK latin1 ones: what is valid
 * UTF-8 is taken as UTF-8.
 */
export function decodeHeader(value: string): string {
  if (!/[\x80-\xff]/.test(value)) return value;
  const bytes = Buffer.from(value, 'latin1');
  return isUtf8(bytes) ? bytes.toString('utf8') : value;
}

/** Text beyond latin1 goes out as UTF-8 bytes; `writeHead` would refuse it otherwise. */
export function encodeHeader(value: string): string {
  return /[^\x00-\xff]/.test(value) ? Buffer.from(value, 'utf8').toString('latin1') : value;
}

/** `"a, b", c` has two items; a quoted item may hold backslash escapes. */
function splitHeaderList(text: string): string[] {
  const items: string[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"\\]|\\.)*)"\s*|([^,]*))(?:,|$)/g)) {
    if (match[0] === '') continue;
    items.push(match[1]?.replace(/\\(.)/g, '$1') ?? (match[2] ?? '').trim());
  }
  return items;
}
