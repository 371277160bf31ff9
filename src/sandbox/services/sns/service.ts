/** SNS of the sandbox: topics that hand messages to queues and functions. */
import type * as Client from '@aws-sdk/client-sns';
import type { Destination } from '../../delivery/destinations.ts';
import type { SandboxEnv } from '../../env.ts';
import { AwsError, type Handlers } from '../../wire/types.ts';
import { MESSAGE_ACTIONS, type KmsGate } from '../kms/gate.ts';
import { deniesRole, policyRefusal, s3Caller, type ServiceCaller } from '../service-access.ts';
import type { MessageAttributes } from '../sqs/message-attributes.ts';
import type { SnsDeps } from './fan-out.ts';
import { checkPublish } from './message.ts';
import { createPublish, publishHandlers } from './publish.ts';
import { createSnsStore, type Topic } from './store.ts';
import { subscriptionHandlers, type ConfirmationRequest } from './subscriptions.ts';
import { topicHandlers } from './topics.ts';

export interface SnsServiceDeps extends SnsDeps {
  /** Without it a topic with a key of KMS admits no service. */
  readonly kms?: KmsGate;
  readonly onConfirmationRequest?: (request: ConfirmationRequest) => void;
}

export interface PublishOptions {
  /**
   * A service by itself, or a service with a role of the topic's account (Lambda's destinations). What the role may do is its
   * own policies' business, so of the topic's policy only a Deny counts.
   */
  readonly from: ServiceCaller | { readonly roleArn: string };
  readonly subject?: string | undefined;
  readonly attributes?: MessageAttributes | undefined;
  readonly traceHeader?: string | undefined;
  /** FIFO topics require it. */
  readonly groupId?: string | undefined;
}

export interface SnsService {
  readonly handlers: Handlers<typeof Client>;
  /** For S3. */
  readonly destination: Destination;
  /** For other services: checked against the topic's policy and its key. Synchronous. */
  publish(
    topicArn: string,
    message: string,
    options: PublishOptions,
  ): { readonly refused: string } | undefined;
  /** The topic's policy, JSON text. */
  policyOf(topicArn: string): string | undefined;
  /** The key of KMS that encrypts the topic, as the topic names it. */
  keyOf(topicArn: string): string | undefined;
  /** Whether there is a topic with this ARN. */
  exists(topicArn: string): boolean;
  /** Forgets all topics and subscriptions. */
  reset(): void;
}

const SUBJECT = 'Amazon S3 Notification';

export function createSnsService(env: SandboxEnv, deps: SnsServiceDeps): SnsService {
  const store = createSnsStore();
  const publishToTopic = createPublish(env, store, deps);

  const refusalOf = (topic: Topic, from: PublishOptions['from']): string | undefined => {
    if ('roleArn' in from) return roleRefusal(topic, from.roleArn, deps.kms);
    const policy = topic.attributes.get('Policy');
    const refused = policyRefusal(policy, from, 'sns:Publish', topic.arn, env.clock.now());
    if (refused !== undefined) return `the topic does not admit ${from.service}: ${refused}`;
    const key = topic.attributes.get('KmsMasterKeyId');
    if (key === undefined) return undefined;
    const use = { ...from, actions: MESSAGE_ACTIONS, region: topic.region };
    const mayUseKey = deps.kms?.allows(key, use) ?? false;
    return mayUseKey ? undefined : `the key ${key} of the topic does not admit ${from.service}`;
  };

  const publish: SnsService['publish'] = (topicArn, message, options) => {
    const topic = store.topics.get(topicArn);
    if (!topic) return { refused: 'Topic does not exist' };
    const refused = refusalOf(topic, options.from);
    if (refused !== undefined) return { refused };
    const input = {
      Message: message,
      Subject: options.subject,
      MessageAttributes: options.attributes,
      MessageGroupId: options.groupId,
    };
    try {
      checkPublish(topic, input);
    } catch (error) {
      if (error instanceof AwsError) return { refused: error.message };
      throw error;
    }
    publishToTopic(topic, input, options.traceHeader);
    return undefined;
  };

  return {
    handlers: {
      ...topicHandlers(env, store),
      ...subscriptionHandlers(env, store, deps.onConfirmationRequest ?? (() => undefined)),
      ...publishHandlers(store, publishToTopic),
    },
    destination: {
      /** S3 asks for the permission first, and a topic that does not exist gives none. */
      check(arn, source) {
        const topic = store.topics.get(arn);
        if (topic && refusalOf(topic, s3Caller(source)) === undefined) return undefined;
        return {
          name: arn,
          value:
            'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
        };
      },
      deliver: (arn, message, source) =>
        Promise.resolve(
          publish(arn, message, {
            from: s3Caller(source),
            subject: SUBJECT,
            traceHeader: source.traceHeader,
          }),
        ),
    },
    publish,
    policyOf: (topicArn) => store.topics.get(topicArn)?.attributes.get('Policy'),
    keyOf: (topicArn) => store.topics.get(topicArn)?.attributes.get('KmsMasterKeyId'),
    exists: (topicArn) => store.topics.has(topicArn),
    reset: () => store.reset(),
  };
}

function roleRefusal(topic: Topic, roleArn: string, kms: KmsGate | undefined): string | undefined {
  const policy = topic.attributes.get('Policy');
  if (deniesRole(policy, roleArn, 'sns:Publish', topic.arn)) return 'the topic policy denies it';
  const key = topic.attributes.get('KmsMasterKeyId');
  const use = { roleArn, via: 'sns', actions: MESSAGE_ACTIONS, region: topic.region } as const;
  if (key === undefined || kms?.allows(key, use)) return undefined;
  return `the key ${key} of the topic does not admit ${roleArn}`;
}
