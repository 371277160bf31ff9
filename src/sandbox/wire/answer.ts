import type { Ids } from '../env.ts';
import { absentService, type Call, type Dispatcher, type WireRequest } from './dispatch.ts';
import {
  bodyTooLarge,
  internalError,
  malformedBody,
  malformedUri,
  notImplemented,
  printError,
} from './errors.ts';
import { EVENT_STREAM_TYPE, eventStreamMember, printEventStream } from './event-stream.ts';
import { printJsonBody } from './json.ts';
import { BodyTooLarge, ClientAborted } from './request-body.ts';
import { printRestHead, printRestOutput, type WireResponse, XML_DECLARATION } from './rest.ts';
import { encodeHeader, MalformedInput } from './scalars.ts';
import type { Operation, ServiceDefinition } from './schema.ts';
import { AwsError, ConnectionReset, type RequestContext, type ResponseOverrides } from './types.ts';
import { missingMembers } from './validate.ts';
import { attribute, printElement, textElement } from './xml.ts';

/**
 * Runs when the operation is known, before its input is read. May delay, throw an `AwsError`, or throw
 * `ConnectionReset`. Operations without a handler do not get here.
 */
export type Intercept = (call: {
  readonly service: string;
  readonly operation: string;
  readonly ctx: RequestContext;
}) => Promise<void> | void;

export interface AnswerOptions {
  /** Of callers that `identify` does not know. */
  readonly account: string;
  /** Who is behind an access key. */
  readonly identify?: (accessKeyId: string | undefined) => CallerAccount;
  readonly region: string;
  readonly ids: Ids;
  readonly intercept?: Intercept;
  readonly reportError: (error: unknown) => void;
  readonly dispatcher: Dispatcher;
}

export interface CallerAccount {
  /** Twelve digits. */
  readonly account: string;
  /** Of the session of a role: `AROA…:session`. */
  readonly sessionId: string | undefined;
}

export interface AnsweredCall {
  readonly service: string;
  readonly operation: string;
  readonly errorCode: string | undefined;
  readonly requestId: string;
  readonly response: WireResponse | 'reset';
}

type Output = Readonly<Record<string, unknown>>;

/** From a request to its answer; never rejects. */
export async function answer(
  options: AnswerOptions,
  request: WireRequest & { readonly sourceIp: string },
): Promise<AnsweredCall> {
  let call: Call | undefined;
  let ctx: RequestContext | undefined;
  try {
    call = await options.dispatcher.dispatch(request);
    ctx = createContext(options, { ...request, ...credentialOf(call) }, call.service);
    const response = await perform(options, call, ctx);
    addContextHeaders(response, call.service, ctx);
    if (ctx.response.status !== undefined) response.status = ctx.response.status;
    return { ...describe(call, ctx), errorCode: undefined, response };
  } catch (thrown) {
    const service = call?.service ?? absentService('s3');
    ctx ??= createContext(options, request, service);
    if (thrown instanceof ConnectionReset || thrown instanceof ClientAborted) {
      return { ...describe(call, ctx), errorCode: thrown.name, response: 'reset' };
    }
    const error = toAwsError(service, thrown, options.reportError);
    const response = printError(service, error, ctx);
    addContextHeaders(response, service, ctx);
    return { ...describe(call, ctx), errorCode: error.code, response };
  }
}

/** A browser form carries its signature in the body. */
function credentialOf(call: Call): Partial<Pick<WireRequest, 'credential'>> {
  return call.kind === 'known' && call.credential ? { credential: call.credential } : {};
}

function describe(call: Call | undefined, ctx: RequestContext): Omit<AnsweredCall, 'response' | 'errorCode'> {
  const operation =
    call === undefined ? '?' : call.kind === 'known' ? call.operation.name : call.operationName;
  return { service: call?.service.id ?? '?', operation, requestId: ctx.requestId };
}

async function perform(options: AnswerOptions, call: Call, ctx: RequestContext): Promise<WireResponse> {
  if (call.kind === 'unknown') throw call.error;
  const { service, operation, handler } = call;
  if (handler === undefined) throw notImplemented(service, operation.name);
  await options.intercept?.({ service: service.id, operation: operation.name, ctx });
  const input = await call.readInput();
  const missing = missingMembers(service, operation, input);
  if (missing !== undefined) throw missing;
  const output = ((await handler(input as never, ctx)) ?? {}) as Output;
  return printOutput(options, service, operation, output, ctx);
}

