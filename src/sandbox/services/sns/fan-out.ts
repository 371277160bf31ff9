/** One message of a topic to all of its subscribers. */
import type { SandboxEnv } from '../../env.ts';
import type { SqsService } from '../sqs/service.ts';
import { functionEvent, queueBody, type Notification } from './envelope.ts';
import { passesFilter } from './filter-match.ts';
import { countTopic } from './metrics.ts';
import type { SnsStore, Subscription, Topic } from './store.ts';
import { deadLetterTarget } from './subscription-attributes.ts';

const SNS = 'sns.amazonaws.com';

interface Caller {
  readonly service: string;
  readonly sourceArn: string;
  readonly sourceAccount: string;
}

/** Lambda as SNS calls it: asynchronous, checked against the function's policy. */
export interface FunctionInvoker {
  invokeAsync(
    functionArn: string,
    payload: string,
    from: Caller,
    options?: { readonly traceHeader?: string | undefined },
  ): { readonly refused: string } | undefined;
}

/** A message that a subscriber did not take, and that no dead-letter queue took either: it is lost without a trace. */
export interface RefusedDelivery {
  readonly topicArn: string;
  readonly subscriptionArn: string;
  readonly endpoint: string;
  readonly messageId: string;
  readonly reason: string;
  /** Whether the subscription's dead-letter queue has it. */
  readonly deadLettered: boolean;
}

export interface SnsDeps {
  readonly sqs: Pick<SqsService, 'send'>;
  /** Without it no function takes a message. */
  readonly lambda?: FunctionInvoker;
  readonly onRefused?: (delivery: RefusedDelivery) => void;
}

export interface OutgoingMessage extends Notification {
  /** Message structure `json`: texts for single protocols. */
  readonly bodies: Readonly<Record<string, string>>;
  readonly groupId: string | undefined;
  readonly deduplicationId: string | undefined;
  readonly traceHeader: string | undefined;
}

export function fanOut(
  env: SandboxEnv,
  store: SnsStore,
  deps: SnsDeps,
  topic: Topic,
  message: OutgoingMessage,
): void {
  for (const subscription of store.subscriptionsOf(topic)) {
    if (!subscription.isConfirmed) continue;
    const own = { ...message, body: message.bodies[subscription.protocol] ?? message.body };
    if (subscription.filter && !passesFilter(subscription.filter, own)) {
      countTopic(env, topic, 'NumberOfNotificationsFilteredOut');
      const hasNone = Object.keys(own.attributes).length === 0;
      if (hasNone && subscription.filter.scope === 'MessageAttributes')
        countTopic(env, topic, 'NumberOfNotificationsFilteredOut-NoMessageAttributes');
      continue;
    }
    const reason = deliver(env, deps, topic, subscription, own);
    countTopic(env, topic, `NumberOfNotifications${reason === undefined ? 'Delivered' : 'Failed'}`);
    record(env, topic, subscription.endpoint, reason);
    if (reason === undefined) continue;
    const target = deadLetterTarget(subscription.attributes.get('RedrivePolicy') ?? '');
    const lost = target === undefined ? undefined : sendToQueue(env, deps, topic, subscription, own, target);
    if (target !== undefined) {
      record(env, topic, target, lost);
      countTopic(
        env,
        topic,
        `NumberOfNotifications${lost === undefined ? 'RedrivenToDlq' : 'FailedToRedriveToDlq'}`,
      );
    }
    const deadLettered = target !== undefined && lost === undefined;
    deps.onRefused?.({
      topicArn: topic.arn,
      subscriptionArn: subscription.arn,
      endpoint: subscription.endpoint,
      messageId: message.messageId,
      reason,
      deadLettered,
    });
  }
}

function deliver(
  env: SandboxEnv,
  deps: SnsDeps,
  topic: Topic,
  subscription: Subscription,
  message: OutgoingMessage,
): string | undefined {
  const { protocol, endpoint } = subscription;
  if (protocol === 'sqs') return sendToQueue(env, deps, topic, subscription, message, endpoint);
  if (protocol === 'lambda') {
    if (!deps.lambda) return 'there is no Lambda to invoke';
    const event = functionEvent(env, topic, subscription, message);
    const { traceHeader } = message;
    return deps.lambda.invokeAsync(endpoint, event, callerFor(env, topic), { traceHeader })?.refused;
  }
  return `the sandbox does not deliver by ${protocol}`;
}

/** A dead-letter queue gets what the subscriber would have got. */
function sendToQueue(
  env: SandboxEnv,
  deps: SnsDeps,
  topic: Topic,
  subscription: Subscription,
  message: OutgoingMessage,
  queueArn: string,
): string | undefined {
  const isRaw = subscription.attributes.get('RawMessageDelivery') === 'true';
  const body = isRaw ? message.body : queueBody(env, topic, subscription, message);
  return deps.sqs.send(queueArn, body, {
    from: callerFor(env, topic),
    // Only raw messages carry them outside of the body.
    ...(isRaw && { attributes: message.attributes }),
    groupId: message.groupId,
    deduplicationId: queueArn.endsWith('.fifo') ? message.deduplicationId : undefined,
    traceHeader: message.traceHeader,
  })?.refused;
}

function record(env: SandboxEnv, topic: Topic, destination: string, reason: string | undefined): void {
  env.journal.record({
    type: 'delivery',
    via: 'sns',
    // The type that the envelope gives it; what is inside is the publisher's.
    eventName: 'Notification',
    configurationId: topic.arn,
    destination,
    ...(reason === undefined ? { outcome: 'delivered' } : { outcome: 'refused', reason }),
  });
}

function callerFor(env: SandboxEnv, topic: Topic): Caller {
  return { service: SNS, sourceArn: topic.arn, sourceAccount: env.account };
}
