/** CloudWatch and CloudTrail. */
import type { Permissions } from '../permission.ts';

/**
 * Actions of CloudWatch that read or put metric data know no resource
 * (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html).
 */
export const cloudWatchPermissions: Permissions = (operation, input) => {
  const namespace = input['Namespace'];
  const context = typeof namespace === 'string' ? { 'cloudwatch:namespace': namespace } : undefined;
  const isPut = operation === 'PutMetricData';
  return [{ action: `cloudwatch:${operation}`, resource: '*', ...(isPut && context && { context }) }];
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscloudtrail.html: LookupEvents knows no resource. */
export const cloudTrailPermissions: Permissions = (operation) => [
  { action: `cloudtrail:${operation}`, resource: '*' },
];
