import { XMLParser } from 'fast-xml-parser';
import { MalformedInput } from './scalars.ts';

export interface XmlElement {
  /** Without a namespace prefix. */
  readonly name: string;
  /** All text and CDATA directly inside, entities decoded, white space kept. */
  readonly text: string;
  readonly children: readonly XmlElement[];
  /** By name as written (`xsi:type`). */
  readonly attributes: ReadonlyMap<string, string>;
}

const TEXT = '#text';
const CDATA = '#cdata';
const ATTRIBUTES = ':@';

// Entities are decoded here and not by the parser: it decodes no numeric ones, and CDATA must stay as it is.
const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  textNodeName: TEXT,
  cdataPropName: CDATA,
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  processEntities: false,
  jPath: false,
});

type ParsedNode = Readonly<Record<string, unknown>>;

/** Parses one document. Throws `MalformedInput` for anything that is not well-formed, and for any DOCTYPE. */
export function parseXml(source: string): XmlElement {
  const text = source.startsWith('\uFEFF') ? source.slice(1) : source;
  refuseDeclarations(text);
  // Text after an empty root (`<a/>x`) passes both the validator and the parser.
  if (!text.trimEnd().endsWith('>')) throw new MalformedInput('text after the root element');
  const roots = parseNodes(text)
    .filter((node) => !isText(node))
    .map(toElement)
    .filter((element) => !element.name.startsWith('?'));
  const [root] = roots;
  if (root === undefined || roots.length > 1)
    throw new MalformedInput('a document has exactly one root element');
  return root;
}

function parseNodes(text: string): readonly ParsedNode[] {
  try {
    // `true` validates first, since the parser alone accepts unclosed elements; it refuses names such as `__proto__`.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor is one more package for the same code
    return parser.parse(text, true) as readonly ParsedNode[];
  } catch (error) {
    throw new MalformedInput((error as Error).message);
  }
}

/** A DOCTYPE can declare entities that expand without bound; no AWS service accepts one. */
function refuseDeclarations(text: string): void {
  const declaration = /<!(?!--|\[CDATA\[)/;
  if (!declaration.test(text)) return;
  const outside = text.replace(/<!--[\s\S]*?-->|<!\[CDATA\[[\s\S]*?\]\]>/g, '');
  if (declaration.test(outside)) throw new MalformedInput('markup declarations are not accepted');
}

function isText(node: ParsedNode): boolean {
  return TEXT in node || CDATA in node;
}

function toElement(node: ParsedNode): XmlElement {
  const qualifiedName = Object.keys(node).find((key) => key !== ATTRIBUTES) ?? '';
  const nodes = (node[qualifiedName] ?? []) as readonly ParsedNode[];
  let text = '';
  const children: XmlElement[] = [];
  for (const child of nodes) {
    if (TEXT in child) text += decodeEntities(String(child[TEXT]));
    else if (CDATA in child) text += rawText(child[CDATA] as readonly ParsedNode[]);
    else children.push(toElement(child));
  }
  return { name: localName(qualifiedName), text, children, attributes: readAttributes(node[ATTRIBUTES]) };
}

function localName(name: string): string {
  return name.slice(name.indexOf(':') + 1);
}

function rawText(nodes: readonly ParsedNode[]): string {
  return nodes.map((node) => String(node[TEXT])).join('');
}

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

function readAttributes(attributes: unknown): ReadonlyMap<string, string> {
  if (typeof attributes !== 'object' || attributes === null) return NO_ATTRIBUTES;
  return new Map(Object.entries(attributes).map(([name, value]) => [name, decodeEntities(String(value))]));
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9a-f]{1,6})|#([0-9]{1,7})|([a-z]+));|&/gi, (match, hex, decimal, name) => {
    if (typeof hex === 'string') return character(Number.parseInt(hex, 16));
    if (typeof decimal === 'string') return character(Number.parseInt(decimal, 10));
    const decoded =
      typeof name === 'string' && Object.hasOwn(NAMED_ENTITIES, name) ? NAMED_ENTITIES[name] : undefined;
    if (decoded === undefined) throw new MalformedInput(`unknown entity ${match}`);
    return decoded;
  });
}

/** Control characters are let through, though XML 1.0 forbids them: keys may hold them, and clients write them so. */
function character(codePoint: number): string {
  const isSurrogate = codePoint >= 0xd800 && codePoint <= 0xdfff;
  if (codePoint === 0 || isSurrogate || codePoint > 0x10ffff) {
    throw new MalformedInput(`character reference ${codePoint} is out of range`);
  }
  return String.fromCodePoint(codePoint);
}
