import { MalformedInput, printScalar, readScalar, setOwn } from './scalars.ts';
import type { Member, Shape, StructureShape } from './shape.ts';
import { parseXml, type XmlElement } from './xml-document.ts';

/** Reads an XML body as the given structure; an empty body is undefined. Throws `MalformedInput`. */
export function readXmlPayload(shape: StructureShape, body: Buffer): Record<string, unknown> | undefined {
  return body.byteLength === 0 ? undefined : readStructure(shape.members(), readRoot(shape.rootName, body));
}

/** As `readXmlPayload`, for the members of an input that together are the body. */
export function readXmlBody(
  rootName: string,
  members: readonly Member[],
  body: Buffer,
): Record<string, unknown> {
  return body.byteLength === 0 ? {} : readStructure(members, readRoot(rootName, body));
}

function readRoot(name: string, body: Buffer): XmlElement {
  const root = parseXml(body.toString('utf8'));
  if (root.name !== name) throw new MalformedInput(`the root element is ${root.name}, not ${name}`);
  return root;
}

function readStructure(members: readonly Member[], element: XmlElement): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const member of members) {
    if (member.isXmlAttribute) {
      const text = element.attributes.get(member.xmlName);
      if (text !== undefined && isScalar(member.shape)) out[member.name] = readScalar(member.shape, text);
      continue;
    }
    const elements = element.children.filter((child) => child.name === member.xmlName);
    const [first] = elements;
    if (first !== undefined) out[member.name] = readValue(member.shape, first, elements);
  }
  return out;
}

/** `elements` are all elements of the name: a flattened list or map has one for each entry, without a wrapper. */
function readValue(shape: Shape, element: XmlElement, elements: readonly XmlElement[]): unknown {
  switch (shape.kind) {
    case 'structure':
      return readStructure(shape.members(), element);
    case 'list': {
      const item = shape.item();
      const items = shape.flattened
        ? elements
        : element.children.filter((child) => child.name === shape.itemName);
      return items.map((child) => readValue(item, child, [child]));
    }
    case 'map': {
      const out: Record<string, unknown> = {};
      for (const entry of shape.flattened ? elements : element.children) {
        const key = entry.children.find((child) => child.name === shape.keyName);
        const value = entry.children.find((child) => child.name === shape.valueName);
        if (key && value) setOwn(out, key.text, readValue(shape.value(), value, [value]));
      }
      return out;
    }
    default:
      return readScalar(shape, element.text);
  }
}

/** A whole document, without the XML declaration. `xmlns` is left out when undefined. */
export function printXmlPayload(
  shape: StructureShape,
  value: Readonly<Record<string, unknown>>,
  xmlns: string | undefined,
): string {
  return printElement(
    shape.rootName,
    shape.members(),
    value,
    xmlns === undefined ? '' : attribute('xmlns', xmlns),
  );
}

/** One element with the given members. `attributes` is text that is already escaped. */
export function printElement(
  name: string,
  members: readonly Member[],
  value: Readonly<Record<string, unknown>>,
  attributes = '',
): string {
  let content = '';
  let ownAttributes = attributes;
  for (const member of members) {
    const item = value[member.name];
    if (item == null) continue;
    if (member.isXmlAttribute && isScalar(member.shape)) {
      ownAttributes += attribute(member.xmlName, printScalar(member.shape, item, 'date-time'));
    } else content += printValue(member.shape, member.xmlName, item);
  }
  return `<${name}${ownAttributes}>${content}</${name}>`;
}

function printValue(shape: Shape, name: string, value: unknown): string {
  switch (shape.kind) {
    case 'structure': {
      const [prefix, uri] = shape.xmlNamespace ?? [];
      const namespace = uri === undefined ? '' : attribute(prefix ? `xmlns:${prefix}` : 'xmlns', uri);
      return printElement(name, shape.members(), value as Readonly<Record<string, unknown>>, namespace);
    }
    case 'list': {
      const item = shape.item();
      const itemName = shape.flattened ? name : shape.itemName;
      const items = (value as readonly unknown[]).map((entry) => printValue(item, itemName, entry)).join('');
      return shape.flattened ? items : `<${name}>${items}</${name}>`;
    }
    case 'map': {
      const tag = shape.flattened ? name : 'entry';
      const entries = Object.entries(value as Readonly<Record<string, unknown>>)
        .map(
          ([key, entry]) =>
            textElement(shape.keyName, key) + printValue(shape.value(), shape.valueName, entry),
        )
        .map((pair) => `<${tag}>${pair}</${tag}>`)
        .join('');
      return shape.flattened ? entries : `<${name}>${entries}</${name}>`;
    }
    default:
      return textElement(name, printScalar(shape, value, 'date-time'));
  }
}

export function textElement(name: string, text: string): string {
  return `<${name}>${escapeXml(text)}</${name}>`;
}

export function attribute(name: string, value: string): string {
  return ` ${name}="${escapeXml(value)}"`;
}

/** Line breaks and control characters become character references: a parser would normalise or refuse them. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"\x00-\x1f\x7f-\x9f\u2028\ufffe\uffff]/g, (char) => {
    switch (char) {
      case '&':
        return '&amp;';
      case '<':
        return '&lt;';
      case '>':
        return '&gt;';
      case '"':
        return '&quot;';
      default:
        return `&#x${char.charCodeAt(0).toString(16).toUpperCase()};`;
    }
  });
}

function isScalar(shape: Shape): shape is Exclude<Shape, { kind: 'structure' | 'list' | 'map' }> {
  return shape.kind !== 'structure' && shape.kind !== 'list' && shape.kind !== 'map';
}
