/** A request's input as CloudTrail writes it into an event. */
import type { Operation } from '../../wire/schema.ts';
import type { Member, Shape } from '../../wire/shape.ts';

type Json = Readonly<Record<string, unknown>>;

type Style = 'json' | 'xml';

const nameIn = (style: Style, { name, xmlName }: Member) =>
  style === 'xml' ? xmlName : name.charAt(0).toLowerCase() + name.slice(1);

/**
 * Never recorded: Lambda leaves them out (https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html), and other
 * bytes are left out here.
 */
const OMITTED: ReadonlySet<string> = new Set(['Environment', 'ZipFile']);

/** Members with a small first letter, `functionName`; the keys of maps as they are. */
export function requestParameters(operation: Operation, input: Json): Json | null {
  const members = operation.input?.members() ?? [];
  const parameters = structure(members, input, 'json');
  return Object.keys(parameters).length === 0 ? null : parameters;
}

const XMLNS = 'http://s3.amazonaws.com/doc/2006-03-01/';

/**
 * S3's: the bucket, the host, the subresource of the URI, and the document under the names that its XML has (recorded:
 * `NotificationConfiguration.CloudFunctionConfiguration.CloudFunction`). One element is an object, several are a list.
 */
export function s3RequestParameters(operation: Operation, input: Json, host: string): Json {
  const { payload } = operation.inputBindings;
  const [, subresource] = /\?(\w+)/.exec(operation.http?.[1] ?? '') ?? [];
  const value = payload && input[payload.name];
  return {
    bucketName: input['Bucket'],
    Host: host,
    ...(subresource !== undefined && { [subresource]: '' }),
    ...(payload && value !== undefined && document(payload, value)),
  };
}

function document(payload: Member, value: unknown): Json {
  // The policy of a bucket is JSON, not XML.
  if (payload.shape.kind !== 'structure') return { bucketPolicy: parsed(value) };
  const text = structure(payload.shape.members(), value as Json, 'xml');
  return { [payload.xmlName]: { xmlns: XMLNS, ...text } };
}

function parsed(value: unknown): unknown {
  try {
    return JSON.parse(String(value));
  } catch {
    return String(value);
  }
}

function structure(members: readonly Member[], value: Json, style: Style): Json {
  const out: Record<string, unknown> = {};
  for (const member of members) {
    const item = value[member.name];
    if (item === undefined || item === null || OMITTED.has(member.name)) continue;
    const shown = anything(member.shape, item, style);
    if (shown !== undefined) out[nameIn(style, member)] = shown;
  }
  return out;
}

function anything(shape: Shape, value: unknown, style: Style): unknown {
  switch (shape.kind) {
    case 'structure':
      return structure(shape.members(), value as Json, style);
    case 'list': {
      const items = (value as readonly unknown[]).map((item) => anything(shape.item(), item, style));
      if (style === 'json') return items;
      const one = items.length === 1 ? items[0] : items;
      return shape.flattened ? one : { [shape.itemName]: one };
    }
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Json).map(([key, item]) => [key, anything(shape.value(), item, style)]),
      );
    case 'blob':
      return undefined;
    case 'timestamp':
      return value instanceof Date ? value.toISOString() : value;
    default:
      return value;
  }
}
