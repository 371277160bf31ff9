import { parseArn } from '../core/arn.ts';
import type { Fact, KeyFacts, QueueFacts, TopicFacts } from '../core/facts.ts';
import { ifKnown, known } from '../core/facts.ts';
import type { Aws } from './clients.ts';
import { endpointFor } from './endpoints.ts';
import { fact } from './read-facts.ts';

/** Reads of queues, topics and keys, each as a fact: absent and denied are answers. */

type Attributes = Readonly<Record<string, string>>;

/**
 * The queue's URL by its ARN, without asking. The SDK calls the endpoint that is configured and takes account and name from the
 * path; on AWS the host is the Region's (https://docs.aws.amazon.com/general/latest/gr/sqs-service.html).
 */
export async function queueUrl(aws: Aws, arn: string): Promise<string> {
  const { account = '', resource = '', region = '', partition = 'aws' } = parseArn(arn) ?? {};
  const endpoint = endpointFor(await aws.target(), 'SQS')?.value;
  const suffix = partition === 'aws-cn' ? '.cn' : '';
  const base = endpoint ?? `https://sqs.${region}.amazonaws.com${suffix}`;
  return `${base.replace(/\/$/, '')}/${account}/${resource}`;
}

/** A queue by ARN, with its tags: two reads at once. Tags that may not be read are none. */
export async function readQueue(aws: Aws, arn: string): Promise<Fact<QueueFacts>> {
  const [attributes, tags] = await Promise.all([readQueueAttributes(aws, arn), readQueueTags(aws, arn)]);
  if (attributes.state !== 'known') return attributes;
  const url = await queueUrl(aws, arn);
  return known({ ...queueOf(arn, url, attributes.value), tags: ifKnown(tags) ?? {} });
}

/** A queue's attributes as SQS answers them: all texts. */
export async function readQueueAttributes(aws: Aws, arn: string): Promise<Fact<Attributes>> {
  const action = 'sqs:GetQueueAttributes';
  const url = await queueUrl(aws, arn);
  return fact(action, async () => {
    const [sqs, { GetQueueAttributesCommand }] = await Promise.all([
      aws.sqs(),
      import('@aws-sdk/client-sqs'),
    ]);
    const command = new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ['All'] });
    return (
      (await aws.call((options) => sqs.send(command, options), { action, resource: arn })).Attributes ?? {}
    );
  });
}

export function queueOf(arn: string, url: string, attributes: Attributes): Omit<QueueFacts, 'tags'> {
  return {
    arn: attributes['QueueArn'] ?? arn,
    url,
    policy: attributes['Policy'],
    kmsKeyId: attributes['KmsMasterKeyId'],
    maximumMessageSize: Number(attributes['MaximumMessageSize'] ?? 262_144),
    deadLetterArn: redriveOf(attributes['RedrivePolicy']).arn,
  };
}

async function readQueueTags(aws: Aws, arn: string): Promise<Fact<Readonly<Record<string, string>>>> {
  const action = 'sqs:ListQueueTags';
  return fact(action, async () => {
    const [sqs, { ListQueueTagsCommand }, url] = await Promise.all([
      aws.sqs(),
      import('@aws-sdk/client-sqs'),
      queueUrl(aws, arn),
    ]);
    const command = new ListQueueTagsCommand({ QueueUrl: url });
    return (await aws.call((options) => sqs.send(command, options), { action, resource: arn })).Tags ?? {};
  });
}

/** Of a `RedrivePolicy`: the dead-letter queue's ARN, and how often a message is received before it goes there. */
export function redriveOf(text: string | undefined): { readonly arn?: string; readonly most?: number } {
  try {
    const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text ?? '{}') as Readonly<
      Record<string, unknown>
    >;
    const most = Number(maxReceiveCount);
    return {
      ...(typeof deadLetterTargetArn === 'string' ? { arn: deadLetterTargetArn } : {}),
      ...(Number.isFinite(most) ? { most } : {}),
    };
  } catch {
    return {};
  }
}

/** A topic by ARN, with its tags: two reads at once. Tags that may not be read are none. */
export async function readTopic(aws: Aws, arn: string): Promise<Fact<TopicFacts>> {
  const [attributes, tags] = await Promise.all([
    readTopicAttributes(aws, arn),
    fact('sns:ListTagsForResource', async () => {
      const [sns, { ListTagsForResourceCommand }] = await loadSns(aws);
      const command = new ListTagsForResourceCommand({ ResourceArn: arn });
      const what = { action: 'sns:ListTagsForResource', resource: arn };
      return (await aws.call((options) => sns.send(command, options), what)).Tags ?? [];
    }),
  ]);
  if (attributes.state !== 'known') return attributes;
  return known({
    ...topicOf(arn, attributes.value),
    tags: Object.fromEntries((ifKnown(tags) ?? []).map(({ Key = '', Value = '' }) => [Key, Value])),
  });
}

const loadSns = (aws: Aws) => Promise.all([aws.sns(), import('@aws-sdk/client-sns')]);

/** A topic's attributes as SNS answers them: all texts. */
export async function readTopicAttributes(aws: Aws, arn: string): Promise<Fact<Attributes>> {
  return fact('sns:GetTopicAttributes', async () => {
    const [sns, { GetTopicAttributesCommand }] = await loadSns(aws);
    const command = new GetTopicAttributesCommand({ TopicArn: arn });
    const what = { action: 'sns:GetTopicAttributes', resource: arn };
    return (await aws.call((options) => sns.send(command, options), what)).Attributes ?? {};
  });
}

export function topicOf(arn: string, attributes: Attributes): Omit<TopicFacts, 'tags'> {
  return { arn, policy: attributes['Policy'], kmsKeyId: attributes['KmsMasterKeyId'] };
}

/**
 * A key by id, ARN or alias: two reads at once, but one after the other for an alias, by which a policy is not found
 * (https://docs.aws.amazon.com/kms/latest/APIReference/API_GetKeyPolicy.html).
 */
export async function readKey(aws: Aws, id: string): Promise<Fact<KeyFacts>> {
  const load = () => Promise.all([aws.kms(), import('@aws-sdk/client-kms')]);
  const describe = fact('kms:DescribeKey', async () => {
    const [kms, { DescribeKeyCommand }] = await load();
    const what = { action: 'kms:DescribeKey', resource: id };
    return (await aws.call((options) => kms.send(new DescribeKeyCommand({ KeyId: id }), options), what))
      .KeyMetadata;
  });
  const readPolicy = (keyId: string) =>
    fact('kms:GetKeyPolicy', async () => {
      const [kms, { GetKeyPolicyCommand }] = await load();
      const what = { action: 'kms:GetKeyPolicy', resource: keyId };
      return (await aws.call((options) => kms.send(new GetKeyPolicyCommand({ KeyId: keyId }), options), what))
        .Policy;
    });
  const isAlias = /(?:^|:)alias\//.test(id);
  const [key, early] = await Promise.all([describe, isAlias ? undefined : readPolicy(id)]);
  if (key.state !== 'known') return key;
  const arn = key.value.Arn ?? id;
  const policy = early ?? (await readPolicy(arn));
  return {
    state: 'known',
    value: {
      arn,
      manager: key.value.KeyManager ?? 'CUSTOMER',
      state: key.value.KeyState ?? 'Enabled',
      policy: ifKnown(policy),
    },
  };
}
