/** Queue attributes: which there are, what they may hold, and how they are shown. */
import { parseArn } from '../../../core/arn.ts';
import { parsePolicy } from '../../../core/policy-document.ts';
import { AwsError } from '../../wire/types.ts';
import { invalidAttribute, invalidParameter, invalidValue, unknownAttribute } from './errors.ts';
import { countMessages, type Queue } from './queue.ts';
import { admitsSource, isQueueArn, type SqsStore } from './store.ts';

/** https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html */
const RANGES: Readonly<Record<string, readonly [min: number, max: number]>> = {
  VisibilityTimeout: [0, 43_200],
  MaximumMessageSize: [1_024, 1_048_576],
  MessageRetentionPeriod: [60, 1_209_600],
  DelaySeconds: [0, 900],
  ReceiveMessageWaitTimeSeconds: [0, 20],
  KmsDataKeyReusePeriodSeconds: [60, 86_400],
};

const CHOICES: Readonly<Record<string, readonly string[]>> = {
  FifoQueue: ['true', 'false'],
  ContentBasedDeduplication: ['true', 'false'],
  SqsManagedSseEnabled: ['true', 'false'],
  DeduplicationScope: ['queue', 'messageGroup'],
  FifoThroughputLimit: ['perQueue', 'perMessageGroupId'],
};

const FREE = ['Policy', 'RedrivePolicy', 'RedriveAllowPolicy', 'KmsMasterKeyId'];
const FIFO_ONLY = ['FifoQueue', 'ContentBasedDeduplication', 'DeduplicationScope', 'FifoThroughputLimit'];

const DEFAULTS: readonly (readonly [string, string])[] = [
  ['VisibilityTimeout', '30'],
  ['MaximumMessageSize', '1048576'],
  ['MessageRetentionPeriod', '345600'],
  ['DelaySeconds', '0'],
  ['ReceiveMessageWaitTimeSeconds', '0'],
  ['SqsManagedSseEnabled', 'true'],
];

const FIFO_DEFAULTS: readonly (readonly [string, string])[] = [
  ['FifoQueue', 'true'],
  ['ContentBasedDeduplication', 'false'],
  ['DeduplicationScope', 'queue'],
  ['FifoThroughputLimit', 'perQueue'],
];

export function defaultAttributes(isFifo: boolean): Map<string, string> {
  return new Map([...DEFAULTS, ...(isFifo ? FIFO_DEFAULTS : [])]);
}

export type GivenAttributes = Readonly<Record<string, string | undefined>>;

/** Throws SQS's error for the first attribute that will not do. */
export function checkAttributeValues(
  store: SqsStore,
  queue: Pick<Queue, 'arn' | 'isFifo' | 'region'>,
  given: GivenAttributes,
): void {
  for (const [name, value = ''] of Object.entries(given)) {
    const range = RANGES[name];
    const choices = CHOICES[name];
    if (!range && !choices && !FREE.includes(name)) throw unknownAttribute(name);
    if (!queue.isFifo && FIFO_ONLY.includes(name)) throw unknownAttribute(name);
    if (range && (!/^\d{1,9}$/.test(value) || Number(value) < range[0] || Number(value) > range[1])) {
      throw invalidAttribute(name);
    }
    if (choices && !choices.includes(value)) throw invalidAttribute(name);
    if (value === '') continue;
    if (name === 'Policy' && !parsePolicy(value)) throw invalidAttribute(name);
    if (name === 'RedrivePolicy') checkRedrivePolicy(store, queue, value);
    if (name === 'RedriveAllowPolicy') checkRedriveAllowPolicy(value);
  }
}

