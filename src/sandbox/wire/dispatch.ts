import type { IncomingHttpHeaders } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { type Credential, readFormCredential } from './credential.ts';
import { malformedUri } from './errors.ts';
import { readFormData } from './form-data.ts';
import { readJsonBody } from './json.ts';
import { parseQueryForm } from './query.ts';
import type { RequestBody } from './request-body.ts';
import { readRestInput } from './rest.ts';
import { createRouter, parseQuery, type Query, type RestRouter } from './router.ts';
import {
  once,
  type Operation,
  SERVICE_SPECS,
  type ServiceDefinition,
  type ServiceId,
  type ServiceSpec,
} from './schema.ts';
import { MalformedInput } from './scalars.ts';
import { isQueuePath, queryVariant, readQueueForm } from './sqs-query.ts';
import { AwsError, type RequestContext } from './types.ts';

/** Inputs differ by operation; `Handlers<M>` checks them where a service is written. */
export type AnyHandler = (input: never, ctx: RequestContext) => unknown;
export type AnyHandlers = Readonly<Record<string, AnyHandler | undefined>>;

export interface WireRequest {
  readonly method: string;
  /** Percent-encoded, as sent. */
  readonly path: string;
  readonly rawQuery: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: RequestBody;
  readonly credential: Credential;
  readonly signal?: AbortSignal | undefined;
}

/** Which operation a request calls. `readInput` may throw what the protocol's reader throws. */
export type Call = { readonly service: ServiceDefinition } & (
  | {
      readonly kind: 'known';
      readonly operation: Operation;
      readonly handler: AnyHandler | undefined;
      readonly readInput: () => Promise<Record<string, unknown>>;
      /** Where it stands in the body. */
      readonly credential?: Credential;
    }
  | { readonly kind: 'unknown'; readonly operationName: string; readonly error: AwsError }
);

export interface Dispatcher {
  readonly mount: (service: ServiceDefinition, handlers: AnyHandlers) => void;
  /** For a service with a target (JSON protocols): its definition is loaded with the first request to it. */
  readonly mountLater: (
    spec: ServiceSpec & { readonly target: string },
    load: () => Promise<ServiceDefinition>,
    handlers: AnyHandlers,
  ) => void;
  /** Throws what reading a body throws, since a query protocol names its operation there. */
  readonly dispatch: (request: WireRequest) => Promise<Call>;
}

interface Mounted {
  readonly service: ServiceDefinition;
  readonly handlers: AnyHandlers;
  readonly router: () => RestRouter;
}

export function createDispatcher(): Dispatcher {
  const byId = new Map<string, Mounted>();
  const byTarget = new Map<string, Mounted>();
  const byVersion = new Map<string, Mounted>();
  const byQueryId = new Map<string, Mounted>();
  const later = new Map<string, () => Promise<void>>();

  const find = async (request: WireRequest): Promise<Call> => {
    const target = request.headers['x-amz-target'];
    if (typeof target === 'string') {
      // The older clients' name of CloudTrail has a package before it: `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101`.
      const dot = target.lastIndexOf('.');
      const service = target.slice(0, Math.max(dot, 0));
      const prefix = service.slice(service.lastIndexOf('.') + 1);
      if (!byTarget.has(prefix)) await later.get(prefix)?.();
      return callByTarget(byTarget.get(prefix), target.slice(dot + 1), request);
    }
    if (isQueryForm(request)) {
      const form = parseQueryForm(await request.body.bytes());
      const id = request.credential.service ?? '';
      const mounted = byVersion.get(form.version ?? '') ?? byQueryId.get(id) ?? byId.get(id);
      return callByAction(mounted, form, request);
    }
    if (isLambda(request)) return callByPath(byId.get('lambda'), request);
    const s3 = byId.get('s3');
    const s3Request = withBucketOfHost(request);
    return s3 && isFormUpload(s3Request) ? postObject(s3, s3Request) : callByPath(s3, s3Request);
  };

  const dispatcher: Dispatcher = {
    mount(service, handlers) {
      const mounted: Mounted = {
        service,
        handlers,
        router: once(() => createRouter(service.operations.values())),
      };
      byId.set(service.id, mounted);
      if (service.target !== undefined) byTarget.set(service.target, mounted);
      const query = service.id === 'sqs' ? { ...mounted, ...queryVariant(service, handlers) } : mounted;
      if (query.service.protocol !== 'query') return;
      byVersion.set(service.version, query);
      byQueryId.set(service.id, query);
    },
    mountLater(spec, load, handlers) {
      later.set(
        spec.target,
        once(() => load().then((service) => dispatcher.mount(service, handlers))),
      );
    },
    dispatch: find,
  };
  return dispatcher;
}

/** For answers in the shape of a service that nobody mounted. */
export function absentService(id: ServiceId): ServiceDefinition {
  return { ...SERVICE_SPECS[id], operations: new Map(), error: () => undefined, errorNames: [] };
}

function known(
  mounted: Mounted,
  operation: Operation,
  readInput: () => Promise<Record<string, unknown>>,
): Call & { kind: 'known' } {
  const { service, handlers } = mounted;
  const handler = Object.hasOwn(handlers, operation.name) ? handlers[operation.name] : undefined;
  return { kind: 'known', service, operation, handler, readInput };
}

function unknown(service: ServiceDefinition, operationName: string, error: AwsError): Call {
  return { kind: 'unknown', service, operationName, error };
}

