/** Message attributes: rules, size and digest. */
import { createHash } from 'node:crypto';
import { invalidParameter } from './errors.ts';

export interface MessageAttribute {
  readonly DataType: string | undefined;
  readonly StringValue?: string | undefined;
  readonly BinaryValue?: Uint8Array | undefined;
}

export type MessageAttributes = Readonly<Record<string, MessageAttribute>>;

const MAX_ATTRIBUTES = 10;

export function md5(text: string): string {
  return createHash('md5').update(text).digest('hex');
}

const isBinary = ({ DataType = '' }: MessageAttribute) => DataType.split('.')[0] === 'Binary';

/** The first text is recorded, the others second-hand. */
export function checkAttributes(attributes: MessageAttributes): void {
  const entries = Object.entries(attributes);
  for (const [name, attribute] of entries) {
    const type = attribute.DataType ?? '';
    const value = isBinary(attribute) ? attribute.BinaryValue : attribute.StringValue;
    if (!/^(?:String|Number|Binary)(?:\..+)?$/.test(type)) {
      throw invalidParameter(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    }
    if (value === undefined || value.length === 0) {
      throw invalidParameter(
        `Message (user) attribute '${name}' must contain a non-empty value of type '${isBinary(attribute) ? 'Binary' : 'String'}'.`,
      );
    }
    if (type.split('.')[0] === 'Number' && !Number.isFinite(Number(attribute.StringValue))) {
      throw invalidParameter(
        `Could not cast message attribute '${name}' value to number. Please use double quotes for non-numeric values.`,
      );
    }
    if (!/^(?!aws\.|amazon\.)[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*$/i.test(name) || name.length > 256) {
      throw invalidParameter(`The message attribute name '${name}' is invalid.`);
    }
  }
  if (entries.length > MAX_ATTRIBUTES) {
    throw invalidParameter(
      `Number of message attributes [${entries.length}] exceeds the allowed maximum [${MAX_ATTRIBUTES}].`,
    );
  }
}

/** Bytes that count towards the message's size: names, types and values. */
export function attributesSize(attributes: MessageAttributes): number {
  return Object.entries(attributes).reduce(
    (sum, [name, { DataType = '', StringValue = '', BinaryValue }]) =>
      sum +
      Buffer.byteLength(name) +
      Buffer.byteLength(DataType) +
      Buffer.byteLength(StringValue) +
      (BinaryValue?.byteLength ?? 0),
    0,
  );
}

/**
 * Hex digest that clients verify; undefined without attributes. Each name, type and value with its length in front, in the
 * order of the names:
 * https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html
 */
export function attributesMd5(attributes: MessageAttributes): string | undefined {
  const names = Object.keys(attributes).sort();
  if (names.length === 0) return undefined;
  const hash = createHash('md5');
  const add = (bytes: Uint8Array) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.byteLength);
    hash.update(length).update(bytes);
  };
  for (const name of names) {
    const attribute = attributes[name];
    if (!attribute) continue;
    add(Buffer.from(name));
    add(Buffer.from(attribute.DataType ?? ''));
    hash.update(Buffer.from([isBinary(attribute) ? 2 : 1]));
    add(
      isBinary(attribute)
        ? (attribute.BinaryValue ?? Buffer.alloc(0))
        : Buffer.from(attribute.StringValue ?? ''),
    );
  }
  return hash.digest('hex');
}

/** What a receiver asked for: `All`, `.*`, a name, or a prefix as `foo.*`. */
export function selectAttributes(
  attributes: MessageAttributes,
  names: readonly string[] | undefined,
): Record<string, MessageAttribute> {
  const wanted = (name: string) =>
    (names ?? []).some((asked) => {
      if (asked === 'All' || asked === '.*' || asked === '*') return true;
      return asked.endsWith('.*') ? name.startsWith(asked.slice(0, -2)) : asked === name;
    });
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => wanted(name)));
}
