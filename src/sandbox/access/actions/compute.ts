/** Lambda, CloudWatch Logs and KMS. */
import { functionArn, parseFunctionReference } from '../../../core/arn.ts';
import { firstText, list, text, type Input, type Permissions, type Place } from '../permission.ts';
import { passedRole } from './messaging.ts';

/** Actions that are not named like their operation. */
const LAMBDA_ACTIONS: Readonly<Record<string, string>> = {
  Invoke: 'InvokeFunction',
  InvokeWithResponseStream: 'InvokeFunction',
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html */
export const lambdaPermissions: Permissions = (operation, input, { region, account }) => {
  const action = `lambda:${LAMBDA_ACTIONS[operation] ?? operation}`;
  const tagged = text(input, 'Resource');
  if (tagged !== undefined) return [{ action, resource: tagged }];
  const mapping = text(input, 'UUID');
  if (mapping !== undefined) {
    return [{ action, resource: `arn:aws:lambda:${region}:${account}:event-source-mapping:${mapping}` }];
  }
  const reference = parseFunctionReference(text(input, 'FunctionName') ?? '');
  // A mapping that does not exist yet has no ARN; the function is a condition key of these actions, not their resource.
  if (!reference || operation.endsWith('EventSourceMapping') || operation.endsWith('EventSourceMappings'))
    return [{ action, resource: '*' }];
  const arn = functionArn('aws', reference.region ?? region, reference.account ?? account, reference.name);
  const qualifier = text(input, 'Qualifier') ?? reference.qualifier;
  const resource = qualifier === undefined ? arn : `${arn}:${qualifier}`;
  return [{ action, resource }, ...passedRole(input, 'Role')];
};

/**
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html. A group's ARN is compared
 * with `:log-stream:` behind it, which is why policies name it with `:*` at the end
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html).
 */
export const logsPermissions: Permissions = (operation, input, place) => {
  const action = `logs:${operation}`;
  const tagged = text(input, 'resourceArn');
  if (tagged !== undefined) return [{ action, resource: tagged }];
  if (operation === 'TestMetricFilter' || operation.startsWith('DescribeQuer'))
    return [{ action, resource: '*' }];
  const groups = groupsOf(operation, input);
  const stream = text(input, 'logStreamName') ?? '';
  return groups.map((group) => ({ action, resource: streamArn(place, group, stream) }));
};

/** The ARN that rights on a log group (`stream` empty) or a log stream are checked with. */
export function streamArn(place: Pick<Place, 'region' | 'account'>, group: string, stream: string): string {
  return `arn:aws:logs:${place.region}:${place.account}:log-group:${group}:log-stream:${stream}`;
}

function groupsOf(operation: string, input: Input): readonly string[] {
  const nameOf = (group: string) =>
    group.replace(/^arn:[^:]+:logs:[^:]*:\d{12}:log-group:/, '').replace(/:\*$/, '');
  const one = firstText(input, ['logGroupName', 'logGroupIdentifier']);
  if (one !== undefined) return [nameOf(one)];
  const many = [
    ...list(input, 'logGroupNames'),
    ...(operation === 'DescribeLogGroups' ? [] : list(input, 'logGroupIdentifiers')),
  ].map((group) => nameOf(String(group)));
  return many.length > 0 ? many : [''];
}

/** Of the account, not of a key. */
const KMS_WITHOUT_KEY = /^(?:CreateKey|ListKeys|ListAliases|GenerateRandom)$/;

/**
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_awskeymanagementservice.html. `keyArn` finds the key
 * behind an id, alias or ciphertext, since rights are those on the key.
 */
export function kmsPermissions(keyArn: (input: Input, place: Place) => string | undefined): Permissions {
  return (operation, input, place) => {
    const action = `kms:${operation}`;
    if (KMS_WITHOUT_KEY.test(operation)) return [{ action, resource: '*' }];
    const resource = keyArn(input, place);
    // A key that is not there is the handler's to report.
    if (resource === undefined) return [];
    return [{ action, resource, context: { 'kms:CallerAccount': place.ctx.account } }];
  };
}
