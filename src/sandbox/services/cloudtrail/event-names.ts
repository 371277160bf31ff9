/**
 * Which requests CloudTrail records as management events, and under which names. Only those that change something: AWS's event
 * history has the reads of a few services too (`ReadOnly`), and none of the calls that send, publish or invoke.
 */
import type { ServiceId } from '../../wire/schema.ts';

/** By operation of the SDK. */
type Names = Readonly<Record<string, string>>;

const same = (...operations: readonly string[]): Names =>
  Object.fromEntries(operations.map((operation) => [operation, operation]));

export const EVENT_NAMES: Readonly<Partial<Record<ServiceId, Names>>> = {
  // https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html, bucket-level actions
  s3: {
    ...same(
      'CreateBucket',
      'DeleteBucket',
      'DeleteBucketLifecycle',
      'DeleteBucketOwnershipControls',
      'DeleteBucketPolicy',
      'DeleteBucketTagging',
      'PutBucketOwnershipControls',
      'PutBucketPolicy',
      'PutBucketTagging',
      'PutBucketVersioning',
    ),
    DeletePublicAccessBlock: 'DeleteBucketPublicAccessBlock',
    PutBucketLifecycleConfiguration: 'PutBucketLifecycle',
    PutBucketNotificationConfiguration: 'PutBucketNotification',
    PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
    PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
  },
  // https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html; what is not on that list is left out.
  lambda: {
    ...same('PutFunctionEventInvokeConfig', 'UpdateFunctionEventInvokeConfig'),
    AddPermission: 'AddPermission20150331v2',
    CreateAlias: 'CreateAlias20150331',
    CreateEventSourceMapping: 'CreateEventSourceMapping20150331',
    CreateFunction: 'CreateFunction20150331',
    DeleteAlias: 'DeleteAlias20150331',
    DeleteEventSourceMapping: 'DeleteEventSourceMapping20150331',
    DeleteFunction: 'DeleteFunction20150331',
    DeleteFunctionConcurrency: 'DeleteFunctionConcurrency20171031',
    PublishVersion: 'PublishVersion20150331',
    PutFunctionConcurrency: 'PutFunctionConcurrency20171031',
    RemovePermission: 'RemovePermission20150331v2',
    TagResource: 'TagResource20170331v2',
    UntagResource: 'UntagResource20170331v2',
    UpdateAlias: 'UpdateAlias20150331',
    UpdateEventSourceMapping: 'UpdateEventSourceMapping20150331',
    UpdateFunctionCode: 'UpdateFunctionCode20150331v2',
    UpdateFunctionConfiguration: 'UpdateFunctionConfiguration20150331v2',
  },
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-logging-using-cloudtrail.html
  sqs: same(
    'AddPermission',
    'CancelMessageMoveTask',
    'CreateQueue',
    'DeleteQueue',
    'PurgeQueue',
    'RemovePermission',
    'SetQueueAttributes',
    'StartMessageMoveTask',
    'TagQueue',
    'UntagQueue',
  ),
  // https://docs.aws.amazon.com/sns/latest/dg/logging-using-cloudtrail.html
  sns: same(
    'AddPermission',
    'ConfirmSubscription',
    'CreateTopic',
    'DeleteTopic',
    'RemovePermission',
    'SetSubscriptionAttributes',
    'SetTopicAttributes',
    'Subscribe',
    'TagResource',
    'Unsubscribe',
    'UntagResource',
  ),
  // https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-logging-monitoring.html
  events: same(
    'CreateEventBus',
    'DeleteEventBus',
    'DeleteRule',
    'DisableRule',
    'EnableRule',
    'PutPermission',
    'PutRule',
    'PutTargets',
    'RemovePermission',
    'RemoveTargets',
    'TagResource',
    'UntagResource',
  ),
  // https://docs.aws.amazon.com/kms/latest/developerguide/logging-using-cloudtrail.html; its cryptographic calls, which are
  // management events too, are left out.
  kms: same(
    'CancelKeyDeletion',
    'CreateAlias',
    'CreateKey',
    'DeleteAlias',
    'DisableKey',
    'EnableKey',
    'PutKeyPolicy',
    'ScheduleKeyDeletion',
    'TagResource',
    'UntagResource',
    'UpdateAlias',
    'UpdateKeyDescription',
  ),
  // https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html
  iam: same(
    'AttachRolePolicy',
    'CreatePolicy',
    'CreatePolicyVersion',
    'CreateRole',
    'DeletePolicy',
    'DeletePolicyVersion',
    'DeleteRole',
    'DeleteRolePolicy',
    'DetachRolePolicy',
    'PutRolePolicy',
    'TagRole',
    'UntagRole',
    'UpdateAssumeRolePolicy',
    'UpdateRole',
  ),
  // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/logging_cw_api_calls.html
  logs: same(
    'CreateLogGroup',
    'DeleteLogGroup',
    'DeleteLogStream',
    'DeleteRetentionPolicy',
    'PutResourcePolicy',
    'PutRetentionPolicy',
  ),
};
