/** What subscribers get: the body of a message in a queue, and the event of a function. */
import type { SandboxEnv } from '../../env.ts';
import type { MessageAttributes } from '../sqs/message-attributes.ts';
import type { Subscription, Topic } from './store.ts';

export interface Notification {
  readonly messageId: string;
  /** FIFO topics. */
  readonly sequenceNumber: string | undefined;
  readonly body: string;
  readonly subject: string | undefined;
  readonly attributes: MessageAttributes;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

interface Shared {
  readonly Signature: string;
  readonly certificateUrl: string;
  readonly unsubscribeUrl: string;
  readonly attributes: Readonly<Record<string, { Type: string; Value: string }>>;
}

/** The addresses have AWS's form, since consumers check the host; nothing is signed here, so no signature verifies. */
function shared(env: SandboxEnv, subscription: Subscription, { attributes }: Notification): Shared {
  const host = `https://sns.${subscription.region}.amazonaws.com`;
  return {
    Signature: Buffer.from(env.ids.hex(512), 'hex').toString('base64'),
    certificateUrl: `${host}/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem`,
    unsubscribeUrl: `${host}/?Action=Unsubscribe&SubscriptionArn=${subscription.arn}`,
    attributes: Object.fromEntries(
      Object.entries(attributes).map(([name, { DataType = '', StringValue = '', BinaryValue }]) => [
        name,
        { Type: DataType, Value: BinaryValue ? Buffer.from(BinaryValue).toString('base64') : StringValue },
      ]),
    ),
  };
}

/** Fields in AWS's order. Subject and MessageAttributes are there only when the message has them. */
export function queueBody(
  env: SandboxEnv,
  topic: Topic,
  subscription: Subscription,
  notification: Notification,
): string {
  const { Signature, certificateUrl, unsubscribeUrl, attributes } = shared(env, subscription, notification);
  return JSON.stringify({
    Type: 'Notification',
    MessageId: notification.messageId,
    SequenceNumber: notification.sequenceNumber,
    TopicArn: topic.arn,
    Subject: notification.subject,
    Message: notification.body,
    Timestamp: new Date(notification.time).toISOString(),
    SignatureVersion: topic.attributes.get('SignatureVersion') ?? '1',
    Signature,
    SigningCertURL: certificateUrl,
    UnsubscribeURL: unsubscribeUrl,
    ...(Object.keys(attributes).length > 0 && { MessageAttributes: attributes }),
  });
}

/** Here the names end in `Url`, the attributes are always there, and a missing subject is null. */
export function functionEvent(
  env: SandboxEnv,
  topic: Topic,
  subscription: Subscription,
  notification: Notification,
): string {
  const { Signature, certificateUrl, unsubscribeUrl, attributes } = shared(env, subscription, notification);
  return JSON.stringify({
    Records: [
      {
        EventSource: 'aws:sns',
        EventVersion: '1.0',
        EventSubscriptionArn: subscription.arn,
        Sns: {
          Type: 'Notification',
          MessageId: notification.messageId,
          TopicArn: topic.arn,
          Subject: notification.subject ?? null,
          Message: notification.body,
          Timestamp: new Date(notification.time).toISOString(),
          SignatureVersion: topic.attributes.get('SignatureVersion') ?? '1',
          Signature,
          SigningCertUrl: certificateUrl,
          UnsubscribeUrl: unsubscribeUrl,
          MessageAttributes: attributes,
        },
      },
    ],
  });
}
