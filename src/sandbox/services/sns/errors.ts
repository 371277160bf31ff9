/** SNS's errors, by their codes in the query protocol; statuses are the model's. */
import { AwsError } from '../../wire/types.ts';

/** Most texts of SNS begin with the same two words, some of them twice. */
export const invalidParameter = (detail: string) =>
  new AwsError('InvalidParameter', `Invalid parameter: ${detail}`);

export const invalidValue = (message: string) => new AwsError('ParameterValueInvalid', message);

export const topicNotFound = () => new AwsError('NotFound', 'Topic does not exist');

export const subscriptionNotFound = () => new AwsError('NotFound', 'Subscription does not exist');

/** Of the tagging operations, which say resource where others say topic. */
export const resourceNotFound = () => new AwsError('ResourceNotFound', 'Resource does not exist');
