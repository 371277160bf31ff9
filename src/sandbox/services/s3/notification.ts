import type { NotificationRule } from '../../delivery/deliver.ts';
import type { EventSource } from '../../delivery/destinations.ts';
import { bucketArn } from '../../../core/arn.ts';
import { AwsError } from '../../wire/types.ts';
import { eventBucket, eventRequest, openBucket, type S3Context, type S3Handlers } from './context.ts';
import { replaceNotification } from './notification-propagation.ts';
import { unableToValidate, validateNotification } from './notification-validation.ts';

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketNotificationConfiguration.html */
export function notificationHandlers(s3: S3Context): S3Handlers {
  return {
    async PutBucketNotificationConfiguration(input, ctx) {
      const bucket = openBucket(s3, ctx, input);
      if (!input.NotificationConfiguration) {
        throw new AwsError('MissingRequestBodyError', 'Request Body is empty', { status: 400 });
      }
      const notification = validateNotification(input.NotificationConfiguration, {
        region: bucket.region,
        // The assigned form: base64 of a UUID's text, 48 characters.
        newId: () => Buffer.from(s3.env.ids.uuid()).toString('base64'),
      });
      const validate = input.SkipDestinationValidation !== true;
      if (validate) {
        const source = {
          bucketArn: bucketArn('aws', bucket.name),
          account: bucket.account,
          region: bucket.region,
        };
        checkDestinations(s3, notification.rules, source);
      }
      bucket.notification = replaceNotification(
        bucket.notification,
        notification,
        s3.env.clock.now(),
        s3.faults?.propagation('notification-propagation', 0) ?? 0,
      );
      if (validate) {
        await s3.events.sendTestEvents(eventBucket(bucket), notification.rules, eventRequest(ctx));
      }
      return {};
    },

    GetBucketNotificationConfiguration(input, ctx) {
      return openBucket(s3, ctx, input).notification.document;
    },
  };
}

/** Asks all destinations, also those of old and unchanged configurations: one stale entry refuses the whole document. */
function checkDestinations(s3: S3Context, rules: readonly NotificationRule[], source: EventSource): void {
  const problems = new Map<string, { name: string; value: string }>();
  for (const { service, arn } of rules) {
    const destination = s3.destinations[service];
    const problem = destination ? destination.check(arn, source) : missing(service, arn);
    if (problem) problems.set(arn, problem);
  }
  if (problems.size > 0) throw unableToValidate([...problems.values()]);
}

function missing(service: NotificationRule['service'], arn: string): { name: string; value: string } {
  switch (service) {
    case 'lambda':
      return { name: `${arn}, null`, value: `Not authorized to invoke function [${arn}]` };
    case 'sqs':
      return { name: arn, value: 'The destination queue does not exist' };
    case 'sns':
      // S3 looks at the permission first, and a topic that does not exist permits nothing.
      return {
        name: arn,
        value:
          'Permissions on the destination topic do not allow S3 to publish notifications from this bucket',
      };
  }
}
