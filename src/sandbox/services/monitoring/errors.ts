/** CloudWatch's errors. Texts are recorded where a comment does not say otherwise. */
import { AwsError } from '../../wire/types.ts';

/** `ValidationError` in the query protocol, as most clients still show it: the code of GetMetricData. */
export const validationError = (message: string) => new AwsError('ValidationException', message);

export const invalidValue = (message: string) => new AwsError('InvalidParameterValueException', message);

export const invalidCombination = (message: string) =>
  new AwsError('InvalidParameterCombinationException', message);

/** Text UNKNOWN. */
export const invalidToken = () => new AwsError('InvalidNextToken', 'The next token is not valid.');
