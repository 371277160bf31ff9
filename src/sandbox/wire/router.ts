import type { IncomingHttpHeaders } from 'node:http';
import { once, type Operation } from './schema.ts';

/** Decoded query parameters; a name without `=` has the value ''. */
export type Query = ReadonlyMap<string, readonly string[]>;

interface RouteMatch {
  readonly operation: Operation;
  /** As in the path, still percent-encoded. */
  readonly labels: Readonly<Record<string, string>>;
}

export interface RestRouter {
  /** `path` is the undecoded path: decoding before matching would split keys that contain `%2F`. */
  readonly match: (
    method: string,
    path: string,
    query: Query,
    headers: IncomingHttpHeaders,
  ) => RouteMatch | undefined;
}

/** Operations of one method that share a path template; query and headers tell them apart. */
interface Template {
  readonly pattern: RegExp;
  readonly labels: readonly string[];
  readonly candidates: Candidate[];
}

interface Candidate {
  readonly operation: Operation;
  readonly literals: readonly (readonly [name: string, value: string])[];
  /** `x-id` names the operation outright; only the JavaScript and Java SDKs send it. */
  readonly id: string | undefined;
  readonly required: () => { readonly queries: readonly string[]; readonly headers: readonly string[] };
}

/** Routes of all REST operations, implemented or not: `GET ?cors` must never fall through to ListObjects. */
export function createRouter(operations: Iterable<Operation>): RestRouter {
  const templates = new Map<string, Template>();
  const byMethod = new Map<string, Template[]>();
  for (const operation of operations) {
    if (operation.http === undefined) continue;
    const [method, uri] = operation.http;
    const [uriPath = '', uriQuery = ''] = uri.split('?');
    const path = withBucket(operation, uriPath);
    let template = templates.get(`${method} ${path}`);
    if (template === undefined) {
      template = compileTemplate(path);
      templates.set(`${method} ${path}`, template);
      byMethod.set(method, [...(byMethod.get(method) ?? []), template]);
    }
    template.candidates.push(compileCandidate(operation, uriQuery));
  }
  return {
    match(method, path, query, headers) {
      for (const template of byMethod.get(method) ?? []) {
        const found = template.pattern.exec(path);
        if (found === null) continue;
        const operation = choose(template.candidates, query, headers);
        if (operation === undefined) continue;
        const labels: Record<string, string> = {};
        template.labels.forEach((label, index) => (labels[label] = found[index + 1] ?? ''));
        return { operation, labels };
      }
      return undefined;
    },
  };
}

/** The JavaScript SDK strips `/{Bucket}` from the modelled URI, since its endpoint rules place the bucket. */
function withBucket(operation: Operation, path: string): string {
  const hasBucket = operation.inputBindings.labels.some((member) => member.name === 'Bucket');
  return hasBucket && !path.includes('{Bucket}') ? `/{Bucket}${path}` : path;
}

function compileTemplate(path: string): Template {
  const labels: string[] = [];
  const source = path
    .replace(/\/+$/, '')
    .split('/')
    .map((segment) => {
      const label = /^\{(\w+)(\+?)\}$/.exec(segment);
      if (label === null) return segment.replace(/[.*?^$()|[\]\\{}+]/g, '\\$&');
      labels.push(label[1] ?? '');
      return label[2] === '+' ? '(.+)' : '([^/]+)';
    })
    .join('/');
  // A greedy label takes a final slash itself: `/bucket/dir/` is the key `dir/`.
  return { pattern: new RegExp(`^${source}/?$`, 's'), labels, candidates: [] };
}

function compileCandidate(operation: Operation, uriQuery: string): Candidate {
  const literals: [string, string][] = [];
  let id: string | undefined;
  for (const pair of uriQuery === '' ? [] : uriQuery.split('&')) {
    const [name = '', value = ''] = pair.split('=');
    if (name === 'x-id') id = value;
    else literals.push([name, value]);
  }
  const required = once(() => {
    const { queries, headers } = operation.inputBindings;
    return {
      queries: queries.filter((member) => member.required).map((member) => member.binding.name),
      headers: headers.filter((member) => member.required).map((member) => member.binding.name),
    };
  });
  return { operation, literals, id, required };
}

/** The most specific candidate: this separates PutObject, CopyObject, UploadPart and UploadPartCopy without `x-id`. */
function choose(
  candidates: readonly Candidate[],
  query: Query,
  headers: IncomingHttpHeaders,
): Operation | undefined {
  let best: Operation | undefined;
  let bestScore = -1;
  for (const candidate of candidates) {
    if (!candidate.literals.every(([name, value]) => hasLiteral(query, name, value))) continue;
    const required = candidate.required();
    const isComplete =
      required.queries.every((name) => query.has(name)) &&
      required.headers.every((name) => headers[name] !== undefined);
    // `PUT ?renameObject` without its header is a bad RenameObject, not a PutObject.
    if (!isComplete && candidate.literals.length === 0) continue;
    const named = candidate.id !== undefined && query.get('x-id')?.[0] === candidate.id;
    const score =
      candidate.literals.length * 10 +
      (isComplete ? required.queries.length * 2 + required.headers.length : -5) +
      (named ? 1000 : 0);
    if (score > bestScore) [best, bestScore] = [candidate.operation, score];
  }
  return best;
}

function hasLiteral(query: Query, name: string, value: string): boolean {
  const values = query.get(name);
  return values !== undefined && (value === '' || values[0] === value);
}

const NO_QUERY: Query = new Map();

/** Throws `URIError` for a malformed percent-escape. A plus sign is a space here, though not in a path. */
export function parseQuery(text: string): Query {
  if (text === '') return NO_QUERY;
  const query = new Map<string, string[]>();
  for (const pair of text.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decode(equals < 0 ? pair : pair.slice(0, equals));
    const value = equals < 0 ? '' : decode(pair.slice(equals + 1));
    const values = query.get(name);
    if (values) values.push(value);
    else query.set(name, [value]);
  }
  return query;
}

function decode(text: string): string {
  return decodeURIComponent(text.replaceAll('+', ' '));
}
