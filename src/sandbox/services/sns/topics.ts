/** Topics: creation, attributes, permissions, tags. */
import type * as Client from '@aws-sdk/client-sns';
import { parsePolicy } from '../../../core/policy-document.ts';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers, type RequestContext } from '../../wire/types.ts';
import { checkArn, pageOf, type SnsStore, type Topic } from './store.ts';
import { invalidParameter, resourceNotFound } from './errors.ts';

/** https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html */
const SETTABLE =
  /^(?:DeliveryPolicy|DisplayName|Policy|TracingConfig|KmsMasterKeyId|SignatureVersion|ArchivePolicy|ContentBasedDeduplication|FifoThroughputScope|(?:Application|HTTP|Firehose|Lambda|SQS)(?:Success|Failure)Feedback(?:RoleArn|SampleRate))$/;
const FIFO_ONLY = ['ContentBasedDeduplication', 'FifoThroughputScope', 'ArchivePolicy'];
const MAX_TAGS = 50;

/** What a new topic has: callers of the account only, so neither S3 nor EventBridge. */
function defaultPolicy(arn: string, account: string): string {
  const actions = [
    'GetTopicAttributes',
    'SetTopicAttributes',
    'AddPermission',
    'RemovePermission',
    'DeleteTopic',
    'Subscribe',
    'ListSubscriptionsByTopic',
    'Publish',
  ];
  return JSON.stringify({
    Version: '2008-10-17',
    Id: '__default_policy_ID',
    Statement: [
      {
        Sid: '__default_statement_ID',
        Effect: 'Allow',
        Principal: { AWS: '*' },
        Action: actions.map((action) => `SNS:${action}`),
        Resource: arn,
        Condition: { StringEquals: { 'AWS:SourceOwner': account } },
      },
    ],
  });
}

const DELIVERY_POLICY = JSON.stringify({
  http: {
    defaultHealthyRetryPolicy: {
      minDelayTarget: 20,
      maxDelayTarget: 20,
      numRetries: 3,
      numMaxDelayRetries: 0,
      numNoDelayRetries: 0,
      numMinDelayRetries: 0,
      backoffFunction: 'linear',
    },
    disableSubscriptionOverrides: false,
    defaultRequestPolicy: { headerContentType: 'text/plain; charset=UTF-8' },
  },
});

function checkAttribute(name: string, value: string, isFifo: boolean): void {
  if (!SETTABLE.test(name) || (!isFifo && FIFO_ONLY.includes(name))) throw invalidParameter('AttributeName');
  const isBad =
    (name === 'ContentBasedDeduplication' && !['true', 'false'].includes(value)) ||
    (name === 'SignatureVersion' && !['1', '2'].includes(value)) ||
    (name === 'DisplayName' && value.length > 100);
  if (isBad) throw invalidParameter(name);
  if (name === 'Policy' && value !== '' && !parsePolicy(value)) throw invalidParameter('Policy Error: null');
}

interface Statement {
  readonly Sid?: string;
}

interface Policy {
  readonly Statement: readonly Statement[];
}

function policyOf(topic: Topic): Policy {
  const policy = JSON.parse(topic.attributes.get('Policy') ?? '{}') as {
    Statement?: Statement | Statement[];
  };
  return { ...policy, Statement: [policy.Statement ?? []].flat() };
}

const single = <T>(list: readonly T[]): T | readonly T[] => (list.length === 1 && list[0] ? list[0] : list);

