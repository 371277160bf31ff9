import type { WireResponse } from './rest.ts';
import { XML_DECLARATION } from './rest.ts';
import { encodeHeader, readScalar } from './scalars.ts';
import type { ErrorDefinition, ServiceDefinition } from './schema.ts';
import { AwsError } from './types.ts';
import { attribute, textElement } from './xml.ts';

export interface ErrorContext {
  readonly requestId: string;
  readonly extendedRequestId: string;
}

/** The answer to a failed call in its service's protocol. */
export function printError(service: ServiceDefinition, error: AwsError, context: ErrorContext): WireResponse {
  const modelled = service.error(error.code);
  const status = error.status ?? modelled?.status ?? (error.code === 'NotFound' ? 404 : 400);
  switch (service.protocol) {
    case 'restXml':
      return printS3Error(error, status, context);
    case 'query':
      return printQueryError(service, error, status, modelled, context);
    case 'restJson':
    case 'json10':
    case 'json11':
      return printJsonError(service, error, status, modelled);
  }
}

/**
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, "REST error responses". The page calls `Resource`
 * common to all; recorded answers have it only where it is a member of the error itself.
 */
function printS3Error(error: AwsError, status: number, context: ErrorContext): WireResponse {
  const elements: Readonly<Record<string, string>> = {
    Code: error.code,
    Message: error.message,
    ...error.members,
    RequestId: context.requestId,
    HostId: context.extendedRequestId,
  };
  const text = Object.entries(elements).map(([name, value]) => textElement(name, value));
  return {
    status,
    headers: { 'content-type': 'application/xml' },
    body: Buffer.from(`${XML_DECLARATION}<Error>${text.join('')}</Error>`),
  };
}

function printQueryError(
  service: ServiceDefinition,
  error: AwsError,
  status: number,
  modelled: ErrorDefinition | undefined,
  context: ErrorContext,
): WireResponse {
  const details = {
    Type: fault(status),
    Code: modelled?.queryCode ?? error.code,
    Message: error.message,
    ...error.members,
    // Recorded: SQS has it, empty; SNS and IAM do not.
    ...(service.id === 'sqs' && { Detail: '' }),
  };
  const text = Object.entries(details).map(([name, value]) => textElement(name, value));
  const xmlns = service.xmlns === undefined ? '' : attribute('xmlns', service.xmlns);
  return {
    status,
    headers: { 'content-type': 'text/xml' },
    body: Buffer.from(
      `<ErrorResponse${xmlns}><Error>${text.join('')}</Error>${textElement('RequestId', context.requestId)}</ErrorResponse>`,
    ),
  };
}

function printJsonError(
  service: ServiceDefinition,
  error: AwsError,
  status: number,
  modelled: ErrorDefinition | undefined,
): WireResponse {
  const isRest = service.protocol === 'restJson';
  const headers: Record<string, string> = {
    'content-type': isRest
      ? 'application/json'
      : `application/x-amz-json-1.${service.protocol === 'json10' ? 0 : 1}`,
    'x-amzn-errortype': error.code,
  };
  const body: Record<string, unknown> = {};
  // Recorded answers: SQS writes its namespace (`com.amazonaws.sqs#QueueDoesNotExist`), CloudWatch Logs does not.
  if (!isRest) {
    const namespace = modelled && service.protocol === 'json10' ? `${modelled.namespace}#` : '';
    body['__type'] = namespace + error.code;
  }
  // SQS and CloudWatch spoke the query protocol before and still send the old code; some clients fail without it. KMS models
  // such codes too and does not send them.
  if (service.queryCompatible === true) {
    headers['x-amzn-query-error'] = `${modelled?.queryCode ?? error.code};${fault(status)}`;
  }
  // Lambda's modelled errors say who is to blame; its ValidationException is not modelled and carries the message only.
  const members = modelled?.members ?? [];
  if (isRest && members.some((member) => member.name === 'Type')) {
    body['Type'] = status >= 500 ? 'Service' : 'User';
  }
  body[members.find((member) => member.name.toLowerCase() === 'message')?.jsonName ?? 'message'] =
    error.message;
  for (const [name, value] of Object.entries(error.members)) {
    const member = members.find((candidate) => candidate.name === name);
    if (isRest && member?.binding.location === 'header') headers[member.binding.name] = encodeHeader(value);
    else body[member?.jsonName ?? name] = typedMember(member?.shape.kind, value);
  }
  return { status, headers, body: Buffer.from(JSON.stringify(body)) };
}

function typedMember(kind: string | undefined, value: string): unknown {
  if (kind !== 'number' && kind !== 'boolean') return value;
  return readScalar({ kind, isStreaming: false, format: undefined }, value);
}

function fault(status: number): 'Sender' | 'Receiver' {
  return status >= 500 ? 'Receiver' : 'Sender';
}

/** The texts are the services' own where they are known; else they say what happened. */
export function internalError(service: ServiceDefinition): AwsError {
  return service.protocol === 'restXml'
    ? new AwsError('InternalError', 'We encountered an internal error. Please try again.', { status: 500 })
    : new AwsError('InternalFailure', 'The request processing has failed because of an unknown error.', {
        status: 500,
      });
}

export function notImplemented(service: ServiceDefinition, operation: string): AwsError {
  return new AwsError('NotImplemented', `${service.id}:${operation} is not implemented by the sandbox`, {
    status: 501,
  });
}

export function malformedBody(service: ServiceDefinition, reason: string): AwsError {
  switch (service.protocol) {
    case 'restXml':
      return malformedXml();
    case 'query':
      return new AwsError('MalformedInput', reason, { status: 400 });
    case 'restJson':
    case 'json10':
    case 'json11':
      return new AwsError('SerializationException', reason, { status: 400 });
  }
}

export function malformedXml(): AwsError {
  return new AwsError(
    'MalformedXML',
    'The XML you provided was not well-formed or did not validate against our published schema',
    { status: 400 },
  );
}

export function malformedUri(service: ServiceDefinition): AwsError {
  return service.protocol === 'restXml'
    ? new AwsError('InvalidURI', "Couldn't parse the specified URI.", { status: 400 })
    : new AwsError('SerializationException', 'The URI holds a malformed percent-escape.', { status: 400 });
}

export function bodyTooLarge(service: ServiceDefinition, limit: number): AwsError {
  return service.protocol === 'restXml'
    ? new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', {
        status: 413,
        members: { MaxSizeAllowed: String(limit) },
      })
    : new AwsError('RequestEntityTooLargeException', `Request must be smaller than ${limit} bytes`, {
        status: 413,
      });
}
