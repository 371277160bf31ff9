/** What a subscription can be told, by Subscribe or SetSubscriptionAttributes; the two differ in how they begin a text. */
import { parseArn } from '../../../core/arn.ts';
import { invalidParameter } from './errors.ts';
import { readFilterPolicy, type FilterScope } from './filter-policy.ts';
import type { Subscription } from './store.ts';

/** https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html */
const NAMES = [
  'DeliveryPolicy',
  'FilterPolicy',
  'FilterPolicyScope',
  'RawMessageDelivery',
  'RedrivePolicy',
  'ReplayPolicy',
  'SubscriptionRoleArn',
];

export type Caller = 'Subscribe' | 'SetSubscriptionAttributes';

/** Checks and stores the values together: a policy is read under the scope that comes with it. */
export function setAttributes(
  subscription: Pick<Subscription, 'attributes' | 'filter' | 'topicArn' | 'endpoint' | 'protocol'>,
  given: Readonly<Record<string, string>>,
  caller: Caller,
): void {
  const refuse = (detail: string): never => {
    throw invalidParameter(caller === 'Subscribe' ? `Attributes Reason: ${detail}` : detail);
  };
  const merged = new Map(subscription.attributes);
  for (const [name, value] of Object.entries(given)) {
    if (!NAMES.includes(name)) refuse('AttributeName');
    if (name === 'RawMessageDelivery') {
      const raw = value.toLowerCase();
      if (raw !== 'true' && raw !== 'false') {
        refuse(`RawMessageDelivery: Invalid value [${value}]. Must be true or false.`);
      }
      if (raw === 'true' && !['sqs', 'http', 'https', 'firehose'].includes(subscription.protocol)) {
        // Text second-hand.
        refuse(
          `RawMessageDelivery: Delivery protocol [${subscription.protocol}] does not support raw message delivery.`,
        );
      }
      merged.set(name, raw);
      continue;
    }
    if (name === 'FilterPolicyScope' && !isScope(value)) {
      refuse(
        `FilterPolicyScope: Invalid value [${value}]. Please use either MessageBody or MessageAttributes`,
      );
    }
    if (name === 'RedrivePolicy' && value !== '') checkRedrivePolicy(subscription, value, refuse);
    if (value === '') merged.delete(name);
    else merged.set(name, value);
  }
  const scope = merged.get('FilterPolicyScope') ?? 'MessageAttributes';
  const filter = readFilterPolicy(
    merged.get('FilterPolicy') ?? '',
    isScope(scope) ? scope : 'MessageAttributes',
    (reason) => refuse(`FilterPolicy: ${reason}`),
    () => {
      throw invalidParameter('Filter policy scope MessageAttributes does not support nested filter policy');
    },
  );
  if (!filter) merged.delete('FilterPolicy');
  subscription.filter = filter;
  subscription.attributes.clear();
  for (const [name, value] of merged) subscription.attributes.set(name, value);
}

function isScope(value: string): value is FilterScope {
  return value === 'MessageAttributes' || value === 'MessageBody';
}

function checkRedrivePolicy(
  { topicArn, endpoint }: Pick<Subscription, 'topicArn' | 'endpoint'>,
  text: string,
  refuse: (detail: string) => never,
): void {
  const target = deadLetterTarget(text);
  if (target === undefined) return refuse('RedrivePolicy: failed to parse JSON.');
  const arn = parseArn(target);
  if (arn?.service !== 'sqs') return refuse('RedrivePolicy: deadLetterTargetArn is an invalid arn');
  const needsFifo = topicArn.endsWith('.fifo') && endpoint.endsWith('.fifo');
  if (needsFifo && !arn.resource.endsWith('.fifo')) {
    refuse('RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.');
  }
}

/** ARN of the queue for messages that the subscriber did not take; undefined when the text is no redrive policy. */
export function deadLetterTarget(text: string): string | undefined {
  try {
    const policy: unknown = JSON.parse(text);
    if (typeof policy !== 'object' || policy === null) return undefined;
    const target = (policy as Readonly<Record<string, unknown>>)['deadLetterTargetArn'];
    return typeof target === 'string' ? target : '';
  } catch {
    return undefined;
  }
}
