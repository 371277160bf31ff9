/** SQS's errors; texts as recorded from AWS unless a comment says otherwise. Statuses are the model's. */
import { AwsError } from '../../wire/types.ts';

export const queueDoesNotExist = () =>
  new AwsError('QueueDoesNotExist', 'The specified queue does not exist.');

export const invalidParameter = (message: string) =>
  new AwsError('InvalidParameterValueException', message, { status: 400 });

/** `reason` without a final stop, as SQS writes it. */
export const invalidValue = (value: string | number, parameter: string, reason: string) =>
  invalidParameter(`Value ${value} for parameter ${parameter} is invalid. Reason: ${reason}`);

export const missingParameter = (name: string) =>
  new AwsError('MissingRequiredParameterException', `The request must contain the parameter ${name}.`, {
    status: 400,
  });

export const unknownAttribute = (name: string) =>
  new AwsError('InvalidAttributeName', `Unknown Attribute ${name}.`);

export const invalidAttribute = (name: string, reason?: string) =>
  new AwsError(
    'InvalidAttributeValue',
    `Invalid value for the parameter ${name}.${reason === undefined ? '' : ` Reason: ${reason}`}`,
  );

/** Text second-hand. */
export const invalidReceiptHandle = (handle: string) =>
  new AwsError(
    'ReceiptHandleIsInvalid',
    `The input receipt handle "${handle}" is not a valid receipt handle.`,
  );

export const expiredReceiptHandle = (handle: string) =>
  invalidValue(handle, 'ReceiptHandle', 'The receipt handle has expired.');

/** Text UNKNOWN. */
export const overLimit = () =>
  new AwsError('OverLimit', 'The maximum number of messages in flight of the queue is reached.');

/** Errors that the model does not know: their code in the query protocol, which SQS still sends beside the new one. */
const QUERY_CODES: Readonly<Record<string, string>> = {
  InvalidParameterValueException: 'InvalidParameterValue',
  MissingRequiredParameterException: 'MissingParameter',
};

/** As clients know it: `AWS.SimpleQueueService.…` codes stay the wire layer's business. */
export const queryCode = (error: AwsError) => QUERY_CODES[error.code] ?? error.code;

type AnyHandler = (
  input: never,
  ctx: { readonly response: { readonly headers: Record<string, string> } },
) => unknown;

/**
 * The header `x-amzn-query-error` of those errors: boto3 takes its error code from there
 * (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-json-faqs.html).
 */
export function withQueryCodes<H extends object>(handlers: H): H {
  const wrapped = Object.entries(handlers as Record<string, AnyHandler>).map(
    ([name, handler]): [string, AnyHandler] => [
      name,
      async (input, ctx) => {
        try {
          return await handler(input, ctx);
        } catch (error) {
          const code = error instanceof AwsError ? QUERY_CODES[error.code] : undefined;
          if (code !== undefined) ctx.response.headers['x-amzn-query-error'] = `${code};Sender`;
          throw error;
        }
      },
    ],
  );
  return Object.fromEntries(wrapped) as H;
}
