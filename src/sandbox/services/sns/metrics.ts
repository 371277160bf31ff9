/** What SNS tells CloudWatch of a topic (https://docs.aws.amazon.com/sns/latest/dg/sns-monitoring-using-cloudwatch.html). */
import type { SandboxEnv } from '../../env.ts';
import type { Topic } from './store.ts';

type TopicMetric =
  | 'NumberOfMessagesPublished'
  | 'NumberOfNotificationsDelivered'
  | 'NumberOfNotificationsFailed'
  | 'NumberOfNotificationsFilteredOut'
  | 'NumberOfNotificationsFilteredOut-NoMessageAttributes'
  | 'NumberOfNotificationsRedrivenToDlq'
  | 'NumberOfNotificationsFailedToRedriveToDlq';

/** Zeros are not counted; whether AWS publishes them is UNKNOWN. */
export function countTopic(env: Pick<SandboxEnv, 'metrics'>, topic: Topic, name: TopicMetric): void {
  const dimensions = { TopicName: topic.arn.slice(topic.arn.lastIndexOf(':') + 1) };
  env.metrics.add({ region: topic.region, namespace: 'AWS/SNS', name, dimensions }, 1);
}