export function topicHandlers(env: SandboxEnv, store: SnsStore): Handlers<typeof Client> {
  const tagged = (ctx: RequestContext, arn: string | undefined): Topic => {
    checkArn(arn, 'ResourceArn');
    const topic = store.topics.get(arn ?? '');
    if (topic?.region !== ctx.region) throw resourceNotFound();
    return topic;
  };
  const addTags = (target: Map<string, string>, tags: readonly Client.Tag[] | undefined): void => {
    const keys = (tags ?? []).map(({ Key }) => Key ?? '');
    if (new Set(keys).size < keys.length) throw invalidParameter('Duplicated keys are not allowed.');
    if (new Set([...target.keys(), ...keys]).size > MAX_TAGS) {
      throw new AwsError(
        'TagLimitExceeded',
        'Could not complete request: tag quota of per resource exceeded',
      );
    }
    for (const { Key, Value } of tags ?? []) target.set(Key ?? '', Value ?? '');
  };

  return {
    CreateTopic(input, ctx) {
      const { FifoTopic, ...given } = (input.Attributes ?? {}) as Readonly<Record<string, string>>;
      const isFifo = FifoTopic === 'true';
      const name = input.Name ?? '';
      if (isFifo && !/^[A-Za-z0-9_-]{1,251}\.fifo$/.test(name)) {
        throw invalidParameter(
          'Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.',
        );
      }
      if (!isFifo && !/^[A-Za-z0-9_-]{1,256}$/.test(name)) throw invalidParameter('Topic Name');
      const arn = `arn:aws:sns:${ctx.region}:${env.account}:${name}`;
      const existing = store.topics.get(arn);
      if (existing) {
        if (Object.entries(given).some(([key, value]) => existing.attributes.get(key) !== value)) {
          throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
        }
        if ((input.Tags ?? []).some(({ Key, Value }) => existing.tags.get(Key ?? '') !== Value)) {
          throw invalidParameter('Tags Reason: Topic already exists with different tags');
        }
        return { TopicArn: arn };
      }
      for (const [key, value] of Object.entries(given)) checkAttribute(key, value, isFifo);
      const tags = new Map<string, string>();
      addTags(tags, input.Tags);
      store.topics.set(arn, {
        arn,
        name,
        region: ctx.region,
        isFifo,
        attributes: new Map([
          ['Policy', defaultPolicy(arn, env.account)],
          ['DisplayName', ''],
          ...(isFifo ? [['ContentBasedDeduplication', 'false'] as const] : []),
          ...Object.entries(given),
        ]),
        tags,
        recentlyPublished: new Map(),
        deletedSubscriptions: 0,
      });
      return { TopicArn: arn };
    },

    /** Also succeeds for a topic that does not exist. */
    DeleteTopic(input, ctx) {
      checkArn(input.TopicArn, 'TopicArn');
      if (input.TopicArn?.split(':')[3] !== ctx.region) throw invalidParameter('TopicArn');
      const topic = store.topics.get(input.TopicArn);
      if (!topic) return;
      for (const { arn } of store.subscriptionsOf(topic)) store.subscriptions.delete(arn);
      store.topics.delete(topic.arn);
    },

    ListTopics(input, ctx) {
      const topics = [...store.topics.values()].filter(({ region }) => region === ctx.region);
      const { page, paging } = pageOf(env, 'ListTopics', topics, ({ arn }) => arn, input.NextToken);
      return { Topics: page.map(({ arn }) => ({ TopicArn: arn })), ...paging };
    },

    GetTopicAttributes(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const subscriptions = store.subscriptionsOf(topic);
      const confirmed = subscriptions.filter(({ isConfirmed }) => isConfirmed).length;
      return {
        Attributes: {
          ...Object.fromEntries(topic.attributes),
          Owner: env.account,
          SubscriptionsPending: String(subscriptions.length - confirmed),
          TopicArn: topic.arn,
          EffectiveDeliveryPolicy: topic.attributes.get('DeliveryPolicy') ?? DELIVERY_POLICY,
          SubscriptionsConfirmed: String(confirmed),
          ...(topic.isFifo && { FifoTopic: 'true' }),
          SubscriptionsDeleted: String(topic.deletedSubscriptions),
        },
      };
    },

    SetTopicAttributes(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const { AttributeName: name = '', AttributeValue: value = '' } = input;
      checkAttribute(name, value, topic.isFifo);
      if (value !== '' || name === 'DisplayName') topic.attributes.set(name, value);
      else if (name === 'Policy') topic.attributes.set(name, defaultPolicy(topic.arn, env.account));
      else topic.attributes.delete(name);
    },

    AddPermission(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const policy = policyOf(topic);
      // Text second-hand.
      if (policy.Statement.some(({ Sid }) => Sid === input.Label))
        throw invalidParameter('Statement already exists');
      const statement = {
        Sid: input.Label,
        Effect: 'Allow',
        Principal: { AWS: single((input.AWSAccountId ?? []).map((id) => `arn:aws:iam::${id}:root`)) },
        Action: single((input.ActionName ?? []).map((action) => `SNS:${action}`)),
        Resource: topic.arn,
      };
      topic.attributes.set(
        'Policy',
        JSON.stringify({ ...policy, Statement: [...policy.Statement, statement] }),
      );
    },

    RemovePermission(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const policy = policyOf(topic);
      const left = policy.Statement.filter(({ Sid }) => Sid !== input.Label);
      topic.attributes.set('Policy', JSON.stringify({ ...policy, Statement: left }));
    },

    TagResource(input, ctx) {
      addTags(tagged(ctx, input.ResourceArn).tags, input.Tags);
      return {};
    },

    UntagResource(input, ctx) {
      const { tags } = tagged(ctx, input.ResourceArn);
      for (const key of input.TagKeys ?? []) tags.delete(key);
      return {};
    },

    ListTagsForResource(input, ctx) {
      const { tags } = tagged(ctx, input.ResourceArn);
      return { Tags: [...tags].map(([Key, Value]) => ({ Key, Value })) };
    },
  };
}
