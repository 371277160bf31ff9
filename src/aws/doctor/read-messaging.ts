/** Reads of queues, topics and keys. */
import type {
  KeyNode,
  QueueAttributes,
  QueueNode,
  SubscriptionNode,
  TopicNode,
} from '../../core/doctor/facts.ts';
import { read, type Reading } from '../../core/doctor/reading.ts';
import { optional, pages } from '../pages.ts';
import { queueUrl, redriveOf } from '../read-destinations.ts';
import { readMappings } from './read-mappings.ts';
import type { Reader } from './reader.ts';

/** One round trip. Dead-letter queues need no mappings. */
export async function readQueueNode(reader: Reader, arn: string, withMappings: boolean): Promise<QueueNode> {
  const [attributes, mappings] = await Promise.all([
    readAttributes(reader, arn),
    withMappings ? readMappings(reader, arn) : undefined,
  ]);
  return { arn, attributes, mappings };
}

async function readAttributes(reader: Reader, arn: string): Promise<Reading<QueueAttributes>> {
  const action = 'sqs:GetQueueAttributes';
  const url = await queueUrl(reader.aws, arn);
  return reader.read(action, arn, async () => {
    const [sqs, { GetQueueAttributesCommand }] = await Promise.all([
      reader.aws.sqs(),
      import('@aws-sdk/client-sqs'),
    ]);
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
    const { Attributes } = await reader.aws.call((options) => sqs.send(command, options), {
      action,
      resource: arn,
    });
    return Attributes && attributesOf(url, Attributes);
  });
}

function attributesOf(url: string, from: Readonly<Record<string, string>>): QueueAttributes {
  const number = (name: string, without: number) => Number(from[name] ?? without);
  const redrive = redriveOf(from['RedrivePolicy']);
  return {
    url,
    policy: from['Policy'] === '' ? undefined : from['Policy'],
    kmsKeyId: from['KmsMasterKeyId'] === '' ? undefined : from['KmsMasterKeyId'],
    maximumMessageSize: number('MaximumMessageSize', 262_144),
    visibilitySeconds: number('VisibilityTimeout', 30),
    delaySeconds: number('DelaySeconds', 0),
    retentionSeconds: number('MessageRetentionPeriod', 345_600),
    deadLetterArn: redrive.arn,
    maxReceiveCount: redrive.most,
    waiting: number('ApproximateNumberOfMessages', 0),
    inFlight: number('ApproximateNumberOfMessagesNotVisible', 0),
  };
}

/** One round trip; two with the settings of the subscriptions, which are read for so many at most. */
export async function readTopicNode(
  reader: Reader,
  arn: string,
  mostSubscriptions: number,
): Promise<TopicNode> {
  const action = 'sns:GetTopicAttributes';
  const load = () => Promise.all([reader.aws.sns(), import('@aws-sdk/client-sns')]);
  const [attributes, subscriptions] = await Promise.all([
    reader.read(action, arn, async () => {
      const [sns, { GetTopicAttributesCommand }] = await load();
      const command = new GetTopicAttributesCommand({ TopicArn: arn });
      const { Attributes } = await reader.aws.call((options) => sns.send(command, options), {
        action,
        resource: arn,
      });
      return Attributes && { policy: Attributes['Policy'], kmsKeyId: Attributes['KmsMasterKeyId'] };
    }),
    reader.read('sns:ListSubscriptionsByTopic', arn, async () => {
      const [sns, { ListSubscriptionsByTopicCommand }] = await load();
      return pages(async (NextToken) => {
        const command = new ListSubscriptionsByTopicCommand({ TopicArn: arn, ...optional({ NextToken }) });
        const what = { action: 'sns:ListSubscriptionsByTopic', resource: arn };
        const page = await reader.aws.call((options) => sns.send(command, options), what);
        const items = (page.Subscriptions ?? []).map(
          ({ SubscriptionArn, Protocol = '', Endpoint = '' }): SubscriptionNode => ({
            // `PendingConfirmation` stands in the place of the ARN.
            arn: SubscriptionArn?.startsWith('arn:') === true ? SubscriptionArn : undefined,
            protocol: Protocol,
            endpoint: Endpoint,
          }),
        );
        return { items, next: page.NextToken };
      });
    }),
  ]);
  if (subscriptions.state !== 'known') return { arn, attributes, subscriptions };
  const known = await Promise.all(
    subscriptions.value.map(async (one, index) =>
      one.arn === undefined || index >= mostSubscriptions
        ? one
        : { ...one, attributes: await readSubscription(reader, one.arn) },
    ),
  );
  return { arn, attributes, subscriptions: read(subscriptions.call, known) };
}

function readSubscription(
  reader: Reader,
  SubscriptionArn: string,
): Promise<Exclude<SubscriptionNode['attributes'], undefined>> {
  const action = 'sns:GetSubscriptionAttributes';
  return reader.read(action, SubscriptionArn, async () => {
    const [sns, { GetSubscriptionAttributesCommand }] = await Promise.all([
      reader.aws.sns(),
      import('@aws-sdk/client-sns'),
    ]);
    const command = new GetSubscriptionAttributesCommand({ SubscriptionArn });
    const { Attributes = {} } = await reader.aws.call((options) => sns.send(command, options), {
      action,
      resource: SubscriptionArn,
    });
    return {
      raw: Attributes['RawMessageDelivery'] === 'true',
      filterPolicy: Attributes['FilterPolicy'],
      filterScope: Attributes['FilterPolicyScope'] === 'MessageBody' ? 'MessageBody' : 'MessageAttributes',
      deadLetterArn: redriveOf(Attributes['RedrivePolicy']).arn,
    };
  });
}

/** A key and its policy: one round trip, two when it is named by an alias, by which policies are not found. */
export async function readKeyNode(reader: Reader, id: string): Promise<KeyNode> {
  const byAlias = /(?:^|:)alias\//.test(id);
  const [key, early] = await Promise.all([
    readKey(reader, id),
    byAlias ? undefined : readKeyPolicy(reader, id),
  ]);
  // The policy of a key that AWS manages cannot be changed, and admits no other service.
  const needed = key.state === 'known' && key.value.manager !== 'AWS';
  return { id, key, policy: early ?? (needed ? await readKeyPolicy(reader, key.value.arn) : undefined) };
}

function readKey(reader: Reader, KeyId: string): Promise<KeyNode['key']> {
  const action = 'kms:DescribeKey';
  return reader.read(action, KeyId, async () => {
    const [kms, { DescribeKeyCommand }] = await Promise.all([
      reader.aws.kms(),
      import('@aws-sdk/client-kms'),
    ]);
    const command = new DescribeKeyCommand({ KeyId });
    const { KeyMetadata } = await reader.aws.call((options) => kms.send(command, options), {
      action,
      resource: KeyId,
    });
    return (
      KeyMetadata && {
        arn: KeyMetadata.Arn ?? KeyId,
        manager: KeyMetadata.KeyManager ?? 'CUSTOMER',
        state: KeyMetadata.KeyState ?? 'Enabled',
      }
    );
  });
}

function readKeyPolicy(reader: Reader, KeyId: string): Promise<Reading<string>> {
  const action = 'kms:GetKeyPolicy';
  return reader.read(action, KeyId, async () => {
    const [kms, { GetKeyPolicyCommand }] = await Promise.all([
      reader.aws.kms(),
      import('@aws-sdk/client-kms'),
    ]);
    const command = new GetKeyPolicyCommand({ KeyId });
    return (await reader.aws.call((options) => kms.send(command, options), { action, resource: KeyId }))
      .Policy;
  });
}
