/** Subscriptions. Queues and functions of the account are confirmed at once, all others by ConfirmSubscription. */
import type * as Client from '@aws-sdk/client-sns';
import { parseArn } from '../../../core/arn.ts';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers } from '../../wire/types.ts';
import { invalidParameter } from './errors.ts';
import { checkArn, pageOf, type SnsStore, type Subscription, type Topic } from './store.ts';
import { setAttributes } from './subscription-attributes.ts';

/** What SNS would send to an endpoint that has to confirm; the sandbox sends nothing to the outside. */
export interface ConfirmationRequest {
  readonly topicArn: string;
  readonly protocol: string;
  readonly endpoint: string;
  readonly token: string;
}

const PROTOCOLS = ['http', 'https', 'email', 'email-json', 'sms', 'sqs', 'application', 'lambda', 'firehose'];

function checkEndpoint(topic: Topic, protocol: string, endpoint: string): void {
  if (!PROTOCOLS.includes(protocol)) {
    throw invalidParameter(`Amazon SNS does not support this protocol string: ${protocol}`);
  }
  // Text second-hand.
  if (endpoint === '') throw new AwsError('NotFound', 'Endpoint not specified in subscription');
  if (protocol === 'sqs' && parseArn(endpoint)?.service !== 'sqs') throw invalidParameter('SQS endpoint ARN');
  if (protocol === 'lambda' && parseArn(endpoint)?.service !== 'lambda') {
    // Text UNKNOWN, by analogy.
    throw invalidParameter('Lambda endpoint ARN');
  }
  if (/^https?$/.test(protocol) && !endpoint.startsWith(`${protocol}://`)) {
    throw invalidParameter('Endpoint must match the specified protocol');
  }
  if (!topic.isFifo && endpoint.endsWith('.fifo')) {
    throw invalidParameter(
      'Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics',
    );
  }
  // Text UNKNOWN. https://docs.aws.amazon.com/sns/latest/dg/fifo-message-delivery.html: queues only.
  if (topic.isFifo && protocol !== 'sqs') throw invalidParameter(`Invalid protocol type: ${protocol}`);
}

function listed(env: SandboxEnv, subscription: Subscription): Client.Subscription {
  return {
    SubscriptionArn: subscription.isConfirmed ? subscription.arn : 'PendingConfirmation',
    Owner: env.account,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: subscription.topicArn,
  };
}

export function subscriptionHandlers(
  env: SandboxEnv,
  store: SnsStore,
  onConfirmationRequest: (request: ConfirmationRequest) => void,
): Handlers<typeof Client> {
  const answer = (subscription: Subscription, returnArn: boolean | undefined) => ({
    SubscriptionArn:
      subscription.isConfirmed || returnArn === true ? subscription.arn : 'pending confirmation',
  });

  return {
    Subscribe(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const { Protocol: protocol = '', Endpoint: endpoint = '' } = input;
      checkEndpoint(topic, protocol, endpoint);
      const given = (input.Attributes ?? {}) as Readonly<Record<string, string>>;
      const subscription: Subscription = {
        arn: `${topic.arn}:${env.ids.uuid()}`,
        topicArn: topic.arn,
        region: topic.region,
        protocol,
        endpoint,
        attributes: new Map(),
        token: env.ids.hex(288),
        // The owner of an endpoint in another account has to agree.
        isConfirmed:
          (protocol === 'sqs' || protocol === 'lambda') && parseArn(endpoint)?.account === ctx.account,
        filter: undefined,
      };
      setAttributes(subscription, given, 'Subscribe');

      const existing = store
        .subscriptionsOf(topic)
        .find((other) => other.protocol === protocol && other.endpoint === endpoint);
      if (existing) {
        const differs = [...subscription.attributes].some(
          ([name, value]) => existing.attributes.get(name) !== value,
        );
        if (differs) {
          throw invalidParameter('Attributes Reason: Subscription already exists with different attributes');
        }
        return answer(existing, input.ReturnSubscriptionArn);
      }
      store.subscriptions.set(subscription.arn, subscription);
      if (!subscription.isConfirmed) {
        onConfirmationRequest({ topicArn: topic.arn, protocol, endpoint, token: subscription.token });
      }
      return answer(subscription, input.ReturnSubscriptionArn);
    },

    ConfirmSubscription(input, ctx) {
      const topic = store.requireTopic(ctx, input.TopicArn);
      const subscription = store.subscriptionsOf(topic).find(({ token }) => token === input.Token);
      if (!subscription) throw invalidParameter('Token');
      subscription.isConfirmed = true;
      return { SubscriptionArn: subscription.arn };
    },

    /** Also succeeds for a subscription that is gone. */
    Unsubscribe(input) {
      const arn = input.SubscriptionArn;
      checkArn(arn, 'SubscriptionArn');
      if (arn?.split(':').length === 6) throw invalidParameter('SubscriptionId');
      const subscription = store.subscriptions.get(arn ?? '');
      if (!subscription) return;
      store.subscriptions.delete(subscription.arn);
      const topic = store.topics.get(subscription.topicArn);
      if (topic) topic.deletedSubscriptions++;
    },

    ListSubscriptions(input, ctx) {
      const all = [...store.subscriptions.values()].filter(({ region }) => region === ctx.region);
      const { page, paging } = pageOf(env, 'ListSubscriptions', all, ({ arn }) => arn, input.NextToken);
      return { Subscriptions: page.map((item) => listed(env, item)), ...paging };
    },

    ListSubscriptionsByTopic(input, ctx) {
      const all = store.subscriptionsOf(store.requireTopic(ctx, input.TopicArn));
      const { page, paging } = pageOf(
        env,
        'ListSubscriptionsByTopic',
        all,
        ({ arn }) => arn,
        input.NextToken,
      );
      return { Subscriptions: page.map((item) => listed(env, item)), ...paging };
    },

    GetSubscriptionAttributes(input, ctx) {
      const subscription = store.requireSubscription(ctx, input.SubscriptionArn);
      const { attributes } = subscription;
      return {
        Attributes: {
          SubscriptionPrincipal: `arn:aws:iam::${env.account}:root`,
          Owner: env.account,
          RawMessageDelivery: 'false',
          TopicArn: subscription.topicArn,
          Endpoint: subscription.endpoint,
          Protocol: subscription.protocol,
          PendingConfirmation: String(!subscription.isConfirmed),
          ConfirmationWasAuthenticated: String(subscription.isConfirmed),
          SubscriptionArn: subscription.arn,
          // Recorded: the scope shows only beside a policy.
          ...Object.fromEntries([...attributes].filter(([name]) => name !== 'FilterPolicyScope')),
          ...(attributes.has('FilterPolicy') && {
            FilterPolicyScope: attributes.get('FilterPolicyScope') ?? 'MessageAttributes',
          }),
        },
      };
    },

    SetSubscriptionAttributes(input, ctx) {
      const subscription = store.requireSubscription(ctx, input.SubscriptionArn);
      const given = { [input.AttributeName ?? '']: input.AttributeValue ?? '' };
      setAttributes(subscription, given, 'SetSubscriptionAttributes');
    },
  };
}