/** JSON protocols; the code is the one that AWS's JSON services share, its message is UNKNOWN. */
function callByTarget(mounted: Mounted | undefined, name: string, request: WireRequest): Call {
  const operation = mounted?.service.operations.get(name);
  if (mounted === undefined || operation === undefined) {
    const error = new AwsError('UnknownOperationException', `Unknown operation ${name}`, { status: 400 });
    return unknown(mounted?.service ?? absentService('logs'), name, error);
  }
  return known(mounted, operation, async () => {
    const body = await request.body.bytes();
    const isPacked = request.headers['content-encoding'] === 'gzip';
    return readJsonBody(operation.input?.members() ?? [], isPacked ? await unpack(body) : body, 'memberName');
  });
}

const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;

/** SDKs compress large inputs of a few operations, PutMetricData among them. */
async function unpack(body: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(body, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (error) {
    throw new MalformedInput((error as Error).message);
  }
}

function isQueryForm({ method, path, rawQuery, headers, credential }: WireRequest): boolean {
  const isQueue = isQueuePath(path) && rawQuery === '' && (credential.service ?? 'sqs') === 'sqs';
  return (
    method === 'POST' &&
    (path === '/' || isQueue) &&
    headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded') === true
  );
}

function callByAction(
  mounted: Mounted | undefined,
  form: ReturnType<typeof parseQueryForm>,
  { credential, path }: WireRequest,
): Call {
  const { action, version = '' } = form;
  const service = mounted?.service ?? absentService(credential.service === 'iam' ? 'iam' : 'sts');
  if (action === undefined) {
    return unknown(
      service,
      '?',
      new AwsError('MissingAction', 'The request is missing an action.', { status: 400 }),
    );
  }
  const operation = mounted?.service.operations.get(action);
  if (mounted === undefined || operation === undefined || service.protocol !== 'query') {
    const message = `Could not find operation ${action} for version ${version}`;
    return unknown(service, action, new AwsError('InvalidAction', message, { status: 400 }));
  }
  if (service.id === 'sqs') {
    return known(mounted, operation, () =>
      Promise.resolve().then(() => readQueueForm(form, operation, path)),
    );
  }
  return known(mounted, operation, () => Promise.resolve(form.read(operation.input)));
}

/** By the signature; an unsigned request by Lambda's dated paths, which are no bucket names that S3 would allow. */
function isLambda({ credential, path }: WireRequest): boolean {
  if (credential.service !== undefined) return credential.service === 'lambda';
  return /^\/20\d\d-\d\d-\d\d\/./.test(path);
}

function callByPath(mounted: Mounted | undefined, request: WireRequest): Call {
  const service = mounted?.service ?? absentService(isLambda(request) ? 'lambda' : 's3');
  const { method, path, headers, body } = request;
  let query: Query;
  try {
    query = parseQuery(request.rawQuery);
    // Malformed escapes must be refused before a route is found: they are no part of any name.
    decodeURIComponent(path);
  } catch {
    return unknown(service, '?', malformedUri(service));
  }
  const match = mounted?.router().match(method, path, query, headers);
  if (mounted === undefined || match === undefined)
    return unknown(service, '?', unknownPath(service, method, path));
  const { operation, labels } = match;
  return known(mounted, operation, () => readRestInput(service, operation, { labels, query, headers, body }));
}

function unknownPath(service: ServiceDefinition, method: string, path: string): AwsError {
  if (!path.startsWith('/')) return malformedUri(service);
  if (service.protocol !== 'restXml') {
    return new AwsError('UnknownOperationException', `Unknown operation ${method} ${path}`, { status: 404 });
  }
  const [, bucket = '', key = ''] = /^\/([^/]*)\/?(.*)$/s.exec(path) ?? [];
  return new AwsError('MethodNotAllowed', 'The specified method is not allowed against this resource.', {
    status: 405,
    members: { Method: method, ResourceType: key !== '' ? 'OBJECT' : bucket !== '' ? 'BUCKET' : 'SERVICE' },
  });
}

/** Browser uploads by HTML form go to the bucket: https://docs.aws.amazon.com/AmazonS3/latest/API/RESTObjectPOST.html */
function isFormUpload({ method, path, rawQuery, headers }: WireRequest): boolean {
  const isForm = headers['content-type']?.toLowerCase().startsWith('multipart/form-data') === true;
  return method === 'POST' && isForm && rawQuery === '' && /^\/[^/]+\/?$/.test(path);
}

const NO_BINDINGS: Operation['inputBindings'] = {
  labels: [],
  queries: [],
  headers: [],
  prefixHeaders: [],
  payload: undefined,
  status: undefined,
  body: [],
};

/** No SDK has it, so no client exports its schema; the handler writes the whole answer. */
const POST_OBJECT: Operation = {
  name: 'PostObject',
  http: ['POST', '/{Bucket}', 204],
  input: undefined,
  output: undefined,
  inputBindings: NO_BINDINGS,
  outputBindings: NO_BINDINGS,
};

async function postObject(mounted: Mounted, { path, headers, body }: WireRequest): Promise<Call> {
  const Form = readFormData(headers['content-type'] ?? '', await body.bytes());
  const readInput = () => Promise.resolve({ Bucket: decodeURIComponent(path.replaceAll('/', '')), Form });
  const call = known(mounted, POST_OBJECT, readInput);
  return { ...call, credential: readFormCredential((name) => Form?.fields.get(name)?.value) };
}

const BUCKET_HOST = /^(.+?)\.(?:s3(?:[.-][a-z0-9-]+)?\.)?(?:localhost|127\.0\.0\.1)(?::\d+)?$/i;

/** Virtual-host style: `bucket.localhost:4566/key` and `bucket.s3.eu-west-1.localhost/key` are `/bucket/key`. */
function withBucketOfHost(request: WireRequest): WireRequest {
  const bucket = BUCKET_HOST.exec(request.headers.host ?? '')?.[1];
  if (bucket === undefined || /^s3(?:[.-][a-z0-9-]+)?$/i.test(bucket)) return request;
  return { ...request, path: `/${bucket}${request.path}` };
}
