/**
 * SQS in the query protocol, which its clients spoke until 2023 and old ones still do: the same operations and handlers, read
 * from a form and answered in XML. The names of the form and of the elements stand in the JSON client's schemas too.
 */
import type { AnyHandler, AnyHandlers } from './dispatch.ts';
import type { QueryForm } from './query.ts';
import type { Operation, ServiceDefinition } from './schema.ts';
import { AwsError, type RequestContext } from './types.ts';

const XMLNS = 'http://queue.amazonaws.com/doc/2012-11-05/';

/** Recorded: the one error whose text differs between the protocols. */
const NO_QUEUE = 'The specified queue does not exist for this wsdl version.';

/** `/123456789012/name`, with or without a prefix, as in queue URLs: requests may go to the queue itself. */
export const isQueuePath = (path: string): boolean => /^\/(?:[^/]+\/)*\d{12}\/[^/]+\/?$/.test(path);

export function queryVariant(
  service: ServiceDefinition,
  handlers: AnyHandlers,
): { readonly service: ServiceDefinition; readonly handlers: AnyHandlers } {
  return {
    service: { ...service, protocol: 'query', xmlns: XMLNS },
    handlers: Object.fromEntries(
      Object.entries(handlers).map(([name, handler]) => [name, handler && withQueryErrors(handler)]),
    ),
  };
}

/** Handlers name the old code of their error in a header; here it is the code itself. */
function withQueryErrors(handler: AnyHandler): AnyHandler {
  return async (input: never, ctx: RequestContext) => {
    try {
      return await handler(input, ctx);
    } catch (error) {
      const { headers } = ctx.response;
      const code = headers['x-amzn-query-error']?.split(';')[0];
      delete headers['x-amzn-query-error'];
      if (!(error instanceof AwsError)) throw error;
      if (error.code === 'QueueDoesNotExist') throw new AwsError(error.code, NO_QUEUE);
      throw code === undefined ? error : new AwsError(code, error.message, { status: error.status ?? 400 });
    }
  };
}

/** The input of an operation; a request to the path of a queue is about this queue. Throws SQS's error for what is missing. */
export function readQueueForm(form: QueryForm, operation: Operation, path: string): Record<string, unknown> {
  const input = form.read(operation.input);
  const members = operation.input?.members() ?? [];
  if (isQueuePath(path) && members.some(({ name }) => name === 'QueueUrl')) input['QueueUrl'] ??= path;
  for (const { name, required, xmlName, shape } of members) {
    if (!required || input[name] !== undefined) continue;
    // What an empty list means is the handler's to say: EmptyBatchRequest.
    if (shape.kind === 'list') input[name] = [];
    else if (shape.kind === 'map') input[name] = {};
    else {
      throw new AwsError('MissingParameter', `The request must contain the parameter ${xmlName}.`, {
        status: 400,
      });
    }
  }
  return input;
}
