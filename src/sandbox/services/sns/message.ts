/** Rules for messages. Texts as recorded, or as other implementations have them from AWS. */
import { AwsError } from '../../wire/types.ts';
import { attributesSize, type MessageAttributes } from '../sqs/message-attributes.ts';
import { invalidParameter, invalidValue } from './errors.ts';
import type { Topic } from './store.ts';

export interface PublishInput {
  readonly Message: string | undefined;
  readonly Subject?: string | undefined;
  readonly MessageStructure?: string | undefined;
  readonly MessageAttributes?: MessageAttributes | undefined;
  readonly MessageDeduplicationId?: string | undefined;
  readonly MessageGroupId?: string | undefined;
}

const MAX_BYTES = 262_144;

export function checkPublish(topic: Topic, input: PublishInput): void {
  const { Subject: subject, Message: message = '', MessageAttributes: attributes = {} } = input;
  // https://docs.aws.amazon.com/sns/latest/api/API_Publish.html: ASCII without line breaks, at most 100 characters.
  if (subject !== undefined && !/^[\x21-\x7e][\x20-\x7e]{0,99}$/.test(subject))
    throw invalidParameter('Subject');
  if (message === '') throw invalidParameter('Empty message');
  checkMessageAttributes(attributes);
  if (publishSize(input) > MAX_BYTES) throw invalidParameter('Message too long');
  if (topic.isFifo) {
    if (input.MessageGroupId === undefined) {
      throw invalidParameter('The MessageGroupId parameter is required for FIFO topics');
    }
    const isContentBased = topic.attributes.get('ContentBasedDeduplication') === 'true';
    if (input.MessageDeduplicationId === undefined && !isContentBased) {
      throw invalidParameter(
        'The topic should either have ContentBasedDeduplication enabled or MessageDeduplicationId provided explicitly',
      );
    }
  } else if (input.MessageDeduplicationId !== undefined) {
    throw invalidParameter(
      'MessageDeduplicationId Reason: The request includes MessageDeduplicationId parameter that is not valid for this topic type',
    );
  }
}

export function publishSize({ Message = '', MessageAttributes = {} }: PublishInput): number {
  return Buffer.byteLength(Message) + attributesSize(MessageAttributes);
}

export function checkBatchSize(inputs: readonly PublishInput[]): void {
  if (inputs.reduce((sum, input) => sum + publishSize(input), 0) <= MAX_BYTES) return;
  throw new AwsError(
    'BatchRequestTooLong',
    'The length of all the messages put together is more than the limit.',
  );
}

function checkMessageAttributes(attributes: MessageAttributes): void {
  for (const [name, { DataType: type = '', StringValue, BinaryValue }] of Object.entries(attributes)) {
    if (!/^(?!\.)(?!.*\.\.)[A-Za-z0-9_.-]{1,256}(?<!\.)$/.test(name)) {
      throw invalidValue(`The message attribute name '${name}' is invalid.`);
    }
    if (!/^(?:String|Number|Binary)(?:\..+)?$/.test(type)) {
      throw invalidValue(
        `The message attribute '${name}' has an invalid message attribute type, the set of supported type prefixes is Binary, Number, and String.`,
      );
    }
    const field = type.startsWith('Binary') ? 'Binary' : 'String';
    const value = field === 'Binary' ? BinaryValue : StringValue;
    if (value === undefined && (StringValue ?? BinaryValue) !== undefined) {
      throw invalidValue(`The message attribute '${name}' with type '${type}' must use field '${field}'.`);
    }
    if (value === undefined || value.length === 0) {
      throw invalidValue(
        `The message attribute '${name}' must contain non-empty message attribute value for message attribute type '${type}'.`,
      );
    }
  }
}

/** The texts by protocol of message structure `json`; `default` is the one for all others. */
export function messageBodies(input: PublishInput): Readonly<Record<string, string>> {
  const { Message: message = '', MessageStructure: structure } = input;
  if (structure === undefined || structure === '') return { default: message };
  if (structure !== 'json') throw invalidParameter('MessageStructure');
  let parsed: unknown;
  try {
    parsed = JSON.parse(message);
  } catch {
    throw invalidParameter('Message Structure - JSON message body failed to parse');
  }
  const entries = typeof parsed === 'object' && parsed !== null ? Object.entries(parsed) : [];
  const bodies = Object.fromEntries(
    entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  if (bodies['default'] === undefined) {
    throw invalidParameter('Message Structure - No default entry in JSON message body');
  }
  return bodies;
}