function printOutput(
  options: AnswerOptions,
  service: ServiceDefinition,
  operation: Operation,
  output: Output,
  ctx: RequestContext,
): WireResponse {
  const events = eventStreamMember(operation);
  if (events !== undefined) {
    const isRest = service.protocol === 'restXml' || service.protocol === 'restJson';
    const response = printRestHead(operation, output);
    response.headers['content-type'] = EVENT_STREAM_TYPE;
    const others = (operation.output?.members() ?? []).filter((member) => member.name !== events.name);
    const first = isRest ? undefined : printJsonBody(others, output, 'memberName');
    response.body = printEventStream(service, events, output[events.name], first, options.reportError);
    return response;
  }
  switch (service.protocol) {
    case 'restXml':
      if (ctx.response.rawXml !== undefined) return xmlResponse('application/xml', ctx.response.rawXml);
      return printRestOutput(service, operation, output);
    case 'restJson':
      return printRestOutput(service, operation, output);
    case 'json10':
    case 'json11':
      return {
        status: 200,
        headers: { 'content-type': `application/x-amz-json-1.${service.protocol === 'json10' ? 0 : 1}` },
        body: printJsonBody(operation.output?.members() ?? [], output, 'memberName'),
      };
    case 'query':
      return xmlResponse('text/xml', printQueryOutput(service, operation, output, ctx.requestId));
  }
}

function xmlResponse(contentType: string, text: string): WireResponse {
  const isDocument = text.startsWith('<?xml');
  return {
    status: 200,
    headers: { 'content-type': contentType },
    body: Buffer.from(isDocument || contentType === 'text/xml' ? text : XML_DECLARATION + text),
  };
}

function printQueryOutput(
  service: ServiceDefinition,
  { name, output: shape }: Operation,
  output: Output,
  requestId: string,
): string {
  const xmlns = service.xmlns === undefined ? '' : attribute('xmlns', service.xmlns);
  const result = shape === undefined ? '' : printElement(`${name}Result`, shape.members(), output);
  const metadata = `<ResponseMetadata>${textElement('RequestId', requestId)}</ResponseMetadata>`;
  return `<${name}Response${xmlns}>${result}${metadata}</${name}Response>`;
}

function createContext(
  options: AnswerOptions,
  request: WireRequest & { readonly sourceIp: string },
  service: Pick<ServiceDefinition, 'id'>,
): RequestContext {
  const response: ResponseOverrides = { headers: {} };
  const isS3 = service.id === 's3';
  const { accessKeyId } = request.credential;
  const caller = options.identify?.(accessKeyId);
  return {
    requestId: isS3 ? options.ids.upper(16) : options.ids.uuid(),
    // 56 bytes are the 76 characters of the ids that S3 sends.
    extendedRequestId: isS3 ? Buffer.from(options.ids.hex(112), 'hex').toString('base64') : '',
    region: request.credential.region ?? options.region,
    account: caller?.account ?? options.account,
    sessionId: caller?.sessionId,
    accessKeyId,
    sourceIp: request.sourceIp,
    presigned: request.credential.presigned,
    host: request.headers.host ?? '',
    method: request.method,
    headers: request.headers,
    signal: request.signal,
    trailers: () => request.body.trailers(),
    response,
  };
}

/** What every answer carries, and what the handler added; the handler has the last word. */
function addContextHeaders(response: WireResponse, service: ServiceDefinition, ctx: RequestContext): void {
  const { headers } = response;
  if (service.id === 's3') {
    headers['x-amz-request-id'] = ctx.requestId;
    headers['x-amz-id-2'] = ctx.extendedRequestId;
    headers['server'] = 'AmazonS3';
  } else headers['x-amzn-requestid'] = ctx.requestId;
  // In lower case, or a header of both sources would be sent twice.
  for (const [name, value] of Object.entries(ctx.response.headers))
    headers[name.toLowerCase()] = encodeHeader(value);
}

function toAwsError(
  service: ServiceDefinition,
  thrown: unknown,
  reportError: (error: unknown) => void,
): AwsError {
  if (thrown instanceof AwsError) return thrown;
  if (thrown instanceof MalformedInput) return malformedBody(service, thrown.message);
  if (thrown instanceof URIError) return malformedUri(service);
  if (thrown instanceof BodyTooLarge) return bodyTooLarge(service, thrown.limit);
  reportError(thrown);
  return internalError(service);
}