function checkRedrivePolicy(
  store: SqsStore,
  queue: Pick<Queue, 'arn' | 'isFifo' | 'region'>,
  text: string,
): void {
  const invalid = (reason: string) => invalidValue(text, 'RedrivePolicy', reason);
  const policy = jsonObject(text);
  if (!policy) throw invalid('Redrive policy is not a valid JSON map.');
  for (const name of ['deadLetterTargetArn', 'maxReceiveCount']) {
    if (policy[name] === undefined) {
      throw invalid(`Redrive policy does not contain mandatory attribute: ${name}.`);
    }
  }
  const target = String(policy['deadLetterTargetArn']);
  const count = Number(policy['maxReceiveCount']);
  const arn = parseArn(target);
  if (!arn) throw invalid('Invalid value for deadLetterTargetArn.');
  if (!isQueueArn(target)) throw invalid('Only SQS queues are valid resources for deadLetterTargetArn.');
  if (!Number.isInteger(count) || count < 1 || count > 1000) {
    throw invalid(
      `Invalid value for maxReceiveCount: ${String(policy['maxReceiveCount'])}, valid values are from 1 to 1000 both inclusive.`,
    );
  }
  // Both stops are AWS's.
  if (arn.resource.endsWith('.fifo') !== queue.isFifo) {
    throw invalid('Dead-letter queue must be same type of queue as the source..');
  }
  const deadLetter = store.byArn(target);
  if (deadLetter?.region !== queue.region) throw invalid('Dead letter target does not exist.');
  // Text UNKNOWN.
  if (!admitsSource(deadLetter, queue.arn))
    throw invalid('Dead letter target does not allow this source queue.');
}

/** The texts are UNKNOWN. */
function checkRedriveAllowPolicy(text: string): void {
  const policy = jsonObject(text);
  const invalid = (reason: string) => invalidValue(text, 'RedriveAllowPolicy', reason);
  if (!policy) throw invalid("Amazon SQS can't create the redrive allow policy. Enter a valid JSON map.");
  const permission = policy['redrivePermission'];
  const sources = policy['sourceQueueArns'];
  if (!['allowAll', 'denyAll', 'byQueue'].includes(String(permission))) {
    throw invalid(`Invalid value for redrivePermission: ${String(permission)}.`);
  }
  const isList = Array.isArray(sources) && sources.length > 0 && sources.length <= 10;
  if ((permission === 'byQueue') !== isList) throw invalid('Invalid value for sourceQueueArns.');
}

function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

/** Stores values that were checked. An empty value removes the attribute. */
export function setAttributes(attributes: Map<string, string>, given: GivenAttributes): void {
  const key = given['KmsMasterKeyId'] ?? attributes.get('KmsMasterKeyId') ?? '';
  if (key !== '' && given['SqsManagedSseEnabled'] === 'true') {
    throw new AwsError(
      'InvalidAttributeName',
      'You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.',
    );
  }
  for (const [name, value = ''] of Object.entries(given)) {
    if (value === '') attributes.delete(name);
    else attributes.set(name, value);
  }
  if (key === '') return;
  attributes.set('SqsManagedSseEnabled', 'false');
  if (!attributes.has('KmsDataKeyReusePeriodSeconds')) attributes.set('KmsDataKeyReusePeriodSeconds', '300');
}

/** `names` as in GetQueueAttributes; those that are not set are left out. */
export function showAttributes(
  queue: Queue,
  names: readonly string[] | undefined,
  now: number,
): Record<string, string> {
  const asked = names ?? [];
  const computed = ['QueueArn', 'CreatedTimestamp', 'LastModifiedTimestamp', ...COUNTS];
  const known = [...Object.keys(RANGES), ...Object.keys(CHOICES), ...FREE, ...computed, 'All'];
  const unknown = asked.find((name) => !known.includes(name));
  if (unknown !== undefined) throw unknownAttribute(unknown);
  const counts = countMessages(queue, now);
  const seconds = (ms: number) => String(Math.floor(ms / 1000));
  const all: readonly (readonly [string, string])[] = [
    ['QueueArn', queue.arn],
    ['ApproximateNumberOfMessages', String(counts.visible)],
    ['ApproximateNumberOfMessagesNotVisible', String(counts.inFlight)],
    ['ApproximateNumberOfMessagesDelayed', String(counts.delayed)],
    ['CreatedTimestamp', seconds(queue.createdAt)],
    ['LastModifiedTimestamp', seconds(queue.modifiedAt)],
    ...queue.attributes,
  ];
  return Object.fromEntries(all.filter(([name]) => asked.includes('All') || asked.includes(name)));
}

const COUNTS = [
  'ApproximateNumberOfMessages',
  'ApproximateNumberOfMessagesNotVisible',
  'ApproximateNumberOfMessagesDelayed',
];

/** FIFO or not follows from the attribute; the name has to agree. */
export function checkQueueName(name: string, isFifo: boolean): void {
  if (isFifo) {
    if (/^[A-Za-z0-9_-]{1,75}\.fifo$/.test(name)) return;
    throw invalidParameter(
      'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
    );
  }
  if (/^[A-Za-z0-9_-]{1,80}$/.test(name)) return;
  throw invalidParameter(
    'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length',
  );
}
