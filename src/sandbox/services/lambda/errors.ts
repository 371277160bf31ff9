/** Lambda's errors with the texts that were recorded from AWS. Statuses that the model has are left to it. */
import { AwsError } from '../../wire/types.ts';

export const notFound = (message: string) =>
  new AwsError('ResourceNotFoundException', message, { status: 404 });

export const functionNotFound = (arn: string) => notFound(`Function not found: ${arn}`);

export const aliasNotFound = (arn: string) => notFound(`Cannot find alias arn: ${arn}`);

export const invalidParameter = (message: string) =>
  new AwsError('InvalidParameterValueException', message, { status: 400 });

export const conflict = (message: string) =>
  new AwsError('ResourceConflictException', message, { status: 409 });

export const updateInProgress = (arn: string) =>
  conflict(`The operation cannot be performed at this time. An update is in progress for resource: ${arn}`);

/** Not in the model: the front door's own check, which names the member as on the wire. */
export const validation = (value: string | number, member: string, constraint: string) =>
  new AwsError(
    'ValidationException',
    `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must ${constraint}`,
    { status: 400 },
  );

export const revisionMismatch = (source: 'GetFunction/GetAlias' | 'GetPolicy') =>
  new AwsError(
    'PreconditionFailedException',
    `The Revision Id provided does not match the latest Revision Id. Call the ${source} API to retrieve the latest Revision Id`,
    { status: 412 },
  );

export const throttled = () =>
  new AwsError('TooManyRequestsException', 'Rate Exceeded.', {
    status: 429,
    members: { Reason: 'ReservedFunctionConcurrentInvocationLimitExceeded' },
  });

/** Status and code from the model; the text is its documentation, what AWS sends is UNKNOWN. */
export const recursiveInvocation = () =>
  new AwsError(
    'RecursiveInvocationException',
    "Lambda has detected your function being invoked in a recursive loop with other Amazon Web Services resources and stopped your function's invocation.",
    { status: 400 },
  );

export const requestTooLarge = (code: string, bytes: number, operation: string) =>
  new AwsError(code, `Request must be smaller than ${bytes} bytes for the ${operation} operation`, {
    status: 413,
  });
