/** Writes of the bucket's notification configuration, as CloudTrail has them. */
import {
  rulesOf,
  type ConfigurationElement,
  type NotificationDocument,
  type Rule,
} from '../../notification.ts';
import type { DoctorFacts, TrailEvent } from '../../doctor/facts.ts';

export interface ConfigurationWrite {
  readonly time: number;
  readonly user: string;
  /** Of the document that was put; undefined where the record does not hold it. */
  readonly rules: readonly Rule[] | undefined;
  /** Whether it sends events to EventBridge; undefined where the record does not hold the document. */
  readonly eventBridge: boolean | undefined;
}

const NAMES = ['PutBucketNotification', 'PutBucketNotificationConfiguration'];

/** Those that succeeded, newest first. */
export function configurationWrites(
  facts: DoctorFacts,
  trail: readonly TrailEvent[],
): readonly ConfigurationWrite[] {
  const { name } = facts.bucket;
  return trail
    .filter((event) => NAMES.includes(event.name) && event.errorCode === undefined && isAbout(event, name))
    .map(({ time, user, requestParameters }) => ({ time, user, ...documentOf(requestParameters) }))
    .sort((a, b) => b.time - a.time);
}

function isAbout({ resources, requestParameters }: TrailEvent, bucket: string): boolean {
  if (isFields(requestParameters) && typeof requestParameters.bucketName === 'string') {
    return requestParameters.bucketName === bucket;
  }
  return resources.some((one) => one === bucket || one.endsWith(`:s3:::${bucket}`));
}

/**
 * CloudTrail keeps S3's XML as JSON: an element that stands alone is no list. Which names it gives to the members is documented by
 * example only, so those of the wire and of the SDK are both read; what is neither makes the document unknown.
 */
function documentOf(parameters: unknown): Pick<ConfigurationWrite, 'rules' | 'eventBridge'> {
  const document = isFields(parameters) ? parameters.NotificationConfiguration : undefined;
  if (document === '') return { rules: [], eventBridge: false };
  if (!isFields(document)) return { rules: undefined, eventBridge: undefined };
  const elements = (names: readonly string[], arns: readonly string[], arn: keyof ConfigurationElement) =>
    names.flatMap((name) => listOf(document[name])).map((one) => elementOf(one, arns, arn));
  const read: NotificationDocument = {
    LambdaFunctionConfigurations: elements(
      ['CloudFunctionConfiguration', 'LambdaFunctionConfiguration', 'LambdaFunctionConfigurations'],
      ['CloudFunction', 'LambdaFunctionArn'],
      'LambdaFunctionArn',
    ),
    QueueConfigurations: elements(
      ['QueueConfiguration', 'QueueConfigurations'],
      ['Queue', 'QueueArn'],
      'QueueArn',
    ),
    TopicConfigurations: elements(
      ['TopicConfiguration', 'TopicConfigurations'],
      ['Topic', 'TopicArn'],
      'TopicArn',
    ),
  };
  return { rules: rulesOf(read), eventBridge: 'EventBridgeConfiguration' in document };
}

function elementOf(
  element: Fields,
  arns: readonly string[],
  arn: keyof ConfigurationElement,
): ConfigurationElement {
  const filter = isFields(element.Filter) ? element.Filter : {};
  const key = isFields(filter.S3Key) ? filter.S3Key : isFields(filter.Key) ? filter.Key : {};
  const rules = listOf(key.FilterRule ?? key.FilterRules).map(({ Name, Value }) => ({
    Name: textOf(Name),
    Value: textOf(Value),
  }));
  return {
    Id: textOf(element.Id),
    [arn]: textOf(arns.map((name) => element[name]).find((value) => value !== undefined)),
    Events: [element.Event ?? element.Events].flat().filter((event) => typeof event === 'string'),
    Filter: { Key: { FilterRules: rules } },
  };
}

type Fields = Readonly<Record<string, unknown>>;

function listOf(value: unknown): readonly Fields[] {
  return [value].flat().filter(isFields);
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
