import { readScalar, setOwn } from './scalars.ts';
import type { Shape, StructureShape } from './shape.ts';

/** A dotted parameter name as a tree: `Tags.member.1.Key=a` is Tags > member > 1 > Key. */
interface FormNode {
  value: string | undefined;
  readonly children: Map<string, FormNode>;
}

export interface QueryForm {
  readonly action: string | undefined;
  readonly version: string | undefined;
  /** The parameters as the operation's input; throws `MalformedInput`. */
  readonly read: (shape: StructureShape | undefined) => Record<string, unknown>;
}

/** The form body of a query protocol (smithy.io, "AWS query protocol": lists `A.member.N`, maps `A.entry.N.key`). */
export function parseQueryForm(body: Buffer): QueryForm {
  const parameters = new URLSearchParams(body.toString('utf8'));
  return {
    action: parameters.get('Action') ?? undefined,
    version: parameters.get('Version') ?? undefined,
    read: (shape) => (shape === undefined ? {} : readStructure(shape, buildTree(parameters))),
  };
}

function buildTree(parameters: URLSearchParams): FormNode {
  const root: FormNode = { value: undefined, children: new Map() };
  for (const [name, value] of parameters) {
    let node = root;
    for (const part of name.split('.')) {
      let child = node.children.get(part);
      if (child === undefined) node.children.set(part, (child = { value: undefined, children: new Map() }));
      node = child;
    }
    node.value = value;
  }
  return root;
}

function readStructure(shape: StructureShape, node: FormNode): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const member of shape.members()) {
    const child = node.children.get(member.xmlName);
    if (child !== undefined) out[member.name] = readValue(member.shape, child);
  }
  return out;
}

function readValue(shape: Shape, node: FormNode): unknown {
  switch (shape.kind) {
    case 'structure':
      return readStructure(shape, node);
    case 'list': {
      const item = shape.item();
      // `A=` alone is an empty list. Some clients flatten every list.
      const wrapped = shape.flattened ? undefined : node.children.get(shape.itemName);
      return numbered(wrapped ?? node).map((child) => readValue(item, child));
    }
    case 'map': {
      const out: Record<string, unknown> = {};
      const wrapped = shape.flattened ? undefined : node.children.get('entry');
      for (const entry of numbered(wrapped ?? node)) {
        const key = entry.children.get(shape.keyName)?.value;
        const value = entry.children.get(shape.valueName);
        if (key !== undefined && value !== undefined) setOwn(out, key, readValue(shape.value(), value));
      }
      return out;
    }
    default:
      return readScalar(shape, node.value ?? '');
  }
}

/** Children named by numbers, in numeric order; gaps are allowed. */
function numbered(node: FormNode): FormNode[] {
  return [...node.children]
    .filter(([name]) => /^\d{1,9}$/.test(name))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, child]) => child);
}
