/** Notification documents of the rows about PutBucketNotificationConfiguration, and a bucket to put them to. */
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
  type Event,
  type FilterRule,
  type NotificationConfiguration,
  type QueueConfiguration,
} from '@aws-sdk/client-s3';
import { exchange, type Exchange } from './exchange.ts';
import { shared } from './harness.ts';
import { BY_S3, bucket, lambdaFunction, queue, topic, type FunctionRef, type QueueRef } from './resources.ts';
import { eventually, refusal, type Refusal, type Target } from './target.ts';

export const CREATED: Event[] = ['s3:ObjectCreated:*'];

export function rules(
  ...pairs: readonly (readonly [name: string, value: string])[]
): QueueConfiguration['Filter'] {
  return {
    Key: { FilterRules: pairs.map(([Name, Value]): FilterRule => ({ Name: Name as 'prefix', Value })) },
  };
}

export interface Ready {
  readonly bucket: string;
  /** Both admit S3. */
  readonly queue: QueueRef;
  readonly topicArn: string;
}

/** A bucket of the file's own, with a queue and a topic that admit S3. Each row replaces the document. */
export const ready = shared(async (t: Target): Promise<Ready> => ({
  bucket: await bucket(t),
  queue: await queue(t, { admits: BY_S3 }),
  topicArn: await topic(t, { admits: BY_S3 }),
}));

/** A function without any permission. */
export const closedFunction = shared((t: Target): Promise<FunctionRef> => lambdaFunction(t));

export function put(
  t: Target,
  Bucket: string,
  document: NotificationConfiguration,
  options: { readonly skip?: boolean; readonly owner?: string } = {},
): Promise<unknown> {
  return t.s3.send(
    new PutBucketNotificationConfigurationCommand({
      Bucket,
      NotificationConfiguration: document,
      ...(options.skip === true && { SkipDestinationValidation: true }),
      ...(options.owner !== undefined && { ExpectedBucketOwner: options.owner }),
    }),
  );
}

/** The document as the SDK reads it. */
export async function get(t: Target, Bucket: string): Promise<NotificationConfiguration> {
  const { $metadata: _, ...document } = await t.s3.send(
    new GetBucketNotificationConfigurationCommand({ Bucket }),
  );
  return document;
}

/** What S3 says to a document that it must refuse. */
export async function refused(
  t: Target,
  document: NotificationConfiguration,
  options: { readonly skip?: boolean } = {},
): Promise<Refusal> {
  const { bucket: name } = await ready(t);
  return refusal(put(t, name, document, options));
}

/** Puts a document that S3 must accept. The queue's and the topic's policies may have to be seen first. */
export async function accepted(
  t: Target,
  document: NotificationConfiguration,
): Promise<NotificationConfiguration> {
  const { bucket: name } = await ready(t);
  await eventually(
    () => put(t, name, document),
    (error) => error instanceof Error && error.message.startsWith('Unable to validate'),
  );
  return get(t, name);
}

/** Puts a document as text, byte for byte. */
export function putXml(
  t: Target,
  Bucket: string,
  xml: string,
  headers: Record<string, string> = {},
): Promise<Exchange> {
  const command = new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} });
  return exchange(t.s3, command, (request) => {
    request.body = xml;
    // The SDK for JavaScript names the operation in the query; other clients do not.
    delete request.query['x-id'];
    Object.assign(request.headers, headers, { 'content-length': String(Buffer.byteLength(xml)) });
  });
}

export function documentXml(content: string): string {
  return `<NotificationConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/">${content}</NotificationConfiguration>`;
}
