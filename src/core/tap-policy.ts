import { formatInstant } from './duration.ts';
import { tapQueueArn, tapRuleArn, type TapRecord } from './tap.ts';

/**
 * The policy of a tap's queue, JSON text: only its own rule or topic may send, and only until the tap expires, whatever became of the
 * process that opened it. AWS presents the current time with every request
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-currenttime).
 */
export function tapPolicy(record: TapRecord): string {
  const { source, expiresAt } = record;
  const [service, sourceArn] =
    source.kind === 'topic'
      ? ['sns.amazonaws.com', source.topicArn]
      : ['events.amazonaws.com', tapRuleArn(record)];
  const statement = {
    Sid: 's3evt-tap',
    Effect: 'Allow',
    Principal: { Service: service },
    Action: 'sqs:SendMessage',
    Resource: tapQueueArn(record),
    Condition: {
      ArnEquals: { 'aws:SourceArn': sourceArn },
      DateLessThan: { 'aws:CurrentTime': formatInstant(expiresAt) },
    },
  };
  return JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
}

/** Of the rule of a tap: all that S3 sends about the bucket. */
export function tapPattern(bucket: string): object {
  return { source: ['aws.s3'], detail: { bucket: { name: [bucket] } } };
}

/** Whether a rule of that pattern (JSON text) taps the bucket. */
export function tapsBucket(pattern: string | undefined, bucket: string): boolean {
  return pattern === JSON.stringify(tapPattern(bucket));
}
