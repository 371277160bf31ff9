/** SQS, SNS and EventBridge: queues, topics, buses and rules. */
import {
  firstText,
  isObject,
  list,
  text,
  type Input,
  type Permission,
  type Permissions,
} from '../permission.ts';

/** Of a queue's URL: account and name. */
export function queueOfUrl(
  url: string | undefined,
): { readonly account: string; readonly name: string } | undefined {
  const [, account, name] = /\/(\d{12})\/([^/]+)\/?$/.exec(url ?? '') ?? [];
  return account !== undefined && name !== undefined ? { account, name } : undefined;
}

/**
 * https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html. Batches need what their single
 * operation needs. Errors name the action in lower case (reports of refused calls).
 */
export const sqsPermissions: Permissions = (operation, input, { region, account }) => {
  const action = `sqs:${operation.replace(/Batch$/, '')}`;
  const arn = (owner: string, name: string) => `arn:aws:sqs:${region}:${owner}:${name}`;
  const queue = queueOfUrl(text(input, 'QueueUrl'));
  if (queue) return [{ action, resource: arn(queue.account, queue.name) }];
  const name = text(input, 'QueueName');
  if (name !== undefined) return [{ action, resource: arn(account, name) }];
  const resource = firstText(input, ['SourceArn', 'ResourceArn']) ?? arn(account, '');
  return [{ action, resource }];
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html */
export const snsPermissions: Permissions = (operation, input, { region, account }) => {
  const action = `sns:${operation.replace(/Batch$/, '')}`;
  const topic = firstText(input, ['TopicArn', 'TargetArn', 'ResourceArn']);
  if (topic !== undefined) return [{ action, resource: topic }];
  const subscription = text(input, 'SubscriptionArn');
  // Rights on a subscription are those on its topic.
  if (subscription !== undefined) return [{ action, resource: subscription.replace(/:[^:]*$/, '') }];
  const name = operation === 'CreateTopic' ? (text(input, 'Name') ?? '') : '*';
  return [{ action, resource: `arn:aws:sns:${region}:${account}:${name}` }];
};

/** https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html */
export const eventsPermissions: Permissions = (operation, input, { region, account }) => {
  const action = `events:${operation}`;
  const prefix = `arn:aws:events:${region}:${account}:`;
  const busArn = (name: string) => (name.startsWith('arn:') ? name : `${prefix}event-bus/${name}`);
  const tagged = text(input, 'ResourceARN');
  if (tagged !== undefined) return [{ action, resource: tagged }];
  if (operation === 'PutEvents') {
    const buses = list(input, 'Entries').map((entry) =>
      busArn((isObject(entry) ? text(entry, 'EventBusName') : undefined) ?? 'default'),
    );
    return [...new Set(buses)].map((resource) => ({ action, resource }));
  }
  const rule = ruleOf(operation, input);
  if (rule !== undefined) {
    const bus = (text(input, 'EventBusName') ?? 'default').replace(/^arn:.*event-bus\//, '');
    const path = bus === 'default' ? rule : `${bus}/${rule}`;
    return [{ action, resource: `${prefix}rule/${path}` }, ...passedRole(input)];
  }
  if (/EventBus$|Permission$/.test(operation)) {
    const name = firstText(input, ['EventBusName', 'Name']) ?? 'default';
    return [{ action, resource: busArn(name) }];
  }
  return [{ action, resource: '*' }];
};

function ruleOf(operation: string, input: Input): string | undefined {
  if (/^(?:Put|Describe|Delete|Enable|Disable)Rule$/.test(operation)) return text(input, 'Name');
  return text(input, 'Rule');
}

/** Whoever lets a service use a role must be allowed to hand it over. */
export function passedRole(input: Input, member = 'RoleArn'): readonly Permission[] {
  const role = text(input, member);
  return role === undefined ? [] : [{ action: 'iam:PassRole', resource: role }];
}
