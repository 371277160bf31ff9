import type { NormalizedSchema } from '@smithy/core/schema';

/**
 * What the codecs need to know of a client's schema, read once per schema: walking `NormalizedSchema` for every
 * request would build the same member objects again and again.
 */
export type Shape = StructureShape | ListShape | MapShape | ScalarShape;

export interface StructureShape {
  readonly kind: 'structure';
  readonly name: string;
  /** Name of the XML document element when this structure is a whole body. */
  readonly rootName: string;
  /** `[prefix, uri]` to declare on the element. */
  readonly xmlNamespace: readonly [string, string] | undefined;
  readonly isError: boolean;
  readonly isStreaming: boolean;
  /** Lazy, since schemas may be recursive. */
  readonly members: () => readonly Member[];
}

interface ListShape {
  readonly kind: 'list';
  readonly flattened: boolean;
  readonly itemName: string;
  readonly item: () => Shape;
}

interface MapShape {
  readonly kind: 'map';
  readonly flattened: boolean;
  readonly keyName: string;
  readonly valueName: string;
  readonly value: () => Shape;
}

export interface ScalarShape {
  readonly kind: 'string' | 'number' | 'boolean' | 'blob' | 'timestamp' | 'document';
  readonly isStreaming: boolean;
  /** Of a timestamp that does not follow its protocol's default. */
  readonly format: TimestampFormat | undefined;
}

export type TimestampFormat = 'date-time' | 'http-date' | 'epoch-seconds';

export interface Member {
  readonly name: string;
  readonly required: boolean;
  readonly xmlName: string;
  readonly isXmlAttribute: boolean;
  readonly jsonName: string;
  readonly isEventPayload: boolean;
  readonly binding: HttpBinding;
  readonly shape: Shape;
}

/** Where a member stands in an HTTP message; `name` of a header is in lower case. */
interface HttpBinding {
  readonly location: 'label' | 'query' | 'header' | 'prefixHeaders' | 'payload' | 'status' | 'body';
  readonly name: string;
}

const shapes = new WeakMap<NormalizedSchema, Shape>();
const memberLists = new WeakMap<object, readonly Member[]>();

function shapeOf(schema: NormalizedSchema): Shape {
  let shape = shapes.get(schema);
  if (shape === undefined) {
    shape = read(schema);
    shapes.set(schema, shape);
  }
  return shape;
}

/** The shape of an operation's input or output, which is a structure unless the operation has none ("unit"). */
export function structureOf(schema: NormalizedSchema): StructureShape | undefined {
  const shape = schema.isStructSchema() ? shapeOf(schema) : undefined;
  return shape?.kind === 'structure' ? shape : undefined;
}

function read(schema: NormalizedSchema): Shape {
  const traits = schema.getMergedTraits();
  if (schema.isStructSchema()) {
    const name = schema.getName() ?? '';
    return {
      kind: 'structure',
      name,
      rootName: traits.xmlName ?? name,
      xmlNamespace: traits.xmlNamespace,
      isError: traits.error !== undefined,
      isStreaming: schema.isStreaming(),
      members: () => membersOf(schema),
    };
  }
  if (schema.isListSchema()) {
    const item = schema.getValueSchema();
    return {
      kind: 'list',
      flattened: traits.xmlFlattened !== undefined,
      itemName: item.getMemberTraits().xmlName ?? 'member',
      item: () => shapeOf(item),
    };
  }
  if (schema.isMapSchema()) {
    const value = schema.getValueSchema();
    return {
      kind: 'map',
      flattened: traits.xmlFlattened !== undefined,
      keyName: schema.getKeySchema().getMemberTraits().xmlName ?? 'key',
      valueName: value.getMemberTraits().xmlName ?? 'value',
      value: () => shapeOf(value),
    };
  }
  return { kind: scalarKind(schema), isStreaming: schema.isStreaming(), format: timestampFormat(schema) };
}

function membersOf(schema: NormalizedSchema): readonly Member[] {
  // A static structure is `[3, namespace, name, traits, memberNames, memberSchemas, requiredCount?]`, required
  // members first (SCHEMAS.md of aws-sdk-js-v3, and the tuples themselves for the count).
  const tuple = schema.getSchema() as unknown as readonly unknown[];
  let members = memberLists.get(tuple);
  if (members === undefined) {
    const requiredCount = typeof tuple[6] === 'number' ? tuple[6] : 0;
    members = [...schema.structIterator()].map(([name, member], index) =>
      readMember(name, member, index < requiredCount),
    );
    memberLists.set(tuple, members);
  }
  return members;
}

function readMember(name: string, schema: NormalizedSchema, required: boolean): Member {
  const traits = schema.getMergedTraits();
  return {
    name,
    required,
    // The trait of the member only: on the target structure `xmlName` names the document element.
    xmlName: schema.getMemberTraits().xmlName ?? name,
    isXmlAttribute: traits.xmlAttribute !== undefined,
    jsonName: traits.jsonName ?? name,
    isEventPayload: traits.eventPayload !== undefined,
    binding: bindingOf(name, traits),
    shape: shapeOf(schema),
  };
}

function bindingOf(name: string, traits: ReturnType<NormalizedSchema['getMergedTraits']>): HttpBinding {
  if (traits.httpLabel) return { location: 'label', name };
  if (traits.httpQuery !== undefined) return { location: 'query', name: traits.httpQuery };
  if (traits.httpHeader !== undefined) return { location: 'header', name: traits.httpHeader.toLowerCase() };
  if (traits.httpPrefixHeaders !== undefined) {
    return { location: 'prefixHeaders', name: traits.httpPrefixHeaders.toLowerCase() };
  }
  if (traits.httpPayload) return { location: 'payload', name };
  if (traits.httpResponseCode) return { location: 'status', name };
  return { location: 'body', name };
}

function scalarKind(schema: NormalizedSchema): ScalarShape['kind'] {
  if (schema.isStringSchema()) return 'string';
  if (schema.isBooleanSchema()) return 'boolean';
  if (schema.isTimestampSchema()) return 'timestamp';
  if (schema.isBlobSchema()) return 'blob';
  if (schema.isNumericSchema() || schema.isBigIntegerSchema() || schema.isBigDecimalSchema()) return 'number';
  return 'document';
}

function timestampFormat(schema: NormalizedSchema): TimestampFormat | undefined {
  switch (schema.getSchema()) {
    case 5:
      return 'date-time';
    case 6:
      return 'http-date';
    case 7:
      return 'epoch-seconds';
    default:
      return undefined;
  }
}
